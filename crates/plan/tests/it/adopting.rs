//! Two strangers that matched: what is written, what is flagged, and what is agreed from then on (rules C9, D1, L2, M3, O3
//! to O5, P6).

use crate::build::*;
use model::{Domain, Form, Kind, Level, Part, Record, Side, Value};
use plan::fresh::adopt;
use plan::{After, Op, Plan};

fn meeting() -> Vec<(&'static str, Value)> {
    vec![
        ("subject", text("Plan")),
        ("location", text("Room 1")),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
    ]
}

fn name() -> [(&'static str, Value); 1] {
    [("last_name", text("Fox"))]
}

fn item(private: bool, categories: &[&str]) -> Record {
    let mut item = pim(Kind::Contact, "i1", &name());
    item.fields.extend(fields(&[("private", Value::Flag(private)), ("categories", words(categories))]));
    item
}

fn contact(domain: Domain, item: &Record, world: &World) -> Plan {
    adopt(domain, &crm(domain, "c1", &name()), item, &world.context())
}

// O4, O5, C11: an adopted item gets our category and, where personal, the flag; one that has them is not written.
#[test]
fn an_adopted_item_gets_the_signs_it_lacks() {
    let world = World::new();
    let (business, personal) = (Domain::BusinessContact, Domain::PersonalContact);
    for (domain, private, category, writes) in [
        (business, false, "Friends", &["categories"] as &[&str]),
        (business, false, "Siebel Contact", &[]),
        (personal, false, "Siebel Personal Contact", &["private"]),
        (personal, true, "Friends", &["categories"]),
        (personal, true, "Siebel Personal Contact", &[]),
    ] {
        let plan = contact(domain, &item(private, &[category]), &world);
        assert_eq!(written(&plan, Side::Pim), writes, "{domain} {private} {category}");
        assert_eq!(plan.ops.len(), usize::from(!writes.is_empty()), "and nothing else: {:?}", plan.ops);
    }
    let plan = contact(personal, &item(false, &["Siebel Personal Contact"]), &world);
    assert_eq!(value(&plan, Side::Pim, "private"), Some(Value::Flag(true)));
}

// L2, D1, O4: where nothing goes out no sign is written either.
#[test]
fn an_adopted_item_is_not_marked_where_nothing_goes_out() {
    let world = World::new().level(Domain::BusinessContact, Level::IMPORT);
    assert!(contact(Domain::BusinessContact, &item(false, &["Friends"]), &world).ops.is_empty());
}

// O3: adopting puts the user on a contact's Sync List where he is not on it; an activity has none.
#[test]
fn adopting_enlists_who_is_not_on_a_contacts_list() {
    let world = World::new();
    for listed in [true, false] {
        let mut record = crm(Domain::BusinessContact, "c1", &name());
        record.facts.on_sync_list = listed;
        let plan = adopt(Domain::BusinessContact, &record, &item(false, &["Siebel Contact"]), &world.context());
        assert_eq!(plan.ops.contains(&Op::Enlist), !listed);
        let mut record = crm(Domain::Calendar, "c1", &meeting());
        record.facts.on_sync_list = listed;
        let plan = adopt(Domain::Calendar, &record, &pim(Kind::Appointment, "i1", &meeting()), &world.context());
        assert!(plan.ops.is_empty(), "{:?}", plan.ops);
    }
}

// O5: the flag as it stood when two were linked is agreed; clearing it later makes the contact business.
#[test]
fn the_flag_of_an_adopted_item_counts_from_then_on() {
    let world = World::new();
    let private = item(true, &["Siebel Personal Contact"]);
    let link = link_of(&contact(Domain::PersonalContact, &private, &world));
    let record = there(&crm(Domain::PersonalContact, "c1", &name()));
    assert!(world.plan(&link, &record, &there(&private)).ops.is_empty());
    let plan = world.plan(&link, &record, &there(&item(false, &["Siebel Personal Contact"])));
    assert!(plan.ops.iter().any(|op| matches!(op, Op::Create { domain: Domain::BusinessContact, .. })), "{plan:?}");
}

// C9: who was found just now is nobody to write mails about, though an administrator turned mail on.
#[test]
fn adopting_a_meeting_writes_to_none_of_its_guests() {
    for sent in [false, true] {
        let mut world = World::new();
        world.of(Domain::Calendar).mail = true;
        let mut record = crm(Domain::Calendar, "c1", &meeting());
        record.fields.extend(fields(&[("location", text("Room 2"))]));
        let mut item = pim(Kind::Appointment, "i1", &meeting());
        (item.facts.meeting, item.facts.requests_sent) = (true, sent);
        let plan = adopt(Domain::Calendar, &record, &item, &world.context());
        assert_eq!(written(&plan, Side::Pim).is_empty(), sent, "sent {sent}: {:?}", plan.ops);
    }
}

/// Whether adopting tells the CRM the meeting's id, and which flag with it.
fn flagged(change: impl FnOnce(&mut World, &mut Record, &mut Record)) -> Option<bool> {
    let mut world = World::new();
    let mut record = crm(Domain::Calendar, "c1", &meeting());
    let mut item = pim(Kind::Appointment, "i1", &meeting());
    (item.facts.meeting, item.facts.requests_sent) = (true, true);
    (item.facts.global_id, record.facts.global_id) = (Some("g1".to_owned()), Some("g1".to_owned()));
    (record.facts.meeting, record.facts.locked) = (true, true);
    change(&mut world, &mut record, &mut item);
    let plan = adopt(Domain::Calendar, &record, &item, &world.context());
    plan.ops.iter().find_map(|op| match op {
        Op::Flag { global_id, locked } => {
            assert_eq!(*global_id, item.facts.global_id);
            Some(*locked)
        }
        _ => None,
    })
}

// P6, P1: the CRM is told of a meeting's id and of Exchange's lock when it does not know them, and only then.
#[test]
fn adopting_a_meeting_tells_the_crm_what_it_does_not_know() {
    assert_eq!(flagged(|_, _, _| {}), None, "it knows both");
    assert_eq!(flagged(|_, record, _| record.facts.locked = false), Some(true));
    assert_eq!(flagged(|_, record, _| record.facts.global_id = None), Some(true));
    assert_eq!(flagged(|world, _, _| world.of(Domain::Calendar).mail = true), Some(false), "mail was turned on");
    assert_eq!(flagged(|_, _, item| item.facts.requests_sent = false), Some(false), "nobody was asked");
    // Either side's guests make it a meeting; without any there is nothing to tell.
    let unknown = |crm: bool, pim: bool| {
        flagged(move |_, record, item| {
            (record.facts.meeting, item.facts.meeting) = (crm, pim);
            (record.facts.global_id, record.facts.locked) = (None, false);
            item.facts.requests_sent = false;
        })
    };
    assert_eq!(unknown(true, true), Some(false));
    assert_eq!(unknown(true, false), Some(false));
    assert_eq!(unknown(false, true), Some(false));
    assert_eq!(unknown(false, false), None);
}

// P6, D1: only the owner's own copy says so, and nothing is told at level None.
#[test]
fn only_the_owners_own_copy_tells_the_crm_of_a_meeting() {
    let unknown = |record: &mut Record| record.facts.locked = false;
    let received = |record: &mut Record, item: &mut Record| {
        (item.facts.received, record.facts.part) = (true, Part::Participant);
        unknown(record);
    };
    assert_eq!(flagged(|_, record, item| received(record, item)), None);
    for (level, told) in
        [(Level::FULL, Some(true)), (Level::EXPORT, Some(true)), (Level::IMPORT, Some(true)), (Level::NONE, None)]
    {
        let found = flagged(|world, record, _| {
            world.levels.insert(Domain::Calendar, level);
            unknown(record);
        });
        assert_eq!(found, told, "{level}");
    }
    let todo = adopt(
        Domain::Task,
        &crm(Domain::Task, "c1", &[("subject", text("Plan"))]),
        &{
            let mut item = pim(Kind::Task, "i1", &[("subject", text("Plan"))]);
            (item.facts.meeting, item.facts.global_id) = (true, Some("g1".to_owned()));
            item
        },
        &World::new().context(),
    );
    assert!(todo.ops.is_empty(), "a to-do is nobody's meeting: {:?}", todo.ops);
    assert!(matches!(todo.after, After::New { form: Form::Own, .. }));
}

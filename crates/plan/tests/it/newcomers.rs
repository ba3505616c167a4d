//! What a record says when it is made on the other side, and what is agreed from then on (rules C1, C5, C9, E1, E8, L2, M1,
//! M3, O3 to O5, P6).

use crate::build::*;
use model::{Direction, Domain, Field, Fields, Form, Gone, Kind, MapEntry, Path, Record, Seen, Side, Value};
use plan::fresh::{export, import, may_match};
use plan::{After, Op, Plan};

fn meeting() -> Vec<(&'static str, Value)> {
    vec![
        ("subject", text("Plan")),
        ("location", Value::Null),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
    ]
}

fn entry(world: &mut World, domain: Domain, field: Field) -> &mut MapEntry {
    let map = world.maps.get_mut(&domain).expect("a map");
    map.entries.iter_mut().find(|entry| entry.field == field).expect("mapped")
}

/// What a plan makes there.
fn made(plan: &Plan, side: Side) -> &Fields {
    let create = plan.ops.iter().find_map(|op| match op {
        Op::Create { side: of, fields, .. } if *of == side => Some(fields),
        _ => None,
    });
    create.unwrap_or_else(|| panic!("{:?}", plan.ops))
}

fn has(fields: &Fields, path: &str) -> bool {
    fields.contains_key(&Path::parse(path).expect("a path"))
}

// M1: a private item is nobody's business contact or employee.
#[test]
fn a_private_item_matches_personal_contacts_alone() {
    for (domain, private, may) in [
        (Domain::BusinessContact, true, false),
        (Domain::BusinessContact, false, true),
        (Domain::Employee, true, false),
        (Domain::Employee, false, true),
        (Domain::PersonalContact, true, true),
        (Domain::PersonalContact, false, true),
        (Domain::Calendar, true, true),
    ] {
        let item = pim(domain.kind(), "i1", &[("private", Value::Flag(private))]);
        assert_eq!(may_match(&item, domain), may, "{domain}, private: {private}");
    }
}

// C5: what the other side adds before the copy was read back is an edit, and outlives a delete.
#[test]
fn an_edit_of_a_copy_that_was_just_made_outlives_a_delete() {
    let world = World::new();
    let gone = Seen::Gone(Gone::Deleted);
    let record = crm(Domain::Calendar, "c1", &meeting());
    let item = pim(Kind::Appointment, "i1", &meeting());
    let place = fields(&[("location", text("Hall"))]);
    let with = |record: &Record| {
        let mut edited = record.clone();
        edited.fields.extend(place.clone());
        there(&edited)
    };
    let out = link_of(&export(Domain::Calendar, &record, &world.context()));
    assert!(deletes(&world.plan(&out, &gone, &there(&item)), Side::Pim), "untouched, it goes");
    assert!(creates(&world.plan(&out, &gone, &with(&item)), Side::Crm));
    let inward = link_of(&import(Domain::Calendar, &item, None, &world.context()));
    assert!(deletes(&world.plan(&inward, &there(&record), &gone), Side::Crm), "untouched, it goes");
    assert!(creates(&world.plan(&inward, &with(&record), &gone), Side::Pim));
}

// C1: what stands on both sides after a create is agreed: the next look writes nothing, and then only what is changed.
#[test]
fn after_a_create_only_what_is_changed_since_goes_over() {
    let world = World::new();
    let record = crm(Domain::Calendar, "c1", &meeting());
    let item = pim(Kind::Appointment, "i1", &meeting());
    for plan in
        [export(Domain::Calendar, &record, &world.context()), import(Domain::Calendar, &item, None, &world.context())]
    {
        let link = link_of(&plan);
        assert!(world.plan(&link, &there(&record), &there(&item)).ops.is_empty());
        for side in [Side::Crm, Side::Pim] {
            let (mut record, mut item) = (record.clone(), item.clone());
            let edited = if side == Side::Crm { &mut record } else { &mut item };
            edited.fields.extend(fields(&[("subject", text("Dinner")), ("location", text("Hall"))]));
            let plan = world.plan(&link, &there(&record), &there(&item));
            assert_eq!((plan.conflicts.len(), written(&plan, side).len()), (0, 0), "changed in {side:?}");
            let mut went = written(&plan, side.other());
            went.sort();
            assert_eq!(went, ["location", "subject"], "changed in {side:?}");
        }
    }
}

// C1, R3: agreed is what was sent and what both know to be blank: nothing that does not cross, and no occurrence that
// nobody shows.
#[test]
fn what_does_not_cross_is_not_agreed_on() {
    let mut world = World::new();
    entry(&mut world, Domain::Calendar, Field::Body).direction = Direction::Off;
    entry(&mut world, Domain::Calendar, Field::Reminder).direction = Direction::Export;
    let mut pairs = meeting();
    pairs.extend([
        ("body", Value::Null),
        ("reminder", Value::Number(5)),
        ("occurrence(2026-12-08T10:00:00).location", Value::Null),
    ]);
    let plan = import(Domain::Calendar, &pim(Kind::Appointment, "i1", &pairs), None, &world.context());
    let said: Vec<String> = made(&plan, Side::Crm).keys().map(ToString::to_string).collect();
    assert_eq!(said, ["subject", "start", "end"]);
    let link = link_of(&plan);
    let agreed: Vec<String> = link.crm.base.keys().map(ToString::to_string).collect();
    assert_eq!(agreed.len(), 4, "{agreed:?}");
    assert!(["subject", "start", "end", "location"].iter().all(|path| has(&link.crm.base, path)), "{agreed:?}");
}

// E8: a default stands in for what the item lacks, never for what it says, and only where the CRM is written.
#[test]
fn a_default_fills_in_what_an_item_lacks() {
    let item = |place: Value| {
        let mut pairs = meeting();
        pairs[1].1 = place;
        pim(Kind::Appointment, "i1", &pairs)
    };
    for (direction, place, says) in [
        (Direction::Both, Value::Null, Some(text("Office"))),
        (Direction::Both, text("Hall"), Some(text("Hall"))),
        (Direction::Import, Value::Null, Some(text("Office"))),
        (Direction::Export, Value::Null, None),
        (Direction::Export, text("Hall"), None),
    ] {
        let mut world = World::new();
        let row = entry(&mut world, Domain::Calendar, Field::Location);
        (row.direction, row.default) = (direction, Some(text("Office")));
        let plan = import(Domain::Calendar, &item(place.clone()), None, &world.context());
        assert_eq!(value(&plan, Side::Crm, "location"), says, "{direction:?}");
    }
}

// E8: what is required and neither said nor given by default is named.
#[test]
fn a_record_that_lacks_a_required_value_is_quarantined_with_the_fields_name() {
    let item = pim(Kind::Appointment, "i1", &meeting());
    let mut world = World::new();
    entry(&mut world, Domain::Calendar, Field::Location).required = true;
    let plan = import(Domain::Calendar, &item, None, &world.context());
    assert!(matches!(&plan.after, After::Quarantine(why) if why.contains("location")), "{:?}", plan.after);
    assert!(plan.ops.is_empty());
    entry(&mut world, Domain::Calendar, Field::Location).default = Some(text("Office"));
    assert!(creates(&import(Domain::Calendar, &item, None, &world.context()), Side::Crm));
}

// O3, trap 113: a contact that has no name in parts is known by the name it is shown under, unless that is no name.
#[test]
fn a_contact_without_a_name_in_parts_takes_the_one_it_is_shown_under() {
    let name = |shown: Option<&str>, pairs: &[(&str, Value)]| {
        let mut item = pim(Kind::Contact, "i1", pairs);
        item.fields.extend(fields(&[("categories", words(&["Siebel Contact"]))]));
        item.facts.shown_as = shown.map(str::to_owned);
        value(&import(Domain::BusinessContact, &item, None, &World::new().context()), Side::Crm, "last_name")
    };
    let fox = Some(text("Foxy"));
    let mail = || ("email1", text("fox@x.test"));
    assert_eq!(name(Some("Foxy"), &[mail()]), fox);
    assert_eq!(name(Some("Foxy"), &[("nickname", text("foxy")), mail()]), fox, "a nickname is a name");
    assert_eq!(name(None, &[mail()]), None);
    for part in ["first_name", "middle_name", "company"] {
        assert_eq!(name(Some("Foxy"), &[(part, text("Reineke"))]), None, "{part} is there");
    }
    assert_eq!(name(Some("Foxy"), &[("last_name", text("Reineke"))]), Some(text("Reineke")));
    assert_eq!(name(Some("fox@x.test"), &[mail()]), None, "an address is no name");
    assert_eq!(name(Some("other@x.test"), &[mail()]), None, "nor is one that stands nowhere else");
    assert_eq!(name(Some("+49 1"), &[("work_phone", text("+49 1"))]), None, "nor a number");
    let mut world = World::new();
    entry(&mut world, Domain::BusinessContact, Field::LastName).direction = Direction::Export;
    let mut item = pim(Kind::Contact, "i1", &[mail()]);
    item.facts.shown_as = Some("Foxy".to_owned());
    let plan = import(Domain::BusinessContact, &item, None, &world.context());
    assert_eq!(value(&plan, Side::Crm, "last_name"), None, "the map takes no last name in");
}

// P6, P1: a meeting enters locked when its requests were sent, by whomever, and mail is off; only a meeting bears an id.
#[test]
fn a_meeting_enters_locked_while_exchange_owns_it() {
    let entered = |domain: Domain, change: &dyn Fn(&mut World, &mut Record)| {
        let mut world = World::new();
        let mut item = pim(domain.kind(), "i1", &meeting());
        item.facts.global_id = Some("g1".to_owned());
        change(&mut world, &mut item);
        let plan = import(domain, &item, None, &world.context());
        match plan.ops.first() {
            Some(Op::Create { locked, global_id, form, .. }) => (*locked, global_id.is_some(), *form),
            other => panic!("{other:?}"),
        }
    };
    for (meeting, sent, received, mail, locked) in [
        (true, true, false, false, true),
        (true, false, true, false, true),
        (true, true, true, false, true),
        (true, false, false, false, false),
        (true, true, false, true, false),
        (true, false, true, true, false),
        // Made an appointment again: it has no guests.
        (false, true, false, false, false),
    ] {
        let found = entered(Domain::Calendar, &|world, item| {
            (item.facts.meeting, item.facts.requests_sent, item.facts.received) = (meeting, sent, received);
            world.of(Domain::Calendar).mail = mail;
        });
        let form = if received { Form::Received } else { Form::Own };
        assert_eq!(found, (locked, true, form), "meeting {meeting}, sent {sent}, received {received}, mail {mail}");
    }
    let task = entered(Domain::Task, &|_, item| (item.facts.meeting, item.facts.requests_sent) = (true, true));
    assert_eq!(task, (false, false, Form::Own), "a to-do is nobody's meeting");
}

// E1, R2: an end before its start goes over in neither direction; one that is equal is a short appointment.
#[test]
fn an_end_before_its_start_goes_over_in_neither_direction() {
    let world = World::new();
    let all_day = Value::When(model::When::Day("2026-12-02".parse().expect("a day")));
    for (end, why) in [
        (at("2026-12-01T09:00:00"), Some("end lies before")),
        (at("2026-12-01T10:00:00"), None),
        (at("2026-12-01T10:01:00"), None),
        (all_day, Some("one of start and end is a day")),
    ] {
        let mut pairs = meeting();
        pairs[3].1 = end.clone();
        let item = pim(Kind::Appointment, "i1", &pairs);
        for plan in [
            import(Domain::Calendar, &item, None, &world.context()),
            export(Domain::Calendar, &crm(Domain::Calendar, "c1", &pairs), &world.context()),
        ] {
            match (&plan.after, why) {
                (After::Quarantine(told), Some(why)) => assert!(told.contains(why) && plan.ops.is_empty(), "{told}"),
                (After::New { .. }, None) => assert_eq!(plan.ops.len(), 1),
                (other, why) => panic!("{end:?}: {why:?}, not {other:?}"),
            }
        }
    }
}

// R2: a mailbox would let a series begin on its rule's first day; a CRM that says another is told, and nothing is sent.
#[test]
fn a_series_that_begins_on_no_day_of_its_rule_is_told_and_not_sent() {
    let world = World::new();
    let mut pairs = meeting();
    for (day, first) in [(2, None), (4, Some("2026-12-03"))] {
        let pattern = model::Pattern::Weekly { interval: 1, days: [day].into(), first_day: 1 };
        let rule = Value::Rule(model::Recurrence { pattern, range: model::Range::NoEnd });
        pairs.retain(|(name, _)| *name != "rule");
        pairs.push(("rule", rule));
        let plan = export(Domain::Calendar, &crm(Domain::Calendar, "c1", &pairs), &world.context());
        match (&plan.after, first) {
            (After::New { .. }, None) => assert_eq!(plan.ops.len(), 1),
            (After::Quarantine(told), Some(first)) => {
                assert!(told.contains("begins on 2026-12-01") && told.contains(first) && plan.ops.is_empty(), "{told}");
            }
            (other, first) => panic!("{first:?}: {other:?}"),
        }
    }
}

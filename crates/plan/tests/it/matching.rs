//! Matching strangers (rules M1 to M3).

use crate::build::*;
use model::{Domain, Kind, MailboxId, Mark, Part, Record, RecordId, Side, Value};
use plan::matching::{Match, find};
use plan::{Op, fresh};

fn one(id: &str, first: &str, last: &str, email: &str) -> Record {
    crm(Domain::BusinessContact, id, &[("first_name", text(first)), ("last_name", text(last)), ("email1", text(email))])
}

fn other(id: &str, first: &str, last: &str, email: &str) -> Record {
    pim(Kind::Contact, id, &[("first_name", text(first)), ("last_name", text(last)), ("email3", text(email))])
}

fn is(id: &str) -> Match {
    Match::Is(RecordId::new(id))
}

fn new() -> Match {
    Match::New { doubles: vec![] }
}

fn contact(record: &Record, mine: &[Record], theirs: &[Record]) -> Match {
    find(Domain::BusinessContact, record, mine, theirs)
}

// M1
#[test]
fn the_same_address_in_any_slot_matches_when_it_is_unique_on_both_sides() {
    let ann = one("c1", "Ann", "Smith", "ANN@x.test");
    assert_eq!(contact(&ann, &[], &[other("i1", "A.", "S.", "ann@x.test")]), is("i1"));
    assert_eq!(contact(&ann, &[], &[]), new());
}

// M1
#[test]
fn several_with_one_address_need_the_name_too() {
    let ann = one("c1", "Ann", "Smith", "office@x.test");
    let bob = one("c2", "Bob", "Brown", "office@x.test");
    let theirs = [other("i1", "Ann", "Smith", "office@x.test"), other("i2", "Bob", "Brown", "office@x.test")];
    assert_eq!(contact(&ann, std::slice::from_ref(&bob), &theirs), is("i1"));
    assert_eq!(contact(&bob, std::slice::from_ref(&ann), &theirs), is("i2"));
    let twins = [other("i1", "Ann", "Smith", "office@x.test"), other("i2", "Ann", "Smith", "office@x.test")];
    assert!(matches!(contact(&ann, &[], &twins), Match::Ambiguous { theirs, .. } if theirs.len() == 2));
}

// M1: names count only with no address on either side and no contradiction.
#[test]
fn names_match_only_without_addresses_and_contradiction() {
    let ann = one("c1", "Ann", "Smith", "");
    assert_eq!(contact(&ann, &[], &[other("i1", "ann", "SMITH", "")]), is("i1"));
    let mut company = other("i1", "Ann", "Smith", "");
    company.fields.extend(fields(&[("company", text("ACME"))]));
    let mut contradicts = ann.clone();
    contradicts.fields.extend(fields(&[("company", text("Umbrella"))]));
    let double = Match::New { doubles: vec![RecordId::new("i1")] };
    assert_eq!(contact(&contradicts, &[], &[company]), double, "told as a possible double");
    assert_eq!(contact(&ann, &[], &[other("i1", "Ann", "Smith", "ann@x.test")]), double, "an address on one side only");
    assert!(matches!(
        contact(&ann, &[one("c2", "Ann", "Smith", "")], &[other("i1", "Ann", "Smith", "")]),
        Match::Ambiguous { .. }
    ));
}

// M1, M4: the mark of an earlier link comes first, whatever the fields say.
#[test]
fn a_mark_comes_before_everything_else() {
    let ann = one("c1", "Ann", "Smith", "ann@x.test");
    let mut marked = other("i9", "Renamed", "Person", "else@x.test");
    marked.facts.mark = Some(Mark { mailbox: MailboxId::new("m"), epoch: 1, key: "c1~k".into(), write_no: 1 });
    assert_eq!(contact(&ann, &[], &[other("i1", "Ann", "Smith", "ann@x.test"), marked]), is("i9"));
}

// M4, trap 46: a copy that a person made keeps our mark and has a global id of its own; it is not the record's item, also
// where nobody knows any more which item was (the store was restored).
#[test]
fn a_mark_on_an_appointment_of_another_global_id_is_that_of_a_copy() {
    let mut record = meeting("c1", "X");
    record.facts.global_id = Some("g1".into());
    let mut copied = entry("i1", "X");
    copied.facts.mark = Some(Mark { mailbox: MailboxId::new("m"), epoch: 1, key: "c1~k".into(), write_no: 1 });
    copied.facts.global_id = Some("g2".into());
    assert_eq!(find(Domain::Calendar, &record, &[], std::slice::from_ref(&copied)), new());
    assert_eq!(find(Domain::Calendar, &copied, &[], std::slice::from_ref(&record)), new());
    // A CRM that keeps no global ids says nothing against it, and a participant's copy has one of its own anyway.
    let unknown = meeting("c1", "X");
    assert_eq!(find(Domain::Calendar, &unknown, &[], std::slice::from_ref(&copied)), is("i1"));
    record.facts.part = model::Part::Participant;
    assert_eq!(find(Domain::Calendar, &record, &[], &[copied]), is("i1"));
}

fn meeting(id: &str, subject: &str) -> Record {
    crm(
        Domain::Calendar,
        id,
        &[("subject", text(subject)), ("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00"))],
    )
}

fn entry(id: &str, subject: &str) -> Record {
    pim(
        Kind::Appointment,
        id,
        &[("subject", text(subject)), ("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00"))],
    )
}

// M2
#[test]
fn equal_activities_pair_one_to_one_in_order_of_their_ids() {
    let (a, b, c) = (meeting("c1", "X"), meeting("c2", "x "), meeting("c3", "X"));
    let theirs = [entry("i2", "X"), entry("i1", "X")];
    let all = [a.clone(), b.clone(), c.clone()];
    assert_eq!(find(Domain::Calendar, &a, &all, &theirs), is("i1"));
    assert_eq!(find(Domain::Calendar, &b, &all, &theirs), is("i2"));
    assert_eq!(find(Domain::Calendar, &c, &all, &theirs), new());
}

// P1: another global id is another meeting, however equal it looks.
#[test]
fn meetings_of_two_global_ids_are_two() {
    let mut record = meeting("c1", "X");
    record.facts.global_id = Some("g1".into());
    let mut same = entry("i2", "renamed");
    same.facts.global_id = Some("g1".into());
    let mut equal = entry("i1", "X");
    equal.facts.global_id = Some("g2".into());
    assert_eq!(find(Domain::Calendar, &record, &[], &[equal.clone(), same]), is("i2"));
    assert_eq!(find(Domain::Calendar, &record, &[], &[equal]), new());
}

// R3, M1: a series found again by its mark gets the other rule, and keeps the exceptions that fall on it.
#[test]
fn a_series_that_is_found_again_keeps_its_exceptions_when_its_rule_is_written() {
    let daily = |range| Value::Rule(model::Recurrence { pattern: model::Pattern::Daily { interval: 1 }, range });
    let series = |rule: Value, more: &[(&'static str, Value)]| {
        let mut pairs = vec![
            ("subject", text("Kick-off")),
            ("start", at("2026-12-01T10:00:00")),
            ("end", at("2026-12-01T11:00:00")),
            ("rule", rule),
        ];
        pairs.extend(more.iter().cloned());
        pairs
    };
    let path = "occurrence(2026-12-03T10:00:00).state";
    let record = crm(Domain::Calendar, "c1", &series(daily(model::Range::NoEnd), &[]));
    let item = pim(Kind::Appointment, "i1", &series(daily(model::Range::Count(9)), &[(path, text("cancelled"))]));
    let plan = fresh::adopt(Domain::Calendar, &record, &item, &World::new().context());
    let kept = plan.ops.iter().find_map(|op| match op {
        Op::Update { side: Side::Pim, keep, .. } => Some(keep),
        _ => None,
    });
    assert_eq!(kept, Some(&fields(&[(path, text("cancelled"))])));
}

// M2: the key is subject, start and end, trimmed and without case; a series only with a series of the same rule.
#[test]
fn the_key_of_an_activity_is_its_subject_times_and_rule() {
    let world = World::new();
    let key = |record: &Record| plan::keys::activity_key(record, &world.maps, &world.zone);
    assert_eq!(key(&meeting("c", " Kick-Off ")), key(&entry("i", "kick-off")));
    let rule = model::Recurrence { pattern: model::Pattern::Daily { interval: 1 }, range: model::Range::NoEnd };
    let mut series = entry("i", "kick-off");
    series.fields.extend(fields(&[("rule", Value::Rule(rule))]));
    assert_ne!(key(&meeting("c", "kick-off")), key(&series));
    assert_eq!(key(&pim(Kind::Task, "i", &[("subject", text(""))])), None, "nothing to recognise it by");
}

// M2: an administrator's own key fields; what is off is not read on one side and tells nothing apart.
#[test]
fn the_key_fields_are_those_of_the_map() {
    let mut world = World::new();
    let map = world.maps.get_mut(&Domain::Task).expect("a map");
    for entry in &mut map.entries {
        entry.key = ["priority", "due_day"].contains(&entry.field.name().as_str());
        if entry.field.name() == "due_day" {
            entry.direction = model::Direction::Off;
        }
    }
    let key = |record: &Record| plan::keys::activity_key(record, &world.maps, &world.zone);
    let record = crm(Domain::Task, "c", &[("subject", text("Call")), ("priority", text("1-ASAP"))]);
    let item = pim(Kind::Task, "i", &[("subject", text("Ring")), ("priority", text("High"))]);
    assert!(key(&record).is_some());
    assert_eq!(key(&record), key(&item), "each in its own words");
    let map = world.maps.get_mut(&Domain::Task).expect("a map");
    map.entries.iter_mut().for_each(|entry| entry.key = false);
    let key = |record: &Record| plan::keys::activity_key(record, &world.maps, &world.zone);
    assert_eq!(key(&item), None, "without keys nothing is recognised");
}

// M3, O4
#[test]
fn nothing_is_overwritten_by_a_blank_and_what_differs_is_a_conflict() {
    let record = crm(
        Domain::BusinessContact,
        "c1",
        &[("first_name", text("Ann")), ("job_title", text("CEO")), ("nickname", Value::Null), ("email1", text("a@x"))],
    );
    let item = pim(
        Kind::Contact,
        "i1",
        &[
            ("first_name", text("Anna")),
            ("job_title", Value::Null),
            ("nickname", text("Annie")),
            ("email1", text("a@x")),
            ("categories", words(&["Friends"])),
        ],
    );
    let plan = fresh::adopt(Domain::BusinessContact, &record, &item, &World::new().context());
    assert_eq!(written(&plan, Side::Crm), ["nickname"]);
    assert_eq!(value(&plan, Side::Pim, "first_name"), Some(text("Ann")));
    assert_eq!(value(&plan, Side::Pim, "job_title"), Some(text("CEO")));
    assert_eq!(plan.conflicts.len(), 1);
    assert_eq!(
        value(&plan, Side::Pim, "categories"),
        Some(words(&["Friends", "Siebel Contact"])),
        "adopted, it is marked (O4)"
    );
}

// M3, P6: a copy of ours is no stranger: what its owner cleared meanwhile does not stay in it for ever.
#[test]
fn a_participants_copy_found_by_its_mark_shows_what_its_owner_cleared() {
    let mut meeting = crm(Domain::Calendar, "c1", &[("subject", text("A")), ("location", Value::Null)]);
    meeting.facts.part = Part::Participant;
    let mut copy = pim(Kind::Appointment, "i1", &[("subject", text("A")), ("location", text("Attic"))]);
    let context = World::new();
    let adopted = |copy: &Record| fresh::adopt(Domain::Calendar, &meeting, copy, &context.context());
    assert_eq!(value(&adopted(&copy), Side::Pim, "location"), None, "a stranger's place is left alone");
    let of = |key: &str| Mark { mailbox: MailboxId::new("m1"), epoch: 1, key: key.to_owned(), write_no: 1 };
    copy.facts.mark = Some(of("c1~k"));
    let plan = adopted(&copy);
    assert_eq!(value(&plan, Side::Pim, "location"), Some(Value::Null));
    assert!(plan.conflicts.iter().any(|told| told.winner == Some(Side::Crm)), "and is told (C3)");
    copy.facts.mark = Some(of("c2~k"));
    assert_eq!(value(&adopted(&copy), Side::Pim, "location"), None, "another record's copy");
}

// O3: importing puts the user on the Sync List.
#[test]
fn importing_a_contact_puts_the_user_on_its_list() {
    let item =
        pim(Kind::Contact, "i1", &[("first_name", text("Ann")), ("categories", words(&["Siebel Contact", "Friends"]))]);
    let plan = fresh::import(Domain::BusinessContact, &item, None, &World::new().context());
    assert_eq!(plan.ops.len(), 2);
    assert_eq!(plan.ops[1], Op::Enlist);
    assert_eq!(value(&plan, Side::Crm, "categories"), None, "the user's own words stay his");
    let mut listed = one("c1", "Ann", "Smith", "a@x");
    listed.facts.on_sync_list = false;
    let plan = fresh::adopt(Domain::BusinessContact, &listed, &item, &World::new().context());
    assert!(plan.ops.contains(&Op::Enlist));
}

// E8, trap 38
#[test]
fn what_the_other_side_cannot_hold_is_quarantined_with_its_reason() {
    let item = pim(
        Kind::Appointment,
        "i",
        &[("subject", text("S")), ("start", at("2026-12-01T10:00:00")), ("end", Value::Null)],
    );
    let plan = fresh::import(Domain::Calendar, &item, None, &World::new().context());
    assert!(matches!(&plan.after, plan::After::Quarantine(why) if why.contains("end")));
    let backwards =
        crm(Domain::Calendar, "c", &[("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T09:00:00"))]);
    let plan = fresh::export(Domain::Calendar, &backwards, &World::new().context());
    assert!(matches!(&plan.after, plan::After::Quarantine(why) if why.contains("end lies before")));
}

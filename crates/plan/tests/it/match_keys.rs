//! Which strangers may be the same record: they share a match key (rules M1, M2, M4, P1, P5, R5).

use crate::build::*;
use model::{
    CrmId, Direction, Domain, Field, Kind, MailboxId, Mark, Pattern, Range, Record, RecordId, Recurrence, Value, When,
    Zone,
};
use plan::keys;

fn zone() -> Zone {
    Zone::iana("Europe/Berlin").expect("known")
}

fn meet_in(world: &World, mailbox: &str, one: &Record, other: &Record) -> bool {
    let of = |record: &Record| keys::keys(record, &world.maps, Some(&MailboxId::new(mailbox)), &zone());
    !of(one).is_disjoint(&of(other))
}

/// Whether two records are candidates for one another in mailbox m.
fn meet(one: &Record, other: &Record) -> bool {
    meet_in(&World::new(), "m", one, other)
}

fn marked(mut item: Record, key: &str) -> Record {
    item.facts.mark = Some(Mark { mailbox: MailboxId::new("m"), epoch: 1, key: key.to_owned(), write_no: 1 });
    item
}

fn contact(id: &str) -> Record {
    pim(Kind::Contact, id, &[])
}

// M1, M4: a mark names its CRM record, in the mailbox it was written for and in no other.
#[test]
fn a_mark_names_its_record_in_its_own_mailbox() {
    let record = crm(Domain::BusinessContact, "c1", &[]);
    let copy = marked(contact("i1"), "c1~k");
    assert!(meet(&record, &copy));
    assert!(!meet_in(&World::new(), "another", &record, &copy), "carried there from elsewhere");
    assert!(!meet(&crm(Domain::BusinessContact, "c2", &[]), &copy));
    assert!(!meet(&record, &contact("c1")), "an item's own id says nothing");
    assert!(!meet(&crm(Domain::BusinessContact, "", &[]), &marked(contact("i1"), "~k")), "nor does an empty name");
}

// E6: two copies that bear one mark were made for the same record; a key of the two that is not ours counts no less.
#[test]
fn two_copies_of_one_mark_meet() {
    assert!(meet(&marked(contact("i1"), "c1~k"), &marked(contact("i2"), "c1~k")));
    assert!(meet(&marked(contact("i1"), "lone"), &marked(contact("i2"), "lone")));
    assert!(!meet(&marked(contact("i1"), "lone"), &marked(contact("i2"), "other")));
}

// M4: a key of ours names its record, whatever the record's id is made of.
#[test]
fn a_marks_key_gives_back_the_record_it_was_made_of() {
    for id in ["1-7", "a~b", "~"] {
        assert_eq!(keys::crm_id(&keys::mark_key(&RecordId::new(id), "k")), Some(id));
    }
    assert_ne!(keys::mark_key(&RecordId::new("c1"), "k1"), keys::mark_key(&RecordId::new("c1"), "k2"));
    assert_eq!(keys::crm_id("no key of ours"), None);
    assert_eq!(keys::crm_id("~k"), None);
}

// P1, P5, E2: one meeting by its global id, one create by its integration key; different ones are two.
#[test]
fn a_global_id_and_an_integration_key_are_shared_by_what_is_one() {
    let with = |mut record: Record, global: Option<&str>, integration: Option<&str>| {
        record.facts.global_id = global.map(str::to_owned);
        record.facts.integration_key = integration.map(str::to_owned);
        record
    };
    let record = |global, integration| with(crm(Domain::Calendar, "c1", &[]), global, integration);
    let item = |global, integration| with(pim(Kind::Appointment, "i1", &[]), global, integration);
    assert!(meet(&record(Some("g1"), None), &item(Some("g1"), None)));
    assert!(!meet(&record(Some("g1"), None), &item(Some("g2"), None)));
    assert!(meet(&record(None, Some("k1")), &item(None, Some("k1"))));
    assert!(!meet(&record(None, Some("k1")), &item(None, Some("k2"))));
    assert!(!meet(&record(Some("x"), None), &item(None, Some("x"))), "they are no words for one another");
    let world = World::new();
    let all = keys::keys(&record(Some("g1"), None), &world.maps, None, &zone());
    assert!(all.contains(&keys::global_id("g1")), "it is looked up by that");
    assert_ne!(keys::global_id("g1"), keys::global_id("g2"));
    let made = |crm: &str, id: &str| keys::meeting_id(&CrmId::new(crm), &RecordId::new(id));
    assert_eq!(made("a", "1"), made("a", "1"));
    assert!(made("a", "1") != made("b", "1") && made("a", "1") != made("a", "2"));
}

// M1: any of the three addresses, without case; both names together, without case.
#[test]
fn contacts_meet_by_an_address_or_by_both_names() {
    let one = |pairs: &[(&str, &str)]| {
        let pairs: Vec<(&str, Value)> = pairs.iter().map(|(path, says)| (*path, text(says))).collect();
        pim(Kind::Contact, "i1", &pairs)
    };
    let other = |pairs: &[(&str, &str)]| Record { id: RecordId::new("i2"), ..one(pairs) };
    for slot in ["email1", "email2", "email3"] {
        assert!(meet(&one(&[(slot, "Ann@X.test")]), &other(&[("email1", "ann@x.test")])), "{slot}");
        assert!(!meet(&one(&[(slot, "ann@x.test")]), &other(&[("email1", "bob@x.test")])), "{slot}");
    }
    let ann = [("first_name", "Ann"), ("last_name", "Smith")];
    assert!(meet(&one(&ann), &other(&[("first_name", "ANN"), ("last_name", "smith")])));
    for less in [[("first_name", "Ann")], [("last_name", "Smith")]] {
        assert!(!meet(&one(&less), &other(&less)), "one name alone is none");
    }
    assert!(!meet(&one(&ann), &other(&[("first_name", "Ann"), ("last_name", "Smythe")])));
    assert_eq!(keys::names(&one(&ann)), keys::names(&other(&[("first_name", "ann "), ("last_name", "SMITH")])));
    assert_eq!(keys::emails(&one(&[("email2", "Ann@X.test")])).collect::<Vec<_>>(), ["ann@x.test"]);
}

fn appointment(id: &str, pairs: &[(&str, Value)]) -> Record {
    let mut record = pim(
        Kind::Appointment,
        id,
        &[("subject", text("Plan")), ("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00"))],
    );
    record.fields.extend(fields(pairs));
    record
}

// M2: all key fields equal, trimmed and without case; times as instants, wherever they were written.
#[test]
fn appointments_meet_when_all_their_key_fields_are_equal() {
    let one = appointment("i1", &[]);
    let new_york = |wall: &str| {
        Value::When(When::zoned(wall.parse().expect("a time"), Zone::iana("America/New_York").expect("known")))
    };
    for (path, says, same) in [
        ("subject", text(" PLAN "), true),
        ("subject", text("Plans"), false),
        ("subject", Value::Null, false),
        ("start", new_york("2026-12-01T04:00:00"), true),
        ("start", new_york("2026-12-01T10:00:00"), false),
        ("start", Value::When(When::Floating("2026-12-01T10:00:00".parse().expect("a time"))), true),
        ("start", at("2026-12-01T10:30:00"), false),
        ("end", at("2026-12-01T11:30:00"), false),
        ("location", text("Room 9"), true),
    ] {
        let other = appointment("i2", &[(path, says.clone())]);
        assert_eq!(meet(&one, &other), same, "{path}: {says:?}");
    }
    assert!(!meet(&contact("i1"), &contact("i2")), "a contact has none of these");
}

// M2, R1: a series only with a series of the same rule.
#[test]
fn a_series_meets_only_a_series_of_the_same_rule() {
    let every = |interval| {
        let rule = Recurrence { pattern: Pattern::Daily { interval }, range: Range::NoEnd };
        appointment("i1", &[("rule", Value::Rule(rule))])
    };
    assert!(meet(&every(1), &every(1)));
    assert!(!meet(&every(1), &every(2)));
    assert!(!meet(&every(1), &appointment("i2", &[])));
    assert!(meet(&appointment("i1", &[("rule", Value::Null)]), &appointment("i2", &[])), "no rule is no rule");
}

// R5, M4: an all-day one is a day: the same in whatever zone it is looked at, and no night's meeting.
#[test]
fn an_all_day_appointment_meets_by_its_day_in_every_zone() {
    let maps = World::new().maps;
    let day = |day: &str| Value::When(When::Day(day.parse().expect("a day")));
    let fair = |first: &str| appointment("i1", &[("start", day(first)), ("end", day("2026-12-03"))]);
    let key = |record: &Record, zone: &str| keys::activity_key(record, &maps, &Zone::iana(zone).expect("known"));
    let one = fair("2026-12-01");
    assert!(key(&one, "Europe/Berlin").is_some());
    assert_eq!(key(&one, "Europe/Berlin"), key(&one, "Asia/Tokyo"));
    assert_ne!(key(&one, "Europe/Berlin"), key(&fair("2026-12-02"), "Europe/Berlin"));
    let midnight = appointment("i2", &[("start", at("2026-12-01T00:00:00")), ("end", day("2026-12-03"))]);
    assert!(!meet(&one, &midnight));
}

/// A map whose key fields of to-dos or appointments are these.
fn keyed(domain: Domain, by: &[Field]) -> World {
    let mut world = World::new();
    for entry in &mut world.maps.get_mut(&domain).expect("a map").entries {
        entry.key = by.contains(&entry.field);
    }
    world
}

// M2: times alone tell nothing apart where a text is asked for too; where none is asked for, they do.
#[test]
fn times_alone_count_only_where_no_text_is_asked_for() {
    let untitled = |id| appointment(id, &[("subject", Value::Null)]);
    assert!(!meet(&untitled("i1"), &untitled("i2")));
    let by_time = keyed(Domain::Calendar, &[Field::Start, Field::End]);
    assert!(meet_in(&by_time, "m", &untitled("i1"), &untitled("i2")));
    let timeless = |id| appointment(id, &[("start", Value::Null), ("end", Value::Null)]);
    assert!(!meet_in(&by_time, "m", &timeless("i1"), &timeless("i2")), "nothing said is nothing alike");
    assert!(meet(&timeless("i1"), &timeless("i2")), "a title alone is told apart");
    let mut off = World::new();
    for entry in &mut off.maps.get_mut(&Domain::Calendar).expect("a map").entries {
        if entry.field == Field::Subject {
            entry.direction = Direction::Off;
        }
    }
    assert!(meet_in(&off, "m", &untitled("i1"), &untitled("i2")), "what is off is not asked for");
}

// M2: whatever an administrator makes a key field is compared by its value; a word as the mailbox says it.
#[test]
fn every_kind_of_key_field_is_compared() {
    let day = |day: &str| Value::Day(day.parse().expect("a day"));
    let instant = |at: &str| Value::Instant(at.parse().expect("a time"));
    let todo = |id: &str, field: &Field, says: &Value| {
        let mut record = pim(Kind::Task, id, &[("subject", text("Call"))]);
        record.fields.insert(model::Path::of(field.clone()), says.clone());
        record
    };
    for (field, one, other) in [
        (Field::DueDay, day("2026-12-01"), day("2026-12-02")),
        (Field::ReminderAt, instant("2026-12-01T10:00:00Z"), instant("2026-12-01T11:00:00Z")),
        (Field::Percent, Value::Number(10), Value::Number(20)),
        (Field::Private, Value::Flag(true), Value::Flag(false)),
        (Field::Categories, words(&["Red"]), words(&["Blue"])),
        (Field::Priority, text("High"), text("Low")),
        (Field::DueDay, day("2026-12-01"), Value::Null),
    ] {
        let world = keyed(Domain::Task, &[Field::Subject, field.clone()]);
        let here = todo("i1", &field, &one);
        assert!(meet_in(&world, "m", &here, &todo("i2", &field, &one)), "{field}");
        assert!(!meet_in(&world, "m", &here, &todo("i2", &field, &other)), "{field}");
    }
    let world = keyed(Domain::Task, &[Field::Subject, Field::Priority]);
    let mut record = crm(Domain::Task, "c1", &[("subject", text("Call")), ("priority", text("1-ASAP"))]);
    assert!(meet_in(&world, "m", &record, &todo("i1", &Field::Priority, &text("High"))));
    record.fields.extend(fields(&[("priority", text("4-Low"))]));
    assert!(!meet_in(&world, "m", &record, &todo("i1", &Field::Priority, &text("High"))));
}

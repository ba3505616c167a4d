//! Series with their exceptions, both ways, in their own zone (rules R1 to R4, decision 8).

use crate::world::{World, create, fields, list, maps, present, update, update_of};
use engine::port::{Mail, Remote, Update, Write, Written};
use jiff::civil::DateTime;
use model::{Domain, Field, Fields, Kind, Path, Pattern, Range, Record, Recurrence, Value, When, Zone};
use wire::ews::{self, AffectedTaskOccurrences, DeleteItem, DeleteType, FieldChange, ItemKind, ItemRef, Property};

fn berlin() -> Zone {
    Zone::iana("Europe/Berlin").expect("known")
}

fn wall(text: &str) -> DateTime {
    text.parse().expect("a wall time")
}

fn at(text: &str) -> Value {
    Value::When(When::zoned(wall(text), berlin()))
}

fn weekly(days: &[u8], count: u32) -> Recurrence {
    let days = days.iter().copied().collect();
    Recurrence { pattern: Pattern::Weekly { interval: 1, days, first_day: 1 }, range: Range::Count(count) }
}

/// Mondays and Thursdays at ten, over the end of summer time.
fn meeting() -> Fields {
    fields([
        (Field::Subject, Value::text("Weekly")),
        (Field::Location, Value::text("Room A")),
        (Field::Start, at("2026-10-12T10:00:00")),
        (Field::End, at("2026-10-12T10:30:00")),
        (Field::Reminder, Value::Number(10)),
        (Field::Rule, Value::Rule(weekly(&[1, 4], 10))),
    ])
}

fn with(mut fields: Fields, exceptions: &[(&str, Field, Value)]) -> Fields {
    for (start, field, value) in exceptions {
        fields.insert(Path::occurrence(wall(start), field.clone()), value.clone());
    }
    fields
}

fn exceptions(record: &Record) -> Fields {
    record.fields.iter().filter(|(path, _)| path.occurrence.is_some()).map(|(p, v)| (p.clone(), v.clone())).collect()
}

/// A moved one after the end of summer time, a cancelled one, a renamed one.
const THREE: [(&str, &str); 3] = [("2026-10-15", "cancelled"), ("2026-10-26", "modified"), ("2026-10-29", "modified")];

fn three() -> Fields {
    let [a, b, c] = THREE.map(|(day, _)| format!("{day}T10:00:00"));
    with(
        Fields::new(),
        &[
            (&a, Field::State, Value::text("cancelled")),
            (&b, Field::State, Value::text("modified")),
            (&b, Field::Start, at("2026-10-26T14:00:00")),
            (&b, Field::End, at("2026-10-26T15:00:00")),
            (&c, Field::State, Value::text("modified")),
            (&c, Field::Subject, Value::text("Special")),
            (&c, Field::Location, Value::text("Room B")),
            (&c, Field::Reminder, Value::Number(5)),
        ],
    )
}

async fn made(world: &World) -> Written {
    let mut all = meeting();
    all.extend(three());
    let written = create(&world.open(), Domain::Calendar, all, "k").await;
    assert_eq!(written.partly, []);
    written
}

// R1, R3, traps 11, 52, 80
#[tokio::test]
async fn a_series_with_exceptions_goes_in_and_comes_back() {
    let world = World::new();
    let remote = world.open();
    let written = made(&world).await;
    assert_eq!(world.count("calendar"), 1, "a series stays a series");
    let record = present(&remote, Kind::Appointment, &written.id).await;
    assert_eq!(record.version, written.version);
    same_exceptions(&record, &three());
    assert_eq!(record.get(Field::Rule), Some(&Value::Rule(weekly(&[1, 4], 10))));
    assert!(model::same::same(&Field::Start, record.get(Field::Start).expect("a start"), &at("2026-10-12T10:00:00")));
    // The listing shows the same record.
    let listed = list(&remote, Kind::Appointment).await.0.remove(0);
    assert!(listed.fields == record.fields && listed.version == record.version);
}

fn same_exceptions(record: &Record, expected: &Fields) {
    let found = exceptions(record);
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, value) in expected {
        assert!(model::same::same(&path.field, &found[path], value), "{path}: {:?}", found[path]);
    }
}

async fn occurrence(world: &World, series: &str, index: u32) -> ews::ItemId {
    let ids = vec![ItemRef::Occurrence { master: ews::ItemId::of(series), index }];
    let shape = ews::Shape::id_only();
    world.person(ews::GetItem { shape, ids }).await.first().expect("an item").id.expect("an id")
}

// R3, traps 11, 61: what a person does to single occurrences.
#[tokio::test]
async fn a_persons_exceptions_are_read_by_their_original_start() {
    let world = World::new();
    let remote = world.open();
    let written = create(&remote, Domain::Calendar, meeting(), "k").await;
    let third = occurrence(&world, written.id.as_str(), 3).await;
    let moment = |text| ews::Value::Moment(ews::Moment::read(text).expect("a time"));
    let change = vec![
        FieldChange::Set(Property::Start.into(), moment("2026-10-19T12:00:00Z")),
        FieldChange::Set(Property::End.into(), moment("2026-10-19T13:00:00Z")),
    ];
    world.edits(&third.id, ItemKind::CalendarItem, change).await;
    let deletes = |id| DeleteItem {
        how: DeleteType::MoveToDeletedItems,
        mail: ews::Mail::None,
        tasks: AffectedTaskOccurrences::AllOccurrences,
        ids: vec![ItemRef::Item(id)],
    };
    let fifth = occurrence(&world, written.id.as_str(), 5).await;
    world.person(deletes(fifth)).await;
    let record = present(&remote, Kind::Appointment, &written.id).await;
    assert_ne!(record.version, written.version);
    let expected = with(
        Fields::new(),
        &[
            ("2026-10-19T10:00:00", Field::State, Value::text("modified")),
            ("2026-10-19T10:00:00", Field::Start, at("2026-10-19T14:00:00")),
            ("2026-10-19T10:00:00", Field::End, at("2026-10-19T15:00:00")),
            ("2026-10-26T10:00:00", Field::State, Value::text("cancelled")),
        ],
    );
    same_exceptions(&record, &expected);
    // Moved, then deleted: known by its original start still.
    let third = occurrence(&world, written.id.as_str(), 3).await;
    world.person(deletes(third)).await;
    let record = present(&remote, Kind::Appointment, &written.id).await;
    let expected = with(
        Fields::new(),
        &[
            ("2026-10-19T10:00:00", Field::State, Value::text("cancelled")),
            ("2026-10-26T10:00:00", Field::State, Value::text("cancelled")),
        ],
    );
    same_exceptions(&record, &expected);
}

fn version_of(record: &Record) -> Written {
    Written { id: record.id.clone(), version: record.version.clone(), other: None, partly: Vec::new() }
}

#[tokio::test]
async fn single_occurrences_are_changed_without_touching_the_others() {
    let world = World::new();
    let remote = world.open();
    let written = made(&world).await;
    let changes = with(
        Fields::new(),
        &[
            // One more, one changed further, one made as the series again.
            ("2026-11-05T10:00:00", Field::State, Value::text("cancelled")),
            ("2026-10-29T10:00:00", Field::Location, Value::text("Room C")),
            ("2026-10-29T10:00:00", Field::Subject, Value::Null),
            ("2026-10-26T10:00:00", Field::State, Value::Null),
        ],
    );
    let now = update(&remote, Domain::Calendar, &written, changes).await;
    assert_eq!(now.partly, []);
    let record = present(&remote, Kind::Appointment, &written.id).await;
    assert_eq!(record.version, now.version);
    let expected = with(
        Fields::new(),
        &[
            ("2026-10-15T10:00:00", Field::State, Value::text("cancelled")),
            ("2026-10-29T10:00:00", Field::State, Value::text("modified")),
            ("2026-10-29T10:00:00", Field::Location, Value::text("Room C")),
            ("2026-10-29T10:00:00", Field::Reminder, Value::Number(5)),
            ("2026-11-05T10:00:00", Field::State, Value::text("cancelled")),
        ],
    );
    same_exceptions(&record, &expected);
    assert_eq!(record.facts.mark.expect("our mark").write_no, 2);
    assert_eq!(record.fields[&Path::of(Field::Subject)], Value::text("Weekly"));
}

// A cancelled occurrence comes back only when the rule is set again; the others stand.
#[tokio::test]
async fn a_cancelled_occurrence_comes_back_and_the_others_stay() {
    let world = World::new();
    let remote = world.open();
    let written = made(&world).await;
    let changes = with(Fields::new(), &[("2026-10-15T10:00:00", Field::State, Value::Null)]);
    let now = update(&remote, Domain::Calendar, &written, changes).await;
    assert_eq!(now.partly, []);
    let record = present(&remote, Kind::Appointment, &written.id).await;
    let mut expected = three();
    expected.retain(|path, _| path.occurrence != Some(wall("2026-10-15T10:00:00")));
    same_exceptions(&record, &expected);
}

// R3, trap 59
#[tokio::test]
async fn a_changed_rule_keeps_the_exceptions_that_survive_it() {
    let world = World::new();
    let remote = world.open();
    let written = made(&world).await;
    // Thursdays only: what was on Mondays goes.
    let changes = fields([
        (Field::Rule, Value::Rule(weekly(&[4], 8))),
        (Field::Start, at("2026-10-15T10:00:00")),
        (Field::End, at("2026-10-15T10:30:00")),
    ]);
    let mut keep = three();
    keep.retain(|path, _| path.occurrence != Some(wall("2026-10-26T10:00:00")));
    let write = Write::Update(Update {
        domain: Domain::Calendar,
        id: written.id.clone(),
        version: written.version.clone(),
        planned: None,
        changes,
        keep: keep.clone(),
        mark: None,
        mail: Mail::None,
    });
    let now = remote.write(&write).await.expect("written");
    assert_eq!(now.partly, []);
    let record = present(&remote, Kind::Appointment, &written.id).await;
    assert_eq!(record.get(Field::Rule), Some(&Value::Rule(weekly(&[4], 8))));
    same_exceptions(&record, &keep);
}

// The time of a series is its rule's: both are sent, and exceptions are written again at the new time.
#[tokio::test]
async fn a_series_moved_to_another_time_keeps_its_exceptions() {
    let world = World::new();
    let remote = world.open();
    let written = made(&world).await;
    let changes = fields([(Field::Start, at("2026-10-12T11:00:00")), (Field::End, at("2026-10-12T11:30:00"))]);
    let keep = with(
        Fields::new(),
        &[
            ("2026-10-15T11:00:00", Field::State, Value::text("cancelled")),
            ("2026-10-29T11:00:00", Field::State, Value::text("modified")),
            ("2026-10-29T11:00:00", Field::Subject, Value::text("Special")),
        ],
    );
    let Write::Update(update) = update_of(Domain::Calendar, &written.id, &written.version, changes) else {
        panic!("an update")
    };
    let now = remote.write(&Write::Update(Update { keep: keep.clone(), ..update })).await.expect("written");
    assert_eq!(now.partly, []);
    let record = present(&remote, Kind::Appointment, &written.id).await;
    assert!(model::same::same(&Field::Start, record.get(Field::Start).expect("a start"), &at("2026-10-12T11:00:00")));
    assert_eq!(record.get(Field::Rule), Some(&Value::Rule(weekly(&[1, 4], 10))));
    same_exceptions(&record, &keep);
}

// R3, trap 58: past its neighbour, or not of the series at all: refused alone.
#[tokio::test]
async fn an_occurrence_the_server_refuses_is_told_and_the_rest_stands() {
    let world = World::new();
    let remote = world.open();
    let all = with(
        meeting(),
        &[
            ("2026-10-15T10:00:00", Field::State, Value::text("modified")),
            ("2026-10-15T10:00:00", Field::Start, at("2026-10-20T10:00:00")),
            ("2026-10-15T10:00:00", Field::End, at("2026-10-20T11:00:00")),
            ("2026-10-16T10:00:00", Field::State, Value::text("cancelled")),
            ("2026-10-22T10:00:00", Field::State, Value::text("modified")),
            ("2026-10-22T10:00:00", Field::Subject, Value::text("Special")),
        ],
    );
    let written = create(&remote, Domain::Calendar, all, "k").await;
    let refused: Vec<Path> = written.partly.iter().map(|(path, _)| path.clone()).collect();
    let state = |day| Path::occurrence(wall(day), Field::State);
    assert_eq!(refused, [state("2026-10-15T10:00:00"), state("2026-10-16T10:00:00")], "{:?}", written.partly);
    let record = present(&remote, Kind::Appointment, &written.id).await;
    let expected = with(
        Fields::new(),
        &[
            ("2026-10-22T10:00:00", Field::State, Value::text("modified")),
            ("2026-10-22T10:00:00", Field::Subject, Value::text("Special")),
        ],
    );
    same_exceptions(&record, &expected);
}

// R5
#[tokio::test]
async fn an_all_day_series_counts_days() {
    let world = World::new();
    let remote = world.open();
    let day = |text: &str| Value::When(When::Day(text.parse().expect("a day")));
    let all = with(
        fields([
            (Field::Start, day("2026-10-24")),
            (Field::End, day("2026-10-24")),
            (Field::Rule, Value::Rule(Recurrence { pattern: Pattern::Daily { interval: 1 }, range: Range::Count(5) })),
        ]),
        &[
            ("2026-10-25T00:00:00", Field::State, Value::text("cancelled")),
            ("2026-10-27T00:00:00", Field::State, Value::text("modified")),
            ("2026-10-27T00:00:00", Field::Subject, Value::text("Special")),
        ],
    );
    let written = create(&remote, Domain::Calendar, all.clone(), "k").await;
    assert_eq!(written.partly, []);
    let record = present(&remote, Kind::Appointment, &written.id).await;
    assert_eq!(record.get(Field::Start), Some(&day("2026-10-24")));
    let expected = all.into_iter().filter(|(path, _)| path.occurrence.is_some()).collect();
    same_exceptions(&record, &expected);
}

// R4, trap 89: a customised zone carries its rules, and so do its occurrences.
#[tokio::test]
async fn a_series_in_a_customised_zone_is_read_by_its_own_rules() {
    let world = World::new();
    made(&world).await;
    let remote = world.open();
    let before = list(&remote, Kind::Appointment).await.0.remove(0);
    world.emulator.set_quirk(emulator::Quirk::CustomizedZoneNames, true);
    let record = list(&remote, Kind::Appointment).await.0.remove(0);
    let start = record.get(Field::Start).and_then(Value::as_when).expect("a start");
    assert!(matches!(start.zone(), Some(Zone::Custom(_))));
    for (path, value) in &before.fields {
        assert!(model::same::same(&path.field, &record.fields[path], value), "{path}");
    }
    // Written back, it is written by its own rules.
    let changes = fields([
        (Field::Start, Value::When(start.with_wall(wall("2026-10-12T12:00:00")))),
        (Field::End, Value::When(start.with_wall(wall("2026-10-12T12:30:00")))),
    ]);
    update(&remote, Domain::Calendar, &version_of(&record), changes).await;
    let record = list(&remote, Kind::Appointment).await.0.remove(0);
    let start = record.get(Field::Start).and_then(Value::as_when).expect("a start");
    assert_eq!(start.wall(), wall("2026-10-12T12:00:00"));
}

// trap 68: a rule Exchange cannot hold is refused whole; nothing is made.
#[tokio::test]
async fn a_rule_exchange_cannot_hold_makes_nothing() {
    let world = World::new();
    let remote = world.open();
    let mut all = meeting();
    let foreign = Recurrence { pattern: Pattern::Foreign { text: "RSCALE=HEBREW".to_owned() }, range: Range::NoEnd };
    all.insert(Path::of(Field::Rule), Value::Rule(foreign));
    let outcome = remote.write(&crate::world::create_of(Domain::Calendar, all, "k")).await;
    assert!(matches!(outcome, Err(engine::port::Trouble::Refused { .. })), "{outcome:?}");
    assert_eq!(world.count("calendar"), 0);
    assert_eq!(maps().len(), 5);
}

// trap 23: a series made a single one, and back.
#[tokio::test]
async fn a_series_becomes_single_and_a_series_again() {
    let world = World::new();
    let remote = world.open();
    let written = made(&world).await;
    let now = update(&remote, Domain::Calendar, &written, fields([(Field::Rule, Value::Null)])).await;
    let record = present(&remote, Kind::Appointment, &now.id).await;
    assert_eq!(record.get(Field::Rule), Some(&Value::Null));
    assert!(exceptions(&record).is_empty());
    let again = fields([(Field::Rule, Value::Rule(weekly(&[1], 3)))]);
    let now = update(&remote, Domain::Calendar, &version_of(&record), again).await;
    let record = present(&remote, Kind::Appointment, &now.id).await;
    assert_eq!(record.get(Field::Rule), Some(&Value::Rule(weekly(&[1], 3))));
}

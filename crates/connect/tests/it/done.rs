//! The day a task was done: Exchange takes the last of status, percentage and day, and no day that has not come yet.

use crate::world::{World, create, fields, present, update};
use model::{Domain, Field, Fields, Kind, Path, Value};

fn done(day: &str) -> Fields {
    fields([
        (Field::Status, Value::text("Completed")),
        (Field::Percent, Value::Number(100)),
        (Field::DoneDay, Value::Day(day.parse().expect("a day"))),
    ])
}

fn task(more: Fields) -> Fields {
    fields([(Field::Subject, Value::text("Call"))]).into_iter().chain(more).collect()
}

async fn shown(world: &World, id: &model::RecordId) -> (Option<Value>, Option<Value>) {
    let record = present(&world.open(), Kind::Task, id).await;
    let value = |field| record.fields.get(&Path::of(field)).cloned();
    (value(Field::Status), value(Field::DoneDay))
}

fn completed(day: &str) -> (Option<Value>, Option<Value>) {
    (Some(Value::text("Completed")), Some(Value::Day(day.parse().expect("a day"))))
}

// C2
#[tokio::test]
async fn a_task_is_done_on_the_day_that_is_said_of_it() {
    let world = World::new();
    let made = create(&world.open(), Domain::Task, task(done("2026-09-03")), "a").await;
    assert_eq!(shown(&world, &made.id).await, completed("2026-09-03"));
    let open = fields([(Field::Status, Value::text("InProgress"))]);
    let other = create(&world.open(), Domain::Task, task(open), "b").await;
    update(&world.open(), Domain::Task, &other, done("2026-09-04")).await;
    assert_eq!(shown(&world, &other.id).await, completed("2026-09-04"));
}

// C2: where the day begins before the server's, it is tomorrow to it in the morning.
#[tokio::test]
async fn what_is_done_today_in_the_east_is_done() {
    let world = World::new();
    let open = fields([(Field::Status, Value::text("InProgress"))]);
    let made = create(&world.open(), Domain::Task, task(open), "a").await;
    let mut change = done("2026-09-22");
    change.insert(Path::of(Field::Subject), Value::text("Called"));
    let written = update(&world.open(), Domain::Task, &made, change).await;
    assert_eq!(shown(&world, &made.id).await, completed("2026-09-21"));
    let [(path, why)] = written.partly.as_slice() else { panic!("told: {:?}", written.partly) };
    assert_eq!(*path, Path::of(Field::DoneDay));
    assert!(why.contains("future"), "{why}");
}

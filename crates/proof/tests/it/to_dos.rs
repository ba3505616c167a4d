//! To-dos on both sides: days without a time, progress that hangs together, reminders, and tasks that come again
//! (rules C2, R5 to R7; traps 71, 125, 127).

use crate::api::to_do;
use crate::clock::clean;
use crate::database::on_both;
use crate::outlook::{self, Outlook, at, id, moment, set, text};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use wire::ews::{
    DayOfWeek, DistinguishedFolder as Folder, FieldChange, Item, Pattern, Property, Range, Recurrence, Value,
};

on_both!(
    a_due_day_is_the_same_day_in_every_zone_however_often_it_goes_round,
    start_and_due_day_move_together_past_each_other,
    what_is_set_of_a_tasks_progress_takes_the_rest_along_on_both_sides,
    a_recurring_task_completed_on_alternating_sides_is_one_record_that_goes_on,
    a_regenerating_task_completed_on_alternating_sides_is_one_record_that_goes_on,
    the_last_of_a_recurring_task_is_done_on_both_sides,
    a_tasks_reminder_is_an_instant_apart_from_its_days,
    an_appointments_reminder_goes_off_on_to_nought_and_far_ahead,
    a_done_day_in_the_future_is_refused_with_the_reason,
    a_participants_occurrence_done_is_his_alone,
    a_to_do_taken_from_an_employee_stays_where_deletes_are_forbidden,
);

const TO_DOS: &str = "my_to_dos";

fn percent(number: f64) -> FieldChange {
    set(Property::PercentComplete, Value::Fraction(number))
}

fn shown(item: &Item) -> (Option<&str>, Option<i64>) {
    let percent = match item.value(Property::PercentComplete) {
        Some(Value::Fraction(number)) => Some(*number as i64),
        _ => None,
    };
    (item.text(Property::Status), percent)
}

fn progress(record: &Json) -> (Json, Json, Json) {
    (record["status"].clone(), record["percent"].clone(), record["done_day"].clone())
}

async fn task(outlook: &Outlook) -> Item {
    outlook.only(Folder::Tasks).await
}

// R5, trap 125: five times there and back in the zones of the thread and beyond.
async fn a_due_day_is_the_same_day_in_every_zone_however_often_it_goes_round() {
    for zone in ["Pacific/Pago_Pago", "Pacific/Honolulu", "Europe/Berlin", "Pacific/Auckland", "Pacific/Kiritimati"] {
        let world = World::new().await;
        let kim = world.user_in("kim", zone).await;
        let outlook = world.outlook(&kim);
        let mut body = to_do("Call", "2026-11-05");
        body["start_day"] = json!("2026-11-01");
        let record = world.activity(&kim, body).await;
        clean(&world, &kim).await;
        for round in 0..5 {
            let item = task(&outlook).await;
            let days = (at(&item, Property::StartDate), at(&item, Property::DueDate));
            assert_eq!(days, ("2026-11-01T00:00:00Z".to_owned(), "2026-11-05T00:00:00Z".to_owned()), "{zone}");
            outlook.edit(&id(&item), vec![set(Property::Subject, text(&format!("Call {round}")))]).await;
            world.edit_activity(&kim, &record, json!({"body": format!("note {round}")})).await;
            clean(&world, &kim).await;
            let read = world.read_activity(&kim, &record).await;
            assert_eq!((&read["start_day"], &read["due_day"]), (&json!("2026-11-01"), &json!("2026-11-05")), "{zone}");
        }
        // A client that writes the midnight of its own zone means that day.
        let tz = jiff::tz::TimeZone::get(zone).expect("known");
        let own: jiff::civil::Date = "2026-12-24".parse().expect("a day");
        let own = own.to_zoned(tz).expect("a time").timestamp().to_string();
        let made = format!("<t:Task><t:Subject>Own</t:Subject><t:DueDate>{own}</t:DueDate></t:Task>");
        outlook.make_raw(Folder::Tasks, &made).await;
        clean(&world, &kim).await;
        let all = world.view(&kim, TO_DOS).await;
        let own = all.iter().find(|one| one["subject"] == "Own").expect("there");
        // Exchange keeps the day of the instant in UTC; what it shows is what counts.
        let items = outlook.items(Folder::Tasks).await;
        let item = items.iter().find(|item| item.text(Property::Subject) == Some("Own")).expect("there");
        assert_eq!(own["due_day"].as_str(), at(item, Property::DueDate).get(..10), "{zone}");
    }
}

// R5, C2: both days move together, either way.
async fn start_and_due_day_move_together_past_each_other() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut body = to_do("Call", "2026-11-05");
    body["start_day"] = json!("2026-11-01");
    let record = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    for (start, due) in [("2026-12-01", "2026-12-05"), ("2026-10-01", "2026-10-05"), ("2026-10-05", "2026-10-05")] {
        world.edit_activity(&anna, &record, json!({"start_day": start, "due_day": due})).await;
        clean(&world, &anna).await;
        let item = task(&outlook).await;
        assert_eq!((&at(&item, Property::StartDate)[..10], &at(&item, Property::DueDate)[..10]), (start, due));
    }
    // In the mailbox a due day before the start takes the start along; the CRM follows.
    let item = id(&task(&outlook).await);
    outlook.edit(&item, vec![set(Property::DueDate, moment("2026-09-28T00:00:00Z"))]).await;
    clean(&world, &anna).await;
    let read = world.read_activity(&anna, &record).await;
    assert_eq!((&read["start_day"], &read["due_day"]), (&json!("2026-09-28"), &json!("2026-09-28")));
    let (status, answer) = world
        .ask(
            &anna,
            "PATCH",
            &format!("/api/crm/activities/{record}"),
            Some(&json!({"version": read["version"], "start_day": "2026-10-01"})),
        )
        .await;
    assert_eq!((status, answer["error"]["where"][0]["field"].as_str()), (422, Some("due_day")), "{answer}");
    // Days cleared on either side are gone on both.
    outlook.edit(&item, vec![FieldChange::Delete(Property::StartDate.into())]).await;
    clean(&world, &anna).await;
    assert_eq!(world.read_activity(&anna, &record).await["start_day"], json!(null));
    world.edit_activity(&anna, &record, json!({"due_day": null})).await;
    clean(&world, &anna).await;
    assert!(task(&outlook).await.moment(Property::DueDate).is_none());
}

// C2: status, percent and done day hang together as Exchange has it, whichever of them a side sets.
async fn what_is_set_of_a_tasks_progress_takes_the_rest_along_on_both_sides() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.activity(&anna, to_do("Call", "2026-11-05")).await;
    clean(&world, &anna).await;
    let item = id(&task(&outlook).await);
    let today = json!("2026-09-21");
    let none = json!(null);
    // In the mailbox.
    let status = |word: &str| vec![set(Property::Status, text(word))];
    for (change, word, number, done, exchange) in [
        (status("Completed"), "Done", 100, &today, "Completed"),
        (status("InProgress"), "In Progress", 0, &none, "InProgress"),
        (vec![percent(40.0)], "In Progress", 40, &none, "InProgress"),
        (vec![percent(100.0)], "Done", 100, &today, "Completed"),
        (vec![percent(60.0)], "In Progress", 60, &none, "InProgress"),
        (status("WaitingOnOthers"), "On Hold", 60, &none, "WaitingOnOthers"),
        (
            vec![set(Property::CompleteDate, moment("2026-09-18T00:00:00Z"))],
            "Done",
            100,
            &json!("2026-09-18"),
            "Completed",
        ),
        (status("NotStarted"), "Not Started", 0, &none, "NotStarted"),
    ] {
        outlook.edit(&item, change).await;
        clean(&world, &anna).await;
        let read = world.read_activity(&anna, &record).await;
        assert_eq!(progress(&read), (json!(word), json!(number), done.clone()), "{exchange}");
        assert_eq!(shown(&task(&outlook).await), (Some(exchange), Some(number)));
    }
    // In the CRM.
    for (change, word, number, done, exchange) in [
        (json!({"status": "Done"}), "Done", 100, &today, "Completed"),
        (json!({"status": "In Progress"}), "In Progress", 0, &none, "InProgress"),
        (json!({"percent": 30}), "In Progress", 30, &none, "InProgress"),
        (json!({"percent": 100}), "Done", 100, &today, "Completed"),
        (json!({"percent": 70}), "In Progress", 70, &none, "InProgress"),
        (json!({"status": "Not Started"}), "Not Started", 0, &none, "NotStarted"),
        (json!({"percent": 20}), "In Progress", 20, &none, "InProgress"),
        (json!({"status": "Cancelled"}), "Cancelled", 20, &none, "Deferred"),
        (json!({"done_day": "2026-09-17"}), "Done", 100, &json!("2026-09-17"), "Completed"),
        (json!({"done_day": null}), "Not Started", 0, &none, "NotStarted"),
        (json!({"status": "Done", "done_day": "2026-09-16"}), "Done", 100, &json!("2026-09-16"), "Completed"),
    ] {
        world.edit_activity(&anna, &record, change.clone()).await;
        clean(&world, &anna).await;
        let read = world.read_activity(&anna, &record).await;
        assert_eq!(progress(&read), (json!(word), json!(number), done.clone()), "{change}");
        assert_eq!(shown(&task(&outlook).await), (Some(exchange), Some(number)), "{change}");
    }
}

fn recurring(subject: &str, pattern: Pattern, range: Range) -> Item {
    outlook::task(subject, "2026-09-28")
        .with(Property::StartDate, moment("2026-09-28T00:00:00Z"))
        .with(Property::TaskRecurrence, Value::Recurrence(Recurrence { pattern, range }))
}

async fn series_of(world: &World, who: &Person) -> (Json, usize) {
    let all = world.view(who, TO_DOS).await;
    let mut series: Vec<Json> = all.iter().filter(|one| !one["rule"].is_null()).cloned().collect();
    assert_eq!(series.len(), 1, "{all:?}");
    (series.remove(0), all.len() - 1)
}

// R6, trap 71
async fn a_recurring_task_completed_on_alternating_sides_is_one_record_that_goes_on() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let pattern = Pattern::Weekly { interval: 1, days: vec![DayOfWeek::Monday], first: Some(DayOfWeek::Monday) };
    let range = Range::NoEnd { start: "2026-09-28".parse().expect("a day") };
    let item = outlook.make(Folder::Tasks, recurring("Report", pattern, range)).await;
    clean(&world, &anna).await;
    let (record, _) = series_of(&world, &anna).await;
    let record = id_of(&record);
    for (round, due) in ["2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02"].iter().enumerate() {
        if round % 2 == 0 {
            world.edit_activity(&anna, &record, json!({"status": "Done"})).await;
        } else {
            outlook.edit(&item, vec![set(Property::Status, text("Completed"))]).await;
        }
        clean(&world, &anna).await;
        let (series, done) = series_of(&world, &anna).await;
        assert_eq!(
            (id_of(&series), &series["due_day"], &series["status"]),
            (record.clone(), &json!(due), &json!("Not Started"))
        );
        assert_eq!((series["percent"].clone(), series["done_day"].clone()), (json!(0), json!(null)));
        assert_eq!(outlook.count(Folder::Tasks), round + 2, "one task and what was done");
        assert_eq!(done, round + 1, "each that was done is one record");
        let item = outlook.read(&item).await.expect("there");
        assert_eq!((&at(&item, Property::DueDate)[..10], shown(&item)), (*due, (Some("NotStarted"), Some(0))));
    }
}

fn id_of(record: &Json) -> String {
    record["id"].as_str().expect("an id").to_owned()
}

// R6, trap 71
async fn a_regenerating_task_completed_on_alternating_sides_is_one_record_that_goes_on() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let range = Range::NoEnd { start: "2026-09-28".parse().expect("a day") };
    let item =
        outlook.make(Folder::Tasks, recurring("Water", Pattern::WeeklyRegeneration { interval: 1 }, range)).await;
    clean(&world, &anna).await;
    let (record, _) = series_of(&world, &anna).await;
    let record = id_of(&record);
    for round in 0..5 {
        if round % 2 == 0 {
            outlook.edit(&item, vec![percent(100.0)]).await;
        } else {
            world.edit_activity(&anna, &record, json!({"status": "Done"})).await;
        }
        clean(&world, &anna).await;
        let (series, done) = series_of(&world, &anna).await;
        assert_eq!((id_of(&series), &series["status"], done), (record.clone(), &json!("Not Started"), round + 1));
        let item = outlook.read(&item).await.expect("there");
        assert_eq!(series["due_day"].as_str(), at(&item, Property::DueDate).get(..10));
        assert_eq!(outlook.count(Folder::Tasks), round + 2);
        world.pass_days(2);
    }
}

// R6: the last one of a series is simply done.
async fn the_last_of_a_recurring_task_is_done_on_both_sides() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut body = to_do("Report", "2026-09-28");
    body["start_day"] = json!("2026-09-28");
    body["rule"] = json!({"pattern": "daily", "interval": 1, "count": 2});
    let record = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    world.edit_activity(&anna, &record, json!({"status": "Done"})).await;
    clean(&world, &anna).await;
    let read = world.read_activity(&anna, &record).await;
    assert_eq!((&read["status"], &read["due_day"]), (&json!("Not Started"), &json!("2026-09-29")));
    world.edit_activity(&anna, &record, json!({"status": "Done"})).await;
    clean(&world, &anna).await;
    let read = world.read_activity(&anna, &record).await;
    assert_eq!((&read["status"], &read["due_day"]), (&json!("Done"), &json!("2026-09-29")));
    assert_eq!((outlook.count(Folder::Tasks), world.view(&anna, TO_DOS).await.len()), (2, 2));
}

// R7, trap 127
async fn a_tasks_reminder_is_an_instant_apart_from_its_days() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let call = json!({"display": "To Do and Activities", "subject": "Call", "reminder_at": "2026-10-25T01:30:00Z"});
    let record = world.activity(&anna, call).await;
    clean(&world, &anna).await;
    let item = task(&outlook).await;
    assert_eq!(at(&item, Property::ReminderDueBy), "2026-10-25T01:30:00Z", "the second of two equal hours");
    assert!(item.moment(Property::DueDate).is_none() && item.moment(Property::StartDate).is_none());
    world.edit_activity(&anna, &record, json!({"due_day": "2026-10-30"})).await;
    clean(&world, &anna).await;
    let item = task(&outlook).await;
    assert_eq!(
        (at(&item, Property::ReminderDueBy), at(&item, Property::DueDate)),
        ("2026-10-25T01:30:00Z".to_owned(), "2026-10-30T00:00:00Z".to_owned())
    );
    outlook.edit(&id(&item), vec![set(Property::ReminderIsSet, Value::Flag(false))]).await;
    clean(&world, &anna).await;
    let read = world.read_activity(&anna, &record).await;
    assert_eq!((&read["reminder_at"], &read["due_day"]), (&json!(null), &json!("2026-10-30")));
    world.edit_activity(&anna, &record, json!({"reminder_at": "2026-10-29T07:00:00.75Z"})).await;
    clean(&world, &anna).await;
    let item = task(&outlook).await;
    assert_eq!(
        (item.flag(Property::ReminderIsSet), at(&item, Property::ReminderDueBy)),
        (Some(true), "2026-10-29T07:00:00Z".to_owned())
    );
    world.edit_activity(&anna, &record, json!({"reminder_at": null})).await;
    clean(&world, &anna).await;
    assert_eq!(task(&outlook).await.flag(Property::ReminderIsSet), Some(false));
}

// R7
async fn an_appointments_reminder_goes_off_on_to_nought_and_far_ahead() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Plan", "2026-10-20").await;
    clean(&world, &anna).await;
    let item = id(&outlook.only(Folder::Calendar).await);
    let reminder = |item: &Item| (item.flag(Property::ReminderIsSet), item.whole(Property::ReminderMinutesBeforeStart));
    assert_eq!(reminder(&outlook.read(&item).await.expect("there")).0, Some(false), "none was asked for");
    for minutes in [0, 15, 40_320, 2_629_800] {
        world.edit_activity(&anna, &record, json!({"reminder": minutes})).await;
        clean(&world, &anna).await;
        assert_eq!(reminder(&outlook.read(&item).await.expect("there")), (Some(true), Some(minutes)));
        outlook.edit(&item, vec![set(Property::ReminderIsSet, Value::Flag(false))]).await;
        clean(&world, &anna).await;
        assert_eq!(world.read_activity(&anna, &record).await["reminder"], json!(null));
        outlook.edit(&item, vec![set(Property::ReminderIsSet, Value::Flag(true))]).await;
        clean(&world, &anna).await;
        assert_eq!(world.read_activity(&anna, &record).await["reminder"], minutes);
        world.edit_activity(&anna, &record, json!({"reminder": null})).await;
        clean(&world, &anna).await;
        assert_eq!(reminder(&outlook.read(&item).await.expect("there")).0, Some(false));
    }
    for minutes in [-1i64, 5_300_000_000] {
        let version = world.read_activity(&anna, &record).await["version"].clone();
        let body = json!({"version": version, "reminder": minutes});
        let (status, _) = world.ask(&anna, "PATCH", &format!("/api/crm/activities/{record}"), Some(&body)).await;
        assert_eq!(status, 422, "{minutes}");
    }
}

// C2, E3: nothing is done in the future; tomorrow is today already where the day begins.
async fn a_done_day_in_the_future_is_refused_with_the_reason() {
    let (world, anna, _) = World::with_two().await;
    let record = world.activity(&anna, to_do("Call", "2026-11-05")).await;
    clean(&world, &anna).await;
    let path = format!("/api/crm/activities/{record}");
    let change = json!({"version": world.read_activity(&anna, &record).await["version"], "done_day": "2026-10-20"});
    let (status, answer) = world.ask(&anna, "PATCH", &path, Some(&change)).await;
    assert_eq!((status, &answer["error"]["where"][0]["field"]), (422, &json!("done_day")), "{answer}");
    assert!(answer.to_string().contains("future"), "{answer}");
    world.edit_activity(&anna, &record, json!({"done_day": "2026-09-22"})).await;
    clean(&world, &anna).await;
    world.edit_activity(&anna, &record, json!({"done_day": "2026-09-20"})).await;
    clean(&world, &anna).await;
    assert_eq!(shown(&task(&world.outlook(&anna)).await), (Some("Completed"), Some(100)));
}

// D6, R6: another employee who completes his copy of a recurring to-do completes nothing of the owner's, and what his
// mailbox makes of it becomes nobody's to-do.
async fn a_participants_occurrence_done_is_his_alone() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = to_do("Report", "2026-09-28");
    body["start_day"] = json!("2026-09-28");
    body["rule"] = json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 5});
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    clean(&world, &bob).await;
    let outlook = world.outlook(&bob);
    outlook.edit(&id(&task(&outlook).await), vec![set(Property::Status, text("Completed"))]).await;
    for who in [&bob, &anna, &bob] {
        clean(&world, who).await;
    }
    let read = world.read_activity(&anna, &record).await;
    assert_eq!((&read["status"], &read["due_day"]), (&json!("Not Started"), &json!("2026-09-28")));
    assert_eq!((world.view(&anna, TO_DOS).await.len(), world.outlook(&anna).count(Folder::Tasks)), (1, 1));
    assert_eq!(world.view(&bob, TO_DOS).await.len(), 1, "{:?}", world.view(&bob, TO_DOS).await);
}

// D6, C7: taken off where deletes are forbidden, the copy stays and sleeps; back on it, it goes on.
async fn a_to_do_taken_from_an_employee_stays_where_deletes_are_forbidden() {
    let (world, anna, bob) = World::with_two().await;
    world.settings(json!({"domains": {"task": {"no_deletes": ["pim"]}}})).await;
    let mut body = to_do("Call", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    clean(&world, &bob).await;
    world.edit_activity(&anna, &record, json!({"people": []})).await;
    clean(&world, &bob).await;
    let outlook = world.outlook(&bob);
    assert_eq!((outlook.count(Folder::Tasks), outlook.count(Folder::DeletedItems)), (1, 0));
    world.edit_activity(&anna, &record, json!({"people": [{"employee": bob.id}], "subject": "Call back"})).await;
    clean(&world, &bob).await;
    assert_eq!(task(&outlook).await.text(Property::Subject), Some("Call back"));
}

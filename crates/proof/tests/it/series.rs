//! Series, days, zones and reminders through both sides (rules R1 to R7).

use crate::api::{appointment, berlin, to_do};
use crate::database::on_both;
use crate::outlook::{self, id, moment, set, text, title};
use crate::world::World;
use jiff::civil::date;
use serde_json::{Value as Json, json};
use wire::ews::{
    DayOfWeek, DistinguishedFolder as Folder, Item, Pattern, Property, Range, Recurrence, Value, ZoneDefinition,
};

on_both!(
    a_series_of_the_crm_is_one_series_in_the_mailbox_with_its_exceptions_across_the_end_of_summer_time,
    what_a_person_does_to_single_occurrences_comes_in_as_exceptions_of_one_record,
    exceptions_made_on_both_sides_of_one_series_both_stand,
    a_rule_changed_in_the_crm_keeps_the_exceptions_that_still_fall_on_it,
    a_rule_changed_in_the_mailbox_takes_the_mailboxs_exceptions_as_the_truth,
    an_all_day_appointment_stays_on_its_date_in_every_zone,
    a_recurring_task_is_one_record_and_what_completing_it_leaves_is_no_new_series,
    a_recurring_to_do_of_the_crm_is_one_task_with_its_rule,
    an_appointments_reminder_is_minutes_before_and_a_tasks_an_instant,
    a_rule_exchange_has_no_word_for_stays_in_the_crm_and_is_told,
);

const CALENDAR: &str = "my_calendar";

/// Mondays at ten in Berlin, eight times; summer time ends on the way.
fn series(subject: &str) -> Json {
    let mut body = appointment(subject, "2026-10-05");
    body["rule"] = json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 8});
    body
}

fn weekly(subject: &str) -> Item {
    let pattern = Pattern::Weekly { interval: 1, days: vec![DayOfWeek::Monday], first: Some(DayOfWeek::Monday) };
    let range = Range::Numbered { start: date(2026, 10, 5), count: 8 };
    outlook::appointment(subject, "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z")
        .with(Property::Recurrence, Value::Recurrence(Recurrence { pattern, range }))
}

fn occurrence<'a>(record: &'a Json, day: &str) -> &'a Json {
    let list = record["occurrences"].as_array().unwrap_or_else(|| panic!("no exceptions: {record}"));
    let original = format!("{day}T10:00:00");
    list.iter().find(|one| one["original_start"] == json!(original)).unwrap_or_else(|| panic!("not {day}: {record}"))
}

// R1, R3, R4
async fn a_series_of_the_crm_is_one_series_in_the_mailbox_with_its_exceptions_across_the_end_of_summer_time() {
    let (world, anna, _) = World::with_two().await;
    let mut body = series("Weekly");
    body["occurrences"] = json!([
        {"original_start": "2026-10-12T10:00:00", "state": "cancelled"},
        {"original_start": "2026-11-02T10:00:00", "state": "modified", "subject": "Special",
            "start": berlin("2026-11-02T14:00:00"), "end": berlin("2026-11-02T15:00:00")}
    ]);
    world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let item = world.outlook(&anna).only(Folder::Calendar).await;
    let Some(rule) = item.recurrence(Property::Recurrence) else { panic!("a series stays a series") };
    assert_eq!(rule.range, Range::Numbered { start: date(2026, 10, 5), count: 8 });
    let modified = item.modified_occurrences();
    assert_eq!(modified.len(), 1);
    assert_eq!(modified[0].start.instant().expect("a time").to_string(), "2026-11-02T13:00:00Z");
    assert_eq!(item.deleted_occurrences().len(), 1);
    let special = world.outlook(&anna).read(&modified[0].id.id).await.expect("the occurrence");
    assert_eq!(title(&special), "Special");
}

// R1, R3
async fn what_a_person_does_to_single_occurrences_comes_in_as_exceptions_of_one_record() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let master = outlook.make(Folder::Calendar, weekly("Weekly")).await;
    world.sync(&[&anna]).await;
    let third = outlook.occurrence(&master, 3).await;
    let change = vec![
        set(Property::Start, moment("2026-10-19T12:00:00Z")),
        set(Property::End, moment("2026-10-19T13:00:00Z")),
        set(Property::Location, text("Room 9")),
    ];
    outlook.edit(&third, change).await;
    let fifth = outlook.occurrence(&master, 5).await;
    outlook.delete(&fifth).await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!(record["rule"]["count"], 8);
    let moved = occurrence(&record, "2026-10-19");
    assert_eq!((&moved["start"], &moved["location"]), (&berlin("2026-10-19T14:00:00"), &json!("Room 9")));
    assert_eq!(occurrence(&record, "2026-11-02")["state"], "cancelled");
    assert_eq!(record["occurrences"].as_array().map(Vec::len), Some(2));
}

// R3, C2: exceptions merge path by path.
async fn exceptions_made_on_both_sides_of_one_series_both_stand() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.activity(&anna, series("Weekly")).await;
    world.sync(&[&anna]).await;
    let master = id(&outlook.only(Folder::Calendar).await);
    let second = outlook.occurrence(&master, 2).await;
    outlook.edit(&second, vec![set(Property::Location, text("Room 2"))]).await;
    let change = json!([{"original_start": "2026-10-26T10:00:00", "state": "cancelled"}]);
    world.edit_activity(&anna, &record, json!({ "occurrences": change })).await;
    let reports = world.sync(&[&anna]).await;
    assert!(reports.iter().all(|report| report.conflicts == 0));
    let record = world.read_activity(&anna, &record).await;
    assert_eq!(occurrence(&record, "2026-10-12")["location"], "Room 2");
    assert_eq!(occurrence(&record, "2026-10-26")["state"], "cancelled");
    let item = outlook.only(Folder::Calendar).await;
    assert_eq!((item.modified_occurrences().len(), item.deleted_occurrences().len()), (1, 1));
}

// R3
async fn a_rule_changed_in_the_crm_keeps_the_exceptions_that_still_fall_on_it() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut body = series("Weekly");
    body["occurrences"] = json!([
        {"original_start": "2026-10-12T10:00:00", "state": "modified", "location": "Room 2"},
        {"original_start": "2026-10-19T10:00:00", "state": "cancelled"}
    ]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let rule = json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 12});
    world.edit_activity(&anna, &record, json!({ "rule": rule })).await;
    world.sync(&[&anna]).await;
    let item = outlook.only(Folder::Calendar).await;
    let rule = item.recurrence(Property::Recurrence).expect("a rule");
    assert_eq!(rule.range, Range::Numbered { start: date(2026, 10, 5), count: 12 });
    assert_eq!((item.modified_occurrences().len(), item.deleted_occurrences().len()), (1, 1));
    let record = world.read_activity(&anna, &record).await;
    assert_eq!(occurrence(&record, "2026-10-12")["location"], "Room 2");
}

// R3
async fn a_rule_changed_in_the_mailbox_takes_the_mailboxs_exceptions_as_the_truth() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut body = series("Weekly");
    body["occurrences"] = json!([{"original_start": "2026-10-12T10:00:00", "state": "cancelled"}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let item = outlook.only(Folder::Calendar).await;
    let pattern = item.recurrence(Property::Recurrence).expect("a rule").pattern.clone();
    let range = Range::Numbered { start: date(2026, 10, 5), count: 4 };
    let rule = Value::Recurrence(Recurrence { pattern, range });
    outlook.edit(&id(&item), vec![set(Property::Recurrence, rule)]).await;
    world.sync(&[&anna]).await;
    let record = world.read_activity(&anna, &record).await;
    assert_eq!(record["rule"]["count"], 4);
    assert_eq!(record["occurrences"].as_array().map_or(0, Vec::len), 0, "Exchange dropped it, nothing revives it");
    assert_eq!(outlook.only(Folder::Calendar).await.deleted_occurrences().len(), 0);
}

// R5
async fn an_all_day_appointment_stays_on_its_date_in_every_zone() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let day =
        json!({"display": "Calendar and Activities", "subject": "Fair", "start": "2026-10-24", "end": "2026-10-25"});
    world.activity(&anna, day).await;
    let tokyo = || Value::Zone(ZoneDefinition::named("Tokyo Standard Time"));
    let item = outlook::appointment("Feast", "2026-10-30T15:00:00Z", "2026-10-31T15:00:00Z")
        .with(Property::IsAllDayEvent, Value::Flag(true))
        .with(Property::StartTimeZone, tokyo())
        .with(Property::EndTimeZone, tokyo());
    outlook.make(Folder::Calendar, item).await;
    world.sync(&[&anna]).await;
    let feast = world.view(&anna, CALENDAR).await.into_iter().find(|a| a["subject"] == "Feast").expect("Feast");
    assert_eq!((&feast["start"], &feast["end"]), (&json!("2026-10-31"), &json!("2026-10-31")));
    let items = outlook.items(Folder::Calendar).await;
    let fair = items.iter().find(|item| title(item) == "Fair").expect("Fair");
    assert_eq!(fair.flag(Property::IsAllDayEvent), Some(true));
    // The first and the last day, in the user's zone: two days with the hour that summer time gives back.
    let shown = (outlook::at(fair, Property::Start), outlook::at(fair, Property::End));
    assert_eq!(shown, ("2026-10-23T22:00:00Z".to_owned(), "2026-10-25T23:00:00Z".to_owned()));
}

// R6
async fn a_recurring_task_is_one_record_and_what_completing_it_leaves_is_no_new_series() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let pattern = Pattern::Weekly { interval: 1, days: vec![DayOfWeek::Monday], first: Some(DayOfWeek::Monday) };
    let range = Range::NoEnd { start: date(2026, 9, 28) };
    let item = outlook::task("Report", "2026-09-28")
        .with(Property::StartDate, moment("2026-09-28T00:00:00Z"))
        .with(Property::TaskRecurrence, Value::Recurrence(Recurrence { pattern, range }));
    let item = outlook.make(Folder::Tasks, item).await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, "my_to_dos").await;
    assert_eq!(record["rule"]["pattern"], "weekly");
    outlook.edit(&item, vec![set(Property::Status, text("Completed"))]).await;
    assert_eq!(outlook.count(Folder::Tasks), 2, "Exchange leaves a completed one-off");
    world.sync(&[&anna]).await;
    let records = world.view(&anna, "my_to_dos").await;
    let series: Vec<&Json> = records.iter().filter(|record| !record["rule"].is_null()).collect();
    assert_eq!(series.len(), 1, "{records:?}");
    assert_eq!(series[0]["id"], record["id"]);
    assert_eq!(series[0]["due_day"], "2026-10-05", "its present occurrence");
    assert_eq!(outlook.count(Folder::Tasks), 2, "nothing is doubled in the mailbox");
}

// R6
async fn a_recurring_to_do_of_the_crm_is_one_task_with_its_rule() {
    let (world, anna, _) = World::with_two().await;
    let mut body = to_do("Report", "2026-09-28");
    body["start_day"] = json!("2026-09-28");
    body["rule"] = json!({"pattern": "weekly", "interval": 2, "days": ["monday"], "first_day": "monday"});
    world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let item = world.outlook(&anna).only(Folder::Tasks).await;
    let rule = item.recurrence(Property::TaskRecurrence).expect("a rule");
    assert!(matches!(rule.pattern, Pattern::Weekly { interval: 2, .. }), "{rule:?}");
}

// R7
async fn an_appointments_reminder_is_minutes_before_and_a_tasks_an_instant() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut body = appointment("Plan", "2026-09-28");
    body["reminder"] = json!(45);
    let plan = world.activity(&anna, body).await;
    let mut body = to_do("Call", "2026-09-28");
    body["reminder_at"] = json!("2026-09-28T06:30:00Z");
    let call = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let item = outlook.only(Folder::Calendar).await;
    let shown = (item.flag(Property::ReminderIsSet), item.whole(Property::ReminderMinutesBeforeStart));
    assert_eq!(shown, (Some(true), Some(45)));
    let task = outlook.only(Folder::Tasks).await;
    assert_eq!(outlook::at(&task, Property::ReminderDueBy), "2026-09-28T06:30:00Z");
    outlook.edit(&id(&item), vec![set(Property::ReminderIsSet, Value::Flag(false))]).await;
    outlook.edit(&id(&task), vec![set(Property::ReminderDueBy, moment("2026-09-28T05:00:00Z"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_activity(&anna, &plan).await["reminder"], json!(null));
    assert_eq!(world.read_activity(&anna, &call).await["reminder_at"], "2026-09-28T05:00:00Z");
}

// R2, trap 68
async fn a_rule_exchange_has_no_word_for_stays_in_the_crm_and_is_told() {
    let (world, anna, _) = World::with_two().await;
    let rule =
        json!({"pattern": "monthly_by_weekday", "interval": 1, "days": ["monday", "wednesday"], "index": "first"});
    let mut odd = appointment("Odd", "2026-10-05");
    odd["rule"] = rule.clone();
    let record = world.activity(&anna, odd).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 0, "a near rule would be a wrong meeting");
    let waiting = world.quarantine(&anna).await;
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0]["reason"].to_string().contains("Exchange cannot hold"), "{waiting:?}");
    assert_eq!((&waiting[0]["name"], &waiting[0]["when"]), (&json!("Odd"), &json!("2026-10-05 10:00")));
    // Only its owner reads what is private; that it waits, and when it is, everybody who administers may know.
    world.edit_activity(&anna, &record, json!({"private": true})).await;
    world.sync(&[&anna]).await;
    let waiting = world.quarantine(&anna).await;
    assert_eq!((&waiting[0]["name"], &waiting[0]["when"]), (&json!("Private"), &json!("2026-10-05 10:00")));
    assert_eq!(world.read_activity(&anna, &record).await["rule"], rule);
}

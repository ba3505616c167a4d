//! Rules of series: every pattern and range on both sides, and single occurrences that are moved, taken out, changed
//! (rules R1 to R3; traps 58 to 76).

use crate::api::{appointment, berlin};
use crate::database::on_both;
use crate::outlook::{self, Outlook, id, moment, set, text, title};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use wire::ews::{
    DayOfWeek, DistinguishedFolder as Folder, FieldChange, Item, Pattern, Property, Range, Recurrence, Value,
};

on_both!(
    every_pattern_and_range_of_the_crm_is_the_same_series_in_the_mailbox,
    every_pattern_and_range_of_the_mailbox_is_the_same_series_in_the_crm,
    the_first_occurrence_is_moved_and_taken_out_like_any_other,
    an_occurrence_moved_and_then_taken_out_is_gone_on_both_sides,
    after_one_is_taken_out_the_right_one_is_edited,
    an_occurrence_moved_past_its_neighbour_is_told_and_everything_else_goes_on,
    a_series_becomes_one_appointment_and_a_series_again_on_either_side,
    this_and_following_makes_two_series_on_either_side,
    a_rule_without_an_occurrence_or_without_measure_is_refused_by_the_crm,
    a_series_begins_on_a_day_of_its_rule_on_both_sides,
);

const CALENDAR: &str = "my_calendar";

/// An appointment of the CRM at ten in Berlin with a rule.
fn series(subject: &str, day: &str, rule: Json) -> Json {
    let mut body = appointment(subject, day);
    body["rule"] = rule;
    body
}

fn weekly(days: &[&str], more: Json) -> Json {
    let mut rule = json!({"pattern": "weekly", "interval": 1, "days": days, "first_day": "monday"});
    for (name, value) in more.as_object().expect("an object") {
        rule[name] = value.clone();
    }
    rule
}

/// Comes to rest with nothing held or in quarantine.
async fn clean(world: &World, who: &Person) {
    world.sync(&[who]).await;
    let waiting = world.quarantine(who).await;
    assert!(waiting.is_empty(), "{waiting:?}");
    assert!(world.held(who).await.is_empty());
}

/// The starts of what the calendar shows between two days.
async fn starts(outlook: &Outlook, from: &str, to: &str) -> Vec<String> {
    let all = outlook.shows(&format!("{from}T00:00:00Z"), &format!("{to}T00:00:00Z")).await;
    all.into_iter().map(|(_, start, _)| start).collect()
}

fn exceptions(record: &Json) -> Vec<Json> {
    record["occurrences"].as_array().cloned().unwrap_or_default()
}

const RULES: [(&str, &str, &str, &str); 14] = [
    (
        "2026-10-01",
        r#"{"pattern":"daily","interval":3,"count":5}"#,
        "<t:DailyRecurrence><t:Interval>3</t:Interval></t:DailyRecurrence>",
        "2026-10-01 2026-10-04 2026-10-07 2026-10-10 2026-10-13",
    ),
    (
        "2026-10-01",
        r#"{"pattern":"weekly","interval":1,"days":["monday","tuesday","wednesday","thursday","friday"],"first_day":"monday","until":"2026-10-07"}"#,
        "<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Tuesday Wednesday Thursday Friday</t:DaysOfWeek><t:FirstDayOfWeek>Monday</t:FirstDayOfWeek></t:WeeklyRecurrence>",
        "2026-10-01 2026-10-02 2026-10-05 2026-10-06 2026-10-07",
    ),
    (
        "2026-10-04",
        r#"{"pattern":"weekly","interval":2,"days":["monday","sunday"],"first_day":"sunday","count":4}"#,
        "<t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Sunday Monday</t:DaysOfWeek><t:FirstDayOfWeek>Sunday</t:FirstDayOfWeek></t:WeeklyRecurrence>",
        "2026-10-04 2026-10-05 2026-10-18 2026-10-19",
    ),
    (
        "2026-10-04",
        r#"{"pattern":"weekly","interval":2,"days":["monday","sunday"],"first_day":"monday","count":4}"#,
        "<t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Sunday Monday</t:DaysOfWeek><t:FirstDayOfWeek>Monday</t:FirstDayOfWeek></t:WeeklyRecurrence>",
        "2026-10-04 2026-10-12 2026-10-18 2026-10-26",
    ),
    (
        "2026-10-31",
        r#"{"pattern":"monthly_by_date","interval":1,"day":31,"count":5}"#,
        "<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>31</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>",
        "2026-10-31 2026-11-30 2026-12-31 2027-01-31 2027-02-28",
    ),
    (
        "2026-10-30",
        r#"{"pattern":"monthly_by_weekday","interval":1,"days":["friday"],"index":"last","count":3}"#,
        "<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Friday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>",
        "2026-10-30 2026-11-27 2026-12-25",
    ),
    (
        "2026-10-30",
        r#"{"pattern":"monthly_by_weekday","interval":1,"days":["monday","tuesday","wednesday","thursday","friday"],"index":"last","count":4}"#,
        "<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Weekday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>",
        "2026-10-30 2026-11-30 2026-12-31 2027-01-29",
    ),
    (
        "2026-10-01",
        r#"{"pattern":"monthly_by_weekday","interval":2,"days":["monday","tuesday","wednesday","thursday","friday","saturday","sunday"],"index":"first","count":3}"#,
        "<t:RelativeMonthlyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Day</t:DaysOfWeek><t:DayOfWeekIndex>First</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>",
        "2026-10-01 2026-12-01 2027-02-01",
    ),
    (
        "2026-10-03",
        r#"{"pattern":"monthly_by_weekday","interval":1,"days":["saturday","sunday"],"index":"first","count":2}"#,
        "<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>WeekendDay</t:DaysOfWeek><t:DayOfWeekIndex>First</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>",
        "2026-10-03 2026-11-01",
    ),
    (
        "2027-02-28",
        r#"{"pattern":"yearly_by_date","month":2,"day":29,"count":3}"#,
        "<t:AbsoluteYearlyRecurrence><t:DayOfMonth>29</t:DayOfMonth><t:Month>February</t:Month></t:AbsoluteYearlyRecurrence>",
        "2027-02-28 2028-02-29 2029-02-28",
    ),
    (
        "2026-11-26",
        r#"{"pattern":"yearly_by_weekday","month":11,"days":["thursday"],"index":"fourth","count":3}"#,
        "<t:RelativeYearlyRecurrence><t:DaysOfWeek>Thursday</t:DaysOfWeek><t:DayOfWeekIndex>Fourth</t:DayOfWeekIndex><t:Month>November</t:Month></t:RelativeYearlyRecurrence>",
        "2026-11-26 2027-11-25 2028-11-23",
    ),
    (
        "2026-12-31",
        r#"{"pattern":"yearly_by_weekday","month":12,"days":["monday","tuesday","wednesday","thursday","friday"],"index":"last","count":2}"#,
        "<t:RelativeYearlyRecurrence><t:DaysOfWeek>Weekday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex><t:Month>December</t:Month></t:RelativeYearlyRecurrence>",
        "2026-12-31 2027-12-31",
    ),
    (
        "2026-10-01",
        r#"{"pattern":"daily","interval":1,"until":"2026-10-01"}"#,
        "<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>",
        "2026-10-01",
    ),
    (
        "2026-10-01",
        r#"{"pattern":"monthly_by_date","interval":12,"day":1}"#,
        "<t:AbsoluteMonthlyRecurrence><t:Interval>12</t:Interval><t:DayOfMonth>1</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>",
        "2026-10-01 2027-10-01 2028-10-01 2029-10-01",
    ),
];

fn json_of(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

// R1, R2, traps 64, 65, 70
async fn every_pattern_and_range_of_the_crm_is_the_same_series_in_the_mailbox() {
    let (world, anna, _) = World::with_two().await;
    for (at, (day, rule, _, _)) in RULES.iter().enumerate() {
        world.activity(&anna, series(&format!("S{at:02}"), day, json_of(rule))).await;
    }
    clean(&world, &anna).await;
    let outlook = world.outlook(&anna);
    let mut all = outlook.shows("2026-09-30T22:00:00Z", "2028-09-29T00:00:00Z").await;
    all.extend(outlook.shows("2028-09-29T00:00:00Z", "2029-12-31T00:00:00Z").await);
    let items = outlook.items(Folder::Calendar).await;
    for (at, (_, rule, xml, days)) in RULES.iter().enumerate() {
        let name = format!("S{at:02}");
        let mut shown: Vec<&str> = all.iter().filter(|one| one.0 == name).map(|one| &one.1[..10]).collect();
        shown.sort_unstable();
        assert_eq!(shown.join(" "), *days, "{name} {rule}");
        let item = items.iter().find(|item| title(item) == name).expect("the series");
        let raw = outlook
            .raw("", &format!(r#"<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="calendar:Recurrence"/></t:AdditionalProperties></m:ItemShape><m:ItemIds><t:ItemId Id="{}"/></m:ItemIds></m:GetItem>"#, id(item)))
            .await;
        assert!(raw.contains(xml), "{name}: {raw}");
    }
}

// R1, R2, traps 64, 65, 70
async fn every_pattern_and_range_of_the_mailbox_is_the_same_series_in_the_crm() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for (at, (day, rule, xml, _)) in RULES.iter().enumerate() {
        let rule = json_of(rule);
        let range = match (rule["count"].as_u64(), rule["until"].as_str()) {
            (Some(count), _) => format!(
                "<t:NumberedRecurrence><t:StartDate>{day}</t:StartDate><t:NumberOfOccurrences>{count}</t:NumberOfOccurrences></t:NumberedRecurrence>"
            ),
            (_, Some(end)) => format!(
                "<t:EndDateRecurrence><t:StartDate>{day}</t:StartDate><t:EndDate>{end}</t:EndDate></t:EndDateRecurrence>"
            ),
            (None, None) => format!("<t:NoEndRecurrence><t:StartDate>{day}</t:StartDate></t:NoEndRecurrence>"),
        };
        let item = format!(
            r#"<t:CalendarItem><t:Subject>S{at:02}</t:Subject><t:Start>{day}T12:00:00Z</t:Start><t:End>{day}T13:00:00Z</t:End><t:Recurrence>{xml}{range}</t:Recurrence><t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="W. Europe Standard Time"/></t:CalendarItem>"#
        );
        outlook.make_raw(Folder::Calendar, &item).await;
    }
    clean(&world, &anna).await;
    let records = world.view(&anna, CALENDAR).await;
    assert_eq!(records.len(), RULES.len());
    for (at, (day, rule, _, _)) in RULES.iter().enumerate() {
        let record = records.iter().find(|record| record["subject"] == format!("S{at:02}")).expect("the series");
        assert_eq!(record["rule"], json_of(rule), "{at}");
        assert!(record["start"]["wall"].as_str().expect("a wall").starts_with(day), "{at}: {record}");
        assert_eq!(record["start"]["zone"], "Europe/Berlin");
    }
    // The second look at it all finds nothing to do.
    assert_eq!(world.sync(&[&anna]).await.len(), 0);
}

// R3: the first occurrence is one like any other, on both sides.
async fn the_first_occurrence_is_moved_and_taken_out_like_any_other() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let rule = weekly(&["monday"], json!({"count": 4}));
    let ours = world.activity(&anna, series("Ours", "2026-10-05", rule.clone())).await;
    let theirs = world.activity(&anna, series("Theirs", "2026-10-05", rule)).await;
    clean(&world, &anna).await;
    let cancel = json!({"occurrences": [{"original_start": "2026-10-05T10:00:00", "state": "cancelled"}]});
    world.edit_activity(&anna, &ours, cancel).await;
    let items = outlook.items(Folder::Calendar).await;
    let item = items.iter().find(|item| title(item) == "Theirs").expect("theirs");
    let first = outlook.occurrence(&id(item), 1).await;
    outlook
        .edit(
            &first,
            vec![
                set(Property::Start, moment("2026-10-06T12:00:00Z")),
                set(Property::End, moment("2026-10-06T13:00:00Z")),
            ],
        )
        .await;
    clean(&world, &anna).await;
    let moved = exceptions(&world.read_activity(&anna, &theirs).await);
    assert_eq!(
        moved,
        [json!({"original_start": "2026-10-05T10:00:00", "state": "modified",
        "start": berlin("2026-10-06T14:00:00"), "end": berlin("2026-10-06T15:00:00")})]
    );
    let seen = starts(&outlook, "2026-10-01", "2026-11-30").await;
    assert_eq!(
        seen,
        [
            "2026-10-06T12:00:00Z",
            "2026-10-12T08:00:00Z",
            "2026-10-12T08:00:00Z",
            "2026-10-19T08:00:00Z",
            "2026-10-19T08:00:00Z",
            "2026-10-26T09:00:00Z",
            "2026-10-26T09:00:00Z"
        ]
    );
    // The other way round.
    let second = outlook.occurrence(&id(item), 1).await;
    outlook.delete(&second).await;
    let back = json!({"occurrences": [{"original_start": "2026-10-12T10:00:00", "state": "modified",
        "start": berlin("2026-10-12T16:00:00"), "end": berlin("2026-10-12T17:00:00")}]});
    world.edit_activity(&anna, &ours, back).await;
    clean(&world, &anna).await;
    let record = world.read_activity(&anna, &theirs).await;
    assert_eq!(exceptions(&record), [json!({"original_start": "2026-10-05T10:00:00", "state": "cancelled"})]);
    assert_eq!(record["start"], berlin("2026-10-05T10:00:00"));
    let seen = starts(&outlook, "2026-10-01", "2026-10-18").await;
    assert_eq!(seen, ["2026-10-12T08:00:00Z", "2026-10-12T14:00:00Z"]);
}

// R3, trap 61
async fn an_occurrence_moved_and_then_taken_out_is_gone_on_both_sides() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let rule = weekly(&["monday"], json!({"count": 4}));
    let record = world.activity(&anna, series("Weekly", "2026-10-05", rule)).await;
    clean(&world, &anna).await;
    let item = id(&outlook.only(Folder::Calendar).await);
    let second = outlook.occurrence(&item, 2).await;
    let to =
        vec![set(Property::Start, moment("2026-10-13T12:00:00Z")), set(Property::End, moment("2026-10-13T13:00:00Z"))];
    outlook.edit(&second, to).await;
    clean(&world, &anna).await;
    outlook.delete(&outlook.occurrence(&item, 2).await).await;
    clean(&world, &anna).await;
    let gone = json!({"original_start": "2026-10-12T10:00:00", "state": "cancelled"});
    assert_eq!(exceptions(&world.read_activity(&anna, &record).await), std::slice::from_ref(&gone));
    // In the CRM: moved, synchronised, taken out.
    let moved = json!({"original_start": "2026-10-19T10:00:00", "state": "modified",
        "start": berlin("2026-10-20T10:00:00"), "end": berlin("2026-10-20T11:00:00")});
    world.edit_activity(&anna, &record, json!({"occurrences": [moved]})).await;
    clean(&world, &anna).await;
    assert_eq!(
        starts(&outlook, "2026-10-01", "2026-11-30").await,
        ["2026-10-05T08:00:00Z", "2026-10-20T08:00:00Z", "2026-10-26T09:00:00Z"]
    );
    let out = json!({"original_start": "2026-10-19T10:00:00", "state": "cancelled"});
    world.edit_activity(&anna, &record, json!({"occurrences": [out]})).await;
    clean(&world, &anna).await;
    assert_eq!(starts(&outlook, "2026-10-01", "2026-11-30").await, ["2026-10-05T08:00:00Z", "2026-10-26T09:00:00Z"]);
    let record = world.read_activity(&anna, &record).await;
    assert_eq!(exceptions(&record), [gone, json!({"original_start": "2026-10-19T10:00:00", "state": "cancelled"})]);
}

// R3, trap 76
async fn after_one_is_taken_out_the_right_one_is_edited() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let rule = weekly(&["monday"], json!({"count": 5}));
    let record = world.activity(&anna, series("Weekly", "2026-10-05", rule)).await;
    clean(&world, &anna).await;
    let item = id(&outlook.only(Folder::Calendar).await);
    outlook.delete(&outlook.occurrence(&item, 2).await).await;
    clean(&world, &anna).await;
    let change = json!({"original_start": "2026-10-19T10:00:00", "state": "modified", "location": "Attic"});
    world.edit_activity(&anna, &record, json!({"occurrences": [change]})).await;
    clean(&world, &anna).await;
    let item = outlook.only(Folder::Calendar).await;
    let modified = item.modified_occurrences();
    assert_eq!(modified.len(), 1);
    assert_eq!(modified[0].original_start.instant().expect("a time").to_string(), "2026-10-19T08:00:00Z");
    let third = outlook.read(&modified[0].id.id).await.expect("the occurrence");
    assert_eq!(third.text(Property::Location), Some("Attic"));
}

// R3, trap 58
async fn an_occurrence_moved_past_its_neighbour_is_told_and_everything_else_goes_on() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let rule = weekly(&["monday"], json!({"count": 5}));
    let mut body = series("Weekly", "2026-10-05", rule);
    body["occurrences"] = json!([
        {"original_start": "2026-10-12T10:00:00", "state": "modified", "location": "Attic"},
        {"original_start": "2026-10-19T10:00:00", "state": "modified",
            "start": berlin("2026-10-27T10:00:00"), "end": berlin("2026-10-27T11:00:00")},
        {"original_start": "2026-11-02T10:00:00", "state": "cancelled"}
    ]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    assert_eq!(
        starts(&outlook, "2026-10-01", "2026-11-30").await,
        ["2026-10-05T08:00:00Z", "2026-10-12T08:00:00Z", "2026-10-19T08:00:00Z", "2026-10-26T09:00:00Z"]
    );
    let waiting = world.quarantine(&anna).await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert!(waiting[0]["reason"].to_string().contains("the occurrence of 2026-10-19"), "{waiting:?}");
    world.edit_activity(&anna, &record, json!({"subject": "Renamed"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.quarantine(&anna).await.len(), 1, "it still waits");
    assert_eq!(title(&outlook.only(Folder::Calendar).await), "Renamed");
    assert_eq!(exceptions(&world.read_activity(&anna, &record).await).len(), 3, "the CRM keeps its own");
    // Put where it fits it goes over, and nothing waits any more.
    let fits = json!({"original_start": "2026-10-19T10:00:00", "state": "modified",
        "start": berlin("2026-10-20T10:00:00"), "end": berlin("2026-10-20T11:00:00")});
    world.edit_activity(&anna, &record, json!({"occurrences": [fits]})).await;
    clean(&world, &anna).await;
    assert!(starts(&outlook, "2026-10-20", "2026-10-21").await.contains(&"2026-10-20T08:00:00Z".to_owned()));
}

// R1, trap 23
async fn a_series_becomes_one_appointment_and_a_series_again_on_either_side() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let rule = weekly(&["monday"], json!({"count": 4}));
    let mut body = series("Weekly", "2026-10-05", rule.clone());
    body["occurrences"] = json!([{"original_start": "2026-10-12T10:00:00", "state": "cancelled"}]);
    let record = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    let first = id(&outlook.only(Folder::Calendar).await);
    world.edit_activity(&anna, &record, json!({"rule": null})).await;
    clean(&world, &anna).await;
    let single = outlook.only(Folder::Calendar).await;
    assert_eq!((id(&single), single.recurrence(Property::Recurrence).is_none()), (first.clone(), true));
    assert_eq!(starts(&outlook, "2026-10-01", "2026-11-30").await, ["2026-10-05T08:00:00Z"]);
    world.edit_activity(&anna, &record, json!({"rule": rule})).await;
    clean(&world, &anna).await;
    assert_eq!(starts(&outlook, "2026-10-01", "2026-11-30").await.len(), 4);
    let item = outlook.only(Folder::Calendar).await;
    let value = item.value(Property::Recurrence).expect("a rule").clone();
    outlook.edit(&first, vec![FieldChange::Delete(Property::Recurrence.into())]).await;
    clean(&world, &anna).await;
    let read = world.only(&anna, CALENDAR).await;
    assert_eq!((&read["id"], &read["rule"]), (&json!(record), &json!(null)));
    outlook.edit(&first, vec![set(Property::Recurrence, value)]).await;
    clean(&world, &anna).await;
    let read = world.only(&anna, CALENDAR).await;
    assert_eq!((&read["id"], &read["rule"]["count"]), (&json!(record), &json!(4)));
}

/// A series as `xml`, ten o'clock in Berlin.
fn item(subject: &str, day: &str) -> Item {
    outlook::appointment(subject, &format!("{day}T08:00:00Z"), &format!("{day}T09:00:00Z"))
}

// R1, trap 74
async fn this_and_following_makes_two_series_on_either_side() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    // In the mailbox: the old series ends, a new one of the same name follows.
    let rule = weekly(&["monday"], json!({}));
    let record = world.activity(&anna, series("Weekly", "2026-10-05", rule)).await;
    clean(&world, &anna).await;
    let old = outlook.only(Folder::Calendar).await;
    let rule = old.recurrence(Property::Recurrence).expect("a rule").clone();
    let cut = wire::ews::Recurrence {
        pattern: rule.pattern.clone(),
        range: wire::ews::Range::EndDate { start: rule.range.start(), end: "2026-10-18".parse().expect("a day") },
    };
    outlook.edit(&id(&old), vec![set(Property::Recurrence, Value::Recurrence(cut))]).await;
    let rest = wire::ews::Recurrence {
        pattern: rule.pattern,
        range: wire::ews::Range::NoEnd { start: "2026-10-19".parse().expect("a day") },
    };
    let new = item("Weekly", "2026-10-19")
        .with(Property::Location, text("Attic"))
        .with(Property::Recurrence, Value::Recurrence(rest));
    outlook.make(Folder::Calendar, new).await;
    clean(&world, &anna).await;
    let all = world.view(&anna, CALENDAR).await;
    assert_eq!(all.len(), 2, "{all:?}");
    let (one, two) = if all[0]["id"] == record.as_str() { (&all[0], &all[1]) } else { (&all[1], &all[0]) };
    assert_eq!((&one["rule"]["until"], &one["location"]), (&json!("2026-10-18"), &json!(null)));
    assert_eq!((&two["location"], &two["start"]), (&json!("Attic"), &berlin("2026-10-19T10:00:00")));
    // In the CRM: the same again with the second.
    let two = two["id"].as_str().expect("an id").to_owned();
    world.edit_activity(&anna, &two, json!({"rule": weekly(&["monday"], json!({"until": "2026-11-01"}))})).await;
    world.activity(&anna, series("Weekly", "2026-11-02", weekly(&["monday"], json!({"count": 2})))).await;
    clean(&world, &anna).await;
    assert_eq!(outlook.count(Folder::Calendar), 3);
    let seen = starts(&outlook, "2026-10-01", "2026-12-31").await;
    let days: Vec<&str> = seen.iter().map(|start| &start[..10]).collect();
    assert_eq!(days, ["2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09"]);
    assert_eq!(outlook.count(Folder::DeletedItems), 0);
}

// R2, trap 38: what never takes place, or is beyond every calendar, is refused where it is made, in words.
async fn a_rule_without_an_occurrence_or_without_measure_is_refused_by_the_crm() {
    let (world, anna, _) = World::with_two().await;
    for (rule, word) in [
        (json!({"pattern": "daily", "interval": 1, "until": "2026-10-04"}), "ends before it begins"),
        (weekly(&["friday"], json!({"until": "2026-10-08"})), "no occurrence"),
        (json!({"pattern": "yearly_by_date", "month": 2, "day": 30, "until": "2027-01-31"}), "no occurrence"),
        (json!({"pattern": "daily", "interval": 4_000_000_000u32, "count": 3}), "interval"),
        (json!({"pattern": "monthly_by_date", "interval": 4_000_000_000u32, "day": 1, "count": 3}), "interval"),
        (json!({"pattern": "daily", "interval": 1, "count": 4_000_000_000u32}), "occurrences"),
    ] {
        let body = series("Odd", "2026-10-05", rule.clone());
        let (status, answer) = world.ask(&anna, "POST", "/api/crm/activities", Some(&body)).await;
        assert_eq!(status, 422, "{rule}: {answer}");
        assert!(answer.to_string().contains(word), "{rule}: {answer}");
    }
    assert!(world.view(&anna, CALENDAR).await.is_empty());
}

// R2: Exchange lets a series begin on its rule's first day alone, and so does the CRM, as Outlook does with what is typed;
// what both sides make together begins there too.
async fn a_series_begins_on_a_day_of_its_rule_on_both_sides() {
    let (world, anna, _) = World::with_two().await;
    let mondays = json!({"pattern": "weekly", "interval": 120, "days": ["monday"], "first_day": "monday"});
    let far = world.activity(&anna, series("Far", "2026-10-06", mondays)).await;
    let read = world.read_activity(&anna, &far).await;
    assert_eq!((&read["start"], &read["end"]), (&berlin("2029-01-22T10:00:00"), &berlin("2029-01-22T11:00:00")));
    world.delete(&anna, &format!("/api/crm/activities/{far}")).await;
    // The day alone moves to the rule, and the rule alone moves the day.
    let record = world.activity(&anna, series("Weekly", "2026-09-28", weekly(&["monday"], json!({})))).await;
    let put_off = json!({"start": berlin("2026-09-29T10:00:00"), "end": berlin("2026-09-29T11:00:00")});
    for (edit, first) in [
        (put_off, "2026-10-05"),
        (json!({"rule": weekly(&["friday"], json!({}))}), "2026-10-09"),
        (
            json!({"start": berlin("2026-10-05T10:00:00"), "end": berlin("2026-10-05T11:00:00"),
            "rule": weekly(&["monday"], json!({}))}),
            "2026-10-05",
        ),
    ] {
        world.edit_activity(&anna, &record, edit).await;
        let read = world.read_activity(&anna, &record).await;
        assert_eq!(read["start"], berlin(&format!("{first}T10:00:00")), "{read}");
        assert_eq!(read["end"], berlin(&format!("{first}T11:00:00")), "{read}");
    }
    clean(&world, &anna).await;
    // Put off by an hour in the CRM while Outlook makes it a Wednesday's: the CRM's time, the mailbox's rule.
    let outlook = world.outlook(&anna);
    let item = outlook.only(Folder::Calendar).await;
    let pattern = Pattern::Weekly { interval: 1, days: vec![DayOfWeek::Wednesday], first: Some(DayOfWeek::Monday) };
    let rule = Recurrence { pattern, range: Range::NoEnd { start: "2026-10-05".parse().expect("a date") } };
    outlook.edit(&id(&item), vec![set(Property::Recurrence, Value::Recurrence(rule))]).await;
    let later = json!({"start": berlin("2026-10-05T11:00:00"), "end": berlin("2026-10-05T12:00:00")});
    world.edit_activity(&anna, &record, later).await;
    clean(&world, &anna).await;
    let read = world.read_activity(&anna, &record).await;
    assert_eq!(read["rule"]["days"], json!(["wednesday"]), "{read}");
    assert_eq!(read["start"], berlin("2026-10-07T11:00:00"), "{read}");
    assert_eq!(read["end"], berlin("2026-10-07T12:00:00"), "{read}");
    assert_eq!(starts(&outlook, "2026-10-05", "2026-10-15").await, ["2026-10-07T09:00:00Z", "2026-10-14T09:00:00Z"]);
}

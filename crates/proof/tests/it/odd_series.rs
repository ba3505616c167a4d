//! Series at their edges: nothing left of them, an exception that is none any more (rule R3).

use crate::api::{appointment, berlin};
use crate::database::on_both;
use crate::outlook::{self, Outlook, id, moment, set, text, title};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use wire::ews::{DistinguishedFolder as Folder, FieldChange, Property, Value};

on_both!(
    a_series_whose_last_occurrence_is_cancelled_leaves_the_mailbox_once_and_stays_in_the_crm,
    an_occurrence_moved_there_and_back_is_as_its_series_again,
    what_one_occurrence_does_without_is_cleared_in_it_alone_from_either_side,
    a_cleared_occurrence_follows_its_series_again,
    an_occurrence_that_takes_place_after_all_has_what_is_said_of_it,
    an_edit_of_an_occurrence_outlives_that_it_was_called_off_from_either_side,
);

/// Four or fewer days in a row at ten in Berlin.
fn daily(subject: &str, count: u32) -> Json {
    let mut body = appointment(subject, "2026-10-05");
    body["rule"] = json!({"pattern": "daily", "interval": 1, "count": count});
    body
}

/// Comes to rest with nothing held or in quarantine.
async fn clean(world: &World, who: &Person) {
    world.sync(&[who]).await;
    let waiting = world.quarantine(who).await;
    assert!(waiting.is_empty(), "{waiting:?}");
    assert!(world.held(who).await.is_empty());
}

/// The starts of what the calendar shows in October.
async fn starts(outlook: &Outlook) -> Vec<String> {
    let all = outlook.shows("2026-10-01T00:00:00Z", "2026-10-31T00:00:00Z").await;
    all.into_iter().map(|(_, start, _)| start).collect()
}

fn exceptions(record: &Json) -> Vec<Json> {
    record["occurrences"].as_array().cloned().unwrap_or_default()
}

// R3, C5: the server drops a series with its last occurrence; making it again would only fill Deleted Items.
async fn a_series_whose_last_occurrence_is_cancelled_leaves_the_mailbox_once_and_stays_in_the_crm() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.activity(&anna, daily("Two days", 2)).await;
    let off = |day: &str| json!({"original_start": format!("{day}T10:00:00"), "state": "cancelled"});
    let both = json!([off("2026-10-05"), off("2026-10-06")]);
    let mut body = daily("Never", 2);
    body["occurrences"] = both.clone();
    let never = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    assert_eq!(outlook::titles(&outlook.items(Folder::Calendar).await), ["Two days"]);
    world.edit_activity(&anna, &record, json!({ "occurrences": both })).await;
    clean(&world, &anna).await;
    clean(&world, &anna).await;
    assert_eq!((outlook.count(Folder::Calendar), outlook.count(Folder::DeletedItems)), (0, 1));
    for record in [&record, &never] {
        assert_eq!(exceptions(&world.read_activity(&anna, record).await).len(), 2);
    }
    let back = json!([{"original_start": "2026-10-06T10:00:00", "state": null}]);
    world.edit_activity(&anna, &record, json!({ "occurrences": back })).await;
    clean(&world, &anna).await;
    assert_eq!(starts(&outlook).await, ["2026-10-06T08:00:00Z"]);
}

// R3, C11
async fn an_occurrence_moved_there_and_back_is_as_its_series_again() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.activity(&anna, daily("Daily", 4)).await;
    clean(&world, &anna).await;
    let master = id(&outlook.only(Folder::Calendar).await);
    let second = outlook.occurrence(&master, 2).await;
    let to = |from: &str, to: &str| vec![set(Property::Start, moment(from)), set(Property::End, moment(to))];
    outlook.edit(&second, to("2026-10-06T12:00:00Z", "2026-10-06T13:00:00Z")).await;
    clean(&world, &anna).await;
    let moved = exceptions(&world.read_activity(&anna, &record).await);
    assert_eq!(moved[0]["start"], berlin("2026-10-06T14:00:00"));
    outlook.edit(&outlook.occurrence(&master, 2).await, to("2026-10-06T08:00:00Z", "2026-10-06T09:00:00Z")).await;
    clean(&world, &anna).await;
    assert_eq!(exceptions(&world.read_activity(&anna, &record).await), Vec::<Json>::new());
}

/// Subject, place and reminder of the series' nth occurrence, and whether its text is empty.
async fn nth(outlook: &Outlook, master: &str, number: u32) -> (String, Option<String>, bool, bool) {
    let item = outlook.read(&outlook.occurrence(master, number).await).await.expect("the occurrence");
    let said = |property: Property| item.text(property).filter(|text| !text.is_empty()).map(str::to_owned);
    let empty = item.body().is_none_or(|body| body.text.trim().is_empty());
    (title(&item).to_owned(), said(Property::Location), item.flag(Property::ReminderIsSet) == Some(true), empty)
}

fn full(subject: &str) -> Json {
    let mut body = daily(subject, 5);
    (body["location"], body["body"], body["reminder"]) = (json!("Room 1"), json!("Agenda"), json!(15));
    body
}

// R3, C11: cleared in one occurrence is a value of its own, apart from "as the series"; both words of the API and both
// ways of a mail client say it.
async fn what_one_occurrence_does_without_is_cleared_in_it_alone_from_either_side() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.activity(&anna, full("Daily")).await;
    clean(&world, &anna).await;
    let master = id(&outlook.only(Folder::Calendar).await);
    // In the CRM, by null and by an empty text.
    let clear = json!([
        {"original_start": "2026-10-06T10:00:00", "location": null, "reminder": null, "body": null},
        {"original_start": "2026-10-07T10:00:00", "location": "", "subject": "Another"}
    ]);
    world.edit_activity(&anna, &record, json!({ "occurrences": clear })).await;
    clean(&world, &anna).await;
    assert_eq!(nth(&outlook, &master, 2).await, ("Daily".to_owned(), None, false, true));
    assert_eq!(nth(&outlook, &master, 3).await, ("Another".to_owned(), None, true, false));
    assert_eq!(nth(&outlook, &master, 4).await, ("Daily".to_owned(), Some("Room 1".to_owned()), true, false));
    // In the mailbox, by taking the value away and by writing an empty one.
    let fourth = outlook.occurrence(&master, 4).await;
    outlook
        .edit(&fourth, vec![FieldChange::Delete(Property::Location.into()), set(Property::Body, outlook::plain(""))])
        .await;
    let fifth = outlook.occurrence(&master, 5).await;
    outlook
        .edit(&fifth, vec![set(Property::Location, text("")), set(Property::ReminderIsSet, Value::Flag(false))])
        .await;
    clean(&world, &anna).await;
    let shown = exceptions(&world.read_activity(&anna, &record).await);
    let expected = [
        json!({"original_start": "2026-10-06T10:00:00", "state": "modified", "body": null, "location": null, "reminder": null}),
        json!({"original_start": "2026-10-07T10:00:00", "state": "modified", "location": null, "subject": "Another"}),
        json!({"original_start": "2026-10-08T10:00:00", "state": "modified", "body": null, "location": null}),
        json!({"original_start": "2026-10-09T10:00:00", "state": "modified", "location": null, "reminder": null}),
    ];
    assert_eq!(shown, expected);
    // The series' own values stand, on both sides.
    let series = world.read_activity(&anna, &record).await;
    assert_eq!(
        (&series["location"], &series["body"], &series["reminder"]),
        (&json!("Room 1"), &json!("Agenda"), &json!(15))
    );
    assert_eq!(outlook.only(Folder::Calendar).await.text(Property::Location), Some("Room 1"));
    assert_eq!(world.sync(&[&anna]).await.len(), 0, "the second look finds nothing to do");
}

// R3, C11: back from cleared to the series' value, whole and in part, from either side; an edit of the series leaves what
// is cleared alone.
async fn a_cleared_occurrence_follows_its_series_again() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut body = full("Daily");
    body["occurrences"] = json!([
        {"original_start": "2026-10-06T10:00:00", "location": null, "subject": "Another"},
        {"original_start": "2026-10-07T10:00:00", "location": null}
    ]);
    let record = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    let master = id(&outlook.only(Folder::Calendar).await);
    assert_eq!(nth(&outlook, &master, 2).await, ("Another".to_owned(), None, true, false));
    world.edit_activity(&anna, &record, json!({"location": "Room 2"})).await;
    clean(&world, &anna).await;
    for (number, place) in [(1, Some("Room 2")), (2, None), (3, None), (4, Some("Room 2"))] {
        assert_eq!(nth(&outlook, &master, number).await.1.as_deref(), place, "{number}");
    }
    // As the series again but for its subject; and in the mailbox the series' own place, written by a person.
    let back = json!([{"original_start": "2026-10-06T10:00:00", "state": null, "subject": "Still another"}]);
    world.edit_activity(&anna, &record, json!({ "occurrences": back })).await;
    let third = outlook.occurrence(&master, 3).await;
    outlook.edit(&third, vec![set(Property::Location, text("Room 2"))]).await;
    clean(&world, &anna).await;
    assert_eq!(nth(&outlook, &master, 2).await, ("Still another".to_owned(), Some("Room 2".to_owned()), true, false));
    let left = json!({"original_start": "2026-10-06T10:00:00", "state": "modified", "subject": "Still another"});
    assert_eq!(exceptions(&world.read_activity(&anna, &record).await), [left]);
}

// R3: cancelled, and then not only taken back but changed, in one request or in two between two cycles.
async fn an_occurrence_that_takes_place_after_all_has_what_is_said_of_it() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut body = full("Daily");
    let off = |day: &str| json!({"original_start": format!("{day}T10:00:00"), "state": "cancelled"});
    body["occurrences"] = json!([off("2026-10-06"), off("2026-10-08")]);
    let record = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    let back = json!([
        {"original_start": "2026-10-06T10:00:00", "state": null, "location": "Attic"},
        {"original_start": "2026-10-08T10:00:00", "state": null}
    ]);
    world.edit_activity(&anna, &record, json!({ "occurrences": back })).await;
    let moved = json!([{"original_start": "2026-10-08T10:00:00",
        "start": berlin("2026-10-08T15:00:00"), "end": berlin("2026-10-08T16:00:00")}]);
    world.edit_activity(&anna, &record, json!({ "occurrences": moved })).await;
    clean(&world, &anna).await;
    let master = id(&outlook.only(Folder::Calendar).await);
    assert_eq!(nth(&outlook, &master, 2).await.1.as_deref(), Some("Attic"));
    let seen = starts(&outlook).await;
    assert_eq!(seen[3], "2026-10-08T13:00:00Z", "{seen:?}");
    assert_eq!(seen.len(), 5);
    assert_eq!(world.sync(&[&anna]).await.len(), 0);
}

// C5, C3, R3: called off on one side, edited on the other before the next cycle.
async fn an_edit_of_an_occurrence_outlives_that_it_was_called_off_from_either_side() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.activity(&anna, daily("Daily", 5)).await;
    clean(&world, &anna).await;
    let master = id(&outlook.only(Folder::Calendar).await);
    // An exception that both sides know, which setting the rule again would take along.
    outlook.edit(&outlook.occurrence(&master, 5).await, vec![set(Property::Location, text("Cellar"))]).await;
    clean(&world, &anna).await;
    outlook.delete(&outlook.occurrence(&master, 2).await).await;
    outlook.edit(&outlook.occurrence(&master, 4).await, vec![set(Property::Location, text("Attic"))]).await;
    let said = json!([
        {"original_start": "2026-10-06T10:00:00", "subject": "Only this one"},
        {"original_start": "2026-10-08T10:00:00", "state": "cancelled"}
    ]);
    world.edit_activity(&anna, &record, json!({ "occurrences": said })).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!(reports.iter().map(|report| report.conflicts).sum::<u32>(), 2);
    clean(&world, &anna).await;
    assert_eq!(starts(&outlook).await.len(), 5, "all take place");
    let own = |day: &str, what: &str, says: &str| {
        let mut one = json!({"original_start": format!("2026-10-{day}T10:00:00"), "state": "modified"});
        one[what] = json!(says);
        one
    };
    let stands =
        [own("06", "subject", "Only this one"), own("08", "location", "Attic"), own("09", "location", "Cellar")];
    assert_eq!(exceptions(&world.read_activity(&anna, &record).await), stands);
    let master = id(&outlook.only(Folder::Calendar).await);
    assert_eq!(nth(&outlook, &master, 2).await.0, "Only this one");
    assert_eq!(nth(&outlook, &master, 4).await.1.as_deref(), Some("Attic"));
    assert_eq!(nth(&outlook, &master, 5).await.1.as_deref(), Some("Cellar"));
    assert_eq!(world.sync(&[&anna]).await.len(), 0);
}

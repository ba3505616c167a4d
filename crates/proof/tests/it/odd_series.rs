//! Series at their edges: nothing left of them, an exception that is none any more (rule R3).

use crate::api::{appointment, berlin};
use crate::database::on_both;
use crate::outlook::{self, Outlook, id, moment, set};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_series_whose_last_occurrence_is_cancelled_leaves_the_mailbox_once_and_stays_in_the_crm,
    an_occurrence_moved_there_and_back_is_as_its_series_again,
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

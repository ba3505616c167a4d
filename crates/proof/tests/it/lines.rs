//! Sentences of rules held one by one: what deletes, vanished items, to-dos and Exchange's meetings do (C6, C9, C12, D6, P6).

use crate::api::{appointment, id as id_of, to_do};
use crate::database::on_both;
use crate::outlook::{self, id, set, text, title};
use crate::world::World;
use serde_json::{Value as Json, json};
use wire::ews::{DistinguishedFolder as Folder, ExtendedPath, ExtendedType, Path, Property, Value};

on_both!(
    a_meeting_with_a_contact_deleted_by_its_owner_is_cancelled,
    a_meeting_called_off_by_its_organiser_is_cancelled_and_not_deleted,
    an_invitation_deleted_by_an_attendee_is_hidden_from_him_and_nobody_is_taken_off,
    by_setting_participants_stand_in_our_property_alone_and_still_flow_nowhere,
    a_task_that_vanished_is_archived_only_when_it_was_done_long_ago,
    a_series_that_vanished_is_archived_only_when_its_last_day_is_long_past,
    what_lies_in_recoverable_items_was_deleted,
    the_tracking_copy_of_a_task_request_stays_out,
    a_task_given_to_somebody_else_stays_when_its_tracking_copy_goes,
    an_attendee_taken_off_in_the_crm_keeps_the_item_his_invitation_made,
    a_change_of_the_mail_setting_changes_the_lock,
    a_wish_that_came_before_the_lock_is_set_back_and_told,
);

const CALENDAR: &str = "my_calendar";
const FROM: &str = "2026-09-28T08:00:00Z";
const TO: &str = "2026-09-28T09:00:00Z";

fn removed(record: &Json, employee: &str) -> bool {
    let people = record["people"].as_array().expect("people");
    people.iter().any(|person| person["employee"] == json!(employee) && person["removed"] == true)
}

fn people(record: &Json) -> usize {
    record["people"].as_array().expect("people").len()
}

// C6: a meeting is what either side shows with another participant; here only the CRM does.
async fn a_meeting_with_a_contact_deleted_by_its_owner_is_cancelled() {
    let (world, anna, _) = World::with_two().await;
    let contact = world.contact(&anna, json!({"last_name": "Berg", "email1": "ida@out.test"})).await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"contact": contact}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    outlook.delete(&id(&outlook.only(Folder::Calendar).await)).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_activity(&anna, &record).await["cancelled"], true);
    assert_eq!(outlook.count(Folder::Calendar), 0, "and does not come back");
}

// C6: the organiser calls off what Exchange sent.
async fn a_meeting_called_off_by_its_organiser_is_cancelled_and_not_deleted() {
    let (world, anna, bob) = World::with_two().await;
    let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    world.outlook(&anna).cancel(&item).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.read_activity(&anna, &record).await["cancelled"], true);
    let before = world.hq.sink().len();
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.hq.sink().len(), before);
}

// C6: an attendee's delete is his alone.
async fn an_invitation_deleted_by_an_attendee_is_hidden_from_him_and_nobody_is_taken_off() {
    let (world, anna, bob) = World::with_two().await;
    let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    let before = people(&world.read_activity(&anna, &record).await);
    let bobs = world.outlook(&bob);
    bobs.delete(&id(&bobs.only(Folder::Calendar).await)).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.view(&bob, CALENDAR).await.len(), 0);
    let still = world.read_activity(&anna, &record).await;
    assert!(removed(&still, &bob.id), "{still}");
    assert_eq!((people(&still), &still["cancelled"]), (before, &json!(false)));
    let annas = world.outlook(&anna).read(&item).await.expect("hers stands");
    let invited = annas.attendees(Property::RequiredAttendees).unwrap_or_default();
    assert_eq!(invited.len(), 1, "the organiser's list is not written");
    assert_eq!(bobs.count(Folder::Calendar), 0);
}

// C9, the setting
async fn by_setting_participants_stand_in_our_property_alone_and_still_flow_nowhere() {
    let (world, anna, bob) = World::with_two().await;
    let shown = async |who| {
        let item = world.outlook(who).only(Folder::Calendar).await;
        item.body().map(|body| body.text.clone()).unwrap_or_default()
    };
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    body["body"] = json!("Agenda");
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    assert!(shown(&anna).await.contains("Participants"));
    world.settings(json!({"participants_in_body": false})).await;
    world.edit_activity(&anna, &record, json!({"body": "Agenda 2"})).await;
    world.sync(&[&anna, &bob]).await;
    let text = shown(&anna).await;
    assert!(text.contains("Agenda 2") && !text.contains("Participants"), "{text}");
    assert_eq!(people(&world.read_activity(&anna, &record).await), people_of(&world, &bob, &record).await);
    assert!(world.sync(&[&anna, &bob]).await.is_empty(), "and rests");
}

async fn people_of(world: &World, who: &crate::world::Person, record: &str) -> usize {
    people(&world.read_activity(who, record).await)
}

// C12: a task that was completed long ago is archived, an open one that vanished is deleted.
async fn a_task_that_vanished_is_archived_only_when_it_was_done_long_ago() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let done = world.activity(&anna, to_do("Done", "2026-08-03")).await;
    let open = world.activity(&anna, to_do("Open", "2026-08-03")).await;
    world.sync(&[&anna]).await;
    let of = async |name: &str| {
        let items = outlook.items(Folder::Tasks).await;
        id(items.iter().find(|item| title(item) == name).expect("a task"))
    };
    outlook.edit(&of("Done").await, vec![set(Property::Status, text("Completed"))]).await;
    world.sync(&[&anna]).await;
    world.pass_days(40);
    for name in ["Done", "Open"] {
        outlook.purge(&of(name).await).await;
    }
    world.sync(&[&anna]).await;
    let there = async |record: &str| world.is_there(&anna, &format!("/api/crm/activities/{record}")).await;
    assert_eq!((there(&done).await, there(&open).await), (true, false));
}

// C12: a series counts by its last day.
async fn a_series_that_vanished_is_archived_only_when_its_last_day_is_long_past() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let weekly = |count: u32| {
        let pattern = wire::ews::Pattern::Weekly {
            interval: 1,
            days: vec![wire::ews::DayOfWeek::Monday],
            first: Some(wire::ews::DayOfWeek::Monday),
        };
        let range = wire::ews::Range::Numbered { start: jiff::civil::date(2026, 7, 6), count };
        Value::Recurrence(wire::ews::Recurrence { pattern, range })
    };
    let series = |name: &str, count| {
        outlook::appointment(name, "2026-07-06T08:00:00Z", "2026-07-06T09:00:00Z")
            .with(Property::Recurrence, weekly(count))
    };
    let items = [
        outlook.make(Folder::Calendar, series("Ended", 3)).await,
        outlook.make(Folder::Calendar, series("Runs", 30)).await,
    ];
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 2);
    for item in &items {
        outlook.purge(item).await;
    }
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, CALENDAR).await["subject"], "Ended");
}

// C12: what was deleted past Deleted Items but can be recovered is a delete like any other.
async fn what_lies_in_recoverable_items_was_deleted() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Plan", "2026-08-03").await;
    world.sync(&[&anna]).await;
    outlook.soft_delete(&id(&outlook.only(Folder::Calendar).await)).await;
    world.sync(&[&anna]).await;
    assert!(!world.is_there(&anna, &format!("/api/crm/activities/{record}")).await, "long past, yet proven");
}

// D6: the copy that assigning a task leaves with who assigned it.
async fn the_tracking_copy_of_a_task_request_stays_out() {
    let (world, anna, _) = World::with_two().await;
    let ownership = Path::Extended(ExtendedPath::number("Task", 0x8129, ExtendedType::Integer));
    let outlook = world.outlook(&anna);
    for (name, whose) in [("Assigned", 1), ("Received", 2), ("Own", 0)] {
        let item = outlook::task(name, "2026-09-28").with(ownership.clone(), Value::Whole(whose));
        outlook.make(Folder::Tasks, item).await;
    }
    world.sync(&[&anna]).await;
    let mut entered: Vec<String> =
        world.view(&anna, "my_to_dos").await.iter().map(|record| record["subject"].to_string()).collect();
    entered.sort();
    assert_eq!(entered, ["\"Own\"", "\"Received\""]);
    assert_eq!(outlook.count(Folder::Tasks), 3);
}

// D6: a to-do in sync that its owner assigns in Outlook: his tracking copy is not the task, whatever he does with it.
async fn a_task_given_to_somebody_else_stays_when_its_tracking_copy_goes() {
    let (world, anna, _) = World::with_two().await;
    let ownership = Path::Extended(ExtendedPath::number("Task", 0x8129, ExtendedType::Integer));
    let whose = |whose| set(ownership.clone(), Value::Whole(whose));
    let outlook = world.outlook(&anna);
    let record = world.activity(&anna, to_do("Call", "2026-09-28")).await;
    world.sync(&[&anna]).await;
    let item = id(&outlook.only(Folder::Tasks).await);
    outlook.edit(&item, vec![whose(1), set(Property::Subject, text("His words"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Call");
    let path = format!("/api/admin/users/anna/explain?side=crm&kind=task&record={record}");
    let told = world.get(&world.admin, &path).await["text"].to_string();
    assert!(told.contains("gave the task to somebody else"), "{told}");
    outlook.edit(&item, vec![whose(0)]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "His words", "taken back, it is his again");
    outlook.edit(&item, vec![whose(1)]).await;
    world.sync(&[&anna]).await;
    outlook.delete(&item).await;
    world.sync(&[&anna]).await;
    assert!(world.is_there(&anna, &format!("/api/crm/activities/{record}")).await, "the task goes on");
    assert_eq!(outlook.count(Folder::Tasks), 0, "and he tracks it no more");
    assert!(world.quarantine(&anna).await.is_empty());
}

// D6: what a real invitation made is its receiver's.
async fn an_attendee_taken_off_in_the_crm_keeps_the_item_his_invitation_made() {
    let (world, anna, bob) = World::with_two().await;
    world.mail_may_be_sent();
    world.settings(json!({"domains": {"calendar": {"mail": true}}})).await;
    world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    world.edit_activity(&anna, &record, json!({"people": []})).await;
    world.sync(&[&anna, &bob]).await;
    let bobs = world.outlook(&bob);
    assert_eq!((bobs.count(Folder::Calendar), bobs.count(Folder::DeletedItems)), (1, 0));
}

// P6: the flag follows the mail setting in the next cycle of those concerned.
async fn a_change_of_the_mail_setting_changes_the_lock() {
    let (world, anna, bob) = World::with_two().await;
    world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    let locked = async || world.only(&anna, CALENDAR).await["locked"].clone();
    assert_eq!(locked().await, true);
    for (mail, expected) in [(true, false), (false, true)] {
        world.settings(json!({"domains": {"calendar": {"mail": mail}}})).await;
        world.sync(&[&anna, &bob]).await;
        assert_eq!(locked().await, json!(expected), "mail {mail}");
    }
}

// P6: an attendee's own change of what is shared stays with him, and so does his delete of the organiser's wish.
async fn a_wish_that_came_before_the_lock_is_set_back_and_told() {
    let (world, anna, bob) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = outlook.make(Folder::Calendar, outlook::appointment("Plan", FROM, TO)).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    // She invites in Outlook; before the next cycle tells the CRM of it, the CRM changes the place.
    let guests = outlook::guests(&[&bob.address]);
    outlook.edit_and_send(&item, vec![set(Property::RequiredAttendees, guests)]).await;
    world.edit_activity(&anna, &record, json!({"location": "The CRM's"})).await;
    world.sync(&[&anna, &bob]).await;
    let now = world.read_activity(&anna, &record).await;
    assert_eq!((&now["location"], &now["locked"]), (&json!(null), &json!(true)), "set back");
    let told =
        world.get(&world.admin, &format!("/api/admin/history?user=anna&side=crm&record={record}")).await.to_string();
    assert!(told.contains("The CRM's"), "{told}");
    assert_eq!(outlook.read(&item).await.expect("there").text(Property::Location), None);
}

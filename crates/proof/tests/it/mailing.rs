//! Mail turned on for the calendar: guests hear of what the CRM changes in a meeting they were invited to, once, and of
//! nothing else (rules C9, P6, W1).

use crate::api::{appointment, berlin, id as id_of};
use crate::database::on_both;
use crate::outlook::{self, at, id, set, text, title};
use crate::world::{Person, SERVICE, World};
use emulator::{Effect, FaultAction, MailKind, RequestInfo, SinkEntry};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use wire::ews::{DistinguishedFolder as Folder, Property, Value};

on_both!(
    guests_hear_of_an_edit_in_the_crm_and_the_plan_shows_them_before,
    guests_hear_that_a_meeting_is_called_off_by_whichever_way_it_goes,
    who_is_added_or_taken_off_in_the_crm_alone_is_written_to,
    one_occurrence_changed_in_the_crm_is_told_and_the_series_is_not,
    what_concerns_no_guest_or_is_past_or_somebody_elses_writes_to_nobody,
    a_lost_answer_writes_to_nobody_twice,
    no_first_or_repeated_cycle_writes_to_anybody,
);

const CALENDAR: &str = "my_calendar";
const FROM: &str = "2026-09-28T08:00:00Z";
const TO: &str = "2026-09-28T09:00:00Z";
const EVE: &str = "eve@far.test";

async fn mail(world: &World, on: bool) {
    world.mail_may_be_sent();
    world.settings(json!({"domains": {"calendar": {"mail": on}}})).await;
}

/// Anna's meeting with Bob and somebody outside, sent from her Outlook; mail is on.
async fn invited() -> (World, Person, Person, String) {
    let (world, anna, bob) = World::with_two().await;
    world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address, EVE])).await;
    world.sync(&[&anna, &bob]).await;
    mail(&world, true).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    (world, anna, bob, record)
}

/// What requests of the sync sent so far.
fn sent(world: &World) -> Vec<SinkEntry> {
    world.hq.sink().into_iter().filter(|mail| mail.account == SERVICE).collect()
}

async fn planned(world: &World, who: &Person) -> Json {
    world.get(&world.admin, &format!("/api/admin/users/{}/plan", who.login)).await
}

// C9, P6, P7, W1
async fn guests_hear_of_an_edit_in_the_crm_and_the_plan_shows_them_before() {
    let (world, anna, bob, record) = invited().await;
    assert_eq!(sent(&world), [], "turning it on writes to nobody");
    assert_eq!(world.read_activity(&anna, &record).await["locked"], false);
    let change =
        json!({"subject": "Plan B", "start": berlin("2026-09-28T15:00:00"), "end": berlin("2026-09-28T16:00:00")});
    world.edit_activity(&anna, &record, change).await;
    let plan = planned(&world, &anna).await;
    let line = plan["lines"].as_array().and_then(|lines| lines.iter().find(|line| line["what"] == "update"));
    assert_eq!(line.expect("a line")["mail_to"], json!([bob.address, EVE]), "{plan}");
    assert_eq!(sent(&world), [], "looking sends nothing");
    // O7: who is on a private one is not for an administrator's eyes, that somebody is written to is.
    world.edit_activity(&anna, &record, json!({"private": true})).await;
    let veiled = planned(&world, &anna).await;
    assert!(veiled.to_string().contains("2 guests of a private meeting"), "{veiled}");
    assert!(!veiled.to_string().contains(EVE) && !veiled.to_string().contains(bob.address.as_str()), "{veiled}");
    world.edit_activity(&anna, &record, json!({"private": false})).await;
    world.sync(&[&anna, &bob]).await;
    let told = sent(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].kind, told[0].mailbox.as_str()), (MailKind::Update, "anna@crm.test"));
    assert_eq!(told[0].recipients, [bob.address.as_str(), EVE]);
    let bobs = world.outlook(&bob).only(Folder::Calendar).await;
    assert_eq!((title(&bobs), at(&bobs, Property::Start)), ("Plan B", "2026-09-28T13:00:00Z".to_owned()));
    // Her own reminder is nobody else's affair, and a quiet cycle is quiet.
    world.edit_activity(&anna, &record, json!({"reminder": 5, "show_as": "Free"})).await;
    for _ in 0..2 {
        world.sync(&[&anna, &bob]).await;
    }
    assert_eq!(world.outlook(&anna).only(Folder::Calendar).await.whole(Property::ReminderMinutesBeforeStart), Some(5));
    assert_eq!(sent(&world).len(), 1);
    // Off again, the CRM refuses again.
    mail(&world, false).await;
    world.sync(&[&anna, &bob]).await;
    let version = world.read_activity(&anna, &record).await["version"].clone();
    let path = format!("/api/crm/activities/{record}");
    let (status, _) = world.ask(&anna, "PATCH", &path, Some(&json!({"version": version, "subject": "No"}))).await;
    assert_eq!((status, sent(&world).len()), (409, 1));
}

// C9, C6, P6, D3
async fn guests_hear_that_a_meeting_is_called_off_by_whichever_way_it_goes() {
    for way in ["deleted", "cancelled", "shown elsewhere"] {
        let (world, anna, bob, record) = invited().await;
        match way {
            "deleted" => world.delete(&anna, &format!("/api/crm/activities/{record}")).await,
            "cancelled" => drop(world.edit_activity(&anna, &record, json!({"cancelled": true})).await),
            _ => drop(world.edit_activity(&anna, &record, json!({"display": "Activities Only"})).await),
        }
        let plan = planned(&world, &anna).await;
        assert!(plan.to_string().contains(EVE), "{way}: {plan}");
        world.sync(&[&anna, &bob]).await;
        let told = sent(&world);
        assert_eq!(told.len(), 1, "{way}: {told:?}");
        assert_eq!((told[0].kind, told[0].recipients.len()), (MailKind::Cancellation, 2), "{way}");
        assert_eq!(world.outlook(&anna).count(Folder::Calendar), 0, "{way}");
        assert_eq!(world.outlook(&anna).count(Folder::DeletedItems), 1, "{way}");
        if way == "cancelled" {
            assert_eq!(world.read_activity(&anna, &record).await["cancelled"], true, "not deleted");
        }
    }
}

// C9, P6
async fn who_is_added_or_taken_off_in_the_crm_alone_is_written_to() {
    let (world, anna, bob, record) = invited().await;
    let mut people = world.read_activity(&anna, &record).await["people"].clone();
    people.as_array_mut().expect("people").push(json!({"name": "Kim", "address": "kim@far.test"}));
    world.edit_activity(&anna, &record, json!({ "people": people })).await;
    world.sync(&[&anna, &bob]).await;
    let told = sent(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].kind, told[0].recipients.as_slice()), (MailKind::Invitation, &["kim@far.test".to_owned()][..]));
    let item = world.outlook(&anna).only(Folder::Calendar).await;
    assert_eq!(item.attendees(Property::RequiredAttendees).unwrap_or_default().len(), 3);
    let mut people = world.read_activity(&anna, &record).await["people"].clone();
    people.as_array_mut().expect("people").retain(|person| person["address"] != json!(EVE));
    world.edit_activity(&anna, &record, json!({ "people": people })).await;
    world.sync(&[&anna, &bob]).await;
    let told = sent(&world);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[1].kind, told[1].recipients.as_slice()), (MailKind::Cancellation, &[EVE.to_owned()][..]));
}

// C9, R3
async fn one_occurrence_changed_in_the_crm_is_told_and_the_series_is_not() {
    let (world, anna, bob) = World::with_two().await;
    let pattern = wire::ews::Pattern::Weekly {
        interval: 1,
        days: vec![wire::ews::DayOfWeek::Monday],
        first: Some(wire::ews::DayOfWeek::Monday),
    };
    let range = wire::ews::Range::Numbered { start: jiff::civil::date(2026, 9, 28), count: 4 };
    let rule = wire::ews::Recurrence { pattern, range };
    let item = outlook::meeting("Weekly", FROM, TO, &[EVE]).with(Property::Recurrence, Value::Recurrence(rule));
    world.outlook(&anna).invite(item).await;
    world.sync(&[&anna, &bob]).await;
    mail(&world, true).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    let moved = json!([{"original_start": "2026-10-05T10:00:00", "state": "modified",
        "start": berlin("2026-10-05T14:00:00"), "end": berlin("2026-10-05T15:00:00")}]);
    world.edit_activity(&anna, &record, json!({ "occurrences": moved })).await;
    world.sync(&[&anna, &bob]).await;
    let told = sent(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].kind, told[0].recipients.as_slice()), (MailKind::Update, &[EVE.to_owned()][..]));
}

// C9
async fn what_concerns_no_guest_or_is_past_or_somebody_elses_writes_to_nobody() {
    let (world, anna, bob) = World::with_two().await;
    let past = outlook::meeting("Past", "2026-09-14T08:00:00Z", "2026-09-14T09:00:00Z", &[EVE]);
    world.outlook(&anna).invite(past).await;
    // Nobody asked by Exchange: the CRM's own people stand in the body.
    let mut own = appointment("Own", "2026-09-29");
    own["people"] = json!([{"name": "Eve", "address": EVE}]);
    let own = world.activity(&anna, own).await;
    // Bob's invitation of Anna, whose record Bob's mailbox leads.
    world.outlook(&bob).invite(outlook::meeting("Bobs", FROM, TO, &[&anna.address])).await;
    mail(&world, true).await;
    world.sync(&[&anna, &bob]).await;
    world.sync(&[&anna, &bob]).await;
    let of = |subject: &'static str, list: &[Json]| {
        id_of(
            list.iter().find(|record| record["subject"] == subject).unwrap_or_else(|| panic!("no {subject}: {list:?}")),
        )
    };
    let past = of("Past", &world.view(&anna, CALENDAR).await);
    world.edit_activity(&anna, &past, json!({"location": "Was here"})).await;
    world.edit_activity(&anna, &own, json!({"location": "Room 2"})).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(sent(&world), []);
    let annas = world.outlook(&anna).items(Folder::Calendar).await;
    let place =
        |name: &str| annas.iter().find(|item| title(item) == name).and_then(|item| item.text(Property::Location));
    assert_eq!((place("Past"), place("Own")), (Some("Was here"), Some("Room 2")), "written all the same");
    // Anna's own mailbox says otherwise of Bob's meeting: no update of hers, and none of the organiser's.
    let bobs = annas.iter().find(|item| title(item) == "Bobs").expect("invited");
    world.outlook(&anna).edit(&id(bobs), vec![set(Property::Location, text("Mine"))]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(sent(&world), []);
    assert_eq!(world.outlook(&bob).only(Folder::Calendar).await.text(Property::Location), None);
}

// C9, E2, trap 44
async fn a_lost_answer_writes_to_nobody_twice() {
    for action in [FaultAction::Drop { effect: Effect::Done }, FaultAction::Truncate { keep: 200 }] {
        let (world, anna, bob, record) = invited().await;
        let once = |operation: &'static str| {
            let left = Mutex::new(true);
            let action = action.clone();
            let hook = move |request: &RequestInfo| {
                let mut left = left.lock().expect("unpoisoned");
                let hit = *left && request.operation == operation && request.account == SERVICE;
                hit.then(|| {
                    *left = false;
                    action.clone()
                })
            };
            world.hq.on_request(Some(Arc::new(hook)));
        };
        let calmly = async || {
            for _ in 0..6 {
                world.pass_s(3600);
                world.cycle(&anna).await;
                world.cycle(&bob).await;
            }
        };
        once("UpdateItem");
        world.edit_activity(&anna, &record, json!({"location": "Hall"})).await;
        calmly().await;
        assert_eq!(sent(&world).len(), 1, "{action:?}: {:?}", sent(&world));
        assert_eq!(world.outlook(&anna).only(Folder::Calendar).await.text(Property::Location), Some("Hall"));
        once("DeleteItem");
        world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
        calmly().await;
        let told = sent(&world);
        assert_eq!((told.len(), told[1].kind), (2, MailKind::Cancellation), "{action:?}: {told:?}");
    }
}

// C9, M4, trap 152
async fn no_first_or_repeated_cycle_writes_to_anybody() {
    let (world, anna, bob) = World::with_two().await;
    mail(&world, true).await;
    // The same meeting stands on both sides, and not in the same words.
    world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[EVE])).await;
    let mut body = appointment("Plan", "2026-09-28");
    body["location"] = json!("The CRM's");
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(sent(&world), []);
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 1, "matched");
    let item = world.outlook(&anna).only(Folder::Calendar).await;
    assert_eq!(item.text(Property::Location), None, "what the guests were told stands");
    // Moved to another server, with an edit that waits: the cycle that matches again tells nobody, the next one does.
    world.hq.move_mailbox(&anna.address, &world.branch).expect("moved");
    world.edit_activity(&anna, &record, json!({"location": "Hall"})).await;
    world.mapping(&anna, json!({"connection": "branch", "confirm_mailbox": true})).await;
    world.cycle(&anna).await;
    assert_eq!(sent(&world), []);
    world.sync(&[&anna, &bob]).await;
    let told = sent(&world);
    assert_eq!((told.len(), told[0].kind), (1, MailKind::Update), "{told:?}");
    // Mapped anew with all state lost.
    world.done(&world.admin, "POST", "/api/admin/users/anna/forget", None).await;
    world.edit_activity(&anna, &record, json!({"location": "Attic"})).await;
    let body = json!({"user": anna.login, "connection": "branch", "address": anna.address});
    world.made(&world.admin, "/api/admin/users", body).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(sent(&world).len(), 1);
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 1);
}

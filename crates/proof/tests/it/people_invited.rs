//! People in meetings as Exchange brings them: who is who, who is added and goes, and what nobody may change (rules P1 to P7).

use crate::api::{appointment, id as id_of};
use crate::database::on_both;
use crate::outlook::{self, id, set, text};
use crate::refused_once::refuses;
use crate::world::{Person, World};
use emulator::{FaultAction, Quirk, RequestInfo};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use wire::ews::{Attendee, DistinguishedFolder as Folder, FieldChange, Item, Mailbox, Property, Value};

on_both!(
    optional_guests_rooms_lists_and_the_organiser_among_his_guests_are_who_they_are,
    people_whom_exchange_names_by_directory_addresses_are_found,
    a_guest_whom_the_directory_does_not_know_any_more_stays_who_he_was,
    a_colleague_is_found_by_any_of_his_addresses_in_any_case,
    a_guest_added_in_outlook_joins_the_one_activity_and_one_taken_off_leaves_it,
    an_invitation_that_comes_again_is_the_same_activity,
    what_is_the_organisers_is_refused_to_everybody_in_the_crm_with_the_reason,
    a_series_called_off_is_cancelled_and_one_occurrence_only_itself,
    an_appointment_made_a_meeting_and_back_stays_one_record,
    the_first_cycle_over_years_of_meetings_writes_to_nobody,
    a_manager_who_sees_everything_gets_only_what_is_his,
    an_item_that_may_not_be_read_any_more_is_kept_on_both_sides,
    a_flood_of_invitations_from_outside_brings_in_so_many_a_day,
    a_meeting_deleted_in_the_crm_takes_the_copies_and_writes_to_nobody,
    an_organiser_nobody_knows_is_shown_and_the_fallback_owner_gets_no_copy,
    an_outsiders_meeting_deleted_by_its_guest_is_hidden_from_him,
);

const CALENDAR: &str = "my_calendar";
const FROM: &str = "2026-09-28T08:00:00Z";
const TO: &str = "2026-09-28T09:00:00Z";

fn guest(name: &str, address: &str) -> Attendee {
    let mailbox = Mailbox {
        name: Some(name.to_owned()),
        address: Some(address.to_owned()),
        routing: Some("SMTP".to_owned()),
        ..Mailbox::default()
    };
    Attendee { mailbox, ..Attendee::default() }
}

fn guests(list: &[(&str, &str)]) -> Value {
    Value::Attendees(list.iter().map(|(name, address)| guest(name, address)).collect())
}

fn found<'a>(record: &'a Json, field: &str, value: &str) -> Option<&'a Json> {
    record["people"].as_array().and_then(|people| people.iter().find(|person| person[field] == json!(value)))
}

fn meeting(people: &[&str]) -> Item {
    outlook::meeting("Plan", FROM, TO, people)
}

// P2
async fn optional_guests_rooms_lists_and_the_organiser_among_his_guests_are_who_they_are() {
    let (world, anna, bob) = World::with_two().await;
    let item = outlook::appointment("Plan", FROM, TO)
        .with(
            Property::RequiredAttendees,
            guests(&[("Anna Tester", "ANNA@crm.test"), ("Sales team", "sales@lists.test")]),
        )
        .with(Property::OptionalAttendees, guests(&[("Bob", "BOB@CRM.test")]))
        .with(Property::Resources, guests(&[("Room 7", "room7@crm.test")]));
    let item = world.outlook(&anna).invite(item).await;
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!(record["owner"], json!(anna.id));
    let optional = found(&record, "employee", &bob.id).expect("Bob");
    assert_eq!((&optional["role"], &optional["removed"]), (&json!("optional"), &json!(false)));
    assert_eq!(found(&record, "address", "sales@lists.test").expect("the list")["role"], "required");
    assert_eq!(found(&record, "address", "room7@crm.test").expect("the room")["role"], "resource");
    let annas = record["people"].as_array().expect("people").iter().filter(|one| one["employee"] == json!(anna.id));
    assert!(annas.count() <= 1, "the organiser is one person: {record}");
    // They survive an edit of the organiser's, and each keeps his part.
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::Location, text("Hall"))]).await;
    world.sync(&[&anna, &bob]).await;
    let after = world.only(&anna, CALENDAR).await;
    assert_eq!((&after["location"], &after["people"]), (&json!("Hall"), &record["people"]));
    assert_eq!(world.only(&bob, CALENDAR).await["id"], record["id"]);
}

// P2: attendees that the directory names by EX addresses are the same people.
async fn people_whom_exchange_names_by_directory_addresses_are_found() {
    let (world, anna, bob) = World::with_two().await;
    world.hq.set_quirk(Quirk::ExAddresses, true);
    world.outlook(&anna).invite(meeting(&[&bob.address, "guest@far.test"])).await;
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert!(found(&record, "employee", &bob.id).is_some(), "{}", record["people"]);
    let text = record["people"].to_string();
    assert!(!text.to_lowercase().contains("/o="), "no address of the directory is shown as one of mail: {text}");
    assert_eq!(world.only(&bob, CALENDAR).await["id"], record["id"], "one meeting");
}

// P2: who left the company is in no directory; what the organiser says of his meeting later takes nobody off it.
async fn a_guest_whom_the_directory_does_not_know_any_more_stays_who_he_was() {
    let (world, anna, bob) = World::with_two().await;
    world.hq.set_quirk(Quirk::ExAddresses, true);
    let item = world.outlook(&anna).invite(meeting(&[&bob.address, "guest@far.test"])).await;
    world.sync(&[&anna, &bob]).await;
    let people = world.only(&anna, CALENDAR).await["people"].clone();
    world.backup().await;
    // What was learned of the directory is forgotten with the server.
    let world = world.restored().await;
    refuses(&world, &["ResolveNames"], String::new(), "ErrorNameResolutionNoResults");
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::Location, text("Attic"))]).await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!((&record["location"], &record["people"]), (&json!("Attic"), &people));
}

// P2: every address the CRM knows.
async fn a_colleague_is_found_by_any_of_his_addresses_in_any_case() {
    let (world, anna, bob) = World::with_two().await;
    let path = format!("/api/crm/employees/{}", bob.id);
    world.edit(&world.admin, &path, json!({"addresses": [bob.address, "Robert.Täster@Other.test"]})).await;
    world.outlook(&anna).invite(meeting(&["robert.TÄSTER@other.TEST"])).await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert!(found(&record, "employee", &bob.id).is_some(), "{}", record["people"]);
}

// P1, P2: added later by the organiser, and taken off again.
async fn a_guest_added_in_outlook_joins_the_one_activity_and_one_taken_off_leaves_it() {
    let (world, anna, bob) = World::with_two().await;
    let cleo = world.user("cleo").await;
    let all = [&anna, &bob, &cleo];
    let item = world.outlook(&anna).invite(meeting(&[&bob.address])).await;
    world.sync(&all).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    let both = guests(&[("Bob", &bob.address), ("Cleo", &cleo.address)]);
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::RequiredAttendees, both)]).await;
    world.sync(&all).await;
    assert_eq!(id_of(&world.only(&cleo, CALENDAR).await), record);
    assert_eq!(world.outlook(&cleo).count(Folder::Calendar), 1);
    let one = guests(&[("Cleo", &cleo.address)]);
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::RequiredAttendees, one)]).await;
    world.sync(&all).await;
    assert_eq!(world.view(&bob, CALENDAR).await.len(), 0);
    let shown = world.read_activity(&anna, &record).await;
    assert!(found(&shown, "employee", &bob.id).is_none() && found(&shown, "employee", &cleo.id).is_some(), "{shown}");
    world.no_mail_of_ours();
}

// P1: an attendee deleted his copy; the organiser's update brings it again: still one activity.
async fn an_invitation_that_comes_again_is_the_same_activity() {
    let (world, anna, bob) = World::with_two().await;
    let item = world.outlook(&anna).invite(meeting(&[&bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    let bobs = id(&world.outlook(&bob).only(Folder::Calendar).await);
    world.outlook(&bob).delete(&bobs).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.view(&bob, CALENDAR).await.len(), 0);
    let change = vec![
        set(Property::Start, outlook::moment("2026-09-28T10:00:00Z")),
        set(Property::End, outlook::moment("2026-09-28T11:00:00Z")),
    ];
    world.outlook(&anna).edit_and_send(&item, change).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(id_of(&world.only(&anna, CALENDAR).await), record);
    assert_eq!(world.read_activity(&anna, &record).await["start"]["wall"], "2026-09-28T12:00:00");
    assert!(world.view(&bob, CALENDAR).await.len() <= 1);
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 1);
}

// trap 98, P6, P7
async fn what_is_the_organisers_is_refused_to_everybody_in_the_crm_with_the_reason() {
    let (world, anna, bob) = World::with_two().await;
    world.outlook(&anna).invite(meeting(&[&bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&bob, CALENDAR).await;
    let path = format!("/api/crm/activities/{}", id_of(&record));
    let later = json!({"wall": "2026-09-28T15:00:00", "zone": "Europe/Berlin"});
    for change in [
        json!({"start": later, "end": {"wall": "2026-09-28T16:00:00", "zone": "Europe/Berlin"}}),
        json!({"subject": "Mine"}),
        json!({"body": "Mine"}),
        json!({"location": "Mine"}),
        json!({"people": []}),
        json!({"owner": bob.id}),
        json!({"cancelled": true}),
        json!({"rule": {"pattern": "daily", "interval": 1, "count": 2}}),
        json!({"display": "To Do and Activities"}),
    ] {
        for who in [&anna, &bob, &world.admin] {
            let mut body = change.clone();
            body["version"] = world.read_activity(&anna, &id_of(&record)).await["version"].clone();
            let (status, answer) = world.ask(who, "PATCH", &path, Some(&body)).await;
            let expected = if who.login == "bob" { [403, 409] } else { [409, 409] };
            assert!(expected.contains(&status), "{}: {change} {status} {answer}", who.login);
            assert!(answer["error"]["message"].as_str().is_some_and(|text| text.len() > 20), "{answer}");
        }
    }
    let version = world.read_activity(&anna, &id_of(&record)).await["version"].clone();
    let (status, _) = world.ask(&anna, "DELETE", &format!("{path}?version={version}"), None).await;
    assert_eq!(status, 409);
    // One's own fields are one's own.
    world.edit_activity(&bob, &id_of(&record), json!({"reminder": 45, "show_as": "Free"})).await;
    world.edit_activity(&anna, &id_of(&record), json!({"reminder": 5})).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.read_activity(&bob, &id_of(&record)).await["reminder"], 45);
    let item = world.outlook(&anna).only(Folder::Calendar).await;
    assert_eq!((outlook::at(&item, Property::Start), outlook::title(&item)), (FROM.to_owned(), "Plan"));
    assert_eq!(world.hq.sink().len(), 1, "only the person's own invitation");
}

// trap 101
async fn a_series_called_off_is_cancelled_and_one_occurrence_only_itself() {
    let (world, anna, bob) = World::with_two().await;
    let pattern = wire::ews::Pattern::Daily { interval: 1 };
    let range = wire::ews::Range::Numbered { start: jiff::civil::date(2026, 9, 28), count: 5 };
    let series = meeting(&[&bob.address])
        .with(Property::Recurrence, Value::Recurrence(wire::ews::Recurrence { pattern, range }));
    let item = world.outlook(&anna).invite(series).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    let second = world.outlook(&anna).occurrence(&item, 2).await;
    world.outlook(&anna).cancel(&second).await;
    world.sync(&[&anna, &bob]).await;
    for who in [&anna, &bob] {
        let shown = world.only(who, CALENDAR).await;
        assert_eq!(shown["occurrences"][0]["state"], "cancelled", "{}: {shown}", who.login);
        assert_eq!(shown["occurrences"].as_array().map(Vec::len), Some(1));
        assert_eq!(shown["cancelled"], false);
    }
    world.outlook(&anna).cancel(&item).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.read_activity(&anna, &record).await["cancelled"], true);
    world.sync(&[&anna, &bob]).await;
    assert!(world.is_there(&anna, &format!("/api/crm/activities/{record}")).await, "cancelled is not deleted");
}

// P6: an appointment becomes a meeting and one again.
async fn an_appointment_made_a_meeting_and_back_stays_one_record() {
    let (world, anna, bob) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = outlook.make(Folder::Calendar, outlook::appointment("Plan", FROM, TO)).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    outlook.edit_and_send(&item, vec![set(Property::RequiredAttendees, guests(&[("Bob", &bob.address)]))]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(id_of(&world.only(&bob, CALENDAR).await), record);
    outlook.edit_and_send(&item, vec![FieldChange::Delete(Property::RequiredAttendees.into())]).await;
    world.sync(&[&anna, &bob]).await;
    let shown = world.only(&anna, CALENDAR).await;
    assert_eq!(
        (
            &shown["id"],
            shown["people"]
                .as_array()
                .map_or(0, |people| people.iter().filter(|one| one["employee"] == json!(bob.id)).count())
        ),
        (&json!(record), 0),
        "{shown}"
    );
    assert_eq!(outlook.count(Folder::Calendar), 1);
}

// trap 97: years of meetings on both sides, a second user, no mail and nothing doubled.
async fn the_first_cycle_over_years_of_meetings_writes_to_nobody() {
    let world = World::new().await;
    world.settings(json!({"extract_start": "always"})).await;
    let (anna, bob) = (world.hire("anna").await, world.hire("bob").await);
    for year in 2021..2027 {
        let item = outlook::meeting(
            &format!("Year {year}"),
            &format!("{year}-03-01T08:00:00Z"),
            &format!("{year}-03-01T09:00:00Z"),
            &[&bob.address, "guest@far.test"],
        );
        world.outlook(&anna).invite(item).await;
        world.appointment(&anna, &format!("Own {year}"), &format!("{year}-03-02")).await;
    }
    let sent = world.hq.sink().len();
    world.map(&anna).await;
    world.sync(&[&anna]).await;
    world.map(&bob).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.hq.sink().len(), sent);
    assert_eq!((world.outlook(&anna).count(Folder::Calendar), world.outlook(&bob).count(Folder::Calendar)), (12, 6));
    assert_eq!((world.view(&anna, CALENDAR).await.len(), world.view(&bob, CALENDAR).await.len()), (12, 6));
}

// trap 109
async fn a_manager_who_sees_everything_gets_only_what_is_his() {
    let (world, anna, bob) = World::with_two().await;
    world.edit(&world.admin, &format!("/api/crm/employees/{}", bob.id), json!({"admin": true})).await;
    for n in 0..5 {
        world.appointment(&anna, &format!("Anna's {n}"), "2026-09-28").await;
        world.listed(&anna, &format!("Client {n}")).await;
    }
    world.appointment(&bob, "Bob's", "2026-09-28").await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&bob).server_count(), 1);
    assert_eq!(world.outlook(&anna).server_count(), 10);
}

// trap 106: no access is neither a delete nor a change.
async fn an_item_that_may_not_be_read_any_more_is_kept_on_both_sides() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = outlook.make(Folder::Calendar, outlook::appointment("Plan", FROM, TO)).await;
    world.sync(&[&anna]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Private"))]).await;
    let deny = |request: &RequestInfo| {
        let read = request.operation == "GetItem" && request.account == crate::world::SERVICE;
        read.then(|| FaultAction::Fault { code: "ErrorAccessDenied".to_owned() })
    };
    world.hq.on_request(Some(Arc::new(deny)));
    for _ in 0..3 {
        world.cycle(&anna).await;
    }
    world.hq.on_request(None);
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Plan");
    assert_eq!(outlook.count(Folder::Calendar), 1);
    world.pass_s(3_600);
    world.sync(&[&anna]).await;
    assert_eq!(world.read_activity(&anna, &record).await["private"], true);
}

// trap 196, P3: a number a day.
async fn a_flood_of_invitations_from_outside_brings_in_so_many_a_day() {
    let (world, anna, _) = World::with_two().await;
    world.settings(json!({"unanswered_invitations": true, "invitations_per_day": 5})).await;
    let eve = world.outsider("eve@far.test");
    for n in 0..12 {
        let item = outlook::meeting(&format!("Offer {n}"), FROM, TO, &[&anna.address]);
        eve.invite(item).await;
    }
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 5);
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 12, "the mailbox is left as it is");
    world.pass_s(3_600);
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 5, "the same day");
    world.pass_days(1);
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 10);
    world.pass_days(1);
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 12);
    let own = world.hire("dora").await;
    world.outlook(&own).invite(outlook::meeting("Known", FROM, TO, &[&anna.address])).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 13, "colleagues are not counted");
}

// trap 100, P5, C9: a meeting of the CRM's own, deleted there.
async fn a_meeting_deleted_in_the_crm_takes_the_copies_and_writes_to_nobody() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}, {"name": "Eve", "address": "eve@far.test"}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&bob).count(Folder::Calendar), 1);
    let (status, _) = world.ask(&bob, "DELETE", &format!("/api/crm/activities/{record}?version=1"), None).await;
    assert!([403, 412].contains(&status), "{status}");
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    world.sync(&[&anna, &bob]).await;
    for who in [&anna, &bob] {
        let counts = (world.outlook(who).count(Folder::Calendar), world.outlook(who).count(Folder::DeletedItems));
        assert_eq!(counts, (0, 1), "{}", who.login);
    }
    assert!(world.hq.sink().is_empty());
}

/// Bob without a mailbox of the sync, only in the CRM.
async fn only_in_the_crm(world: &World) -> Person {
    world.colleague("dora", &[]).await
}

// P3: the configured fallback owner, else the importing attendee; he gets no copies as such.
async fn an_organiser_nobody_knows_is_shown_and_the_fallback_owner_gets_no_copy() {
    let (world, anna, bob) = World::with_two().await;
    let dora = only_in_the_crm(&world).await;
    world.settings(json!({"fallback_owner": bob.id})).await;
    let eve = world.outsider("eve@far.test");
    eve.invite(outlook::meeting("Offer", FROM, TO, &[&anna.address, &dora.address])).await;
    world.outlook(&anna).accept().await;
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!(record["owner"], json!(bob.id));
    assert_eq!(record["organizer"]["address"], "eve@far.test");
    assert!(found(&record, "employee", &dora.id).is_some(), "{record}");
    assert_eq!(world.outlook(&bob).server_count(), 0, "no copies as such");
}

// C6: a guest who stands in for an organiser nobody knows deletes his copy: it is hidden from him, and nothing is in trouble.
async fn an_outsiders_meeting_deleted_by_its_guest_is_hidden_from_him() {
    let (world, anna, bob) = World::with_two().await;
    let eve = world.outsider("eve@far.test");
    eve.invite(outlook::meeting("Offer", FROM, TO, &[&anna.address, &bob.address])).await;
    for who in [&anna, &bob] {
        world.outlook(who).accept().await;
    }
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!(world.only(&bob, CALENDAR).await["id"], record["id"]);
    let copy = id(&world.outlook(&anna).only(Folder::Calendar).await);
    world.outlook(&anna).delete(&copy).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!((world.view(&anna, CALENDAR).await.len(), world.view(&bob, CALENDAR).await.len()), (0, 1));
    assert!(world.quarantine(&anna).await.is_empty());
    assert_eq!(world.outlook(&anna).server_count(), 0);
}

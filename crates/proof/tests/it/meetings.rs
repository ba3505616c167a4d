//! People in meetings: one activity however many mailboxes show it, and no mail of ours (rules P1 to P3, P5 to P7, C6, C9).

use crate::api::{appointment, berlin, id as id_of};
use crate::database::on_both;
use crate::outlook::{self, id, set, text, title, titles};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use wire::ews::{DistinguishedFolder as Folder, Property, Value};

on_both!(
    one_meeting_in_three_mailboxes_is_one_activity_in_whatever_order_they_are_read,
    an_attendee_is_an_employee_first_then_a_contact_and_an_unknown_one_is_kept,
    the_organisers_copy_decides_and_an_attendees_own_change_stays_his,
    an_attendee_stands_in_for_an_organiser_who_is_not_enabled_until_he_is,
    an_invitation_from_outside_enters_only_once_accepted,
    a_meeting_of_the_crm_reaches_every_participant_without_an_attendee_or_a_mail,
    a_meeting_whose_invitations_were_sent_cannot_be_changed_from_the_crm,
    reminder_and_show_as_are_each_participants_own,
    a_meeting_cancelled_by_its_organiser_is_cancelled_and_declined_by_an_attendee_only_removed,
    no_item_of_ours_has_attendees_who_were_never_asked,
    a_series_of_the_crm_reaches_its_participants_with_its_exceptions,
    a_guests_own_occurrences_outlive_a_change_of_the_rule_in_the_crm,
    an_occurrence_moved_by_the_organiser_is_moved_in_the_one_activity,
);

const CALENDAR: &str = "my_calendar";
const FROM: &str = "2026-09-28T08:00:00Z";
const TO: &str = "2026-09-28T09:00:00Z";

async fn three() -> (World, Person, Person, Person) {
    let (world, anna, bob) = World::with_two().await;
    let cleo = world.user("cleo").await;
    (world, anna, bob, cleo)
}

fn person<'a>(record: &'a Json, of: &Person) -> &'a Json {
    let people = record["people"].as_array().unwrap_or_else(|| panic!("no people: {record}"));
    people.iter().find(|p| p["employee"] == json!(of.id)).unwrap_or_else(|| panic!("not {}: {record}", of.login))
}

// P1
async fn one_meeting_in_three_mailboxes_is_one_activity_in_whatever_order_they_are_read() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let (world, anna, bob, cleo) = three().await;
        let all = [&anna, &bob, &cleo];
        let meeting = outlook::meeting("Plan", FROM, TO, &[&bob.address, &cleo.address]);
        world.outlook(&anna).invite(meeting).await;
        for who in all {
            assert_eq!(world.outlook(who).count(Folder::Calendar), 1);
        }
        world.sync(&order.map(|n| all[n])).await;
        let ids: Vec<Json> = {
            let mut ids = Vec::new();
            for who in all {
                ids.push(world.only(who, CALENDAR).await["id"].clone());
                assert_eq!(world.outlook(who).count(Folder::Calendar), 1, "no copy beside the invitation");
            }
            ids
        };
        assert!(ids.iter().all(|id| *id == ids[0]), "{order:?}: {ids:?}");
        assert_eq!(world.only(&anna, CALENDAR).await["owner"], json!(anna.id));
        assert_eq!(world.hq.sink().len(), 1, "the person's own invitation, nothing of ours");
    }
}

// P2
async fn an_attendee_is_an_employee_first_then_a_contact_and_an_unknown_one_is_kept() {
    let (world, anna, bob) = World::with_two().await;
    let contact = world.contact(&anna, json!({"last_name": "Berg", "email1": "ida@out.test"})).await;
    let people = [bob.address.as_str(), "IDA@out.test", "nobody@else.test"];
    let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &people)).await;
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!(record["owner"], json!(anna.id), "owner is organiser");
    let find = |record: &Json, field: &str, value: &str| {
        record["people"].as_array().expect("people").iter().any(|p| p[field] == json!(value))
    };
    assert!(find(&record, "employee", &bob.id) && find(&record, "contact", &contact), "{record}");
    assert!(find(&record, "address", "nobody@else.test"), "{record}");
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::Location, text("Room 1"))]).await;
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!(record["location"], "Room 1");
    assert!(find(&record, "address", "nobody@else.test"), "it survives any edit: {record}");
}

// P3
async fn the_organisers_copy_decides_and_an_attendees_own_change_stays_his() {
    let (world, anna, bob) = World::with_two().await;
    let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    world.sync(&[&bob, &anna]).await;
    let bobs = id(&world.outlook(&bob).only(Folder::Calendar).await);
    world
        .outlook(&bob)
        .edit(&bobs, vec![set(Property::Subject, text("Mine")), set(Property::Location, text("Bar"))])
        .await;
    world.sync(&[&bob, &anna]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!((&record["subject"], &record["location"]), (&json!("Plan"), &json!(null)));
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::Subject, text("Plan B"))]).await;
    world.sync(&[&bob, &anna]).await;
    assert_eq!(world.only(&anna, CALENDAR).await["subject"], "Plan B");
}

// P3
async fn an_attendee_stands_in_for_an_organiser_who_is_not_enabled_until_he_is() {
    let world = World::new().await;
    let anna = world.hire("anna").await;
    let bob = world.user("bob").await;
    let cleo = world.user("cleo").await;
    world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address, &cleo.address])).await;
    world.outlook(&bob).accept().await;
    world.outlook(&cleo).accept().await;
    world.sync(&[&cleo, &bob]).await;
    let record = world.only(&bob, CALENDAR).await;
    assert_eq!(world.only(&cleo, CALENDAR).await["id"], record["id"]);
    assert_eq!(record["subject"], "Plan");
    world.map(&anna).await;
    world.sync(&[&anna, &bob, &cleo]).await;
    let taken_over = world.only(&anna, CALENDAR).await;
    assert_eq!(taken_over["id"], record["id"], "without a create");
    assert_eq!(taken_over["owner"], json!(anna.id));
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 1);
}

// P3
async fn an_invitation_from_outside_enters_only_once_accepted() {
    let (world, anna, bob) = World::with_two().await;
    let stranger = world.outsider("eve@far.test");
    stranger.invite(outlook::meeting("Offer", FROM, TO, &[&anna.address, &bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 0);
    world.outlook(&anna).accept().await;
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!(record["subject"], "Offer");
    assert_eq!(record["owner"], json!(anna.id), "the importing attendee, as nobody else is named");
    let organizer = &record["organizer"]["address"];
    assert_eq!(organizer, "eve@far.test", "shown as such: {record}");
}

// P5
async fn a_meeting_of_the_crm_reaches_every_participant_without_an_attendee_or_a_mail() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(title(&world.outlook(&anna).only(Folder::Calendar).await), "Plan");
    let bobs = world.outlook(&bob).only(Folder::Calendar).await;
    assert_eq!(title(&bobs), "Plan");
    assert_eq!(bobs.attendees(Property::RequiredAttendees).unwrap_or_default().len(), 0);
    world.edit_activity(&anna, &record, json!({"subject": "Plan B", "start": berlin("2026-09-28T09:00:00")})).await;
    world.sync(&[&anna, &bob]).await;
    let bobs = world.outlook(&bob).only(Folder::Calendar).await;
    assert_eq!((title(&bobs), outlook::at(&bobs, Property::Start)), ("Plan B", "2026-09-28T07:00:00Z".to_owned()));
    assert!(world.hq.sink().is_empty());
}

// P6
async fn a_meeting_whose_invitations_were_sent_cannot_be_changed_from_the_crm() {
    let (world, anna, bob) = World::with_two().await;
    world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!(record["locked"], true);
    let path = format!("/api/crm/activities/{}", id_of(&record));
    let change = json!({"version": record["version"], "subject": "Mine"});
    let (status, answer) = world.ask(&anna, "PATCH", &path, Some(&change)).await;
    assert_eq!(status, 409, "{answer}");
    let (status, answer) = world.ask(&anna, "DELETE", &format!("{path}?version={}", record["version"]), None).await;
    assert_eq!(status, 409, "{answer}");
    // What is her own stays hers.
    world.edit_activity(&anna, &id_of(&record), json!({"reminder": 5})).await;
    world.sync(&[&anna, &bob]).await;
    let item = world.outlook(&anna).only(Folder::Calendar).await;
    assert_eq!(item.whole(Property::ReminderMinutesBeforeStart), Some(5));
    assert_eq!(world.hq.sink().len(), 1);
}

// P7
async fn reminder_and_show_as_are_each_participants_own() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    body["reminder"] = json!(15);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let bobs = id(&world.outlook(&bob).only(Folder::Calendar).await);
    let change = vec![
        set(Property::ReminderIsSet, Value::Flag(true)),
        set(Property::ReminderMinutesBeforeStart, Value::Whole(60)),
        set(Property::LegacyFreeBusyStatus, text("Free")),
    ];
    world.outlook(&bob).edit(&bobs, change).await;
    world.edit_activity(&anna, &record, json!({"reminder": 30})).await;
    world.sync(&[&anna, &bob]).await;
    let of = |item: wire::ews::Item| {
        (item.whole(Property::ReminderMinutesBeforeStart), item.text(Property::LegacyFreeBusyStatus).map(str::to_owned))
    };
    assert_eq!(of(world.outlook(&bob).only(Folder::Calendar).await), (Some(60), Some("Free".to_owned())));
    assert_eq!(of(world.outlook(&anna).only(Folder::Calendar).await).0, Some(30));
    let shown = world.read_activity(&anna, &record).await;
    assert_eq!(shown["reminder"], 30, "nobody's are overwritten by another's");
}

// C6
async fn a_meeting_cancelled_by_its_organiser_is_cancelled_and_declined_by_an_attendee_only_removed() {
    let (world, anna, bob) = World::with_two().await;
    let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    let bobs = id(&world.outlook(&bob).only(Folder::Calendar).await);
    world.outlook(&bob).delete(&bobs).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.view(&bob, CALENDAR).await.len(), 0);
    let shown = world.read_activity(&anna, &record).await;
    assert_eq!(person(&shown, &bob)["removed"], true);
    let organisers = world.outlook(&anna).only(Folder::Calendar).await;
    assert_eq!(organisers.attendees(Property::RequiredAttendees).unwrap_or_default().len(), 1, "not written");
    world.outlook(&anna).cancel(&item).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.read_activity(&anna, &record).await["cancelled"], true);
}

// C9: an item of ours never becomes an organiser's meeting whose requests were not sent.
async fn no_item_of_ours_has_attendees_who_were_never_asked() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}, {"name": "Eve", "address": "eve@far.test"}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    world.edit_activity(&anna, &record, json!({"location": "Room 1"})).await;
    world.sync(&[&anna, &bob]).await;
    for who in [&anna, &bob] {
        for item in world.outlook(who).items(Folder::Calendar).await {
            assert_eq!(item.attendees(Property::RequiredAttendees).unwrap_or_default().len(), 0);
            // A participant's copy is somebody else's meeting, received (rule P5).
            let organises = who.login == "anna";
            assert_eq!(item.flag(Property::IsMeeting), Some(!organises), "{:?}", titles(&[item]));
        }
    }
    assert!(world.hq.sink().is_empty());
}

// P1, P5, R3: a series of the CRM with its exceptions reaches its participants, and a later exception too.
async fn a_series_of_the_crm_reaches_its_participants_with_its_exceptions() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Weekly", "2026-10-05");
    body["people"] = json!([{"employee": bob.id}]);
    body["rule"] = json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 6});
    body["occurrences"] = json!([{"original_start": "2026-10-12T10:00:00", "state": "cancelled"}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let moved = json!([{"original_start": "2026-10-19T10:00:00", "state": "modified",
        "start": berlin("2026-10-19T15:00:00"), "end": berlin("2026-10-19T16:00:00")}]);
    world.edit_activity(&anna, &record, json!({ "occurrences": moved })).await;
    world.sync(&[&anna, &bob]).await;
    for who in [&anna, &bob] {
        let name = "Weekly";
        let item = world.outlook(who).only(Folder::Calendar).await;
        assert_eq!(title(&item), name);
        assert_eq!((item.modified_occurrences().len(), item.deleted_occurrences().len()), (1, 1), "{name}");
        let start = item.modified_occurrences()[0].start.instant().expect("a time").to_string();
        assert_eq!(start, "2026-10-19T13:00:00Z", "{name}");
    }
}

// R3, D1, P7: what a guest does to single occurrences in his own calendar outlives a change of the CRM's rule.
async fn a_guests_own_occurrences_outlive_a_change_of_the_rule_in_the_crm() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Weekly", "2026-10-05");
    body["people"] = json!([{"employee": bob.id}]);
    body["rule"] = json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 6});
    body["occurrences"] = json!([{"original_start": "2026-10-26T10:00:00", "state": "cancelled"}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let outlook = world.outlook(&bob);
    let item = id(&outlook.only(Folder::Calendar).await);
    let third = outlook.occurrence(&item, 3).await;
    outlook.edit(&third, vec![set(Property::Location, text("Train"))]).await;
    outlook.delete(&outlook.occurrence(&item, 2).await).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.only(&anna, CALENDAR).await["occurrences"].as_array().map(Vec::len), Some(1), "his own");
    for count in [8, 7] {
        let rule =
            json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": count});
        world.edit_activity(&anna, &record, json!({ "rule": rule })).await;
        world.sync(&[&anna, &bob]).await;
        let days: Vec<String> =
            outlook.shows("2026-10-01T00:00:00Z", "2026-12-31T00:00:00Z").await.into_iter().map(|it| it.1).collect();
        assert_eq!(days.len(), count - 2, "{days:?}");
        assert!(!days.iter().any(|day| day.starts_with("2026-10-12")), "{days:?}");
        let third = outlook.occurrence(&item, 3).await;
        assert_eq!(outlook.read(&third).await.expect("there").text(Property::Location), Some("Train"));
        let hers = world.outlook(&anna).only(Folder::Calendar).await;
        assert_eq!((hers.deleted_occurrences().len(), hers.modified_occurrences().len()), (1, 0));
    }
}

// P1, R3: an invitation to a series, one occurrence moved by its organiser with updates sent.
async fn an_occurrence_moved_by_the_organiser_is_moved_in_the_one_activity() {
    let (world, anna, bob) = World::with_two().await;
    let pattern = wire::ews::Pattern::Weekly {
        interval: 1,
        days: vec![wire::ews::DayOfWeek::Monday],
        first: Some(wire::ews::DayOfWeek::Monday),
    };
    let range = wire::ews::Range::Numbered { start: jiff::civil::date(2026, 9, 28), count: 4 };
    let rule = wire::ews::Recurrence { pattern, range };
    let item =
        outlook::meeting("Weekly", FROM, TO, &[&bob.address]).with(Property::Recurrence, Value::Recurrence(rule));
    let item = world.outlook(&anna).invite(item).await;
    world.sync(&[&bob, &anna]).await;
    let second = world.outlook(&anna).occurrence(&item, 2).await;
    let change = vec![
        set(Property::Start, outlook::moment("2026-10-05T12:00:00Z")),
        set(Property::End, outlook::moment("2026-10-05T13:00:00Z")),
    ];
    world.outlook(&anna).edit_and_send(&second, change).await;
    world.sync(&[&bob, &anna]).await;
    let annas = world.only(&anna, CALENDAR).await;
    let bobs = world.only(&bob, CALENDAR).await;
    assert_eq!(annas["id"], bobs["id"]);
    let moved = annas["occurrences"].as_array().expect("an exception");
    assert_eq!((moved.len(), &moved[0]["start"]), (1, &berlin("2026-10-05T14:00:00")), "{annas}");
    for who in [&anna, &bob] {
        assert_eq!(world.outlook(who).count(Folder::Calendar), 1, "{}", who.login);
    }
}

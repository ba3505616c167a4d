//! Whose copy of a meeting decides when the organiser's does not, and what a meeting called off looks like (rules P3, O7, C6).

use crate::api::{appointment, id as id_of};
use crate::clock::{clean, named};
use crate::database::on_both;
use crate::outlook::{self, id, set, text};
use crate::world::{Person, World};
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, FieldChange, Pattern, Property, Range, Recurrence, Value};

on_both!(
    an_organiser_who_only_exports_leaves_the_lead_to_an_attendee,
    who_has_no_copy_any_more_does_not_stand_in,
    a_meeting_that_the_first_attendee_deleted_before_it_came_in_enters_by_the_second,
    an_outsiders_meeting_enters_by_the_attendee_who_answered,
    what_the_first_attendee_keeps_private_is_not_brought_in_by_the_second,
    a_meeting_taken_back_from_deleted_items_takes_place_again,
    what_is_called_off_in_the_crm_leaves_the_time_free_in_every_copy,
    an_update_that_brings_back_what_its_guest_deleted_stops_nobody,
    what_a_stand_in_shows_as_called_off_keeps_its_subject,
);

const CALENDAR: &str = "my_calendar";
const FROM: &str = "2026-09-28T08:00:00Z";
const TO: &str = "2026-09-28T09:00:00Z";

/// Anna, who organises and is not enabled, and two attendees who are.
async fn without_the_organiser() -> (World, Person, Person, Person) {
    let world = World::new().await;
    let anna = world.hire("anna").await;
    let bob = world.user("bob").await;
    let cleo = world.user("cleo").await;
    world.sync(&[&bob, &cleo]).await;
    (world, anna, bob, cleo)
}

async fn copy_of(world: &World, who: &Person) -> String {
    id(&world.outlook(who).only(Folder::Calendar).await)
}

/// Two rounds, with time for a second look between them.
async fn two_rounds(world: &World, people: &[&Person]) {
    world.sync(people).await;
    world.pass_s(61);
    world.sync(people).await;
}

// P3: enabled is not enough, his calendar must come in.
async fn an_organiser_who_only_exports_leaves_the_lead_to_an_attendee() {
    let (world, anna, bob) = World::with_two().await;
    world.levels(&anna, json!({"calendar": "export"})).await;
    let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    // It might be one that the CRM gave her: her mailbox is looked at once more before his copy brings it in (rule P1).
    two_rounds(&world, &[&anna, &bob]).await;
    let record = world.only(&bob, CALENDAR).await;
    assert_eq!((&record["subject"], &record["owner"]), (&json!("Plan"), &json!(anna.id)));
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::Location, text("Room 1"))]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.only(&bob, CALENDAR).await["location"], "Room 1");
    for who in [&anna, &bob] {
        assert_eq!(world.outlook(who).count(Folder::Calendar), 1, "{}", who.login);
    }
}

// P3: the lead goes on to the next one who has a copy.
async fn who_has_no_copy_any_more_does_not_stand_in() {
    let (world, anna, bob, cleo) = without_the_organiser().await;
    let people = [bob.address.as_str(), cleo.address.as_str()];
    let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &people)).await;
    world.sync(&[&bob, &cleo]).await;
    let record = world.only(&cleo, CALENDAR).await;
    assert_eq!(world.only(&bob, CALENDAR).await["id"], record["id"]);
    world.outlook(&bob).delete(&copy_of(&world, &bob).await).await;
    world.sync(&[&bob, &cleo]).await;
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::Location, text("Room 1"))]).await;
    world.sync(&[&cleo]).await;
    assert_eq!(world.only(&cleo, CALENDAR).await["location"], "Room 1");
}

// P3: a copy that is nowhere is not waited for.
async fn a_meeting_that_the_first_attendee_deleted_before_it_came_in_enters_by_the_second() {
    let (world, anna, bob, cleo) = without_the_organiser().await;
    let people = [bob.address.as_str(), cleo.address.as_str()];
    world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &people)).await;
    world.outlook(&bob).delete(&copy_of(&world, &bob).await).await;
    two_rounds(&world, &[&cleo, &bob]).await;
    let record = world.only(&cleo, CALENDAR).await;
    assert_eq!((&record["subject"], &record["owner"]), (&json!("Plan"), &json!(anna.id)));
    assert_eq!(world.outlook(&bob).count(Folder::Calendar), 0, "and nothing is made for who took it away");
}

// P3: an organiser nobody knows; the first attendee has not answered, the second has.
async fn an_outsiders_meeting_enters_by_the_attendee_who_answered() {
    let (world, anna, bob) = World::with_two().await;
    world.sync(&[&anna, &bob]).await;
    let eve = world.outsider("eve@far.test");
    eve.invite(outlook::meeting("Offer", FROM, TO, &[&anna.address, &bob.address])).await;
    two_rounds(&world, &[&anna, &bob]).await;
    assert_eq!(world.view(&bob, CALENDAR).await.len(), 0);
    world.outlook(&bob).accept().await;
    two_rounds(&world, &[&anna, &bob]).await;
    let record = world.only(&bob, CALENDAR).await;
    assert_eq!(record["organizer"]["address"], "eve@far.test");
    world.outlook(&anna).accept().await;
    two_rounds(&world, &[&anna, &bob]).await;
    assert_eq!(world.only(&anna, CALENDAR).await["id"], record["id"]);
    assert_eq!(world.only(&bob, CALENDAR).await["id"], record["id"]);
}

// O7: for a meeting the copy through which it would enter is asked.
async fn what_the_first_attendee_keeps_private_is_not_brought_in_by_the_second() {
    let (world, anna, bob, cleo) = without_the_organiser().await;
    world.settings(json!({"domains": {"calendar": {"skip_private": true}}})).await;
    let people = [bob.address.as_str(), cleo.address.as_str()];
    world.outlook(&anna).invite(outlook::meeting("Secret", FROM, TO, &people)).await;
    let bobs = copy_of(&world, &bob).await;
    world.outlook(&bob).edit(&bobs, vec![set(Property::Sensitivity, text("Private"))]).await;
    two_rounds(&world, &[&cleo, &bob]).await;
    world.pass_days(2);
    two_rounds(&world, &[&cleo, &bob]).await;
    assert_eq!(world.view(&cleo, CALENDAR).await.len(), 0);
    world.outlook(&bob).edit(&bobs, vec![set(Property::Sensitivity, text("Normal"))]).await;
    two_rounds(&world, &[&cleo, &bob]).await;
    assert_eq!(world.only(&cleo, CALENDAR).await["subject"], "Secret");
}

// C6, trap 8
async fn a_meeting_taken_back_from_deleted_items_takes_place_again() {
    let (world, anna, bob) = World::with_two().await;
    let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &[&bob.address])).await;
    clean(&world, &anna).await;
    world.outlook(&anna).delete(&item).await;
    clean(&world, &anna).await;
    let record = id_of(&world.only(&anna, CALENDAR).await);
    let called_off = world.read_activity(&anna, &record).await;
    assert_eq!((&called_off["cancelled"], &called_off["locked"]), (&json!(true), &json!(false)));
    let item = world.outlook(&anna).only(Folder::DeletedItems).await;
    world.outlook(&anna).move_to(&id(&item), Folder::Calendar).await;
    clean(&world, &anna).await;
    let again = world.read_activity(&anna, &record).await;
    assert_eq!((&again["cancelled"], &again["locked"]), (&json!(false), &json!(true)));
    assert_eq!(id_of(&world.only(&anna, CALENDAR).await), record);
    // Deleted once more it is nothing of Exchange's any more: its owner may take it out of the CRM, and guests keep theirs.
    clean(&world, &bob).await;
    let item = id(&world.outlook(&anna).only(Folder::Calendar).await);
    world.outlook(&anna).delete(&item).await;
    clean(&world, &anna).await;
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    world.pass_days(2);
    world.sync(&[&anna, &bob]).await;
    assert_eq!((world.view(&anna, CALENDAR).await.len(), world.view(&bob, CALENDAR).await.len()), (0, 0));
    assert_eq!((world.outlook(&anna).count(Folder::Calendar), world.outlook(&bob).count(Folder::Calendar)), (0, 1));
}

// C6, P7: Outlook shows the time of what was called off as free; who says otherwise for himself is not overruled.
async fn what_is_called_off_in_the_crm_leaves_the_time_free_in_every_copy() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let meeting = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    clean(&world, &bob).await;
    let shown = async |who: &Person| {
        let item = world.outlook(who).only(Folder::Calendar).await;
        item.text(Property::LegacyFreeBusyStatus).unwrap_or_default().to_owned()
    };
    assert_eq!((shown(&anna).await.as_str(), shown(&bob).await.as_str()), ("Busy", "Busy"));
    for (cancelled, word) in [(true, "Free"), (false, "Busy"), (true, "Free")] {
        world.edit_activity(&anna, &meeting, json!({"cancelled": cancelled})).await;
        world.sync(&[&anna, &bob]).await;
        assert_eq!((shown(&anna).await.as_str(), shown(&bob).await.as_str()), (word, word));
    }
    let bobs = copy_of(&world, &bob).await;
    let tentative: Vec<FieldChange> = vec![set(Property::LegacyFreeBusyStatus, text("Tentative"))];
    world.outlook(&bob).edit(&bobs, tentative).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(shown(&bob).await, "Tentative");
    assert!(world.quarantine(&bob).await.is_empty());
}

// P1, C6, E1: Exchange makes a new item of the same meeting; the guest's mailbox goes on, and nobody shows it twice.
async fn an_update_that_brings_back_what_its_guest_deleted_stops_nobody() {
    for enabled in [false, true] {
        let (world, anna, bob, cleo) = without_the_organiser().await;
        if enabled {
            world.map(&anna).await;
        }
        let all: Vec<&Person> = if enabled { vec![&anna, &bob, &cleo] } else { vec![&bob, &cleo] };
        let people = [bob.address.as_str(), cleo.address.as_str()];
        let item = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &people)).await;
        world.sync(&all).await;
        world.outlook(&bob).delete(&copy_of(&world, &bob).await).await;
        world.sync(&all).await;
        for place in ["Room 1", "Room 2"] {
            world.outlook(&anna).edit_and_send(&item, vec![set(Property::Location, text(place))]).await;
            world.appointment(&bob, place, "2026-10-01").await;
            world.sync(&all).await;
            assert_eq!(world.only(&cleo, CALENDAR).await["location"], place, "{enabled}");
        }
        let bobs = outlook::titles(&world.outlook(&bob).items(Folder::Calendar).await).join(" ");
        assert_eq!(bobs, "Plan Room 1 Room 2", "{enabled}");
        assert_eq!(world.view(&bob, CALENDAR).await.len(), 3, "what his calendar shows again, the CRM does: {enabled}");
        assert!(world.quarantine(&bob).await.is_empty());
    }
}

// C6, R3: what Exchange writes before the subject of a copy that was called off is no part of it.
async fn what_a_stand_in_shows_as_called_off_keeps_its_subject() {
    let (world, anna, bob, cleo) = without_the_organiser().await;
    let people = [bob.address.as_str(), cleo.address.as_str()];
    let off = world.outlook(&anna).invite(outlook::meeting("Plan", FROM, TO, &people)).await;
    let rule = Recurrence {
        pattern: Pattern::Daily { interval: 1 },
        range: Range::Numbered { start: "2026-10-05".parse().expect("a day"), count: 4 },
    };
    let series = outlook::meeting("Daily", "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z", &people)
        .with(Property::Recurrence, Value::Recurrence(rule));
    let series = world.outlook(&anna).invite(series).await;
    two_rounds(&world, &[&bob, &cleo]).await;
    world.outlook(&anna).cancel(&off).await;
    world.outlook(&anna).cancel(&world.outlook(&anna).occurrence(&series, 2).await).await;
    two_rounds(&world, &[&bob, &cleo]).await;
    let check = async |world: &World| {
        let (plan, daily) = (named(world, &cleo, "Plan").await, named(world, &cleo, "Daily").await);
        assert_eq!(plan["cancelled"], true, "{plan}");
        assert_eq!(daily["cancelled"], false, "{daily}");
        assert_eq!(daily["occurrences"].as_array().map(Vec::len), Some(1), "{daily}");
        assert_eq!(daily["occurrences"][0]["state"], "cancelled", "{daily}");
        assert!(daily["occurrences"][0]["subject"].is_null(), "{daily}");
    };
    check(&world).await;
    // Who takes the copies out of his calendar then changes nothing of them.
    for item in world.outlook(&bob).items(Folder::Calendar).await {
        if outlook::title(&item).starts_with("Canceled") {
            world.outlook(&bob).delete(&id(&item)).await;
        }
    }
    two_rounds(&world, &[&bob, &cleo]).await;
    check(&world).await;
    clean(&world, &bob).await;
}

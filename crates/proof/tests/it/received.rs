//! A participant's copy of a meeting of the CRM is the meeting itself, as far as his server keeps that: the owner's global
//! id, the owner as organiser, received, not answered, and nobody written to (rules P5, P8, C9).

use crate::api::{appointment, berlin, id as id_of};
use crate::database::on_both;
use crate::outlook::{self, at, guests, id, set, text, title, titles};
use crate::world::{Person, World};
use emulator::Quirk;
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, Item, Property};

on_both!(
    every_participants_copy_is_the_owners_meeting,
    the_owners_invitation_takes_the_copies_over_where_they_stand,
    a_server_that_keeps_less_gets_a_plain_appointment_and_no_half_of_a_meeting,
    without_the_owners_mailbox_the_copies_share_an_id_of_ours,
    an_owner_whose_mailbox_is_stuck_is_waited_for_a_day,
    a_participants_answer_is_his_own_and_his_delete_only_removes_him,
    a_new_owner_is_the_organiser_of_every_copy,
    plain_copies_of_before_stay_as_they_are,
    a_copy_without_its_meeting_brings_nothing_in,
);

const CALENDAR: &str = "my_calendar";

/// Anna's meeting with Bob and Dora, made in the CRM.
async fn meeting(world: &World, anna: &Person, guests: &[&Person]) -> String {
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = guests.iter().map(|guest| json!({"employee": guest.id})).collect();
    world.activity(anna, body).await
}

async fn three() -> (World, Person, Person, Person) {
    let (world, anna, bob) = World::with_two().await;
    let dora = world.user("dora").await;
    (world, anna, bob, dora)
}

async fn uid(world: &World, who: &Person) -> String {
    let item = id(&world.outlook(who).only(Folder::Calendar).await);
    let item = world.outlook(who).read_all(&item, [Property::Uid.into()]).await;
    item.text(Property::Uid).expect("a UID").to_owned()
}

/// What Outlook shows of whose meeting it is: the organiser's address, the state, the answer.
async fn shown(world: &World, who: &Person) -> (Item, String, i64, String) {
    let short = world.outlook(who).only(Folder::Calendar).await;
    let paths = [Property::Organizer, Property::AppointmentState, Property::MyResponseType].map(Into::into);
    let item = world.outlook(who).read_all(&id(&short), paths).await;
    let organizer = item.person(Property::Organizer).and_then(|person| person.address.clone()).unwrap_or_default();
    let state = item.whole(Property::AppointmentState).unwrap_or_default();
    let answer = item.text(Property::MyResponseType).unwrap_or_default().to_owned();
    (short, organizer, state, answer)
}

// P5, C9: whoever's mailbox is looked at first.
async fn every_participants_copy_is_the_owners_meeting() {
    for guests_first in [false, true] {
        let (world, anna, bob, dora) = three().await;
        let record = meeting(&world, &anna, &[&bob, &dora]).await;
        let order = if guests_first { [&bob, &dora, &anna] } else { [&anna, &bob, &dora] };
        world.sync(&order).await;
        let annas = uid(&world, &anna).await;
        for guest in [&bob, &dora] {
            let (item, organizer, state, answer) = shown(&world, guest).await;
            assert_eq!(
                (title(&item), organizer, state, answer.as_str()),
                ("Plan", anna.address.clone(), 3, "NoResponseReceived")
            );
            assert_eq!(uid(&world, guest).await, annas, "the same meeting");
            let asked = item.attendees(Property::RequiredAttendees).unwrap_or_default().len();
            assert_eq!((asked, item.flag(Property::MeetingRequestWasSent)), (0, Some(false)));
        }
        let before = id(&world.outlook(&bob).only(Folder::Calendar).await);
        world.edit_activity(&anna, &record, json!({"subject": "Plan B", "start": berlin("2026-09-28T09:00:00")})).await;
        world.sync(&order).await;
        let (item, organizer, state, _) = shown(&world, &bob).await;
        assert_eq!((title(&item), at(&item, Property::Start)), ("Plan B", "2026-09-28T07:00:00Z".to_owned()));
        assert_eq!((id(&item), organizer, state), (before, anna.address.clone(), 3));
        for who in [&anna, &bob, &dora] {
            assert_eq!(id_of(&world.only(who, CALENDAR).await), record, "one activity");
        }
        assert_eq!(world.sync(&order).await.len(), 0, "and rests");
        assert!(world.hq.sink().is_empty());
    }
}

// P5, P6: the same item, the same link, and from then on it is Exchange's.
async fn the_owners_invitation_takes_the_copies_over_where_they_stand() {
    for (mail, guest_first) in [(false, false), (false, true), (true, false), (true, true)] {
        let (world, anna, bob, dora) = three().await;
        world.settings(json!({"domains": {"calendar": {"mail": mail}}})).await;
        let record = meeting(&world, &anna, &[&bob, &dora]).await;
        world.sync(&[&anna, &bob, &dora]).await;
        let bobs = id(&world.outlook(&bob).only(Folder::Calendar).await);
        let annas = id(&world.outlook(&anna).only(Folder::Calendar).await);
        let asked = vec![set(Property::RequiredAttendees, guests(&[&bob.address]))];
        world.outlook(&anna).edit_and_send(&annas, asked).await;
        let order = if guest_first { [&bob, &anna, &dora] } else { [&anna, &bob, &dora] };
        world.sync(&order).await;
        let told = format!("mail {mail}, guest first {guest_first}");
        let item = world.outlook(&bob).only(Folder::Calendar).await;
        assert_eq!((id(&item), title(&item)), (bobs.clone(), "Plan"), "{told}");
        assert_eq!(item.attendees(Property::RequiredAttendees).unwrap_or_default().len(), 1, "{told}");
        assert_eq!(world.outlook(&bob).count(Folder::DeletedItems), 0, "nothing had to make room: {told}");
        let shown = world.only(&bob, CALENDAR).await;
        assert_eq!((id_of(&shown), &shown["locked"]), (record.clone(), &json!(!mail)), "{told}");
        let moves = vec![set(Property::Location, text("Room 7"))];
        world.outlook(&anna).edit_and_send(&annas, moves).await;
        world.sync(&order).await;
        assert_eq!(world.read_activity(&bob, &record).await["location"], "Room 7", "{told}");
        let item = world.outlook(&bob).only(Folder::Calendar).await;
        assert_eq!((id(&item), item.text(Property::Location)), (bobs, Some("Room 7")), "{told}");
        let hers = world.outlook(&dora).only(Folder::Calendar).await;
        assert_eq!(hers.text(Property::Location), Some("Room 7"), "whom she did not ask keeps his copy: {told}");
        world.no_mail_of_ours();
    }
}

// P5: read back and verified; told in the history.
async fn a_server_that_keeps_less_gets_a_plain_appointment_and_no_half_of_a_meeting() {
    let (world, anna, bob, dora) = three().await;
    world.hq.set_quirk(Quirk::StatePropertiesNotKept, true);
    let record = meeting(&world, &anna, &[&bob, &dora]).await;
    world.sync(&[&anna, &bob, &dora]).await;
    let annas = uid(&world, &anna).await;
    for guest in [&bob, &dora] {
        let (item, organizer, state, _) = shown(&world, guest).await;
        assert_eq!((title(&item), organizer, state), ("Anna Tester: Plan", guest.address.clone(), 0));
        assert_ne!(uid(&world, guest).await, annas, "with the meeting's id it would be the guest's own meeting");
        assert_eq!(world.outlook(guest).count(Folder::DeletedItems), 0);
    }
    let told = async |login: &str| {
        let lines = world.list(&world.admin, &format!("/api/admin/history?user={login}")).await;
        lines.iter().filter(|line| line["what"] == "not_kept").count()
    };
    assert_eq!((told("bob").await, told("dora").await), (1, 0), "once for the server");
    world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
    world.sync(&[&anna, &bob, &dora]).await;
    assert_eq!(titles(&world.outlook(&bob).items(Folder::Calendar).await), ["Anna Tester: Plan B"]);
    assert_eq!(world.sync(&[&anna, &bob, &dora]).await.len(), 0);
    assert!(world.hq.sink().is_empty());
}

// P5: and when the owner comes to have a mailbox, his invitation takes the place of the copies.
async fn without_the_owners_mailbox_the_copies_share_an_id_of_ours() {
    let world = World::new().await;
    let anna = world.hire("anna").await;
    let (bob, dora) = (world.user("bob").await, world.user("dora").await);
    let record = meeting(&world, &anna, &[&bob, &dora]).await;
    world.sync(&[&bob, &dora]).await;
    let ours = uid(&world, &bob).await;
    assert_eq!(uid(&world, &dora).await, ours);
    assert_eq!(shown(&world, &bob).await.1, anna.address);
    world.map(&anna).await;
    world.sync(&[&anna, &bob, &dora]).await;
    let annas = id(&world.outlook(&anna).only(Folder::Calendar).await);
    let asked = vec![set(Property::RequiredAttendees, guests(&[&bob.address, &dora.address]))];
    world.outlook(&anna).edit_and_send(&annas, asked).await;
    world.sync(&[&bob, &anna, &dora, &bob]).await;
    for guest in [&bob, &dora] {
        let item = world.outlook(guest).only(Folder::Calendar).await;
        assert_eq!(item.attendees(Property::RequiredAttendees).unwrap_or_default().len(), 2, "the invitation alone");
        assert_eq!(id_of(&world.only(guest, CALENDAR).await), record);
    }
    world.no_mail_of_ours();
}

// P5: never for ever.
async fn an_owner_whose_mailbox_is_stuck_is_waited_for_a_day() {
    let (world, anna, bob) = World::with_two().await;
    meeting(&world, &anna, &[&bob]).await;
    world.cycle(&bob).await;
    world.pass_s(3_600);
    world.cycle(&bob).await;
    assert_eq!(world.outlook(&bob).count(Folder::Calendar), 0, "hers comes first");
    world.pass_days(2);
    world.sync(&[&bob]).await;
    let (item, organizer, state, _) = shown(&world, &bob).await;
    assert_eq!((title(&item), organizer, state), ("Plan", anna.address.clone(), 3));
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&bob).count(Folder::Calendar), 1);
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 1);
}

// P4, P7, C6
async fn a_participants_answer_is_his_own_and_his_delete_only_removes_him() {
    let (world, anna, bob, dora) = three().await;
    let record = meeting(&world, &anna, &[&bob, &dora]).await;
    world.sync(&[&anna, &bob, &dora]).await;
    world.outlook(&bob).accept().await;
    world.sync(&[&anna, &bob, &dora]).await;
    assert_eq!(shown(&world, &bob).await.3, "Accept");
    world.edit_activity(&anna, &record, json!({"location": "Room 1"})).await;
    world.sync(&[&anna, &bob, &dora]).await;
    let (item, _, _, answer) = shown(&world, &bob).await;
    assert_eq!((item.text(Property::Location), answer.as_str()), (Some("Room 1"), "Accept"), "no answer is written");
    world.outlook(&bob).delete(&id(&item)).await;
    world.sync(&[&anna, &bob, &dora]).await;
    assert_eq!((world.outlook(&bob).count(Folder::Calendar), world.view(&bob, CALENDAR).await.len()), (0, 0));
    let shown = world.read_activity(&anna, &record).await;
    let removed = shown["people"].as_array().expect("people").iter().find(|one| one["employee"] == json!(bob.id));
    assert_eq!(removed.expect("on it")["removed"], true, "{shown}");
    assert_eq!(world.outlook(&dora).count(Folder::Calendar), 1);
    world.edit_activity(&anna, &record, json!({"people": [{"employee": bob.id}]})).await;
    world.sync(&[&anna, &bob, &dora]).await;
    assert_eq!(world.outlook(&dora).count(Folder::Calendar), 0, "taken off it (D6)");
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    world.sync(&[&anna, &bob, &dora]).await;
    assert!(world.hq.sink().is_empty());
}

// P8
async fn a_new_owner_is_the_organiser_of_every_copy() {
    let (world, anna, bob, dora) = three().await;
    let record = meeting(&world, &anna, &[&bob, &dora]).await;
    world.sync(&[&anna, &bob, &dora]).await;
    let people = json!([{"employee": dora.id}]);
    world.edit_activity(&anna, &record, json!({"owner": bob.id, "people": people})).await;
    world.sync(&[&anna, &bob, &dora]).await;
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 0);
    let (item, organizer, state, _) = shown(&world, &bob).await;
    assert_eq!((title(&item), organizer, state), ("Plan", bob.address.clone(), 0), "his own");
    let (_, organizer, state, _) = shown(&world, &dora).await;
    assert_eq!((organizer, state), (bob.address.clone(), 3));
    assert_eq!(uid(&world, &dora).await, uid(&world, &bob).await);
    assert_eq!(id_of(&world.only(&dora, CALENDAR).await), record);
    assert_eq!(world.sync(&[&anna, &bob, &dora]).await.len(), 0, "and rests");
    assert!(world.hq.sink().is_empty());
}

// P5: what an earlier version made, or an earlier server could not keep, is not made a second time.
async fn plain_copies_of_before_stay_as_they_are() {
    let (world, anna, bob) = World::with_two().await;
    world.hq.set_quirk(Quirk::StatePropertiesNotKept, true);
    let record = meeting(&world, &anna, &[&bob]).await;
    world.sync(&[&anna, &bob]).await;
    let before = id(&world.outlook(&bob).only(Folder::Calendar).await);
    world.hq.set_quirk(Quirk::StatePropertiesNotKept, false);
    let world = world.restarted().await;
    world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
    world.sync(&[&anna, &bob]).await;
    let item = world.outlook(&bob).only(Folder::Calendar).await;
    assert_eq!((id(&item), title(&item)), (before, "Anna Tester: Plan B"));
}

// P1, P3: with what the store knew of it gone too.
async fn a_copy_without_its_meeting_brings_nothing_in() {
    let (world, anna, bob) = World::with_two().await;
    let record = meeting(&world, &anna, &[&bob]).await;
    world.sync(&[&anna, &bob]).await;
    let copy = id(&world.outlook(&bob).only(Folder::Calendar).await);
    world.outlook(&bob).delete(&copy).await;
    world.sync(&[&anna, &bob]).await;
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    world.sync(&[&anna, &bob]).await;
    let gone = world.outlook(&bob).only(Folder::DeletedItems).await;
    world.outlook(&bob).move_to(&id(&gone), Folder::Calendar).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&bob).count(Folder::Calendar), 1, "he may keep it");
    for who in [&anna, &bob] {
        assert_eq!(world.view(who, CALENDAR).await.len(), 0, "{}", who.login);
    }
    assert!(outlook::titles(&world.outlook(&anna).items(Folder::Calendar).await).is_empty());
}

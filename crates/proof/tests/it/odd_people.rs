//! People at the edges: known by an address of the directory or by address alone, and a plan of the CRM that its organiser
//! makes a real meeting (rules P1, P2, P5, P6, M1).

use crate::api::{appointment, id as id_of};
use crate::database::on_both;
use crate::outlook::{self, email, guests, id, set, text, titles};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    an_invitation_takes_the_place_of_the_copy_that_showed_its_meeting,
    an_invitation_that_comes_late_finds_the_copy_and_takes_its_place,
    a_meeting_sent_under_export_only_stays_one_and_is_not_moved_behind_its_guests_backs,
    whom_the_crm_is_told_by_address_alone_is_the_colleague_or_contact_it_knows,
    a_contact_from_the_address_book_has_his_mail_address_in_the_crm,
    who_left_the_company_is_not_synchronised_and_nothing_is_deleted,
    an_address_that_was_typed_wrong_brings_nothing_of_the_others_mailbox,
    what_one_deleted_while_his_address_was_typed_wrong_goes_once_it_is_right,
);

const CALENDAR: &str = "my_calendar";
const FROM: &str = "2026-09-29T08:00:00Z";
const TO: &str = "2026-09-29T09:00:00Z";

/// Anna's meeting with Bob and Dora, made in the CRM, in step, on a server that keeps plain copies only; and Anna's item of
/// it.
async fn meeting_of_three() -> (World, Person, Person, Person, String, String) {
    let (world, anna, bob) = World::with_two().await;
    let dora = world.user("dora").await;
    world.hq.set_quirk(emulator::Quirk::StatePropertiesNotKept, true);
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}, {"employee": dora.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob, &dora]).await;
    for guest in [&bob, &dora] {
        assert_eq!(titles(&world.outlook(guest).items(Folder::Calendar).await), ["Anna Tester: Plan"]);
    }
    let item = id(&world.outlook(&anna).only(Folder::Calendar).await);
    (world, anna, bob, dora, record, item)
}

// P5, P6, C9: whatever is set for mail, and in whichever order the mailboxes are looked at.
async fn an_invitation_takes_the_place_of_the_copy_that_showed_its_meeting() {
    for (mail, guest_first) in [(false, false), (false, true), (true, false), (true, true)] {
        let (world, anna, bob, dora, record, item) = meeting_of_three().await;
        world.settings(json!({"domains": {"calendar": {"mail": mail}}})).await;
        world.sync(&[&anna, &bob, &dora]).await;
        let asked = guests(&[&bob.address]);
        world.outlook(&anna).edit_and_send(&item, vec![set(Property::RequiredAttendees, asked)]).await;
        let order = if guest_first { [&bob, &anna, &dora, &bob] } else { [&anna, &bob, &dora, &bob] };
        world.sync(&order).await;
        let told = format!("mail {mail}, guest first {guest_first}");
        assert_eq!(
            titles(&world.outlook(&bob).items(Folder::Calendar).await),
            ["Plan"],
            "the invitation alone: {told}"
        );
        assert_eq!(world.outlook(&bob).count(Folder::DeletedItems), 1, "what made room can be looked at: {told}");
        // Whom she did not ask in Outlook still sees the meeting that he was put on in the CRM.
        assert_eq!(titles(&world.outlook(&dora).items(Folder::Calendar).await), ["Anna Tester: Plan"], "{told}");
        let shown = world.only(&bob, CALENDAR).await;
        assert_eq!((id_of(&shown), &shown["locked"]), (record.clone(), &json!(!mail)), "{told}");
        let move_it = vec![set(Property::Location, text("Room 7"))];
        world.outlook(&anna).edit_and_send(&item, move_it).await;
        world.sync(&[&anna, &bob, &dora]).await;
        assert_eq!(world.read_activity(&bob, &record).await["location"], "Room 7", "{told}");
        let hers = world.outlook(&dora).only(Folder::Calendar).await;
        assert_eq!(hers.text(Property::Location), Some("Room 7"), "{told}");
        assert_eq!(world.outlook(&bob).count(Folder::Calendar), 1, "{told}");
        world.no_mail_of_ours();
    }
}

// P5, W1: mail servers take their time. A copy stands until what replaces it has come, and a dry run tells of it.
async fn an_invitation_that_comes_late_finds_the_copy_and_takes_its_place() {
    let (world, anna, bob, _, record, item) = meeting_of_three().await;
    world.settings(json!({"domains": {"calendar": {"mail": true}}})).await;
    world.sync(&[&anna, &bob]).await;
    let asked = guests(&[&bob.address]);
    world.outlook(&anna).edit_and_send(&item, vec![set(Property::RequiredAttendees, asked)]).await;
    let outlook = world.outlook(&bob);
    let came = outlook.items(Folder::Calendar).await.into_iter().find(|item| outlook::title(item) == "Plan");
    let elsewhere = outlook.move_to(&id(&came.expect("delivered")), Folder::Inbox).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Anna Tester: Plan"], "nothing has come yet");
    outlook.move_to(&elsewhere, Folder::Calendar).await;
    let plan = world.get(&world.admin, &format!("/api/admin/users/{}/plan", bob.login)).await;
    let lines = plan["lines"].as_array().cloned().unwrap_or_default();
    let goes = |line: &&Json| line["what"] == "delete" && line["crm"] == json!(record);
    assert_eq!(lines.iter().filter(goes).count(), 1, "{plan}");
    assert_eq!(world.outlook(&bob).count(Folder::Calendar), 2, "looking changes nothing");
    world.sync(&[&bob]).await;
    assert_eq!(titles(&world.outlook(&bob).items(Folder::Calendar).await), ["Plan"]);
    assert_eq!(id_of(&world.only(&bob, CALENDAR).await), record);
    world.no_mail_of_ours();
}

// P1, P3, P6, D1: the organiser's level brings nothing in. His meeting is known by its id all the same, and the CRM leaves
// alone what his guests were told.
async fn a_meeting_sent_under_export_only_stays_one_and_is_not_moved_behind_its_guests_backs() {
    for guest_first in [false, true] {
        let (world, anna, bob, dora, record, item) = meeting_of_three().await;
        world.levels(&anna, json!({"calendar": "export"})).await;
        world.sync(&[&anna, &bob, &dora]).await;
        let asked = guests(&[&bob.address]);
        world.outlook(&anna).edit_and_send(&item, vec![set(Property::RequiredAttendees, asked)]).await;
        let order = if guest_first { [&bob, &anna] } else { [&anna, &bob] };
        for _ in 0..3 {
            world.sync(&order).await;
            world.pass_s(60);
        }
        let told = format!("guest first {guest_first}");
        for who in [&anna, &bob, &dora] {
            let shown = world.only(who, CALENDAR).await;
            assert_eq!((id_of(&shown), &shown["locked"]), (record.clone(), &json!(true)), "{told}");
        }
        assert_eq!(titles(&world.outlook(&bob).items(Folder::Calendar).await), ["Plan"], "{told}");
        let shown = world.read_activity(&anna, &record).await;
        assert_eq!(shown["people"].as_array().map(Vec::len), Some(2), "nothing came in: {shown}");
        let change = json!({"version": shown["version"], "location": "Room 7"});
        let path = format!("/api/crm/activities/{record}");
        let (status, refused) = world.ask(&anna, "PATCH", &path, Some(&change)).await;
        assert_eq!((status, &refused["error"]["code"]), (409, &json!("locked_by_exchange")), "{refused}");
        // Out of her calendar: it is the CRM's again, and its next edit brings it back (rule D1).
        world.outlook(&anna).delete(&item).await;
        world.sync(&[&anna, &bob, &dora]).await;
        assert_eq!(world.outlook(&anna).count(Folder::Calendar), 0);
        world.edit_activity(&anna, &record, json!({"location": "Room 8"})).await;
        world.sync(&[&anna, &bob, &dora]).await;
        assert_eq!(world.outlook(&anna).only(Folder::Calendar).await.text(Property::Location), Some("Room 8"));
        world.no_mail_of_ours();
    }
}

// P2
async fn whom_the_crm_is_told_by_address_alone_is_the_colleague_or_contact_it_knows() {
    let (world, anna, bob) = World::with_two().await;
    let contact = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test"});
    let ida = world.contact(&anna, contact).await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([
        {"name": "Bob", "address": bob.address.to_uppercase()}, {"employee": bob.id}, {"address": anna.address},
        {"address": "Ida@Out.test"}, {"name": "Far", "address": "far@far.test"}
    ]);
    let record = world.activity(&anna, body).await;
    let shown = world.read_activity(&anna, &record).await;
    let people = shown["people"].as_array().cloned().unwrap_or_default();
    let of = |name: &str, who: &str| people.iter().filter(|one| one[name] == json!(who)).count();
    assert_eq!((people.len(), of("employee", &bob.id), of("contact", &ida)), (3, 1, 1), "{shown}");
    world.sync(&[&anna, &bob]).await;
    assert_eq!(titles(&world.outlook(&bob).items(Folder::Calendar).await), ["Plan"]);
    // Who was a stranger on it stays one, whoever joins later.
    world.contact(&anna, json!({"last_name": "Far", "email1": "far@far.test"})).await;
    let edited = world.edit_activity(&anna, &record, json!({"people": people})).await;
    assert_eq!(edited["people"], shown["people"]);
}

// M1, trap 113: an entry of the address book carries an X.500 address in place of one of mail.
async fn a_contact_from_the_address_book_has_his_mail_address_in_the_crm() {
    let (world, anna, bob) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let known = format!("/O=CRM/OU=FIRST ADMINISTRATIVE GROUP/CN=RECIPIENTS/CN={}", bob.login);
    let nobody = "/O=OLD/OU=GONE/CN=RECIPIENTS/CN=NOBODY";
    let mut card = outlook::contact("Bob", "Book", &known, &["Siebel Contact"]);
    card = card.with(email(2), text(nobody));
    let item = outlook.make(Folder::Contacts, card).await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, "my_contacts").await;
    assert_eq!((&record["email1"], &record["email2"]), (&json!(bob.address), &Json::Null), "{record}");
    world.edit_contact(&anna, &id_of(&record), json!({"job_title": "Chief"})).await;
    world.sync(&[&anna]).await;
    let after = outlook.read(&item).await.expect("there");
    assert_eq!((after.text(email(1)), after.text(email(2))), (Some(known.as_str()), Some(nobody)), "his slots stand");
}

// L1, L6, trap 155: the mailbox of somebody who left brings nothing in, and keeps what it has.
async fn who_left_the_company_is_not_synchronised_and_nothing_is_deleted() {
    let (world, anna, bob) = World::with_two().await;
    let record = world.appointment(&bob, "Plan", "2026-09-28").await;
    world.sync(&[&anna, &bob]).await;
    let path = format!("/api/crm/employees/{}", bob.id);
    world.edit(&world.admin, &path, json!({"active": false})).await;
    let outlook = world.outlook(&bob);
    outlook.make(Folder::Calendar, outlook::appointment("After", FROM, TO)).await;
    for _ in 0..3 {
        let report = world.cycle(&bob).await;
        assert!(report.trouble.is_some_and(|why| why.contains("not active")), "told why nothing happens");
        world.pass_s(600);
    }
    let status = world.status(&bob).await;
    assert_eq!(status["state"], "trouble", "{status}");
    assert_eq!((outlook.count(Folder::Calendar), outlook.count(Folder::DeletedItems)), (2, 0));
    let found = world.get(&world.admin, "/api/crm/search?q=After").await;
    assert_eq!(found["activities"], json!([]));
    let told = world.get(&world.admin, &format!("/api/admin/users/{}/explain", bob.login)).await.to_string();
    assert!(told.contains("not active in the CRM"), "{told}");
    world.edit(&world.admin, &path, json!({"active": true})).await;
    world.sync(&[&bob]).await;
    assert_eq!(world.view(&bob, CALENDAR).await.len(), 2, "back, he goes on where he was");
    assert!(world.is_there(&bob, &format!("/api/crm/activities/{record}")).await);
}

// L1, trap 155: nothing of the other mailbox is kept, and what it lacks is not deleted, also once the address is right again.
async fn an_address_that_was_typed_wrong_brings_nothing_of_the_others_mailbox() {
    let world = World::new().await;
    let (anna, dora) = (world.user("anna").await, world.hire("dora").await);
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let hers = world.outlook(&dora);
    hers.make(Folder::Calendar, outlook::appointment("Her own", FROM, TO)).await;
    hers.make(Folder::Contacts, outlook::contact("Her", "Friend", "friend@far.test", &["Siebel Contact"])).await;
    world.mapping(&anna, json!({"address": dora.address})).await;
    // A change in the CRM has the item looked for, too.
    world.edit_activity(&anna, &record, json!({"location": "Room 1"})).await;
    let report = world.cycle(&anna).await;
    assert!(report.trouble.is_some_and(|why| why.contains("another mailbox")), "an administrator is asked first");
    assert_eq!((hers.count(Folder::Calendar), hers.count(Folder::Contacts)), (1, 1), "nothing is written there");
    world.mapping(&anna, json!({"address": anna.address, "confirm_mailbox": true})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, CALENDAR).await["subject"], "Plan");
    assert_eq!(world.view(&anna, "my_contacts").await.len(), 0);
    let item = world.outlook(&anna).only(Folder::Calendar).await;
    assert_eq!((outlook::title(&item), item.text(Property::Location)), ("Plan", Some("Room 1")));
}

// L1, D1, C4: no mark of ours stands on what is only read. Its own mailbox is known again all the same, with every id.
async fn what_one_deleted_while_his_address_was_typed_wrong_goes_once_it_is_right() {
    let world = World::new().await;
    let (anna, dora) = (world.user("anna").await, world.hire("dora").await);
    world.levels(&anna, json!({"calendar": "import"})).await;
    let outlook = world.outlook(&anna);
    let ids = [outlook.make(Folder::Calendar, outlook::appointment("Goes", FROM, TO)).await];
    outlook.make(Folder::Calendar, outlook::appointment("Stays", FROM, TO)).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 2);
    world.mapping(&anna, json!({"address": dora.address})).await;
    let report = world.cycle(&anna).await;
    assert!(report.trouble.is_some_and(|why| why.contains("another mailbox")), "an administrator is asked first");
    outlook.delete(&ids[0]).await;
    world.mapping(&anna, json!({"address": anna.address, "confirm_mailbox": true})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, CALENDAR).await["subject"], "Stays", "nothing was moved, so the delete is proven");
    assert_eq!(outlook.count(Folder::Calendar), 1);
}

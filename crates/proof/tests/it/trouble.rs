//! Trouble with one mailbox: its own words, nobody else concerned, nothing deleted, and all well afterwards (rules E1, E7).

use crate::database::on_both;
use crate::outlook::{self, id, set, text, title};
use crate::world::{PASSWORD, Person, SERVICE, World};
use emulator::{Damage, Effect, FaultAction, MailboxState, Quirk, RequestInfo};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    every_trouble_has_its_own_words_and_concerns_one_user,
    a_damaged_item_goes_to_quarantine_alone_and_comes_out_when_it_is_mended,
    a_linked_item_that_breaks_deletes_nothing,
    a_record_whose_likeness_cannot_be_read_waits_alone,
    an_item_that_vanishes_between_listing_and_reading_is_left_until_it_can_be_read,
    illegal_characters_and_unknown_elements_do_not_keep_a_record_out,
    a_folder_of_several_pages_is_read_whole,
);

const CALENDAR: &str = "my_calendar";

/// Anna on a connection of her own to the server where Bob is too, both with linked records.
async fn two_apart() -> (World, Person, Person) {
    let world = World::new().await;
    world.connection_to_hq("own").await;
    let anna = world.hire("anna").await;
    let body = json!({"user": "anna", "connection": "own", "address": anna.address});
    world.made(&world.admin, "/api/admin/users", body).await;
    let bob = world.user("bob").await;
    for who in [&anna, &bob] {
        for n in 0..3 {
            world.appointment(who, &format!("Crm {n}"), "2026-09-28").await;
            let item = outlook::appointment(&format!("Pim {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
            world.outlook(who).make(Folder::Calendar, item).await;
        }
    }
    world.sync(&[&anna, &bob]).await;
    (world, anna, bob)
}

/// Every request of ours for Anna's mailbox is answered so.
fn instead(world: &World, who: &Person, action: FaultAction) {
    let address = who.address.clone();
    let hook = move |request: &RequestInfo| {
        let hers = request.account == SERVICE && request.mailbox.as_deref() == Some(address.as_str());
        hers.then(|| action.clone())
    };
    world.hq.on_request(Some(Arc::new(hook)));
}

fn answer(status: u16, content_type: &str, body: &str) -> FaultAction {
    FaultAction::Answer {
        status,
        content_type: content_type.to_owned(),
        body: body.as_bytes().to_vec(),
        effect: Effect::None,
    }
}

/// While Anna is in trouble: hers stands still on both sides, Bob's goes on. The words she is told.
async fn told(world: &World, anna: &Person, bob: &Person, round: usize) -> String {
    let before = (world.view(anna, CALENDAR).await.len(), world.outlook(anna).server_count());
    let record = world.appointment(anna, &format!("Waits {round}"), "2026-09-29").await;
    world.appointment(bob, &format!("Goes {round}"), "2026-09-29").await;
    for _ in 0..2 {
        let report = world.cycle(anna).await;
        assert_eq!((report.trouble.is_some(), report.writes()), (true, 0), "{round}");
    }
    world.sync(&[bob]).await;
    assert_eq!(world.outlook(bob).count(Folder::Calendar), 7 + round, "nobody else is concerned");
    let after = (world.view(anna, CALENDAR).await.len(), world.outlook(anna).server_count());
    assert_eq!(after, (before.0 + 1, before.1), "nothing is deleted or made");
    let status = world.status(anna).await;
    assert_eq!(status["state"], "trouble", "{status}");
    world.delete(anna, &format!("/api/crm/activities/{record}")).await;
    status["trouble"].as_str().expect("words").to_owned()
}

// E2, E7
async fn every_trouble_has_its_own_words_and_concerns_one_user() {
    let (world, anna, bob) = two_apart().await;
    let xml = "text/xml; charset=utf-8";
    let world = &world;
    let patch =
        |change| async move { world.done(&world.admin, "PATCH", "/api/admin/connections/own", Some(&change)).await };
    let url = world.get(&world.admin, "/api/admin/connections/own").await["url"].clone();
    let mut all = BTreeSet::new();
    let troubles = [
        ("down", "reached"),
        ("password", "password"),
        ("missing", "no mailbox"),
        ("login page", "web page"),
        ("cut", "cut off"),
        ("malformed", "not well-formed"),
        ("busy", "wait"),
        ("moving", "moved"),
    ];
    for (round, (name, words)) in troubles.into_iter().enumerate() {
        match name {
            "down" => drop(patch(json!({"url": nobody_listens().await})).await),
            "password" => drop(patch(json!({"password": "wrong"})).await),
            "missing" => world.hq.disable_mailbox(&anna.address).expect("there"),
            "login page" => instead(world, &anna, FaultAction::LoginPage),
            "cut" => instead(world, &anna, FaultAction::Truncate { keep: 400 }),
            "malformed" => instead(world, &anna, answer(200, xml, "<s:Envelope><s:Body></s:Bdy></s:Envelope>")),
            "busy" => instead(world, &anna, FaultAction::Busy { back_off_ms: 0 }),
            "moving" => world.hq.set_mailbox_state(&anna.address, MailboxState::Moving).expect("there"),
            other => panic!("{other}"),
        }
        let why = told(world, &anna, &bob, round).await;
        assert!(why.contains(words), "{name}: {why}");
        assert!(!why.contains(PASSWORD) && !why.contains("wrong"), "{name}: {why}");
        assert!(all.insert(why.clone()), "{name} has the words of another: {why}");
        world.hq.on_request(None);
        world.hq.set_mailbox_state(&anna.address, MailboxState::Active).expect("there");
        patch(json!({"url": url, "password": PASSWORD})).await;
    }
    world.sync(&[&anna, &bob]).await;
    let status = world.status(&anna).await;
    assert_eq!((&status["state"], &status["trouble"]), (&json!("ok"), &json!(null)));
    assert_eq!((world.view(&anna, CALENDAR).await.len(), world.outlook(&anna).count(Folder::Calendar)), (6, 6));
    assert_eq!(world.outlook(&anna).count(Folder::DeletedItems), 0);
}

// E1
async fn a_damaged_item_goes_to_quarantine_alone_and_comes_out_when_it_is_mended() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut items = Vec::new();
    for n in 0..3 {
        let item = outlook::appointment(&format!("Pim {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
        items.push(outlook.make(Folder::Calendar, item).await);
    }
    world.hq.damage_item(&anna.address, &items[1], Some(Damage::Corrupt)).expect("there");
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 2, "everything else proceeds");
    let rows = world.quarantine(&anna).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0]["reason"].as_str().expect("words").contains("damaged"), "{rows:?}");
    world.hq.damage_item(&anna.address, &items[1], None).expect("there");
    world.sync(&[&anna]).await;
    assert_eq!((world.view(&anna, CALENDAR).await.len(), world.quarantine(&anna).await.len()), (3, 0));
}

// E1
async fn a_linked_item_that_breaks_deletes_nothing() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let item = id(&outlook.only(Folder::Calendar).await);
    for damage in [Damage::Corrupt, Damage::Vanishing] {
        world.hq.damage_item(&anna.address, &item, Some(damage.clone())).expect("there");
        for _ in 0..3 {
            assert_eq!(world.cycle(&anna).await.trouble, None, "{damage:?}");
        }
        assert!(world.is_there(&anna, &format!("/api/crm/activities/{record}")).await, "{damage:?}");
        world.hq.damage_item(&anna.address, &item, None).expect("there");
        world.pass_s(3_600);
        world.sync(&[&anna]).await;
    }
    world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(title(&outlook.only(Folder::Calendar).await), "Plan B");
}

// E1, trap 163: an item that matches a record must be read before they are linked; while it cannot be, that record waits.
async fn a_record_whose_likeness_cannot_be_read_waits_alone() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let likeness = outlook.make(Folder::Contacts, outlook::contact("Ada", "Berg", "berg@out.test", &[])).await;
    world.sync(&[&anna]).await;
    world.hq.damage_item(&anna.address, &likeness, Some(Damage::Corrupt)).expect("there");
    let berg = world.listed(&anna, "Berg").await;
    world.listed(&anna, "Thal").await;
    for _ in 0..3 {
        assert_eq!(world.cycle(&anna).await.trouble, None, "nobody else waits");
    }
    assert_eq!(outlook.count(Folder::Contacts), 2, "the other came, and no second Berg was made");
    let path = format!("/api/admin/users/anna/explain?side=crm&kind=contact&record={berg}");
    let told = world.get(&world.admin, &path).await.to_string();
    assert!(told.contains("cannot be read now"), "{told}");
    world.hq.damage_item(&anna.address, &likeness, None).expect("there");
    world.sync(&[&anna]).await;
    assert_eq!(outlook.count(Folder::Contacts), 2, "found and adopted");
    assert!(world.cycle(&anna).await.is_quiet());
}

// E1
async fn an_item_that_vanishes_between_listing_and_reading_is_left_until_it_can_be_read() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = outlook::appointment("Ghost", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    let ghost = outlook.make(Folder::Calendar, item).await;
    let item = outlook::appointment("Ride", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    outlook.make(Folder::Calendar, item).await;
    world.hq.damage_item(&anna.address, &ghost, Some(Damage::Vanishing)).expect("there");
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, CALENDAR).await["subject"], "Ride");
    world.hq.damage_item(&anna.address, &ghost, None).expect("there");
    world.pass_s(3_600);
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 2);
}

// E1: what is odd but can be read is read.
async fn illegal_characters_and_unknown_elements_do_not_keep_a_record_out() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    world.hq.set_quirk(Quirk::IllegalCharacters, true);
    world.hq.set_quirk(Quirk::UnknownElements, true);
    let item = outlook::appointment("Ride", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")
        .with(Property::Body, outlook::plain("Bring a lamp"));
    let item = outlook.make(Folder::Calendar, item).await;
    let record = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let ride = world.only(&anna, CALENDAR).await;
    assert!(ride["body"].as_str().expect("a body").contains("Bring a lamp"), "{ride}");
    assert!(!ride["body"].as_str().expect("a body").contains('\u{1}'));
    outlook.edit(&item, vec![set(Property::Location, text("Lake"))]).await;
    world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, CALENDAR).await["location"], "Lake");
    assert_eq!(outlook.only(Folder::Contacts).await.text(Property::JobTitle), Some("Chief"));
    assert!(world.quarantine(&anna).await.is_empty());
}

// E1: more than one page of SyncFolderItems, which never tells more than 512 changes at once.
async fn a_folder_of_several_pages_is_read_whole() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let tasks: Vec<_> = (0..1_100).map(|n| outlook::task(&format!("Task {n}"), "2026-09-28")).collect();
    for some in tasks.chunks(100) {
        outlook.make_many(Folder::Tasks, some.to_vec()).await;
    }
    // Only what is read counts here: nothing of it comes in.
    world.settings(json!({"domains": {"task": {"category_required": true}}})).await;
    world.hq.reset_counters();
    let report = world.cycle(&anna).await;
    assert_eq!(report.trouble, None);
    let counts = world.hq.counters().mailboxes[&anna.address].clone();
    assert_eq!(counts.items_read, 1_100);
    assert!(counts.requests["SyncFolderItems"] >= 5, "three pages of tasks, and one each of the other folders");
    world.hq.reset_counters();
    let report = world.cycle(&anna).await;
    assert!(report.is_quiet());
    assert_eq!(world.hq.counters().mailboxes[&anna.address].items_read, 0);
}

async fn nobody_listens() -> String {
    let free = "127.0.0.1:0".parse().expect("an address");
    let (listener, address) = emulator::listen::bind(free).await.expect("a free port");
    drop(listener);
    format!("http://{address}/EWS/Exchange.asmx")
}

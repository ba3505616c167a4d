//! What became private where private ones are skipped is found nowhere any more (rule O8).

use crate::api::{appointment, berlin, id as id_of};
use crate::database::on_both;
use crate::outlook::{self, id, plain, set, text};
use crate::watch::Passes;
use crate::world::{Person, World};
use engine::port::Write;
use model::Side;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_record_that_became_private_is_found_in_no_file_of_ours,
    a_record_no_longer_private_is_filled_again,
    what_was_made_public_while_nothing_crossed_is_filled_from_the_mailbox_too,
    what_was_made_public_before_the_crm_answered_is_filled_from_the_mailbox_too,
    what_became_private_of_the_crms_own_stays_in_the_mailbox_through_a_lowered_level,
    an_undo_brings_back_no_word_that_stood_in_place_of_a_private_one,
    what_its_owner_makes_public_in_the_crm_is_public_in_every_mailbox,
);

/// A word that nobody else says.
const CANARY: &str = "zwitscherndeskanarienvoeglein";

/// The database files, logs and all, or the tables, that hold the word.
async fn holding(world: &World) -> Vec<String> {
    let word = CANARY.as_bytes();
    let holds = |bytes: &[u8]| bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    let dump = world.databases.dump().await;
    dump.into_iter().filter(|(_, bytes)| holds(bytes)).map(|(name, _)| name).collect()
}

// O8, W3
async fn a_record_that_became_private_is_found_in_no_file_of_ours() {
    let (world, anna, bob) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = outlook::appointment("Plan", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    let item = outlook.make(Folder::Calendar, item.with(Property::Location, text(CANARY))).await;
    world.sync(&[&anna, &bob]).await;
    let record = id_of(&world.only(&anna, "my_calendar").await);
    // Much of it has been said: in updates, in a conflict, in somebody else's copy.
    let people = json!([{"employee": bob.id}]);
    world.edit_activity(&anna, &record, json!({"body": CANARY, "people": people})).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&bob).count(Folder::Calendar), 1);
    world.edit_activity(&anna, &record, json!({"subject": format!("In the CRM {CANARY}")})).await;
    outlook.edit(&item, vec![set(Property::Subject, text(&format!("In Outlook {CANARY}")))]).await;
    world.sync(&[&anna, &bob]).await;
    assert!(!holding(&world).await.is_empty(), "it is there to be found");
    world.settings(json!({"domains": {"calendar": {"skip_private": true}}})).await;
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Private"))]).await;
    world.sync(&[&anna, &bob]).await;
    let reduced = world.read_activity(&anna, &record).await;
    assert_eq!((&reduced["subject"], &reduced["location"]), (&json!("Private"), &json!(null)));
    let bobs = world.outlook(&bob);
    assert_eq!((bobs.count(Folder::Calendar), bobs.count(Folder::DeletedItems)), (0, 1), "its people left it too");
    world.close().await;
    assert_eq!(holding(&world).await, Vec::<String>::new());
}

/// Anna's appointment, in sync, that became private while private ones are skipped; its item.
async fn made_private(world: &World, anna: &Person) -> String {
    world.settings(json!({"domains": {"calendar": {"skip_private": true}}})).await;
    let outlook = world.outlook(anna);
    let item = outlook::appointment("Plan", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    let item = outlook.make(Folder::Calendar, item.with(Property::Location, text("Room 1"))).await;
    world.sync(&[anna]).await;
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Private"))]).await;
    world.sync(&[anna]).await;
    item
}

// O8: cleared, the record is filled again from the mailbox.
async fn a_record_no_longer_private_is_filled_again() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = made_private(&world, &anna).await;
    let record = world.only(&anna, "my_calendar").await;
    assert_eq!((&record["subject"], &record["private"]), (&json!("Private"), &json!(true)));
    outlook.edit(&item, vec![set(Property::Subject, text("Doctor")), set(Property::Body, plain("At noon"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, "my_calendar").await["subject"], "Private", "what is said meanwhile stays there");
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, "my_calendar").await;
    assert_eq!((&record["subject"], &record["location"]), (&json!("Doctor"), &json!("Room 1")));
    assert_eq!((&record["body"], &record["private"]), (&json!("At noon"), &json!(false)));
    assert_eq!(id(&outlook.only(Folder::Calendar).await), item);
}

// O8, L6: the flag was cleared while the link slept for the level: what the CRM says in its place never goes over.
async fn what_was_made_public_while_nothing_crossed_is_filled_from_the_mailbox_too() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = made_private(&world, &anna).await;
    world.levels(&anna, json!({"calendar": "none"})).await;
    let record = id_of(&world.only(&anna, "my_calendar").await);
    world.edit_activity(&anna, &record, json!({"reminder": 40})).await;
    world.sync(&[&anna]).await;
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.levels(&anna, json!({"calendar": "full"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook::title(&outlook.only(Folder::Calendar).await), "Plan");
    let record = world.only(&anna, "my_calendar").await;
    assert_eq!((&record["subject"], &record["location"]), (&json!("Plan"), &json!("Room 1")));
}

// O8, E6: the answer of the write that reduced the record was lost, and the flag was cleared before anybody looked it up.
async fn what_was_made_public_before_the_crm_answered_is_filled_from_the_mailbox_too() {
    let (mut world, anna, _) = World::with_two().await;
    world.settings(json!({"domains": {"calendar": {"skip_private": true}}})).await;
    let outlook = world.outlook(&anna);
    let item = outlook::appointment("Plan", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    let item = outlook.make(Folder::Calendar, item.with(Property::Location, text("Room 1"))).await;
    world.sync(&[&anna]).await;
    let lost = Arc::new(AtomicBool::new(false));
    let once = Arc::clone(&lost);
    world.watch(Arc::new(move |_, side, write| {
        let reduces = side == Side::Crm && matches!(write, Write::Update(_)) && !once.swap(true, Ordering::SeqCst);
        Box::pin(async move { if reduces { Passes::Unanswered } else { Passes::Whole } })
    }));
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Private"))]).await;
    world.cycle(&anna).await;
    assert!(lost.load(Ordering::SeqCst));
    assert_eq!(world.only(&anna, "my_calendar").await["subject"], "Private");
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook::title(&outlook.only(Folder::Calendar).await), "Plan");
    let record = world.only(&anna, "my_calendar").await;
    assert_eq!((&record["subject"], &record["location"]), (&json!("Plan"), &json!("Room 1")));
}

// O8, L6: the record keeps the CRM's values, also after the level kept it asleep besides.
async fn what_became_private_of_the_crms_own_stays_in_the_mailbox_through_a_lowered_level() {
    let (world, anna, _) = World::with_two().await;
    world.settings(json!({"domains": {"calendar": {"skip_private": true}}})).await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let item = id(&outlook.only(Folder::Calendar).await);
    outlook
        .edit(&item, vec![set(Property::Sensitivity, text("Private")), set(Property::Subject, text("Doctor"))])
        .await;
    world.sync(&[&anna]).await;
    for level in ["none", "full", "import", "full"] {
        world.levels(&anna, json!({"calendar": level})).await;
        world.sync(&[&anna]).await;
        outlook.edit(&item, vec![set(Property::Location, text(level))]).await;
        world.sync(&[&anna]).await;
        let shown = world.read_activity(&anna, &record).await;
        assert_eq!((&shown["subject"], &shown["location"]), (&json!("Plan"), &json!(null)), "{level}");
    }
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Doctor");
}

// O8, W3: what stood in the CRM while the record was reduced is no value that goes back: it would go over to the mailbox.
async fn an_undo_brings_back_no_word_that_stood_in_place_of_a_private_one() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = made_private(&world, &anna).await;
    let record = id_of(&world.only(&anna, "my_calendar").await);
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna]).await;
    for (mut what, why) in [
        (json!({"record": record}), "does not hold"),
        (json!({"user": "anna", "since": "2026-09-21T08:00:00Z"}), "changed it since"),
    ] {
        what["do"] = json!(true);
        let done = world.made(&world.admin, "/api/admin/undo", what).await;
        assert_eq!(done["lines"].as_array().map(Vec::len), Some(0), "{done}");
        assert!(done["stays"].to_string().contains(why), "{done}");
        world.sync(&[&anna]).await;
        let kept = outlook.only(Folder::Calendar).await;
        assert_eq!((outlook::title(&kept), kept.text(Property::Location)), ("Plan", Some("Room 1")));
        assert_eq!(world.read_activity(&anna, &record).await["subject"], "Plan");
    }
    // What is written from then on is undone as ever.
    outlook.edit(&item, vec![set(Property::Location, text("Room 2"))]).await;
    world.sync(&[&anna]).await;
    world.made(&world.admin, "/api/admin/undo", json!({"record": record, "do": true})).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook.only(Folder::Calendar).await.text(Property::Location), Some("Room 1"));
}

// O8, C1: a record that was private in the CRM from the first; its flag in the mailbox was nobody's doing there.
async fn what_its_owner_makes_public_in_the_crm_is_public_in_every_mailbox() {
    let (world, anna, bob) = World::with_two().await;
    world.settings(json!({"domains": {"calendar": {"skip_private": true}}})).await;
    let mut body = appointment("Plan", "2026-09-28");
    body["private"] = json!(true);
    body["location"] = json!("Room 1");
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let (annas, bobs) = (world.outlook(&anna), world.outlook(&bob));
    assert_eq!(outlook::title(&bobs.only(Folder::Calendar).await), "Private");
    // Private or not, it is in step: who keeps it private is the CRM.
    world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
    let hers = id(&annas.only(Folder::Calendar).await);
    annas.edit(&hers, vec![set(Property::Body, plain("At noon"))]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(outlook::title(&annas.only(Folder::Calendar).await), "Plan B");
    assert_eq!(world.read_activity(&anna, &record).await["body"], "At noon");
    world.edit_activity(&anna, &record, json!({"private": false, "subject": "Plan"})).await;
    world.sync(&[&anna, &bob]).await;
    let shown = world.read_activity(&anna, &record).await;
    assert_eq!(
        [&shown["private"], &shown["subject"], &shown["location"]],
        [&json!(false), &json!("Plan"), &json!("Room 1")]
    );
    let hers = annas.only(Folder::Calendar).await;
    assert_eq!((hers.text(Property::Sensitivity), outlook::title(&hers)), (Some("Normal"), "Plan"));
    let his = bobs.only(Folder::Calendar).await;
    assert_eq!((outlook::title(&his), his.text(Property::Location)), ("Plan", Some("Room 1")));
    // It is a record like any other from then on.
    let moved = json!({"start": berlin("2026-09-29T10:00:00"), "end": berlin("2026-09-29T11:00:00")});
    world.edit_activity(&anna, &record, moved).await;
    annas.edit(&id(&hers), vec![set(Property::Location, text("Room 2"))]).await;
    world.sync(&[&anna, &bob]).await;
    let his = bobs.only(Folder::Calendar).await;
    assert_eq!(
        (outlook::at(&his, Property::Start).as_str(), his.text(Property::Location)),
        ("2026-09-29T08:00:00Z", Some("Room 2"))
    );
}

//! What became private where private ones are skipped is found nowhere any more (rule O8).

use crate::api::id as id_of;
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

//! What a server never tells of its changes is found by the inventory of its mailboxes (trap 22).

use crate::database::on_both;
use crate::outlook::{self, id, set, text, title};
use crate::world::{Person, World};
use emulator::Quirk;
use serde_json::json;
use std::collections::BTreeMap;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    what_a_server_never_told_of_is_found_by_the_next_inventory,
    an_inventory_of_an_unchanged_mailbox_reads_no_item_and_writes_nothing,
);

const HOUR_S: i64 = 3_600;

/// An hour's inventories, and a user with three linked appointments and an item that stays out.
async fn furnished() -> (World, Person) {
    let world = World::new().await;
    world.settings(json!({"inventory_interval_s": HOUR_S})).await;
    let anna = world.user("anna").await;
    for name in ["Changed", "Deleted", "Standing"] {
        world.appointment(&anna, name, "2026-09-28").await;
    }
    let outlook = world.outlook(&anna);
    outlook.make(Folder::Contacts, outlook::contact("Own", "Friend", "own@out.test", &[])).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook.count(Folder::Calendar), 3);
    (world, anna)
}

async fn in_the_crm(world: &World, anna: &Person) -> BTreeMap<String, String> {
    let word = |record: &serde_json::Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let records = world.view(anna, "my_calendar").await;
    records.iter().map(|record| (word(record, "subject"), word(record, "location"))).collect()
}

// trap 22, E4
async fn what_a_server_never_told_of_is_found_by_the_next_inventory() {
    let (world, anna) = furnished().await;
    let outlook = world.outlook(&anna);
    let before = in_the_crm(&world, &anna).await;
    let items = outlook.items(Folder::Calendar).await;
    let of = |name: &str| id(items.iter().find(|item| title(item) == name).expect("an item"));
    outlook.edit(&of("Changed"), vec![set(Property::Location, text("Room 1"))]).await;
    outlook.delete(&of("Deleted")).await;
    let new = outlook::appointment("New", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    outlook.make(Folder::Calendar, new).await;
    world.hq.set_quirk(Quirk::ChangesNotTold, true);
    world.cycle(&anna).await;
    world.hq.set_quirk(Quirk::ChangesNotTold, false);
    world.cycle(&anna).await;
    assert_eq!(in_the_crm(&world, &anna).await, before, "the server went on past all of it");
    world.pass_s(HOUR_S);
    world.sync(&[&anna]).await;
    let after = in_the_crm(&world, &anna).await;
    let expected = [("Changed", "Room 1"), ("New", ""), ("Standing", "")];
    assert_eq!(after, expected.map(|(name, place)| (name.to_owned(), place.to_owned())).into());
    // The changes go on where the inventory ended.
    outlook.edit(&of("Standing"), vec![set(Property::Location, text("Room 2"))]).await;
    world.cycle(&anna).await;
    assert_eq!(in_the_crm(&world, &anna).await["Standing"], "Room 2");
}

// trap 22, E4
async fn an_inventory_of_an_unchanged_mailbox_reads_no_item_and_writes_nothing() {
    let (world, anna) = furnished().await;
    // The first one after a link was made may find what its own writes left; the next have nothing to find.
    world.pass_s(HOUR_S);
    world.sync(&[&anna]).await;
    for _ in 0..3 {
        world.hq.reset_counters();
        world.pass_s(HOUR_S);
        let report = world.cycle(&anna).await;
        assert!(report.is_quiet(), "{report:?}");
        let counts = world.hq.counters();
        assert_eq!(counts.mailboxes[&anna.address].items_read, 0);
        assert!(counts.mailboxes[&anna.address].writes.is_empty());
        assert_eq!(counts.requests["SyncFolderItems"], 6, "the changes of each folder, and its inventory: {counts:?}");
    }
}

//! A copy of the store, and the way back to it.

use crate::world::{World, clock, link, observation};
use model::{Kind, Side};
use std::path::Path;
use store::{Seen, Settle, Store, StoreError, StoreOptions};

fn options(file: &Path) -> StoreOptions {
    StoreOptions { url: format!("sqlite:{}", file.display()), clock: clock().1 }
}

// trap 157
#[tokio::test]
async fn a_restored_copy_has_the_old_links_and_a_newer_epoch() {
    let world = World::sqlite().await;
    let (anna, lease) = world.mapped("anna").await;
    let first = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, Settle { links: vec![first.clone()], ..Settle::default() }).await;
    let seen = Seen { observations: vec![observation(Side::Pim, Kind::Contact, "p1", "v2")], ..Seen::default() };
    world.see(&lease, seen).await;
    let copy = world.folder().join("copy.db");
    world.store.backup(&copy).await.unwrap();
    let again = world.store.backup(&copy).await;
    assert!(matches!(again, Err(StoreError::Refused(_))), "a copy replaces nothing");

    // Work goes on after the copy.
    let second = link(&anna, "l2", Kind::Contact, "c2", "p2");
    world.settle(&lease, Settle { links: vec![second], ..Settle::default() }).await;
    world.store.close().await;

    let file = world.folder().join("store.db");
    let restored = Store::restore_backup(&copy, options(&file)).await.unwrap();
    assert_eq!(restored.links(&anna, None, None, 10).await.unwrap(), [first]);
    assert!(restored.work(&anna, Kind::Contact, None, 10).await.unwrap().is_empty());
    assert!(restored.epoch().await.unwrap() > 1);
    let close = Settle { close: vec!["x".into()], ..Settle::default() };
    let stale = restored.settle(&lease, &anna, crate::world::start(), &close).await;
    assert_eq!(stale, Err(StoreError::Fenced), "no cycle from before goes on");
    restored.close().await;

    let kept = Store::open(options(&world.folder().join("store.db.before-restore"))).await.unwrap();
    assert_eq!(kept.links(&anna, None, None, 10).await.unwrap().len(), 2, "what was there is kept");
    kept.close().await;
    assert!(copy.exists());
    assert!(!world.folder().join("copy.db.checking").exists());
}

#[tokio::test]
async fn a_copy_restores_to_a_machine_that_had_nothing() {
    let world = World::sqlite().await;
    let anna = world.map("anna").await;
    let copy = world.folder().join("copy.db");
    world.store.backup(&copy).await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let restored = Store::restore_backup(&copy, options(&elsewhere.path().join("new.db"))).await.unwrap();
    assert!(restored.pairing(&anna).await.unwrap().is_some());
    restored.close().await;
    world.close().await;
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_serve_or_from_a_broken_copy() {
    let world = World::sqlite().await;
    let anna = world.map("anna").await;
    let (file, copy) = (world.folder().join("store.db"), world.folder().join("copy.db"));
    world.store.backup(&copy).await.unwrap();
    let claim = world.store.claim_serve("one").await.unwrap();
    let refused = Store::restore_backup(&copy, options(&file)).await;
    assert!(matches!(refused, Err(StoreError::ServeRunning { .. })), "{refused:?}");
    drop(claim);

    let bytes = std::fs::read(&copy).unwrap();
    let broken = world.folder().join("broken.db");
    std::fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
    let text = world.folder().join("text.db");
    std::fs::write(&text, "this is no database, only a text that is long enough to be looked at as one").unwrap();
    let empty = world.folder().join("empty.db");
    std::fs::write(&empty, "").unwrap();
    for wrong in [broken, text, empty, world.folder().join("missing.db")] {
        let refused = Store::restore_backup(&wrong, options(&file)).await;
        assert!(refused.is_err(), "{}", wrong.display());
    }
    assert!(world.store.pairing(&anna).await.unwrap().is_some(), "the store is as it was");
    assert!(!world.folder().join("store.db.before-restore").exists());
    world.close().await;
}

#[tokio::test]
async fn postgres_and_memory_say_how_they_are_copied() {
    let memory = World::memory().await;
    let target = tempfile::tempdir().unwrap();
    let to = target.path().join("copy.db");
    assert!(matches!(memory.store.backup(&to).await, Err(StoreError::Refused(_))));
    let url = "postgres://localhost/x".to_owned();
    let refused = Store::restore_backup(&to, StoreOptions { url, clock: clock().1 }).await.unwrap_err();
    assert!(refused.to_string().contains("pg_restore"), "{refused}");
    let Some(postgres) = World::postgres().await else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    let refused = postgres.store.backup(&to).await.unwrap_err();
    assert!(refused.to_string().contains("pg_dump"), "{refused}");
    assert!(!to.exists());
    postgres.close().await;
}

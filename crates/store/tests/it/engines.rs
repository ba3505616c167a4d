//! What one engine alone does: durability, one serve, snapshots, and that every engine runs the whole contract.

use crate::contract;
use crate::world::{World, clock, link, pairing, postgres_server, start};
use model::Kind;
use std::collections::BTreeSet;
use store::{Settle, Store, StoreError, StoreOptions};

#[tokio::test]
async fn every_engine_runs_the_whole_contract() {
    let names = contract::names();
    assert!(names.len() >= 60, "{}", names.len());
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "a name stands twice");
    println!("contract: memory {0}, sqlite {0}", names.len());
    let Some(server) = postgres_server() else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
    let version: String = sqlx::query_scalar("SELECT version()").fetch_one(&mut connection).await.unwrap();
    println!("contract: postgres {} on {version}", names.len());
}

// decision 15
#[tokio::test]
async fn a_commit_is_on_the_disk_before_it_is_answered() {
    let sqlite = World::sqlite().await;
    assert_eq!(sqlite.store.durability().await.unwrap(), "2 wal");
    assert_eq!(sqlite.store.engine_name(), "sqlite");
    sqlite.close().await;
    let Some(postgres) = World::postgres().await else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    assert_eq!(postgres.store.durability().await.unwrap(), "on");
    assert_eq!(postgres.store.engine_name(), "postgres");
    postgres.close().await;
}

#[tokio::test]
async fn a_second_serve_on_one_file_is_refused_with_its_reason() {
    let world = World::sqlite().await;
    let url = format!("sqlite:{}", world.folder().join("store.db").display());
    let other = Store::open(StoreOptions { url, clock: clock().1 }).await.unwrap();
    let claim = world.store.claim_serve("one").unwrap();
    let refused = other.claim_serve("two").unwrap_err();
    assert_eq!(refused, StoreError::ServeRunning { since: Some(start()) });
    let told = refused.to_string();
    assert!(told.contains("another serve") && told.contains("2026-03-02"), "{told}");
    drop(claim);
    let claim = other.claim_serve("two").unwrap();
    assert!(world.store.claim_serve("one").is_err());
    drop(claim);
    other.close().await;
    world.close().await;
}

#[tokio::test]
async fn a_serve_in_memory_is_one_too() {
    let world = World::memory().await;
    let claim = world.store.claim_serve("one").unwrap();
    assert!(world.store.clone().claim_serve("two").is_err());
    drop(claim);
    world.store.claim_serve("two").unwrap();
}

#[tokio::test]
async fn many_nodes_serve_one_postgres() {
    let Some(world) = World::postgres().await else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    let claims = [world.store.claim_serve("one"), world.store.claim_serve("two")];
    assert!(claims.iter().all(Result::is_ok));
    world.close().await;
}

#[tokio::test]
async fn a_snapshot_brings_memory_back_to_what_it_was() {
    let world = World::memory().await;
    let (anna, lease) = world.mapped("anna").await;
    let before = world.store.snapshot().unwrap();
    let row = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, Settle { links: vec![row], ..Settle::default() }).await;
    let after = world.store.snapshot().unwrap();
    world.store.restore(&before).unwrap();
    assert!(world.store.links(&anna, None, None, 10).await.unwrap().is_empty());
    assert_eq!(world.store.pairing(&anna).await.unwrap(), Some(pairing("anna")));
    world.store.restore(&after).unwrap();
    assert_eq!(world.store.links(&anna, None, None, 10).await.unwrap().len(), 1);

    let sqlite = World::sqlite().await;
    assert!(sqlite.store.snapshot().is_none());
    assert!(matches!(sqlite.store.restore(&before), Err(StoreError::Refused(_))));
    sqlite.close().await;
}

/// Where the clock is ours, a lease ends when it says so.
#[tokio::test]
async fn a_lease_ends_by_the_injected_clock() {
    for world in [World::memory().await, World::sqlite().await] {
        let take = async || world.store.take_lease("x", "two", 1_000, 500).await.unwrap();
        let lease = world.store.take_lease("x", "one", 1_000, 0).await.unwrap().unwrap();
        let at = |ms| start().checked_add(jiff::SignedDuration::from_millis(ms)).unwrap();
        assert_eq!(lease.until, at(1_000));
        world.set_clock(at(1_499));
        assert_eq!(take().await, None);
        world.set_clock(at(1_500));
        assert_eq!(take().await.unwrap().until, at(2_500));
        world.close().await;
    }
}

/// PostgreSQL's clock counts, whatever a node believes.
#[tokio::test]
async fn a_lease_on_postgres_does_not_ask_the_node_for_the_time() {
    let Some(world) = World::postgres().await else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    world.store.take_lease("x", "one", 60_000, 0).await.unwrap().unwrap();
    world.set_clock("2999-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(world.store.take_lease("x", "two", 60_000, 0).await.unwrap(), None);
    world.close().await;
}

#[tokio::test]
async fn an_address_of_no_engine_is_refused() {
    for url in ["", "sqlite:", "mysql://x", "store.db"] {
        let refused = Store::open(StoreOptions { url: url.into(), clock: clock().1 }).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{url}");
    }
    let options = StoreOptions { url: "postgres://u:secret@127.0.0.1/x".into(), clock: clock().1 };
    assert_eq!(format!("{options:?}"), "StoreOptions(postgres)");
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("no").join("such").join("store.db").display());
    let missing = Store::open(StoreOptions { url, clock: clock().1 }).await;
    assert!(matches!(missing, Err(StoreError::Unavailable(_))), "{missing:?}");
}

// invariant 9
#[test]
fn what_is_printed_of_a_row_shows_no_address_and_no_secret() {
    let anna = store::Pairing { id: model::PairingId::new("p1"), user: model::UserId::new("u1"), ..pairing("anna") };
    let change = store::PairingChange::Address(anna.address.clone());
    let hq = crate::world::connection("hq");
    let shown = format!("{anna:?} {change:?} {hq:?}");
    for hidden in ["anna@", "svc", "1, 2, 3"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(shown.contains("p1") && shown.contains("hq"), "{shown}");
}

//! What one engine alone does: durability, one serve, snapshots, and that every engine runs the whole contract.

use crate::contract;
use crate::world::{World, clock, intent, link, pairing, postgres_server, start};
use model::Kind;
use std::collections::BTreeSet;
use store::limits::CALL_MS;
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
    let claim = world.store.claim_serve("one").await.unwrap();
    let refused = other.claim_serve("two").await.unwrap_err();
    assert_eq!(refused, StoreError::ServeRunning { since: Some(start()) });
    let told = refused.to_string();
    assert!(told.contains("another serve") && told.contains("2026-03-02"), "{told}");
    drop(claim);
    let claim = other.claim_serve("two").await.unwrap();
    assert!(world.store.claim_serve("one").await.is_err());
    drop(claim);
    other.close().await;
    world.close().await;
}

#[tokio::test]
async fn a_serve_in_memory_is_one_too() {
    let world = World::memory().await;
    let claim = world.store.claim_serve("one").await.unwrap();
    assert!(world.store.clone().claim_serve("two").await.is_err());
    drop(claim);
    world.store.claim_serve("two").await.unwrap();
}

#[tokio::test]
async fn many_nodes_serve_one_postgres() {
    let Some(world) = World::postgres().await else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    let claims = [world.store.claim_serve("one").await, world.store.claim_serve("two").await];
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

/// A store opened once more, as another process opens it.
async fn opened_again(url: &str) -> Store {
    Store::open(StoreOptions { url: url.to_owned(), clock: clock().1 }).await.unwrap()
}

/// Pairings that `one` worked on when it died: Anna's with a write begun, Bob's without, and the reader's; `other` works on
/// Cleo's and lives.
async fn leases_of_two(one: &World, dying: &str, other: &Store) -> Vec<store::Lease> {
    let mut leases = Vec::new();
    for name in ["anna", "bob", "cleo"] {
        one.map(name).await;
    }
    for name in ["anna", "bob", "crm:crm"] {
        leases.push(one.store.take_lease(name, dying, 300_000, CALL_MS).await.unwrap().unwrap());
    }
    one.store.open_intent(&leases[0], &intent(&leases[0], "i1", None)).await.unwrap();
    other.take_lease("cleo", "other", 300_000, CALL_MS).await.unwrap().unwrap();
    leases
}

/// What the dead one held is free, where nothing may be under way at once; what the living one holds is not.
async fn only_the_dead_ones_leases_ended(world: &World, store: &Store, old: &[store::Lease]) {
    let take = async |name: &str| store.take_lease(name, "two", 300_000, CALL_MS).await.unwrap();
    for lease in old {
        assert_eq!(world.store.renew_lease(lease, 300_000).await, Err(StoreError::Fenced), "{}", lease.name);
    }
    let bobs = take("bob").await.expect("no write of his was under way");
    assert!(bobs.fence > old[1].fence);
    assert!(take("crm:crm").await.is_some());
    assert_eq!(take("cleo").await, None, "its holder lives");
    assert_eq!(take("anna").await, None, "what was sent may still arrive");
    let due = store.due(start(), 9).await.unwrap();
    assert!(due.iter().any(|id| id.as_str() == "anna"), "and she is tried again until it has");
}

// trap 160, decision 10
#[tokio::test]
async fn a_serve_that_follows_a_killed_one_waits_for_no_lease_of_its() {
    let world = World::sqlite().await;
    let url = format!("sqlite:{}", world.folder().join("store.db").display());
    let beside = opened_again(&url).await;
    let killed = world.store.claim_serve("one").await.unwrap();
    let old = leases_of_two(&world, "one", &beside).await;
    // The file's lock ends with the process; nothing else tells anybody.
    drop(killed);
    let next = opened_again(&url).await;
    let claim = next.claim_serve("two").await.unwrap();
    only_the_dead_ones_leases_ended(&world, &next, &old).await;
    let arrived = start().checked_add(jiff::SignedDuration::from_millis(5_000)).unwrap();
    let later =
        Store::open(StoreOptions { url: url.clone(), clock: std::sync::Arc::new(move || arrived) }).await.unwrap();
    let annas = later.take_lease("anna", "two", 300_000, CALL_MS).await.unwrap().expect("it has arrived by now");
    assert!(annas.fence > old[0].fence);
    drop(claim);
    for store in [beside, next, later] {
        store.close().await;
    }
    world.close().await;
}

// trap 161, decision 10
#[tokio::test]
async fn nodes_on_postgres_end_the_leases_of_one_whose_session_ended() {
    let Some(world) = World::postgres().await else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    let beside = opened_again(&world.url).await;
    // Locks are the server's: a name that no other test has.
    let old = leases_of_two(&world, &format!("dying on {}", world.url), &beside).await;
    assert_eq!(beside.end_leases_of_the_dead().await.unwrap(), 0, "both live");
    let next = opened_again(&world.url).await;
    let claim = next.claim_serve("two").await.unwrap();
    assert!(
        world.store.renew_lease(&old[0], 300_000).await.is_ok(),
        "a node that starts takes nothing from one that lives"
    );
    // A process that dies ends its sessions.
    world.store.close().await;
    let watching = opened_again(&world.url).await;
    assert_eq!(beside.end_leases_of_the_dead().await.unwrap(), 3);
    let mut world = world;
    world.store = watching;
    only_the_dead_ones_leases_ended(&world, &next, &old).await;
    drop(claim);
    beside.close().await;
    next.close().await;
    world.close().await;
}

// E3: who started the database after the server, or wrote another port, is told so and not that all connections are taken.
#[tokio::test]
async fn a_postgresql_that_is_not_there_is_told_as_such() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://syncline:secret-word@127.0.0.1:{port}/syncline");
    let opened = Store::open(StoreOptions { url, clock: clock().1 }).await;
    let Err(StoreError::Unavailable(why)) = opened else { panic!("opened") };
    assert!(why.contains("refused") && !why.contains("secret-word"), "{why}");
}

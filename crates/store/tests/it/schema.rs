//! The schema of every release so far is brought up to this one's, with what it held.

use crate::world::{World, clock, database_url, on_server, postgres_server};
use model::{Kind, Side};
use sqlx::{Connection as _, Executor as _};
use store::{HeldFilter, HistoryFilter, Store, StoreError, StoreOptions, Whose};

/// A database of each released schema, as SQL that both engines read: its tables and a little of everything in them.
const RELEASED: &[(i64, &str, &str)] = &[
    (1, include_str!("../../migrations/0001_first.sql"), include_str!("../fixtures/schema_0001.sql")),
    (2, include_str!("../../migrations/0002_schedule.sql"), include_str!("../fixtures/schema_0002.sql")),
    (3, include_str!("../../migrations/0003_away.sql"), include_str!("../fixtures/schema_0003.sql")),
    (4, include_str!("../../migrations/0004_beat.sql"), include_str!("../fixtures/schema_0004.sql")),
    (5, include_str!("../../migrations/0005_push.sql"), include_str!("../fixtures/schema_0005.sql")),
    (6, include_str!("../../migrations/0006_latency.sql"), include_str!("../fixtures/schema_0006.sql")),
    (7, include_str!("../../migrations/0007_hash.sql"), include_str!("../fixtures/schema_0007.sql")),
    (8, include_str!("../../migrations/0008_narrow.sql"), include_str!("../fixtures/schema_0008.sql")),
    (9, include_str!("../../migrations/0009_inventory.sql"), include_str!("../fixtures/schema_0009.sql")),
];

/// The migrations table as the schema's tool leaves it.
fn applied(version: i64) -> String {
    let source = sqlx::migrate!("./migrations");
    let step = source.iter().find(|step| step.version == version).expect("a released migration is never removed");
    let sum: String = step.checksum.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{version}|{}|{sum}", step.description)
}

fn table(binary: &str) -> String {
    format!(
        "CREATE TABLE sync_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL \
         DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum {binary} NOT NULL, execution_time BIGINT NOT NULL);"
    )
}

/// The text that makes a released database: every schema up to it, then its rows.
fn script(version: i64, binary: &str, literal: fn(&str) -> String) -> String {
    let mut text = table(binary);
    for (released, schema, _) in RELEASED.iter().filter(|(released, _, _)| *released <= version) {
        let applied = applied(*released);
        let mut parts = applied.splitn(3, '|');
        let (number, description, sum) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        text += schema;
        text += &format!(
            "INSERT INTO sync_migrations (version, description, success, checksum, execution_time) VALUES ({number}, '{description}', TRUE, {}, 1);",
            literal(sum)
        );
    }
    text + RELEASED.iter().find(|(released, _, _)| *released == version).expect("released").2
}

async fn holds_what_it_held(store: &Store, version: i64) {
    store.check_schema().await.unwrap();
    let anna = model::PairingId::new("anna");
    let pairing = store.pairing(&anna).await.unwrap().unwrap();
    assert_eq!(pairing.address, "Anna@crm.test");
    assert!(pairing.state.first_done);
    assert_eq!(store.settings().await.unwrap().generation, 4);
    assert_eq!(store.settings().await.unwrap().interval_s, 30);
    assert_eq!(store.connection("hq").await.unwrap().unwrap().secret, [1, 2, 3]);
    assert_eq!(store.epoch().await.unwrap(), 7);
    let links = store.links(&anna, None, None, 10).await.unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].crm.base.len(), 1);
    let work = store.work(&anna, Kind::Contact, None, 10).await.unwrap();
    assert_eq!(work.len(), 1);
    assert!(work[0].link.is_some() && work[0].pim.is_some());
    assert_eq!(store.cursors(&anna).await.unwrap().len(), 1);
    assert_eq!(store.strangers(&anna, None, None, 10).await.unwrap().len(), 1);
    let hashes = ["h2".to_owned()];
    assert_eq!(store.candidates(&anna, Kind::Contact, Side::Pim, &hashes, 10).await.unwrap().len(), 1);
    assert_eq!(store.intents(&anna, None, 10).await.unwrap().len(), 1);
    assert!(store.late(&anna, "k1").await.unwrap().is_some());
    assert_eq!(store.held(&HeldFilter::default(), None, 10).await.unwrap().len(), 1);
    assert_eq!(store.quarantine(None, None, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.history(&HistoryFilter::default(), None, 10).await.unwrap().len(), 1);
    assert_eq!(store.counts(&Whose::All, jiff::Timestamp::UNIX_EPOCH).await.unwrap().len(), 1);
    assert_eq!(store.brakes().await.unwrap().len(), 1);
    let away = store.away(&anna, Kind::Contact, &model::RecordId::new("c7")).await.unwrap();
    assert_eq!(away.is_some(), version >= 3);
    let awaited = store.awaited(&anna, Kind::Appointment, &model::RecordId::new("p8")).await.unwrap();
    assert_eq!(awaited.is_some(), version >= 3);
    let beat = jiff::Timestamp::from_microsecond(1_772_442_000_000_000).unwrap();
    assert_eq!(pairing.state.last_success == Some(beat), version >= 4);
    assert_eq!(pairing.state.push.pushed, version >= 5);
    assert_eq!(store.connection("hq").await.unwrap().unwrap().push, version < 5);
    let latencies = store.latencies(jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(latencies.count(store::latency::Part::Whole, Side::Pim), if version >= 6 { 3 } else { 0 });
    // And it is written to.
    let lease = store.take_lease("anna", "node", 60_000, 0).await.unwrap().unwrap();
    assert_eq!(lease.fence, 6);
    let mut link = links[0].clone();
    link.write_no += 1;
    let settle = store::Settle { links: vec![link.clone()], ..store::Settle::default() };
    store.settle(&lease, &anna, crate::world::start(), &settle).await.unwrap();
    assert_eq!(store.link(&link.id).await.unwrap(), Some(link));
}

#[tokio::test]
async fn every_released_sqlite_schema_is_brought_up() {
    for (version, _, _) in RELEASED {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("old.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut old = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let text = script(*version, "BLOB", |sum| format!("x'{sum}'"));
        old.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await.unwrap();
        old.close().await.unwrap();
        let url = format!("sqlite:{}", file.display());
        let store = Store::open(StoreOptions { url, clock: clock().1 }).await.unwrap();
        assert_eq!(store.schema_version().await.unwrap(), *version);
        store.migrate().await.unwrap();
        holds_what_it_held(&store, *version).await;
        store.migrate().await.unwrap();
        store.close().await;
    }
}

#[tokio::test]
async fn every_released_postgres_schema_is_brought_up() {
    let Some(server) = postgres_server() else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    for (version, _, _) in RELEASED {
        let name = format!("store_schema_{}_{version}", std::process::id());
        on_server(&server, format!("DROP DATABASE IF EXISTS {name}")).await;
        on_server(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let url = database_url(&server, &name);
        let mut old = sqlx::PgConnection::connect(&url).await.unwrap();
        let text = script(*version, "BYTEA", |sum| format!("'\\x{sum}'"));
        old.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await.unwrap();
        old.close().await.unwrap();
        let store = Store::open(StoreOptions { url, clock: clock().1 }).await.unwrap();
        assert_eq!(store.schema_version().await.unwrap(), *version);
        store.migrate().await.unwrap();
        holds_what_it_held(&store, *version).await;
        store.close().await;
        on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

#[tokio::test]
async fn a_schema_of_another_version_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let url = format!("sqlite:{}", file.display());
    let store = Store::open(StoreOptions { url, clock: clock().1 }).await.unwrap();
    let known = World::memory().await.store.schema_version().await.unwrap();
    assert_eq!(store.check_schema().await, Err(StoreError::SchemaOlder { found: 0, known }));
    store.migrate().await.unwrap();
    store.check_schema().await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
    let mut newer = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let text = "INSERT INTO sync_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 1)";
    newer.execute(text).await.unwrap();
    newer.close().await.unwrap();
    let refused = StoreError::SchemaNewer { found: 9999, known };
    assert_eq!(store.check_schema().await, Err(refused.clone()));
    assert_eq!(store.migrate().await, Err(refused));
    store.close().await;
}

#[tokio::test]
async fn the_last_released_schema_has_its_fixture() {
    let newest = World::memory().await.store.schema_version().await.unwrap();
    assert_eq!(RELEASED.last().map(|(version, _, _)| *version), Some(newest));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_bring_the_schema_up_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut urls = vec![format!("sqlite:{}", folder.path().join("store.db").display())];
    let server = postgres_server();
    let name = format!("store_together_{}", std::process::id());
    match &server {
        Some(server) => {
            on_server(server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
            urls.push(database_url(server, &name));
        }
        None => println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server"),
    }
    for url in urls {
        let mut nodes = Vec::new();
        for _ in 0..4 {
            nodes.push(Store::open(StoreOptions { url: url.clone(), clock: clock().1 }).await.unwrap());
        }
        let migrations = nodes.iter().cloned().map(|node| tokio::spawn(async move { node.migrate().await }));
        for done in migrations.collect::<Vec<_>>() {
            done.await.unwrap().unwrap();
        }
        for node in nodes {
            node.check_schema().await.unwrap();
            node.close().await;
        }
    }
    if let Some(server) = server {
        on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

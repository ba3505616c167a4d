//! An empty store of each engine with two connections, and rows to fill it with.

use jiff::Timestamp;
use model::settings::UserSettings;
use model::{
    CrmId, Domain, End, Facts, Field, Fields, FolderId, Form, Kind, Link, LinkId, PairingId, Path, Record, RecordId,
    Seen as Look1, Side, UserId, Value, Version,
};
use sqlx::Connection as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use store::{
    ClockFn, Connection, Ended, Held, HeldKind, History, Intent, IntentKind, Lease, Observation, Pairing, PairingState,
    Quarantine, Seen, Settle, Store, StoreOptions, Stranger,
};

/// Runs each named test of a file on every engine.
macro_rules! on_every_engine {
    ($($name:ident),* $(,)?) => {
        /// The tests of this file, for the count.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
        mod memory {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(&crate::world::World::memory().await).await;
                }
            )*
        }
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    let world = crate::world::World::sqlite().await;
                    super::$name(&world).await;
                    world.close().await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    let Some(world) = crate::world::World::postgres().await else {
                        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
                        return;
                    };
                    super::$name(&world).await;
                    world.close().await;
                }
            )*
        }
    };
}
pub(crate) use on_every_engine;

pub struct World {
    pub store: Store,
    /// Where the store is.
    pub url: String,
    clock: Arc<AtomicI64>,
    undo: Undo,
}

enum Undo {
    Nothing,
    Folder(tempfile::TempDir),
    Schema { server: String, name: String },
}

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// A Monday morning.
pub fn start() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

/// So many minutes after the start.
pub fn minute(minutes: i64) -> Timestamp {
    start().checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap()
}

/// A clock that stands until it is moved.
pub fn clock() -> (Arc<AtomicI64>, ClockFn) {
    let clock = Arc::new(AtomicI64::new(start().as_microsecond()));
    let hand = Arc::clone(&clock);
    (clock, Arc::new(move || Timestamp::from_microsecond(hand.load(Ordering::SeqCst)).unwrap()))
}

/// The server for tests, when there is one.
pub fn postgres_server() -> Option<String> {
    std::env::var("SYNCLINE_TEST_PG").ok()
}

/// The address of a database on the server that another address names.
pub fn database_url(server: &str, name: &str) -> String {
    let (base, query) =
        server.split_once('?').map_or((server, String::new()), |(base, query)| (base, format!("?{query}")));
    let host = base.find("://").map_or(0, |at| at + 3);
    let end = base[host..].find('/').map_or(base.len(), |slash| host + slash);
    format!("{}/{name}{query}", &base[..end])
}

pub async fn on_server(server: &str, statement: String) {
    let mut connection = sqlx::PgConnection::connect(server).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl World {
    pub async fn memory() -> World {
        World::on("memory".into(), Undo::Nothing).await
    }

    pub async fn sqlite() -> World {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        World::on(url, Undo::Folder(folder)).await
    }

    pub async fn postgres() -> Option<World> {
        let server = postgres_server()?;
        let number = SCHEMAS.fetch_add(1, Ordering::SeqCst);
        let name = format!("store_contract_{}_{number}", std::process::id());
        on_server(&server, format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await;
        on_server(&server, format!("CREATE SCHEMA {name}")).await;
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-c%20search_path%3D{name}");
        Some(World::on(url, Undo::Schema { server, name }).await)
    }

    async fn on(url: String, undo: Undo) -> World {
        let (clock, hand) = clock();
        let kept = url.clone();
        let store = Store::open(StoreOptions { url, clock: hand }).await.unwrap();
        store.migrate().await.unwrap();
        for name in ["hq", "branch"] {
            store.put_connection(&connection(name)).await.unwrap();
        }
        World { store, url: kept, clock, undo }
    }

    /// Moves the clock of leases, where it is ours.
    pub fn set_clock(&self, at: Timestamp) {
        self.clock.store(at.as_microsecond(), Ordering::SeqCst);
    }

    /// The folder of a SQLite store.
    pub fn folder(&self) -> &std::path::Path {
        match &self.undo {
            Undo::Folder(folder) => folder.path(),
            Undo::Nothing | Undo::Schema { .. } => panic!("only SQLite has a folder"),
        }
    }

    pub async fn close(self) {
        self.store.close().await;
        match self.undo {
            Undo::Nothing | Undo::Folder(_) => {}
            Undo::Schema { server, name } => {
                on_server(&server, format!("DROP SCHEMA {name} CASCADE")).await;
            }
        }
    }

    /// Maps a user called as his pairing.
    pub async fn map(&self, name: &str) -> PairingId {
        self.store.add_pairing(&pairing(name)).await.unwrap()
    }

    /// The lease of a pairing, for a minute.
    pub async fn lease(&self, pairing: &PairingId) -> Lease {
        let taken = self.store.take_lease(pairing.as_str(), "node", 60_000, 0).await.unwrap();
        taken.expect("nobody holds it")
    }

    /// A mapped user and his lease.
    pub async fn mapped(&self, name: &str) -> (PairingId, Lease) {
        let id = self.map(name).await;
        let lease = self.lease(&id).await;
        (id, lease)
    }

    pub async fn see(&self, lease: &Lease, seen: Seen) {
        self.store.save_seen(lease, &PairingId::new(lease.name.as_str()), &seen).await.unwrap();
    }

    pub async fn settle(&self, lease: &Lease, settle: Settle) {
        self.store.settle(lease, &PairingId::new(lease.name.as_str()), start(), &settle).await.unwrap();
    }

    pub async fn end(&self, lease: &Lease, state: PairingState) {
        let ended = Ended { state, mailbox: None };
        self.store.end_cycle(lease, &PairingId::new(lease.name.as_str()), &ended).await.unwrap();
    }
}

pub fn connection(name: &str) -> Connection {
    Connection {
        push: true,
        name: name.into(),
        kind: "ews".into(),
        url: format!("https://{name}.test/EWS/Exchange.asmx"),
        user: "svc".into(),
        secret: vec![1, 2, 3],
        impersonate: true,
        ca_file: None,
        folders: BTreeMap::from([(Kind::Contact, vec!["Customers".to_owned()])]),
        access: store::Access {
            sign_in: store::SignInKind::Oauth,
            delegate: false,
            token_url: Some("https://login.test/token".into()),
            scope: Some("https://mail.test/.default".into()),
            password_ends: Some(minute(90)),
            calls_at_once: Some(5),
            find_by: Some("anna@hq.test".into()),
            find_hosts: vec!["mail.hq.test".into()],
            found_at: Some(minute(80)),
            moved_from: Some("https://old.crm.test/EWS/Exchange.asmx".to_owned()),
        },
    }
}

pub fn pairing(name: &str) -> Pairing {
    Pairing {
        id: PairingId::new(name),
        crm: crm(),
        user: UserId::new(format!("user-{name}")),
        connection: "hq".into(),
        address: format!("{name}@crm.test"),
        mailbox: None,
        root: None,
        enabled: true,
        settings: UserSettings::default(),
        state: PairingState::default(),
    }
}

pub fn crm() -> CrmId {
    CrmId::new("crm")
}

pub fn rid(text: &str) -> RecordId {
    RecordId::new(text)
}

pub fn record(kind: Kind, id: &str, version: &str) -> Record {
    let fields = Fields::from([
        (Path::of(Field::FirstName), Value::text("Ännä \u{0} \"x\"")),
        (Path::of(Field::Nickname), Value::Null),
        (Path::occurrence("2026-03-09T10:00:00".parse().unwrap(), Field::Subject), Value::text("moved")),
    ]);
    Record { kind, id: rid(id), version: Version::new(version), fields, facts: Facts::default() }
}

pub fn observation(side: Side, kind: Kind, id: &str, version: &str) -> Observation {
    Observation {
        side,
        kind,
        id: rid(id),
        version: Version::new(version),
        seen: Look1::Present(Arc::new(record(kind, id, version))),
        hashes: vec![format!("hash-of-{id}")],
        at: start(),
    }
}

pub fn stranger(side: Side, kind: Kind, id: &str, reason: &str) -> Stranger {
    Stranger {
        side,
        kind,
        id: rid(id),
        version: Version::new("s1"),
        hashes: vec![format!("hash-of-{id}")],
        reason: reason.into(),
    }
}

pub fn quarantined(side: Side, kind: Kind, id: &str) -> Quarantine {
    Quarantine {
        side,
        kind,
        id: rid(id),
        versions: (Some(Version::new("q1")), None),
        reason: "the server refused it".into(),
        since: start(),
    }
}

pub fn link(pairing: &PairingId, id: &str, kind: Kind, crm: &str, pim: &str) -> Link {
    let end = |id: &str| End { id: rid(id), version: Version::new("v1"), base: record(kind, id, "v1").fields };
    Link {
        id: LinkId::new(id),
        pairing: pairing.clone(),
        kind,
        domain: kind.domains()[0],
        crm: end(crm),
        pim: end(pim),
        folder: Some(FolderId::new("folder")),
        born: Side::Crm,
        form: Form::Own,
        mark_key: format!("mark-{id}"),
        write_no: 3,
        global_id: Some("040000".into()),
        sleep: None,
        bounced: BTreeMap::from([(Path::of(Field::FirstName), 2)]),
    }
}

pub fn intent(lease: &Lease, id: &str, shared_key: Option<&str>) -> Intent {
    Intent {
        id: id.into(),
        pairing: PairingId::new(lease.name.as_str()),
        fence: lease.fence,
        side: Side::Crm,
        kind: Kind::Contact,
        what: IntentKind::Create,
        target: None,
        source: Some(rid("pim-1")),
        link: None,
        shared_key: shared_key.map(ToOwned::to_owned),
        domain: Domain::BusinessContact,
        form: Form::Own,
        mark: None,
        version: Some(Version::new("v1")),
        fields: Fields::from([(Path::of(Field::FirstName), Value::text("Anna"))]),
        result: None,
        at: start(),
    }
}

pub fn held(pairing: &PairingId, id: &str) -> Held {
    Held {
        id: id.into(),
        pairing: pairing.clone(),
        domain: Domain::BusinessContact,
        what: HeldKind::Conflict {
            link: LinkId::new("l1"),
            values: BTreeMap::from([(Path::of(Field::FirstName), (Some(Value::Null), None))]),
        },
        at: start(),
    }
}

pub fn line(pairing: &PairingId, cycle: &str, at: Timestamp) -> History {
    History {
        pairing: pairing.clone(),
        cycle: cycle.into(),
        at,
        domain: Domain::BusinessContact,
        side: Some(Side::Pim),
        what: "update".into(),
        crm: Some(rid("crm-1")),
        pim: Some(rid("pim-1")),
        before: BTreeMap::from([(Path::of(Field::FirstName), None)]),
        after: Fields::from([(Path::of(Field::FirstName), Value::text("Anna"))]),
        overruled: Fields::from([(Path::of(Field::LastName), Value::text("Old"))]),
        mark_key: None,
        form: None,
        by: None,
        note: "as the CRM says".into(),
    }
}

/// How a cycle ended well.
pub fn well(at: Timestamp) -> PairingState {
    let next = at.checked_add(jiff::SignedDuration::from_secs(60)).ok();
    PairingState { first_done: true, last_success: Some(at), last_cycle: Some(at), next, ..PairingState::default() }
}

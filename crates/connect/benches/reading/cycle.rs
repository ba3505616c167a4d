//! A first cycle that reads one mailbox onto a new SQLite file: the whole way from answers to stored observations.

use crate::items::{ANNA, Made, NOW, PASSWORD, SERVICE, URL, recognised};
use crate::played::{Played, Recorder};
use crate::spent::spent_ns;
use async_trait::async_trait;
use connect::crm::{CrmDirectory, CrmRemote};
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Answer, InProcess, Lost, Request, Transport};
use connect::sign_in::SignIn;
use crm::{Actor, Crm, EmployeeDraft, EmployeeId, Place};
use emulator::Emulator;
use engine::port::{Clock, Dice, Directory, Maps, Remote, Remotes, Trouble};
use engine::{Engine, EngineParts};
use jiff::Timestamp;
use model::{CrmId, Field, Kind, PairingId, Path, Side, UserId, Value};
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{Connection, Pairing, Store, StoreOptions};

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW.parse().expect("a time")
    }

    async fn sleep_ms(&self, _ms: u64) {
        std::future::pending().await
    }
}

struct Counting(AtomicU64);

impl Dice for Counting {
    fn roll(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

struct Ways {
    crm: Crm,
    mailbox: Arc<EwsConnection>,
}

#[async_trait]
impl Remotes for Ways {
    async fn open(&self, pairing: &Pairing, maps: Arc<Maps>) -> Result<(Box<dyn Remote>, Box<dyn Remote>), Trouble> {
        let crm = CrmRemote::new(self.crm.clone(), pairing.user.clone(), Arc::new(Still)).with_maps(Arc::clone(&maps));
        Ok((Box::new(crm), Box::new(self.mailbox.open(&pairing.address, maps))))
    }

    fn directory(&self, _crm: &CrmId) -> Arc<dyn Directory> {
        Arc::new(CrmDirectory::new(self.crm.clone()))
    }
}

/// A user with a mailbox, and what carries out its cycles; all of it is in files of a folder of its own.
struct Reading {
    engine: Engine,
    store: Store,
    pairing: PairingId,
    _files: tempfile::TempDir,
}

fn connection(transport: Arc<dyn Transport>) -> Arc<EwsConnection> {
    let account = Arc::new(SignIn::basic(SERVICE, SecretString::from(PASSWORD)));
    EwsConnection::new(transport, account, EwsSettings { impersonate: true, ..EwsSettings::new(URL) })
}

impl Reading {
    async fn through(transport: Arc<dyn Transport>, files: &std::path::Path) -> Self {
        let files = tempfile::tempdir_in(files).expect("a folder");
        let file = |name: &str| format!("sqlite:{}", files.path().join(name).display());
        let clock = Arc::new(|| Still.now());
        let store = Store::open(StoreOptions { url: file("store.db"), clock }).await.expect("a store");
        store.migrate().await.expect("tables");
        let crm = Crm::open(&Place::parse(&file("crm.db")).expect("a place"), Still.now()).await.expect("a CRM");
        let draft = EmployeeDraft {
            login: Some("anna".to_owned()),
            addresses: vec![ANNA.to_owned()],
            fields: [(Path::of(Field::LastName), Value::text("Adler"))].into(),
            ..EmployeeDraft::default()
        };
        let operator = Actor::administrator(EmployeeId::new("operator"), "bench");
        let anna = crm.create_employee(&operator, &draft, Still.now()).await.expect("an employee");
        let hq = Connection {
            name: "hq".to_owned(),
            kind: "ews".to_owned(),
            url: URL.to_owned(),
            user: SERVICE.to_owned(),
            secret: Vec::new(),
            impersonate: true,
            ca_file: None,
            folders: Default::default(),
            access: Default::default(),
            push: false,
        };
        store.put_connection(&hq).await.expect("a connection");
        let pairing = Pairing {
            id: PairingId::new("anna"),
            crm: CrmId::new("crm"),
            user: UserId::new(anna.id.as_str()),
            connection: "hq".to_owned(),
            address: ANNA.to_owned(),
            mailbox: None,
            root: None,
            enabled: true,
            settings: Default::default(),
            state: Default::default(),
        };
        let pairing = store.add_pairing(&pairing).await.expect("a pairing");
        let engine = Engine::new(EngineParts {
            store: store.clone(),
            remotes: Arc::new(Ways { crm, mailbox: connection(transport) }),
            clock: Arc::new(Still),
            dice: Arc::new(Counting(AtomicU64::new(1))),
            node: "bench".to_owned(),
            hash_key: [7; 32],
        });
        Self { engine, store, pairing, _files: files }
    }

    /// Reads until the tasks are asked for, which nobody answers: all before that is stored, and nothing is planned.
    async fn read(&self) {
        let report = Box::pin(self.engine.cycle(&self.pairing)).await.expect("a cycle");
        assert!(report.trouble.is_some_and(|why| why.contains("recorded") || why.contains("ends here")));
    }

    /// Every stored observation, compared with what was put into the mailbox.
    async fn compare(&self, made: Made, count: usize) {
        let (mut after, mut seen) = (None, BTreeSet::new());
        loop {
            let page = self.store.work(&self.pairing, made.kind(), after.as_ref(), 200).await.expect("observations");
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for work in page {
                // The CRM shows its employees, of whom the mailbox knows nothing.
                let Some(observed) = work.pim else { continue };
                assert_eq!(observed.side, Side::Pim);
                let model::Seen::Present(record) = observed.seen else { panic!("{} went", observed.id) };
                assert!(observed.id == record.id && observed.version == record.version);
                seen.insert(recognised(made, &record));
            }
        }
        assert_eq!(seen.len(), count, "every item is stored");
        assert_eq!(self.store.durability().await.expect("told"), "2 wal", "on the disk when it is answered");
    }
}

/// Has a first cycle read the mailbox in pages of a size, and keeps what was said.
pub async fn recorded(folder: &std::path::Path, made: Made, emulator: &Emulator, page: usize, count: usize) {
    let tasks = connection(Arc::new(direct(emulator))).open(ANNA, Arc::default()).folders(Kind::Task).await;
    let tasks = tasks.expect("folders").remove(0);
    let said = std::sync::Mutex::default();
    let recorder = Arc::new(Recorder { to: direct(emulator), page, not: tasks.as_str().to_owned(), said });
    let reading = Reading::through(recorder.clone(), folder).await;
    reading.read().await;
    reading.compare(made, count).await;
    recorder.keep(folder);
}

/// Plays back what was said; nanoseconds of processor time until all of it was stored.
pub async fn played(folder: &std::path::Path, made: Made, count: usize) -> u64 {
    let reading = Reading::through(Arc::new(Played::of(folder)), folder).await;
    let before = spent_ns();
    reading.read().await;
    let spent = spent_ns() - before;
    reading.compare(made, count).await;
    spent
}

fn direct(emulator: &Emulator) -> InProcess {
    let emulator = emulator.clone();
    InProcess(Arc::new(move |request: Request| {
        let emulator = emulator.clone();
        Box::pin(async move {
            let said = emulator.post(&request.url, &request.headers, request.body).await;
            let said = said.map_err(|unsaid| Lost::Unanswered(unsaid.to_string()))?;
            Ok(Answer { status: said.status, headers: said.headers, body: said.body })
        })
    }))
}

//! A server in memory with mailboxes, the connector to them, and a second client that plays the person at Outlook.

use async_trait::async_trait;
use connect::ews::{EwsConnection, EwsRemote, EwsSettings};
use connect::http::{Answer, InProcess, Lost, Request, Transport};
use connect::sign_in::SignIn;
use emulator::{Emulator, EmulatorOptions, FaultAction, Hook, MailboxSpec, RequestInfo};
use engine::port::{Create, Mail, Maps, Remote, Trouble, Update, Wanted, Write, Written};
use model::maps_ews::default_map;
use model::{Domain, Field, Fields, FolderId, Kind, MailboxId, Mark, Path, Record, RecordId, Seen, Value, Version};
use secrecy::SecretString;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use wire::ews::{self, Header, Item, ItemRef, Operation, Shape, prepare};
use wire::xml::Limits;

pub const ANNA: &str = "anna@crm.test";
pub const URL: &str = "http://127.0.0.1/EWS/Exchange.asmx";

/// A server with Anna's and Bob's mailboxes and a clock that moves a second with every look at it.
pub struct World {
    pub emulator: Emulator,
    pub connection: Arc<EwsConnection>,
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut EwsSettings)) -> Self {
        let now = Arc::new(AtomicI64::new(1_790_000_000));
        let clock = Arc::new(move || {
            jiff::Timestamp::from_second(now.fetch_add(1, Ordering::Relaxed)).expect("within the calendar")
        });
        let emulator = Emulator::new(EmulatorOptions::new(7, clock));
        for (address, name) in [(ANNA, "Anna Adler"), ("bob@crm.test", "Bob Brand")] {
            emulator.add_mailbox(MailboxSpec::user(address, name, "secret")).expect("a new address");
        }
        emulator.add_service_account("svc@crm.test", "secret");
        let mut settings = EwsSettings { impersonate: true, ..EwsSettings::new(URL) };
        change(&mut settings);
        let account = Arc::new(SignIn::basic("svc@crm.test", SecretString::from("secret")));
        let connection = EwsConnection::new(Arc::new(transport(&emulator)), account, settings);
        Self { emulator, connection }
    }

    /// The same server, met for the first time.
    pub fn again(world: &Self) -> Self {
        Self::by(world, transport(&world.emulator))
    }

    /// The same server, met for the first time, which lists no more than so many changes at once.
    pub fn listing(world: &Self, most: usize) -> Self {
        let server = transport(&world.emulator);
        let fewer = move |request: Request| {
            let of = |most: usize| format!("<m:MaxChangesReturned>{most}</m:MaxChangesReturned>");
            let body = String::from_utf8(request.body).expect("text").replace(&of(512), &of(most));
            (server.0)(Request { body: body.into_bytes(), ..request })
        };
        Self::by(world, InProcess(Arc::new(fewer)))
    }

    /// The same server, met for the first time by a way of its own.
    pub fn by(world: &Self, way: InProcess) -> Self {
        let settings = EwsSettings { impersonate: true, ..EwsSettings::new(URL) };
        let account = Arc::new(SignIn::basic("svc@crm.test", SecretString::from("secret")));
        let connection = EwsConnection::new(Arc::new(way), account, settings);
        Self { emulator: world.emulator.clone(), connection }
    }

    pub fn open(&self) -> EwsRemote {
        self.connection.open(ANNA, maps())
    }

    /// The next requests of this operation of ours are treated so, as long as the list lasts.
    pub fn trouble(&self, operation: &'static str, actions: Vec<FaultAction>) {
        let left = Mutex::new(actions);
        let hook = move |request: &RequestInfo| {
            let mut left = left.lock().expect("unpoisoned");
            (request.operation == operation && request.account == "svc@crm.test" && !left.is_empty())
                .then(|| left.remove(0))
        };
        self.emulator.on_request(Some(Arc::new(hook) as Hook));
    }

    /// What a person at Outlook does: any operation, signed in as Anna herself.
    pub async fn person<O: Operation>(&self, operation: O) -> O::Reply {
        let header = Header { version: ews::Version::default(), impersonation: None };
        let request = Request {
            url: URL.to_owned(),
            headers: vec![("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())],
            body: prepare(&header, &operation),
            deadline_ms: 1000,
            most: 1 << 26,
        };
        let anna = SignIn::basic(ANNA, SecretString::from("secret"));
        let answer = anna.send(&transport(&self.emulator), request).await.expect("answered");
        let parsed = ews::parse::<O>(&answer.body, Limits::default()).expect("an answer");
        parsed.only().expect("one result").unwrap_or_else(|refused| panic!("{refused}: {}", refused.message.0))
    }

    /// The same for many items at once, all of which must be served.
    pub async fn people<O: Operation>(&self, operation: O, count: usize) {
        let header = Header { version: ews::Version::default(), impersonation: None };
        let headers = vec![("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())];
        let (url, body) = (URL.to_owned(), prepare(&header, &operation));
        let anna = SignIn::basic(ANNA, SecretString::from("secret"));
        let request = Request { url, headers, body, deadline_ms: 1000, most: 1 << 26 };
        let answer = anna.send(&transport(&self.emulator), request).await.expect("answered");
        let parsed = ews::parse::<O>(&answer.body, Limits::default()).expect("an answer");
        let results = parsed.exactly(count).expect("one result each");
        assert!(results.iter().all(Result::is_ok));
    }

    /// The person makes an item.
    pub async fn makes(&self, folder: ews::DistinguishedFolder, item: Item) -> ews::ItemId {
        let made =
            self.person(ews::CreateItem { folder: folder.into(), items: vec![item], mail: ews::Mail::None }).await;
        made.first().expect("an item").id.expect("an id")
    }

    /// The person changes an item, whatever its version.
    pub async fn edits(&self, id: &str, kind: ews::ItemKind, fields: Vec<ews::FieldChange>) {
        let item = ItemRef::Item(ews::ItemId::of(id));
        let conflicts = ews::ConflictResolution::AlwaysOverwrite;
        let changes = vec![ews::ItemChange { item, kind, fields }];
        self.person(ews::UpdateItem { conflicts, mail: ews::Mail::None, changes }).await;
    }

    /// The item as the server has it.
    pub async fn raw(&self, id: &str, paths: impl IntoIterator<Item = ews::Path>) -> Item {
        let ids = vec![ItemRef::Item(ews::ItemId::of(id))];
        self.person(ews::GetItem { shape: Shape::of(paths).and_parent(), ids }).await.first().expect("an item")
    }

    pub fn count(&self, folder: &str) -> usize {
        self.emulator.items(ANNA, folder).expect("a folder").len()
    }

    pub fn requests(&self, operation: &str) -> u64 {
        self.emulator.counters().requests.get(operation).copied().unwrap_or(0)
    }
}

pub fn maps() -> Arc<Maps> {
    Arc::new(Domain::ALL.into_iter().map(|domain| (domain, default_map(domain))).collect())
}

/// The server, called in this process.
pub fn transport(emulator: &Emulator) -> InProcess {
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

/// A transport that fails before anything is sent.
pub struct Down;

#[async_trait]
impl Transport for Down {
    async fn call(&self, _: &Request) -> Result<Answer, Lost> {
        Err(Lost::NotSent("the server cannot be reached".to_owned()))
    }
}

pub fn mark(key: &str, write_no: u64) -> Mark {
    Mark { mailbox: MailboxId::new("mb"), epoch: 1, key: key.to_owned(), write_no }
}

pub fn fields(list: impl IntoIterator<Item = (Field, Value)>) -> Fields {
    list.into_iter().map(|(field, value)| (Path::of(field), value)).collect()
}

pub async fn folder(remote: &EwsRemote, kind: Kind) -> FolderId {
    remote.folders(kind).await.expect("folders").remove(0)
}

/// Everything in a folder, and the cursor after it.
pub async fn list(remote: &EwsRemote, kind: Kind) -> (Vec<Record>, String) {
    let folder = folder(remote, kind).await;
    let (mut records, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = remote.changes(kind, &folder, cursor.as_deref()).await.expect("a page");
        records.extend(page.records);
        cursor = Some(page.cursor);
        if !page.more {
            return (records, cursor.expect("just set"));
        }
    }
}

pub async fn seen(remote: &EwsRemote, kind: Kind, id: &RecordId, key: Option<&str>) -> Result<Seen, Trouble> {
    let wanted = Wanted { id: id.clone(), mark_key: key.map(str::to_owned), global_id: None };
    let mut answers = remote.get(kind, &[wanted]).await.expect("answers");
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].0, *id);
    answers.remove(0).1
}

/// A look whose trouble may be one id's or the whole call's.
pub async fn seen_raw(remote: &EwsRemote, kind: Kind, id: &RecordId) -> Result<Seen, Trouble> {
    remote.get(kind, &[Wanted::by_id(id.clone())]).await?.remove(0).1
}

pub async fn present(remote: &EwsRemote, kind: Kind, id: &RecordId) -> Record {
    match seen(remote, kind, id, None).await {
        Ok(Seen::Present(record)) => std::sync::Arc::unwrap_or_clone(record),
        other => panic!("not there: {other:?}"),
    }
}

pub fn create_of(domain: Domain, fields: Fields, key: &str) -> Write {
    let mark = mark(key, 1);
    let (folder, global_id, owner) = (None, None, None);
    Write::Create(Create {
        domain,
        folder,
        fields,
        mark,
        global_id,
        meeting: None,
        locked: false,
        owner,
        made_from: None,
        revive: None,
        mail: Mail::None,
    })
}

pub async fn create(remote: &EwsRemote, domain: Domain, fields: Fields, key: &str) -> Written {
    remote.write(&create_of(domain, fields, key)).await.expect("created")
}

pub fn update_of(domain: Domain, id: &RecordId, version: &Version, changes: Fields) -> Write {
    let (id, version) = (id.clone(), version.clone());
    let mark = Some(mark("k", 2));
    Write::Update(Update { domain, id, version, planned: None, changes, keep: Fields::new(), mark, mail: Mail::None })
}

pub async fn update(remote: &EwsRemote, domain: Domain, of: &Written, changes: Fields) -> Written {
    remote.write(&update_of(domain, &of.id, &of.version, changes)).await.expect("updated")
}

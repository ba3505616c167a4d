//! Makes the sync wrong on purpose, so that everybody can see the demonstration notice it. It bends the demonstration's own
//! remotes; nothing of it is in the product.

use async_trait::async_trait;
use clap::ValueEnum;
use engine::port::{
    Directory, FindBy, Identity, Inventory, Mail, Maps, Page, Remote, Remotes, Traced, Trouble, Update, Wanted, Write,
    Written,
};
use model::{
    Attendee, CrmId, Domain, Field, Fields, FolderId, Kind, Lens, MailboxId, PairingId, Path, People, Record, RecordId,
    Response, Role, Seen, Side, Value,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sabotage {
    /// An update is said to be done and is not.
    LostUpdate,
    /// A record is made twice.
    Duplicate,
    /// A write asks the server to send mail.
    Mail,
    /// A record is written though nothing changed.
    Echo,
    /// A read is answered with another user's record.
    Leak,
}

/// How often it goes wrong; once would do.
const TIMES: usize = 5;

/// The bend in the remotes; armed once the first cycles are through.
#[derive(Clone)]
pub struct Bend(Arc<State>);

struct State {
    how: Option<Sabotage>,
    armed: AtomicBool,
    times: AtomicUsize,
    seen: Mutex<BTreeMap<(PairingId, Kind), Record>>,
    leaked: Mutex<BTreeMap<(PairingId, RecordId), Record>>,
}

impl Bend {
    /// Nothing is bent without a sabotage.
    pub fn new(how: Option<Sabotage>) -> Bend {
        Bend(Arc::new(State {
            how,
            armed: AtomicBool::new(false),
            times: AtomicUsize::new(0),
            seen: Mutex::new(BTreeMap::new()),
            leaked: Mutex::new(BTreeMap::new()),
        }))
    }

    /// From now on it goes wrong.
    pub fn arm(&self) {
        self.0.armed.store(true, Ordering::Relaxed);
    }

    /// Bends remotes.
    pub fn around(&self, inner: Arc<dyn Remotes>) -> Arc<dyn Remotes> {
        match self.0.how {
            None => inner,
            Some(_) => Arc::new(Bent { inner, bend: self.clone() }),
        }
    }

    fn is(&self, how: Sabotage) -> bool {
        self.0.how == Some(how) && self.0.armed.load(Ordering::Relaxed)
    }

    /// Whether it goes wrong this time too.
    fn once_more(&self) -> bool {
        self.0.times.fetch_add(1, Ordering::Relaxed) < TIMES
    }

    fn remember(&self, pairing: &PairingId, record: &Record) {
        if self.0.how == Some(Sabotage::Leak) || self.0.how == Some(Sabotage::Echo) {
            let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (pairing.clone(), record.kind);
            if !seen.contains_key(&key) || record.is_private() {
                seen.insert(key, record.clone());
            }
        }
    }

    /// Another user's record of the same kind, if this one is to be answered with it: then it always is.
    fn instead_of(&self, pairing: &PairingId, record: &Record) -> Option<Record> {
        let key = (pairing.clone(), record.id.clone());
        let mut leaked = self.0.leaked.lock().unwrap_or_else(PoisonError::into_inner);
        if !leaked.contains_key(&key) && leaked.len() < TIMES {
            let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let other = seen
                .iter()
                .find(|((whose, kind), other)| whose != pairing && *kind == record.kind && other.id != record.id)
                .map(|(_, other)| other.clone());
            leaked.extend(other.map(|other| (key.clone(), other)));
        }
        leaked.get(&key).cloned()
    }

    fn own(&self, pairing: &PairingId, kind: Kind) -> Option<Record> {
        let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(pairing.clone(), kind)).cloned()
    }
}

struct Bent {
    inner: Arc<dyn Remotes>,
    bend: Bend,
}

#[async_trait]
impl Remotes for Bent {
    async fn open(
        &self,
        pairing: &store::Pairing,
        maps: Arc<Maps>,
    ) -> Result<(Box<dyn Remote>, Box<dyn Remote>), Trouble> {
        let (crm, pim) = self.inner.open(pairing, maps).await?;
        let bent = |inner| -> Box<dyn Remote> {
            Box::new(BentRemote { inner, pairing: pairing.id.clone(), bend: self.bend.clone() })
        };
        Ok((bent(crm), bent(pim)))
    }

    fn directory(&self, crm: &CrmId) -> Arc<dyn Directory> {
        self.inner.directory(crm)
    }
}

struct BentRemote {
    inner: Box<dyn Remote>,
    pairing: PairingId,
    bend: Bend,
}

impl BentRemote {
    fn is_on(&self, side: Side, how: Sabotage) -> bool {
        self.inner.side() == side && self.bend.is(how)
    }

    fn bends_writes(&self) -> bool {
        [Sabotage::LostUpdate, Sabotage::Duplicate, Sabotage::Mail].into_iter().any(|how| self.is_on(Side::Pim, how))
    }

    /// A write, bent.
    async fn write_bent(&self, write: &Write) -> Result<Written, Trouble> {
        match write {
            Write::Update(update)
                if self.is_on(Side::Pim, Sabotage::LostUpdate)
                    && !update.changes.is_empty()
                    && self.bend.once_more() =>
            {
                Ok(Written { id: update.id.clone(), version: update.version.clone(), other: None, partly: Vec::new() })
            }
            Write::Create(create) if self.is_on(Side::Pim, Sabotage::Duplicate) && self.bend.once_more() => {
                let written = self.inner.write(write).await?;
                let mut again = create.clone();
                again.mark.key.push_str("-again");
                self.inner.write(&Write::Create(again)).await?;
                Ok(written)
            }
            Write::Create(create)
                if create.domain == Domain::Calendar
                    && self.is_on(Side::Pim, Sabotage::Mail)
                    && self.bend.once_more() =>
            {
                let mut sent = create.clone();
                sent.mail = Mail::Send;
                sent.fields.insert(Path::of(Field::Attendees), Value::People(outsider()));
                self.inner.write(&Write::Create(sent)).await
            }
            Write::Create(_)
            | Write::Update(_)
            | Write::Delete { .. }
            | Write::Mark { .. }
            | Write::Restore { .. }
            | Write::Enlist { .. }
            | Write::Delist { .. }
            | Write::Leave { .. }
            | Write::Rejoin { .. }
            | Write::Flag { .. } => self.inner.write(write).await,
        }
    }

    /// Writes a record as it is.
    async fn write_without_a_change(&self, kind: Kind) -> Result<(), Trouble> {
        let Some(known) = self.bend.own(&self.pairing, kind) else {
            return Ok(());
        };
        let wanted = [Wanted::by_id(known.id.clone())];
        for (_, seen) in self.inner.get(kind, &wanted).await? {
            let Ok(Seen::Present(record)) = seen else {
                continue;
            };
            let field = match kind {
                Kind::Contact => Field::FirstName,
                Kind::Appointment | Kind::Task => Field::Subject,
            };
            let path = Path::of(field);
            let Some(value) = record.fields.get(&path).cloned() else {
                continue;
            };
            let domain = match kind {
                Kind::Contact => Domain::BusinessContact,
                Kind::Appointment => Domain::Calendar,
                Kind::Task => Domain::Task,
            };
            self.inner
                .write(&Write::Update(Update {
                    domain,
                    id: record.id.clone(),
                    version: record.version.clone(),
                    planned: None,
                    changes: Fields::from([(path, value)]),
                    keep: Fields::new(),
                    mark: record.facts.mark.clone(),
                    mail: Mail::None,
                }))
                .await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Remote for BentRemote {
    fn side(&self) -> Side {
        self.inner.side()
    }

    fn lens(&self) -> Arc<dyn Lens> {
        self.inner.lens()
    }

    async fn identity(&self) -> Result<Identity, Trouble> {
        self.inner.identity().await
    }

    async fn set_identity(&self, id: &MailboxId) -> Result<(), Trouble> {
        self.inner.set_identity(id).await
    }

    fn named_folders(&self) -> std::collections::BTreeMap<String, model::NamedFolder> {
        self.inner.named_folders()
    }

    async fn folders(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        self.inner.folders(kind).await
    }

    async fn changes(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble> {
        let page = self.inner.changes(kind, folder, cursor).await?;
        let wanted = match self.bend.0.how {
            Some(Sabotage::Echo) => Side::Pim,
            _ => Side::Crm,
        };
        if self.inner.side() == wanted {
            for record in &page.records {
                self.bend.remember(&self.pairing, record);
            }
        }
        if kind == Kind::Task && self.is_on(Side::Pim, Sabotage::Echo) {
            self.write_without_a_change(kind).await?;
        }
        Ok(page)
    }

    async fn inventory(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Inventory, Trouble> {
        self.inner.inventory(kind, folder, cursor).await
    }

    async fn get(&self, kind: Kind, wanted: &[Wanted]) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        let mut found = self.inner.get(kind, wanted).await?;
        if !self.is_on(Side::Crm, Sabotage::Leak) {
            return Ok(found);
        }
        for (_, seen) in &mut found {
            let Ok(Seen::Present(record)) = seen else {
                continue;
            };
            if let Some(other) = self.bend.instead_of(&self.pairing, record) {
                Arc::make_mut(record).fields = other.fields;
            }
        }
        Ok(found)
    }

    async fn find(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble> {
        self.inner.find(kind, by, limit).await
    }

    async fn trace(&self, kind: Kind, key: &str, limit: usize) -> Result<Vec<Traced>, Trouble> {
        self.inner.trace(kind, key, limit).await
    }

    fn keeps_meetings(&self) -> bool {
        self.inner.keeps_meetings()
    }

    async fn write_all(&self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        if !self.bends_writes() {
            return self.inner.write_all(writes).await;
        }
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            outcomes.push(self.write_bent(write).await);
        }
        Ok(outcomes)
    }
}

fn outsider() -> People {
    let person = Attendee {
        name: "Outsider".to_owned(),
        address: Some("outsider@elsewhere.example".to_owned()),
        role: Role::Required,
        response: Response::NotResponded,
    };
    People::from([(person.key(), person)])
}

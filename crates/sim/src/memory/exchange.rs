//! The mail server in memory: mailboxes with their items, Deleted Items, other folders and a change log by sequence.

use super::lens::{cut, unset};
use super::shape::complete;
use crate::post::Deed;
use jiff::Timestamp;
use model::same::normal;
use model::{
    Attendee, Facts, Field, Fields, FolderId, Kind, MailboxId, Mark, Part, Path, People, Record, RecordId, Response,
    Value, Version,
};
use std::collections::BTreeMap;

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the folder of its kind.
    Folder,
    /// In Deleted Items.
    Deleted,
    /// In a folder nobody observes.
    Other,
}

/// An item of a mailbox.
#[derive(Clone)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub place: Place,
    /// What it says, as the server keeps it.
    pub fields: Fields,
    /// Our mark: copies keep it.
    pub mark: Option<Mark>,
    /// Grows with each change, and sometimes by itself.
    pub version: u64,
    /// The meeting's global id.
    pub global_id: Option<String>,
    /// People really invited.
    pub invited: People,
    /// Who invited, on a received copy; whose meeting it is, on a copy for a participant.
    pub organizer: Option<Attendee>,
    /// A participant's copy that shows the meeting as received, though nobody invited anybody by it (rule P5).
    pub meeting_copy: bool,
    /// Requests were sent.
    pub requests_sent: bool,
    /// When it was made, in the order of all that was made: it stays through moves, and a copy has its own.
    pub made: i64,
    /// It showed late: what a person did to such a copy would make it his own (decision 10).
    pub late: bool,
}

/// One mailbox.
#[derive(Clone)]
pub struct Mailbox {
    /// The server's id of its root folder.
    pub root: String,
    /// Our id in it.
    pub identity: Option<MailboxId>,
    /// Its items.
    pub items: BTreeMap<RecordId, Item>,
    /// Its listings are empty, though every item stands.
    pub unlisted: bool,
    /// What a person did, where the mailbox stands elsewhere and this is a view of it.
    pub deeds: Option<Vec<Deed>>,
    /// Grows when the server gives up every cursor it gave out.
    pub generation: u64,
    /// When each id last changed or went.
    pub(super) last: BTreeMap<RecordId, (u64, Kind)>,
    /// When each id came.
    pub(super) came: BTreeMap<RecordId, u64>,
    pub(super) sequence: u64,
}

/// An item that nobody sees yet.
#[derive(Clone)]
pub(super) struct Unseen {
    pub shows: Timestamp,
    pub address: String,
    /// The mailbox it is in, whatever stands behind the address meanwhile.
    pub root: String,
    pub item: Item,
}

/// All mailboxes by address.
#[derive(Clone, Default)]
pub struct Exchange {
    /// The mailboxes.
    pub mailboxes: BTreeMap<String, Mailbox>,
    /// Mails that our requests asked for.
    pub mails: u64,
    /// The server keeps nothing of whose meeting a participant's copy is (rule P5).
    pub keeps_less: bool,
    /// That was seen.
    pub(super) keeps_less_seen: bool,
    /// Items that nobody sees yet.
    pub(super) unseen: Vec<Unseen>,
    next: u64,
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Item({} v{} {:?})", self.kind, self.version, self.place)
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Exchange({} mailboxes)", self.mailboxes.len())
    }
}

impl Item {
    /// A new item in its folder.
    #[must_use]
    pub fn new(kind: Kind, fields: &Fields) -> Item {
        let mut item = Item {
            kind,
            place: Place::Folder,
            fields: Fields::new(),
            mark: None,
            version: 1,
            global_id: None,
            invited: People::new(),
            organizer: None,
            meeting_copy: false,
            requests_sent: false,
            made: 0,
            late: false,
        };
        item.set(fields);
        item
    }

    /// Sets paths as the server keeps them.
    pub fn set(&mut self, changes: &Fields) {
        let changes = changes.iter().map(|(path, value)| (path.clone(), kept(path, value))).collect();
        super::shape::apply(&mut self.fields, &changes);
        // A cancelled occurrence is gone: nothing else is known of it.
        let cancelled: Vec<_> = self
            .fields
            .iter()
            .filter(|(path, value)| path.field == Field::State && value.as_text() == Some("cancelled"))
            .map(|(path, _)| path.occurrence)
            .collect();
        self.fields.retain(|path, _| {
            path.occurrence.is_none() || path.field == Field::State || !cancelled.contains(&path.occurrence)
        });
    }

    /// Whether an invitation made it.
    #[must_use]
    pub fn is_received(&self) -> bool {
        self.organizer.is_some() && !self.meeting_copy
    }

    /// The item as the port shows it.
    #[must_use]
    pub fn record(&self, id: &RecordId) -> Record {
        let mut fields = complete(self.kind, &self.fields);
        for (path, value) in &mut fields {
            if value.is_blank() && path.occurrence.is_none() {
                *value = unset(&path.field);
            }
        }
        if !self.invited.is_empty() {
            let people = Value::People(self.invited.clone());
            fields.insert(Path::of(Field::Attendees), people);
        }
        let received = self.is_received();
        let class = match self.kind {
            Kind::Contact => "IPM.Contact",
            Kind::Appointment => "IPM.Appointment",
            Kind::Task => "IPM.Task",
        };
        Record {
            kind: self.kind,
            id: id.clone(),
            version: Version::new(format!("ck{}", self.version)),
            fields,
            facts: Facts {
                part: if received || self.meeting_copy { Part::Participant } else { Part::Owner },
                organizer: self.organizer.clone(),
                global_id: self.global_id.clone(),
                meeting: !self.invited.is_empty() || received || self.meeting_copy,
                mark: self.mark.clone(),
                folder: Some(folder(self.kind)),
                class: class.to_owned(),
                requests_sent: self.requests_sent,
                received,
                meeting_copy: self.meeting_copy,
                my_response: received.then_some(Response::Accepted),
                created: Timestamp::from_second(self.made).ok(),
                ..Facts::default()
            },
        }
    }
}

/// The folder of a kind.
#[must_use]
pub fn folder(kind: Kind) -> FolderId {
    FolderId::new(format!("folder:{kind}"))
}

/// A value as the server keeps it: bodies with other line ends and blanks behind, subjects cut.
fn kept(path: &Path, value: &Value) -> Value {
    match (&path.field, value) {
        (_, value) if value.is_blank() => Value::Null,
        (Field::Body, Value::Text(text)) => Value::Text(format!("{} \r\n", normal(text).replace('\n', "\r\n"))),
        (Field::Subject, Value::Text(text)) => Value::Text(cut(&normal(text))),
        (_, Value::Text(text)) => Value::Text(normal(text)),
        (_, value) => value.clone(),
    }
}

impl Mailbox {
    /// Notes that an id changed or went.
    pub fn touched(&mut self, id: &RecordId, kind: Kind) {
        self.sequence += 1;
        self.came.entry(id.clone()).or_insert(self.sequence);
        self.last.insert(id.clone(), (self.sequence, kind));
    }

    /// Changes an item in place.
    pub fn change(&mut self, id: &RecordId, change: impl FnOnce(&mut Item)) {
        let Some(item) = self.items.get_mut(id) else {
            return;
        };
        let before = self.deeds.is_some().then(|| Box::new(item.clone()));
        change(item);
        item.version += 1;
        let kind = item.kind;
        let after = before.is_some().then(|| Box::new(item.clone()));
        if let (Some(before), Some(after)) = (before, after) {
            self.did(Deed::Change { id: id.clone(), before, after });
        }
        self.touched(id, kind);
    }

    fn did(&mut self, deed: Deed) {
        if let Some(deeds) = &mut self.deeds {
            deeds.push(deed);
        }
    }

    /// The items in the folder of a kind.
    pub fn folder(&self, kind: Kind) -> impl Iterator<Item = (&RecordId, &Item)> {
        self.items.iter().filter(move |(_, item)| item.kind == kind && item.place == Place::Folder)
    }
}

impl Exchange {
    /// Makes a mailbox.
    pub fn open(&mut self, address: &str) {
        self.next += 1;
        self.mailboxes.insert(
            address.to_owned(),
            Mailbox {
                root: format!("root{}", self.next),
                identity: None,
                items: BTreeMap::new(),
                unlisted: false,
                deeds: None,
                generation: 0,
                last: BTreeMap::new(),
                came: BTreeMap::new(),
                sequence: 0,
            },
        );
    }

    /// From now on these are views: what people do is kept until it is done where the mailboxes stand.
    pub fn are_views(&mut self) {
        for mailbox in self.mailboxes.values_mut() {
            mailbox.deeds.get_or_insert_default();
        }
    }

    /// Another person's mailbox stands behind the address, with one item; what stood there before.
    pub fn replace(&mut self, address: &str, item: Item) -> Option<Mailbox> {
        let before = self.mailboxes.remove(address)?;
        self.open(address);
        self.insert(address, item);
        Some(before)
    }

    /// The mailbox is moved to another server: what it holds is the same, every id is new, and no cursor is worth anything.
    /// What was there and had gone is not known there.
    pub fn move_away(&mut self, address: &str) {
        self.next += 1;
        let root = format!("root{}", self.next);
        let Some(mut mailbox) = self.mailboxes.remove(address) else { return };
        for unseen in self.unseen.iter_mut().filter(|unseen| unseen.root == mailbox.root) {
            unseen.root.clone_from(&root);
        }
        mailbox.root = root;
        mailbox.last.clear();
        mailbox.came.clear();
        for (_, item) in std::mem::take(&mut mailbox.items) {
            let id = self.fresh();
            mailbox.touched(&id, item.kind);
            mailbox.items.insert(id, item);
        }
        self.mailboxes.insert(address.to_owned(), mailbox);
    }

    /// Puts an item in; an appointment gets a global id when it has none.
    pub fn insert(&mut self, address: &str, mut item: Item) -> Option<RecordId> {
        let id = self.fresh();
        item.made = self.next.cast_signed();
        if item.kind == Kind::Appointment && item.global_id.is_none() {
            item.global_id = Some(format!("gid:{}", self.next));
        }
        self.add(address, &id, item.clone())?;
        self.mailboxes.get_mut(address)?.did(Deed::Insert { id: id.clone(), item: Box::new(item) });
        Some(id)
    }

    fn add(&mut self, address: &str, id: &RecordId, item: Item) -> Option<()> {
        let mailbox = self.mailboxes.get_mut(address)?;
        mailbox.touched(id, item.kind);
        mailbox.items.insert(id.clone(), item);
        Some(())
    }

    /// Moves an item: it has a new id afterwards.
    pub fn put(&mut self, address: &str, id: &RecordId, place: Place) -> Option<RecordId> {
        let new = self.fresh();
        let mailbox = self.mailboxes.get_mut(address)?;
        let mut item = mailbox.items.remove(id)?;
        mailbox.did(Deed::Put { id: id.clone(), to: new.clone(), item: Box::new(item.clone()), place });
        item.place = place;
        mailbox.touched(id, item.kind);
        mailbox.touched(&new, item.kind);
        mailbox.items.insert(new.clone(), item);
        Some(new)
    }

    /// What bears this mark's key is gone from Deleted Items for good; whether anything did.
    pub(crate) fn empty_trash(&mut self, key: &str) -> bool {
        let is_it =
            |item: &Item| item.place == Place::Deleted && item.mark.as_ref().is_some_and(|mark| mark.key == key);
        let before: usize = self.mailboxes.values().map(|mailbox| mailbox.items.len()).sum();
        self.mailboxes.values_mut().for_each(|mailbox| mailbox.items.retain(|_, item| !is_it(item)));
        before > self.mailboxes.values().map(|mailbox| mailbox.items.len()).sum()
    }

    /// Copies an item within its folder: the copy keeps our mark and gets a global id of its own.
    pub fn copy(&mut self, address: &str, id: &RecordId) -> Option<RecordId> {
        let item = self.mailboxes.get(address)?.items.get(id)?;
        let mut copy = Item { global_id: None, version: 1, ..item.clone() };
        let to = self.fresh();
        copy.made = self.next.cast_signed();
        if copy.kind == Kind::Appointment {
            copy.global_id = Some(format!("gid:{}", self.next));
        }
        self.add(address, &to, copy)?;
        self.mailboxes.get_mut(address)?.did(Deed::Copy { id: id.clone(), to: to.clone() });
        Some(to)
    }

    /// Items whose time has come show.
    pub fn arrive(&mut self, now: Timestamp) {
        for unseen in std::mem::take(&mut self.unseen) {
            let there = self.mailboxes.get(&unseen.address).is_some_and(|mailbox| mailbox.root == unseen.root);
            if there && unseen.shows <= now {
                self.insert(&unseen.address, unseen.item);
            } else {
                self.unseen.push(unseen);
            }
        }
    }

    fn fresh(&mut self) -> RecordId {
        self.next += 1;
        RecordId::new(format!("AAMk{:04}", self.next))
    }
}

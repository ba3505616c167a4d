//! One mailbox: its folders and records, and every change to them with a number, so that a client can ask what is new.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::change_log::ChangeLog;
use crate::folder::{FOLDERS, Folder};
use crate::ids::{self, Moniker, Named};
use crate::item::Item;
use crate::item::calendar::Person;
use crate::item::extended::ExtKey;

/// Events kept for subscriptions; an older watermark is answered with `ErrorEventNotFound`.
const MAX_EVENTS: usize = 20_000;

/// What stands behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailboxKind {
    /// A person's.
    User,
    /// Several people's: its own account is disabled, so that nobody signs in as it.
    Shared,
    /// A room: accepts by itself and replaces the subject by the organiser's name (trap 107).
    Room,
    /// A thing that is booked; no list of rooms names it.
    Equipment,
}

/// Whether a mailbox can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailboxState {
    /// As usual.
    Active,
    /// The account has no mailbox any more: `ErrorNonExistentMailbox`.
    Disabled,
    /// On its way to another database: `ErrorMailboxMoveInProgress`.
    Moving,
    /// Its database is down: `ErrorMailboxStoreUnavailable`.
    Unavailable,
}

pub(crate) struct Mailbox {
    pub server: usize,
    pub address: String,
    pub proxies: Vec<String>,
    pub full_access: Vec<String>,
    pub display_name: String,
    pub password: String,
    pub kind: MailboxKind,
    pub state: MailboxState,
    pub moniker: Moniker,
    pub folders: BTreeMap<u64, Folder>,
    pub items: BTreeMap<u64, Item>,
    pub hierarchy: ChangeLog,
    /// An item was damaged in a way that no schema allows.
    pub spoiled: bool,
    pub seq: u64,
    next: u64,
    events: VecDeque<Event>,
    forgotten_events: u64,
}

/// Something a subscription tells.
#[derive(Clone)]
pub(crate) struct Event {
    pub seq: u64,
    pub at: Timestamp,
    pub kind: EventKind,
    /// The folder it happened in.
    pub folder: u64,
    pub member: Named,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Created,
    Modified,
    Deleted,
    NewMail,
    Moved { old: u64, old_folder: u64 },
    Copied { old: u64, old_folder: u64 },
}

impl Mailbox {
    pub(crate) fn new(server: usize, address: &str, display_name: &str, moniker: Moniker, now: Timestamp) -> Self {
        let mut mailbox = Self {
            server,
            address: address.to_owned(),
            proxies: Vec::new(),
            full_access: Vec::new(),
            display_name: display_name.to_owned(),
            password: String::new(),
            kind: MailboxKind::User,
            state: MailboxState::Active,
            moniker,
            folders: BTreeMap::new(),
            items: BTreeMap::new(),
            hierarchy: ChangeLog::default(),
            spoiled: false,
            seq: 0,
            next: 0,
            events: VecDeque::new(),
            forgotten_events: 0,
        };
        mailbox.make_folders(now);
        mailbox
    }

    fn make_folders(&mut self, now: Timestamp) {
        let mut made: Vec<u64> = Vec::new();
        for planned in FOLDERS {
            let folder = Folder {
                parent: planned.parent.and_then(|at| made.get(at).copied()),
                name: planned.name.to_owned(),
                class: planned.class.to_owned(),
                distinguished: planned.distinguished,
                hidden: planned.hidden,
                ..Folder::default()
            };
            made.push(self.add_folder(folder, now));
        }
    }

    /// Whether its account is enabled: those of shared mailboxes, rooms and things are not.
    pub(crate) fn signs_in(&self) -> bool {
        self.kind == MailboxKind::User
    }

    pub(crate) fn owner(&self) -> Person {
        Person::new(&self.display_name, &self.address)
    }

    /// Whether an address is this mailbox's, primary or proxy.
    pub(crate) fn answers_to(&self, address: &str) -> bool {
        self.address.eq_ignore_ascii_case(address)
            || self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(address))
    }

    pub(crate) fn step(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    pub(crate) fn fresh_no(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The id of an item, of the occurrence it stands for if it is one.
    pub(crate) fn item_id(&self, item: &Item) -> String {
        let occurrence = item.calendar().and_then(|calendar| calendar.occurrence);
        let named = match occurrence {
            Some(occurrence) => Named::Occurrence(item.no, occurrence.original.as_second()),
            None => Named::Item(item.no),
        };
        ids::ews_id(&self.moniker, named)
    }

    pub(crate) fn change_key(&self, item: &Item) -> String {
        ids::change_key(item.kind.change_key_byte(), &self.moniker, item.change)
    }

    pub(crate) fn folder_id(&self, no: u64) -> String {
        ids::ews_id(&self.moniker, Named::Folder(no))
    }

    pub(crate) fn folder_change_key(&self, folder: &Folder) -> String {
        ids::change_key(folder.change_key_byte(), &self.moniker, folder.change)
    }

    pub(crate) fn distinguished(&self, name: &str) -> Option<u64> {
        self.folders.values().find(|folder| folder.distinguished == Some(name)).map(|folder| folder.no)
    }

    pub(crate) fn is_default(&self, folder: u64, name: &str) -> bool {
        self.folders.get(&folder).is_some_and(|folder| folder.distinguished == Some(name))
    }

    /// The folders below one, nearest first.
    pub(crate) fn below(&self, top: u64, deep: bool) -> Vec<u64> {
        let mut found = Vec::new();
        let mut parents = vec![top];
        while let Some(parent) = parents.pop() {
            for folder in self.folders.values() {
                if folder.parent == Some(parent) {
                    found.push(folder.no);
                    if deep {
                        parents.push(folder.no);
                    }
                }
            }
        }
        found.sort_unstable();
        found
    }

    pub(crate) fn add_folder(&mut self, mut folder: Folder, now: Timestamp) -> u64 {
        let no = self.fresh_no();
        let seq = self.step();
        folder.no = no;
        folder.change = seq;
        folder.modified = now;
        folder.committed = now;
        self.folders.insert(no, folder);
        self.hierarchy.add(seq, no);
        no
    }

    pub(crate) fn folder_changed(&mut self, no: u64, now: Timestamp) {
        let seq = self.step();
        if let Some(folder) = self.folders.get_mut(&no) {
            folder.change = seq;
            folder.modified = now;
            self.hierarchy.change(seq, no, false);
        }
    }

    /// Removes a folder with all in it.
    pub(crate) fn drop_folder(&mut self, no: u64, now: Timestamp) {
        let mut gone = self.below(no, true);
        gone.push(no);
        for no in gone {
            let members: Vec<u64> =
                self.folders.get(&no).map(|folder| folder.log.members().collect()).unwrap_or_default();
            for item in members {
                self.remove(item, now);
            }
            let seq = self.step();
            self.folders.remove(&no);
            self.hierarchy.remove(seq, no);
        }
    }

    /// Puts a new item into its folder and gives it its number.
    pub(crate) fn insert(&mut self, item: Item, now: Timestamp) -> u64 {
        self.insert_as(item, now, EventKind::Created)
    }

    pub(crate) fn insert_as(&mut self, mut item: Item, now: Timestamp, event: EventKind) -> u64 {
        let no = self.fresh_no();
        let seq = self.step();
        item.no = no;
        item.change = seq;
        let folder = item.folder;
        self.items.insert(no, item);
        if let Some(folder) = self.folders.get_mut(&folder) {
            folder.log.add(seq, no);
            folder.committed = now;
        }
        self.note(seq, now, event, folder, Named::Item(no));
        no
    }

    /// Replaces an item by its changed self: a new change key, and a line for whoever syncs the folder.
    pub(crate) fn update(&mut self, mut item: Item, read_flag_only: bool, now: Timestamp) {
        let seq = self.step();
        item.change = seq;
        let (no, folder) = (item.no, item.folder);
        self.items.insert(no, item);
        if let Some(folder) = self.folders.get_mut(&folder) {
            folder.log.change(seq, no, read_flag_only);
            folder.committed = now;
        }
        self.note(seq, now, EventKind::Modified, folder, Named::Item(no));
    }

    /// A new change key without any change, as a server's own assistants leave behind (trap 50).
    pub(crate) fn touch(&mut self, no: u64, now: Timestamp) -> bool {
        let Some(item) = self.items.get(&no).cloned() else {
            return false;
        };
        self.update(item, false, now);
        true
    }

    /// A new change key that no listing tells of.
    pub(crate) fn turn_key(&mut self, no: u64) {
        let seq = self.step();
        if let Some(item) = self.items.get_mut(&no) {
            item.change = seq;
        }
    }

    pub(crate) fn remove(&mut self, no: u64, now: Timestamp) -> Option<Item> {
        let item = self.items.remove(&no)?;
        let seq = self.step();
        if let Some(folder) = self.folders.get_mut(&item.folder) {
            folder.log.remove(seq, no);
            folder.committed = now;
        }
        self.note(seq, now, EventKind::Deleted, item.folder, Named::Item(no));
        Some(item)
    }

    /// Moves an item to another folder: there it has another id (trap 7).
    pub(crate) fn relocate(&mut self, no: u64, folder: u64, now: Timestamp) -> Option<u64> {
        let mut item = self.items.remove(&no)?;
        let seq = self.step();
        let old_folder = item.folder;
        if let Some(folder) = self.folders.get_mut(&old_folder) {
            folder.log.remove(seq, no);
            folder.committed = now;
        }
        item.folder = folder;
        let event = EventKind::Moved { old: no, old_folder };
        Some(self.insert_as(item, now, event))
    }

    /// Moves an item into the archive's folder of the same name, which is made when it is missing.
    pub(crate) fn archive(&mut self, no: u64, now: Timestamp) -> Option<u64> {
        let from = self.items.get(&no)?.folder;
        let (name, class) = {
            let folder = self.folders.get(&from)?;
            (folder.name.clone(), folder.class.clone())
        };
        let root = self.distinguished("archivemsgfolderroot")?;
        let known = self
            .folders
            .values()
            .find(|folder| folder.parent == Some(root) && folder.name == name)
            .map(|folder| folder.no);
        let target = match known {
            Some(no) => no,
            None => self.add_folder(Folder { parent: Some(root), name, class, ..Folder::default() }, now),
        };
        self.relocate(no, target, now)
    }

    fn note(&mut self, seq: u64, at: Timestamp, kind: EventKind, folder: u64, member: Named) {
        self.events.push_back(Event { seq, at, kind, folder, member });
        if self.events.len() > MAX_EVENTS
            && let Some(oldest) = self.events.pop_front()
        {
            self.forgotten_events = oldest.seq;
        }
    }

    /// New mail has come into a folder.
    pub(crate) fn announce(&mut self, no: u64, folder: u64, now: Timestamp) {
        let seq = self.step();
        self.note(seq, now, EventKind::NewMail, folder, Named::Item(no));
    }

    /// The events after a watermark; `None` when it is too old.
    pub(crate) fn events_after(&self, watermark: u64) -> Option<impl Iterator<Item = &Event>> {
        (watermark >= self.forgotten_events).then(|| self.events.iter().filter(move |event| event.seq > watermark))
    }

    /// Gives the mailbox a new identity: every id, change key and sync state of before is void; all properties stay.
    pub(crate) fn renew(&mut self, moniker: Moniker) {
        self.moniker = moniker;
        self.events.clear();
        self.forgotten_events = self.seq;
        let folders: Vec<u64> = self.folders.keys().copied().collect();
        for no in folders {
            let seq = self.step();
            if let Some(folder) = self.folders.get_mut(&no) {
                folder.change = seq;
            }
        }
        let items: Vec<u64> = self.items.keys().copied().collect();
        for no in items {
            let seq = self.step();
            if let Some(item) = self.items.get_mut(&no) {
                item.change = seq;
            }
        }
    }

    /// The calendar item that a meeting message is about: the one whose global id is the message's clean one, and for an
    /// occurrence whose series is not here, the one whose global id is the message's own (MS-OXOCAL 3.1.5.1).
    pub(crate) fn meeting(&self, clean: &[u8], dated: &[u8]) -> Option<&Item> {
        let calendar = self.distinguished("calendar")?;
        let folder = self.folders.get(&calendar)?;
        let with = |id: &[u8]| {
            folder.log.members().find_map(|no| {
                let item = self.items.get(&no)?;
                (item.calendar()?.dated_global_id() == id).then_some(item)
            })
        };
        with(clean).or_else(|| with(dated).filter(|_| clean != dated))
    }

    /// The calendar item that a meeting message in this mailbox is about.
    pub(crate) fn meeting_of(&self, message: &Item) -> Option<&Item> {
        let id = |number| {
            let value = message.extended.get(&ExtKey::in_set("Meeting", number))?;
            STANDARD.decode(value.first()).ok()
        };
        self.meeting(&id(0x23)?, &id(0x3)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Guid;
    use crate::item::schema::ItemKind;

    fn mailbox() -> Mailbox {
        let moniker = Moniker { mailbox: Guid::drawn(1, "mailbox", 1), store: Guid::drawn(1, "store", 1) };
        Mailbox::new(0, "ann@crm.test", "Ann", moniker, Timestamp::UNIX_EPOCH)
    }

    // trap 7
    #[test]
    fn a_moved_item_has_another_id_and_the_old_one_is_gone() {
        let mut mailbox = mailbox();
        let now = Timestamp::UNIX_EPOCH;
        let contacts = mailbox.distinguished("contacts").unwrap();
        let deleted = mailbox.distinguished("deleteditems").unwrap();
        let no = mailbox.insert(Item::new(0, contacts, ItemKind::Contact, now), now);
        let old = mailbox.item_id(&mailbox.items[&no]);
        let new = mailbox.relocate(no, deleted, now).unwrap();
        assert_ne!(old, mailbox.item_id(&mailbox.items[&new]));
        assert!(!mailbox.items.contains_key(&no));
    }

    #[test]
    fn a_new_identity_renews_every_id_and_keeps_every_property() {
        let mut mailbox = mailbox();
        let now = Timestamp::UNIX_EPOCH;
        let contacts = mailbox.distinguished("contacts").unwrap();
        let mut item = Item::new(0, contacts, ItemKind::Contact, now);
        item.set_text("Surname", "Smith");
        let no = mailbox.insert(item, now);
        let (id, key) = {
            let item = &mailbox.items[&no];
            (mailbox.item_id(item), mailbox.change_key(item))
        };
        mailbox.renew(Moniker { mailbox: Guid::drawn(1, "mailbox", 2), store: Guid::drawn(1, "store", 2) });
        let item = &mailbox.items[&no];
        assert_ne!(mailbox.item_id(item), id);
        assert_ne!(mailbox.change_key(item), key);
        assert_eq!(item.text("Surname"), Some("Smith"));
    }
}

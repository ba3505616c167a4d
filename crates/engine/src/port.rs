//! What the engine asks of the world: the records of a side, the CRM's directory, the clock and the dice.
//!
//! Three questions (decision 9): [`Remote`] – the records of one side of one pairing; [`Directory`] – one per CRM: users,
//! groups, memberships, addresses, and which users a change concerns; `Hints` – who might be due – is the schedule's.
//! A CRM without a change feed answers [`Directory::concerned`] from polls and sweeps; a server that speaks CalDAV or
//! Graph answers [`Remote::changes`] from its own tokens. Connectors decide nothing.

use async_trait::async_trait;
use jiff::Timestamp;
use model::{
    Domain, FolderId, Gone, Kind, Lens, MailboxId, Mark, NamedFolder, Record, RecordId, Seen, Side, UserId, Version,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod trouble;
mod written;

pub use trouble::Trouble;
pub use written::{Create, MAILBOX_FULL, MEETING_NOT_KEPT, Mail, Meeting, Update, Written};

/// The records of one side of one pairing. Made for one cycle, with the field maps in force.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Which side it is.
    fn side(&self) -> Side;

    /// How this side will show a value: pure and total.
    fn lens(&self) -> Arc<dyn Lens>;

    /// The identity of what stands behind the address (rule L1, trap 155). The CRM answers the user's own.
    async fn identity(&self) -> Result<Identity, Trouble>;

    /// Writes our mailbox id into the mailbox's root folder; never over another one that stands there.
    async fn set_identity(&self, id: &MailboxId) -> Result<(), Trouble>;

    /// The folders observed for a kind: the default one, and those an administrator named (rule D7). The CRM has one
    /// collection per kind.
    async fn folders(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble>;

    /// The sub-folders an administrator named, by kind and name, as they were found when the folders were last read: one that
    /// is called otherwise, or lies elsewhere, since then is the same folder (trap 149).
    fn named_folders(&self) -> BTreeMap<String, NamedFolder> {
        BTreeMap::new()
    }

    /// What changed in a folder since a cursor, one page; without a cursor the whole folder is listed, page by page, each
    /// record in full. A page is at most a few hundred records. A refused cursor is [`Trouble::CursorRefused`]. The CRM
    /// lists its views when asked without a cursor; afterwards its changes come through [`Directory::concerned`], and a
    /// finished listing's cursor answers an empty page.
    async fn changes(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble>;

    /// The ids and versions that a folder shows, one page: a listing as of [`Remote::changes`] without what the records say,
    /// whose last cursor is one of theirs. What a side never told of is found by it (trap 22).
    async fn inventory(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Inventory, Trouble> {
        let page = self.changes(kind, folder, cursor).await?;
        let unread = page.unreadable.into_iter().map(|(id, version, _)| (id, version));
        let shown = page.records.into_iter().map(|record| (record.id, record.version)).chain(unread).collect();
        Ok(Inventory { shown, cursor: page.cursor, more: page.more })
    }

    /// Looks at ids, each with its own outcome; answers in any order, one per id asked. A mailbox looks for what
    /// vanished by id and mark in Deleted Items, Recoverable Items, other folders and the archive (rule C12): found in
    /// the first two it is [`Gone::Deleted`], elsewhere [`Gone::Left`], nowhere [`Gone::Unknown`]. The CRM answers
    /// [`Gone::Deleted`] only with a tombstone read, [`Gone::Merged`] when that names another record.
    async fn get(&self, kind: Kind, wanted: &[Wanted]) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble>;

    /// Finds records by what recognises them: at most `limit`, in the observed folders.
    async fn find(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble>;

    /// Every copy that carries a key, wherever it is by now: what became of a write whose answer was lost. Those that
    /// stand in the observed folders first, at most `limit`; none of them there, those that went. Nothing at all means
    /// that nobody sees one: the write did not arrive, or does not show yet (trap 47).
    async fn trace(&self, kind: Kind, key: &str, limit: usize) -> Result<Vec<Traced>, Trouble>;

    /// Whether a participant's copy can be the meeting itself here (rule P5), as far as is known: a mailbox whose server
    /// was seen not to keep that says no. The CRM holds none.
    fn keeps_meetings(&self) -> bool;

    /// Writes things in order, each with its own outcome: as many answers as writes, in their order.
    /// [`Trouble::Unknown`] when one may have happened. A mailbox sends plain creates of one folder in one call; trouble
    /// with the call as a whole is trouble with each of them. What was refused as a whole may be sent again one by one,
    /// once it was looked for.
    async fn write_all(&self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, Trouble>;

    /// Writes one thing.
    async fn write(&self, write: &Write) -> Result<Written, Trouble> {
        let mut outcomes = self.write_all(std::slice::from_ref(write)).await?;
        match (outcomes.pop(), outcomes.is_empty()) {
            (Some(outcome), true) => outcome,
            (_, _) => Err(Trouble::untold()),
        }
    }
}

/// An id to look at, with the key of the mark that its copy carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The id last known.
    pub id: RecordId,
    /// The key of the mark, to look for it elsewhere.
    pub mark_key: Option<String>,
    /// The meeting's or appointment's own global id, when it is known: what carries the mark and has another one is a
    /// person's copy of it (trap 46).
    pub global_id: Option<String>,
}

impl Wanted {
    /// Looked at by its id, and nowhere else.
    #[must_use]
    pub fn by_id(id: RecordId) -> Wanted {
        Wanted { id, mark_key: None, global_id: None }
    }
}

/// A copy found by the key it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// Its id where it is now.
    pub id: RecordId,
    /// Why it is not in its folder any more; `None` while it stands there.
    pub gone: Option<Gone>,
    /// What it says, where its side still shows that: an item in Deleted Items does, a CRM's tombstone does not.
    pub record: Option<Arc<Record>>,
}

/// What stands behind an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Our id, when the mailbox carries one.
    pub mailbox: Option<MailboxId>,
    /// The server's id of the root folder.
    pub root: String,
    /// Shared, room and equipment mailboxes are refused (rule L1).
    pub is_user: bool,
    /// Every address of the mailbox, when the server tells.
    pub addresses: Vec<String>,
}

/// One page of changes.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// New and changed records, in full.
    pub records: Vec<Record>,
    /// Records that could not be read, with the reason; they go to quarantine, the page goes on (rule E1).
    pub unreadable: Vec<(RecordId, Version, String)>,
    /// Ids that are not in the folder any more: to be looked at, not yet deleted.
    pub vanished: Vec<RecordId>,
    /// Items of foreign classes, never touched (rule D7).
    pub skipped: u32,
    /// Where the next page or the next cycle goes on.
    pub cursor: String,
    /// More pages follow.
    pub more: bool,
    /// Records in the folder, when the server tells (for progress).
    pub total: Option<u64>,
}

/// One page of an inventory.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// What stands in the folder.
    pub shown: Vec<(RecordId, Version)>,
    /// Where the next page goes on, or the changes after the last one.
    pub cursor: String,
    /// More pages follow.
    pub more: bool,
}

/// What recognises a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindBy {
    /// The key of our mark (mailbox) or integration key (CRM).
    Key(String),
    /// The meeting's global id.
    GlobalId(String),
    /// CRM: the contact that this one was merged into, as far as it lives on (rule M5).
    MergedFrom(RecordId),
}

/// A write. No write of ours makes a server send mail unless it says so with [`Mail::Send`] (rule C9).
#[derive(Clone)]
pub enum Write {
    /// Makes a record that carries the mark (mailbox) or the mark's key as integration id (CRM). The CRM puts this
    /// pairing's user on a contact's Sync List in the same transaction (rule O3): a contact that stood without him on it
    /// would look like one he took off.
    Create(Create),
    /// Changes the given paths only, when the record still has the version.
    Update(Update),
    /// Deletes, when the record still has the version: a mailbox item goes to Deleted Items; what landed newer is put back.
    Delete {
        /// What.
        kind: Kind,
        /// Which.
        id: RecordId,
        /// The version planned against.
        version: Version,
        /// What it said then, as with an [`Update`].
        planned: Option<Arc<Record>>,
        /// Whom it may write to.
        mail: Mail,
    },
    /// Mailbox: sets our mark, by an update of that property alone.
    Mark {
        /// What.
        kind: Kind,
        /// Which.
        id: RecordId,
        /// The mark.
        mark: Mark,
        /// The version planned against.
        version: Version,
        /// What it said then, as with an [`Update`].
        planned: Option<Arc<Record>>,
    },
    /// Mailbox: brings a record back from Deleted Items (rule O2), found by its mark's key.
    Restore {
        /// What.
        kind: Kind,
        /// Which mark.
        mark_key: String,
    },
    /// CRM: puts this pairing's user on the record's Sync List.
    Enlist {
        /// Which domain's record.
        domain: Domain,
        /// Which.
        id: RecordId,
    },
    /// CRM: takes this pairing's user off the record's Sync List.
    Delist {
        /// Which domain's record.
        domain: Domain,
        /// Which.
        id: RecordId,
    },
    /// CRM: takes this pairing's user off a to-do (rule D6), or hides a meeting from his My Calendar (rule C6).
    Leave {
        /// Which kind.
        kind: Kind,
        /// Which.
        id: RecordId,
    },
    /// CRM: shows a meeting in this pairing's user's My Calendar again, whose own delete had hidden it there (rule C6).
    Rejoin {
        /// Which kind.
        kind: Kind,
        /// Which.
        id: RecordId,
    },
    /// CRM: sets what the sync knows of a meeting, without touching a field a person sees (rules P1, P6).
    Flag {
        /// Which.
        id: RecordId,
        /// The global id.
        global_id: Option<String>,
        /// Locked by Exchange.
        locked: bool,
    },
}

/// One per CRM: its people, groups and addresses, and which users a change concerns.
#[async_trait]
pub trait Directory: Send + Sync {
    /// A page of users in order of their ids.
    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<User>, Trouble>;

    /// One user.
    async fn user(&self, id: &UserId) -> Result<Option<User>, Trouble>;

    /// The groups of a user, with everything above them (rule L4).
    async fn memberships(&self, user: &UserId) -> Result<Memberships, Trouble>;

    /// Names of groups by (kind word, id); a group that vanished is absent.
    async fn groups(&self, ids: &BTreeSet<(String, String)>) -> Result<BTreeMap<(String, String), String>, Trouble>;

    /// Which users these addresses belong to; an unknown address is absent (rule P2). Addresses are compared without case.
    async fn who(&self, addresses: &BTreeSet<String>) -> Result<BTreeMap<String, UserId>, Trouble>;

    /// What happened since a cursor and whom it concerns. Without a cursor it starts at the present: pairings list for
    /// themselves at their first cycle.
    async fn concerned(&self, cursor: Option<&str>, limit: usize) -> Result<Concerned, Trouble>;
}

/// A CRM user.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// As shown.
    pub name: String,
    /// The login.
    pub login: String,
    /// Every address the CRM knows of him.
    pub addresses: Vec<String>,
    /// May still sign in.
    pub active: bool,
}

/// The groups of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships {
    /// The CRM knows him, and he may still sign in: who left is not synchronised (rule L1).
    pub active: bool,
    /// Positions he holds: the position, its organization, primary or not, and what is above each.
    pub positions: Vec<HeldPosition>,
    /// User lists that name him.
    pub user_lists: BTreeSet<String>,
}

/// A position that a user holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPosition {
    /// The position.
    pub id: String,
    /// Positions above it.
    pub above: Vec<String>,
    /// Its organization.
    pub organization: String,
    /// Organizations above that.
    pub organizations_above: Vec<String>,
    /// The primary one.
    pub primary: bool,
}

/// A page of what happened in the CRM.
#[derive(Clone, Debug, Default)]
pub struct Concerned {
    /// Users who should look at an id.
    pub looks: Vec<(UserId, Kind, RecordId)>,
    /// Records whose every linked pairing should look: deletes, merges.
    pub everywhere: Vec<(Kind, RecordId)>,
    /// Users whose groups may have changed; their pairings are due.
    pub memberships: BTreeSet<UserId>,
    /// Where the reader goes on.
    pub cursor: String,
    /// More follows.
    pub more: bool,
}

/// Opens the remotes of a pairing for one cycle. The field maps are those in force.
#[async_trait]
pub trait Remotes: Send + Sync {
    /// The CRM side and the mailbox side of a pairing.
    async fn open(
        &self,
        pairing: &store::Pairing,
        maps: Arc<Maps>,
    ) -> Result<(Box<dyn Remote>, Box<dyn Remote>), Trouble>;

    /// The directory of a CRM.
    fn directory(&self, crm: &model::CrmId) -> Arc<dyn Directory>;
}

/// The field maps in force, per domain.
pub type Maps = BTreeMap<Domain, model::DomainMap>;

/// The time and waiting.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Waits.
    async fn sleep_ms(&self, ms: u64);
    /// Whether it may be off, as a machine's may: where it differs from the database's by more than a few seconds, the
    /// database's time counts for whatever is kept (decision 9). One that is moved by hand is right.
    fn may_be_off(&self) -> bool {
        false
    }
}

/// The dice: ids and jitter come from here.
pub trait Dice: Send + Sync {
    /// Sixty-four random bits.
    fn roll(&self) -> u64;

    /// A fresh id, 128 bits in hexadecimal.
    fn id(&self) -> String {
        format!("{:016x}{:016x}", self.roll(), self.roll())
    }
}

macro_rules! quiet_debug {
    ($($type:ty => $form:expr;)*) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&($form)(self))
            }
        }
    )*};
}

// Records of people never reach a log (invariant 9).
quiet_debug! {
    Create => |it: &Create| format!("Create({}, {} fields)", it.domain, it.fields.len());
    Update => |it: &Update| format!("Update({} {}, {} paths)", it.domain, it.id, it.changes.len());
    User => |it: &User| format!("User({})", it.id);
    Write => |it: &Write| match it {
        Write::Create(create) => format!("{create:?}"),
        Write::Update(update) => format!("{update:?}"),
        Write::Delete { kind, id, .. } => format!("Delete({kind} {id})"),
        Write::Mark { kind, id, .. } => format!("Mark({kind} {id})"),
        Write::Restore { kind, .. } => format!("Restore({kind})"),
        Write::Enlist { domain, id } => format!("Enlist({domain} {id})"),
        Write::Delist { domain, id } => format!("Delist({domain} {id})"),
        Write::Leave { kind, id } => format!("Leave({kind} {id})"),
        Write::Rejoin { kind, id } => format!("Rejoin({kind} {id})"),
        Write::Flag { id, .. } => format!("Flag({id})"),
    };
}

//! What the store is asked with and what it answers, beside the rows themselves.

use crate::count::Count;
use crate::rows::{History, Observation, Pairing, Quarantine};
use jiff::Timestamp;
use model::settings::UserSettings;
use model::{CrmId, Domain, Kind, Link, PairingId, RecordId, Side, Version};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// A record that shows something to plan: what a cycle works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Where the next page goes on.
    pub key: WorkKey,
    /// The link, when it is linked.
    pub link: Option<Link>,
    /// What the CRM showed last, when no settle took it up yet.
    pub crm: Option<Observation>,
    /// What the mailbox showed last, when no settle took it up yet.
    pub pim: Option<Observation>,
    /// What is quarantined of it.
    pub quarantine: Vec<Quarantine>,
}

/// The order of work: linked records first, by the side and id of the observation that brings them; then the unlinked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkKey {
    /// False for the linked ones, which come first.
    pub alone: bool,
    /// The side observed; the CRM's when both were.
    pub side: Side,
    /// The record there.
    pub id: RecordId,
}

/// An unlinked record that shares a match key (rules M1, M2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub id: RecordId,
    /// The version known.
    pub version: Version,
    /// All its hashes.
    pub hashes: Vec<String>,
    /// An observation holds its content; else it is a stranger and must be read before linking.
    pub observed: bool,
    /// Why it is a stranger.
    pub reason: Option<String>,
}

/// Where a listing of strangers goes on.
pub type StrangerKey = (Side, Kind, RecordId);

/// How an intent was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It stands: write.
    Open,
    /// Another create of the same CRM record is open: busy, look again.
    Taken {
        /// The pairing that began it.
        by: PairingId,
    },
}

/// A change of a pairing by an administrator.
#[derive(Clone, PartialEq, Eq)]
pub enum PairingChange {
    /// Rule L1.
    Enable(bool),
    /// What is set for this user.
    Settings(UserSettings),
    /// The mailbox is on another server (rule M4), or the one it is on was set otherwise: tried at once.
    Connection(String),
    /// The mailbox has another address, which is tried at once.
    Address(String),
    /// The mailbox that stands behind the address now is the right one (rules L1, M4): goes on.
    ConfirmMailbox,
    /// Sync now, whatever patience says.
    RetryNow,
}

impl fmt::Debug for PairingChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PairingChange::Enable(_) => "Enable",
            PairingChange::Settings(_) => "Settings",
            PairingChange::Connection(_) => "Connection",
            PairingChange::Address(_) => "Address",
            PairingChange::ConfirmMailbox => "ConfirmMailbox",
            PairingChange::RetryNow => "RetryNow",
        })
    }
}

/// Links of a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkCount {
    /// All of them.
    pub all: u64,
    /// Those that sleep.
    pub asleep: u64,
}

/// Which counters are summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One pairing's.
    Pairing(PairingId),
    /// Those of all pairings of a CRM.
    Crm(CrmId),
    /// Those of all pairings on a connection.
    Connection(String),
    /// All.
    All,
}

/// A sum of counters (rule C8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CountSum {
    /// How many records.
    pub records: u64,
    /// At how many pairings.
    pub pairings: u64,
}

/// Sums by what was counted.
pub type Counts = BTreeMap<(Domain, Side, Count), CountSum>;

/// Which questions to people are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldFilter {
    /// One pairing's.
    pub pairing: Option<PairingId>,
    /// One domain's.
    pub domain: Option<Domain>,
}

/// Where a listing of quarantined records goes on.
pub type QuarantineKey = (PairingId, Side, Kind, RecordId);

/// Which lines of the history are listed, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// One pairing's.
    pub pairing: Option<PairingId>,
    /// One record's, as a side names it.
    pub record: Option<(Side, RecordId)>,
    /// One cycle's.
    pub cycle: Option<String>,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// Where a listing of the history goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct HistoryKey {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub pairing: PairingId,
    /// Grows within a pairing.
    pub number: u64,
}

/// A line of the history with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// Its key.
    pub key: HistoryKey,
    /// What happened.
    pub line: History,
}

/// How long the history keeps what (decision 14), in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Before-images and what was written: undo reaches back so far.
    pub images: u32,
    /// Overruled values.
    pub overruled: u32,
    /// Who and when.
    pub lines: u32,
    /// Counters.
    pub counts: u32,
}

impl Retention {
    /// Keeps what was changed for so many days, and who and when for longer (rule W3).
    #[must_use]
    pub fn of_days(days: u32) -> Retention {
        let usual = Retention::default();
        Retention { images: days, overruled: days, lines: usual.lines.max(days), counts: usual.counts }
    }
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { images: 90, overruled: 90, lines: 400, counts: 400 }
    }
}

/// What a sweep of the retention did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Lines that lost their images or overruled values.
    pub reduced: u64,
    /// Lines dropped.
    pub dropped: u64,
}

/// A pairing with its numbers: a line of the users' overview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingStatus {
    /// The pairing and how its cycles go.
    pub pairing: Pairing,
    /// Its links per domain.
    pub links: BTreeMap<Domain, LinkCount>,
    /// Records quarantined.
    pub quarantined: u64,
    /// Questions to people.
    pub held: u64,
    /// Observations that no settle took up yet.
    pub observations: u64,
}

/// What is there and what waits, over all pairings: for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Backlog {
    /// Pairings.
    pub pairings: u64,
    /// Those enabled.
    pub enabled: u64,
    /// Those that wait for an administrator.
    pub stopped: u64,
    /// Links.
    pub links: u64,
    /// Observations no settle took up yet.
    pub observations: u64,
    /// Ids to look at.
    pub looks: u64,
    /// Writes begun and not settled.
    pub intents: u64,
    /// Records quarantined.
    pub quarantined: u64,
    /// Questions to people.
    pub held: u64,
    /// Brakes that stand unreleased.
    pub brakes: u64,
}

/// Statements that were run, for tests of cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statements {
    /// Those that only read.
    pub reads: u64,
    /// Those that could write.
    pub writes: u64,
}

/// A page of what happened in the CRM, as the CRM reader stores it.
#[derive(Clone, Debug, Default)]
pub struct Concerns {
    /// Where the reader goes on.
    pub cursor: String,
    /// Users who should look at an id; users without a pairing are passed over.
    pub looks: Vec<(model::UserId, Kind, RecordId)>,
    /// Records whose every linked pairing should look.
    pub everywhere: Vec<(Kind, RecordId)>,
    /// Users whose groups may have changed: their pairings become due.
    pub memberships: std::collections::BTreeSet<model::UserId>,
}

impl Concerns {
    /// Whether it tells nothing beside its cursor.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.looks.is_empty() && self.everywhere.is_empty() && self.memberships.is_empty()
    }
}

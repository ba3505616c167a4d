//! What we remember, as plain rows. Every row of a user carries its pairing (invariant 12).

use crate::pairing_state::PairingState;
use jiff::Timestamp;
use model::settings::UserSettings;
use model::{
    CrmId, Domain, Fields, FolderId, Form, Kind, Link, LinkId, MailboxId, Mark, PairingId, Path, RecordId, Seen, Side,
    UserId, Value, Version,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How changes in a mailbox come to be known (rule E4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Push {
    /// The server tells of them; else the mailbox is polled at its interval.
    pub pushed: bool,
    /// Why it is polled, in words; empty when it is pushed, or when nothing was tried yet.
    pub why: String,
}

impl Push {
    /// The server tells.
    #[must_use]
    pub fn on() -> Push {
        Push { pushed: true, why: String::new() }
    }

    /// It is polled, and why.
    #[must_use]
    pub fn polled(why: impl Into<String>) -> Push {
        Push { pushed: false, why: why.into() }
    }
}

/// One CRM user with one mailbox (SSSE: a User Map row).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// Its id.
    pub id: PairingId,
    /// The CRM.
    pub crm: CrmId,
    /// The user; at most one pairing each.
    pub user: UserId,
    /// The connection the mailbox is on.
    pub connection: String,
    /// The mailbox's address, kept as written and unique without case.
    pub address: String,
    /// The id we gave the mailbox at its first contact.
    pub mailbox: Option<MailboxId>,
    /// The server's id of its root folder then.
    pub root: Option<String>,
    /// Rule L1.
    pub enabled: bool,
    /// What is set for this user.
    pub settings: UserSettings,
    /// How its cycles go.
    pub state: PairingState,
}

// Accounts, addresses and secrets never reach a log.
impl fmt::Debug for Pairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pairing({} on {}, {:?})", self.id, self.connection, self.state)
    }
}

/// Where observing goes on. Keyed by pairing, side, kind and folder; bound to a mailbox id (trap 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which side.
    pub side: Side,
    /// Which kind.
    pub kind: Kind,
    /// Which folder.
    pub folder: FolderId,
    /// The mailbox it was given by.
    pub mailbox: Option<MailboxId>,
    /// The server's text; absent while nothing was read yet.
    pub text: Option<String>,
    /// A full listing is under way: ids seen are noted until its proven end (trap 148).
    pub listing: bool,
    /// That listing is an inventory: ids and versions alone (trap 22).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inventory: bool,
}

/// What a side showed last and no settle has taken up yet: the durable work (decision 12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Which side.
    pub side: Side,
    /// Which kind.
    pub kind: Kind,
    /// Which record.
    pub id: RecordId,
    /// The version shown; empty when it is gone.
    pub version: Version,
    /// What the look found.
    pub seen: Seen,
    /// Keyed hashes of its match keys (rules M1, M2), global id and mark key.
    pub hashes: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// An id to look at in the next cycle, or once a time has come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Look {
    /// Which side.
    pub side: Side,
    /// Which kind.
    pub kind: Kind,
    /// Which record.
    pub id: RecordId,
    /// Not before this.
    pub not_before: Option<Timestamp>,
    /// How often it was asked for, told by the store when it hands the look out and given back when it was carried out:
    /// a look asked for again meanwhile stays. 0 in a new one.
    #[serde(default)]
    pub asked: u64,
}

impl Look {
    /// A look to be carried out at once.
    #[must_use]
    pub fn now(side: Side, kind: Kind, id: RecordId) -> Look {
        Look { side, kind, id, not_before: None, asked: 0 }
    }

    /// A look for later.
    #[must_use]
    pub fn later(side: Side, kind: Kind, id: RecordId, not_before: Timestamp) -> Look {
        Look { not_before: Some(not_before), ..Look::now(side, kind, id) }
    }
}

/// A record that scope keeps out or matching leaves unlinked: no content (decision 12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stranger {
    /// Which side.
    pub side: Side,
    /// Which kind.
    pub kind: Kind,
    /// Which record.
    pub id: RecordId,
    /// The version judged.
    pub version: Version,
    /// Keyed hashes of its match keys.
    pub hashes: Vec<String>,
    /// Why it stays out: a word that `explain` knows.
    pub reason: String,
}

/// A write begun (invariant 5): what recognises it stands before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its id; for a create also the mark's key and the CRM's integration key.
    pub id: String,
    /// The pairing that writes.
    pub pairing: PairingId,
    /// The fencing number it was begun under.
    pub fence: u64,
    /// Which side is written.
    pub side: Side,
    /// Which kind.
    pub kind: Kind,
    /// What kind of write.
    pub what: IntentKind,
    /// The record on the written side, once known.
    pub target: Option<RecordId>,
    /// The record on the other side it comes from.
    pub source: Option<RecordId>,
    /// The link, when there is one.
    pub link: Option<LinkId>,
    /// What recognises two pairings' creates of one CRM record (decision 6): unique per CRM among open creates.
    pub shared_key: Option<String>,
    /// The domain.
    pub domain: Domain,
    /// The form the copy will have.
    pub form: Form,
    /// The mark sent.
    pub mark: Option<Mark>,
    /// The version planned against.
    pub version: Option<Version>,
    /// The fields sent.
    pub fields: Fields,
    /// The link as it will be once the write is known to have happened: bases as sent.
    #[serde(default)]
    pub result: Option<Link>,
    /// Begun when.
    pub at: Timestamp,
}

/// What kind of write an intent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentKind {
    /// A create.
    Create,
    /// An update.
    Update,
    /// A delete.
    Delete,
    /// Setting our mark alone.
    Mark,
    /// Taking a user off the Sync List of the record that he had before: idempotent by nature.
    Small,
    /// Putting a user on the Sync List of the record that he has now: idempotent by nature.
    Enlist,
}

/// A create that stays a day to recognise a twin (decision 10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// The mark's key.
    pub key: String,
    /// The link its answer or lookup led to.
    pub link: LinkId,
    /// Keyed hash of the content sent.
    pub content: String,
    /// Until when.
    pub until: Timestamp,
}

/// A copy that was taken out of the mailbox though its record stands (rule O2): what brings it back when its user
/// returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// The link as it was when the copy went, with the mark it is found by.
    pub link: Link,
    /// Since when.
    pub since: Timestamp,
}

/// A record that cannot be synchronised, with the reason (rule E1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Which side's record.
    pub side: Side,
    /// Which kind.
    pub kind: Kind,
    /// Which record.
    pub id: RecordId,
    /// The versions of both sides judged: a new one on either tries again.
    pub versions: (Option<Version>, Option<Version>),
    /// In words, without content.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// Something only a person can decide: a conflict on Hold (C3), or candidates that are ambiguous (M1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its id.
    pub id: String,
    /// Its pairing.
    pub pairing: PairingId,
    /// Its domain.
    pub domain: Domain,
    /// What it is about.
    pub what: HeldKind,
    /// Since when.
    pub at: Timestamp,
}

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldKind {
    /// Which value stands.
    Conflict {
        /// The link.
        link: LinkId,
        /// The unit's paths with the CRM's and the mailbox's values.
        values: BTreeMap<Path, (Option<Value>, Option<Value>)>,
    },
    /// Which record it is.
    Ambiguous {
        /// The unlinked records on the CRM side.
        crm: Vec<RecordId>,
        /// The unlinked items in the mailbox.
        pim: Vec<RecordId>,
    },
    /// Equal names that a contradiction or a missing address kept apart: told, not waited for.
    PossibleDouble {
        /// In the CRM.
        crm: RecordId,
        /// In the mailbox.
        pim: RecordId,
    },
}

/// A line of the history (rule W3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Its pairing.
    pub pairing: PairingId,
    /// The cycle that did it.
    pub cycle: String,
    /// When.
    pub at: Timestamp,
    /// The domain.
    pub domain: Domain,
    /// Which side was written; absent for what wrote nothing.
    pub side: Option<Side>,
    /// `create`, `update`, `delete`, `conflict`, `matched`, `marked`, `sleep`, `forget`, …
    pub what: String,
    /// The CRM's record.
    pub crm: Option<RecordId>,
    /// The mailbox's record.
    pub pim: Option<RecordId>,
    /// What the written side showed before, per path: absent for a path it did not have.
    pub before: BTreeMap<Path, Option<Value>>,
    /// What was written.
    pub after: Fields,
    /// Values that a conflict did not keep (rule C3).
    pub overruled: Fields,
    /// The mark of a mailbox copy whose record or item was deleted: it is found by that in Deleted Items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark_key: Option<String>,
    /// What the copy was that was deleted: a participant's comes back with its owner's record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// Who asked for it, when it was put back at a person's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// In words, without content.
    pub note: String,
}

/// A brake that tripped (rule C8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    /// The pairing; absent for the brake over all.
    pub pairing: Option<PairingId>,
    /// The domain; absent for the brake over all.
    pub domain: Option<Domain>,
    /// The side.
    pub side: Side,
    /// The plan it waits with: a release is for this digest only (decision 11).
    pub digest: String,
    /// In words: what was about to happen, and which threshold it passed.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// A person released this digest.
    pub released: Option<String>,
}

/// A lease with its fencing number: checked in the transaction of every state write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What it is for: a pairing's id, or `crm:ID` for the CRM reader.
    pub name: String,
    /// Who holds it.
    pub holder: String,
    /// Grows with each taking.
    pub fence: u64,
    /// Ends when, by the database's clock.
    pub until: Timestamp,
}

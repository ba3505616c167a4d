//! State writes of a cycle: each is one transaction, checked against the lease's fencing number.

use crate::rows::{
    Count, Cursor, Held, History, Intent, Late, Look, Observation, PairingState, Quarantine,
    Stranger,
};
use model::{Domain, FolderId, Kind, Link, LinkId, MailboxId, RecordId, Side, Version};

/// What observing a page adds: observations, ids to look at, and the cursor, together or not at all (invariant 4).
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Records seen; a newer observation of a record replaces the older. Drops its stranger row, and its look.
    pub observations: Vec<Observation>,
    /// Ids to be looked at.
    pub looks: Vec<Look>,
    /// Looks that were carried out.
    pub looked: Vec<Look>,
    /// Where observing goes on.
    pub cursor: Option<Cursor>,
    /// Ids seen in the full listing under way in this folder (kept until [`Seen::listing_ended`]).
    pub listed: Vec<RecordId>,
    /// A full listing came to its proven end: every linked id of that folder that it lacked becomes a look, and the
    /// noted ids are dropped. In the same transaction as the last page.
    pub listing_ended: Option<(Side, Kind, FolderId)>,
    /// Records that could not be read.
    pub quarantine: Vec<Quarantine>,
}

/// What one record's outcome changes: one transaction (the settle).
#[derive(Clone, Debug, Default)]
pub struct Settle {
    /// Links made or changed.
    pub links: Vec<Link>,
    /// Links of records gone on both sides.
    pub forget: Vec<LinkId>,
    /// Observations taken up: dropped only if they still have the version.
    pub taken: Vec<(Side, Kind, RecordId, Version)>,
    /// Records that stay out.
    pub strangers: Vec<Stranger>,
    /// Intents that ended.
    pub close: Vec<String>,
    /// Intents begun, opened in the same transaction (a next step).
    pub open: Vec<Intent>,
    /// Creates kept a day to recognise a twin.
    pub late: Vec<Late>,
    /// Records to quarantine; their observations are dropped by `taken`.
    pub quarantine: Vec<Quarantine>,
    /// Records whose quarantine ended.
    pub cured: Vec<(Side, Kind, RecordId)>,
    /// Ids to look at, in this cycle or later.
    pub looks: Vec<Look>,
    /// Questions to a person; one with the same id is replaced.
    pub held: Vec<Held>,
    /// Questions that went away.
    pub answered: Vec<String>,
    /// Lines for the history.
    pub history: Vec<History>,
    /// Counters, added to the row of (pairing, domain, side, hour).
    pub counts: Vec<(Domain, Side, Count, u32)>,
}

/// How a cycle ended: the heartbeat and state of the pairing.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The pairing's state from now on.
    pub state: PairingState,
    /// The mailbox's identity, when it was learnt in this cycle.
    pub mailbox: Option<(MailboxId, String)>,
}

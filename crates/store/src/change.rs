//! State writes of a cycle: each is one transaction, checked against the lease's fencing number.

use crate::count::Count;
use crate::pairing_state::PairingState;
use crate::rows::{Away, Cursor, Held, History, Intent, Late, Look, Observation, Quarantine, Stranger};
use model::{Domain, FolderId, Kind, Link, LinkId, MailboxId, PairingId, RecordId, Side, Version};

/// What observing a page adds: observations, ids to look at, and the cursor, together or not at all (invariant 4).
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Records seen; a newer observation of a record replaces the older, and drops its stranger row. Its look stays
    /// until it is among [`Seen::looked`]: it may have been asked for after this was read.
    pub observations: Vec<Observation>,
    /// Ids to be looked at; of two times the earlier stands.
    pub looks: Vec<Look>,
    /// Looks that were carried out, as [`crate::Store::looks`] gave them; one asked for again meanwhile stays.
    pub looked: Vec<Look>,
    /// Where observing goes on. One without text starts over and drops the ids noted in that folder.
    pub cursor: Option<Cursor>,
    /// Ids seen in the full listing under way in this folder (kept until [`Seen::listing_ended`]).
    pub listed: Vec<RecordId>,
    /// Items that an inventory of the mailbox showed: one that nothing of ours knows in that version becomes a look (trap 22).
    pub shown: Vec<(RecordId, Version)>,
    /// A full listing came to its proven end: every linked id of that folder that it lacked becomes a look, unless
    /// it is known to be gone (an observation says so, or its link sleeps with an empty version), and the noted ids are dropped. In the same transaction as the last page.
    pub listing_ended: Option<(Side, Kind, FolderId)>,
    /// Records that could not be read; an older observation of one is dropped.
    pub quarantine: Vec<Quarantine>,
}

impl Seen {
    /// The folder that the listed ids belong to: the cursor's, else that of the listing that ended.
    #[must_use]
    pub fn listed_in(&self) -> Option<(Side, Kind, &FolderId)> {
        let of_cursor = self.cursor.as_ref();
        of_cursor.map(|cursor| (cursor.side, cursor.kind, &cursor.folder)).or_else(|| {
            let ended = self.listing_ended.as_ref();
            ended.map(|(side, kind, folder)| (*side, *kind, folder))
        })
    }
}

impl Settle {
    /// Whether it would store nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
            && self.forget.is_empty()
            && self.taken.is_empty()
            && self.strangers.is_empty()
            && self.close.is_empty()
            && self.open.is_empty()
            && self.late.is_empty()
            && self.quarantine.is_empty()
            && self.cured.is_empty()
            && self.looks.is_empty()
            && self.held.is_empty()
            && self.answered.is_empty()
            && self.history.is_empty()
            && self.counts.is_empty()
            && self.away.is_empty()
            && self.back.is_empty()
            && self.scrub.is_empty()
            && self.awaited.is_empty()
    }

    /// Every row belongs to the pairing (invariant 12).
    pub(crate) fn assert_own(&self, pairing: &PairingId) {
        let own = self.links.iter().map(|row| &row.pairing);
        let own = own.chain(self.open.iter().map(|row| &row.pairing));
        let own = own.chain(self.held.iter().map(|row| &row.pairing));
        let own = own.chain(self.away.iter().map(|row| &row.link.pairing));
        let mut own = own.chain(self.history.iter().map(|row| &row.pairing));
        crate::checks::own(own.all(|of| of == pairing));
    }
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
    /// Copies taken out of the mailbox whose records stand (rule O2); an older one of the same record is replaced.
    pub away: Vec<Away>,
    /// CRM records whose copy came back, or will not: what was kept of it is dropped.
    pub back: Vec<(Kind, RecordId)>,
    /// Items whose organiser's copy is waited for from now on (rule P3); who waits already waits on.
    pub awaited: Vec<(Kind, RecordId)>,
    /// Records whose values are kept no longer, carried out last: lines of this settle lose theirs too.
    pub scrub: Vec<Scrub>,
}

/// A record whose values must not be kept any longer: they leave the history, the questions and the quarantine, and what
/// was seen of it in the CRM and not yet worked on. Keyed hashes stay (rule O8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrub {
    /// Which kind.
    pub kind: Kind,
    /// The CRM's record.
    pub id: RecordId,
    /// At every pairing of the CRM, and out of the bases of their links; else at this pairing alone, whose link is the
    /// settle's to write.
    pub everywhere: bool,
}

/// How a cycle ended: the heartbeat and state of the pairing.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The pairing's state from now on. A confirmation that an administrator gave during the cycle stays, unless
    /// `mailbox` is told: that is what it confirmed.
    pub state: PairingState,
    /// The mailbox's identity, when it was learnt in this cycle.
    pub mailbox: Option<(MailboxId, String)>,
}

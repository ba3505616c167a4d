//! What a cycle answers.

use crate::port::Trouble;
use model::{Domain, Side};
use std::collections::BTreeMap;
use store::latency::Latencies;
use store::{Count, StoreError};

/// What a cycle did.
#[derive(Clone, Debug, Default)]
pub struct CycleReport {
    /// Records created, updated, deleted, matched, marked, and conflicts.
    pub counts: BTreeMap<(Domain, Side, Count), u32>,
    /// Units both sides changed.
    pub conflicts: u32,
    /// Questions to a person asked in this cycle.
    pub held: u32,
    /// Links that went to sleep.
    pub slept: u32,
    /// Records that went to quarantine.
    pub quarantined: u32,
    /// Domains that a brake stopped.
    pub braked: u32,
    /// What was seen on both sides.
    pub observed: u32,
    /// Records that could not be worked on now: busy, stale, unknown.
    pub postponed: u32,
    /// Why the cycle did not end well.
    pub trouble: Option<String>,
    /// It completed the pairing's first cycle.
    pub first: bool,
    /// How long what it carried over took on its way (rule W4).
    pub latencies: Latencies,
}

impl CycleReport {
    /// Records written on a side.
    #[must_use]
    pub fn writes(&self) -> u32 {
        let written = |count: &Count| match count {
            Count::Created | Count::Updated | Count::Deleted | Count::Marked => true,
            Count::Matched | Count::Conflict | Count::Invited => false,
        };
        self.counts.iter().filter(|((_, _, count), _)| written(count)).map(|(_, number)| number).sum()
    }

    /// Nothing was written, and nothing waits to be worked on.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.writes() == 0 && self.observed == 0 && self.postponed == 0 && self.trouble.is_none()
    }

    pub(crate) fn add(&mut self, domain: Domain, side: Side, count: Count) {
        *self.counts.entry((domain, side, count)).or_default() += 1;
    }
}

/// Why a cycle could not be done.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// Another node, or another command, is at it.
    #[error("a cycle of this user runs now; try again when it has ended")]
    Leased,
    /// There is no such pairing.
    #[error("there is no such pairing")]
    NoPairing,
    /// It waits for an administrator.
    #[error("stopped: {0}")]
    Stopped(String),
    /// There is no such question, or it was answered.
    #[error("there is no such question, or it was answered")]
    NoQuestion,
    /// One of the two records is linked already.
    #[error("one of the two records is linked already")]
    AlreadyLinked,
    /// One of the two records that a person named is not there any more.
    #[error(
        "it is not there any more, so it is linked to nothing; the next cycle settles the question, or asks it anew"
    )]
    NotThere(Side),
    /// More than one undoing takes.
    #[error("that is more than {limit} at once: name a record, a cycle, or a later time")]
    TooMuch {
        /// How much it takes.
        limit: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A side failed.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

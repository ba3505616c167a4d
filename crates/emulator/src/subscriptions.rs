//! Subscriptions: what a client wants to be told, and up to where it was.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::mailbox::{Event, EventKind};

/// A subscription.
#[derive(Clone)]
pub(crate) struct Subscription {
    pub mailbox: u64,
    /// Absent: every folder.
    pub folders: Option<BTreeSet<u64>>,
    /// `CreatedEvent`, `ModifiedEvent`, …
    pub kinds: BTreeSet<String>,
    pub until: Timestamp,
    pub way: Way,
}

/// How a client is told.
#[derive(Clone)]
pub(crate) enum Way {
    /// It fetches.
    Pull { timeout_minutes: i64 },
    /// On a connection that stays open.
    Streaming {
        /// Told up to here.
        seq: u64,
        /// Who subscribed.
        account: String,
        /// The server behind the front that keeps it.
        back_end: String,
    },
}

impl Subscription {
    /// Whether it wants to be told of an event. What moved is told where it came from as well.
    pub(crate) fn wants(&self, event: &Event, name: &str) -> bool {
        let from = match event.kind {
            EventKind::Moved { old_folder, .. } => Some(old_folder),
            EventKind::Created
            | EventKind::Modified
            | EventKind::Deleted
            | EventKind::NewMail
            | EventKind::Copied { .. } => None,
        };
        let here = |folders: &BTreeSet<u64>| {
            folders.contains(&event.folder) || from.is_some_and(|folder| folders.contains(&folder))
        };
        self.folders.as_ref().is_none_or(here) && self.kinds.contains(name)
    }
}

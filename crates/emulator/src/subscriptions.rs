//! Subscriptions: what a client wants to be told, and up to where it was.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// A pull subscription.
#[derive(Clone)]
pub(crate) struct Subscription {
    pub mailbox: u64,
    /// Absent: every folder.
    pub folders: Option<BTreeSet<u64>>,
    /// `CreatedEvent`, `ModifiedEvent`, …
    pub kinds: BTreeSet<String>,
    pub until: Timestamp,
    pub timeout_minutes: i64,
}

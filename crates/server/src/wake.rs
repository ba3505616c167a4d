//! Hints from whoever changes something to the worker, so that a change crosses within seconds and not at the next
//! interval. A hint may be lost: the schedule finds what it missed.

use std::sync::Arc;
use tokio::sync::Notify;

/// Wakes the worker's loops. A clone wakes the same.
#[derive(Clone, Debug, Default)]
pub struct Wake {
    crm: Arc<Notify>,
    due: Arc<Notify>,
    mailboxes: Arc<Notify>,
}

impl Wake {
    /// Something changed in the CRM.
    pub fn crm_changed(&self) {
        self.crm.notify_one();
    }

    /// A pairing became due.
    pub fn pairing_due(&self) {
        self.due.notify_one();
    }

    /// Other mailboxes than before may be to be pushed.
    pub fn mailboxes_changed(&self) {
        self.mailboxes.notify_one();
    }

    /// Waits for other mailboxes to be pushed; a change noted before counts.
    pub async fn mailboxes(&self) {
        self.mailboxes.notified().await;
    }

    /// Waits for a change in the CRM; one noted before counts.
    pub async fn crm(&self) {
        self.crm.notified().await;
    }

    /// Waits for a pairing to become due; one noted before counts.
    pub async fn due(&self) {
        self.due.notified().await;
    }
}

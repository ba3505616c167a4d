//! Acting: writes begun, what came of them, and how a cycle ended.

use super::engine;
use crate::Store;
use crate::answer::Opened;
use crate::change::{Ended, Settle};
use crate::error::{Result, StoreError};
use crate::limits::page;
use crate::rows::{Intent, Late, Lease};
use jiff::Timestamp;
use model::PairingId;

impl Store {
    /// Stores what recognises a write before it is sent (invariant 5). A create whose shared key another open create of
    /// the same CRM has is not opened (decision 6). An intent of the same id and pairing is replaced: its next step.
    pub async fn open_intent(&self, lease: &Lease, intent: &Intent) -> Result<Opened> {
        let opened = self.open_intents(lease, std::slice::from_ref(intent)).await?;
        let missing = || StoreError::Corrupt { at: format!("intent {}", intent.id) };
        opened.into_iter().next().ok_or_else(missing)
    }

    /// The same for writes that go out in one call: all of them in one transaction, each with its own answer, in order.
    /// Where an id belongs to another pairing none is opened.
    pub async fn open_intents(&self, lease: &Lease, intents: &[Intent]) -> Result<Vec<Opened>> {
        if intents.is_empty() {
            return Ok(Vec::new());
        }
        engine!(self, open_intents(lease, intents))
    }

    /// A page of a pairing's open intents in order of their ids.
    pub async fn intents(&self, pairing: &PairingId, after: Option<&str>, limit: usize) -> Result<Vec<Intent>> {
        engine!(self, intents(pairing, after, page(limit)))
    }

    /// An open intent.
    pub async fn intent(&self, id: &str) -> Result<Option<Intent>> {
        engine!(self, intent(id))
    }

    /// A create that stays a day to recognise a twin, by its mark's key; it may be past its time.
    pub async fn late(&self, pairing: &PairingId, key: &str) -> Result<Option<Late>> {
        engine!(self, late(pairing, key))
    }

    /// Stores one record's outcome, all of it or nothing. `now` says which hour the counters belong to. Links are
    /// forgotten first, then stored in order; [`crate::StoreError::Taken`] when another link holds one of the ends.
    pub async fn settle(&self, lease: &Lease, pairing: &PairingId, now: Timestamp, settle: &Settle) -> Result<()> {
        if settle.is_empty() {
            return Ok(());
        }
        engine!(self, settle(lease, pairing, now, settle))
    }

    /// Stores how a cycle ended: the pairing's state and heartbeat. What made
    /// the pairing due before its lease was taken is served; what came after makes it due again.
    pub async fn end_cycle(&self, lease: &Lease, pairing: &PairingId, ended: &Ended) -> Result<()> {
        engine!(self, end_cycle(lease, pairing, ended))
    }
}

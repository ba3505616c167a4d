//! What was seen and where observing goes on: cursors, observations, looks, strangers, and the CRM reader's page.

use super::engine;
use crate::Store;
use crate::answer::{Concerns, StrangerKey};
use crate::change::Seen;
use crate::error::Result;
use crate::limits::page;
use crate::rows::{Cursor, Lease, Look, Stranger};
use jiff::Timestamp;
use model::{CrmId, PairingId, SleepCause};

impl Store {
    /// The cursors of a pairing.
    pub async fn cursors(&self, pairing: &PairingId) -> Result<Vec<Cursor>> {
        engine!(self, cursors(pairing))
    }

    /// Saves what a page showed and the cursor behind it, together or not at all (invariant 4); how many linked ids a
    /// listing that ends with it lacked (rule C8).
    pub async fn save_seen(&self, lease: &Lease, pairing: &PairingId, seen: &Seen) -> Result<u64> {
        engine!(self, save_seen(lease, pairing, seen))
    }

    /// Drops cursors, noted ids, observations, strangers and quarantine together (invariant 6): the next cycle lists
    /// everything. Looks stay.
    pub async fn drop_observing(&self, lease: &Lease, pairing: &PairingId) -> Result<()> {
        engine!(self, drop_observing(lease, pairing))
    }

    /// Ids to look at whose time has come.
    pub async fn looks(&self, pairing: &PairingId, now: Timestamp, limit: usize) -> Result<Vec<Look>> {
        engine!(self, looks(pairing, now, page(limit)))
    }

    /// The clock was ahead and is right again: what it put off is ripe, what it noted of waits begins now, and what it
    /// counted in hours to come is not counted.
    pub async fn put_right(&self, lease: &Lease, pairing: &PairingId, now: Timestamp) -> Result<()> {
        engine!(self, put_right(lease, pairing, now))
    }

    /// Adds ids to look at, without a lease: they only cost a read. The pairing is due while a ripe one waits.
    pub async fn add_looks(&self, pairing: &PairingId, looks: &[Look]) -> Result<()> {
        engine!(self, add_looks(pairing, looks))
    }

    /// Where the reader of a CRM goes on.
    pub async fn crm_cursor(&self, crm: &CrmId) -> Result<Option<String>> {
        engine!(self, crm_cursor(crm))
    }

    /// Saves a page of the CRM reader under its lease (`crm:ID`): its cursor, the looks for every pairing concerned, and
    /// the pairings whose memberships changed made due, in one transaction. One that tells nothing new writes nothing.
    pub async fn save_concerned(&self, lease: &Lease, crm: &CrmId, concerns: &Concerns) -> Result<()> {
        engine!(self, save_concerned(lease, crm, concerns))
    }

    /// A page of records that stay out, of one reason or all.
    pub async fn strangers(
        &self,
        pairing: &PairingId,
        reason: Option<&str>,
        after: Option<&StrangerKey>,
        limit: usize,
    ) -> Result<Vec<Stranger>> {
        engine!(self, strangers(pairing, reason, after, page(limit)))
    }

    /// Has every stranger of these reasons looked at again, because what scope reads has changed (rule L7).
    pub async fn look_at_strangers(&self, pairing: &PairingId, reasons: &[&str]) -> Result<u64> {
        engine!(self, look_at_strangers(pairing, reasons))
    }

    /// Has both ends of every link that sleeps for these causes looked at again; how many links these are.
    pub async fn look_at_sleepers(&self, pairing: &PairingId, causes: &[SleepCause]) -> Result<u64> {
        engine!(self, look_at_sleepers(pairing, causes))
    }
}

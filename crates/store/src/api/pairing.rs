//! Who synchronises: one CRM user with one mailbox each, and which of them are due.

use super::engine;
use crate::Store;
use crate::answer::PairingChange;
use crate::error::Result;
use crate::limits::page;
use crate::rows::{Pairing, Push};
use jiff::Timestamp;
use model::{CrmId, MailboxId, PairingId, UserId};

impl Store {
    /// Maps a user to a mailbox (rule L1), every fault at once: the user or the address is taken, the connection unknown.
    /// A user who was mapped before gets his old pairing id back, and with it his links: the id returned is the one that
    /// counts.
    pub async fn add_pairing(&self, pairing: &Pairing) -> Result<PairingId> {
        engine!(self, add_pairing(pairing))
    }

    /// A pairing.
    pub async fn pairing(&self, id: &PairingId) -> Result<Option<Pairing>> {
        engine!(self, pairing(id))
    }

    /// The pairing of a CRM user.
    pub async fn pairing_of_user(&self, crm: &CrmId, user: &UserId) -> Result<Option<Pairing>> {
        engine!(self, pairing_of_user(crm, user))
    }

    /// The pairing that a CRM user had who was unmapped, and whose links are kept.
    pub async fn unmapped_of_user(&self, crm: &CrmId, user: &UserId) -> Result<Option<PairingId>> {
        engine!(self, unmapped_of_user(crm, user))
    }

    /// The pairings whose cycles met this mailbox, in order of their ids: one, unless something is wrong.
    pub async fn pairings_of_mailbox(&self, mailbox: &MailboxId) -> Result<Vec<Pairing>> {
        engine!(self, pairings_of_mailbox(mailbox))
    }

    /// The pairing of an address, compared as addresses are (rule L1).
    pub async fn pairing_of_address(&self, address: &str) -> Result<Option<Pairing>> {
        engine!(self, pairing_of_address(address))
    }

    /// A page of pairings in order of their ids.
    pub async fn pairings(&self, after: Option<&PairingId>, limit: usize) -> Result<Vec<Pairing>> {
        engine!(self, pairings(after, page(limit)))
    }

    /// Changes a pairing, all changes or none and every fault at once, and makes it due. Safe beside a running cycle.
    pub async fn change_pairing(&self, id: &PairingId, changes: &[PairingChange]) -> Result<Pairing> {
        engine!(self, change_pairing(id, changes))
    }

    /// Unmaps a user (rule L6): nothing is deleted on either side. Links, intents and open questions stay for a later
    /// mapping of the same user; what was observed is dropped. A running cycle loses its lease.
    pub async fn delete_pairing(&self, id: &PairingId) -> Result<()> {
        engine!(self, delete_pairing(id))
    }

    /// Forgets a user, mapped or not: links, cursors, history, everything of his. A running cycle loses its lease.
    pub async fn forget_pairing(&self, id: &PairingId) -> Result<()> {
        engine!(self, forget_pairing(id))
    }

    /// Makes pairings due: a hint that something may have changed. One that waits out its patience goes on waiting
    /// ([`PairingChange::RetryNow`] ends that).
    pub async fn make_due(&self, pairings: &[PairingId]) -> Result<()> {
        engine!(self, make_due(pairings))
    }

    /// Notes whether pairings are pushed or polled, and makes those due for which that is another way than before: what
    /// happened while nobody listened is found by a look.
    pub async fn set_push(&self, pairings: &[PairingId], push: &Push) -> Result<()> {
        engine!(self, set_push(pairings, push))
    }

    /// Pairings whose cycle is due, the longest unserved first: enabled, not stopped (unless confirmed), patient long
    /// enough, leased by nobody, and the time of the schedule has come, or a person asked, or – outside blackout hours –
    /// they were made due, a look is ripe, or an observation came after the last cycle. One whose last cycle lies in the
    /// future is due whatever it waits for: the clock was put right meanwhile.
    pub async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PairingId>> {
        engine!(self, due(now, page(limit)))
    }
}

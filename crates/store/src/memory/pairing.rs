//! Pairings in memory.

use super::Memory;
use super::state::{Mapped, State, Unmapped};
use crate::answer::PairingChange;
use crate::checks::{address_key, apply, refuse};
use crate::error::{Fault, Result, StoreError};
use crate::limits::PAGE;
use crate::rows::{Pairing, Push};
use jiff::Timestamp;
use model::{CrmId, MailboxId, PairingId, UserId};

impl State {
    fn faults(&self, wanted: &Pairing, own: Option<&PairingId>) -> Vec<Fault> {
        let mut faults = Vec::new();
        let others = || self.pairings.values().map(|row| &row.pairing).filter(|other| Some(&other.id) != own);
        if let Some(other) = others().find(|other| other.crm == wanted.crm && other.user == wanted.user) {
            faults.push(Fault::UserTaken(other.id.clone()));
        }
        let key = address_key(&wanted.address);
        if key.is_empty() {
            faults.push(Fault::AddressBlank);
        } else if let Some(other) = others().find(|other| address_key(&other.address) == key) {
            faults.push(Fault::AddressTaken(other.id.clone()));
        }
        if !self.connections.contains_key(&wanted.connection) {
            faults.push(Fault::ConnectionUnknown(wanted.connection.clone()));
        }
        faults
    }

    fn mapped(&mut self, id: &PairingId) -> Result<&mut Mapped> {
        self.pairings.get_mut(id).ok_or_else(|| StoreError::NotFound(format!("pairing {id}")))
    }

    fn forget_questions(&mut self, id: &PairingId) {
        self.brakes.retain(|(pairing, _, _), _| pairing.as_ref() != Some(id));
    }
}

impl Memory {
    pub(crate) fn add_pairing(&self, pairing: &Pairing) -> Result<PairingId> {
        self.write(|state| {
            let mut row = pairing.clone();
            let old = state.unmapped.get(&(row.crm.clone(), row.user.clone())).cloned();
            if let Some(old) = &old {
                row.id = old.pairing.clone();
                row.mailbox = row.mailbox.or_else(|| old.mailbox.clone());
                row.root = row.root.or_else(|| old.root.clone());
            }
            let mut faults = state.faults(&row, None);
            let id_taken = state.pairings.contains_key(&row.id)
                || (old.is_none() && state.unmapped.values().any(|gone| gone.pairing == row.id));
            if id_taken {
                faults.push(Fault::IdTaken(row.id.clone()));
            }
            refuse(faults)?;
            let id = row.id.clone();
            state.unmapped.remove(&(row.crm.clone(), row.user.clone()));
            state
                .pairings
                .insert(id.clone(), Mapped { pairing: row, woken: 0, served: 0, asked: 0, push: Push::default() });
            Ok(id)
        })
    }

    pub(crate) fn pairing(&self, id: &PairingId) -> Result<Option<Pairing>> {
        self.read(|state| Ok(state.pairings.get(id).map(Mapped::told)))
    }

    pub(crate) fn pairing_of_user(&self, crm: &CrmId, user: &UserId) -> Result<Option<Pairing>> {
        self.read(|state| {
            Ok(state
                .pairings
                .values()
                .find(|row| row.pairing.crm == *crm && row.pairing.user == *user)
                .map(Mapped::told))
        })
    }

    pub(crate) fn unmapped_of_user(&self, crm: &CrmId, user: &UserId) -> Result<Option<PairingId>> {
        let key = (crm.clone(), user.clone());
        self.read(|state| Ok(state.unmapped.get(&key).map(|gone| gone.pairing.clone())))
    }

    pub(crate) fn pairings_of_mailbox(&self, mailbox: &MailboxId) -> Result<Vec<Pairing>> {
        self.read(|state| {
            let holders = state.pairings.values().filter(|row| row.pairing.mailbox.as_ref() == Some(mailbox));
            Ok(holders.take(PAGE).map(Mapped::told).collect())
        })
    }

    pub(crate) fn pairing_of_address(&self, address: &str) -> Result<Option<Pairing>> {
        let key = address_key(address);
        self.read(|state| {
            let found = state.pairings.values().find(|row| address_key(&row.pairing.address) == key);
            Ok(found.map(Mapped::told))
        })
    }

    pub(crate) fn pairings(&self, after: Option<&PairingId>, limit: usize) -> Result<Vec<Pairing>> {
        self.read(|state| {
            Ok(state
                .pairings
                .values()
                .filter(|row| after.is_none_or(|after| row.pairing.id > *after))
                .take(limit)
                .map(Mapped::told)
                .collect())
        })
    }

    pub(crate) fn change_pairing(&self, id: &PairingId, changes: &[PairingChange]) -> Result<Pairing> {
        self.write(|state| {
            let mut changed = state.mapped(id)?.pairing.clone();
            for change in changes {
                apply(&mut changed, change);
            }
            refuse(state.faults(&changed, Some(id)))?;
            let row = state.mapped(id)?;
            row.pairing = changed.clone();
            row.woken += 1;
            if changes.contains(&PairingChange::RetryNow) {
                row.asked = row.woken;
            }
            Ok(changed)
        })
    }

    pub(crate) fn delete_pairing(&self, id: &PairingId) -> Result<()> {
        self.write(|state| {
            let pairing = state.mapped(id)?.pairing.clone();
            state.pairings.remove(id);
            state.revoke(id.as_str());
            state.unmapped.insert(
                (pairing.crm, pairing.user),
                Unmapped { pairing: pairing.id, mailbox: pairing.mailbox, root: pairing.root },
            );
            let memories = state.of_mut(id);
            memories.forget_observing();
            memories.looks.clear();
            for intent in state.intents.values_mut() {
                if intent.pairing == *id {
                    intent.shared_key = None;
                }
            }
            state.forget_questions(id);
            Ok(())
        })
    }

    pub(crate) fn forget_pairing(&self, id: &PairingId) -> Result<()> {
        self.write(|state| {
            let mapped = state.pairings.remove(id).is_some();
            let before = state.unmapped.len();
            state.unmapped.retain(|_, gone| gone.pairing != *id);
            if !mapped && state.unmapped.len() == before {
                return Err(StoreError::NotFound(format!("pairing {id}")));
            }
            state.revoke(id.as_str());
            state.memories.remove(id);
            state.intents.retain(|_, intent| intent.pairing != *id);
            state.held.retain(|_, held| held.pairing != *id);
            state.forget_questions(id);
            Ok(())
        })
    }

    pub(crate) fn make_due(&self, pairings: &[PairingId]) -> Result<()> {
        self.write(|state| {
            for id in pairings {
                if let Some(row) = state.pairings.get_mut(id) {
                    row.woken += 1;
                }
            }
            Ok(())
        })
    }

    pub(crate) fn set_push(&self, pairings: &[PairingId], push: &Push) -> Result<()> {
        self.write(|state| {
            for id in pairings {
                if let Some(row) = state.pairings.get_mut(id) {
                    row.woken += u64::from(row.push.pushed != push.pushed);
                    row.push = push.clone();
                }
            }
            Ok(())
        })
    }

    pub(crate) fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PairingId>> {
        let lease_now = self.now();
        self.read(|state| {
            let mut due: Vec<(Option<Timestamp>, &PairingId)> = state
                .pairings
                .values()
                .filter(|row| state.is_due(row, now, lease_now))
                .map(|row| (row.pairing.state.last_cycle, &row.pairing.id))
                .collect();
            due.sort();
            Ok(due.into_iter().take(limit).map(|(_, id)| id.clone()).collect())
        })
    }
}

impl State {
    fn is_due(&self, row: &Mapped, now: Timestamp, lease_now: Timestamp) -> bool {
        let pairing = &row.pairing;
        let cycle = &pairing.state;
        let leased = self
            .leases
            .get(pairing.id.as_str())
            .is_some_and(|lease| lease.holder.is_some() && lease.until.is_some_and(|until| until > lease_now));
        let wrong_clock = cycle.last_cycle.is_some_and(|last| last > crate::limits::ahead_of(now));
        if !pairing.enabled
            || leased
            || (cycle.stopped.is_some() && !cycle.confirm_mailbox)
            || (cycle.not_before.is_some_and(|at| at > now) && !wrong_clock)
        {
            return false;
        }
        wrong_clock
            || cycle.next.is_none_or(|at| at <= now)
            || row.asked > row.served
            || !cycle.resting
                && (row.woken > row.served
                    || self.of(&pairing.id).is_some_and(|memories| {
                        memories.looks.values().any(|look| look.not_before.is_none_or(|at| at <= now))
                            || memories
                                .observations
                                .values()
                                .any(|row| cycle.last_cycle.is_none_or(|last| row.at > last))
                    }))
    }
}

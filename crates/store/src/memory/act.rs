//! Acting in memory: intents, settles and the end of a cycle.

use super::Memory;
use super::state::State;
use crate::answer::Opened;
use crate::change::{Ended, Settle};
use crate::checks::hour;
use crate::error::{Key, Result, StoreError};
use crate::rows::{Intent, Late, Lease};
use jiff::Timestamp;
use model::{CrmId, LinkId, PairingId};

impl State {
    fn crm_of(&self, pairing: &PairingId) -> Option<&CrmId> {
        self.pairings.get(pairing).map(|row| &row.pairing.crm)
    }

    /// Who has an open create with the same shared key in the same CRM, but for those about to be closed.
    fn shared_by(&self, intent: &Intent, closing: &[String]) -> Option<PairingId> {
        let key = intent.shared_key.as_ref()?;
        let crm = self.crm_of(&intent.pairing);
        self.intents
            .values()
            .filter(|open| open.id != intent.id && !closing.contains(&open.id))
            .find(|open| open.shared_key.as_ref() == Some(key) && self.crm_of(&open.pairing) == crm)
            .map(|open| open.pairing.clone())
    }

    /// Opens an intent, or its next step: the shared key stays what it was.
    fn open(&mut self, intent: &Intent) {
        let old = self.intents.get(&intent.id);
        let shared_key = old.map_or_else(|| intent.shared_key.clone(), |old| old.shared_key.clone());
        let row = Intent { shared_key, ..intent.clone() };
        self.intents.insert(row.id.clone(), row);
    }

    fn intent_faults(&self, settle: &Settle) -> Result<()> {
        let mut new = std::collections::BTreeSet::new();
        for intent in &settle.open {
            self.id_free(intent)?;
            if self.intents.contains_key(&intent.id) && !settle.close.contains(&intent.id) {
                continue;
            }
            let twice = intent.shared_key.as_ref().is_some_and(|key| !new.insert(key.clone()));
            let by = self.shared_by(intent, &settle.close).or_else(|| twice.then(|| intent.pairing.clone()));
            if let Some(by) = by {
                return Err(StoreError::Taken(Key::SharedKey { by }));
            }
        }
        Ok(())
    }

    fn id_free(&self, intent: &Intent) -> Result<()> {
        match self.intents.get(&intent.id) {
            Some(other) if other.pairing != intent.pairing => Err(StoreError::Taken(Key::Id)),
            Some(_) | None => Ok(()),
        }
    }

    fn settle(&mut self, pairing: &PairingId, now: Timestamp, settle: &Settle) {
        for id in &settle.close {
            if self.intents.get(id).is_some_and(|row| row.pairing == *pairing) {
                self.intents.remove(id);
            }
        }
        for intent in &settle.open {
            self.open(intent);
        }
        for id in &settle.answered {
            if self.held.get(id).is_some_and(|row| row.pairing == *pairing) {
                self.held.remove(id);
            }
        }
        for held in &settle.held {
            self.held.insert(held.id.clone(), held.clone());
        }
        let memories = self.of_mut(pairing);
        for id in &settle.forget {
            memories.unlink(id);
        }
        for link in &settle.links {
            memories.put_link(link);
        }
        for key in &settle.back {
            memories.away.remove(key);
        }
        for row in &settle.away {
            memories.away.insert((row.link.kind, row.link.crm.id.clone()), row.clone());
        }
        for key in &settle.awaited {
            memories.awaited.entry(key.clone()).or_insert(now);
        }
        for (side, kind, id, version) in &settle.taken {
            let same =
                memories.observations.get(&(*kind, *side, id.clone())).is_some_and(|row| row.version == *version);
            if same {
                memories.drop_observation(*side, *kind, id);
            }
        }
        for row in &settle.strangers {
            memories.unhash(row.side, row.kind, &row.id);
            memories.strangers.insert((row.side, row.kind, row.id.clone()), row.clone());
            memories.hash(row.side, row.kind, &row.id);
        }
        for late in &settle.late {
            memories.lates.insert(late.key.clone(), late.clone());
        }
        for (side, kind, id) in &settle.cured {
            memories.quarantine.remove(&(*side, *kind, id.clone()));
        }
        for row in &settle.quarantine {
            memories.quarantine.insert((row.side, row.kind, row.id.clone()), row.clone());
        }
        for look in &settle.looks {
            memories.look(look);
        }
        for line in &settle.history {
            let number = memories.history.keys().next_back().map_or(1, |n| n + 1);
            memories.history.insert(number, line.clone());
        }
        for (domain, side, count, n) in &settle.counts {
            *memories.counts.entry((*domain, *side, *count, hour(now))).or_default() += u64::from(*n);
        }
        for row in &settle.scrub {
            self.scrub(pairing, row);
        }
    }
}

impl Memory {
    pub(crate) fn open_intents(&self, lease: &Lease, intents: &[Intent]) -> Result<Vec<Opened>> {
        self.write(|state| {
            for intent in intents {
                state.fenced_for(lease, &intent.pairing)?;
                state.id_free(intent)?;
            }
            let mut opened = Vec::with_capacity(intents.len());
            for intent in intents {
                let stands = state.intents.contains_key(&intent.id);
                opened.push(match state.shared_by(intent, &[]).filter(|_| !stands) {
                    Some(by) => Opened::Taken { by },
                    None => {
                        state.open(intent);
                        Opened::Open
                    }
                });
            }
            Ok(opened)
        })
    }

    pub(crate) fn intents(&self, pairing: &PairingId, after: Option<&str>, limit: usize) -> Result<Vec<Intent>> {
        self.read(|state| {
            Ok(state
                .intents
                .values()
                .filter(|intent| intent.pairing == *pairing)
                .filter(|intent| after.is_none_or(|after| intent.id.as_str() > after))
                .take(limit)
                .cloned()
                .collect())
        })
    }

    pub(crate) fn intent(&self, id: &str) -> Result<Option<Intent>> {
        self.read(|state| Ok(state.intents.get(id).cloned()))
    }

    pub(crate) fn late(&self, pairing: &PairingId, key: &str) -> Result<Option<Late>> {
        self.read(|state| Ok(state.of(pairing).and_then(|memories| memories.lates.get(key)).cloned()))
    }

    pub(crate) fn settle(&self, lease: &Lease, pairing: &PairingId, now: Timestamp, settle: &Settle) -> Result<()> {
        settle.assert_own(pairing);
        self.write(|state| {
            state.fenced_for(lease, pairing)?;
            state.of_mut(pairing).link_faults(&settle.forget, &settle.links)?;
            let foreign = |id: &LinkId| {
                state.memories.iter().any(|(of, memories)| of != pairing && memories.links.contains_key(id))
            };
            if settle.links.iter().any(|link| foreign(&link.id)) {
                return Err(StoreError::Taken(Key::Id));
            }
            state.intent_faults(settle)?;
            state.settle(pairing, now, settle);
            Ok(())
        })
    }

    pub(crate) fn end_cycle(&self, lease: &Lease, pairing: &PairingId, ended: &Ended) -> Result<()> {
        self.write(|state| {
            let noted = state.fenced_for(lease, pairing)?;
            let Some(row) = state.pairings.get_mut(pairing) else {
                return Err(StoreError::NotFound(format!("pairing {pairing}")));
            };
            let confirmed = row.pairing.state.confirm_mailbox;
            let used = ended.mailbox.is_some() || (!ended.state.confirm_mailbox && row.woken <= noted);
            row.pairing.state = ended.state.clone();
            row.pairing.state.confirm_mailbox = confirmed && !used;
            if let Some((mailbox, root)) = &ended.mailbox {
                row.pairing.mailbox = Some(mailbox.clone());
                row.pairing.root = Some(root.clone());
            }
            row.served = noted;
            Ok(())
        })
    }
}

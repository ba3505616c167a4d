//! Counters, brakes and overviews in memory.

use super::Memory;
use super::state::{Memories, State};
use crate::answer::{Backlog, CountSum, Counts, PairingStatus, Whose};
use crate::checks::hour;
use crate::count::Count;
use crate::error::{Result, StoreError};
use crate::rows::{Brake, Lease};
use jiff::Timestamp;
use model::{Domain, PairingId, Side};
use std::collections::{BTreeMap, BTreeSet};

impl State {
    fn is_whose(&self, whose: &Whose, id: &PairingId) -> bool {
        let pairing = self.pairings.get(id).map(|row| &row.pairing);
        match whose {
            Whose::Pairing(of) => id == of,
            Whose::Crm(crm) => pairing.is_some_and(|row| row.crm == *crm),
            Whose::Connection(name) => pairing.is_some_and(|row| row.connection == *name),
            Whose::All => true,
        }
    }
}

/// A pairing with what is counted of it.
fn status_of(state: &State, id: &PairingId) -> Option<PairingStatus> {
    let none = Memories::default();
    let memories = state.of(id).unwrap_or(&none);
    Some(PairingStatus {
        pairing: state.pairings.get(id)?.told(),
        links: memories.count_links(),
        quarantined: memories.quarantine.len() as u64,
        held: state.held.values().filter(|row| row.pairing == *id).count() as u64,
        observations: memories.observations.len() as u64,
    })
}

impl Memory {
    pub(crate) fn counts(&self, whose: &Whose, since: Timestamp) -> Result<Counts> {
        self.read(|state| {
            let mut sums = Counts::new();
            for (id, memories) in &state.memories {
                if !state.is_whose(whose, id) {
                    continue;
                }
                let mut own: BTreeMap<_, u64> = BTreeMap::new();
                for ((domain, side, count, at), n) in &memories.counts {
                    if *at >= hour(since) {
                        *own.entry((*domain, *side, *count)).or_default() += n;
                    }
                }
                for (key, n) in own {
                    let sum: &mut CountSum = sums.entry(key).or_default();
                    sum.records += n;
                    sum.pairings += 1;
                }
            }
            Ok(sums)
        })
    }

    pub(crate) fn pairings_that(&self, side: Side, what: Count, since: Timestamp) -> Result<BTreeSet<PairingId>> {
        self.read(|state| {
            let did = |memories: &Memories| {
                memories
                    .counts
                    .iter()
                    .any(|((_, of, count, at), n)| *of == side && *count == what && *at >= hour(since) && *n > 0)
            };
            Ok(state.memories.iter().filter(|(_, memories)| did(memories)).map(|(id, _)| id.clone()).collect())
        })
    }

    pub(crate) fn brakes(&self) -> Result<Vec<Brake>> {
        self.read(|state| Ok(state.brakes.values().cloned().collect()))
    }

    pub(crate) fn put_brake(&self, lease: &Lease, brake: &Brake) -> Result<()> {
        self.write(|state| {
            state.fenced(lease)?;
            let key = (brake.pairing.clone(), brake.domain, brake.side);
            let stands = state.brakes.get(&key).is_some_and(|row| row.digest == brake.digest);
            if !stands {
                state.brakes.insert(key, brake.clone());
            }
            Ok(())
        })
    }

    pub(crate) fn release_brake(
        &self,
        pairing: Option<&PairingId>,
        domain: Option<Domain>,
        side: Side,
        digest: &str,
    ) -> Result<()> {
        self.write(|state| {
            let brake = state.brakes.get_mut(&(pairing.cloned(), domain, side));
            match brake.filter(|row| row.digest == digest) {
                Some(row) => {
                    row.released = Some(digest.to_owned());
                }
                None => return Err(StoreError::NotFound("brake with this plan".into())),
            }
            for (id, row) in &mut state.pairings {
                if pairing.is_none_or(|of| of == id) {
                    row.woken += 1;
                }
            }
            Ok(())
        })
    }

    pub(crate) fn drop_brake(
        &self,
        lease: &Lease,
        pairing: Option<&PairingId>,
        domain: Option<Domain>,
        side: Side,
    ) -> Result<()> {
        self.write(|state| {
            state.fenced(lease)?;
            state.brakes.remove(&(pairing.cloned(), domain, side));
            Ok(())
        })
    }

    pub(crate) fn overview(&self, after: Option<&PairingId>, limit: usize) -> Result<Vec<PairingStatus>> {
        self.read(|state| {
            let later = state.pairings.keys().filter(|id| after.is_none_or(|after| *id > after));
            Ok(later.take(limit).filter_map(|id| status_of(state, id)).collect())
        })
    }

    pub(crate) fn status(&self, pairing: &PairingId) -> Result<Option<PairingStatus>> {
        self.read(|state| Ok(status_of(state, pairing)))
    }

    pub(crate) fn backlog(&self) -> Result<Backlog> {
        self.read(|state| {
            let pairings = || state.pairings.values().map(|row| &row.pairing);
            let sum = |of: fn(&Memories) -> usize| -> u64 { state.memories.values().map(|row| of(row) as u64).sum() };
            Ok(Backlog {
                pairings: state.pairings.len() as u64,
                enabled: pairings().filter(|row| row.enabled).count() as u64,
                stopped: pairings().filter(|row| row.state.stopped.is_some()).count() as u64,
                links: sum(|row| row.links.len()),
                observations: sum(|row| row.observations.len()),
                looks: sum(|row| row.looks.len()),
                intents: state.intents.len() as u64,
                quarantined: sum(|row| row.quarantine.len()),
                held: state.held.len() as u64,
                brakes: state.brakes.values().filter(|row| row.released.is_none()).count() as u64,
            })
        })
    }
}

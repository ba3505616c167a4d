//! Links in memory.

use super::Memory;
use super::state::Memories;
use crate::answer::LinkCount;
use crate::error::{Key, Result, StoreError};
use crate::rows::Away;
use jiff::Timestamp;
use model::{CrmId, Domain, Kind, Link, LinkId, PairingId, RecordId, Side};
use planted::Planted;
use std::collections::BTreeMap;

impl Memories {
    /// Which key would be taken by another link, if these were forgotten and those stored one after the other.
    pub(super) fn link_faults(&self, forget: &[LinkId], links: &[Link]) -> Result<()> {
        let mut ends = BTreeMap::new();
        let mut moved: BTreeMap<&LinkId, &Link> = BTreeMap::new();
        for link in forget.iter().filter_map(|id| self.links.get(id)) {
            for side in Side::BOTH {
                ends.insert((link.kind, side, link.end(side).id.clone()), None);
            }
        }
        for link in links {
            if let Some(old) = moved.get(&link.id).copied().or_else(|| self.links.get(&link.id)) {
                for side in Side::BOTH {
                    ends.insert((old.kind, side, old.end(side).id.clone()), None);
                }
            }
            for (side, key) in [(Side::Crm, Key::LinkCrm), (Side::Pim, Key::LinkPim)] {
                let end = (link.kind, side, link.end(side).id.clone());
                let holder = match ends.get(&end) {
                    Some(holder) => holder.as_ref(),
                    None => self.ends.get(&end),
                };
                if holder.is_some_and(|holder| *holder != link.id) {
                    return Err(StoreError::Taken(key));
                }
                ends.insert(end, Some(link.id.clone()));
            }
            moved.insert(&link.id, link);
        }
        Ok(())
    }

    pub(super) fn put_link(&mut self, link: &Link) {
        let is_new = !self.links.contains_key(&link.id);
        self.unlink(&link.id);
        for side in Side::BOTH {
            let id = &link.end(side).id;
            self.ends.insert((link.kind, side, id.clone()), link.id.clone());
            if is_new {
                self.drop_stranger(side, link.kind, id);
            }
        }
        self.links.insert(link.id.clone(), link.clone());
    }

    pub(super) fn count_links(&self) -> BTreeMap<Domain, LinkCount> {
        let mut counts: BTreeMap<Domain, LinkCount> = BTreeMap::new();
        for link in self.links.values() {
            let count = counts.entry(link.domain).or_default();
            count.all += 1;
            count.asleep += u64::from(link.sleep.is_some());
        }
        counts
    }
}

impl Memory {
    pub(crate) fn link(&self, id: &LinkId) -> Result<Option<Link>> {
        self.read(|state| Ok(state.memories.values().find_map(|memories| memories.links.get(id)).cloned()))
    }

    pub(crate) fn link_of(&self, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<Option<Link>> {
        self.read(|state| {
            if planted::is(Planted::WrongPairing) {
                return Ok(state.memories.values().find_map(|memories| memories.link_of(side, kind, id)).cloned());
            }
            Ok(state.of(pairing).and_then(|memories| memories.link_of(side, kind, id)).cloned())
        })
    }

    pub(crate) fn away(&self, pairing: &PairingId, kind: Kind, crm: &RecordId) -> Result<Option<Away>> {
        self.read(|state| Ok(state.of(pairing).and_then(|memories| memories.away.get(&(kind, crm.clone()))).cloned()))
    }

    pub(crate) fn awaited(&self, pairing: &PairingId, kind: Kind, pim: &RecordId) -> Result<Option<Timestamp>> {
        self.read(|state| {
            Ok(state.of(pairing).and_then(|memories| memories.awaited.get(&(kind, pim.clone()))).copied())
        })
    }

    pub(crate) fn links(
        &self,
        pairing: &PairingId,
        domain: Option<Domain>,
        after: Option<&LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>> {
        self.read(|state| {
            Ok(state
                .of(pairing)
                .into_iter()
                .flat_map(|memories| memories.links.values())
                .filter(|link| after.is_none_or(|after| link.id > *after))
                .filter(|link| domain.is_none_or(|domain| link.domain == domain))
                .take(limit)
                .cloned()
                .collect())
        })
    }

    pub(crate) fn count_links(&self, pairing: &PairingId) -> Result<BTreeMap<Domain, LinkCount>> {
        self.read(|state| Ok(state.of(pairing).map(Memories::count_links).unwrap_or_default()))
    }

    pub(crate) fn links_of_crm(&self, crm: &CrmId, kind: Kind, id: &RecordId, limit: usize) -> Result<Vec<Link>> {
        self.read(|state| {
            Ok(state
                .pairings
                .values()
                .filter(|row| row.pairing.crm == *crm)
                .filter_map(|row| state.of(&row.pairing.id)?.link_of(Side::Crm, kind, id))
                .take(limit)
                .cloned()
                .collect())
        })
    }
}

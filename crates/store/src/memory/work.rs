//! What a cycle plans from, in memory.

use super::Memory;
use super::state::Memories;
use crate::answer::{Candidate, Work, WorkKey};
use crate::error::Result;
use crate::rows::Observation;
use model::{Kind, Link, PairingId, RecordId, Side};
use std::collections::BTreeSet;
use std::ops::Bound;

impl Memories {
    fn observation(&self, side: Side, kind: Kind, id: &RecordId) -> Option<&Observation> {
        self.observations.get(&(kind, side, id.clone()))
    }

    /// The place of an observation in the order of work; none for the second one of a link.
    fn key(&self, row: &Observation) -> Option<WorkKey> {
        let link = self.link_of(row.side, row.kind, &row.id);
        let second = row.side == Side::Pim
            && link.is_some_and(|link| self.observation(Side::Crm, row.kind, &link.crm.id).is_some());
        (!second).then(|| WorkKey { alone: link.is_none(), side: row.side, id: row.id.clone() })
    }

    fn of_link(&self, link: &Link, key: WorkKey) -> Work {
        Work {
            key,
            crm: self.observation(Side::Crm, link.kind, &link.crm.id).cloned(),
            pim: self.observation(Side::Pim, link.kind, &link.pim.id).cloned(),
            quarantine: Side::BOTH
                .into_iter()
                .filter_map(|side| {
                    let id = link.end(side).id.clone();
                    self.quarantine.get(&(side, link.kind, id)).cloned()
                })
                .collect(),
            link: Some(link.clone()),
        }
    }

    fn of_one(&self, side: Side, kind: Kind, id: &RecordId) -> Option<Work> {
        if let Some(link) = self.link_of(side, kind, id) {
            let shown = self.observation(Side::Crm, kind, &link.crm.id).is_some();
            let first = if shown || side == Side::Crm { Side::Crm } else { Side::Pim };
            let key = WorkKey { alone: false, side: first, id: link.end(first).id.clone() };
            return Some(self.of_link(link, key));
        }
        let seen = self.observation(side, kind, id).cloned();
        let quarantine = self.quarantine.get(&(side, kind, id.clone())).cloned();
        if seen.is_none() && quarantine.is_none() {
            return None;
        }
        let (crm, pim) = match side {
            Side::Crm => (seen, None),
            Side::Pim => (None, seen),
        };
        Some(Work {
            key: WorkKey { alone: true, side, id: id.clone() },
            link: None,
            crm,
            pim,
            quarantine: quarantine.into_iter().collect(),
        })
    }

    fn work(&self, kind: Kind, after: Option<&WorkKey>, limit: usize) -> Vec<Work> {
        let mut page = Vec::new();
        for (alone, side) in [(false, Side::Crm), (false, Side::Pim), (true, Side::Crm), (true, Side::Pim)] {
            let start = match after {
                Some(after) if (after.alone, after.side) > (alone, side) => continue,
                Some(after) if (after.alone, after.side) == (alone, side) => {
                    Bound::Excluded((kind, side, after.id.clone()))
                }
                Some(_) | None => Bound::Included((kind, side, RecordId::new(""))),
            };
            page.extend(
                self.observations
                    .range((start, Bound::Unbounded))
                    .take_while(|((k, s, _), _)| (*k, *s) == (kind, side))
                    .filter(|(_, row)| self.key(row).is_some_and(|key| key.alone == alone))
                    .take(limit - page.len())
                    .filter_map(|(_, row)| self.of_one(side, kind, &row.id)),
            );
        }
        page
    }
}

impl Memory {
    pub(crate) fn work(
        &self,
        pairing: &PairingId,
        kind: Kind,
        after: Option<&WorkKey>,
        limit: usize,
    ) -> Result<Vec<Work>> {
        self.read(|state| Ok(state.of(pairing).map(|memories| memories.work(kind, after, limit)).unwrap_or_default()))
    }

    pub(crate) fn kinds_at_work(&self, pairing: &PairingId) -> Result<BTreeSet<Kind>> {
        self.read(|state| {
            let rows = state.of(pairing).map(|memories| memories.observations.keys());
            Ok(rows.into_iter().flatten().map(|(kind, _, _)| *kind).collect())
        })
    }

    pub(crate) fn work_of(&self, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<Option<Work>> {
        self.read(|state| Ok(state.of(pairing).and_then(|memories| memories.of_one(side, kind, id))))
    }

    pub(crate) fn candidates(
        &self,
        pairing: &PairingId,
        kind: Kind,
        side: Side,
        hashes: &[String],
        limit: usize,
    ) -> Result<Vec<Candidate>> {
        self.read(|state| {
            let Some(memories) = state.of(pairing) else {
                return Ok(Vec::new());
            };
            let mut ids = BTreeSet::new();
            for hash in hashes {
                let from = (side, kind, hash.clone(), RecordId::new(""));
                ids.extend(
                    memories
                        .hashed
                        .range(from..)
                        .take_while(|(s, k, h, _)| (*s, *k, h) == (side, kind, hash))
                        .map(|(_, _, _, id)| id.clone())
                        .filter(|id| memories.link_of(side, kind, id).is_none()),
                );
            }
            Ok(ids.into_iter().take(limit).filter_map(|id| memories.candidate(side, kind, id)).collect())
        })
    }
}

impl Memories {
    fn candidate(&self, side: Side, kind: Kind, id: RecordId) -> Option<Candidate> {
        if let Some(row) = self.observation(side, kind, &id) {
            return Some(Candidate {
                version: row.version.clone(),
                hashes: row.hashes.clone(),
                observed: true,
                reason: None,
                id,
            });
        }
        let row = self.strangers.get(&(side, kind, id.clone()))?;
        Some(Candidate {
            version: row.version.clone(),
            hashes: row.hashes.clone(),
            observed: false,
            reason: Some(row.reason.clone()),
            id,
        })
    }
}

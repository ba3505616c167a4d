//! Observing in memory: cursors, observations, looks, and the CRM reader.

use super::Memory;
use super::state::{Memories, State};
use crate::answer::Concerns;
use crate::answer::StrangerKey;
use crate::change::Seen;
use crate::error::Result;
use crate::rows::{Cursor, Lease, Look, Observation, Stranger};
use jiff::Timestamp;
use model::{CrmId, FolderId, Kind, PairingId, RecordId, Side, SleepCause, Version};
use planted::Planted;

impl Memories {
    /// Cursors, observations, strangers and quarantine go together (invariant 6).
    pub(super) fn forget_observing(&mut self) {
        self.cursors.clear();
        self.listed.clear();
        self.observations.clear();
        self.strangers.clear();
        self.hashed.clear();
        self.quarantine.clear();
    }

    fn save_seen(&mut self, seen: &Seen) -> u64 {
        for look in &seen.looked {
            let key = (look.side, look.kind, look.id.clone());
            if self.looks.get(&key).is_some_and(|row| row.asked <= look.asked) {
                self.looks.remove(&key);
            }
        }
        for row in &seen.observations {
            self.unhash(row.side, row.kind, &row.id);
            self.strangers.remove(&(row.side, row.kind, row.id.clone()));
            self.observations.insert((row.kind, row.side, row.id.clone()), row.clone());
            self.hash(row.side, row.kind, &row.id);
        }
        for row in &seen.quarantine {
            self.drop_observation(row.side, row.kind, &row.id);
            self.quarantine.insert((row.side, row.kind, row.id.clone()), row.clone());
        }
        for look in &seen.looks {
            self.look(look);
        }
        if let Some((_, kind, _)) = seen.listed_in() {
            for (id, version) in &seen.shown {
                if !self.knows(kind, id, version) {
                    self.look(&Look::now(Side::Pim, kind, id.clone()));
                }
            }
        }
        if let Some(cursor) = &seen.cursor {
            if cursor.text.is_none() {
                self.unlist(cursor.side, cursor.kind, &cursor.folder);
            }
            self.cursors.insert((cursor.side, cursor.kind, cursor.folder.clone()), cursor.clone());
        }
        if let Some((side, kind, folder)) = seen.listed_in() {
            let ids = seen.listed.iter().chain(seen.shown.iter().map(|(id, _)| id));
            let linked = ids.filter(|id| self.ends.contains_key(&(kind, side, RecordId::clone(id))));
            self.listed.extend(linked.map(|id| (side, kind, folder.clone(), id.clone())));
        }
        match &seen.listing_ended {
            Some((side, kind, folder)) => self.end_listing(*side, *kind, folder),
            None => 0,
        }
    }

    /// Whether anything that is kept of an item is of this version.
    fn knows(&self, kind: Kind, id: &RecordId, version: &Version) -> bool {
        let key = (Side::Pim, kind, id.clone());
        let judged = self.quarantine.get(&key).is_some_and(|row| row.versions.1.as_ref() == Some(version));
        self.link_of(Side::Pim, kind, id).is_some_and(|link| link.pim.version == *version)
            || self.observations.get(&(kind, Side::Pim, id.clone())).is_some_and(|row| row.version == *version)
            || self.strangers.get(&key).is_some_and(|row| row.version == *version)
            || judged
    }

    fn unlist(&mut self, side: Side, kind: Kind, folder: &FolderId) {
        self.listed.retain(|(s, k, f, _)| (*s, *k, f) != (side, kind, folder));
    }

    fn end_listing(&mut self, side: Side, kind: Kind, folder: &FolderId) -> u64 {
        let missing: Vec<Look> = self
            .links
            .values()
            .filter(|link| link.kind == kind)
            .filter(|link| match side {
                Side::Crm => true,
                Side::Pim => {
                    let shown = self.observations.get(&(kind, side, link.pim.id.clone()));
                    let shown = shown.is_some_and(|row| !row.version.as_str().is_empty());
                    let known_gone = link.sleep.is_some() && link.pim.version.as_str().is_empty() && !shown;
                    link.folder.as_ref().is_none_or(|of| of == folder) && !known_gone
                }
            })
            .map(|link| link.end(side).id.clone())
            .filter(|id| !self.listed.contains(&(side, kind, folder.clone(), id.clone())))
            .filter(|id| {
                let seen = self.observations.get(&(kind, side, id.clone()));
                seen.is_none_or(|row| !row.version.as_str().is_empty())
            })
            .map(|id| Look::now(side, kind, id))
            .collect();
        for look in &missing {
            if planted::is(Planted::MissingIsDeleted) {
                let seen = model::Seen::Gone(model::Gone::Deleted);
                let (id, version, hashes) = (look.id.clone(), model::Version::new(""), Vec::new());
                let row = Observation { side, kind, id, version, seen, hashes, at: Timestamp::UNIX_EPOCH };
                self.observations.insert((kind, side, look.id.clone()), row);
                continue;
            }
            self.look(look);
        }
        self.unlist(side, kind, folder);
        missing.len() as u64
    }
}

impl Memory {
    pub(crate) fn cursors(&self, pairing: &PairingId) -> Result<Vec<Cursor>> {
        self.read(|state| {
            Ok(state.of(pairing).map(|memories| memories.cursors.values().cloned().collect()).unwrap_or_default())
        })
    }

    pub(crate) fn save_seen(&self, lease: &Lease, pairing: &PairingId, seen: &Seen) -> Result<u64> {
        self.write(|state| {
            state.fenced_for(lease, pairing)?;
            Ok(state.of_mut(pairing).save_seen(seen))
        })
    }

    pub(crate) fn drop_observing(&self, lease: &Lease, pairing: &PairingId) -> Result<()> {
        self.write(|state| {
            state.fenced_for(lease, pairing)?;
            state.of_mut(pairing).forget_observing();
            Ok(())
        })
    }

    pub(crate) fn looks(&self, pairing: &PairingId, now: Timestamp, limit: usize) -> Result<Vec<Look>> {
        self.read(|state| {
            Ok(state
                .of(pairing)
                .into_iter()
                .flat_map(|memories| memories.looks.values())
                .filter(|look| look.not_before.is_none_or(|at| at <= now))
                .take(limit)
                .cloned()
                .collect())
        })
    }

    pub(crate) fn put_right(&self, lease: &Lease, pairing: &PairingId, now: Timestamp) -> Result<()> {
        self.write(|state| {
            state.fenced_for(lease, pairing)?;
            let memories = state.of_mut(pairing);
            for look in memories.looks.values_mut().filter(|look| look.not_before.is_some_and(|at| at > now)) {
                look.not_before = None;
            }
            for since in memories.awaited.values_mut() {
                *since = now.min(*since);
            }
            memories.counts.retain(|(_, _, _, at), _| *at <= crate::checks::hour(now));
            Ok(())
        })
    }

    pub(crate) fn add_looks(&self, pairing: &PairingId, looks: &[Look]) -> Result<()> {
        self.write(|state| {
            state.found(pairing)?;
            for look in looks {
                state.of_mut(pairing).look(look);
            }
            Ok(())
        })
    }

    pub(crate) fn crm_cursor(&self, crm: &CrmId) -> Result<Option<String>> {
        self.read(|state| Ok(state.readers.get(crm).cloned()))
    }

    pub(crate) fn save_concerned(&self, lease: &Lease, crm: &CrmId, concerns: &Concerns) -> Result<()> {
        let quiet = self.read(|state| {
            state.fenced_by(lease, &crate::checks::reader(crm))?;
            Ok(concerns.is_quiet() && state.readers.get(crm) == Some(&concerns.cursor))
        })?;
        if quiet {
            return Ok(());
        }
        self.write(|state| {
            state.fenced_by(lease, &crate::checks::reader(crm))?;
            for (user, kind, id) in concerns.looks.iter().filter(|_| !planted::is(Planted::FeedForgotten)) {
                if let Some(pairing) = state.pairing_by_user(crm, user) {
                    state.of_mut(&pairing).look(&Look::now(Side::Crm, *kind, id.clone()));
                }
            }
            for (kind, id) in &concerns.everywhere {
                for pairing in state.pairings_of(crm) {
                    let memories = state.of_mut(&pairing);
                    if memories.link_of(Side::Crm, *kind, id).is_some() {
                        memories.look(&Look::now(Side::Crm, *kind, id.clone()));
                    }
                }
            }
            for user in &concerns.memberships {
                if let Some(pairing) = state.pairing_by_user(crm, user)
                    && let Some(row) = state.pairings.get_mut(&pairing)
                {
                    row.woken += 1;
                }
            }
            state.readers.insert(crm.clone(), concerns.cursor.clone());
            Ok(())
        })
    }

    pub(crate) fn strangers(
        &self,
        pairing: &PairingId,
        reason: Option<&str>,
        after: Option<&StrangerKey>,
        limit: usize,
    ) -> Result<Vec<Stranger>> {
        self.read(|state| {
            Ok(state
                .of(pairing)
                .into_iter()
                .flat_map(|memories| &memories.strangers)
                .filter(|(key, _)| after.is_none_or(|after| *key > after))
                .map(|(_, row)| row)
                .filter(|row| reason.is_none_or(|reason| row.reason == reason))
                .take(limit)
                .cloned()
                .collect())
        })
    }

    pub(crate) fn look_at_strangers(&self, pairing: &PairingId, reasons: &[&str]) -> Result<u64> {
        self.write(|state| {
            state.found(pairing)?;
            let memories = state.of_mut(pairing);
            let looks: Vec<Look> = memories
                .strangers
                .values()
                .filter(|row| reasons.contains(&row.reason.as_str()))
                .map(|row| Look::now(row.side, row.kind, row.id.clone()))
                .collect();
            for look in &looks {
                memories.look(look);
            }
            Ok(looks.len() as u64)
        })
    }

    pub(crate) fn look_at_sleepers(&self, pairing: &PairingId, causes: &[SleepCause]) -> Result<u64> {
        self.write(|state| {
            state.found(pairing)?;
            let memories = state.of_mut(pairing);
            let sleepers: Vec<_> = memories
                .links
                .values()
                .filter(|link| link.sleep.as_ref().is_some_and(|sleep| causes.contains(&sleep.cause)))
                .map(|link| (link.kind, link.crm.id.clone(), link.pim.id.clone()))
                .collect();
            for (kind, crm, pim) in &sleepers {
                memories.look(&Look::now(Side::Crm, *kind, crm.clone()));
                memories.look(&Look::now(Side::Pim, *kind, pim.clone()));
            }
            Ok(sleepers.len() as u64)
        })
    }
}

impl State {
    pub(super) fn found(&self, pairing: &PairingId) -> Result<()> {
        if self.pairings.contains_key(pairing) {
            Ok(())
        } else {
            Err(crate::StoreError::NotFound(format!("pairing {pairing}")))
        }
    }

    fn pairing_by_user(&self, crm: &CrmId, user: &model::UserId) -> Option<PairingId> {
        self.pairings
            .values()
            .map(|row| &row.pairing)
            .find(|row| row.crm == *crm && row.user == *user)
            .map(|row| row.id.clone())
    }

    fn pairings_of(&self, crm: &CrmId) -> Vec<PairingId> {
        self.pairings.values().map(|row| &row.pairing).filter(|row| row.crm == *crm).map(|row| row.id.clone()).collect()
    }
}

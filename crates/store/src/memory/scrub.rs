//! Taking the values of a record that became private out of everything we keep (rule O8), in memory.

use super::state::State;
use crate::change::Scrub;
use crate::checks::silence;
use model::{PairingId, Side};
use std::collections::BTreeSet;

impl State {
    /// Scrubs one record, at one pairing or at all of its CRM.
    pub(super) fn scrub(&mut self, pairing: &PairingId, scrub: &Scrub) {
        let mut pairings = BTreeSet::from([pairing.clone()]);
        if let Some(crm) = self.pairings.get(pairing).map(|row| row.pairing.crm.clone()).filter(|_| scrub.everywhere) {
            pairings
                .extend(self.pairings.values().filter(|row| row.pairing.crm == crm).map(|row| row.pairing.id.clone()));
            let gone = self.unmapped.iter().filter(|((of, _), _)| *of == crm).map(|(_, row)| row.pairing.clone());
            pairings.extend(gone);
        }
        for of in pairings {
            self.scrub_one(&of, scrub, of != *pairing);
        }
    }

    fn scrub_one(&mut self, pairing: &PairingId, scrub: &Scrub, other: bool) {
        let memories = self.of_mut(pairing);
        let link = memories.link_of(Side::Crm, scrub.kind, &scrub.id).cloned();
        let item = link.as_ref().map(|link| link.pim.id.clone());
        if let Some(stored) = link.as_ref().filter(|_| other).and_then(|link| memories.links.get_mut(&link.id)) {
            stored.crm.base.clear();
            stored.pim.base.clear();
        }
        for line in memories.history.values_mut() {
            if line.crm.as_ref() == Some(&scrub.id) || line.pim.is_some() && line.pim == item {
                silence(line);
            }
        }
        memories.quarantine.retain(|(side, kind, id), _| {
            *kind != scrub.kind
                || match side {
                    Side::Crm => *id != scrub.id,
                    Side::Pim => Some(id) != item.as_ref(),
                }
        });
        memories.drop_observation(Side::Crm, scrub.kind, &scrub.id);
        if let Some(link) = link {
            let prefix = format!("{}:", link.id);
            self.held.retain(|id, held| held.pairing != *pairing || !id.starts_with(&prefix));
        }
    }
}

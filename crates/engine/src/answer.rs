//! What a person answers to a question: which value stands (rule C3), which record it is (rule M1).

use crate::Engine;
use crate::outcome::CycleError;
use crate::port::{Trouble, Wanted};
use model::{Domain, Kind, PairingId, RecordId, Seen, Side};
use store::change::Settle;
use store::{Held, HeldKind, Look, Work, WorkKey};

impl Engine {
    /// Lets one side's value stand in a held conflict: the other side's is taken as seen and overruled, and the next
    /// cycle carries the chosen one over.
    ///
    /// # Errors
    /// When the question is not a conflict of this pairing, or the store failed.
    pub async fn choose(&self, held: &Held, winner: Side) -> Result<(), CycleError> {
        let HeldKind::Conflict { link, values } = &held.what else {
            return Err(CycleError::NoQuestion);
        };
        let lease = self.lease_of(&held.pairing).await?;
        let mut settle = Settle { answered: vec![held.id.clone()], ..Settle::default() };
        if let Some(mut link) = self.store().link(link).await? {
            for (path, (crm, pim)) in values {
                let loser = match winner {
                    Side::Crm => pim,
                    Side::Pim => crm,
                };
                let base = &mut link.end_mut(winner.other()).base;
                match loser {
                    Some(value) => base.insert(path.clone(), value.clone()),
                    None => base.remove(path),
                };
            }
            for side in Side::BOTH {
                settle.looks.push(Look::now(side, link.kind, link.end(side).id.clone()));
            }
            settle.links.push(link);
        }
        let stored = self.store().settle(&lease, &held.pairing, self.now(), &settle).await;
        self.store().release_lease(&lease).await?;
        stored?;
        self.store().make_due(std::slice::from_ref(&held.pairing)).await?;
        Ok(())
    }

    /// Links two records that a person says are one (rule M1); what differs is merged as between strangers (rule M3).
    ///
    /// # Errors
    /// As for a cycle.
    pub async fn link_these(
        &self,
        pairing: &PairingId,
        kind: Kind,
        crm: &RecordId,
        pim: &RecordId,
    ) -> Result<(), CycleError> {
        let lease = self.lease_of(pairing).await?;
        let result = self.link_leased(lease.clone(), pairing, kind, crm, pim).await;
        self.give_back(&lease, result).await
    }

    async fn link_leased(
        &self,
        lease: store::Lease,
        pairing: &PairingId,
        kind: Kind,
        crm: &RecordId,
        pim: &RecordId,
    ) -> Result<(), CycleError> {
        let row = self.store().pairing(pairing).await?.ok_or(CycleError::NoPairing)?;
        let mut cycle = self.begin(lease, row).await?;
        let linked = self.store().link_of(pairing, Side::Pim, kind, pim).await?;
        if let Some(link) = linked.filter(|link| link.domain == Domain::PersonalContact) {
            return cycle.join_business(link, crm).await;
        }
        let mut seen = Vec::new();
        for (side, id) in [(Side::Crm, crm), (Side::Pim, pim)] {
            if self.store().link_of(pairing, side, kind, id).await?.is_some() {
                return Err(CycleError::AlreadyLinked);
            }
            let wanted = Wanted::by_id(id.clone());
            let found = match cycle.get_one(side, kind, wanted).await? {
                Ok(Seen::Gone(_)) | Err(Trouble::Gone(_)) => return Err(CycleError::NotThere(side)),
                found => found?,
            };
            seen.push(cycle.observation(side, kind, id, found));
        }
        let pim_seen = seen.pop();
        let crm_seen = seen.pop();
        let key = WorkKey { alone: true, side: Side::Crm, id: crm.clone() };
        let work = Work { key, link: None, crm: crm_seen, pim: pim_seen, quarantine: Vec::new() };
        cycle.link_work(&work).await
    }
}

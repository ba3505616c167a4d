//! Removing our copies from a mailbox at a person's word: first shown, then done as shown (rule L6).

use crate::Engine;
use crate::act::wanted;
use crate::cycle::Cycle;
use crate::force::hex;
use crate::judge::Judged;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{Trouble, Wanted};
use model::{Domain, Kind, Link, LinkId, PairingId, RecordId, Side};
use plan::removal::{Stays, removal};
use plan::{Lead, Plan};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use store::change::Settle;
use store::{Look, Work, WorkKey};

/// The most lines shown.
const LINES: usize = 1_000;

/// What a removal would delete.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Removal {
    /// Copies that would go to Deleted Items.
    pub total: u64,
    /// The first of them.
    pub copies: Vec<RemovalLine>,
    /// Linked items that stay, by why.
    pub stay: BTreeMap<String, u64>,
    /// Names exactly these copies as they are now: what is confirmed.
    pub digest: String,
}

/// A copy.
#[derive(Clone, Debug, Serialize)]
pub struct RemovalLine {
    /// Of which domain.
    pub domain: Domain,
    /// Of which record in the CRM.
    pub crm: RecordId,
    /// The item.
    pub pim: RecordId,
}

/// How a removal ended.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removed {
    /// Done as shown: how many copies went.
    Done(u64),
    /// Something changed since it was shown: this is what it would be now, and nothing was done.
    Changed(Removal),
}

impl Engine {
    /// What removing the copies of some domains from a mailbox would delete. Nothing is written on either side.
    ///
    /// # Errors
    /// As for a cycle.
    pub async fn copies(&self, id: &PairingId, domains: &BTreeSet<Domain>) -> Result<Removal, CycleError> {
        let lease = self.lease_of(id).await?;
        let result = async {
            let pairing = self.store().pairing(id).await?.ok_or(CycleError::NoPairing)?;
            self.begin(lease.clone(), pairing).await?.removal(domains).await
        };
        let result = result.await;
        self.give_back(&lease, result).await
    }

    /// Moves the copies of some domains to Deleted Items if they are those that the digest names, and drops their links.
    ///
    /// # Errors
    /// As for a cycle.
    pub async fn remove_copies(
        &self,
        id: &PairingId,
        domains: &BTreeSet<Domain>,
        digest: &str,
    ) -> Result<Removed, CycleError> {
        let lease = self.lease_of(id).await?;
        let result = async {
            let pairing = self.store().pairing(id).await?.ok_or(CycleError::NoPairing)?;
            let mut cycle = self.begin(lease.clone(), pairing).await?;
            let shown = cycle.removal(domains).await?;
            if shown.digest != digest {
                return Ok(Removed::Changed(shown));
            }
            Ok(Removed::Done(cycle.remove(domains).await?))
        };
        let result = result.await;
        self.give_back(&lease, result).await
    }
}

impl Cycle<'_> {
    async fn removal(&mut self, domains: &BTreeSet<Domain>) -> Result<Removal, CycleError> {
        let mut shown = Removal::default();
        let mut names = Sha256::new();
        let mut after = None;
        while let Some(page) = self.next_links(&mut after).await? {
            for (link, judged) in self.judged(domains, page).await? {
                match judged {
                    Ok((work, _)) => {
                        shown.total += 1;
                        let version =
                            work.pim.as_ref().map(|seen| seen.version.as_str().to_owned()).unwrap_or_default();
                        names.update(format!("{}\n{}\n{version}\n", link.id, link.pim.id));
                        if shown.copies.len() < LINES {
                            let (crm, pim) = (link.crm.id.clone(), link.pim.id.clone());
                            shown.copies.push(RemovalLine { domain: link.domain, crm, pim });
                        }
                    }
                    Err(why) => *shown.stay.entry(plan::explain::stays(why).to_owned()).or_default() += 1,
                }
            }
        }
        shown.digest = hex(&names.finalize())[..16].to_owned();
        Ok(shown)
    }

    async fn remove(&mut self, domains: &BTreeSet<Domain>) -> Result<u64, CycleError> {
        let mut removed = 0;
        let mut after = None;
        // A person saw what goes: it is his, and neither uses up nor trips the brakes of rule C8.
        self.confirmed = true;
        while let Some(page) = self.next_links(&mut after).await? {
            for (link, judged) in self.judged(domains, page).await? {
                self.keep_lease().await?;
                let Ok((work, plan)) = judged else { continue };
                let item = work.pim.as_ref().and_then(|seen| match &seen.seen {
                    model::Seen::Present(item) => Some((**item).clone()),
                    model::Seen::Gone(_) => None,
                });
                self.carry_out(&work, Judged::of(plan, None, item.as_ref())).await?;
                if self.engine.store().link(&link.id).await?.is_none() {
                    removed += 1;
                    // It stands alone now, and enters again when a level lets it.
                    let looks = vec![Look::now(Side::Crm, link.kind, link.crm.id.clone())];
                    self.store(Settle { looks, ..Settle::default() }).await?;
                }
            }
        }
        Ok(removed)
    }

    fn plan_of(&self, link: &Link, work: &Work) -> Result<Plan, Stays> {
        let lenses = self.lenses();
        let context = self.context(Lead::Mine, &lenses);
        match &work.pim {
            Some(seen) => removal(link, &seen.seen, &context),
            None => Err(Stays::Unproven),
        }
    }

    async fn next_links(&self, after: &mut Option<LinkId>) -> Result<Option<Vec<Link>>, CycleError> {
        let page = self.engine.store().links(&self.pairing.id, None, after.as_ref(), limits::LOOK_PAGE).await?;
        *after = page.last().map(|link| link.id.clone()).or_else(|| after.take());
        Ok((!page.is_empty()).then_some(page))
    }

    /// The links of these domains with what is to be done: items are read a page at a time, nothing is written.
    async fn judged(
        &mut self,
        domains: &BTreeSet<Domain>,
        page: Vec<Link>,
    ) -> Result<Vec<(Link, Result<(Work, Plan), Stays>)>, CycleError> {
        self.keep_lease().await?;
        let page: Vec<Link> = page.into_iter().filter(|link| domains.contains(&link.domain)).collect();
        let mut seen = BTreeMap::new();
        for kind in Kind::ALL {
            let ours = page.iter().filter(|link| link.kind == kind && link.born == Side::Crm);
            let asked: Vec<Wanted> = ours.map(|link| wanted(link, Side::Pim)).collect();
            if !asked.is_empty() {
                seen.extend(self.pim.get(kind, &asked).await?);
            }
        }
        let mut judged = Vec::new();
        for link in page {
            let pim = match seen.remove(&link.pim.id) {
                Some(Ok(seen)) => Some(self.observation(Side::Pim, link.kind, &link.pim.id, seen)),
                None | Some(Err(Trouble::NoAccess { .. } | Trouble::Gone(_) | Trouble::Refused { .. })) => None,
                Some(Err(trouble)) => return Err(trouble.into()),
            };
            let key = WorkKey { alone: false, side: Side::Crm, id: link.crm.id.clone() };
            let work = Work { key, link: Some(link.clone()), crm: None, pim, quarantine: Vec::new() };
            let verdict = match link.born {
                Side::Pim => Err(Stays::BornThere),
                Side::Crm => self.plan_of(&link, &work),
            };
            judged.push((link, verdict.map(|plan| (work, plan))));
        }
        Ok(judged)
    }
}

//! The plan of a cycle is made twice from the same observations: counted first, acted on second (decision 11, rule C8).

use crate::cycle::Cycle;
use crate::force::hex;
use crate::limits;
use crate::outcome::CycleError;
use jiff::SignedDuration;
use model::{Domain, Kind, Side};
use plan::guard::{Tallies, Tally, count, is_short, trips, trips_over_all};
use plan::{After, Op, Plan};
use planted::Planted;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use store::{Brake, Count, Whose};

/// What brakes stop in this cycle.
#[derive(Debug, Default)]
pub(crate) struct Stopped {
    pub domains: BTreeSet<Domain>,
    /// The brake over all: deletes of everybody.
    pub deletes: BTreeSet<Side>,
}

impl Stopped {
    /// Whether a record's plan must not be carried out now.
    pub(crate) fn stops(&self, plan: &Plan) -> bool {
        let writes = plan.writes() || is_unmarked(plan);
        let domain = writes && plan.domain.is_some_and(|domain| self.domains.contains(&domain));
        let delete = |op: &Op| match op {
            Op::Delete { side, .. } => self.deletes.contains(side),
            Op::Delist | Op::Leave => self.deletes.contains(&Side::Crm),
            Op::Update { side, .. } if plan.reduces() => self.deletes.contains(side),
            Op::Create { .. } | Op::Update { .. } | Op::Restore { .. } | Op::Enlist | Op::Rejoin | Op::Flag { .. } => {
                false
            }
        };
        domain || plan.ops.iter().any(delete)
    }
}

/// Whether the item's mark, which no plan tells of, is still to be written (decision 2).
fn is_unmarked(plan: &Plan) -> bool {
    let After::Linked(link) = &plan.after else { return false };
    link.sleep.is_none() && plan::keys::crm_id(&link.mark_key) != Some(link.crm.id.as_str())
}

/// How the digest of a listing's brake begins.
const LISTING: &str = "listing-";

fn of_listing(brake: &Brake) -> bool {
    brake.digest.starts_with(LISTING)
}

impl Cycle<'_> {
    /// Counts what this cycle is about to do, and lets the guard refuse before the first write.
    pub(crate) async fn count(&mut self) -> Result<Stopped, CycleError> {
        let mut tallies = Tallies::new();
        let mut digests: BTreeMap<Domain, Sha256> = BTreeMap::new();
        for kind in self.kinds.clone() {
            let mut after = None;
            loop {
                self.keep_lease().await?;
                let page = self.engine.store().work(&self.pairing.id, kind, after.as_ref(), limits::WORK_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
                for work in &page {
                    let Some(judged) = self.judge(work).await? else {
                        continue;
                    };
                    count(&judged.plan, &mut tallies);
                    self.keep_decided(work, &judged.plan).await?;
                    if let Some(domain) = judged.plan.domain.filter(|_| judged.plan.writes()) {
                        let line = format!("{:?} {:?} {:?}\n", work.key.side, work.key.id, judged.plan.ops);
                        digests.entry(domain).or_default().update(line.as_bytes());
                    }
                }
            }
        }
        let mut stopped = Stopped::default();
        let standing = self.engine.store().brakes().await?;
        if tallies.is_empty() && standing.is_empty() && self.short.is_empty() {
            return Ok(stopped);
        }
        let digests: BTreeMap<Domain, String> =
            digests.into_iter().map(|(domain, digest)| (domain, hex(&digest.finalize()))).collect();
        self.own_brakes(&tallies, &digests, &standing, &mut stopped).await?;
        self.short_listings(&tallies, &standing, &mut stopped).await?;
        self.brake_over_all(&tallies, &standing, &mut stopped).await?;
        Ok(stopped)
    }

    async fn own_brakes(
        &mut self,
        tallies: &Tallies,
        digests: &BTreeMap<Domain, String>,
        standing: &[Brake],
        stopped: &mut Stopped,
    ) -> Result<(), CycleError> {
        let store = self.engine.store();
        let mut tripped: BTreeSet<(Domain, Side)> = BTreeSet::new();
        let links = store.count_links(&self.pairing.id).await?;
        let day = store.counts(&Whose::Pairing(self.pairing.id.clone()), self.hours_ago(24)).await?;
        let first = !self.pairing.state.first_done;
        for ((domain, side), tally) in tallies {
            let all = links.get(domain).map_or(0, |count| u32::try_from(count.all).unwrap_or(u32::MAX));
            let of_day =
                |what| day.get(&(*domain, *side, what)).map_or(0, |sum| u32::try_from(sum.records).unwrap_or(u32::MAX));
            let seen = Tally { creates: 0, changes: of_day(Count::Updated), deletes: of_day(Count::Deleted) };
            let digest = digests.get(domain).cloned().unwrap_or_default();
            let mine = |brake: &&Brake| {
                brake.pairing.as_ref() == Some(&self.pairing.id) && brake.domain == Some(*domain) && brake.side == *side
            };
            let found = standing.iter().find(mine);
            match trips(*tally, all, seen, first, &self.force.settings.brakes) {
                // A release is for that plan only: another plan waits for another release.
                Some(_) if found.and_then(|brake| brake.released.as_ref()) == Some(&digest) => {
                    tripped.insert((*domain, *side));
                }
                Some(why) => {
                    tripped.insert((*domain, *side));
                    stopped.domains.insert(*domain);
                    self.report.braked += 1;
                    if found.is_none_or(|brake| brake.digest != digest) {
                        let brake = Brake {
                            pairing: Some(self.pairing.id.clone()),
                            domain: Some(*domain),
                            side: *side,
                            digest,
                            why,
                            at: self.engine.now(),
                            released: None,
                        };
                        store.put_brake(&self.lease, &brake).await?;
                    }
                }
                // The same plan still waits for a person, though the day it was counted in is over.
                None if found.is_some_and(|brake| brake.released.is_none() && brake.digest == digest) => {
                    tripped.insert((*domain, *side));
                    stopped.domains.insert(*domain);
                    self.report.braked += 1;
                }
                None => {}
            }
        }
        // A brake whose plan was carried out or is no more is taken away: nobody is asked about nothing (trap 146).
        for brake in standing.iter().filter(|brake| brake.pairing.as_ref() == Some(&self.pairing.id)) {
            if let Some(domain) = brake.domain.filter(|_| !of_listing(brake))
                && !tripped.contains(&(domain, brake.side))
                && !self.closed.contains_key(&domain.kind())
            {
                store.drop_brake(&self.lease, Some(&self.pairing.id), Some(domain), brake.side).await?;
            }
        }
        Ok(())
    }

    /// A listing that suddenly lacked more linked ids than the brakes allow stops its domains before their first write
    /// (rule C8, trap 145): until a person releases it, or until every id was found all the same.
    async fn short_listings(
        &mut self,
        tallies: &Tallies,
        standing: &[Brake],
        stopped: &mut Stopped,
    ) -> Result<(), CycleError> {
        let store = self.engine.store();
        let links = store.count_links(&self.pairing.id).await?;
        for ((side, kind), (missing, of)) in &self.short {
            for domain in kind.domains().iter().filter(|domain| links.get(domain).is_some_and(|count| count.all > 0)) {
                if stopped.domains.contains(domain) {
                    continue;
                }
                stopped.domains.insert(*domain);
                self.report.braked += 1;
                let brake = Brake {
                    pairing: Some(self.pairing.id.clone()),
                    domain: Some(*domain),
                    side: *side,
                    digest: format!("{LISTING}{missing}-{of}-{}", self.id),
                    why: format!("a listing lacked {missing} of {of} linked records: it was suddenly empty or short"),
                    at: self.engine.now(),
                    released: None,
                };
                store.put_brake(&self.lease, &brake).await?;
            }
        }
        for brake in standing.iter().filter(|brake| brake.pairing.as_ref() == Some(&self.pairing.id)) {
            let Some(domain) = brake.domain.filter(|_| of_listing(brake)) else { continue };
            let kind = domain.kind();
            if self.short.contains_key(&(brake.side, kind)) || self.closed.contains_key(&kind) {
                continue;
            }
            let deletes = Side::BOTH.iter().any(|side| tallies.get(&(domain, *side)).is_some_and(|it| it.deletes > 0));
            if deletes && brake.released.is_none() {
                stopped.domains.insert(domain);
                self.report.braked += 1;
            } else {
                store.drop_brake(&self.lease, Some(&self.pairing.id), Some(domain), brake.side).await?;
            }
        }
        Ok(())
    }

    /// Remembers a listing that ended without linked ids, when it lacked suspiciously many. Where a moved mailbox is gone
    /// through every id is another one: what is not found there under its mark counts as a delete, and is braked as such.
    pub(crate) async fn note_short(&mut self, side: Side, kind: Kind, missing: u64) -> Result<(), CycleError> {
        if side == Side::Pim && self.pairing.state.moved {
            return Ok(());
        }
        let links = self.engine.store().count_links(&self.pairing.id).await?;
        let all: u64 = kind.domains().iter().filter_map(|domain| links.get(domain)).map(|count| count.all).sum();
        let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        if !planted::is(Planted::ShortIsNoNews) && is_short(number(missing), number(all), &self.force.settings.brakes) {
            self.short.insert((side, kind), (missing, all));
        }
        Ok(())
    }

    /// Over all pairings, in a rolling hour, from one side.
    async fn brake_over_all(
        &mut self,
        tallies: &Tallies,
        standing: &[Brake],
        stopped: &mut Stopped,
    ) -> Result<(), CycleError> {
        let store = self.engine.store();
        let brakes = self.force.settings.brakes;
        if tallies.values().all(|tally| tally.deletes == 0) {
            return Ok(());
        }
        let hour = store.counts(&Whose::All, self.hours_ago(1)).await?;
        let enabled = store.backlog().await?.enabled;
        for side in Side::BOTH {
            let mine: u64 =
                tallies.iter().filter(|((_, of), _)| *of == side).map(|(_, tally)| u64::from(tally.deletes)).sum();
            if mine == 0 {
                continue;
            }
            let found = standing.iter().find(|brake| brake.pairing.is_none() && brake.side == side);
            let so_far: u64 = hour
                .iter()
                .filter(|((_, of, what), _)| *of == side && *what == Count::Deleted)
                .map(|(_, sum)| sum.records)
                .sum();
            let mut users = store.pairings_that(side, Count::Deleted, self.hours_ago(1)).await?;
            users.insert(self.pairing.id.clone());
            let users = users.len() as u64;
            let tripped = trips_over_all(so_far + mine, users, enabled, &brakes);
            if found.is_some_and(|brake| brake.released.as_ref() == Some(&brake.digest)) {
                if tripped.is_none() {
                    // The hour of the release is over: the next accident is another one.
                    store.drop_brake(&self.lease, None, None, side).await?;
                }
                continue;
            }
            if tripped.is_some() || found.is_some() {
                stopped.deletes.insert(side);
                self.report.braked += 1;
                if let (None, Some(why)) = (found, tripped) {
                    let digest = self.engine.fresh_id();
                    let brake =
                        Brake { pairing: None, domain: None, side, digest, why, at: self.engine.now(), released: None };
                    store.put_brake(&self.lease, &brake).await?;
                }
            }
        }
        Ok(())
    }

    fn hours_ago(&self, hours: i64) -> jiff::Timestamp {
        let now = self.engine.now();
        now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now)
    }
}

//! The plan of a cycle is made twice from the same observations: counted first, acted on second (decision 11, rule C8).

use crate::cycle::Cycle;
use crate::force::hex;
use crate::limits;
use crate::outcome::CycleError;
use jiff::SignedDuration;
use model::{Domain, Side};
use plan::guard::{Tallies, Tally, count, trips};
use plan::{Op, Plan};
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
        let domain = plan.domain.is_some_and(|domain| self.domains.contains(&domain) && plan.writes());
        let delete = |op: &Op| match op {
            Op::Delete { side, .. } => self.deletes.contains(side),
            Op::Delist | Op::Leave => self.deletes.contains(&Side::Crm),
            Op::Update { side, .. } if plan.reduces() => self.deletes.contains(side),
            Op::Create { .. } | Op::Update { .. } | Op::Restore { .. } | Op::Enlist | Op::Flag { .. } => false,
        };
        domain || plan.ops.iter().any(delete)
    }
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
                    if let Some(domain) = judged.plan.domain.filter(|_| judged.plan.writes()) {
                        let line = format!("{:?} {:?} {:?}\n", work.key.side, work.key.id, judged.plan.ops);
                        digests.entry(domain).or_default().update(line.as_bytes());
                    }
                }
            }
        }
        let mut stopped = Stopped::default();
        if tallies.is_empty() {
            return Ok(stopped);
        }
        let digests: BTreeMap<Domain, String> =
            digests.into_iter().map(|(domain, digest)| (domain, hex(&digest.finalize()))).collect();
        self.own_brakes(&tallies, &digests, &mut stopped).await?;
        self.brake_over_all(&tallies, &mut stopped).await?;
        Ok(stopped)
    }

    async fn own_brakes(
        &mut self,
        tallies: &Tallies,
        digests: &BTreeMap<Domain, String>,
        stopped: &mut Stopped,
    ) -> Result<(), CycleError> {
        let store = self.engine.store();
        let links = store.count_links(&self.pairing.id).await?;
        let day = store.counts(&Whose::Pairing(self.pairing.id.clone()), self.hours_ago(24)).await?;
        let first = !self.pairing.state.first_done;
        let standing = store.brakes().await?;
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
                Some(_) if found.and_then(|brake| brake.released.as_ref()) == Some(&digest) => {}
                Some(why) => {
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
                None => {}
            }
        }
        Ok(())
    }

    /// Over all pairings, in a rolling hour, from one side.
    async fn brake_over_all(&mut self, tallies: &Tallies, stopped: &mut Stopped) -> Result<(), CycleError> {
        let store = self.engine.store();
        let brakes = self.force.settings.brakes;
        let hour = store.counts(&Whose::All, self.hours_ago(1)).await?;
        let standing = store.brakes().await?;
        for side in Side::BOTH {
            let mine: u64 =
                tallies.iter().filter(|((_, of), _)| *of == side).map(|(_, tally)| u64::from(tally.deletes)).sum();
            if mine == 0 {
                continue;
            }
            let found = standing.iter().find(|brake| brake.pairing.is_none() && brake.side == side);
            if found.is_some_and(|brake| brake.released.as_ref() == Some(&brake.digest)) {
                continue;
            }
            let so_far: u64 = hour
                .iter()
                .filter(|((_, of, what), _)| *of == side && *what == Count::Deleted)
                .map(|(_, sum)| sum.records)
                .sum();
            if so_far + mine > u64::from(brakes.all_deletes) || found.is_some() {
                stopped.deletes.insert(side);
                self.report.braked += 1;
                if found.is_none() {
                    let why = format!(
                        "{} deletes on one side within an hour over all users, more than {}",
                        so_far + mine,
                        brakes.all_deletes
                    );
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

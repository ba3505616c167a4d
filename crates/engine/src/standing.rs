//! What keeps a record from crossing although its copies say nothing of it: its user, a brake, a question, the night
//! (rule W2).

use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use jiff::Timestamp;
use model::{Domain, Field, Link, Record, RecordId, Seen, Side, SleepCause, Value};
use plan::explain::{Standing, standing};
use plan::{After, Plan, Reason};
use std::collections::BTreeMap;
use store::{Brake, HeldFilter, HeldKind, Observation, Pairing, QuarantineKey, Work};

impl Cycle<'_> {
    /// In words, rule by rule.
    pub(crate) async fn standing(
        &self,
        ends: &BTreeMap<Side, RecordId>,
        link: Option<&Link>,
        domain: Option<Domain>,
    ) -> Result<Vec<String>, CycleError> {
        let brakes = self.engine.store().brakes().await?;
        let ways = of_user(&self.pairing, &brakes, self.force.schedule.rests_until(self.engine.now()));
        let hers = |of: &Option<Domain>| of.is_none() || *of == domain;
        let mut found: Vec<Standing> = ways.into_iter().filter(|(of, _)| hers(of)).map(|(_, way)| way).collect();
        found.extend(self.quarantined(ends).await?);
        found.extend(self.asked(ends, link, domain).await?);
        Ok(found.iter().map(standing).collect())
    }

    /// That it was called off; which fields of a linked record stand on one side alone, are cut, or find no room in the mailbox
    /// (rules C6, D1, D2, E5, W2).
    pub(crate) async fn local(&mut self, work: &Work, plan: &Plan) -> Result<Vec<String>, CycleError> {
        let seen = |row: &Option<Observation>| match row.as_ref().map(|row| &row.seen) {
            Some(Seen::Present(record)) => Some((**record).clone()),
            Some(Seen::Gone(_)) | None => None,
        };
        let crm = seen(&work.crm);
        let cancelled = |record: &Record| record.get(Field::Cancelled).and_then(Value::as_flag) == Some(true);
        let off = crm.as_ref().is_some_and(cancelled).then(|| plan::explain::CALLED_OFF.to_owned());
        let mut told: Vec<String> = off.into_iter().collect();
        let (Some(link), Some(crm), Some(pim)) = (&work.link, crm, seen(&work.pim)) else {
            return Ok(told);
        };
        let lead = self.lead(&pim, Some(link)).await?.lead;
        let lenses = self.lenses();
        let context = self.context(lead, &lenses);
        told.extend(plan::explain::unheld(&plan::unheld::unheld(link, &crm, &context)));
        told.extend(plan::explain::shortened(&plan::unheld::shortened(link, &crm, &pim, &context)));
        if plan.reasons.contains(&Reason::StaysLocal) {
            told.extend(plan::explain::local(&plan::linked::local(link, &crm, &pim, &context)));
        }
        Ok(told)
    }

    /// That deletions are allowed again where one was made while they were not (rule C7).
    pub(crate) fn allowed_again(&self, plan: &Plan) -> Option<String> {
        let After::Linked(link) = &plan.after else { return None };
        let forbidden = link.sleep.as_ref().is_some_and(|sleep| sleep.cause == SleepCause::DeleteForbidden);
        let still = !self.force.settings.domain(link.domain).no_deletes.is_empty();
        (forbidden && !still).then(|| plan::explain::ALLOWED_AGAIN.to_owned())
    }

    async fn quarantined(&self, ends: &BTreeMap<Side, RecordId>) -> Result<Vec<Standing>, CycleError> {
        let mut found = Vec::new();
        let mut after: Option<QuarantineKey> = None;
        loop {
            let page =
                self.engine.store().quarantine(Some(&self.pairing.id), None, after.as_ref(), limits::WORK_PAGE).await?;
            let Some((of, last)) = page.last() else { return Ok(found) };
            after = Some((of.clone(), last.side, last.kind, last.id.clone()));
            let ours = page.into_iter().filter(|(_, row)| ends.get(&row.side) == Some(&row.id));
            found.extend(ours.map(|(_, row)| Standing::Quarantined(row.reason, row.since)));
        }
    }

    async fn asked(
        &self,
        ends: &BTreeMap<Side, RecordId>,
        link: Option<&Link>,
        domain: Option<Domain>,
    ) -> Result<Vec<Standing>, CycleError> {
        let filter = HeldFilter { pairing: Some(self.pairing.id.clone()), domain };
        let (crm, pim) = (ends.get(&Side::Crm), ends.get(&Side::Pim));
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.engine.store().held(&filter, after.as_deref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.id.clone());
            for held in &page {
                let among = |list: &[RecordId], id: Option<&RecordId>| id.is_some_and(|id| list.contains(id));
                match &held.what {
                    HeldKind::Conflict { link: of, values } if link.is_some_and(|link| link.id == *of) => {
                        let paths = values.keys().map(ToString::to_string).collect();
                        found.push(Standing::Held { question: held.id.clone(), paths });
                    }
                    HeldKind::Ambiguous { crm: records, pim: items } if among(records, crm) || among(items, pim) => {
                        found.push(Standing::Ambiguous { question: held.id.clone() });
                    }
                    HeldKind::PossibleDouble { crm: record, pim: item } if crm == Some(record) || pim == Some(item) => {
                        found.push(Standing::Double { question: held.id.clone() });
                    }
                    HeldKind::Conflict { .. } | HeldKind::Ambiguous { .. } | HeldKind::PossibleDouble { .. } => {}
                }
            }
        }
    }
}

/// What stands in the way of a user as a whole, or in that of one of his domains.
pub(crate) fn of_user(
    pairing: &Pairing,
    brakes: &[Brake],
    rests_until: Option<Timestamp>,
) -> Vec<(Option<Domain>, Standing)> {
    let mut found = Vec::new();
    if let Some(why) = &pairing.state.stopped {
        found.push((None, Standing::Stopped(why.clone())));
    } else if let Some(why) = &pairing.state.trouble {
        found.push((None, Standing::Trouble(why.clone())));
    }
    found.extend(rests_until.map(|until| (None, Standing::Rests(until))));
    for brake in brakes.iter().filter(|brake| brake.released.is_none()) {
        match (&brake.pairing, brake.domain) {
            (Some(of), Some(domain)) if *of == pairing.id => {
                found.push((Some(domain), Standing::Braked(brake.why.clone())));
            }
            (Some(_), Some(_)) => {}
            (None, _) | (_, None) => found.push((None, Standing::Braked(brake.why.clone()))),
        }
    }
    found
}

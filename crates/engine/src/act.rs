//! Acting: the records of a cycle page by page, and those that are left out, asked about or waited for.

use crate::brake::Stopped;
use crate::cycle::Cycle;
use crate::judge::Judged;
use crate::lead::Awaits;
use crate::limits;
use crate::meeting;
use crate::outcome::CycleError;
use crate::port::{Trouble, Wanted};
use crate::settle::word;
use crate::together::Gathered;
use model::{Domain, Kind, Link, RecordId, Seen, Side};
use plan::{After, Reason};
use std::sync::Arc;
use store::change::Settle;
use store::{Look, Work, WorkKey};

impl Cycle<'_> {
    /// Carries out what `count` counted, page by page.
    pub(crate) async fn act_on_all(&mut self, stopped: &Stopped) -> Result<(), CycleError> {
        // What was let in while the plan was counted is let in again now.
        self.invited = 0;
        for kind in self.kinds.clone() {
            let mut after = None;
            loop {
                self.keep_lease().await?;
                let page = self.engine.store().work(&self.pairing.id, kind, after.as_ref(), limits::WORK_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
                let mut gathered = Gathered::default();
                for work in &page {
                    self.act_or_gather(work, stopped, &mut gathered).await?;
                }
                Box::pin(self.make_gathered(&mut gathered)).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn still(&self, work: &Work) -> Result<Option<Work>, CycleError> {
        let kind = work.crm.as_ref().or(work.pim.as_ref()).map(|seen| seen.kind);
        let Some(kind) = kind else { return Ok(None) };
        Ok(self.engine.store().work_of(&self.pairing.id, work.key.side, kind, &work.key.id).await?)
    }

    /// Links two records that a person chose.
    pub(crate) async fn link_work(&mut self, work: &Work) -> Result<(), CycleError> {
        let records = (work.crm.as_ref().map(|seen| &seen.seen), work.pim.as_ref().map(|seen| &seen.seen));
        let (Some(model::Seen::Present(crm)), Some(model::Seen::Present(pim))) = records else {
            return Err(CycleError::Trouble(Trouble::Gone(model::Gone::Unknown)));
        };
        match self.judge_pair(crm, pim).await? {
            Some(judged) => self.carry_out(work, judged).await,
            None => Err(CycleError::Trouble(Trouble::Gone(model::Gone::OutOfWindow))),
        }
    }

    /// The item of a personal contact whose flag was cleared is linked to the business contact that a person chose (O5).
    pub(crate) async fn join_business(&mut self, link: Link, business: &RecordId) -> Result<(), CycleError> {
        let unproven = || CycleError::Trouble(Trouble::Gone(model::Gone::Unknown));
        if self.engine.store().link_of(&self.pairing.id, Side::Crm, link.kind, business).await?.is_some() {
            return Err(CycleError::AlreadyLinked);
        }
        let wanted_business = Wanted::by_id(business.clone());
        let mut found = Vec::new();
        for (side, wanted) in
            [(Side::Crm, wanted_business), (Side::Crm, wanted(&link, Side::Crm)), (Side::Pim, wanted(&link, Side::Pim))]
        {
            match self.get_one(side, link.kind, wanted).await?? {
                Seen::Present(record) => found.push((side, Arc::unwrap_or_clone(record))),
                Seen::Gone(_) => return Err(unproven()),
            }
        }
        let [(_, business), (_, personal), (_, item)] = found.as_slice() else {
            return Err(unproven());
        };
        if business.facts.domain != Some(Domain::BusinessContact) || item.is_private() {
            return Err(CycleError::NoQuestion);
        }
        let plan = {
            let lenses = self.lenses();
            plan::flip::join(&link, personal, business, item, &self.context(plan::Lead::Mine, &lenses))
        };
        let seen = |side, record: &model::Record| {
            self.observation(side, record.kind, &record.id, Seen::Present(Arc::new(record.clone())))
        };
        let work = Work {
            key: WorkKey { alone: false, side: Side::Crm, id: link.crm.id.clone() },
            crm: Some(seen(Side::Crm, personal)),
            pim: Some(seen(Side::Pim, item)),
            link: Some(link),
            quarantine: Vec::new(),
        };
        self.carry_out(&work, Judged::of(plan, Some(business), Some(item))).await
    }

    pub(crate) async fn act(&mut self, work: &Work, judged: Judged) -> Result<(), CycleError> {
        match &judged.plan.after {
            After::Wait(Reason::Unread) => {
                self.report.postponed += 1;
                Ok(())
            }
            After::Wait(_) => self.wait(work, judged.awaits).await,
            After::Stranger(reason) => {
                let reason = *reason;
                self.leave_out(work, &judged, reason).await
            }
            After::Quarantine(reason) => {
                let reason = reason.clone();
                let mut settle = self.taken(work, None, None);
                self.quarantine(work, &mut settle, &reason);
                self.store(settle).await
            }
            After::Ambiguous => self.ask(work, &judged).await,
            After::Forget if work.link.is_none() && !judged.plan.writes() => {
                self.pool_changed |= seen_kind(work) == Some(Kind::Contact);
                let mut settle = self.taken(work, None, None);
                settle.cured = cured(work);
                for seen in [&work.crm, &work.pim].into_iter().flatten() {
                    settle.answered.extend(self.answered_without(seen.side, &seen.id).await?);
                }
                self.store(settle).await
            }
            After::Linked(_) | After::New { .. } | After::Away(_) | After::Forget => self.carry_out(work, judged).await,
        }
    }

    pub(crate) async fn wait(&mut self, work: &Work, awaits: Awaits) -> Result<(), CycleError> {
        let mut settle = self.taken(work, None, None);
        let now = self.engine.now();
        let patience = match awaits {
            // Looked at in this mailbox's next cycle.
            Awaits::Owner => i64::from(self.force.settings.interval_s).min(limits::LONGEST_PATIENCE_S),
            Awaits::Organizer | Awaits::Attendee | Awaits::Nobody => limits::LONGEST_PATIENCE_S,
        };
        let later = now.checked_add(jiff::SignedDuration::from_secs(patience)).unwrap_or(now);
        for seen in [&work.crm, &work.pim].into_iter().flatten() {
            if awaits == Awaits::Owner {
                settle.awaited.push((seen.kind, meeting::awaited(&seen.id)));
            }
            settle.looks.push(Look::later(seen.side, seen.kind, seen.id.clone(), later));
        }
        self.report.postponed += 1;
        self.store(settle).await
    }

    pub(crate) async fn leave_out(&mut self, work: &Work, judged: &Judged, reason: Reason) -> Result<(), CycleError> {
        let mut settle = self.taken(work, None, None);
        for seen in [&work.crm, &work.pim].into_iter().flatten() {
            settle.strangers.push(self.stranger(seen, &word(reason)));
            settle.answered.extend(self.answered_without(seen.side, &seen.id).await?);
        }
        settle.cured = cured(work);
        let now = self.engine.now();
        match (&judged.pim, reason) {
            (Some(item), Reason::AnotherLeads) => {
                // If the organiser's mailbox is late, attendees look again after a day; an attendee's is looked at in its
                // next cycle (rule P3).
                let since = match judged.awaits {
                    Awaits::Organizer => self.engine.store().awaited(&self.pairing.id, item.kind, &item.id).await?,
                    Awaits::Attendee | Awaits::Owner | Awaits::Nobody => None,
                };
                if judged.awaits != Awaits::Nobody {
                    settle.awaited.push((item.kind, item.id.clone()));
                }
                let mut later = self.waits_until(since.unwrap_or(now));
                if later <= now {
                    later = self.waits_until(now);
                }
                if judged.awaits == Awaits::Attendee {
                    let interval = jiff::SignedDuration::from_secs(self.force.settings.interval_s.into());
                    later = now.checked_add(interval).unwrap_or(now);
                }
                settle.looks.push(Look::later(Side::Pim, item.kind, item.id.clone(), later));
            }
            (Some(item), Reason::TooMany | Reason::SameMeeting) => {
                let later = now.checked_add(jiff::SignedDuration::from_hours(24)).unwrap_or(now);
                settle.looks.push(Look::later(Side::Pim, item.kind, item.id.clone(), later));
            }
            (_, _) => {}
        }
        self.store(settle).await
    }

    /// Candidates that do not come down to one on each side are listed, and nothing is done to them (rule M1).
    pub(crate) async fn ask(&mut self, work: &Work, judged: &Judged) -> Result<(), CycleError> {
        let mut settle = self.taken(work, None, None);
        for seen in [&work.crm, &work.pim].into_iter().flatten() {
            settle.strangers.push(self.stranger(seen, "ambiguous"));
        }
        if let (Some((crm, pim)), Some(domain)) = (&judged.ambiguous, judged.plan.domain) {
            let question = self.question(domain, crm, pim);
            settle.held.push(question);
            self.report.held += 1;
        }
        self.store(settle).await
    }

    pub(crate) async fn store(&self, settle: Settle) -> Result<(), CycleError> {
        if settle.is_empty() {
            return Ok(());
        }
        Ok(self.engine.store().settle(&self.lease, &self.pairing.id, self.engine.now(), &settle).await?)
    }
}

pub(crate) fn seen_kind(work: &Work) -> Option<Kind> {
    work.crm.as_ref().or(work.pim.as_ref()).map(|seen| seen.kind)
}

pub(crate) fn cured(work: &Work) -> Vec<(Side, Kind, RecordId)> {
    work.quarantine.iter().map(|row| (row.side, row.kind, row.id.clone())).collect()
}

/// What to look at for a link's end.
pub(crate) fn wanted(link: &Link, side: Side) -> Wanted {
    let mark_key = (side == Side::Pim && !link.mark_key.is_empty()).then(|| link.mark_key.clone());
    let global_id = link.global_id.clone().filter(|_| side == Side::Pim);
    Wanted { id: link.end(side).id.clone(), mark_key, global_id }
}

//! What one record's turn begins with, and what it settles at its end.

use crate::act::cured;
use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use model::{
    Domain, End, Fields, Form, Kind, Link, LinkId, Part, Path, Record, RecordId, Seen, Side, SleepCause, Version,
};
use plan::{After, Plan, Reason};
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};
use store::change::{Scrub, Settle};
use store::{Away, Count, Held, HeldKind, History, HistoryFilter, Look, Observation, Quarantine, Work};

/// What is known while one record's operations are carried out.
pub(crate) struct Acting {
    pub link: Link,
    pub domain: Domain,
    /// The link did not stand before.
    pub is_new: bool,
    /// The CRM record that the link had before a create gave it another (rule O5).
    pub old_crm: (RecordId, Version),
    pub crm: Option<Record>,
    pub pim: Option<Record>,
    /// What the old CRM record said, when the link is to show another one.
    pub old_record: Option<Record>,
    pub settle: Settle,
    /// Written in this turn, per side: the paths sent and the version answered.
    pub written: BTreeMap<Side, (Fields, bool, Version)>,
    /// The created record must still be put in the store before anything else goes on.
    pub stored: bool,
    /// What the side refused of a write that otherwise went through, and why.
    pub partly: Vec<(Path, String)>,
    /// Intents of what still has to happen to other records: they end with the turn, and a turn that ends early leaves them.
    pub follow: Vec<String>,
}

/// How a write of one operation ended.
pub(crate) enum Step {
    Done,
    /// Not now: the record is left as it is.
    Postponed,
    /// Quarantined: the rest of the plan is dropped.
    Refused,
    /// The mailbox does not keep whose meeting a copy is: the record is judged again, and its copy is a plain appointment
    /// (rule P5).
    Otherwise,
}

impl Cycle<'_> {
    /// A value that a conflict does not keep stands in the history before it is overwritten (rule C3): once the write was
    /// sent nobody could tell it any more. A write that is tried again tells nothing twice.
    pub(crate) async fn tell_overruled(&mut self, acting: &Acting, plan: &Plan) -> Result<(), CycleError> {
        let (mut lines, _) = self.conflicts(acting.domain, &acting.link, &plan.conflicts);
        if lines.is_empty() {
            return Ok(());
        }
        let filter = HistoryFilter {
            pairing: Some(self.pairing.id.clone()),
            record: Some((Side::Crm, acting.link.crm.id.clone())),
            ..HistoryFilter::default()
        };
        let told: Vec<History> = self
            .engine
            .store()
            .history(&filter, None, limits::TOLD)
            .await?
            .into_iter()
            .map(|known| known.line)
            .take_while(|line| !line.overruled.is_empty())
            .collect();
        lines.retain(|line| {
            let same =
                |known: &History| (known.side, &known.pim, &known.overruled) == (line.side, &line.pim, &line.overruled);
            !told.iter().any(same)
        });
        self.store(Settle { history: lines, ..Settle::default() }).await
    }

    /// What the brakes count of a record's turn: nothing that a person confirmed (rule L6).
    pub(crate) fn counted(&self, acting: &mut Acting) -> Vec<(Domain, Side, Count, u32)> {
        let counts = std::mem::take(&mut acting.settle.counts);
        if self.confirmed { Vec::new() } else { counts }
    }

    pub(crate) fn begin_record(
        &self,
        work: &Work,
        plan: &Plan,
        crm: Option<Record>,
        pim: Option<Record>,
    ) -> Option<Acting> {
        let domain = plan.domain?;
        let (link, is_new) = match (&plan.after, &work.link) {
            (After::Linked(link) | After::Away(link), _) => ((**link).clone(), false),
            (After::New { domain, form, born, crm: base_crm, pim: base_pim, global_id }, _) => {
                let mut link = self.new_link(*domain, *form, *born, crm.as_ref(), pim.as_ref());
                link.crm.base.clone_from(base_crm);
                link.pim.base.clone_from(base_pim);
                link.global_id.clone_from(global_id);
                (link, true)
            }
            (_, Some(link)) => (link.clone(), false),
            // A copy that goes without ever having been linked: a twin of ours.
            (After::Forget, None) if plan.writes() => {
                (self.new_link(domain, Form::Own, Side::Crm, crm.as_ref(), pim.as_ref()), true)
            }
            (_, None) => return None,
        };
        let left = work.link.as_ref().filter(|before| !is_new && before.crm.id != link.crm.id);
        let old_record = left.and_then(|_| match &work.crm {
            Some(Observation { seen: Seen::Present(record), .. }) => Some((**record).clone()),
            Some(_) | None => None,
        });
        let known = old_record.as_ref().or(crm.as_ref().filter(|_| left.is_none()));
        let end = left.map_or(&link.crm, |before| &before.crm);
        let old_crm = (end.id.clone(), known.map_or_else(|| end.version.clone(), |record| record.version.clone()));
        Some(Acting {
            link,
            domain,
            is_new,
            old_crm,
            crm,
            pim,
            old_record,
            settle: Settle::default(),
            written: BTreeMap::new(),
            stored: false,
            partly: Vec::new(),
            follow: Vec::new(),
        })
    }

    pub(crate) fn new_link(
        &self,
        domain: Domain,
        form: Form,
        born: Side,
        crm: Option<&Record>,
        pim: Option<&Record>,
    ) -> Link {
        let end = |record: Option<&Record>| End {
            id: record.map_or_else(|| RecordId::new(""), |record| record.id.clone()),
            version: record.map_or_else(|| Version::new(""), |record| record.version.clone()),
            base: Fields::new(),
        };
        Link {
            id: LinkId::new(self.engine.fresh_id()),
            pairing: self.pairing.id.clone(),
            kind: domain.kind(),
            domain,
            crm: end(crm),
            pim: end(pim),
            folder: pim.and_then(|item| item.facts.folder.clone()),
            born,
            form,
            mark_key: String::new(),
            write_no: 0,
            global_id: None,
            sleep: None,
            bounced: BTreeMap::new(),
        }
    }

    pub(crate) async fn finish(
        &mut self,
        work: &Work,
        mut acting: Acting,
        plan: &Plan,
        doubles: &[(RecordId, RecordId)],
    ) -> Result<(), CycleError> {
        let mut settle = self.taken(work, acting.crm.as_ref(), acting.pim.as_ref());
        settle.close = std::mem::take(&mut acting.settle.close);
        settle.close.append(&mut acting.follow);
        settle.history = std::mem::take(&mut acting.settle.history);
        settle.counts = self.counted(&mut acting);
        settle.looks = std::mem::take(&mut acting.settle.looks);
        settle.held = std::mem::take(&mut acting.settle.held);
        settle.awaited = std::mem::take(&mut acting.settle.awaited);
        if work.link.is_none() && acting.link.kind == Kind::Contact {
            settle.back.push((Kind::Contact, acting.link.crm.id.clone()));
        }
        if !plan.reasons.contains(&Reason::OccurrenceRefused) {
            settle.cured = cured(work);
        }
        self.refused_occurrences(work, &mut acting, &mut settle);
        self.broken_in_a_row = 0;
        let domain = acting.domain;
        let (lines, held) = self.conflicts(domain, &acting.link, &plan.conflicts);
        for conflict in plan.conflicts.iter().filter(|conflict| conflict.counts) {
            settle.counts.push((domain, conflict.winner.unwrap_or(Side::Crm), Count::Conflict, 1));
            self.report.conflicts += 1;
        }
        self.report.held += u32::try_from(held.len()).unwrap_or(u32::MAX);
        if !plan.writes() || planted::is(Planted::ToldTooLate) {
            settle.history.extend(lines);
        }
        settle.held.extend(held);
        settle.answered = self.answered_by(&acting.link, plan, &settle.held).await?;
        match &plan.after {
            After::Forget => {
                if !acting.is_new {
                    settle.forget.push(acting.link.id.clone());
                }
                self.pool_changed |= acting.link.kind == Kind::Contact;
                self.unlinked(&acting, plan, &mut settle);
            }
            After::Away(_) => {
                settle.forget.push(acting.link.id.clone());
                settle.away.push(Away { link: acting.link.clone(), since: self.engine.now() });
                self.pool_changed |= acting.link.kind == Kind::Contact;
                self.unlinked(&acting, plan, &mut settle);
            }
            After::Linked(_) => self.settle_linked(work, &acting, &mut settle),
            After::New { .. } => {
                if acting.crm.is_some() && acting.pim.is_some() {
                    settle.counts.push((domain, Side::Pim, Count::Matched, 1));
                    settle.history.push(self.line(
                        domain,
                        "matched",
                        Some(&acting.link.crm.id),
                        Some(&acting.link.pim.id),
                    ));
                    self.report.add(domain, Side::Pim, Count::Matched);
                }
                // A copy of ours whose user was taken off meanwhile goes next, also when nothing tells of it by then.
                if acting.crm.as_ref().is_some_and(|record| record.facts.part == Part::Former) {
                    settle.looks.push(Look::now(Side::Pim, acting.link.kind, acting.link.pim.id.clone()));
                }
                self.pool_changed |= acting.link.kind == Kind::Contact;
                settle.links.push(acting.link.clone());
            }
            After::Stranger(_) | After::Wait(_) | After::Quarantine(_) | After::Ambiguous => {}
        }
        if work.link.as_ref().is_some_and(plan::veil::is_reduced) {
            // What the CRM said in place of the private words is nothing that could be put back (rules O8, W3).
            for line in settle.history.iter_mut().filter(|line| line.side == Some(Side::Crm) && line.what == "update") {
                line.before.clear();
            }
        }
        if let Some(silence) = plan::veil::silence(plan, work.link.as_ref(), acting.crm.as_ref()) {
            let everywhere = silence == plan::veil::Silence::Everybody;
            settle.scrub.push(Scrub { kind: acting.link.kind, id: acting.link.crm.id.clone(), everywhere });
            if plan.reduces() {
                settle.counts.push((domain, Side::Crm, Count::Deleted, 1));
            }
        }
        for (crm, pim) in doubles {
            settle.held.push(Held {
                id: format!("d:{}:{}", self.pairing.id, self.hash(&format!("{crm}|{pim}"))),
                pairing: self.pairing.id.clone(),
                domain,
                what: HeldKind::PossibleDouble { crm: crm.clone(), pim: pim.clone() },
                at: self.engine.now(),
            });
        }
        self.store(settle).await
    }

    /// An occurrence that the mailbox refused waits in quarantine alone, and stays new to the mailbox: the next version of
    /// the record tries it again (rules E1, R3).
    fn refused_occurrences(&mut self, work: &Work, acting: &mut Acting, settle: &mut Settle) {
        let refused: Vec<(Path, String)> =
            std::mem::take(&mut acting.partly).into_iter().filter(|(path, _)| path.occurrence.is_some()).collect();
        let days = refused.iter().filter_map(|(path, _)| path.occurrence).map(|at| at.date());
        let days: BTreeSet<jiff::civil::Date> = days.collect();
        if days.is_empty() {
            return;
        }
        acting.link.crm.base.retain(|path, _| path.occurrence.is_none_or(|at| !days.contains(&at.date())));
        let reasons = refused.iter().map(|(path, why)| match path.occurrence {
            Some(at) => format!("the occurrence of {}: {why}", at.date()),
            None => why.clone(),
        });
        let reason = reasons.collect::<Vec<_>>().join("; ");
        let (side, kind, id) = (Side::Crm, acting.link.kind, acting.link.crm.id.clone());
        if !work.quarantine.iter().any(|row| row.id == id) {
            self.report.quarantined += 1;
        }
        let versions = (Some(acting.link.crm.version.clone()), Some(acting.link.pim.version.clone()));
        settle.quarantine.push(Quarantine { side, kind, id, versions, reason, since: self.engine.now() });
    }

    /// A contact whose user left it stands unlinked from now on, so that matching finds it (rule M1): in the CRM, and in
    /// the mailbox where a setting leaves the copy in place (rule O2).
    fn unlinked(&self, acting: &Acting, plan: &Plan, settle: &mut Settle) {
        let left = plan.reasons.iter().any(|why| {
            matches!(why, plan::Reason::RemovedFromList | plan::Reason::NotVisible | plan::Reason::Delisted)
        });
        if left && acting.link.kind == Kind::Contact {
            settle.looks.push(Look::now(Side::Crm, Kind::Contact, acting.link.crm.id.clone()));
            if matches!(plan.after, After::Forget) && acting.pim.is_some() {
                settle.looks.push(Look::now(Side::Pim, Kind::Contact, acting.link.pim.id.clone()));
            }
        }
        if plan.reasons.contains(&Reason::AnotherOrganizer) {
            // Its participant gets another copy (rule P8).
            settle.looks.push(Look::now(Side::Crm, acting.link.kind, acting.link.crm.id.clone()));
        }
    }

    pub(crate) fn settle_linked(&mut self, work: &Work, acting: &Acting, settle: &mut Settle) {
        let link = &acting.link;
        if let Some(sleep) = &link.sleep {
            let was = work.link.as_ref().and_then(|before| before.sleep.as_ref()).map(|before| before.cause);
            if was != Some(sleep.cause) {
                self.report.slept += 1;
                let mut line = self.line(link.domain, "sleep", Some(&link.crm.id), Some(&link.pim.id));
                line.note = plan::explain::sleep(sleep.cause).to_owned();
                settle.history.push(line);
            }
            if sleep.cause == SleepCause::NotVisible {
                let hours = i64::from(self.force.settings.grace_hours);
                if let Ok(later) = sleep.since.checked_add(jiff::SignedDuration::from_hours(hours)) {
                    settle.looks.push(Look::later(Side::Crm, link.kind, link.crm.id.clone(), later));
                }
            }
        }
        let mut link = link.clone();
        if link.sleep.is_some() {
            // Nothing is agreed while it sleeps; an inventory is not to take what was looked at for news, nor to ask for
            // what is known to be gone, whose version is empty.
            for seen in [&work.crm, &work.pim].into_iter().flatten() {
                let end = link.end_mut(seen.side);
                if end.id == seen.id && !acting.written.contains_key(&seen.side) {
                    end.version.clone_from(&seen.version);
                }
            }
        }
        settle.links.push(link);
    }

    /// A settle that takes up the observations of a record, and those of the partner it was matched with.
    pub(crate) fn taken(&self, work: &Work, crm: Option<&Record>, pim: Option<&Record>) -> Settle {
        let mut taken: Vec<(Side, Kind, RecordId, Version)> = [&work.crm, &work.pim]
            .into_iter()
            .flatten()
            .map(|seen: &Observation| (seen.side, seen.kind, seen.id.clone(), seen.version.clone()))
            .collect();
        for (side, record) in [(Side::Crm, crm), (Side::Pim, pim)] {
            if let Some(record) = record
                && taken.iter().all(|(of, _, id, _)| (*of, id) != (side, &record.id))
            {
                taken.push((side, record.kind, record.id.clone(), record.version.clone()));
            }
        }
        Settle { taken, ..Settle::default() }
    }

    pub(crate) fn quarantine(&mut self, work: &Work, settle: &mut Settle, reason: &str) {
        let versions =
            (work.crm.as_ref().map(|seen| seen.version.clone()), work.pim.as_ref().map(|seen| seen.version.clone()));
        if let Some(seen) = work.crm.as_ref().or(work.pim.as_ref()) {
            let known = work.quarantine.iter().any(|row| row.id == seen.id);
            settle.quarantine.push(Quarantine {
                side: seen.side,
                kind: seen.kind,
                id: seen.id.clone(),
                versions,
                reason: reason.to_owned(),
                since: self.engine.now(),
            });
            if !known {
                self.report.quarantined += 1;
            }
        }
    }
}

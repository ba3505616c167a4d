//! Judging: what one record's observations mean, asked of `plan` with everything it needs read beforehand.

use crate::cycle::Cycle;
use crate::half;
use crate::invitation::{WhoseId, without_id};
use crate::lead::{Awaits, Leading};
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{Trouble, Wanted};
use crate::refused::{is_refused, waits};
use model::{Domain, Form, Gone, Kind, Level, Record, RecordId, Seen, Side};
use plan::matching::{self, Match};
use plan::{After, Context, Lead, Plan, Reason, fresh, linked, scope};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Observation, Work};

/// A record's plan, and the copies it was made from.
pub(crate) struct Judged {
    pub plan: Plan,
    pub crm: Option<Record>,
    pub pim: Option<Record>,
    /// Candidates that a person must choose among.
    pub ambiguous: Option<(Vec<RecordId>, Vec<RecordId>)>,
    /// Equal names kept apart: told (rule M1).
    pub doubles: Vec<(RecordId, RecordId)>,
    /// Whose own copy is waited for (rule P3).
    pub awaits: Awaits,
    /// A new meeting whose organiser the CRM does not know: so many a day (rule P3).
    pub invited: bool,
}

impl Judged {
    pub(crate) fn of(plan: Plan, crm: Option<&Record>, pim: Option<&Record>) -> Judged {
        Judged {
            plan,
            crm: crm.cloned(),
            pim: pim.cloned(),
            ambiguous: None,
            doubles: Vec::new(),
            awaits: Awaits::Nobody,
            invited: false,
        }
    }
}

impl Cycle<'_> {
    /// What a record's observations mean; `None` when a copy is not known yet and must be looked at first. One that hangs
    /// on another which gives no answer waits, and nothing else waits for it (rule E1, trap 163).
    pub(crate) async fn judge(&mut self, work: &Work) -> Result<Option<Judged>, CycleError> {
        match self.judge_work(work).await {
            Err(CycleError::Trouble(trouble)) if trouble == Trouble::unanswered() => {
                self.unread = true;
                Ok(work.link.is_none().then(unread))
            }
            judged => judged,
        }
    }

    async fn judge_work(&mut self, work: &Work) -> Result<Option<Judged>, CycleError> {
        match (&work.link, &work.crm, &work.pim) {
            // What was seen of it before something happened to it is not what it says now: the next look tells.
            (Some(_), Some(crm), Some(pim)) if [crm, pim].into_iter().any(|seen| self.has_no_answer(seen)) => Ok(None),
            (Some(link), Some(crm), Some(pim)) => {
                let link = &*match &pim.seen {
                    Seen::Present(item) => half::came_late(link, item, self.epoch),
                    Seen::Gone(_) => Cow::Borrowed(link),
                };
                let leading = match &pim.seen {
                    Seen::Present(item) => self.lead(item, Some(link)).await?,
                    Seen::Gone(_) => Leading::mine(),
                };
                let invited = self.invitation_beside(link, &crm.seen, &pim.seen).await?;
                // Only a copy that is to be made again asks for it.
                let meeting = match (&crm.seen, &pim.seen) {
                    (Seen::Present(record), Seen::Gone(_)) => self.meeting_of(record).await?.known(),
                    (_, _) => None,
                };
                let restored = self.is_restored() || self.may_be_ours(link, &pim.seen).await?;
                let plan = {
                    let lenses = self.lenses();
                    let meeting_id = meeting.as_deref();
                    let context = Context { invited, meeting_id, restored, ..self.context(leading.lead, &lenses) };
                    linked::plan(link, &crm.seen, &pim.seen, &context)
                };
                let plan = if is_refused(work, link, crm, &plan) { waits(link, crm, pim, &plan) } else { plan };
                if plan.becomes_business()
                    && let (Seen::Present(crm), Seen::Present(pim)) = (&crm.seen, &pim.seen)
                {
                    return self.judge_flip(link, crm, pim, plan).await.map(Some);
                }
                if plan.makes_a_contact_again()
                    && let Seen::Present(item) = &pim.seen
                    && let Some(judged) = self.judge_outlived(link, item).await?
                {
                    return Ok(Some(judged));
                }
                let mut judged = Judged::of(plan, present(&crm.seen), present(&pim.seen));
                judged.awaits = leading.awaits;
                Ok(Some(judged))
            }
            (Some(_), _, _) => Ok(None),
            (None, Some(seen), _) => self.judge_alone(seen).await.map(Some),
            (None, None, Some(seen)) => self.judge_alone(seen).await.map(Some),
            (None, None, None) => Ok(None),
        }
    }

    /// Whether it was to be looked at and gave no answer.
    fn has_no_answer(&self, seen: &Observation) -> bool {
        let id = (seen.side, seen.kind, seen.id.clone());
        self.unanswered.contains(&id) || self.in_doubt.contains(&id)
    }

    async fn judge_alone(&mut self, seen: &Observation) -> Result<Judged, CycleError> {
        if self.has_no_answer(seen) {
            // It was seen before something happened to it: what it is now the next look tells.
            return Ok(unread());
        }
        match (&seen.seen, seen.side) {
            // Unlinked and gone: nothing to do but to forget that it was seen.
            (Seen::Gone(why), _) => {
                let reason = match why {
                    Gone::Deleted | Gone::Merged => Reason::Deleted,
                    Gone::NotVisible => Reason::NotVisible,
                    Gone::Delisted => Reason::NotListed,
                    Gone::Left | Gone::OutOfWindow => Reason::Left,
                    Gone::Unknown => Reason::Unproven,
                };
                Ok(Judged::of(Plan::of(None, After::Forget, reason), None, None))
            }
            (Seen::Present(record), Side::Crm) => self.judge_record(record).await,
            (Seen::Present(item), Side::Pim) if self.unproven.contains(&item.id) => {
                Ok(Judged::of(Plan::of(None, After::Wait(Reason::Unproven), Reason::Unproven), None, Some(item)))
            }
            (Seen::Present(item), Side::Pim) if self.comes_again(item) => Ok(unread()),
            (Seen::Present(item), Side::Pim) => match self.late_twin(item).await? {
                Some(judged) => Ok(judged),
                None => self.judge_item(item).await,
            },
        }
    }

    /// A CRM record that is not linked.
    async fn judge_record(&mut self, record: &Record) -> Result<Judged, CycleError> {
        let admitted = {
            let lenses = self.lenses();
            scope::admit_record(record, &self.context(Lead::Mine, &lenses))
        };
        let domain = match admitted {
            Ok(domain) => domain,
            Err(reason) => {
                // What Exchange brings by itself, or what is called off, is linked to the item that shows it all the same.
                if let Some(domain) = record.facts.domain
                    && matches!(reason, Reason::ExchangeInvites | Reason::Cancelled | Reason::NoTimes | Reason::Window)
                    && let Some(judged) = self.by_sign(domain, record).await?
                {
                    return Ok(judged);
                }
                return Ok(Judged::of(
                    Plan::of(record.facts.domain, After::Stranger(reason), reason),
                    Some(record),
                    None,
                ));
            }
        };
        let hashes = self.hashes(record);
        let theirs = self.candidates(record.kind, Side::Pim, &hashes).await?;
        let theirs: Vec<Record> = theirs.into_iter().filter(|item| fresh::may_match(item, domain)).collect();
        let mine = self.rivals(domain, record, Side::Crm, &hashes, &theirs).await?;
        match matching::find(domain, record, &mine, &theirs) {
            Match::Is(id) => {
                let item = theirs.iter().find(|item| item.id == id);
                self.adopt(domain, Some(record), item).await
            }
            Match::New { doubles } => {
                if self.unknown.contains(&record.kind) {
                    return Err(Trouble::unanswered().into());
                }
                let mut judged = match self.aside(record).await? {
                    Some(link) => Judged::of(fresh::bring_back(domain, record, &link), Some(record), None),
                    None => self.export(domain, record).await?,
                };
                judged.doubles = doubles.into_iter().map(|item| (record.id.clone(), item)).collect();
                Ok(judged)
            }
            Match::Ambiguous { mine, theirs } => Ok(ambiguous(domain, Some(record), None, mine, theirs)),
        }
    }

    /// A mailbox item that is not linked.
    async fn judge_item(&mut self, item: &Record) -> Result<Judged, CycleError> {
        if item.facts.completed_copy
            && self.link_by_mark(item).await?.is_some_and(|link| link.form == Form::ParticipantCopy)
        {
            let reason = Reason::OthersOccurrence;
            return Ok(Judged::of(Plan::of(Some(Domain::Task), After::Stranger(reason), reason), None, Some(item)));
        }
        let Leading { lead, owner, awaits } = self.lead(item, None).await?;
        let admitted = {
            let lenses = self.lenses();
            scope::admit_item(item, &self.context(lead, &lenses))
        };
        let domain = match admitted {
            Ok(domain) => domain,
            Err(reason) => {
                let domain = match item.kind {
                    Kind::Contact => None,
                    Kind::Appointment => Some(Domain::Calendar),
                    Kind::Task => Some(Domain::Task),
                };
                if let Some(domain) = domain
                    && reason == Reason::AnotherLeads
                    && let Some(judged) = self.by_sign(domain, item).await?
                {
                    return Ok(judged);
                }
                let mut judged = Judged::of(Plan::of(domain, After::Stranger(reason), reason), None, Some(item));
                judged.awaits = awaits;
                return Ok(judged);
            }
        };
        if self.link_by_meeting(item, &[Form::Received, Form::ParticipantCopy, Form::MeetingCopy]).await?.is_some() {
            let reason = Reason::SameMeeting;
            return Ok(Judged::of(Plan::of(Some(domain), After::Stranger(reason), reason), None, Some(item)));
        }
        // A mark whose link has its own item means that a person copied it: a new record (trap 46).
        let mut own = item.clone();
        if self.link_by_mark(item).await?.is_some() {
            own.facts.mark = None;
        }
        let hashes = self.hashes(&own);
        let theirs = self.candidates(item.kind, Side::Crm, &hashes).await?;
        let mut theirs: Vec<Record> = theirs.into_iter().filter(|record| record.facts.domain == Some(domain)).collect();
        self.add_by_global_id(domain, &own, &mut theirs).await?;
        let mine = self.rivals(domain, &own, Side::Pim, &hashes, &theirs).await?;
        let mine: Vec<Record> = mine.into_iter().filter(|other| fresh::may_match(other, domain)).collect();
        match matching::find(domain, &own, &mine, &theirs) {
            Match::Is(id) => {
                let record = theirs.iter().find(|record| record.id == id);
                self.adopt(domain, record, Some(item)).await
            }
            Match::New { .. } if self.as_sent(item).await?.is_some() => {
                // Another copy of the same create is linked first; then this one is its twin (decision 10).
                Ok(Judged::of(
                    Plan::of(Some(domain), After::Wait(Reason::Unproven), Reason::Unproven),
                    None,
                    Some(item),
                ))
            }
            Match::New { doubles } => {
                let invited = lead == Lead::Outsider;
                if invited && !self.one_more_invitation().await? {
                    let reason = Reason::TooMany;
                    let plan = Plan::of(Some(domain), After::Stranger(reason), reason);
                    return Ok(Judged::of(plan, None, Some(item)));
                }
                let sole = match self.whose_id(domain, item).await? {
                    WhoseId::Its => None,
                    WhoseId::Anothers => Some(without_id(item)),
                    WhoseId::SameMeeting => {
                        let reason = Reason::SameMeeting;
                        let plan = Plan::of(Some(domain), After::Stranger(reason), reason);
                        return Ok(Judged::of(plan, None, Some(item)));
                    }
                };
                let plan = {
                    let lenses = self.lenses();
                    fresh::import(domain, sole.as_ref().unwrap_or(item), owner, &self.context(lead, &lenses))
                };
                let mut judged = Judged::of(plan, None, Some(item));
                judged.invited = invited;
                judged.doubles = doubles.into_iter().map(|record| (record, item.id.clone())).collect();
                Ok(judged)
            }
            Match::Ambiguous { mine, theirs } => Ok(ambiguous(domain, None, Some(item), theirs, mine)),
        }
    }

    /// Two records that a person says are one, as if matching had found them.
    pub(crate) async fn judge_pair(&mut self, crm: &Record, pim: &Record) -> Result<Option<Judged>, CycleError> {
        match crm.facts.domain {
            Some(domain) => self.adopt(domain, Some(crm), Some(pim)).await.map(Some),
            None => Ok(None),
        }
    }

    async fn adopt(
        &mut self,
        domain: Domain,
        crm: Option<&Record>,
        pim: Option<&Record>,
    ) -> Result<Judged, CycleError> {
        let (Some(crm), Some(pim)) = (crm, pim) else {
            return Ok(Judged::of(Plan::of(Some(domain), After::Wait(Reason::Unproven), Reason::Unproven), crm, pim));
        };
        let lead = self.lead(pim, None).await?.lead;
        let before = match crm.facts.on_sync_list && !crm.facts.not_visible {
            true => self.aside(crm).await?,
            false => None,
        };
        let key = pim.facts.mark.as_ref().map(|mark| &mark.key);
        let lenses = self.lenses();
        let context = self.context(lead, &lenses);
        let plan = match before.filter(|link| Some(&link.mark_key) == key) {
            Some(link) => fresh::back(&link, crm, pim, &context),
            None => fresh::adopt(domain, crm, pim, &context),
        };
        Ok(Judged::of(plan, Some(crm), Some(pim)))
    }

    /// The link that a contact had before its copy was taken out of this mailbox (rule O2).
    async fn aside(&self, record: &Record) -> Result<Option<model::Link>, CycleError> {
        if record.kind != Kind::Contact {
            return Ok(None);
        }
        let away = self.engine.store().away(&self.pairing.id, record.kind, &record.id).await?;
        Ok(away.map(|away| away.link))
    }

    /// The other copy by a sure sign alone: mark, integration id, global id.
    async fn by_sign(&mut self, domain: Domain, record: &Record) -> Result<Option<Judged>, CycleError> {
        if self.force.levels.get(&domain) == Some(&Level::NONE) {
            return Ok(None);
        }
        let hashes = self.hashes(record);
        let is_item = !record.facts.class.is_empty();
        let side = if is_item { Side::Crm } else { Side::Pim };
        let mut theirs = self.candidates(record.kind, side, &hashes).await?;
        if is_item {
            self.add_by_global_id(domain, record, &mut theirs).await?;
        }
        let signed = |other: &&Record| {
            let (crm, pim) = if is_item { (*other, record) } else { (record, *other) };
            crm.facts.global_id.is_some() && crm.facts.global_id == pim.facts.global_id
        };
        let Some(other) = theirs.iter().find(signed).cloned() else {
            return Ok(None);
        };
        let judged = if is_item {
            self.adopt(domain, Some(&other), Some(record)).await?
        } else {
            self.adopt(domain, Some(record), Some(&other)).await?
        };
        Ok(Some(judged))
    }

    /// Unlinked records of a side that share a match key, with their content.
    pub(crate) async fn candidates(
        &self,
        kind: Kind,
        side: Side,
        hashes: &[String],
    ) -> Result<Vec<Record>, CycleError> {
        let store = self.engine.store();
        let found = store.candidates(&self.pairing.id, kind, side, hashes, limits::CANDIDATES).await?;
        let mut records = Vec::new();
        let mut unread = Vec::new();
        for candidate in found {
            if self.unanswered.contains(&(side, kind, candidate.id.clone())) {
                // As it was seen it may not stand any more: neither is it linked to, nor is another made in its place.
                return Err(Trouble::unanswered().into());
            }
            if candidate.observed {
                let work = store.work_of(&self.pairing.id, side, kind, &candidate.id).await?;
                let seen = work.and_then(|work| match side {
                    Side::Crm => work.crm,
                    Side::Pim => work.pim,
                });
                records.extend(seen.and_then(|seen| match seen.seen {
                    Seen::Present(record) => Some(Arc::unwrap_or_clone(record)),
                    Seen::Gone(_) => None,
                }));
            } else {
                unread.push(Wanted::by_id(candidate.id));
            }
        }
        // A stranger's content is not ours to keep: it is read before linking (decision 12).
        for chunk in unread.chunks(limits::LOOK_PAGE) {
            let mut answers: BTreeMap<_, _> = self.remote(side).get(kind, chunk).await?.into_iter().collect();
            for one in chunk {
                match answers.remove(&one.id) {
                    Some(Ok(Seen::Present(record))) => records.push(Arc::unwrap_or_clone(record)),
                    Some(Ok(Seen::Gone(_)) | Err(Trouble::Gone(_))) => {}
                    Some(Err(trouble @ Trouble::Busy { .. })) => return Err(trouble.into()),
                    // Without its content nothing can be decided about it, and no answer does not say that it is gone.
                    Some(Err(_)) | None => return Err(Trouble::unanswered().into()),
                }
            }
        }
        Ok(records)
    }

    /// Unlinked records of a record's own side that compete for the same candidates.
    pub(crate) async fn rivals(
        &self,
        domain: Domain,
        record: &Record,
        side: Side,
        hashes: &[String],
        theirs: &[Record],
    ) -> Result<Vec<Record>, CycleError> {
        if theirs.is_empty() {
            return Ok(Vec::new());
        }
        let mut all: BTreeSet<String> = hashes.iter().cloned().collect();
        for other in theirs {
            all.extend(self.hashes(other));
        }
        let all: Vec<String> = all.into_iter().collect();
        let mut rivals = Vec::new();
        for rival in self.candidates(record.kind, side, &all).await? {
            let same_domain = rival.facts.domain.is_none_or(|of| of == domain);
            if rival.id != record.id && same_domain {
                rivals.push(rival);
            }
        }
        Ok(rivals)
    }

    pub(crate) fn lenses(&self) -> Lenses {
        Lenses { crm: self.crm.lens(), pim: self.pim.lens() }
    }

    pub(crate) fn context<'a>(&'a self, lead: Lead, lenses: &'a Lenses) -> Context<'a> {
        Context {
            now: self.engine.now(),
            user: &self.pairing.user,
            levels: &self.force.levels,
            settings: &self.force.settings,
            user_settings: &self.pairing.settings,
            maps: &self.force.maps,
            crm: lenses.crm.as_ref(),
            pim: lenses.pim.as_ref(),
            zone: &self.force.zone,
            lead,
            mails: self.mails(),
            invited: false,
            meeting_id: None,
            restored: self.is_restored(),
        }
    }
}

/// Both sides' lenses, held while a plan is made.
pub(crate) struct Lenses {
    crm: std::sync::Arc<dyn model::Lens>,
    pim: std::sync::Arc<dyn model::Lens>,
}

/// It waits as it was seen, so that what is matched meanwhile knows of it: what it is the next look tells.
fn unread() -> Judged {
    Judged::of(Plan::of(None, After::Wait(Reason::Unread), Reason::Unread), None, None)
}

fn present(seen: &Seen) -> Option<&Record> {
    match seen {
        Seen::Present(record) => Some(record),
        Seen::Gone(_) => None,
    }
}

fn ambiguous(
    domain: Domain,
    crm: Option<&Record>,
    pim: Option<&Record>,
    of_crm: Vec<RecordId>,
    of_pim: Vec<RecordId>,
) -> Judged {
    let mut judged = Judged::of(Plan::of(Some(domain), After::Ambiguous, Reason::Ambiguous), crm, pim);
    judged.ambiguous = Some((of_crm, of_pim));
    judged
}

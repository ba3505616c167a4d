//! Acting: one record's operations in order, each recognisable before it is sent (invariant 5), then one settle.

use crate::brake::Stopped;
use crate::cycle::Cycle;
use crate::judge::Judged;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{Create, Mail, Trouble, Update, Wanted, Write, Written};
use crate::settle::{before, word};
use model::{
    Domain, End, Fields, Form, Kind, Link, LinkId, Mark, Record, RecordId, Side, SleepCause,
    Version,
};
use plan::{After, Op, Plan, Reason};
use std::collections::BTreeMap;
use store::change::Settle;
use store::{
    Count, Held, HeldKind, Intent, IntentKind, Look, Observation, Opened, Quarantine, Work,
};

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
    pub settle: Settle,
    /// Written in this turn, per side: the paths sent and the version answered.
    pub written: BTreeMap<Side, (Fields, bool, Version)>,
    /// The created record must still be put in the store before anything else goes on.
    pub stored: bool,
}

/// How a write of one operation ended.
enum Step {
    Done,
    /// Not now: the record is left as it is.
    Postponed,
    /// Quarantined: the rest of the plan is dropped.
    Refused,
}

impl Cycle<'_> {
    /// Carries out what `count` counted, page by page.
    pub(crate) async fn act_on_all(&mut self, stopped: &Stopped) -> Result<(), CycleError> {
        for kind in Kind::ALL {
            let mut after = None;
            loop {
                self.keep_lease().await?;
                let page = self
                    .engine
                    .store()
                    .work(&self.pairing.id, kind, after.as_ref(), limits::WORK_PAGE)
                    .await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
                for work in &page {
                    // What an earlier record's turn has settled since the page was read is not taken up again.
                    let Some(work) = self.still(work).await? else {
                        continue;
                    };
                    if let Some(judged) = self.judge(&work).await?
                        && !stopped.stops(&judged.plan)
                    {
                        self.act(&work, judged).await?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn still(&self, work: &Work) -> Result<Option<Work>, CycleError> {
        let kind = work
            .crm
            .as_ref()
            .or(work.pim.as_ref())
            .map(|seen| seen.kind);
        let Some(kind) = kind else { return Ok(None) };
        Ok(self
            .engine
            .store()
            .work_of(&self.pairing.id, work.key.side, kind, &work.key.id)
            .await?)
    }

    /// Links two records that a person chose.
    pub(crate) async fn link_work(&mut self, work: &Work) -> Result<(), CycleError> {
        let records = (
            work.crm.as_ref().map(|seen| &seen.seen),
            work.pim.as_ref().map(|seen| &seen.seen),
        );
        let (Some(model::Seen::Present(crm)), Some(model::Seen::Present(pim))) = records else {
            return Err(CycleError::Trouble(Trouble::Gone(model::Gone::Unknown)));
        };
        match self.judge_pair(crm, pim).await? {
            Some(judged) => self.carry_out(work, judged).await,
            None => Err(CycleError::Trouble(Trouble::Gone(model::Gone::OutOfWindow))),
        }
    }

    async fn act(&mut self, work: &Work, judged: Judged) -> Result<(), CycleError> {
        match &judged.plan.after {
            After::Wait(_) => self.wait(work).await,
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
            After::Forget if work.link.is_none() => {
                self.pool_changed |= seen_kind(work) == Some(Kind::Contact);
                let mut settle = self.taken(work, None, None);
                settle.cured = cured(work);
                self.store(settle).await
            }
            After::Linked(_) | After::New { .. } | After::Forget => {
                self.carry_out(work, judged).await
            }
        }
    }

    async fn wait(&mut self, work: &Work) -> Result<(), CycleError> {
        let mut settle = self.taken(work, None, None);
        let now = self.engine.now();
        let later = now
            .checked_add(jiff::SignedDuration::from_secs(limits::LONGEST_PATIENCE_S))
            .unwrap_or(now);
        for seen in [&work.crm, &work.pim].into_iter().flatten() {
            settle
                .looks
                .push(Look::later(seen.side, seen.kind, seen.id.clone(), later));
        }
        self.report.postponed += 1;
        self.store(settle).await
    }

    async fn leave_out(
        &mut self,
        work: &Work,
        judged: &Judged,
        reason: Reason,
    ) -> Result<(), CycleError> {
        let mut settle = self.taken(work, None, None);
        for seen in [&work.crm, &work.pim].into_iter().flatten() {
            settle.strangers.push(self.stranger(seen, &word(reason)));
        }
        settle.cured = cured(work);
        if reason == Reason::AnotherLeads
            && let Some(item) = &judged.pim
        {
            // If the organiser's mailbox is late, attendees look again after a day (rule P3).
            let now = self.engine.now();
            let hours = i64::from(self.force.settings.organizer_wait_hours);
            let later = now
                .checked_add(jiff::SignedDuration::from_hours(hours))
                .unwrap_or(now);
            settle
                .looks
                .push(Look::later(Side::Pim, item.kind, item.id.clone(), later));
        }
        self.store(settle).await
    }

    /// Candidates that do not come down to one on each side are listed, and nothing is done to them (rule M1).
    async fn ask(&mut self, work: &Work, judged: &Judged) -> Result<(), CycleError> {
        let mut settle = self.taken(work, None, None);
        for seen in [&work.crm, &work.pim].into_iter().flatten() {
            settle.strangers.push(self.stranger(seen, "ambiguous"));
        }
        if let (Some((crm, pim)), Some(domain)) = (&judged.ambiguous, judged.plan.domain) {
            let mut ids: Vec<String> = crm.iter().chain(pim).map(ToString::to_string).collect();
            ids.sort();
            settle.held.push(Held {
                id: format!("a:{}:{}", self.pairing.id, self.hash(&ids.join("|"))),
                pairing: self.pairing.id.clone(),
                domain,
                what: HeldKind::Ambiguous {
                    crm: crm.clone(),
                    pim: pim.clone(),
                },
                at: self.engine.now(),
            });
            self.report.held += 1;
        }
        self.store(settle).await
    }

    async fn carry_out(&mut self, work: &Work, judged: Judged) -> Result<(), CycleError> {
        let Judged {
            plan,
            crm,
            pim,
            doubles,
            ..
        } = judged;
        let Some(mut acting) = self.begin_record(work, &plan, crm, pim) else {
            return Ok(());
        };
        for op in &plan.ops {
            match self.step(&mut acting, op, &plan).await? {
                Step::Done => {}
                Step::Postponed => {
                    self.report.postponed += 1;
                    return self.store(std::mem::take(&mut acting.settle)).await;
                }
                Step::Refused => {
                    let mut settle = self.taken(work, acting.crm.as_ref(), acting.pim.as_ref());
                    let reason = acting
                        .settle
                        .quarantine
                        .pop()
                        .map(|row| row.reason)
                        .unwrap_or_default();
                    settle.close = std::mem::take(&mut acting.settle.close);
                    settle.history = std::mem::take(&mut acting.settle.history);
                    settle.counts = std::mem::take(&mut acting.settle.counts);
                    self.quarantine(work, &mut settle, &reason);
                    return self.store(settle).await;
                }
            }
        }
        self.mark(&mut acting).await?;
        self.read_back(&mut acting).await?;
        self.finish(work, acting, &plan, &doubles).await
    }

    fn begin_record(
        &self,
        work: &Work,
        plan: &Plan,
        crm: Option<Record>,
        pim: Option<Record>,
    ) -> Option<Acting> {
        let domain = plan.domain?;
        let (link, is_new) = match (&plan.after, &work.link) {
            (After::Linked(link), _) => ((**link).clone(), false),
            (
                After::New {
                    domain,
                    form,
                    born,
                    crm: base_crm,
                    pim: base_pim,
                    global_id,
                },
                _,
            ) => {
                let end = |record: Option<&Record>, base: &Fields| End {
                    id: record.map_or_else(|| RecordId::new(""), |record| record.id.clone()),
                    version: record
                        .map_or_else(|| Version::new(""), |record| record.version.clone()),
                    base: base.clone(),
                };
                let link = Link {
                    id: LinkId::new(self.engine.fresh_id()),
                    pairing: self.pairing.id.clone(),
                    kind: domain.kind(),
                    domain: *domain,
                    crm: end(crm.as_ref(), base_crm),
                    pim: end(pim.as_ref(), base_pim),
                    folder: pim.as_ref().and_then(|item| item.facts.folder.clone()),
                    born: *born,
                    form: *form,
                    mark_key: String::new(),
                    write_no: 0,
                    global_id: global_id.clone(),
                    sleep: None,
                    bounced: BTreeMap::new(),
                };
                (link, true)
            }
            (_, Some(link)) => (link.clone(), false),
            (_, None) => return None,
        };
        let old_crm = (
            link.crm.id.clone(),
            crm.as_ref()
                .map_or_else(|| link.crm.version.clone(), |record| record.version.clone()),
        );
        Some(Acting {
            link,
            domain,
            is_new,
            old_crm,
            crm,
            pim,
            settle: Settle::default(),
            written: BTreeMap::new(),
            stored: false,
        })
    }

    async fn step(
        &mut self,
        acting: &mut Acting,
        op: &Op,
        plan: &Plan,
    ) -> Result<Step, CycleError> {
        self.keep_lease().await?;
        if op.side() == Side::Pim {
            self.identify().await?;
        }
        match op {
            Op::Create {
                side: Side::Pim,
                domain,
                fields,
                ..
            } => self.create_item(acting, *domain, fields).await,
            Op::Create {
                side: Side::Crm,
                domain,
                fields,
                global_id,
                locked,
                owner,
                form,
            } => {
                let create = Create {
                    domain: *domain,
                    folder: None,
                    fields: fields.clone(),
                    mark: self.new_mark(self.engine.fresh_id(), 1),
                    global_id: global_id.clone(),
                    locked: *locked,
                    owner: owner.clone(),
                    mail: Mail::None,
                };
                self.create_record(acting, create, *form, plan).await
            }
            Op::Update {
                side,
                changes,
                keep,
            } => self.update(acting, *side, changes, keep).await,
            Op::Delete { side, after_new } => self.delete(acting, *side, *after_new).await,
            Op::Enlist => {
                let write = Write::Enlist {
                    domain: acting.domain,
                    id: acting.link.crm.id.clone(),
                };
                self.small(acting, write).await
            }
            Op::Delist => {
                let domain = match acting.domain {
                    // A business contact that became personal leaves its own list.
                    Domain::PersonalContact if acting.old_crm.0 != acting.link.crm.id => {
                        Domain::BusinessContact
                    }
                    domain => domain,
                };
                let write = Write::Delist {
                    domain,
                    id: acting.old_crm.0.clone(),
                };
                let step = self.small(acting, write).await?;
                self.count_deleted(acting, Side::Crm, "delist", &step);
                Ok(step)
            }
            Op::Leave => {
                let write = Write::Leave {
                    kind: acting.link.kind,
                    id: acting.link.crm.id.clone(),
                };
                let step = self.small(acting, write).await?;
                self.count_deleted(acting, Side::Crm, "leave", &step);
                Ok(step)
            }
            Op::Flag { global_id, locked } => {
                let write = Write::Flag {
                    id: acting.link.crm.id.clone(),
                    global_id: global_id.clone(),
                    locked: *locked,
                };
                self.small(acting, write).await
            }
        }
    }

    /// Taking a user off a list or a meeting is a delete as he sees it, so it counts for the brakes; it deletes no
    /// record, so the report does not count it as one.
    fn count_deleted(&self, acting: &mut Acting, side: Side, what: &str, step: &Step) {
        if matches!(step, Step::Done) {
            acting
                .settle
                .counts
                .push((acting.domain, side, Count::Deleted, 1));
            let mut line = self.line(
                acting.domain,
                what,
                Some(&acting.old_crm.0),
                Some(&acting.link.pim.id),
            );
            line.side = Some(side);
            acting.settle.history.push(line);
        }
    }

    pub(crate) fn new_mark(&self, key: String, write_no: u64) -> Mark {
        let mailbox = self
            .pairing
            .mailbox
            .clone()
            .unwrap_or_else(|| model::MailboxId::new(""));
        Mark {
            mailbox,
            epoch: self.epoch,
            key,
            write_no,
        }
    }

    async fn create_item(
        &mut self,
        acting: &mut Acting,
        domain: Domain,
        fields: &Fields,
    ) -> Result<Step, CycleError> {
        let key = plan::keys::mark_key(&acting.link.crm.id, &self.engine.fresh_id());
        acting.link.mark_key = key.clone();
        acting.link.write_no = 1;
        let create = Create {
            domain,
            folder: None,
            fields: fields.clone(),
            mark: self.new_mark(key.clone(), 1),
            global_id: None,
            locked: false,
            owner: None,
            mail: Mail::None,
        };
        let mut intent = self.intent(acting, key.clone(), Side::Pim, IntentKind::Create);
        intent.source = Some(acting.link.crm.id.clone());
        intent.fields = fields.clone();
        intent.mark = Some(create.mark.clone());
        intent.result = Some(acting.link.clone());
        self.engine
            .store()
            .open_intent(&self.lease, &intent)
            .await?;
        match self.pim.write(&Write::Create(create)).await {
            Ok(written) => self.created(acting, Side::Pim, key, written, fields).await,
            Err(trouble) => self.failed(acting, trouble, key, Side::Pim, None),
        }
    }

    async fn create_record(
        &mut self,
        acting: &mut Acting,
        create: Create,
        form: Form,
        plan: &Plan,
    ) -> Result<Step, CycleError> {
        let key = create.mark.key.clone();
        let mut intent = self.intent(acting, key.clone(), Side::Crm, IntentKind::Create);
        intent.source = Some(acting.link.pim.id.clone());
        intent.shared_key = acting
            .pim
            .as_ref()
            .and_then(|item| self.shared_key(create.domain, item));
        intent.domain = create.domain;
        intent.form = form;
        intent.fields = create.fields.clone();
        intent.mark = Some(create.mark.clone());
        intent.result = Some(acting.link.clone());
        match self
            .engine
            .store()
            .open_intent(&self.lease, &intent)
            .await?
        {
            Opened::Open => {}
            // Another pairing makes this very record now: look again when it stands (decision 6).
            Opened::Taken { .. } => return Ok(Step::Postponed),
        }
        let fields = create.fields.clone();
        match self.crm.write(&Write::Create(create)).await {
            Ok(written) => {
                for op in &plan.ops {
                    if let Op::Delist
                    | Op::Delete {
                        side: Side::Crm, ..
                    } = op
                    {
                        // What still has to happen to the old record is remembered with the new link (rule O5).
                        let what = if matches!(op, Op::Delist) {
                            IntentKind::Small
                        } else {
                            IntentKind::Delete
                        };
                        let mut next = self.intent(acting, format!("{key}+"), Side::Crm, what);
                        next.target = Some(acting.old_crm.0.clone());
                        next.version = Some(acting.old_crm.1.clone());
                        next.link = None;
                        acting.settle.open.push(next);
                    }
                }
                self.created(acting, Side::Crm, key, written, &fields).await
            }
            Err(trouble) => self.failed(acting, trouble, key, Side::Crm, None),
        }
    }

    /// A created record's link is stored at once, as sent: whatever follows may fail.
    async fn created(
        &mut self,
        acting: &mut Acting,
        side: Side,
        key: String,
        written: Written,
        fields: &Fields,
    ) -> Result<Step, CycleError> {
        let end = acting.link.end_mut(side);
        end.id = written.id.clone();
        end.version = written.version.clone();
        acting
            .written
            .insert(side, (fields.clone(), true, written.version));
        let mut line = self.line(
            acting.domain,
            "create",
            Some(&acting.link.crm.id),
            Some(&acting.link.pim.id),
        );
        line.side = Some(side);
        line.after = fields.clone();
        let settle = Settle {
            links: vec![acting.link.clone()],
            close: vec![key.clone()],
            open: std::mem::take(&mut acting.settle.open),
            history: vec![line],
            counts: vec![(acting.domain, side, Count::Created, 1)],
            ..Settle::default()
        };
        let follow: Vec<String> = settle.open.iter().map(|intent| intent.id.clone()).collect();
        self.store(settle).await?;
        acting.settle.close.extend(follow);
        acting.stored = true;
        self.report.add(acting.domain, side, Count::Created);
        self.pool_changed |= acting.link.kind == Kind::Contact;
        Ok(Step::Done)
    }

    async fn update(
        &mut self,
        acting: &mut Acting,
        side: Side,
        changes: &Fields,
        keep: &Fields,
    ) -> Result<Step, CycleError> {
        let id = acting.link.end(side).id.clone();
        let version = match (acting.written.get(&side), side) {
            (Some((_, _, version)), _) => version.clone(),
            (None, Side::Crm) => acting
                .crm
                .as_ref()
                .map_or_else(|| acting.link.crm.version.clone(), |it| it.version.clone()),
            (None, Side::Pim) => acting
                .pim
                .as_ref()
                .map_or_else(|| acting.link.pim.version.clone(), |it| it.version.clone()),
        };
        let mark = match side {
            Side::Crm => None,
            Side::Pim => self.next_mark(acting),
        };
        let intent_id = self.engine.fresh_id();
        let mut intent = self.intent(acting, intent_id.clone(), side, IntentKind::Update);
        intent.target = Some(id.clone());
        intent.version = Some(version.clone());
        intent.fields = changes.clone();
        intent.mark = mark.clone();
        intent.result = (!acting.is_new).then(|| acting.link.clone());
        self.engine
            .store()
            .open_intent(&self.lease, &intent)
            .await?;
        let update = Update {
            domain: acting.domain,
            id: id.clone(),
            version,
            changes: changes.clone(),
            keep: keep.clone(),
            mark,
            mail: Mail::None,
        };
        match self.remote(side).write(&Write::Update(update)).await {
            Ok(written) => {
                let end = acting.link.end_mut(side);
                // Completing a recurring task answers with the one-off's id; the record stays what was asked (rule R6).
                if written.other.is_none() {
                    end.id = written.id.clone();
                }
                end.version = written.version.clone();
                acting
                    .written
                    .insert(side, (changes.clone(), false, written.version));
                acting.settle.close.push(intent_id);
                let shown = match side {
                    Side::Crm => acting.crm.as_ref(),
                    Side::Pim => acting.pim.as_ref(),
                };
                let mut line = self.line(
                    acting.domain,
                    "update",
                    Some(&acting.link.crm.id),
                    Some(&acting.link.pim.id),
                );
                line.side = Some(side);
                line.before = shown
                    .map(|record| before(&record.fields, changes))
                    .unwrap_or_default();
                line.after = changes.clone();
                line.note = written
                    .partly
                    .iter()
                    .map(|(path, why)| format!("{path}: {why}"))
                    .collect::<Vec<_>>()
                    .join("; ");
                acting.settle.history.push(line);
                acting
                    .settle
                    .counts
                    .push((acting.domain, side, Count::Updated, 1));
                self.report.add(acting.domain, side, Count::Updated);
                Ok(Step::Done)
            }
            Err(trouble) => self.failed(acting, trouble, intent_id, side, Some(id)),
        }
    }

    /// The mark for the next write of a mailbox copy, with its number renewed; none where we may not write (Import Only).
    fn next_mark(&self, acting: &mut Acting) -> Option<Mark> {
        if !self
            .force
            .levels
            .get(&acting.domain)
            .is_some_and(|level| level.exports())
        {
            return None;
        }
        let crm = acting.link.crm.id.clone();
        if plan::keys::crm_id(&acting.link.mark_key) != Some(crm.as_str()) {
            acting.link.mark_key = plan::keys::mark_key(&crm, &self.engine.fresh_id());
        }
        acting.link.write_no += 1;
        Some(self.new_mark(acting.link.mark_key.clone(), acting.link.write_no))
    }

    async fn delete(
        &mut self,
        acting: &mut Acting,
        side: Side,
        after_new: Option<Kind>,
    ) -> Result<Step, CycleError> {
        if let Some(kind) = after_new {
            // The new item is made first (rule D3).
            let stands = self
                .engine
                .store()
                .link_of(&self.pairing.id, Side::Crm, kind, &acting.link.crm.id)
                .await?;
            if stands.is_none() {
                acting.settle.looks.push(Look::now(
                    Side::Crm,
                    acting.link.kind,
                    acting.link.crm.id.clone(),
                ));
                return Ok(Step::Postponed);
            }
        }
        let (id, version) = match side {
            Side::Crm => acting.old_crm.clone(),
            Side::Pim => {
                let version = acting
                    .pim
                    .as_ref()
                    .map_or_else(|| acting.link.pim.version.clone(), |it| it.version.clone());
                (acting.link.pim.id.clone(), version)
            }
        };
        let intent_id = self.engine.fresh_id();
        let mut intent = self.intent(acting, intent_id.clone(), side, IntentKind::Delete);
        intent.target = Some(id.clone());
        intent.version = Some(version.clone());
        self.engine
            .store()
            .open_intent(&self.lease, &intent)
            .await?;
        let shown = match side {
            Side::Crm => acting.crm.clone(),
            Side::Pim => acting.pim.clone(),
        };
        let write = Write::Delete {
            kind: acting.link.kind,
            id: id.clone(),
            version,
            mail: Mail::None,
        };
        match self.remote(side).write(&write).await {
            Ok(_) | Err(Trouble::Gone(_)) => {
                acting.settle.close.push(intent_id);
                let mut line = self.line(
                    acting.domain,
                    "delete",
                    Some(&acting.old_crm.0),
                    Some(&acting.link.pim.id),
                );
                line.side = Some(side);
                line.before = shown
                    .map(|record| {
                        record
                            .fields
                            .into_iter()
                            .map(|(path, value)| (path, Some(value)))
                            .collect()
                    })
                    .unwrap_or_default();
                acting.settle.history.push(line);
                acting
                    .settle
                    .counts
                    .push((acting.domain, side, Count::Deleted, 1));
                self.report.add(acting.domain, side, Count::Deleted);
                Ok(Step::Done)
            }
            Err(trouble) => self.failed(acting, trouble, intent_id, side, Some(id)),
        }
    }

    /// Lines of lists and flags: idempotent by nature, repeated when in doubt.
    async fn small(&mut self, acting: &mut Acting, write: Write) -> Result<Step, CycleError> {
        match self.crm.write(&write).await {
            Ok(written) => {
                if written.id == acting.link.crm.id {
                    acting.link.crm.version = written.version.clone();
                    let entry = acting
                        .written
                        .entry(Side::Crm)
                        .or_insert_with(|| (Fields::new(), false, written.version.clone()));
                    entry.2 = written.version;
                }
                Ok(Step::Done)
            }
            // Gone already: what was wished is true.
            Err(Trouble::Gone(_))
                if matches!(write, Write::Delist { .. } | Write::Leave { .. }) =>
            {
                Ok(Step::Done)
            }
            Err(trouble) => {
                let id = acting.link.crm.id.clone();
                self.failed(acting, trouble, String::new(), Side::Crm, Some(id))
            }
        }
    }

    /// An item born in the mailbox gets our mark once it is linked, by an update of that property alone (decision 2).
    async fn mark(&mut self, acting: &mut Acting) -> Result<(), CycleError> {
        if !acting.is_new || !acting.link.mark_key.is_empty() {
            return Ok(());
        }
        let Some(mark) = self.next_mark(acting) else {
            return Ok(());
        };
        self.identify().await?;
        let intent_id = self.engine.fresh_id();
        let mut intent = self.intent(acting, intent_id.clone(), Side::Pim, IntentKind::Mark);
        intent.target = Some(acting.link.pim.id.clone());
        intent.mark = Some(mark.clone());
        self.engine
            .store()
            .open_intent(&self.lease, &intent)
            .await?;
        let version = acting.pim.as_ref().map_or_else(
            || acting.link.pim.version.clone(),
            |item| item.version.clone(),
        );
        let write = Write::Mark {
            kind: acting.link.kind,
            id: acting.link.pim.id.clone(),
            mark,
            version,
        };
        match self.pim.write(&write).await {
            Ok(written) => {
                acting.link.pim.version = written.version.clone();
                acting
                    .written
                    .insert(Side::Pim, (Fields::new(), false, written.version));
                acting.settle.close.push(intent_id);
                acting
                    .settle
                    .counts
                    .push((acting.domain, Side::Pim, Count::Marked, 1));
                self.report.add(acting.domain, Side::Pim, Count::Marked);
                Ok(())
            }
            Err(trouble) => {
                // The link stands without a mark; an edit in between is looked at, and the next update marks it.
                acting.link.mark_key = String::new();
                acting.link.write_no = 0;
                let id = acting.link.pim.id.clone();
                match self.failed(acting, trouble, intent_id, Side::Pim, Some(id))? {
                    Step::Done | Step::Postponed | Step::Refused => {
                        acting.settle.quarantine.clear();
                        Ok(())
                    }
                }
            }
        }
    }

    fn failed(
        &mut self,
        acting: &mut Acting,
        trouble: Trouble,
        intent: String,
        side: Side,
        id: Option<RecordId>,
    ) -> Result<Step, CycleError> {
        let unknown = matches!(trouble, Trouble::Unknown { .. });
        if !unknown && !intent.is_empty() {
            acting.settle.close.push(intent);
        }
        let look = |acting: &mut Acting| {
            if let Some(id) = id.clone().filter(|id| !id.as_str().is_empty()) {
                acting
                    .settle
                    .looks
                    .push(Look::now(side, acting.link.kind, id));
            }
        };
        match trouble {
            Trouble::Stale | Trouble::Gone(_) => {
                look(acting);
                Ok(Step::Postponed)
            }
            Trouble::Refused { code, why } => {
                acting.settle.quarantine.push(Quarantine {
                    side,
                    kind: acting.link.kind,
                    id: acting.link.end(side).id.clone(),
                    versions: (None, None),
                    reason: format!("{why} ({code})"),
                    since: self.engine.now(),
                });
                Ok(Step::Refused)
            }
            Trouble::Broken { .. } | Trouble::Unknown { .. } | Trouble::CursorRefused => {
                self.broken_in_a_row += 1;
                if self.broken_in_a_row > limits::BROKEN_IN_A_ROW {
                    return Err(trouble.into());
                }
                Ok(Step::Postponed)
            }
            Trouble::Busy { .. } | Trouble::NoAccess { .. } => Err(trouble.into()),
        }
    }

    fn intent(&self, acting: &Acting, id: String, side: Side, what: IntentKind) -> Intent {
        Intent {
            id,
            pairing: self.pairing.id.clone(),
            fence: self.lease.fence,
            side,
            kind: acting.link.kind,
            what,
            target: None,
            source: None,
            link: (!acting.is_new || acting.stored).then(|| acting.link.id.clone()),
            shared_key: None,
            domain: acting.domain,
            form: acting.link.form,
            mark: None,
            version: None,
            fields: Fields::new(),
            result: None,
            at: self.engine.now(),
        }
    }

    /// What makes two pairings' creates of one CRM record one (decision 6): a meeting's global id; a business contact's
    /// e-mail, else names. Personal contacts are each user's own.
    fn shared_key(&self, domain: Domain, item: &Record) -> Option<String> {
        let of = match domain {
            Domain::Calendar => item.facts.global_id.clone().map(|id| format!("g:{id}")),
            Domain::BusinessContact => plan::keys::emails(item)
                .min()
                .map(|email| format!("e:{email}"))
                .or_else(|| plan::keys::names(item).map(|name| format!("n:{name}"))),
            Domain::PersonalContact | Domain::Employee | Domain::Task => None,
        };
        of.map(|key| self.hash(&format!("{}:{key}", self.pairing.crm)))
    }

    async fn finish(
        &mut self,
        work: &Work,
        mut acting: Acting,
        plan: &Plan,
        doubles: &[(RecordId, RecordId)],
    ) -> Result<(), CycleError> {
        let mut settle = self.taken(work, acting.crm.as_ref(), acting.pim.as_ref());
        settle.close = std::mem::take(&mut acting.settle.close);
        settle.history = std::mem::take(&mut acting.settle.history);
        settle.counts = std::mem::take(&mut acting.settle.counts);
        settle.looks = std::mem::take(&mut acting.settle.looks);
        settle.cured = cured(work);
        self.broken_in_a_row = 0;
        let domain = acting.domain;
        let (lines, held) = self.conflicts(domain, &acting.link, &plan.conflicts);
        for conflict in plan.conflicts.iter().filter(|conflict| conflict.counts) {
            settle.counts.push((
                domain,
                conflict.winner.unwrap_or(Side::Crm),
                Count::Conflict,
                1,
            ));
            self.report.conflicts += 1;
        }
        self.report.held += u32::try_from(held.len()).unwrap_or(u32::MAX);
        settle.history.extend(lines);
        settle.held.extend(held);
        match &plan.after {
            After::Forget => {
                settle.forget.push(acting.link.id.clone());
                self.pool_changed |= acting.link.kind == Kind::Contact;
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
                self.pool_changed |= acting.link.kind == Kind::Contact;
                settle.links.push(acting.link.clone());
            }
            After::Stranger(_) | After::Wait(_) | After::Quarantine(_) | After::Ambiguous => {}
        }
        for (crm, pim) in doubles {
            settle.held.push(Held {
                id: format!(
                    "d:{}:{}",
                    self.pairing.id,
                    self.hash(&format!("{crm}|{pim}"))
                ),
                pairing: self.pairing.id.clone(),
                domain,
                what: HeldKind::PossibleDouble {
                    crm: crm.clone(),
                    pim: pim.clone(),
                },
                at: self.engine.now(),
            });
        }
        self.store(settle).await
    }

    fn settle_linked(&mut self, work: &Work, acting: &Acting, settle: &mut Settle) {
        let link = &acting.link;
        if let Some(sleep) = &link.sleep {
            let was = work
                .link
                .as_ref()
                .and_then(|before| before.sleep.as_ref())
                .map(|before| before.cause);
            if was != Some(sleep.cause) {
                self.report.slept += 1;
                let mut line =
                    self.line(link.domain, "sleep", Some(&link.crm.id), Some(&link.pim.id));
                line.note = plan::explain::sleep(sleep.cause).to_owned();
                settle.history.push(line);
            }
            if sleep.cause == SleepCause::NotVisible {
                let hours = i64::from(self.force.settings.grace_hours);
                if let Ok(later) = sleep
                    .since
                    .checked_add(jiff::SignedDuration::from_hours(hours))
                {
                    settle.looks.push(Look::later(
                        Side::Crm,
                        link.kind,
                        link.crm.id.clone(),
                        later,
                    ));
                }
            }
        }
        settle.links.push(link.clone());
    }

    /// A settle that takes up the observations of a record, and those of the partner it was matched with.
    fn taken(&self, work: &Work, crm: Option<&Record>, pim: Option<&Record>) -> Settle {
        let mut taken: Vec<(Side, Kind, RecordId, Version)> = [&work.crm, &work.pim]
            .into_iter()
            .flatten()
            .map(|seen: &Observation| (seen.side, seen.kind, seen.id.clone(), seen.version.clone()))
            .collect();
        for (side, record) in [(Side::Crm, crm), (Side::Pim, pim)] {
            if let Some(record) = record
                && taken
                    .iter()
                    .all(|(of, _, id, _)| (*of, id) != (side, &record.id))
            {
                taken.push((side, record.kind, record.id.clone(), record.version.clone()));
            }
        }
        Settle {
            taken,
            ..Settle::default()
        }
    }

    fn quarantine(&mut self, work: &Work, settle: &mut Settle, reason: &str) {
        let versions = (
            work.crm.as_ref().map(|seen| seen.version.clone()),
            work.pim.as_ref().map(|seen| seen.version.clone()),
        );
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

    pub(crate) async fn store(&mut self, settle: Settle) -> Result<(), CycleError> {
        if settle.is_empty() {
            return Ok(());
        }
        Ok(self
            .engine
            .store()
            .settle(&self.lease, &self.pairing.id, self.engine.now(), &settle)
            .await?)
    }
}

fn seen_kind(work: &Work) -> Option<Kind> {
    work.crm
        .as_ref()
        .or(work.pim.as_ref())
        .map(|seen| seen.kind)
}

fn cured(work: &Work) -> Vec<(Side, Kind, RecordId)> {
    work.quarantine
        .iter()
        .map(|row| (row.side, row.kind, row.id.clone()))
        .collect()
}

/// What to look at for a link's end.
pub(crate) fn wanted(link: &Link, side: Side) -> Wanted {
    let mark_key = (side == Side::Pim && !link.mark_key.is_empty()).then(|| link.mark_key.clone());
    Wanted {
        id: link.end(side).id.clone(),
        mark_key,
    }
}

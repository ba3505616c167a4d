//! Each operation is recognisable before it is sent (invariant 5): intent first, then the write.

use crate::act::wanted;
use crate::carry::{Acting, Step};
use crate::create::{Asked, NewItem, told};
use crate::cycle::Cycle;
use crate::limits;
use crate::meeting;
use crate::outcome::CycleError;
use crate::port::{Create, MAILBOX_FULL, MEETING_NOT_KEPT, Mail, Trouble, Update, Write};
use crate::settle::before;
use crate::stubborn::Patience;
use model::{Domain, Fields, Gone, Kind, Link, Record, RecordId, Seen, Side, Version};
use plan::{Op, Plan};
use planted::Planted;
use std::sync::Arc;
use store::change::Settle;
use store::{Count, Intent, IntentKind, Look, Quarantine};

impl Cycle<'_> {
    pub(crate) async fn step(&mut self, acting: &mut Acting, op: &Op, plan: &Plan) -> Result<Step, CycleError> {
        self.keep_lease().await?;
        // Also before a write in the CRM: it carries over what that mailbox showed (rule L1).
        self.identify().await?;
        match op {
            Op::Create { side: Side::Pim, domain, fields, form, global_id, .. } => {
                let meeting = meeting::of(*form, global_id.as_ref(), acting.crm.as_ref());
                self.create_item(NewItem { acting, domain: *domain, fields, meeting }).await
            }
            Op::Create { side: Side::Crm, domain, fields, global_id, locked, owner, form } => {
                let before = self.again.remove(&acting.link.pim.id).map(|(_, key)| key);
                let asked = if before.is_some() { Asked::Again } else { Asked::Once };
                let key = before.unwrap_or_else(|| self.engine.fresh_id());
                let revive = self.comes_back_as(acting).await?;
                let create = Create {
                    domain: *domain,
                    folder: None,
                    fields: fields.clone(),
                    mark: self.new_mark(key, 1),
                    global_id: global_id.clone(),
                    meeting: None,
                    locked: *locked,
                    owner: owner.clone(),
                    made_from: Some(acting.old_crm.0.clone()).filter(|_| !acting.is_new && acting.crm.is_some()),
                    revive,
                    mail: Mail::None,
                };
                self.create_record(acting, create, *form, plan, asked).await
            }
            Op::Update { side, changes, keep } => {
                let mail = self.mail_of(acting, op);
                self.update(acting, *side, changes, keep, mail).await
            }
            Op::Delete { side, after_new } => {
                let aside = matches!(plan.after, plan::After::Away(_)).then(|| acting.link.clone());
                let mail = self.mail_of(acting, op);
                self.delete(acting, *side, *after_new, aside, mail).await
            }
            Op::Restore { mark_key } => self.restore(acting, mark_key).await,
            Op::Enlist => {
                let write = Write::Enlist { domain: acting.domain, id: acting.link.crm.id.clone() };
                self.small(acting, write).await
            }
            Op::Delist => {
                let domain = match acting.domain {
                    // A business contact that became personal leaves its own list.
                    Domain::PersonalContact if acting.old_crm.0 != acting.link.crm.id => Domain::BusinessContact,
                    domain => domain,
                };
                let write = Write::Delist { domain, id: acting.old_crm.0.clone() };
                let step = self.small(acting, write).await?;
                self.count_deleted(acting, Side::Crm, "delist", &step);
                Ok(step)
            }
            Op::Leave => {
                let write = Write::Leave { kind: acting.link.kind, id: acting.link.crm.id.clone() };
                let step = self.small(acting, write).await?;
                self.count_deleted(acting, Side::Crm, "leave", &step);
                Ok(step)
            }
            Op::Rejoin => {
                let write = Write::Rejoin { kind: acting.link.kind, id: acting.link.crm.id.clone() };
                let step = self.small(acting, write).await?;
                if matches!(step, Step::Done) {
                    let mut line =
                        self.line(acting.domain, "rejoin", Some(&acting.link.crm.id), Some(&acting.link.pim.id));
                    line.side = Some(Side::Crm);
                    acting.settle.history.push(line);
                }
                Ok(step)
            }
            Op::Flag { global_id, locked } => {
                let write =
                    Write::Flag { id: acting.link.crm.id.clone(), global_id: global_id.clone(), locked: *locked };
                self.small(acting, write).await
            }
        }
    }

    /// Whom an operation may make the server write to (rule C9). A write that is looked up after its answer was lost is not
    /// sent again when it arrived, and neither is its mail.
    fn mail_of(&self, acting: &Acting, op: &Op) -> Mail {
        let Some(item) = acting.pim.as_ref().filter(|_| !acting.is_new) else {
            return Mail::None;
        };
        let lenses = self.lenses();
        let context = self.context(plan::Lead::Mine, &lenses);
        match plan::mailing::recipients(op, acting.link.form, acting.domain, item, &context).is_empty() {
            true => Mail::None,
            false => Mail::Send,
        }
    }

    /// Taking a user off a list or a meeting is a delete as he sees it, so it counts for the brakes; it deletes no
    /// record, so the report does not count it as one.
    pub(crate) fn count_deleted(&self, acting: &mut Acting, side: Side, what: &str, step: &Step) {
        if matches!(step, Step::Done) {
            acting.settle.counts.push((acting.domain, side, Count::Deleted, 1));
            let mut line = self.line(acting.domain, what, Some(&acting.old_crm.0), Some(&acting.link.pim.id));
            line.side = Some(side);
            acting.settle.history.push(line);
        }
    }

    pub(crate) async fn update(
        &mut self,
        acting: &mut Acting,
        side: Side,
        changes: &Fields,
        keep: &Fields,
        mail: Mail,
    ) -> Result<Step, CycleError> {
        let id = acting.link.end(side).id.clone();
        let version = match (acting.written.get(&side), side) {
            (Some((_, _, version)), _) => version.clone(),
            (None, Side::Crm) => {
                acting.crm.as_ref().map_or_else(|| acting.link.crm.version.clone(), |it| it.version.clone())
            }
            (None, Side::Pim) => {
                acting.pim.as_ref().map_or_else(|| acting.link.pim.version.clone(), |it| it.version.clone())
            }
        };
        let version =
            if planted::is(Planted::VersionIgnored) { self.present(acting, side, version).await? } else { version };
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
        if planted::is(Planted::BaseBeforeSettle) && !acting.is_new {
            self.store(Settle { links: vec![acting.link.clone()], ..Settle::default() }).await?;
        }
        self.engine.store().open_intent(&self.lease, &intent).await?;
        // A second write of the same turn finds what the first one left, which nobody planned against.
        let planned = match side {
            Side::Pim if !acting.written.contains_key(&side) => acting.pim.clone().map(Arc::new),
            Side::Pim | Side::Crm => None,
        };
        let update = Update {
            domain: acting.domain,
            id: id.clone(),
            version,
            planned,
            changes: changes.clone(),
            keep: keep.clone(),
            mark,
            mail,
        };
        match self.remote(side).write(&Write::Update(update)).await {
            Ok(written) => {
                self.engine.stubborn.done(&self.pairing.id, side, &id);
                let end = acting.link.end_mut(side);
                // Completing a recurring task answers with the one-off's id; the record stays what was asked (rule R6).
                if written.other.is_none() {
                    end.id = written.id.clone();
                }
                end.version = written.version.clone();
                if written.other.is_some() {
                    // What stands there now is the next occurrence: not what was sent, but a change of the mailbox's own.
                    acting.settle.looks.push(Look::now(side, acting.link.kind, id));
                } else {
                    acting.written.insert(side, (changes.clone(), false, written.version));
                }
                acting.settle.close.push(intent_id);
                let shown = match side {
                    Side::Crm => acting.crm.as_ref(),
                    Side::Pim => acting.pim.as_ref(),
                };
                let mut line = self.line(acting.domain, "update", Some(&acting.link.crm.id), Some(&acting.link.pim.id));
                line.side = Some(side);
                line.before = shown.map(|record| before(&record.fields, changes)).unwrap_or_default();
                line.after = changes.clone();
                line.note = told(&written.partly);
                acting.partly.extend(written.partly);
                acting.settle.history.push(line);
                acting.settle.counts.push((acting.domain, side, Count::Updated, 1));
                self.report.add(acting.domain, side, Count::Updated);
                Ok(Step::Done)
            }
            Err(trouble) => self.failed(acting, trouble, Some(intent_id), side, Some(id)),
        }
    }

    pub(crate) async fn delete(
        &mut self,
        acting: &mut Acting,
        side: Side,
        after_new: Option<Kind>,
        aside: Option<Link>,
        mail: Mail,
    ) -> Result<Step, CycleError> {
        if let Some(kind) = after_new {
            // The new item is made first (rule D3).
            let stands = self.engine.store().link_of(&self.pairing.id, Side::Crm, kind, &acting.link.crm.id).await?;
            if stands.is_none() {
                acting.settle.looks.push(Look::now(Side::Crm, acting.link.kind, acting.link.crm.id.clone()));
                return Ok(Step::Postponed);
            }
        }
        if side == Side::Pim && self.waits_for_new_owner(acting).await? {
            acting.settle.awaited.push((acting.link.kind, acting.link.pim.id.clone()));
            return Ok(Step::Postponed);
        }
        let (id, version) = match side {
            Side::Crm => acting.old_crm.clone(),
            Side::Pim => {
                let version =
                    acting.pim.as_ref().map_or_else(|| acting.link.pim.version.clone(), |it| it.version.clone());
                (acting.link.pim.id.clone(), version)
            }
        };
        let intent_id = self.engine.fresh_id();
        let mut intent = self.intent(acting, intent_id.clone(), side, IntentKind::Delete);
        intent.target = Some(id.clone());
        intent.version = Some(version.clone());
        if side == Side::Crm && id != acting.link.crm.id {
            // The old record's: the link shows another one already (rule O5).
            intent.link = None;
        }
        intent.result = aside;
        self.engine.store().open_intent(&self.lease, &intent).await?;
        let shown = match side {
            Side::Crm => acting.old_record.clone().or_else(|| acting.crm.clone()),
            Side::Pim => acting.pim.clone(),
        };
        let planned = shown.clone().filter(|_| side == Side::Pim).map(Arc::new);
        let write = Write::Delete { kind: acting.link.kind, id: id.clone(), version, planned, mail };
        let answer = self.remote(side).write(&write).await;
        // Gone otherwise may mean moved away meanwhile: the next look tells.
        let proven = |why| why == Gone::Deleted || planted::is(Planted::GoneIsDone);
        match answer {
            Err(trouble) if !matches!(trouble, Trouble::Gone(why) if proven(why)) => {
                self.failed(acting, trouble, Some(intent_id), side, Some(id))
            }
            Ok(_) | Err(_) => {
                self.engine.stubborn.done(&self.pairing.id, side, &id);
                acting.settle.close.push(intent_id);
                let mut line = self.line(acting.domain, "delete", Some(&acting.old_crm.0), Some(&acting.link.pim.id));
                line.side = Some(side);
                line.mark_key = Some(acting.link.mark_key.clone()).filter(|key| !key.is_empty());
                line.form = Some(acting.link.form);
                line.before = shown
                    .map(|record| record.fields.into_iter().map(|(path, value)| (path, Some(value))).collect())
                    .unwrap_or_default();
                acting.settle.history.push(line);
                acting.settle.counts.push((acting.domain, side, Count::Deleted, 1));
                self.report.add(acting.domain, side, Count::Deleted);
                Ok(Step::Done)
            }
        }
    }

    /// The version that a record has now: what an update must never be sent against.
    async fn present(&self, acting: &Acting, side: Side, planned: Version) -> Result<Version, CycleError> {
        Ok(match self.get_one(side, acting.link.kind, wanted(&acting.link, side)).await? {
            Ok(Seen::Present(record)) => record.version.clone(),
            Ok(Seen::Gone(_)) | Err(_) => planned,
        })
    }

    /// Lines of lists and flags: idempotent by nature, repeated when in doubt.
    pub(crate) async fn small(&mut self, acting: &mut Acting, write: Write) -> Result<Step, CycleError> {
        match self.crm.write(&write).await {
            Ok(written) => {
                if written.id == acting.link.crm.id {
                    acting.link.crm.version = written.version.clone();
                    // An earlier write keeps its version: this one may show a person's edit in between.
                    acting.written.entry(Side::Crm).or_insert_with(|| (Fields::new(), false, written.version));
                }
                Ok(Step::Done)
            }
            // Gone already: what was wished is true.
            Err(Trouble::Gone(_)) if matches!(write, Write::Delist { .. } | Write::Leave { .. }) => Ok(Step::Done),
            Err(trouble) => {
                let id = acting.link.crm.id.clone();
                self.failed(acting, trouble, None, Side::Crm, Some(id))
            }
        }
    }

    /// What follows from a write that failed; its intent ends with it, if it has one and is known not to have arrived.
    pub(crate) fn failed(
        &mut self,
        acting: &mut Acting,
        trouble: Trouble,
        intent: Option<String>,
        side: Side,
        id: Option<RecordId>,
    ) -> Result<Step, CycleError> {
        let unknown = matches!(trouble, Trouble::Unknown { .. });
        if !unknown {
            acting.settle.close.extend(intent);
        }
        let look = |acting: &mut Acting| {
            if let Some(id) = id.clone().filter(|id| !id.as_str().is_empty()) {
                acting.settle.looks.push(Look::now(side, acting.link.kind, id));
            }
        };
        match trouble {
            Trouble::Stale | Trouble::Gone(_) => {
                let Some(id) = id.as_ref().filter(|id| !id.as_str().is_empty()) else { return Ok(Step::Postponed) };
                match self.engine.stubborn.again(&self.pairing.id, side, id) {
                    Patience::Now => look(acting),
                    Patience::Later(wait) => self.look_later(acting, side, id, wait),
                    // What the CRM's people are at is never set back for it.
                    Patience::Ended(_) if side == Side::Crm => {
                        let wait = jiff::SignedDuration::from_secs(limits::LONGEST_PATIENCE_S);
                        self.look_later(acting, side, id, wait);
                    }
                    Patience::Ended(times) => return Ok(self.too_late_too_often(acting, &trouble, times)),
                }
                Ok(Step::Postponed)
            }
            // Nothing was left there, and it is known now: the same record is made as what this mailbox does keep.
            Trouble::Refused { code, .. } if code == MEETING_NOT_KEPT && !self.pim.keeps_meetings() => {
                Ok(Step::Otherwise)
            }
            Trouble::Refused { code, why } => {
                self.try_again_later(acting, &code);
                acting.settle.quarantine.push(Quarantine {
                    side,
                    kind: acting.link.kind,
                    id: acting.link.end(side).id.clone(),
                    versions: (None, None),
                    reason: why,
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

    fn look_later(&self, acting: &mut Acting, side: Side, id: &RecordId, wait: jiff::SignedDuration) {
        if let Ok(later) = self.engine.now().checked_add(wait) {
            acting.settle.looks.push(Look::later(side, acting.link.kind, id.clone(), later));
        }
    }

    /// Nobody is faster every time: the record waits in quarantine, is tried again every day and with each new version, and
    /// keeps nobody busy meanwhile (rule E2).
    fn too_late_too_often(&self, acting: &mut Acting, trouble: &Trouble, times: u32) -> Step {
        self.try_again_later(acting, "");
        let says = match trouble {
            Trouble::Gone(_) => "the item is not there, though it shows it",
            _ => "somebody else changed the item a moment ago",
        };
        let reason = format!(
            "the mailbox's server answered to {times} writes in a row that {says}: does another program work on it all the time? It is tried again every day, and when somebody changes it"
        );
        let (side, kind, id) = (Side::Pim, acting.link.kind, acting.link.pim.id.clone());
        let since = self.engine.now();
        acting.settle.quarantine.push(Quarantine { side, kind, id, versions: (None, None), reason, since });
        Step::Refused
    }

    /// What was refused for a reason that may go without either copy changing (room, rights, limits) is tried again.
    fn try_again_later(&self, acting: &mut Acting, code: &str) {
        let hours = if code == MAILBOX_FULL { limits::FULL_HOURS } else { limits::REFUSED_HOURS };
        let (crm, pim) = (&acting.link.crm.id, &acting.link.pim.id);
        let (side, id) = if crm.as_str().is_empty() { (Side::Pim, pim) } else { (Side::Crm, crm) };
        if let Ok(later) = self.engine.now().checked_add(jiff::SignedDuration::from_hours(hours)) {
            acting.settle.looks.push(Look::later(side, acting.link.kind, id.clone(), later));
        }
    }

    pub(crate) fn intent(&self, acting: &Acting, id: String, side: Side, what: IntentKind) -> Intent {
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
    pub(crate) fn shared_key(&self, domain: Domain, item: &Record) -> Option<String> {
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
}

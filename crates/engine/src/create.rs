//! Making records: what recognises each is stored first (invariant 5), and each has its own outcome however many go out
//! in one call.

use crate::carry::{Acting, Step};
use crate::cycle::Cycle;
use crate::outcome::CycleError;
use crate::port::{Create, Mail, Meeting, Trouble, Write, Written};
use model::{Domain, Fields, Form, Kind, Path, RecordId, Side};
use plan::Plan;
use planted::Planted;
use std::collections::BTreeMap;
use store::change::Settle;
use store::{Count, Intent, IntentKind, Key, Look, Opened, StoreError};

/// An item to be made in the mailbox.
pub(crate) struct NewItem<'a> {
    pub acting: &'a mut Acting,
    pub domain: Domain,
    pub fields: &'a Fields,
    pub meeting: Option<Meeting>,
}

/// Whether a create goes out for the first time, or one of which nobody knows what became of it is asked for again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Once,
    Again,
}

impl Cycle<'_> {
    pub(crate) async fn create_item(&mut self, item: NewItem<'_>) -> Result<Step, CycleError> {
        let mut steps = self.create_items(vec![item]).await?;
        steps.pop().unwrap_or(Ok(Step::Postponed))
    }

    /// Makes items in one call, and says of each how it ended.
    pub(crate) async fn create_items(
        &mut self,
        mut items: Vec<NewItem<'_>>,
    ) -> Result<Vec<Result<Step, CycleError>>, CycleError> {
        let mut intents = Vec::with_capacity(items.len());
        let mut writes = Vec::with_capacity(items.len());
        for item in &mut items {
            let (intent, create) = self.new_item(item);
            intents.push(intent);
            writes.push(Write::Create(create));
        }
        if !planted::is(Planted::IntentAfterSend) {
            self.engine.store().open_intents(&self.lease, &intents).await?;
        }
        let mut answers = self.send(&writes).await?;
        if planted::is(Planted::CreateRepeated)
            && answers.iter().any(|answer| matches!(answer, Err(Trouble::Unknown { .. })))
        {
            answers = self.send(&writes).await?;
        }
        if planted::is(Planted::IntentAfterSend) {
            self.engine.store().open_intents(&self.lease, &intents).await?;
        }
        drop(writes);
        let broken = self.broken_in_a_row;
        let mut steps = Vec::with_capacity(items.len());
        for ((item, intent), answer) in items.into_iter().zip(intents).zip(answers) {
            steps.push(match answer {
                Ok(written) => Ok(self.created(item.acting, Side::Pim, intent.id, written, item.fields).await?),
                Err(trouble) => {
                    // However many items it carried, it was one call that failed.
                    self.broken_in_a_row = broken;
                    self.failed(item.acting, trouble, Some(intent.id), Side::Pim, None)
                }
            });
        }
        Ok(steps)
    }

    fn new_item(&self, item: &mut NewItem<'_>) -> (Intent, Create) {
        let acting = &mut *item.acting;
        let key = plan::keys::mark_key(&acting.link.crm.id, &self.engine.fresh_id());
        acting.link.mark_key.clone_from(&key);
        acting.link.write_no = 1;
        // A new item has a global id of its own; an earlier item's would make it look like a copy.
        acting.link.global_id = item.meeting.as_ref().map(|meeting| meeting.global_id.clone());
        let create = Create {
            domain: item.domain,
            folder: None,
            fields: item.fields.clone(),
            mark: self.new_mark(if planted::is(Planted::NoMark) { self.engine.fresh_id() } else { key.clone() }, 1),
            global_id: None,
            meeting: item.meeting.clone(),
            locked: false,
            owner: None,
            made_from: None,
            revive: None,
            mail: Mail::None,
        };
        let mut intent = self.intent(acting, key, Side::Pim, IntentKind::Create);
        intent.source = Some(acting.link.crm.id.clone());
        intent.fields = item.fields.clone();
        intent.mark = Some(create.mark.clone());
        intent.result = Some(acting.link.clone());
        (intent, create)
    }

    /// Sends creates to the mailbox. An answer that does not tell of each of them, or names one item for two, tells of
    /// none; a call that was refused as a whole goes out again item by item, so that the one which will not do stands
    /// alone (rule E1).
    async fn send(&mut self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, CycleError> {
        let all = |trouble: &Trouble| writes.iter().map(|_| Err(trouble.clone())).collect::<Vec<_>>();
        let outcomes = match self.pim.write_all(writes).await {
            Ok(outcomes) if outcomes.len() == writes.len() => {
                self.not_begun_after_all(writes, &outcomes).await?;
                in_doubt_together(outcomes)
            }
            Ok(_) => all(&Trouble::untold()),
            Err(Trouble::Refused { .. }) if writes.len() > 1 => return self.send_one_by_one(writes).await,
            Err(trouble) => all(&trouble),
        };
        if writes.len() > 1 && outcomes.iter().any(|outcome| matches!(outcome, Err(Trouble::Unknown { .. }))) {
            self.creates = 1;
        }
        Ok(outcomes)
    }

    async fn send_one_by_one(&mut self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, CycleError> {
        let mut outcomes = Vec::with_capacity(writes.len());
        let mut waits: Option<Trouble> = None;
        for write in writes {
            outcomes.push(match &waits {
                Some(trouble) => Err(trouble.clone()),
                None => {
                    self.keep_lease().await?;
                    match self.was_made(write).await {
                        Ok(false) => self.pim.write(write).await,
                        // Looked up in the next cycle, as any other whose outcome nobody told (rule E2).
                        Ok(true) | Err(_) => Err(Trouble::untold()),
                    }
                }
            });
            if let Some(Err(trouble @ (Trouble::Busy { .. } | Trouble::NoAccess { .. }))) = outcomes.last() {
                waits = Some(trouble.clone());
            }
        }
        Ok(in_doubt_together(outcomes))
    }

    /// A server may have begun with a call that it then refused: each is looked for before it goes out alone.
    async fn was_made(&self, write: &Write) -> Result<bool, Trouble> {
        match write {
            Write::Create(create) => {
                let found = self.pim.trace(create.domain.kind(), &create.mark.key, 1).await?;
                Ok(!found.is_empty())
            }
            Write::Update(_)
            | Write::Delete { .. }
            | Write::Mark { .. }
            | Write::Restore { .. }
            | Write::Enlist { .. }
            | Write::Delist { .. }
            | Write::Leave { .. }
            | Write::Rejoin { .. }
            | Write::Flag { .. } => Ok(false),
        }
    }

    /// Creates that a server which was at others of the same call did not take up: it says so of each, so that there is
    /// nothing to look up. A call that was turned away as a whole may have been carried out all the same (rule E2).
    async fn not_begun_after_all(
        &mut self,
        writes: &[Write],
        outcomes: &[Result<Written, Trouble>],
    ) -> Result<(), CycleError> {
        if !outcomes.iter().any(Result::is_ok) {
            return Ok(());
        }
        let close = writes.iter().zip(outcomes).filter_map(|pair| match pair {
            (Write::Create(create), Err(Trouble::Busy { .. } | Trouble::NoAccess { .. })) => {
                Some(create.mark.key.clone())
            }
            (_, _) => None,
        });
        self.store(Settle { close: close.collect(), ..Settle::default() }).await
    }

    pub(crate) async fn create_record(
        &mut self,
        acting: &mut Acting,
        create: Create,
        form: Form,
        plan: &Plan,
        asked: Asked,
    ) -> Result<Step, CycleError> {
        let key = create.mark.key.clone();
        let mut intent = self.intent(acting, key.clone(), Side::Crm, IntentKind::Create);
        intent.source = Some(acting.link.pim.id.clone());
        intent.shared_key = acting.pim.as_ref().and_then(|item| self.shared_key(create.domain, item));
        intent.domain = create.domain;
        intent.form = form;
        intent.fields = create.fields.clone();
        intent.mark = Some(create.mark.clone());
        intent.result = Some(acting.link.clone());
        let fields = create.fields.clone();
        let write = Write::Create(create);
        let early = if planted::is(Planted::RecordIntentAfterSend) { Some(self.crm.write(&write).await) } else { None };
        match self.engine.store().open_intent(&self.lease, &intent).await? {
            Opened::Open => {}
            // Another pairing makes this very record now: look again when it stands (decision 6).
            Opened::Taken { .. } => return Ok(Step::Postponed),
        }
        let answer = match early {
            Some(answer) => answer,
            None => self.crm.write(&write).await,
        };
        match answer {
            Ok(written) => {
                self.remember_the_rest(acting, &key, plan);
                self.created(acting, Side::Crm, key, written, &fields).await
            }
            Err(trouble) => {
                // That this one did nothing does not say that the one before it will not arrive yet.
                let ended = (asked == Asked::Once).then_some(key);
                self.failed(acting, trouble, ended, Side::Crm, None)
            }
        }
    }

    /// A side that answers a create with a record which another link holds: that one record waits with the reason, and
    /// nobody's cycle stops for it (rule E1).
    fn linked_already(&mut self, acting: &mut Acting, side: Side, key: String) -> Result<Step, CycleError> {
        let why = "what was answered as the new record is linked to another one of this user already".to_owned();
        let end = acting.link.end_mut(side);
        end.id = RecordId::new("");
        acting.written.remove(&side);
        self.failed(acting, Trouble::Refused { code: "linked".to_owned(), why }, Some(key), side, None)
    }

    /// A created record's link is stored at once, as sent: whatever follows may fail.
    pub(crate) async fn created(
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
        acting.written.insert(side, (fields.clone(), true, written.version));
        let mut line = self.line(acting.domain, "create", Some(&acting.link.crm.id), Some(&acting.link.pim.id));
        line.side = Some(side);
        line.after = fields.clone();
        line.note = told(&written.partly);
        acting.partly.extend(written.partly);
        let settle = Settle {
            links: if planted::is(Planted::LinkAfterAll) { Vec::new() } else { vec![acting.link.clone()] },
            close: vec![key.clone()],
            open: std::mem::take(&mut acting.settle.open),
            // No feed tells of an item that came and went between two of its answers: unless shown first, it is looked at.
            looks: match side {
                Side::Crm => Vec::new(),
                Side::Pim => vec![Look::now(side, acting.link.kind, written.id)],
            },
            history: vec![line],
            counts: vec![(acting.domain, side, Count::Created, 1)],
            ..Settle::default()
        };
        acting.follow.extend(settle.open.iter().map(|intent| intent.id.clone()));
        match self.store(settle).await {
            Err(CycleError::Store(StoreError::Taken(Key::LinkCrm | Key::LinkPim))) => {
                return self.linked_already(acting, side, key);
            }
            stored => stored?,
        }
        acting.stored = true;
        self.report.add(acting.domain, side, Count::Created);
        self.pool_changed |= acting.link.kind == Kind::Contact;
        Ok(Step::Done)
    }
}

/// An item that answers for two creates says of neither what became of it.
fn in_doubt_together(mut outcomes: Vec<Result<Written, Trouble>>) -> Vec<Result<Written, Trouble>> {
    let mut times: BTreeMap<RecordId, usize> = BTreeMap::new();
    for written in outcomes.iter().flatten() {
        *times.entry(written.id.clone()).or_default() += 1;
    }
    for outcome in &mut outcomes {
        if outcome.as_ref().is_ok_and(|written| times.get(&written.id).is_some_and(|times| *times > 1)) {
            *outcome = Err(Trouble::untold());
        }
    }
    outcomes
}

/// What a side left out of a write, and why, in words.
pub(crate) fn told(partly: &[(Path, String)]) -> String {
    partly.iter().map(|(path, why)| format!("{path}: {why}")).collect::<Vec<_>>().join("; ")
}

//! Recovering: writes begun and not settled are looked up before anything else is done (rules E2, E6, traps 43, 160).

use crate::cycle::Cycle;
use crate::half;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{Trouble, Wanted, Write};
use crate::settle::settle_path;
use model::same::same_or_blank;
use model::{Fields, Gone, Link, Mark, Record, RecordId, Seen, Side, Sleep, SleepCause};
use planted::Planted;
use store::change::Settle;
use store::{Away, Count, History, Intent, IntentKind, Look};

impl Cycle<'_> {
    pub(crate) async fn recover(&mut self) -> Result<(), CycleError> {
        let intents = self.engine.store().intents(&self.pairing.id, None, limits::INTENTS).await?;
        if !intents.is_empty() {
            // What another person's mailbox behind the address lacks was not lost on its way (rule L1).
            self.identify().await?;
        }
        for intent in intents {
            self.keep_lease().await?;
            if planted::is(Planted::BegunIsForgotten) {
                self.store(Settle { close: vec![intent.id], ..Settle::default() }).await?;
                continue;
            }
            let settle = match intent.what {
                IntentKind::Create => self.recover_create(&intent).await?,
                IntentKind::Update | IntentKind::Mark => self.recover_update(&intent).await?,
                IntentKind::Delete => self.recover_delete(&intent).await?,
                IntentKind::Small | IntentKind::Enlist => self.recover_small(&intent).await?,
            };
            self.store(settle).await?;
        }
        Ok(())
    }

    /// Found by its mark or integration id it is settled as sent and looked at: where a person has deleted or moved it
    /// since, the look tells. Not found, the record's observation plans it again; should it show after all, the late row
    /// tells it from a person's copy (decision 10, trap 47). The CRM is asked again with the same key.
    async fn recover_create(&mut self, intent: &Intent) -> Result<Settle, CycleError> {
        let traced = self.remote(intent.side).trace(intent.kind, &intent.id, limits::TRACED).await?;
        let mut settle = Settle { close: vec![intent.id.clone()], ..Settle::default() };
        if let Some(id) = &intent.source {
            settle.looks.push(Look::now(intent.side.other(), intent.kind, id.clone()));
        }
        let Some(result) = &intent.result else {
            return Ok(settle);
        };
        let Some(found) = traced.into_iter().next() else {
            match (intent.side, &intent.source) {
                (Side::Crm, Some(item)) => {
                    settle.close.clear();
                    self.again.insert(item.clone(), (intent.kind, intent.id.clone()));
                }
                (Side::Crm, None) => {}
                (Side::Pim, _) => settle.late.push(self.late(intent, result)),
            }
            return Ok(settle);
        };
        if !self.room_for(&found.id, result).await? {
            return Ok(settle);
        }
        let mut link = result.clone();
        let end = link.end_mut(intent.side);
        end.id = found.id.clone();
        // Not the version read: a person may have edited it since, so the next look decides.
        end.version = model::Version::new("");
        if intent.side == Side::Pim
            && let Some(record) = &found.record
        {
            link.global_id = record.facts.global_id.clone().or(link.global_id);
            let sent = Fields::new();
            let unseen = half::mend(&mut link, result, &sent, &plan::occurrence::by_date(&record.fields));
            settle.history.extend(self.overruled_line(intent, &link, unseen));
        }
        if self.came_from_elsewhere(intent, &link).await? {
            link.sleep = Some(Sleep { cause: SleepCause::Moved, since: self.engine.now() });
        }
        settle.looks.push(Look::now(intent.side, intent.kind, found.id.clone()));
        let mut line = self.line(intent.domain, "create", Some(&link.crm.id), Some(&link.pim.id));
        line.side = Some(intent.side);
        line.after = intent.fields.clone();
        line.note = "found after an answer was lost".to_owned();
        settle.history.push(line);
        settle.counts.push((intent.domain, intent.side, Count::Created, 1));
        self.report.add(intent.domain, intent.side, Count::Created);
        settle.links.push(link);
        Ok(settle)
    }

    /// Whether an item came in, and its mailbox moved before it bore our mark: like every link without a mark this one waits
    /// to find it by what it said (rule M4).
    async fn came_from_elsewhere(&self, intent: &Intent, link: &Link) -> Result<bool, CycleError> {
        if intent.side == Side::Pim || !self.pairing.state.moved || !link.mark_key.is_empty() {
            return Ok(false);
        }
        let wanted = Wanted::by_id(link.pim.id.clone());
        Ok(matches!(self.get_one(Side::Pim, intent.kind, wanted).await?, Ok(Seen::Gone(_))))
    }

    /// Creates that nobody asks for any more are closed at the end of a cycle; one whose item waits may be asked for yet.
    pub(crate) async fn given_up(&mut self) -> Result<(), CycleError> {
        let mut close = Vec::new();
        for (item, (kind, intent)) in std::mem::take(&mut self.again) {
            let work = self.engine.store().work_of(&self.pairing.id, Side::Pim, kind, &item).await?;
            let waits = work.is_some_and(|work| work.link.is_none() && work.pim.is_some());
            if !waits && !self.unanswered.contains(&(Side::Pim, kind, item)) {
                close.push(intent);
            }
        }
        self.store(Settle { close, ..Settle::default() }).await
    }

    /// Neither copy belongs to another link meanwhile.
    async fn room_for(&self, found: &RecordId, result: &Link) -> Result<bool, CycleError> {
        let store = self.engine.store();
        for side in Side::BOTH {
            let own = &result.end(side).id;
            let id = if own.as_str().is_empty() { found } else { own };
            let holder = store.link_of(&self.pairing.id, side, result.kind, id).await?;
            if holder.is_some_and(|link| link.id != result.id) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A mailbox update is known by its write number, a CRM update by what it shows: the fields settle as sent, and a look
    /// shows what came of them.
    async fn recover_update(&mut self, intent: &Intent) -> Result<Settle, CycleError> {
        let mut settle = Settle { close: vec![intent.id.clone()], ..Settle::default() };
        let Some(target) = &intent.target else {
            return Ok(settle);
        };
        settle.looks.push(Look::now(intent.side, intent.kind, target.clone()));
        let Some(result) = intent.result.as_ref().filter(|_| !planted::is(Planted::UpdateForgotten)) else {
            return Ok(settle);
        };
        let Some(stands) = self.engine.store().link(&result.id).await? else {
            return Ok(settle);
        };
        match &intent.mark {
            Some(mark) => self.recover_item(intent, mark, (stands, result), target, &mut settle).await?,
            None => self.recover_record(intent, (stands, result), target, &mut settle).await?,
        }
        Ok(settle)
    }

    /// The CRM carries no write number of ours: what stands there as it was sent is agreed, whoever wrote it.
    async fn recover_record(
        &mut self,
        intent: &Intent,
        (stands, result): (Link, &Link),
        target: &RecordId,
        settle: &mut Settle,
    ) -> Result<(), CycleError> {
        let wanted = Wanted::by_id(target.clone());
        let record = match self.get_one(intent.side, intent.kind, wanted).await? {
            Ok(Seen::Present(record)) => record,
            Ok(Seen::Gone(_)) | Err(Trouble::Gone(_)) => return Ok(()),
            Err(_) => {
                self.still_in_doubt(intent, target, settle);
                return Ok(());
            }
        };
        let sent = plan::occurrence::by_date(&intent.fields);
        let shown = plan::occurrence::by_date(&record.fields);
        let mut link = stands;
        let before = link.clone();
        for (path, value) in &sent {
            if same_or_blank(&path.field, shown.get(path), Some(value)) {
                settle_path(&mut link, result, path);
            }
        }
        if link != before && plan::veil::is_reduced(result) {
            // The flag and the private words go in one write: what the CRM says now is no value that both sides agree on, and
            // nothing of what it said is kept (rule O8).
            link.crm.base.clone_from(&result.crm.base);
            link.pim.base.clone_from(&result.pim.base);
        }
        if link != before {
            settle.looks.push(Look::now(Side::Pim, link.kind, link.pim.id.clone()));
            settle.history.push(self.found_line(intent, &link));
            settle.counts.push((intent.domain, intent.side, Count::Updated, 1));
            settle.links.push(link);
        }
        Ok(())
    }

    /// An item shows the number of the last write that reached it, in Deleted Items or elsewhere as well.
    async fn recover_item(
        &mut self,
        intent: &Intent,
        mark: &Mark,
        (stands, result): (Link, &Link),
        target: &RecordId,
        settle: &mut Settle,
    ) -> Result<(), CycleError> {
        let wanted = Wanted { id: target.clone(), mark_key: Some(mark.key.clone()), global_id: None };
        let is_ours = |item: &Record| {
            // A restored store counts anew: a number of before names another write (decision 13).
            let is_later = |found: &Mark| (found.epoch, found.write_no) >= (mark.epoch, mark.write_no);
            item.facts.mark.as_ref().is_some_and(|found| found.key == mark.key && is_later(found))
        };
        let item = match self.get_one(intent.side, intent.kind, wanted).await? {
            Ok(Seen::Present(item)) => Some(item),
            Ok(Seen::Gone(_)) => {
                let traced = self.pim.trace(intent.kind, &mark.key, limits::TRACED).await?;
                traced.into_iter().filter_map(|one| one.record).find(|item| is_ours(item))
            }
            Err(Trouble::Gone(_)) => None,
            Err(_) => {
                self.still_in_doubt(intent, target, settle);
                return Ok(());
            }
        };
        let Some(item) = item.filter(|item| is_ours(item) && stands.write_no < mark.write_no) else {
            return Ok(());
        };
        let mut link = stands;
        // Only what was sent settles, on both images; the rest keeps its base until it is looked at.
        let sent = plan::occurrence::by_date(&intent.fields);
        for path in sent.keys().filter(|path| path.occurrence.is_none()) {
            settle_path(&mut link, result, path);
        }
        let unseen = half::mend(&mut link, result, &sent, &plan::occurrence::by_date(&item.fields));
        settle.history.extend(self.overruled_line(intent, &link, unseen));
        link.write_no = mark.write_no;
        link.mark_key = mark.key.clone();
        link.form = result.form;
        if link.sleep.as_ref().is_some_and(|sleep| sleep.cause == SleepCause::Moved) {
            // It bears our mark after all: wherever it stands it is known by that (rule M4).
            link.sleep = None;
        }
        settle.looks.push(Look::now(Side::Crm, link.kind, link.crm.id.clone()));
        let count = if intent.what == IntentKind::Mark { Count::Marked } else { Count::Updated };
        if count == Count::Updated {
            settle.history.push(self.found_line(intent, &link));
        }
        settle.counts.push((intent.domain, intent.side, count, 1));
        settle.links.push(link);
        Ok(())
    }

    /// No answer tells nothing: what was sent would pass for a person's edit, which outlives a delete (rule C5). It is looked
    /// up again in the next cycle, and until then nothing is decided about the record.
    fn still_in_doubt(&mut self, intent: &Intent, target: &RecordId, settle: &mut Settle) {
        settle.close.clear();
        self.in_doubt.insert((intent.side, intent.kind, target.clone()));
        self.report.postponed += 1;
    }

    /// What the CRM said of an occurrence that a person wrote into before it was known to have arrived.
    fn overruled_line(&self, intent: &Intent, link: &Link, unseen: Fields) -> Option<History> {
        let mut line = self.line(intent.domain, "overruled", Some(&link.crm.id), Some(&link.pim.id));
        line.side = Some(Side::Crm);
        line.overruled = unseen;
        (!line.overruled.is_empty()).then_some(line)
    }

    fn found_line(&self, intent: &Intent, link: &Link) -> History {
        let mut line = self.line(intent.domain, "update", Some(&link.crm.id), Some(&link.pim.id));
        line.side = Some(intent.side);
        line.after = intent.fields.clone();
        line.note = "found after an answer was lost".to_owned();
        line
    }

    /// What was deleted said what both sides had agreed: an edit would have outlived it (rules C4, C5).
    fn deleted_line(&self, intent: &Intent, link: &Link) -> History {
        let mut line = self.line(intent.domain, "delete", Some(&link.crm.id), Some(&link.pim.id));
        line.side = Some(intent.side);
        line.mark_key = Some(link.mark_key.clone()).filter(|key| !key.is_empty());
        line.form = Some(link.form);
        let base = link.end(intent.side).base.clone();
        let clock = plan::occurrence::clock(&base);
        let said = plan::occurrence::by_start(base, clock);
        line.before = said.into_iter().map(|(path, value)| (path, Some(value))).collect();
        line.note = "found after an answer was lost".to_owned();
        line
    }

    async fn recover_delete(&mut self, intent: &Intent) -> Result<Settle, CycleError> {
        let mut settle = Settle { close: vec![intent.id.clone()], ..Settle::default() };
        let Some(target) = &intent.target else {
            return Ok(settle);
        };
        if intent.link.is_none()
            && let Some(version) = &intent.version
        {
            // The old record of a contact that changed its domain (rule O5).
            let write = Write::Delete {
                kind: intent.kind,
                id: target.clone(),
                version: version.clone(),
                planned: None,
                mail: crate::port::Mail::None,
            };
            return match self.remote(intent.side).write(&write).await {
                Ok(_) | Err(Trouble::Gone(_) | Trouble::Stale | Trouble::Refused { .. }) => Ok(settle),
                Err(trouble) => Err(trouble.into()),
            };
        }
        // Looked for by its mark as well: an item that a person moved meanwhile is not what we deleted.
        let stands = match &intent.link {
            Some(id) => self.engine.store().link(id).await?,
            None => None,
        };
        let global_id = stands.as_ref().and_then(|link| link.global_id.clone()).filter(|_| intent.side == Side::Pim);
        let key = stands.as_ref().map(|link| link.mark_key.clone());
        let mark_key = key.filter(|key| intent.side == Side::Pim && !key.is_empty());
        let found = self.get_one(intent.side, intent.kind, Wanted { id: target.clone(), mark_key, global_id }).await?;
        let gone = matches!(found, Ok(Seen::Gone(Gone::Deleted | Gone::Unknown)) | Err(Trouble::Gone(_)));
        // What was seen of it before must not be matched again as if it stood.
        settle.looks.push(Look::now(intent.side, intent.kind, target.clone()));
        if let Some(link) = intent.link.as_ref().filter(|_| gone) {
            settle.history.extend(stands.map(|stands| self.deleted_line(intent, &stands)));
            settle.forget.push(link.clone());
            settle.away.extend(intent.result.clone().map(|link| Away { link, since: self.engine.now() }));
            settle.counts.push((intent.domain, intent.side, Count::Deleted, 1));
            self.report.add(intent.domain, intent.side, Count::Deleted);
        } else if let (Some(link), Side::Pim) = (&intent.link, intent.side) {
            // It stands; whoever sent it may still be about to (decision 10).
            settle.late.push(self.late_delete(link));
        }
        Ok(settle)
    }

    async fn recover_small(&mut self, intent: &Intent) -> Result<Settle, CycleError> {
        let mut settle = Settle { close: vec![intent.id.clone()], ..Settle::default() };
        let Some(target) = &intent.target else {
            return Ok(settle);
        };
        let write = match intent.what {
            IntentKind::Enlist => {
                settle.looks.push(Look::now(Side::Crm, intent.kind, target.clone()));
                Write::Enlist { domain: intent.domain, id: target.clone() }
            }
            _ => Write::Delist { domain: model::Domain::BusinessContact, id: target.clone() },
        };
        match self.crm.write(&write).await {
            Ok(_) | Err(Trouble::Gone(_) | Trouble::Refused { .. } | Trouble::Stale) => Ok(settle),
            Err(trouble) => Err(trouble.into()),
        }
    }
}

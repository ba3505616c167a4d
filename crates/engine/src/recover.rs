//! Recovering: writes begun and not settled are looked up before anything else is done (rules E2, E6, traps 43, 160).

use crate::cycle::Cycle;
use crate::half;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{FindBy, Trouble, Wanted, Write};
use model::{Fields, Gone, Link, Record, Seen, Side};
use store::change::Settle;
use store::{Away, Count, Intent, IntentKind, Look};

impl Cycle<'_> {
    pub(crate) async fn recover(&mut self) -> Result<(), CycleError> {
        let intents = self.engine.store().intents(&self.pairing.id, None, limits::INTENTS).await?;
        for intent in intents {
            self.keep_lease().await?;
            let settle = match intent.what {
                IntentKind::Create => self.recover_create(&intent).await?,
                IntentKind::Update | IntentKind::Mark => self.recover_update(&intent).await?,
                IntentKind::Delete => self.recover_delete(&intent).await?,
                IntentKind::Small => self.recover_small(&intent).await?,
            };
            self.store(settle).await?;
        }
        Ok(())
    }

    /// Found by its mark or integration id it is settled as sent and looked at; not found, nothing happened, and the
    /// record's observation plans it again.
    async fn recover_create(&mut self, intent: &Intent) -> Result<Settle, CycleError> {
        let found = self.remote(intent.side).find(intent.kind, &FindBy::Key(intent.id.clone()), 2).await?;
        let mut settle = Settle { close: vec![intent.id.clone()], ..Settle::default() };
        if let Some(id) = &intent.source {
            settle.looks.push(Look::now(intent.side.other(), intent.kind, id.clone()));
        }
        let (Some(record), Some(result)) = (found.into_iter().next(), &intent.result) else {
            return Ok(settle);
        };
        if !self.room_for(&record, result).await? {
            return Ok(settle);
        }
        let mut link = result.clone();
        let end = link.end_mut(intent.side);
        end.id = record.id.clone();
        // Not the version read: a person may have edited it since, so the next look decides.
        end.version = model::Version::new("");
        if intent.side == Side::Pim {
            let sent = Fields::new();
            half::mend(&mut link, result, &sent, &plan::occurrence::by_date(&record.fields));
        }
        settle.looks.push(Look::now(intent.side, intent.kind, record.id.clone()));
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

    /// Neither copy belongs to another link meanwhile.
    async fn room_for(&self, record: &Record, result: &Link) -> Result<bool, CycleError> {
        let store = self.engine.store();
        for side in Side::BOTH {
            let id = if result.end(side).id.as_str().is_empty() || result.end(side).id == record.id {
                &record.id
            } else {
                &result.end(side).id
            };
            let holder = store.link_of(&self.pairing.id, side, result.kind, id).await?;
            if holder.is_some_and(|link| link.id != result.id) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A mailbox update is known by its write number; the fields settle as sent, and a look shows what came of them. A
    /// CRM update shows itself: what it wrote is equal to its image.
    async fn recover_update(&mut self, intent: &Intent) -> Result<Settle, CycleError> {
        let mut settle = Settle { close: vec![intent.id.clone()], ..Settle::default() };
        let Some(target) = &intent.target else {
            return Ok(settle);
        };
        settle.looks.push(Look::now(intent.side, intent.kind, target.clone()));
        let (Some(mark), Some(result)) = (&intent.mark, &intent.result) else {
            return Ok(settle);
        };
        let Some(stands) = self.engine.store().link(&result.id).await? else {
            return Ok(settle);
        };
        let wanted = Wanted { id: target.clone(), mark_key: Some(mark.key.clone()) };
        let item = match self.get_one(intent.side, intent.kind, wanted).await? {
            Ok(Seen::Present(item)) => item,
            // Found elsewhere by this very mark: it arrived before the item went there.
            Ok(Seen::Gone(Gone::Left | Gone::Deleted)) if intent.what == IntentKind::Mark => {
                let mut link = stands;
                link.mark_key = mark.key.clone();
                link.write_no = mark.write_no;
                settle.links.push(link);
                return Ok(settle);
            }
            Ok(Seen::Gone(_)) | Err(_) => return Ok(settle),
        };
        let ours =
            item.facts.mark.as_ref().is_some_and(|found| found.key == mark.key && found.write_no >= mark.write_no);
        if ours && stands.write_no < mark.write_no {
            let mut link = stands;
            // Only what was sent settles, on both images; the rest keeps its base until it is looked at.
            let sent = plan::occurrence::by_date(&intent.fields);
            for path in sent.keys().filter(|path| path.occurrence.is_none()) {
                for side in Side::BOTH {
                    match result.end(side).base.get(path) {
                        Some(value) => link.end_mut(side).base.insert(path.clone(), value.clone()),
                        None => link.end_mut(side).base.remove(path),
                    };
                }
            }
            half::mend(&mut link, result, &sent, &plan::occurrence::by_date(&item.fields));
            link.write_no = mark.write_no;
            link.mark_key = mark.key.clone();
            link.form = result.form;
            settle.looks.push(Look::now(Side::Crm, link.kind, link.crm.id.clone()));
            let count = if intent.what == IntentKind::Mark { Count::Marked } else { Count::Updated };
            if count == Count::Updated {
                let mut line = self.line(intent.domain, "update", Some(&link.crm.id), Some(&link.pim.id));
                line.side = Some(intent.side);
                line.after = intent.fields.clone();
                line.note = "found after an answer was lost".to_owned();
                settle.history.push(line);
            }
            settle.counts.push((intent.domain, intent.side, count, 1));
            settle.links.push(link);
        }
        Ok(settle)
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
                mail: crate::port::Mail::None,
            };
            return match self.remote(intent.side).write(&write).await {
                Ok(_) | Err(Trouble::Gone(_) | Trouble::Stale | Trouble::Refused { .. }) => Ok(settle),
                Err(trouble) => Err(trouble.into()),
            };
        }
        let found = self.get_one(intent.side, intent.kind, Wanted { id: target.clone(), mark_key: None }).await?;
        let gone = matches!(found, Ok(Seen::Gone(Gone::Deleted | Gone::Unknown)) | Err(Trouble::Gone(_)));
        match (&intent.link, gone) {
            (Some(link), true) => {
                settle.forget.push(link.clone());
                settle.away.extend(intent.result.clone().map(|link| Away { link, since: self.engine.now() }));
                settle.counts.push((intent.domain, intent.side, Count::Deleted, 1));
                self.report.add(intent.domain, intent.side, Count::Deleted);
            }
            (_, _) => settle.looks.push(Look::now(intent.side, intent.kind, target.clone())),
        }
        Ok(settle)
    }

    async fn recover_small(&mut self, intent: &Intent) -> Result<Settle, CycleError> {
        let settle = Settle { close: vec![intent.id.clone()], ..Settle::default() };
        let Some(target) = &intent.target else {
            return Ok(settle);
        };
        let write = Write::Delist { domain: model::Domain::BusinessContact, id: target.clone() };
        match self.crm.write(&write).await {
            Ok(_) | Err(Trouble::Gone(_) | Trouble::Refused { .. } | Trouble::Stale) => Ok(settle),
            Err(trouble) => Err(trouble.into()),
        }
    }
}

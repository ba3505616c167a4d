//! An item that carries the mark of a link whose own item is gone is that link's item under a new id: moved, restored,
//! or the mailbox is on another server (rule M4, traps 7, 8). A copy made by a person stays a stranger (trap 46).

use crate::carry::Acting;
use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::Wanted;
use jiff::Timestamp;
use model::same::{fold, same};
use model::{Domain, Field, Form, Gone, Kind, Link, Path, Record, Seen, Side, SleepCause, Value};
use plan::{Op, Plan, keys};
use planted::Planted;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::change::{self, Settle};
use store::{IntentKind, Look, Work};

impl Cycle<'_> {
    /// Somebody whose item went may stand in the folder once more: a program that merges doubles deletes one and keeps the
    /// other. While the link of the one is not settled its record is nobody's match, and the other would come in beside it
    /// (rule M1).
    fn note_going(&mut self, work: &Work) {
        let (Some(link), Some(Seen::Gone(Gone::Deleted | Gone::Unknown))) =
            (&work.link, work.pim.as_ref().map(|seen| &seen.seen))
        else {
            return;
        };
        if link.domain == Domain::BusinessContact && link.sleep.is_none() && self.going.len() < limits::GOING {
            let told = Field::EMAILS.into_iter().filter_map(|field| link.pim.base.get(&Path::of(field)));
            self.going.extend(told.filter_map(Value::as_text).map(fold));
        }
    }

    /// Whether an item shows the address of somebody whose own item goes in this cycle.
    pub(crate) fn comes_again(&self, item: &Record) -> bool {
        item.kind == Kind::Contact && keys::emails(item).any(|email| self.going.contains(&email))
    }

    /// Gives links their items back before any vanished id is believed deleted.
    pub(crate) async fn relink(&mut self) -> Result<(), CycleError> {
        let mut homeless = None;
        for kind in self.kinds.clone() {
            let mut after = None;
            loop {
                let page = self.engine.store().work(&self.pairing.id, kind, after.as_ref(), limits::WORK_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
                let mut found: Vec<(Link, Record)> = Vec::new();
                for work in page {
                    self.note_going(&work);
                    let (None, Some(seen)) = (&work.link, work.pim) else {
                        continue;
                    };
                    let Seen::Present(item) = seen.seen else {
                        continue;
                    };
                    // A late copy of ours is not the one that a person may have deleted meanwhile.
                    let late = self.is_late(&item).await?.is_some();
                    if let Some(link) = self.link_by_mark(&item).await?
                        && !late
                        && !self.is_copied(&link, &item).await?
                    {
                        found.push((link, Arc::unwrap_or_clone(item)));
                    } else if let Some(link) = self.link_by_meeting(&item, &[Form::Received]).await? {
                        found.push((link, Arc::unwrap_or_clone(item)));
                    } else if let Some(link) = self.link_by_own_id(&item).await? {
                        found.push((link, Arc::unwrap_or_clone(item)));
                    } else if self.pairing.state.moved {
                        let known = match homeless.take() {
                            Some(known) => known,
                            None => self.homeless().await?,
                        };
                        if let Some(link) = self.take_home(homeless.insert(known), &item).await? {
                            found.push((link, Arc::unwrap_or_clone(item)));
                        }
                    }
                }
                found.sort_by_key(|(link, item)| likeness(link, item));
                self.give_back(kind, found).await?;
            }
        }
        Ok(())
    }

    /// The link that an item's mark names, when the mark was written for this mailbox.
    pub(crate) async fn link_by_mark(&self, item: &Record) -> Result<Option<Link>, CycleError> {
        let Some(mark) = item.facts.mark.as_ref().filter(|mark| Some(&mark.mailbox) == self.pairing.mailbox.as_ref())
        else {
            return Ok(None);
        };
        let Some(crm) = plan::keys::crm_id(&mark.key) else {
            return Ok(None);
        };
        let id = model::RecordId::new(crm);
        let link = match self.engine.store().link_of(&self.pairing.id, Side::Crm, item.kind, &id).await? {
            Some(link) => Some(link),
            None => self.made_again(&mark.key).await?,
        };
        Ok(link.filter(|link| !is_copy(link, item)))
    }

    /// The link of a record that was made again, while its item still bears the mark of the old one. Links are gone through
    /// once a cycle, and only when an item's mark names a record that no link has.
    async fn made_again(&self, key: &str) -> Result<Option<Link>, CycleError> {
        let known = match self.renamed.get() {
            Some(known) => known,
            None => {
                let mut known = BTreeMap::new();
                let mut after = None;
                loop {
                    let page =
                        self.engine.store().links(&self.pairing.id, None, after.as_ref(), limits::WORK_PAGE).await?;
                    let Some(last) = page.last() else { break };
                    after = Some(last.id.clone());
                    let other = |link: &Link| plan::keys::crm_id(&link.mark_key) != Some(link.crm.id.as_str());
                    let renamed = page.into_iter().filter(|link| !link.mark_key.is_empty() && other(link));
                    known.extend(renamed.map(|link| (link.mark_key, link.id)));
                }
                self.renamed.get_or_init(|| known)
            }
        };
        match known.get(key) {
            Some(id) => Ok(self.engine.store().link(id).await?.filter(|link| link.mark_key == key)),
            None => Ok(None),
        }
    }

    /// Whether an item that names a link's record by another key than the link's own is a person's copy: of an item that was
    /// made again since the copy of the store was taken, which is older; or of the link's own, which stands elsewhere and was
    /// marked anew since it was copied (decision 13).
    async fn is_copied(&self, link: &Link, item: &Record) -> Result<bool, CycleError> {
        let Some(mark) = item.facts.mark.as_ref().filter(|_| names_another(link, item)) else { return Ok(false) };
        let same = self.pim.trace(item.kind, &mark.key, limits::TRACED).await?;
        if same.first().is_some_and(|first| first.id != item.id) {
            return Ok(true);
        }
        if mark.epoch >= self.epoch {
            return Ok(false);
        }
        let own = self.pim.trace(item.kind, &link.mark_key, limits::TRACED).await?;
        let mut marks = own.into_iter().filter_map(|one| one.record).filter_map(|record| record.facts.mark.clone());
        Ok(marks.any(|own| own.mailbox == mark.mailbox && own.epoch > mark.epoch))
    }

    /// The CRM record that an item's mark names: what it was before it was deleted and taken back from Deleted Items (trap 8).
    pub(crate) fn was(&self, item: &Record) -> Option<model::RecordId> {
        let mark = item.facts.mark.as_ref().filter(|mark| Some(&mark.mailbox) == self.pairing.mailbox.as_ref())?;
        plan::keys::crm_id(&mark.key).map(model::RecordId::new)
    }

    /// The record that is dug up for an item: the one it was. Who copies an item copies the mark too: where a link waits for
    /// that record it is its own item's, and where none does no other item may bear the mark, not in Deleted Items either.
    pub(crate) async fn comes_back_as(&self, acting: &Acting) -> Result<Option<model::RecordId>, CycleError> {
        let Some(id) = acting.pim.as_ref().and_then(|item| self.was(item)) else {
            return Ok(None);
        };
        let held = self.engine.store().link_of(&self.pairing.id, Side::Crm, acting.link.kind, &id).await?;
        if let Some(held) = held {
            return Ok((held.id == acting.link.id).then_some(id));
        }
        let (Some(item), Some(key)) = (&acting.pim, acting.pim.as_ref().and_then(|item| item.facts.mark.as_ref()))
        else {
            return Ok(None);
        };
        let bearers = self.pim.trace(item.kind, &key.key, limits::TRACED).await?;
        Ok(bearers.iter().all(|one| one.id == item.id).then_some(id))
    }

    /// Whether the item that a link lost stands in the folder under an id that gave no answer yet, beside this copy of it:
    /// the link sleeps because the search for its mark found it, and it is likelier the item than this one.
    async fn another_stands(&self, link: &Link, item: &Record) -> Result<bool, CycleError> {
        if link.sleep.as_ref().is_none_or(|sleep| sleep.cause != SleepCause::Left) {
            return Ok(false);
        }
        let Some(mark) = &item.facts.mark else { return Ok(false) };
        let bearers = self.pim.trace(item.kind, &mark.key, limits::TRACED).await?;
        let others = bearers.iter().filter(|one| one.gone.is_none() && one.id != item.id);
        let mut said = others.filter_map(|one| one.record.as_deref()).map(|other| likeness(link, other));
        Ok(said.any(|other| other < likeness(link, item)))
    }

    async fn give_back(&mut self, kind: Kind, found: Vec<(Link, Record)>) -> Result<(), CycleError> {
        for chunk in found.chunks(limits::LOOK_PAGE) {
            self.keep_lease().await?;
            // Asked by id alone: looking for the mark would find the very item that stands here.
            let wanted: Vec<Wanted> = chunk.iter().map(|(link, _)| Wanted::by_id(link.pim.id.clone())).collect();
            let answers: BTreeMap<_, _> = self.pim.get(kind, &wanted).await?.into_iter().collect();
            // An item seen under its old id before it moved, and not judged since, would pass for a new one.
            let gone = answers.iter().filter_map(|(id, answer)| match answer {
                Ok(Seen::Gone(why)) => Some(self.observation(Side::Pim, kind, id, Seen::Gone(*why))),
                Ok(Seen::Present(_)) | Err(_) => None,
            });
            let seen = change::Seen { observations: gone.collect(), ..change::Seen::default() };
            if !seen.observations.is_empty() {
                self.engine.store().save_seen(&self.lease, &self.pairing.id, &seen).await?;
            }
            for (link, item) in chunk {
                // Only a proven absence makes room; an item that still stands makes the other one a person's copy. Without
                // an answer it is neither.
                let gone = matches!(answers.get(&link.pim.id), Some(Ok(Seen::Gone(_))));
                match gone || matches!(answers.get(&link.pim.id), Some(Ok(Seen::Present(_)))) {
                    true => self.unproven.remove(&item.id),
                    false => self.unproven.insert(item.id.clone()),
                };
                let taken = self.engine.store().link(&link.id).await?.is_none_or(|now| now.pim.id != link.pim.id);
                let room = gone && !taken && link.pim.id != item.id;
                if !room || self.another_stands(link, item).await? {
                    continue;
                }
                let mut link = link.clone();
                link.pim.id = item.id.clone();
                link.pim.version = model::Version::new("");
                link.folder = item.facts.folder.clone();
                if let Some(mark) = item.facts.mark.as_ref().filter(|_| names_another(&link, item)) {
                    // By the old key its going would be taken for that of the item before it.
                    link.mark_key.clone_from(&mark.key);
                    link.write_no = link.write_no.max(mark.write_no);
                    link.global_id.clone_from(&item.facts.global_id);
                }
                if matches!(&link.sleep, Some(sleep) if sleep.cause == SleepCause::Moved) {
                    link.sleep = None;
                }
                let settle = Settle { links: vec![link], ..Settle::default() };
                self.engine.store().settle(&self.lease, &self.pairing.id, self.engine.now(), &settle).await?;
            }
        }
        Ok(())
    }
}

/// Whether an item bears the mark of an item of ours for the same record that was made after a link's own, or before it.
fn names_another(link: &Link, item: &Record) -> bool {
    let names = item.facts.mark.as_ref().filter(|mark| plan::keys::crm_id(&mark.key) == Some(link.crm.id.as_str()));
    !link.mark_key.is_empty() && names.is_some_and(|mark| mark.key != link.mark_key)
}

/// What comes first is the item, and what comes after it a copy of it: who copies an item copies its mark, and ids tell
/// nothing of their order, but a copy is made later, and what was made in one second says the less what was agreed (trap 46).
fn likeness(link: &Link, item: &Record) -> (Timestamp, usize) {
    (item.facts.created.unwrap_or(Timestamp::MAX), differences(link, item))
}

/// How much an item says otherwise than both sides agreed; what an occurrence lacks counts too. A program's touch on our
/// categories is no sign.
fn differences(link: &Link, item: &Record) -> usize {
    let shown = plan::occurrence::by_date(&item.fields);
    let told = link.pim.base.iter().filter(|(path, _)| path.field != Field::Categories);
    told.filter(|(path, was)| {
        let now = shown.get(path).or(path.occurrence.map(|_| &Value::Null));
        now.is_some_and(|now| !same(&path.field, was, now))
    })
    .count()
}

/// A copied appointment keeps our mark but gets a global id of its own; a moved one keeps its own.
fn is_copy(link: &Link, item: &Record) -> bool {
    let known = link.global_id.as_ref().zip(item.facts.global_id.as_ref());
    !planted::is(Planted::CopyIsTheMoved)
        && item.kind == Kind::Appointment
        && !names_another(link, item)
        && known.is_some_and(|(of_link, of_item)| of_link != of_item)
}

impl Cycle<'_> {
    /// What still has to happen to the old record is remembered with the new link, and that its user has the new one on his
    /// list: else a mailbox that cannot be written just then would make the one a stranger again, and take the copy of the
    /// other away (rules O2, O5).
    pub(crate) fn remember_the_rest(&self, acting: &mut Acting, key: &str, plan: &Plan) {
        let (old, version) = acting.old_crm.clone();
        for op in &plan.ops {
            let (what, name, target) = match op {
                Op::Delist => (IntentKind::Small, "+", old.clone()),
                Op::Delete { side: Side::Crm, .. } => (IntentKind::Delete, "+", old.clone()),
                Op::Enlist if !acting.link.crm.id.as_str().is_empty() => {
                    (IntentKind::Enlist, "*", acting.link.crm.id.clone())
                }
                _ => continue,
            };
            let mut next = self.intent(acting, format!("{key}{name}"), Side::Crm, what);
            next.target = Some(target);
            next.version = Some(version.clone());
            next.link = None;
            acting.settle.open.push(next);
        }
    }

    /// A link that is to show another CRM record stands with it before anything is written, and both are looked at when
    /// that is done: they are merged as strangers (rules O5, M3). What was seen of them before counts no more: that record was
    /// not on the list yet.
    pub(crate) async fn point_anew(&mut self, work: &Work, acting: &mut Acting, plan: &Plan) -> Result<(), CycleError> {
        let key = self.engine.fresh_id();
        self.remember_the_rest(acting, &key, plan);
        let open = std::mem::take(&mut acting.settle.open);
        acting.follow.extend(open.iter().map(|intent| intent.id.clone()));
        for side in Side::BOTH {
            acting.settle.looks.push(Look::now(side, acting.link.kind, acting.link.end(side).id.clone()));
        }
        let looks = acting.settle.looks.clone();
        let seen = self.taken(work, acting.crm.as_ref(), acting.pim.as_ref());
        self.store(Settle { links: vec![acting.link.clone()], open, looks, ..seen }).await
    }
}

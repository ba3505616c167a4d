//! A mailbox in memory as one side of a pairing.

use super::exchange::{Mailbox, Place, folder};
use super::exchange_together::together;
use super::exchange_write::{exceptions, later};
use super::lens::PimLens;
use super::witness::Witness;
use super::{Ground, refused};
use crate::faults::{Call, Fault};
use crate::people::ledger::number_of;
use async_trait::async_trait;
use engine::port::{FindBy, Identity, Inventory, Page, Remote, Traced, Trouble, Wanted, Write, Written};
use model::{FolderId, Gone, Kind, Lens, MailboxId, Record, RecordId, Seen, Side, Version};
use std::ops::Bound;
use std::sync::Arc;

/// Changes on a page: few, so that pages are met.
pub const PAGE: usize = 4;

/// What was refused though the item was written.
type Partly = Vec<(model::Path, String)>;

/// One mailbox.
#[derive(Debug)]
pub struct ExchangeRemote {
    pub(super) ground: Arc<Ground>,
    pub(super) address: String,
    pub(super) witness: Option<Witness>,
}

impl ExchangeRemote {
    /// The mailbox behind an address.
    #[must_use]
    pub fn of(ground: Arc<Ground>, address: String) -> ExchangeRemote {
        ExchangeRemote { ground, address, witness: None }
    }

    /// The same, with somebody who looks on.
    #[must_use]
    pub fn seen_by(self, witness: Witness) -> ExchangeRemote {
        ExchangeRemote { witness: Some(witness), ..self }
    }

    pub(super) fn what(&self, call: &str) -> String {
        format!("pim {} {call}", self.address)
    }

    /// Looks into the mailbox.
    fn see<T>(&self, look: impl FnOnce(&Mailbox) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let sides = self.ground.memory();
        look(sides.exchange.mailboxes.get(&self.address).ok_or_else(no_mailbox)?)
    }

    /// Whether the store, should it have been restored, knows whose every item of the folder is.
    fn is_remembered(&self, kind: Kind) -> Result<bool, Trouble> {
        let Some(witness) =
            self.witness.as_ref().filter(|_| self.ground.faults().counts().contains_key(&Fault::Restored))
        else {
            return Ok(true);
        };
        let ids: Vec<RecordId> = self.see(|mailbox| Ok(mailbox.folder(kind).map(|(id, _)| id.clone()).collect()))?;
        Ok(ids.iter().all(|id| witness.is_linked(kind, id, &self.ground)))
    }

    /// Changes the mailbox.
    fn act<T>(&self, act: impl FnOnce(&mut Mailbox) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let mut sides = self.ground.memory();
        act(sides.exchange.mailboxes.get_mut(&self.address).ok_or_else(no_mailbox)?)
    }

    fn version(&self, id: &RecordId) -> Result<Version, Trouble> {
        self.see(|mailbox| {
            let item = mailbox.items.get(id).ok_or(Trouble::Gone(Gone::Unknown))?;
            Ok(Version::new(format!("ck{}", item.version)))
        })
    }

    /// A request that writes; `Ok(true)` when its answer will be lost.
    async fn request(&self, what: &str, call: Call) -> Result<bool, Trouble> {
        let fault = self.ground.call(call, what).await;
        match fault {
            None => Ok(false),
            Some(Fault::AnswerLost) => Ok(true),
            Some(Fault::RequestLost) => Err(self.ground.trouble_of(Fault::AnswerLost)),
            Some(other) => Err(self.ground.trouble_of(other)),
        }
    }

    /// The server sometimes touches what was written by itself.
    fn touch(&self, id: &RecordId) {
        let strikes =
            self.ground.servers.chance(30) || self.ground.faults().strikes(Fault::Touch, &self.ground.trouble);
        if strikes {
            let mut sides = self.ground.memory();
            if let Some(mailbox) = sides.exchange.mailboxes.get_mut(&self.address) {
                mailbox.change(id, |_| {});
            }
            self.ground.trace.line(format!("server {} touches {id}", self.address));
        }
    }

    /// What came of a write, for those who look on.
    fn told(&self, write: &Write, answer: &Result<Written, Trouble>) {
        let what = self.what(&crate::trace::said(write));
        self.ground.came(Side::Pim, crate::trace::operation(write), answer);
        if let Ok(written) = answer {
            self.ground.handled(Side::Pim, &written.id);
        }
        if let Write::Update(update) = write {
            let sides = self.ground.memory();
            let item = sides.exchange.mailboxes.get(&self.address).and_then(|mailbox| mailbox.items.get(&update.id));
            self.ground.wrote(item.and_then(|item| number_of(item.kind, &item.fields)));
        }
        self.ground.trace.line(match answer {
            Ok(written) => format!("{what} -> {} {}", written.id, written.version),
            Err(trouble) => format!("{what} -> {trouble}"),
        });
    }

    async fn write_one(&self, what: &str, write: &Write) -> Result<Written, Trouble> {
        if let Some(witness) = &self.witness {
            witness.sees(Side::Pim, write, &self.ground);
        }
        let call = self.ground.writes(Side::Pim, write);
        match write {
            Write::Create(create) => {
                let lost = self.request(what, call).await?;
                if create.meeting.is_some() && self.ground.memory().exchange.keeps_less {
                    // Made, looked at, taken away again.
                    self.ground.memory().exchange.keeps_less_seen = true;
                    return Err(refused(engine::port::MEETING_NOT_KEPT, "whose meeting it is was not kept"));
                }
                if self.ground.faults().strikes(Fault::ShownLate, &self.ground.delays) {
                    return self.shown_late(what, create);
                }
                let id = self.ground.memory().exchange.create(&self.address, create, self.ground.is_overdue())?;
                self.lost(lost)?;
                let (occurrences, _) = exceptions(&create.fields);
                let partly = self.then_exceptions(what, &id, &occurrences).await?;
                Ok(Written { partly, ..self.written(id)? })
            }
            Write::Update(update) => {
                let kind = update.domain.kind();
                let lost = self.request(what, call).await?;
                self.ground.memory().exchange.mailed(update.mail);
                let occurrences = self.see(|mailbox| {
                    let item = mailbox.current(kind, &update.id, &update.version)?;
                    Ok(later(item, update))
                })?;
                self.act(|mailbox| mailbox.update(update))?;
                self.lost(lost)?;
                let partly = self.then_exceptions(what, &update.id, &occurrences).await?;
                Ok(Written { partly, ..self.written(update.id.clone())? })
            }
            Write::Mark { kind, id, mark, version, planned: _ } => {
                let lost = self.request(what, call).await?;
                self.act(|mailbox| mailbox.mark(*kind, id, version, mark))?;
                self.lost(lost)?;
                self.written(id.clone())
            }
            Write::Delete { kind, id, version, planned: _, mail } => {
                self.delete((what, call), *kind, id, version, *mail).await
            }
            Write::Restore { kind, mark_key } => {
                let lost = self.request(what, call).await?;
                let found = self.see(|mailbox| {
                    let found = mailbox.items.iter().find(|(_, item)| {
                        item.place == Place::Deleted
                            && item.kind == *kind
                            && item.mark.as_ref().is_some_and(|mark| mark.key == *mark_key)
                    });
                    found.map(|(id, _)| id.clone()).ok_or(Trouble::Gone(Gone::Unknown))
                })?;
                let new = self.put(&found, Place::Folder)?;
                self.lost(lost)?;
                self.written(new)
            }
            Write::Enlist { .. }
            | Write::Delist { .. }
            | Write::Leave { .. }
            | Write::Rejoin { .. }
            | Write::Flag { .. } => Err(refused("unknown", "a mailbox has no such thing")),
        }
    }

    /// The server does it, its answer is lost, and the item shows only after some minutes.
    pub(super) fn shown_late(&self, what: &str, create: &engine::port::Create) -> Result<Written, Trouble> {
        let minutes = 1 + self.ground.delays.below(30);
        let shows = self.ground.clock.after_ms(minutes * 60_000);
        self.ground.memory().exchange.create_unseen(&self.address, create, shows)?;
        self.ground.trace.line(format!("{what}: shows in {minutes} minutes"));
        Err(self.ground.trouble_of(Fault::AnswerLost))
    }

    fn lost(&self, lost: bool) -> Result<(), Trouble> {
        if lost {
            return Err(self.ground.trouble_of(Fault::AnswerLost));
        }
        Ok(())
    }

    fn put(&self, id: &RecordId, place: Place) -> Result<RecordId, Trouble> {
        let mut sides = self.ground.memory();
        sides.exchange.put(&self.address, id, place).ok_or(Trouble::Gone(Gone::Unknown))
    }

    pub(super) fn written(&self, id: RecordId) -> Result<Written, Trouble> {
        let version = self.version(&id)?;
        self.touch(&id);
        Ok(Written { id, version, other: None, partly: Vec::new() })
    }

    /// Exceptions take requests of their own; what goes wrong there leaves the outcome of the whole unknown.
    async fn then_exceptions(&self, what: &str, id: &RecordId, occurrences: &model::Fields) -> Result<Partly, Trouble> {
        if occurrences.is_empty() {
            return Ok(Partly::new());
        }
        let unknown = || self.ground.trouble_of(Fault::AnswerLost);
        let lost = self.request(what, Call::Write).await.map_err(|_| unknown())?;
        let refused = self.act(|mailbox| Ok(mailbox.except(id, occurrences)))?;
        self.lost(lost)?;
        Ok(refused.into_iter().map(|path| (path, "it does not fall on the series".to_owned())).collect())
    }

    /// Deletes know no change key: read right before, move, look at what landed, put back what was newer (decision 10).
    async fn delete(
        &self,
        (what, call): (&str, Call),
        kind: Kind,
        id: &RecordId,
        version: &Version,
        mail: engine::port::Mail,
    ) -> Result<Written, Trouble> {
        self.ground.reads(Call::Read, what).await?;
        self.see(|mailbox| mailbox.current(kind, id, version).map(|_| ()))?;
        let lost = self.request(what, call).await?;
        self.ground.memory().exchange.mailed(mail);
        let landed = self.put(id, Place::Deleted)?;
        if self.version(&landed)? == *version {
            self.lost(lost)?;
            return Ok(Written { id: id.clone(), version: version.clone(), other: None, partly: Vec::new() });
        }
        self.put(&landed, Place::Folder)?;
        self.ground.trace.line(format!("{what}: put back what was newer"));
        Err(Trouble::Stale)
    }
}

/// An older state of the same folder.
fn older(cursor: &str) -> String {
    match cursor.rsplit_once("since|") {
        Some((start, since)) => format!("{start}since|{}", since.parse::<u64>().unwrap_or(0) / 2),
        None => cursor.to_owned(),
    }
}

fn no_mailbox() -> Trouble {
    Trouble::NoAccess { why: "there is no such mailbox".to_owned() }
}

#[async_trait]
impl Remote for ExchangeRemote {
    fn side(&self) -> Side {
        Side::Pim
    }

    fn lens(&self) -> Arc<dyn Lens> {
        Arc::new(PimLens)
    }

    async fn identity(&self) -> Result<Identity, Trouble> {
        self.ground.reads(Call::Read, &self.what("identity")).await?;
        self.see(|mailbox| {
            Ok(Identity {
                mailbox: mailbox.identity.clone(),
                root: mailbox.root.clone(),
                is_user: true,
                addresses: vec![self.address.clone()],
            })
        })
    }

    async fn set_identity(&self, id: &MailboxId) -> Result<(), Trouble> {
        let lost = self.request(&self.what("set identity"), Call::Write).await?;
        self.act(|mailbox| match &mailbox.identity {
            Some(other) if other != id => Err(refused("taken", "another id stands there")),
            Some(_) | None => {
                mailbox.identity = Some(id.clone());
                Ok(())
            }
        })?;
        self.lost(lost)
    }

    async fn folders(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        Ok(vec![folder(kind)])
    }

    async fn changes(&self, kind: Kind, of: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble> {
        let call = cursor.map_or(Call::Read, |_| Call::ReadOn);
        self.ground.reads(call, &self.what("changes")).await?;
        if *of != folder(kind) {
            return Err(Trouble::CursorRefused);
        }
        let strikes = |fault| self.ground.faults().strikes(fault, &self.ground.wide);
        if let Some(before) = cursor {
            let again = Page { cursor: before.to_owned(), more: true, ..Page::default() };
            if strikes(Fault::PageEmpty) {
                return Ok(again);
            }
            if strikes(Fault::PageAgain) {
                let page = self.see(|mailbox| mailbox.page(kind, cursor, PAGE))?;
                return Ok(Page { records: page.records, vanished: page.vanished, ..again });
            }
            if strikes(Fault::RolledBack) {
                return self.see(|mailbox| mailbox.page(kind, Some(&older(before)), PAGE));
            }
        }
        // Who believes a cut listing before everything is linked makes what it lacks a second time: nobody can help that.
        let known = self.see(|mailbox| Ok(mailbox.folder(kind).all(|(_, item)| item.mark.is_some())))?
            && self.is_remembered(kind)?;
        let going_on = cursor.is_some_and(|text| text.contains("since|"));
        if (known || going_on) && strikes(Fault::PageCut) {
            let page = self.see(|mailbox| mailbox.page(kind, cursor, 1))?;
            return Ok(Page { more: false, ..page });
        }
        let mut page = self.see(|mailbox| mailbox.page(kind, cursor, PAGE))?;
        let changed = !(page.records.is_empty() && page.vanished.is_empty());
        if going_on && changed && strikes(Fault::Untold) && page.vanished.pop().is_none() {
            page.records.pop();
        }
        if strikes(Fault::ForeignCursor) {
            page.cursor = page.cursor.replacen('|', "|another-", 1);
        }
        Ok(page)
    }

    async fn inventory(&self, kind: Kind, of: &FolderId, cursor: Option<&str>) -> Result<Inventory, Trouble> {
        self.ground.reads(cursor.map_or(Call::Read, |_| Call::ReadOn), &self.what("inventory")).await?;
        if *of != folder(kind) {
            return Err(Trouble::CursorRefused);
        }
        let page = self.see(|mailbox| mailbox.page(kind, cursor, PAGE))?;
        let shown = page.records.into_iter().map(|record| (record.id, record.version)).collect();
        Ok(Inventory { shown, cursor: page.cursor, more: page.more })
    }

    async fn get(&self, kind: Kind, wanted: &[Wanted]) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        self.ground.reads(Call::Read, &self.what("get")).await?;
        if let Some(one) = wanted.first() {
            self.ground.handled(Side::Pim, &one.id);
        }
        let answers = self.see(|mailbox| {
            Ok(wanted.iter().rev().map(|one| (one.id.clone(), Ok(mailbox.look(kind, one)))).collect())
        })?;
        Ok(self.ground.answered(answers))
    }

    async fn find(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble> {
        self.ground.reads(Call::Read, &self.what("find")).await?;
        self.see(|mailbox| {
            Ok(mailbox
                .folder(kind)
                .filter(|(_, item)| match by {
                    FindBy::Key(key) => item.mark.as_ref().is_some_and(|mark| mark.key == *key),
                    FindBy::GlobalId(id) => item.global_id.as_ref() == Some(id),
                    FindBy::MergedFrom(_) => false,
                })
                .take(limit)
                .map(|(id, item)| item.record(id))
                .collect())
        })
    }

    async fn trace(&self, kind: Kind, key: &str, limit: usize) -> Result<Vec<Traced>, Trouble> {
        self.ground.reads(Call::Read, &self.what("trace")).await?;
        self.see(|mailbox| Ok(mailbox.traced(kind, key, limit)))
    }

    fn keeps_meetings(&self) -> bool {
        !self.ground.memory().exchange.keeps_less_seen
    }

    async fn write_all(&self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        let answers = match together(writes) {
            Some(creates) => self.create_together(writes, &creates).await,
            None => {
                let mut answers = Vec::new();
                for write in writes {
                    let what = self.what(&crate::trace::said(write));
                    answers.push(self.write_one(&what, write).await);
                }
                Ok(answers)
            }
        };
        for (place, write) in writes.iter().enumerate() {
            let answer = match &answers {
                Ok(answers) => answers.get(place).cloned().unwrap_or(Err(Trouble::Stale)),
                Err(trouble) => Err(trouble.clone()),
            };
            self.told(write, &answer);
        }
        answers
    }
}

impl Mailbox {
    /// A page of a listing, or of what changed since a cursor.
    fn page(&self, kind: Kind, cursor: Option<&str>, size: usize) -> Result<Page, Trouble> {
        let start = format!("{}.{}|{kind}|", self.root, self.generation);
        let at = match cursor {
            None => None,
            Some(text) => Some(text.strip_prefix(&start).ok_or(Trouble::CursorRefused)?),
        };
        let listing = |since: u64, after: Option<RecordId>| {
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let mut records: Vec<Record> = self
                .items
                .range((from, Bound::Unbounded))
                .filter(|(_, item)| item.kind == kind && item.place == Place::Folder && !self.unlisted)
                // What came while the listing went on is told after it, as is what goes of that.
                .filter(|(id, _)| self.came.get(*id).is_none_or(|came| *came <= since))
                .take(size + 1)
                .map(|(id, item)| item.record(id))
                .collect();
            let more = records.len() > size;
            records.truncate(size);
            let cursor = match records.last() {
                Some(last) if more => format!("{start}list|{since}|{}", last.id),
                Some(_) | None => format!("{start}since|{since}"),
            };
            Page { records, cursor, more, total: Some(self.folder(kind).count() as u64), ..Page::default() }
        };
        let Some(at) = at else {
            return Ok(listing(self.sequence, None));
        };
        let parts: Vec<&str> = at.split('|').collect();
        let number = |text: &str| text.parse::<u64>().map_err(|_| Trouble::CursorRefused);
        match parts.as_slice() {
            ["list", since, after] => Ok(listing(number(since)?, Some(RecordId::new(*after)))),
            ["since", since] => Ok(self.since(kind, number(since)?, &start, size)),
            _ => Err(Trouble::CursorRefused),
        }
    }

    /// Whether an id stands in its folder, or went after it had been shown.
    fn is_told(&self, id: &RecordId, since: u64) -> bool {
        let stands = self.items.get(id).is_some_and(|item| item.place == Place::Folder);
        stands || self.came.get(id).is_some_and(|came| *came <= since)
    }

    fn since(&self, kind: Kind, since: u64, start: &str, size: usize) -> Page {
        let mut changed: Vec<(u64, &RecordId)> = self
            .last
            .iter()
            .filter(|(_, (sequence, of))| *sequence > since && *of == kind)
            // What came and went between two answers is never told (trap 22).
            .filter(|(id, _)| self.is_told(id, since))
            .map(|(id, (sequence, _))| (*sequence, id))
            .collect();
        changed.sort();
        let more = changed.len() > size;
        changed.truncate(size);
        let mut page = Page {
            more,
            cursor: format!("{start}since|{}", changed.last().map_or(since, |(sequence, _)| *sequence)),
            ..Page::default()
        };
        for (_, id) in changed {
            match self.items.get(id).filter(|item| item.place == Place::Folder) {
                Some(item) => page.records.push(item.record(id)),
                None => page.vanished.push(id.clone()),
            }
        }
        page
    }
}

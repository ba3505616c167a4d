//! Observing: what both sides show since their cursors, saved before anything is believed (decision 12, invariant 4).

use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{Identity, Page, Trouble, Wanted};
use model::{FolderId, Gone, Kind, MailboxId, RecordId, Seen, Side, Sleep, SleepCause};
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Cursor, HeldFilter, HeldKind, Look, Progress, Quarantine, change};

/// Where observing goes on, folder by folder.
type Cursors = BTreeMap<(Side, Kind, FolderId), Cursor>;

/// Whether a page shows nothing new.
fn is_empty(page: &Page) -> bool {
    page.records.is_empty() && page.vanished.is_empty() && page.unreadable.is_empty()
}

impl Cycle<'_> {
    /// The first contact with a mailbox gives it our id, or adopts the one it carries (decision 2). An administrator's
    /// confirmation makes a moved mailbox go on (rules L1, M4).
    pub(crate) async fn first_contact(&mut self) -> Result<(), CycleError> {
        if self.force.settings.is_shared_mailbox(&self.pairing.address) {
            return Err(stop(NOBODYS));
        }
        if self.pairing.mailbox.is_none() || self.pairing.state.confirm_mailbox {
            self.identify().await?;
        }
        Ok(())
    }

    /// Checks what stands behind the address, once a cycle at most and before the first write (rule L1, trap 155).
    pub(crate) async fn identify(&mut self) -> Result<(), CycleError> {
        if self.identified {
            return Ok(());
        }
        let identity = self.pim.identity().await?;
        let marked = |address: &String| self.force.settings.is_shared_mailbox(address);
        if !identity.is_user || identity.addresses.iter().any(marked) {
            return Err(stop(NOBODYS));
        }
        match (self.pairing.mailbox.clone(), identity.mailbox.clone()) {
            (None, found) => self.adopt_mailbox(found, &identity).await?,
            (Some(ours), Some(found))
                if self.pairing.state.confirm_mailbox
                    && ours == found
                    && self.pairing.root.as_deref() == Some(identity.root.as_str()) =>
            {
                // The very one of before stands there again: its ids and states hold, and nothing is looked for anew.
                self.adopt_mailbox(Some(found), &identity).await?;
            }
            (Some(_), _) if self.pairing.state.confirm_mailbox => {
                // Another server gives every id anew: what was observed is dropped, links find their items by mark.
                self.engine.store().drop_observing(&self.lease, &self.pairing.id).await?;
                let moved = identity.mailbox == self.pairing.mailbox;
                self.drop_old_questions(moved).await?;
                self.questions = None;
                self.forget_links_unless(moved).await?;
                self.pairing.state.moved = moved;
                // The id of before stays that of the mailbox that bears it: it may be somebody else's (rule L1).
                self.pairing.mailbox.take_if(|_| !moved);
                self.adopt_mailbox(identity.mailbox.clone(), &identity).await?;
            }
            (Some(ours), Some(found)) if ours == found => {
                if self.pairing.root.as_deref() != Some(identity.root.as_str()) {
                    return Err(stop(
                        "the mailbox moved to another server or was restored: confirm it and it is matched again (M4)",
                    ));
                }
            }
            (Some(_), _) => {
                return Err(stop(ANOTHERS));
            }
        }
        self.identified = true;
        Ok(())
    }

    /// A moved mailbox keeps its links: items are known by their marks, those without one by what they said last; until
    /// one is found its link sleeps, for a missing id proves no delete there. Where another mailbox stands behind the
    /// address, records are matched as strangers (rule M4). Questions about ids that are no more go.
    async fn forget_links_unless(&mut self, moved: bool) -> Result<(), CycleError> {
        let store = self.engine.store();
        let mut after = None;
        loop {
            let page = store.links(&self.pairing.id, None, after.as_ref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            let mut settle = change::Settle::default();
            for mut link in page {
                if !moved {
                    settle.forget.push(link.id);
                } else if link.mark_key.is_empty() {
                    link.sleep = Some(Sleep { cause: SleepCause::Moved, since: self.engine.now() });
                    settle.links.push(link);
                }
            }
            store.settle(&self.lease, &self.pairing.id, self.engine.now(), &settle).await?;
        }
    }

    /// Questions that name items by ids of before are asked anew when matching comes to them; one about a link stays
    /// while its link does.
    async fn drop_old_questions(&mut self, moved: bool) -> Result<(), CycleError> {
        let store = self.engine.store();
        let filter = HeldFilter { pairing: Some(self.pairing.id.clone()), ..HeldFilter::default() };
        let mut after: Option<String> = None;
        loop {
            let page = store.held(&filter, after.as_deref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            let old = page.iter().filter(|held| match held.what {
                HeldKind::Conflict { .. } => !moved,
                HeldKind::Ambiguous { .. } | HeldKind::PossibleDouble { .. } => true,
            });
            let answered = old.map(|held| held.id.clone()).collect();
            let settle = change::Settle { answered, ..change::Settle::default() };
            store.settle(&self.lease, &self.pairing.id, self.engine.now(), &settle).await?;
        }
    }

    async fn adopt_mailbox(&mut self, found: Option<MailboxId>, identity: &Identity) -> Result<(), CycleError> {
        if let Some(other) = self.engine.holder(&self.pairing, identity).await? {
            return Err(stop(&format!(
                "the mailbox is another user's, mapped as {}: one mailbox belongs to one user, under whichever address; unmap one of the two (L1)",
                other.address
            )));
        }
        let id = match found {
            Some(id) => id,
            None => {
                // Two nodes that meet the mailbox at the same time give it the same id: no server refuses the later one.
                let first = || self.engine.mailbox_id(&self.pairing, identity);
                let id = self.pairing.mailbox.clone().unwrap_or_else(first);
                self.pim.set_identity(&id).await?;
                id
            }
        };
        self.pairing.mailbox = Some(id.clone());
        self.pairing.root = Some(identity.root.clone());
        self.pairing.state.confirm_mailbox = false;
        self.learnt = Some((id, identity.root.clone()));
        Ok(())
    }

    /// Whether no level permits anything for a kind.
    pub(crate) fn is_idle(&self, kind: Kind) -> bool {
        kind.domains().iter().all(|domain| self.force.levels.get(domain) == Some(&model::Level::NONE))
    }

    /// Reads every folder of both sides up to the present, and takes the mailbox's inventory when its time has come.
    pub(crate) async fn observe(&mut self) -> Result<(), CycleError> {
        let cursors = self.engine.store().cursors(&self.pairing.id).await?;
        let due = self.engine.store().looks(&self.pairing.id, self.engine.now(), limits::DUE).await?;
        let due = due.into_iter().filter(|look| look.side == Side::Pim);
        self.due = due.map(|look| ((look.kind, look.id.clone()), look)).collect();
        let cursors: Cursors =
            cursors.into_iter().map(|cursor| ((cursor.side, cursor.kind, cursor.folder.clone()), cursor)).collect();
        for kind in Kind::ALL {
            for side in Side::BOTH {
                self.observe_kind(side, kind, &cursors).await?;
            }
        }
        self.any_open()?;
        self.inventory_done();
        Ok(())
    }

    async fn observe_kind(&mut self, side: Side, kind: Kind, cursors: &Cursors) -> Result<(), CycleError> {
        if self.is_idle(kind) {
            // Nothing may flow: what changes meanwhile is found when a level is raised, from the same cursor (rule L6).
            return Ok(());
        }
        for folder in self.open_folders(side, kind).await? {
            let mut cursor = cursors
                .get(&(side, kind, folder.clone()))
                .cloned()
                .unwrap_or_else(|| self.new_cursor(side, kind, &folder));
            if side == Side::Pim && cursor.mailbox != self.pairing.mailbox {
                // A state of another mailbox is never sent (trap 2).
                cursor = self.new_cursor(side, kind, &folder);
            }
            let begun = cursor.inventory;
            cursor = self.folder(cursor).await?;
            if begun {
                // Where an inventory that was cut short has ended now, the folder's changes go on.
                self.folder(cursor).await?;
            } else if side == Side::Pim && self.inventory_is_due() {
                let cursor = self.new_cursor(side, kind, &folder);
                self.folder(Cursor { inventory: true, ..cursor }).await?;
            }
        }
        Ok(())
    }

    fn new_cursor(&self, side: Side, kind: Kind, folder: &FolderId) -> Cursor {
        let mailbox = match side {
            Side::Crm => None,
            Side::Pim => self.pairing.mailbox.clone(),
        };
        Cursor { side, kind, folder: folder.clone(), mailbox, text: None, listing: true, inventory: false }
    }

    /// Reads a folder's changes, or its inventory, page by page to the end; answers where it goes on.
    async fn folder(&mut self, mut cursor: Cursor) -> Result<Cursor, CycleError> {
        let mut refused = false;
        for _ in 0..limits::PAGES_A_CYCLE {
            self.keep_lease().await?;
            let read = match cursor.inventory {
                true => self.inventory_page(&cursor).await,
                false => self.changes_page(&cursor).await,
            };
            match read {
                Ok((next, true)) => cursor = next,
                Ok((next, false)) => return Ok(next),
                Err(CycleError::Trouble(Trouble::CursorRefused)) if cursor.text.is_some() && !refused => {
                    refused = true;
                    cursor = self.begin_anew(cursor).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(cursor)
    }

    /// One page of changes, saved: where the next one goes on, and whether there is one.
    async fn changes_page(&mut self, cursor: &Cursor) -> Result<(Cursor, bool), CycleError> {
        let page = self.remote(cursor.side).changes(cursor.kind, &cursor.folder, cursor.text.as_deref()).await?;
        // What stands behind the address is asked before anything of it is kept: another's items are nobody's here,
        // and what his mailbox lacks was not deleted (rule L1, trap 155).
        if cursor.side == Side::Pim && (cursor.listing || !is_empty(&page)) {
            self.identify().await?;
        }
        let more = page.more;
        Ok((self.save_page(cursor.clone(), page).await?, more))
    }

    /// Only a refused cursor goes; everything is listed again and recognised (trap 1). Who moved or replaced the mailbox
    /// meanwhile is asked first. One that is refused again has the cycle end and wait: a server that keeps no state would
    /// list for ever.
    async fn begin_anew(&mut self, refused: Cursor) -> Result<Cursor, CycleError> {
        if refused.side == Side::Pim {
            self.identify().await?;
        }
        let cursor = self.new_cursor(refused.side, refused.kind, &refused.folder);
        let cursor = Cursor { inventory: refused.inventory, ..cursor };
        let seen = change::Seen { cursor: Some(cursor.clone()), ..change::Seen::default() };
        self.engine.store().save_seen(&self.lease, &self.pairing.id, &seen).await?;
        Ok(cursor)
    }

    /// Saves a page with its cursor in one transaction; the last page of a listing ends it there too (trap 148). A page
    /// that shows nothing new writes nothing.
    async fn save_page(&mut self, before: Cursor, page: Page) -> Result<Cursor, CycleError> {
        let (side, kind) = (before.side, before.kind);
        let ended = before.listing && !page.more;
        let mut cursor = before.clone();
        cursor.text = Some(page.cursor.clone());
        cursor.listing = before.listing && page.more;
        if is_empty(&page) && !before.listing && cursor.text == before.text {
            return Ok(cursor);
        }
        if before.listing {
            self.progress(&page);
        }
        self.report.observed += u32::try_from(page.records.len() + page.vanished.len()).unwrap_or(u32::MAX);
        let listed = if before.listing {
            page.records
                .iter()
                .map(|record| record.id.clone())
                .chain(page.unreadable.iter().map(|(id, _, _)| id.clone()))
                .collect()
        } else {
            Vec::new()
        };
        let now = self.engine.now();
        let mut observations = Vec::with_capacity(page.records.len());
        let mut looked = Vec::new();
        for record in page.records {
            let id = record.id.clone();
            if side == Side::Pim {
                looked.extend(self.due.remove(&(kind, id.clone())));
            }
            let link = self.link_of_private(side, &record).await?;
            let seen = self.storable(side, link.as_ref(), Seen::Present(Arc::new(record)));
            observations.push(self.observation(side, kind, &id, seen));
        }
        let seen = change::Seen {
            observations,
            looks: page
                .vanished
                .into_iter()
                .filter(|_| !planted::is(Planted::VanishedForgotten))
                .map(|id| Look::now(side, kind, id))
                .collect(),
            looked,
            listed,
            shown: Vec::new(),
            listing_ended: ended.then(|| (side, kind, cursor.folder.clone())),
            cursor: Some(cursor.clone()),
            quarantine: page
                .unreadable
                .into_iter()
                .map(|(id, version, reason)| {
                    let versions = match side {
                        Side::Crm => (Some(version), None),
                        Side::Pim => (None, Some(version)),
                    };
                    Quarantine { side, kind, id, versions, reason, since: now }
                })
                .collect(),
        };
        self.report.quarantined += u32::try_from(seen.quarantine.len()).unwrap_or(u32::MAX);
        if planted::is(Planted::CursorFirst) {
            let alone = change::Seen { cursor: seen.cursor.clone(), ..Default::default() };
            self.engine.store().save_seen(&self.lease, &self.pairing.id, &alone).await?;
        }
        let missing = self.engine.store().save_seen(&self.lease, &self.pairing.id, &seen).await?;
        if missing > 0 {
            self.note_short(side, kind, missing).await?;
        }
        Ok(cursor)
    }

    fn progress(&mut self, page: &Page) {
        let now = self.engine.now();
        let progress = self.pairing.state.progress.get_or_insert_with(|| Progress {
            phase: "observing".to_owned(),
            done: 0,
            total: None,
            since: now,
        });
        progress.done += page.records.len() as u64;
        progress.total = page.total.or(progress.total);
    }

    /// Looks at ids: what vanished, what the CRM's feed named, what a time has come for. Says whether there was any.
    pub(crate) async fn look(&mut self) -> Result<bool, CycleError> {
        let mut failed: BTreeSet<(Side, Kind, RecordId)> = BTreeSet::new();
        let mut looked = false;
        for _ in 0..limits::LOOK_ROUNDS {
            self.keep_lease().await?;
            let looks = self
                .engine
                .store()
                .looks(&self.pairing.id, self.engine.now(), limits::LOOK_PAGE + failed.len())
                .await?;
            let mut groups: BTreeMap<(Side, Kind), Vec<Look>> = BTreeMap::new();
            for look in looks.into_iter().filter(|look| !failed.contains(&(look.side, look.kind, look.id.clone()))) {
                groups.entry((look.side, look.kind)).or_default().push(look);
            }
            if groups.is_empty() {
                break;
            }
            for ((side, kind), looks) in groups {
                self.report.observed += u32::try_from(looks.len()).unwrap_or(u32::MAX);
                let left = match self.closed.contains_key(&kind) {
                    true => looks.into_iter().map(|look| look.id).collect(),
                    false => self.look_at(side, kind, looks).await?,
                };
                failed.extend(left.into_iter().map(|id| (side, kind, id)));
            }
            looked = true;
        }
        self.unknown = self.never_read(&failed).await?;
        self.unanswered = failed;
        if looked {
            self.learn_kinds().await?;
        }
        Ok(looked)
    }

    /// The kinds of items that were listed, never read, and give no answer: for a while, since one at which a server always
    /// fails is told and holds nobody up (rule E1).
    async fn never_read(&self, failed: &BTreeSet<(Side, Kind, RecordId)>) -> Result<BTreeSet<Kind>, CycleError> {
        let mut kinds = BTreeSet::new();
        let interval = i64::from(self.force.settings.interval_s);
        let patience = jiff::SignedDuration::from_secs(limits::UNREAD_INTERVALS * interval);
        for (_, kind, id) in failed.iter().filter(|(side, _, _)| *side == Side::Pim) {
            let work = self.engine.store().work_of(&self.pairing.id, Side::Pim, *kind, id).await?;
            let Some(work) = work.filter(|work| work.link.is_none() && work.pim.is_none()) else { continue };
            if work.quarantine.iter().any(|told| told.since.duration_until(self.began) < patience) {
                kinds.insert(*kind);
            }
        }
        Ok(kinds)
    }

    /// Learns of which kinds there is anything to do: an idle cycle asks this once and plans nothing.
    pub(crate) async fn learn_kinds(&mut self) -> Result<(), CycleError> {
        self.kinds = self.engine.store().kinds_at_work(&self.pairing.id).await?;
        self.kinds.retain(|kind| !self.closed.contains_key(kind));
        Ok(())
    }

    /// Looks at some ids of one side and kind; answers those that could not be looked at now.
    async fn look_at(&mut self, side: Side, kind: Kind, looks: Vec<Look>) -> Result<Vec<RecordId>, CycleError> {
        let mut wanted = Vec::with_capacity(looks.len());
        let mut linked = BTreeMap::new();
        for look in &looks {
            let link = self.engine.store().link_of(&self.pairing.id, side, kind, &look.id).await?;
            let global_id = link.as_ref().and_then(|link| link.global_id.clone());
            let mark_key = link.as_ref().map(|link| link.mark_key.clone()).filter(|key| !key.is_empty());
            linked.extend(link.map(|link| (look.id.clone(), link)));
            wanted.push(Wanted { id: look.id.clone(), mark_key, global_id });
        }
        let mut answers: BTreeMap<RecordId, Result<Seen, Trouble>> = BTreeMap::new();
        for chunk in wanted.chunks(limits::LOOK_PAGE) {
            if side == Side::Pim {
                self.identify().await?;
            }
            match self.remote(side).get(kind, chunk).await {
                Err(Trouble::NoAccess { .. }) if planted::is(Planted::ForbiddenIsGone) => {
                    answers.extend(chunk.iter().map(|one| (one.id.clone(), Ok(Seen::Gone(Gone::Deleted)))));
                }
                found => answers.extend(found?),
            }
        }
        let mut seen = change::Seen::default();
        let mut left = Vec::new();
        let now = self.engine.now();
        for look in looks {
            match answers.remove(&look.id) {
                Some(Ok(found)) => {
                    let found = self.storable(side, linked.get(&look.id), found);
                    seen.observations.push(self.observation(side, kind, &look.id, found));
                }
                Some(Err(Trouble::Gone(why))) => {
                    seen.observations.push(self.observation(side, kind, &look.id, Seen::Gone(why)))
                }
                Some(Err(Trouble::Refused { why, .. })) => {
                    self.report.quarantined += 1;
                    seen.quarantine.push(Quarantine {
                        side,
                        kind,
                        id: look.id.clone(),
                        versions: (None, None),
                        reason: why,
                        since: now,
                    });
                }
                // No answer proves anything: the look stays.
                Some(Err(_)) | None if !planted::is(Planted::LookForgotten) => {
                    self.report.postponed += 1;
                    left.push(look.id.clone());
                    continue;
                }
                Some(Err(_)) | None => {}
            }
            seen.looked.push(look);
        }
        self.engine.store().save_seen(&self.lease, &self.pairing.id, &seen).await?;
        Ok(left)
    }

    /// A linked record that one side showed is looked at on the other too: plans are made from two fresh copies.
    pub(crate) async fn look_at_partners(&mut self) -> Result<(), CycleError> {
        for kind in self.kinds.clone() {
            let mut after = None;
            loop {
                let page = self.engine.store().work(&self.pairing.id, kind, after.as_ref(), limits::WORK_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
                let mut missing: BTreeMap<Side, Vec<Look>> = BTreeMap::new();
                for work in &page {
                    let Some(link) = &work.link else { continue };
                    for (side, seen) in [(Side::Crm, &work.crm), (Side::Pim, &work.pim)] {
                        if seen.is_none() {
                            missing.entry(side).or_default().push(Look::now(side, kind, link.end(side).id.clone()));
                        }
                    }
                }
                for (side, looks) in missing {
                    let left = self.look_at(side, kind, looks).await?;
                    self.unanswered.extend(left.into_iter().map(|id| (side, kind, id)));
                }
                if page.iter().all(|work| work.link.is_none()) {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Why a mailbox that is nobody's own stops its pairing, or another one than we know, with the way back (rule L1).
const NOBODYS: &str = "the mailbox is a shared, room or equipment mailbox; only a user's own can be mapped (L1)";
const ANOTHERS: &str = "another mailbox stands behind the address; if right, `user confirm-mailbox`; if not, put address or connection right first, then confirm: nothing was touched, and what was in sync goes on (L1)";

fn stop(why: &str) -> CycleError {
    CycleError::Stopped(why.to_owned())
}

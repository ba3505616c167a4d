//! Reading a mailbox: what changed in a folder, and what became of ids.

use engine::port::{Inventory, Page, Trouble, Wanted};
use model::{FolderId, Gone, Kind, Record, RecordId, Seen, Version};
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::ews::{Change, Changes, Item, ItemId, ItemKind, ItemRef, Property, Shape, SyncFolderItems};

use super::kind_map::is_of_kind;
use super::map;
use super::remote::EwsRemote;
use super::trouble::Effect;

/// A page with so many changes, and as many as came last, would be more than a server gives at once.
const FULL: usize = SyncFolderItems::MOST as usize;

/// The most answers that make one page, however little each of them tells.
const ANSWERS: u32 = 8;

impl EwsRemote {
    /// One page of the ids and change keys that a folder shows now. The state behind the last one is one of changes.
    pub(super) async fn inventoried(
        &self,
        kind: Kind,
        folder: &FolderId,
        cursor: Option<&str>,
    ) -> Result<Inventory, Trouble> {
        let (page, present) = self.told(kind, folder, cursor).await?;
        let shown = present
            .into_values()
            .map(|id| (RecordId::new(id.id), Version::new(id.change_key.unwrap_or_default())))
            .collect();
        Ok(Inventory { shown, cursor: page.cursor, more: page.more })
    }

    /// One page of changes: ids by SyncFolderItems, contents by GetItem.
    pub(super) async fn page(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble> {
        let (mut page, present) = self.told(kind, folder, cursor).await?;
        if cursor.is_none() {
            page.total = self.known().await?.totals.get(folder).copied();
        }
        self.read_into(kind, folder, present.into_values().collect(), &mut page).await?;
        Ok(page)
    }

    /// What SyncFolderItems tells since a cursor: what went, and the ids of what stands there. A server that gives less at
    /// once than it was asked for is asked on, so that what is kept together is always about as much.
    async fn told(
        &self,
        kind: Kind,
        folder: &FolderId,
        cursor: Option<&str>,
    ) -> Result<(Page, BTreeMap<String, ItemId>), Trouble> {
        let state = match cursor {
            Some(text) => Some(state_of(text, kind, folder).ok_or(Trouble::CursorRefused)?),
            None => None,
        };
        let mut page = Page::default();
        // One id may come more than once; what came last counts (trap 16).
        let mut present: BTreeMap<String, ItemId> = BTreeMap::new();
        let mut changes = self.changes_since(folder, state).await?;
        for answers in 1.. {
            let (state, last, told) = (changes.state.clone(), changes.is_last(), changes.changes.len());
            gather(kind, changes, &mut page, &mut present);
            page.cursor = cursor_of(&state, kind, folder);
            page.more = !last;
            let full = present.len() + page.vanished.len() + told > FULL;
            if last || full || answers == ANSWERS {
                break;
            }
            changes = match self.changes_since(folder, Some(&state)).await {
                Ok(changes) => changes,
                // What came so far is a page; whoever asks on from there meets the trouble.
                Err(_) => break,
            };
        }
        Ok((page, present))
    }

    /// One answer to SyncFolderItems.
    async fn changes_since(&self, folder: &FolderId, state: Option<&str>) -> Result<Changes, Trouble> {
        let asked = SyncFolderItems {
            shape: Shape::of([Property::ItemClass.into()]),
            folder: wire::ews::FolderId::of(folder.as_str()).into(),
            state: state.map(str::to_owned),
            most: SyncFolderItems::MOST,
        };
        let mut changes = match self.reach.one(&asked, Effect::Read).await {
            Ok(changes) => changes,
            // The folder is not there: it was removed, or the mailbox is another one now. What is remembered of it is
            // dropped, and whoever asks next is told.
            Err(Trouble::Gone(_) | Trouble::NoAccess { .. }) if state.is_some() && self.is_missing(folder).await? => {
                return Err(Trouble::CursorRefused);
            }
            Err(Trouble::Gone(_)) => {
                // Whoever begins anew asks which folders there are: what is remembered may be another mailbox's.
                self.connection.forget(&self.reach.address);
                return Err(Trouble::NoAccess { why: "the folder is not in the mailbox any more".to_owned() });
            }
            Err(trouble) => return Err(trouble),
        };
        let stays = |changes: &Changes| !changes.is_last() && state == Some(changes.state.as_str());
        if stays(&changes) && changes.is_empty() {
            // There are servers that never say they have come to the end, and answers that come empty once: believed to be
            // the end, such a one would hide what stands there from the first matching (rule M4).
            changes = self.reach.one(&asked, Effect::Read).await?;
            if stays(&changes) && changes.is_empty() {
                return Ok(changes.at_the_end());
            }
        }
        if stays(&changes) {
            // Asking on would bring the same page again, without end.
            return Err(Trouble::Broken { why: "the server's listing does not go on".to_owned() });
        }
        Ok(changes)
    }

    /// Whether the mailbox answers, and no longer knows a folder by this id.
    async fn is_missing(&self, folder: &FolderId) -> Result<bool, Trouble> {
        self.connection.forget(&self.reach.address);
        let known = self.known().await?;
        Ok(!known.observed.values().flatten().flatten().any(|id| id == folder))
    }

    async fn read_into(&self, kind: Kind, folder: &FolderId, ids: Vec<ItemId>, page: &mut Page) -> Result<(), Trouble> {
        let refs: Vec<ItemRef> = ids.iter().cloned().map(ItemRef::Item).collect();
        let results = self.reach.items(&self.map(kind).shape(), &refs).await?;
        let mut items = Vec::with_capacity(results.len());
        // Where all of several fail, it is the server that does.
        let is_ill = results.len() > 1 && results.iter().all(|one| matches!(one, Err(Trouble::Broken { .. })));
        for (id, result) in ids.iter().zip(results) {
            let version = || Version::new(id.change_key.clone().unwrap_or_default());
            match result {
                Ok(item) if !is_of_kind(kind, item.kind, item.text(Property::ItemClass)) => page.skipped += 1,
                Ok(item) if item.parent.as_ref().is_some_and(|parent| parent.id != folder.as_str()) => {
                    page.vanished.push(RecordId::new(&id.id));
                }
                Ok(item) => items.push(item),
                // Gone between listing and reading: to be looked at like any other that vanished.
                Err(Trouble::Gone(_)) => page.vanished.push(RecordId::new(&id.id)),
                Err(Trouble::Refused { why, .. } | Trouble::NoAccess { why }) => {
                    page.unreadable.push((RecordId::new(&id.id), version(), why));
                }
                // It is told, and asked for again until it is answered; the others do not wait for it.
                Err(Trouble::Broken { why }) if !is_ill => {
                    page.unreadable.push((RecordId::new(&id.id), version(), why));
                    page.vanished.push(RecordId::new(&id.id));
                }
                Err(
                    trouble @ (Trouble::Stale
                    | Trouble::Busy { .. }
                    | Trouble::CursorRefused
                    | Trouble::Broken { .. }
                    | Trouble::Unknown { .. }),
                ) => return Err(trouble),
            }
        }
        for (item, exceptions) in self.with_exceptions(kind, items).await? {
            match exceptions {
                Ok(exceptions) => page.records.extend(self.record(kind, &item, &exceptions, folder)),
                Err(unread) => {
                    let Some(id) = item.id else { continue };
                    if unread.again {
                        page.vanished.push(RecordId::new(&id.id));
                    }
                    let version = Version::new(id.change_key.unwrap_or_default());
                    page.unreadable.push((RecordId::new(id.id), version, unread.why));
                }
            }
        }
        Ok(())
    }

    /// Items with the occurrences that differ from them, read together for all of them (trap 11). A series whose
    /// occurrences cannot be read is told in words, and holds up no other.
    pub(super) async fn with_exceptions(
        &self,
        kind: Kind,
        items: Vec<Item>,
    ) -> Result<Vec<(Item, Result<Vec<Item>, Unread>)>, Trouble> {
        let items = self.with_mail_addresses(items).await?;
        let refs: Vec<ItemRef> =
            items.iter().flat_map(Item::modified_occurrences).map(|info| ItemRef::Item(info.id.clone())).collect();
        let found = self.reach.items(&self.map(kind).shape(), &refs).await?;
        // Where all of several fail, it is the server that does.
        let is_ill = found.len() > 1 && found.iter().all(|one| matches!(one, Err(Trouble::Broken { .. })));
        let mut found = found.into_iter();
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            let count = item.modified_occurrences().len();
            let mut exceptions = Ok(Vec::with_capacity(count));
            for result in found.by_ref().take(count) {
                match (result, &mut exceptions) {
                    (Ok(exception), Ok(list)) => list.push(exception),
                    (Ok(_), Err(_)) => {}
                    (Err(trouble @ Trouble::Busy { .. }), _) => return Err(trouble),
                    (Err(trouble @ Trouble::Broken { .. }), _) if is_ill => return Err(trouble),
                    (Err(trouble), _) => {
                        let again = matches!(trouble, Trouble::Broken { .. });
                        exceptions = Err(Unread { why: "one of its occurrences cannot be read".to_owned(), again });
                    }
                }
            }
            all.push((item, exceptions));
        }
        Ok(all)
    }

    pub(super) fn record(&self, kind: Kind, item: &Item, exceptions: &[Item], folder: &FolderId) -> Option<Record> {
        map::record(self.map(kind), item, exceptions, folder, &self.zone)
    }

    /// What became of ids (rule C12).
    pub(super) async fn look(
        &self,
        kind: Kind,
        wanted: &[Wanted],
    ) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        let refs: Vec<ItemRef> = wanted.iter().map(|one| ItemRef::Item(ItemId::of(one.id.as_str()))).collect();
        let results = self.reach.items(&self.map(kind).shape(), &refs).await?;
        let folders = self.observed(kind).await?;
        let mut seen = Vec::with_capacity(wanted.len());
        let (mut here, mut missing) = (Vec::new(), Vec::new());
        for (one, result) in wanted.iter().zip(results) {
            match result {
                // What became something else is not one of its folder's any more (rule D7).
                Ok(item) if !is_of_kind(kind, item.kind, item.text(Property::ItemClass)) => {
                    seen.push((one.id.clone(), Ok(Seen::Gone(Gone::Left))));
                }
                Ok(item) => match folder_of(&item, &folders) {
                    Some(folder) => here.push((one.id.clone(), folder, item)),
                    None => seen.push((one.id.clone(), self.elsewhere(&item).await.map(Seen::Gone))),
                },
                Err(Trouble::Gone(_)) => missing.push(one),
                Err(trouble) => seen.push((one.id.clone(), Err(trouble))),
            }
        }
        let (ids, items): (Vec<_>, Vec<_>) = here.into_iter().map(|(id, folder, item)| ((id, folder), item)).unzip();
        for ((id, folder), (item, exceptions)) in ids.into_iter().zip(self.with_exceptions(kind, items).await?) {
            let outcome = match exceptions {
                Ok(exceptions) => self.record(kind, &item, &exceptions, &folder),
                // No answer proves anything: it is looked at again.
                Err(Unread { why, again: true }) => {
                    seen.push((id, Err(Trouble::Broken { why })));
                    continue;
                }
                Err(Unread { why, again: false }) => self.record(kind, &item, &[], &folder).map(|mut record| {
                    record.facts.unreadable = Some(why);
                    record
                }),
            };
            let outcome = outcome.map(|record| Seen::Present(Arc::new(record)));
            seen.push((id, outcome.ok_or_else(|| Trouble::Broken { why: "the server named no id".to_owned() })));
        }
        seen.extend(self.search(kind, &missing).await?);
        Ok(seen)
    }

    /// An item found by its id outside the observed folders.
    async fn elsewhere(&self, item: &Item) -> Result<Gone, Trouble> {
        let Some(parent) = item.parent.as_ref().map(|parent| FolderId::new(&parent.id)) else {
            return Ok(Gone::Unknown);
        };
        self.judge(&parent).await
    }
}

/// A series whose occurrences were not all given.
pub(super) struct Unread {
    pub why: String,
    /// The server failed at one of them, and may not when it is asked again.
    pub again: bool,
}

/// What the changes say is there and what went, after what was gathered before.
fn gather(kind: Kind, changes: Changes, page: &mut Page, present: &mut BTreeMap<String, ItemId>) {
    page.skipped += changes.unknown;
    for change in changes.changes {
        match change {
            Change::Create(item) | Change::Update(item) => {
                let untold = item.kind == ItemKind::Other && item.text(Property::ItemClass).is_none();
                let ours = is_of_kind(kind, item.kind, item.text(Property::ItemClass));
                let Some(id) = item.id else { continue };
                // What is listed without saying what it is, is seen when it is read.
                if untold || ours {
                    page.vanished.retain(|gone| gone.as_str() != id.id);
                    present.insert(id.id.clone(), id);
                } else {
                    page.skipped += 1;
                }
            }
            Change::Delete(id) => {
                present.remove(&id.id);
                page.vanished.push(RecordId::new(id.id));
            }
            Change::ReadFlag(_) => {}
        }
    }
}

fn folder_of(item: &Item, folders: &[FolderId]) -> Option<FolderId> {
    match &item.parent {
        Some(parent) => folders.iter().find(|folder| folder.as_str() == parent.id).cloned(),
        // A server that does not say where the item is has found it where it was.
        None => folders.first().cloned(),
    }
}

/// A cursor names the kind and folder it belongs to, so that one of another is refused before it is sent (trap 2).
fn cursor_of(state: &str, kind: Kind, folder: &FolderId) -> String {
    format!("{}{state}", prefix(kind, folder))
}

fn state_of<'a>(cursor: &'a str, kind: Kind, folder: &FolderId) -> Option<&'a str> {
    cursor.strip_prefix(&prefix(kind, folder)).filter(|state| !state.is_empty())
}

fn prefix(kind: Kind, folder: &FolderId) -> String {
    // FNV-1a: a short name for a long id, not a secret.
    let hash = folder
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("ews1;{kind};{hash:016x};")
}

#[cfg(test)]
mod tests {
    use super::*;

    // trap 2
    #[test]
    fn a_cursor_of_another_folder_or_kind_is_refused() {
        let (a, b) = (FolderId::new("A"), FolderId::new("a"));
        let cursor = cursor_of("H4sI=;x", Kind::Contact, &a);
        assert_eq!(state_of(&cursor, Kind::Contact, &a), Some("H4sI=;x"));
        assert_eq!(state_of(&cursor, Kind::Contact, &b), None);
        assert_eq!(state_of(&cursor, Kind::Task, &a), None);
        assert_eq!(state_of("H4sI=", Kind::Contact, &a), None);
        assert_eq!(state_of("", Kind::Contact, &a), None);
    }
}

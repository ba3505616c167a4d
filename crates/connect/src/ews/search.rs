//! Looking for items by our mark: in Deleted Items, other folders, the archive (rule C12).

use engine::port::{FindBy, Traced, Trouble, Wanted};
use model::{FolderId, Gone, Kind, Record, RecordId, Seen};
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::ews::{DistinguishedFolder, FindItem, FolderRef, Item, ItemRef, Path, Property, Restriction, Shape, View};

use super::kind_map::is_of_kind;
use super::remote::EwsRemote;
use super::trouble::Effect;
use super::{folders::Tree, global_id, own};

/// Keys asked for at once, folders searched at once, items of one page, pages of one search.
const KEYS: usize = 20;
const FOLDERS: usize = 50;
const PAGE: u32 = 200;
const PAGES: usize = 20;
/// Keys of marks, each with the global id of the item that is looked for, when it is known.
type Keys<'a> = BTreeMap<&'a str, Option<&'a str>>;
/// Pages of a folder that is listed, because its server does not search.
const LISTED_PAGES: u32 = 1_000;

impl EwsRemote {
    /// What became of marked items that are not found by their ids any more.
    pub(super) async fn search(
        &self,
        kind: Kind,
        missing: &[&Wanted],
    ) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        let keys: Keys<'_> =
            missing.iter().filter_map(|one| Some((one.mark_key.as_deref()?, one.global_id.as_deref()))).collect();
        let found = if keys.is_empty() { Ok(BTreeMap::new()) } else { self.places(kind, &keys).await };
        let outcome = |one: &&Wanted| match (&found, one.mark_key.as_deref()) {
            // A search that failed proves nothing: the id is looked at again later.
            (Err(trouble), Some(_)) => Err(trouble.clone()),
            (Ok(places), Some(key)) => Ok(Seen::Gone(places.get(key).map_or(Gone::Unknown, |(gone, _)| *gone))),
            (Ok(_) | Err(_), None) => Ok(Seen::Gone(Gone::Unknown)),
        };
        Ok(missing.iter().map(|one| (one.id.clone(), outcome(one))).collect())
    }

    /// Where each key is found. Found in an observed folder it has only moved, whatever else carries its mark.
    async fn places(&self, kind: Kind, keys: &Keys<'_>) -> Result<BTreeMap<String, (Gone, RecordId)>, Trouble> {
        let known = self.known().await?;
        let mut places = BTreeMap::new();
        let deleted: Vec<FolderId> =
            [Some(&known.deleted), known.recoverable.as_ref()].into_iter().flatten().cloned().collect();
        for (folders, gone) in [(self.observed(kind).await?, Gone::Left), (deleted.clone(), Gone::Deleted)] {
            for (key, id) in self.marked(keys, &folders).await? {
                places.entry(key).or_insert((gone, id));
            }
        }
        let mut rest: Keys<'_> = keys.clone();
        rest.retain(|key, _| !places.contains_key(*key));
        if rest.is_empty() {
            return Ok(places);
        }
        let tree = self.tree(&self.reach.every(DistinguishedFolder::MsgFolderRoot)).await?;
        let (below_deleted, others): (Vec<FolderId>, Vec<FolderId>) =
            tree.ids().filter(|id| !deleted.contains(id)).cloned().partition(|id| tree.is_within(id, &known.deleted));
        for (folders, gone) in [(others, Gone::Left), (below_deleted, Gone::Deleted)] {
            for (key, id) in self.marked(&rest, &folders).await? {
                places.entry(key).or_insert((gone, id));
            }
        }
        rest.retain(|key, _| !places.contains_key(*key));
        if rest.is_empty() {
            return Ok(places);
        }
        let archive = self.reach.every(DistinguishedFolder::ArchiveMsgFolderRoot);
        let archived = match self.tree(&archive).await {
            Ok(tree) => tree,
            // Most mailboxes have no archive.
            Err(Trouble::NoAccess { .. } | Trouble::Gone(_) | Trouble::Refused { .. }) => Tree::default(),
            Err(trouble) => return Err(trouble),
        };
        let archived: Vec<FolderId> = archived.ids().cloned().collect();
        for (key, id) in self.marked(&rest, &archived).await? {
            places.entry(key).or_insert((Gone::Left, id));
        }
        Ok(places)
    }

    /// Which of the keys are found in any of the folders, and the item that carries each. What has another global id is a
    /// person's copy, whatever became of the item it was made from (trap 46).
    async fn marked(&self, keys: &Keys<'_>, folders: &[FolderId]) -> Result<BTreeMap<String, RecordId>, Trouble> {
        let mut found = BTreeMap::new();
        let asked: Vec<&str> = keys.keys().copied().collect();
        for some in asked.chunks(KEYS) {
            let any = some.iter().map(|key| Restriction::IsEqualTo(own::key(), (*key).to_owned())).collect();
            let mut paths = vec![own::key()];
            if some.iter().any(|key| keys.get(key).is_some_and(Option::is_some)) {
                paths.extend([own::clean_global_id(), own::global_id()]);
            }
            let items = self.matching(folders, &Restriction::Or(any), paths, usize::MAX).await?;
            found.extend(items.iter().filter_map(|item| {
                let id = item.id.as_ref().map(|id| RecordId::new(&id.id))?;
                let key = item.text(own::key())?;
                let known = keys.get(key).copied().flatten();
                let told = item.text(own::clean_global_id()).and_then(|_| global_id::read(item));
                let is_copy = known.zip(told.as_deref()).is_some_and(|(known, told)| known != told);
                (!is_copy).then(|| (key.to_owned(), id))
            }));
        }
        Ok(found)
    }

    /// The items of some folders that meet a condition, at most `limit`.
    async fn matching(
        &self,
        folders: &[FolderId],
        restriction: &Restriction,
        paths: Vec<Path>,
        limit: usize,
    ) -> Result<Vec<Item>, Trouble> {
        let mut found = Vec::new();
        for folders in folders.chunks(FOLDERS) {
            let mut open: Vec<(FolderRef, u32)> =
                folders.iter().map(|folder| (wire::ews::FolderId::of(folder.as_str()).into(), 0)).collect();
            for _ in 0..PAGES {
                if open.is_empty() || found.len() >= limit {
                    break;
                }
                // All folders share one place to begin; those further on are asked alone.
                let offset = open[0].1;
                let (now, later): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, at)| *at == offset);
                open = later;
                let asked = FindItem {
                    shape: Shape::of(paths.clone()).and_parent(),
                    view: View::Page { offset, most: PAGE },
                    restriction: Some(restriction.clone()),
                    folders: now.iter().map(|(folder, _)| folder.clone()).collect(),
                };
                let results = match self.reach.each(&asked, now.len(), Effect::Read).await {
                    // Not every server searches several folders at once.
                    Err(Trouble::Broken { .. } | Trouble::Refused { .. }) if now.len() > 1 => {
                        let mut results = Vec::with_capacity(now.len());
                        for (folder, _) in &now {
                            let alone = FindItem { folders: vec![folder.clone()], ..asked.clone() };
                            results.push(self.reach.one(&alone, Effect::Read).await);
                        }
                        results
                    }
                    Err(refused @ Trouble::Refused { .. }) => vec![Err(refused)],
                    results => results?,
                };
                for ((folder, _), result) in now.into_iter().zip(results) {
                    match result {
                        Ok(page) => {
                            if !page.is_last() && !page.items.is_empty() {
                                let count = u32::try_from(page.items.len()).unwrap_or(PAGE);
                                let next = page.next_offset.filter(|next| *next > offset).unwrap_or(offset + count);
                                open.push((folder, next));
                            }
                            found.extend(page.items);
                        }
                        // A folder that went meanwhile, or that the account may not see, holds nothing we may find.
                        Err(Trouble::Gone(_) | Trouble::NoAccess { .. }) => {}
                        // Not every server searches by every condition, and what was not looked for is not missing.
                        Err(Trouble::Refused { .. }) => found.extend(self.listed(&folder, restriction, &paths).await?),
                        Err(trouble) => return Err(trouble),
                    }
                }
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The items of a folder that meet a condition, told here because its server does not.
    async fn listed(
        &self,
        folder: &FolderRef,
        restriction: &Restriction,
        paths: &[Path],
    ) -> Result<Vec<Item>, Trouble> {
        let (mut found, mut offset) = (Vec::new(), 0);
        for _ in 0..LISTED_PAGES {
            let asked = FindItem {
                shape: Shape::of(paths.to_vec()).and_parent(),
                view: View::Page { offset, most: PAGE },
                restriction: None,
                folders: vec![folder.clone()],
            };
            let page = match self.reach.one(&asked, Effect::Read).await {
                Ok(page) => page,
                // A folder that does not even list what it holds; one that begins to must list it to its end.
                Err(Trouble::Gone(_) | Trouble::NoAccess { .. } | Trouble::Refused { .. }) if offset == 0 => {
                    return Ok(found);
                }
                Err(trouble) => return Err(trouble),
            };
            let count = u32::try_from(page.items.len()).unwrap_or(PAGE);
            let is_last = page.is_last() || count == 0;
            let next = page.next_offset.filter(|next| *next > offset).unwrap_or(offset + count);
            found.extend(page.items.into_iter().filter(|item| restriction.is_met_by(item)));
            if is_last {
                return Ok(found);
            }
            offset = next;
        }
        Err(Trouble::Broken { why: "the server does not search, and a folder is too long to be listed".to_owned() })
    }

    /// Records of the observed folders by what recognises them.
    pub(super) async fn recognise(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble> {
        let (path, wanted) = match by {
            FindBy::Key(key) => (own::key(), key.clone()),
            FindBy::GlobalId(id) => match global_id::to_wire(id) {
                // One that names a day is of an invitation to that occurrence alone.
                Some(bytes) if kind == Kind::Appointment => match model::global_id::of_series(id) {
                    Some(_) => (own::global_id(), bytes),
                    None => (own::clean_global_id(), bytes),
                },
                Some(_) | None => return Ok(Vec::new()),
            },
            // Records are merged in the CRM alone.
            FindBy::MergedFrom(_) => return Ok(Vec::new()),
        };
        let restriction = Restriction::IsEqualTo(path.clone(), wanted.clone());
        let folders = self.observed(kind).await?;
        let paths = vec![Property::ItemClass.into(), Property::DateTimeCreated.into(), path.clone()];
        let mut found = self.matching(&folders, &restriction, paths, limit).await?;
        // A person's copy keeps what we wrote and is younger than the item that we wrote it to (trap 46).
        found.sort_by_key(|item| item.moment(Property::DateTimeCreated));
        let refs: Vec<ItemRef> = found
            .into_iter()
            // A server that does not heed the condition must not hand us somebody else's record.
            .filter(|item| item.text(&path) == Some(&wanted))
            .filter(|item| is_of_kind(kind, item.kind, item.text(Property::ItemClass)))
            .filter_map(|item| item.id.map(ItemRef::Item))
            .collect();
        let mut items = Vec::with_capacity(refs.len());
        for result in self.reach.items(&self.map(kind).shape(), &refs).await? {
            match result {
                Ok(item) => items.push(item),
                Err(Trouble::Gone(_)) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        let mut records = Vec::with_capacity(items.len());
        for (item, exceptions) in self.with_exceptions(kind, items).await? {
            let folder = item.parent.as_ref().map(|parent| FolderId::new(&parent.id));
            let Some(folder) = folder.or_else(|| folders.first().cloned()) else { continue };
            let (exceptions, why) = match exceptions {
                Ok(exceptions) => (exceptions, None),
                Err(unread) => (Vec::new(), Some(unread.why)),
            };
            records.extend(self.record(kind, &item, &exceptions, &folder).map(|mut record| {
                record.facts.unreadable = record.facts.unreadable.or(why);
                record
            }));
        }
        if let FindBy::GlobalId(id) = by {
            // A series' clean id is that of its occurrences too.
            records.retain(|record| record.facts.global_id.as_ref() == Some(id));
        }
        Ok(records)
    }

    /// The copies that carry a key: those in the observed folders, else the one that went, and where.
    pub(super) async fn traced(&self, kind: Kind, key: &str, limit: usize) -> Result<Vec<Traced>, Trouble> {
        let standing = self.recognise(kind, &FindBy::Key(key.to_owned()), limit).await?;
        if !standing.is_empty() {
            let traced = |record: Record| Traced { id: record.id.clone(), gone: None, record: Some(Arc::new(record)) };
            return Ok(standing.into_iter().map(traced).collect());
        }
        let places = self.places(kind, &[(key, None)].into()).await?;
        let Some((gone, id)) = places.get(key).cloned() else {
            return Ok(Vec::new());
        };
        // What it said when it went: its write number tells whether the last write of ours had reached it.
        let item = ItemRef::Item(wire::ews::ItemId::of(id.as_str()));
        let record = match self.reach.items(&self.map(kind).shape(), &[item]).await?.into_iter().next() {
            Some(Ok(item)) => {
                let parent = item.parent.as_ref().map_or("", |parent| parent.id.as_str());
                self.record(kind, &item, &[], &FolderId::new(parent)).map(Arc::new)
            }
            Some(Err(Trouble::Gone(_))) | None => None,
            Some(Err(trouble)) => return Err(trouble),
        };
        Ok(vec![Traced { id, gone: Some(gone), record }])
    }

    /// What it means that an item stands in this folder.
    pub(super) async fn judge(&self, folder: &FolderId) -> Result<Gone, Trouble> {
        let known = self.known().await?;
        if *folder == known.deleted || Some(folder) == known.recoverable.as_ref() {
            return Ok(Gone::Deleted);
        }
        let tree = self.tree(&self.reach.every(DistinguishedFolder::MsgFolderRoot)).await?;
        Ok(if tree.is_within(folder, &known.deleted) { Gone::Deleted } else { Gone::Left })
    }

    /// Items in Deleted Items that carry a key, with their folder.
    pub(super) async fn in_deleted_items(&self, kind: Kind, key: &str) -> Result<Vec<Item>, Trouble> {
        let deleted = self.known().await?.deleted.clone();
        let restriction = Restriction::IsEqualTo(own::key(), key.to_owned());
        let paths = vec![Property::ItemClass.into(), Property::LastModifiedTime.into(), own::key()];
        let found = self.matching(&[deleted], &restriction, paths, 100).await?;
        let ours = found.into_iter().filter(|item| item.text(own::key()) == Some(key));
        Ok(ours.filter(|item| is_of_kind(kind, item.kind, item.text(Property::ItemClass))).collect())
    }
}

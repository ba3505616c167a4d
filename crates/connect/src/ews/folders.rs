//! The mailbox's own id, its folders, and which folder lies in which (rules L1, D7).

use engine::port::{Identity, Trouble};
use model::{FolderId, Kind, MailboxId, NamedFolder};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use wire::ews::{
    DistinguishedFolder, FindFolder, Folder, FolderKind, FolderRef, FolderTraversal, GetFolder, GetRoomLists, GetRooms,
    ResolveNames, UpdateFolder, Value,
};

use super::connection::Known;
use super::own;
use super::remote::EwsRemote;
use super::trouble::Effect;

/// The folders of a mailbox and the folder each lies in.
#[derive(Default)]
pub(super) struct Tree {
    parents: BTreeMap<FolderId, FolderId>,
}

impl Tree {
    fn of(below: &[Folder]) -> Self {
        let parents =
            below.iter().filter_map(|folder| Some((folder_id(folder), FolderId::new(&folder.parent.as_ref()?.id))));
        Tree { parents: parents.collect() }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &FolderId> {
        self.parents.keys()
    }

    /// Whether a folder is another one or lies anywhere below it.
    pub(super) fn is_within(&self, folder: &FolderId, above: &FolderId) -> bool {
        let mut at = folder;
        // No mailbox nests deeper; the bound keeps a circle from holding us.
        for _ in 0..100 {
            if at == above {
                return true;
            }
            match self.parents.get(at) {
                Some(parent) => at = parent,
                None => return false,
            }
        }
        false
    }
}

/// What to say of a server that holds nothing of ours.
const NOT_KEPT: &str =
    "the server does not keep the named properties by which the mailbox and our records are known again";
/// Lists of rooms looked through.
const ROOM_LISTS: usize = 200;
/// Folders per page, and the most pages read.
const PAGE: u32 = 500;
const PAGES: u32 = 20;

fn default_folder(kind: Kind) -> DistinguishedFolder {
    match kind {
        Kind::Contact => DistinguishedFolder::Contacts,
        Kind::Appointment => DistinguishedFolder::Calendar,
        Kind::Task => DistinguishedFolder::Tasks,
    }
}

impl EwsRemote {
    /// The mailbox's folders, as remembered since an earlier cycle, else read now. What is missing is asked for again until
    /// it is there, and sub-folders once a cycle: people rename, move and delete them.
    pub(super) async fn known(&self) -> Result<Arc<Known>, Trouble> {
        let stands = self.looked.load(Ordering::Relaxed) || !self.connection.names_any();
        let known = self.connection.recall(&self.reach.address);
        match known.filter(|known| stands && known.observed.values().all(Result::is_ok)) {
            Some(known) => Ok(known),
            None => self.read_known().await,
        }
    }

    /// Root, default folders and Deleted Items, by one request.
    async fn read_known(&self) -> Result<Arc<Known>, Trouble> {
        let needed: Vec<FolderRef> = [DistinguishedFolder::MsgFolderRoot, DistinguishedFolder::DeletedItems]
            .into_iter()
            .chain(Kind::ALL.map(default_folder))
            .map(|folder| self.reach.every(folder))
            .collect();
        let all = [needed.clone(), vec![self.reach.every(DistinguishedFolder::RecoverableItemsDeletions)]].concat();
        let count = all.len();
        let asked = GetFolder { extended: vec![own::mailbox()], folders: all };
        let results = match self.reach.each(&asked, count, Effect::Read).await {
            // A server that does not know the name of the last one may refuse them all.
            Err(Trouble::Refused { .. } | Trouble::Gone(_)) => {
                let asked = GetFolder { folders: needed, ..asked };
                self.reach.each(&asked, count - 1, Effect::Read).await?
            }
            results => results?,
        };
        let mut results = results.into_iter();
        let mut next = || -> Result<Folder, Trouble> {
            let folders = results.next().ok_or_else(no_folder)??;
            folders.first().filter(|folder| folder.id.is_some()).ok_or_else(no_folder)
        };
        let root = next()?;
        let deleted = folder_id(&next()?);
        let (mut observed, mut totals, mut named) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let top = (folder_id(&root), deleted.clone());
        for kind in Kind::ALL {
            let folder = match next() {
                Ok(folder) => folder,
                // A mailbox without one of them has the other kinds all the same.
                Err(Trouble::NoAccess { why } | Trouble::Refused { why, .. }) => {
                    observed.insert(kind, Err(why));
                    continue;
                }
                Err(trouble) => return Err(trouble),
            };
            let id = folder_id(&folder);
            if let Some(total) = folder.total {
                totals.insert(id.clone(), total);
            }
            observed.insert(kind, self.with_named(kind, id, &top, &mut named).await?);
        }
        // Servers before 2010 have no such folder, and some accounts no right to it.
        let recoverable = next().ok().map(|folder| folder_id(&folder));
        let mailbox = match root.extended.get(&own::mailbox()) {
            Some(Value::Text(text)) if !text.is_empty() => Some(MailboxId::new(text.clone())),
            Some(_) | None => None,
        };
        let root = folder_id(&root).as_str().to_owned();
        let known = Arc::new(Known { root, mailbox, observed, named, totals, deleted, recoverable });
        self.connection.remember(&self.reach.address, &known);
        self.looked.store(true, Ordering::Relaxed);
        Ok(known)
    }

    pub(super) async fn who(&self) -> Result<Identity, Trouble> {
        let known = self.read_known().await?;
        // The directory is asked at the first contact only: a mailbox that carries our id was judged then.
        let (is_user, addresses) = match &known.mailbox {
            Some(_) => (true, Vec::new()),
            None => self.directory_entry().await?,
        };
        Ok(Identity { mailbox: known.mailbox.clone(), root: known.root.clone(), is_user, addresses })
    }

    /// Whether the directory shows a person's mailbox, and its addresses. What the directory does not tell hides nothing:
    /// mailboxes are also judged by an administrator (rule L1). One that cannot answer now is asked again.
    pub(super) async fn directory_entry(&self) -> Result<(bool, Vec<String>), Trouble> {
        let entry = format!("smtp:{}", self.reach.address);
        let found = match self.reach.one(&ResolveNames { entry }, Effect::Read).await {
            Ok(found) => found.0,
            Err(trouble @ Trouble::Busy { .. }) => return Err(trouble),
            Err(_) => Vec::new(),
        };
        let here = |resolved: &wire::ews::Resolved| {
            let address = resolved.mailbox.address.as_deref().unwrap_or_default();
            address.eq_ignore_ascii_case(&self.reach.address)
                || resolved.addresses.iter().any(|known| known.eq_ignore_ascii_case(&self.reach.address))
        };
        let found = found.into_iter().find(here).unwrap_or_default();
        let mut addresses = found.addresses;
        addresses.extend(found.mailbox.address);
        if found.mailbox.kind.is_some_and(|kind| kind != "Mailbox") || self.is_room(&addresses).await? {
            return Ok((false, addresses));
        }
        Ok((true, addresses))
    }

    /// Whether a list of rooms names the mailbox by one of its addresses. The directory's entry says "Mailbox" of a room
    /// as of a person; a server without lists, or before them, tells nothing.
    async fn is_room(&self, addresses: &[String]) -> Result<bool, Trouble> {
        let lists = match self.reach.one(&GetRoomLists, Effect::Read).await {
            Ok(lists) => lists.0,
            Err(trouble @ Trouble::Busy { .. }) => return Err(trouble),
            Err(_) => return Ok(false),
        };
        for list in lists.into_iter().filter_map(|list| list.address).take(ROOM_LISTS) {
            let rooms = match self.reach.one(&GetRooms { list }, Effect::Read).await {
                Ok(rooms) => rooms.0,
                Err(trouble @ Trouble::Busy { .. }) => return Err(trouble),
                // A list that cannot be opened hides nothing of the others.
                Err(_) => continue,
            };
            let named = |room: &str| {
                room.eq_ignore_ascii_case(&self.reach.address)
                    || addresses.iter().any(|known| known.eq_ignore_ascii_case(room))
            };
            if rooms.iter().filter_map(|room| room.address.as_deref()).any(named) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) async fn write_identity(&self, id: &MailboxId) -> Result<(), Trouble> {
        let known = self.read_known().await?;
        match &known.mailbox {
            Some(there) if there == id => return Ok(()),
            Some(_) => {
                let why = "the mailbox already carries another id of ours".to_owned();
                return Err(Trouble::Refused { code: "OtherMailbox".to_owned(), why });
            }
            None => {}
        }
        let set = vec![(own::mailbox(), Value::Text(id.as_str().to_owned()))];
        let folder = wire::ews::FolderId::of(known.root.clone()).into();
        let written = self.reach.one(&UpdateFolder { folder, kind: FolderKind::Other, set }, Effect::Write).await;
        self.connection.forget(&self.reach.address);
        match written {
            Ok(_) => {}
            Err(Trouble::Refused { code, why }) => {
                return Err(Trouble::Refused { code, why: format!("{NOT_KEPT}: {why}") });
            }
            Err(trouble) => return Err(trouble),
        }
        // Taken and not kept, the next cycle would take it for another mailbox, and know no record of ours again.
        if self.read_known().await?.mailbox.as_ref() == Some(id) {
            Ok(())
        } else {
            Err(Trouble::Refused { code: "NotKept".to_owned(), why: NOT_KEPT.to_owned() })
        }
    }

    /// The folders of a kind for the engine: where the mailbox lacks one of them, that kind alone is refused.
    pub(super) async fn folders_of(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        match self.known().await?.observed.get(&kind) {
            Some(Ok(folders)) => Ok(folders.clone()),
            Some(Err(why)) => Err(Trouble::Refused { code: "NoFolder".to_owned(), why: why.clone() }),
            None => Err(no_folder()),
        }
    }

    /// The default folder of a kind, and the sub-folders an administrator named.
    pub(super) async fn observed(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        let known = self.known().await?;
        match known.observed.get(&kind) {
            Some(Ok(folders)) => Ok(folders.clone()),
            Some(Err(why)) => Err(Trouble::NoAccess { why: why.clone() }),
            None => Err(no_folder()),
        }
    }

    /// A missing sub-folder stops its kind alone, and is asked for again in the next cycle. One that only got another name or
    /// place since it was found goes on, as long as nobody deleted it (trap 149).
    async fn with_named(
        &self,
        kind: Kind,
        default: FolderId,
        top: &(FolderId, FolderId),
        found: &mut BTreeMap<String, NamedFolder>,
    ) -> Result<Result<Vec<FolderId>, String>, Trouble> {
        let mut folders = vec![default.clone()];
        let names = self.connection.named(kind);
        if names.is_empty() {
            return Ok(Ok(folders));
        }
        let below = self.below(&wire::ews::FolderId::of(default.as_str()).into()).await?;
        let paths = paths(&below, &default);
        let before = self.before();
        for name in names {
            let wanted = name.trim_matches('/').to_lowercase();
            let key = NamedFolder::key(kind, &wanted);
            let known = before.get(&key).map(|folder| &folder.id);
            let here = paths.iter().find(|(path, _)| *path == wanted);
            let here = here.or_else(|| paths.iter().find(|(_, id)| Some(id) == known)).cloned();
            let there = match (here, known) {
                (None, Some(known)) => self.moved_away(known, top).await?,
                (here, _) => here,
            };
            let Some((path, id)) = there else {
                return Ok(Err(format!(
                    "the sub-folder \"{name}\" named in the connection is not in the mailbox: make it there or give it that name, or name others in the connection"
                )));
            };
            found.insert(key, NamedFolder { id: id.clone(), path });
            if !folders.contains(&id) {
                folders.push(id);
            }
        }
        Ok(Ok(folders))
    }

    /// The named sub-folders as they were found last: in an earlier cycle, or by a server that ran before.
    fn before(&self) -> BTreeMap<String, NamedFolder> {
        let mut before = self.named.clone();
        before.extend(self.connection.recall(&self.reach.address).iter().flat_map(|known| known.named.clone()));
        before
    }

    /// A folder that was moved out of its default folder: where it lies now, unless that is Deleted Items.
    async fn moved_away(
        &self,
        known: &FolderId,
        (root, deleted): &(FolderId, FolderId),
    ) -> Result<Option<(String, FolderId)>, Trouble> {
        let all = self.below(&wire::ews::FolderId::of(root.as_str()).into()).await?;
        let tree = Tree::of(&all);
        if tree.is_within(known, deleted) {
            return Ok(None);
        }
        Ok(paths(&all, root).into_iter().find(|(_, id)| id == known))
    }

    /// Every folder below another, with the folder each lies in.
    pub(super) async fn tree(&self, top: &FolderRef) -> Result<Tree, Trouble> {
        Ok(Tree::of(&self.below(top).await?))
    }

    async fn below(&self, top: &FolderRef) -> Result<Vec<Folder>, Trouble> {
        let mut all = Vec::new();
        let mut offset = 0;
        for _ in 0..PAGES {
            let asked = FindFolder {
                extended: Vec::new(),
                parent: top.clone(),
                traversal: FolderTraversal::Deep,
                offset,
                most: PAGE,
            };
            let page = self.reach.one(&asked, Effect::Read).await?;
            let count = u32::try_from(page.folders.len()).unwrap_or(PAGE);
            let last = page.is_last() || count == 0;
            all.extend(page.folders.into_iter().filter(|folder| folder.id.is_some()));
            if last {
                return Ok(all);
            }
            offset = page.next_offset.filter(|next| *next > offset).unwrap_or(offset + count);
        }
        Err(Trouble::Broken { why: "the mailbox has more folders than are read".to_owned() })
    }
}

fn folder_id(folder: &Folder) -> FolderId {
    FolderId::new(folder.id.as_ref().map(|id| id.id.clone()).unwrap_or_default())
}

fn no_folder() -> Trouble {
    Trouble::Broken { why: "the server did not name one of the mailbox's default folders".to_owned() }
}

/// Each folder by the names that lead to it from the top, in lower case.
fn paths(below: &[Folder], top: &FolderId) -> Vec<(String, FolderId)> {
    let by_id: BTreeMap<FolderId, &Folder> = below.iter().map(|folder| (folder_id(folder), folder)).collect();
    let name_of = |folder: &Folder| folder.name.as_deref().unwrap_or_default().to_lowercase();
    by_id
        .iter()
        .map(|(id, folder)| {
            let mut path = name_of(folder);
            let mut at = *folder;
            for _ in 0..100 {
                let Some(parent) = at.parent.as_ref().map(|parent| FolderId::new(&parent.id)) else { break };
                if parent == *top {
                    break;
                }
                let Some(above) = by_id.get(&parent) else { break };
                path = format!("{}/{path}", name_of(above));
                at = above;
            }
            (path, id.clone())
        })
        .collect()
}

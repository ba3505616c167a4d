//! What items and folders are known by: ids exactly as the server gave them, byte for byte.

use crate::xml::{Element, Writer};

/// An item's id with the key of the version last seen. Ids differ by letter case and are never normalised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId {
    /// The id.
    pub id: String,
    /// The key of the version, when the server gave one.
    pub change_key: Option<String>,
}

impl ItemId {
    /// An id without a version.
    pub fn of(id: impl Into<String>) -> Self {
        Self { id: id.into(), change_key: None }
    }

    /// An id with the version it was read in; an empty one is none.
    pub fn at(id: impl Into<String>, change_key: impl Into<String>) -> Self {
        Self { id: id.into(), change_key: Some(change_key.into()).filter(|key| !key.is_empty()) }
    }

    pub(crate) fn read(element: &Element<'_>) -> Option<Self> {
        let [id, change_key] = element.attributes(["Id", "ChangeKey"]);
        let id = id.filter(|id| !id.is_empty())?;
        Some(Self { id, change_key: change_key.filter(|key| !key.is_empty()) })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        match &self.change_key {
            Some(key) => w.empty("t:ItemId", &[("Id", &self.id), ("ChangeKey", key)]),
            None => w.empty("t:ItemId", &[("Id", &self.id)]),
        }
    }
}

impl std::fmt::Debug for ItemId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id)
    }
}

/// A folder's id with the key of the version last seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderId {
    /// The id.
    pub id: String,
    /// The key of the version, when the server gave one.
    pub change_key: Option<String>,
}

impl FolderId {
    /// An id without a version.
    pub fn of(id: impl Into<String>) -> Self {
        Self { id: id.into(), change_key: None }
    }

    pub(crate) fn read(element: &Element<'_>) -> Option<Self> {
        let [id, change_key] = element.attributes(["Id", "ChangeKey"]);
        let id = id.filter(|id| !id.is_empty())?;
        Some(Self { id, change_key: change_key.filter(|key| !key.is_empty()) })
    }
}

impl std::fmt::Debug for FolderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id)
    }
}

/// A folder named in a request: by its id, or by what every mailbox has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderRef {
    /// By id.
    Id(FolderId),
    /// By what it is.
    Distinguished(DistinguishedFolder),
    /// By what it is, in the mailbox of this address.
    Of(DistinguishedFolder, String),
}

impl FolderRef {
    pub(crate) fn write(&self, w: &mut Writer) {
        match self {
            Self::Id(folder) => match &folder.change_key {
                Some(key) => w.empty("t:FolderId", &[("Id", &folder.id), ("ChangeKey", key)]),
                None => w.empty("t:FolderId", &[("Id", &folder.id)]),
            },
            Self::Distinguished(folder) => w.empty("t:DistinguishedFolderId", &[("Id", folder.name())]),
            Self::Of(folder, address) => w.element("t:DistinguishedFolderId", &[("Id", folder.name())], |w| {
                w.element("t:Mailbox", &[], |w| w.text("t:EmailAddress", address));
            }),
        }
    }
}

impl From<DistinguishedFolder> for FolderRef {
    fn from(folder: DistinguishedFolder) -> Self {
        Self::Distinguished(folder)
    }
}

impl From<FolderId> for FolderRef {
    fn from(folder: FolderId) -> Self {
        Self::Id(folder)
    }
}

/// Folders that every mailbox has, whatever they are called in its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DistinguishedFolder {
    /// The mailbox's root, above what a person sees.
    Root,
    /// The top of what a person sees.
    MsgFolderRoot,
    /// Inbox.
    Inbox,
    /// Calendar.
    Calendar,
    /// Contacts.
    Contacts,
    /// Tasks.
    Tasks,
    /// Deleted Items.
    DeletedItems,
    /// Where items go from Deleted Items.
    RecoverableItemsDeletions,
    /// The top of the archive mailbox.
    ArchiveMsgFolderRoot,
    /// Deleted Items of the archive mailbox.
    ArchiveDeletedItems,
}

impl DistinguishedFolder {
    /// The folder's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::MsgFolderRoot => "msgfolderroot",
            Self::Inbox => "inbox",
            Self::Calendar => "calendar",
            Self::Contacts => "contacts",
            Self::Tasks => "tasks",
            Self::DeletedItems => "deleteditems",
            Self::RecoverableItemsDeletions => "recoverableitemsdeletions",
            Self::ArchiveMsgFolderRoot => "archivemsgfolderroot",
            Self::ArchiveDeletedItems => "archivedeleteditems",
        }
    }
}

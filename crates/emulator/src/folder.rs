//! Folders: the ones every mailbox has, the noise a real one carries, and what is kept about each.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::change_log::ChangeLog;
use crate::item::extended::{ExtKey, ExtPath, ExtValue};
use crate::item::schema::ItemKind;
use crate::item::time::written;

/// One folder of a mailbox.
#[derive(Default)]
pub(crate) struct Folder {
    pub no: u64,
    pub parent: Option<u64>,
    pub name: String,
    pub class: String,
    pub distinguished: Option<&'static str>,
    pub hidden: bool,
    pub extended: BTreeMap<ExtKey, ExtValue>,
    pub change: u64,
    /// When the folder itself changed last.
    pub modified: Timestamp,
    /// When something in it was added, changed or removed last.
    pub committed: Timestamp,
    pub log: ChangeLog,
}

/// A folder that a new mailbox has: its distinguished name (or none), its parent's place in this list, name, class, whether it is hidden.
pub(crate) struct Planned {
    pub distinguished: Option<&'static str>,
    pub parent: Option<usize>,
    pub name: &'static str,
    pub class: &'static str,
    pub hidden: bool,
}

const fn named(distinguished: &'static str, parent: usize, name: &'static str, class: &'static str) -> Planned {
    Planned { distinguished: Some(distinguished), parent: Some(parent), name, class, hidden: false }
}

const fn root(distinguished: &'static str) -> Planned {
    Planned { distinguished: Some(distinguished), parent: None, name: "", class: "", hidden: false }
}

const fn noise(parent: usize, name: &'static str, class: &'static str, hidden: bool) -> Planned {
    Planned { distinguished: None, parent: Some(parent), name, class, hidden }
}

const fn hidden(distinguished: &'static str, parent: usize, name: &'static str, class: &'static str) -> Planned {
    Planned { distinguished: Some(distinguished), parent: Some(parent), name, class, hidden: true }
}

/// The folders of a new mailbox and its archive (trap 122: the ones a sync must not take for the user's own are among them).
pub(crate) const FOLDERS: &[Planned] = &[
    root("root"),
    named("msgfolderroot", 0, "Top of Information Store", "IPF.Note"),
    named("inbox", 1, "Inbox", "IPF.Note"),
    named("calendar", 1, "Calendar", "IPF.Appointment"),
    named("contacts", 1, "Contacts", "IPF.Contact"),
    named("tasks", 1, "Tasks", "IPF.Task"),
    named("deleteditems", 1, "Deleted Items", "IPF.Note"),
    named("sentitems", 1, "Sent Items", "IPF.Note"),
    named("drafts", 1, "Drafts", "IPF.Note"),
    named("outbox", 1, "Outbox", "IPF.Note"),
    named("junkemail", 1, "Junk Email", "IPF.Note"),
    named("notes", 1, "Notes", "IPF.StickyNote"),
    named("journal", 1, "Journal", "IPF.Journal"),
    named("conversationhistory", 1, "Conversation History", "IPF.Note"),
    named("syncissues", 1, "Sync Issues", "IPF.Note"),
    named("conflicts", 14, "Conflicts", "IPF.Note"),
    named("localfailures", 14, "Local Failures", "IPF.Note"),
    named("serverfailures", 14, "Server Failures", "IPF.Note"),
    noise(3, "Birthdays", "IPF.Appointment.Birthday", false),
    noise(1, "Suggested Contacts", "IPF.Contact", false),
    hidden("recipientcache", 4, "Recipient Cache", "IPF.Contact.RecipientCache"),
    hidden("quickcontacts", 4, "Skype for Business Contacts", "IPF.Contact.MOC.QuickContacts"),
    hidden("imcontactlist", 4, "{06967759-274D-40B2-A3EB-D7F9E73727D7}", "IPF.Contact.MOC.ImContactList"),
    noise(4, "GAL Contacts", "IPF.Contact.GalContacts", true),
    noise(4, "Organizational Contacts", "IPF.Contact.OrganizationalContacts", true),
    noise(4, "{A9E2BC46-B3A0-4243-B315-60D991004455}", "IPF.Contact.Company", true),
    named("searchfolders", 0, "Finder", ""),
    named("recoverableitemsroot", 0, "Recoverable Items", ""),
    named("recoverableitemsdeletions", 27, "Deletions", ""),
    named("recoverableitemsversions", 27, "Versions", ""),
    named("recoverableitemspurges", 27, "Purges", ""),
    root("archiveroot"),
    named("archivemsgfolderroot", 31, "Top of Information Store", "IPF.Note"),
    named("archiveinbox", 32, "Inbox", "IPF.Note"),
    named("archivedeleteditems", 32, "Deleted Items", "IPF.Note"),
    noise(32, "Calendar", "IPF.Appointment", false),
    noise(32, "Contacts", "IPF.Contact", false),
    noise(32, "Tasks", "IPF.Task", false),
    named("archiverecoverableitemsroot", 31, "Recoverable Items", ""),
    named("archiverecoverableitemsdeletions", 38, "Deletions", ""),
];

/// The kinds of folder element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FolderKind {
    Mail,
    Calendar,
    Contacts,
    Tasks,
}

impl Folder {
    pub(crate) fn kind(&self) -> FolderKind {
        let is = |class: &str| self.class == class || self.class.starts_with(&format!("{class}."));
        if is("IPF.Appointment") {
            FolderKind::Calendar
        } else if is("IPF.Contact") {
            FolderKind::Contacts
        } else if is("IPF.Task") {
            FolderKind::Tasks
        } else {
            FolderKind::Mail
        }
    }

    /// The element that holds such a folder.
    pub(crate) fn element(&self) -> &'static str {
        match self.kind() {
            FolderKind::Mail => "Folder",
            FolderKind::Calendar => "CalendarFolder",
            FolderKind::Contacts => "ContactsFolder",
            FolderKind::Tasks => "TasksFolder",
        }
    }

    /// The class of a new folder when the request names none.
    pub(crate) fn default_class(element: &str) -> &'static str {
        match element {
            "CalendarFolder" => "IPF.Appointment",
            "ContactsFolder" => "IPF.Contact",
            "TasksFolder" => "IPF.Task",
            _ => "IPF.Note",
        }
    }

    /// The first byte of a folder's change key.
    pub(crate) fn change_key_byte(&self) -> u8 {
        match self.kind() {
            FolderKind::Mail => 1,
            FolderKind::Calendar => 2,
            FolderKind::Contacts => 3,
            FolderKind::Tasks => 4,
        }
    }

    /// Whether an item of this kind may be created here.
    pub(crate) fn takes(&self, kind: ItemKind) -> bool {
        match kind {
            ItemKind::Calendar => self.kind() == FolderKind::Calendar,
            ItemKind::Contact | ItemKind::DistributionList => self.kind() == FolderKind::Contacts,
            ItemKind::Task => self.kind() == FolderKind::Tasks,
            ItemKind::Item
            | ItemKind::Message
            | ItemKind::MeetingRequest
            | ItemKind::MeetingResponse
            | ItemKind::MeetingCancellation
            | ItemKind::Post => true,
        }
    }

    /// An extended property of the folder, the ones it knows by itself included.
    pub(crate) fn extended_value(&self, path: &ExtPath) -> Option<ExtValue> {
        if let Some(value) = self.extended.get(&path.key) {
            return (value.kind == path.kind).then(|| value.clone());
        }
        let value = match &path.key {
            ExtKey::Tag(0x10f4) => ExtValue::one("Boolean", if self.hidden { "true" } else { "false" }),
            ExtKey::Tag(0x3613) => ExtValue::one("String", self.class.clone()),
            ExtKey::Tag(0x3001) => ExtValue::one("String", self.name.clone()),
            ExtKey::Tag(0x3602) => ExtValue::one("Integer", self.log.len().to_string()),
            ExtKey::Tag(0x3008) => ExtValue::one("SystemTime", written(self.modified)),
            ExtKey::Tag(0x670a) => ExtValue::one("SystemTime", written(self.committed)),
            ExtKey::Tag(_) | ExtKey::Id(..) | ExtKey::Name(..) => return None,
        };
        (value.kind == path.kind).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parent_stands_before_its_children_and_is_what_it_should_be() {
        for (at, folder) in FOLDERS.iter().enumerate() {
            assert!(folder.parent.is_none_or(|parent| parent < at));
        }
        let parent_of = |name: &str| {
            let folder = FOLDERS.iter().find(|folder| folder.distinguished == Some(name)).unwrap();
            folder.parent.map(|at| FOLDERS[at].distinguished.unwrap())
        };
        assert_eq!(parent_of("recipientcache"), Some("contacts"));
        assert_eq!(parent_of("conflicts"), Some("syncissues"));
        assert_eq!(parent_of("recoverableitemsdeletions"), Some("recoverableitemsroot"));
        assert_eq!(parent_of("archivedeleteditems"), Some("archivemsgfolderroot"));
        assert_eq!(parent_of("archiverecoverableitemsdeletions"), Some("archiverecoverableitemsroot"));
    }
}

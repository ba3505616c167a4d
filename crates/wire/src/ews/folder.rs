//! A folder of a mailbox.

use std::collections::BTreeMap;

use super::item::read_extended;
use super::{ExtendedPath, FolderId, Value};
use crate::xml::{Element, Error, Reader};

/// A folder with what was asked for of it.
#[derive(Clone, PartialEq)]
pub struct Folder {
    /// What it holds.
    pub kind: FolderKind,
    /// Its id and version.
    pub id: Option<FolderId>,
    /// The folder it is in.
    pub parent: Option<FolderId>,
    /// Its class, such as `IPF.Contact`.
    pub class: Option<String>,
    /// Its name, in the mailbox's language.
    pub name: Option<String>,
    /// How many items it holds.
    pub total: Option<u64>,
    /// How many folders are below it.
    pub children: Option<u64>,
    /// Which of the folders that every mailbox has it is.
    pub distinguished: Option<String>,
    /// Extended properties that were asked for and are there.
    pub extended: BTreeMap<ExtendedPath, Value>,
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Folder({:?}, {:?})", self.kind, self.id)
    }
}

/// What a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FolderKind {
    /// Contacts.
    Contacts,
    /// Appointments.
    Calendar,
    /// Tasks.
    Tasks,
    /// The results of a search.
    Search,
    /// Mail and anything else.
    Other,
}

impl FolderKind {
    fn of_element(name: &str) -> Self {
        match name {
            "ContactsFolder" => Self::Contacts,
            "CalendarFolder" => Self::Calendar,
            "TasksFolder" => Self::Tasks,
            "SearchFolder" => Self::Search,
            _ => Self::Other,
        }
    }

    pub(crate) fn element(self) -> &'static str {
        match self {
            Self::Contacts => "t:ContactsFolder",
            Self::Calendar => "t:CalendarFolder",
            Self::Tasks => "t:TasksFolder",
            Self::Search => "t:SearchFolder",
            Self::Other => "t:Folder",
        }
    }
}

impl Folder {
    pub(crate) fn read(r: &mut Reader<'_>, element: &Element<'_>) -> Result<Self, Error> {
        let mut folder = Self {
            kind: FolderKind::of_element(element.name),
            id: None,
            parent: None,
            class: None,
            name: None,
            total: None,
            children: None,
            distinguished: None,
            extended: BTreeMap::new(),
        };
        r.children(|r, part| {
            match part.name {
                "FolderId" => folder.id = FolderId::read(part),
                "ParentFolderId" => folder.parent = FolderId::read(part),
                "FolderClass" => folder.class = Some(r.text()?),
                "DisplayName" => folder.name = Some(r.text()?),
                "TotalCount" => folder.total = r.text()?.trim().parse().ok(),
                "ChildFolderCount" => folder.children = r.text()?.trim().parse().ok(),
                "DistinguishedFolderId" => folder.distinguished = Some(r.text()?),
                "ExtendedProperty" => {
                    let (mut path, mut value) = (None, None);
                    read_extended(r, &mut path, &mut value)?;
                    if let (Some(path), Some(value)) = (path, value) {
                        folder.extended.insert(path, value);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(folder)
    }
}

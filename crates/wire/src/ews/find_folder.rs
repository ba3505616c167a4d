//! FindFolder: the folders below a folder.

use super::envelope::{Operation, Reply};
use super::get_folder::write_folder_shape;
use super::value::read_flag;
use super::{ExtendedPath, Folder, FolderRef};
use crate::xml::{Element, Error, Reader, Writer};

/// Lists folders.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/findfolder-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindFolder {
    /// Extended properties wanted beside what every folder has.
    pub extended: Vec<ExtendedPath>,
    /// Below which folder.
    pub parent: FolderRef,
    /// How far down.
    pub traversal: FolderTraversal,
    /// Where the page begins, counted from zero.
    pub offset: u32,
    /// How many folders at most.
    pub most: u32,
}

/// How far down folders are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderTraversal {
    /// Only the folders right below.
    Shallow,
    /// All of them.
    Deep,
}

impl Operation for FindFolder {
    type Reply = FolderPage;
    const NAME: &'static str = "FindFolder";

    fn write(&self, w: &mut Writer) {
        let traversal = match self.traversal {
            FolderTraversal::Shallow => "Shallow",
            FolderTraversal::Deep => "Deep",
        };
        w.element("m:FindFolder", &[("Traversal", traversal)], |w| {
            write_folder_shape(w, &self.extended);
            let (most, offset) = (self.most.max(1).to_string(), self.offset.to_string());
            let page = [("MaxEntriesReturned", most.as_str()), ("Offset", &offset), ("BasePoint", "Beginning")];
            w.empty("m:IndexedPageFolderView", &page);
            w.element("m:ParentFolderIds", &[], |w| self.parent.write(w));
        });
    }
}

/// One page of folders.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FolderPage {
    /// The folders.
    pub folders: Vec<Folder>,
    /// Where the next page begins.
    pub next_offset: Option<u32>,
    said_last: Option<bool>,
    given: bool,
}

impl FolderPage {
    /// Whether there are no more. A server that does not say so has come to the end when a page is empty: until then
    /// there may be more (trap 148).
    pub fn is_last(&self) -> bool {
        self.said_last.unwrap_or(self.folders.is_empty())
    }
}

impl Reply for FolderPage {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        if element.name != "RootFolder" {
            return Ok(());
        }
        self.given = true;
        self.said_last = element.attribute("IncludesLastItemInRange").and_then(|t| read_flag(&t));
        self.next_offset = element.attribute("IndexedPagingOffset").and_then(|t| t.trim().parse().ok());
        r.children(|r, part| {
            if part.name != "Folders" {
                return Ok(());
            }
            r.children(|r, folder| {
                super::value::bounded(r, &self.folders)?;
                self.folders.push(Folder::read(r, folder)?);
                Ok(())
            })
        })
    }

    fn complete(&self, r: &Reader<'_>) -> Result<(), Error> {
        if self.given { Ok(()) } else { Err(r.missing("RootFolder")) }
    }

    fn is_given(&self) -> bool {
        self.given
    }
}

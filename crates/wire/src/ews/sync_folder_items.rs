//! SyncFolderItems: what changed in a folder since a state the server gave us.

use super::envelope::{Operation, Reply};
use super::value::read_flag;
use super::{FolderRef, Item, ItemId, ItemKind, Shape};
use crate::xml::{Element, Error, Reader, Writer};

/// Asks for the changes of a folder.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/syncfolderitems-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncFolderItems {
    /// What is wanted of each item.
    pub shape: Shape,
    /// Which folder.
    pub folder: FolderRef,
    /// The state of the last answer; none for the whole folder.
    pub state: Option<String>,
    /// The most changes of one answer, at most [`SyncFolderItems::MOST`].
    pub most: u32,
}

impl SyncFolderItems {
    /// The most changes a server gives at once.
    pub const MOST: u32 = 512;
}

impl Operation for SyncFolderItems {
    type Reply = Changes;
    const NAME: &'static str = "SyncFolderItems";

    fn write(&self, w: &mut Writer) {
        w.element("m:SyncFolderItems", &[], |w| {
            self.shape.write_items(w);
            w.element("m:SyncFolderId", &[], |w| self.folder.write(w));
            if let Some(state) = &self.state {
                w.text("m:SyncState", state);
            }
            w.text("m:MaxChangesReturned", &self.most.clamp(1, Self::MOST).to_string());
        });
    }
}

/// One page of changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// The state to ask with next time.
    pub state: String,
    /// The changes, in the server's order.
    pub changes: Vec<Change>,
    /// How many changes were of a kind we do not know, or named no item.
    pub unknown: u32,
    said_last: Option<bool>,
}

impl Changes {
    /// Whether this was the last page. A server that does not say so has come to the end when a page is empty: until
    /// then there may be more (trap 148).
    pub fn is_last(&self) -> bool {
        self.said_last.unwrap_or(self.is_empty())
    }

    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.unknown == 0
    }

    /// The same as the last page, whatever the server says of it.
    pub fn at_the_end(self) -> Self {
        Self { said_last: Some(true), ..self }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The item is new to this state.
    Create(Item),
    /// The item was changed.
    Update(Item),
    /// The item is no longer in this folder. That is not yet proof that it was deleted. (C12, trap 7)
    Delete(ItemId),
    /// The item was marked as read or unread.
    ReadFlag(ItemId),
}

impl Reply for Changes {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        match element.name {
            "SyncState" => {
                self.state = r.text()?.trim().to_owned();
            }
            "IncludesLastItemInRange" => {
                self.said_last = read_flag(&r.text()?);
            }
            "Changes" => r.children(|r, change| {
                super::value::bounded(r, &self.changes)?;
                match read_change(r, change)? {
                    Some(change) => self.changes.push(change),
                    None => self.unknown += 1,
                }
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    }

    /// A page without a state proves nothing: nobody can go on from it. (trap 148)
    fn complete(&self, r: &Reader<'_>) -> Result<(), Error> {
        if self.state.is_empty() { Err(r.missing("SyncState")) } else { Ok(()) }
    }

    fn is_given(&self) -> bool {
        !self.state.is_empty()
    }
}

fn read_change(r: &mut Reader<'_>, change: &Element<'_>) -> Result<Option<Change>, Error> {
    let mut found = None;
    r.children(|r, part| {
        let read = match (change.name, part.name) {
            // The id alone, without an item around it: what it is will be seen when it is read.
            ("Create" | "Update", "ItemId") => {
                ItemId::read(part).map(|id| Change::Update(Item { id: Some(id), ..Item::new(ItemKind::Other) }))
            }
            ("Create" | "Update", _) => {
                let item = Item::read(r, part)?;
                match (&item.id, change.name) {
                    (None, _) => None,
                    (Some(_), "Create") => Some(Change::Create(item)),
                    (Some(_), _) => Some(Change::Update(item)),
                }
            }
            ("Delete", "ItemId" | "OccurrenceItemId") => ItemId::read(part).map(Change::Delete),
            ("ReadFlagChange", "ItemId") => ItemId::read(part).map(Change::ReadFlag),
            _ => None,
        };
        // Whatever else stands behind the item takes nothing of it away.
        found = found.take().or(read);
        Ok(())
    })?;
    Ok(found)
}

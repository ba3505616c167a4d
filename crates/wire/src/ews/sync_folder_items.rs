//! SyncFolderItems: what changed in a folder since a state the server gave us.

use super::envelope::{Operation, Reply};
use super::value::read_flag;
use super::{FolderRef, Item, ItemId, Shape};
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
            w.text("m:SyncScope", "NormalItems");
        });
    }
}

/// One page of changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// The state to ask with next time.
    pub state: String,
    /// Whether this was the last page.
    pub last: bool,
    /// The changes, in the server's order.
    pub changes: Vec<Change>,
    /// How many changes were of a kind we do not know, or named no item.
    pub unknown: u32,
    state_given: bool,
    last_given: bool,
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
                self.state = r.text()?;
                self.state_given = !self.state.is_empty();
            }
            "IncludesLastItemInRange" => {
                let flag = read_flag(&r.text()?);
                self.last_given = flag.is_some();
                self.last = flag.unwrap_or(false);
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

    /// A page without a state, or that does not say whether it is the last, proves nothing. (trap 148)
    fn complete(&self, r: &Reader<'_>) -> Result<(), Error> {
        if !self.state_given {
            return Err(r.missing("SyncState"));
        }
        if !self.last_given {
            return Err(r.missing("IncludesLastItemInRange"));
        }
        Ok(())
    }
}

fn read_change(r: &mut Reader<'_>, change: &Element<'_>) -> Result<Option<Change>, Error> {
    let mut found = None;
    r.children(|r, part| {
        found = match (change.name, part.name) {
            ("Create" | "Update", _) => {
                let item = Item::read(r, part)?;
                match (&item.id, change.name) {
                    (None, _) => None,
                    (Some(_), "Create") => Some(Change::Create(item)),
                    (Some(_), _) => Some(Change::Update(item)),
                }
            }
            ("Delete", "ItemId") => ItemId::read(part).map(Change::Delete),
            ("ReadFlagChange", "ItemId") => ItemId::read(part).map(Change::ReadFlag),
            _ => found.take(),
        };
        Ok(())
    })?;
    Ok(found)
}

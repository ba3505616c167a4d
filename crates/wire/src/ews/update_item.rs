//! UpdateItem: changing values of items, each only while its version is the one we saw.

use super::envelope::Operation;
use super::get_item::{ItemRef, Items};
use super::item_write::write_one;
use super::{ItemKind, Mail, Path, Value};
use crate::xml::Writer;

/// Changes items.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/updateitem-operation>
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateItem {
    /// What happens when an item has changed since its key was read.
    pub conflicts: ConflictResolution,
    /// Whether people invited are written to.
    pub mail: Mail,
    /// The changes; at least one.
    pub changes: Vec<ItemChange>,
}

/// What happens when an item has changed since its key was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConflictResolution {
    /// The update is refused. Nobody's newer change is lost. (trap 49)
    #[default]
    NeverOverwrite,
    /// The server merges what it can.
    AutoResolve,
    /// The update wins. Only for properties that are ours alone.
    AlwaysOverwrite,
}

impl ConflictResolution {
    fn name(self) -> &'static str {
        match self {
            Self::NeverOverwrite => "NeverOverwrite",
            Self::AutoResolve => "AutoResolve",
            Self::AlwaysOverwrite => "AlwaysOverwrite",
        }
    }
}

/// The changes of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemChange {
    /// Which item; its change key is what the conflict resolution goes by.
    pub item: ItemRef,
    /// What kind of item it is.
    pub kind: ItemKind,
    /// What changes; at least one.
    pub fields: Vec<FieldChange>,
}

/// The change of one value.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldChange {
    /// It gets this value.
    Set(Path, Value),
    /// It is taken away, which is not the same as emptying it.
    Delete(Path),
}

impl FieldChange {
    /// Which value.
    pub fn path(&self) -> &Path {
        match self {
            Self::Set(path, _) | Self::Delete(path) => path,
        }
    }
}

impl Operation for UpdateItem {
    type Reply = Items;
    const NAME: &'static str = "UpdateItem";

    fn items(&self) -> usize {
        self.changes.len()
    }

    fn write(&self, w: &mut Writer) {
        let mut attributes = vec![("ConflictResolution", self.conflicts.name()), ("MessageDisposition", "SaveOnly")];
        if self.changes.iter().any(|c| c.kind == ItemKind::CalendarItem) {
            attributes.push(("SendMeetingInvitationsOrCancellations", self.mail.on_update()));
        }
        w.element("m:UpdateItem", &attributes, |w| {
            w.element("m:ItemChanges", &[], |w| {
                for change in &self.changes {
                    w.element("t:ItemChange", &[], |w| {
                        change.item.write(w);
                        w.element("t:Updates", &[], |w| {
                            change.fields.iter().for_each(|field| write_field(w, change.kind, field));
                        });
                    });
                }
            });
        });
    }
}

fn write_field(w: &mut Writer, kind: ItemKind, field: &FieldChange) {
    match field {
        FieldChange::Set(path, value) => w.element("t:SetItemField", &[], |w| {
            path.write(w);
            write_one(w, kind, path, value);
        }),
        FieldChange::Delete(path) => w.element("t:DeleteItemField", &[], |w| path.write(w)),
    }
}

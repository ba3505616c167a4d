//! CreateItem: making items.

use super::envelope::Operation;
use super::get_item::Items;
use super::item_write::write_item;
use super::{FolderRef, Item, ItemKind, Mail};
use crate::xml::Writer;

/// Makes items in one folder.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/createitem-operation>
#[derive(Debug, Clone, PartialEq)]
pub struct CreateItem {
    /// In which folder.
    pub folder: FolderRef,
    /// The items; at least one.
    pub items: Vec<Item>,
    /// Whether people invited are written to.
    pub mail: Mail,
}

impl Operation for CreateItem {
    type Reply = Items;
    const NAME: &'static str = "CreateItem";

    fn items(&self) -> usize {
        self.items.len()
    }

    fn write(&self, w: &mut Writer) {
        let mut attributes = vec![("MessageDisposition", "SaveOnly")];
        // Without this attribute servers before 2010 invite, and later ones refuse.
        if self.items.iter().any(|i| i.kind == ItemKind::CalendarItem) {
            attributes.push(("SendMeetingInvitations", self.mail.on_create_or_delete()));
        }
        w.element("m:CreateItem", &attributes, |w| {
            w.element("m:SavedItemFolderId", &[], |w| self.folder.write(w));
            w.element("m:Items", &[], |w| self.items.iter().for_each(|item| write_item(w, item)));
        });
    }
}

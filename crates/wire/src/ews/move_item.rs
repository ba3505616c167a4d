//! MoveItem: putting items into another folder, where they get new ids.

use super::FolderRef;
use super::envelope::Operation;
use super::get_item::{ItemRef, Items, write_ids};
use crate::xml::Writer;

/// Moves items.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/moveitem-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveItem {
    /// Where to.
    pub to: FolderRef,
    /// The items; at least one.
    pub ids: Vec<ItemRef>,
    /// Whether their new ids are asked for: no server before 2010 SP1 knows the word, and each of those tells them anyway.
    ///
    /// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/returnnewitemids>
    pub asks_for_ids: bool,
}

impl Operation for MoveItem {
    type Reply = Items;
    const NAME: &'static str = "MoveItem";

    fn write(&self, w: &mut Writer) {
        w.element("m:MoveItem", &[], |w| {
            w.element("m:ToFolderId", &[], |w| self.to.write(w));
            write_ids(w, &self.ids);
            if self.asks_for_ids {
                w.text("m:ReturnNewItemIds", "true");
            }
        });
    }
}

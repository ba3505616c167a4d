//! GetItem: reading items by id.

use super::envelope::{Operation, Reply};
use super::{Item, ItemId, Shape};
use crate::xml::{Element, Error, Reader, Writer};

/// Reads items by id.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/getitem-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetItem {
    /// What is wanted of each.
    pub shape: Shape,
    /// Which items; at least one.
    pub ids: Vec<ItemRef>,
}

/// An item named in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemRef {
    /// By its id.
    Item(ItemId),
    /// An occurrence by its series and its number, counted from 1 with those taken out.
    Occurrence {
        /// The series.
        master: ItemId,
        /// The number.
        index: u32,
    },
    /// The series of an occurrence.
    MasterOf(ItemId),
}

impl From<ItemId> for ItemRef {
    fn from(id: ItemId) -> Self {
        Self::Item(id)
    }
}

impl ItemRef {
    pub(crate) fn write(&self, w: &mut Writer) {
        match self {
            Self::Item(id) => id.write(w),
            Self::Occurrence { master, index } => {
                let index = index.to_string();
                let mut attributes = vec![("RecurringMasterId", master.id.as_str())];
                if let Some(key) = &master.change_key {
                    attributes.push(("ChangeKey", key));
                }
                attributes.push(("InstanceIndex", &index));
                w.empty("t:OccurrenceItemId", &attributes);
            }
            Self::MasterOf(occurrence) => {
                let mut attributes = vec![("OccurrenceId", occurrence.id.as_str())];
                if let Some(key) = &occurrence.change_key {
                    attributes.push(("ChangeKey", key));
                }
                w.empty("t:RecurringMasterItemId", &attributes);
            }
        }
    }
}

/// Writes a list of items.
pub(crate) fn write_ids(w: &mut Writer, ids: &[ItemRef]) {
    w.element("m:ItemIds", &[], |w| ids.iter().for_each(|id| id.write(w)));
}

impl Operation for GetItem {
    type Reply = Items;
    const NAME: &'static str = "GetItem";

    fn items(&self) -> usize {
        self.ids.len()
    }

    fn write(&self, w: &mut Writer) {
        w.element("m:GetItem", &[], |w| {
            self.shape.write_items(w);
            write_ids(w, &self.ids);
        });
    }
}

/// The items of one result; most operations give one, or none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Items(pub Vec<Item>);

impl Items {
    /// The only item, when there is one.
    pub fn first(self) -> Option<Item> {
        self.0.into_iter().next()
    }
}

impl Reply for Items {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        if element.name == "Items" {
            r.children(|r, item| {
                super::value::bounded(r, &self.0)?;
                self.0.push(Item::read(r, item)?);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn is_given(&self) -> bool {
        !self.0.is_empty()
    }
}

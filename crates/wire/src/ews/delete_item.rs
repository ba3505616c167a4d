//! DeleteItem: removing items, by default to Deleted Items, where a person can get them back.

use super::Mail;
use super::envelope::Operation;
use super::get_item::{ItemRef, write_ids};
use crate::xml::Writer;

/// Removes items. The server ignores change keys here, so the caller has read the item right before.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/deleteitem-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteItem {
    /// Where they go.
    pub how: DeleteType,
    /// Whether people invited are written to.
    pub mail: Mail,
    /// What becomes of the other occurrences of a recurring task.
    pub tasks: AffectedTaskOccurrences,
    /// The items; at least one.
    pub ids: Vec<ItemRef>,
}

/// Where a removed item goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeleteType {
    /// To Deleted Items.
    #[default]
    MoveToDeletedItems,
    /// To the recoverable items, which a person does not see.
    SoftDelete,
    /// Nowhere.
    HardDelete,
}

impl DeleteType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MoveToDeletedItems => "MoveToDeletedItems",
            Self::SoftDelete => "SoftDelete",
            Self::HardDelete => "HardDelete",
        }
    }
}

/// What a delete takes of a recurring task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AffectedTaskOccurrences {
    /// All of it.
    #[default]
    AllOccurrences,
    /// Only the present one; the next takes its place.
    SpecifiedOccurrenceOnly,
}

impl Operation for DeleteItem {
    type Reply = ();
    const NAME: &'static str = "DeleteItem";

    fn items(&self) -> usize {
        self.ids.len()
    }

    fn write(&self, w: &mut Writer) {
        let tasks = match self.tasks {
            AffectedTaskOccurrences::AllOccurrences => "AllOccurrences",
            AffectedTaskOccurrences::SpecifiedOccurrenceOnly => "SpecifiedOccurrenceOnly",
        };
        // Both attributes are optional in the schema and demanded by servers, each for its kind of item.
        let attributes = [
            ("DeleteType", self.how.name()),
            ("SendMeetingCancellations", self.mail.on_create_or_delete()),
            ("AffectedTaskOccurrences", tasks),
        ];
        w.element("m:DeleteItem", &attributes, |w| write_ids(w, &self.ids));
    }
}

//! FindItem: looking for items by a condition, page by page, or in a span of the calendar.

use jiff::Timestamp;

use super::envelope::{Operation, Reply};
use super::value::read_flag;
use super::{FolderRef, Item, Moment, Restriction, Shape};
use crate::xml::{Element, Error, Reader, Writer};

/// Looks for items.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/finditem-operation>
#[derive(Debug, Clone, PartialEq)]
pub struct FindItem {
    /// What is wanted of each item.
    pub shape: Shape,
    /// Which part of the results.
    pub view: View,
    /// Which items; all when none.
    pub restriction: Option<Restriction>,
    /// In which folders; each gives a result of its own. At least one, and exactly one for a span of time.
    pub folders: Vec<FolderRef>,
}

/// Which part of the results is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// So many, from this place on, counted from zero.
    Page {
        /// Where to begin.
        offset: u32,
        /// How many at most.
        most: u32,
    },
    /// What takes place in a span of time, with every series shown as its occurrences. Takes no condition.
    Calendar {
        /// The span.
        span: Span,
        /// How many at most.
        most: u32,
    },
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, not included.
    pub to: Timestamp,
}

impl Operation for FindItem {
    type Reply = ItemPage;
    const NAME: &'static str = "FindItem";

    fn write(&self, w: &mut Writer) {
        w.element("m:FindItem", &[("Traversal", "Shallow")], |w| {
            self.shape.write_items(w);
            match self.view {
                View::Page { offset, most } => {
                    let (most, offset) = (most.max(1).to_string(), offset.to_string());
                    let page = [("MaxEntriesReturned", most.as_str()), ("Offset", &offset), ("BasePoint", "Beginning")];
                    w.empty("m:IndexedPageItemView", &page);
                    if let Some(restriction) = &self.restriction {
                        restriction.write(w);
                    }
                }
                View::Calendar { span, most } => {
                    let (from, to) = (Moment::utc(span.from).write(), Moment::utc(span.to).write());
                    let most = most.max(1).to_string();
                    w.empty("m:CalendarView", &[("MaxEntriesReturned", &most), ("StartDate", &from), ("EndDate", &to)]);
                }
            }
            w.element("m:ParentFolderIds", &[], |w| {
                self.folders.iter().for_each(|f| f.write(w));
            });
        });
    }
}

/// One page of what was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ItemPage {
    /// The items.
    pub items: Vec<Item>,
    /// Where the next page begins.
    pub next_offset: Option<u32>,
    /// How many there are in all.
    pub total: Option<u64>,
    said_last: Option<bool>,
    given: bool,
}

impl ItemPage {
    /// Whether there are no more. A server that does not say so has come to the end when a page is empty: until then
    /// there may be more (trap 148).
    pub fn is_last(&self) -> bool {
        self.said_last.unwrap_or(self.items.is_empty())
    }
}

impl Reply for ItemPage {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        if element.name != "RootFolder" {
            return Ok(());
        }
        self.given = true;
        self.said_last = element.attribute("IncludesLastItemInRange").and_then(|t| read_flag(&t));
        self.next_offset = element.attribute("IndexedPagingOffset").and_then(|t| t.trim().parse().ok());
        self.total = element.attribute("TotalItemsInView").and_then(|t| t.trim().parse().ok());
        r.children(|r, part| {
            if part.name != "Items" {
                return Ok(());
            }
            r.children(|r, item| {
                super::value::bounded(r, &self.items)?;
                self.items.push(Item::read(r, item)?);
                Ok(())
            })
        })
    }

    /// An answer without a page proves nothing about what there is. (trap 148)
    fn complete(&self, r: &Reader<'_>) -> Result<(), Error> {
        if self.given { Ok(()) } else { Err(r.missing("RootFolder")) }
    }

    fn is_given(&self) -> bool {
        self.given
    }
}

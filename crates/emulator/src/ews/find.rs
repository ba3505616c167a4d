//! FindItem: listing and searching folders.

use crate::codes::{Code, Outcome};
use crate::ews::folders::page_of;
use crate::ews::restriction::{Restriction, SortOrder, Subject};
use crate::ews::soap::{Fault, Messages};
use crate::ews::{Answer, Call, calendar_view, choice, listed, required};
use crate::item::Item;
use crate::item::render::{View, render};
use crate::mailbox::Mailbox;
use crate::quirks::Quirk;
use crate::shape::{Place, Shape};
use crate::xml::Element;

/// The throttling policy's limit of one answer.
const MAX_FOUND: usize = 1000;

/// What would change the answer and is not carried out: said, not passed over.
const UNSERVED: [&str; 6] = [
    "FractionalPageItemView",
    "SeekToConditionPageItemView",
    "ContactsView",
    "GroupBy",
    "DistinguishedGroupBy",
    "QueryString",
];

/// One folder's part of an answer.
struct Listing {
    mailbox: u64,
    /// Items that stand in the mailbox, by number; or the written-out occurrences of a window.
    items: Vec<Item>,
    total: usize,
    /// Absent in a calendar view.
    next: Option<usize>,
    last: bool,
}

/// FindItem: always with `RootFolder`, `TotalItemsInView` and `IncludesLastItemInRange`.
pub(crate) fn find(call: &mut Call<'_>, body: &Element) -> Answer {
    let shape = Shape::read(required(body, "ItemShape")?)?;
    let traversal = choice(body, "Traversal", &["Shallow", "SoftDeleted", "Associated"])?
        .ok_or_else(|| Fault::schema("The required attribute 'Traversal' is missing."))?;
    for name in UNSERVED {
        if body.child(name).is_some() {
            return Err(Fault {
                text: format!("'{name}' is not served here."),
                ..Fault::new(Code::ErrorInvalidRequest)
            });
        }
    }
    let restriction = match body.child("Restriction") {
        Some(element) => Some(Restriction::read(element, &call.zone)?),
        None => None,
    };
    let sort = match body.child("SortOrder") {
        Some(element) => Some(SortOrder::read(element)?),
        None => None,
    };
    let mut messages = Messages::new("FindItem", "");
    let quirks = call.world.servers.get(call.server).map(|server| server.quirks.clone()).unwrap_or_default();
    for parent in listed(body, "ParentFolderIds")?.elements() {
        let listed = match body.child("CalendarView") {
            Some(view) => window(call, parent, view),
            None => {
                list(call, parent, traversal, restriction.as_ref(), sort.as_ref(), body.child("IndexedPageItemView"))
            }
        };
        let done = listed.and_then(|listing| {
            let store = call.store(listing.mailbox)?;
            messages.success(|xml| {
                let next = listing.next.map(|next| next.to_string());
                let total = listing.total.to_string();
                let mut attrs: Vec<(&str, &str)> = Vec::new();
                if let Some(next) = &next {
                    attrs.push(("IndexedPagingOffset", next));
                }
                attrs.push(("TotalItemsInView", &total));
                attrs.push(("IncludesLastItemInRange", if listing.last { "true" } else { "false" }));
                xml.open_with("m:RootFolder", &attrs);
                let view = View { mailbox: store, shape: &shape, place: Place::Listing, quirks: &quirks };
                if listing.items.is_empty() {
                    xml.empty("t:Items", &[]);
                } else {
                    xml.open("t:Items");
                    for item in &listing.items {
                        render(xml, &view, item);
                    }
                    xml.close("t:Items");
                }
                xml.close("m:RootFolder");
            });
            Ok(())
        });
        if let Err(refusal) = done {
            messages.refused(&refusal);
        }
    }
    Ok(messages.finish())
}

fn window(call: &Call<'_>, parent: &Element, view: &Element) -> Outcome<Listing> {
    let (mailbox, folder) = call.folder(parent)?;
    let store = call.store(mailbox)?;
    let window = calendar_view::list(store, folder, view, &call.zone)?;
    let items = shortened(call, window.items);
    Ok(Listing { mailbox, total: items.len(), items, next: None, last: window.last })
}

fn list(
    call: &Call<'_>,
    parent: &Element,
    traversal: &str,
    restriction: Option<&Restriction>,
    sort: Option<&SortOrder>,
    page: Option<&Element>,
) -> Outcome<Listing> {
    let (mailbox, folder) = call.folder(parent)?;
    let store = call.store(mailbox)?;
    let folder = store.folders.get(&folder).ok_or(Code::ErrorFolderNotFound)?;
    let mut members: Vec<&Item> = match traversal {
        "Shallow" => folder.log.members().rev().filter_map(|no| store.items.get(&no)).collect(),
        _ => Vec::new(),
    };
    if let Some(restriction) = restriction {
        members.retain(|item| restriction.holds(&Subject::Item(store, item)));
    }
    if let Some(sort) = sort {
        members = sorted(store, members, sort);
    }
    let total = members.len();
    let (offset, max) = page_of(page)?;
    let offset = if page.is_some_and(|page| page.attr("BasePoint") == Some("End")) {
        // Counted from the end, a page ends `offset` before it.
        total.saturating_sub(offset.saturating_add(max))
    } else {
        offset.min(total)
    };
    let items: Vec<Item> = members.into_iter().skip(offset).take(max.min(MAX_FOUND)).cloned().collect();
    let next = offset + items.len();
    let last = next >= total;
    let items = shortened(call, items);
    Ok(Listing { mailbox, items, total, next: Some(next), last })
}

fn sorted<'a>(store: &Mailbox, items: Vec<&'a Item>, sort: &SortOrder) -> Vec<&'a Item> {
    let mut keyed: Vec<_> = items.into_iter().map(|item| (sort.keys(&Subject::Item(store, item)), item)).collect();
    keyed.sort_by(|(one, _), (other, _)| sort.compare(one, other));
    keyed.into_iter().map(|(_, item)| item).collect()
}

/// The quirks that leave things out of listings (trap 145).
fn shortened(call: &Call<'_>, items: Vec<Item>) -> Vec<Item> {
    if call.quirk(Quirk::EmptyListing) {
        return Vec::new();
    }
    if call.quirk(Quirk::ShortListing) {
        return items.into_iter().step_by(2).collect();
    }
    items
}

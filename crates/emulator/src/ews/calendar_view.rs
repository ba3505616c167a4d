//! CalendarView: a window of a calendar with every series written out.

use jiff::Timestamp;

use crate::codes::{Code, Outcome};
use crate::folder::FolderKind;
use crate::item::series;
use crate::item::{Item, time};
use crate::mailbox::Mailbox;
use crate::xml::Element;
use crate::zone::Zone;

/// Exchange refuses a window of more than two years.
const MAX_WINDOW_SECONDS: i64 = 2 * 366 * 86_400;
/// What a window may hold at most.
const MAX_ENTRIES: usize = 1000;

/// What a window shows, and whether that is all.
pub(crate) struct Window {
    pub items: Vec<Item>,
    pub last: bool,
}

/// Lists a calendar's window, by start.
pub(crate) fn list(store: &Mailbox, folder: u64, view: &Element, zone: &Zone) -> Outcome<Window> {
    let folder = store.folders.get(&folder).ok_or(Code::ErrorFolderNotFound)?;
    if folder.kind() != FolderKind::Calendar {
        return Err(Code::ErrorCalendarFolderIsInvalidForCalendarView.into());
    }
    let edge = |name: &str| -> Outcome<Timestamp> {
        view.attr(name).and_then(|text| time::read(text, zone)).ok_or_else(|| Code::ErrorInvalidRequest.into())
    };
    let (from, to) = (edge("StartDate")?, edge("EndDate")?);
    if to < from {
        return Err(Code::ErrorCalendarEndDateIsEarlierThanStartDate.into());
    }
    if to.as_second() - from.as_second() > MAX_WINDOW_SECONDS {
        return Err(Code::ErrorCalendarViewRangeTooBig.into());
    }
    let asked: Option<usize> = view.attr("MaxEntriesReturned").and_then(|text| text.parse().ok());
    let mut items: Vec<Item> = Vec::new();
    for item in folder.log.members().filter_map(|no| store.items.get(&no)) {
        let Some(calendar) = item.calendar() else {
            continue;
        };
        if calendar.rule.is_some() {
            items.extend(series::between(calendar, from, to).iter().map(|instance| series::effective(item, instance)));
        } else if calendar.start < to && calendar.end > from
            || calendar.start == calendar.end && calendar.start >= from && calendar.start < to
        {
            items.push(item.clone());
        }
        if items.len() > 4 * MAX_ENTRIES {
            break;
        }
    }
    let start = |item: &Item| item.calendar().map(|calendar| calendar.start);
    items.sort_by_key(start);
    let max = match asked {
        Some(asked) => asked.min(MAX_ENTRIES),
        // Without a number Exchange gives all or nothing.
        None if items.len() > MAX_ENTRIES => return Err(Code::ErrorExceededFindCountLimit.into()),
        None => MAX_ENTRIES,
    };
    let last = items.len() <= max;
    items.truncate(max);
    Ok(Window { items, last })
}

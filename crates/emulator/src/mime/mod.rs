//! Items in the formats of the internet: appointments as iCalendar, contacts as vCard.

mod event;
mod ical_read;
mod ical_write;
mod lines;
mod rrule;
mod vcard;

pub(crate) use event::{Event, EventAttendee, EventTime};
pub(crate) use ical_read::read;
pub(crate) use rrule::read as rule;

use crate::item::Item;
use crate::item::schema::ItemKind;

/// The MIME content of an item; tasks and lists have none here.
pub(crate) fn content(item: &Item) -> Option<String> {
    match item.kind {
        ItemKind::Calendar => ical_write::calendar(item),
        ItemKind::Contact => Some(vcard::contact(item)),
        ItemKind::Message | ItemKind::MeetingRequest | ItemKind::MeetingResponse | ItemKind::MeetingCancellation => {
            Some(mail(item))
        }
        ItemKind::Item | ItemKind::DistributionList | ItemKind::Task | ItemKind::Post => None,
    }
}

fn mail(item: &Item) -> String {
    let address = |name: &str| {
        item.parts(name)
            .and_then(|list| list.first())
            .and_then(|mailbox| mailbox.child_text("EmailAddress"))
            .unwrap_or_default()
    };
    let kind = if item.body.html { "html" } else { "plain" };
    format!(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\nMIME-Version: 1.0\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{}",
        address("From"),
        address("ToRecipients"),
        item.subject(),
        item.body.text
    )
}

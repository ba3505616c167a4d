//! Meetings between mailboxes: what a request to send does to the people invited.

mod deliver;
mod message;
mod reply;

pub(crate) use deliver::{cancel, invite};
pub(crate) use message::{meeting as sent_copy, plain};
pub(crate) use reply::{Reply, reply};

use jiff::Timestamp;

use crate::ids::hex;
use crate::item::Item;
use crate::item::calendar::{Attendee, Person};
use crate::site::{MailKind, SinkEntry, World};

/// Who asks for a mail to be sent.
pub(crate) struct Sender<'a> {
    pub mailbox: u64,
    pub account: &'a str,
    pub now: Timestamp,
}

/// The people of a meeting to whom mail goes: everybody but the organiser.
pub(crate) fn recipients(item: &Item) -> Vec<Person> {
    item.calendar()
        .map(|calendar| {
            people(&calendar.attendees).into_iter().filter(|person| !person.is(&calendar.organizer.address)).collect()
        })
        .unwrap_or_default()
}

pub(crate) fn people(attendees: &[Attendee]) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for attendee in attendees {
        if !people.iter().any(|known| known.is(&attendee.person.address)) {
            people.push(attendee.person.clone());
        }
    }
    people
}

/// Writes a mail into the sink.
pub(crate) fn record(world: &mut World, sender: &Sender<'_>, kind: MailKind, recipients: &[Person], item: &Item) {
    let Some(store) = world.mailboxes.get(&sender.mailbox) else {
        return;
    };
    let entry = SinkEntry {
        at: sender.now,
        mailbox: store.address.clone(),
        account: sender.account.to_owned(),
        kind,
        recipients: recipients.iter().map(|one| one.address.clone()).collect(),
        subject: item.subject().to_owned(),
        item_id: store.item_id(item),
        global_id: item.calendar().map(|calendar| hex(&calendar.global_id)),
    };
    world.sent(entry);
}

//! Answers to invitations: what they do to the own copy, and how the organiser hears of them.

use jiff::Timestamp;

use crate::item::calendar::{Calendar, Response};
use crate::item::schema::ItemKind;
use crate::item::{Item, series};
use crate::mailbox::EventKind;
use crate::meeting::message::meeting;
use crate::meeting::{Sender, record};
use crate::site::{MailKind, World};

/// An answer somebody gives.
pub(crate) struct Reply<'a> {
    pub item: &'a Item,
    pub response: Response,
    /// A word to the organiser.
    pub body: Option<crate::item::body::Body>,
}

/// Sends an answer to the organiser.
pub(crate) fn reply(world: &mut World, sender: &Sender<'_>, given: &Reply<'_>) {
    let Some(calendar) = given.item.calendar() else {
        return;
    };
    let organizer = calendar.organizer.clone();
    record(world, sender, MailKind::Response, std::slice::from_ref(&organizer), given.item);
    let Some(me) = world.mailboxes.get(&sender.mailbox).map(|m| m.owner()) else {
        return;
    };
    set_answer(world, calendar, &me.address, given.response, sender.now);
    let home = world.by_address(&organizer.address);
    let Some(mailbox) = home.and_then(|no| world.mailboxes.get_mut(&no)) else {
        return;
    };
    let Some(inbox) = mailbox.distinguished("inbox") else {
        return;
    };
    let mut message = meeting(
        ItemKind::MeetingResponse,
        given.item,
        calendar,
        &me,
        std::slice::from_ref(&organizer),
        inbox,
        sender.now,
    );
    let (class, prefix) = match given.response {
        Response::Accept => ("IPM.Schedule.Meeting.Resp.Pos", "Accepted: "),
        Response::Tentative => ("IPM.Schedule.Meeting.Resp.Tent", "Tentative: "),
        Response::Decline => ("IPM.Schedule.Meeting.Resp.Neg", "Declined: "),
        Response::Unknown | Response::Organizer | Response::NoResponseReceived => return,
    };
    message.set_text("ItemClass", class);
    message.set_text("Subject", format!("{prefix}{}", given.item.subject()));
    message.set_text("ResponseType", given.response.name());
    message.body = given.body.clone().unwrap_or_else(|| crate::item::body::Body::stored(false, ""));
    let no = mailbox.insert_as(message, sender.now, EventKind::Created);
    mailbox.announce(no, inbox, sender.now);
}

/// Notes an answer beside the attendee's name in the organiser's own item.
pub(crate) fn set_answer(world: &mut World, theirs: &Calendar, attendee: &str, response: Response, now: Timestamp) {
    let home = world.by_address(&theirs.organizer.address);
    let Some(mailbox) = home.and_then(|no| world.mailboxes.get_mut(&no)) else {
        return;
    };
    let Some(mut item) = mailbox.meeting(&theirs.global_id, &theirs.dated_global_id()).cloned() else {
        return;
    };
    let original = theirs.occurrence.map(|occurrence| occurrence.original).or_else(|| instance_start(&item, theirs));
    let instance = original.and_then(|original| series::at(item.calendar()?, original));
    match instance {
        Some(instance) => {
            let mut shown = series::effective(&item, &instance);
            note(&mut shown, attendee, response, now);
            series::keep_exception(&mut item, &shown);
        }
        None => note(&mut item, attendee, response, now),
    }
    mailbox.update(item, false, now);
}

/// The occurrence that a single copy with an instance day stands for.
fn instance_start(organizers: &Item, theirs: &Calendar) -> Option<Timestamp> {
    let day = theirs.instance?;
    let calendar = organizers.calendar()?;
    series::instances(calendar)
        .find(|one| calendar.start_zone.local(one.original).date() == day)
        .map(|one| one.original)
}

fn note(item: &mut Item, attendee: &str, response: Response, now: Timestamp) {
    if let Some(calendar) = item.calendar_mut() {
        for known in &mut calendar.attendees {
            if known.person.is(attendee) {
                known.response = response;
                known.replied = Some(now);
            }
        }
    }
}

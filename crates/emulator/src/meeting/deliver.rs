//! Invitations, updates and cancellations arriving in the mailboxes of the same site.

use crate::item::calendar::{Attendee, Calendar, Person, Response};
use crate::item::schema::ItemKind;
use crate::item::{Detail, Item, series};
use crate::mailbox::{EventKind, Mailbox, MailboxKind};
use crate::meeting::message::meeting;
use crate::meeting::reply::set_answer;
use crate::meeting::{Sender, record};
use crate::site::{MailKind, World};

/// What travels with an invitation; categories, reminders and extended properties are the sender's own.
const TRAVELLING: &[&str] = &[
    "Subject",
    "Location",
    "Sensitivity",
    "Importance",
    "IsOnlineMeeting",
    "MeetingWorkspaceUrl",
    "NetShowUrl",
    "JoinOnlineMeetingUrl",
    "ConferenceType",
    "IsResponseRequested",
    "AllowNewTimeProposal",
];

/// Sends an invitation or its update to some people; the ones in this site get or keep a copy.
pub(crate) fn invite(world: &mut World, sender: &Sender<'_>, source: &Item, people: &[Person], update: bool) {
    if people.is_empty() {
        return;
    }
    let kind = if update { MailKind::Update } else { MailKind::Invitation };
    record(world, sender, kind, people, source);
    for person in people {
        let Some(no) = world.by_address(&person.address) else {
            continue;
        };
        if no == sender.mailbox {
            continue;
        }
        let room = world.mailboxes.get_mut(&no).and_then(|mailbox| {
            received(mailbox, sender, source, people, update);
            (mailbox.kind == MailboxKind::Room).then(|| mailbox.address.clone())
        });
        if let Some(room) = room
            && let Some(calendar) = source.calendar()
        {
            set_answer(world, calendar, &room, Response::Accept, sender.now);
        }
    }
}

fn received(mailbox: &mut Mailbox, sender: &Sender<'_>, source: &Item, people: &[Person], update: bool) {
    let Some(theirs) = source.calendar() else {
        return;
    };
    let (Some(folder), Some(inbox)) = (mailbox.distinguished("calendar"), mailbox.distinguished("inbox")) else {
        return;
    };
    // Found by the global id in the calendar (MS-OXOCAL 3.1.5.1, 3.1.4.7.2, 3.1.4.7.4.2): a received copy is updated in place,
    // whoever made it. What its owner organises himself is no copy of another's meeting: the request waits in the inbox.
    let known = mailbox.meeting(&theirs.global_id, &theirs.dated_global_id()).cloned();
    let fresh = known.is_none();
    if known.as_ref().and_then(Item::calendar).is_some_and(|mine| !mine.received) {
        put(mailbox, request(source, theirs, people, update, inbox, sender), sender);
        return;
    }
    let changed = match (known, theirs.occurrence) {
        (Some(mut master), Some(occurrence)) if master.calendar().is_some_and(|calendar| calendar.rule.is_some()) => {
            let instance = master.calendar().and_then(|calendar| series::at(calendar, occurrence.original));
            if let Some(instance) = instance {
                let mut shown = series::effective(&master, &instance);
                take_over(&mut shown, source, theirs);
                series::keep_exception(&mut master, &shown);
            }
            master
        }
        (Some(mut item), _) => {
            take_over(&mut item, source, theirs);
            item
        }
        (None, _) => {
            let mut item = new_copy(mailbox, folder, theirs, sender);
            take_over(&mut item, source, theirs);
            item
        }
    };
    let mut changed = changed;
    if mailbox.kind == MailboxKind::Room {
        // A room shows who holds it, not what for (trap 107), and says yes by itself.
        changed.set_text("Subject", theirs.organizer.name.clone());
        changed.body = crate::item::body::Body::stored(false, "");
        changed.set_text("LegacyFreeBusyStatus", "Busy");
        if let Some(calendar) = changed.calendar_mut() {
            calendar.my_response = Response::Accept;
        }
    }
    changed.modified = sender.now;
    changed.modified_by = theirs.organizer.name.clone();
    if fresh {
        mailbox.insert(changed, sender.now);
    } else {
        mailbox.update(changed, false, sender.now);
    }
    put(mailbox, request(source, theirs, people, update, inbox, sender), sender);
}

/// The request as it lies in an inbox.
fn request(source: &Item, theirs: &Calendar, to: &[Person], update: bool, inbox: u64, sender: &Sender<'_>) -> Item {
    let mut message = meeting(ItemKind::MeetingRequest, source, theirs, &theirs.organizer, to, inbox, sender.now);
    let kind = if update { "FullUpdate" } else { "NewMeetingRequest" };
    message.set_text("MeetingRequestType", kind);
    message.set_text("ResponseType", "NoResponseReceived");
    message.set_text("MyResponseType", "NoResponseReceived");
    message.set_text("IntendedFreeBusyStatus", source.text("LegacyFreeBusyStatus").unwrap_or("Busy"));
    message
}

fn put(mailbox: &mut Mailbox, message: Item, sender: &Sender<'_>) {
    let inbox = message.folder;
    let no = mailbox.insert_as(message, sender.now, EventKind::Created);
    mailbox.announce(no, inbox, sender.now);
}

fn new_copy(mailbox: &Mailbox, folder: u64, theirs: &Calendar, sender: &Sender<'_>) -> Item {
    let mut item = Item::new(0, folder, ItemKind::Calendar, sender.now);
    let mut calendar = theirs.clone();
    calendar.received = true;
    calendar.my_response = Response::NoResponseReceived;
    calendar.replied = None;
    calendar.request_sent = true;
    if let Some(occurrence) = theirs.occurrence {
        // Invited to one occurrence only: a single appointment whose global id carries the day.
        calendar.instance = Some(theirs.start_zone.local(occurrence.original).date());
        calendar.occurrence = None;
        calendar.uid = crate::ids::hex(&calendar.dated_global_id());
    }
    calendar.exceptions.clear();
    item.detail = Detail::Calendar(Box::new(calendar));
    item.set_text("ReminderIsSet", "true");
    item.set_text("ReminderMinutesBeforeStart", "15");
    item.modified_by = mailbox.display_name.clone();
    item
}

/// Takes what the organiser sent into a copy; a new time asks for a new answer.
fn take_over(item: &mut Item, source: &Item, theirs: &Calendar) {
    for name in TRAVELLING.iter().copied() {
        match source.props.get(name) {
            Some(value) => item.props.insert(name, value.clone()),
            None => item.props.remove(name),
        };
    }
    item.body = source.body.clone();
    let intended = source.text("LegacyFreeBusyStatus").unwrap_or("Busy").to_owned();
    item.set_text("IntendedFreeBusyStatus", intended.clone());
    let Some(mine) = item.calendar_mut() else {
        return;
    };
    let moved = mine.start != theirs.start || mine.end != theirs.end || mine.rule != theirs.rule;
    mine.start = theirs.start;
    mine.end = theirs.end;
    mine.start_zone = theirs.start_zone.clone();
    mine.end_zone = theirs.end_zone.clone();
    mine.all_day = theirs.all_day;
    mine.stamp = theirs.stamp;
    mine.sequence = theirs.sequence;
    mine.cancelled = false;
    mine.request_sent = true;
    mine.organizer = theirs.organizer.clone();
    mine.attendees = theirs
        .attendees
        .iter()
        .map(|attendee| Attendee { response: Response::Unknown, replied: None, ..attendee.clone() })
        .collect();
    if mine.occurrence.is_none() && theirs.occurrence.is_none() {
        if mine.rule != theirs.rule {
            mine.rule = theirs.rule.clone();
            mine.exceptions.clear();
        }
        mine.deleted = theirs.deleted.clone();
        for (original, exception) in &theirs.exceptions {
            let mut copy = exception.clone();
            copy.extended.clear();
            copy.props.retain(|name, _| TRAVELLING.contains(name));
            copy.my_response = None;
            copy.request_sent = None;
            mine.exceptions.insert(*original, copy);
        }
    }
    if moved {
        mine.my_response = Response::NoResponseReceived;
        mine.replied = None;
    }
    let unanswered = matches!(mine.my_response, Response::NoResponseReceived | Response::Unknown | Response::Tentative);
    let shown = if unanswered { "Tentative".to_owned() } else { intended };
    item.set_text("LegacyFreeBusyStatus", shown);
}

/// Sends a cancellation; the copies stay, marked cancelled, until their owners remove them (trap 101).
pub(crate) fn cancel(world: &mut World, sender: &Sender<'_>, source: &Item, people: &[Person]) {
    if people.is_empty() {
        return;
    }
    record(world, sender, MailKind::Cancellation, people, source);
    for person in people {
        let Some(no) = world.by_address(&person.address) else {
            continue;
        };
        if no != sender.mailbox
            && let Some(mailbox) = world.mailboxes.get_mut(&no)
        {
            cancelled(mailbox, sender, source, people);
        }
    }
}

fn cancelled(mailbox: &mut Mailbox, sender: &Sender<'_>, source: &Item, people: &[Person]) {
    let (Some(theirs), Some(inbox)) = (source.calendar(), mailbox.distinguished("inbox")) else {
        return;
    };
    if let Some(mut item) = mailbox.meeting(&theirs.global_id, &theirs.dated_global_id()).cloned() {
        let instance = theirs
            .occurrence
            .and_then(|occurrence| item.calendar().and_then(|calendar| series::at(calendar, occurrence.original)));
        match instance {
            Some(instance) => {
                let mut shown = series::effective(&item, &instance);
                mark_cancelled(&mut shown);
                series::keep_exception(&mut item, &shown);
            }
            None => mark_cancelled(&mut item),
        }
        item.modified = sender.now;
        mailbox.update(item, false, sender.now);
    }
    let mut message =
        meeting(ItemKind::MeetingCancellation, source, theirs, &theirs.organizer, people, inbox, sender.now);
    message.set_text("Subject", format!("Canceled: {}", source.subject()));
    message.set_text("ResponseType", "Unknown");
    put(mailbox, message, sender);
}

fn mark_cancelled(item: &mut Item) {
    if !item.subject().starts_with("Canceled: ") {
        let subject = format!("Canceled: {}", item.subject());
        item.set_text("Subject", subject);
    }
    item.set_text("LegacyFreeBusyStatus", "Free");
    if let Some(calendar) = item.calendar_mut() {
        calendar.cancelled = true;
    }
}

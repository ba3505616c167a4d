//! The messages that meetings leave in an inbox: requests, cancellations, answers; and ordinary mail.

use jiff::Timestamp;

use crate::ids::hex;
use crate::item::calendar::{Attendee, Calendar, Person, Role};
use crate::item::extended::{ExtKey, ExtValue};
use crate::item::schema::ItemKind;
use crate::item::time::written;
use crate::item::{Item, Value};
use crate::xml::Element;

/// A meeting message for a mailbox's inbox.
pub(crate) fn meeting(
    kind: ItemKind,
    source: &Item,
    calendar: &Calendar,
    from: &Person,
    to: &[Person],
    folder: u64,
    now: Timestamp,
) -> Item {
    let mut item = Item::new(0, folder, kind, now);
    item.set_text("Subject", source.subject());
    item.set_text("IsRead", "false");
    item.set_text("UID", hex(&calendar.dated_global_id()));
    item.set_text("DateTimeStamp", written(calendar.stamp));
    item.set_text("IsOrganizer", "false");
    item.set_text("Start", written(calendar.start));
    item.set_text("End", written(calendar.end));
    item.set_text("IsAllDayEvent", if calendar.all_day { "true" } else { "false" });
    item.set_text("CalendarItemType", calendar.type_name());
    item.set_text("IsMeeting", "true");
    item.set_text("IsCancelled", if calendar.cancelled { "true" } else { "false" });
    item.set_text("AppointmentSequenceNumber", calendar.sequence.to_string());
    if let Some(location) = source.text("Location") {
        item.set_text("Location", location);
    }
    if let Some(occurrence) = calendar.occurrence {
        item.set_text("OriginalStart", written(occurrence.original));
        item.set_text("RecurrenceId", written(occurrence.original));
    }
    if let Some(rule) = &calendar.rule {
        item.props.insert("Recurrence", Value::Parts(rule.element()));
    }
    put_person(&mut item, "Organizer", &calendar.organizer);
    for (name, role) in
        [("RequiredAttendees", Role::Required), ("OptionalAttendees", Role::Optional), ("Resources", Role::Resource)]
    {
        let mut list = Element::new(name);
        for attendee in calendar.attendees.iter().filter(|one| one.role == role) {
            list.push(Attendee::element(attendee));
        }
        if list.first().is_some() {
            item.props.insert(name, Value::Parts(list));
        }
    }
    addressed(&mut item, from, to);
    item.body = source.body.clone();
    item.extended.insert(ExtKey::in_set("Meeting", 0x23), ExtValue::bytes(&calendar.global_id));
    item.extended.insert(ExtKey::in_set("Meeting", 0x3), ExtValue::bytes(&calendar.dated_global_id()));
    item
}

fn put_person(item: &mut Item, name: &'static str, person: &Person) {
    let element = Element::new(name).with(person.element());
    item.props.insert(name, Value::Parts(element));
}

fn addressed(item: &mut Item, from: &Person, to: &[Person]) {
    put_person(item, "Sender", from);
    put_person(item, "From", from);
    let mut list = Element::new("ToRecipients");
    for person in to {
        list.push(person.element());
    }
    if list.first().is_some() {
        item.props.insert("ToRecipients", Value::Parts(list));
    }
}

/// An ordinary mail as it arrives.
pub(crate) fn plain(source: &Item, from: &Person, folder: u64, now: Timestamp) -> Item {
    let mut item = Item::new(0, folder, ItemKind::Message, now);
    for name in ["Subject", "Importance", "Sensitivity", "InternetMessageId"] {
        if let Some(text) = source.text(name) {
            item.set_text(name, text);
        }
    }
    for name in ["ToRecipients", "CcRecipients"] {
        if let Some(parts) = source.parts(name) {
            item.props.insert(name, Value::Parts(parts.clone()));
        }
    }
    put_person(&mut item, "Sender", from);
    put_person(&mut item, "From", from);
    item.set_text("IsRead", "false");
    item.body = source.body.clone();
    item.attachments = source.attachments.clone();
    item
}

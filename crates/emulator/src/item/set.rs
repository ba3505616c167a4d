//! Writing properties into an item as CreateItem and UpdateItem do: what is checked, what is worked out, what follows from it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::codes::{Code, Outcome, Refusal};
use crate::item::body::{Body, crlf};
use crate::item::calendar::{Attendee, Person, Response, Role};
use crate::item::contact::put_entry;
use crate::item::extended::{self, ExtFault, ExtPath, ExtValue};
use crate::item::schema::{Access, Form, ItemKind, fits};
use crate::item::set_parts::{read_attachment, set_entry};
use crate::item::task::{Status, Task, today};
use crate::item::{Detail, Item, Value, mapi, state, time};
use crate::recurrence::{Rule, RuleFault};
use crate::xml::Element;
use crate::zone::Zone;

/// What writing needs to know beside the item.
pub(crate) struct Setting<'a> {
    pub zone: &'a Zone,
    pub now: Timestamp,
    pub creating: bool,
    /// What MAPI properties say of a meeting's state is kept.
    pub keeps_state: bool,
    /// Quirk: `Organizer` may be set.
    pub keeps_organizer: bool,
    /// Quirk: telephone numbers lose their punctuation.
    pub normalises_phone: bool,
    /// Quirk: single-line texts are cut after so many characters.
    pub cuts_text: Option<usize>,
    /// The series came whole, with its exceptions, from MIME content.
    pub from_mime: bool,
    /// A start and an end that came without an offset: wall time in the zones that the same request may set.
    pub wall: [Option<DateTime>; 2],
    pub changed: BTreeSet<&'static str>,
}

/// Writes one property element into an item.
pub(crate) fn set(item: &mut Item, element: &Element, setting: &mut Setting<'_>) -> Outcome<()> {
    let name = element.name.as_str();
    let spec = item.kind.spec(name).ok_or(Code::ErrorInvalidPropertySet)?;
    let organizer = name == "Organizer" && setting.keeps_organizer;
    if spec.access == Access::Read && !organizer {
        return Err(refused(Code::ErrorInvalidPropertySet, name));
    }
    if !fits(spec.form, &element.text()) {
        return Err(refused(Code::ErrorInvalidValueForProperty, name));
    }
    setting.changed.insert(spec.name);
    match (item.kind, spec.name) {
        (_, "Body") => {
            let html = element.attr("BodyType") == Some("HTML");
            item.body = Body::stored(html, &element.text());
        }
        (_, "ExtendedProperty") => set_extended(item, element, setting)?,
        (_, "Attachments") => {
            for file in element.elements() {
                let no = item.attachments.len() as u64 + 1;
                item.attachments.push(read_attachment(file, no, setting.now)?);
            }
        }
        (_, "MimeContent") => {}
        (ItemKind::Calendar, _) => set_calendar(item, spec.name, element, setting)?,
        (ItemKind::Task, _) => set_task(item, spec.name, element, setting)?,
        (ItemKind::Contact, "EmailAddresses" | "PhysicalAddresses" | "PhoneNumbers" | "ImAddresses") => {
            for entry in element.elements() {
                set_entry(item, spec.name, entry, setting)?;
            }
        }
        (
            ItemKind::Contact
            | ItemKind::Item
            | ItemKind::Message
            | ItemKind::DistributionList
            | ItemKind::MeetingRequest
            | ItemKind::MeetingResponse
            | ItemKind::MeetingCancellation
            | ItemKind::Post,
            _,
        ) => set_plain(item, spec.name, spec.form, element, setting),
    }
    Ok(())
}

pub(crate) fn refused(code: Code, name: &str) -> Refusal {
    Refusal::saying(code, &format!("{} Property: {name}.", code.text()))
}

fn set_plain(item: &mut Item, name: &'static str, form: Form, element: &Element, setting: &Setting<'_>) {
    let value = match form {
        Form::Parts if element.first().is_none() => {
            item.props.remove(name);
            return;
        }
        Form::Parts => {
            let mut kept = element.clone();
            kept.name = name.to_owned();
            Value::Parts(kept)
        }
        Form::Text => {
            let text = crlf(&element.text());
            Value::Text(match setting.cuts_text {
                Some(max) => text.chars().take(max).collect(),
                None => text,
            })
        }
        Form::Bool => Value::Text(if truth(&element.word()) { "true" } else { "false" }.to_owned()),
        Form::Time => match time::read(&element.word(), setting.zone) {
            Some(at) => Value::Text(time::written(at)),
            None => return,
        },
        Form::Int | Form::Double | Form::Choice(_) => Value::Text(element.word()),
    };
    item.props.insert(name, value);
}

pub(crate) fn truth(word: &str) -> bool {
    matches!(word, "true" | "1")
}

fn set_calendar(item: &mut Item, name: &'static str, element: &Element, setting: &mut Setting<'_>) -> Outcome<()> {
    let creating = setting.creating;
    let form = item.kind.spec(name).map_or(Form::Text, |spec| spec.form);
    let Some(calendar) = item.calendar_mut() else {
        return Err(Code::ErrorInternalServerError.into());
    };
    match name {
        "Start" | "End" => {
            let at = time::read(&element.word(), setting.zone)
                .ok_or_else(|| refused(Code::ErrorInvalidValueForProperty, name))?;
            let wall = time::wall(&element.word());
            if name == "Start" {
                (calendar.start, setting.wall[0]) = (at, wall);
            } else {
                (calendar.end, setting.wall[1]) = (at, wall);
            }
        }
        "StartTimeZone" => {
            calendar.start_zone = Zone::from_definition(element).ok_or(Code::ErrorTimeZone)?;
        }
        "EndTimeZone" => {
            calendar.end_zone = Zone::from_definition(element).ok_or(Code::ErrorTimeZone)?;
        }
        "MeetingTimeZone" => {
            let zone = Zone::from_meeting_time_zone(element).ok_or(Code::ErrorTimeZone)?;
            calendar.start_zone = zone.clone();
            calendar.end_zone = zone;
        }
        "IsAllDayEvent" => calendar.all_day = truth(&element.word()),
        "UID" if creating => calendar.set_uid(&element.text()),
        "UID" => return Err(refused(Code::ErrorInvalidPropertySet, name)),
        "DateTimeStamp" => {
            calendar.stamp = time::read(&element.word(), setting.zone).unwrap_or(setting.now);
        }
        "Organizer" => {
            let person = element.child("Mailbox").and_then(Person::read);
            if let Some(person) = person {
                if !person.is(&calendar.organizer.address) {
                    calendar.received = true;
                    calendar.my_response = Response::NoResponseReceived;
                }
                calendar.organizer = person;
            }
        }
        "RequiredAttendees" | "OptionalAttendees" | "Resources" => {
            let role = Role::of_list(name).ok_or(Code::ErrorInternalServerError)?;
            let new = Attendee::read_list(element, role).ok_or_else(|| refused(Code::ErrorInvalidRecipients, name))?;
            replace_attendees(&mut calendar.attendees, role, new);
        }
        "Recurrence" => {
            if calendar.occurrence.is_some() {
                return Err(refused(Code::ErrorInvalidPropertySet, name));
            }
            calendar.rule = Some(read_rule(element, false)?);
        }
        _ => set_plain(item, name, form, element, setting),
    }
    Ok(())
}

fn read_rule(element: &Element, tasks: bool) -> Outcome<Rule> {
    Rule::read(element, tasks).map_err(|fault| {
        match fault {
            RuleFault::Invalid => Code::ErrorCalendarInvalidRecurrence,
            RuleFault::BadWeeklyDay => Code::ErrorCalendarInvalidDayForWeeklyRecurrence,
            RuleFault::NoOccurrence => Code::ErrorRecurrenceHasNoOccurrence,
        }
        .into()
    })
}

/// Replaces one list; the answers of people who stay in it are kept.
fn replace_attendees(all: &mut Vec<Attendee>, role: Role, new: Vec<Attendee>) {
    let old: Vec<Attendee> = all.iter().filter(|one| one.role == role).cloned().collect();
    all.retain(|one| one.role != role);
    for mut one in new {
        if let Some(known) = old.iter().find(|old| old.person.is(&one.person.address)) {
            one.response = known.response;
            one.replied = known.replied;
        }
        all.push(one);
    }
}

/// Whether the day it was done was written under its MAPI name alone, in this request: it says nothing of the status.
fn has_raw_day(task: &Task) -> bool {
    task.completed.is_some() && !task.is_complete()
}

fn set_task(item: &mut Item, name: &'static str, element: &Element, setting: &Setting<'_>) -> Outcome<()> {
    let form = item.kind.spec(name).map_or(Form::Text, |spec| spec.form);
    let Some(task) = item.task_mut() else {
        return Err(Code::ErrorInternalServerError.into());
    };
    let day = || {
        time::read_day(&element.word(), setting.zone).ok_or_else(|| refused(Code::ErrorInvalidValueForProperty, name))
    };
    match name {
        "StartDate" => task.start = Some(day()?),
        "DueDate" => task.due = Some(day()?),
        "CompleteDate" => {
            let day = day()?;
            if day > today(setting.now) {
                return Err(Code::ErrorInvalidCompleteDate.into());
            }
            // "Setting the CompleteDate property has the same effect as setting the PercentComplete property to 100 or the
            // Status property to Completed", and what is set last determines all three.
            (task.status, task.percent, task.completed) = (Status::Completed, 100.0, Some(day));
        }
        "Status" => {
            let raw = has_raw_day(task);
            task.status =
                Status::of(&element.word()).ok_or_else(|| refused(Code::ErrorInvalidValueForProperty, name))?;
            if task.is_complete() && !raw {
                task.completed = Some(today(setting.now));
            }
        }
        "PercentComplete" => {
            let percent: f64 = element.word().parse().unwrap_or(-1.0);
            if !(0.0..=100.0).contains(&percent) {
                return Err(Code::ErrorInvalidPercentCompleteValue.into());
            }
            task.percent = percent;
            if percent >= 100.0 && !has_raw_day(task) {
                task.completed = Some(today(setting.now));
            }
        }
        "Recurrence" => {
            task.rule = Some(read_rule(element, true)?);
            task.done = 0;
        }
        _ => set_plain(item, name, form, element, setting),
    }
    Ok(())
}

fn set_extended(item: &mut Item, element: &Element, setting: &mut Setting<'_>) -> Outcome<()> {
    let (path, value) = extended::read_property(element, setting.zone).map_err(|fault| match fault {
        ExtFault::Path => Code::ErrorInvalidExtendedProperty,
        ExtFault::CustomTag => Code::ErrorNoPropertyTagForCustomProperties,
        ExtFault::Value => Code::ErrorInvalidExtendedPropertyValue,
    })?;
    put_extended(item, path, value, setting)
}

/// Stores an extended property; one that is a standard property under its MAPI name sets that.
fn put_extended(item: &mut Item, path: ExtPath, value: ExtValue, setting: &mut Setting<'_>) -> Outcome<()> {
    if let Some(name) = extended::alias(&path.key).filter(|_| path.kind == "String")
        && let Some(spec) = item.kind.spec(name)
    {
        item.set_text(spec.name, value.first());
        return Ok(());
    }
    if item.kind == ItemKind::Contact
        && path.kind == "String"
        && let Some(key) = extended::phone_alias(&path.key)
    {
        let new = (!value.first().is_empty()).then(|| Element::leaf("Entry", value.first()).with_attr("Key", key));
        put_entry(item, "PhoneNumbers", key, new);
        return Ok(());
    }
    if mapi::set_part(item, &path, Some(value.first())) || state::set(item, &path, &value, setting)? {
        return Ok(());
    }
    if let Some(element) = mapi::as_element(item, &path, &value) {
        if element.name == "CompleteDate"
            && let (Some(day), Some(task)) = (time::read_day(&element.word(), setting.zone), item.task_mut())
        {
            task.completed = Some(day);
            setting.changed.insert("CompleteDate");
            return Ok(());
        }
        return set(item, &element, setting);
    }
    item.extended.insert(path.key, value);
    Ok(())
}

/// Takes an extended property away, with the standard property it mirrors.
pub(crate) fn delete_extended(item: &mut Item, path: &ExtPath, setting: &mut Setting<'_>) -> Outcome<()> {
    if mapi::set_part(item, path, None) {
        return Ok(());
    }
    if let Some(name) = mapi::standard(item, path) {
        return delete(item, name, setting);
    }
    if let Some(name) = extended::alias(&path.key).filter(|_| path.kind == "String") {
        item.props.remove(name);
    }
    if let Some(key) = extended::phone_alias(&path.key) {
        put_entry(item, "PhoneNumbers", key, None);
    }
    if item.extended.get(&path.key).is_some_and(|value| value.kind == path.kind) {
        item.extended.remove(&path.key);
    }
    Ok(())
}

/// Clears a standard property, as DeleteItemField does.
pub(crate) fn delete(item: &mut Item, name: &str, setting: &mut Setting<'_>) -> Outcome<()> {
    let spec = item.kind.spec(name).ok_or_else(|| refused(Code::ErrorInvalidPropertyDelete, name))?;
    if spec.access == Access::Read {
        return Err(refused(Code::ErrorInvalidPropertyDelete, name));
    }
    setting.changed.insert(spec.name);
    match (&mut item.detail, spec.name) {
        (_, "Body") => item.body = Body::stored(false, ""),
        (_, "Attachments" | "MimeContent" | "ExtendedProperty") => {
            return Err(refused(Code::ErrorInvalidPropertyDelete, name));
        }
        (Detail::Calendar(_), "Start" | "End" | "UID" | "DateTimeStamp" | "IsAllDayEvent" | "LegacyFreeBusyStatus") => {
            return Err(refused(Code::ErrorInvalidPropertyDelete, name));
        }
        (Detail::Calendar(calendar), "StartTimeZone" | "EndTimeZone" | "MeetingTimeZone") => {
            calendar.start_zone = Zone::utc();
            calendar.end_zone = Zone::utc();
        }
        (Detail::Calendar(calendar), "RequiredAttendees" | "OptionalAttendees" | "Resources") => {
            let role = Role::of_list(spec.name);
            calendar.attendees.retain(|one| Some(one.role) != role);
        }
        (Detail::Calendar(calendar), "Recurrence") => calendar.rule = None,
        (Detail::Task(task), "StartDate") => task.start = None,
        (Detail::Task(task), "DueDate") => task.due = None,
        (Detail::Task(task), "CompleteDate") => task.completed = None,
        (Detail::Task(task), "Recurrence") => task.rule = None,
        (Detail::Task(task), "Status") => task.status = Status::NotStarted,
        (Detail::Task(task), "PercentComplete") => task.percent = 0.0,
        (Detail::None | Detail::Calendar(_) | Detail::Task(_), _) => {
            item.props.remove(spec.name);
        }
    }
    Ok(())
}

/// Adds to a property, as AppendToItemField does: only bodies and lists of people allow it.
pub(crate) fn append(item: &mut Item, element: &Element, setting: &mut Setting<'_>) -> Outcome<()> {
    let name = element.name.as_str();
    let spec = item.kind.spec(name).ok_or_else(|| refused(Code::ErrorInvalidPropertyAppend, name))?;
    setting.changed.insert(spec.name);
    match spec.name {
        "Body" => {
            let html = element.attr("BodyType") == Some("HTML");
            item.body.append(html, &element.text());
        }
        "RequiredAttendees" | "OptionalAttendees" | "Resources" => {
            let role = Role::of_list(spec.name).ok_or(Code::ErrorInternalServerError)?;
            let new = Attendee::read_list(element, role).ok_or_else(|| refused(Code::ErrorInvalidRecipients, name))?;
            let Some(calendar) = item.calendar_mut() else {
                return Err(refused(Code::ErrorInvalidPropertyAppend, name));
            };
            calendar.attendees.extend(new);
        }
        "ToRecipients" | "CcRecipients" | "BccRecipients" | "ReplyTo" => {
            let mut all = item.parts(spec.name).cloned().unwrap_or_else(|| Element::new(spec.name));
            all.children.extend(element.children.iter().cloned());
            item.props.insert(spec.name, Value::Parts(all));
        }
        _ => return Err(refused(Code::ErrorInvalidPropertyAppend, name)),
    }
    Ok(())
}

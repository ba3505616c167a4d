//! CreateItem with MimeContent: an appointment given as iCalendar.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;

use crate::codes::{Code, Outcome};
use crate::item::body::Body;
use crate::item::calendar::{Attendee, Person, Response, Role};
use crate::item::schema::ItemKind;
use crate::item::set::Setting;
use crate::item::{Item, Value, series};
use crate::mime::{self, Event, EventAttendee};
use crate::recurrence::Rule;
use crate::xml::Element;
use crate::zone::Zone;

/// Reads the MIME content of a new item into it.
pub(crate) fn read_into(item: &mut Item, element: &Element, setting: &mut Setting<'_>) -> Outcome<()> {
    let packed: String = element.text().split_whitespace().collect();
    let bytes = STANDARD.decode(packed).map_err(|_| Code::ErrorMimeContentInvalidBase64String)?;
    let text = String::from_utf8(bytes).map_err(|_| Code::ErrorMimeContentInvalid)?;
    match item.kind {
        ItemKind::Calendar => {
            // Some clients pack the calendar into a message: what counts begins with the calendar itself.
            let at = text.find("BEGIN:VCALENDAR").unwrap_or(0);
            let calendar = mime::read(&text[at..]).ok_or(Code::ErrorMimeContentInvalid)?;
            let request = calendar.method.as_deref() == Some("REQUEST");
            let (master, exceptions) = calendar.events.split_first().ok_or(Code::ErrorMimeContentInvalid)?;
            whole(item, master, setting, request)?;
            for event in exceptions {
                exception(item, event, setting.zone)?;
            }
            setting.from_mime = true;
            Ok(())
        }
        ItemKind::Message | ItemKind::Item | ItemKind::Post => {
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or(("", &text));
            for line in head.lines() {
                if let Some(subject) = line.strip_prefix("Subject: ") {
                    item.set_text("Subject", subject);
                }
            }
            item.body = Body::stored(false, body);
            Ok(())
        }
        ItemKind::Contact
        | ItemKind::DistributionList
        | ItemKind::Task
        | ItemKind::MeetingRequest
        | ItemKind::MeetingResponse
        | ItemKind::MeetingCancellation => Err(Code::ErrorMimeContentInvalid.into()),
    }
}

fn whole(item: &mut Item, event: &Event, setting: &Setting<'_>, request: bool) -> Outcome<()> {
    texts(item, event);
    let keeps = request || setting.keeps_organizer;
    let zone = setting.zone;
    let start = event.start.as_ref().ok_or(Code::ErrorMimeContentInvalid)?;
    let Some(calendar) = item.calendar_mut() else {
        return Err(Code::ErrorMimeContentInvalid.into());
    };
    if let Some(uid) = &event.uid {
        calendar.set_uid(uid);
    }
    calendar.all_day = event.is_whole();
    calendar.start_zone = start.zone().unwrap_or_else(|| zone.clone());
    calendar.end_zone =
        event.end.as_ref().and_then(crate::mime::EventTime::zone).unwrap_or_else(|| calendar.start_zone.clone());
    let series_zone = calendar.start_zone.clone();
    calendar.start = start.instant(&series_zone);
    calendar.end = end_of(event, calendar.start, &series_zone);
    calendar.sequence = event.sequence.unwrap_or(0);
    calendar.cancelled = event.cancelled;
    if let Some(organizer) = &event.organizer
        && keeps
        && !calendar.organizer.is(&organizer.address)
    {
        calendar.organizer = Person::new(&organizer.name, &organizer.address);
        calendar.received = true;
        calendar.my_response = Response::NoResponseReceived;
    }
    calendar.attendees = event.attendees.iter().map(attendee).collect();
    if let Some(text) = &event.rrule {
        let day = series_zone.local(calendar.start).date();
        let rule: Rule = mime_rule(text, day).ok_or(Code::ErrorMimeContentInvalid)?;
        calendar.rule = Some(rule);
        series::align_master(calendar);
        for excluded in &event.exdates {
            let at = if excluded.is_day() && !calendar.all_day {
                // A day excluded from a timed series means its occurrence of that day (trap 62).
                let time = series_zone.local(calendar.start).time();
                let day = series_zone.local(excluded.instant(&series_zone)).date();
                series_zone.instant(day.to_datetime(time))
            } else {
                excluded.instant(&series_zone)
            };
            if series::at(calendar, at).is_some() {
                calendar.deleted.insert(at);
            }
        }
    }
    Ok(())
}

fn mime_rule(text: &str, day: jiff::civil::Date) -> Option<Rule> {
    let rule = mime::rule(text, day)?;
    rule.days().next()?;
    Some(rule)
}

fn end_of(event: &Event, start: jiff::Timestamp, zone: &Zone) -> jiff::Timestamp {
    if let Some(end) = &event.end {
        return end.instant(zone);
    }
    let seconds = match event.duration_seconds {
        Some(seconds) => seconds,
        None if event.start.as_ref().is_some_and(crate::mime::EventTime::is_day) => 86_400,
        None => 0,
    };
    start.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(start)
}

fn texts(item: &mut Item, event: &Event) {
    let mut put = |name: &'static str, text: &Option<String>| {
        if let Some(text) = text {
            item.set_text(name, text.clone());
        }
    };
    put("Subject", &event.summary);
    put("Location", &event.location);
    if let Some(text) = &event.description {
        item.body = Body::stored(false, text);
    }
    match event.class.as_deref() {
        Some("PRIVATE") => item.set_text("Sensitivity", "Private"),
        Some("CONFIDENTIAL") => item.set_text("Sensitivity", "Confidential"),
        Some(_) | None => {}
    }
    match event.priority {
        Some(1..=4) => item.set_text("Importance", "High"),
        Some(6..=9) => item.set_text("Importance", "Low"),
        Some(_) | None => {}
    }
    let busy = match event.busy.as_deref() {
        Some("FREE") => "Free",
        Some("TENTATIVE") => "Tentative",
        Some("OOF") => "OOF",
        Some("WORKINGELSEWHERE") => "WorkingElsewhere",
        Some(_) => "Busy",
        None if event.transparent => "Free",
        None => "Busy",
    };
    item.set_text("LegacyFreeBusyStatus", busy);
    item.set_text("ReminderIsSet", if event.alarm.is_some() { "true" } else { "false" });
    if let Some(minutes) = event.alarm {
        item.set_text("ReminderMinutesBeforeStart", minutes.max(0).to_string());
    }
    if !event.categories.is_empty() {
        let mut list = Element::new("Categories");
        for word in &event.categories {
            list.push(Element::leaf("String", word));
        }
        item.props.insert("Categories", Value::Parts(list));
    }
}

fn attendee(one: &EventAttendee) -> Attendee {
    Attendee {
        role: match one.role.as_str() {
            "OPT-PARTICIPANT" => Role::Optional,
            "NON-PARTICIPANT" => Role::Resource,
            _ => Role::Required,
        },
        person: Person::new(&one.name, &one.address),
        response: match one.status.as_str() {
            "ACCEPTED" => Response::Accept,
            "TENTATIVE" => Response::Tentative,
            "DECLINED" => Response::Decline,
            _ => Response::Unknown,
        },
        replied: None,
    }
}

/// An event with RECURRENCE-ID: one occurrence of the series is different.
fn exception(item: &mut Item, event: &Event, zone: &Zone) -> Outcome<()> {
    let original = event.recurrence_id.as_ref().ok_or(Code::ErrorMimeContentInvalid)?;
    let calendar = item.calendar().ok_or(Code::ErrorMimeContentInvalid)?;
    let series_zone = calendar.start_zone.clone();
    let instance = series::at(calendar, original.instant(&series_zone)).ok_or(Code::ErrorMimeContentInvalid)?;
    let mut shown = series::effective(item, &instance);
    texts(&mut shown, event);
    if let Some(changed) = shown.calendar_mut()
        && let Some(start) = &event.start
    {
        changed.start = start.instant(&series_zone);
        changed.end = end_of(event, changed.start, zone);
        changed.all_day = event.is_whole();
    }
    series::keep_exception(item, &shown);
    Ok(())
}

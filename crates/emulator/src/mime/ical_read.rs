//! Reading iCalendar, as a client sends it in MimeContent.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::mime::event::{Event, EventAttendee, EventTime};
use crate::mime::lines::{self, Line};
use crate::zone::{Zone, duration_seconds};

/// What a calendar text holds: its method and its events, the series first.
pub(crate) struct Calendar {
    pub method: Option<String>,
    pub events: Vec<Event>,
}

/// Reads a calendar; `None` when there is no event with a start in it.
pub(crate) fn read(text: &str) -> Option<Calendar> {
    let mut calendar = Calendar { method: None, events: Vec::new() };
    let mut inside: Vec<String> = Vec::new();
    let mut event: Option<Event> = None;
    for line in lines::read(text) {
        match line.name.as_str() {
            "BEGIN" => {
                let name = line.value.trim().to_ascii_uppercase();
                if name == "VEVENT" {
                    event = Some(Event::default());
                }
                inside.push(name);
                continue;
            }
            "END" => {
                let name = inside.pop()?;
                if !line.value.trim().eq_ignore_ascii_case(&name) {
                    return None;
                }
                if name == "VEVENT" {
                    calendar.events.extend(event.take());
                }
                continue;
            }
            _ => {}
        }
        match (inside.last().map(String::as_str), &mut event) {
            (Some("VCALENDAR"), _) if line.name == "METHOD" => {
                calendar.method = Some(line.value.trim().to_ascii_uppercase());
            }
            (Some("VEVENT"), Some(event)) => property(event, &line)?,
            (Some("VALARM"), Some(event)) if line.name == "TRIGGER" => {
                event.alarm = duration_seconds(&line.value).map(|seconds| -seconds / 60);
            }
            _ => {}
        }
    }
    calendar.events.sort_by_key(|event| event.recurrence_id.is_some());
    let whole = calendar.events.first()?.start.is_some() && inside.is_empty();
    whole.then_some(calendar)
}

fn property(event: &mut Event, line: &Line) -> Option<()> {
    match line.name.as_str() {
        "UID" => event.uid = Some(line.text()),
        "SUMMARY" => event.summary = Some(line.text()),
        "DESCRIPTION" => event.description = Some(line.text()),
        "LOCATION" => event.location = Some(line.text()),
        "CLASS" => event.class = Some(line.value.trim().to_ascii_uppercase()),
        "TRANSP" => event.transparent = line.value.trim().eq_ignore_ascii_case("TRANSPARENT"),
        "X-MICROSOFT-CDO-BUSYSTATUS" => {
            event.busy = Some(line.value.trim().to_ascii_uppercase());
        }
        "X-MICROSOFT-CDO-ALLDAYEVENT" => event.said_whole = line.value.trim().eq_ignore_ascii_case("TRUE"),
        "PRIORITY" => event.priority = line.value.trim().parse().ok(),
        "SEQUENCE" => event.sequence = line.value.trim().parse().ok(),
        "STATUS" => event.cancelled = line.value.trim().eq_ignore_ascii_case("CANCELLED"),
        "CATEGORIES" => event.categories.extend(line.value.split(',').map(|word| word.trim().to_owned())),
        "DTSTART" => event.start = Some(time(line, &line.value)?),
        "DTEND" => event.end = Some(time(line, &line.value)?),
        "DURATION" => event.duration_seconds = duration_seconds(&line.value),
        "RRULE" => event.rrule = Some(line.value.trim().to_owned()),
        "EXDATE" => {
            for value in line.value.split(',') {
                event.exdates.push(time(line, value)?);
            }
        }
        "RECURRENCE-ID" => event.recurrence_id = Some(time(line, &line.value)?),
        "ORGANIZER" => event.organizer = person(line),
        "ATTENDEE" => event.attendees.extend(person(line)),
        // RDATE and a second rule have no counterpart (trap 68).
        "RDATE" | "EXRULE" => return None,
        _ => {}
    }
    Some(())
}

fn person(line: &Line) -> Option<EventAttendee> {
    let address = line.value.trim();
    let address =
        address.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")).map_or(address, |_| &address[7..]);
    if address.is_empty() {
        return None;
    }
    Some(EventAttendee {
        name: line.param("CN").unwrap_or(address).to_owned(),
        address: address.to_owned(),
        role: line.param("ROLE").unwrap_or("REQ-PARTICIPANT").to_ascii_uppercase(),
        status: line.param("PARTSTAT").unwrap_or("NEEDS-ACTION").to_ascii_uppercase(),
    })
}

fn time(line: &Line, value: &str) -> Option<EventTime> {
    let value = value.trim();
    if line.param("VALUE") == Some("DATE") || value.len() == 8 {
        return Some(EventTime::Day(Date::strptime("%Y%m%d", value).ok()?));
    }
    if let Some(utc) = value.strip_suffix('Z') {
        let wall = DateTime::strptime("%Y%m%dT%H%M%S", utc).ok()?;
        let at: Timestamp = Zone::utc().instant(wall);
        return Some(EventTime::Utc(at));
    }
    let wall = DateTime::strptime("%Y%m%dT%H%M%S", value).ok()?;
    Some(match line.param("TZID") {
        Some(id) => EventTime::Zoned(wall, zone(id)?),
        None => EventTime::Floating(wall),
    })
}

/// A TZID: a Windows id, a place, or a place behind a prefix.
fn zone(id: &str) -> Option<Zone> {
    Zone::by_id(id).or_else(|| Zone::by_place(id)).or_else(|| Zone::like(id)).or_else(|| {
        let mut parts = id.rsplitn(3, '/');
        let (city, area) = (parts.next()?, parts.next()?);
        let place = format!("{area}/{city}");
        Zone::by_place(&place).or_else(|| Zone::like(&place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_forms_are_read() {
        let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/Madrid:20260701T100000\r\nDTEND:20260701T090000Z\r\nEXDATE;VALUE=DATE:20260702\r\nBEGIN:VALARM\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let calendar = read(text).unwrap();
        let event = &calendar.events[0];
        let start = event.start.as_ref().unwrap();
        assert_eq!(start.instant(&Zone::utc()).to_string(), "2026-07-01T08:00:00Z");
        assert_eq!(event.alarm, Some(30));
        assert!(event.exdates[0].is_day());
    }

    #[test]
    fn a_calendar_cut_short_is_refused() {
        assert!(read("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260101T000000Z\r\n").is_none());
        assert!(read("hello").is_none());
    }
}

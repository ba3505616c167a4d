//! Writing iCalendar: the bare VCALENDAR with its VTIMEZONE that clients read from MimeContent.

use jiff::Timestamp;

use crate::item::body::BodyForm;
use crate::item::calendar::{Attendee, Calendar, Response, Role};
use crate::item::series::{self, InstanceState};
use crate::item::{Item, Value};
use crate::mime::lines::{Lines, escaped};
use crate::mime::rrule;
use crate::zone::{Zone, ZoneChange};

/// A calendar item as iCalendar: its series with all exceptions.
pub(crate) fn calendar(item: &Item) -> Option<String> {
    let calendar = item.calendar()?;
    let mut out = Lines::default();
    out.add("BEGIN:VCALENDAR");
    out.add("METHOD:PUBLISH");
    out.add("PRODID:Microsoft Exchange Server 2010");
    out.add("VERSION:2.0");
    zone(&mut out, &calendar.start_zone, calendar.start);
    if calendar.end_zone != calendar.start_zone {
        zone(&mut out, &calendar.end_zone, calendar.end);
    }
    event(&mut out, item, calendar);
    for original in calendar.exceptions.keys() {
        if let Some(instance) = series::at(calendar, *original)
            && instance.state == InstanceState::Changed
        {
            let shown = series::effective(item, &instance);
            if let Some(changed) = shown.calendar() {
                event(&mut out, &shown, changed);
            }
        }
    }
    out.add("END:VCALENDAR");
    Some(out.0)
}

fn zone(out: &mut Lines, zone: &Zone, near: Timestamp) {
    out.add("BEGIN:VTIMEZONE");
    out.add(&format!("TZID:{}", zone.id()));
    let year = zone.local(near).year();
    match zone.changes_in(year) {
        None => {
            let offset = offset(zone.offset_seconds(near));
            out.add("BEGIN:STANDARD");
            out.add("DTSTART:16010101T000000");
            out.add(&format!("TZOFFSETFROM:{offset}"));
            out.add(&format!("TZOFFSETTO:{offset}"));
            out.add("END:STANDARD");
        }
        Some(changes) => {
            for change in &changes {
                part(out, change);
            }
        }
    }
    out.add("END:VTIMEZONE");
}

fn part(out: &mut Lines, change: &ZoneChange) {
    let name = if change.after > change.before { "DAYLIGHT" } else { "STANDARD" };
    let from = jiff::tz::Offset::from_seconds(change.before).unwrap_or(jiff::tz::Offset::UTC);
    let wall = from.to_datetime(change.at);
    let day = wall.day();
    let week = if day + 7 > wall.days_in_month() { -1 } else { (day - 1) / 7 + 1 };
    let weekday = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]
        .get(usize::try_from(wall.weekday().to_sunday_zero_offset()).unwrap_or(0))
        .unwrap_or(&"SU");
    out.add(&format!("BEGIN:{name}"));
    out.add(&format!("DTSTART:16010101T{}", wall.strftime("%H%M%S")));
    out.add(&format!("TZOFFSETFROM:{}", offset(change.before)));
    out.add(&format!("TZOFFSETTO:{}", offset(change.after)));
    out.add(&format!("RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY={week}{weekday};BYMONTH={}", wall.month()));
    out.add(&format!("END:{name}"));
}

fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A time property in the item's zone, a day for all-day items.
fn time(name: &str, calendar: &Calendar, zone: &Zone, at: Timestamp) -> String {
    let wall = zone.local(at);
    if calendar.all_day {
        format!("{name};VALUE=DATE:{}", wall.strftime("%Y%m%d"))
    } else {
        format!("{name};TZID={}:{}", zone.id(), wall.strftime("%Y%m%dT%H%M%S"))
    }
}

fn event(out: &mut Lines, item: &Item, calendar: &Calendar) {
    out.add("BEGIN:VEVENT");
    if calendar.is_meeting() {
        let organizer = &calendar.organizer;
        out.add(&format!("ORGANIZER;CN=\"{}\":MAILTO:{}", organizer.name.replace('"', ""), organizer.address));
        for one in &calendar.attendees {
            attendee(out, one);
        }
    }
    out.text("DESCRIPTION", &item.body.shown(BodyForm::Text).1);
    let zone = &calendar.start_zone;
    if let Some(rule) = &calendar.rule {
        let until = match rule.range {
            crate::recurrence::Range::EndDate(_) => {
                series::instances(calendar).last().filter(|_| !calendar.all_day).map(|last| utc(last.original))
            }
            crate::recurrence::Range::NoEnd | crate::recurrence::Range::Numbered(_) => None,
        };
        out.add(&format!("RRULE:{}", rrule::write(rule, until.as_deref())));
        for deleted in &calendar.deleted {
            out.add(&time("EXDATE", calendar, zone, *deleted));
        }
    }
    if let Some(occurrence) = calendar.occurrence {
        out.add(&time("RECURRENCE-ID", calendar, zone, occurrence.original));
    }
    out.text("SUMMARY", item.subject());
    out.add(&time("DTSTART", calendar, zone, calendar.start));
    out.add(&time("DTEND", calendar, &calendar.end_zone, calendar.end));
    out.add(&format!("UID:{}", calendar.uid));
    out.add(&format!("DTSTAMP:{}", utc(calendar.stamp)));
    out.add(&format!("SEQUENCE:{}", calendar.sequence));
    out.text("LOCATION", item.text("Location").unwrap_or_default());
    let class = match item.text("Sensitivity") {
        Some("Private") => "PRIVATE",
        Some("Confidential") => "CONFIDENTIAL",
        _ => "PUBLIC",
    };
    out.add(&format!("CLASS:{class}"));
    let priority = match item.text("Importance") {
        Some("High") => 1,
        Some("Low") => 9,
        _ => 5,
    };
    out.add(&format!("PRIORITY:{priority}"));
    let busy = item.text("LegacyFreeBusyStatus").unwrap_or("Busy");
    let transparent = if busy == "Free" { "TRANSPARENT" } else { "OPAQUE" };
    out.add(&format!("TRANSP:{transparent}"));
    let status = if calendar.cancelled { "CANCELLED" } else { "CONFIRMED" };
    out.add(&format!("STATUS:{status}"));
    out.add(&format!("X-MICROSOFT-CDO-BUSYSTATUS:{}", busy.to_ascii_uppercase()));
    if let Some(Value::Parts(categories)) = item.props.get("Categories") {
        let words: Vec<String> = categories.elements().map(|word| escaped(&word.text())).collect();
        out.add(&format!("CATEGORIES:{}", words.join(",")));
    }
    if item.text("ReminderIsSet") != Some("false") {
        out.add("BEGIN:VALARM");
        out.add("DESCRIPTION:REMINDER");
        let minutes = item.text("ReminderMinutesBeforeStart").unwrap_or("15");
        out.add(&format!("TRIGGER;RELATED=START:-PT{minutes}M"));
        out.add("ACTION:DISPLAY");
        out.add("END:VALARM");
    }
    out.add("END:VEVENT");
}

fn attendee(out: &mut Lines, attendee: &Attendee) {
    let role = match attendee.role {
        Role::Required => "REQ-PARTICIPANT",
        Role::Optional => "OPT-PARTICIPANT",
        Role::Resource => "NON-PARTICIPANT",
    };
    let status = match attendee.response {
        Response::Accept | Response::Organizer => "ACCEPTED",
        Response::Tentative => "TENTATIVE",
        Response::Decline => "DECLINED",
        Response::Unknown | Response::NoResponseReceived => "NEEDS-ACTION",
    };
    out.add(&format!(
        "ATTENDEE;ROLE={role};PARTSTAT={status};RSVP=TRUE;CN=\"{}\":MAILTO:{}",
        attendee.person.name.replace('"', ""),
        attendee.person.address
    ));
}

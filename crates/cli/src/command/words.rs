//! Words of the command line that stand for domains, levels, groups, days and values.

use crate::exit::Failure;
use clap::ValueEnum;
use model::schedule::Hours;
use model::settings::{ExtractStart, GroupKind};
use model::{Domain, Field, Level, RecordId, Side, Value};
use serde_json::Value as Json;
use server::json::value_json;
use store::Channel;

/// A domain, as it is written on the command line.
pub fn domain(text: &str) -> Result<Domain, String> {
    Domain::parse(text).ok_or_else(|| {
        let known: Vec<&str> = Domain::ALL.into_iter().map(Domain::as_str).collect();
        format!("no domain; one of {}", known.join(", "))
    })
}

/// A level, as it is written on the command line.
pub fn level(text: &str) -> Result<Level, String> {
    Level::parse(text).ok_or_else(|| "no level; one of full, export, import, none".to_owned())
}

/// A group's kind, as it is written on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Group {
    /// An organization.
    Organization,
    /// A position.
    Position,
    /// A user list.
    UserList,
}

impl From<Group> for GroupKind {
    fn from(group: Group) -> GroupKind {
        match group {
            Group::Organization => GroupKind::Organization,
            Group::Position => GroupKind::Position,
            Group::UserList => GroupKind::UserList,
        }
    }
}

/// One record, by its id in the CRM or else in the mailbox.
pub fn record(crm: Option<String>, pim: Option<String>) -> Option<(Side, RecordId)> {
    let of = |side| move |id| (side, RecordId::new(id));
    crm.map(of(Side::Crm)).or_else(|| pim.map(of(Side::Pim)))
}

/// A position counted from 1, as a list counts.
pub fn place(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1)
}

/// Hours, as they are written on the command line.
pub fn hours(text: &str) -> Result<Hours, String> {
    text.parse()
}

/// From when on records enter: a day, so many days ago, or always.
pub fn extract_start(text: &str) -> Result<ExtractStart, String> {
    let wrong = || "no start; a day such as 2026-01-31, a distance such as 90d, or always".to_owned();
    if text.eq_ignore_ascii_case("always") {
        return Ok(ExtractStart::Always);
    }
    if let Some(days) = text.strip_suffix('d') {
        return days.parse().map(ExtractStart::DaysAgo).map_err(|_| wrong());
    }
    text.parse().map(ExtractStart::Day).map_err(|_| wrong())
}

/// A length of time in seconds: so many seconds, minutes, hours or days.
pub fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || "no length of time; write 90m, 12h or 2d".to_owned();
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3_600),
        Some((at, 'd')) => (&text[..at], 86_400),
        Some(_) if text == "0" => (text, 1),
        Some(_) | None => return Err(wrong()),
    };
    number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}

/// Seconds in the largest unit that fits.
pub fn duration(seconds: u32) -> String {
    for (unit, name) in [(86_400, "days"), (3_600, "hours"), (60, "minutes")] {
        if seconds >= unit && seconds.is_multiple_of(unit) {
            return format!("{} {name}", seconds / unit);
        }
    }
    format!("{seconds} seconds")
}

/// A channel of alerts.
pub fn channel(text: &str) -> Result<Channel, String> {
    Channel::parse(text).ok_or_else(|| "no channel; webhook or mail".to_owned())
}

/// A point in time that lies ahead: a day, from whose beginning on it is past, or an instant.
pub fn end(text: &str) -> Result<jiff::Timestamp, String> {
    let day = |day: jiff::civil::Date| day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp());
    let day = text.parse().ok().and_then(day);
    day.or_else(|| text.parse().ok()).ok_or_else(|| "no time; write 2027-01-31 or 2027-01-31T10:00:00Z".to_owned())
}

/// A point in time: an instant, or so many minutes, hours or days ago.
pub fn since(text: &str, now: jiff::Timestamp) -> Result<jiff::Timestamp, Failure> {
    let wrong = || {
        Failure::usage(format!(
            "'{text}' is no time; an instant such as 2026-01-31T10:00:00Z, or a distance such as 30m, 24h or 7d"
        ))
    };
    for (unit, seconds) in [('m', 60), ('h', 3_600), ('d', 86_400)] {
        if let Some(number) = text.strip_suffix(unit) {
            let seconds = number.parse::<u32>().map(|number| i64::from(number) * seconds).map_err(|_| wrong())?;
            return now.checked_sub(jiff::SignedDuration::from_secs(seconds)).map_err(|_| wrong());
        }
    }
    text.parse().map_err(|_| wrong())
}

/// The most characters of a value on a line.
const SHOWN: usize = 40;

/// A value as people read it, on one line.
#[must_use]
pub fn value(field: &Field, value: &Value) -> String {
    let text = plain(&value_json(field, value));
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    line.chars().take(SHOWN - 1).chain(['…']).collect()
}

fn plain(json: &Json) -> String {
    match json {
        Json::Null => "–".to_owned(),
        Json::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.clone(),
        Json::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        // A time with its zone, a person, a rule: what a person would say first of each.
        Json::Object(of) => match (of.get("wall"), of.get("zone"), of.get("name"), of.get("pattern")) {
            (Some(wall), Some(Json::String(zone)), ..) => format!("{} {zone}", plain(wall)),
            (Some(wall), ..) => plain(wall),
            (None, _, Some(Json::String(name)), _) if !name.is_empty() => name.clone(),
            (None, _, Some(_), _) => of.get("address").map(plain).unwrap_or_default(),
            (None, _, None, Some(pattern)) => plain(pattern),
            (None, _, None, None) => json.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_told_in_units() {
        assert_eq!(["90m", "12h", "2d", "30s", "0"].map(seconds), [5_400, 43_200, 172_800, 30, 0].map(Ok));
        for wrong in ["", "12", "h", "-1h", "99999999d", "1w", "½d"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!([5_400, 86_400, 90, 3_600].map(duration), ["90 minutes", "1 days", "90 seconds", "1 hours"]);
        assert_eq!(end("2027-01-31").expect("a day").to_string(), "2027-01-31T00:00:00Z");
        assert_eq!(end("2027-01-31T10:00:00Z").expect("an instant").to_string(), "2027-01-31T10:00:00Z");
        assert!(end("soon").is_err());
    }

    // W3
    #[test]
    fn values_are_shown_as_people_read_them() {
        let start = serde_json::json!({"wall": "2026-11-30T09:00:00", "zone": "Europe/Berlin"});
        let rule = serde_json::json!({"pattern": "daily", "interval": 1, "count": 3});
        let people = serde_json::json!([{"name": "Bo"}, {"address": "ed@x.test"}]);
        for (name, json, shown) in [
            ("start", start, "2026-11-30T09:00:00 Europe/Berlin"),
            ("start", serde_json::json!("2026-11-30"), "2026-11-30"),
            ("private", serde_json::json!(false), "no"),
            ("reminder", serde_json::json!(15), "15"),
            ("subject", serde_json::Value::Null, "–"),
            ("categories", serde_json::json!(["A", "B"]), "A, B"),
            ("attendees", people, "ed@x.test, Bo"),
            ("rule", rule, "daily"),
        ] {
            let field = Field::parse(name).expect("a field");
            let read = server::json::read_value(&field, &json).expect("a value");
            assert_eq!(value(&field, &read), shown, "{name}");
        }
        let long = value(&Field::Body, &Value::text("word ".repeat(30)));
        assert!(long.chars().count() == SHOWN && long.ends_with('…'), "{long}");
    }

    #[test]
    fn starts_and_times_are_read_in_every_form() {
        assert_eq!(extract_start("always"), Ok(ExtractStart::Always));
        assert_eq!(extract_start("90d"), Ok(ExtractStart::DaysAgo(90)));
        assert!(extract_start("2026-02-30").is_err());
        let now: jiff::Timestamp = "2026-03-08T10:00:00Z".parse().expect("a time");
        assert_eq!(since("30m", now).expect("read").to_string(), "2026-03-08T09:30:00Z");
        assert_eq!(since("7d", now).expect("read").to_string(), "2026-03-01T10:00:00Z");
        assert_eq!(since("soon", now).expect_err("refused").exit.code(), 2);
    }
}

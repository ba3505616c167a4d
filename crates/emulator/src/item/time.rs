//! Points in time on the wire: read with the zone of the request, written as UTC without fractions.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::zone::Zone;

/// How Exchange writes a time: `yyyy-MM-ddTHH:mm:ssZ`.
pub(crate) fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A day as the dateTime that Exchange gives for it.
pub(crate) fn written_day(day: Date) -> String {
    format!("{day}T00:00:00Z")
}

/// Whether a text is an `xs:dateTime`.
pub(crate) fn is_date_time(text: &str) -> bool {
    text.contains('T') && (text.parse::<Timestamp>().is_ok() || text.parse::<DateTime>().is_ok())
}

/// Reads an `xs:dateTime`; without an offset it is wall time in the request's zone. Fractions of a second are dropped, as the store does.
pub(crate) fn read(text: &str, zone: &Zone) -> Option<Timestamp> {
    let text = text.trim();
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => zone.instant(text.parse::<DateTime>().ok()?),
    };
    Timestamp::from_second(at.as_second()).ok()
}

/// The wall time that a dateTime without an offset is.
pub(crate) fn wall(text: &str) -> Option<DateTime> {
    let text = text.trim();
    if text.parse::<Timestamp>().is_ok() { None } else { text.parse().ok() }
}

/// The day a client means by a dateTime of a day-only property: the day in the request's zone.
pub(crate) fn read_day(text: &str, zone: &Zone) -> Option<Date> {
    Some(zone.local(read(text, zone)?).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_offset_is_in_the_zone_of_the_request() {
        let zone = Zone::by_id("W. Europe Standard Time").unwrap();
        let read_it = |text: &str| read(text, &zone).map(written);
        assert_eq!(read_it("2026-07-01T10:00:00").as_deref(), Some("2026-07-01T08:00:00Z"));
        assert_eq!(read_it("2026-07-01T10:00:00.999+01:00").as_deref(), Some("2026-07-01T09:00:00Z"));
        assert_eq!(read_it("yesterday"), None);
        assert!(is_date_time("2026-07-01T10:00:00.1234567Z"));
        assert!(!is_date_time("2026-07-01"));
    }
}

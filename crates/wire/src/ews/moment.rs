//! Dates and times as they are written on the wire, with any number of decimals and with or without a zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, tz};

/// A date and time as a server wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The wall-clock reading that was written.
    pub civil: DateTime,
    /// The offset that was written after it, in seconds; none when none was.
    pub offset_seconds: Option<i32>,
}

impl Moment {
    /// This instant, in UTC.
    pub fn utc(instant: Timestamp) -> Self {
        Self { civil: instant.to_zoned(tz::TimeZone::UTC).datetime(), offset_seconds: Some(0) }
    }

    /// Midnight of a day, in UTC.
    pub fn midnight(day: Date) -> Self {
        Self { civil: day.to_datetime(Time::midnight()), offset_seconds: Some(0) }
    }

    /// The instant meant. A time without an offset is UTC, because every request asks for UTC. None when it
    /// lies outside what can be computed with.
    pub fn instant(&self) -> Option<Timestamp> {
        let offset = tz::Offset::from_seconds(self.offset_seconds.unwrap_or(0)).ok()?;
        offset.to_timestamp(self.civil).ok()
    }

    /// Reads `2026-11-05`, `2026-11-05T10:00:00`, each with or without decimals, `Z` or an offset.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (day, rest) = (text.get(..10)?, text.get(10..)?);
        let mut date = read_date(day)?;
        let mut time = Time::midnight();
        let mut rest = rest;
        if let Some(clock) = rest.strip_prefix(['T', 't', ' ']) {
            let (hour, minute) = (two(clock, 0)?, two(clock, 3)?);
            if clock.get(2..3)? != ":" {
                return None;
            }
            rest = clock.get(5..)?;
            let mut second = 0;
            let mut nanosecond = 0i32;
            if let Some(seconds) = rest.strip_prefix(':') {
                second = two(seconds, 0)?;
                rest = seconds.get(2..)?;
                if let Some(decimals) = rest.strip_prefix(['.', ',']) {
                    let end = decimals.find(|c: char| !c.is_ascii_digit()).unwrap_or(decimals.len());
                    let mut digits: String = decimals[..end].chars().take(9).collect();
                    while digits.len() < 9 {
                        digits.push('0');
                    }
                    nanosecond = digits.parse().ok()?;
                    rest = &decimals[end..];
                }
            }
            if hour == 24 && minute == 0 && second == 0 && nanosecond == 0 {
                date = date.tomorrow().ok()?;
            } else {
                time = Time::new(hour, minute, second.min(59), nanosecond).ok()?;
            }
        }
        Some(Self { civil: date.to_datetime(time), offset_seconds: read_offset(rest)? })
    }

    /// Writes the instant in UTC, in whole seconds, the only form every server and client reads.
    pub(crate) fn write(&self) -> String {
        let civil = match self.instant() {
            Some(instant) => instant.to_zoned(tz::TimeZone::UTC).datetime(),
            None => self.civil,
        };
        format!("{}Z", civil.strftime("%Y-%m-%dT%H:%M:%S"))
    }
}

/// Reads `2026-11-05`, whatever zone stands behind it: the day is what counts.
pub(crate) fn read_day(text: &str) -> Option<Date> {
    Some(Moment::read(text)?.civil.date())
}

fn read_date(day: &str) -> Option<Date> {
    let bytes = day.as_bytes();
    if bytes[4] != b'-' || bytes[7] != b'-' || !day.is_ascii() {
        return None;
    }
    Date::new(day[..4].parse().ok()?, two(day, 5)?, two(day, 8)?).ok()
}

fn two(text: &str, at: usize) -> Option<i8> {
    let digits = text.get(at..at + 2)?;
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// `Z`, `+01:00` or nothing. The outer option is none when it is neither.
fn read_offset(text: &str) -> Option<Option<i32>> {
    match text.trim_start() {
        "" => Some(None),
        "Z" | "z" => Some(Some(0)),
        text => {
            let (sign, rest) = match text.split_at_checked(1)? {
                ("+", rest) => (1, rest),
                ("-", rest) => (-1, rest),
                _ => return None,
            };
            // `+01:30`, `+0130` and `+01` are all written.
            let minutes = match rest.len() {
                2 => 0,
                4 => two(rest, 2)?,
                _ if rest.get(2..3) == Some(":") => two(rest, 3)?,
                _ => return None,
            };
            Some(Some(sign * (i32::from(two(rest, 0)?) * 3600 + i32::from(minutes) * 60)))
        }
    }
}

/// Reads a span such as `-PT60M`, `P1DT2H` or `PT0S`, in seconds.
pub(crate) fn read_span(text: &str) -> Option<i32> {
    let text = text.trim();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut seconds = 0i64;
    let mut number = String::new();
    for c in rest.strip_prefix('P')?.chars() {
        match c {
            '0'..='9' | '.' => number.push(c),
            'T' => {}
            'D' | 'H' | 'M' | 'S' => {
                let unit = match c {
                    'D' => 86_400,
                    'H' => 3_600,
                    'M' => 60,
                    _ => 1,
                };
                let whole: i64 = number.split('.').next()?.parse().ok()?;
                seconds = seconds.checked_add(whole.checked_mul(unit)?)?;
                number.clear();
            }
            _ => return None,
        }
    }
    i32::try_from(sign * seconds).ok()
}

/// Writes a span of whole seconds, as short as servers write it.
pub(crate) fn write_span(seconds: i32) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let total = seconds.unsigned_abs();
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60);
    let mut out = format!("{sign}PT");
    for (value, unit) in [(hours, 'H'), (minutes, 'M'), (rest, 'S')] {
        if value > 0 {
            out.push_str(&format!("{value}{unit}"));
        }
    }
    if total == 0 {
        out.push_str("0S");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Option<String> {
        Some(Moment::read(text)?.instant()?.to_string())
    }

    #[test]
    fn any_number_of_decimals_and_any_offset_is_read() {
        assert_eq!(instant("2026-11-05T10:00:00Z").as_deref(), Some("2026-11-05T10:00:00Z"));
        assert_eq!(instant("2026-11-05T10:00:00").as_deref(), Some("2026-11-05T10:00:00Z"));
        assert_eq!(instant("2026-11-05T10:00:00+05:30").as_deref(), Some("2026-11-05T04:30:00Z"));
        for n in 1..12 {
            let text = format!("2026-11-05T10:00:00.{}Z", "0".repeat(n));
            assert_eq!(instant(&text).as_deref(), Some("2026-11-05T10:00:00Z"));
        }
        assert_eq!(instant("2026-11-05T10:00:00.1234567-01:00").as_deref(), Some("2026-11-05T11:00:00.1234567Z"));
        assert_eq!(instant("2026-11-05T24:00:00Z").as_deref(), Some("2026-11-06T00:00:00Z"));
        assert_eq!(instant("2026-11-05").as_deref(), Some("2026-11-05T00:00:00Z"));
    }

    // trap 92
    #[test]
    fn sentinel_years_are_read_as_they_stand() {
        for year in ["0001", "1601", "4501", "9999"] {
            assert!(Moment::read(&format!("{year}-01-01T00:00:00Z")).is_some());
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for bad in [
            "",
            "x",
            "2026-13-01",
            "2026-11-05T",
            "2026-11-05T25:00:00Z",
            "2026-11-05T10:00:00Q",
            "5. November",
            "２０２６-11-05",
        ] {
            assert_eq!(Moment::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_day_keeps_its_date_whatever_offset_follows() {
        let day = jiff::civil::date(2026, 11, 5);
        for text in ["2026-11-05", "2026-11-05Z", "2026-11-05+13:00", "2026-11-05-11:00", "2026-11-05T00:00:00-11:00"] {
            assert_eq!(read_day(text), Some(day));
        }
    }

    #[test]
    fn times_are_written_in_utc_without_decimals() {
        assert_eq!(Moment::read("2026-11-05T10:00:00.55+01:00").expect("a time").write(), "2026-11-05T09:00:00Z");
    }

    #[test]
    fn spans_are_read_and_written() {
        assert_eq!(read_span("-PT60M"), Some(-3600));
        assert_eq!(read_span("P0DT2H30M0.0S"), Some(9000));
        assert_eq!(read_span("PT"), Some(0));
        assert_eq!(read_span("2 hours"), None);
        assert_eq!(write_span(-3600), "-PT1H");
        assert_eq!(write_span(19800), "PT5H30M");
        assert_eq!(write_span(0), "PT0S");
        assert_eq!(read_span(&write_span(-12345)), Some(-12345));
    }
}

//! When cycles run: an interval, another one in peak hours, and blackout hours, in a zone (rule E4). Data of the store.

use crate::settings::GroupKind;
use crate::zone::Zone;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Spans of hours in one list: nobody needs more, and every question about them stays cheap.
const MAX_HOURS: usize = 50;

/// One line of the ordered list of schedules: the first whose group holds the user counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleRule {
    /// What kind of group; absent for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupKind>,
    /// The group's id in the CRM; empty for everybody.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Sub-positions and sub-organizations count too.
    #[serde(default)]
    pub and_below: bool,
    /// What its members get.
    pub schedule: Schedule,
}

/// When a user's cycles run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Seconds between two cycles, 1 or more; outside peak hours when these are set.
    pub interval_s: u32,
    /// Hours with an interval of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<Peak>,
    /// Hours without any cycle, whatever happens; a person's "sync now" alone runs in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackout: Vec<Hours>,
    /// The zone of the hours, by its IANA name.
    #[serde(default = "utc")]
    pub zone: String,
}

/// Peak hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peak {
    /// Seconds between two cycles in them.
    pub interval_s: u32,
    /// The hours.
    pub hours: Vec<Hours>,
}

/// Hours of some days of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The days they begin on; none means every day.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub days: BTreeSet<Day>,
    /// From this time of day on.
    pub from: Time,
    /// To this time of day; one that is not later than `from` is the next day's, so that equal ones are a whole day.
    pub to: Time,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they say it themselves")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    /// The days of a week.
    pub const ALL: [Day; 7] =
        [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday, Day::Saturday, Day::Sunday];

    fn short(self) -> &'static str {
        match self {
            Day::Monday => "mon",
            Day::Tuesday => "tue",
            Day::Wednesday => "wed",
            Day::Thursday => "thu",
            Day::Friday => "fri",
            Day::Saturday => "sat",
            Day::Sunday => "sun",
        }
    }

    fn parse(text: &str) -> Option<Day> {
        Day::ALL.into_iter().find(|day| day.short().eq_ignore_ascii_case(text))
    }

    fn of(date: Date) -> Day {
        match date.weekday() {
            Weekday::Monday => Day::Monday,
            Weekday::Tuesday => Day::Tuesday,
            Weekday::Wednesday => Day::Wednesday,
            Weekday::Thursday => Day::Thursday,
            Weekday::Friday => Day::Friday,
            Weekday::Saturday => Day::Saturday,
            Weekday::Sunday => Day::Sunday,
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, day) in self.days.iter().enumerate() {
            write!(f, "{}{}", if place > 0 { "," } else { "" }, day.short())?;
        }
        let gap = if self.days.is_empty() { "" } else { " " };
        write!(f, "{gap}{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

impl FromStr for Hours {
    type Err = String;

    /// Reads `DAYS FROM-TO`: "mon-fri 08:00-18:00", "sat,sun 00:00-00:00", "22:00-05:00" for every day.
    fn from_str(text: &str) -> Result<Hours, String> {
        let wrong = || format!("'{text}' names no hours; write them as \"mon-fri 08:00-18:00\" or \"22:00-05:00\"");
        let mut words = text.split_whitespace();
        let (days, span) = match (words.next(), words.next(), words.next()) {
            (Some(span), None, None) => ("", span),
            (Some(days), Some(span), None) => (days, span),
            _ => return Err(wrong()),
        };
        let (from, to) = span.split_once('-').ok_or_else(wrong)?;
        let time = |text: &str| Time::strptime("%H:%M", text).map_err(|_| wrong());
        let mut hours = Hours { days: BTreeSet::new(), from: time(from)?, to: time(to)? };
        for part in days.split(',').filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (Day::parse(first).ok_or_else(wrong)?, Day::parse(last).ok_or_else(wrong)?);
            let week = Day::ALL.into_iter().chain(Day::ALL).skip_while(|day| *day != first);
            for day in week.take(Day::ALL.len()) {
                hours.days.insert(day);
                if day == last {
                    break;
                }
            }
        }
        Ok(hours)
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Hours {
    /// The span that begins on a day, by the zone's clock.
    fn on(&self, date: Date) -> Option<(DateTime, DateTime)> {
        if !self.days.is_empty() && !self.days.contains(&Day::of(date)) {
            return None;
        }
        let end = if self.to > self.from { date } else { date.checked_add(1.day()).ok()? };
        Some((date.to_datetime(self.from), end.to_datetime(self.to)))
    }

    fn hold(&self, local: DateTime) -> bool {
        let yesterday = local.date().checked_sub(1.day()).ok();
        [Some(local.date()), yesterday]
            .into_iter()
            .flatten()
            .filter_map(|date| self.on(date))
            .any(|(from, to)| from <= local && local < to)
    }

    /// Where these hours next begin or end after a time.
    fn next_edge(&self, local: DateTime) -> Option<DateTime> {
        (-1..=8)
            .filter_map(|days| local.date().checked_add(days.days()).ok())
            .filter_map(|date| self.on(date))
            .flat_map(|(from, to)| [from, to])
            .filter(|edge| *edge > local)
            .min()
    }
}

impl Schedule {
    /// A schedule that is an interval alone.
    #[must_use]
    pub fn every(interval_s: u32) -> Schedule {
        Schedule { interval_s, peak: None, blackout: Vec::new(), zone: utc() }
    }

    /// What is wrong with it, each with its place.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let mut fault = |place: &str, why: &str| faults.push((place.to_owned(), why.to_owned()));
        if self.interval_s == 0 {
            fault("interval_s", "is 1 second or more (rule E4)");
        }
        if let Some(peak) = &self.peak {
            if peak.interval_s == 0 {
                fault("peak.interval_s", "is 1 second or more (rule E4)");
            }
            if peak.hours.is_empty() {
                fault("peak.hours", "names no hours");
            }
            if peak.hours.len() > MAX_HOURS {
                fault("peak.hours", "has more than 50 entries");
            }
        }
        if self.blackout.len() > MAX_HOURS {
            fault("blackout", "has more than 50 entries");
        }
        if Zone::iana(&self.zone).is_none() {
            fault("zone", "is no IANA zone such as Europe/Berlin");
        } else if self.never_open() {
            fault("blackout", "covers the whole week: no cycle would ever run; disable the users instead");
        }
        faults
    }

    /// Whether a time lies in peak hours.
    #[must_use]
    pub fn is_peak(&self, now: Timestamp) -> bool {
        self.peak_at(self.local(now)).is_some()
    }

    /// The end of the blackout hours that a time lies in.
    #[must_use]
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        let mut at = now;
        // Spans may touch or overlap; each step passes one edge of a week's.
        for _ in 0..MAX_HOURS * 16 {
            if !self.black(self.local(at)) {
                return (at > now).then_some(at);
            }
            at = self.edge_after(at)?;
        }
        Some(at)
    }

    /// When the cycle after one of this time is due: the first time outside blackout hours that is the interval of its own
    /// hours later.
    #[must_use]
    pub fn next(&self, last: Timestamp) -> Timestamp {
        let mut at = last;
        for _ in 0..MAX_HOURS * 16 {
            let local = self.local(at);
            let edge = self.edge_after(at);
            if self.black(local) {
                match edge {
                    Some(edge) => at = edge,
                    None => break,
                }
                continue;
            }
            let due = later(last, self.interval_at(local));
            if due <= at {
                return at;
            }
            match edge {
                Some(edge) if edge < due => at = edge,
                Some(_) | None => return due,
            }
        }
        later(last, self.interval_s)
    }

    fn interval_at(&self, local: DateTime) -> u32 {
        self.peak_at(local).map_or(self.interval_s, |peak| peak.interval_s)
    }

    fn peak_at(&self, local: DateTime) -> Option<&Peak> {
        self.peak.as_ref().filter(|peak| peak.hours.iter().any(|hours| hours.hold(local)))
    }

    fn black(&self, local: DateTime) -> bool {
        self.blackout.iter().any(|hours| hours.hold(local))
    }

    fn never_open(&self) -> bool {
        let monday = jiff::civil::date(2026, 6, 1).at(0, 0, 0, 0);
        let Ok(after) = monday.checked_add(7.days()) else { return false };
        let mut at = monday;
        // What is open begins with the week or where a span ends, so it shows at an edge.
        for _ in 0..MAX_HOURS * 16 {
            if !self.black(at) {
                return false;
            }
            match self.blackout.iter().filter_map(|hours| hours.next_edge(at)).min() {
                Some(edge) if edge < after => at = edge,
                Some(_) | None => return true,
            }
        }
        true
    }

    fn local(&self, at: Timestamp) -> DateTime {
        self.clock().to_datetime(at)
    }

    fn edge_after(&self, at: Timestamp) -> Option<Timestamp> {
        let peak = self.peak.iter().flat_map(|peak| &peak.hours);
        let edge = self.blackout.iter().chain(peak).filter_map(|hours| hours.next_edge(self.local(at))).min()?;
        let edge = self.clock().to_timestamp(edge).ok()?;
        // An hour that the clock shows twice: its second showing is no step back.
        Some(edge.max(later(at, 1)))
    }

    fn clock(&self) -> jiff::tz::TimeZone {
        jiff::tz::db().get(&self.zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }
}

fn later(at: Timestamp, seconds: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn hours(days: &[Day], from: (i8, i8), to: (i8, i8)) -> Hours {
        let time = |(hour, minute): (i8, i8)| Time::constant(hour, minute, 0, 0);
        Hours { days: days.iter().copied().collect(), from: time(from), to: time(to) }
    }

    fn berlin() -> Schedule {
        use Day::{Friday, Monday, Thursday, Tuesday, Wednesday};
        Schedule {
            interval_s: 1_800,
            peak: Some(Peak {
                interval_s: 60,
                hours: vec![hours(&[Monday, Tuesday, Wednesday, Thursday, Friday], (8, 0), (18, 0))],
            }),
            blackout: vec![hours(&[], (23, 0), (1, 0))],
            zone: "Europe/Berlin".to_owned(),
        }
    }

    // E4
    #[test]
    fn an_interval_alone_is_added() {
        assert_eq!(Schedule::every(1).next(at("2026-06-01T10:00:00Z")), at("2026-06-01T10:00:01Z"));
    }

    // E4: Monday 1 June 2026; Berlin is two hours ahead.
    #[test]
    fn peak_hours_have_their_own_interval_from_their_first_minute() {
        let schedule = berlin();
        assert_eq!(schedule.next(at("2026-06-01T08:00:00Z")), at("2026-06-01T08:01:00Z"));
        assert_eq!(schedule.next(at("2026-06-01T17:00:00Z")), at("2026-06-01T17:30:00Z"));
        // Half an hour from 7:50 ends in peak hours, where a minute is enough: due as they begin.
        assert_eq!(schedule.next(at("2026-06-01T05:50:00Z")), at("2026-06-01T06:00:00Z"));
        // A minute from 17:59:30 ends outside of them, where half an hour counts.
        assert_eq!(schedule.next(at("2026-06-01T15:59:30Z")), at("2026-06-01T16:29:30Z"));
        // Saturday has no peak hours.
        assert_eq!(schedule.next(at("2026-06-06T08:00:00Z")), at("2026-06-06T08:30:00Z"));
    }

    // E4
    #[test]
    fn nothing_is_due_in_blackout_hours_also_over_midnight() {
        let schedule = berlin();
        assert_eq!(schedule.next(at("2026-06-01T20:45:00Z")), at("2026-06-01T23:00:00Z"));
        assert_eq!(schedule.rests_until(at("2026-06-01T21:00:00Z")), Some(at("2026-06-01T23:00:00Z")));
        assert_eq!(schedule.rests_until(at("2026-06-01T22:59:59Z")), Some(at("2026-06-01T23:00:00Z")));
        assert_eq!(schedule.rests_until(at("2026-06-01T23:00:00Z")), None);
        assert_eq!(schedule.rests_until(at("2026-06-01T20:59:59Z")), None);
    }

    // E4, trap 82
    #[test]
    fn the_nights_of_the_clock_changes_go_on() {
        let schedule = Schedule { blackout: vec![hours(&[], (1, 30), (2, 30))], ..berlin() };
        // 2:30 does not exist on 29 March; the hours end where the clock goes on.
        let end = schedule.rests_until(at("2026-03-29T00:45:00Z")).expect("rests");
        assert_eq!(end, at("2026-03-29T01:30:00Z"));
        // On 25 October 2:00 to 3:00 is shown twice.
        let end = schedule.rests_until(at("2026-10-25T00:10:00Z")).expect("rests");
        assert_eq!(end, at("2026-10-25T00:30:00Z"));
        assert!(schedule.next(at("2026-10-25T00:35:00Z")) > at("2026-10-25T00:35:00Z"));
    }

    // E4
    #[test]
    fn two_spans_that_touch_are_one_rest() {
        let schedule = Schedule {
            blackout: vec![hours(&[], (20, 0), (23, 0)), hours(&[], (23, 0), (4, 0))],
            ..Schedule::every(60)
        };
        assert_eq!(schedule.rests_until(at("2026-06-01T21:00:00Z")), Some(at("2026-06-02T04:00:00Z")));
    }

    // E3
    #[test]
    fn what_cannot_be_meant_is_told_all_at_once() {
        let mut wrong = berlin();
        wrong.interval_s = 0;
        wrong.peak = Some(Peak { interval_s: 0, hours: Vec::new() });
        wrong.zone = "Berlin".to_owned();
        let places: Vec<String> = wrong.faults().into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, ["interval_s", "peak.interval_s", "peak.hours", "zone"]);
        let never = Schedule { blackout: vec![hours(&[], (0, 0), (12, 0)), hours(&[], (12, 0), (0, 0))], ..berlin() };
        assert_eq!(never.faults()[0].0, "blackout");
        let always_but_a_minute = Schedule { blackout: vec![hours(&[], (0, 0), (23, 59))], ..berlin() };
        assert_eq!(always_but_a_minute.faults(), []);
        assert_eq!(berlin().faults(), []);
    }

    #[test]
    fn hours_are_written_by_people() {
        let read = |text: &str| text.parse::<Hours>();
        use Day::{Friday, Monday, Saturday, Sunday};
        assert_eq!(read("22:00-05:00"), Ok(hours(&[], (22, 0), (5, 0))));
        assert_eq!(read("sat,sun 00:00-00:00"), Ok(hours(&[Saturday, Sunday], (0, 0), (0, 0))));
        // Over the end of the week.
        assert_eq!(read("Fri-Mon 08:30-18:00"), Ok(hours(&[Friday, Saturday, Sunday, Monday], (8, 30), (18, 0))));
        assert_eq!(
            read("mon-fri 08:00-18:00").map(|hours| hours.to_string()).as_deref(),
            Ok("mon,tue,wed,thu,fri 08:00-18:00")
        );
        for wrong in ["", "8-18", "08:00", "mon 08:00", "day 08:00-18:00", "08:00-25:00", "mon 08:00-09:00 x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_reads_as_it_is_written() {
        let text = r#"{"interval_s":1800,"peak":{"interval_s":60,"hours":[{"days":["monday"],"from":"08:00","to":"18:00:00"}]},"zone":"Europe/Berlin"}"#;
        let read: Schedule = serde_json::from_str(text).expect("read");
        let again: Schedule = serde_json::from_str(&serde_json::to_string(&read).expect("written")).expect("read");
        assert_eq!(read, again);
        assert!(serde_json::from_str::<Schedule>(r#"{"interval_s":1,"colour":2}"#).is_err());
    }
}

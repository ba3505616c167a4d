//! Time zones as a Windows server keeps them: by id, or by the rules a client sent along.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;

use crate::xml::Element;
use crate::zone_table::ZONES;

/// A time zone; cheap to clone.
#[derive(Clone)]
pub(crate) struct Zone(Arc<Inner>);

struct Inner {
    id: String,
    name: String,
    rules: TimeZone,
    /// The definition as the client sent it, when it sent more than an id.
    sent: Option<Element>,
}

impl Zone {
    pub(crate) fn utc() -> Self {
        Self(Arc::new(Inner {
            id: "UTC".to_owned(),
            name: "(UTC) Coordinated Universal Time".to_owned(),
            rules: TimeZone::UTC,
            sent: None,
        }))
    }

    /// A zone by its Windows id, or by one of the ids Exchange uses for UTC.
    pub(crate) fn by_id(id: &str) -> Option<Self> {
        if matches!(id, "tzone://Microsoft/Utc" | "Utc") {
            return Some(Self::utc());
        }
        let (id, place, name) = ZONES.iter().find(|(known, _, _)| *known == id)?;
        Some(Self(Arc::new(Inner {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            rules: TimeZone::get(place).ok()?,
            sent: None,
        })))
    }

    /// The Windows zone for a place, as a server does with `VTIMEZONE:Europe/Berlin`.
    pub(crate) fn by_place(place: &str) -> Option<Self> {
        let (id, _, _) = ZONES.iter().find(|(_, known, _)| *known == place)?;
        Self::by_id(id)
    }

    /// The Windows zone whose clock goes like that of a place the table does not name, as a server finds one for a VTIMEZONE.
    pub(crate) fn like(place: &str) -> Option<Self> {
        let wanted = TimeZone::get(place).ok()?;
        let months = (0..120).filter_map(|month| Timestamp::from_second(1_600_000_000 + month * 2_629_746).ok());
        let months: Vec<Timestamp> = months.collect();
        ZONES.iter().find_map(|(id, known, _)| {
            let zone = TimeZone::get(known).ok()?;
            months.iter().all(|at| zone.to_offset(*at) == wanted.to_offset(*at)).then(|| Self::by_id(id)).flatten()
        })
    }

    /// A `TimeZoneDefinition`, `StartTimeZone` or `EndTimeZone` element.
    pub(crate) fn from_definition(element: &Element) -> Option<Self> {
        let id = element.attr("Id").unwrap_or_default();
        if element.child("Periods").is_none() {
            return Self::by_id(id);
        }
        let rules = TimeZone::posix(&posix_of_definition(element)?).ok()?;
        Some(Self(Arc::new(Inner {
            id: id.to_owned(),
            name: element.attr("Name").unwrap_or_default().to_owned(),
            rules,
            sent: Some(element.clone()),
        })))
    }

    /// The `MeetingTimeZone` of the 2007 schema.
    pub(crate) fn from_meeting_time_zone(element: &Element) -> Option<Self> {
        if let Some(named) = element.attr("TimeZoneName").and_then(Self::by_id) {
            return Some(named);
        }
        let rules = TimeZone::posix(&posix_of_meeting_zone(element)?).ok()?;
        Some(Self(Arc::new(Inner {
            id: "tzone://Microsoft/Custom".to_owned(),
            name: element.attr("TimeZoneName").unwrap_or("Custom Time Zone").to_owned(),
            rules,
            sent: None,
        })))
    }

    pub(crate) fn id(&self) -> &str {
        &self.0.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn sent(&self) -> Option<&Element> {
        self.0.sent.as_ref()
    }

    /// What the clock on the wall shows.
    pub(crate) fn local(&self, instant: Timestamp) -> DateTime {
        self.0.rules.to_datetime(instant)
    }

    /// The instant of a wall time: in a gap the clock has moved on, in an overlap the first one counts (RFC 5545 3.3.5, trap 82).
    pub(crate) fn instant(&self, wall: DateTime) -> Timestamp {
        self.0.rules.to_ambiguous_timestamp(wall).compatible().unwrap_or_else(|_| edge(wall))
    }

    pub(crate) fn offset_seconds(&self, instant: Timestamp) -> i32 {
        self.0.rules.to_offset(instant).seconds()
    }

    /// The two changes of a year, when the zone has exactly two: instant, offset before, offset after.
    pub(crate) fn changes_in(&self, year: i16) -> Option<[ZoneChange; 2]> {
        let start = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0);
        let from = self.instant(start);
        let mut found = Vec::new();
        for change in self.0.rules.following(from).take(4) {
            let at = change.timestamp();
            if self.local(at).year() != year {
                break;
            }
            let before = self.offset_seconds(at - jiff::SignedDuration::from_secs(1));
            let after = change.offset().seconds();
            if before != after {
                found.push(ZoneChange { at, before, after });
            }
        }
        found.try_into().ok()
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id && self.0.sent == other.0.sent
    }
}

/// One change of a zone's offset.
#[derive(Clone, Copy)]
pub(crate) struct ZoneChange {
    pub at: Timestamp,
    pub before: i32,
    pub after: i32,
}

fn edge(wall: DateTime) -> Timestamp {
    if wall.year() < 2000 { Timestamp::MIN } else { Timestamp::MAX }
}

/// The day a monthly rule names: the `week`th (−1 or 5: last) such weekday of a month.
pub(crate) fn nth_weekday(year: i16, month: i8, weekday: Weekday, week: i8) -> Option<Date> {
    let first = Date::new(year, month, 1).ok()?;
    if (1..=4).contains(&week) {
        first.nth_weekday_of_month(week, weekday).ok()
    } else {
        first.nth_weekday_of_month(-1, weekday).ok()
    }
}

/// Reads an XML duration such as `PT2H`, `-PT60M` or `P0DT0H0M0.0S` as seconds.
pub(crate) fn duration_seconds(text: &str) -> Option<i64> {
    let (sign, rest) = match text.trim().strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.trim()),
    };
    let mut seconds = 0.0_f64;
    let mut number = String::new();
    for c in rest.strip_prefix('P')?.chars() {
        let unit = match c {
            'T' => continue,
            '0'..='9' | '.' => {
                number.push(c);
                continue;
            }
            'D' => 86_400.0,
            'H' => 3600.0,
            'M' => 60.0,
            'S' => 1.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        number.clear();
    }
    // The durations of zone rules are hours and minutes: far inside the range of i64.
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds of at most a few days")]
    let whole = seconds.round() as i64;
    Some(sign * whole)
}

fn posix_offset(bias_seconds: i64) -> String {
    let sign = if bias_seconds < 0 { "-" } else { "" };
    let all = bias_seconds.abs();
    format!("{sign}{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60)
}

fn weekday_number(name: &str) -> Option<u8> {
    let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    let at = days.iter().position(|day| *day == name)?;
    u8::try_from(at).ok()
}

/// The rules in force last, as a POSIX zone text.
fn posix_of_definition(element: &Element) -> Option<String> {
    let periods = element.child("Periods")?;
    let bias = |id: &str| -> Option<i64> {
        let period = periods.elements().find(|p| p.attr("Id") == Some(id))?;
        duration_seconds(period.attr("Bias")?)
    };
    let last = element.child("Transitions").and_then(|all| all.elements().last());
    let target = last.and_then(|transition| transition.child("To"));
    let group = match target {
        Some(to) if to.attr("Kind") == Some("Group") => {
            let id = to.word();
            element.child("TransitionsGroups")?.elements().find(|group| group.attr("Id") == Some(id.as_str()))?
        }
        Some(to) => {
            return Some(format!("<Std>{}", posix_offset(bias(&to.word())?)));
        }
        None => {
            let only = periods.first()?;
            return Some(format!("<Std>{}", posix_offset(duration_seconds(only.attr("Bias")?)?)));
        }
    };
    let transitions: Vec<&Element> = group.elements().collect();
    match transitions.as_slice() {
        [only] => Some(format!("<Std>{}", posix_offset(bias(&only.child_text("To")?)?))),
        [one, two] => {
            let (a, b) = (bias(&one.child_text("To")?)?, bias(&two.child_text("To")?)?);
            // The larger bias is winter time.
            let (to_std, std, to_dst, dst) = if a > b { (one, a, two, b) } else { (two, b, one, a) };
            Some(format!(
                "<Std>{}<Dst>{},{},{}",
                posix_offset(std),
                posix_offset(dst),
                posix_rule(to_dst)?,
                posix_rule(to_std)?
            ))
        }
        _ => None,
    }
}

fn posix_rule(transition: &Element) -> Option<String> {
    let month: u8 = transition.child_text("Month")?.trim().parse().ok()?;
    let time = posix_offset(duration_seconds(&transition.child_text("TimeOffset")?)?);
    if let Some(day) = transition.child_text("Day") {
        let day: i8 = day.trim().parse().ok()?;
        let day = Date::new(2023, i8::try_from(month).ok()?, day).ok()?.day_of_year();
        return Some(format!("J{day}/{time}"));
    }
    let weekday = weekday_number(transition.child_text("DayOfWeek")?.trim())?;
    let week: i8 = transition.child_text("Occurrence")?.trim().parse().ok()?;
    let week = if (1..=4).contains(&week) { week } else { 5 };
    Some(format!("M{month}.{week}.{weekday}/{time}"))
}

fn posix_of_meeting_zone(element: &Element) -> Option<String> {
    let base = duration_seconds(&element.child_text("BaseOffset")?)?;
    let part = |name: &str| element.child(name);
    let (Some(std), Some(dst)) = (part("Standard"), part("Daylight")) else {
        return Some(format!("<Std>{}", posix_offset(base)));
    };
    let offset = |part: &Element| -> Option<i64> { Some(base + duration_seconds(&part.child_text("Offset")?)?) };
    let rule = |part: &Element| -> Option<String> {
        let yearly = part.child("RelativeYearlyRecurrence")?;
        let weekday = weekday_number(yearly.child_text("DaysOfWeek")?.trim())?;
        let week = match yearly.child_text("DayOfWeekIndex")?.trim() {
            "First" => 1,
            "Second" => 2,
            "Third" => 3,
            "Fourth" => 4,
            _ => 5,
        };
        let month = crate::recurrence_xml::month_number(yearly.child_text("Month")?.trim())?;
        let time = part.child_text("Time")?;
        Some(format!("M{month}.{week}.{weekday}/{}", time.trim()))
    };
    Some(format!(
        "<Std>{}<Dst>{},{},{}",
        posix_offset(offset(std)?),
        posix_offset(offset(dst)?),
        rule(dst)?,
        rule(std)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    #[test]
    fn every_zone_of_the_table_has_rules() {
        for (id, place, _) in ZONES {
            assert!(Zone::by_id(id).is_some(), "{id} ({place})");
        }
        assert!(ZONES.len() > 135);
    }

    // trap 89
    #[test]
    fn the_special_ids_are_known() {
        assert_eq!(Zone::by_id("tzone://Microsoft/Utc").unwrap().id(), "UTC");
        assert!(Zone::by_id("Europe/Berlin").is_none());
    }

    #[test]
    fn a_custom_definition_changes_its_clock_like_the_zone_it_describes() {
        let text = format!(
            "<t:StartTimeZone xmlns:t=\"{}\" Id=\"tzone://Microsoft/Custom\" Name=\"mine\"><t:Periods><t:Period Bias=\"-PT60M\" Name=\"Standard\" Id=\"std\"/><t:Period Bias=\"-PT120M\" Name=\"Daylight\" Id=\"dlt\"/></t:Periods><t:TransitionsGroups><t:TransitionsGroup Id=\"0\"><t:RecurringDayTransition><t:To Kind=\"Period\">dlt</t:To><t:TimeOffset>PT2H</t:TimeOffset><t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence></t:RecurringDayTransition><t:RecurringDayTransition><t:To Kind=\"Period\">std</t:To><t:TimeOffset>PT3H</t:TimeOffset><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence></t:RecurringDayTransition></t:TransitionsGroup></t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind=\"Group\">0</t:To></t:Transition></t:Transitions></t:StartTimeZone>",
            xml::TYPES
        );
        let custom = Zone::from_definition(&xml::read(text.as_bytes()).unwrap()).unwrap();
        let berlin = Zone::by_id("W. Europe Standard Time").unwrap();
        for day in 0..400 {
            let at = Timestamp::from_second(1_700_000_000 + day * 86_400).unwrap();
            assert_eq!(custom.local(at), berlin.local(at));
        }
        assert!(custom.sent().is_some());
    }

    // trap 82
    #[test]
    fn a_wall_time_in_the_gap_moves_on_and_in_the_overlap_is_the_first() {
        let zone = Zone::by_id("W. Europe Standard Time").unwrap();
        let gap = jiff::civil::date(2026, 3, 29).at(2, 30, 0, 0);
        assert_eq!(zone.instant(gap).to_string(), "2026-03-29T01:30:00Z");
        let overlap = jiff::civil::date(2026, 10, 25).at(2, 30, 0, 0);
        assert_eq!(zone.instant(overlap).to_string(), "2026-10-25T00:30:00Z");
    }
}

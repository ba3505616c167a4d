//! RRULE and the patterns Exchange knows, from one to the other; what has no counterpart is refused (trap 68).

use jiff::civil::{Date, Weekday};

use crate::recurrence::{DayKind, Pattern, Range, Rule};

const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Sunday, "SU"),
    (Weekday::Monday, "MO"),
    (Weekday::Tuesday, "TU"),
    (Weekday::Wednesday, "WE"),
    (Weekday::Thursday, "TH"),
    (Weekday::Friday, "FR"),
    (Weekday::Saturday, "SA"),
];

fn day_name(day: Weekday) -> &'static str {
    DAYS.iter().find(|(known, _)| *known == day).map_or("SU", |(_, name)| name)
}

fn day_of(name: &str) -> Option<Weekday> {
    DAYS.iter().find(|(_, known)| *known == name).map(|(day, _)| *day)
}

/// The RRULE value of a rule; `until` is the last moment for one with an end date.
pub(crate) fn write(rule: &Rule, until: Option<&str>) -> String {
    let relative = |kind: DayKind, index: i8| match kind {
        DayKind::On(day) => format!("BYDAY={index}{}", day_name(day)),
        DayKind::Day => format!("BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS={index}"),
        DayKind::Weekday => format!("BYDAY=MO,TU,WE,TH,FR;BYSETPOS={index}"),
        DayKind::WeekendDay => format!("BYDAY=SU,SA;BYSETPOS={index}"),
    };
    let mut text = match &rule.pattern {
        Pattern::Daily { interval } => format!("FREQ=DAILY;INTERVAL={interval}"),
        Pattern::Weekly { interval, days, first_day } => {
            let names: Vec<&str> = days.iter().map(|day| day_name(*day)).collect();
            format!("FREQ=WEEKLY;INTERVAL={interval};BYDAY={};WKST={}", names.join(","), day_name(*first_day))
        }
        Pattern::AbsoluteMonthly { interval, day } => {
            format!("FREQ=MONTHLY;INTERVAL={interval};BYMONTHDAY={day}")
        }
        Pattern::RelativeMonthly { interval, kind, index } => {
            format!("FREQ=MONTHLY;INTERVAL={interval};{}", relative(*kind, *index))
        }
        Pattern::AbsoluteYearly { day, month } => {
            format!("FREQ=YEARLY;BYMONTHDAY={day};BYMONTH={month}")
        }
        Pattern::RelativeYearly { kind, index, month } => {
            format!("FREQ=YEARLY;{};BYMONTH={month}", relative(*kind, *index))
        }
        Pattern::Regenerate { interval, .. } => format!("FREQ=DAILY;INTERVAL={interval}"),
    };
    match (rule.range, until) {
        (Range::Numbered(count), _) => text.push_str(&format!(";COUNT={count}")),
        (Range::EndDate(_), Some(until)) => text.push_str(&format!(";UNTIL={until}")),
        (Range::EndDate(date), None) => {
            text.push_str(&format!(";UNTIL={}", date.strftime("%Y%m%d")));
        }
        (Range::NoEnd, _) => {}
    }
    text
}

/// The rule of an RRULE value for a series that starts on a day; `None` for what Exchange has no pattern for.
pub(crate) fn read(value: &str, start: Date) -> Option<Rule> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for part in value.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        parts.push((name.to_ascii_uppercase(), value.to_ascii_uppercase()));
    }
    let mut take = |name: &str| -> Option<String> {
        let at = parts.iter().position(|(known, _)| known == name)?;
        Some(parts.remove(at).1)
    };
    let interval: i32 = take("INTERVAL").map_or(Some(1), |text| text.parse().ok())?;
    let first_day = take("WKST").map_or(Some(Weekday::Monday), |name| day_of(&name))?;
    let range = match (take("COUNT"), take("UNTIL")) {
        (Some(count), None) => Range::Numbered(count.parse().ok()?),
        (None, Some(until)) => Range::EndDate(Date::strptime("%Y%m%d", until.get(..8)?).ok()?),
        (None, None) => Range::NoEnd,
        (Some(_), Some(_)) => return None,
    };
    let (by_day, by_month_day) = (take("BYDAY"), take("BYMONTHDAY"));
    let (by_month, position) = (take("BYMONTH"), take("BYSETPOS"));
    let freq = take("FREQ")?;
    if !parts.is_empty() || !(1..=999).contains(&interval) {
        return None;
    }
    let month: Option<i8> = match by_month {
        Some(text) => Some(text.parse().ok()?),
        None => None,
    };
    let month_day = |text: Option<String>| -> Option<i8> {
        let day = text.map_or(Some(start.day()), |text| text.parse().ok())?;
        match day {
            -1 => Some(31),
            1..=31 => Some(day),
            _ => None,
        }
    };
    let pattern = match (freq.as_str(), by_day, month) {
        ("DAILY", None, None) if by_month_day.is_none() => Pattern::Daily { interval },
        ("WEEKLY", days, None) if by_month_day.is_none() => {
            let days = match days {
                Some(text) => text.split(',').map(day_of).collect::<Option<Vec<_>>>()?,
                None => vec![start.weekday()],
            };
            Pattern::Weekly { interval, days, first_day }
        }
        ("MONTHLY", None, None) => Pattern::AbsoluteMonthly { interval, day: month_day(by_month_day)? },
        ("MONTHLY", Some(days), None) if by_month_day.is_none() => {
            let (kind, index) = relative(&days, position)?;
            Pattern::RelativeMonthly { interval, kind, index }
        }
        ("YEARLY", None, month) if interval == 1 => {
            Pattern::AbsoluteYearly { day: month_day(by_month_day)?, month: month.unwrap_or(start.month()) }
        }
        ("YEARLY", Some(days), month) if interval == 1 && by_month_day.is_none() => {
            let (kind, index) = relative(&days, position)?;
            Pattern::RelativeYearly { kind, index, month: month.unwrap_or(start.month()) }
        }
        _ => return None,
    };
    Some(Rule { pattern, start, range })
}

fn relative(days: &str, position: Option<String>) -> Option<(DayKind, i8)> {
    let valid = |index: i8| matches!(index, 1..=4 | -1).then_some(index);
    if let Some(position) = position {
        let index = valid(position.parse().ok()?)?;
        let mut days = days.split(',').map(day_of).collect::<Option<Vec<_>>>()?;
        days.sort_by_key(|day| day.to_sunday_zero_offset());
        let weekend = days == [Weekday::Sunday, Weekday::Saturday];
        let kind = match days.as_slice() {
            [only] => DayKind::On(*only),
            all if all.len() == 7 => DayKind::Day,
            all if all.len() == 5 && !all.contains(&Weekday::Sunday) && !all.contains(&Weekday::Saturday) => {
                DayKind::Weekday
            }
            _ if weekend => DayKind::WeekendDay,
            _ => return None,
        };
        return Some((kind, index));
    }
    let at = days.len().checked_sub(2)?;
    let (index, day) = days.split_at_checked(at)?;
    Some((DayKind::On(day_of(day)?), valid(index.parse().ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_go_to_text_and_back() {
        let start: Date = "2026-01-05".parse().unwrap();
        for text in [
            "FREQ=DAILY;INTERVAL=3;COUNT=5",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU",
            "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=15",
            "FREQ=MONTHLY;INTERVAL=1;BYDAY=-1FR;UNTIL=20261231",
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2",
            "FREQ=YEARLY;BYDAY=2SU;BYMONTH=5",
        ] {
            assert_eq!(write(&read(text, start).unwrap(), None), text);
        }
    }

    // trap 68
    #[test]
    fn rules_without_a_counterpart_are_refused() {
        let start: Date = "2026-01-05".parse().unwrap();
        for text in [
            "FREQ=SECONDLY",
            "FREQ=MONTHLY;BYMONTHDAY=1,15",
            "FREQ=YEARLY;BYWEEKNO=20",
            "FREQ=DAILY;BYHOUR=9,10",
            "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=2",
            "FREQ=DAILY;COUNT=3;UNTIL=20270101",
            "FREQ=YEARLY;INTERVAL=2",
        ] {
            assert!(read(text, start).is_none(), "{text}");
        }
    }
}

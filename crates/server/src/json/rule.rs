//! A series' rule in JSON, readable by people: `{"pattern":"weekly","interval":1,"days":["monday"],"count":5}`.

use jiff::civil::Date;
use model::recurrence::{Index, Pattern, Range, Recurrence, Unit};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeSet;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Every member a rule may have; each pattern names those it needs.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Flat {
    pattern: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    month: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<Index>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Unit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
}

/// A rule as JSON.
#[must_use]
pub fn rule_json(rule: &Recurrence) -> Json {
    let mut flat = Flat::default();
    match &rule.pattern {
        Pattern::Daily { interval } => {
            flat.pattern = "daily".to_owned();
            flat.interval = Some(*interval);
        }
        Pattern::Weekly { interval, days, first_day } => {
            flat.pattern = "weekly".to_owned();
            flat.interval = Some(*interval);
            flat.days = Some(day_names(days));
            flat.first_day = Some(day_name(*first_day));
        }
        Pattern::MonthlyByDate { interval, day } => {
            flat.pattern = "monthly_by_date".to_owned();
            flat.interval = Some(*interval);
            flat.day = Some(*day);
        }
        Pattern::MonthlyByWeekday { interval, days, index } => {
            flat.pattern = "monthly_by_weekday".to_owned();
            flat.interval = Some(*interval);
            flat.days = Some(day_names(days));
            flat.index = Some(*index);
        }
        Pattern::YearlyByDate { month, day } => {
            flat.pattern = "yearly_by_date".to_owned();
            flat.month = Some(*month);
            flat.day = Some(*day);
        }
        Pattern::YearlyByWeekday { month, days, index } => {
            flat.pattern = "yearly_by_weekday".to_owned();
            flat.month = Some(*month);
            flat.days = Some(day_names(days));
            flat.index = Some(*index);
        }
        Pattern::Regenerating { unit, interval } => {
            flat.pattern = "regenerating".to_owned();
            flat.unit = Some(*unit);
            flat.interval = Some(*interval);
        }
        Pattern::Foreign { text } => {
            flat.pattern = "foreign".to_owned();
            flat.text = Some(text.clone());
        }
    }
    match rule.range {
        Range::NoEnd => {}
        Range::Until(date) => flat.until = Some(date),
        Range::Count(count) => flat.count = Some(count),
    }
    serde_json::to_value(flat).expect("a rule of texts and numbers is always JSON")
}

/// Reads a rule.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read_rule(json: &Json) -> Result<Recurrence, String> {
    let mut flat = Flat::deserialize(json).map_err(|why| format!("is no rule: {why}"))?;
    let pattern = match std::mem::take(&mut flat.pattern).as_str() {
        "daily" => Pattern::Daily { interval: interval(&mut flat)? },
        "weekly" => Pattern::Weekly {
            interval: interval(&mut flat)?,
            days: days(&mut flat)?,
            first_day: match flat.first_day.take() {
                Some(name) => day_number(&name)?,
                None => 1,
            },
        },
        "monthly_by_date" => {
            Pattern::MonthlyByDate { interval: interval(&mut flat)?, day: needed(flat.day.take(), "day", 1..=31)? }
        }
        "monthly_by_weekday" => Pattern::MonthlyByWeekday {
            interval: interval(&mut flat)?,
            days: days(&mut flat)?,
            index: index(&mut flat)?,
        },
        "yearly_by_date" => Pattern::YearlyByDate {
            month: needed(flat.month.take(), "month", 1..=12)?,
            day: needed(flat.day.take(), "day", 1..=31)?,
        },
        "yearly_by_weekday" => Pattern::YearlyByWeekday {
            month: needed(flat.month.take(), "month", 1..=12)?,
            days: days(&mut flat)?,
            index: index(&mut flat)?,
        },
        "regenerating" => Pattern::Regenerating {
            unit: flat.unit.take().ok_or_else(|| "needs unit: day, week, month or year".to_owned())?,
            interval: interval(&mut flat)?,
        },
        "foreign" => return Err("of pattern foreign cannot be set, only kept".to_owned()),
        _ => {
            return Err("needs pattern: daily, weekly, monthly_by_date, monthly_by_weekday, yearly_by_date, yearly_by_weekday or regenerating".to_owned());
        }
    };
    let range = match (flat.until.take(), flat.count.take()) {
        (None, None) => Range::NoEnd,
        (Some(date), None) => Range::Until(date),
        (None, Some(0)) => return Err("has a count of 0".to_owned()),
        (None, Some(count)) => Range::Count(count),
        (Some(_), Some(_)) => {
            return Err("has until and count; a series ends in one way".to_owned());
        }
    };
    match leftover(&flat) {
        Some(name) => Err(format!("has {name}, which its pattern does not use")),
        None => Ok(Recurrence { pattern, range }),
    }
}

fn leftover(flat: &Flat) -> Option<&'static str> {
    let members = [
        (flat.interval.is_some(), "interval"),
        (flat.days.is_some(), "days"),
        (flat.first_day.is_some(), "first_day"),
        (flat.day.is_some(), "day"),
        (flat.month.is_some(), "month"),
        (flat.index.is_some(), "index"),
        (flat.unit.is_some(), "unit"),
        (flat.text.is_some(), "text"),
    ];
    members.iter().find(|(is_left, _)| *is_left).map(|(_, name)| *name)
}

fn interval(flat: &mut Flat) -> Result<u32, String> {
    match flat.interval.take() {
        None => Ok(1),
        Some(0) => Err("has an interval of 0".to_owned()),
        Some(interval) => Ok(interval),
    }
}

fn index(flat: &mut Flat) -> Result<Index, String> {
    flat.index.take().ok_or_else(|| "needs index: first, second, third, fourth or last".to_owned())
}

fn needed(value: Option<u8>, name: &str, range: std::ops::RangeInclusive<u8>) -> Result<u8, String> {
    value
        .filter(|value| range.contains(value))
        .ok_or_else(|| format!("needs {name}: {} to {}", range.start(), range.end()))
}

fn days(flat: &mut Flat) -> Result<BTreeSet<u8>, String> {
    let names = flat.days.take().unwrap_or_default();
    if names.is_empty() {
        return Err("needs days, such as [\"monday\"]".to_owned());
    }
    names.iter().map(|name| day_number(name)).collect()
}

fn day_number(name: &str) -> Result<u8, String> {
    DAYS.iter()
        .zip(1..)
        .find(|(known, _)| **known == name)
        .map(|(_, number)| number)
        .ok_or_else(|| format!("names a day that is none of {}", DAYS.join(", ")))
}

fn day_name(number: u8) -> String {
    let index = usize::from(number.saturating_sub(1)) % DAYS.len();
    DAYS[index].to_owned()
}

fn day_names(days: &BTreeSet<u8>) -> Vec<String> {
    days.iter().map(|day| day_name(*day)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // R2
    #[test]
    fn every_pattern_reads_back_what_it_wrote() {
        for rule in [
            json!({"pattern": "daily", "interval": 3}),
            json!({"pattern": "weekly", "interval": 2, "days": ["monday", "friday"], "first_day": "sunday", "count": 9}),
            json!({"pattern": "monthly_by_date", "interval": 1, "day": 31, "until": "2027-01-31"}),
            json!({"pattern": "monthly_by_weekday", "interval": 1, "days": ["tuesday"], "index": "second"}),
            json!({"pattern": "yearly_by_date", "month": 2, "day": 29}),
            json!({"pattern": "yearly_by_weekday", "month": 3, "days": ["friday"], "index": "last"}),
            json!({"pattern": "regenerating", "unit": "week", "interval": 2}),
        ] {
            let read = read_rule(&rule).expect("a rule");
            assert_eq!(rule_json(&read), rule);
        }
    }

    #[test]
    fn a_rule_that_makes_no_sense_is_refused_in_words() {
        for (rule, word) in [
            (json!({"pattern": "hourly"}), "pattern"),
            (json!({"pattern": "daily", "interval": 0}), "interval"),
            (json!({"pattern": "weekly"}), "days"),
            (json!({"pattern": "weekly", "days": ["noday"]}), "day"),
            (json!({"pattern": "daily", "day": 3}), "day"),
            (json!({"pattern": "daily", "count": 3, "until": "2026-01-01"}), "one way"),
            (json!({"pattern": "monthly_by_date", "day": 32}), "1 to 31"),
            (json!({"pattern": "daily", "colour": 1}), "colour"),
            (json!({"pattern": "foreign", "text": "x"}), "kept"),
            (json!("daily"), "rule"),
        ] {
            let problem = read_rule(&rule).expect_err("refused");
            assert!(problem.contains(word), "{problem}");
        }
    }
}

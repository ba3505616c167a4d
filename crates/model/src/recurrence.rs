//! Rules of series as Exchange knows them, and their dates (rules R1, R2).

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A series' rule with its range. The first date and the clock time are the record's start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Recurrence {
    /// Which dates.
    pub pattern: Pattern,
    /// Until when.
    pub range: Range,
}

/// Which dates a series falls on. Days of the week are numbered as in ISO 8601: 1 is Monday, 7 is Sunday.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Every n days.
    Daily {
        /// 1 or more.
        interval: u32,
    },
    /// Every n weeks on some days.
    Weekly {
        /// 1 or more.
        interval: u32,
        /// At least one.
        days: BTreeSet<u8>,
        /// The day a week begins with, which decides every second week (trap 70).
        first_day: u8,
    },
    /// Every n months on a date; a month that is too short has it on its last day.
    MonthlyByDate {
        /// 1 or more.
        interval: u32,
        /// 1 to 31.
        day: u8,
    },
    /// Every n months on, say, the second Tuesday.
    MonthlyByWeekday {
        /// 1 or more.
        interval: u32,
        /// One day; all seven, the five weekdays or the two of the weekend for "day", "weekday", "weekend day".
        days: BTreeSet<u8>,
        /// Which of them.
        index: Index,
    },
    /// Every year on a date.
    YearlyByDate {
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
    /// Every year on, say, the last Friday of March.
    YearlyByWeekday {
        /// 1 to 12.
        month: u8,
        /// As for months.
        days: BTreeSet<u8>,
        /// Which of them.
        index: Index,
    },
    /// Tasks: again some time after the last one was done. Never expanded (trap 71).
    Regenerating {
        /// Days, weeks, months or years.
        unit: Unit,
        /// 1 or more.
        interval: u32,
    },
    /// A rule this program cannot hold, kept in the words of the side that has it and never written (trap 68).
    Foreign {
        /// The rule as that side states it.
        text: String,
    },
}

/// The unit of a regenerating task.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Days after completion.
    Day,
    /// Weeks after completion.
    Week,
    /// Months after completion.
    Month,
    /// Years after completion.
    Year,
}

/// Which of a month's matching days.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Index {
    /// The first.
    First,
    /// The second.
    Second,
    /// The third.
    Third,
    /// The fourth.
    Fourth,
    /// The last.
    Last,
}

/// Until when a series goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// For ever.
    NoEnd,
    /// Until a date of the series' zone, inclusive (trap 65).
    Until(Date),
    /// This many occurrences.
    Count(u32),
}

/// No expansion looks at more candidate days than this (trap 67): four hundred years.
pub const MAX_STEPS: u32 = 146_097;

/// The longest distance from one to the next that Exchange and its clients take.
pub const MAX_INTERVAL: u32 = 999;

impl Recurrence {
    /// The dates of the series from its first on, deleted and moved ones included. Bounded by [`MAX_STEPS`].
    pub fn dates(&self, first: Date) -> impl Iterator<Item = Date> + '_ {
        let limit = match self.range {
            Range::Count(count) => count as usize,
            Range::NoEnd | Range::Until(_) => usize::MAX,
        };
        let until = match self.range {
            Range::Until(date) => date,
            Range::NoEnd | Range::Count(_) => Date::MAX,
        };
        (0..MAX_STEPS)
            .map_while(move |step| self.pattern.period(first, step))
            .take_while(move |period| period.first().is_none_or(|date| *date <= until))
            .flatten()
            .filter(move |date| *date >= first)
            .take_while(move |date| *date <= until)
            .take(limit)
    }

    /// Whether its dates follow from the rule alone.
    #[must_use]
    pub fn has_known_dates(&self) -> bool {
        !matches!(self.pattern, Pattern::Regenerating { .. } | Pattern::Foreign { .. })
    }

    /// Whether the series has a date on that day.
    #[must_use]
    pub fn falls_on(&self, first: Date, day: Date) -> bool {
        self.dates(first).take_while(|date| *date <= day).any(|date| date == day)
    }

    /// The first date from that day on: of a sound rule that begins on a day of its own, that day.
    #[must_use]
    pub fn first_date(&self, from: Date) -> Option<Date> {
        self.dates(from).next()
    }

    /// The last date, if the series ends; a foreign rule's end is not known.
    #[must_use]
    pub fn last_date(&self, first: Date) -> Option<Date> {
        match (&self.pattern, &self.range) {
            (Pattern::Foreign { .. } | Pattern::Regenerating { .. }, _) | (_, Range::NoEnd) => None,
            (_, Range::Until(date)) => Some(*date),
            (_, Range::Count(_)) => self.dates(first).last(),
        }
    }

    /// What is wrong with the rule, in words, if something is (trap 38).
    #[must_use]
    pub fn fault(&self, first: Date) -> Option<String> {
        let pattern = match &self.pattern {
            Pattern::Daily { interval } | Pattern::Regenerating { interval, .. } if *interval == 0 => {
                Some("the interval is 0")
            }
            Pattern::Weekly { interval, days, .. } if *interval == 0 || days.is_empty() => {
                Some("the week has no day or the interval is 0")
            }
            Pattern::MonthlyByDate { interval, day } if *interval == 0 || !(1..=31).contains(day) => {
                Some("the day of the month is not 1 to 31 or the interval is 0")
            }
            Pattern::MonthlyByWeekday { interval, days, .. } if *interval == 0 || days.is_empty() => {
                Some("the month has no day or the interval is 0")
            }
            Pattern::YearlyByDate { month, day } if !(1..=12).contains(month) || !(1..=31).contains(day) => {
                Some("the yearly date is none")
            }
            Pattern::YearlyByWeekday { month, days, .. } if !(1..=12).contains(month) || days.is_empty() => {
                Some("the yearly day is none")
            }
            Pattern::Daily { .. }
            | Pattern::Weekly { .. }
            | Pattern::MonthlyByDate { .. }
            | Pattern::MonthlyByWeekday { .. }
            | Pattern::YearlyByDate { .. }
            | Pattern::YearlyByWeekday { .. }
            | Pattern::Regenerating { .. }
            | Pattern::Foreign { .. } => None,
        };
        if let Some(fault) = pattern {
            return Some(fault.to_owned());
        }
        if self.pattern.interval().is_some_and(|interval| interval > MAX_INTERVAL) {
            return Some(format!("the interval is more than {MAX_INTERVAL}"));
        }
        match &self.range {
            Range::Until(date) if *date < first => Some("the series ends before it begins".to_owned()),
            Range::NoEnd | Range::Until(_) | Range::Count(_) => {
                self.first_date(first).is_none().then(|| "the series has no occurrence".to_owned())
            }
        }
    }
}

impl Pattern {
    /// How many days, weeks, months or years lie between one and the next, where the pattern says.
    fn interval(&self) -> Option<u32> {
        match self {
            Pattern::Daily { interval }
            | Pattern::Weekly { interval, .. }
            | Pattern::MonthlyByDate { interval, .. }
            | Pattern::MonthlyByWeekday { interval, .. }
            | Pattern::Regenerating { interval, .. } => Some(*interval),
            Pattern::YearlyByDate { .. } | Pattern::YearlyByWeekday { .. } | Pattern::Foreign { .. } => None,
        }
    }

    /// The candidate dates of the n-th period (day, week, month or year) counted from the first date; `None` past the
    /// calendar's end or when the pattern is not expanded.
    fn period(&self, first: Date, step: u32) -> Option<Vec<Date>> {
        let step = i64::from(step);
        match self {
            Pattern::Daily { interval } => Some(vec![later(first, step.checked_mul(i64::from(*interval))?)?]),
            Pattern::Weekly { interval, days, first_day } => {
                let back = (i64::from(iso(first)) - i64::from(*first_day)).rem_euclid(7);
                let monday = first.checked_sub(back.days()).ok()?;
                let week = later(monday, step.checked_mul(i64::from(*interval))?.checked_mul(7)?)?;
                Some(
                    (0..7i64)
                        .filter_map(|offset| week.checked_add(offset.days()).ok())
                        .filter(|date| days.contains(&iso(*date)))
                        .collect(),
                )
            }
            Pattern::MonthlyByDate { interval, day } => {
                let month = month_after(first, step * i64::from(*interval))?;
                Some(vec![clamp(month, *day)?])
            }
            Pattern::MonthlyByWeekday { interval, days, index } => {
                let month = month_after(first, step * i64::from(*interval))?;
                Some(nth(month, days, *index).into_iter().collect())
            }
            Pattern::YearlyByDate { month, day } => {
                let month = month_of_year(first, step, *month)?;
                Some(vec![clamp(month, *day)?])
            }
            Pattern::YearlyByWeekday { month, days, index } => {
                let month = month_of_year(first, step, *month)?;
                Some(nth(month, days, *index).into_iter().collect())
            }
            Pattern::Regenerating { .. } | Pattern::Foreign { .. } => (step == 0).then(|| vec![first]),
        }
    }
}

/// ISO number of a date's weekday.
#[must_use]
pub fn iso(date: Date) -> u8 {
    date.weekday().to_monday_one_offset().unsigned_abs()
}

/// The weekday of an ISO number.
#[must_use]
pub fn weekday(iso: u8) -> Option<Weekday> {
    Weekday::from_monday_one_offset(i8::try_from(iso).ok()?).ok()
}

/// Some days later; `None` past the calendar's end, however many days are asked for.
fn later(date: Date, days: i64) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

fn month_after(first: Date, months: i64) -> Option<Date> {
    first.first_of_month().checked_add(Span::new().try_months(months).ok()?).ok()
}

fn month_of_year(first: Date, years: i64, month: u8) -> Option<Date> {
    let year = i16::try_from(i64::from(first.year()) + years).ok()?;
    Date::new(year, i8::try_from(month).ok()?, 1).ok()
}

fn clamp(month: Date, day: u8) -> Option<Date> {
    let day = i8::try_from(day).ok()?.min(month.days_in_month());
    Date::new(month.year(), month.month(), day).ok()
}

fn nth(month: Date, days: &BTreeSet<u8>, index: Index) -> Option<Date> {
    let mut matching = (1..=month.days_in_month())
        .filter_map(|day| Date::new(month.year(), month.month(), day).ok())
        .filter(|date| days.contains(&iso(*date)));
    match index {
        Index::First => matching.next(),
        Index::Second => matching.nth(1),
        Index::Third => matching.nth(2),
        Index::Fourth => matching.nth(3),
        Index::Last => matching.next_back(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    fn dates(pattern: Pattern, range: Range, first: &str, count: usize) -> Vec<String> {
        Recurrence { pattern, range }.dates(date(first)).take(count).map(|date| date.to_string()).collect()
    }

    // R2
    #[test]
    fn every_pattern_falls_on_its_dates() {
        assert_eq!(
            dates(Pattern::Daily { interval: 3 }, Range::NoEnd, "2026-02-27", 3),
            ["2026-02-27", "2026-03-02", "2026-03-05"]
        );
        let month = Pattern::MonthlyByDate { interval: 1, day: 31 };
        assert_eq!(dates(month, Range::NoEnd, "2026-01-31", 3), ["2026-01-31", "2026-02-28", "2026-03-31"]);
        let second_tuesday = Pattern::MonthlyByWeekday { interval: 2, days: [2].into(), index: Index::Second };
        assert_eq!(dates(second_tuesday, Range::NoEnd, "2026-01-01", 2), ["2026-01-13", "2026-03-10"]);
        let last_weekday = Pattern::YearlyByWeekday { month: 10, days: (1..=5).collect(), index: Index::Last };
        assert_eq!(dates(last_weekday, Range::Count(2), "2026-01-01", 5), ["2026-10-30", "2027-10-29"]);
        let leap = Pattern::YearlyByDate { month: 2, day: 29 };
        assert_eq!(dates(leap, Range::NoEnd, "2026-01-01", 3), ["2026-02-28", "2027-02-28", "2028-02-29"]);
    }

    // trap 70
    #[test]
    fn the_first_day_of_the_week_decides_every_second_week() {
        let weekly = |first_day| Pattern::Weekly { interval: 2, days: [1, 7].into(), first_day };
        assert_eq!(dates(weekly(1), Range::NoEnd, "2026-03-02", 3), ["2026-03-02", "2026-03-08", "2026-03-16"]);
        assert_eq!(dates(weekly(7), Range::NoEnd, "2026-03-02", 3), ["2026-03-02", "2026-03-15", "2026-03-16"]);
    }

    // trap 65
    #[test]
    fn the_last_day_belongs_to_the_series() {
        let daily = Pattern::Daily { interval: 1 };
        assert_eq!(dates(daily.clone(), Range::Until(date("2026-03-03")), "2026-03-01", 9).len(), 3);
        let rule = Recurrence { pattern: daily, range: Range::Count(4) };
        assert_eq!(rule.last_date(date("2026-03-01")), Some(date("2026-03-04")));
    }

    // traps 38, 67: numbers without measure are told, and end with the calendar.
    #[test]
    fn a_rule_beyond_every_calendar_ends_with_it() {
        for pattern in [
            Pattern::Daily { interval: u32::MAX },
            Pattern::Weekly { interval: u32::MAX, days: [1].into(), first_day: 1 },
            Pattern::MonthlyByDate { interval: u32::MAX, day: 2 },
            Pattern::MonthlyByWeekday { interval: u32::MAX, days: [1].into(), index: Index::First },
        ] {
            let rule = Recurrence { pattern, range: Range::Count(u32::MAX) };
            assert_eq!(rule.last_date(date("2026-03-02")), Some(date("2026-03-02")));
            assert_eq!(rule.fault(date("2026-03-02")).as_deref(), Some("the interval is more than 999"));
        }
    }

    // trap 38
    #[test]
    fn a_range_without_a_date_of_the_pattern_has_no_occurrence() {
        let fridays = Pattern::Weekly { interval: 1, days: [5].into(), first_day: 1 };
        let rule = |until: &str| Recurrence { pattern: fridays.clone(), range: Range::Until(date(until)) };
        assert_eq!(rule("2026-03-05").fault(date("2026-03-02")).as_deref(), Some("the series has no occurrence"));
        assert_eq!(rule("2026-03-06").fault(date("2026-03-02")), None);
    }

    // trap 67
    #[test]
    fn an_expansion_is_bounded() {
        let never = Recurrence {
            pattern: Pattern::Weekly { interval: 1, days: BTreeSet::new(), first_day: 1 },
            range: Range::NoEnd,
        };
        assert_eq!(never.dates(date("2026-03-01")).next(), None);
        assert!(never.fault(date("2026-03-01")).is_some());
    }
}

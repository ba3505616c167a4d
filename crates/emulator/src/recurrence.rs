//! Recurring appointments and tasks: the patterns Exchange knows, and the days each one falls on.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use crate::zone::nth_weekday;

/// How many days of a series are ever looked at: a daily series of more than a century.
pub(crate) const MAX_DAYS: usize = 40_000;

/// The day part of a relative pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DayKind {
    On(Weekday),
    Day,
    Weekday,
    WeekendDay,
}

/// Which days a series falls on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    Daily {
        interval: i32,
    },
    Weekly {
        interval: i32,
        days: Vec<Weekday>,
        first_day: Weekday,
    },
    AbsoluteMonthly {
        interval: i32,
        day: i8,
    },
    RelativeMonthly {
        interval: i32,
        kind: DayKind,
        index: i8,
    },
    AbsoluteYearly {
        day: i8,
        month: i8,
    },
    RelativeYearly {
        kind: DayKind,
        index: i8,
        month: i8,
    },
    /// Tasks only: the next one is born when this one is done.
    Regenerate {
        unit: Unit,
        interval: i32,
    },
}

/// The unit of a regenerating task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Days,
    Weeks,
    Months,
    Years,
}

/// Where a series ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    NoEnd,
    EndDate(Date),
    Numbered(i32),
}

/// A whole recurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub pattern: Pattern,
    pub start: Date,
    pub range: Range,
}

/// Why a recurrence is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleFault {
    Invalid,
    BadWeeklyDay,
    NoOccurrence,
}

impl Rule {
    /// The days of the series in order, within `MAX_DAYS`.
    pub(crate) fn days(&self) -> impl Iterator<Item = Date> + '_ {
        let until = match self.range {
            Range::EndDate(date) => date,
            Range::NoEnd | Range::Numbered(_) => Date::MAX,
        };
        let count = match self.range {
            Range::Numbered(count) => usize::try_from(count).unwrap_or(0),
            Range::NoEnd | Range::EndDate(_) => MAX_DAYS,
        };
        candidates(&self.pattern, self.start)
            .skip_while(|day| *day < self.start)
            .take_while(move |day| *day <= until)
            .take(count.min(MAX_DAYS))
    }

    pub(crate) fn is_endless(&self) -> bool {
        self.range == Range::NoEnd
    }

    /// The day a regenerating task comes back, counted from the day it was done.
    pub(crate) fn regenerated(&self, done: Date) -> Option<Date> {
        let Pattern::Regenerate { unit, interval } = self.pattern else {
            return None;
        };
        let span = match unit {
            Unit::Days => interval.days(),
            Unit::Weeks => interval.weeks(),
            Unit::Months => interval.months(),
            Unit::Years => interval.years(),
        };
        done.checked_add(span).ok()
    }
}

fn candidates(pattern: &Pattern, start: Date) -> Box<dyn Iterator<Item = Date> + '_> {
    match pattern {
        Pattern::Daily { interval } => Box::new(stepped(start, i64::from(*interval))),
        Pattern::Weekly { interval, days, first_day } => {
            // trap 70: which weeks count depends on the day a week begins.
            let back = i64::from(start.weekday().since(*first_day));
            let week = start.checked_sub(back.days()).unwrap_or(start);
            let mut in_week: Vec<i64> = days.iter().map(|day| i64::from(day.since(*first_day))).collect();
            in_week.sort_unstable();
            Box::new(stepped(week, i64::from(*interval) * 7).flat_map(move |week| {
                let days: Vec<Date> = in_week.iter().filter_map(|day| week.checked_add(day.days()).ok()).collect();
                days
            }))
        }
        Pattern::AbsoluteMonthly { interval, day } => {
            Box::new(months(start, *interval).filter_map(move |month| clamped(month, *day)))
        }
        Pattern::RelativeMonthly { interval, kind, index } => {
            Box::new(months(start, *interval).filter_map(move |month| relative(month, *kind, *index)))
        }
        Pattern::AbsoluteYearly { day, month } => {
            Box::new(years(start, *month).filter_map(move |month| clamped(month, *day)))
        }
        Pattern::RelativeYearly { kind, index, month } => {
            Box::new(years(start, *month).filter_map(move |month| relative(month, *kind, *index)))
        }
        Pattern::Regenerate { .. } => Box::new(std::iter::once(start)),
    }
}

fn stepped(start: Date, days: i64) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(start), move |day| day.checked_add(days.days()).ok())
}

fn months(start: Date, interval: i32) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(start.first_of_month()), move |month| month.checked_add(interval.months()).ok())
}

fn years(start: Date, month: i8) -> impl Iterator<Item = Date> {
    let first = Date::new(start.year(), month, 1).ok();
    std::iter::successors(first, move |month| month.checked_add(1.year()).ok())
}

/// The 31st of a short month is its last day, as Outlook has it.
fn clamped(month: Date, day: i8) -> Option<Date> {
    Date::new(month.year(), month.month(), day.min(month.days_in_month())).ok()
}

fn relative(month: Date, kind: DayKind, index: i8) -> Option<Date> {
    let fits = |day: &Date| match kind {
        DayKind::On(weekday) => day.weekday() == weekday,
        DayKind::Day => true,
        DayKind::Weekday => !weekend(day.weekday()),
        DayKind::WeekendDay => weekend(day.weekday()),
    };
    if let DayKind::On(weekday) = kind {
        return nth_weekday(month.year(), month.month(), weekday, index);
    }
    let mut days =
        (1..=month.days_in_month()).filter_map(|day| Date::new(month.year(), month.month(), day).ok()).filter(fits);
    if index == -1 { days.next_back() } else { days.nth(usize::try_from(index - 1).ok()?) }
}

fn weekend(day: Weekday) -> bool {
    matches!(day, Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    fn rule(pattern: &str, range: &str) -> Result<Rule, RuleFault> {
        let text = format!("<t:Recurrence xmlns:t=\"{}\">{pattern}{range}</t:Recurrence>", xml::TYPES);
        Rule::read(&xml::read(text.as_bytes()).unwrap(), false)
    }

    fn days(rule: &Rule, count: usize) -> Vec<String> {
        rule.days().take(count).map(|day| day.to_string()).collect()
    }

    fn no_end(start: &str) -> String {
        format!("<t:NoEndRecurrence><t:StartDate>{start}</t:StartDate></t:NoEndRecurrence>")
    }

    // trap 70
    #[test]
    fn every_second_week_depends_on_the_first_day_of_the_week() {
        let weekly = |first: &str| {
            let pattern = format!(
                "<t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Sunday Monday</t:DaysOfWeek><t:FirstDayOfWeek>{first}</t:FirstDayOfWeek></t:WeeklyRecurrence>"
            );
            days(&rule(&pattern, &no_end("2026-01-05")).unwrap(), 3)
        };
        assert_eq!(weekly("Sunday"), ["2026-01-05", "2026-01-18", "2026-01-19"]);
        assert_eq!(weekly("Monday"), ["2026-01-05", "2026-01-11", "2026-01-19"]);
    }

    #[test]
    fn the_31st_of_a_short_month_is_its_last_day() {
        let pattern = "<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>31</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>";
        assert_eq!(days(&rule(pattern, &no_end("2026-01-01")).unwrap(), 3), ["2026-01-31", "2026-02-28", "2026-03-31"]);
    }

    #[test]
    fn relative_patterns_know_weekdays_and_the_last_one() {
        let monthly = |day: &str, index: &str| {
            let pattern = format!(
                "<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>{day}</t:DaysOfWeek><t:DayOfWeekIndex>{index}</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>"
            );
            days(&rule(&pattern, &no_end("2026-01-01")).unwrap(), 2)
        };
        assert_eq!(monthly("Tuesday", "Second"), ["2026-01-13", "2026-02-10"]);
        assert_eq!(monthly("Weekday", "Last"), ["2026-01-30", "2026-02-27"]);
        assert_eq!(monthly("WeekendDay", "First"), ["2026-01-03", "2026-02-01"]);
        assert_eq!(monthly("Day", "Last"), ["2026-01-31", "2026-02-28"]);
    }

    // trap 65
    #[test]
    fn the_end_date_is_included() {
        let pattern = "<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>";
        let range = "<t:EndDateRecurrence><t:StartDate>2026-01-01</t:StartDate><t:EndDate>2026-01-03</t:EndDate></t:EndDateRecurrence>";
        assert_eq!(rule(pattern, range).unwrap().days().count(), 3);
    }

    // trap 38
    #[test]
    fn a_rule_that_never_happens_is_refused() {
        let pattern = "<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>";
        let range = "<t:EndDateRecurrence><t:StartDate>2026-01-05</t:StartDate><t:EndDate>2026-01-03</t:EndDate></t:EndDateRecurrence>";
        assert_eq!(rule(pattern, range), Err(RuleFault::NoOccurrence));
    }

    // trap 67
    #[test]
    fn a_series_without_end_is_bounded() {
        let pattern = "<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>";
        let rule = rule(pattern, &no_end("2026-01-01")).unwrap();
        assert_eq!(rule.days().count(), MAX_DAYS);
    }

    #[test]
    fn a_rule_comes_back_as_it_was_written() {
        let pattern = "<t:RelativeYearlyRecurrence><t:DaysOfWeek>Friday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex><t:Month>May</t:Month></t:RelativeYearlyRecurrence>";
        let range = "<t:NumberedRecurrence><t:StartDate>2026-01-01</t:StartDate><t:NumberOfOccurrences>4</t:NumberOfOccurrences></t:NumberedRecurrence>";
        let rule = rule(pattern, range).unwrap();
        assert_eq!(Rule::read(&rule.element(), false).unwrap(), rule);
        assert_eq!(days(&rule, 2), ["2026-05-29", "2027-05-28"]);
    }
}

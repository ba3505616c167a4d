//! Recurrences as EWS writes them: the `Recurrence` element read and written.

use jiff::civil::{Date, Weekday};

use crate::recurrence::{DayKind, Pattern, Range, Rule, RuleFault, Unit};
use crate::xml::{Element, Ns};

impl Rule {
    /// Reads a `Recurrence` element; `tasks` allows the regenerating patterns.
    pub(crate) fn read(element: &Element, tasks: bool) -> Result<Self, RuleFault> {
        let mut parts = element.elements();
        let (pattern, range) = (parts.next().ok_or(RuleFault::Invalid)?, parts.next().ok_or(RuleFault::Invalid)?);
        let start = date_of(&text(range, "StartDate")?).ok_or(RuleFault::Invalid)?;
        let rule = Self {
            pattern: read_pattern(pattern, tasks)?,
            start,
            range: match range.name.as_str() {
                "NoEndRecurrence" => Range::NoEnd,
                "EndDateRecurrence" => Range::EndDate(date_of(&text(range, "EndDate")?).ok_or(RuleFault::Invalid)?),
                "NumberedRecurrence" => {
                    let count = number(range, "NumberOfOccurrences")?;
                    if !(1..=999).contains(&count) {
                        return Err(RuleFault::Invalid);
                    }
                    Range::Numbered(count)
                }
                _ => return Err(RuleFault::Invalid),
            },
        };
        // trap 38: a rule that never happens is refused, not kept.
        if rule.days().next().is_none() {
            return Err(RuleFault::NoOccurrence);
        }
        Ok(rule)
    }

    /// Writes the `Recurrence` element.
    pub(crate) fn element(&self) -> Element {
        let int = |name: &str, value: i32| Element::leaf(name, &value.to_string());
        let pattern = match &self.pattern {
            Pattern::Daily { interval } => Element::new("DailyRecurrence").with(int("Interval", *interval)),
            Pattern::Weekly { interval, days, first_day } => {
                let names: Vec<&str> = days.iter().map(|day| weekday_name(*day)).collect();
                Element::new("WeeklyRecurrence")
                    .with(int("Interval", *interval))
                    .with(Element::leaf("DaysOfWeek", &names.join(" ")))
                    .with(Element::leaf("FirstDayOfWeek", weekday_name(*first_day)))
            }
            Pattern::AbsoluteMonthly { interval, day } => Element::new("AbsoluteMonthlyRecurrence")
                .with(int("Interval", *interval))
                .with(int("DayOfMonth", i32::from(*day))),
            Pattern::RelativeMonthly { interval, kind, index } => Element::new("RelativeMonthlyRecurrence")
                .with(int("Interval", *interval))
                .with(Element::leaf("DaysOfWeek", kind_name(*kind)))
                .with(Element::leaf("DayOfWeekIndex", index_name(*index))),
            Pattern::AbsoluteYearly { day, month } => Element::new("AbsoluteYearlyRecurrence")
                .with(int("DayOfMonth", i32::from(*day)))
                .with(Element::leaf("Month", month_name(*month))),
            Pattern::RelativeYearly { kind, index, month } => Element::new("RelativeYearlyRecurrence")
                .with(Element::leaf("DaysOfWeek", kind_name(*kind)))
                .with(Element::leaf("DayOfWeekIndex", index_name(*index)))
                .with(Element::leaf("Month", month_name(*month))),
            Pattern::Regenerate { unit, interval } => Element::new(match unit {
                Unit::Days => "DailyRegeneration",
                Unit::Weeks => "WeeklyRegeneration",
                Unit::Months => "MonthlyRegeneration",
                Unit::Years => "YearlyRegeneration",
            })
            .with(int("Interval", *interval)),
        };
        let start = Element::leaf("StartDate", &self.start.to_string());
        let range = match self.range {
            Range::NoEnd => Element::new("NoEndRecurrence").with(start),
            Range::EndDate(date) => {
                Element::new("EndDateRecurrence").with(start).with(Element::leaf("EndDate", &date.to_string()))
            }
            Range::Numbered(count) => {
                Element::new("NumberedRecurrence").with(start).with(int("NumberOfOccurrences", count))
            }
        };
        Element::new("Recurrence").with(pattern).with(range)
    }
}

fn read_pattern(element: &Element, tasks: bool) -> Result<Pattern, RuleFault> {
    let interval = || -> Result<i32, RuleFault> {
        let interval = number(element, "Interval")?;
        if (1..=999).contains(&interval) { Ok(interval) } else { Err(RuleFault::Invalid) }
    };
    let regenerate = |unit: Unit| -> Result<Pattern, RuleFault> {
        if !tasks {
            return Err(RuleFault::Invalid);
        }
        Ok(Pattern::Regenerate { unit, interval: interval()? })
    };
    let day_of_month = || -> Result<i8, RuleFault> {
        let day = number(element, "DayOfMonth")?;
        if (1..=31).contains(&day) {
            i8::try_from(day).map_err(|_| RuleFault::Invalid)
        } else {
            Err(RuleFault::Invalid)
        }
    };
    let kind =
        || -> Result<DayKind, RuleFault> { day_kind(text(element, "DaysOfWeek")?.trim()).ok_or(RuleFault::Invalid) };
    let index = || -> Result<i8, RuleFault> {
        match text(element, "DayOfWeekIndex")?.trim() {
            "First" => Ok(1),
            "Second" => Ok(2),
            "Third" => Ok(3),
            "Fourth" => Ok(4),
            "Last" => Ok(-1),
            _ => Err(RuleFault::Invalid),
        }
    };
    let month = || -> Result<i8, RuleFault> { month_number(text(element, "Month")?.trim()).ok_or(RuleFault::Invalid) };
    if element.ns != Ns::Types {
        return Err(RuleFault::Invalid);
    }
    Ok(match element.name.as_str() {
        "DailyRecurrence" => Pattern::Daily { interval: interval()? },
        "WeeklyRecurrence" => {
            let mut days = Vec::new();
            for name in text(element, "DaysOfWeek")?.split_whitespace() {
                match day_kind(name) {
                    Some(DayKind::On(day)) if !days.contains(&day) => days.push(day),
                    Some(DayKind::On(_)) => {}
                    Some(DayKind::Day | DayKind::Weekday | DayKind::WeekendDay) | None => {
                        return Err(RuleFault::BadWeeklyDay);
                    }
                }
            }
            days.sort_by_key(|day| day.to_sunday_zero_offset());
            if days.is_empty() {
                return Err(RuleFault::BadWeeklyDay);
            }
            let first_day = match element.child_text("FirstDayOfWeek") {
                None => Weekday::Sunday,
                Some(name) => match day_kind(name.trim()) {
                    Some(DayKind::On(day)) => day,
                    Some(DayKind::Day | DayKind::Weekday | DayKind::WeekendDay) | None => {
                        return Err(RuleFault::Invalid);
                    }
                },
            };
            Pattern::Weekly { interval: interval()?, days, first_day }
        }
        "AbsoluteMonthlyRecurrence" => Pattern::AbsoluteMonthly { interval: interval()?, day: day_of_month()? },
        "RelativeMonthlyRecurrence" => {
            Pattern::RelativeMonthly { interval: interval()?, kind: kind()?, index: index()? }
        }
        "AbsoluteYearlyRecurrence" => Pattern::AbsoluteYearly { day: day_of_month()?, month: month()? },
        "RelativeYearlyRecurrence" => Pattern::RelativeYearly { kind: kind()?, index: index()?, month: month()? },
        "DailyRegeneration" => regenerate(Unit::Days)?,
        "WeeklyRegeneration" => regenerate(Unit::Weeks)?,
        "MonthlyRegeneration" => regenerate(Unit::Months)?,
        "YearlyRegeneration" => regenerate(Unit::Years)?,
        _ => return Err(RuleFault::Invalid),
    })
}

fn text(element: &Element, name: &str) -> Result<String, RuleFault> {
    element.child_text(name).ok_or(RuleFault::Invalid)
}

fn number(element: &Element, name: &str) -> Result<i32, RuleFault> {
    text(element, name)?.trim().parse().map_err(|_| RuleFault::Invalid)
}

/// An `xs:date`: what stands behind the day (an offset) does not count.
pub(crate) fn date_of(text: &str) -> Option<Date> {
    text.trim().get(..10)?.parse().ok()
}

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Sunday, "Sunday"),
    (Weekday::Monday, "Monday"),
    (Weekday::Tuesday, "Tuesday"),
    (Weekday::Wednesday, "Wednesday"),
    (Weekday::Thursday, "Thursday"),
    (Weekday::Friday, "Friday"),
    (Weekday::Saturday, "Saturday"),
];

/// The EWS name of a weekday.
pub(crate) fn weekday_name(day: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|(known, _)| *known == day).map_or("Sunday", |(_, name)| name)
}

fn day_kind(name: &str) -> Option<DayKind> {
    match name {
        "Day" => Some(DayKind::Day),
        "Weekday" => Some(DayKind::Weekday),
        "WeekendDay" => Some(DayKind::WeekendDay),
        name => WEEKDAYS.iter().find(|(_, known)| *known == name).map(|(day, _)| DayKind::On(*day)),
    }
}

fn kind_name(kind: DayKind) -> &'static str {
    match kind {
        DayKind::On(day) => weekday_name(day),
        DayKind::Day => "Day",
        DayKind::Weekday => "Weekday",
        DayKind::WeekendDay => "WeekendDay",
    }
}

fn index_name(index: i8) -> &'static str {
    match index {
        1 => "First",
        2 => "Second",
        3 => "Third",
        4 => "Fourth",
        _ => "Last",
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The number of an EWS month name.
pub(crate) fn month_number(name: &str) -> Option<i8> {
    let at = MONTHS.iter().position(|month| *month == name)?;
    i8::try_from(at + 1).ok()
}

fn month_name(month: i8) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).unwrap_or(&"January")
}

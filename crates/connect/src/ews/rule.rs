//! Rules of series and recurring tasks: Exchange's form and ours.

use jiff::civil::Date;
use model::recurrence::{Index, Unit};
use model::{Pattern, Range, Recurrence};
use planted::Planted;
use std::collections::BTreeSet;
use wire::ews::{self, DayOfWeek, Week};

/// The rule Exchange shows.
pub fn read(rule: &ews::Recurrence) -> Recurrence {
    let pattern = match &rule.pattern {
        ews::Pattern::Daily { interval } => Pattern::Daily { interval: *interval },
        ews::Pattern::Weekly { interval, days, first } => {
            let days = days.iter().flat_map(|day| numbers(*day)).collect();
            // Exchange begins weeks on Sunday where nothing else is said.
            let first_day = first.and_then(|day| numbers(day).into_iter().next()).unwrap_or(7);
            Pattern::Weekly { interval: *interval, days, first_day }
        }
        ews::Pattern::AbsoluteMonthly { interval, day } => {
            Pattern::MonthlyByDate { interval: *interval, day: small(*day) }
        }
        ews::Pattern::RelativeMonthly { interval, day, week } => {
            Pattern::MonthlyByWeekday { interval: *interval, days: numbers(*day), index: index(*week) }
        }
        ews::Pattern::AbsoluteYearly { day, month } => Pattern::YearlyByDate { month: small(*month), day: small(*day) },
        ews::Pattern::RelativeYearly { day, week, month } => {
            Pattern::YearlyByWeekday { month: small(*month), days: numbers(*day), index: index(*week) }
        }
        ews::Pattern::DailyRegeneration { interval } => regenerating(Unit::Day, *interval),
        ews::Pattern::WeeklyRegeneration { interval } => regenerating(Unit::Week, *interval),
        ews::Pattern::MonthlyRegeneration { interval } => regenerating(Unit::Month, *interval),
        ews::Pattern::YearlyRegeneration { interval } => regenerating(Unit::Year, *interval),
    };
    let range = match rule.range {
        ews::Range::NoEnd { .. } => Range::NoEnd,
        ews::Range::EndDate { end, .. } => Range::Until(end),
        ews::Range::Numbered { .. } if planted::is(Planted::CountForgotten) => Range::NoEnd,
        ews::Range::Numbered { count, .. } => Range::Count(count),
    };
    image(&Recurrence { pattern, range })
}

/// A rule that Exchange states in a way we cannot name.
pub fn foreign(words: &str) -> Recurrence {
    Recurrence { pattern: Pattern::Foreign { text: words.to_owned() }, range: Range::NoEnd }
}

/// The rule as Exchange takes it, or why it cannot hold it.
pub fn write(rule: &Recurrence, first: Date) -> Result<ews::Recurrence, String> {
    if let Some(fault) = rule.fault(first) {
        return Err(fault);
    }
    let pattern = match &rule.pattern {
        Pattern::Daily { interval } => ews::Pattern::Daily { interval: *interval },
        Pattern::Weekly { interval, days, first_day } => ews::Pattern::Weekly {
            interval: if planted::is(Planted::EveryWeek) { 1 } else { *interval },
            days: days.iter().filter_map(|day| weekday(*day)).collect(),
            first: weekday(*first_day),
        },
        Pattern::MonthlyByDate { interval, day } => {
            ews::Pattern::AbsoluteMonthly { interval: *interval, day: u32::from(*day) }
        }
        Pattern::MonthlyByWeekday { interval, days, index } => {
            ews::Pattern::RelativeMonthly { interval: *interval, day: set(days)?, week: week(*index) }
        }
        Pattern::YearlyByDate { month, day } => {
            ews::Pattern::AbsoluteYearly { day: u32::from(*day), month: u32::from(*month) }
        }
        Pattern::YearlyByWeekday { month, days, index } => {
            ews::Pattern::RelativeYearly { day: set(days)?, week: week(*index), month: u32::from(*month) }
        }
        Pattern::Regenerating { unit, interval } => match unit {
            Unit::Day => ews::Pattern::DailyRegeneration { interval: *interval },
            Unit::Week => ews::Pattern::WeeklyRegeneration { interval: *interval },
            Unit::Month => ews::Pattern::MonthlyRegeneration { interval: *interval },
            Unit::Year => ews::Pattern::YearlyRegeneration { interval: *interval },
        },
        Pattern::Foreign { .. } => return Err("Exchange cannot hold this rule".to_owned()),
    };
    let range = match rule.range {
        Range::NoEnd => ews::Range::NoEnd { start: first },
        Range::Until(end) => ews::Range::EndDate { start: first, end },
        Range::Count(count) => ews::Range::Numbered { start: first, count },
    };
    Ok(ews::Recurrence { pattern, range })
}

/// The rule as Exchange will show it: a week's first day says nothing when every week counts.
pub fn image(rule: &Recurrence) -> Recurrence {
    let pattern = match &rule.pattern {
        Pattern::Weekly { interval: 1, days, .. } => Pattern::Weekly { interval: 1, days: days.clone(), first_day: 1 },
        Pattern::Daily { .. }
        | Pattern::Weekly { .. }
        | Pattern::MonthlyByDate { .. }
        | Pattern::MonthlyByWeekday { .. }
        | Pattern::YearlyByDate { .. }
        | Pattern::YearlyByWeekday { .. }
        | Pattern::Regenerating { .. }
        | Pattern::Foreign { .. } => rule.pattern.clone(),
    };
    Recurrence { pattern, range: rule.range.clone() }
}

fn regenerating(unit: Unit, interval: u32) -> Pattern {
    Pattern::Regenerating { unit, interval }
}

fn small(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn numbers(day: DayOfWeek) -> BTreeSet<u8> {
    match day {
        DayOfWeek::Monday => [1].into(),
        DayOfWeek::Tuesday => [2].into(),
        DayOfWeek::Wednesday => [3].into(),
        DayOfWeek::Thursday => [4].into(),
        DayOfWeek::Friday => [5].into(),
        DayOfWeek::Saturday => [6].into(),
        DayOfWeek::Sunday => [7].into(),
        DayOfWeek::Day => (1..=7).collect(),
        DayOfWeek::Weekday => (1..=5).collect(),
        DayOfWeek::WeekendDay => [6, 7].into(),
    }
}

fn weekday(number: u8) -> Option<DayOfWeek> {
    Some(match number {
        1 => DayOfWeek::Monday,
        2 => DayOfWeek::Tuesday,
        3 => DayOfWeek::Wednesday,
        4 => DayOfWeek::Thursday,
        5 => DayOfWeek::Friday,
        6 => DayOfWeek::Saturday,
        7 => DayOfWeek::Sunday,
        _ => return None,
    })
}

fn set(days: &BTreeSet<u8>) -> Result<DayOfWeek, String> {
    let one = || days.first().filter(|_| days.len() == 1).and_then(|day| weekday(*day));
    [DayOfWeek::Day, DayOfWeek::Weekday, DayOfWeek::WeekendDay]
        .into_iter()
        .find(|word| numbers(*word) == *days)
        .or_else(one)
        .ok_or_else(|| "Exchange cannot hold a monthly or yearly rule on these days of the week".to_owned())
}

fn index(week: Week) -> Index {
    match week {
        Week::First => Index::First,
        Week::Second => Index::Second,
        Week::Third => Index::Third,
        Week::Fourth => Index::Fourth,
        Week::Last => Index::Last,
    }
}

fn week(index: Index) -> Week {
    match index {
        Index::First => Week::First,
        Index::Second => Week::Second,
        Index::Third => Week::Third,
        Index::Fourth => Week::Fourth,
        Index::Last => Week::Last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    // R2
    #[test]
    fn every_rule_exchange_knows_goes_round() {
        let days = |list: &[u8]| list.iter().copied().collect::<BTreeSet<u8>>();
        let patterns = [
            Pattern::Daily { interval: 3 },
            Pattern::Weekly { interval: 1, days: days(&[1, 4]), first_day: 1 },
            Pattern::Weekly { interval: 2, days: days(&[7]), first_day: 7 },
            Pattern::MonthlyByDate { interval: 2, day: 31 },
            Pattern::MonthlyByWeekday { interval: 1, days: days(&[2]), index: Index::Second },
            Pattern::MonthlyByWeekday { interval: 1, days: (1..=5).collect(), index: Index::Last },
            Pattern::YearlyByDate { month: 2, day: 29 },
            Pattern::YearlyByWeekday { month: 12, days: days(&[6, 7]), index: Index::First },
            Pattern::YearlyByWeekday { month: 1, days: (1..=7).collect(), index: Index::Third },
            Pattern::Regenerating { unit: Unit::Day, interval: 1 },
            Pattern::Regenerating { unit: Unit::Week, interval: 2 },
            Pattern::Regenerating { unit: Unit::Month, interval: 3 },
            Pattern::Regenerating { unit: Unit::Year, interval: 4 },
        ];
        for pattern in patterns {
            for range in [Range::NoEnd, Range::Until(date(2030, 1, 1)), Range::Count(7)] {
                let rule = Recurrence { pattern: pattern.clone(), range };
                let written = write(&rule, date(2026, 11, 2)).expect("Exchange holds it");
                assert_eq!(written.range.start(), date(2026, 11, 2));
                assert_eq!(read(&written), rule);
            }
        }
    }

    // trap 70
    #[test]
    fn the_first_day_of_a_week_counts_only_where_weeks_are_left_out() {
        let weekly = |interval, first_day| Recurrence {
            pattern: Pattern::Weekly { interval, days: [1].into(), first_day },
            range: Range::NoEnd,
        };
        assert_eq!(image(&weekly(1, 7)), image(&weekly(1, 1)));
        assert_ne!(image(&weekly(2, 7)), image(&weekly(2, 1)));
    }

    // trap 68
    #[test]
    fn a_rule_exchange_cannot_hold_is_told_and_not_bent() {
        let odd = Pattern::MonthlyByWeekday { interval: 1, days: [1, 3].into(), index: Index::First };
        for pattern in [odd, Pattern::Foreign { text: "RSCALE".to_owned() }, Pattern::Daily { interval: 0 }] {
            assert!(write(&Recurrence { pattern, range: Range::NoEnd }, date(2026, 11, 2)).is_err());
        }
        assert!(matches!(foreign("LunarRecurrence()").pattern, Pattern::Foreign { .. }));
    }
}

//! Times, zones and rules of mailbox items, as the demonstration's own mail program reads and writes them.

use super::words::ZONES;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use model::recurrence::{Index, weekday};
use model::{Field, Fields, Path as FieldPath, Pattern, Range, Recurrence, Value as Face, When, Zone};
use std::collections::BTreeSet;
use wire::ews::{
    DayOfWeek, FieldChange, Item, Moment, Pattern as WirePattern, Property, Range as WireRange, Recurrence as WireRule,
    Value, Week, ZoneDefinition,
};

/// The day a date of a contact or task stands for.
pub fn day(moment: Moment) -> Date {
    moment.civil.date()
}

/// A day as a date of a contact or task.
pub fn midnight(day: Date) -> Value {
    Value::Moment(Moment::midnight(day))
}

/// Reads when an appointment is, its rule and its occurrences' original starts.
pub fn read(item: &Item, face: &mut Fields) {
    let zone = zone_of(item, Property::StartTimeZone);
    let end_zone = zone_of(item, Property::EndTimeZone);
    let all_day = item.flag(Property::IsAllDayEvent) == Some(true);
    let start = item.moment(Property::Start).and_then(|at| at.instant());
    let end = item.moment(Property::End).and_then(|at| at.instant());
    if let Some(start) = start {
        let when = When::at(start, zone.clone());
        let when = if all_day { When::Day(when.wall().date()) } else { when };
        face.insert(FieldPath::of(Field::Start), Face::When(when));
    }
    if let Some(end) = end {
        let when = When::at(end, end_zone);
        let when = if all_day { When::Day(last_day(when.wall())) } else { when };
        face.insert(FieldPath::of(Field::End), Face::When(when));
    }
    if let Some(rule) = item.recurrence(Property::Recurrence).and_then(read_rule) {
        face.insert(FieldPath::of(Field::Rule), Face::Rule(rule));
    }
    for deleted in item.deleted_occurrences() {
        if let Some(original) = wall(*deleted, &zone) {
            let path = FieldPath::occurrence(original, Field::State);
            face.insert(path, Face::text("cancelled"));
        }
    }
}

/// The wall time of a moment in a series' zone.
pub fn wall(moment: Moment, zone: &Zone) -> Option<DateTime> {
    Some(When::at(moment.instant()?, zone.clone()).wall())
}

/// The end of a span of days as its last day.
fn last_day(end: DateTime) -> Date {
    end.checked_sub(1.second()).unwrap_or(end).date()
}

/// The zone an item names.
pub fn zone_of(item: &Item, property: Property) -> Zone {
    let name = item.zone(property).and_then(|zone| zone.id.as_deref());
    ZONES
        .iter()
        .find(|(_, windows)| Some(*windows) == name)
        .and_then(|(iana, _)| Zone::iana(iana))
        .unwrap_or_else(Zone::utc)
}

/// How a mail program writes a start or an end.
pub fn write(field: &Field, value: &Face) -> Vec<FieldChange> {
    let Some(when) = value.as_when() else {
        return Vec::new();
    };
    let (time, zone) = match field {
        Field::Start => (Property::Start, Property::StartTimeZone),
        _ => (Property::End, Property::EndTimeZone),
    };
    let utc = Zone::utc();
    let (at, place) = match when {
        When::Day(day) => {
            let day = match field {
                Field::Start => *day,
                _ => day.tomorrow().unwrap_or(*day),
            };
            (utc.instant(day.at(0, 0, 0, 0)), utc)
        }
        When::Floating(_) => (when.instant(&utc), utc),
        When::Zoned { zone, .. } => (when.instant(&utc), zone.clone()),
    };
    let windows = ZONES.iter().find(|(iana, _)| *iana == place.name()).map_or("UTC", |(_, windows)| windows);
    vec![
        FieldChange::Set(time.into(), Value::Moment(Moment::utc(at))),
        FieldChange::Set(zone.into(), Value::Zone(ZoneDefinition::named(windows))),
        FieldChange::Set(Property::IsAllDayEvent.into(), Value::Flag(when.is_day())),
    ]
}

/// A rule out of the wire's.
pub fn read_rule(rule: &WireRule) -> Option<Recurrence> {
    let pattern = match &rule.pattern {
        WirePattern::Daily { interval } => Pattern::Daily { interval: *interval },
        WirePattern::Weekly { interval, days, first } => Pattern::Weekly {
            interval: *interval,
            days: days.iter().flat_map(|day| numbers(*day)).collect(),
            first_day: first.and_then(|day| numbers(day).first().copied()).unwrap_or(1),
        },
        WirePattern::AbsoluteMonthly { interval, day } => {
            Pattern::MonthlyByDate { interval: *interval, day: u8::try_from(*day).ok()? }
        }
        WirePattern::RelativeMonthly { interval, day, week } => {
            Pattern::MonthlyByWeekday { interval: *interval, days: numbers(*day), index: index(*week) }
        }
        WirePattern::AbsoluteYearly { day, month } => {
            Pattern::YearlyByDate { month: u8::try_from(*month).ok()?, day: u8::try_from(*day).ok()? }
        }
        WirePattern::RelativeYearly { day, week, month } => {
            Pattern::YearlyByWeekday { month: u8::try_from(*month).ok()?, days: numbers(*day), index: index(*week) }
        }
        WirePattern::DailyRegeneration { .. }
        | WirePattern::WeeklyRegeneration { .. }
        | WirePattern::MonthlyRegeneration { .. }
        | WirePattern::YearlyRegeneration { .. } => return None,
    };
    let range = match rule.range {
        WireRange::NoEnd { .. } => Range::NoEnd,
        WireRange::EndDate { end, .. } => Range::Until(end),
        WireRange::Numbered { count, .. } => Range::Count(count),
    };
    Some(Recurrence { pattern, range })
}

/// A rule for the wire; its first date is the record's start, or a task's due or start day.
pub fn write_rule(rule: &Recurrence, face: &Fields) -> Option<WireRule> {
    let at = |field| face.get(&FieldPath::of(field));
    let start = at(Field::Start)
        .and_then(Face::as_when)
        .map(|when| when.wall().date())
        .or_else(|| at(Field::StartDay).and_then(Face::as_day))
        .or_else(|| at(Field::DueDay).and_then(Face::as_day))?;
    let pattern = match &rule.pattern {
        Pattern::Daily { interval } => WirePattern::Daily { interval: *interval },
        Pattern::Weekly { interval, days, first_day } => WirePattern::Weekly {
            interval: *interval,
            days: days.iter().filter_map(|day| named(*day)).collect(),
            first: named(*first_day),
        },
        Pattern::MonthlyByDate { interval, day } => {
            WirePattern::AbsoluteMonthly { interval: *interval, day: u32::from(*day) }
        }
        Pattern::MonthlyByWeekday { interval, days, index } => {
            WirePattern::RelativeMonthly { interval: *interval, day: named(*days.first()?)?, week: week(*index) }
        }
        Pattern::YearlyByDate { month, day } => {
            WirePattern::AbsoluteYearly { day: u32::from(*day), month: u32::from(*month) }
        }
        Pattern::YearlyByWeekday { month, days, index } => {
            WirePattern::RelativeYearly { day: named(*days.first()?)?, week: week(*index), month: u32::from(*month) }
        }
        Pattern::Regenerating { .. } | Pattern::Foreign { .. } => return None,
    };
    let range = match rule.range {
        Range::NoEnd => WireRange::NoEnd { start },
        Range::Until(end) => WireRange::EndDate { start, end },
        Range::Count(count) => WireRange::Numbered { start, count },
    };
    Some(WireRule { pattern, range })
}

fn named(iso: u8) -> Option<DayOfWeek> {
    use jiff::civil::Weekday as W;
    Some(match weekday(iso)? {
        W::Monday => DayOfWeek::Monday,
        W::Tuesday => DayOfWeek::Tuesday,
        W::Wednesday => DayOfWeek::Wednesday,
        W::Thursday => DayOfWeek::Thursday,
        W::Friday => DayOfWeek::Friday,
        W::Saturday => DayOfWeek::Saturday,
        W::Sunday => DayOfWeek::Sunday,
    })
}

fn numbers(day: DayOfWeek) -> BTreeSet<u8> {
    match day {
        DayOfWeek::Monday => BTreeSet::from([1]),
        DayOfWeek::Tuesday => BTreeSet::from([2]),
        DayOfWeek::Wednesday => BTreeSet::from([3]),
        DayOfWeek::Thursday => BTreeSet::from([4]),
        DayOfWeek::Friday => BTreeSet::from([5]),
        DayOfWeek::Saturday => BTreeSet::from([6]),
        DayOfWeek::Sunday => BTreeSet::from([7]),
        DayOfWeek::Day => (1..=7).collect(),
        DayOfWeek::Weekday => (1..=5).collect(),
        DayOfWeek::WeekendDay => (6..=7).collect(),
    }
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

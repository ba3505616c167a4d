//! Times and days on the wire: instants in UTC become wall times in a zone, all-day spans become days (R4, R5).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::AmbiguousOffset;
use jiff::{SignedDuration, Timestamp};
use model::{When, Zone};
use planted::Planted;
use wire::ews::{Item, Moment, Property, Value};

use super::zone;

/// An instant, unless it is one of the years that stand for "none" (trap 92).
pub fn instant(moment: Moment) -> Option<Timestamp> {
    is_shown(moment.civil).then(|| moment.instant()).flatten()
}

/// Whether Exchange keeps a time of that year as one, and not as a sign for "none" (trap 92).
pub fn is_shown(civil: DateTime) -> bool {
    (1602..4500).contains(&civil.year())
}

/// A day that travels as an instant: birthdays, start and due days. Exchange writes midnight UTC, Outlook's birthdays
/// 11:59; other clients the midnight of their own zone, so the nearest midnight is meant (traps 115, 125).
pub fn day(moment: Moment, local: &Zone) -> Option<Date> {
    let instant = instant(moment)?;
    let utc = Zone::utc().time_zone().to_datetime(instant);
    let there = local.time_zone().to_datetime(instant);
    if utc.time() != Time::midnight() && there.time() == Time::midnight() {
        return Some(there.date());
    }
    Some(nearest_midnight(instant, &Zone::utc()))
}

fn nearest_midnight(instant: Timestamp, zone: &Zone) -> Date {
    let later = instant.saturating_add(SignedDuration::from_hours(12)).unwrap_or(instant);
    zone.time_zone().to_datetime(later).date()
}

/// Start and end of a calendar item. None when it has none; an error in words when they cannot be known.
pub fn span(item: &Item, local: &Zone) -> Result<Option<(When, When)>, String> {
    let at = |property| item.moment(property).and_then(instant);
    let (Some(start), Some(end)) = (at(Property::Start), at(Property::End)) else { return Ok(None) };
    let zone_of = |property, instant: Timestamp| match item.zone(property) {
        None => Ok(None),
        Some(definition) => match zone::read(definition, Zone::utc().time_zone().to_datetime(instant).date()) {
            Some(zone) => Ok(Some(zone)),
            None => Err("its time zone is unknown and comes without rules".to_owned()),
        },
    };
    let start_zone = zone_of(Property::StartTimeZone, start)?.unwrap_or_else(|| local.clone());
    let end_zone = zone_of(Property::EndTimeZone, end)?.unwrap_or_else(|| start_zone.clone());
    if item.flag(Property::IsAllDayEvent) == Some(true) && !planted::is(Planted::DayHasHours) {
        let first = nearest_midnight(start, &start_zone);
        let after = nearest_midnight(end, &start_zone);
        let last = after.yesterday().unwrap_or(after).max(first);
        return Ok(Some((When::Day(first), When::Day(last))));
    }
    // A series is told by its zone's own clock, or its rule would leave it.
    let told = if item.value(Property::Recurrence).is_some() { When::at } else { zone::exact };
    Ok(Some((told(start, start_zone), told(end, end_zone))))
}

/// The values that give a calendar item its start and end, all of them together (trap 79).
pub fn write_span(start: &When, end: &When, local: &Zone) -> Result<[(Property, Value); 5], String> {
    let (all_day, from, to, zones) = match (start, end) {
        (When::Day(first), When::Day(last)) => {
            if last < first {
                return Err("it ends before it begins".to_owned());
            }
            let after = last.tomorrow().map_err(|_| "its last day is beyond the calendar".to_owned())?;
            let midnight = |day: Date| local.instant(day.to_datetime(Time::midnight()));
            (true, midnight(*first), midnight(after), [local, local])
        }
        (When::Day(_), _) | (_, When::Day(_)) => {
            return Err("a day and a time cannot be start and end of one appointment".to_owned());
        }
        (When::Floating(_) | When::Zoned { .. }, When::Floating(_) | When::Zoned { .. }) => {
            // Exchange knows no time without a zone: the mailbox's own is meant (trap 88).
            let zones = [start, end].map(|when| when.zone().unwrap_or(local));
            let (from, to) = (start.instant(local), end.instant(local));
            if to < from {
                return Err("it ends before it begins".to_owned());
            }
            (false, from, to, zones)
        }
    };
    if !is_shown(start.wall()) || !is_shown(end.wall()) {
        return Err("it lies beyond the years that Exchange keeps".to_owned());
    }
    let around = start.wall().date();
    let [start_zone, end_zone] = zones.map(|zone| Value::Zone(zone::write(zone, around)));
    Ok([
        (Property::Start, Value::Moment(Moment::utc(from))),
        (Property::End, Value::Moment(Moment::utc(to))),
        (Property::IsAllDayEvent, Value::Flag(all_day)),
        (Property::StartTimeZone, start_zone),
        (Property::EndTimeZone, end_zone),
    ])
}

/// Whether the clocks jump over this wall time: Exchange, which keeps instants, would show a later one.
pub fn is_jumped_over(when: &When) -> bool {
    let offset = |zone: &Zone| zone.time_zone().to_ambiguous_timestamp(when.wall()).offset();
    when.zone().is_some_and(|zone| matches!(offset(zone), AmbiguousOffset::Gap { .. }))
}

/// The start of an occurrence as its series counts it: the wall time in the series' zone, midnight for a day.
pub fn original(moment: Moment, series: &When, local: &Zone) -> Option<DateTime> {
    let instant = instant(moment)?;
    Some(match series {
        When::Day(_) => {
            // The date is nearest to midnight in the zone the series was made in, which a day does not keep; both
            // readings agree unless the zones lie half a day apart.
            nearest_midnight(instant, local).to_datetime(Time::midnight())
        }
        When::Floating(wall) => at_clock(instant, local, wall.time()),
        When::Zoned { wall, zone } => at_clock(instant, zone, wall.time()),
    })
}

/// The wall time of an instant in a zone; in the night when the clocks go forward, the series' own clock time, though
/// the clock on the wall has jumped over it (trap 82).
fn at_clock(instant: Timestamp, zone: &Zone, clock: Time) -> DateTime {
    let wall = zone.time_zone().to_datetime(instant);
    let meant = wall.date().to_datetime(clock);
    if zone.instant(meant) == instant { meant } else { wall }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use wire::ews::{ItemKind, ZoneDefinition};

    fn moment(text: &str) -> Moment {
        Moment::read(text).expect("a time")
    }

    fn item(values: [(Property, Value); 5]) -> Item {
        values.into_iter().fold(Item::new(ItemKind::CalendarItem), |item, (path, value)| item.with(path, value))
    }

    // R5, trap 85
    #[test]
    fn a_day_stays_a_day_in_every_zone() {
        let zones = ["Pacific/Pago_Pago", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati"];
        for zone in zones.map(|name| Zone::iana(name).expect("known")) {
            for (first, last) in [(date(2026, 3, 29), date(2026, 3, 29)), (date(2026, 10, 24), date(2026, 10, 26))] {
                let span_of_days = (When::Day(first), When::Day(last));
                let written = item(write_span(&span_of_days.0, &span_of_days.1, &zone).expect("written"));
                for reader in ["Etc/UTC", "Pacific/Pago_Pago", "Pacific/Kiritimati"] {
                    let reader = Zone::iana(reader).expect("known");
                    assert_eq!(span(&written, &reader), Ok(Some(span_of_days.clone())), "{zone:?}");
                }
            }
        }
    }

    // R4, traps 80, 82
    #[test]
    fn a_wall_time_keeps_its_clock_and_zone() {
        let berlin = Zone::iana("Europe/Berlin").expect("known");
        let new_york = Zone::iana("America/New_York").expect("known");
        let start = When::zoned("2026-10-24T20:00:00".parse().expect("a wall"), berlin);
        let end = When::zoned("2026-10-24T15:00:00".parse().expect("a wall"), new_york);
        let written = item(write_span(&start, &end, &Zone::utc()).expect("written"));
        assert_eq!(written.moment(Property::Start), Some(moment("2026-10-24T18:00:00Z")));
        assert_eq!(span(&written, &Zone::utc()), Ok(Some((start, end))));
    }

    #[test]
    fn what_cannot_be_a_span_is_told() {
        let day = When::Day(date(2026, 3, 2));
        let before = When::Day(date(2026, 3, 1));
        let time = When::Floating("2026-03-02T10:00:00".parse().expect("a wall"));
        let earlier = When::Floating("2026-03-02T09:00:00".parse().expect("a wall"));
        for (start, end) in [(&day, &before), (&day, &time), (&time, &day), (&time, &earlier)] {
            assert!(write_span(start, end, &Zone::utc()).is_err());
        }
        let unknown = item(write_span(&time, &time, &Zone::utc()).expect("written"))
            .with(Property::StartTimeZone, Value::Zone(ZoneDefinition::named("Kundenzeit")));
        assert!(span(&unknown, &Zone::utc()).is_err());
        assert_eq!(span(&Item::new(ItemKind::CalendarItem), &Zone::utc()), Ok(None));
    }

    // traps 115, 125
    #[test]
    fn days_that_travel_as_instants_are_read_by_the_nearest_midnight() {
        let read = |text, zone: &str| day(moment(text), &Zone::iana(zone).expect("known"));
        let fifth = Some(date(2026, 11, 5));
        assert_eq!(read("2026-11-05T00:00:00Z", "Pacific/Pago_Pago"), fifth);
        assert_eq!(read("2026-11-05T11:59:00Z", "Europe/Berlin"), fifth);
        assert_eq!(read("2026-11-04T23:00:00Z", "Europe/Berlin"), fifth);
        assert_eq!(read("2026-11-04T10:00:00Z", "Pacific/Kiritimati"), fifth);
        assert_eq!(read("2026-11-05T05:00:00Z", "Etc/UTC"), fifth);
        for none in ["0001-01-01T00:00:00Z", "1601-01-01T00:00:00Z", "4501-01-01T00:00:00Z"] {
            assert_eq!(read(none, "Etc/UTC"), None);
        }
    }
}

//! Zones: Windows names by CLDR, and zones without a name by their own rules (rule R4).

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use model::zone::{Change, CustomZone, Daylight, On};
use model::{When, Zone};
use planted::Planted;
use wire::ews;
use wire::ews::{DayOfWeek, Period, Transition, TransitionsGroup, ZoneDefinition};

/// The zone a server named or described, as it holds around a date. None when its clock cannot be known: then the
/// record says so, and nobody guesses.
pub fn read(definition: &ZoneDefinition, around: Date) -> Option<Zone> {
    let id = definition.id.as_deref().unwrap_or("").trim();
    if let Some(zone) = Zone::from_windows(id) {
        return Some(zone);
    }
    if planted::is(Planted::UnnamedIsUtc) {
        return Some(Zone::utc());
    }
    if let Some(zone) = described(definition, around) {
        // What Windows has no name for was written by its IANA name and rules, and is the same zone when it comes back.
        return Some(Zone::iana(id).filter(|named| named.same_clock(&zone, around)).unwrap_or(zone));
    }
    let name = definition.name.as_deref().unwrap_or("").trim();
    [id, name].iter().find_map(|words| named(words, around))
}

/// The zone that a name stands for, whoever's name it is. Daylight time is the summer of a zone, and no other one.
fn named(words: &str, around: Date) -> Option<Zone> {
    Zone::from_windows(words)
        .or_else(|| Zone::from_windows(&words.replace("Daylight Time", "Standard Time")))
        .or_else(|| Zone::iana(words))
        .or_else(|| Zone::from_shown(words, around))
}

/// The zone as it is written.
pub fn write(zone: &Zone, around: Date) -> ZoneDefinition {
    if let Some(windows) = zone.windows_around(around) {
        return ZoneDefinition::named(windows);
    }
    match zone {
        Zone::Custom(custom) => definition(custom),
        // One of the few IANA zones that Windows has no name for, or no true one: by its rules around the date.
        Zone::Iana(name) => definition(&rules_of(name, &zone.time_zone(), around)),
    }
}

/// The zone as Exchange will show it around a date: several IANA zones are one to Windows (trap 77).
pub fn image(zone: &Zone, around: Date) -> Zone {
    zone.windows_around(around).and_then(Zone::from_windows).unwrap_or_else(|| zone.clone())
}

/// The one of two equal wall times that this instant is. When the clocks go back an hour comes twice; the zone alone
/// means the first (RFC 5545), so the second is told by the zone's offset at that hour (trap 82).
pub fn exact(instant: Timestamp, zone: Zone) -> When {
    let when = When::at(instant, zone.clone());
    if when.instant(&zone) == instant {
        return when;
    }
    let standard_minutes = zone.time_zone().to_offset(instant).seconds() / 60;
    let fixed = Zone::custom(CustomZone { name: zone.name().to_owned(), standard_minutes, daylight: None });
    match fixed.map(|fixed| When::at(instant, fixed)) {
        Some(second) if second.instant(&zone) == instant => second,
        Some(_) | None => when,
    }
}

fn described(definition: &ZoneDefinition, around: Date) -> Option<Zone> {
    let mut groups = definition.transitions.iter().filter(|t| t.kind == "Group");
    let mut chosen = groups.next()?;
    for transition in groups {
        if let ews::When::At(from) = &transition.when
            && from.civil.date() <= around
        {
            chosen = transition;
        }
    }
    let group = definition.groups.iter().find(|group| group.id == chosen.to)?;
    let minutes = |to: &str| {
        let period = definition.periods.iter().find(|period| period.id == to)?;
        Some((-period.bias_seconds / 60, period.name.as_str()))
    };
    let name = [&definition.id, &definition.name].into_iter().flatten().next().cloned().unwrap_or_default();
    let daylight = match group.transitions.as_slice() {
        [] => return None,
        [only] => {
            let (standard_minutes, _) = minutes(&only.to)?;
            return Zone::custom(CustomZone { name, standard_minutes, daylight: None });
        }
        [a, b] => {
            let (first, second) = (minutes(&a.to)?, minutes(&b.to)?);
            let summer_is_second = second.1 == "Daylight" || first.1 != "Daylight" && second.0 > first.0;
            if summer_is_second { (first.0, second.0, b, a) } else { (second.0, first.0, a, b) }
        }
        _ => return None,
    };
    let (standard_minutes, minutes, begins, ends) = daylight;
    let daylight = Daylight { minutes, begins: change(begins)?, ends: change(ends)? };
    Zone::custom(CustomZone { name, standard_minutes, daylight: Some(daylight) })
}

fn change(transition: &Transition) -> Option<Change> {
    let (offset_seconds, month, on) = match &transition.when {
        ews::When::Day { offset_seconds, month, day, occurrence } => {
            let week = if *occurrence < 0 { 5 } else { u8::try_from(*occurrence).ok()? };
            (offset_seconds, month, On::Weekday { week, weekday: weekday(*day)? })
        }
        ews::When::Date { offset_seconds, month, day } => {
            (offset_seconds, month, On::Date { day: u8::try_from(*day).ok()? })
        }
        // What happens once is no yearly change.
        ews::When::Always | ews::When::At(_) => return None,
    };
    Some(Change { month: u8::try_from(*month).ok()?, on, minute: u16::try_from(offset_seconds / 60).ok()? })
}

const DAYS: [DayOfWeek; 7] = [
    DayOfWeek::Sunday,
    DayOfWeek::Monday,
    DayOfWeek::Tuesday,
    DayOfWeek::Wednesday,
    DayOfWeek::Thursday,
    DayOfWeek::Friday,
    DayOfWeek::Saturday,
];

fn weekday(day: DayOfWeek) -> Option<u8> {
    DAYS.iter().position(|known| *known == day).and_then(|at| u8::try_from(at).ok())
}

fn definition(custom: &CustomZone) -> ZoneDefinition {
    let period = |id: &str, name: &str, minutes: i32| Period {
        id: id.to_owned(),
        name: name.to_owned(),
        bias_seconds: -minutes * 60,
    };
    let to = |kind: &str, to: &str, when| Transition { kind: kind.to_owned(), to: to.to_owned(), when };
    let when = |change: &Change| {
        let (offset_seconds, month) = (i32::from(change.minute) * 60, u32::from(change.month));
        match change.on {
            On::Weekday { week, weekday } => ews::When::Day {
                offset_seconds,
                month,
                day: DAYS[usize::from(weekday) % 7],
                occurrence: if week >= 5 { -1 } else { i32::from(week) },
            },
            On::Date { day } => ews::When::Date { offset_seconds, month, day: u32::from(day) },
        }
    };
    let mut periods = vec![period("standard", "Standard", custom.standard_minutes)];
    let transitions = match &custom.daylight {
        None => vec![to("Period", "standard", ews::When::Always)],
        Some(daylight) => {
            periods.push(period("daylight", "Daylight", daylight.minutes));
            vec![to("Period", "daylight", when(&daylight.begins)), to("Period", "standard", when(&daylight.ends))]
        }
    };
    ZoneDefinition {
        id: Some(custom.name.clone()),
        name: Some(custom.name.clone()),
        periods,
        groups: vec![TransitionsGroup { id: "0".to_owned(), transitions }],
        transitions: vec![to("Group", "0", ews::When::Always)],
    }
}

/// The rules of a named zone around a date, as far as a yearly pair of changes can tell them.
fn rules_of(name: &str, zone: &TimeZone, around: Date) -> CustomZone {
    let minutes = |offset: Offset| offset.seconds() / 60;
    let start = Zone::utc().instant(around.first_of_year().to_datetime(jiff::civil::Time::midnight()));
    let end = start.checked_add(SignedDuration::from_hours(24 * 365)).unwrap_or(start);
    let changes: Vec<_> = zone.following(start).take_while(|t| t.timestamp() < end).take(8).collect();
    let before = zone.to_offset(start);
    let now = zone.to_offset(Zone::utc().instant(around.to_datetime(jiff::civil::Time::midnight())));
    let fixed = || CustomZone { name: name.to_owned(), standard_minutes: minutes(now), daylight: None };
    let [a, b] = changes.as_slice() else { return fixed() };
    let rule = |at: jiff::Timestamp, old: Offset| {
        let wall = old.to_datetime(at);
        let last = wall.day() + 7 > wall.days_in_month();
        Change {
            month: wall.month().unsigned_abs(),
            on: On::Weekday {
                week: if last { 5 } else { (wall.day().unsigned_abs() - 1) / 7 + 1 },
                weekday: wall.date().weekday().to_sunday_zero_offset().unsigned_abs(),
            },
            minute: u16::from(wall.hour().unsigned_abs()) * 60 + u16::from(wall.minute().unsigned_abs()),
        }
    };
    let (first, second) = (rule(a.timestamp(), before), rule(b.timestamp(), a.offset()));
    let (standard, summer, begins, ends) = if a.offset().seconds() > before.seconds() {
        (before, a.offset(), first, second)
    } else {
        (a.offset(), b.offset(), second, first)
    };
    let daylight = Some(Daylight { minutes: minutes(summer), begins, ends });
    CustomZone { name: name.to_owned(), standard_minutes: minutes(standard), daylight }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use model::zone::windows_names;

    // R4, trap 77
    #[test]
    fn every_windows_zone_goes_round_without_a_change() {
        for name in windows_names() {
            let zone = read(&ZoneDefinition::named(name), date(2026, 6, 1)).expect("known");
            assert_eq!(write(&zone, date(2026, 6, 1)), ZoneDefinition::named(name));
            assert_eq!(image(&zone, date(2026, 6, 1)), zone);
        }
    }

    // R4, trap 89
    #[test]
    fn a_zone_with_its_own_rules_goes_round() {
        for (name, at) in [("Europe/Berlin", 0), ("America/New_York", 0), ("Australia/Sydney", 0), ("Asia/Kolkata", 0)]
        {
            let named = Zone::iana(name).expect("known");
            let own = definition(&rules_of("tzone://Microsoft/Custom", &named.time_zone(), date(2026, 6, 1)));
            let zone = read(&own, date(2026 + at, 6, 1)).expect("its rules are read");
            assert!(matches!(zone, Zone::Custom(_)));
            assert!(zone.same_clock(&named, date(2026, 6, 1)), "{name}");
            assert_eq!(write(&zone, date(2026, 6, 1)), own);
            assert_eq!(image(&zone, date(2026, 6, 1)), zone);
        }
    }

    // R4: clocks that change on the same date every year.
    #[test]
    fn a_zone_that_changes_on_fixed_dates_goes_round() {
        let change = |month, day, minute| Change { month, on: On::Date { day }, minute };
        let daylight = Daylight { minutes: 270, begins: change(3, 22, 0), ends: change(9, 22, 0) };
        let custom = CustomZone { name: "Own".to_owned(), standard_minutes: 210, daylight: Some(daylight) };
        let written = definition(&custom);
        let around = date(2026, 6, 1);
        let zone = read(&written, around).expect("its rules are read");
        assert_eq!(zone, Zone::Custom(Box::new(custom)));
        assert_eq!(write(&zone, around), written);
        let mut leap = written;
        leap.groups[0].transitions[0].when = ews::When::Date { offset_seconds: 0, month: 2, day: 29 };
        assert_eq!(read(&leap, around), None, "not every year has it");
    }

    #[test]
    fn the_special_names_are_known_and_others_are_never_guessed() {
        let around = date(2026, 6, 1);
        assert_eq!(read(&ZoneDefinition::named("tzone://Microsoft/Utc"), around), Some(Zone::utc()));
        assert_eq!(read(&ZoneDefinition::named("Customized Time Zone"), around), None);
        assert_eq!(read(&ZoneDefinition::default(), around), None);
        let named = ZoneDefinition {
            name: Some("W. Europe Standard Time".to_owned()),
            ..ZoneDefinition::named("tzone://Microsoft/Custom")
        };
        assert_eq!(read(&named, around), Zone::from_windows("W. Europe Standard Time"));
    }

    // R4, trap 89: ids of servers that say what people see, or what the rest of the world calls the zone.
    #[test]
    fn a_zone_is_known_by_whatever_names_it() {
        let (around, berlin) = (date(2026, 6, 1), Zone::from_windows("W. Europe Standard Time"));
        let shown = "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna";
        for id in [
            shown,
            "(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien",
            "Europe/Berlin",
            "europe/berlin",
            " w. europe STANDARD time ",
            "W. Europe Daylight Time",
        ] {
            assert_eq!(read(&ZoneDefinition::named(id), around), berlin, "{id}");
            let by_name = ZoneDefinition { name: Some(id.to_owned()), ..ZoneDefinition::named("Customized Time Zone") };
            assert_eq!(read(&by_name, around), berlin, "{id}");
        }
        assert_eq!(read(&ZoneDefinition::named("TZONE://microsoft/utc"), around), Some(Zone::utc()));
        // What comes with rules goes by them.
        let tokyo = definition(&rules_of(shown, &Zone::iana("Asia/Tokyo").expect("known").time_zone(), around));
        let read = read(&tokyo, around).expect("its rules are read");
        assert!(read.same_clock(&Zone::iana("Asia/Tokyo").expect("known"), around));
    }

    #[test]
    fn the_rules_of_the_right_years_are_taken() {
        let to = |group: &str, when| Transition { kind: "Group".to_owned(), to: group.to_owned(), when };
        let at = |text| ews::When::At(wire::ews::Moment::read(text).expect("a time"));
        let fixed = |id: &str, period: &str| TransitionsGroup {
            id: id.to_owned(),
            transitions: vec![Transition { kind: "Period".to_owned(), to: period.to_owned(), when: ews::When::Always }],
        };
        let period = |id: &str, hours: i32| Period {
            id: id.to_owned(),
            name: "Standard".to_owned(),
            bias_seconds: -hours * 3600,
        };
        let zone = ZoneDefinition {
            id: Some("Own".to_owned()),
            name: None,
            periods: vec![period("a", 3), period("b", 4)],
            groups: vec![fixed("0", "a"), fixed("1", "b")],
            transitions: vec![to("0", ews::When::Always), to("1", at("2020-01-01T00:00:00"))],
        };
        let offset = |year| {
            let zone = read(&zone, date(year, 6, 1)).expect("read");
            zone.time_zone().to_offset("2026-06-01T00:00:00Z".parse().expect("an instant")).seconds() / 3600
        };
        assert_eq!((offset(2019), offset(2026)), (3, 4));
    }
}

//! What the sample's records say: contacts, appointments, series with exceptions, and to-dos.

use super::draw::Draw;
use super::track::face;
use super::words;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use model::recurrence::{Index, iso};
use model::{Field, Fields, Path, Pattern, Range, Recurrence, Value, When, Zone};
use std::collections::BTreeSet;

/// How many fields of contacts the field table has, apart from categories and the private flag.
#[cfg(test)]
pub const CONTACT_FIELDS: usize = 36;

/// How many kinds of rules there are.
const RULES: usize = 8;

/// A person outside; a business contact has a company.
pub fn contact(draw: &mut Draw, canary: &str, business: bool) -> Fields {
    let first = *draw.pick(words::FIRST);
    let last = *draw.pick(words::LAST);
    let mut face = face([
        (Field::FirstName, Value::text(first)),
        (Field::LastName, Value::text(format!("{last} {canary}"))),
        (Field::Email1, Value::text(format!("contact.{canary}@kunde.example"))),
        (Field::JobTitle, Value::text(*draw.pick(words::TITLES))),
    ]);
    let mut put = |field: Field, value: Value| {
        face.insert(Path::of(field), value);
    };
    if business {
        let (company, place) = *draw.pick(words::COMPANIES);
        put(Field::Company, Value::text(company));
        put(Field::CompanyLocation, Value::text(place));
        put(Field::WorkPhone, phone(draw));
    } else {
        put(Field::HomePhone, phone(draw));
    }
    if draw.chance(50) {
        put(Field::MobilePhone, phone(draw));
    }
    if draw.chance(30) {
        let day = draw.day(jiff::civil::date(1975, 6, 15), -8000, 8000);
        put(Field::Birthday, Value::Day(day));
    }
    if draw.chance(40) {
        let (city, code, country) = *draw.pick(words::CITIES);
        let slots = if business {
            [Field::BusinessStreet, Field::BusinessCity, Field::BusinessPostalCode, Field::BusinessCountry]
        } else {
            [Field::HomeStreet, Field::HomeCity, Field::HomePostalCode, Field::HomeCountry]
        };
        for (slot, text) in slots.into_iter().zip([*draw.pick(words::STREETS), city, code, country]) {
            put(slot, Value::text(text));
        }
    }
    if draw.chance(20) {
        put(Field::Nickname, Value::text(first.to_lowercase()));
    }
    if draw.chance(15) {
        put(Field::PersonalTitle, Value::text("Dr."));
    }
    if draw.chance(15) {
        put(Field::WebPage, Value::text(format!("https://{canary}.example/")));
    }
    if draw.chance(50) {
        put(Field::Body, body(draw, canary));
    }
    if draw.chance(25) {
        rest(draw, canary, &mut face);
    }
    face
}

/// What few contacts have: the rest of the fields that both sides know.
fn rest(draw: &mut Draw, canary: &str, face: &mut Fields) {
    let person = |draw: &mut Draw| Value::text(format!("{} {}", draw.pick(words::FIRST), draw.pick(words::LAST)));
    let state = Value::text(*draw.pick(words::STATES));
    for (field, value) in [
        (Field::MiddleName, Value::text(*draw.pick(words::FIRST))),
        (Field::Suffix, Value::text("Jr.")),
        (Field::Department, Value::text(*draw.pick(words::DEPARTMENTS))),
        (Field::Email2, Value::text(format!("second.{canary}@kunde.example"))),
        (Field::Email3, Value::text(format!("third.{canary}@kunde.example"))),
        (Field::WorkPhone2, phone(draw)),
        (Field::Fax, phone(draw)),
        (Field::Pager, phone(draw)),
        (Field::Assistant, person(draw)),
        (Field::AssistantPhone, phone(draw)),
        (Field::Manager, person(draw)),
        (Field::Spouse, person(draw)),
        (Field::BusinessState, state.clone()),
        (Field::HomeState, state),
    ] {
        face.insert(Path::of(field), value);
    }
}

/// A phone number.
pub fn phone(draw: &mut Draw) -> Value {
    Value::text(format!("+49 {} 555 {:04}", draw.between(30, 89), draw.below(10_000)))
}

fn body(draw: &mut Draw, canary: &str) -> Value {
    Value::text(format!("{}\n{canary}", draw.pick(words::SENTENCES)))
}

/// A zone of the sample.
pub fn zone(draw: &mut Draw) -> Zone {
    let (name, _) = *draw.pick(words::ZONES);
    Zone::iana(name).unwrap_or_else(Zone::utc)
}

/// An appointment so many days from today.
pub fn appointment(draw: &mut Draw, canary: &str, today: Date, from: i64, to: i64) -> Fields {
    let day = draw.day(today, from, to);
    let subject = format!("{} {canary}", draw.pick(words::MEETINGS));
    let mut face = face([(Field::Subject, Value::text(subject))]);
    let (start, end) = if draw.chance(8) {
        let last = day.checked_add(draw.between(0, 2).days()).unwrap_or(day);
        (When::Day(day), When::Day(last))
    } else {
        let zone = zone(draw);
        let start = draw.wall(day);
        let end = later(start, draw.between(1, 6) * 15);
        (When::zoned(start, zone.clone()), When::zoned(end, zone))
    };
    let mut put = |field: Field, value: Value| {
        face.insert(Path::of(field), value);
    };
    put(Field::Start, Value::When(start));
    put(Field::End, Value::When(end));
    put(Field::ShowAs, Value::text(*draw.pick(&["Busy", "Busy", "Free", "Tentative", "OOF"])));
    put(Field::ActivityType, Value::text(*draw.pick(&["Appointment", "Appointment", "Call", "Meeting"])));
    if draw.chance(60) {
        put(Field::Location, Value::text(*draw.pick(words::PLACES)));
    }
    if draw.chance(50) {
        put(Field::Reminder, Value::Number(draw.between(1, 4) * 15));
    }
    if draw.chance(40) {
        put(Field::Body, body(draw, canary));
    }
    face
}

/// A time so many minutes later.
pub fn later(wall: DateTime, minutes: i64) -> DateTime {
    wall.checked_add(minutes.minutes()).unwrap_or(wall)
}

/// A series with a cancelled, a moved and a renamed occurrence, and its zone.
pub fn series(draw: &mut Draw, canary: &str, today: Date, at: usize) -> Fields {
    // Every kind of rule meets every zone in the course of time.
    let (name, _) = words::ZONES[(at + at / RULES) % words::ZONES.len()];
    let zone = Zone::iana(name).unwrap_or_else(Zone::utc);
    let first = first_day(draw, today);
    let start = draw.wall(first);
    let end = later(start, 45);
    let mut face = face([
        (Field::Subject, Value::text(format!("{} series {canary}", draw.pick(words::MEETINGS)))),
        (Field::Start, Value::When(When::zoned(start, zone.clone()))),
        (Field::End, Value::When(When::zoned(end, zone.clone()))),
        (Field::ShowAs, Value::text("Busy")),
        (Field::ActivityType, Value::text("Appointment")),
        (Field::Location, Value::text(*draw.pick(words::PLACES))),
        (Field::Reminder, Value::Number(15)),
        (Field::Rule, Value::Rule(rule(draw, first, at))),
    ]);
    let days = occurrences(&face);
    if let Some(original) = days.get(1) {
        cancel(&mut face, *original);
    }
    if let Some(original) = days.get(3) {
        shift(&mut face, *original, 60);
    }
    if let Some(original) = days.get(4) {
        let path = |field| Path::occurrence(*original, field);
        face.insert(path(Field::State), Value::text("modified"));
        face.insert(path(Field::Subject), Value::text(format!("Special edition {canary}")));
    }
    face
}

/// A first day on which every rule of [`rule`] has a date: a weekday, and not past the 28th.
fn first_day(draw: &mut Draw, today: Date) -> Date {
    let mut day = draw.day(today, -20, 40);
    while iso(day) > 5 || day.day() > 28 {
        day = day.tomorrow().unwrap_or(today);
    }
    day
}

fn rule(draw: &mut Draw, first: Date, at: usize) -> Recurrence {
    let weekday = iso(first);
    let other = if weekday == 5 { 1 } else { weekday + 1 };
    let day = first.day().unsigned_abs();
    let pattern = match at % RULES {
        0 => Pattern::Weekly { interval: 1, days: BTreeSet::from([weekday]), first_day: 1 },
        1 => Pattern::Daily { interval: 2 },
        2 => Pattern::Weekly { interval: 2, days: BTreeSet::from([weekday, other]), first_day: 7 },
        3 => Pattern::MonthlyByDate { interval: 1, day },
        4 => Pattern::MonthlyByWeekday { interval: 1, days: BTreeSet::from([weekday]), index: index_of(first) },
        5 => Pattern::YearlyByDate { month: first.month().unsigned_abs(), day },
        6 => Pattern::YearlyByWeekday {
            month: first.month().unsigned_abs(),
            days: BTreeSet::from([weekday]),
            index: index_of(first),
        },
        _ => Pattern::Weekly { interval: 1, days: BTreeSet::from([1, 2, 3, 4, 5]), first_day: 1 },
    };
    let range = match at % 3 {
        0 => Range::Count(u32::try_from(draw.between(8, 14)).unwrap_or(8)),
        1 => Range::NoEnd,
        _ => {
            let years = if matches!(at % RULES, 5 | 6) { 10 } else { 1 };
            let until = first.checked_add(years.years()).unwrap_or(first);
            Range::Until(until)
        }
    };
    Recurrence { pattern, range }
}

fn index_of(day: Date) -> Index {
    match (day.day() - 1) / 7 {
        0 => Index::First,
        1 => Index::Second,
        2 => Index::Third,
        _ => Index::Fourth,
    }
}

/// The original starts of a series' first occurrences.
pub fn occurrences(face: &Fields) -> Vec<DateTime> {
    let start = face.get(&Path::of(Field::Start)).and_then(Value::as_when);
    let rule = face.get(&Path::of(Field::Rule)).and_then(Value::as_rule);
    match (start, rule) {
        (Some(start), Some(rule)) => {
            let clock = start.wall().time();
            rule.dates(start.wall().date()).take(12).map(|date| date.to_datetime(clock)).collect()
        }
        (_, None) | (None, _) => Vec::new(),
    }
}

/// Takes an occurrence out of a series.
pub fn cancel(face: &mut Fields, original: DateTime) {
    face.retain(|path, _| path.occurrence != Some(original));
    face.insert(Path::occurrence(original, Field::State), Value::text("cancelled"));
}

/// Moves an occurrence of a series by so many minutes.
pub fn shift(face: &mut Fields, original: DateTime, minutes: i64) {
    let length = |field: Field| face.get(&Path::of(field)).and_then(Value::as_when).cloned();
    let (Some(start), Some(end)) = (length(Field::Start), length(Field::End)) else {
        return;
    };
    let span = end.wall().since(start.wall()).unwrap_or_default();
    let from = later(original, minutes);
    let to = from.checked_add(span).unwrap_or(from);
    let path = |field| Path::occurrence(original, field);
    face.insert(path(Field::State), Value::text("modified"));
    face.insert(path(Field::Start), Value::When(start.with_wall(from)));
    face.insert(path(Field::End), Value::When(start.with_wall(to)));
}

/// A to-do due so many days from today.
pub fn task(draw: &mut Draw, canary: &str, today: Date, from: i64, to: i64) -> Fields {
    let due = draw.day(today, from, to);
    let (status, percent) =
        *draw.pick(&[("Not Started", 0), ("Not Started", 0), ("In Progress", 50), ("On Hold", 25), ("Done", 100)]);
    let mut face = face([
        (Field::Subject, Value::text(format!("{} {canary}", draw.pick(words::TASKS)))),
        (Field::DueDay, Value::Day(due)),
        (Field::Status, Value::text(status)),
        (Field::Percent, Value::Number(percent)),
        (Field::Priority, Value::text(*draw.pick(&["1-ASAP", "2-High", "3-Medium", "3-Medium", "4-Low"]))),
    ]);
    let mut put = |field: Field, value: Value| {
        face.insert(Path::of(field), value);
    };
    if draw.chance(50) {
        let start = due.checked_sub(draw.between(1, 9).days()).unwrap_or(due);
        put(Field::StartDay, Value::Day(start));
    }
    if status == "Done" {
        let done = today.checked_sub(draw.between(1, 20).days()).unwrap_or(today);
        put(Field::DoneDay, Value::Day(done));
    } else if draw.chance(30) {
        let at = Zone::utc().instant(draw.wall(due));
        put(Field::ReminderAt, Value::Instant(at));
    }
    if draw.chance(40) {
        put(Field::Body, body(draw, canary));
    }
    face
}

/// A to-do that comes again and again; the present occurrence begins and is due on a date of its rule (R6).
pub fn recurring_task(draw: &mut Draw, canary: &str, today: Date, at: usize) -> Fields {
    let mut face = task(draw, canary, today, 1, 60);
    let first = first_day(draw, today.checked_add(30.days()).unwrap_or(today));
    for gone in [Field::DoneDay, Field::ReminderAt] {
        face.remove(&Path::of(gone));
    }
    for (field, value) in [
        (Field::StartDay, Value::Day(first)),
        (Field::DueDay, Value::Day(first)),
        (Field::Status, Value::text("Not Started")),
        (Field::Percent, Value::Number(0)),
        (Field::Rule, Value::Rule(rule(draw, first, at))),
    ] {
        face.insert(Path::of(field), value);
    }
    face
}

#[cfg(test)]
mod tests {
    use super::*;

    // R1, R2: five zones and more, and exceptions that fall on the rule.
    #[test]
    fn every_series_has_its_exceptions_on_dates_of_its_rule() {
        let mut draw = Draw::new(3);
        let today = jiff::civil::date(2026, 11, 21);
        let mut zones = BTreeSet::new();
        for at in 0..30 {
            let face = series(&mut draw, "zq0001aaaaa", today, at);
            let days = occurrences(&face);
            assert!(days.len() >= 8, "{at}");
            let start = face[&Path::of(Field::Start)].as_when().cloned().expect("a time");
            assert_eq!(days[0], start.wall(), "{at}: the first date is of the rule");
            zones.insert(start.zone().map(|zone| zone.name().to_owned()));
            let rule = face[&Path::of(Field::Rule)].as_rule().expect("a rule");
            assert_eq!(rule.fault(start.wall().date()), None);
            let states = face.keys().filter(|path| path.field == Field::State).count();
            assert_eq!(states, 3, "{at}");
        }
        assert!(zones.len() >= 5);
    }
}

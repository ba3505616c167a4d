//! Random rules in random zones, expanded three times: by us, by python-dateutil, by the emulator (rules R1, R2, R4).

use crate::clients::{python, run};
use crate::clock::clean;
use crate::outlook::{Outlook, moment, text, title};
use crate::world::World;
use jiff::civil::{Date, DateTime};
use jiff::{Span, Timestamp};
use model::recurrence::Index;
use model::{Pattern, Range, Recurrence, Zone};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use wire::ews::{
    self, DayOfWeek, DistinguishedFolder as Folder, Item, ItemKind, Property, Value, Week, ZoneDefinition,
};

/// Zones whose law has not changed for long, of both halves of the world and far east and west, by both names.
const ZONES: [(&str, &str); 16] = [
    ("Europe/Berlin", "W. Europe Standard Time"),
    ("Europe/London", "GMT Standard Time"),
    ("America/New_York", "Eastern Standard Time"),
    ("America/Los_Angeles", "Pacific Standard Time"),
    ("America/St_Johns", "Newfoundland Standard Time"),
    ("America/Santiago", "Pacific SA Standard Time"),
    ("America/Havana", "Cuba Standard Time"),
    ("Pacific/Pago_Pago", "UTC-11"),
    ("Pacific/Kiritimati", "Line Islands Standard Time"),
    ("Pacific/Auckland", "New Zealand Standard Time"),
    ("Pacific/Chatham", "Chatham Islands Standard Time"),
    ("Australia/Sydney", "AUS Eastern Standard Time"),
    ("Australia/Lord_Howe", "Lord Howe Standard Time"),
    ("Asia/Kolkata", "India Standard Time"),
    ("Asia/Tokyo", "Tokyo Standard Time"),
    ("Africa/Johannesburg", "South Africa Standard Time"),
];

/// What a run compares: 2,000 with every test, more where `EXPANSIONS` says so.
fn count() -> usize {
    std::env::var("EXPANSIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

/// Numbers drawn one after the other, the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn of(&mut self, from: u64, to: u64) -> u32 {
        u32::try_from(from + self.below(to - from + 1)).expect("small")
    }

    fn small(&mut self, from: u64, to: u64) -> u8 {
        u8::try_from(self.of(from, to)).expect("small")
    }

    /// One day, or one of the three words Exchange has for several.
    fn one_or_word(&mut self) -> BTreeSet<u8> {
        match self.below(8) {
            0 => (1..=7).collect(),
            1 => (1..=5).collect(),
            2 => [6, 7].into(),
            _ => [self.small(1, 7)].into(),
        }
    }

    fn index(&mut self) -> Index {
        [Index::First, Index::Second, Index::Third, Index::Fourth, Index::Last][self.below(5) as usize]
    }

    fn pattern(&mut self) -> Pattern {
        match self.below(6) {
            0 => Pattern::Daily { interval: self.of(1, 20) },
            1 => {
                let mut days: BTreeSet<u8> = [self.small(1, 7)].into();
                for _ in 0..self.below(4) {
                    days.insert(self.small(1, 7));
                }
                Pattern::Weekly { interval: self.of(1, 5), days, first_day: self.small(1, 7) }
            }
            2 => Pattern::MonthlyByDate { interval: self.of(1, 7), day: self.small(1, 31) },
            3 => {
                let days = self.one_or_word();
                // Exchange has no second day of a weekend but the first and the last.
                Pattern::MonthlyByWeekday { interval: self.of(1, 7), days, index: self.index() }
            }
            4 => Pattern::YearlyByDate { month: self.small(1, 12), day: self.small(1, 31) },
            _ => Pattern::YearlyByWeekday { month: self.small(1, 12), days: self.one_or_word(), index: self.index() },
        }
    }

    fn series(&mut self) -> Series {
        let first: Date = "2024-01-01".parse().expect("a day");
        let first = first.checked_add(Span::new().days(i64::from(self.of(0, 1_200)))).expect("a day");
        let clock = jiff::civil::time(self.small(0, 23).cast_signed(), [0, 15, 30, 45][self.below(4) as usize], 0, 0);
        let pattern = self.pattern();
        let range = match self.below(3) {
            0 => Range::NoEnd,
            1 => Range::Count(self.of(1, 80)),
            _ => Range::Until(first.checked_add(Span::new().days(i64::from(self.of(1_100, 3_000)))).expect("a day")),
        };
        let zone = ZONES[self.below(ZONES.len() as u64) as usize];
        let mut start = first.to_datetime(clock);
        // A series that begins in the hour the clocks jump over is told on its own.
        let in_zone = Zone::iana(zone.0).expect("known");
        if in_zone.time_zone().to_datetime(in_zone.instant(start)) != start {
            start = start.checked_add(Span::new().days(1)).expect("a time");
        }
        Series { rule: Recurrence { pattern, range }, start, zone }
    }
}

struct Series {
    rule: Recurrence,
    start: DateTime,
    zone: (&'static str, &'static str),
}

impl Series {
    fn until(&self) -> DateTime {
        self.start.checked_add(Span::new().years(10)).expect("a time")
    }

    /// The instants of ten years, by us.
    fn instants(&self) -> Vec<i64> {
        let zone = Zone::iana(self.zone.0).expect("known");
        let walls = self.rule.dates(self.start.date()).map(|day| day.to_datetime(self.start.time()));
        walls.take_while(|wall| *wall < self.until()).map(|wall| zone.instant(wall).as_second()).collect()
    }

    fn told(&self) -> String {
        json!({"rule": self.rule, "start": self.start, "zone": self.zone.0, "until": self.until()}).to_string()
    }

    /// As a person makes it in his mailbox, half an hour long.
    fn item(&self, name: &str) -> Item {
        let zone = Zone::iana(self.zone.0).expect("known");
        let start = zone.instant(self.start);
        let end = start.checked_add(jiff::SignedDuration::from_mins(30)).expect("a time");
        let zone = || Value::Zone(ZoneDefinition::named(self.zone.1));
        let rule = ews::Recurrence { pattern: pattern(&self.rule.pattern), range: self.range() };
        Item::new(ItemKind::CalendarItem)
            .with(Property::Subject, text(name))
            .with(Property::Start, moment(&start.to_string()))
            .with(Property::End, moment(&end.to_string()))
            .with(Property::StartTimeZone, zone())
            .with(Property::EndTimeZone, zone())
            .with(Property::Recurrence, Value::Recurrence(rule))
    }

    fn range(&self) -> ews::Range {
        let start = self.start.date();
        match self.rule.range {
            Range::NoEnd => ews::Range::NoEnd { start },
            Range::Until(end) => ews::Range::EndDate { start, end },
            Range::Count(count) => ews::Range::Numbered { start, count },
        }
    }
}

const DAYS: [DayOfWeek; 7] = [
    DayOfWeek::Monday,
    DayOfWeek::Tuesday,
    DayOfWeek::Wednesday,
    DayOfWeek::Thursday,
    DayOfWeek::Friday,
    DayOfWeek::Saturday,
    DayOfWeek::Sunday,
];

fn day(number: u8) -> DayOfWeek {
    DAYS[usize::from(number) - 1]
}

fn word(days: &BTreeSet<u8>) -> DayOfWeek {
    match days.len() {
        7 => DayOfWeek::Day,
        5 => DayOfWeek::Weekday,
        2 => DayOfWeek::WeekendDay,
        _ => day(*days.first().expect("a day")),
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

fn pattern(pattern: &Pattern) -> ews::Pattern {
    match pattern {
        Pattern::Daily { interval } => ews::Pattern::Daily { interval: *interval },
        Pattern::Weekly { interval, days, first_day } => ews::Pattern::Weekly {
            interval: *interval,
            days: days.iter().map(|number| day(*number)).collect(),
            first: Some(day(*first_day)),
        },
        Pattern::MonthlyByDate { interval, day } => {
            ews::Pattern::AbsoluteMonthly { interval: *interval, day: u32::from(*day) }
        }
        Pattern::MonthlyByWeekday { interval, days, index } => {
            ews::Pattern::RelativeMonthly { interval: *interval, day: word(days), week: week(*index) }
        }
        Pattern::YearlyByDate { month, day } => {
            ews::Pattern::AbsoluteYearly { day: u32::from(*day), month: u32::from(*month) }
        }
        Pattern::YearlyByWeekday { month, days, index } => {
            ews::Pattern::RelativeYearly { day: word(days), week: week(*index), month: u32::from(*month) }
        }
        Pattern::Regenerating { .. } | Pattern::Foreign { .. } => panic!("never drawn"),
    }
}

// R1, R2, R4, traps 64, 65, 70, 80, 82
#[tokio::test(flavor = "multi_thread")]
async fn random_rules_fall_on_the_instants_that_dateutil_finds() {
    let Some(python) = python() else { return };
    let mut draw = Draw(20_261_122);
    let all: Vec<Series> = (0..count()).map(|_| draw.series()).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("series.jsonl");
    let lines: Vec<String> = all.iter().map(Series::told).collect();
    std::fs::write(&file, lines.join("\n")).expect("written");
    let printed = run(&python, "expand.py", &[file.to_str().expect("a path")]).await;
    let theirs: Vec<&str> = printed.lines().collect();
    assert_eq!(theirs.len(), all.len());
    let mut instants = 0;
    for (series, theirs) in all.iter().zip(theirs) {
        let ours = series.instants();
        instants += ours.len();
        let ours: Vec<String> = ours.iter().map(ToString::to_string).collect();
        assert_eq!(ours.join(" "), theirs, "{}", series.told());
    }
    assert!(instants > count() * 20, "{instants}");
}

/// Months in which clocks change, and two in which none does.
const WINDOWS: [(&str, &str); 6] = [
    ("2026-03-01T00:00:00Z", "2026-04-12T00:00:00Z"),
    ("2026-10-01T00:00:00Z", "2026-11-10T00:00:00Z"),
    ("2027-02-20T00:00:00Z", "2027-03-05T00:00:00Z"),
    ("2028-02-20T00:00:00Z", "2028-03-05T00:00:00Z"),
    ("2030-09-20T00:00:00Z", "2030-11-05T00:00:00Z"),
    ("2033-12-20T00:00:00Z", "2034-01-10T00:00:00Z"),
];

async fn compare(outlook: &Outlook, all: &BTreeMap<String, &Series>) -> usize {
    let mut compared = 0;
    for (from, to) in WINDOWS {
        let [first, last] = [from, to].map(|text| text.parse::<Timestamp>().expect("a time").as_second());
        let mut shown: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (name, start, _) in outlook.shows(from, to).await {
            let start = start.parse::<Timestamp>().expect("a time").as_second();
            if start >= first {
                shown.entry(name).or_default().push(start);
            }
        }
        for (name, series) in all {
            let until = series.until().to_zoned(jiff::tz::TimeZone::UTC).expect("a time").timestamp().as_second();
            let ours: Vec<i64> =
                series.instants().into_iter().filter(|at| (first..last.min(until - 86_400)).contains(at)).collect();
            let mut theirs = shown.remove(name).unwrap_or_default();
            theirs.retain(|at| *at < until - 86_400);
            theirs.sort_unstable();
            assert_eq!(ours, theirs, "{name} from {from}: {}", series.told());
            compared += ours.len();
        }
    }
    compared
}

// R1, R2, R4: against an expander that was written from Microsoft's documents, not from ours.
#[tokio::test(flavor = "multi_thread")]
async fn random_rules_fall_on_the_instants_that_the_server_shows() {
    let world = World::new().await;
    let mut draw = Draw(20_261_123);
    let all: Vec<Series> = (0..count()).map(|_| draw.series()).collect();
    let mut compared = 0;
    // A view shows a thousand at most: a mailbox of its own for each hundred.
    for (at, some) in all.chunks(100).enumerate() {
        let outlook = world.outsider(&format!("eve{at}@far.test"));
        let named: BTreeMap<String, &Series> =
            some.iter().enumerate().map(|(at, one)| (format!("S{at}"), one)).collect();
        let items = named.iter().map(|(name, series)| series.item(name)).collect();
        outlook.make_many(Folder::Calendar, items).await;
        compared += compare(&outlook, &named).await;
    }
    assert!(compared > count());
}

// R1, R2, R4: through the whole product, half of them born on each side.
#[tokio::test(flavor = "multi_thread")]
async fn random_series_fall_on_the_same_instants_on_both_sides() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    world.settings(json!({"extract_start": "always"})).await;
    let outlook = world.outlook(&anna);
    let mut draw = Draw(20_261_124);
    let all: Vec<Series> = (0..120).map(|_| draw.series()).collect();
    let mut named: BTreeMap<String, &Series> = BTreeMap::new();
    for (at, series) in all.iter().enumerate() {
        let name = format!("S{at}");
        if at % 2 == 0 {
            outlook.make_many(Folder::Calendar, vec![series.item(&name)]).await;
        } else {
            let wall = |wall: DateTime| json!({"wall": wall, "zone": series.zone.0});
            let end = series.start.checked_add(Span::new().minutes(30)).expect("a time");
            let rule = server::json::rule_json(&series.rule);
            let body = json!({"display": "Calendar and Activities", "subject": name, "rule": rule,
                "start": wall(series.start), "end": wall(end)});
            world.activity(&anna, body).await;
        }
        named.insert(name, series);
    }
    clean(&world, &anna).await;
    assert_eq!(outlook.items(Folder::Calendar).await.iter().map(title).count(), all.len());
    assert!(compare(&outlook, &named).await > 100);
    for record in world.view(&anna, "my_calendar").await {
        let series = named[record["subject"].as_str().expect("a subject")];
        let shown = server::json::read_rule(&record["rule"]).expect("a rule");
        let start: DateTime = record["start"]["wall"].as_str().expect("a wall").parse().expect("a wall time");
        let zone = Zone::iana(record["start"]["zone"].as_str().expect("a zone")).expect("known");
        let instants = |rule: &Recurrence, start: DateTime, zone: &Zone| -> Vec<i64> {
            let days = rule.dates(start.date()).map(|day| zone.instant(day.to_datetime(start.time())).as_second());
            days.take(200).collect()
        };
        let of_series = Zone::iana(series.zone.0).expect("known");
        assert_eq!(instants(&shown, start, &zone), instants(&series.rule, series.start, &of_series), "{record}");
    }
}

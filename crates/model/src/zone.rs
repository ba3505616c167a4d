//! Time zones: IANA names inside, Windows names at the Exchange edge by CLDR, custom zones by their own rules (rule R4).

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

mod shown;

/// CLDR's windowsZones: a Windows name, a tab, its IANA names with the one for the whole world first.
const TABLE: &str = include_str!("zones.tsv");

/// A zone. Its constructors let only zones through whose clock is known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// By its IANA name.
    Iana(String),
    /// By its own rules, as a server described it.
    Custom(Box<CustomZone>),
}

/// A zone that no name stands for: offsets are minutes east of Greenwich.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CustomZone {
    /// As the server wrote it; kept and given back.
    pub name: String,
    /// Minutes east of Greenwich in winter.
    pub standard_minutes: i32,
    /// The summer's offset and its two changes, when there is a summer time.
    pub daylight: Option<Daylight>,
}

/// Summer time of a custom zone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Daylight {
    /// Minutes east of Greenwich in summer.
    pub minutes: i32,
    /// When summer begins, by the winter's clock.
    pub begins: Change,
    /// When summer ends, by the summer's clock.
    pub ends: Change,
}

/// A yearly change of the clock: on a day of a month, at minutes after midnight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Change {
    /// 1 to 12.
    pub month: u8,
    /// On which of its days.
    #[serde(flatten)]
    pub on: On,
    /// Minutes after midnight.
    pub minute: u16,
}

/// Which day of a month a clock changes on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum On {
    /// The n-th such weekday.
    Weekday {
        /// 1 to 5; 5 is the last.
        week: u8,
        /// 0 is Sunday.
        weekday: u8,
    },
    /// The same date every year; one that not every year has makes no rule.
    Date {
        /// 1 to 31.
        day: u8,
    },
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Zone {
        Zone::Iana("Etc/UTC".to_owned())
    }

    /// A zone by its IANA name, if the name is known; kept as the database spells it.
    #[must_use]
    pub fn iana(name: &str) -> Option<Zone> {
        if name.eq_ignore_ascii_case("UTC") {
            return Some(Zone::utc());
        }
        let zone = jiff::tz::db().get(name).ok()?;
        Some(Zone::Iana(zone.iana_name().unwrap_or(name).to_owned()))
    }

    /// A zone by its Windows name ("W. Europe Standard Time"), by CLDR's table.
    #[must_use]
    pub fn from_windows(name: &str) -> Option<Zone> {
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "tzone://microsoft/utc" => return Some(Zone::utc()),
            // Windows names that CLDR has no row for, still written by old servers and clients.
            "mid-atlantic standard time" => return Zone::iana("Etc/GMT+2"),
            "kamchatka standard time" => return Zone::iana("Asia/Kamchatka"),
            _ => {}
        }
        static KNOWN: LazyLock<BTreeMap<String, Zone>> = LazyLock::new(|| {
            let mut known = BTreeMap::new();
            for (windows, names) in rows() {
                if let Some(zone) = names.split(' ').find_map(Zone::iana) {
                    known.entry(windows.to_ascii_lowercase()).or_insert(zone);
                }
            }
            known
        });
        KNOWN.get(&name).cloned()
    }

    /// A zone that the server described, kept when its rules can be read.
    #[must_use]
    pub fn custom(custom: CustomZone) -> Option<Zone> {
        TimeZone::posix(&custom.posix()).ok().map(|_| Zone::Custom(Box::new(custom)))
    }

    /// The Windows name that stands for this zone in the year around a date. CLDR's table lags behind the law: a zone
    /// that left the clock of its row has no name any more (Scoresbysund since 2024).
    #[must_use]
    pub fn windows_around(&self, around: Date) -> Option<&'static str> {
        let name = self.windows()?;
        Zone::from_windows(name)?.same_clock(self, around).then_some(name)
    }

    /// The Windows name that CLDR has for this zone.
    #[must_use]
    pub fn windows(&self) -> Option<&'static str> {
        match self {
            Zone::Iana(name) => {
                rows().find(|(_, names)| names.split(' ').any(|known| known == name)).map(|(windows, _)| windows)
            }
            Zone::Custom(_) => None,
        }
    }

    /// Its rules.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        match self {
            Zone::Iana(name) => jiff::tz::db().get(name).unwrap_or(TimeZone::UTC),
            Zone::Custom(custom) => TimeZone::posix(&custom.posix()).unwrap_or(TimeZone::UTC),
        }
    }

    /// The instant of a wall time here; gaps and overlaps as RFC 5545 3.3.5 says. Times beyond the calendar's end are
    /// held at its end.
    #[must_use]
    pub fn instant(&self, wall: DateTime) -> Timestamp {
        let clamped = if wall.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        self.time_zone().to_ambiguous_zoned(wall).compatible().map_or(clamped, |zoned| zoned.timestamp())
    }

    /// Whether both zones show the same clock in the year around a date: names do not matter (trap 77).
    #[must_use]
    pub fn same_clock(&self, other: &Zone, around: Date) -> bool {
        if self == other {
            return true;
        }
        let (a, b) = (self.time_zone(), other.time_zone());
        let start = Zone::utc().instant(around.to_datetime(jiff::civil::Time::midnight()));
        (-27..27).all(|week| {
            let Ok(at) = start.checked_add(SignedDuration::from_hours(week * 7 * 24)) else {
                return true;
            };
            a.to_offset(at) == b.to_offset(at)
        })
    }

    /// The name a person sees.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Zone::Iana(name) => name,
            Zone::Custom(custom) => &custom.name,
        }
    }
}

/// Every Windows name with the zone for the whole world.
pub fn windows_names() -> impl Iterator<Item = &'static str> {
    rows().map(|(windows, _)| windows)
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once('\t'))
}

impl CustomZone {
    /// The rules as a POSIX TZ text, whose offsets count west.
    #[must_use]
    pub fn posix(&self) -> String {
        let mut text = format!("<S>{}", posix_offset(self.standard_minutes));
        if let Some(daylight) = &self.daylight {
            text.push_str(&format!(
                "<D>{},{},{}",
                posix_offset(daylight.minutes),
                daylight.begins.posix(),
                daylight.ends.posix()
            ));
        }
        text.replace("<S>", "<STD>").replace("<D>", "<DST>")
    }
}

fn posix_offset(minutes_east: i32) -> String {
    let west = -minutes_east;
    format!("{}{:02}:{:02}", if west < 0 { "-" } else { "" }, west.abs() / 60, west.abs() % 60)
}

impl Change {
    fn posix(&self) -> String {
        let day = match self.on {
            On::Weekday { week, weekday } => format!("M{}.{week}.{weekday}", self.month),
            On::Date { day } => format!("J{}", day_of_year(self.month, day)),
        };
        format!("{day}/{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

/// A date's number in a year of 365 days, as POSIX counts them; 0, which is no day there, for a date that such a year lacks.
fn day_of_year(month: u8, day: u8) -> i16 {
    let date =
        i8::try_from(month).ok().zip(i8::try_from(day).ok()).and_then(|(month, day)| Date::new(2023, month, day).ok());
    date.map_or(0, Date::day_of_year)
}

#[cfg(test)]
mod tests {
    use super::*;

    // R4: every Windows name means a zone, and that zone is written with the same name.
    #[test]
    fn every_windows_name_goes_round() {
        for name in windows_names() {
            let zone = Zone::from_windows(name).unwrap_or_else(|| panic!("{name} means no zone"));
            assert_eq!(zone.windows(), Some(name));
        }
    }

    // R4: every IANA name of the table is known and has a Windows name.
    #[test]
    fn every_iana_name_of_the_table_is_known() {
        for (windows, names) in rows() {
            for name in names.split(' ') {
                let zone = Zone::iana(name).unwrap_or_else(|| panic!("{name} is unknown"));
                assert!(zone.windows().is_some(), "{name} of {windows}");
            }
        }
    }

    // R4: a custom zone is carried by its own rules, never guessed as UTC.
    #[test]
    fn a_custom_zone_keeps_its_own_rules() {
        let custom = CustomZone {
            name: "Customized Time Zone".into(),
            standard_minutes: 60,
            daylight: Some(Daylight {
                minutes: 120,
                begins: Change { month: 3, on: On::Weekday { week: 5, weekday: 0 }, minute: 120 },
                ends: Change { month: 10, on: On::Weekday { week: 5, weekday: 0 }, minute: 180 },
            }),
        };
        let zone = Zone::custom(custom).expect("rules can be read");
        let berlin = Zone::iana("Europe/Berlin").expect("known");
        assert!(zone.same_clock(&berlin, "2026-06-01".parse().expect("a date")));
        assert!(!zone.same_clock(&Zone::utc(), "2026-06-01".parse().expect("a date")));
        assert_eq!(zone.windows(), None);
    }

    // R4: clocks that change on the same date every year, as Iran's did.
    #[test]
    fn a_clock_may_change_on_the_same_date_every_year() {
        let change = |month, day, minute| Change { month, on: On::Date { day }, minute };
        let own = |begins, ends| CustomZone {
            name: "Own".into(),
            standard_minutes: 210,
            daylight: Some(Daylight { minutes: 270, begins, ends }),
        };
        let zone = Zone::custom(own(change(3, 22, 0), change(9, 22, 0))).expect("rules can be read");
        for year in [2023, 2024, 2028] {
            let minutes = |month, day, hour| {
                let at = Zone::utc().instant(jiff::civil::date(year, month, day).at(hour, 0, 0, 0));
                zone.time_zone().to_offset(at).seconds() / 60
            };
            assert_eq!(
                [minutes(3, 21, 20), minutes(3, 21, 21), minutes(9, 21, 19), minutes(9, 21, 20)],
                [210, 270, 270, 210]
            );
        }
        for (month, day) in [(2, 29), (2, 30), (4, 31), (13, 1), (1, 0)] {
            assert_eq!(Zone::custom(own(change(month, day, 0), change(9, 22, 0))), None, "{month}-{day}");
        }
        let text = serde_json::to_string(&change(3, 22, 90)).expect("text");
        assert_eq!(text, r#"{"month":3,"day":22,"minute":90}"#);
        assert_eq!(serde_json::from_str::<Change>(&text).expect("read"), change(3, 22, 90));
        let weekday = r#"{"month":3,"week":5,"weekday":0,"minute":120}"#;
        let read: Change = serde_json::from_str(weekday).expect("read");
        assert_eq!(serde_json::to_string(&read).expect("text"), weekday);
    }

    // R4, trap 77: one row of CLDR, two clocks.
    #[test]
    fn a_zone_that_left_the_clock_of_its_row_has_no_windows_name() {
        let zone = Zone::iana("America/Scoresbysund").expect("known");
        let name = zone.windows().expect("a row");
        let of_the_row = Zone::from_windows(name).expect("a zone");
        let around = |text: &str| text.parse::<Date>().expect("a date");
        assert_eq!(zone.windows_around(around("2022-06-01")), Some(name));
        assert_eq!(zone.windows_around(around("2026-06-01")), None);
        assert!(!zone.same_clock(&of_the_row, around("2026-06-01")));
    }

    // R4
    #[test]
    fn a_name_is_kept_as_the_database_spells_it() {
        assert_eq!(Zone::iana("europe/berlin"), Some(Zone::Iana("Europe/Berlin".to_owned())));
        assert_eq!(Zone::iana("utc"), Some(Zone::utc()));
    }

    #[test]
    fn an_unknown_name_is_no_zone() {
        assert_eq!(Zone::iana("Mars/Olympus"), None);
        assert_eq!(Zone::from_windows("Customized Time Zone"), None);
    }
}

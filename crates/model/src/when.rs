//! Times as people mean them: a day, a wall time without a zone, a wall time in a zone (rules R4, R5).

use crate::zone::Zone;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

/// When something starts or ends. The wall time and zone are kept, not the instant: zone laws change (trap 83).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A day, the same date in every zone. As an end it is the last day, inclusive.
    Day(Date),
    /// A wall time wherever one is.
    Floating(DateTime),
    /// A wall time in a zone.
    Zoned {
        /// The clock on the wall there.
        wall: DateTime,
        /// The zone.
        zone: Zone,
    },
}

impl When {
    /// A wall time in a zone.
    #[must_use]
    pub fn zoned(wall: DateTime, zone: Zone) -> When {
        When::Zoned { wall, zone }
    }

    /// An instant as the wall time of a zone.
    #[must_use]
    pub fn at(instant: Timestamp, zone: Zone) -> When {
        let wall = zone.time_zone().to_datetime(instant);
        When::Zoned { wall, zone }
    }

    /// Whether it is a day.
    #[must_use]
    pub fn is_day(&self) -> bool {
        matches!(self, When::Day(_))
    }

    /// The clock on the wall; midnight for a day.
    #[must_use]
    pub fn wall(&self) -> DateTime {
        match self {
            When::Day(day) => day.to_datetime(jiff::civil::Time::midnight()),
            When::Floating(wall) | When::Zoned { wall, .. } => *wall,
        }
    }

    /// The zone, if it has one.
    #[must_use]
    pub fn zone(&self) -> Option<&Zone> {
        match self {
            When::Day(_) | When::Floating(_) => None,
            When::Zoned { zone, .. } => Some(zone),
        }
    }

    /// The instant; a day or floating time is read in `local`. A gap or overlap is read as RFC 5545 3.3.5 says.
    #[must_use]
    pub fn instant(&self, local: &Zone) -> Timestamp {
        self.zone().unwrap_or(local).instant(self.wall())
    }

    /// The same clock time on another date, in the same form.
    #[must_use]
    pub fn with_wall(&self, wall: DateTime) -> When {
        match self {
            When::Day(_) => When::Day(wall.date()),
            When::Floating(_) => When::Floating(wall),
            When::Zoned { zone, .. } => When::Zoned { wall, zone: zone.clone() },
        }
    }

    /// Whether both name the same moment: same form, same instant, and zones with the same clock (trap 77: rules and
    /// instants are compared, not names).
    #[must_use]
    pub fn same(&self, other: &When) -> bool {
        match (self, other) {
            (When::Day(a), When::Day(b)) => a == b,
            (When::Floating(a), When::Floating(b)) => a == b,
            (When::Zoned { wall: a, zone: za }, When::Zoned { wall: b, zone: zb }) => {
                za == zb && a == b || za.instant(*a) == zb.instant(*b) && za.same_clock(zb, a.date())
            }
            (When::Day(_) | When::Floating(_) | When::Zoned { .. }, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> DateTime {
        text.parse().expect("a wall time")
    }

    // R4, trap 82: a wall time in the gap is read after it, one in the overlap is the first.
    #[test]
    fn gap_and_overlap_are_read_as_rfc_5545_says() {
        let berlin = Zone::iana("Europe/Berlin").expect("known");
        let gap = When::zoned(wall("2026-03-29T02:30:00"), berlin.clone());
        assert_eq!(gap.instant(&Zone::utc()).to_string(), "2026-03-29T01:30:00Z");
        let overlap = When::zoned(wall("2026-10-25T02:30:00"), berlin);
        assert_eq!(overlap.instant(&Zone::utc()).to_string(), "2026-10-25T00:30:00Z");
    }

    // trap 77: Madrid and Paris are one clock.
    #[test]
    fn zones_of_one_clock_are_the_same_time() {
        let madrid = When::zoned(wall("2026-06-01T10:00:00"), Zone::iana("Europe/Madrid").expect("known"));
        let paris = When::zoned(wall("2026-06-01T10:00:00"), Zone::iana("Europe/Paris").expect("known"));
        let london = When::zoned(wall("2026-06-01T09:00:00"), Zone::iana("Europe/London").expect("known"));
        assert!(madrid.same(&paris));
        assert!(!madrid.same(&london), "the instant is equal, the clock is not");
    }
}

//! An appointment as iCalendar describes it, before it becomes an item.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::zone::Zone;

/// A point in time of an iCalendar property.
#[derive(Clone)]
pub(crate) enum EventTime {
    Day(Date),
    Utc(Timestamp),
    Zoned(DateTime, Zone),
    /// Without a zone: wall time wherever the reader is.
    Floating(DateTime),
}

/// Somebody invited.
#[derive(Clone)]
pub(crate) struct EventAttendee {
    pub name: String,
    pub address: String,
    pub role: String,
    pub status: String,
}

/// A VEVENT.
#[derive(Clone, Default)]
pub(crate) struct Event {
    pub uid: Option<String>,
    pub summary: Option<String>,
    pub description: Option<String>,
    pub location: Option<String>,
    pub class: Option<String>,
    pub transparent: bool,
    pub busy: Option<String>,
    pub priority: Option<i32>,
    pub categories: Vec<String>,
    pub start: Option<EventTime>,
    pub end: Option<EventTime>,
    pub duration_seconds: Option<i64>,
    pub rrule: Option<String>,
    pub exdates: Vec<EventTime>,
    pub recurrence_id: Option<EventTime>,
    pub organizer: Option<EventAttendee>,
    pub attendees: Vec<EventAttendee>,
    /// Minutes before the start.
    pub alarm: Option<i64>,
    pub sequence: Option<i32>,
    pub cancelled: bool,
    /// Said to last whole days, though its times are not written as days.
    pub said_whole: bool,
}

impl Event {
    /// Whether it lasts whole days: written as days, or said so of local times that fall at midnight.
    pub(crate) fn is_whole(&self) -> bool {
        let midnight = |at: &Option<EventTime>| at.as_ref().is_some_and(EventTime::is_midnight);
        self.start.as_ref().is_some_and(EventTime::is_day)
            || (self.said_whole && midnight(&self.start) && midnight(&self.end))
    }
}

impl EventTime {
    /// The instant; days and floating times in the given zone.
    pub(crate) fn instant(&self, zone: &Zone) -> Timestamp {
        match self {
            Self::Day(day) => zone.instant(day.at(0, 0, 0, 0)),
            Self::Utc(at) => *at,
            Self::Zoned(wall, zone) => zone.instant(*wall),
            Self::Floating(wall) => zone.instant(*wall),
        }
    }

    pub(crate) fn zone(&self) -> Option<Zone> {
        match self {
            Self::Zoned(_, zone) => Some(zone.clone()),
            Self::Utc(_) => Some(Zone::utc()),
            Self::Day(_) | Self::Floating(_) => None,
        }
    }

    fn is_midnight(&self) -> bool {
        match self {
            Self::Day(_) => true,
            Self::Utc(_) => false,
            Self::Zoned(wall, _) | Self::Floating(wall) => wall.time() == jiff::civil::Time::midnight(),
        }
    }

    pub(crate) fn is_day(&self) -> bool {
        matches!(self, Self::Day(_))
    }
}

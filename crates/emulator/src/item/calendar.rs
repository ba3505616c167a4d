//! What makes a record an appointment or a meeting: its times, its people, its series, and the global id all copies share.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::ids::{Guid, hex, unhex};
use crate::item::Value;
use crate::item::body::Body;
use crate::item::extended::{ExtKey, ExtValue};
use crate::recurrence::Rule;
use crate::xml::Element;
use crate::zone::Zone;

/// A name with an address.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Person {
    pub name: String,
    pub address: String,
}

/// The list an attendee stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Required,
    Optional,
    Resource,
}

/// An answer to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Unknown,
    Organizer,
    Tentative,
    Accept,
    Decline,
    NoResponseReceived,
}

/// Somebody invited.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Attendee {
    pub role: Role,
    pub person: Person,
    pub response: Response,
    pub replied: Option<Timestamp>,
}

/// The calendar part of an item: of a single appointment, a series, or (put together for an answer) one occurrence.
#[derive(Clone)]
pub(crate) struct Calendar {
    pub start: Timestamp,
    pub end: Timestamp,
    pub start_zone: Zone,
    pub end_zone: Zone,
    pub all_day: bool,
    pub uid: String,
    /// The clean global object id: the same in every copy, without an instance date.
    pub global_id: Vec<u8>,
    /// The day in the global id of somebody invited to one occurrence only.
    pub instance: Option<Date>,
    pub stamp: Timestamp,
    pub organizer: Person,
    /// A client said that it is a meeting, whoever is asked.
    pub flagged: bool,
    /// A copy that came by an invitation, or that a client says did.
    pub received: bool,
    pub attendees: Vec<Attendee>,
    pub request_sent: bool,
    pub cancelled: bool,
    pub sequence: i32,
    pub my_response: Response,
    pub replied: Option<Timestamp>,
    pub rule: Option<Rule>,
    pub exceptions: BTreeMap<Timestamp, Exception>,
    pub deleted: BTreeSet<Timestamp>,
    /// Set only in what `series::effective` puts together.
    pub occurrence: Option<Occurrence>,
}

/// Which occurrence of a series an item put together stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub original: Timestamp,
    pub exception: bool,
}

/// What one occurrence has different from its series. An absent entry means "as the series".
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    pub start: Timestamp,
    pub end: Timestamp,
    pub all_day: bool,
    pub props: BTreeMap<&'static str, Option<Value>>,
    pub body: Option<Body>,
    pub extended: BTreeMap<ExtKey, Option<ExtValue>>,
    pub attendees: Option<Vec<Attendee>>,
    pub my_response: Option<Response>,
    pub request_sent: Option<bool>,
    pub cancelled: bool,
}

impl Calendar {
    pub(crate) fn new(owner: Person, uid: Guid, now: Timestamp, zone: &Zone) -> Self {
        let start = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(60)).unwrap_or(now);
        let mut global_id = GLOBAL_ID_CLASS.to_vec();
        global_id.extend([0; 4]);
        global_id.extend(file_time(now).to_le_bytes());
        global_id.extend([0; 8]);
        global_id.extend(16_u32.to_le_bytes());
        global_id.extend(uid.0);
        Self {
            start,
            end: start.checked_add(30.minutes()).unwrap_or(start),
            start_zone: zone.clone(),
            end_zone: zone.clone(),
            all_day: false,
            uid: hex(&global_id),
            global_id,
            instance: None,
            stamp: now,
            organizer: owner,
            flagged: false,
            received: false,
            attendees: Vec::new(),
            request_sent: false,
            cancelled: false,
            sequence: 0,
            my_response: Response::Organizer,
            replied: None,
            rule: None,
            exceptions: BTreeMap::new(),
            deleted: BTreeSet::new(),
            occurrence: None,
        }
    }

    /// Takes a UID from outside: an Exchange one is its global id, any other is packed into one (MS-OXCICAL 2.1.3.1.1.20.26).
    pub(crate) fn set_uid(&mut self, uid: &str) {
        uid.clone_into(&mut self.uid);
        if let Some(mut bytes) = unhex(uid)
            && bytes.len() >= 40
            && bytes.starts_with(&GLOBAL_ID_CLASS)
        {
            self.instance = instance_of(&bytes);
            bytes[16..20].fill(0);
            self.global_id = bytes;
            return;
        }
        let mut data = b"vCal-Uid\x01\0\0\0".to_vec();
        data.extend(uid.as_bytes());
        data.push(0);
        let mut bytes = GLOBAL_ID_CLASS.to_vec();
        bytes.extend([0; 20]);
        let len = u32::try_from(data.len()).expect("a uid is shorter than a request");
        bytes.extend(len.to_le_bytes());
        bytes.extend(data);
        self.global_id = bytes;
        self.instance = None;
    }

    /// The global id with the day of the instance in it, if there is one.
    pub(crate) fn dated_global_id(&self) -> Vec<u8> {
        let mut bytes = self.global_id.clone();
        let day = match (self.instance, self.occurrence) {
            (Some(day), _) => Some(day),
            (None, Some(occurrence)) if occurrence.exception => Some(self.start_zone.local(occurrence.original).date()),
            (None, Some(_) | None) => None,
        };
        if let (Some(day), Some(place)) = (day, bytes.get_mut(16..20)) {
            let [high, low] = day.year().to_be_bytes();
            let narrow = |n: i8| u8::try_from(n).unwrap_or(0);
            place.copy_from_slice(&[high, low, narrow(day.month()), narrow(day.day())]);
        }
        bytes
    }

    pub(crate) fn is_meeting(&self) -> bool {
        self.flagged || self.received || !self.attendees.is_empty()
    }

    /// The bits of `AppointmentState`: meeting, received, cancelled.
    pub(crate) fn state(&self) -> i32 {
        i32::from(self.is_meeting()) + 2 * i32::from(self.received) + 4 * i32::from(self.cancelled)
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match (&self.occurrence, &self.rule) {
            (Some(occurrence), _) if occurrence.exception => "Exception",
            (Some(_), _) => "Occurrence",
            (None, Some(_)) => "RecurringMaster",
            (None, None) => "Single",
        }
    }

    /// All-day appointments begin and end at midnight of their zone; a zero length becomes a day.
    pub(crate) fn align_all_day(&mut self) {
        if !self.all_day {
            return;
        }
        let zone = self.start_zone.clone();
        let first = zone.local(self.start).date();
        let end = zone.local(self.end);
        let mut last = end.date();
        if end.time() != jiff::civil::Time::midnight() || last <= first {
            last = last.max(first).tomorrow().unwrap_or(last);
        }
        self.start = zone.instant(first.at(0, 0, 0, 0));
        self.end = zone.instant(last.at(0, 0, 0, 0));
    }
}

/// What every global id begins with.
pub(crate) const GLOBAL_ID_CLASS: [u8; 16] =
    [0x04, 0x00, 0x00, 0x00, 0x82, 0x00, 0xe0, 0x00, 0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08];

fn instance_of(bytes: &[u8]) -> Option<Date> {
    let [high, low, month, day] = *bytes.get(16..20)?.first_chunk::<4>()?;
    Date::new(i16::from_be_bytes([high, low]), i8::try_from(month).ok()?, i8::try_from(day).ok()?)
        .ok()
        .filter(|date| date.year() > 0)
}

/// 100 ns ticks since 1601.
fn file_time(at: Timestamp) -> u64 {
    u64::try_from(at.as_second() + 11_644_473_600).unwrap_or(0) * 10_000_000
}

impl Person {
    pub(crate) fn new(name: &str, address: &str) -> Self {
        Self { name: name.to_owned(), address: address.to_owned() }
    }

    pub(crate) fn is(&self, address: &str) -> bool {
        self.address.eq_ignore_ascii_case(address)
    }

    /// Reads a `Mailbox` element; the name defaults to the address.
    pub(crate) fn read(mailbox: &Element) -> Option<Self> {
        let address = mailbox.child_text("EmailAddress")?.trim().to_owned();
        if address.is_empty() {
            return None;
        }
        let name = mailbox.child_text("Name").filter(|name| !name.is_empty()).unwrap_or_else(|| address.clone());
        Some(Self { name, address })
    }

    /// The `Mailbox` element of a person.
    pub(crate) fn element(&self) -> Element {
        let mut mailbox = Element::new("Mailbox").with(Element::leaf("Name", &self.name));
        if !self.address.is_empty() {
            mailbox.push(Element::leaf("EmailAddress", &self.address));
            mailbox.push(Element::leaf("RoutingType", "SMTP"));
        }
        mailbox
    }
}

impl Response {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Organizer => "Organizer",
            Self::Tentative => "Tentative",
            Self::Accept => "Accept",
            Self::Decline => "Decline",
            Self::NoResponseReceived => "NoResponseReceived",
        }
    }

    /// The MAPI number of a response status.
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Unknown => 0,
            Self::Organizer => 1,
            Self::Tentative => 2,
            Self::Accept => 3,
            Self::Decline => 4,
            Self::NoResponseReceived => 5,
        }
    }
}

impl Response {
    /// The response status of a MAPI number.
    pub(crate) fn of_number(number: i32) -> Option<Self> {
        [Self::Unknown, Self::Organizer, Self::Tentative, Self::Accept, Self::Decline, Self::NoResponseReceived]
            .into_iter()
            .find(|response| response.number() == number)
    }
}

impl Attendee {
    /// Reads the people of an attendee list; answers a client sends along are not taken, as they are read-only.
    pub(crate) fn read_list(list: &Element, role: Role) -> Option<Vec<Self>> {
        list.elements()
            .map(|attendee| {
                Some(Self {
                    role,
                    person: Person::read(attendee.child("Mailbox")?)?,
                    response: Response::Unknown,
                    replied: None,
                })
            })
            .collect()
    }

    pub(crate) fn element(&self) -> Element {
        let mut attendee = Element::new("Attendee")
            .with(self.person.element().with(Element::leaf("MailboxType", "Mailbox")))
            .with(Element::leaf("ResponseType", self.response.name()));
        if let Some(at) = self.replied {
            attendee.push(Element::leaf("LastResponseTime", &crate::item::time::written(at)));
        }
        attendee
    }
}

impl Role {
    pub(crate) fn of_list(name: &str) -> Option<Self> {
        match name {
            "RequiredAttendees" => Some(Self::Required),
            "OptionalAttendees" => Some(Self::Optional),
            "Resources" => Some(Self::Resource),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        let now = Timestamp::from_second(1_750_000_000).unwrap();
        Calendar::new(Person::new("Ann", "ann@crm.test"), Guid::drawn(1, "uid", 1), now, &Zone::utc())
    }

    #[test]
    fn a_uid_from_outside_is_packed_into_the_global_id() {
        let mut one = calendar();
        one.set_uid("abc@elsewhere.test");
        assert!(hex(&one.global_id).contains("7643616C2D556964"));
        let mut other = calendar();
        other.set_uid(&hex(&one.global_id));
        assert_eq!(one.global_id, other.global_id);
    }

    #[test]
    fn the_instance_day_stands_in_the_global_id_and_not_in_the_clean_one() {
        let mut one = calendar();
        one.instance = Date::new(2026, 7, 14).ok();
        let dated = one.dated_global_id();
        assert_eq!(dated[16..20], [0x07, 0xea, 7, 14]);
        let mut other = calendar();
        other.set_uid(&hex(&dated));
        assert_eq!((other.global_id, other.instance), (one.global_id, one.instance));
    }

    // trap 85
    #[test]
    fn an_all_day_appointment_is_whole_days_of_its_zone() {
        for zone in ["Dateline Standard Time", "Line Islands Standard Time", "UTC"] {
            let mut one = calendar();
            one.start_zone = Zone::by_id(zone).unwrap();
            one.all_day = true;
            one.align_all_day();
            let local = |at| one.start_zone.local(at);
            assert_eq!(local(one.start).time(), jiff::civil::Time::midnight());
            assert_eq!(local(one.end).date(), local(one.start).date().tomorrow().unwrap());
        }
    }
}

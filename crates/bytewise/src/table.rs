//! Where a mailbox keeps which field: docs/fields.md's table, as far as people here fill it in.

use model::{Field, Kind};

/// A place in an item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// How the property is named in a path: `contacts:GivenName`.
    pub(crate) uri: &'static str,
    /// The element that carries it.
    pub(crate) element: &'static str,
    /// The entry of a collection, and the part of that entry.
    pub(crate) entry: Option<(&'static str, Option<&'static str>)>,
    /// What stands there.
    pub(crate) form: Form,
}

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text, or a word of the server's.
    Text,
    /// A whole number.
    Number,
    /// A day, written as midnight UTC.
    Day,
}

const fn text(uri: &'static str, element: &'static str) -> Place {
    Place { uri, element, entry: None, form: Form::Text }
}

const fn day(uri: &'static str, element: &'static str) -> Place {
    Place { uri, element, entry: None, form: Form::Day }
}

const fn email(key: &'static str) -> Place {
    Place { uri: "contacts:EmailAddress", element: "EmailAddresses", entry: Some((key, None)), form: Form::Text }
}

const fn phone(key: &'static str) -> Place {
    Place { uri: "contacts:PhoneNumber", element: "PhoneNumbers", entry: Some((key, None)), form: Form::Text }
}

const fn address(uri: &'static str, key: &'static str, part: &'static str) -> Place {
    Place { uri, element: "PhysicalAddresses", entry: Some((key, Some(part))), form: Form::Text }
}

const CONTACT: &[(Field, Place)] = &[
    (Field::FirstName, text("contacts:GivenName", "GivenName")),
    (Field::MiddleName, text("contacts:MiddleName", "MiddleName")),
    (Field::LastName, text("contacts:Surname", "Surname")),
    (Field::Suffix, text("contacts:Generation", "Generation")),
    (Field::Nickname, text("contacts:Nickname", "Nickname")),
    (Field::JobTitle, text("contacts:JobTitle", "JobTitle")),
    (Field::Department, text("contacts:Department", "Department")),
    (Field::Company, text("contacts:CompanyName", "CompanyName")),
    (Field::CompanyLocation, text("contacts:OfficeLocation", "OfficeLocation")),
    (Field::Email1, email("EmailAddress1")),
    (Field::Email2, email("EmailAddress2")),
    (Field::Email3, email("EmailAddress3")),
    (Field::WorkPhone, phone("BusinessPhone")),
    (Field::HomePhone, phone("HomePhone")),
    (Field::MobilePhone, phone("MobilePhone")),
    (Field::Fax, phone("BusinessFax")),
    (Field::Birthday, day("contacts:Birthday", "Birthday")),
    (Field::BusinessStreet, address("contacts:PhysicalAddress:Street", "Business", "Street")),
    (Field::BusinessCity, address("contacts:PhysicalAddress:City", "Business", "City")),
    (Field::BusinessState, address("contacts:PhysicalAddress:State", "Business", "State")),
    (Field::BusinessCountry, address("contacts:PhysicalAddress:CountryOrRegion", "Business", "CountryOrRegion")),
    (Field::BusinessPostalCode, address("contacts:PhysicalAddress:PostalCode", "Business", "PostalCode")),
    (Field::WebPage, text("contacts:BusinessHomePage", "BusinessHomePage")),
];

const APPOINTMENT: &[(Field, Place)] = &[
    (Field::Subject, text("item:Subject", "Subject")),
    (Field::Location, text("calendar:Location", "Location")),
    (Field::ShowAs, text("calendar:LegacyFreeBusyStatus", "LegacyFreeBusyStatus")),
];

const TASK: &[(Field, Place)] = &[
    (Field::Subject, text("item:Subject", "Subject")),
    (Field::StartDay, day("task:StartDate", "StartDate")),
    (Field::DueDay, day("task:DueDate", "DueDate")),
    (Field::DoneDay, day("task:CompleteDate", "CompleteDate")),
    (Field::Status, text("task:Status", "Status")),
    (
        Field::Percent,
        Place { uri: "task:PercentComplete", element: "PercentComplete", entry: None, form: Form::Number },
    ),
    (Field::Priority, text("item:Importance", "Importance")),
];

/// The plain rows of a kind; what needs more than a place is read and written by name.
pub(crate) fn rows(kind: Kind) -> &'static [(Field, Place)] {
    match kind {
        Kind::Contact => CONTACT,
        Kind::Appointment => APPOINTMENT,
        Kind::Task => TASK,
    }
}

/// The element of an item of a kind.
pub(crate) fn element(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "Contact",
        Kind::Appointment => "CalendarItem",
        Kind::Task => "Task",
    }
}

/// The folder of a kind.
pub(crate) fn folder(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "contacts",
        Kind::Appointment => "calendar",
        Kind::Task => "tasks",
    }
}

/// What people write, in the order of Microsoft's schema.
pub(crate) const ORDER: &[&str] = &[
    "Subject",
    "Sensitivity",
    "Body",
    "Categories",
    "Importance",
    "ReminderIsSet",
    "ReminderMinutesBeforeStart",
    // CalendarItemType
    "Start",
    "End",
    "IsAllDayEvent",
    "LegacyFreeBusyStatus",
    "Location",
    "RequiredAttendees",
    "OptionalAttendees",
    "Recurrence",
    "StartTimeZone",
    "EndTimeZone",
    // ContactItemType
    "GivenName",
    "MiddleName",
    "Nickname",
    "CompanyName",
    "EmailAddresses",
    "PhysicalAddresses",
    "PhoneNumbers",
    "Birthday",
    "BusinessHomePage",
    "Department",
    "Generation",
    "JobTitle",
    "OfficeLocation",
    "Surname",
    // TaskType
    "DueDate",
    "PercentComplete",
    "StartDate",
    "Status",
];

/// Zones in which people here live, by the name the server has for them.
pub(crate) const ZONES: [(&str, &str); 3] =
    [("Etc/UTC", "UTC"), ("Europe/Berlin", "W. Europe Standard Time"), ("America/New_York", "Eastern Standard Time")];

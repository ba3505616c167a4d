//! The field maps that ship for Exchange by EWS, as docs tell them; an administrator may change them.

use crate::domain::{Domain, Kind};
use crate::field::Field;
use crate::map::{Direction, DomainMap, MapEntry, Translation};
use Field as F;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The shipped maps, made once.
static SHIPPED: LazyLock<BTreeMap<Domain, DomainMap>> =
    LazyLock::new(|| Domain::ALL.into_iter().map(|domain| (domain, shipped(domain))).collect());

/// The shipped map of every domain.
#[must_use]
pub fn default_maps() -> &'static BTreeMap<Domain, DomainMap> {
    &SHIPPED
}

/// The shipped map of a domain.
#[must_use]
pub fn default_map(domain: Domain) -> DomainMap {
    SHIPPED.get(&domain).cloned().unwrap_or_else(|| shipped(domain))
}

fn shipped(domain: Domain) -> DomainMap {
    let rows: &[(Field, &str)] = match domain.kind() {
        Kind::Contact => CONTACT,
        Kind::Appointment => CALENDAR,
        Kind::Task => TASK,
    };
    let entries = rows
        .iter()
        .map(|(field, property)| MapEntry {
            field: field.clone(),
            property: (*property).to_owned(),
            direction: direction(domain, field),
            default: None,
            key: is_key(domain, field),
            required: is_required(domain, field),
            translation: translation(domain, field),
        })
        .collect();
    DomainMap { domain, entries }
}

const CONTACT: &[(Field, &str)] = &[
    (F::FirstName, "contacts:GivenName"),
    (F::MiddleName, "contacts:MiddleName"),
    (F::LastName, "contacts:Surname"),
    (F::PersonalTitle, "x:0x3A45"),
    (F::Suffix, "contacts:Generation"),
    (F::Nickname, "contacts:Nickname"),
    (F::JobTitle, "contacts:JobTitle"),
    (F::Department, "contacts:Department"),
    (F::Company, "contacts:CompanyName"),
    (F::CompanyLocation, "contacts:OfficeLocation"),
    (F::Email1, "contacts:EmailAddress:EmailAddress1"),
    (F::Email2, "contacts:EmailAddress:EmailAddress2"),
    (F::Email3, "contacts:EmailAddress:EmailAddress3"),
    (F::WorkPhone, "contacts:PhoneNumber:BusinessPhone"),
    (F::WorkPhone2, "contacts:PhoneNumber:BusinessPhone2"),
    (F::HomePhone, "contacts:PhoneNumber:HomePhone"),
    (F::MobilePhone, "contacts:PhoneNumber:MobilePhone"),
    (F::Fax, "contacts:PhoneNumber:BusinessFax"),
    (F::Pager, "contacts:PhoneNumber:Pager"),
    (F::AssistantPhone, "contacts:PhoneNumber:AssistantPhone"),
    (F::Assistant, "contacts:AssistantName"),
    (F::Manager, "contacts:Manager"),
    (F::Spouse, "contacts:SpouseName"),
    (F::Birthday, "contacts:Birthday"),
    (F::BusinessStreet, "contacts:PhysicalAddress:Street:Business"),
    (F::BusinessCity, "contacts:PhysicalAddress:City:Business"),
    (F::BusinessState, "contacts:PhysicalAddress:State:Business"),
    (F::BusinessPostalCode, "contacts:PhysicalAddress:PostalCode:Business"),
    (F::BusinessCountry, "contacts:PhysicalAddress:CountryOrRegion:Business"),
    (F::HomeStreet, "contacts:PhysicalAddress:Street:Home"),
    (F::HomeCity, "contacts:PhysicalAddress:City:Home"),
    (F::HomeState, "contacts:PhysicalAddress:State:Home"),
    (F::HomePostalCode, "contacts:PhysicalAddress:PostalCode:Home"),
    (F::HomeCountry, "contacts:PhysicalAddress:CountryOrRegion:Home"),
    (F::WebPage, "contacts:BusinessHomePage"),
    (F::Body, "item:Body"),
    (F::Categories, "item:Categories"),
    (F::Private, "item:Sensitivity"),
];

const CALENDAR: &[(Field, &str)] = &[
    (F::Subject, "item:Subject"),
    (F::Body, "item:Body"),
    (F::Start, "calendar:Start"),
    (F::End, "calendar:End"),
    (F::Location, "calendar:Location"),
    (F::Private, "item:Sensitivity"),
    (F::Reminder, "item:ReminderMinutesBeforeStart"),
    (F::ShowAs, "calendar:LegacyFreeBusyStatus"),
    (F::ActivityType, "item:Categories"),
    (F::Organizer, "calendar:Organizer"),
    (F::Attendees, "calendar:RequiredAttendees"),
    (F::Rule, "calendar:Recurrence"),
    (F::Cancelled, "calendar:IsCancelled"),
    (F::State, "calendar:DeletedOccurrences"),
    (F::Categories, "item:Categories"),
];

const TASK: &[(Field, &str)] = &[
    (F::Subject, "item:Subject"),
    (F::Body, "item:Body"),
    (F::StartDay, "task:StartDate"),
    (F::DueDay, "task:DueDate"),
    (F::Status, "task:Status"),
    (F::Percent, "task:PercentComplete"),
    (F::DoneDay, "task:CompleteDate"),
    (F::Priority, "item:Importance"),
    (F::Private, "item:Sensitivity"),
    (F::ReminderAt, "item:ReminderDueBy"),
    (F::Rule, "task:Recurrence"),
    (F::Categories, "item:Categories"),
];

fn direction(domain: Domain, field: &Field) -> Direction {
    match (domain, field) {
        // The employee directory is the CRM's.
        (Domain::Employee, _) => Direction::Export,
        // Organizer and IsCancelled cannot be set by a client: they flow in, and a CRM's own are shown in the body.
        (Domain::Calendar, F::Organizer) => Direction::Import,
        (Domain::BusinessContact | Domain::PersonalContact | Domain::Calendar | Domain::Task, _) => Direction::Both,
    }
}

fn is_key(domain: Domain, field: &Field) -> bool {
    match domain {
        Domain::Calendar => matches!(field, F::Subject | F::Start | F::End),
        Domain::Task => matches!(field, F::Subject | F::DueDay),
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => false,
    }
}

fn is_required(domain: Domain, field: &Field) -> bool {
    match domain {
        Domain::Calendar => matches!(field, F::Start | F::End),
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee | Domain::Task => false,
    }
}

type OutWords = &'static [(&'static str, Option<&'static str>)];
type BackWords = &'static [(&'static str, &'static str)];

fn translation(domain: Domain, field: &Field) -> Option<Translation> {
    let (out, back): (OutWords, BackWords) = match (domain, field) {
        (Domain::Task, F::Priority) => (
            &[("1-ASAP", Some("High")), ("2-High", Some("High")), ("3-Medium", Some("Normal")), ("4-Low", Some("Low"))],
            &[("High", "2-High"), ("Normal", "3-Medium"), ("Low", "4-Low")],
        ),
        (Domain::Task, F::Status) => (
            &[
                ("Acknowledged", Some("NotStarted")),
                ("Not Started", Some("NotStarted")),
                ("In Progress", Some("InProgress")),
                ("Done", Some("Completed")),
                ("On Hold", Some("WaitingOnOthers")),
                ("Deferred", Some("Deferred")),
                ("Cancelled", Some("Deferred")),
                ("Declined", Some("Deferred")),
            ],
            &[
                ("NotStarted", "Not Started"),
                ("InProgress", "In Progress"),
                ("Completed", "Done"),
                ("WaitingOnOthers", "On Hold"),
                ("Deferred", "Deferred"),
            ],
        ),
        (Domain::Calendar, F::ActivityType) => (
            // The type every appointment starts with needs no category of its own.
            &[
                ("Appointment", None),
                ("Call", Some("Call")),
                ("Demonstration", Some("Demonstration")),
                ("Event", Some("Event")),
                ("Meeting", Some("Meeting")),
                ("Presentation", Some("Presentation")),
            ],
            &[
                ("Call", "Call"),
                ("Demonstration", "Demonstration"),
                ("Event", "Event"),
                ("Meeting", "Meeting"),
                ("Presentation", "Presentation"),
            ],
        ),
        (Domain::BusinessContact | Domain::PersonalContact | Domain::Employee | Domain::Calendar | Domain::Task, _) => {
            return None;
        }
    };
    Some(Translation {
        out: out.iter().map(|(a, b)| ((*a).to_owned(), b.map(str::to_owned))).collect(),
        back: back.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::of_kind;

    #[test]
    fn every_shipped_map_is_free_of_faults_and_complete() {
        for domain in Domain::ALL {
            let map = default_map(domain);
            assert_eq!(map.faults(), []);
            for field in Field::SHIPPED.iter().filter(|field| of_kind(domain.kind(), field)) {
                let told = map.entry(field).is_some() || domain == Domain::Task && *field == F::ActivityType;
                assert!(told, "{domain} has no row for {field}");
            }
        }
    }
}

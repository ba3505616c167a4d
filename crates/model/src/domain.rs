//! The five domains, and the three kinds of record that carry them.

use crate::level::Level;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a link is judged to be: rules D, O and the level depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// A contact of the CRM's My Contacts view.
    BusinessContact,
    /// A contact only its owner sees.
    PersonalContact,
    /// A colleague; goes out only.
    Employee,
    /// An activity shown in the calendar.
    Calendar,
    /// A to-do.
    Task,
}

/// What an item is on the server: the unit of linking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person.
    Contact,
    /// Something with a start and an end.
    Appointment,
    /// Something to do.
    Task,
}

impl Domain {
    /// All five, in the order they are shown.
    pub const ALL: [Domain; 5] =
        [Domain::BusinessContact, Domain::PersonalContact, Domain::Employee, Domain::Calendar, Domain::Task];

    /// The kind of record that carries this domain.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => Kind::Contact,
            Domain::Calendar => Kind::Appointment,
            Domain::Task => Kind::Task,
        }
    }

    /// The word used in the store, the API, the command line and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Domain::BusinessContact => "business_contact",
            Domain::PersonalContact => "personal_contact",
            Domain::Employee => "employee",
            Domain::Calendar => "calendar",
            Domain::Task => "task",
        }
    }

    /// Reads the word written by [`Domain::as_str`]; a hyphen may stand for the underscore.
    #[must_use]
    pub fn parse(text: &str) -> Option<Domain> {
        let text = text.to_ascii_lowercase().replace('-', "_");
        Domain::ALL.into_iter().find(|domain| domain.as_str() == text)
    }

    /// Whether the domain may be set to this level at all (rule D1's table).
    #[must_use]
    pub fn accepts(self, level: Level) -> bool {
        match self {
            Domain::Employee => level == Level::EXPORT || level == Level::NONE,
            Domain::BusinessContact | Domain::PersonalContact | Domain::Calendar | Domain::Task => true,
        }
    }

    /// The level a domain starts with.
    #[must_use]
    pub fn default_level(self) -> Level {
        match self {
            Domain::Employee => Level::EXPORT,
            Domain::BusinessContact | Domain::PersonalContact | Domain::Calendar | Domain::Task => Level::FULL,
        }
    }

    /// The category that brings a mailbox item in, or marks a copy (rules O3, O7).
    #[must_use]
    pub fn default_category(self) -> &'static str {
        match self {
            Domain::BusinessContact => "Siebel Contact",
            Domain::PersonalContact => "Siebel Personal Contact",
            Domain::Employee => "Employee",
            Domain::Calendar => "Siebel Calendar",
            Domain::Task => "Siebel Task",
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Kind {
    /// All three.
    pub const ALL: [Kind; 3] = [Kind::Contact, Kind::Appointment, Kind::Task];

    /// The word used in the store and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Contact => "contact",
            Kind::Appointment => "appointment",
            Kind::Task => "task",
        }
    }

    /// Reads the word written by [`Kind::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The domains a record of this kind can belong to.
    #[must_use]
    pub fn domains(self) -> &'static [Domain] {
        match self {
            Kind::Contact => &[Domain::PersonalContact, Domain::BusinessContact, Domain::Employee],
            Kind::Appointment => &[Domain::Calendar],
            Kind::Task => &[Domain::Task],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

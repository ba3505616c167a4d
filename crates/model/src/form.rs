//! What each field holds: text, a day, a time, people. One table for whoever stores, shows or reads values.

use crate::field::Field;

/// What a field holds; null besides, for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// Yes or no.
    Flag,
    /// A whole number.
    Number,
    /// A day.
    Day,
    /// A day, a wall time, or a wall time in a zone.
    When,
    /// An instant.
    Instant,
    /// A series' rule.
    Rule,
    /// A set of words.
    Words,
    /// One person.
    Person,
    /// People.
    People,
    /// An extension field: whatever its server holds.
    Any,
}

/// What a field holds.
#[must_use]
pub fn form(field: &Field) -> Form {
    use Field as F;
    match field {
        F::Private | F::Cancelled => Form::Flag,
        F::Reminder | F::Percent => Form::Number,
        F::Birthday | F::StartDay | F::DueDay | F::DoneDay => Form::Day,
        F::Start | F::End => Form::When,
        F::ReminderAt => Form::Instant,
        F::Rule => Form::Rule,
        F::Categories => Form::Words,
        F::Organizer => Form::Person,
        F::Attendees => Form::People,
        F::Extension(_) => Form::Any,
        F::FirstName
        | F::MiddleName
        | F::LastName
        | F::PersonalTitle
        | F::Suffix
        | F::Nickname
        | F::JobTitle
        | F::Department
        | F::Company
        | F::CompanyLocation
        | F::Email1
        | F::Email2
        | F::Email3
        | F::WorkPhone
        | F::WorkPhone2
        | F::HomePhone
        | F::MobilePhone
        | F::Fax
        | F::Pager
        | F::AssistantPhone
        | F::Assistant
        | F::Manager
        | F::Spouse
        | F::BusinessStreet
        | F::BusinessCity
        | F::BusinessState
        | F::BusinessPostalCode
        | F::BusinessCountry
        | F::HomeStreet
        | F::HomeCity
        | F::HomeState
        | F::HomePostalCode
        | F::HomeCountry
        | F::WebPage
        | F::Body
        | F::Subject
        | F::Location
        | F::ShowAs
        | F::ActivityType
        | F::Status
        | F::Priority
        | F::State => Form::Text,
    }
}

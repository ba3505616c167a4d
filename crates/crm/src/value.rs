//! Which form each field's value has, and how values stand in the database's columns.

use crate::error::{Error, Fault};
use crate::limits::{BODY_CHARS, CATEGORIES, TEXT_CHARS};
use model::same::normal;
use model::{Field, Fields, Path, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// The form of a field's value; null is allowed for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text of at most so many characters.
    Text(usize),
    /// A day.
    Day,
    /// A day, or a time in a zone.
    When,
    /// An instant.
    Instant,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// A set of words.
    Set,
    /// People.
    People,
    /// A series' rule.
    Rule,
    /// An extension field: any form.
    Any,
}

/// The form of a field's value.
#[must_use]
pub fn form(field: &Field) -> Form {
    use Field as F;
    match field {
        F::Body => Form::Text(BODY_CHARS),
        F::Birthday | F::StartDay | F::DueDay | F::DoneDay => Form::Day,
        F::Start | F::End => Form::When,
        F::ReminderAt => Form::Instant,
        F::Reminder | F::Percent => Form::Number,
        F::Private | F::Cancelled => Form::Flag,
        F::Categories => Form::Set,
        F::Organizer | F::Attendees => Form::People,
        F::Rule => Form::Rule,
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
        | F::Subject
        | F::Location
        | F::ShowAs
        | F::ActivityType
        | F::Status
        | F::Priority
        | F::State => Form::Text(TEXT_CHARS),
    }
}

/// What is wrong with a value at a path, if its form is.
pub(crate) fn fault(path: &Path, value: &Value) -> Option<Fault> {
    let message = match (form(&path.field), value) {
        (_, Value::Null)
        | (Form::Any, _)
        | (Form::Day, Value::Day(_))
        | (Form::When, Value::When(_))
        | (Form::Instant, Value::Instant(_))
        | (Form::Number, Value::Number(_))
        | (Form::Flag, Value::Flag(_))
        | (Form::People, Value::People(_))
        | (Form::Rule, Value::Rule(_)) => return None,
        (Form::Text(limit), Value::Text(text)) => {
            if text.chars().count() <= limit
                && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t' && c != '\r')
            {
                return None;
            }
            format!("a text of at most {limit} characters without control characters is expected")
        }
        (Form::Set, Value::Set(words)) => {
            if words.len() <= CATEGORIES && words.iter().all(|word| word.chars().count() <= TEXT_CHARS) {
                return None;
            }
            format!("at most {CATEGORIES} words are expected")
        }
        (form, _) => format!("a value of the form {} is expected", form.word()),
    };
    Some(Fault::new(path, message))
}

impl Form {
    fn word(self) -> &'static str {
        match self {
            Form::Text(_) => "text",
            Form::Day => "day",
            Form::When => "time",
            Form::Instant => "instant",
            Form::Number => "number",
            Form::Flag => "flag",
            Form::Set => "set of words",
            Form::People => "people",
            Form::Rule => "rule",
            Form::Any => "any",
        }
    }
}

/// A value as the CRM keeps it: text in normal form, blank text as null.
pub(crate) fn kept(value: &Value) -> Value {
    match value {
        Value::Text(text) => {
            let text = normal(text);
            if text.is_empty() { Value::Null } else { Value::Text(text) }
        }
        Value::Set(words) => Value::Set(
            words
                .iter()
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect::<BTreeSet<String>>(),
        ),
        Value::Null
        | Value::Flag(_)
        | Value::Number(_)
        | Value::Day(_)
        | Value::When(_)
        | Value::Instant(_)
        | Value::Rule(_)
        | Value::People(_) => value.clone(),
    }
}

/// The text at a field, if it has one.
pub(crate) fn text_of(fields: &Fields, field: Field) -> Option<String> {
    fields.get(&Path::of(field)).and_then(Value::as_text).map(str::to_owned)
}

/// A text column as a value.
pub(crate) fn text_value(text: Option<String>) -> Value {
    text.map_or(Value::Null, Value::Text)
}

/// A day column as a value.
pub(crate) fn day_value(text: Option<String>) -> Result<Value, Error> {
    match text {
        None => Ok(Value::Null),
        Some(text) => Ok(Value::Day(text.parse().map_err(|_| Error::Corrupt { what: "a day cannot be read" })?)),
    }
}

/// The day at a field as it stands in its column.
pub(crate) fn day_of(fields: &Fields, field: Field) -> Option<String> {
    fields.get(&Path::of(field)).and_then(Value::as_day).map(|day| day.to_string())
}

/// A value that stands as JSON in its column.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data without maps of odd keys always has a JSON form")
}

/// Reads what [`json`] wrote.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt { what: "a JSON column cannot be read" })
}

/// The extension fields among these, as they stand in their column.
pub(crate) fn extension_of(fields: &Fields) -> Fields {
    fields
        .iter()
        .filter(|(path, value)| {
            path.occurrence.is_none() && matches!(path.field, Field::Extension(_)) && **value != Value::Null
        })
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect()
}

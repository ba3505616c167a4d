//! What a value may be, and how values stand in the database's columns.

use crate::error::{Error, Fault};
use crate::limits::{BODY_CHARS, CATEGORIES, KEY_BYTES, TEXT_CHARS};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::form::{Form, form};
use model::same::{fold, normal};
use model::{Field, Fields, Path, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The most characters a text field holds.
#[must_use]
pub fn longest(field: &Field) -> usize {
    if *field == Field::Body { BODY_CHARS } else { TEXT_CHARS }
}

/// What is wrong with a value at a path, if its form is.
pub(crate) fn fault(path: &Path, value: &Value) -> Option<Fault> {
    let message = match (form(&path.field), value) {
        (Form::Any, value) if value.as_text().is_none() => return None,
        (_, Value::Null)
        | (Form::Day, Value::Day(_))
        | (Form::When, Value::When(_))
        | (Form::Instant, Value::Instant(_))
        | (Form::Number, Value::Number(_))
        | (Form::Flag, Value::Flag(_))
        | (Form::Person | Form::People, Value::People(_))
        | (Form::Rule, Value::Rule(_)) => return None,
        (_, Value::Cleared) if path.is_cleared_alone() => return None,
        (Form::Text | Form::Any, Value::Text(text)) => {
            let limit = longest(&path.field);
            if text.chars().count() <= limit
                && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t' && c != '\r')
            {
                return None;
            }
            format!("a text of at most {limit} characters without control characters is expected")
        }
        (Form::Words, Value::Set(words)) => {
            if words.len() <= CATEGORIES && words.iter().all(|word| word.chars().count() <= TEXT_CHARS) {
                return None;
            }
            format!("at most {CATEGORIES} words are expected")
        }
        (form, _) => format!("a value of the form {} is expected", word(form)),
    };
    Some(Fault::new(path, message))
}

fn word(form: Form) -> &'static str {
    match form {
        Form::Text => "text",
        Form::Day => "day",
        Form::When => "time",
        Form::Instant => "instant",
        Form::Number => "number",
        Form::Flag => "flag",
        Form::Words => "set of words",
        Form::Person | Form::People => "people",
        Form::Rule => "rule",
        Form::Any => "any",
    }
}

/// A value as the CRM keeps it: text in normal form, blank text as cleared.
pub(crate) fn kept(path: &Path, value: &Value) -> Value {
    match value {
        Value::Text(text) => match normal(text) {
            text if !text.is_empty() => Value::Text(text),
            _ if path.is_cleared_alone() => Value::Cleared,
            _ => Value::Null,
        },
        Value::Set(words) => Value::Set(
            words
                .iter()
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect::<BTreeSet<String>>(),
        ),
        Value::Null
        | Value::Cleared
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

/// A text without case, as rows are found by it.
pub(crate) fn key_of(text: &str) -> String {
    indexed(fold(text))
}

/// A key that fits an index: of a longer one the beginning, by which it is still in its order, and a hash of the whole.
pub(crate) fn indexed(mut key: String) -> String {
    if key.len() <= KEY_BYTES {
        return key;
    }
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(key.as_bytes()));
    key.truncate(key.floor_char_boundary(KEY_BYTES - hash.len()));
    key.push_str(&hash);
    key
}

/// What is wrong with a key that a request or a mailbox gives: it is kept as it is, and found by an index.
pub(crate) fn key_fault(field: &str, key: Option<&str>) -> Option<Fault> {
    let long = key.is_some_and(|key| key.len() > KEY_BYTES);
    long.then(|| Fault::new(field, format!("at most {KEY_BYTES} bytes")))
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

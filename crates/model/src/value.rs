//! Values of fields. Absent (not in the map), null (cleared) and a value are three different things; in a single
//! occurrence null means "as the series", and cleared is a value of its own.

use crate::attendee::People;
use crate::recurrence::Recurrence;
use crate::when::When;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// One value. `Debug` shows its form, never its content (invariant 9).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "t", content = "v")]
pub enum Value {
    /// Cleared: a value of its own (rule C11). In an occurrence: as the series.
    Null,
    /// Cleared in this one occurrence, though its series says something (rule C11).
    Cleared,
    /// Text, lines ended by `\n`.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A day.
    Day(Date),
    /// A day, a floating time or a time in a zone.
    When(When),
    /// An instant.
    Instant(Timestamp),
    /// A series' rule and range.
    Rule(Recurrence),
    /// A set of words.
    Set(BTreeSet<String>),
    /// People by key.
    People(People),
}

impl Value {
    /// A text value.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// Nothing there: null, a text of white space, an empty set (rule M3: nothing is overwritten by a blank).
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Text(text) => text.trim().is_empty(),
            Value::Set(set) => set.is_empty(),
            Value::People(people) => people.is_empty(),
            // It takes something away that the series says.
            Value::Cleared => false,
            Value::Flag(_) | Value::Number(_) | Value::Day(_) | Value::When(_) | Value::Instant(_) | Value::Rule(_) => {
                false
            }
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The flag, if it is one.
    #[must_use]
    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The time, if it is one.
    #[must_use]
    pub fn as_when(&self) -> Option<&When> {
        match self {
            Value::When(when) => Some(when),
            _ => None,
        }
    }

    /// The day, if it is one.
    #[must_use]
    pub fn as_day(&self) -> Option<Date> {
        match self {
            Value::Day(day) => Some(*day),
            _ => None,
        }
    }

    /// The rule, if it is one.
    #[must_use]
    pub fn as_rule(&self) -> Option<&Recurrence> {
        match self {
            Value::Rule(rule) => Some(rule),
            _ => None,
        }
    }

    /// The set, if it is one.
    #[must_use]
    pub fn as_set(&self) -> Option<&BTreeSet<String>> {
        match self {
            Value::Set(set) => Some(set),
            _ => None,
        }
    }

    /// The people, if it is that.
    #[must_use]
    pub fn as_people(&self) -> Option<&People> {
        match self {
            Value::People(people) => Some(people),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("Null"),
            Value::Cleared => f.write_str("Cleared"),
            Value::Text(text) => write!(f, "Text({} chars)", text.chars().count()),
            Value::Flag(_) => f.write_str("Flag"),
            Value::Number(_) => f.write_str("Number"),
            Value::Day(_) => f.write_str("Day"),
            Value::When(_) => f.write_str("When"),
            Value::Instant(_) => f.write_str("Instant"),
            Value::Rule(_) => f.write_str("Rule"),
            Value::Set(set) => write!(f, "Set({})", set.len()),
            Value::People(people) => write!(f, "People({})", people.len()),
        }
    }
}

//! Everything that happened in a world, line by line: the same seed gives the same lines, byte for byte.

use engine::port::Write;
use model::{Fields, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// A world's trace. Clones write the same one.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    /// Adds a line.
    pub fn line(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A write with what it says: everything here was made up by the simulator.
#[must_use]
pub fn said(write: &Write) -> String {
    match write {
        Write::Create(create) => format!("{write:?} {}", fields(&create.fields)),
        Write::Update(update) if update.keep.is_empty() => {
            format!("{write:?} {}", fields(&update.changes))
        }
        Write::Update(update) => format!("{write:?} {} keep {}", fields(&update.changes), fields(&update.keep)),
        Write::Flag { locked, .. } => format!("{write:?} locked {locked}"),
        Write::Delete { .. }
        | Write::Mark { .. }
        | Write::Restore { .. }
        | Write::Enlist { .. }
        | Write::Delist { .. }
        | Write::Leave { .. }
        | Write::Rejoin { .. } => format!("{write:?}"),
    }
}

/// The word for what a write does.
#[must_use]
pub fn operation(write: &Write) -> &'static str {
    match write {
        Write::Create(_) => "create",
        Write::Update(_) => "update",
        Write::Delete { .. } => "delete",
        Write::Mark { .. } => "mark",
        Write::Restore { .. } => "restore",
        Write::Enlist { .. } => "enlist",
        Write::Delist { .. } => "delist",
        Write::Leave { .. } => "leave",
        Write::Rejoin { .. } => "rejoin",
        Write::Flag { .. } => "flag",
    }
}

/// Paths with their values.
#[must_use]
pub fn fields(fields: &Fields) -> String {
    let told: Vec<String> = fields.iter().map(|(path, of)| format!("{path}={}", value(of))).collect();
    format!("[{}]", told.join(", "))
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Cleared => "cleared".to_owned(),
        Value::Text(text) => format!("{text:?}"),
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Day(day) => day.to_string(),
        Value::When(when) => when.wall().to_string(),
        Value::Instant(at) => at.to_string(),
        Value::Rule(rule) => format!("{rule:?}"),
        Value::Set(set) => format!("{set:?}"),
        Value::People(people) => format!("{:?}", people.keys().collect::<Vec<_>>()),
    }
}

//! What the history, a question and an undoing tell of values: they look as in a record, for people and programs alike.

use super::value_json;
use model::{Path, Value};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use store::{Held, HeldKind, History};

/// Values by path, as in a record.
#[must_use]
pub fn values_json(values: &BTreeMap<Path, Value>) -> Json {
    values.iter().map(|(path, value)| (path.to_string(), value_json(&path.field, value))).collect::<Map<_, _>>().into()
}

/// What stood before, by path: null as well for what was not there.
#[must_use]
pub fn before_json(values: &BTreeMap<Path, Option<Value>>) -> Json {
    values.iter().map(|(path, value)| (path.to_string(), one(path, value.as_ref()))).collect::<Map<_, _>>().into()
}

fn one(path: &Path, value: Option<&Value>) -> Json {
    value.map_or(Json::Null, |value| value_json(&path.field, value))
}

/// A line of the history.
///
/// # Errors
/// The serializer's.
pub fn line<S: Serializer>(line: &History, serializer: S) -> Result<S::Ok, S::Error> {
    let mut told = serde_json::to_value(line).map_err(S::Error::custom)?;
    told["before"] = before_json(&line.before);
    told["after"] = values_json(&line.after);
    told["overruled"] = values_json(&line.overruled);
    told.serialize(serializer)
}

/// A question; of a conflict each side's value by its name.
///
/// # Errors
/// The serializer's.
pub fn question<S: Serializer>(held: &Held, serializer: S) -> Result<S::Ok, S::Error> {
    let mut told = serde_json::to_value(held).map_err(S::Error::custom)?;
    if let HeldKind::Conflict { values, .. } = &held.what {
        let sides = |(path, (crm, pim)): (&Path, &(Option<Value>, Option<Value>))| {
            (path.to_string(), json!({ "crm": one(path, crm.as_ref()), "pim": one(path, pim.as_ref()) }))
        };
        told["what"]["conflict"]["values"] = values.iter().map(sides).collect::<Map<_, _>>().into();
    }
    told.serialize(serializer)
}

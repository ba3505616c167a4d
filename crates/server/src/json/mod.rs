//! How records look in JSON: the names are those of the field maps, so that an outsider can compare the two sides.

mod map;
mod misfit;
mod rule;
mod schema;
mod strict;
pub mod told;
mod value;

use crate::fault::{Fault, Faults};
use jiff::civil::DateTime;
use model::{Field, Fields, Path, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

pub use map::{map_json, read_map};
pub use misfit::misfit;
pub use rule::{read_rule, rule_json};
pub use schema::{fields_schema, shared_schemas};
pub use strict::read_json;
pub use value::{read_value, value_json};

/// A series has at most this many changed or cancelled occurrences in one request.
pub const MAX_OCCURRENCES: usize = 1_000;

const OCCURRENCES: &str = "occurrences";
const ORIGINAL_START: &str = "original_start";

/// The fields of a record as a JSON object; the exceptions of a series stand in `occurrences`.
#[must_use]
pub fn fields_json(fields: &Fields) -> Map<String, Json> {
    let mut object = Map::new();
    let mut occurrences: BTreeMap<DateTime, Map<String, Json>> = BTreeMap::new();
    for (path, value) in fields {
        let value = value_json(&path.field, value);
        match path.occurrence {
            None => {
                object.insert(path.field.name(), value);
            }
            Some(start) => {
                occurrences.entry(start).or_default().insert(path.field.name(), value);
            }
        }
    }
    if !occurrences.is_empty() {
        let list = occurrences.into_iter().map(|(start, mut fields)| {
            fields.insert(ORIGINAL_START.to_owned(), json!(start.to_string()));
            Json::Object(fields)
        });
        object.insert(OCCURRENCES.to_owned(), list.collect());
    }
    object
}

/// Reads fields out of a JSON object. `known` tells which fields the record may carry; `beside` are names of the object
/// that are no fields and are read elsewhere.
#[must_use]
pub fn read_fields(
    object: &Map<String, Json>,
    known: &dyn Fn(&Field) -> bool,
    beside: &[&str],
) -> (Fields, Vec<Fault>) {
    let mut fields = Fields::new();
    let mut faults = Faults::default();
    for (name, value) in object {
        if beside.contains(&name.as_str()) {
            continue;
        }
        if name == OCCURRENCES {
            read_occurrences(value, known, &mut fields, &mut faults);
            continue;
        }
        read_one(None, name, value, known, &mut fields, &mut faults);
    }
    (fields, faults.into_vec())
}

fn read_occurrences(value: &Json, known: &dyn Fn(&Field) -> bool, fields: &mut Fields, faults: &mut Faults) {
    let Some(list) = value.as_array() else {
        faults.note(OCCURRENCES, "is an array of occurrences");
        return;
    };
    if list.len() > MAX_OCCURRENCES {
        faults.note(OCCURRENCES, format!("has more than {MAX_OCCURRENCES} entries"));
        return;
    }
    for (index, occurrence) in list.iter().enumerate() {
        let place = format!("{OCCURRENCES}[{index}]");
        let Some(occurrence) = occurrence.as_object() else {
            faults.note(place, "is an object with original_start");
            continue;
        };
        let start =
            occurrence.get(ORIGINAL_START).and_then(Json::as_str).and_then(|text| text.parse::<DateTime>().ok());
        let Some(start) = start else {
            faults.note(
                format!("{place}.{ORIGINAL_START}"),
                "is the occurrence's original start as wall time of the series' zone, such as \"2026-03-02T10:00:00\"",
            );
            continue;
        };
        for (name, value) in occurrence {
            if name != ORIGINAL_START {
                let mut inner = Faults::default();
                read_one(Some(start), name, value, known, fields, &mut inner);
                faults.within(&place, inner.into_vec());
            }
        }
    }
}

fn read_one(
    occurrence: Option<DateTime>,
    name: &str,
    value: &Json,
    known: &dyn Fn(&Field) -> bool,
    fields: &mut Fields,
    faults: &mut Faults,
) {
    let field = match Field::parse(name) {
        Some(field) if known(&field) && (field != Field::State || occurrence.is_some()) => field,
        Some(_) | None => {
            faults.note(name, "this record has no such field");
            return;
        }
    };
    match read_value(&field, value) {
        Ok(value) => {
            let path = Path { occurrence, field };
            // What an occurrence can do without is cleared there; everything else is as the series says.
            let value = if value == Value::Null && path.is_cleared_alone() { Value::Cleared } else { value };
            fields.insert(path, value);
        }
        Err(problem) => faults.note(name, problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Kind, When, Zone, field::of_kind};

    fn appointment(field: &Field) -> bool {
        of_kind(Kind::Appointment, field)
    }

    #[test]
    fn a_series_with_an_exception_reads_back_what_it_wrote() {
        let text = r#"{
            "subject": "Board", "private": false, "reminder": 15, "body": null,
            "start": {"wall": "2026-03-02T10:00:00", "zone": "Europe/Berlin"},
            "end": {"wall": "2026-03-02T11:00:00", "zone": "Europe/Berlin"},
            "categories": ["A", "B"],
            "attendees": [{"name": "Bo", "address": "bo@x.test", "role": "optional", "response": "accepted"}],
            "rule": {"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 5},
            "x.vip": "yes",
            "occurrences": [
                {"original_start": "2026-03-09T10:00:00", "state": "cancelled"},
                {"original_start": "2026-03-16T10:00:00", "state": "modified", "subject": "Other"}
            ]
        }"#;
        let object: Map<String, Json> = serde_json::from_str(text).expect("json");
        let (fields, faults) = read_fields(&object, &appointment, &[]);
        assert_eq!(faults, []);
        assert_eq!(
            fields.get(&Path::of(Field::Start)),
            Some(&Value::When(When::zoned(
                "2026-03-02T10:00:00".parse().expect("a time"),
                Zone::iana("Europe/Berlin").expect("known")
            )))
        );
        let again = fields_json(&fields);
        let (once_more, faults) = read_fields(&again, &appointment, &[]);
        assert_eq!(faults, []);
        assert_eq!(once_more, fields);
        assert_eq!(
            again.get("start").expect("there").to_string(),
            r#"{"wall":"2026-03-02T10:00:00","zone":"Europe/Berlin"}"#
        );
    }

    // E3
    #[test]
    fn every_wrong_field_is_named_at_once() {
        let object: Map<String, Json> = serde_json::from_str(
            r#"{"subject": 5, "email1": "a@b", "state": "modified", "start": "soon", "version": 1,
                "occurrences": [{"state": "gone"}, {"original_start": "2026-03-09T10:00:00", "location": []}]}"#,
        )
        .expect("json");
        let (fields, faults) = read_fields(&object, &appointment, &["version"]);
        assert!(fields.is_empty());
        let names: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        for name in ["subject", "email1", "state", "start", "occurrences[0].original_start", "occurrences[1].location"]
        {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert_eq!(names.len(), 6);
    }
}

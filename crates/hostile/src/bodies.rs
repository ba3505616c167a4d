//! What a client of the API sends as a record or as a series' rule.

use serde_json::{Map, Value as Json};
use server::json::{fields_json, read_fields, read_json, read_rule, rule_json};

/// Reads the bytes as the body of a request: a record's fields, and a rule.
///
/// # Panics
/// When what was accepted does not come back as it was accepted.
pub fn bodies(bytes: &[u8]) {
    let Ok(json) = read_json(bytes) else { return };
    if let Ok(rule) = read_rule(&json) {
        assert_eq!(read_rule(&rule_json(&rule)).as_ref(), Ok(&rule), "an accepted rule is shown as it was accepted");
    }
    let Some(object) = json.as_object() else { return };
    let (fields, faults) = read(object);
    assert!(faults <= object.len() + 2_000, "the faults of a body are bounded by what stands in it");
    let shown = fields_json(&fields);
    let (again, faults) = read(&shown);
    assert_eq!(faults, 0, "what the API shows it also accepts");
    assert_eq!(again, fields, "accepted fields are shown as they were accepted");
}

fn read(object: &Map<String, Json>) -> (model::Fields, usize) {
    let (fields, faults) = read_fields(object, &|_| true, &[]);
    (fields, faults.len())
}

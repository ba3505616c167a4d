//! The fields of a record as an OpenAPI schema, drawn from the same list of fields the API reads and writes.

use model::Field;
use model::form::{Form, form};
use serde_json::{Map, Value as Json, json};

const OCCURRENCES: &str = "The occurrences that differ from their series; what is absent in one is as the series says, in an \
    edit it stays as it is. There null for subject, body, location or reminder clears it in this one occurrence (no text, \
    no reminder), null for any other field is as the series; state null makes the whole occurrence as the series again, but \
    for what the same entry says.";

/// The schema of the fields a record may carry.
#[must_use]
pub fn fields_schema(known: &dyn Fn(&Field) -> bool) -> Map<String, Json> {
    let fields = Field::SHIPPED.iter().filter(|field| known(field) && **field != Field::State);
    let mut properties: Map<String, Json> = fields.map(|field| (field.name(), value_schema(field))).collect();
    if known(&Field::State) {
        let mut occurrence: Map<String, Json> = properties.clone();
        occurrence.remove(&Field::Rule.name());
        occurrence.insert(
            "original_start".to_owned(),
            json!({"type": "string", "description": "Original start as wall time of the series' zone."}),
        );
        occurrence
            .insert("state".to_owned(), json!({"type": ["string", "null"], "enum": ["modified", "cancelled", null]}));
        properties.insert(
            "occurrences".to_owned(),
            json!({"type": "array", "description": OCCURRENCES, "items": {
                "type": "object", "required": ["original_start"], "properties": occurrence }}),
        );
    }
    properties
}

fn value_schema(field: &Field) -> Json {
    if let Some(words) = crm::words(field) {
        let words: Vec<Option<&str>> = words.iter().copied().map(Some).chain([None]).collect();
        return json!({"type": ["string", "null"], "enum": words});
    }
    match form(field) {
        Form::Text | Form::Any => json!({"type": ["string", "null"]}),
        Form::Flag => json!({"type": ["boolean", "null"]}),
        Form::Number => json!({"type": ["integer", "null"]}),
        Form::Day => json!({"type": ["string", "null"], "format": "date"}),
        Form::Instant => json!({"type": ["string", "null"], "format": "date-time"}),
        Form::When => reference("When"),
        Form::Rule => reference("Rule"),
        Form::Words => json!({"type": ["array", "null"], "items": {"type": "string"}}),
        Form::Person => reference("Person"),
        Form::People => json!({"type": ["array", "null"], "items": reference("Person")}),
    }
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The schemas that field schemas refer to.
#[must_use]
pub fn shared_schemas() -> Map<String, Json> {
    let day = json!({"type": "string", "enum": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]});
    let schemas = json!({
        "When": {"oneOf": [
            {"type": "string", "format": "date", "description": "A day; as an end the last day, inclusive."},
            {"type": "object", "required": ["wall"], "properties": {
                "wall": {"type": "string", "description": "The clock on the wall, such as 2026-03-01T10:00:00."},
                "zone": {"oneOf": [
                    {"type": "string", "description": "An IANA zone; absent for a time without a zone."},
                    {"type": "object", "description": "A zone by its own rules.", "properties": {
                        "name": {"type": "string"}, "standard_minutes": {"type": "integer"}, "daylight": {"type": ["object", "null"]}}}
                ]}}},
            {"type": "null"}
        ]},
        "Rule": {"type": ["object", "null"], "required": ["pattern"], "properties": {
            "pattern": {"type": "string", "enum": ["daily", "weekly", "monthly_by_date", "monthly_by_weekday", "yearly_by_date", "yearly_by_weekday", "regenerating", "foreign"]},
            "interval": {"type": "integer", "minimum": 1},
            "days": {"type": "array", "items": day},
            "first_day": day,
            "day": {"type": "integer", "minimum": 1, "maximum": 31},
            "month": {"type": "integer", "minimum": 1, "maximum": 12},
            "index": {"type": "string", "enum": ["first", "second", "third", "fourth", "last"]},
            "unit": {"type": "string", "enum": ["day", "week", "month", "year"]},
            "until": {"type": "string", "format": "date"},
            "count": {"type": "integer", "minimum": 1},
            "text": {"type": "string"}
        }},
        "Person": {"type": ["object", "null"], "properties": {
            "name": {"type": "string"},
            "address": {"type": ["string", "null"]},
            "role": {"type": "string", "enum": ["required", "optional", "resource"]},
            "response": {"type": "string", "enum": ["unknown", "not_asked", "organizer", "not_responded", "accepted", "tentative", "declined"]}
        }}
    });
    match schemas {
        Json::Object(map) => map,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => Map::new(),
    }
}

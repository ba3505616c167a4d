//! The schemas of what the API answers.

use super::crm::known;
use crate::json::{fields_schema, shared_schemas};
use model::Field;
use serde_json::{Map, Value as Json, json};

/// Every schema by name; those of request bodies are added by their routes.
pub(super) fn all() -> Map<String, Json> {
    let mut all = shared_schemas();
    all.insert("Error".to_owned(), error());
    all.extend(records());
    all.extend(parts());
    all.extend(super::admin::schemas());
    all
}

/// An object whose members are described by a small table: `text`, `text?` (null allowed), `number`, `flag`, `time`,
/// `any`, a schema's name, or `[…]` for an array of them.
pub(super) fn object(members: &[(&str, &str)]) -> Json {
    let properties: Map<String, Json> =
        members.iter().map(|(name, form)| ((*name).to_owned(), form_schema(form))).collect();
    json!({"type": "object", "properties": properties})
}

fn form_schema(form: &str) -> Json {
    if let Some(inner) = form.strip_prefix('[').and_then(|form| form.strip_suffix(']')) {
        return json!({"type": "array", "items": form_schema(inner)});
    }
    let (name, nullable) = match form.strip_suffix('?') {
        Some(name) => (name, true),
        None => (form, false),
    };
    let (kind, format) = match name {
        "text" => ("string", None),
        "number" => ("integer", None),
        "flag" => ("boolean", None),
        "time" => ("string", Some("date-time")),
        "object" => ("object", None),
        "any" => return json!({}),
        reference => {
            return json!({ "$ref": format!("#/components/schemas/{reference}") });
        }
    };
    let mut schema = json!({ "type": if nullable { json!([kind, "null"]) } else { json!(kind) } });
    if let (Some(object), Some(format)) = (schema.as_object_mut(), format) {
        object.insert("format".to_owned(), json!(format));
    }
    schema
}

fn error() -> Json {
    json!({"type": "object", "required": ["error"], "properties": {"error": {
    "type": "object", "required": ["code", "message", "where"], "properties": {
        "code": {"type": "string", "description": "For programs: invalid, not_found, stale, locked_by_exchange …"},
        "message": {"type": "string", "description": "For people."},
        "where": {"type": "array", "description": "Every fault of the request.", "items": {
            "type": "object", "required": ["field", "problem"], "properties": {
                "field": {"type": "string"}, "problem": {"type": "string"}}}}
    }}}})
}

fn record(known: fn(&Field) -> bool, members: &[(&str, &str)]) -> Json {
    let mut schema = object(members);
    if let Some(properties) = schema.get_mut("properties").and_then(|properties| properties.as_object_mut()) {
        properties.extend(fields_schema(&known));
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("required".to_owned(), json!(["id", "version"]));
    }
    schema
}

fn records() -> Vec<(String, Json)> {
    let common = [("id", "text"), ("version", "number"), ("updated_at", "time"), ("updated_by", "text")];
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&'static str, &'static str)> {
        common.iter().chain(more).copied().collect()
    };
    let activity = with(&[
        ("display", "text"),
        ("owner", "text"),
        ("people", "[ActivityPerson]"),
        ("part", "text"),
        ("removed", "flag"),
        ("veiled", "flag"),
        ("locked", "flag"),
        ("global_id", "text?"),
        ("integration_key", "text?"),
    ]);
    let contact = with(&[
        ("personal", "flag"),
        ("owner", "text?"),
        ("accounts", "[ContactAccount]"),
        ("company_unmatched", "flag"),
        ("more_emails", "[text]"),
        ("team", "[TeamMember]"),
        ("on_sync_list", "flag"),
        ("others", "number"),
        ("integration_key", "text?"),
    ]);
    let employee = with(&[
        ("login", "text?"),
        ("admin", "flag"),
        ("all_contacts", "flag"),
        ("active", "flag"),
        ("manager_id", "text?"),
        ("zone", "text?"),
        ("language", "text?"),
        ("addresses", "[text]"),
        ("positions", "[HeldPosition]"),
        ("on_sync_list", "flag"),
    ]);
    vec![
        ("Activity".to_owned(), record(known::activity, &activity)),
        ("Contact".to_owned(), record(known::contact, &contact)),
        ("Employee".to_owned(), record(known::employee, &employee)),
    ]
}

fn parts() -> Vec<(String, Json)> {
    let table: &[(&str, &[(&str, &str)])] = &[
        (
            "ActivityPerson",
            &[
                ("employee", "text?"),
                ("contact", "text?"),
                ("name", "text"),
                ("address", "text?"),
                ("role", "text"),
                ("response", "text"),
                ("removed", "flag"),
            ],
        ),
        ("ContactAccount", &[("account", "text"), ("name", "text"), ("location", "text?"), ("primary", "flag")]),
        ("TeamMember", &[("position", "text"), ("employee", "text"), ("name", "text")]),
        (
            "HeldPosition",
            &[
                ("position", "text"),
                ("name", "text"),
                ("organization", "text"),
                ("organization_name", "text"),
                ("primary", "flag"),
            ],
        ),
        (
            "Account",
            &[
                ("id", "text"),
                ("version", "number"),
                ("name", "text"),
                ("location", "text?"),
                ("organization", "text?"),
            ],
        ),
        ("Organization", &[("id", "text"), ("version", "number"), ("name", "text"), ("parent", "text?")]),
        (
            "Position",
            &[
                ("id", "text"),
                ("version", "number"),
                ("name", "text"),
                ("organization", "text"),
                ("parent", "text?"),
                ("holders", "[text]"),
            ],
        ),
        ("UserList", &[("id", "text"), ("version", "number"), ("name", "text")]),
        ("UserListMembers", &[("members", "[text]")]),
        ("Listed", &[("record", "text"), ("user", "text"), ("on_sync_list", "flag"), ("changed", "flag")]),
        ("Listing", &[("user", "text"), ("added_by", "text"), ("added_at", "time")]),
        ("Token", &[("id", "text"), ("name", "text"), ("created_at", "time"), ("expires_at", "time?")]),
        (
            "MadeToken",
            &[("id", "text"), ("name", "text"), ("created_at", "time"), ("expires_at", "time?"), ("token", "text")],
        ),
        ("Found", &[("contacts", "[Contact]"), ("employees", "[Employee]"), ("activities", "[Activity]")]),
        ("Health", &[("status", "text"), ("version", "text"), ("database", "text"), ("crm", "text")]),
        ("OpenApi", &[("openapi", "text"), ("paths", "object")]),
    ];
    table.iter().map(|(name, members)| ((*name).to_owned(), object(members))).collect()
}

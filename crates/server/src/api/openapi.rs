//! The description of the API in OpenAPI 3.1, made from the routes themselves.

use super::member::{Member, Need};
use super::route::{Body, Route, Shown, Who};
use super::schemas;
use crate::json::fields_schema;
use serde_json::{Map, Value as Json, json};

/// The description.
#[must_use]
pub fn openapi(routes: &[&[Route]]) -> Json {
    let mut paths: Map<String, Json> = Map::new();
    let mut components = schemas::all();
    for route in routes.iter().copied().flatten() {
        if let Body::Record { members, known, schema } = route.body {
            components.insert(schema.to_owned(), record_schema(members, known));
        }
        let entry = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(route.method.as_str().to_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Syncline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The built-in CRM and the synchronisation of its users' mailboxes. Sign in with 'Authorization: Bearer TOKEN'."
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } }
        }
    })
}

fn operation(route: &Route) -> Json {
    let path =
        route.parts().map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    let query = route.query.iter().map(|member| {
        json!({"name": member.name, "in": "query", "required": member.need == Need::Required,
            "description": member.about, "schema": member.schema()})
    });
    let mut operation = json!({
        "operationId": operation_id(route),
        "tags": [route.tag],
        "summary": route.summary,
        "parameters": path.chain(query).collect::<Vec<_>>(),
        "responses": responses(route),
    });
    if let Some(object) = operation.as_object_mut() {
        match route.body {
            Body::None => {}
            Body::Members(members) => {
                object.insert("requestBody".to_owned(), request(members_schema(members)));
            }
            Body::Record { schema, .. } | Body::Open(schema) => {
                object.insert("requestBody".to_owned(), request(reference(schema)));
            }
        }
        if route.who != Who::Anybody {
            object.insert("security".to_owned(), json!([{ "token": [] }]));
        }
        if route.who == Who::Administrator {
            object.insert("x-administrator".to_owned(), json!(true));
        }
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let path = route.path.trim_start_matches("/api/");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(route.method.as_str().to_lowercase(), |id, word| format!("{id}_{word}"))
}

fn request(schema: Json) -> Json {
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn responses(route: &Route) -> Json {
    let json_of = |schema: Json| json!({"application/json": {"schema": schema}});
    let (status, description, content) = match route.answer {
        Shown::Nothing => ("204", "Done.", None),
        Shown::One(name) => ("200", "Here it is.", Some(json_of(reference(name)))),
        Shown::Made(name) => ("201", "It was made.", Some(json_of(reference(name)))),
        Shown::Page(name) => (
            "200",
            "A page; give `next` as `after` to go on.",
            Some(json_of(json!({"type": "object", "required": ["items", "next"], "properties": {
                "items": {"type": "array", "items": reference(name)},
                "next": {"type": ["string", "null"]}}}))),
        ),
        Shown::Text => ("200", "Plain text.", Some(json!({"text/plain": {"schema": {"type": "string"}}}))),
    };
    let mut done = json!({ "description": description });
    if let (Some(object), Some(content)) = (done.as_object_mut(), content) {
        object.insert("content".to_owned(), content);
    }
    json!({
        status: done,
        "default": {
            "description": "Not done; the error says why and where.",
            "content": json_of(reference("Error"))
        }
    })
}

fn members_schema(members: &[Member]) -> Json {
    let properties: Map<String, Json> =
        members.iter().map(|member| (member.name.to_owned(), member.schema())).collect();
    let required: Vec<&str> =
        members.iter().filter(|member| member.need == Need::Required).map(|member| member.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn record_schema(members: &[Member], known: fn(&model::Field) -> bool) -> Json {
    let mut schema = members_schema(members);
    if let Some(properties) = schema.get_mut("properties").and_then(|properties| properties.as_object_mut()) {
        properties.extend(fields_schema(&known));
    }
    if let Some(object) = schema.as_object_mut() {
        // Extension fields are named x.NAME.
        object.remove("additionalProperties");
        object.insert(
            "patternProperties".to_owned(),
            json!({"^x\\.": {"type": ["string", "integer", "boolean", "null"]}}),
        );
    }
    schema
}

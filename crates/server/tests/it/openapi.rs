//! The description of the API is true to the API.

use crate::world::World;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

fn references(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::Object(object) => {
            if let Some(Json::String(reference)) = object.get("$ref") {
                found.insert(reference.clone());
            }
            object.values().for_each(|value| references(value, found));
        }
        Json::Array(list) => list.iter().for_each(|value| references(value, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[tokio::test]
async fn each_route_is_described_once_with_its_parameters_and_answers() {
    let world = World::new().await;
    let request = Request::builder().uri("/api/openapi.json").body(Body::empty()).expect("a request");
    let description = world.send(request).await.json;
    assert_eq!(description["openapi"], json!("3.1.0"));
    let mut ids = BTreeSet::new();
    let mut routes = 0;
    for route in server::api::routes().into_iter().flatten() {
        let operation = &description["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(operation.is_object(), "{} {}", route.method.as_str(), route.path);
        assert!(ids.insert(operation["operationId"].to_string()), "{}", operation["operationId"]);
        assert!(!route.summary.is_empty());
        let parameters = operation["parameters"].as_array().expect("parameters");
        for part in route.parts() {
            assert!(parameters.iter().any(|it| it["name"] == json!(part) && it["in"] == json!("path")));
        }
        for member in route.query {
            assert!(parameters.iter().any(|it| it["name"] == json!(member.name) && it["in"] == json!("query")));
        }
        assert!(operation["responses"]["default"].is_object());
        routes += 1;
    }
    let paths = description["paths"].as_object().expect("paths");
    let described: usize = paths.values().filter_map(Json::as_object).map(|methods| methods.len()).sum();
    assert_eq!(described, routes, "nothing is described that is not there");
}

#[test]
fn every_schema_that_is_named_is_there() {
    let description = server::api::openapi();
    let mut named = BTreeSet::new();
    references(&description, &mut named);
    assert!(named.len() > 20);
    for reference in named {
        let name = reference.strip_prefix("#/components/schemas/").expect("a schema");
        assert!(description["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[test]
fn a_records_schema_names_the_fields_of_the_field_maps() {
    let description = server::api::openapi();
    let schemas = &description["components"]["schemas"];
    for (schema, domain) in [
        ("Activity", model::Domain::Calendar),
        ("Activity", model::Domain::Task),
        ("Contact", model::Domain::BusinessContact),
    ] {
        for entry in model::maps_ews::default_map(domain).entries {
            if entry.field == model::Field::State {
                continue; // of an occurrence, not of the record
            }
            let name = entry.field.name();
            assert!(schemas[schema]["properties"][&name].is_object(), "{schema} {name}");
        }
    }
    assert!(schemas["Activity"]["properties"]["occurrences"].is_object());
}

#[tokio::test]
async fn what_is_answered_has_no_member_that_is_not_described() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let activity = json!({"display": "Calendar and Activities", "subject": "x",
        "start": "2026-03-02", "end": "2026-03-02"});
    let description = server::api::openapi();
    for (schema, shown) in [
        ("Activity", world.made(&anna, "/api/crm/activities", activity).await),
        ("Contact", world.made(&anna, "/api/crm/contacts", json!({"last_name": "x"})).await),
        ("Employee", world.get(&anna, "/api/crm/me").await.json),
        ("Settings", world.get(&world.admin, "/api/admin/settings").await.json),
    ] {
        for name in shown.as_object().expect("an object").keys() {
            assert!(description["components"]["schemas"][schema]["properties"][name].is_object(), "{schema}.{name}");
        }
    }
}

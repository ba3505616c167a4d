//! Organizations, positions and user lists over the API.

use crate::world::{World, id};
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn organizations_and_positions_are_trees_that_administrators_grow() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let top = world.made(&world.admin, "/api/crm/organizations", json!({"name": "World"})).await;
    let below = json!({"name": "Europe", "parent": id(&top)});
    assert_eq!(world.post(&anna, "/api/crm/organizations", below.clone()).await.code(), "forbidden");
    let europe = world.made(&world.admin, "/api/crm/organizations", below).await;
    let path = format!("/api/crm/organizations/{}", id(&europe));
    assert_eq!(world.get(&anna, &path).await.json["parent"], top["id"]);
    let change = json!({"version": europe["version"], "name": "EMEA", "parent": null});
    let changed = world.put(&world.admin, &path, change).await;
    assert_eq!(changed.json["name"], json!("EMEA"), "{}", changed.text);
    assert_eq!(world.get(&anna, "/api/crm/organizations").await.items().len(), 2);
    let position =
        world.made(&world.admin, "/api/crm/positions", json!({"name": "Sales", "organization": id(&top)})).await;
    let place = format!("/api/crm/positions/{}", id(&position));
    let employee = world.get(&anna, "/api/crm/me").await.json;
    let holds = json!({"version": employee["version"], "positions": [id(&position)]});
    let holder = world.patch(&world.admin, &format!("/api/crm/employees/{}", anna.id), holds).await;
    assert_eq!(holder.json["positions"][0]["primary"], json!(true), "{}", holder.text);
    assert_eq!(world.get(&anna, &place).await.json["holders"], json!([anna.id]));
    let change = json!({"version": position["version"], "name": "Field Sales", "organization": id(&top)});
    let moved = world.put(&world.admin, &place, change).await;
    assert_eq!(moved.json["name"], json!("Field Sales"), "{}", moved.text);
    assert_eq!(world.get(&anna, "/api/crm/positions").await.items().len(), 1);
    let gone = world.delete(&world.admin, &format!("{place}?version={}", moved.json["version"])).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
    let gone = world.delete(&world.admin, &format!("{path}?version={}", changed.json["version"])).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
}

#[tokio::test]
async fn a_user_list_names_its_members() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let body = json!({"name": "Pilots", "members": [anna.id]});
    let made = world.made(&world.admin, "/api/crm/user-lists", body).await;
    let path = format!("/api/crm/user-lists/{}", id(&made));
    assert_eq!(world.get(&bob, &format!("{path}/members")).await.json["members"], json!([anna.id]));
    let change = json!({"version": made["version"], "name": "Pilots", "members": [anna.id, bob.id]});
    let changed = world.put(&world.admin, &path, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let members = world.get(&bob, &format!("{path}/members")).await.json["members"].clone();
    assert_eq!(members.as_array().map(Vec::len), Some(2));
    assert_eq!(world.get(&bob, "/api/crm/user-lists").await.items().len(), 1);
    let gone = world.delete(&world.admin, &format!("{path}?version={}", changed.json["version"])).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
}

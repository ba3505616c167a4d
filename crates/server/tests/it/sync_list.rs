//! Add To Sync List and Remove From Sync List over the API.

use crate::world::{World, id};
use axum::http::StatusCode;
use serde_json::json;

// O1
#[tokio::test]
async fn a_user_adds_himself_and_an_administrator_others() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let body = json!({"last_name": "Iron", "team": [{"employee": anna.id}, {"employee": bob.id}]});
    let contact = world.made(&anna, "/api/crm/contacts", body).await;
    let record = id(&contact).to_owned();
    let added = world.post(&anna, "/api/crm/sync-list", json!({"record": record})).await;
    assert_eq!(added.json, json!({"record": record, "user": anna.id, "on_sync_list": true, "changed": true}));
    let again = world.post(&anna, "/api/crm/sync-list", json!({"record": record})).await;
    assert_eq!(again.json["changed"], json!(false));
    let others = json!({"record": record, "user": "bob"});
    assert_eq!(world.post(&anna, "/api/crm/sync-list", others.clone()).await.code(), "forbidden");
    assert_eq!(world.post(&world.admin, "/api/crm/sync-list", others).await.status, StatusCode::OK);
    let rows = world.get(&anna, &format!("/api/crm/sync-list/{record}")).await;
    assert_eq!(rows.items().len(), 2);
    let of_bob = rows.items().iter().find(|row| row["user"] == json!(bob.id)).expect("bob");
    assert_eq!(of_bob["added_by"], json!(world.admin.id), "recorded");
    let removed = world.delete(&anna, &format!("/api/crm/sync-list?record={record}")).await;
    assert_eq!(removed.json["on_sync_list"], json!(false), "{}", removed.text);
    let seen = world.get(&anna, &format!("/api/crm/contacts/{record}")).await;
    assert_eq!(seen.json["on_sync_list"], json!(false));
}

#[tokio::test]
async fn a_record_that_is_not_visible_is_refused() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let contact = world.made(&anna, "/api/crm/contacts", json!({"last_name": "Iron"})).await;
    let refused = world.post(&bob, "/api/crm/sync-list", json!({"record": id(&contact)})).await;
    assert_eq!(refused.code(), "not_found", "{}", refused.text);
    // Who adds for another one is told whose eyes counted.
    let body = json!({"record": id(&contact), "user": "bob"});
    let refused = world.post(&world.admin, "/api/crm/sync-list", body).await;
    assert_eq!(refused.faults(), ["user"], "{}", refused.text);
    let body = json!({"record": "CON-404", "user": "bob"});
    assert_eq!(world.post(&world.admin, "/api/crm/sync-list", body).await.code(), "not_found");
    for (body, fault) in [
        (json!({"record": "ACT-00000001"}), "record"),
        (json!({}), "record"),
        (json!({"record": anna.id, "user": "nobody"}), "user"),
    ] {
        let refused = world.post(&world.admin, "/api/crm/sync-list", body).await;
        assert_eq!(refused.faults(), [fault]);
    }
}

#[tokio::test]
async fn a_colleague_goes_on_the_list_too() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let added = world.post(&anna, "/api/crm/sync-list", json!({"record": bob.id})).await;
    assert_eq!(added.json["changed"], json!(true), "{}", added.text);
    let seen = world.get(&anna, &format!("/api/crm/employees/{}", bob.id)).await;
    assert_eq!(seen.json["on_sync_list"], json!(true));
}

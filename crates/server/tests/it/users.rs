//! Mapping users to mailboxes over the API.

use crate::world::{World, connection};
use axum::http::StatusCode;
use serde_json::json;

// L1
#[tokio::test]
async fn a_user_is_mapped_shown_changed_and_unmapped() {
    let world = World::new().await;
    let anna = world.mapped("anna").await;
    let path = "/api/admin/users/anna";
    let shown = world.get(&world.admin, path).await;
    assert_eq!(shown.json["user"], json!(anna.id));
    assert_eq!(shown.json["state"], json!("first"));
    let pairing = shown.json["pairing"].as_str().expect("a pairing").to_owned();
    for name in [anna.id.as_str(), pairing.as_str()] {
        let same = world.get(&world.admin, &format!("/api/admin/users/{name}")).await;
        assert_eq!(same.json["pairing"], json!(pairing));
    }
    let change = json!({"address": "anna.new@crm.test", "extract_start": {"days_ago": 30}, "zone": "Europe/Paris", "visibility_all": true});
    let changed = world.patch(&world.admin, path, change).await;
    assert_eq!(changed.json["address"], json!("anna.new@crm.test"), "{}", changed.text);
    assert_eq!(changed.json["settings"]["extract_start"], json!({"days_ago": 30}));
    let off = world.post(&world.admin, &format!("{path}/disable"), json!({})).await;
    assert_eq!(off.json["state"], json!("disabled"));
    let on = world.post(&world.admin, &format!("{path}/enable"), json!({})).await;
    assert_eq!(on.json["enabled"], json!(true));
    assert_eq!(world.delete(&world.admin, path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&world.admin, path).await.code(), "not_found");
    let body = json!({"user": "anna", "connection": "hq", "address": "anna@crm.test"});
    let again = world.made(&world.admin, "/api/admin/users", body).await;
    assert_eq!(again["pairing"], json!(pairing), "L6: his links come back");
    let forget = format!("{path}/forget");
    assert_eq!(world.post(&world.admin, &forget, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&world.admin, path).await.code(), "not_found");
    let nobody = world.post(&world.admin, &forget, json!({})).await;
    assert!(nobody.text.contains("nothing of him is kept"), "{}", nobody.text);
    // Who was unmapped is kept, and can be forgotten all the same.
    let body = json!({"user": "anna", "connection": "hq", "address": "anna@crm.test"});
    let new = world.made(&world.admin, "/api/admin/users", body.clone()).await;
    assert_ne!(new["pairing"], json!(pairing));
    assert_eq!(world.delete(&world.admin, path).await.status, StatusCode::NO_CONTENT);
    for kept in ["history", "held", "quarantine"] {
        let shown = world.get(&world.admin, &format!("/api/admin/{kept}?user=anna")).await;
        assert_eq!(shown.status, StatusCode::OK, "W3: {}", shown.text);
    }
    assert_eq!(world.post(&world.admin, &forget, json!({})).await.status, StatusCode::NO_CONTENT);
    let newest = world.made(&world.admin, "/api/admin/users", body).await;
    assert_ne!(newest["pairing"], new["pairing"], "nothing of before came back");
}

// L1, D1, E3
#[tokio::test]
async fn every_fault_of_a_mapping_is_told_at_once() {
    let world = World::new().await;
    world.mapped("anna").await;
    let body = json!({"user": "anna", "connection": "no", "address": "ANNA@crm.test", "zone": "Mars/Base",
        "levels": {"employee": "full", "task": "half"}});
    let refused = world.post(&world.admin, "/api/admin/users", body).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.faults(), ["address", "connection", "levels.task", "user", "zone"]);
    let body = json!({"user": "nobody", "connection": "hq", "address": "no address", "levels": {"employee": "full"}});
    let refused = world.post(&world.admin, "/api/admin/users", body).await;
    assert_eq!(refused.faults(), ["address", "levels.employee", "user"]);
    assert_eq!(world.get(&world.admin, "/api/admin/users").await.items().len(), 1, "nothing is half done");
}

// L1
#[tokio::test]
async fn two_users_on_one_mailbox_are_refused_when_changing_too() {
    let world = World::new().await;
    world.mapped("anna").await;
    world.mapped("bob").await;
    let change = json!({"address": " ANNA@crm.test", "connection": "no"});
    let refused = world.patch(&world.admin, "/api/admin/users/bob", change).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.faults(), ["address", "connection"]);
    let bob = world.get(&world.admin, "/api/admin/users/bob").await;
    assert_eq!(bob.json["address"], json!("bob@crm.test"));
}

#[tokio::test]
async fn somebody_without_a_login_or_who_left_is_not_mapped() {
    let world = World::new().await;
    world.made(&world.admin, "/api/admin/connections", connection("hq")).await;
    let employee = world.made(&world.admin, "/api/crm/employees", json!({"last_name": "Clerk"})).await;
    for (user, address) in [(employee["id"].clone(), "clerk@crm.test")] {
        let body = json!({"user": user, "connection": "hq", "address": address});
        assert_eq!(world.post(&world.admin, "/api/admin/users", body).await.faults(), ["user"]);
    }
}

#[tokio::test]
async fn the_overview_comes_in_pages_with_numbers() {
    let world = World::new().await;
    for login in ["anna", "bob", "cleo"] {
        world.mapped(login).await;
    }
    let first = world.get(&world.admin, "/api/admin/users?limit=2").await;
    assert_eq!(first.items().len(), 2);
    assert_eq!(first.items()[0]["quarantined"], json!(0));
    let next = first.json["next"].as_str().expect("more");
    let second = world.get(&world.admin, &format!("/api/admin/users?limit=2&after={next}")).await;
    assert_eq!(second.items().len(), 1);
    assert_eq!(second.json["next"], json!(null));
}

// E4
#[tokio::test]
async fn sync_now_makes_one_user_or_all_due() {
    let world = World::new().await;
    world.mapped("anna").await;
    world.mapped("bob").await;
    world.post(&world.admin, "/api/admin/users/bob/disable", json!({})).await;
    let one = world.post(&world.admin, "/api/admin/users/anna/sync", json!({})).await;
    assert_eq!(one.json, json!({"due": 1}));
    let all = world.post(&world.admin, "/api/admin/sync", json!({})).await;
    assert_eq!(all.json, json!({"due": 1}), "only who is enabled");
    let due = world.services.store.due(world.services.clock.now(), 10).await.expect("due");
    assert_eq!(due.len(), 1);
}

// R4
#[tokio::test]
async fn a_mapped_user_brings_his_zone() {
    let world = World::new().await;
    world.made(&world.admin, "/api/admin/connections", connection("hq")).await;
    let body = json!({"last_name": "New", "login": "ned", "zone": "Asia/Tokyo"});
    world.made(&world.admin, "/api/crm/employees", body).await;
    let body = json!({"user": "ned", "connection": "hq", "address": "ned@crm.test"});
    let made = world.made(&world.admin, "/api/admin/users", body).await;
    assert_eq!(made["settings"]["zone"], json!("Asia/Tokyo"));
}

// O9
#[tokio::test]
async fn mapping_shows_how_many_records_will_enter() {
    let world = World::new().await;
    world.made(&world.admin, "/api/admin/connections", connection("hq")).await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let appointment = |start: &str, rule: serde_json::Value| {
        json!({"display": "Calendar and Activities", "subject": "x", "rule": rule,
            "start": {"wall": format!("{start}T10:00:00"), "zone": "Europe/Berlin"},
            "end": {"wall": format!("{start}T11:00:00"), "zone": "Europe/Berlin"}})
    };
    let weekly = |count: u32| json!({"pattern": "weekly", "days": ["monday"], "count": count});
    for body in [
        appointment("2026-02-27", json!(null)),
        appointment("2025-01-06", json!(null)),
        appointment("2025-01-06", weekly(3)),
        appointment("2025-12-29", weekly(20)),
        json!({"display": "To Do and Activities", "subject": "old", "due_day": "2025-01-06"}),
        json!({"display": "To Do and Activities", "subject": "without a day"}),
    ] {
        world.made(&anna, "/api/crm/activities", body).await;
    }
    world.made(&anna, "/api/crm/contacts", json!({"last_name": "On", "on_sync_list": true})).await;
    world.made(&anna, "/api/crm/contacts", json!({"last_name": "Off"})).await;
    world.made(&anna, "/api/crm/contacts", json!({"last_name": "Own", "personal": true, "on_sync_list": true})).await;
    world.post(&anna, "/api/crm/sync-list", json!({"record": bob.id})).await;
    let body = json!({"user": "anna", "connection": "hq", "address": "anna@crm.test"});
    let made = world.made(&world.admin, "/api/admin/users", body).await;
    let expected = json!({"business_contact": 1, "personal_contact": 1, "employee": 1, "calendar": 2, "task": 1});
    assert_eq!(made["entering"], expected);
    let path = "/api/admin/users/anna";
    world.patch(&world.admin, path, json!({"extract_start": "always"})).await;
    let all = world.get(&world.admin, &format!("{path}/entering")).await;
    assert_eq!((&all.json["calendar"], &all.json["task"]), (&json!(4), &json!(2)));
}

//! Contacts, accounts and employees over the API.

use crate::world::{World, id};
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_business_contact_is_made_shared_changed_and_deleted() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let account = world.made(&anna, "/api/crm/accounts", json!({"name": "Acme", "location": "Bonn"})).await;
    let body = json!({
        "first_name": "Ida", "last_name": "Iron", "email1": "ida@acme.test", "birthday": "1980-02-29",
        "company": "acme", "company_location": "bonn", "more_emails": ["ida@home.test"],
        "team": [{"employee": anna.id}, {"employee": bob.id}]
    });
    let made = world.made(&anna, "/api/crm/contacts", body).await;
    assert_eq!(made["personal"], json!(false));
    assert_eq!(made["birthday"], json!("1980-02-29"));
    assert_eq!(made["company"], json!("Acme"), "matched to the account");
    assert_eq!(made["accounts"][0]["account"], account["id"]);
    let path = format!("/api/crm/contacts/{}", id(&made));
    let seen = world.get(&bob, &path).await;
    assert_eq!(seen.status, StatusCode::OK);
    let change = json!({"version": made["version"], "mobile_phone": "+49 1", "team": [{"employee": anna.id}]});
    let changed = world.patch(&bob, &path, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(world.get(&bob, &path).await.status, StatusCode::NOT_FOUND, "he left the team");
    let views = world.get(&anna, "/api/crm/views/my_contacts").await;
    assert_eq!(views.items()[0]["mobile_phone"], json!("+49 1"));
    let version = views.items()[0]["version"].clone();
    let gone = world.delete(&anna, &format!("{path}?version={version}")).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
    assert_eq!(world.get(&anna, &path).await.status, StatusCode::NOT_FOUND);
}

// O5
#[tokio::test]
async fn private_on_a_contact_that_others_work_with_is_refused_with_that_text() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let body = json!({"last_name": "Iron", "team": [{"employee": anna.id}, {"employee": bob.id}]});
    let made = world.made(&anna, "/api/crm/contacts", body).await;
    let path = format!("/api/crm/contacts/{}", id(&made));
    let change = json!({"version": made["version"], "private": true});
    let refused = world.patch(&anna, &path, change).await;
    assert!(refused.status.is_client_error());
    assert_eq!(refused.faults(), ["private"], "{}", refused.text);
}

// M5
#[tokio::test]
async fn merged_contacts_live_on_in_the_survivor() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let one = world.made(&anna, "/api/crm/contacts", json!({"last_name": "Iron", "email1": "i@x.test"})).await;
    let two = world.made(&anna, "/api/crm/contacts", json!({"last_name": "Iron", "work_phone": "1"})).await;
    world.post(&anna, "/api/crm/sync-list", json!({"record": id(&two)})).await;
    let loser = world.get(&anna, &format!("/api/crm/contacts/{}", id(&two))).await.json;
    let body = json!({"version": one["version"], "loser": id(&two), "loser_version": loser["version"]});
    let merged = world.post(&anna, &format!("/api/crm/contacts/{}/merge", id(&one)), body).await;
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.text);
    assert_eq!(merged.json["work_phone"], json!("1"));
    assert_eq!(merged.json["on_sync_list"], json!(true));
    let gone = world.get(&anna, &format!("/api/crm/contacts/{}", id(&two))).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.text.contains(id(&one)), "it says where it lives on: {}", gone.text);
}

#[tokio::test]
async fn employees_are_seen_by_all_and_changed_by_administrators() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let body = json!({"first_name": "Ned", "last_name": "New", "login": "ned", "zone": "Europe/Berlin",
        "addresses": ["ned@crm.test", "n.new@crm.test"], "manager_id": anna.id, "job_title": "Clerk"});
    let refused = world.post(&anna, "/api/crm/employees", body.clone()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let made = world.made(&world.admin, "/api/crm/employees", body).await;
    assert_eq!(made["email2"], json!("n.new@crm.test"));
    let path = format!("/api/crm/employees/{}", id(&made));
    assert_eq!(world.get(&anna, &path).await.json["job_title"], json!("Clerk"));
    let change = json!({"version": made["version"], "login": null, "active": false, "manager_id": null});
    let changed = world.patch(&world.admin, &path, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(changed.json["login"], json!(null));
    assert_eq!(changed.json["active"], json!(false));
    assert_eq!(world.get(&anna, "/api/crm/employees").await.items().len(), 3);
    assert_eq!(world.get(&anna, "/api/crm/views/all_employees").await.items().len(), 3);
    let me = world.get(&anna, "/api/crm/me").await;
    assert_eq!(id(&me.json), anna.id);
    let gone = world.delete(&world.admin, &format!("{path}?version={}", changed.json["version"])).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
}

#[tokio::test]
async fn an_account_is_changed_as_a_whole_against_its_version() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let made = world.made(&anna, "/api/crm/accounts", json!({"name": "Acme"})).await;
    let path = format!("/api/crm/accounts/{}", id(&made));
    let change = json!({"version": made["version"], "name": "Acme Ltd", "location": "Bonn"});
    assert_eq!(world.put(&anna, &path, change.clone()).await.status, StatusCode::FORBIDDEN);
    let changed = world.put(&world.admin, &path, change.clone()).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(world.put(&world.admin, &path, change).await.code(), "stale");
    assert_eq!(world.get(&anna, &path).await.json["location"], json!("Bonn"));
    assert_eq!(world.get(&anna, "/api/crm/accounts").await.items().len(), 1);
}

#[tokio::test]
async fn the_view_of_all_contacts_is_for_those_who_may_open_it() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    world.made(&anna, "/api/crm/contacts", json!({"last_name": "Iron"})).await;
    let bob = world.user("bob").await;
    assert_eq!(world.get(&bob, "/api/crm/views/all_contacts").await.code(), "forbidden");
    let one = world.get(&world.admin, "/api/crm/views/all_contacts").await;
    assert_eq!(one.items().len(), 1);
}

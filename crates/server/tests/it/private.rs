//! The veil: what is private shows itself to its owner alone, through every door of the API.

use crate::world::{Answer, World, id};
use axum::http::StatusCode;
use serde_json::json;

const SECRET: &str = "Xylophone";

fn unseen(answer: &Answer) {
    assert!(!answer.text.contains(SECRET), "the veil has a hole: {}", answer.text);
}

// O7
#[tokio::test]
async fn a_private_activity_shows_others_private_busy_and_its_time() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let body = json!({
        "display": "Calendar and Activities", "private": true,
        "subject": format!("{SECRET} talk"), "body": SECRET, "location": SECRET,
        "start": {"wall": "2026-03-02T10:00:00", "zone": "Europe/Berlin"},
        "end": {"wall": "2026-03-02T11:00:00", "zone": "Europe/Berlin"},
        "people": [{"employee": bob.id}]
    });
    let made = world.made(&anna, "/api/crm/activities", body).await;
    assert!(made["subject"].as_str().is_some_and(|text| text.contains(SECRET)));
    let path = format!("/api/crm/activities/{}", id(&made));
    let one = world.get(&bob, &path).await;
    assert_eq!(one.status, StatusCode::OK);
    unseen(&one);
    assert_eq!(one.json["subject"], json!("Private"));
    assert_eq!(one.json["veiled"], json!(true));
    assert_eq!(one.json["start"], made["start"]);
    for view in ["my_calendar", "my_activities"] {
        let page = world.get(&bob, &format!("/api/crm/views/{view}")).await;
        assert_eq!(page.items().len(), 1);
        unseen(&page);
    }
    let found = world.get(&bob, &format!("/api/crm/search?q={SECRET}")).await;
    assert_eq!(found.json["activities"], json!([]));
    unseen(&found);
    let own = world.patch(&bob, &path, json!({"version": one.json["version"], "reminder": 3})).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.text);
    unseen(&own);
    unseen(&world.post(&bob, &format!("{path}/respond"), json!({"response": "tentative"})).await);
    let admin = world.get(&world.admin, &path).await;
    unseen(&admin);
    let mine = world.get(&anna, "/api/crm/views/my_calendar").await;
    assert!(mine.text.contains(SECRET), "its owner sees it");
}

#[tokio::test]
async fn a_personal_contact_does_not_exist_for_others() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let body = json!({"personal": true, "first_name": SECRET, "last_name": "Aunt", "email1": "aunt@x.test"});
    let made = world.made(&anna, "/api/crm/contacts", body).await;
    let path = format!("/api/crm/contacts/{}", id(&made));
    for other in [&bob, &world.admin] {
        let one = world.get(other, &path).await;
        assert_eq!(one.status, StatusCode::NOT_FOUND);
        assert_eq!(one.code(), "not_found");
        for door in ["views/my_personal_contacts", "views/my_contacts", "search?q=Xylophone"] {
            unseen(&world.get(other, &format!("/api/crm/{door}")).await);
        }
        let change = json!({"version": made["version"], "last_name": "Mine"});
        assert_eq!(world.patch(other, &path, change).await.status, StatusCode::NOT_FOUND);
        let listed = world.post(other, "/api/crm/sync-list", json!({"record": id(&made)})).await;
        assert!(listed.status.is_client_error(), "{}", listed.text);
    }
    unseen(&world.get(&world.admin, "/api/crm/views/all_contacts").await);
    assert_eq!(world.get(&anna, "/api/crm/views/my_personal_contacts").await.items().len(), 1);
}

#[tokio::test]
async fn an_activity_of_others_cannot_be_read_by_who_is_not_on_it() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let body = json!({"display": "To Do and Activities", "subject": SECRET});
    let made = world.made(&anna, "/api/crm/activities", body).await;
    let one = world.get(&bob, &format!("/api/crm/activities/{}", id(&made))).await;
    assert_eq!(one.status, StatusCode::NOT_FOUND);
    unseen(&one);
    for door in ["views/my_activities", "views/my_to_dos", "search?q=Xylophone"] {
        unseen(&world.get(&bob, &format!("/api/crm/{door}")).await);
    }
}

//! Health and metrics, as monitoring asks for them: without a token.

use crate::world::World;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

fn bare(path: &str) -> Request<Body> {
    Request::builder().uri(path).body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn a_server_that_is_well_lives_and_is_ready() {
    let world = World::new().await;
    let live = world.send(bare("/health/live")).await;
    assert_eq!((live.status, live.json["status"].clone()), (StatusCode::OK, json!("ok")));
    let ready = world.send(bare("/health/ready")).await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(ready.json, json!({"status": "ok", "database": "ok", "crm": "ok"}));
}

#[tokio::test]
async fn a_database_that_does_not_answer_makes_it_unready_but_not_dead() {
    let world = World::new().await;
    world.services.crm.close().await;
    let ready = world.send(bare("/health/ready")).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json["crm"], json!("does not answer"));
    assert_eq!(ready.json["database"], json!("ok"));
    assert_eq!(world.send(bare("/health/live")).await.status, StatusCode::OK);
    let refused = world.get(&world.admin, "/api/crm/me").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.code(), "unavailable");
}

#[tokio::test]
async fn metrics_count_requests_and_what_waits_and_show_no_content() {
    let world = World::new().await;
    let anna = world.mapped("anna").await;
    world.get(&anna, &format!("/api/crm/employees/{}", anna.id)).await;
    let metrics = world.send(bare("/metrics")).await;
    assert_eq!(metrics.status, StatusCode::OK);
    for line in [
        "syncline_requests_total{route=\"/api/crm/employees/{id}\",method=\"GET\",status=\"200\"} 1",
        "syncline_pairings_enabled 1",
        "syncline_quarantined 0",
        "syncline_backlog_observations 0",
    ] {
        assert!(metrics.text.contains(line), "{line} in {}", metrics.text);
    }
    for content in [anna.id.as_str(), "anna", "crm.test"] {
        assert!(!metrics.text.contains(content));
    }
}

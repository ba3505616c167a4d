//! The worker tells an administrator what stands still, by itself (rule W5).

use crate::worker::{LONG, world};
use axum::Router;
use axum::routing::post;
use serde_json::{Value as Json, json};
use server::worker;
use tokio::sync::{mpsc, watch};

// W5
#[tokio::test(flavor = "multi_thread")]
async fn the_worker_tells_by_itself() {
    let (world, _emulator) = world().await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let take = move |body: String| async move { tell.send(body).expect("somebody waits") };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", post(take))).await });
    let set = world.put(&world.admin, "/api/admin/alerts/webhook", json!({"url": url})).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let ended = json!({"password_ends": "2026-01-01T00:00:00Z"});
    world.patch(&world.admin, "/api/admin/connections/hq", ended).await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker::run(world.services.clone(), stopped));
    let message = tokio::time::timeout(LONG, told.recv()).await.expect("in time").expect("a message");
    let message: Json = serde_json::from_str(&message).expect("JSON");
    assert_eq!(message["alerts"][0]["about"], json!({"kind": "password", "connection": "hq"}), "{message}");
    stop.send_replace(true);
    tokio::time::timeout(LONG, running).await.expect("it stops").expect("no panic");
    let metrics = world.get(&world.admin, "/metrics").await.text;
    assert!(metrics.contains("syncline_alerts_standing 1"), "{metrics}");
    assert!(metrics.contains("syncline_alert_messages_total{channel=\"webhook\",outcome=\"arrived\"} 1"), "{metrics}");
}

// W5, E3
#[tokio::test]
async fn what_is_wrong_with_alerts_is_told_at_once_and_only_to_administrators() {
    let world = crate::world::World::new().await;
    let anna = world.user("anna").await;
    assert_eq!(world.get(&anna, "/api/admin/alerts").await.status, 403);
    let times = json!({"after_s": 59, "repeat_s": 1, "days": 0});
    assert_eq!(world.patch(&world.admin, "/api/admin/alerts", times).await.faults(), ["after_s", "days", "repeat_s"]);
    let webhook = json!({"url": "http://chat.crm.test/hook", "ca_file": "/nowhere/ca.pem"});
    assert_eq!(world.put(&world.admin, "/api/admin/alerts/webhook", webhook).await.faults(), ["ca_file", "url"]);
    let mail = json!({"host": "a b", "user": "x", "from": "nobody", "to": ["ok@crm.test", "not"]});
    let refused = world.put(&world.admin, "/api/admin/alerts/mail", mail).await;
    assert_eq!(refused.faults(), ["from", "host", "password", "to"]);
    let nowhere = world.post(&world.admin, "/api/admin/alerts/test", json!({})).await;
    assert_eq!((nowhere.status.as_u16(), nowhere.code()), (409, "no_receiver"));
}

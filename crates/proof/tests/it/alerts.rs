//! An administrator is told once when something stands still, and once when it is over (rule W5). The receiver is a server
//! of the test's own on this machine.

use crate::database::on_both;
use crate::outlook::{self, id};
use crate::world::{Person, World};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use emulator::FaultAction;
use serde_json::{Value as Json, json};
use server::alert::{self, Passed};
use std::sync::{Arc, Mutex, PoisonError};
use wire::ews::DistinguishedFolder as Folder;

on_both!(
    a_user_without_success_is_told_after_the_set_time_once_and_once_when_it_is_over,
    a_brake_is_told_at_once_with_the_way_to_release_it,
    a_message_that_does_not_arrive_is_tried_again_with_patience_and_a_restart_forgets_nothing,
    a_password_that_ends_is_told_before,
    whoever_is_new_or_was_off_is_not_told,
    in_blackout_hours_nobody_is_told_and_nothing_is_over,
);

/// Takes what is sent; answers a status that the story sets.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    taken: Arc<Mutex<Vec<(HeaderMap, Json)>>>,
    status: Arc<Mutex<StatusCode>>,
}

impl Receiver {
    /// On this machine.
    pub async fn new() -> Receiver {
        let taken: Arc<Mutex<Vec<(HeaderMap, Json)>>> = Arc::default();
        let status = Arc::new(Mutex::new(StatusCode::OK));
        let (into, says) = (Arc::clone(&taken), Arc::clone(&status));
        let take = move |headers: HeaderMap, body: String| async move {
            let json = serde_json::from_str(&body).expect("JSON");
            into.lock().unwrap_or_else(PoisonError::into_inner).push((headers, json));
            let status = *says.lock().unwrap_or_else(PoisonError::into_inner);
            (status, [("location", "http://127.0.0.1:1/elsewhere")], "taken")
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = Router::new().route("/hook", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Receiver { url, taken, status }
    }

    /// What came since it was asked last.
    pub fn take(&self) -> Vec<Json> {
        let taken = std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner));
        taken.into_iter().map(|(_, json)| json).collect()
    }

    /// The one message that came; the other headings are empty.
    fn one(&self, heading: &str) -> Json {
        let mut all = self.take();
        assert_eq!(all.len(), 1, "{all:?}");
        let message = all.remove(0);
        let totals: Vec<u64> =
            ["alerts", "still", "over"].iter().filter_map(|name| message["totals"][name].as_u64()).collect();
        assert_eq!((totals.iter().sum::<u64>(), message[heading].as_array().map(Vec::len)), (1, Some(1)), "{message}");
        message
    }

    fn answers(&self, status: StatusCode) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }
}

pub async fn alerted(world: &World) -> Receiver {
    let receiver = Receiver::new().await;
    let body = json!({"url": receiver.url, "bearer": "token-word"});
    world.done(&world.admin, "PUT", "/api/admin/alerts/webhook", Some(&body)).await;
    receiver
}

async fn times(world: &World, body: Json) {
    world.done(&world.admin, "PATCH", "/api/admin/alerts", Some(&body)).await;
}

async fn stands(world: &World) -> Json {
    world.get(&world.admin, "/api/admin/alerts").await
}

pub async fn pass(world: &World) -> Passed {
    alert::pass(&world.services).await.expect("the store answers")
}

const TOLD: Passed = Passed::Sent { arrived: 1, lost: 0 };

/// Cycles and passes, every five minutes.
async fn fives(world: &World, people: &[&Person], count: usize) -> Vec<Passed> {
    let mut passed = Vec::new();
    for _ in 0..count {
        world.pass_s(5 * 60);
        for who in people {
            world.cycle(who).await;
        }
        passed.push(pass(world).await);
    }
    passed
}

// W5
async fn a_user_without_success_is_told_after_the_set_time_once_and_once_when_it_is_over() {
    let (world, anna, bob) = World::with_two().await;
    world.appointment(&anna, "Secret subject", "2026-09-28").await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(pass(&world).await, Passed::Off, "nobody wants to be told");
    let receiver = alerted(&world).await;
    times(&world, json!({"after_s": 3 * 3600, "repeat_s": 3 * 3600})).await;
    world.hq.on_request(Some(Arc::new(|request| {
        (request.mailbox.as_deref() == Some("anna@crm.test")).then_some(FaultAction::LoginPage)
    })));
    let both = [&anna, &bob];
    assert_eq!(fives(&world, &both, 35).await, [Passed::Quiet; 35], "not for three hours yet");
    assert_eq!(stands(&world).await["alerts"], json!([]));
    assert_eq!(fives(&world, &both, 1).await, [TOLD]);
    let told = receiver.one("alerts");
    let alert = &told["alerts"][0];
    let about = json!({"kind": "user", "user": "anna", "connection": "hq"});
    assert_eq!(alert["about"], about, "{told}");
    for (part, words) in [("text", "anna is not synchronised"), ("text", "web page"), ("cure", "syncline check")] {
        assert!(alert[part].as_str().is_some_and(|text| text.contains(words)), "{words}: {told}");
    }
    assert!(told["text"].as_str().is_some_and(|text| text.contains("ALERT: user anna")), "{told}");
    assert!(!told.to_string().contains("Secret subject"));
    let shown = stands(&world).await;
    assert_eq!(shown["alerts"].as_array().map(Vec::len), Some(1), "{shown}");
    assert_eq!(shown["channels"][0]["to"], "127.0.0.1");
    // Once, and once more after the set time.
    assert_eq!(fives(&world, &both, 35).await, [Passed::Quiet; 35]);
    assert_eq!(fives(&world, &both, 1).await, [TOLD]);
    receiver.one("still");
    world.hq.on_request(None);
    assert_eq!(fives(&world, &both, 1).await, [TOLD]);
    let over = receiver.one("over");
    assert_eq!(over["over"][0]["about"], about, "{over}");
    assert!(over["text"].as_str().is_some_and(|text| text.contains("OVER: user anna")), "{over}");
    assert_eq!(fives(&world, &both, 4).await, [Passed::Quiet; 4]);
    assert_eq!(stands(&world).await["alerts"], json!([]));
}

// W5, C8
async fn a_brake_is_told_at_once_with_the_way_to_release_it() {
    let (world, anna, _) = World::with_two().await;
    let receiver = alerted(&world).await;
    let outlook = world.outlook(&anna);
    let item = |n| outlook::appointment(&format!("Plan {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    outlook.make_many(Folder::Calendar, (0..12).map(item).collect()).await;
    world.sync(&[&anna]).await;
    assert_eq!(pass(&world).await, Passed::Quiet);
    for item in outlook.items(Folder::Calendar).await.iter().map(id) {
        outlook.delete(&item).await;
    }
    world.cycle(&anna).await;
    assert_eq!(pass(&world).await, TOLD);
    let told = receiver.one("alerts");
    let alert = &told["alerts"][0];
    assert_eq!(alert["about"], json!({"kind": "brake", "user": "anna", "domain": "calendar", "side": "crm"}), "{told}");
    let brakes = world.list(&world.admin, "/api/admin/brakes").await;
    let digest = brakes[0]["digest"].as_str().expect("a digest");
    let release = format!("syncline brake release --user anna --domain calendar --side crm --digest {digest}");
    assert!(alert["cure"].as_str().is_some_and(|cure| cure.contains(&release)), "{told}");
    assert!(!told.to_string().contains("Plan 1"), "no record's content: {told}");
    world.cycle(&anna).await;
    assert_eq!(pass(&world).await, Passed::Quiet, "told once");
    let body = json!({"side": "crm", "digest": digest, "user": "anna", "domain": "calendar"});
    world.done(&world.admin, "POST", "/api/admin/brakes/release", Some(&body)).await;
    assert_eq!(pass(&world).await, TOLD);
    receiver.one("over");
}

// W5, E6
async fn a_message_that_does_not_arrive_is_tried_again_with_patience_and_a_restart_forgets_nothing() {
    let (mut world, anna, _) = World::with_two().await;
    world.sync(&[&anna]).await;
    let receiver = alerted(&world).await;
    let test = world.ask(&world.admin, "POST", "/api/admin/alerts/test", None).await;
    assert_eq!((test.0, &test.1["arrived"]), (200, &json!(1)));
    let sent = receiver.take();
    assert_eq!((sent.len(), &sent[0]["test"]), (1, &json!(true)));
    // A password that ended long ago: nothing else is wrong.
    let body = json!({"password_ends": "2026-09-01T00:00:00Z"});
    world.done(&world.admin, "PATCH", "/api/admin/connections/hq", Some(&body)).await;
    for (status, words) in [(StatusCode::INTERNAL_SERVER_ERROR, "answered 500"), (StatusCode::FOUND, "answered 302")] {
        receiver.answers(status);
        world.pass_s(3_600);
        assert_eq!(pass(&world).await, Passed::Sent { arrived: 0, lost: 1 });
        assert_eq!(receiver.take().len(), 1, "no redirect is followed");
        let way = stands(&world).await["channels"][0].clone();
        assert!(way["trouble"].as_str().is_some_and(|why| why.contains(words)), "{way}");
        assert_eq!(pass(&world).await, Passed::Quiet, "not at once again");
    }
    let (status, refused) = world.ask(&world.admin, "POST", "/api/admin/alerts/test", None).await;
    assert_eq!((status, &refused["error"]["code"]), (503, &json!("unavailable")), "{refused}");
    receiver.take();
    receiver.answers(StatusCode::NO_CONTENT);
    world = world.restarted().await;
    world.pass_s(59);
    assert_eq!(pass(&world).await, Passed::Quiet, "the second wait is a minute, also after a restart");
    world.pass_s(1);
    assert_eq!(pass(&world).await, TOLD);
    receiver.one("alerts");
    world = world.restarted().await;
    assert_eq!(pass(&world).await, Passed::Quiet, "what was told is remembered");
    let way = stands(&world).await["channels"][0].clone();
    assert_eq!((&way["trouble"], &way["tries"]), (&json!(null), &json!(0)), "{way}");
    world.done(&world.admin, "DELETE", "/api/admin/alerts/webhook", None).await;
    assert_eq!(pass(&world).await, Passed::Off);
}

// W5
async fn a_password_that_ends_is_told_before() {
    let world = World::new().await;
    let receiver = alerted(&world).await;
    times(&world, json!({"days": 10})).await;
    let ends = |body: Json| {
        let world = &world;
        async move { world.done(&world.admin, "PATCH", "/api/admin/connections/branch", Some(&body)).await }
    };
    assert_eq!(ends(json!({"password_ends": "2026-10-05T08:00:00Z"})).await["password_ends"], "2026-10-05T08:00:00Z");
    world.pass_days(3);
    assert_eq!(pass(&world).await, Passed::Quiet);
    world.pass_days(1);
    assert_eq!(pass(&world).await, TOLD);
    let told = receiver.one("alerts");
    assert_eq!(told["alerts"][0]["about"], json!({"kind": "password", "connection": "branch"}));
    assert!(told["text"].as_str().is_some_and(|text| text.contains("ends at 2026-10-05")), "{told}");
    ends(json!({"password_ends": null})).await;
    assert_eq!(pass(&world).await, TOLD);
    receiver.one("over");
}

// W5, E4: nobody is told because somebody was mapped, enabled again, or because the server itself was off.
async fn whoever_is_new_or_was_off_is_not_told() {
    let (world, anna, bob) = World::with_two().await;
    let receiver = alerted(&world).await;
    times(&world, json!({"after_s": 3600, "repeat_s": 0})).await;
    assert_eq!(pass(&world).await, Passed::Quiet, "mapped just now");
    world.sync(&[&anna, &bob]).await;
    assert_eq!(pass(&world).await, Passed::Quiet);
    // A weekend without a server.
    world.pass_days(3);
    assert_eq!(pass(&world).await, Passed::Quiet);
    world.sync(&[&anna, &bob]).await;
    assert_eq!(pass(&world).await, Passed::Quiet);
    let user = |body: Json| {
        let world = &world;
        async move { world.done(&world.admin, "PATCH", "/api/admin/users/anna", Some(&body)).await }
    };
    user(json!({"enabled": false})).await;
    for _ in 0..8 {
        world.pass_s(900);
        world.cycle(&bob).await;
        assert_eq!(pass(&world).await, Passed::Quiet, "who is disabled is as he should be");
    }
    user(json!({"enabled": true})).await;
    assert_eq!(pass(&world).await, Passed::Quiet, "his first cycle has not begun yet");
    // Nothing works for him: told after the grace.
    world.pass_s(600);
    world.cycle(&bob).await;
    assert_eq!(pass(&world).await, TOLD);
    receiver.one("alerts");
}

// W5, E4
async fn in_blackout_hours_nobody_is_told_and_nothing_is_over() {
    let (world, anna, bob) = World::with_two().await;
    let receiver = alerted(&world).await;
    times(&world, json!({"after_s": 3600, "repeat_s": 0})).await;
    world.sync(&[&anna, &bob]).await;
    world.hq.on_request(Some(Arc::new(|request| {
        (request.mailbox.as_deref() == Some("anna@crm.test")).then_some(FaultAction::LoginPage)
    })));
    let both = [&anna, &bob];
    assert_eq!(fives(&world, &both, 12).await.last(), Some(&TOLD));
    receiver.one("alerts");
    let nights =
        json!({"schedules": [{"schedule": {"interval_s": 60, "blackout": [{"from": "10:00", "to": "20:00"}]}}]});
    world.done(&world.admin, "PUT", "/api/admin/schedules", Some(&nights)).await;
    world.pass_s(3 * 3600);
    for who in both {
        let report = world
            .services
            .engine
            .cycle_by_schedule(&world.pairing(who).await, jiff::SignedDuration::ZERO)
            .await
            .expect("a cycle");
        assert!(report.is_quiet());
    }
    for _ in 0..6 {
        world.pass_s(3600);
        assert_eq!(pass(&world).await, Passed::Quiet);
    }
    assert_eq!(stands(&world).await["alerts"].as_array().map(Vec::len), Some(1), "hers stands");
}

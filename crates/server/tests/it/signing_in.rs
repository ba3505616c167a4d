//! Tokens and passwords over the API.

use crate::world::{Person, World, id};
use axum::http::StatusCode;
use engine::port::Dice;
use serde_json::json;
use server::clock::MachineClock;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

fn with(person: &Person, token: &str) -> Person {
    Person { token: token.to_owned(), ..person.clone() }
}

#[tokio::test]
async fn a_password_gives_a_token_that_ends() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let set = world.put(&anna, "/api/crm/password", json!({"password": "long enough"})).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.text);
    let wrong = world.post(&anna, "/api/crm/sign-in", json!({"login": "anna", "password": "wrong"})).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let body = json!({"login": "ANNA", "password": "long enough", "lasts_s": 600});
    let made = world.made(&anna, "/api/crm/sign-in", body).await;
    let token = with(&anna, made["token"].as_str().expect("a token"));
    assert_eq!(id(&world.get(&token, "/api/crm/me").await.json), anna.id);
    world.pass_s(601);
    assert_eq!(world.get(&token, "/api/crm/me").await.code(), "no_token");
}

/// Dice that do something, once, when they are thrown.
#[derive(Default)]
struct Meddling {
    rolls: AtomicU64,
    next: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Dice for Meddling {
    fn roll(&self) -> u64 {
        let meddle = self.next.lock().expect("no test panics within").take();
        meddle.into_iter().for_each(|meddle| meddle());
        self.rolls.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_password_opens_nothing_once_another_is_set() {
    let dice = Arc::new(Meddling::default());
    let world = World::with(Arc::new(MachineClock), dice.clone()).await;
    let anna = world.user("anna").await;
    let set = world.put(&anna, "/api/crm/password", json!({"password": "long enough"})).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.text);
    let crm = world.services.crm.clone();
    let actor = crm::Actor::user(crm::EmployeeId::new(anna.id.clone()), "test");
    // The password was found right, and its token is about to be made.
    *dice.next.lock().expect("no test panics within") = Some(Box::new(move || {
        let mut set = pin!(crm.set_password(&actor, &actor.user, "another one", &[3; 16]));
        let mut context = Context::from_waker(Waker::noop());
        while set.as_mut().poll(&mut context).is_pending() {
            std::thread::yield_now();
        }
    }));
    let body = json!({"login": "anna", "password": "long enough"});
    let signed_in = world.post(&anna, "/api/crm/sign-in", body).await;
    assert_eq!(signed_in.code(), "wrong_password");
    world.made(&anna, "/api/crm/sign-in", json!({"login": "anna", "password": "another one"})).await;
}

#[tokio::test]
async fn a_token_is_shown_once_listed_without_its_text_and_taken_away() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let made = world.made(&anna, "/api/crm/tokens", json!({"name": "script"})).await;
    let text = made["token"].as_str().expect("a token").to_owned();
    let listed = world.get(&anna, "/api/crm/tokens").await;
    assert_eq!(listed.items().len(), 2);
    assert!(!listed.text.contains(&text));
    let gone = world.delete(&anna, &format!("/api/crm/tokens/{}", id(&made))).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&with(&anna, &text), "/api/crm/me").await.status, StatusCode::UNAUTHORIZED);
    let again = world.delete(&anna, &format!("/api/crm/tokens/{}", id(&made))).await;
    assert_eq!(again.code(), "not_found");
}

#[tokio::test]
async fn somebody_elses_token_is_an_administrators_to_make() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let body = json!({"name": "for bob", "user": "bob", "expires_at": "2027-01-01T00:00:00Z"});
    assert_eq!(world.post(&anna, "/api/crm/tokens", body.clone()).await.code(), "forbidden");
    let made = world.made(&world.admin, "/api/crm/tokens", body).await;
    let token = with(&bob, made["token"].as_str().expect("a token"));
    assert_eq!(id(&world.get(&token, "/api/crm/me").await.json), bob.id);
    let refused = world.post(&anna, "/api/crm/tokens", json!({"name": "x", "expires_at": "tomorrow"})).await;
    assert_eq!(refused.faults(), ["expires_at"]);
}

#[tokio::test]
async fn the_token_of_somebody_who_left_works_no_more() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let me = world.get(&anna, "/api/crm/me").await.json;
    let change = json!({"version": me["version"], "active": false});
    let left = world.patch(&world.admin, &format!("/api/crm/employees/{}", anna.id), change).await;
    assert_eq!(left.status, StatusCode::OK, "{}", left.text);
    assert_eq!(world.get(&anna, "/api/crm/me").await.status, StatusCode::UNAUTHORIZED);
}

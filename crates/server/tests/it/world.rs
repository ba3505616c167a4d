//! A server in memory with a clock and dice of its own, and the people who ask it.

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use crm::{Actor, Crm, EmployeeDraft, EmployeeId, Place};
use engine::port::{Clock, Dice};
use jiff::Timestamp;
use model::{CrmId, Field, Path, Value};
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use server::{Services, api, ops};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::secrets::SecretKey;
use store::{StepFn, Store};
use tower::ServiceExt;

/// A clock that stands still until it is moved.
struct StillClock(AtomicU64);

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        let seconds = i64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
    }

    async fn sleep_ms(&self, _ms: u64) {
        std::future::pending().await
    }
}

/// Dice that count: every roll differs, every run is the same.
struct CountingDice(AtomicU64);

impl Dice for CountingDice {
    fn roll(&self) -> u64 {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17) ^ n
    }
}

/// A server in memory, with an administrator.
pub struct World {
    pub services: Services,
    still: Arc<StillClock>,
    pub admin: Person,
    router: Router,
}

/// Somebody with a token.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub token: String,
}

/// What was answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Json,
    pub text: String,
}

impl World {
    /// One whose clock stands still and whose dice count.
    pub async fn new() -> World {
        // 2026-03-01T09:00:00Z
        let still = Arc::new(StillClock(AtomicU64::new(1_772_355_600)));
        let world = World::with(still.clone(), Arc::new(CountingDice(AtomicU64::new(1)))).await;
        World { still, ..world }
    }

    /// One with another clock and other dice.
    pub async fn with(clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> World {
        World::on(Store::memory(server::clock::now_of(&clock)), clock, dice).await
    }

    /// One whose store asks before each of its calls.
    pub async fn stepping(step: StepFn) -> World {
        let clock: Arc<dyn Clock> = Arc::new(StillClock(AtomicU64::new(1_772_355_600)));
        let store = Store::memory_stepping(server::clock::now_of(&clock), step);
        World::on(store, clock, Arc::new(CountingDice(AtomicU64::new(1)))).await
    }

    async fn on(store: Store, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> World {
        let crm = Crm::open(&Place::Memory, clock.now()).await.expect("a CRM");
        let key = SecretKey::new([7; 32]);
        let services = Services::of(store, crm, CrmId::new("crm"), clock, dice, key);
        let router = api::router(services.clone());
        let admin = person(&services, "root", true).await;
        World { services, still: Arc::new(StillClock(AtomicU64::new(0))), admin, router }
    }

    /// Lets time pass.
    pub fn pass_s(&self, seconds: u64) {
        self.still.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// A user of the CRM with a token.
    pub async fn user(&self, login: &str) -> Person {
        person(&self.services, login, false).await
    }

    /// Asks with a body and headers.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("the router answers everything");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        Answer {
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_str(&text).unwrap_or(Json::Null),
            text,
        }
    }

    pub async fn get(&self, who: &Person, path: &str) -> Answer {
        self.send(request("GET", who, path, None)).await
    }

    pub async fn post(&self, who: &Person, path: &str, body: Json) -> Answer {
        self.send(request("POST", who, path, Some(body))).await
    }

    pub async fn put(&self, who: &Person, path: &str, body: Json) -> Answer {
        self.send(request("PUT", who, path, Some(body))).await
    }

    pub async fn patch(&self, who: &Person, path: &str, body: Json) -> Answer {
        self.send(request("PATCH", who, path, Some(body))).await
    }

    pub async fn delete(&self, who: &Person, path: &str) -> Answer {
        self.send(request("DELETE", who, path, None)).await
    }

    /// Makes something and answers it.
    pub async fn made(&self, who: &Person, path: &str, body: Json) -> Json {
        let answer = self.post(who, path, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json
    }

    /// A connection and a mapped user.
    pub async fn mapped(&self, login: &str) -> Person {
        let user = self.user(login).await;
        if self.services.store.connection("hq").await.expect("store").is_none() {
            self.made(&self.admin, "/api/admin/connections", connection("hq")).await;
        }
        let body = json!({"user": login, "connection": "hq", "address": format!("{login}@crm.test")});
        self.made(&self.admin, "/api/admin/users", body).await;
        user
    }
}

/// A connection that is well.
pub fn connection(name: &str) -> Json {
    json!({"name": name, "url": "https://mail.crm.test/EWS/Exchange.asmx", "user": "svc@crm.test", "password": "secret-word"})
}

/// A request with a token and a JSON body.
pub fn request(method: &str, who: &Person, path: &str, body: Option<Json>) -> Request<Body> {
    let builder =
        Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {}", who.token));
    let body = match body {
        Some(body) => Body::from(body.to_string()),
        None => Body::empty(),
    };
    builder.body(body).expect("a request")
}

impl Answer {
    /// The code of a refusal, after checking its shape.
    pub fn code(&self) -> &str {
        let error = &self.json["error"];
        assert!(error["message"].is_string(), "{}", self.text);
        assert!(error["where"].is_array(), "{}", self.text);
        error["code"].as_str().expect("a code")
    }

    /// The fields a refusal names, in order of their names.
    pub fn faults(&self) -> Vec<String> {
        let list = self.json["error"]["where"].as_array().expect("faults");
        let mut names: Vec<String> = list
            .iter()
            .map(|fault| {
                assert!(fault["problem"].is_string());
                fault["field"].as_str().expect("a field").to_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// The entries of a list.
    pub fn items(&self) -> &Vec<Json> {
        self.json["items"].as_array().unwrap_or_else(|| panic!("no list: {}", self.text))
    }
}

/// The id of something.
pub fn id(json: &Json) -> &str {
    json["id"].as_str().expect("an id")
}

async fn person(services: &Services, login: &str, admin: bool) -> Person {
    let operator = Actor::administrator(EmployeeId::new("operator"), "test");
    let draft = EmployeeDraft {
        login: Some(login.to_owned()),
        admin,
        addresses: vec![format!("{login}@crm.test")],
        fields: [(Path::of(Field::FirstName), Value::text(login)), (Path::of(Field::LastName), Value::text("Tester"))]
            .into(),
        ..EmployeeDraft::default()
    };
    let employee = services.crm.create_employee(&operator, &draft, services.clock.now()).await.expect("an employee");
    let made = ops::token::make(services, &operator, login, "test", None).await.expect("a token");
    Person { id: employee.id.to_string(), token: made.text.expose_secret().to_owned() }
}

//! A CRM and two Exchange servers with the people who work in both; cycles are run by hand, on a clock that stands still
//! between them. The CRM is spoken to by its API, the mailboxes by EWS over a real socket.

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use crm::{Actor, Crm, EmployeeDraft, EmployeeId, Place};
use emulator::{Emulator, EmulatorOptions, MailboxSpec, Site};
use engine::CycleReport;
use engine::port::{Clock, Dice};
use jiff::Timestamp;
use model::{CrmId, Field, PairingId, Path, Value};
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use server::{Services, api, ops};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::secrets::SecretKey;
use store::{Store, StoreOptions};
use tempfile::TempDir;
use tower::ServiceExt;

/// The password of every mailbox and of the service account.
pub const PASSWORD: &str = "secret-word";
/// The account that synchronises.
pub const SERVICE: &str = "svc@crm.test";
/// Monday, 21 September 2026, ten o'clock in Berlin.
const BEGIN: &str = "2026-09-21T08:00:00Z";
/// Rounds after which everything must have come to rest.
const ROUNDS: usize = 12;

/// A clock that stands still until it is moved.
pub struct StillClock(AtomicI64);

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).expect("within the calendar")
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

/// Somebody who works with the CRM and, mostly, a mailbox.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub login: String,
    pub token: String,
    pub address: String,
}

/// The CRM, the servers and the administrator.
pub struct World {
    pub services: Services,
    pub hq: Emulator,
    pub branch: Emulator,
    pub admin: Person,
    clock: Arc<StillClock>,
    router: Router,
    _folder: TempDir,
}

impl World {
    /// A CRM with an administrator, and two servers of one site, both configured as connections.
    pub async fn new() -> World {
        let begin: Timestamp = BEGIN.parse().expect("a time");
        let clock = Arc::new(StillClock(AtomicI64::new(begin.as_second())));
        let time: Arc<dyn Clock> = clock.clone();
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        let options =
            StoreOptions { url: format!("sqlite:{}", file("sync.db").display()), clock: server::clock::now_of(&time) };
        let store = Store::open(options).await.expect("a store");
        store.migrate().await.expect("tables");
        let crm = Crm::open(&Place::File(file("crm.db")), clock.now()).await.expect("a CRM");
        let dice = Arc::new(CountingDice(AtomicU64::new(1)));
        let services = Services::of(store, crm, CrmId::new("crm"), time, dice, SecretKey::new([7; 32]));
        let site = Site::new(7);
        let [hq, branch] = [(); 2].map(|()| {
            let clock = clock.clone();
            let server = Emulator::new(EmulatorOptions::new(7, Arc::new(move || clock.now())).in_site(&site));
            server.add_service_account(SERVICE, PASSWORD);
            server
        });
        let router = api::router(services.clone());
        let admin = bootstrap(&services).await;
        let world = World { services, hq, branch, admin, clock, router, _folder: folder };
        for (name, server) in [("hq", world.hq.clone()), ("branch", world.branch.clone())] {
            let url = listen(&server).await;
            world.connect(name, &url).await;
        }
        world.settings(json!({"extract_start": {"days_ago": 90}})).await;
        world
    }

    /// A world with Anna and Bob, mapped.
    pub async fn with_two() -> (World, Person, Person) {
        let world = World::new().await;
        let anna = world.user("anna").await;
        let bob = world.user("bob").await;
        (world, anna, bob)
    }

    /// A further connection to headquarters.
    pub async fn connection_to_hq(&self, name: &str) {
        self.connect(name, &listen(&self.hq).await).await;
    }

    async fn connect(&self, name: &str, url: &str) {
        let body = json!({"name": name, "url": url, "user": SERVICE, "password": PASSWORD, "impersonate": true});
        self.made(&self.admin, "/api/admin/connections", body).await;
    }

    /// A user of the CRM with a mailbox at headquarters, not mapped.
    pub async fn hire(&self, login: &str) -> Person {
        self.hire_into(login, &[]).await
    }

    /// The same, holding positions.
    pub async fn hire_into(&self, login: &str, positions: &[&str]) -> Person {
        let person = self.colleague(login, positions).await;
        let name = format!("{} Tester", capital(login));
        self.hq.add_mailbox(MailboxSpec::user(&person.address, &name, PASSWORD)).expect("a new address");
        person
    }

    /// A user of the CRM without a mailbox.
    pub async fn colleague(&self, login: &str, positions: &[&str]) -> Person {
        let address = format!("{login}@crm.test");
        let body = json!({
            "login": login, "first_name": capital(login), "last_name": "Tester",
            "addresses": [address], "positions": positions, "zone": "Europe/Berlin",
        });
        let made = self.made(&self.admin, "/api/crm/employees", body).await;
        let operator = Actor::administrator(EmployeeId::new("operator"), "test");
        let token = ops::token::make(&self.services, &operator, login, "test", None).await.expect("a token");
        Person { id: id(&made), login: login.to_owned(), token: token.text.expose_secret().to_owned(), address }
    }

    /// Maps a user to his mailbox at headquarters.
    pub async fn map(&self, who: &Person) {
        let body = json!({"user": who.login, "connection": "hq", "address": who.address});
        self.made(&self.admin, "/api/admin/users", body).await;
    }

    /// A user with a mailbox, mapped.
    pub async fn user(&self, login: &str) -> Person {
        let person = self.hire(login).await;
        self.map(&person).await;
        person
    }

    /// Time passes.
    pub fn pass_s(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Days pass.
    pub fn pass_days(&self, days: i64) {
        self.pass_s(days * 86_400);
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The pairing of a user.
    pub async fn pairing(&self, who: &Person) -> PairingId {
        ops::user::pairing(&self.services, &who.login).await.expect("mapped").id
    }

    /// One cycle of one user, however it ends.
    pub async fn cycle(&self, who: &Person) -> CycleReport {
        self.pass_s(2);
        ops::cycle::read_crm(&self.services, &self.services.crm_id).await.expect("the CRM is read");
        let pairing = self.pairing(who).await;
        let report = self.services.engine.cycle(&pairing).await.expect("a cycle");
        self.no_mail_of_ours();
        report
    }

    /// Cycles of these users in turn until nothing is left to do; answers every report that was not quiet.
    pub async fn sync(&self, people: &[&Person]) -> Vec<CycleReport> {
        let mut reports = Vec::new();
        for _ in 0..ROUNDS {
            let mut quiet = true;
            for who in people {
                let report = self.cycle(who).await;
                assert_eq!(report.trouble, None, "{}", who.login);
                if !report.is_quiet() {
                    quiet = false;
                    reports.push(report);
                }
            }
            if quiet {
                return reports;
            }
        }
        panic!("does not come to rest: {:?}", reports.last());
    }

    /// Rule C9: whatever happened, no request of the sync asked a server to send mail.
    pub fn no_mail_of_ours(&self) {
        assert!(self.hq.sink().iter().all(|mail| mail.account != SERVICE), "the sync sent mail");
    }

    /// Asks the API; the status and the answer.
    pub async fn ask(&self, who: &Person, method: &str, path: &str, body: Option<&Json>) -> (u16, Json) {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", who.token))
            .body(body)
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router answers everything");
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Json::Null))
    }

    /// Asks for something that must be granted.
    pub async fn done(&self, who: &Person, method: &str, path: &str, body: Option<&Json>) -> Json {
        let (status, json) = self.ask(who, method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {json}");
        json
    }

    /// Makes something.
    pub async fn made(&self, who: &Person, path: &str, body: Json) -> Json {
        self.done(who, "POST", path, Some(&body)).await
    }

    /// Reads something.
    pub async fn get(&self, who: &Person, path: &str) -> Json {
        self.done(who, "GET", path, None).await
    }

    /// The entries of a list or view.
    pub async fn list(&self, who: &Person, path: &str) -> Vec<Json> {
        let page = self.get(who, path).await;
        page["items"].as_array().unwrap_or_else(|| panic!("no list: {page}")).clone()
    }

    /// The entries of one of the five views.
    pub async fn view(&self, who: &Person, view: &str) -> Vec<Json> {
        self.list(who, &format!("/api/crm/views/{view}")).await
    }

    /// The only entry of one of the five views.
    pub async fn only(&self, who: &Person, view: &str) -> Json {
        let mut all = self.view(who, view).await;
        assert_eq!(all.len(), 1, "{view}: {all:?}");
        all.remove(0)
    }

    /// Makes a contact; its id.
    pub async fn contact(&self, who: &Person, body: Json) -> String {
        id(&self.made(who, "/api/crm/contacts", body).await)
    }

    /// Makes a contact that is on its maker's Sync List.
    pub async fn listed(&self, who: &Person, last: &str) -> String {
        self.contact(
            who,
            json!({"first_name": "Ida", "last_name": last, "email1": format!("{}@out.test", last.to_lowercase()), "job_title": "Buyer",
                "on_sync_list": true}),
        )
        .await
    }

    /// Makes an activity; its id.
    pub async fn activity(&self, who: &Person, body: Json) -> String {
        id(&self.made(who, "/api/crm/activities", body).await)
    }

    /// Makes an appointment on a day at ten, one hour; its id.
    pub async fn appointment(&self, who: &Person, subject: &str, day: &str) -> String {
        self.activity(who, appointment(subject, day)).await
    }

    /// Reads a contact.
    pub async fn read_contact(&self, who: &Person, id: &str) -> Json {
        self.get(who, &format!("/api/crm/contacts/{id}")).await
    }

    /// Reads an activity.
    pub async fn read_activity(&self, who: &Person, id: &str) -> Json {
        self.get(who, &format!("/api/crm/activities/{id}")).await
    }

    /// Whether a record can be read.
    pub async fn is_there(&self, who: &Person, path: &str) -> bool {
        let (status, json) = self.ask(who, "GET", path, None).await;
        match status {
            200 => true,
            404 => false,
            other => panic!("{path}: {other} {json}"),
        }
    }

    /// Changes a record of the CRM as it stands now.
    pub async fn edit(&self, who: &Person, path: &str, mut change: Json) -> Json {
        change["version"] = self.get(who, path).await["version"].clone();
        self.done(who, "PATCH", path, Some(&change)).await
    }

    /// Changes a contact.
    pub async fn edit_contact(&self, who: &Person, id: &str, change: Json) -> Json {
        self.edit(who, &format!("/api/crm/contacts/{id}"), change).await
    }

    /// Changes an activity.
    pub async fn edit_activity(&self, who: &Person, id: &str, change: Json) -> Json {
        self.edit(who, &format!("/api/crm/activities/{id}"), change).await
    }

    /// Deletes a record of the CRM as it stands now.
    pub async fn delete(&self, who: &Person, path: &str) {
        let version = self.get(who, path).await["version"].clone();
        self.done(who, "DELETE", &format!("{path}?version={version}"), None).await;
    }

    /// Add To Sync List.
    pub async fn enlist(&self, who: &Person, record: &str) {
        self.made(who, "/api/crm/sync-list", json!({"record": record})).await;
    }

    /// Remove From Sync List.
    pub async fn delist(&self, who: &Person, record: &str) {
        self.done(who, "DELETE", &format!("/api/crm/sync-list?record={record}"), None).await;
    }

    /// Changes settings for all.
    pub async fn settings(&self, patch: Json) {
        self.done(&self.admin, "PATCH", "/api/admin/settings", Some(&patch)).await;
    }

    /// Sets ceilings.
    pub async fn ceilings(&self, levels: Json) {
        self.done(&self.admin, "PATCH", "/api/admin/levels", Some(&levels)).await;
    }

    /// Sets a user's own levels.
    pub async fn levels(&self, who: &Person, levels: Json) {
        self.done(&self.admin, "PATCH", &format!("/api/admin/users/{}/levels", who.login), Some(&levels)).await;
    }

    /// Changes a mapping.
    pub async fn mapping(&self, who: &Person, change: Json) {
        self.done(&self.admin, "PATCH", &format!("/api/admin/users/{}", who.login), Some(&change)).await;
    }

    /// How a user stands.
    pub async fn status(&self, who: &Person) -> Json {
        self.get(&self.admin, &format!("/api/admin/users/{}", who.login)).await
    }

    /// What waits in quarantine for a user.
    pub async fn quarantine(&self, who: &Person) -> Vec<Json> {
        self.list(&self.admin, &format!("/api/admin/quarantine?user={}", who.login)).await
    }

    /// The questions asked about a user's records.
    pub async fn held(&self, who: &Person) -> Vec<Json> {
        self.list(&self.admin, &format!("/api/admin/held?user={}", who.login)).await
    }
}

/// An appointment of the CRM on a day at ten in Berlin.
pub fn appointment(subject: &str, day: &str) -> Json {
    json!({"display": "Calendar and Activities", "subject": subject,
        "start": berlin(&format!("{day}T10:00:00")), "end": berlin(&format!("{day}T11:00:00"))})
}

/// A to-do of the CRM.
pub fn to_do(subject: &str, due: &str) -> Json {
    json!({"display": "To Do and Activities", "subject": subject, "due_day": due})
}

/// A time in Berlin.
pub fn berlin(wall: &str) -> Json {
    json!({"wall": wall, "zone": "Europe/Berlin"})
}

/// The id of something.
pub fn id(json: &Json) -> String {
    json["id"].as_str().unwrap_or_else(|| panic!("no id: {json}")).to_owned()
}

fn capital(login: &str) -> String {
    login[..1].to_uppercase() + &login[1..]
}

async fn listen(server: &Emulator) -> String {
    let free = "127.0.0.1:0".parse().expect("an address");
    let (listener, address) = emulator::listen::bind(free).await.expect("a free port");
    tokio::spawn(emulator::listen::serve(listener, server.router(), None, std::future::pending()));
    format!("http://{address}/EWS/Exchange.asmx")
}

async fn bootstrap(services: &Services) -> Person {
    let operator = Actor::administrator(EmployeeId::new("operator"), "test");
    let draft = EmployeeDraft {
        login: Some("root".to_owned()),
        admin: true,
        addresses: vec!["root@crm.test".to_owned()],
        fields: [(Path::of(Field::LastName), Value::text("Root"))].into(),
        ..EmployeeDraft::default()
    };
    let employee = services.crm.create_employee(&operator, &draft, services.clock.now()).await.expect("an employee");
    let token = ops::token::make(services, &operator, "root", "test", None).await.expect("a token");
    Person {
        id: employee.id.to_string(),
        login: "root".to_owned(),
        token: token.text.expose_secret().to_owned(),
        address: "root@crm.test".to_owned(),
    }
}

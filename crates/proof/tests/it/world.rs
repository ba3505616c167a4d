//! A CRM and two Exchange servers with the people who work in both; cycles are run by hand, on a clock that stands still
//! between them. The CRM is spoken to by its API, the mailboxes by EWS over a real socket.

use crate::api::id;
use crate::database::Databases;
use async_trait::async_trait;
use axum::Router;
use crm::{Actor, Crm, EmployeeDraft, EmployeeId};
use emulator::{Emulator, EmulatorOptions, MailboxSpec, Site};
use engine::CycleReport;
use engine::port::{Clock, Dice};
use jiff::{SignedDuration, Timestamp};
use model::{CrmId, Field, PairingId, Path, Value};
use secrecy::ExposeSecret;
use serde_json::json;
use server::clock::MachineClock;
use server::{Listener, Services, api, ops};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use store::secrets::SecretKey;
use store::{Store, StoreOptions};

/// The password of every mailbox and of the service account.
pub const PASSWORD: &str = "secret-word";
/// The account that synchronises.
pub const SERVICE: &str = "svc@crm.test";
/// What envelopes stored passwords.
pub const KEY: [u8; 32] = [7; 32];
/// Monday, 21 September 2026, ten o'clock in Berlin.
const BEGIN: &str = "2026-09-21T08:00:00Z";
/// Rounds after which everything must have come to rest.
const ROUNDS: usize = 12;

/// A clock that stands still until it is moved.
pub struct StillClock(AtomicI64);

impl StillClock {
    /// Time passes.
    pub fn pass_s(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

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
    /// What moves the time; the machine moves it by itself.
    clock: Option<Arc<StillClock>>,
    pub router: Router,
    pub databases: Databases,
    /// An administrator turned mail on.
    mail: AtomicBool,
}

impl World {
    /// A CRM with an administrator, and two servers of one site, both configured as connections.
    pub async fn new() -> World {
        let begin: Timestamp = BEGIN.parse().expect("a time");
        let clock = Arc::new(StillClock(AtomicI64::new(begin.as_second())));
        World::on(clock.clone(), Some(clock), 0).await
    }

    /// The same where the store's own clock is so many seconds ahead.
    pub async fn with_store_clock_off_by(seconds: i64) -> World {
        let begin: Timestamp = BEGIN.parse().expect("a time");
        let clock = Arc::new(StillClock(AtomicI64::new(begin.as_second())));
        World::on(clock.clone(), Some(clock), seconds).await
    }

    /// The same on the machine's clock, served: the worker runs the cycles. Answers where the API and headquarters are.
    pub async fn served() -> (World, String, String) {
        let world = World::on(Arc::new(MachineClock), None, 0).await;
        world.settings(json!({"interval_s": 1, "net_interval_s": 1})).await;
        let free = "127.0.0.1:0".parse().expect("an address");
        let listener = Listener::open(free).await.expect("a free port");
        let api = format!("http://{}", listener.address().expect("an address"));
        tokio::spawn(server::serve_with(world.services.clone(), listener, std::future::pending()));
        let connection = world.get(&world.admin, "/api/admin/connections/hq").await;
        let ews = connection["url"].as_str().expect("an address").to_owned();
        (world, api, ews)
    }

    /// The same on the machine's clock; whoever serves it, serves it from outside.
    pub async fn in_real_time() -> World {
        World::on(Arc::new(MachineClock), None, 0).await
    }

    async fn on(time: Arc<dyn Clock>, clock: Option<Arc<StillClock>>, off_s: i64) -> World {
        let databases = Databases::fresh().await;
        let now = server::clock::now_of(&time);
        let off = SignedDuration::from_secs(off_s);
        let of_leases = Arc::new(move || now().checked_add(off).expect("within the calendar"));
        let options = StoreOptions { url: databases.store.clone(), clock: of_leases };
        let store = Store::open(options).await.expect("a store");
        store.migrate().await.expect("tables");
        let crm = Crm::open(&databases.crm, time.now()).await.expect("a CRM");
        let dice = Arc::new(CountingDice(AtomicU64::new(1)));
        let services = Services::of(store, crm, CrmId::new("crm"), time.clone(), dice, SecretKey::new(KEY));
        let site = Site::new(7);
        let [hq, branch] = [(); 2].map(|()| {
            let now = server::clock::now_of(&time);
            let server = Emulator::new(EmulatorOptions::new(7, now).in_site(&site));
            server.add_service_account(SERVICE, PASSWORD);
            server
        });
        let router = api::router(services.clone());
        let admin = bootstrap(&services).await;
        let world = World { services, hq, branch, admin, clock, router, databases, mail: AtomicBool::new(false) };
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

    /// A user who lives in another zone, mapped.
    pub async fn user_in(&self, login: &str, zone: &str) -> Person {
        let person = self.colleague_in(login, &[], zone).await;
        let name = format!("{} Tester", capital(login));
        self.hq.add_mailbox(MailboxSpec::user(&person.address, &name, PASSWORD)).expect("a new address");
        self.map(&person).await;
        person
    }

    /// A user of the CRM without a mailbox.
    pub async fn colleague(&self, login: &str, positions: &[&str]) -> Person {
        self.colleague_in(login, positions, "Europe/Berlin").await
    }

    async fn colleague_in(&self, login: &str, positions: &[&str], zone: &str) -> Person {
        let address = format!("{login}@crm.test");
        let body = json!({
            "login": login, "first_name": capital(login), "last_name": "Tester",
            "addresses": [address], "positions": positions, "zone": zone,
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
        self.hand().pass_s(seconds);
    }

    /// What moves the time.
    pub fn hand(&self) -> Arc<StillClock> {
        Arc::clone(self.clock.as_ref().expect("a clock that is moved by hand"))
    }

    /// Days pass.
    pub fn pass_days(&self, days: i64) {
        self.pass_s(days * 86_400);
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
        let report = Box::pin(self.services.engine.cycle(&pairing)).await.expect("a cycle");
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

    /// A copy of what the synchronisation remembers, by the means of its database.
    pub async fn backup(&self) {
        if self.databases.store.starts_with("sqlite:") {
            self.services.store.backup(&self.databases.copy()).await.expect("a copy");
        } else {
            self.databases.keep_tables().await;
        }
    }

    /// The same world with the copy in place; the CRM and the mailboxes are as they are.
    pub async fn restored(mut self) -> World {
        let hand = self.hand();
        let time: Arc<dyn Clock> = hand.clone();
        let options = StoreOptions { url: self.databases.store.clone(), clock: server::clock::now_of(&time) };
        self.services.store.close().await;
        let store = if self.databases.store.starts_with("sqlite:") {
            Store::restore_backup(&self.databases.copy(), options).await.expect("restored")
        } else {
            self.databases.put_tables_back().await;
            let store = Store::open(options).await.expect("a store");
            store.renew_epoch().await.expect("an epoch");
            store
        };
        // Dice that give no number again.
        let dice = Arc::new(CountingDice(AtomicU64::new(1 << 40)));
        let (crm, id) = (self.services.crm.clone(), self.services.crm_id.clone());
        self.services = Services::of(store, crm, id, time, dice, SecretKey::new(KEY));
        self.router = api::router(self.services.clone());
        self
    }

    /// The same world after the server was stopped and started: nothing is known but what its databases hold.
    pub async fn restarted(mut self) -> World {
        let time: Arc<dyn Clock> = self.hand();
        let options = StoreOptions { url: self.databases.store.clone(), clock: server::clock::now_of(&time) };
        self.services.store.close().await;
        let store = Store::open(options).await.expect("a store");
        let dice = Arc::new(CountingDice(AtomicU64::new(1 << 41)));
        let (crm, id) = (self.services.crm.clone(), self.services.crm_id.clone());
        self.services = Services::of(store, crm, id, time, dice, SecretKey::new(KEY));
        self.router = api::router(self.services.clone());
        self
    }

    /// Ends every connection to the databases.
    pub async fn close(&self) {
        self.services.store.close().await;
        self.services.crm.close().await;
    }

    /// From now on what the sync makes the servers send is the story's to judge.
    pub fn mail_may_be_sent(&self) {
        self.mail.store(true, Ordering::Relaxed);
    }

    /// Rule C9: whatever happened, no request of the sync asked a server to send mail.
    pub fn no_mail_of_ours(&self) {
        if self.mail.load(Ordering::Relaxed) {
            return;
        }
        assert!(self.hq.sink().iter().all(|mail| mail.account != SERVICE), "the sync sent mail");
    }
}

fn capital(login: &str) -> String {
    login[..1].to_uppercase() + &login[1..]
}

/// Opens a port for a server; where it answers.
pub async fn listen(server: &Emulator) -> String {
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

//! The worker against Exchange servers in memory: a change in the CRM crosses by hints, and one user's trouble is not
//! another's.

use crate::world::{Person, World, id};
use axum::http::StatusCode;
use emulator::{Emulator, EmulatorOptions, FaultAction, MailboxSpec, RequestInfo};
use engine::port::{Directory, Maps, Remote, Remotes, Trouble};
use serde_json::json;
use server::clock::{MachineClock, MachineDice, now_of};
use server::ops::user::Whom;
use server::{ops, worker};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A world in real time, with an Exchange.
pub(crate) async fn world() -> (World, Emulator) {
    let world = World::with(Arc::new(MachineClock), Arc::new(MachineDice)).await;
    let emulator = usual(&world, "hq").await;
    (world, emulator)
}

/// An Exchange 2016 and the connection to it.
async fn usual(world: &World, name: &str) -> Emulator {
    let emulator = Emulator::new(EmulatorOptions::new(1, now_of(&world.services.clock)));
    exchange(world, name, &emulator).await;
    emulator
}

/// Puts an Exchange on loopback and makes the connection to it; gives its address.
pub(crate) async fn exchange(world: &World, name: &str, emulator: &Emulator) -> String {
    emulator.add_service_account("svc@crm.test", "secret-word");
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let (listener, bound) = emulator::listen::bind(address).await.expect("a port");
    tokio::spawn(emulator::listen::serve(listener, emulator.router(), None, std::future::pending()));
    let url = format!("http://{bound}/EWS/Exchange.asmx");
    let connection = json!({"name": name, "url": url, "user": "svc@crm.test", "password": "secret-word"});
    world.made(&world.admin, "/api/admin/connections", connection).await;
    url
}

/// A user with a mailbox, mapped.
pub(crate) async fn mapped(world: &World, emulator: &Emulator, connection: &str, login: &str) -> Person {
    let user = world.user(login).await;
    let address = format!("{login}@crm.test");
    emulator.add_mailbox(MailboxSpec::user(&address, login, "own")).expect("a mailbox");
    let body = json!({"user": login, "connection": connection, "address": address});
    world.made(&world.admin, "/api/admin/users", body).await;
    user
}

pub(crate) async fn listed_contact(world: &World, user: &Person, name: &str) -> String {
    let body =
        json!({"first_name": name, "last_name": "Iron", "email1": format!("{name}@x.test"), "on_sync_list": true});
    id(&world.made(user, "/api/crm/contacts", body).await).to_owned()
}

/// Tells each request's operation and mailbox.
pub(crate) fn watched(
    emulator: &Emulator,
    fault: impl Fn(&RequestInfo) -> Option<FaultAction> + Send + Sync + 'static,
) -> mpsc::UnboundedReceiver<(String, String)> {
    let (tell, told) = mpsc::unbounded_channel();
    emulator.on_request(Some(Arc::new(move |request: &RequestInfo| {
        // The receiver may be gone at the end of the test.
        drop(tell.send((request.operation.clone(), request.mailbox.clone().unwrap_or_default())));
        fault(request)
    })));
    told
}

pub(crate) async fn until(told: &mut mpsc::UnboundedReceiver<(String, String)>, operation: &str, mailbox: &str) {
    let wanted = async {
        while let Some((seen, of)) = told.recv().await {
            if seen == operation && of == mailbox {
                return;
            }
        }
        panic!("the server went away");
    };
    tokio::time::timeout(LONG, wanted).await.unwrap_or_else(|_| panic!("no {operation} for {mailbox}"));
}

// E4: with hints a change crosses long before the interval of a minute.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_made_through_the_api_reaches_the_mailbox_by_hints() {
    let (world, emulator) = world().await;
    let anna = mapped(&world, &emulator, "hq", "anna").await;
    let first = ops::cycle::run(&world.services, &Whom::User("anna".to_owned())).await.expect("a first cycle");
    assert_eq!(first[0].trouble, None);
    let mut told = watched(&emulator, |_| None);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker::run(world.services.clone(), stopped));
    listed_contact(&world, &anna, "Ida").await;
    until(&mut told, "CreateItem", "anna@crm.test").await;
    stop.send_replace(true);
    tokio::time::timeout(LONG, running).await.expect("it stops").expect("no panic");
    assert_eq!(emulator.items("anna@crm.test", "contacts").expect("a folder").len(), 1);
}

// D5, E7
#[tokio::test(flavor = "multi_thread")]
async fn one_users_broken_server_delays_nobody_else() {
    let (world, well) = world().await;
    let ill = usual(&world, "branch").await;
    mapped(&world, &ill, "branch", "ill").await;
    let bob = mapped(&world, &well, "hq", "bob").await;
    let mut broken = watched(&ill, |_| Some(FaultAction::LoginPage));
    let mut told = watched(&well, |_| None);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker::run(world.services.clone(), stopped));
    tokio::time::timeout(LONG, broken.recv()).await.expect("it was asked").expect("there");
    listed_contact(&world, &bob, "Ida").await;
    until(&mut told, "CreateItem", "bob@crm.test").await;
    stop.send_replace(true);
    tokio::time::timeout(LONG, running).await.expect("it stops").expect("no panic");
    let ill = world.get(&world.admin, "/api/admin/users/ill").await;
    assert_eq!(ill.json["state"], json!("trouble"), "{}", ill.text);
    assert!(ill.json["trouble"].as_str().is_some_and(|why| !why.is_empty()));
    assert_eq!(world.get(&world.admin, "/api/admin/users/bob").await.json["trouble"], json!(null));
}

// W1, W2
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_and_an_explanation_write_nothing_and_the_cycle_does_what_they_said() {
    let (world, emulator) = world().await;
    let anna = mapped(&world, &emulator, "hq", "anna").await;
    let contact = listed_contact(&world, &anna, "Ida").await;
    let plan = world.get(&world.admin, "/api/admin/users/anna/plan").await;
    assert_eq!(plan.status, StatusCode::OK, "{}", plan.text);
    let creates: Vec<_> =
        plan.json["lines"].as_array().expect("lines").iter().filter(|line| line["what"] == json!("create")).collect();
    assert_eq!(creates.len(), 1, "{}", plan.text);
    assert_eq!(creates[0]["crm"], json!(contact));
    assert!(emulator.items("anna@crm.test", "contacts").expect("a folder").is_empty(), "W1");
    let done = ops::cycle::run(&world.services, &Whom::All).await.expect("cycles");
    assert_eq!(done.len(), 1);
    let made: u32 =
        done[0].counts.iter().filter(|line| line.what == store::Count::Created).map(|line| line.records).sum();
    assert_eq!((made, done[0].trouble.clone()), (1, None));
    assert_eq!(emulator.items("anna@crm.test", "contacts").expect("a folder").len(), 1);
    let path = format!("/api/admin/users/anna/explain?side=crm&kind=contact&record={contact}");
    let explained = world.get(&world.admin, &path).await;
    assert_eq!(explained.status, StatusCode::OK, "{}", explained.text);
    assert!(explained.json["pim"].is_string(), "{}", explained.text);
    let again = world.get(&world.admin, "/api/admin/users/anna/plan").await;
    assert_eq!(again.json["lines"], json!([]), "{}", again.text);
    let history = world.get(&world.admin, &format!("/api/admin/history?side=crm&record={contact}")).await;
    assert_eq!(history.items()[0]["what"], json!("create"), "{}", history.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_and_the_right_one_cures() {
    let (world, emulator) = world().await;
    mapped(&world, &emulator, "hq", "anna").await;
    world.patch(&world.admin, "/api/admin/connections/hq", json!({"password": "wrong"})).await;
    let done = ops::cycle::run(&world.services, &Whom::User("anna".to_owned())).await.expect("a cycle");
    let trouble = done[0].trouble.clone().expect("trouble");
    assert!(trouble.contains("password"), "{trouble}");
    let plan = world.get(&world.admin, "/api/admin/users/anna/plan").await;
    assert_eq!(plan.status, StatusCode::SERVICE_UNAVAILABLE, "{}", plan.text);
    assert_eq!(plan.code(), "unavailable");
    world.patch(&world.admin, "/api/admin/connections/hq", json!({"password": "secret-word"})).await;
    let done = ops::cycle::run(&world.services, &Whom::User("anna".to_owned())).await.expect("a cycle");
    assert_eq!(done[0].trouble, None);
    assert_eq!(world.get(&world.admin, "/api/admin/users/anna").await.json["state"], json!("ok"));
}

/// Breaks off whenever one user's sides are opened.
struct Breaking {
    inner: Arc<dyn Remotes>,
    user: String,
    told: mpsc::UnboundedSender<()>,
}

#[async_trait::async_trait]
impl Remotes for Breaking {
    async fn open(
        &self,
        pairing: &store::Pairing,
        maps: Arc<Maps>,
    ) -> Result<(Box<dyn Remote>, Box<dyn Remote>), Trouble> {
        if pairing.user.as_str() == self.user {
            // The receiver may be gone at the end of the test.
            let _ = self.told.send(());
            panic!("on purpose");
        }
        self.inner.open(pairing, maps).await
    }

    fn directory(&self, crm: &model::CrmId) -> Arc<dyn Directory> {
        self.inner.directory(crm)
    }
}

// E7
#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_that_breaks_off_takes_nobody_with_it() {
    let (world, emulator) = world().await;
    let ill = mapped(&world, &emulator, "hq", "ill").await;
    let bob = mapped(&world, &emulator, "hq", "bob").await;
    let (told, mut broke) = mpsc::unbounded_channel();
    let services = world.services.clone().with_remotes(|inner| Arc::new(Breaking { inner, user: ill.id, told }));
    let mut seen = watched(&emulator, |_| None);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker::run(services, stopped));
    tokio::time::timeout(LONG, broke.recv()).await.expect("it began").expect("there");
    listed_contact(&world, &bob, "Ida").await;
    until(&mut seen, "CreateItem", "bob@crm.test").await;
    stop.send_replace(true);
    tokio::time::timeout(LONG, running).await.expect("it stops").expect("no panic of the worker");
    assert!(world.services.metrics.text().contains("syncline_cycles_total{outcome=\"broken\"} 1"));
}

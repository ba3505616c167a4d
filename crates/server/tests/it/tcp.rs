//! `serve` over TCP, as an operator starts it: from a configuration, once per SQLite file, until it is told to stop.

use connect::http::{Network, Request};
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use server::{Config, Listener, Services, clock, ops, serve_with};
use std::net::SocketAddr;
use std::path::Path;
use store::secrets::SecretKey;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

fn configuration(folder: &Path) -> Config {
    if !folder.join("syncline.key").exists() {
        SecretKey::create_file(&folder.join("syncline.key"), clock::bytes(&clock::MachineDice)).expect("a key file");
    }
    let file = folder.join("syncline.toml");
    let text = "listen = \"127.0.0.1:0\"\nkey_file = \"syncline.key\"\n[database]\nurl = \"sqlite:syncline.db\"\n[crm]\nurl = \"sqlite:crm.db\"\n";
    std::fs::write(&file, text).expect("written");
    Config::read(&file).expect("a configuration")
}

struct Served {
    services: Services,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

async fn start(folder: &Path) -> Served {
    let config = configuration(folder);
    let services = Services::open(&config).await.expect("opened");
    let listener = Listener::open(config.listen).await.expect("a listener");
    let address = listener.address().expect("an address");
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move { drop(stopped.await) };
    let task = tokio::spawn(serve_with(services.clone(), listener, shutdown));
    Served { services, address, stop, task }
}

async fn get(address: SocketAddr, path: &str, token: Option<&str>) -> (u16, Json) {
    let headers = token.map(|token| ("authorization".to_owned(), format!("Bearer {token}")));
    let request = Request {
        url: format!("http://{address}{path}"),
        headers: headers.into_iter().collect(),
        body: Vec::new(),
        deadline_ms: 20_000,
        most: 4_000_000,
    };
    let network = Network::new(None).expect("a network");
    let answer = network.ask("GET", &request).await.expect("an answer");
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Json::Null))
}

#[tokio::test]
async fn serve_answers_over_tcp_until_told_to_stop_and_starts_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let served = start(folder.path()).await;
    assert_eq!(get(served.address, "/health/live", None).await.0, 200);
    assert_eq!(get(served.address, "/health/ready", None).await.1["status"], json!("ok"));
    let operator = ops::operator("test");
    let draft = crm::EmployeeDraft {
        login: Some("root".to_owned()),
        admin: true,
        fields: [(model::Path::of(model::Field::LastName), model::Value::text("Root"))].into(),
        ..crm::EmployeeDraft::default()
    };
    let now = served.services.clock.now();
    served.services.crm.create_employee(&operator, &draft, now).await.expect("an employee");
    let made = ops::token::make(&served.services, &operator, "root", "test", None).await.expect("a token");
    let token = made.text.expose_secret().to_owned();
    let (status, me) = get(served.address, "/api/crm/me", Some(&token)).await;
    assert_eq!((status, &me["login"]), (200, &json!("root")));
    served.stop.send(()).expect("still serving");
    served.task.await.expect("no panic").expect("a clean end");
    served.services.store.close().await;
    served.services.crm.close().await;
    let again = start(folder.path()).await;
    assert_eq!(get(again.address, "/api/crm/me", Some(&token)).await.0, 200, "what was made is still there");
    again.stop.send(()).expect("still serving");
    again.task.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn a_second_serve_on_one_sqlite_file_is_refused_with_a_clear_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = start(folder.path()).await;
    // It serves, so it holds the claim.
    assert_eq!(get(first.address, "/health/live", None).await.0, 200);
    let second = start(folder.path()).await;
    let refused = second.task.await.expect("no panic").expect_err("refused");
    let text = format!("{refused:#}");
    assert!(text.contains("another serve"), "{text}");
    assert_eq!(get(first.address, "/health/live", None).await.0, 200, "the first goes on");
    first.stop.send(()).expect("still serving");
    first.task.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_with_its_address() {
    let first = Listener::open(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a listener");
    let address = first.address().expect("an address");
    let refused = Listener::open(address).await.expect_err("taken");
    assert!(refused.to_string().contains(&address.to_string()));
}

#[tokio::test]
async fn what_cannot_be_opened_is_told_and_nothing_is_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configuration(folder.path());
    std::fs::write(&config.key_file, "not a key").expect("written");
    let refused = Services::open(&config).await.err().expect("refused");
    assert!(format!("{refused:#}").contains("key file"), "{refused:#}");
    std::fs::remove_file(&config.key_file).expect("removed");
    let folder_as_file = format!("sqlite:{}", folder.path().display());
    let other = Config { database: folder_as_file, ..configuration(folder.path()) };
    let refused = Services::open(&other).await.err().expect("refused");
    assert!(format!("{refused:#}").contains("database"), "{refused:#}");
}

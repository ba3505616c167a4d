//! A connection whose address nobody configured: its mail domain is asked (Autodiscover), and again when the server moved.

use crate::alerts;
use crate::database::on_both;
use crate::outlook;
use crate::world::{PASSWORD, SERVICE, World};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use axum::{Router, routing};
use emulator::listen::{TlsFiles, bind, serve};
use emulator::{Application, Emulator, Offers};
use serde_json::{Value as Json, json};
use server::alert::Passed;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use wire::ews::DistinguishedFolder as Folder;

on_both!(
    a_server_that_moved_is_found_again_and_its_domain_is_not_hammered,
    an_applications_server_is_found_without_an_account_and_its_move_is_told,
);

/// A server behind an address that can be given up.
struct Address {
    url: String,
    open: Arc<AtomicBool>,
}

impl Address {
    async fn of(server: &Emulator) -> Address {
        let open = Arc::new(AtomicBool::new(true));
        let is_open = open.clone();
        let router = server.router().layer(from_fn(move |request: Request, next: Next| {
            let is_open = is_open.load(Ordering::Relaxed);
            async move { if is_open { next.run(request).await } else { StatusCode::NOT_FOUND.into_response() } }
        }));
        let (listener, address) = bind("127.0.0.1:0".parse().expect("an address")).await.expect("a free port");
        tokio::spawn(serve(listener, router, None, std::future::pending()));
        Address { url: format!("http://{address}/EWS/Exchange.asmx"), open }
    }

    fn host(&self) -> &str {
        self.url.trim_end_matches("/EWS/Exchange.asmx")
    }

    fn is_given_up(&self) {
        self.open.store(false, Ordering::Relaxed);
    }
}

/// What the mail domain answers, and how often it was asked.
struct Domain {
    host: String,
    certificate: String,
    names: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Domain {
    async fn naming(url: &str, folder: &Path) -> Domain {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let files = TlsFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
        std::fs::write(&files.cert, made.cert.pem()).expect("written");
        std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
        let certificate = files.cert.display().to_string();
        let (names, asked) = (Arc::new(Mutex::new(url.to_owned())), Arc::new(AtomicUsize::new(0)));
        let (name, count) = (names.clone(), asked.clone());
        let answer = move || {
            count.fetch_add(1, Ordering::Relaxed);
            let url = name.lock().expect("unpoisoned").clone();
            async move {
                format!(
                    "<Autodiscover><Response><Account><Action>settings</Action><Protocol><Type>EXPR</Type>\
                     <EwsUrl>{url}</EwsUrl></Protocol></Account></Response></Autodiscover>"
                )
            }
        };
        // The question that everybody may ask, and applications do.
        let (name, count) = (names.clone(), asked.clone());
        let unsigned = move |headers: HeaderMap| {
            count.fetch_add(1, Ordering::Relaxed);
            assert!(!headers.contains_key("authorization"));
            let url = name.lock().expect("unpoisoned").clone();
            async move { json!({"Protocol": "EWS", "Url": url}).to_string() }
        };
        let router = Router::new()
            .route("/autodiscover/autodiscover.xml", routing::post(answer))
            .route("/autodiscover/autodiscover.json", routing::get(unsigned));
        let (listener, address) = bind("127.0.0.1:0".parse().expect("an address")).await.expect("a free port");
        tokio::spawn(serve(listener, router, Some(files), std::future::pending()));
        Domain { host: format!("localhost:{}", address.port()), certificate, names, asked }
    }

    fn names(&self, url: &str) {
        url.clone_into(&mut self.names.lock().expect("unpoisoned"));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn connection(world: &World) -> Json {
    world.get(&world.admin, "/api/admin/connections/found").await
}

// D5, E2, L1, traps 181, 182
async fn a_server_that_moved_is_found_again_and_its_domain_is_not_hammered() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (Address::of(&world.hq).await, Address::of(&world.hq).await);
    let domain = Domain::naming(&old.url, folder.path()).await;
    let body = json!({
        "name": "found", "find_by": "anna@crm.test", "find_hosts": [domain.host], "ca_file": domain.certificate,
        "user": SERVICE, "password": PASSWORD, "impersonate": true,
    });
    let made = world.made(&world.admin, "/api/admin/connections", body).await;
    assert_eq!(made["url"], old.url);
    assert!(made["found_at"].is_string(), "{made}");
    let anna = world.hire("anna").await;
    let mapping = json!({"user": anna.login, "connection": "found", "address": anna.address});
    world.made(&world.admin, "/api/admin/users", mapping).await;
    let outlook = world.outlook(&anna);
    let item = |name| outlook::appointment(name, "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    outlook.make(Folder::Calendar, item("Before")).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 1);
    assert_eq!(domain.asked(), 1, "found once, and kept");
    // The server goes on under another address.
    old.is_given_up();
    domain.names(&new.url);
    outlook.make(Folder::Calendar, item("After")).await;
    let mut failed = 0;
    while world.cycle(&anna).await.trouble.is_some() {
        failed += 1;
        assert!(failed < 5, "it is found");
    }
    assert!(failed > 1, "one odd answer is no move");
    world.sync(&[&anna]).await;
    assert_eq!(connection(&world).await["url"], new.url);
    assert_eq!(domain.asked(), 2);
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 2);
    assert_eq!(world.hq.items(&anna.address, "calendar").expect("a folder").len(), 2, "nothing is doubled");
    // Nobody knows better: the domain is asked with growing patience.
    new.is_given_up();
    for (pass_s, asked) in [(0, 2), (61, 3), (0, 3), (61, 4), (61, 4), (61, 5)] {
        world.pass_s(pass_s);
        for _ in 0..3 {
            assert!(world.cycle(&anna).await.trouble.is_some());
        }
        assert_eq!(domain.asked(), asked, "after {pass_s} s");
    }
    // What a person sets is never replaced by what is found.
    world.done(&world.admin, "PATCH", "/api/admin/connections/found", Some(&json!({"url": old.url}))).await;
    domain.names(&new.url);
    world.pass_s(100_000);
    for _ in 0..4 {
        assert!(world.cycle(&anna).await.trouble.is_some());
    }
    let set = connection(&world).await;
    assert_eq!((&set["url"], &set["find_by"], &set["found_at"]), (&json!(old.url), &Json::Null, &Json::Null));
    assert_eq!(domain.asked(), 5);
}

// D5, E2, W5, traps 181, 182, 190
async fn an_applications_server_is_found_without_an_account_and_its_move_is_told() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new, other) = (Address::of(&world.hq).await, Address::of(&world.hq).await, Address::of(&world.hq).await);
    let provider = Address::of(&world.hq).await;
    let application = Application {
        client: SERVICE.to_owned(),
        secret: Some(PASSWORD.to_owned()),
        certificate: None,
        scope: format!("{}/.default", old.host()),
        lasts: 3_600,
    };
    world.hq.set_offers(Offers { basic: true, ntlm: None, bearer: Some(application) });
    let domain = Domain::naming(&old.url, folder.path()).await;
    let listed = new.host().trim_start_matches("http://").to_owned();
    let body = json!({
        "name": "found", "find_by": "anna@crm.test", "find_hosts": [domain.host, listed], "ca_file": domain.certificate,
        "user": SERVICE, "password": PASSWORD, "impersonate": true, "sign_in": "oauth",
        "token_url": format!("{}/any/oauth2/v2.0/token", provider.host()), "scope": format!("{}/.default", old.host()),
    });
    let made = world.made(&world.admin, "/api/admin/connections", body).await;
    assert_eq!((&made["url"], &made["moved_from"]), (&json!(old.url), &Json::Null));
    let anna = world.hire("anna").await;
    let mapping = json!({"user": anna.login, "connection": "found", "address": anna.address});
    world.made(&world.admin, "/api/admin/users", mapping).await;
    let outlook = world.outlook(&anna);
    outlook
        .make(Folder::Calendar, outlook::appointment("Before", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z"))
        .await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 1);
    let receiver = alerts::alerted(&world).await;
    assert_eq!(alerts::pass(&world).await, Passed::Quiet);
    // One that the tokens are not for, and that nobody listed, is not taken.
    old.is_given_up();
    domain.names(&other.url);
    for _ in 0..4 {
        assert!(world.cycle(&anna).await.trouble.is_some());
    }
    assert_eq!(connection(&world).await["url"], old.url);
    domain.names(&new.url);
    world.pass_s(61);
    let mut failed = 0;
    while let Some(trouble) = world.cycle(&anna).await.trouble {
        failed += 1;
        assert!(failed < 5, "it is found: {trouble:?}");
    }
    let found = connection(&world).await;
    assert_eq!((&found["url"], &found["moved_from"]), (&json!(new.url), &json!(old.url)));
    world.sync(&[&anna]).await;
    assert_eq!(world.hq.items(&anna.address, "calendar").expect("a folder").len(), 1, "nothing is doubled");
    // An administrator is told once, from where to where, and once that it is over.
    alerts::pass(&world).await;
    let told = receiver.take().remove(0)["alerts"][0].clone();
    let text = told["text"].as_str().expect("words");
    assert!(text.contains(&old.url) && text.contains(&new.url) && text.contains("found moved"), "{told}");
    assert_eq!(told["about"]["kind"], "moved");
    assert_eq!(alerts::pass(&world).await, Passed::Quiet);
    world.done(&world.admin, "PATCH", "/api/admin/connections/found", Some(&json!({"url": new.url}))).await;
    alerts::pass(&world).await;
    assert_eq!(receiver.take().remove(0)["totals"]["over"], 1);
    assert_eq!(connection(&world).await["moved_from"], Json::Null);
}

//! Nobody gets at what is not his: tokens, secrets, logs, and answers that are no answers (traps 44, 172, 173, 184, 187, 188, 191).

use crate::api::id as id_of;
use crate::database::on_both;
use crate::outlook::{self, text};
use crate::world::{PASSWORD, SERVICE, World};
use emulator::{Effect, FaultAction, RequestInfo};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use tracing::field::{Field as Name, Visit};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    no_log_of_any_level_has_content_names_addresses_or_secrets,
    the_databases_hold_no_password_and_no_token_in_clear,
    tokens_of_those_who_left_open_nothing_and_faults_are_told_at_once,
    an_answer_that_is_none_deletes_nothing_whatever_it_is,
);

/// A log that keeps every word, at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Name, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut Words(&mut self.0.lock().expect("no panic")));
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Words(&mut self.0.lock().expect("no panic")));
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut log = self.0.lock().expect("no panic");
        log.push_str(&format!("\n{} {}", event.metadata().level(), event.metadata().target()));
        event.record(&mut Words(&mut log));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

// trap 187
async fn no_log_of_any_level_has_content_names_addresses_or_secrets() {
    let log = Log::default();
    // With a second one there every place in the code asks all of them, whoever passed it first.
    let _second = tracing::Dispatch::new(Log::default());
    let guard = tracing::subscriber::set_default(log.clone());
    let (world, anna, bob) = World::with_two().await;
    let canary = "Zaunkoenig";
    let item = outlook::contact(canary, canary, "zaunkoenig@out.test", &["Siebel Contact"])
        .with(Property::Body, outlook::plain(canary));
    world.outlook(&anna).make(Folder::Contacts, item).await;
    let meeting = outlook::meeting(canary, "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z", &[&bob.address]);
    let meeting = world.outlook(&anna).invite(meeting.with(Property::Location, text(canary))).await;
    let task = world.outlook(&anna).make(Folder::Tasks, outlook::task(canary, "2026-09-28")).await;
    world.sync(&[&anna, &bob]).await;
    // Trouble is told in more words than success.
    world.hq.damage_item(&anna.address, &task, Some(emulator::Damage::Corrupt)).expect("there");
    world.outlook(&anna).edit_and_send(&meeting, vec![outlook::set(Property::Subject, text("Zaunkoenig again"))]).await;
    let contact = world.only(&anna, "my_contacts").await;
    world.edit_contact(&anna, &id_of(&contact), json!({"job_title": canary})).await;
    world.cycle(&anna).await;
    for action in
        [FaultAction::LoginPage, FaultAction::Drop { effect: Effect::None }, FaultAction::Busy { back_off_ms: 5 }]
    {
        let hook = move |request: &RequestInfo| (request.account == SERVICE).then(|| action.clone());
        world.hq.on_request(Some(Arc::new(hook)));
        world.cycle(&anna).await;
    }
    world.hq.on_request(None);
    let path = format!("/api/crm/contacts/{}", id_of(&contact));
    for body in [json!({"version": 1, "job_title": canary}), json!({"job_title": 7, canary: canary})] {
        world.ask(&anna, "PATCH", &path, Some(&body)).await;
    }
    drop(guard);
    let log = log.0.lock().expect("no panic").clone();
    assert!(log.contains("engine"), "the log was kept");
    for secret in [
        canary,
        "zaunkoenig",
        "Zaunkoenig again",
        PASSWORD,
        &anna.token,
        &world.admin.token,
        &anna.address,
        "Anna Tester",
    ] {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(secret) && !from_elsewhere(line)).collect();
        assert!(lines.is_empty(), "{secret}: {lines:?}");
    }
}

/// Lines of libraries below the emulator's socket and the database are not our words; ours are those of our crates.
fn from_elsewhere(line: &str) -> bool {
    let target = line.split(' ').nth(1).unwrap_or_default();
    target.starts_with("hyper") || target.starts_with("emulator")
}

// trap 188
async fn the_databases_hold_no_password_and_no_token_in_clear() {
    let (world, anna, _) = World::with_two().await;
    world.sync(&[&anna]).await;
    for (name, bytes) in world.databases.dump().await {
        for secret in [PASSWORD, &anna.token, &world.admin.token] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{name}");
        }
    }
    let shown = world.get(&world.admin, "/api/admin/connections").await.to_string();
    assert!(!shown.contains(PASSWORD), "{shown}");
}

// The API: whoever left has no way in, and a stale or wrong request changes nothing.
async fn tokens_of_those_who_left_open_nothing_and_faults_are_told_at_once() {
    let (world, anna, bob) = World::with_two().await;
    let record = world.contact(&anna, json!({"first_name": "Ida", "last_name": "Berg"})).await;
    let path = format!("/api/crm/contacts/{record}");
    let ask = |body: Json| {
        let (world, anna, path) = (&world, &anna, &path);
        async move { world.ask(anna, "PATCH", path, Some(&body)).await }
    };
    let (status, _) = ask(json!({"last_name": "Burg"})).await;
    assert_eq!(status, 422, "no version is named");
    let (status, answer) = ask(json!({"version": 99, "last_name": "Burg"})).await;
    assert_eq!(status, 412, "{answer}");
    let wrong = json!({"version": 1, "colour": "red", "birthday": "1980-02-30", "team": [{}], "last_name": 5});
    let (status, answer) = ask(wrong).await;
    let mut fields: Vec<&str> =
        answer["error"]["where"].as_array().expect("places").iter().filter_map(|at| at["field"].as_str()).collect();
    fields.sort_unstable();
    assert_eq!((status, fields.len() >= 3), (422, true), "{answer}");
    for field in ["birthday", "colour", "last_name"] {
        assert!(fields.contains(&field), "{field}: {answer}");
    }
    let (status, _) = ask(json!({"version": 1, "body": "x".repeat(5 * 1024 * 1024)})).await;
    assert_eq!(status, 413);
    // Two at once: one of them is told that he is late.
    let change = |who: &str| json!({"version": 1, "job_title": who});
    let (first, second) = (change("first"), change("second"));
    let (a, b) =
        tokio::join!(world.ask(&anna, "PATCH", &path, Some(&first)), world.ask(&anna, "PATCH", &path, Some(&second)));
    let mut both = [a.0, b.0];
    both.sort_unstable();
    assert_eq!(both, [200, 412]);
    world.edit(&world.admin, &format!("/api/crm/employees/{}", bob.id), json!({"active": false})).await;
    for what in ["/api/crm/views/my_contacts", "/api/crm/me", "/api/admin/users"] {
        let (status, _) = world.ask(&bob, "GET", what, None).await;
        assert_eq!(status, 401, "{what}");
    }
    let (status, _) = world.ask(&anna, "GET", "/api/admin/settings", None).await;
    assert_eq!(status, 403);
}

// traps 44, 172, 173, 184: whatever stands in an answer, nothing is deleted and nobody else is concerned.
async fn an_answer_that_is_none_deletes_nothing_whatever_it_is() {
    let (world, anna, bob) = World::with_two().await;
    for n in 0..3 {
        let item = outlook::appointment(&format!("Pim {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
        world.outlook(&anna).make(Folder::Calendar, item).await;
        world.listed(&anna, &format!("Client {n}")).await;
    }
    world.sync(&[&anna, &bob]).await;
    let before = (world.view(&anna, "my_calendar").await.len(), world.outlook(&anna).server_count());
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>&b;&c;</s:Body></s:Envelope>"#;
    let xml = "text/xml; charset=utf-8";
    let mut actions: Vec<FaultAction> = [
        (401, xml, ""),
        (403, "text/html", "<html>no</html>"),
        (404, "text/html", "<html>nothing</html>"),
        (410, xml, ""),
        (500, "text/html", "<html>oops</html>"),
        (502, "text/html", "<html>gateway</html>"),
        (503, "text/html", "<html>later</html>"),
        (200, xml, ""),
        (200, xml, bomb),
        (200, xml, "<?xml version=\"1.0\"?><html/>"),
        (200, "application/json", "{\"items\":[]}"),
        (200, xml, &"<a>".repeat(100_000)),
    ]
    .into_iter()
    .map(|(status, content_type, body)| FaultAction::Answer {
        status,
        content_type: content_type.to_owned(),
        body: body.as_bytes().to_vec(),
        effect: Effect::None,
    })
    .collect();
    for code in [
        "ErrorMailboxStoreUnavailable",
        "ErrorMailboxMoveInProgress",
        "ErrorTimeoutExpired",
        "ErrorNonExistentMailbox",
        "ErrorAccessDenied",
        "ErrorImpersonateUserDenied",
        "ErrorInternalServerTransientError",
        "ErrorItemNotFound",
        "ErrorFolderNotFound",
        "ErrorInvalidSyncStateData",
    ] {
        actions.push(FaultAction::Fault { code: code.to_owned() });
    }
    for operation in ["", "SyncFolderItems", "GetItem", "FindItem"] {
        for action in &actions {
            let (action, address) = (action.clone(), anna.address.clone());
            let hook = move |request: &RequestInfo| {
                let hers = request.account == SERVICE && request.mailbox.as_deref() == Some(address.as_str());
                (hers && (operation.is_empty() || request.operation == operation)).then(|| action.clone())
            };
            world.hq.on_request(Some(Arc::new(hook)));
            world.cycle(&anna).await;
            world.hq.on_request(None);
            world.pass_s(1_000);
        }
    }
    world.sync(&[&anna, &bob]).await;
    let after = (world.view(&anna, "my_calendar").await.len(), world.outlook(&anna).server_count());
    assert_eq!((after, world.outlook(&anna).count(Folder::DeletedItems)), (before, 0));
    assert_eq!(world.status(&anna).await["state"], "ok");
}

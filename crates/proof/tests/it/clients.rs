//! Clients written elsewhere: exchangelib as the users' Outlook under a running server, and against the emulator alone.

use crate::world::{PASSWORD, World};
use emulator::{Emulator, EmulatorOptions, MailKind, MailboxSpec};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::process::Command;

/// A script that takes longer has met something that never comes.
const PATIENCE: Duration = Duration::from_secs(240);

/// The Python that has the clients; without one the test says so, and the check of all tests fails by that word.
pub fn python() -> Option<PathBuf> {
    let found = std::env::var_os("SYNCLINE_PYTHON").map(PathBuf::from);
    if found.is_none() {
        say_skipped("SYNCLINE_PYTHON names no Python with exchangelib");
    }
    found
}

/// DavMail's program, if it is named; it starts in a Java.
fn davmail() -> Option<String> {
    let found = std::env::var("SYNCLINE_DAVMAIL").ok();
    if found.is_none() {
        say_skipped("SYNCLINE_DAVMAIL names no DavMail");
    }
    found
}

#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn say_skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Runs a script to its end; what it printed.
pub async fn run(python: &Path, script: &str, arguments: &[&str]) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
    let mut command = Command::new(python);
    command.arg("-B").arg(file).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = ended.expect("the script comes to an end").expect("Python runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {}\n{printed}\n{errors}", output.status);
    printed
}

// O3, C4, C6, R1, R3, D1, O7, P1, C9
#[tokio::test(flavor = "multi_thread")]
async fn exchangelib_as_the_users_outlook_under_a_running_server() {
    let Some(python) = python() else { return };
    let (world, api, ews) = World::served().await;
    let mut users = Json::Object(serde_json::Map::new());
    for login in ["anna", "bob", "cleo"] {
        let user = world.user(login).await;
        users[login] = json!({"id": user.id, "address": user.address, "token": user.token});
    }
    let told = json!({"api": api, "ews": ews, "password": PASSWORD, "admin": world.admin.token, "users": users});
    let printed = run(&python, "outlook_under_serve.py", &[&told.to_string()]).await;
    assert!(printed.contains("checks passed"), "{printed}");
    // The one meeting that a person sent with SendToAllAndSaveCopy, and nothing else.
    let sink = world.hq.sink();
    let shown: Vec<(MailKind, &str, &str)> =
        sink.iter().map(|mail| (mail.kind, mail.account.as_str(), mail.subject.as_str())).collect();
    assert_eq!(shown, [(MailKind::Invitation, "anna@crm.test", "Everybody")]);
    let mut recipients = sink[0].recipients.clone();
    recipients.sort();
    assert_eq!(recipients, ["bob@crm.test", "cleo@crm.test"]);
}

/// A server with three mailboxes, on a clock that goes on by so many seconds with every look at it.
async fn organisation(step_s: i64) -> (Emulator, String) {
    let begin: Timestamp = "2026-03-01T09:00:00Z".parse().expect("a time");
    let hand = AtomicI64::new(begin.as_second());
    let clock = move || Timestamp::from_second(hand.fetch_add(step_s, Ordering::Relaxed)).expect("a time");
    let emulator = Emulator::new(EmulatorOptions::new(7, Arc::new(clock)));
    for name in ["Alice", "Bob", "Carol"] {
        let address = format!("{}@crm.test", name.to_lowercase());
        emulator.add_mailbox(MailboxSpec::user(&address, name, PASSWORD)).expect("a new address");
    }
    emulator.add_service_account("svc@crm.test", PASSWORD);
    let url = crate::world::listen(&emulator).await;
    (emulator, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn exchangelib_works_against_the_emulator_as_against_an_exchange() {
    let Some(python) = python() else { return };
    let (_emulator, url) = organisation(0).await;
    let printed = run(&python, "emulator_exchangelib.py", &[&url, PASSWORD]).await;
    assert!(printed.contains("checks passed"), "{printed}");
}

// O3, C4, C6, D3
#[tokio::test(flavor = "multi_thread")]
async fn davmail_as_a_users_client_under_a_running_server() {
    let (Some(python), Some(davmail)) = (python(), davmail()) else { return };
    let (world, api, ews) = World::served().await;
    let anna = world.user("anna").await;
    let users = json!({"anna": {"id": anna.id, "address": anna.address, "token": anna.token}});
    let told = json!({
        "api": api, "ews": ews, "password": PASSWORD, "admin": world.admin.token, "users": users, "davmail": davmail,
    });
    let printed = run(&python, "davmail_under_serve.py", &[&told.to_string()]).await;
    assert!(printed.contains("checks passed"), "{printed}");
    assert_eq!(world.hq.sink().len(), 0, "nobody was written to");
}

#[tokio::test(flavor = "multi_thread")]
async fn davmail_works_against_the_emulator_as_against_an_exchange() {
    let (Some(python), Some(davmail)) = (python(), davmail()) else { return };
    // DavMail tells versions by the second.
    let (emulator, url) = organisation(1).await;
    let printed = run(&python, "davmail_emulator.py", &[&davmail, &url, PASSWORD]).await;
    assert!(printed.contains("checks passed"), "{printed}");
    // The one meeting, which DavMail has the server send; nothing else was told to anybody.
    let sink = emulator.sink();
    assert_eq!(sink.iter().filter(|mail| mail.kind == MailKind::Invitation).count(), 1);
    assert!(sink.iter().all(|mail| mail.account == "alice@crm.test" && mail.recipients == ["bob@crm.test"]));
}

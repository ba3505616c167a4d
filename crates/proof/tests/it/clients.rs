//! Clients written elsewhere: exchangelib as the users' Outlook under a running server, and against the emulator alone.

use crate::world::{PASSWORD, World};
use emulator::{Emulator, EmulatorOptions, MailKind, MailboxSpec};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;

/// A script that takes longer has met something that never comes.
const PATIENCE: Duration = Duration::from_secs(240);

/// The Python that has the clients; without one the test says so, and the check of all tests fails by that word.
pub fn python() -> Option<PathBuf> {
    let found = std::env::var_os("SYNCLINE_PYTHON").map(PathBuf::from);
    if found.is_none() {
        say_skipped();
    }
    found
}

#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn say_skipped() {
    eprintln!("skipped: SYNCLINE_PYTHON names no Python with exchangelib");
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

#[tokio::test(flavor = "multi_thread")]
async fn exchangelib_works_against_the_emulator_as_against_an_exchange() {
    let Some(python) = python() else { return };
    let now: jiff::Timestamp = "2026-03-01T09:00:00Z".parse().expect("a time");
    let emulator = Emulator::new(EmulatorOptions::new(7, Arc::new(move || now)));
    for name in ["Alice", "Bob", "Carol"] {
        let address = format!("{}@crm.test", name.to_lowercase());
        emulator.add_mailbox(MailboxSpec::user(&address, name, PASSWORD)).expect("a new address");
    }
    emulator.add_service_account("svc@crm.test", PASSWORD);
    let url = crate::world::listen(&emulator).await;
    let printed = run(&python, "emulator_exchangelib.py", &[&url, PASSWORD]).await;
    assert!(printed.contains("checks passed"), "{printed}");
}

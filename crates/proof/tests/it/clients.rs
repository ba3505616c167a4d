//! Clients written elsewhere: exchangelib as the users' Outlook under a running server, and against the emulator alone.

use crate::world::{PASSWORD, World};
use emulator::listen::TlsFiles;
use emulator::{Application, Emulator, EmulatorOptions, ExtendedProtection, MailKind, MailboxSpec, Offers};
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

/// Where the packages of Node.js are, if they are there.
fn node_modules() -> Option<PathBuf> {
    let found = std::env::var_os("SYNCLINE_NODE_MODULES").map(PathBuf::from);
    if found.is_none() {
        say_skipped("SYNCLINE_NODE_MODULES names no folder with ews-javascript-api");
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

/// The system's Python, which has the bindings of Evolution's data server, if it is named.
fn evolution() -> Option<String> {
    let found = std::env::var("SYNCLINE_EVOLUTION").ok();
    if found.is_none() {
        say_skipped("SYNCLINE_EVOLUTION names no Python with Evolution's data server");
    }
    found
}

#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn say_skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Runs a script to its end; what it printed.
pub async fn run(python: &Path, script: &str, arguments: &[&str]) -> String {
    run_trusting(python, script, arguments, None).await
}

/// The same, trusting the certificates of a file.
async fn run_trusting(python: &Path, script: &str, arguments: &[&str], trusted: Option<&Path>) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
    let mut command = Command::new(python);
    command.envs(trusted.map(|file| ("REQUESTS_CA_BUNDLE", file)));
    command.arg("-B").arg(file).args(arguments);
    ended(command).await
}

/// What a script printed that came to its end, and to a good one.
async fn ended(mut command: Command) -> String {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = ended.expect("the script comes to an end").expect("it can be started");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{printed}\n{errors}", output.status);
    printed
}

// O3, C4, C6, R1, R3, D1, O7, P1, P5, C9
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
    // The meetings that a person sent with SendToAllAndSaveCopy, and nothing else.
    let sink = world.hq.sink();
    let shown: Vec<(MailKind, &str, &str)> =
        sink.iter().map(|mail| (mail.kind, mail.account.as_str(), mail.subject.as_str())).collect();
    let hers = |subject| (MailKind::Invitation, "anna@crm.test", subject);
    assert_eq!(shown, [hers("Everybody"), hers("Planned")]);
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

/// The same server over TLS as well; its certificate is in the file.
async fn over_tls(emulator: &Emulator, folder: &Path) -> (String, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let files = TlsFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&files.cert, made.cert.pem()).expect("written");
    std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
    let free = "127.0.0.1:0".parse().expect("an address");
    let (listener, address) = emulator::listen::bind(free).await.expect("a free port");
    let trusted = files.cert.clone();
    let served = emulator::listen::serve(listener, emulator.router(), Some(files), std::future::pending());
    tokio::spawn(served);
    (format!("https://localhost:{}/EWS/Exchange.asmx", address.port()), trusted)
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

#[tokio::test(flavor = "multi_thread")]
async fn evolution_works_against_the_emulator_as_against_an_exchange() {
    let (Some(python), Some(evolution)) = (python(), evolution()) else { return };
    for _ in 0..evolution_runs() {
        let (emulator, url) = organisation(0).await;
        let printed = run(&python, "evolution_emulator.py", &[&evolution, &url, PASSWORD]).await;
        assert!(printed.contains("checks passed"), "{printed}");
        // Its own meeting, answered by the guest, and its answer to the guest's; nothing else was told to anybody.
        let sink = emulator.sink();
        let mails: Vec<(MailKind, &str)> = sink.iter().map(|mail| (mail.kind, mail.account.as_str())).collect();
        let (alice, bob) = ("alice@crm.test", "bob@crm.test");
        let expected = [
            (MailKind::Invitation, alice),
            (MailKind::Response, bob),
            (MailKind::Update, alice),
            (MailKind::Cancellation, alice),
            (MailKind::Invitation, bob),
            (MailKind::Response, alice),
        ];
        assert!(mails == expected, "{sink:?}");
    }
}

/// Once; often where it is asked for.
fn evolution_runs() -> u32 {
    std::env::var("SYNCLINE_EVOLUTION_RUNS").map_or(1, |runs| runs.parse().expect("a number of runs"))
}

#[tokio::test(flavor = "multi_thread")]
async fn exchangelib_signs_in_by_ntlm_bound_to_the_channel_and_works_as_before() {
    let Some(python) = python() else { return };
    let (emulator, _) = organisation(0).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, trusted) = over_tls(&emulator, folder.path()).await;
    emulator.set_offers(Offers { basic: false, ntlm: Some(ExtendedProtection::Required), bearer: None });
    let printed = run_trusting(&python, "emulator_exchangelib.py", &[&url, PASSWORD, "ntlm"], Some(&trusted)).await;
    assert!(printed.contains("checks passed"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exchangelib_signs_in_as_an_application_by_oauth_and_works_as_before() {
    let Some(python) = python() else { return };
    let (emulator, _) = organisation(0).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, trusted) = over_tls(&emulator, folder.path()).await;
    let application = Application {
        client: "checks".to_owned(),
        secret: Some(PASSWORD.to_owned()),
        certificate: None,
        scope: "https://outlook.office365.com/.default".to_owned(),
        lasts: 3600,
    };
    emulator.set_offers(Offers { basic: false, ntlm: None, bearer: Some(application) });
    let arguments = [&url, PASSWORD, "oauth", "checks"];
    let printed = run_trusting(&python, "emulator_exchangelib.py", &arguments, Some(&trusted)).await;
    assert!(printed.contains("checks passed"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ews_javascript_api_works_against_the_emulator_as_against_an_exchange() {
    let Some(modules) = node_modules() else { return };
    let (emulator, url) = organisation(0).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/emulator_ews_api.js");
    let mut command = Command::new("node");
    command.arg(script).args([&url, PASSWORD]).env("NODE_PATH", modules);
    let printed = ended(command).await;
    assert!(printed.contains("checks passed"), "{printed}");
    // What was sent for its one meeting, and nothing else: each to those whom it concerns.
    let sink = emulator.sink();
    let mails: Vec<(MailKind, &str, &[String])> =
        sink.iter().map(|mail| (mail.kind, mail.account.as_str(), mail.recipients.as_slice())).collect();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| format!("{name}@crm.test"));
    let (guests, organiser) = (&[bob.clone(), carol.clone()][..], &[alice.clone()][..]);
    let expected = [
        (MailKind::Invitation, alice.as_str(), guests),
        (MailKind::Response, bob.as_str(), organiser),
        (MailKind::Response, carol.as_str(), organiser),
        (MailKind::Update, alice.as_str(), guests),
        (MailKind::Cancellation, alice.as_str(), guests),
    ];
    assert!(mails == expected, "{sink:?}");
    assert!(sink.iter().all(|mail| mail.subject.contains("Plans & <drafts>")));
}

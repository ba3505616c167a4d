//! Trying a server before it is used: every fault is named with its cure, and nothing stays behind.

use crate::world::{ANNA, Down, World, maps, transport};
use connect::ews::{EwsConnection, EwsSettings, Found, Step};
use connect::sign_in::SignIn;
use emulator::{Effect, FaultAction, MailboxKind, MailboxSpec, Quirk};
use engine::port::{Remote, Trouble};
use model::MailboxId;
use secrecy::SecretString;
use std::sync::Arc;

fn fault(steps: &[Step]) -> (&'static str, String, String) {
    let mut faults = steps.iter().filter_map(|step| match &step.found {
        Found::Fault { why, cure } => Some((step.what, why.clone(), cure.clone())),
        Found::Fine(_) | Found::Lacking(_) => None,
    });
    let first = faults.next().unwrap_or_else(|| panic!("no fault: {steps:?}"));
    assert_eq!(faults.count(), 0, "{steps:?}");
    first
}

fn connection(world: &World, user: &str, password: &str, impersonate: bool) -> Arc<EwsConnection> {
    let settings = EwsSettings { impersonate, ..EwsSettings::new("http://127.0.0.1/EWS/Exchange.asmx") };
    let account = SignIn::basic(user, SecretString::from(password.to_owned()));
    EwsConnection::new(Arc::new(transport(&world.emulator)), Arc::new(account), settings)
}

#[tokio::test]
async fn a_good_server_passes_every_step_and_keeps_nothing_of_it() {
    let world = World::new();
    let folders = ["contacts", "calendar", "tasks", "deleteditems", "recoverableitemsdeletions"];
    let counts = || folders.map(|folder| world.count(folder));
    let before = counts();
    let steps = world.open().check("probe").await;
    // A server in this process has no connections that stay open; one on a port is tried with the streams.
    let told = |step: &&Step| step.what != "streaming";
    assert!(steps.iter().filter(told).all(|step| matches!(step.found, Found::Fine(_))), "{steps:?}");
    assert!(matches!(steps.last().map(|step| &step.found), Some(Found::Lacking(_))), "{steps:?}");
    let tried: Vec<&str> = steps.iter().map(|step| step.what).collect();
    assert_eq!(tried[..5], ["address", "sign-in", "mailbox", "version", "folders"]);
    assert_eq!(tried.iter().filter(|what| **what == "write and delete").count(), 3);
    assert_eq!(counts(), before);
    let again = world.open().check("probe").await;
    assert_eq!(again, steps, "the trial folders are gone");
    assert_eq!(world.emulator.sink(), []);
}

#[tokio::test]
async fn each_fault_is_named_with_its_cure_and_ends_the_trial_there() {
    let world = World::new();
    let steps = connection(&world, "svc@crm.test", "wrong", true).open(ANNA, maps()).check("x").await;
    let (what, why, cure) = fault(&steps);
    assert_eq!((what, steps.len()), ("sign-in", 2));
    assert!(why.contains("name or password") && cure.contains("SYNCLINE_PASSWORD"), "{why} {cure}");
    let steps = connection(&world, "bob@crm.test", "secret", true).open(ANNA, maps()).check("x").await;
    let (what, _, cure) = fault(&steps);
    assert_eq!((what, steps.len()), ("mailbox", 3));
    assert!(cure.contains("ApplicationImpersonation"));
    let steps = connection(&world, "svc@crm.test", "secret", true).open("no@crm.test", maps()).check("x").await;
    let (what, why, cure) = fault(&steps);
    assert_eq!(what, "mailbox");
    assert!(why.contains("no mailbox at this address") && cure.contains("that this server holds"), "{why} {cure}");
    assert!(!cure.contains("ApplicationImpersonation"), "no right makes a mailbox: {cure}");
    let settings = EwsSettings::new("http://127.0.0.1/owa");
    let account = Arc::new(SignIn::basic("svc@crm.test", SecretString::from("secret")));
    let wrong = EwsConnection::new(Arc::new(transport(&world.emulator)), account.clone(), settings.clone());
    let (what, why, cure) = fault(&wrong.open(ANNA, maps()).check("x").await);
    assert_eq!(what, "address");
    assert!(why.contains("404") && cure.contains("/EWS/Exchange.asmx"));
    let down = EwsConnection::new(Arc::new(Down), account, settings);
    assert_eq!(fault(&down.open(ANNA, maps()).check("x").await).0, "address");
}

#[tokio::test]
async fn what_a_server_lacks_is_named_and_no_fault() {
    let world = World::new();
    let refuses = |request: &emulator::RequestInfo| {
        (!request.body.contains("\"Exchange2007_SP1\""))
            .then(|| FaultAction::Fault { code: "ErrorInvalidServerVersion".to_owned() })
    };
    world.emulator.on_request(Some(Arc::new(refuses)));
    let steps = world.open().check("x").await;
    let lacking: Vec<&str> =
        steps.iter().filter(|step| matches!(step.found, Found::Lacking(_))).map(|step| step.what).collect();
    assert_eq!(lacking, ["version", "version", "version", "streaming"], "{steps:?}");
    assert!(!steps.iter().any(Step::is_fault), "{steps:?}");
}

#[tokio::test]
async fn a_trial_that_breaks_off_is_cleared_away() {
    let world = World::new();
    let answer = FaultAction::Answer {
        status: 500,
        content_type: "text/html".to_owned(),
        body: Vec::new(),
        effect: Effect::Done,
    };
    world.trouble("CreateItem", vec![answer]);
    let steps = world.open().check("x").await;
    assert_eq!(fault(&steps).0, "write and delete");
    let steps = world.open().check("x").await;
    assert!(!steps.iter().any(Step::is_fault), "a folder was left: {steps:?}");
    // And under every habit.
    for habit in Quirk::HABITS {
        world.emulator.set_quirk(habit, true);
        let steps = world.open().check("x").await;
        assert!(!steps.iter().any(Step::is_fault), "{habit:?}: {steps:?}");
        let kept = |step: &Step| step.what == "meetings" && matches!(step.found, Found::Fine(_));
        assert!(steps.iter().any(kept), "whose meeting a copy is: {habit:?}: {steps:?}");
        world.emulator.set_quirk(habit, false);
    }
}

// trap 35
#[tokio::test]
async fn a_server_that_takes_changes_against_old_versions_is_named() {
    let world = World::new();
    let named = |steps: &[Step]| {
        let told = steps.iter().filter_map(|step| match &step.found {
            Found::Lacking(why) => Some(why),
            _ => None,
        });
        told.filter(|why| why.contains("against an old version")).count()
    };
    assert_eq!(named(&world.open().check("x").await), 0);
    world.emulator.set_quirk(Quirk::IgnoresChangeKeys, true);
    let steps = world.open().check("x").await;
    assert_eq!(named(&steps), 3, "for each kind: {steps:?}");
    assert!(!steps.iter().any(Step::is_fault), "{steps:?}");
}

// P5
#[tokio::test]
async fn what_participants_get_of_a_meeting_is_told_beforehand() {
    let world = World::new();
    world.emulator.set_quirk(Quirk::StatePropertiesNotKept, true);
    let steps = world.open().check("x").await;
    let lacking: Vec<&str> =
        steps.iter().filter(|step| matches!(step.found, Found::Lacking(_))).map(|step| step.what).collect();
    assert_eq!(lacking, ["meetings", "streaming"], "{steps:?}");
    assert!(!steps.iter().any(Step::is_fault), "{steps:?}");
    assert!(world.emulator.sink().is_empty());
}

// L1: a room is known by a list of rooms, also by another of its addresses; what no list names is not told.
#[tokio::test]
async fn a_room_is_told_from_a_persons_mailbox_where_a_list_names_it() {
    let world = World::new();
    for (address, kind) in [
        ("hall@crm.test", MailboxKind::Room),
        ("cellar@crm.test", MailboxKind::Room),
        ("desk@crm.test", MailboxKind::Shared),
    ] {
        let proxies = vec![format!("p-{address}")];
        let spec = MailboxSpec { kind, proxies, ..MailboxSpec::user(address, "Thing", "secret") };
        world.emulator.add_mailbox(spec).expect("a new address");
    }
    world.emulator.add_room_list("empty@crm.test", "None", &[]);
    world.emulator.add_room_list("rooms@crm.test", "Rooms", &["p-hall@crm.test"]);
    let is_user = async |address: &str| world.connection.open(address, maps()).identity().await.expect("known").is_user;
    assert!(!is_user("HALL@crm.test").await);
    assert!(is_user("cellar@crm.test").await, "no list names it");
    assert!(is_user("desk@crm.test").await, "nothing tells");
    assert!(is_user(ANNA).await);
    // A mailbox that carries our id is asked about by the trial alone.
    world.connection.open("cellar@crm.test", maps()).set_identity(&MailboxId::new("mb")).await.expect("kept");
    world.emulator.add_room_list("more@crm.test", "More", &["cellar@crm.test"]);
    assert!(is_user("cellar@crm.test").await);
    let (what, why, _) = fault(&world.connection.open("cellar@crm.test", maps()).check("x").await);
    assert!(what == "mailbox" && why.contains("(rule L1)"), "{why}");
}

// L1, E2: a directory that is busy is asked again; one that refuses, or is too old for lists, hides nothing.
#[tokio::test]
async fn a_busy_directory_decides_nothing_and_an_old_one_hides_nothing() {
    let world = World::new();
    for operation in ["ResolveNames", "GetRoomLists"] {
        world.trouble(operation, vec![FaultAction::Busy { back_off_ms: 100 }]);
        let asked = world.open().identity().await;
        assert!(matches!(asked, Err(Trouble::Busy { .. })), "{operation}");
        assert!(world.open().identity().await.expect("known").is_user);
        world.trouble(operation, vec![FaultAction::Fault { code: "ErrorInvalidRequest".to_owned() }]);
        assert!(world.open().identity().await.expect("known").is_user, "{operation}");
    }
}

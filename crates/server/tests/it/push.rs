//! Being pushed: what a person does in Outlook is in the CRM without any poll, through whatever happens to the connection.

use crate::worker::{LONG, exchange, mapped, until, watched};
use crate::world::World;
use async_trait::async_trait;
use connect::http::{Network, Request};
use connect::sign_in::SignIn;
use emulator::{Effect, Emulator, EmulatorOptions, FaultAction, Quirk, RequestInfo, ServerVersion};
use engine::port::Clock;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use server::clock::{MachineClock, MachineDice, now_of};
use server::ops::user::Whom;
use server::{ops, worker};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use wire::ews::{
    CreateItem, DistinguishedFolder, Header, Item, ItemKind, Mail, Property, Value, Version, parse, prepare,
};

const ANNA: &str = "anna@crm.test";

/// The machine's clock, but a connection is silent for too long when the test says so.
struct Impatient(Arc<Notify>);

#[async_trait]
impl Clock for Impatient {
    fn now(&self) -> Timestamp {
        MachineClock.now()
    }

    async fn sleep_ms(&self, ms: u64) {
        if ms == 150_000 { self.0.notified().await } else { MachineClock.sleep_ms(ms).await }
    }
}

/// A server with Anna's mailbox, her first cycle done, polled once an hour at most, and the worker running.
struct Story {
    world: World,
    emulator: Emulator,
    url: String,
    told: mpsc::UnboundedReceiver<(String, String)>,
    silence: Arc<Notify>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Story {
    async fn begin(interval_s: u32, options: impl FnOnce(EmulatorOptions) -> EmulatorOptions) -> Story {
        let silence = Arc::new(Notify::new());
        let clock = Arc::new(Impatient(silence.clone()));
        let world = World::with(clock, Arc::new(MachineDice)).await;
        let emulator = Emulator::new(options(EmulatorOptions::new(1, now_of(&world.services.clock))));
        let url = exchange(&world, "hq", &emulator).await;
        mapped(&world, &emulator, "hq", "anna").await;
        let settings = json!({"interval_s": interval_s, "net_interval_s": 3_600});
        let changed = world.patch(&world.admin, "/api/admin/settings", settings).await;
        assert!(changed.status.is_success(), "{}", changed.text);
        let first = ops::cycle::run(&world.services, &Whom::All).await.expect("a first cycle");
        assert_eq!(first[0].trouble, None);
        let told = watched(&emulator, |_| None);
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(worker::run(world.services.clone(), stopped));
        Story { world, emulator, url, told, silence, stop, running }
    }

    async fn until(&mut self, operation: &str) {
        until(&mut self.told, operation, ANNA).await;
    }

    /// Anna makes a task in Outlook; it is in the CRM once its item got our mark.
    async fn anna_makes(&mut self, subject: &str) {
        let task = Item::new(ItemKind::Task).with(Property::Subject, Value::Text(subject.to_owned()));
        let folder = DistinguishedFolder::Tasks.into();
        let asked = CreateItem { folder, items: vec![task], mail: Mail::None };
        let header = Header { version: Version::default(), impersonation: None };
        let request = Request {
            url: self.url.clone(),
            headers: vec![("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())],
            body: prepare(&header, &asked),
            deadline_ms: 30_000,
            most: 1 << 20,
        };
        let network = Network::new(None).expect("a client");
        let answer = SignIn::basic(ANNA, SecretString::from("own")).send(&network, request).await.expect("an answer");
        let made = parse::<CreateItem>(&answer.body, wire::xml::Limits::default()).expect("an answer");
        assert!(made.results.iter().all(Result::is_ok));
    }

    async fn crosses(&mut self, subject: &str) {
        self.anna_makes(subject).await;
        self.until("UpdateItem").await;
    }

    /// How Anna's mailbox stands, once it stands so.
    async fn stands(&self, is: impl Fn(&Json) -> bool) -> Json {
        let wanted = async {
            loop {
                let user = self.world.get(&self.world.admin, "/api/admin/users/anna").await.json;
                if is(&user["push"]) {
                    return user["push"].clone();
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, wanted).await.expect("it stands so at last")
    }

    async fn end(self) -> World {
        self.stop.send_replace(true);
        tokio::time::timeout(LONG, self.running).await.expect("it stops").expect("no panic");
        let tasks = self.emulator.items(ANNA, "tasks").expect("a folder").len();
        let pairing = self.world.services.store.pairings(None, 1).await.expect("a pairing").remove(0).id;
        let links = self.world.services.store.links(&pairing, None, None, 100).await.expect("links");
        assert_eq!(links.len(), tasks, "each task is linked, and none is there twice");
        self.world
    }
}

// E4: an interval of an hour, and nothing is polled.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_in_outlook_is_in_the_crm_without_any_poll() {
    let mut story = Story::begin(3_600, |options| options).await;
    story.until("GetStreamingEvents").await;
    story.stands(|push| push["pushed"] == true).await;
    story.crosses("first").await;
    story.crosses("second").await;
    story.crosses("third").await;
    let asked = story.emulator.counters().requests;
    // Folders listed after the first cycle: when it was pushed at last, for each task, and for each mark of ours.
    assert!(asked["SyncFolderItems"] <= 3 + 3 * (1 + 3 * 2), "{asked:?}");
    assert_eq!(asked["GetStreamingEvents"], 1);
    let world = story.end().await;
    let text = world.services.metrics.text();
    assert!(text.contains("syncline_notifications_total"), "{text}");
}

// E4: nothing that happens to a connection or subscription loses a change.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_told_is_found_when_it_is_heard_again() {
    let mut story = Story::begin(3_600, |options| options).await;
    story.until("GetStreamingEvents").await;
    story.stands(|push| push["pushed"] == true).await;
    story.crosses("before").await;
    story.emulator.lose_subscriptions(ANNA).expect("a mailbox");
    story.until("Subscribe").await;
    story.until("GetStreamingEvents").await;
    story.crosses("after a lost subscription").await;
    story.emulator.end_streams(false);
    story.until("GetStreamingEvents").await;
    story.crosses("after a broken connection").await;
    story.emulator.end_streams(true);
    story.until("GetStreamingEvents").await;
    story.crosses("after an orderly end").await;
    story.end().await;
}

/// Folders listed so far, by mailbox.
fn listed(seen: &Seen, address: &str) -> usize {
    seen.lock().expect("unpoisoned").iter().filter(|one| one.0 == "SyncFolderItems" && one.1 == address).count()
}

/// Requests by operation and mailbox.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

// E4: whose subscription is gone is looked at again, and nobody who shares its connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_subscription_makes_nobody_elses_folders_be_listed() {
    let (world, emulator) = crate::worker::world().await;
    for login in ["anna", "bob", "cleo"] {
        mapped(&world, &emulator, "hq", login).await;
    }
    let settings = json!({"interval_s": 3_600, "net_interval_s": 3_600});
    assert!(world.patch(&world.admin, "/api/admin/settings", settings).await.status.is_success());
    ops::cycle::run(&world.services, &Whom::All).await.expect("first cycles");
    ops::cycle::run(&world.services, &Whom::All).await.expect("nothing left");
    let seen: Seen = Arc::default();
    let notes = seen.clone();
    let mut told = watched(&emulator, move |request| {
        let mailbox = request.mailbox.clone().unwrap_or_default();
        notes.lock().expect("unpoisoned").push((request.operation.clone(), mailbox));
        None
    });
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker::run(world.services.clone(), stopped));
    let pushed = async |login: &str| {
        let wanted = async {
            while world.get(&world.admin, &format!("/api/admin/users/{login}")).await.json["push"]["pushed"] != true {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, wanted).await.expect("it is pushed");
    };
    for login in ["anna", "bob", "cleo"] {
        pushed(login).await;
    }
    let quiet = async || {
        let due = async || {
            let all = world.services.store.pairings(None, 10).await.expect("pairings");
            let now = world.services.clock.now();
            all.iter().any(|one| one.state.next.is_none_or(|next| next <= now))
        };
        // A cycle lists three folders: one that lists is not over.
        let lists =
            || ["anna", "bob", "cleo"].iter().any(|of| !listed(&seen, &format!("{of}@crm.test")).is_multiple_of(3));
        while due().await || lists() {
            tokio::task::yield_now().await;
        }
    };
    quiet().await;
    while told.try_recv().is_ok() {}
    let of = |address: &str| listed(&seen, address);
    let before = [of(ANNA), of("bob@crm.test"), of("cleo@crm.test")];
    emulator.lose_subscriptions("bob@crm.test").expect("a mailbox");
    until(&mut told, "SyncFolderItems", "bob@crm.test").await;
    let beside = async {
        while emulator.counters().requests["GetStreamingEvents"] < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, beside).await.expect("he is heard again beside the others");
    quiet().await;
    assert_eq!([of(ANNA), of("cleo@crm.test")], [before[0], before[2]], "nobody else is listed");
    let asked = emulator.counters().requests;
    assert_eq!((asked["Subscribe"], asked["GetStreamingEvents"], emulator.subscriptions()), (4, 2, 3));
    stop.send_replace(true);
    tokio::time::timeout(LONG, running).await.expect("it stops").expect("no panic");
}

// E4: a connection over which nothing comes is dead, however open it looks.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connection_is_given_up_and_what_it_did_not_tell_is_found() {
    let mut story = Story::begin(3_600, |options| options).await;
    story.until("GetStreamingEvents").await;
    story.stands(|push| push["pushed"] == true).await;
    story.crosses("before").await;
    story.emulator.set_quirk(Quirk::SilentStreams, true);
    story.anna_makes("untold").await;
    story.silence.notify_one();
    story.until("UpdateItem").await;
    story.end().await;
}

// E4: a server without streaming.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_stream_is_polled_and_says_so() {
    let old = ServerVersion { major: 8, minor: 3, build: 83, revision: 4, schema: "Exchange2007_SP1".to_owned() };
    let mut story = Story::begin(1, |options| EmulatorOptions { version: old, ..options }).await;
    let push = story.stands(|push| push["why"].as_str().is_some_and(|why| why.contains("Exchange 2010"))).await;
    assert_eq!(push["pushed"], false);
    story.crosses("polled").await;
    story.end().await;
}

// E4, L7
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_not_to_be_pushed_is_polled_at_once() {
    let mut story = Story::begin(1, |options| options).await;
    story.until("GetStreamingEvents").await;
    story.stands(|push| push["pushed"] == true).await;
    let changed = story.world.patch(&story.world.admin, "/api/admin/connections/hq", json!({"push": false})).await;
    assert!(changed.status.is_success(), "{}", changed.text);
    story.until("Unsubscribe").await;
    let push = story.stands(|push| push["pushed"] == false).await;
    assert_eq!(push["why"], "switched off for its connection");
    story.crosses("polled").await;
    story.end().await;
}

// E4: the net is spread, never denser than the interval, and there at once when nothing is told any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_mailbox_is_polled_as_a_net_and_a_polled_one_at_its_interval() {
    let (world, emulator) = crate::worker::world().await;
    mapped(&world, &emulator, "hq", "anna").await;
    let after = async |push: &store::Push, settings: Json| {
        let changed = world.patch(&world.admin, "/api/admin/settings", settings).await;
        assert!(changed.status.is_success(), "{}", changed.text);
        let pairing = world.services.store.pairings(None, 1).await.expect("a pairing").remove(0).id;
        world.services.store.set_push(std::slice::from_ref(&pairing), push).await.expect("noted");
        ops::cycle::run(&world.services, &Whom::All).await.expect("a cycle");
        let state = world.services.store.pairing(&pairing).await.expect("found").expect("there").state;
        state.next.expect("a time").duration_since(state.last_cycle.expect("a time")).as_secs()
    };
    let pushed = store::Push::on();
    let settings = json!({"interval_s": 60, "net_interval_s": 1_000});
    assert_eq!(after(&pushed, settings.clone()).await, 60, "what the first cycle left is looked at at the interval");
    assert!((900..=1_000).contains(&after(&pushed, settings.clone()).await));
    assert_eq!(after(&store::Push::polled("away"), settings).await, 60);
    let seldom = json!({"interval_s": 5_000, "net_interval_s": 1_000});
    assert_eq!(after(&pushed, seldom).await, 5_000);
}

// E7: a mailbox that cannot be subscribed to is polled, and those that share its connection are pushed all the same.
#[tokio::test(flavor = "multi_thread")]
async fn one_mailbox_that_cannot_be_pushed_keeps_nobody_else_from_it() {
    let (world, emulator) = crate::worker::world().await;
    mapped(&world, &emulator, "hq", "anna").await;
    mapped(&world, &emulator, "hq", "bob").await;
    ops::cycle::run(&world.services, &Whom::All).await.expect("first cycles");
    let moving = |request: &RequestInfo| {
        let bobs = request.operation == "Subscribe" && request.mailbox.as_deref() == Some("bob@crm.test");
        bobs.then(|| FaultAction::Fault { code: "ErrorMailboxMoveInProgress".to_owned() })
    };
    let mut told = watched(&emulator, moving);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker::run(world.services.clone(), stopped));
    // Anna hears, and Bob is tried again while she does.
    until(&mut told, "GetStreamingEvents", ANNA).await;
    until(&mut told, "Subscribe", "bob@crm.test").await;
    until(&mut told, "Subscribe", "bob@crm.test").await;
    stop.send_replace(true);
    tokio::time::timeout(LONG, running).await.expect("it stops").expect("no panic");
    let push =
        async |login: &str| world.get(&world.admin, &format!("/api/admin/users/{login}")).await.json["push"].clone();
    assert_eq!(push("anna").await["pushed"], true);
    let bob = push("bob").await;
    assert_eq!(bob["pushed"], false);
    assert!(bob["why"].as_str().is_some_and(|why| why.contains("moved")), "{bob}");
    assert_eq!(emulator.counters().requests["GetStreamingEvents"], 1);
}

/// The machine's clock, whose waits before another try take a hundredth of their time, and are noted.
#[derive(Clone, Default)]
struct Hurried(Arc<Mutex<Vec<u64>>>);

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        MachineClock.now()
    }

    async fn sleep_ms(&self, ms: u64) {
        self.0.lock().expect("unpoisoned").push(ms);
        MachineClock.sleep_ms(ms.div_ceil(100)).await;
    }
}

/// A whole streaming answer of one part each.
fn stream(parts: &[&str]) -> Vec<u8> {
    let part = |status: &&str| {
        format!(
            "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap11:Header xmlns:soap11=\"http://schemas.xmlsoap.org/soap/envelope/\"/>\
             <soap11:Body xmlns:soap11=\"http://schemas.xmlsoap.org/soap/envelope/\"><m:GetStreamingEventsResponse \
             xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><m:ResponseMessages>\
             <m:GetStreamingEventsResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>\
             <m:ConnectionStatus>{status}</m:ConnectionStatus></m:GetStreamingEventsResponseMessage></m:ResponseMessages>\
             </m:GetStreamingEventsResponse></soap11:Body></Envelope>"
        )
    };
    parts.iter().map(part).collect::<String>().into_bytes()
}

// E4, trap 167: each connection ends at once: in order, without an end, or after a proxy held it all back. Its mailboxes are
// polled, it is opened less and less often, and once it stays open they are pushed again.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_each_stream_at_once_is_not_asked_without_end() {
    for parts in [&["OK", "Closed"][..], &["OK"], &[]] {
        let clock = Hurried::default();
        let world = World::with(Arc::new(clock.clone()), Arc::new(MachineDice)).await;
        let emulator = Emulator::new(EmulatorOptions::new(1, now_of(&world.services.clock)));
        exchange(&world, "hq", &emulator).await;
        mapped(&world, &emulator, "hq", "anna").await;
        let settings = json!({"interval_s": 3_600, "net_interval_s": 3_600});
        assert!(world.patch(&world.admin, "/api/admin/settings", settings).await.status.is_success());
        ops::cycle::run(&world.services, &Whom::All).await.expect("a first cycle");
        let (ends, body) = (Arc::new(AtomicBool::new(true)), stream(parts));
        let is_ending = ends.clone();
        let mut told = watched(&emulator, move |request| {
            let ends = request.operation == "GetStreamingEvents" && is_ending.load(Ordering::Relaxed);
            let content_type = "text/xml; charset=utf-8".to_owned();
            ends.then(|| FaultAction::Answer { status: 200, content_type, body: body.clone(), effect: Effect::None })
        });
        let before = emulator.counters().requests.get("SyncFolderItems").copied().unwrap_or(0);
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(worker::run(world.services.clone(), stopped));
        for _ in 0..6 {
            until(&mut told, "GetStreamingEvents", ANNA).await;
        }
        let waits: Vec<u64> = clock.0.lock().expect("unpoisoned").clone();
        for (shortest, longest) in [(1_000, 1_500), (2_000, 3_000), (4_000, 6_000), (8_000, 12_000), (16_000, 24_000)] {
            assert!(waits.iter().any(|ms| (shortest..longest).contains(ms)), "{parts:?}: {shortest} in {waits:?}");
        }
        let listed = emulator.counters().requests.get("SyncFolderItems").copied().unwrap_or(0) - before;
        assert!(listed <= 6 * 9, "{parts:?}: {listed}");
        assert!(emulator.counters().requests["Subscribe"] >= 2, "another server may be the right one");
        ends.store(false, Ordering::Relaxed);
        let pushed = async {
            while world.get(&world.admin, "/api/admin/users/anna").await.json["push"]["pushed"] != true {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, pushed).await.expect("it is pushed again");
        stop.send_replace(true);
        tokio::time::timeout(LONG, running).await.expect("it stops").expect("no panic");
    }
}

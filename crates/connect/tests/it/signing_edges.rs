//! Signing in while the world changes: connections cut in the middle, schemes taken away, tokens taken back, passwords
//! changed. Nothing weaker is ever sent, nothing is tried again and again, and what heals is found.

use crate::between::{Between, closing, is_challenge, layered};
use crate::signing_in::{application, oauth_of, served, windows};
use crate::world::{ANNA, World, create_of, fields, maps};
use async_trait::async_trait;
use axum::extract::Request as Asked;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::IntoResponse;
use connect::autodiscover::Search;
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Answer, Line, Lost, Network, Request, Transport};
use connect::sign_in::SignIn;
use emulator::{ExtendedProtection, Offers};
use engine::port::{Clock, Dice, Remote, Trouble};
use jiff::Timestamp;
use model::{Domain, Field, Value};
use secrecy::SecretString;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

struct Hand(AtomicI64);

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).expect("within the calendar")
    }

    async fn sleep_ms(&self, _: u64) {}
}

struct Count(AtomicU64);

impl Dice for Count {
    fn roll(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

fn clock() -> Arc<Hand> {
    Arc::new(Hand(AtomicI64::new(1_790_000_000)))
}

fn windows_account(clock: &Arc<Hand>) -> SignIn {
    SignIn::ntlm("svc@crm.test", SecretString::from("secret"), clock.clone(), Arc::new(Count(AtomicU64::new(1))))
}

fn connection(url: &str, account: SignIn, deadline_ms: u64) -> Arc<EwsConnection> {
    let url = format!("{url}/EWS/Exchange.asmx");
    let settings = EwsSettings { impersonate: true, deadline_ms, ..EwsSettings::new(url) };
    EwsConnection::new(Arc::new(Network::new(None).expect("a client")), Arc::new(account), settings)
}

async fn identity(connection: &Arc<EwsConnection>) -> Result<(), Trouble> {
    connection.open(ANNA, maps()).identity().await.map(|identity| assert!(identity.is_user))
}

fn windows_only() -> World {
    let world = World::new();
    world.emulator.set_offers(windows(ExtendedProtection::Off));
    world
}

// A server closes its idle connections when it likes; the sign-in is made anew on another, and nobody notices.
#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced() {
    let world = windows_only();
    let server = served(&world.emulator, false).await;
    let way = Between::to(&server.url).await;
    let connection = connection(&way.url, windows_account(&clock()), 5_000);
    for _ in 0..3 {
        identity(&connection).await.expect("signed in");
        assert_eq!(way.lines(), 1);
        way.cut();
    }
}

// A firewall forgets idle connections without a word: what is sent on them is lost, and waited for in vain.
#[tokio::test]
async fn a_connection_that_was_idle_for_long_is_not_used_again() {
    let world = windows_only();
    let server = served(&world.emulator, false).await;
    let way = Between::to(&server.url).await;
    let clock = clock();
    let connection = connection(&way.url, windows_account(&clock), 60_000);
    let all = async || futures::future::join_all((0..6).map(|_| identity(&connection))).await;
    assert!(all().await.iter().all(Result::is_ok));
    way.lines();
    way.silence();
    clock.0.fetch_add(51, Ordering::Relaxed);
    assert!(all().await.iter().all(Result::is_ok));
    assert!(way.lines() >= 1);
    // A clock that was set says nothing of how long they were idle.
    way.silence();
    clock.0.fetch_sub(172_800, Ordering::Relaxed);
    assert!(all().await.iter().all(Result::is_ok));
}

// One that goes silent in the middle takes the others of its kind with it: no call after it waits in vain as well.
#[tokio::test]
async fn one_silent_connection_is_waited_for_once() {
    let world = windows_only();
    let server = served(&world.emulator, false).await;
    let way = Between::to(&server.url).await;
    let connection = connection(&way.url, windows_account(&clock()), 400);
    let all = futures::future::join_all((0..6).map(|_| identity(&connection))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    way.silence();
    let lost = identity(&connection).await;
    assert!(matches!(&lost, Err(Trouble::Broken { .. })), "{lost:?}");
    identity(&connection).await.expect("on a new one");
}

// After the server's part of the sign-in the client's must come on the same connection.
#[tokio::test]
async fn what_closes_connections_in_the_middle_of_a_sign_in_is_named() {
    let world = windows_only();
    let (closes, challenges) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (is_closing, count) = (closes.clone(), challenges.clone());
    let url = layered(&world.emulator, move |asked: Asked, next: Next| {
        let (closes, count) = (is_closing.load(Ordering::Relaxed), count.clone());
        async move {
            let answer = next.run(asked).await;
            if !is_challenge(&answer) {
                return answer;
            }
            count.fetch_add(1, Ordering::Relaxed);
            if closes { closing(answer) } else { answer }
        }
    })
    .await;
    let connection = connection(&url, windows_account(&clock()), 5_000);
    closes.store(true, Ordering::Relaxed);
    let told = identity(&connection).await;
    let words = "closes the connection in the middle of the Windows sign-in";
    assert!(matches!(&told, Err(Trouble::Broken { why }) if why.contains(words)), "{told:?}");
    assert_eq!(challenges.load(Ordering::Relaxed), 2, "once more, and then told");
    // A write was not sent, and is known not to be.
    let write = create_of(Domain::Task, fields([(Field::Subject, Value::text("a"))]), "k");
    let told = connection.open(ANNA, maps()).write(&write).await;
    assert!(matches!(&told, Err(Trouble::Broken { .. })), "{told:?}");
    closes.store(false, Ordering::Relaxed);
    identity(&connection).await.expect("healed");
}

// A server that keeps no connection is signed in to for each call.
#[tokio::test]
async fn a_server_that_closes_after_each_answer_is_signed_in_to_each_time() {
    let world = windows_only();
    let url = layered(&world.emulator, |asked: Asked, next: Next| async move {
        let answer = next.run(asked).await;
        if is_challenge(&answer) { answer } else { closing(answer) }
    })
    .await;
    let connection = connection(&url, windows_account(&clock()), 5_000);
    for _ in 0..3 {
        identity(&connection).await.expect("signed in");
    }
}

// What a busy front says before anybody looks at the account is no matter of the account.
#[tokio::test]
async fn a_front_that_is_down_during_the_sign_in_is_no_refusal() {
    let world = windows_only();
    let url = layered(&world.emulator, |_: Asked, _: Next| async {
        (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7")]).into_response()
    })
    .await;
    let told = identity(&connection(&url, windows_account(&clock()), 5_000)).await;
    assert!(matches!(&told, Err(Trouble::Busy { wait_ms: Some(7_000), .. })), "{told:?}");
}

/// A server that notes the scheme of everything it is sent.
async fn noting(world: &World) -> (String, Arc<Mutex<Vec<String>>>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = seen.clone();
    let url = layered(&world.emulator, move |asked: Asked, next: Next| {
        let sent = asked.headers().get("authorization").and_then(|value| value.to_str().ok());
        let scheme = sent.and_then(|value| value.split(' ').next()).unwrap_or("-").to_owned();
        noted.lock().expect("unpoisoned").push(scheme);
        next.run(asked)
    })
    .await;
    (url, seen)
}

// The server changes what it offers between two calls of a cycle, and changes it back.
#[tokio::test]
async fn no_scheme_that_is_offered_in_mid_cycle_is_taken_instead() {
    let basic = || Offers { basic: true, ntlm: None, bearer: None };
    let world = windows_only();
    let (url, seen) = noting(&world).await;
    let clock = clock();
    let account = windows_account(&clock).patient(clock.clone());
    let connection = connection(&url, account, 5_000);
    identity(&connection).await.expect("signed in");
    world.emulator.set_offers(basic());
    clock.0.fetch_add(60, Ordering::Relaxed);
    let told = identity(&connection).await;
    let words = "the server does not accept NTLM sign-in; it offers Basic";
    assert_eq!(told, Err(Trouble::NoAccess { why: words.to_owned() }));
    assert!(!seen.lock().expect("unpoisoned").iter().any(|scheme| scheme == "Basic"));
    world.emulator.set_offers(windows(ExtendedProtection::Off));
    clock.0.fetch_add(60, Ordering::Relaxed);
    identity(&connection).await.expect("no password was refused: it is found within a minute");
}

#[tokio::test]
async fn an_account_by_password_is_not_moved_to_another_scheme() {
    let world = World::new();
    let (url, seen) = noting(&world).await;
    let account = SignIn::basic("svc@crm.test", SecretString::from("secret"));
    let connection = connection(&url, account, 5_000);
    identity(&connection).await.expect("signed in");
    world.emulator.set_offers(windows(ExtendedProtection::Off));
    let told = identity(&connection).await;
    assert!(matches!(&told, Err(Trouble::NoAccess { why }) if why.contains("does not accept Basic")), "{told:?}");
    assert!(seen.lock().expect("unpoisoned").iter().all(|scheme| scheme == "Basic"));
    world.emulator.set_offers(Offers::default());
    identity(&connection).await.expect("signed in");
}

// traps 175, 176: taken back while ten calls use it: one new one for all, and then what the server says of it.
#[tokio::test]
async fn a_token_that_is_taken_back_is_renewed_once_for_all() {
    let world = World::new();
    world.emulator.set_offers(Offers { basic: false, ntlm: None, bearer: Some(application(3_600)) });
    let (tokens, taken_back) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None::<String>)));
    let all_refused = Arc::new(AtomicBool::new(false));
    let (count, refused, none) = (tokens.clone(), taken_back.clone(), all_refused.clone());
    let url = layered(&world.emulator, move |asked: Asked, next: Next| {
        let sent = asked.headers().get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let Some(token) = sent else {
            count.fetch_add(1, Ordering::Relaxed);
            return futures::future::Either::Left(next.run(asked));
        };
        let mut refused = refused.lock().expect("unpoisoned");
        // The first one that is seen is the one that is taken back.
        let is_refused = none.load(Ordering::Relaxed) || *refused.get_or_insert_with(|| token.clone()) == token;
        futures::future::Either::Right(async move {
            if !is_refused {
                return next.run(asked).await;
            }
            let told = [("www-authenticate", "Bearer error=\"invalid_token\"")];
            (StatusCode::UNAUTHORIZED, told).into_response()
        })
    })
    .await;
    let connection = connection(&url, oauth_of(&url, "s3cret"), 5_000);
    let all = futures::future::join_all((0..10).map(|_| identity(&connection))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(tokens.swap(0, Ordering::Relaxed), 2, "the first, and one renewal for all");
    all_refused.store(true, Ordering::Relaxed);
    let told = identity(&connection).await;
    assert!(matches!(&told, Err(Trouble::NoAccess { why }) if why.contains("token")), "{told:?}");
    assert_eq!(tokens.swap(0, Ordering::Relaxed), 1);
    all_refused.store(false, Ordering::Relaxed);
    identity(&connection).await.expect("healed");
}

// The password is changed while the server runs: two tries in all, whatever is asked of the mailbox.
#[tokio::test]
async fn a_changed_password_is_not_tried_by_every_call_and_found_again() {
    for by_windows in [false, true] {
        let clock = clock();
        let account = match by_windows {
            true => windows_account(&clock),
            false => SignIn::basic("svc@crm.test", SecretString::from("secret")),
        };
        let world = World::new();
        world.emulator.set_offers(Offers { basic: true, ntlm: Some(ExtendedProtection::Off), bearer: None });
        let (url, seen) = noting(&world).await;
        let connection = connection(&url, account.patient(clock.clone()), 5_000);
        identity(&connection).await.expect("signed in");
        world.emulator.add_service_account("svc@crm.test", "new");
        clock.0.fetch_add(51, Ordering::Relaxed);
        seen.lock().expect("unpoisoned").clear();
        for _ in 0..30 {
            clock.0.fetch_add(1, Ordering::Relaxed);
            let told = identity(&connection).await;
            let words = "twice an hour, lest the account be locked out";
            assert!(matches!(&told, Err(Trouble::NoAccess { why }) if why.contains(words)), "{told:?}");
        }
        // At once and five seconds later; a Windows sign-in takes up to three requests.
        assert!(seen.lock().expect("unpoisoned").len() <= if by_windows { 6 } else { 2 }, "{seen:?}");
        world.emulator.add_service_account("svc@crm.test", "secret");
        clock.0.fetch_add(60, Ordering::Relaxed);
        identity(&connection).await.expect("found again");
    }
}

const NAMED: &str = "<Autodiscover><Response><Account><Action>settings</Action><Protocol><Type>EXPR</Type>\
    <EwsUrl>https://mail.crm.test/EWS/Exchange.asmx</EwsUrl></Protocol></Account></Response></Autodiscover>";

/// A server of Autodiscover by Windows sign-in that redirects or names a server, and what it was sent.
struct Found {
    host: String,
    seen: Arc<Mutex<Vec<String>>>,
}

/// Carries `https` addresses to servers of this machine by plain connections, each host by its own.
struct Hosts(Vec<(&'static str, String)>);

impl Hosts {
    fn of(&self, url: &str) -> Result<String, Lost> {
        let known = self.0.iter().find(|(host, _)| url.starts_with(&format!("https://{host}/")));
        let (host, at) = known.ok_or_else(|| Lost::NotSent("no such host".to_owned()))?;
        Ok(url.replace(&format!("https://{host}"), at))
    }
}

#[async_trait]
impl Transport for Hosts {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        let url = self.of(&request.url)?;
        Network::new(None)?.call(&Request { url, ..request.clone() }).await
    }

    async fn line(&self, url: &str, deadline_ms: u64) -> Result<Box<dyn Line>, Lost> {
        let line = Network::new(None)?.line(&self.of(url)?, deadline_ms).await?;
        Ok(Box::new(HostLine { line, to: self.of(url)? }))
    }
}

struct HostLine {
    line: Box<dyn Line>,
    to: String,
}

#[async_trait]
impl Line for HostLine {
    async fn call(&mut self, request: &Request) -> Result<Answer, Lost> {
        self.line.call(&Request { url: self.to.clone(), ..request.clone() }).await
    }

    fn certificate(&self) -> Option<&[u8]> {
        None
    }
}

impl Found {
    async fn answering(world: &World, at: &'static str, location: Option<&'static str>) -> Self {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = seen.clone();
        let host = layered(&world.emulator, move |mut asked: Asked, next: Next| {
            let sent = asked.headers().get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
            noted.lock().expect("unpoisoned").push(sent.clone().unwrap_or_default());
            let known = asked.uri().path() == at;
            // The emulator signs in at its own page; what it lets through is answered here.
            *asked.uri_mut() = "/EWS/Exchange.asmx".parse().expect("a path");
            async move {
                let answer = next.run(asked).await;
                if answer.status() == StatusCode::UNAUTHORIZED {
                    return answer;
                }
                match location {
                    _ if !known => StatusCode::NOT_FOUND.into_response(),
                    Some(location) => (StatusCode::FOUND, [("location", location)]).into_response(),
                    None => NAMED.into_response(),
                }
            }
        })
        .await;
        Self { host, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("unpoisoned").clone()
    }
}

// traps 181, 182: each host has a sign-in of its own, on a connection of its own; one that is not listed gets none.
#[tokio::test]
async fn a_windows_sign_in_begins_anew_at_each_host_it_is_led_to_and_nowhere_else() {
    let world = windows_only();
    let usual = "/autodiscover/autodiscover.xml";
    let first = Found::answering(&world, usual, Some("https://listed.test/led/here.xml")).await;
    let listed = Found::answering(&world, "/led/here.xml", None).await;
    let stranger = Found::answering(&world, usual, None).await;
    let hosts = Hosts(vec![
        ("crm.test", first.host.clone()),
        ("listed.test", listed.host.clone()),
        ("stranger.test", stranger.host.clone()),
    ]);
    let account = windows_account(&clock());
    let find = async |listed: &[String]| {
        Search { address: "anna@crm.test", hosts: listed, deadline_ms: 5_000 }.find(&hosts, &account).await
    };
    let told = find(&[]).await.expect_err("not listed").to_string();
    assert!(told.contains("listed.test: not asked"), "{told}");
    assert!(listed.seen().is_empty());
    let found = find(&["listed.test".to_owned()]).await.expect("found");
    assert_eq!(found.url, "https://mail.crm.test/EWS/Exchange.asmx");
    for seen in [first.seen(), listed.seen()] {
        assert!(seen.iter().all(|sent| sent.is_empty() || sent.starts_with("NTLM ")), "{seen:?}");
    }
    let proofs =
        |of: &Found| of.seen().into_iter().filter(|sent| sent.starts_with("NTLM TlRMTVNTUAAD")).collect::<Vec<_>>();
    assert!(!proofs(&listed).is_empty());
    assert!(proofs(&listed).iter().all(|proof| !proofs(&first).contains(proof)), "each has its own");
    assert!(stranger.seen().is_empty());
}

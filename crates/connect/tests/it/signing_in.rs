//! Each way to sign in, against a server that checks it, over connections of its own; and never by a weaker one.

use crate::world::{ANNA, World, maps};
use async_trait::async_trait;
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Answer, Line, Lost, Network, Request, Transport};
use connect::sign_in::{OAuth, Proof, SignIn};
use emulator::listen::{self, TlsFiles};
use emulator::{Application, Emulator, ExtendedProtection, Offers, Quirk};
use engine::port::{Clock, Dice, Remote, Trouble};
use jiff::Timestamp;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const APPLICATION: &str = include_str!("data/application.pem");

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_790_000_000).expect("within the calendar")
    }

    async fn sleep_ms(&self, _: u64) {}
}

struct Count(AtomicU64);

impl Dice for Count {
    fn roll(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

fn dice() -> Arc<Count> {
    Arc::new(Count(AtomicU64::new(1)))
}

/// Every scheme that was sent, and how many connections there were.
#[derive(Default)]
struct Seen {
    schemes: Vec<String>,
    lines: usize,
}

/// A network that notes what is sent through it.
struct Watched {
    network: Network,
    seen: Arc<Mutex<Seen>>,
}

fn note(seen: &Mutex<Seen>, request: &Request) {
    let header = request.headers.iter().find(|(name, _)| name == "authorization");
    let scheme = header.and_then(|(_, value)| value.split(' ').next()).unwrap_or("-");
    seen.lock().expect("unpoisoned").schemes.push(scheme.to_owned());
}

#[async_trait]
impl Transport for Watched {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        note(&self.seen, request);
        self.network.call(request).await
    }

    async fn line(&self, url: &str, deadline_ms: u64) -> Result<Box<dyn Line>, Lost> {
        self.seen.lock().expect("unpoisoned").lines += 1;
        Ok(Box::new(WatchedLine { line: self.network.line(url, deadline_ms).await?, seen: self.seen.clone() }))
    }
}

struct WatchedLine {
    line: Box<dyn Line>,
    seen: Arc<Mutex<Seen>>,
}

#[async_trait]
impl Line for WatchedLine {
    async fn call(&mut self, request: &Request) -> Result<Answer, Lost> {
        note(&self.seen, request);
        self.line.call(request).await
    }

    fn certificate(&self) -> Option<&[u8]> {
        self.line.certificate()
    }
}

/// A server on a port of its own, with TLS by an authority of its own or without.
pub struct Served {
    pub url: String,
    pub ca: Option<PathBuf>,
    seen: Arc<Mutex<Seen>>,
    task: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn served(emulator: &Emulator, with_tls: bool) -> Served {
    let folder = tempfile::tempdir().expect("a folder");
    let (listener, address) = listen::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
    let (tls, ca) = if with_tls {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        std::fs::write(&files.cert, made.cert.pem()).expect("written");
        std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
        (Some(files.clone()), Some(files.cert))
    } else {
        (None, None)
    };
    let router = emulator.router();
    let task = tokio::spawn(async move {
        listen::serve(listener, router, tls, std::future::pending()).await.expect("served");
    });
    let scheme = if with_tls { "https" } else { "http" };
    Served { url: format!("{scheme}://{address}"), ca, seen: Arc::default(), task, _folder: folder }
}

impl Served {
    fn connection(&self, account: SignIn) -> Arc<EwsConnection> {
        let settings = EwsSettings { impersonate: true, ..EwsSettings::new(format!("{}/EWS/Exchange.asmx", self.url)) };
        let network = Network::new(self.ca.as_deref()).expect("a client");
        EwsConnection::new(Arc::new(Watched { network, seen: self.seen.clone() }), Arc::new(account), settings)
    }

    fn schemes(&self) -> Vec<String> {
        self.seen.lock().expect("unpoisoned").schemes.clone()
    }

    fn lines(&self) -> usize {
        self.seen.lock().expect("unpoisoned").lines
    }
}

pub fn ntlm(password: &str) -> SignIn {
    SignIn::ntlm("svc@crm.test", SecretString::from(password.to_owned()), Arc::new(Still), dice())
}

pub fn windows(protection: ExtendedProtection) -> Offers {
    Offers { basic: false, ntlm: Some(protection), bearer: None }
}

async fn identity(connection: &Arc<EwsConnection>) -> Result<(), Trouble> {
    connection.open(ANNA, maps()).identity().await.map(|identity| assert!(identity.is_user))
}

#[tokio::test]
async fn windows_accounts_sign_in_once_for_each_connection() {
    let world = World::new();
    world.emulator.set_offers(windows(ExtendedProtection::Off));
    let served = served(&world.emulator, false).await;
    let connection = served.connection(ntlm("secret"));
    for _ in 0..5 {
        identity(&connection).await.expect("signed in");
    }
    let schemes = served.schemes();
    assert_eq!(schemes[..2], ["NTLM", "NTLM"]);
    assert!(schemes[2..].iter().all(|scheme| scheme == "-"), "{schemes:?}");
    assert_eq!(served.lines(), 1);
    // Calls at the same time go on connections of their own, as many as are needed.
    let all = futures::future::join_all((0..20).map(|_| identity(&connection))).await;
    assert!(all.iter().all(Result::is_ok));
    assert!((2..=8).contains(&served.lines()), "{}", served.lines());
}

// Extended Protection: on by default since Exchange 2019 CU14.
#[tokio::test]
async fn a_windows_sign_in_is_bound_to_the_servers_certificate() {
    let world = World::new();
    world.emulator.set_offers(windows(ExtendedProtection::Required));
    let direct = served(&world.emulator, true).await;
    identity(&direct.connection(ntlm("secret"))).await.expect("signed in");
    // Somebody between, with a certificate that we trust too: the sign-in is good for him alone.
    let between = served(&world.emulator, true).await;
    let passed_on = PassedOn {
        front: between.url.clone(),
        behind: direct.url.clone(),
        front_ca: between.ca.clone(),
        ca: direct.ca.clone(),
    };
    let settings = EwsSettings { impersonate: true, ..EwsSettings::new(format!("{}/EWS/Exchange.asmx", between.url)) };
    let connection = EwsConnection::new(Arc::new(passed_on), Arc::new(ntlm("secret")), settings);
    let refused = identity(&connection).await;
    assert!(matches!(&refused, Err(Trouble::NoAccess { why }) if why.contains("Extended Protection")), "{refused:?}");
}

/// Shows one server's certificate and talks to another.
struct PassedOn {
    front: String,
    behind: String,
    front_ca: Option<PathBuf>,
    ca: Option<PathBuf>,
}

#[async_trait]
impl Transport for PassedOn {
    async fn call(&self, _: &Request) -> Result<Answer, Lost> {
        Err(Lost::NotSent("not by this way".to_owned()))
    }

    async fn line(&self, _: &str, deadline_ms: u64) -> Result<Box<dyn Line>, Lost> {
        let front = Network::new(self.front_ca.as_deref())?.line(&self.front, deadline_ms).await?;
        let behind = Network::new(self.ca.as_deref())?.line(&self.behind, deadline_ms).await?;
        Ok(Box::new(PassedOnLine { front, behind }))
    }
}

struct PassedOnLine {
    front: Box<dyn Line>,
    behind: Box<dyn Line>,
}

#[async_trait]
impl Line for PassedOnLine {
    async fn call(&mut self, request: &Request) -> Result<Answer, Lost> {
        self.behind.call(request).await
    }

    fn certificate(&self) -> Option<&[u8]> {
        self.front.certificate()
    }
}

#[tokio::test]
async fn a_server_that_forgets_a_connection_is_told_again() {
    let world = World::new();
    world.emulator.set_offers(windows(ExtendedProtection::Off));
    world.emulator.set_quirk(Quirk::ForgetsConnections, true);
    let served = served(&world.emulator, false).await;
    let connection = served.connection(ntlm("secret"));
    for _ in 0..3 {
        identity(&connection).await.expect("signed in");
    }
}

// A lock-out comes nearer with each try.
#[tokio::test]
async fn a_wrong_windows_password_is_tried_once_and_told() {
    let world = World::new();
    world.emulator.set_offers(windows(ExtendedProtection::Off));
    let served = served(&world.emulator, false).await;
    let refused = identity(&served.connection(ntlm("wrong"))).await;
    assert!(matches!(&refused, Err(Trouble::NoAccess { why }) if why.contains("password")), "{refused:?}");
    assert_eq!(served.schemes(), ["NTLM", "NTLM"]);
}

#[tokio::test]
async fn no_account_is_talked_down_to_a_weaker_scheme() {
    let world = World::new();
    // The server offers Basic alone.
    let served = served(&world.emulator, false).await;
    for (account, scheme) in [(ntlm("secret"), "NTLM"), (oauth(&served, "s3cret"), "Bearer")] {
        let refused = identity(&served.connection(account)).await;
        assert!(matches!(&refused, Err(Trouble::NoAccess { .. })), "{scheme}: {refused:?}");
    }
    assert!(served.schemes().iter().all(|scheme| scheme != "Basic"), "{:?}", served.schemes());
}

// The account has rights on Anna's mailbox and no more: it acts as itself.
#[tokio::test]
async fn a_delegate_works_in_the_mailbox_it_was_given() {
    let world = World::new();
    let spec = emulator::MailboxSpec::user("deputy@crm.test", "Deputy", "secret");
    world.emulator.add_mailbox(spec).expect("a new address");
    let spec = emulator::MailboxSpec::user("carl@crm.test", "Carl", "secret");
    let spec = emulator::MailboxSpec { full_access: vec!["deputy@crm.test".to_owned()], ..spec };
    world.emulator.add_mailbox(spec).expect("a new address");
    let served = served(&world.emulator, false).await;
    let settings = EwsSettings { delegate: true, ..EwsSettings::new(format!("{}/EWS/Exchange.asmx", served.url)) };
    let account = SignIn::basic("deputy@crm.test", SecretString::from("secret"));
    let network = Arc::new(Network::new(None).expect("a client"));
    let connection = EwsConnection::new(network, Arc::new(account), settings);
    let carl = connection.open("carl@crm.test", maps());
    let fields = crate::world::fields([(model::Field::Subject, model::Value::text("for Carl"))]);
    let made = crate::world::create(&carl, model::Domain::Task, fields, "k").await;
    let found = crate::world::list(&carl, model::Kind::Task).await.0;
    assert_eq!(found.iter().map(|record| &record.id).collect::<Vec<_>>(), [&made.id]);
    assert_eq!(world.emulator.items("carl@crm.test", "tasks").expect("tasks").len(), 1);
    assert_eq!(world.emulator.items("deputy@crm.test", "tasks").expect("tasks").len(), 0);
    let refused = connection.open("bob@crm.test", maps()).identity().await;
    assert!(matches!(&refused, Err(Trouble::NoAccess { .. } | Trouble::Gone(_))), "{refused:?}");
}

pub fn oauth(served: &Served, proof: &str) -> SignIn {
    oauth_of(&served.url, proof)
}

pub fn oauth_of(url: &str, proof: &str) -> SignIn {
    let settings = OAuth {
        token_url: format!("{url}/tenant/oauth2/v2.0/token"),
        client: "application".to_owned(),
        scope: "https://mail.crm.test/.default".to_owned(),
        proof: Proof::of(SecretString::from(proof.to_owned())),
        deadline_ms: 5_000,
    };
    SignIn::oauth(settings, Arc::new(Still), dice())
}

pub fn application(lasts: i64) -> Application {
    let certificate = APPLICATION.split_once("-----BEGIN CERTIFICATE-----").expect("a certificate").1;
    let certificate = certificate.split_once("-----END").expect("an end").0.lines().collect::<String>();
    use base64::Engine as _;
    let certificate = base64::engine::general_purpose::STANDARD.decode(certificate).expect("base 64");
    Application {
        client: "application".to_owned(),
        secret: Some("s3cret".to_owned()),
        certificate: Some(certificate),
        scope: "https://mail.crm.test/.default".to_owned(),
        lasts,
    }
}

#[tokio::test]
async fn an_application_signs_in_by_its_secret_or_its_certificate() {
    let world = World::new();
    world.emulator.set_offers(Offers { basic: false, ntlm: None, bearer: Some(application(3600)) });
    let served = served(&world.emulator, false).await;
    for proof in ["s3cret", APPLICATION] {
        let connection = served.connection(oauth(&served, proof));
        for _ in 0..3 {
            identity(&connection).await.expect("signed in");
        }
    }
    let asked = served.schemes().iter().filter(|scheme| *scheme == "-").count();
    assert_eq!(asked, 2, "one token for each account");
    let other = include_str!("data/application.pem").replace("MII", "MIJ");
    for wrong in ["guessed", other.as_str()] {
        let refused = identity(&served.connection(oauth(&served, wrong))).await;
        assert!(matches!(&refused, Err(Trouble::NoAccess { .. })), "{refused:?}");
    }
}

// trap 175: the server's clock runs a second with each look, ours stands still.
#[tokio::test]
async fn a_token_that_ended_before_its_time_is_asked_for_again() {
    let world = World::new();
    world.emulator.set_offers(Offers { basic: false, ntlm: None, bearer: Some(application(8)) });
    let served = served(&world.emulator, false).await;
    let connection = served.connection(oauth(&served, "s3cret"));
    for _ in 0..8 {
        identity(&connection).await.expect("signed in");
    }
    let asked = served.schemes().iter().filter(|scheme| *scheme == "-").count();
    assert!((2..=8).contains(&asked), "{asked}");
}

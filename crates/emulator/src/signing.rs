//! Ways to sign in: what the server offers, and who an HTTP request's account is.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use rustls::SignatureScheme;

use crate::der;
use crate::emulator::Emulator;
use crate::ews::auth::{self, Account};
use crate::ntlm::{self, Challenge};
use crate::quirks::Quirk;

/// What a server offers for signing in; Basic alone by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offers {
    /// Name and password.
    pub basic: bool,
    /// NTLM, which needs a connection and so a listener.
    pub ntlm: Option<ExtendedProtection>,
    /// Tokens of the identity provider at `/oauth2/v2.0/token` of this server.
    pub bearer: Option<Application>,
}

impl Default for Offers {
    fn default() -> Self {
        Self { basic: true, ntlm: None, bearer: None }
    }
}

/// Whether a sign-in must be bound to the channel it comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedProtection {
    /// It need not.
    Off,
    /// It must, over TLS, as Exchange 2019 demands since its 14th cumulative update.
    Required,
}

/// An application the identity provider knows; its tokens act for every mailbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub client: String,
    /// Its secret word, if it may prove itself by one.
    pub secret: Option<String>,
    /// Its certificate (DER), if it may prove itself by a signature.
    pub certificate: Option<Vec<u8>>,
    /// What its tokens are for.
    pub scope: String,
    /// How long a token lasts, in seconds.
    pub lasts: i64,
}

impl std::fmt::Debug for Application {
    // A secret stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an application")
    }
}

/// One connection of a listener: who is signed in on it, and the channel it is.
#[derive(Clone)]
pub(crate) struct Connection {
    state: Arc<Mutex<State>>,
    channel: Option<[u8; 16]>,
}

#[derive(Default)]
enum State {
    #[default]
    Unknown,
    Challenged(Challenge),
    SignedIn(Account),
}

impl Connection {
    pub(crate) fn new(certificate: Option<&[u8]>) -> Self {
        let channel = certificate.map(|der| ntlm::channel(&der::end_point_hash(der)));
        Self { state: Arc::default(), channel }
    }
}

/// The account of a request, or the challenges it is answered with.
pub(crate) fn account(
    emulator: &Emulator,
    connection: Option<&Connection>,
    headers: &HeaderMap,
) -> Result<Account, Vec<String>> {
    let offers = emulator.offers();
    let header = headers.get(axum::http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, rest) = header.and_then(|text| text.split_once(' ')).unwrap_or_default();
    let refused = || challenges(&offers);
    match scheme.to_ascii_lowercase().as_str() {
        "basic" if offers.basic => auth::basic(&emulator.world(), emulator.server(), header).ok_or_else(refused),
        "ntlm" | "negotiate" if offers.ntlm.is_some() => match connection {
            Some(connection) => windows(emulator, connection, &offers, scheme, rest).map_err(|told| {
                told.map_or_else(refused, |message| vec![format!("{scheme} {}", STANDARD.encode(message))])
            }),
            None => Err(refused()),
        },
        "bearer" => bearer(emulator, &offers, rest).ok_or_else(refused),
        "" => connection.and_then(|connection| known(emulator, connection)).ok_or_else(refused),
        _ => Err(refused()),
    }
}

fn challenges(offers: &Offers) -> Vec<String> {
    let mut all = Vec::new();
    if offers.ntlm.is_some() {
        all.extend(["Negotiate".to_owned(), "NTLM".to_owned()]);
    }
    if offers.basic {
        all.push("Basic realm=\"exchange\"".to_owned());
    }
    if let Some(application) = &offers.bearer {
        all.push(format!("Bearer client_id=\"{}\", token_types=\"app_asserted_user_v1\"", application.client));
    }
    all
}

/// Who signed in on this connection before.
fn known(emulator: &Emulator, connection: &Connection) -> Option<Account> {
    let mut state = connection.state.lock().unwrap_or_else(PoisonError::into_inner);
    let State::SignedIn(account) = &*state else { return None };
    let account = account.clone();
    if emulator.quirks().contains(&Quirk::ForgetsConnections) {
        *state = State::Unknown;
    }
    Some(account)
}

/// One step of NTLM. An error holds the challenge to answer with, if it is not a refusal.
fn windows(
    emulator: &Emulator,
    connection: &Connection,
    offers: &Offers,
    scheme: &str,
    message: &str,
) -> Result<Account, Option<Vec<u8>>> {
    let message = STANDARD.decode(message.trim()).map_err(|_| None)?;
    tracing::trace!(scheme, "a step of a Windows sign-in");
    let mut state = connection.state.lock().unwrap_or_else(PoisonError::into_inner);
    let State::Challenged(challenge) = std::mem::take(&mut *state) else {
        let nonce = emulator.world().draw("challenge");
        let nonce = nonce.text().bytes().take(8).collect::<Vec<u8>>().try_into().map_err(|_| None)?;
        let since_1601 = emulator.now().as_second() + 11_644_473_600;
        let filetime = u64::try_from(since_1601).unwrap_or(0) * 10_000_000;
        let challenge = Challenge::new(&message, nonce, filetime).ok_or(None)?;
        let told = challenge.message.clone();
        *state = State::Challenged(challenge);
        return Err(Some(told));
    };
    let channel = match offers.ntlm {
        Some(ExtendedProtection::Required) => connection.channel,
        Some(ExtendedProtection::Off) | None => None,
    };
    let world = emulator.world();
    let password = |name: &str| auth::password(&world, emulator.server(), name);
    let name = challenge.proven(&message, password, channel).ok_or(None)?;
    let account = auth::named(&world, emulator.server(), &name).ok_or(None)?;
    *state = State::SignedIn(account.clone());
    Ok(account)
}

/// A token given out before, while it lasts.
fn bearer(emulator: &Emulator, offers: &Offers, token: &str) -> Option<Account> {
    let application = offers.bearer.as_ref()?;
    let now = emulator.now();
    let world = emulator.world();
    let until = world.servers.get(emulator.server())?.tokens.get(token.trim())?;
    (*until > now).then(|| Account { name: application.client.to_lowercase(), service: true, mailbox: None })
}

/// Answers a request for a token: the status and the JSON.
pub(crate) fn token(emulator: &Emulator, url: &str, form: &[u8]) -> (u16, String) {
    let refused = |code: &str| (400, format!("{{\"error\":\"{code}\",\"error_description\":\"refused\"}}"));
    let Some(application) = emulator.offers().bearer else { return refused("unauthorized_client") };
    let text = String::from_utf8_lossy(form);
    let field = |name: &str| {
        let found = text.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name));
        found.map(|(_, value)| unescaped(value)).unwrap_or_default()
    };
    if field("grant_type") != "client_credentials" {
        return refused("unsupported_grant_type");
    }
    let now = emulator.now();
    let by_secret = application.secret.as_deref().is_some_and(|secret| secret == field("client_secret"));
    let statement = field("client_assertion");
    let by_signature = !statement.is_empty() && signed(&application, &statement, url, now);
    if field("client_id") != application.client || !(by_secret || by_signature) {
        return (401, "{\"error\":\"invalid_client\"}".to_owned());
    }
    if field("scope") != application.scope {
        return refused("invalid_scope");
    }
    let mut world = emulator.world();
    let token = world.draw("token").text();
    let until = now.saturating_add(SignedDuration::from_secs(application.lasts)).unwrap_or(now);
    if let Some(server) = world.servers.get_mut(emulator.server()) {
        server.tokens.retain(|_, until| *until > now);
        server.tokens.insert(token.clone(), until);
    }
    (200, format!("{{\"token_type\":\"Bearer\",\"expires_in\":{},\"access_token\":\"{token}\"}}", application.lasts))
}

/// Whether a statement (RFC 7523) is signed by the application's certificate, for us, and in force.
fn signed(application: &Application, statement: &str, url: &str, now: Timestamp) -> bool {
    let checked = || {
        let (text, signature) = statement.rsplit_once('.')?;
        let (_, body) = text.split_once('.')?;
        let key = der::public_key(application.certificate.as_deref()?)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let all = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let (_, algorithms) = all.mapping.iter().find(|(scheme, _)| *scheme == SignatureScheme::RSA_PKCS1_SHA256)?;
        let fits = algorithms.iter().any(|one| one.verify_signature(&key, text.as_bytes(), &signature).is_ok());
        let body: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        let is = |name: &str, wanted: &str| body.get(name).and_then(serde_json::Value::as_str) == Some(wanted);
        let time = |name: &str| body.get(name).and_then(serde_json::Value::as_i64);
        let in_force = time("nbf")? <= now.as_second() && now.as_second() < time("exp")?;
        let path = body.get("aud")?.as_str()?.ends_with(url);
        Some(fits && is("iss", &application.client) && is("sub", &application.client) && in_force && path)
    };
    checked().unwrap_or(false)
}

fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                out.extend(u8::from_str_radix(&digits, 16));
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

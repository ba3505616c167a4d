//! Where alerts go: a receiver, kept in an envelope with what opens it.

use super::Message;
use crate::services::Services;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect::http::{Network, Request, Transport as _};
use connect::mail::{Letter, MailServer, Security};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use store::Channel;

/// How long one message may take.
const DEADLINE_MS: u64 = 20_000;

/// The most that is read of an answer.
const MOST: usize = 64 * 1024;

/// Who is told.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// An address that takes JSON by POST.
    Webhook(Webhook),
    /// People who are written to.
    Mail(Mail),
}

/// An address that takes JSON by POST. The address may hold a secret itself.
#[derive(Clone, Serialize, Deserialize)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// A token sent along.
    pub bearer: Option<String>,
    /// A file of further certificate authorities.
    pub ca_file: Option<String>,
}

/// People who are written to, by way of a mail server.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mail {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is secured, by name.
    pub security: String,
    /// The account that signs in, with its password.
    pub account: Option<(String, String)>,
    /// Who writes.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
    /// A file of further certificate authorities.
    pub ca_file: Option<String>,
}

impl Mail {
    /// The mail server that takes the letters; none when the way to it has an unknown name.
    #[must_use]
    pub fn server(&self) -> Option<MailServer> {
        Some(MailServer {
            host: self.host.clone(),
            port: self.port,
            security: Security::parse(&self.security)?,
            account: self.account.clone().map(|(user, password)| (user, SecretString::from(password))),
            ca_file: self.ca_file.as_ref().map(PathBuf::from),
        })
    }
}

/// The name that a channel's envelope is for; no connection can have it.
#[must_use]
pub fn envelope(channel: Channel) -> String {
    format!("alerts by {}", channel.as_str())
}

/// A target in its envelope.
///
/// # Errors
/// It cannot be written down.
pub fn seal(services: &Services, channel: Channel, target: &Target) -> Result<String, String> {
    let text = serde_json::to_string(target).map_err(|_| "the receiver cannot be written down".to_owned())?;
    Ok(STANDARD.encode(services.key.seal(services.random(), &envelope(channel), &text)))
}

/// A target out of its envelope.
///
/// # Errors
/// It does not open with this key file.
pub fn open(services: &Services, channel: Channel, sealed: &str) -> Result<Target, String> {
    let broken = || format!("the receiver of {} does not open with this key file; set it again", channel.as_str());
    let bytes = STANDARD.decode(sealed).map_err(|_| broken())?;
    let text: SecretString = services.key.open(&envelope(channel), &bytes).map_err(|_| broken())?;
    serde_json::from_str(text.expose_secret()).map_err(|_| broken())
}

/// Sends a message; what is wrong although it arrived.
///
/// # Errors
/// It did not arrive, in words without the address.
pub async fn send(
    services: &Services,
    channel: Channel,
    sealed: &str,
    message: &Message,
) -> Result<Option<String>, String> {
    match open(services, channel, sealed)? {
        Target::Webhook(webhook) => post(webhook, message).await.map(|()| None),
        Target::Mail(mail) => write_to(services, &mail, message).await,
    }
}

async fn write_to(services: &Services, mail: &Mail, message: &Message) -> Result<Option<String>, String> {
    let server = mail.server().ok_or_else(|| "the way to the mail server is secured by no known means".to_owned())?;
    let letter = Letter {
        from: mail.from.clone(),
        to: mail.to.clone(),
        subject: message.subject(),
        text: message.text(),
        date: services.clock.now(),
        id: services.dice.id(),
    };
    let refused = server.hand_over(&letter, DEADLINE_MS).await.map_err(|why| why.to_string())?;
    Ok((refused > 0).then(|| format!("the mail server refused {refused} of {} recipients", mail.to.len())))
}

async fn post(target: Webhook, message: &Message) -> Result<(), String> {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(target.bearer.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
    let body = message.json().to_string().into_bytes();
    let request = Request { url: target.url, headers, body, deadline_ms: DEADLINE_MS, most: MOST };
    let network = Network::new(target.ca_file.as_deref().map(Path::new)).map_err(|why| why.to_string())?;
    let answer = network.call(&request).await.map_err(|why| why.to_string())?;
    match answer.status {
        200..300 => Ok(()),
        300..400 => {
            Err(format!("the receiver answered {} and wants to be asked elsewhere; set that address", answer.status))
        }
        status => Err(format!("the receiver answered {status}")),
    }
}

//! Alerts: who is told, when, what stands, and a test message (rule W5).

use crate::alert::{Mail, Message, Target, Webhook, seal, send};
use crate::fault::{Faults, Refused};
use crate::services::Services;
use connect::http::checked;
use connect::mail::{Letter, Security};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use std::path::Path;
use store::{Alert, AlertBook, Channel, StoreError, Way};

/// A change that meets another one is made again on what stands then, at most this often.
const TRIES: usize = 5;

/// The shortest time that a user may be without success before it is told, and until it is told again.
pub const SECONDS_LEAST: u32 = 60;

/// The longest such time: a year.
pub const SECONDS_MOST: u32 = 365 * 24 * 3_600;

/// The longest that an end is told before.
pub const DAYS_MOST: u32 = 365;

/// The most people who are written to.
const RECIPIENTS: usize = 50;

/// What stands about alerts; never where exactly they go, for an address may be a secret.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The channels; none when nobody is told.
    pub channels: Vec<ShownWay>,
    /// Seconds that a user may be without a successful cycle.
    pub after_s: u32,
    /// Seconds after which what still stands is told again; 0 for never.
    pub repeat_s: u32,
    /// Days before its end that a certificate or a password is told.
    pub days: u32,
    /// What is wrong, or over and not told yet.
    pub alerts: Vec<Standing>,
}

/// A channel.
#[derive(Clone, Debug, Serialize)]
pub struct ShownWay {
    /// Which.
    pub channel: Channel,
    /// Where it leads to, without what may be a secret: a host.
    pub to: String,
    /// When the last message arrived.
    pub arrived: Option<Timestamp>,
    /// Why the last message did not arrive, or not at everybody.
    pub trouble: Option<String>,
    /// Failures in a row.
    pub tries: u32,
    /// It is tried again then.
    pub next: Option<Timestamp>,
}

/// A cause.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// Its name.
    pub cause: String,
    /// The rest.
    #[serde(flatten)]
    pub alert: Alert,
}

/// When alerts are told; what is not named stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Seconds without success.
    pub after_s: Option<u32>,
    /// Seconds until it is told again; 0 for never.
    pub repeat_s: Option<u32>,
    /// Days before an end.
    pub days: Option<u32>,
}

/// A webhook.
pub struct WebhookDraft {
    /// The address.
    pub url: SecretString,
    /// A token sent along.
    pub bearer: Option<SecretString>,
    /// A file of further certificate authorities.
    pub ca_file: Option<String>,
}

/// Mail.
#[derive(Default)]
pub struct MailDraft {
    /// The mail server's name or address.
    pub host: String,
    /// Its port; the usual one when absent.
    pub port: Option<u16>,
    /// How the way to it is secured; STARTTLS when absent.
    pub security: Option<String>,
    /// The account that signs in, if one must.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// Who writes.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
    /// A file of further certificate authorities.
    pub ca_file: Option<String>,
}

/// What stands.
///
/// # Errors
/// Only the store's.
pub async fn show(services: &Services) -> Result<Shown, Refused> {
    Ok(shown(services.store.alerts().await?, services.clock.now()))
}

fn shown(book: AlertBook, now: Timestamp) -> Shown {
    let channels = book.ways.into_iter().map(|(channel, way)| {
        let Way { target: _, shown: to, tries, next, trouble, arrived } = way;
        ShownWay { channel, to, arrived, trouble, tries, next }
    });
    // What is noted for later is no alert yet.
    let stands = book.causes.into_iter().filter(|(_, alert)| alert.due <= now || !alert.told.is_empty());
    Shown {
        channels: channels.collect(),
        after_s: book.after_s,
        repeat_s: book.repeat_s,
        days: book.days,
        alerts: stands.map(|(cause, alert)| Standing { cause, alert }).collect(),
    }
}

/// Changes when alerts are told.
///
/// # Errors
/// Every fault at once.
pub async fn change(services: &Services, times: Times) -> Result<Shown, Refused> {
    let mut faults = Faults::default();
    let seconds = SECONDS_LEAST..=SECONDS_MOST;
    if times.after_s.is_some_and(|value| !seconds.contains(&value)) {
        faults.note("after_s", format!("is between {SECONDS_LEAST} and {SECONDS_MOST}"));
    }
    if times.repeat_s.is_some_and(|value| value != 0 && !seconds.contains(&value)) {
        faults.note("repeat_s", format!("is 0 for never, or between {SECONDS_LEAST} and {SECONDS_MOST}"));
    }
    if times.days.is_some_and(|value| !(1..=DAYS_MOST).contains(&value)) {
        faults.note("days", format!("is between 1 and {DAYS_MOST}"));
    }
    faults.refuse()?;
    edit(services, |book| {
        book.after_s = times.after_s.unwrap_or(book.after_s);
        book.repeat_s = times.repeat_s.unwrap_or(book.repeat_s);
        book.days = times.days.unwrap_or(book.days);
    })
    .await
}

/// Sends alerts to an address from now on.
///
/// # Errors
/// Every fault at once.
pub async fn webhook(services: &Services, draft: &WebhookDraft) -> Result<Shown, Refused> {
    let mut faults = Faults::default();
    let host = match checked(draft.url.expose_secret()) {
        Ok((url, _)) => url.host_str().unwrap_or_default().to_owned(),
        Err(why) => {
            faults.note("url", why.to_string());
            String::new()
        }
    };
    note_file(draft.ca_file.as_deref(), &mut faults);
    faults.refuse()?;
    let target = Target::Webhook(Webhook {
        url: draft.url.expose_secret().to_owned(),
        bearer: draft.bearer.as_ref().map(|token| token.expose_secret().to_owned()),
        ca_file: draft.ca_file.clone(),
    });
    leads(services, Channel::Webhook, &target, host).await
}

/// Writes alerts to people from now on.
///
/// # Errors
/// Every fault at once.
pub async fn mail(services: &Services, draft: &MailDraft) -> Result<Shown, Refused> {
    let mut faults = Faults::default();
    let named = draft.security.as_deref().map_or(Some(Security::StartTls), Security::parse);
    if named.is_none() {
        faults.note("security", format!("is one of {}", Security::ALL.map(Security::as_str).join(", ")));
    }
    let security = named.unwrap_or(Security::StartTls);
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    if draft.host.is_empty() || draft.host.len() > 253 || !draft.host.chars().all(is_host) {
        faults.note("host", "is the name or the address of a mail server");
    }
    if !Letter::takes(&draft.from) {
        faults.note("from", "is no mail address");
    }
    if draft.to.is_empty() || draft.to.len() > RECIPIENTS {
        faults.note("to", format!("names 1 to {RECIPIENTS} addresses"));
    }
    for address in draft.to.iter().filter(|address| !Letter::takes(address)) {
        faults.note("to", format!("'{address}' is no mail address"));
    }
    let account = match (&draft.user, &draft.password) {
        (Some(user), Some(password)) => Some((user.clone(), password.expose_secret().to_owned())),
        (None, None) => None,
        (Some(_), None) => {
            faults.note("password", "is missing: the account signs in with it");
            None
        }
        (None, Some(_)) => {
            faults.note("user", "is missing: a password is an account's");
            None
        }
    };
    note_file(draft.ca_file.as_deref(), &mut faults);
    let mail = Mail {
        host: draft.host.clone(),
        port: draft.port.unwrap_or(security.port()),
        security: security.as_str().to_owned(),
        account,
        from: draft.from.clone(),
        to: draft.to.clone(),
        ca_file: draft.ca_file.clone(),
    };
    if let Some(problem) = mail.server().and_then(|server| server.problem()) {
        faults.note("security", problem);
    }
    faults.refuse()?;
    let shown = format!("{} by {}", people(&mail.to), mail.host);
    leads(services, Channel::Mail, &Target::Mail(mail), shown).await
}

fn people(to: &[String]) -> String {
    if to.len() == 1 { "1 person".to_owned() } else { format!("{} people", to.len()) }
}

fn note_file(ca_file: Option<&str>, faults: &mut Faults) {
    if ca_file.is_some_and(|file| !Path::new(file).is_file()) {
        faults.note("ca_file", "names no file of this machine");
    }
}

async fn leads(services: &Services, channel: Channel, target: &Target, shown: String) -> Result<Shown, Refused> {
    let target = seal(services, channel, target).map_err(Refused::Broken)?;
    edit(services, |book| {
        // Another receiver: what stands is told him, and what failed was another's fault.
        forget(book, channel);
        let (target, shown) = (target.clone(), shown.clone());
        book.ways.insert(channel, Way { target, shown, tries: 0, next: None, trouble: None, arrived: None });
    })
    .await
}

fn forget(book: &mut AlertBook, channel: Channel) {
    book.ways.remove(&channel);
    for alert in book.causes.values_mut() {
        alert.told.remove(&channel);
    }
    if book.ways.is_empty() {
        book.causes.clear();
    }
}

/// Tells nobody any more by a channel, or by any.
///
/// # Errors
/// Only the store's.
pub async fn off(services: &Services, channel: Option<Channel>) -> Result<Shown, Refused> {
    edit(services, |book| {
        for one in Channel::ALL.into_iter().filter(|one| channel.is_none_or(|channel| channel == *one)) {
            forget(book, one);
        }
    })
    .await
}

/// Makes a change on what stands, again if somebody else changed it meanwhile.
async fn edit(services: &Services, change: impl Fn(&mut AlertBook)) -> Result<Shown, Refused> {
    let mut tries = 0;
    loop {
        let mut book = services.store.alerts().await?;
        change(&mut book);
        match services.store.change_alerts(&book).await {
            Ok(_) => return Ok(shown(book, services.clock.now())),
            Err(StoreError::Conflict { .. }) if tries < TRIES => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Sends a message by every channel that says only that messages arrive; how many channels there are.
///
/// # Errors
/// Nobody is to be told, or it did not arrive.
pub async fn test(services: &Services) -> Result<usize, Refused> {
    let book = services.store.alerts().await?;
    if book.ways.is_empty() {
        return Err(Refused::Conflict {
            code: "no_receiver",
            message: "alerts go nowhere: name a receiver first".to_owned(),
        });
    }
    let mut lost = Vec::new();
    for (channel, way) in &book.ways {
        if let Err(why) | Ok(Some(why)) = send(services, *channel, &way.target, &Message::test()).await {
            lost.push(format!("{} to {}: {why}", channel.as_str(), way.shown));
        }
    }
    if lost.is_empty() { Ok(book.ways.len()) } else { Err(Refused::Unavailable(lost.join("; "))) }
}

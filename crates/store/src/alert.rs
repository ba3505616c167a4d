//! What an administrator is alerted to, where to, and what he was told already (rule W5).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Everything about alerts. `generation` grows with every change; a change is made on the generation that was read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertBook {
    /// Grows by one with every change; 0 before the first.
    #[serde(skip)]
    pub generation: u64,
    /// The ways that alerts go; none: nobody is told.
    pub ways: BTreeMap<Channel, Way>,
    /// Seconds that a user may be without a successful cycle.
    pub after_s: u32,
    /// Days before its end that a certificate or a password is told.
    pub days: u32,
    /// Seconds after which what still stands is told again; 0 for never.
    pub repeat_s: u32,
    /// What is, or was told to be, wrong.
    pub causes: BTreeMap<String, Alert>,
    /// When certificates end, by connection.
    pub certificates: BTreeMap<String, CertificateLook>,
    /// A node sends until then.
    pub claimed: Option<Timestamp>,
}

impl Default for AlertBook {
    fn default() -> AlertBook {
        AlertBook {
            generation: 0,
            ways: BTreeMap::new(),
            after_s: 24 * 3_600,
            days: 14,
            repeat_s: 24 * 3_600,
            causes: BTreeMap::new(),
            certificates: BTreeMap::new(),
            claimed: None,
        }
    }
}

impl fmt::Debug for AlertBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlertBook({} causes, generation {})", self.causes.len(), self.generation)
    }
}

/// A way that alerts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// JSON to an address, by POST.
    Webhook,
    /// A mail.
    Mail,
}

impl Channel {
    /// Every one.
    pub const ALL: [Channel; 2] = [Channel::Webhook, Channel::Mail];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Webhook => "webhook",
            Channel::Mail => "mail",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

/// Where a channel leads, and how sending goes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// The receiver with what opens him, enveloped with the key file, in base64.
    pub target: String,
    /// What of it may be shown: a host.
    pub shown: String,
    /// Failures to send in a row.
    #[serde(default)]
    pub tries: u32,
    /// Not tried again before this.
    #[serde(default)]
    pub next: Option<Timestamp>,
    /// Why the last message did not arrive, or not at everybody.
    #[serde(default)]
    pub trouble: Option<String>,
    /// When the last message arrived.
    #[serde(default)]
    pub arrived: Option<Timestamp>,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Way({} tries)", self.tries)
    }
}

/// One cause.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What is wrong, in words, without content.
    pub text: String,
    /// What to do about it.
    pub cure: String,
    /// What it concerns, for programs: `kind`, and where it fits `user`, `domain`, `side`, `connection`.
    pub about: BTreeMap<String, String>,
    /// When it was first seen.
    pub noted: Timestamp,
    /// Since when.
    pub since: Timestamp,
    /// It is told from then on.
    pub due: Timestamp,
    /// When each channel was told of it last.
    #[serde(default)]
    pub told: BTreeMap<Channel, Timestamp>,
    /// It is over since then, and that is to be told where its beginning was.
    #[serde(default)]
    pub over: Option<Timestamp>,
}

// It names a person.
impl fmt::Debug for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Alert(since {}, told {:?}, over {:?})", self.since, self.told, self.over)
    }
}

/// What a look at a connection's certificates found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateLook {
    /// When it was looked.
    pub looked: Timestamp,
    /// When the server's ends.
    #[serde(default)]
    pub server: Option<Timestamp>,
    /// When the one ends that our application signs in by.
    #[serde(default)]
    pub own: Option<Timestamp>,
}

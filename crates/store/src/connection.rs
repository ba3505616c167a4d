//! A server that mailboxes live on, and how our account signs in there.

use jiff::Timestamp;
use model::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A server that mailboxes live on. Its secret is enveloped with the key file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The name an administrator gave it.
    pub name: String,
    /// What it speaks: `ews`.
    pub kind: String,
    /// Where it answers.
    pub url: String,
    /// The account that signs in.
    pub user: String,
    /// The enveloped password; never shown. Empty in listings.
    #[serde(default, skip_serializing)]
    pub secret: Vec<u8>,
    /// Sign in once and act for each mailbox (ApplicationImpersonation), else sign in to the mailbox directly.
    pub impersonate: bool,
    /// A file of further certificate authorities.
    pub ca_file: Option<String>,
    /// Sub-folders an administrator named, per kind (rule D7), by path below the default folder.
    #[serde(default)]
    pub folders: BTreeMap<Kind, Vec<String>>,
    /// How its account signs in.
    #[serde(default, flatten)]
    pub access: Access,
    /// Its mailboxes are pushed where the server can (rule E4); else they are polled.
    #[serde(default = "yes")]
    pub push: bool,
}

/// A connection's secret in another envelope. Its text never reaches a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Resealed {
    /// The connection's name.
    pub connection: String,
    /// The envelope that was opened.
    pub before: Vec<u8>,
    /// The one in its place.
    pub after: Vec<u8>,
}

impl fmt::Debug for Resealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resealed({})", self.connection)
    }
}

fn yes() -> bool {
    true
}

/// How a connection's account signs in, and by what right it reaches mailboxes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The scheme; an account signs in by exactly this one.
    #[serde(default)]
    pub sign_in: SignInKind,
    /// The account opens mailboxes by the rights it was given on them, instead of acting for their owners.
    #[serde(default)]
    pub delegate: bool,
    /// Where an identity provider gives out tokens.
    #[serde(default)]
    pub token_url: Option<String>,
    /// What a token is for.
    #[serde(default)]
    pub scope: Option<String>,
    /// When its password or secret ends, as far as somebody said so (rule W5).
    #[serde(default)]
    pub password_ends: Option<Timestamp>,
    /// How many calls the server is asked at once at most; as many as suit an Exchange, unless somebody said so.
    #[serde(default)]
    pub calls_at_once: Option<u16>,
    /// Nobody configured the address: Autodiscover is asked for the server of this mailbox.
    #[serde(default)]
    pub find_by: Option<String>,
    /// Further hosts that may be asked for it, besides the mail domain.
    #[serde(default)]
    pub find_hosts: Vec<String>,
    /// When the present address was found.
    #[serde(default)]
    pub found_at: Option<Timestamp>,
    /// The address before it, where the server was found to have moved.
    #[serde(default)]
    pub moved_from: Option<String>,
}

/// The schemes an account may sign in by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignInKind {
    /// Name and password with every request.
    #[default]
    Basic,
    /// A Windows account, bound to the server's certificate.
    Ntlm,
    /// An application with tokens of an identity provider.
    Oauth,
}

impl SignInKind {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Ntlm => "ntlm",
            Self::Oauth => "oauth",
        }
    }

    /// The scheme of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Basic, Self::Ntlm, Self::Oauth].into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({})", self.sign_in.as_str())
    }
}

// Accounts, addresses and secrets never reach a log.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({} {})", self.name, self.kind)
    }
}

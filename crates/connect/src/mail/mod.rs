//! Mail to an administrator: one letter handed to his mail server (SMTP, RFC 5321), and nothing else. Records are never
//! mailed, and no guest of a meeting is ever written to from here.

mod letter;
mod talk;

pub use letter::Letter;

use crate::http::{Lost, dial, secured, tls_of};
use secrecy::SecretString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use talk::Talk;

/// How the way to a mail server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Plain at first, then TLS on the same connection (STARTTLS); never less.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Not at all: for this machine alone.
    Plain,
}

impl Security {
    /// Every one.
    pub const ALL: [Security; 3] = [Security::StartTls, Security::Tls, Security::Plain];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Security::StartTls => "starttls",
            Security::Tls => "tls",
            Security::Plain => "plain",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Security> {
        Security::ALL.into_iter().find(|security| security.as_str() == name)
    }

    /// The port that is usual for it.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Security::StartTls => 587,
            Security::Tls => 465,
            Security::Plain => 25,
        }
    }
}

/// A mail server that takes letters.
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is secured.
    pub security: Security,
    /// The account that signs in, if one must.
    pub account: Option<(String, SecretString)>,
    /// A file of further certificate authorities.
    pub ca_file: Option<PathBuf>,
}

impl MailServer {
    /// What is wrong with the way to it: a letter, and a password, leave this machine by TLS alone.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let here = self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        match self.security {
            Security::Plain if !here => Some("plain is for this machine only; use starttls or tls"),
            Security::Plain | Security::StartTls | Security::Tls => None,
        }
    }

    /// Hands over a letter, as a whole within a time; how many of its recipients the server refused.
    ///
    /// # Errors
    /// It was not taken, in words without an address.
    pub async fn hand_over(&self, letter: &Letter, deadline_ms: u64) -> Result<usize, Lost> {
        if let Some(problem) = self.problem() {
            return Err(Lost::NotSent(problem.to_owned()));
        }
        let late = |_| Lost::Unanswered("the mail server did not answer in time".to_owned());
        tokio::time::timeout(Duration::from_millis(deadline_ms), self.deliver(letter)).await.map_err(late)?
    }

    async fn deliver(&self, letter: &Letter) -> Result<usize, Lost> {
        let stream = dial(&self.host, self.port).await?;
        let us = stream.local_addr().map_or_else(|_| "[127.0.0.1]".to_owned(), |at| literal(at.ip()));
        let ca_file = self.ca_file.as_deref();
        match self.security {
            Security::Plain => {
                let mut talk = Talk::new(stream);
                talk.greeting().await?;
                self.rest(talk, &us, letter).await
            }
            Security::Tls => {
                let mut talk = Talk::new(secured(tls_of(ca_file)?, &self.host, stream).await?);
                talk.greeting().await?;
                self.rest(talk, &us, letter).await
            }
            Security::StartTls => {
                let mut talk = Talk::new(stream);
                talk.greeting().await?;
                let offers = talk.hello(&us).await?;
                if !offers.has("STARTTLS") {
                    return Err(Lost::NotSent("the mail server offers no STARTTLS".to_owned()));
                }
                let stream = talk.start_tls().await?;
                let talk = Talk::new(secured(tls_of(ca_file)?, &self.host, stream).await?);
                self.rest(talk, &us, letter).await
            }
        }
    }

    async fn rest<S>(&self, mut talk: Talk<S>, us: &str, letter: &Letter) -> Result<usize, Lost>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
    {
        let offers = talk.hello(us).await?;
        if let Some((user, password)) = &self.account {
            talk.sign_in(&offers, user, password).await?;
        }
        talk.give(letter).await
    }
}

/// An address as a mail server is greeted with it.
fn literal(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("[{ip}]"),
        IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // W5
    #[test]
    fn nothing_leaves_this_machine_in_the_clear() {
        let problem = |host: &str, security| {
            let server = MailServer { host: host.to_owned(), port: 25, security, account: None, ca_file: None };
            server.problem()
        };
        for host in ["mail.crm.test", "10.0.0.1", "localhost.crm.test", "::ffff:127.0.0.1", ""] {
            assert!(problem(host, Security::Plain).is_some(), "{host}");
            assert_eq!(problem(host, Security::StartTls), None);
        }
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(problem(host, Security::Plain), None, "{host}");
        }
        assert_eq!(literal("::1".parse().expect("an address")), "[IPv6:::1]");
    }
}

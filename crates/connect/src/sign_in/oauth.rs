//! Tokens of an identity provider for an application: asked for once for all who wait, and again before they end
//! (traps 175, 176).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::port::{Clock, Dice};
use jiff::{SignedDuration, Timestamp};
use rustls::SignatureScheme;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::Mutex;

use crate::http::{Answer, Lost, Request, Transport, moment};

/// An application at an identity provider.
#[derive(Clone)]
pub struct OAuth {
    /// Where tokens are given out, such as `https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token`.
    pub token_url: String,
    /// The application's id.
    pub client: String,
    /// What the token is for, such as `https://mail.example.org/.default`.
    pub scope: String,
    /// How the application proves itself.
    pub proof: Proof,
    /// How long one call may take, in milliseconds.
    pub deadline_ms: u64,
}

/// How an application proves itself.
#[derive(Clone)]
pub enum Proof {
    /// By a secret word.
    Secret(SecretString),
    /// By a key whose certificate the provider knows: both in one PEM text.
    Certificate(SecretString),
}

impl Proof {
    /// A secret word, or a key with its certificate where the text holds them.
    pub fn of(text: SecretString) -> Self {
        if text.expose_secret().trim_start().starts_with("-----BEGIN ") {
            Self::Certificate(text)
        } else {
            Self::Secret(text)
        }
    }

    /// What is wrong with it, in words.
    pub fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Secret(_) => None,
            Self::Certificate(pem) => Signer::read(pem).err(),
        }
    }
}

/// A token this close to its end is asked for anew.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// How long a signed statement of ours is good for.
const STATEMENT: SignedDuration = SignedDuration::from_mins(9);

/// The longest answer of an identity provider.
const MOST: usize = 1 << 20;

/// The longest a provider is waited for: whoever needs the token has a deadline of his own, and others wait behind him.
const PROVIDER_MS: u64 = 20_000;

/// How long a failure stands without the provider being asked, at first and at most; doubled each time.
const FAILED_S: i64 = 5;
const FAILED_MOST_S: i64 = 300;

/// A clock so far from the provider's is told of: statements signed by it are not in force yet, or not any more.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

pub(super) struct Tokens {
    settings: OAuth,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    /// Held while a token is asked for, so that whoever else needs one waits for the same.
    kept: Mutex<Given>,
}

/// What the provider gave last.
#[derive(Default)]
struct Given {
    token: Option<Kept>,
    failed: Option<Failed>,
}

/// None, and why; it holds for everybody who needs one.
struct Failed {
    why: Lost,
    until: Timestamp,
    waited_s: i64,
}

struct Kept {
    token: SecretString,
    renew_at: Timestamp,
}

/// A provider's answer.
#[derive(Deserialize)]
struct Told {
    access_token: Option<String>,
    expires_in: Option<serde_json::Value>,
    error: Option<String>,
}

impl Tokens {
    pub(super) fn new(settings: OAuth, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Self {
        Self { settings, clock, dice, kept: Mutex::default() }
    }

    /// The token in force; a new one when it ends soon, or is the one that was just refused.
    pub(super) async fn get(
        &self,
        transport: &dyn Transport,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, Lost> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some(present) = &kept.token {
            let is_refused = refused.is_some_and(|token| token.expose_secret() == present.token.expose_secret());
            if present.renew_at > now && !is_refused {
                return Ok(present.token.clone());
            }
        }
        kept.token = None;
        let waited_s = match &kept.failed {
            // A wait longer than the longest was noted by a clock that was wrong.
            Some(failed) if failed.until > now && failed.until.duration_since(now).as_secs() <= FAILED_MOST_S => {
                return Err(failed.why.clone());
            }
            Some(failed) => failed.waited_s,
            None => 0,
        };
        match self.ask(transport).await {
            Ok(fresh) => {
                let token = fresh.token.clone();
                *kept = Given { token: Some(fresh), failed: None };
                Ok(token)
            }
            Err(why) => {
                let waited_s = (waited_s * 2).clamp(FAILED_S, FAILED_MOST_S);
                let until = self.clock.now().saturating_add(SignedDuration::from_secs(waited_s)).unwrap_or(now);
                kept.failed = Some(Failed { why: why.clone(), until, waited_s });
                Err(why)
            }
        }
    }

    /// How far our clock is from the provider's, where that may be why it refuses us.
    fn clocks_apart(&self, answer: &Answer) -> Option<String> {
        let theirs = moment(answer.header("date").next()?)?;
        let apart = self.clock.now().duration_since(theirs);
        let way = if apart.is_negative() { "behind" } else { "ahead of" };
        let minutes = apart.abs().as_mins();
        (apart.abs() > CLOCKS_APART)
            .then(|| format!("; this machine's clock is {minutes} minutes {way} the provider's: set it"))
    }

    async fn ask(&self, transport: &dyn Transport) -> Result<Kept, Lost> {
        let now = self.clock.now();
        let of = &self.settings;
        let mut form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", of.client.clone()),
            ("scope", of.scope.clone()),
        ];
        match &of.proof {
            Proof::Secret(secret) => form.push(("client_secret", secret.expose_secret().to_owned())),
            Proof::Certificate(pem) => {
                let signer = Signer::read(pem).map_err(|why| Lost::Refused(why.to_owned()))?;
                let statement =
                    signer.statement(of, now, &self.dice.id()).map_err(|why| Lost::Refused(why.to_owned()))?;
                form.push((
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
                ));
                form.push(("client_assertion", statement));
            }
        }
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let request = Request {
            url: of.token_url.clone(),
            headers: vec![
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                ("accept".to_owned(), "application/json".to_owned()),
            ],
            body: body.join("&").into_bytes(),
            deadline_ms: of.deadline_ms.min(PROVIDER_MS),
            most: MOST,
        };
        // Nothing was asked of the mailbox yet: a lost answer here has done nothing there.
        let answer = transport.call(&request).await;
        let answer = answer.map_err(|lost| Lost::NotSent(format!("the identity provider: {lost}")))?;
        let given: Option<Told> = serde_json::from_slice(&answer.body).ok();
        let code = given.as_ref().and_then(|given| given.error.clone()).unwrap_or_default();
        let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
        match (answer.status, given) {
            (200, Some(Told { access_token: Some(token), expires_in, .. })) => {
                let lasts = expires_in.and_then(|value| match value {
                    serde_json::Value::Number(number) => number.as_i64(),
                    serde_json::Value::String(text) => text.trim().parse().ok(),
                    _ => None,
                });
                // A provider that does not say is asked again within the hour that all give at least.
                let lasts = SignedDuration::from_secs(lasts.unwrap_or(3600).clamp(0, 86_400));
                // A short-lived token is used for most of its life.
                let renew_at = now.saturating_add(lasts - AHEAD.min(lasts / 4)).unwrap_or(now);
                Ok(Kept { token: SecretString::from(token), renew_at })
            }
            (400..=403, _) => Err(Lost::Refused(format!(
                "the identity provider refused the application ({}); check its id, its secret or certificate, and the scope{}",
                if code.is_empty() { answer.status.to_string() } else { code },
                self.clocks_apart(&answer).unwrap_or_default()
            ))),
            (status, _) => Err(Lost::NotSent(format!("the identity provider gave no token (status {status})"))),
        }
    }
}

/// When the certificate that an application signs in by ends; none when the secret is no certificate (rule W5).
#[must_use]
pub fn certificate_ends(secret: &SecretString) -> Option<Timestamp> {
    let certificate = CertificateDer::from_pem_slice(secret.expose_secret().as_bytes()).ok()?;
    crate::http::ends(&certificate)
}

/// A key with its certificate.
struct Signer {
    key: Arc<dyn rustls::sign::SigningKey>,
    thumbprint: String,
}

impl Signer {
    fn read(pem: &SecretString) -> Result<Self, &'static str> {
        let text = pem.expose_secret().as_bytes();
        let key = PrivateKeyDer::from_pem_slice(text).map_err(|_| "the certificate file holds no private key")?;
        let certificate =
            CertificateDer::from_pem_slice(text).map_err(|_| "the certificate file holds no certificate")?;
        let key = rustls::crypto::ring::sign::any_supported_type(&key).map_err(|_| "the private key cannot be used")?;
        if key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).is_none() {
            return Err("the private key is no RSA key");
        }
        Ok(Self { key, thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate)) })
    }

    /// A signed statement of who we are (RFC 7523).
    fn statement(&self, of: &OAuth, now: Timestamp, id: &str) -> Result<String, &'static str> {
        let until = now.saturating_add(STATEMENT).unwrap_or(now).as_second();
        let head = serde_json::json!({ "alg": "RS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let body = serde_json::json!({
            "aud": of.token_url, "iss": of.client, "sub": of.client, "jti": id,
            "nbf": now.as_second(), "iat": now.as_second(), "exp": until,
        });
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(head.to_string()), URL_SAFE_NO_PAD.encode(body.to_string()));
        let signer =
            self.key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or("the private key is no RSA key")?;
        let signature = signer.sign(text.as_bytes()).map_err(|_| "the private key cannot sign")?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A value of a form.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests;

//! Signing in to a server: who, with what, and what to say when the server wants something else.
//!
//! An account signs in by exactly one scheme. What a server offers beside it is told to a person and never used instead:
//! a server, or whoever pretends to be one, cannot talk an account down to a weaker scheme.

mod oauth;
mod patience;
mod windows;

pub use oauth::{OAuth, Proof, certificate_ends};

use crate::http::{Answer, Line, Lost, Pieces, Request, Transport};
use base64::Engine as _;
use engine::port::{Clock, Dice};
use oauth::Tokens;
use patience::{Leave, Patience};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use windows::Windows;

/// An account at a server, shared by every mailbox that signs in with it.
pub struct SignIn {
    scheme: Scheme,
    accepted: AtomicBool,
    repeated: AtomicBool,
    patience: Option<Patience>,
}

/// How an account proves itself.
enum Scheme {
    /// Name and password with every request; safe because every connection but one to this machine is encrypted.
    Basic { user: String, password: SecretString },
    /// NTLM version 2, on connections kept for it.
    Windows(Windows),
    /// A token of an identity provider.
    Bearer(Tokens),
}

/// What is said of a password that is not tried in each call.
const SELDOM: &str =
    "; set the connection's password and it is tried at once, else twice an hour, lest the account be locked out";

impl SignIn {
    fn new(scheme: Scheme) -> Self {
        Self { scheme, accepted: AtomicBool::new(false), repeated: AtomicBool::new(false), patience: None }
    }

    /// An account by name and password.
    pub fn basic(user: impl Into<String>, password: SecretString) -> Self {
        Self::new(Scheme::Basic { user: user.into(), password })
    }

    /// A Windows account by NTLM, bound to the server's certificate: `DOMAIN\name` or `name@example.org`.
    pub fn ntlm(user: &str, password: SecretString, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Self {
        Self::new(Scheme::Windows(Windows::new(user, password, clock, dice)))
    }

    /// An application known to an identity provider.
    pub fn oauth(settings: OAuth, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Self {
        Self::new(Scheme::Bearer(Tokens::new(settings, clock, dice)))
    }

    /// The same account, which many mailboxes share: refused at several of them, it is tried once in a while by one.
    #[must_use]
    pub fn patient(self, clock: Arc<dyn Clock>) -> Self {
        Self { patience: Some(Patience::new(clock)), ..self }
    }

    /// Sends a request signed. An answer of 401 is given back; [`SignIn::refused`] says what it means.
    pub async fn send(&self, transport: &dyn Transport, request: Request) -> Result<Answer, Lost> {
        let Some(patience) = &self.patience else { return self.ask(transport, request).await };
        let _turn = match patience.leave(&request).await {
            Leave::Refused(answer) => return Ok(answer),
            Leave::Ask(turn) => turn,
        };
        let answer = self.ask(transport, request.clone()).await?;
        patience.learn(&request, &answer, self.locks(&answer));
        Ok(answer)
    }

    async fn ask(&self, transport: &dyn Transport, request: Request) -> Result<Answer, Lost> {
        match &self.scheme {
            Scheme::Basic { user, password } => self.send_basic(transport, request, user, password).await,
            Scheme::Windows(windows) => windows.send(transport, &request).await,
            Scheme::Bearer(tokens) => {
                let token = tokens.get(transport, None).await?;
                let answer = transport.call(&signed(&request, bearer(&token))).await?;
                if answer.status != 401 {
                    return Ok(answer);
                }
                // The token may have ended, or been taken back, before its time: once more with a new one (trap 175).
                let token = tokens.get(transport, Some(&token)).await?;
                transport.call(&signed(&request, bearer(&token))).await
            }
        }
    }

    /// Sends a request signed on a connection of its own, whose answer is read piece by piece. The connection must be kept
    /// as long as there are pieces to come.
    pub async fn open(
        &self,
        transport: &dyn Transport,
        request: &Request,
    ) -> Result<(Answer, Pieces, Box<dyn Line>), Lost> {
        let line = transport.line(&request.url, request.deadline_ms).await?;
        let Some(patience) = &self.patience else { return self.open_on(transport, request, line).await };
        let _turn = match patience.leave(request).await {
            Leave::Refused(answer) => return Ok((answer, Box::pin(futures::stream::empty()), line)),
            Leave::Ask(turn) => turn,
        };
        let opened = self.open_on(transport, request, line).await?;
        patience.learn(request, &opened.0, self.locks(&opened.0));
        Ok(opened)
    }

    async fn open_on(
        &self,
        transport: &dyn Transport,
        request: &Request,
        mut line: Box<dyn Line>,
    ) -> Result<(Answer, Pieces, Box<dyn Line>), Lost> {
        let signed = match &self.scheme {
            Scheme::Basic { user, password } => signed(request, basic(user, password)),
            Scheme::Bearer(tokens) => {
                let token = tokens.get(transport, None).await?;
                let (answer, pieces) = line.open(&signed(request, bearer(&token))).await?;
                if answer.status != 401 {
                    return Ok((answer, pieces, line));
                }
                // As for other calls: once more with a new one, on a new connection, for this one's answer is not read.
                let token = tokens.get(transport, Some(&token)).await?;
                line = transport.line(&request.url, request.deadline_ms).await?;
                signed(request, bearer(&token))
            }
            Scheme::Windows(windows) => match windows.introduce(&mut *line, request).await? {
                Ok(signed) => signed,
                Err(refused) => return Ok((refused, Box::pin(futures::stream::empty()), line)),
            },
        };
        let (answer, pieces) = line.open(&signed).await?;
        Ok((answer, pieces, line))
    }

    async fn send_basic(
        &self,
        transport: &dyn Transport,
        request: Request,
        user: &str,
        password: &SecretString,
    ) -> Result<Answer, Lost> {
        let request = signed(&request, basic(user, password));
        let answer = transport.call(&request).await?;
        if answer.status != 401 {
            self.accepted.store(true, Ordering::Relaxed);
            return Ok(answer);
        }
        // Some servers challenge the first request of a connection whatever it carries. Once, and never for an account
        // that was accepted before: each further try of a wrong password brings a lock-out nearer.
        let challenged = self.offered(&answer);
        let first = !self.accepted.load(Ordering::Relaxed) && !self.repeated.swap(true, Ordering::Relaxed);
        if !(challenged && first) {
            return Ok(answer);
        }
        let answer = transport.call(&request).await?;
        if answer.status != 401 {
            self.accepted.store(true, Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// Whether a password was looked at: each one that is refused brings a lock-out nearer.
    pub(crate) fn locks(&self, answer: &Answer) -> bool {
        !matches!(self.scheme, Scheme::Bearer(_)) && self.offered(answer)
    }

    /// Why an answer of 401 was given, in words a person can act on.
    pub fn refused(&self, answer: &Answer) -> String {
        if self.offered(answer) {
            let why = match &self.scheme {
                Scheme::Basic { .. } => "the server refused the account's name or password",
                Scheme::Windows(_) => {
                    "the server refused the account's name or password, or something between us and the server ends the \
                     secure connection (Extended Protection)"
                }
                Scheme::Bearer(_) => {
                    "the server refused the application's token; check its permission, the scope, and that the server \
                     trusts the identity provider"
                }
            };
            let seldom = if self.patience.is_some() && self.locks(answer) { SELDOM } else { "" };
            return format!("{why}{seldom}");
        }
        let offers = offers(answer);
        let offers: Vec<&str> = offers
            .iter()
            .map(String::as_str)
            .filter(|word| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && word.len() <= 20)
            .take(8)
            .collect();
        format!(
            "the server does not accept {} sign-in; it offers {}",
            self.name(),
            if offers.is_empty() { "nothing".to_owned() } else { offers.join(", ") }
        )
    }

    fn name(&self) -> &'static str {
        match &self.scheme {
            Scheme::Basic { .. } => "Basic",
            Scheme::Windows(_) => "NTLM",
            Scheme::Bearer(_) => "Bearer",
        }
    }

    fn offered(&self, answer: &Answer) -> bool {
        let words: &[&str] = match &self.scheme {
            Scheme::Basic { .. } => &["basic"],
            Scheme::Windows(_) => &["ntlm", "negotiate"],
            Scheme::Bearer(_) => &["bearer"],
        };
        offers(answer).iter().any(|offer| words.iter().any(|word| offer.eq_ignore_ascii_case(word)))
    }
}

/// The schemes of an answer's challenges. A word before `=` is a parameter of the scheme before it.
fn offers(answer: &Answer) -> Vec<String> {
    answer
        .header("www-authenticate")
        .flat_map(|value| value.split(','))
        .filter_map(|challenge| challenge.trim().split(' ').next())
        .filter(|word| !word.is_empty() && !word.contains('='))
        .map(str::to_owned)
        .collect()
}

fn signed(request: &Request, authorization: String) -> Request {
    let mut request = request.clone();
    request.headers.push(("authorization".to_owned(), authorization));
    request
}

fn basic(user: &str, password: &SecretString) -> String {
    let pair = format!("{user}:{}", password.expose_secret());
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn bearer(token: &SecretString) -> String {
    format!("Bearer {}", token.expose_secret())
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::InProcess;
    use std::sync::{Arc, Mutex};

    fn answer(status: u16, challenges: &[&str]) -> Answer {
        let headers = challenges.iter().map(|c| ("www-authenticate".to_owned(), (*c).to_owned())).collect();
        Answer { status, headers, body: Vec::new() }
    }

    fn server(answers: Vec<Answer>) -> (InProcess, Arc<Mutex<Vec<String>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (noted, answers) = (seen.clone(), Mutex::new(answers));
        let handler = move |request: Request| -> futures::future::BoxFuture<'static, Result<Answer, Lost>> {
            let header = request.headers.iter().find(|(name, _)| name == "authorization").expect("signed");
            noted.lock().expect("unpoisoned").push(header.1.clone());
            let next = answers.lock().expect("unpoisoned").remove(0);
            Box::pin(async move { Ok(next) })
        };
        (InProcess(Arc::new(handler)), seen)
    }

    fn ask() -> Request {
        Request { url: "http://127.0.0.1/".to_owned(), headers: vec![], body: vec![], deadline_ms: 1, most: 100 }
    }

    fn account() -> SignIn {
        SignIn::basic("anna@crm.test", SecretString::from("pass:word"))
    }

    #[tokio::test]
    async fn a_server_that_challenges_first_is_answered() {
        let (server, seen) =
            server(vec![answer(401, &["Negotiate", "Basic realm=\"x\""]), answer(200, &[]), answer(200, &[])]);
        let account = account();
        for _ in 0..2 {
            let got = account.send(&server, ask()).await.expect("answered");
            assert_eq!(got.status, 200);
        }
        let seen = seen.lock().expect("unpoisoned");
        assert_eq!(seen.len(), 3);
        assert!(seen.iter().all(|header| header == "Basic YW5uYUBjcm0udGVzdDpwYXNzOndvcmQ="));
    }

    #[tokio::test]
    async fn a_wrong_password_is_tried_once_more_in_all_and_then_told() {
        let basic = || answer(401, &["Basic realm=\"x\""]);
        let (server, seen) = server(vec![basic(), basic(), basic(), basic()]);
        let account = account();
        for _ in 0..3 {
            let got = account.send(&server, ask()).await.expect("answered");
            assert!(account.refused(&got).contains("password"));
        }
        assert_eq!(seen.lock().expect("unpoisoned").len(), 4);
    }

    #[tokio::test]
    async fn a_server_without_basic_is_told_apart_from_a_wrong_password() {
        let (server, seen) =
            server(vec![answer(401, &["NTLM", "Negotiate, Bearer client_id=\"x\", trusted_issuers=\"y\""])]);
        let account = account();
        let got = account.send(&server, ask()).await.expect("answered");
        assert_eq!(
            account.refused(&got),
            "the server does not accept Basic sign-in; it offers NTLM, Negotiate, Bearer"
        );
        assert_eq!(seen.lock().expect("unpoisoned").len(), 1);
    }

    #[test]
    fn an_account_shows_nothing_of_itself() {
        assert_eq!(format!("{:?}", account()), "SignIn");
    }
}

//! The one place that makes outgoing connections: a request's bytes out, an answer's bytes in.

mod expiry;
mod line;
mod trust;

pub use expiry::{certificate_ends, ends};
pub use line::{Line, Pieces};
pub(crate) use line::{dial, secured};
use trust::Trusted;
pub(crate) use trust::plain as tls_of;

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
pub use reqwest::Url;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Carries one request to a server and brings back its answer. Two things do: [`Network`] over the network, and
/// [`InProcess`] to a server that runs in this process.
#[async_trait]
pub trait Transport: Send + Sync {
    /// One call, whole: it ends by the request's deadline, and its answer is no larger than asked for.
    async fn call(&self, request: &Request) -> Result<Answer, Lost>;

    /// The same as a GET without a body, for the one question that Autodiscover answers to everybody.
    async fn get(&self, request: &Request) -> Result<Answer, Lost> {
        let _ = request;
        Err(Lost::NotSent("this server is not reached by GET".to_owned()))
    }

    /// A connection of one's own to the server at this address, where calls need to stay on one.
    async fn line(&self, url: &str, deadline_ms: u64) -> Result<Box<dyn Line>, Lost> {
        let _ = (url, deadline_ms);
        Err(Lost::NotSent("this server is not reached by a connection of its own".to_owned()))
    }
}

/// A request: a POST, as every protocol of a mailbox speaks it so far, unless it is sent by [`Transport::get`].
#[derive(Clone)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// Names and values; values may be secrets.
    pub headers: Vec<(String, String)>,
    /// What is said.
    pub body: Vec<u8>,
    /// How long the whole call may take, in milliseconds.
    pub deadline_ms: u64,
    /// The largest answer read, in bytes after unpacking.
    pub most: usize,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({} bytes)", self.body.len())
    }
}

/// An answer.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What was said.
    pub body: Vec<u8>,
}

impl Answer {
    /// Every value of a header.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

/// A moment as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_timestamp(text.trim()).ok()
}

/// Why there is no answer. What matters is whether the server can have acted on the request (trap 44).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The request never left: no connection, no trust, or an address we refuse.
    #[error("{0}")]
    NotSent(String),
    /// The request may have been carried out, but its answer did not arrive.
    #[error("{0}")]
    Unanswered(String),
    /// The request never left: whoever was to let us sign in refused.
    #[error("{0}")]
    Refused(String),
    /// The answer is larger than asked for.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// Over the network. Certificates are always checked; plain http goes to this machine alone; no redirect is followed.
/// A replaced CA file counts from the next connection on.
pub struct Network {
    remote: Trusted<Ways>,
    /// For addresses on this machine: needs no certificate authorities, which a bare machine may not have.
    local: reqwest::Client,
}

/// How other machines are reached with what is trusted now.
struct Ways {
    client: reqwest::Client,
    tls: Arc<rustls::ClientConfig>,
}

impl Ways {
    fn trusting(tls: rustls::ClientConfig) -> Result<Self, Lost> {
        let client = builder().tls_backend_preconfigured(tls.clone()).build().map_err(|_| unusable())?;
        Ok(Self { client, tls: Arc::new(tls) })
    }
}

impl Network {
    /// Connections to one server, trusting a file of further certificate authorities (PEM) if one is given.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, Lost> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let remote = Trusted::by(ca_file, Ways::trusting)?;
        let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let local = builder().tls_certs_only([]).resolve("localhost", loopback).build().map_err(|_| unusable())?;
        Ok(Self { remote, local })
    }
}

fn unusable() -> Lost {
    Lost::NotSent("no secure connections can be made with the certificates of this machine".to_owned())
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(20))
        .user_agent(AGENT)
}

/// How we name ourselves.
const AGENT: &str = concat!("Syncline/", env!("CARGO_PKG_VERSION"));

/// An address we may call, and whether it is on this machine.
pub fn checked(url: &str) -> Result<(Url, bool), Lost> {
    let refuse = |why: &str| Err(Lost::NotSent(why.to_owned()));
    let Ok(url) = Url::parse(url) else {
        return refuse("the address of the server is no URL");
    };
    let local = match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        None => return refuse("the address of the server names no host"),
    };
    match url.scheme() {
        "https" => Ok((url, false)),
        "http" if local => Ok((url, true)),
        "http" => refuse("plain http is allowed to this machine only; use https"),
        _ => refuse("the address of the server must begin with https"),
    }
}

#[async_trait]
impl Transport for Network {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        self.ask("POST", request).await
    }

    async fn get(&self, request: &Request) -> Result<Answer, Lost> {
        self.ask("GET", request).await
    }

    async fn line(&self, url: &str, deadline_ms: u64) -> Result<Box<dyn Line>, Lost> {
        let tls = Arc::clone(&self.remote.now().tls);
        let line = line::NetworkLine::connect(url, tls, deadline_ms).await;
        Ok(Box::new(line.map_err(|lost| self.remote.told(lost))?))
    }
}

impl Network {
    /// The same with another method than POST, for interfaces that use them.
    pub async fn ask(&self, method: &str, request: &Request) -> Result<Answer, Lost> {
        let (url, local) = checked(&request.url)?;
        let ways = self.remote.now();
        let client = if local { &self.local } else { &ways.client };
        let method = reqwest::Method::from_bytes(method.as_bytes())
            .map_err(|_| Lost::NotSent("the request names no method".to_owned()))?;
        let mut sending =
            client.request(method, url).timeout(Duration::from_millis(request.deadline_ms)).body(request.body.clone());
        for (name, value) in &request.headers {
            sending = sending.header(name, value);
        }
        let mut answer = sending.send().await.map_err(|error| self.remote.told(lost(&error)))?;
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|_| cut())? {
            if body.len() + piece.len() > request.most {
                return Err(Lost::TooLarge(request.most));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, headers, body })
    }
}

fn cut() -> Lost {
    Lost::Unanswered("the answer broke off".to_owned())
}

fn lost(error: &reqwest::Error) -> Lost {
    if error.is_builder() {
        return Lost::NotSent("the request cannot be written".to_owned());
    }
    if error.is_connect() {
        return Lost::NotSent(distrusted(error).unwrap_or("the server cannot be reached").to_owned());
    }
    let why = if error.is_timeout() { "the server did not answer in time" } else { "the connection broke off" };
    Lost::Unanswered(why.to_owned())
}

/// Why a certificate was refused, if that is what happened.
fn distrusted(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    use rustls::CertificateError as Bad;
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    // A chain of causes is short; the bound keeps a circular one from holding us.
    for _ in 0..16 {
        let at = source?;
        // An I/O error hides its cause from `source`, and may hold another I/O error.
        if let Some(inner) = at.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            source = Some(inner);
            continue;
        }
        let tls = at.downcast_ref::<rustls::Error>();
        match tls {
            Some(rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. })) => {
                return Some("the server's certificate has expired; renew it there, or set this machine's clock");
            }
            Some(rustls::Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. })) => {
                return Some("the server's certificate is not valid yet; set this machine's clock, or renew it there");
            }
            Some(rustls::Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. })) => {
                return Some(
                    "the server's certificate is for another name; use the name it bears, or one that bears the address",
                );
            }
            Some(rustls::Error::InvalidCertificate(Bad::Revoked)) => {
                return Some("the server's certificate was revoked; replace it there");
            }
            Some(rustls::Error::InvalidCertificate(_)) => {
                return Some("the server's certificate is not trusted; name its authority in the connection's CA file");
            }
            Some(_) => return Some("no secure connection could be agreed on with the server"),
            None => source = at.source(),
        }
    }
    None
}

/// What answers a request in this process.
pub type Handler = dyn Fn(Request) -> BoxFuture<'static, Result<Answer, Lost>> + Send + Sync;

/// A server in this process: the same bytes, without a socket.
#[derive(Clone)]
pub struct InProcess(pub Arc<Handler>);

#[async_trait]
impl Transport for InProcess {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        checked(&request.url)?;
        let answer = (self.0)(request.clone()).await?;
        if answer.body.len() > request.most { Err(Lost::TooLarge(request.most)) } else { Ok(answer) }
    }

    async fn get(&self, request: &Request) -> Result<Answer, Lost> {
        self.call(request).await
    }

    async fn line(&self, _: &str, _: u64) -> Result<Box<dyn Line>, Lost> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl Line for InProcess {
    async fn call(&mut self, request: &Request) -> Result<Answer, Lost> {
        Transport::call(self, request).await
    }

    fn certificate(&self) -> Option<&[u8]> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // trap 185
    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for url in ["http://127.0.0.1:8080/EWS", "http://127.9.9.9/", "http://[::1]:1/", "http://localhost:7/x"] {
            assert_eq!(checked(url).map(|(_, local)| local), Ok(true), "{url}");
        }
        for url in ["https://mail.crm.test/EWS/Exchange.asmx", "https://127.0.0.1/"] {
            assert_eq!(checked(url).map(|(_, local)| local), Ok(false), "{url}");
        }
        for url in [
            "http://mail.crm.test/",
            "http://localhost.crm.test/",
            "http://127.0.0.1.crm.test/",
            "http://[::ffff:127.0.0.1]/",
            "http://169.254.169.254/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert!(matches!(checked(url), Err(Lost::NotSent(_))), "{url}");
        }
    }

    // trap 187
    #[test]
    fn neither_request_nor_answer_shows_what_it_carries() {
        let headers = vec![("authorization".to_owned(), "Basic c2VjcmV0".to_owned())];
        let request =
            Request { url: String::new(), headers: headers.clone(), body: b"secret".to_vec(), deadline_ms: 1, most: 1 };
        let answer = Answer { status: 200, headers, body: b"secret".to_vec() };
        assert_eq!(format!("{request:?} {answer:?}"), "Request(6 bytes) Answer(200, 6 bytes)");
    }
}

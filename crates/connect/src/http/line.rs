//! One connection of our own to a server, kept from call to call: for sign-ins that belong to the connection, and for
//! answers that go on.

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use http_body_util::{BodyStream, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Answer, Lost, Request, checked, cut, distrusted};

/// The pieces of an answer as they arrive; it ends with the answer, or with what broke it off.
pub type Pieces = BoxStream<'static, Result<Vec<u8>, Lost>>;

/// One kept connection. A call that gives [`Lost`] leaves it unusable.
#[async_trait]
pub trait Line: Send {
    /// One call, whole.
    async fn call(&mut self, request: &Request) -> Result<Answer, Lost>;

    /// One call whose answer is read piece by piece: status and headers, an empty body, and the pieces. The deadline holds
    /// for the beginning; how long a piece may take is the reader's to judge.
    async fn open(&mut self, request: &Request) -> Result<(Answer, Pieces), Lost> {
        let _ = request;
        Err(Lost::NotSent("this server is not reached by a connection that stays open".to_owned()))
    }

    /// The server's certificate (DER), over TLS.
    fn certificate(&self) -> Option<&[u8]>;
}

/// A connection to a port of a host.
pub(crate) async fn dial(host: &str, port: u16) -> Result<TcpStream, Lost> {
    // Not what a name service makes of it.
    let host = if host == "localhost" { "127.0.0.1" } else { host };
    let stream = TcpStream::connect((host, port)).await.map_err(|_| unreachable())?;
    // Requests are written whole; waiting for more to send with them only delays.
    stream.set_nodelay(true).map_err(|_| unreachable())?;
    Ok(stream)
}

/// TLS on a connection, with the certificate checked.
pub(crate) async fn secured(
    tls: Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Lost> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| unreachable())?;
    TlsConnector::from(tls).connect(name, stream).await.map_err(|error| {
        let why = distrusted(&error).unwrap_or("no secure connection could be agreed on with the server");
        Lost::NotSent(why.to_owned())
    })
}

fn unreachable() -> Lost {
    Lost::NotSent("the server cannot be reached".to_owned())
}

/// A connection over the network.
pub(super) struct NetworkLine {
    sender: SendRequest<Full<Bytes>>,
    certificate: Option<Vec<u8>>,
    driver: tokio::task::JoinHandle<()>,
}

impl Drop for NetworkLine {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl NetworkLine {
    /// Connects, trusting as every other connection of ours does.
    pub(super) async fn connect(url: &str, tls: Arc<ClientConfig>, deadline_ms: u64) -> Result<Self, Lost> {
        let late = |_| unreachable();
        tokio::time::timeout(Duration::from_millis(deadline_ms), Self::connected(url, tls)).await.map_err(late)?
    }

    async fn connected(url: &str, tls: Arc<ClientConfig>) -> Result<Self, Lost> {
        let (url, _) = checked(url)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let stream = dial(&host, url.port_or_known_default().unwrap_or(443)).await?;
        if url.scheme() == "http" {
            return Self::over(TokioIo::new(stream), None).await;
        }
        let stream = secured(tls, &host, stream).await?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).map(|c| c.to_vec());
        Self::over(TokioIo::new(stream), certificate).await
    }

    async fn over<T>(stream: T, certificate: Option<Vec<u8>>) -> Result<Self, Lost>
    where
        T: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    {
        let (sender, connection) = handshake(stream).await.map_err(|_| unreachable())?;
        // It ends when the sender is dropped, or with what the pending call tells.
        let driver = tokio::spawn(async move { connection.await.unwrap_or_default() });
        Ok(Self { sender, certificate, driver })
    }

    async fn send(&mut self, request: &Request) -> Result<hyper::Response<Incoming>, Lost> {
        let closed = || Lost::NotSent("the server closed the connection".to_owned());
        self.sender.ready().await.map_err(|_| closed())?;
        let (url, _) = checked(&request.url)?;
        let mut sent = hyper::Request::post(path(&url)).header("host", host(&url));
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        let sent = sent
            .header("user-agent", super::AGENT)
            .body(Full::new(Bytes::from(request.body.clone())))
            .map_err(|_| Lost::NotSent("the request cannot be written".to_owned()))?;
        self.sender.send_request(sent).await.map_err(|error| match error.is_canceled() {
            true => closed(),
            false => Lost::Unanswered("the connection broke off".to_owned()),
        })
    }
}

fn path(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn head(answer: &hyper::Response<Incoming>) -> Answer {
    let headers = answer.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Answer { status: answer.status().as_u16(), headers: headers.collect(), body: Vec::new() }
}

fn pieces(body: Incoming) -> Pieces {
    let data = BodyStream::new(body).filter_map(|frame| async move {
        match frame {
            Ok(frame) => frame.into_data().ok().map(|data| Ok(data.to_vec())),
            Err(_) => Some(Err(cut())),
        }
    });
    data.boxed()
}

#[async_trait]
impl Line for NetworkLine {
    async fn call(&mut self, request: &Request) -> Result<Answer, Lost> {
        let whole = async {
            let answer = self.send(request).await?;
            let mut read = head(&answer);
            let mut pieces = pieces(answer.into_body());
            while let Some(piece) = pieces.next().await {
                let piece = piece?;
                if read.body.len() + piece.len() > request.most {
                    return Err(Lost::TooLarge(request.most));
                }
                read.body.extend_from_slice(&piece);
            }
            Ok(read)
        };
        let late = |_| Lost::Unanswered("the server did not answer in time".to_owned());
        tokio::time::timeout(Duration::from_millis(request.deadline_ms), whole).await.map_err(late)?
    }

    async fn open(&mut self, request: &Request) -> Result<(Answer, Pieces), Lost> {
        let late = |_| Lost::Unanswered("the server did not answer in time".to_owned());
        let answer = tokio::time::timeout(Duration::from_millis(request.deadline_ms), self.send(request));
        let answer = answer.await.map_err(late)??;
        let head = head(&answer);
        Ok((head, pieces(answer.into_body())))
    }

    fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }
}

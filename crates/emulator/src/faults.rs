//! Trouble on purpose: what a test does to a request on its way, from a broken connection to a login page.

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Response, StatusCode, header};
use hyper::body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What a hook is told about a request.
#[derive(Clone)]
pub struct RequestInfo {
    /// The operation: `GetItem`, `UpdateItem`, …
    pub operation: String,
    /// The account that signed in, in lower case.
    pub account: String,
    /// The mailbox it works for, by its primary address.
    pub mailbox: Option<String>,
    /// The number of the request at this server, from 1.
    pub number: u64,
    /// The whole request.
    pub body: String,
}

impl std::fmt::Debug for RequestInfo {
    // The request holds people's records: they stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} number {}", self.operation, self.number)
    }
}

/// Whether a request that is answered otherwise was carried out all the same (trap 44).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It was carried out; only the answer is another.
    Done,
    /// It never reached the mailbox.
    None,
}

/// What happens instead of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultAction {
    /// Another answer.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The Content-Type.
        content_type: String,
        /// The body.
        body: Vec<u8>,
        /// Whether the request was carried out.
        effect: Effect,
    },
    /// The connection breaks (trap 43).
    Drop {
        /// Whether the request was carried out before.
        effect: Effect,
    },
    /// `ErrorServerBusy` with a time to wait (trap 166).
    Busy {
        /// `BackOffMilliseconds`.
        back_off_ms: u32,
    },
    /// CreateItem runs out of its account's share on the way: the items before this one are made, it is answered
    /// `ErrorServerBusy`, and those after it `ErrorBatchProcessingStopped` (trap 166). Other requests are served.
    BusyFrom {
        /// Which item of the request, from 0.
        item: usize,
        /// `BackOffMilliseconds`.
        back_off_ms: u32,
    },
    /// A SOAP fault with this response code, such as `ErrorMailboxMoveInProgress` (trap 172).
    Fault {
        /// The response code.
        code: String,
    },
    /// The answer ends after so many bytes.
    Truncate {
        /// Bytes that still come.
        keep: usize,
    },
    /// 200 with the page of a proxy that wants somebody to sign in (trap 173).
    LoginPage,
}

impl FaultAction {
    /// Whether the request still reaches the mailbox.
    pub(crate) fn effect(&self) -> Effect {
        match self {
            Self::Answer { effect, .. } | Self::Drop { effect } => *effect,
            Self::Truncate { .. } | Self::BusyFrom { .. } => Effect::Done,
            Self::Busy { .. } | Self::Fault { .. } | Self::LoginPage => Effect::None,
        }
    }
}

const LOGIN_PAGE: &str = "<!DOCTYPE html>\r\n<html><head><title>Sign in</title></head><body><form action=\"/my.policy\" method=\"post\"><input name=\"username\"><input name=\"password\" type=\"password\"></form></body></html>\r\n";

pub(crate) fn login_page() -> Response<Body> {
    plain(StatusCode::OK, "text/html", LOGIN_PAGE.into())
}

pub(crate) fn plain(status: StatusCode, content_type: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Ok(value) = content_type.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// An answer of which nothing arrives: over TCP the connection breaks, in process the body fails.
pub(crate) fn broken() -> Response<Body> {
    plain(StatusCode::OK, "text/xml; charset=utf-8", Body::new(Broken))
}

struct Broken;

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))))
    }
}

//! The server called in this process: the bytes of a request in, the bytes of its answer out, without a socket.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt as _;

use crate::emulator::Emulator;

/// An answer.
#[derive(Clone)]
pub struct Said {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Said {
    // The answer holds people's records: they stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Said({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why nothing was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsaid {
    /// It is no request that HTTP could carry.
    #[error("the request cannot be written")]
    NoRequest,
    /// The answer broke off.
    #[error("the connection broke off")]
    BrokenOff,
}

impl Emulator {
    /// Posts a request, just as it would come over the network.
    ///
    /// # Errors
    /// [`Unsaid`], when a fault on purpose breaks the connection or the request is none.
    pub async fn post(&self, url: &str, headers: &[(String, String)], body: Vec<u8>) -> Result<Said, Unsaid> {
        let mut sent = Request::post(url);
        for (name, value) in headers {
            sent = sent.header(name, value);
        }
        let sent = sent.body(Body::from(body)).map_err(|_| Unsaid::NoRequest)?;
        let answer = match self.router().oneshot(sent).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let status = answer.status().as_u16();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let body = to_bytes(answer.into_body(), usize::MAX).await.map_err(|_| Unsaid::BrokenOff)?;
        Ok(Said { status, headers, body: body.to_vec() })
    }
}

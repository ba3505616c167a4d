//! What comes back from a request: one result per item, or one failure for all of them.

use super::ResponseCode;
use super::envelope::ServerVersion;
use crate::xml;

/// The answer to a request that the server carried out, item by item.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// One result per item asked for, in the order of the request.
    pub results: Vec<Result<T, Refusal>>,
    /// The version the server says it has, when it says so.
    pub version: Option<ServerVersion>,
}

impl<T> Answer<T> {
    /// The only result, when exactly one was asked for.
    pub fn only(self) -> Result<Result<T, Refusal>, Failure> {
        Ok(self.exactly(1)?.remove(0))
    }

    /// The results, when there are as many as were asked for. A server that leaves some out has not said
    /// what became of them, so none is believed.
    pub fn exactly(self, count: usize) -> Result<Vec<Result<T, Refusal>>, Failure> {
        if self.results.len() == count {
            return Ok(self.results);
        }
        Err(Failure::Unreadable(xml::Error::Missing {
            path: "ResponseMessages".to_owned(),
            expected: "one result for each item asked for",
        }))
    }
}

/// Why one item, or a whole request, was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Refusal {
    /// The server's code.
    pub code: ResponseCode,
    /// The server's sentence.
    pub message: ServerText,
    /// How long the server asks us to wait, in milliseconds. Zero has been seen.
    pub back_off_ms: Option<u64>,
}

/// Why a request gave no results at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server answered the whole request with a fault.
    #[error("the server answered with a fault: {0}")]
    Fault(Refusal),
    /// What came back is no answer to this request.
    #[error(transparent)]
    Unreadable(#[from] xml::Error),
}

/// A sentence written by a server. It may quote names or addresses, so its `Debug` says only how long it is.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ServerText(pub String);

impl std::fmt::Debug for ServerText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServerText({} bytes)", self.0.len())
    }
}

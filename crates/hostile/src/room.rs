//! A server in this process with one mailbox, spoken to without a socket.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect::http::{Answer, Lost, Request};
use emulator::{Emulator, EmulatorOptions, MailboxSpec, Unsaid};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The mailbox's address.
pub const ANNA: &str = "anna@crm.test";
/// Its password.
pub const PASSWORD: &str = "secret";
/// Where it answers.
pub const URL: &str = "http://127.0.0.1/EWS/Exchange.asmx";

/// An emulated server with Anna's mailbox.
#[derive(Clone)]
pub struct Room {
    emulator: Emulator,
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl Room {
    /// A new server, the same at every call.
    ///
    /// # Panics
    /// When the emulator does not take a mailbox.
    #[must_use]
    pub fn new() -> Self {
        let now = Arc::new(AtomicI64::new(1_790_000_000));
        let clock = Arc::new(move || {
            jiff::Timestamp::from_second(now.fetch_add(1, Ordering::Relaxed)).unwrap_or(jiff::Timestamp::MAX)
        });
        let emulator = Emulator::new(EmulatorOptions::new(7, clock));
        let added = emulator.add_mailbox(MailboxSpec::user(ANNA, "Anna Adler", PASSWORD));
        assert!(added.is_ok(), "a new server takes a mailbox");
        Self { emulator }
    }

    /// The server.
    #[must_use]
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Anna posts these bytes.
    pub async fn anna(&self, body: &[u8]) -> Result<Answer, Lost> {
        let signed = format!("Basic {}", STANDARD.encode(format!("{ANNA}:{PASSWORD}")));
        let headers = vec![
            ("content-type".to_owned(), "text/xml; charset=utf-8".to_owned()),
            ("authorization".to_owned(), signed),
        ];
        let (url, body) = (URL.to_owned(), body.to_vec());
        self.call(Request { url, headers, body, deadline_ms: 1_000, most: usize::MAX }).await
    }

    /// Carries a request to the server, in this process.
    pub async fn call(&self, request: Request) -> Result<Answer, Lost> {
        let said = self.emulator.post(&request.url, &request.headers, request.body).await;
        let said = said.map_err(|unsaid| match unsaid {
            Unsaid::NoRequest => Lost::NotSent(unsaid.to_string()),
            Unsaid::BrokenOff => Lost::Unanswered(unsaid.to_string()),
        })?;
        Ok(Answer { status: said.status, headers: said.headers, body: said.body })
    }
}

/// A runtime for one thread.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(why) => panic!("no runtime: {why}"),
    }
}

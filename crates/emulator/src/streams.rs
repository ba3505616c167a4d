//! Streaming connections: answers to GetStreamingEvents that go on as long as the client listens.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Response, StatusCode};
use hyper::body::Frame;
use tokio::sync::mpsc;

use crate::codes::Code;
use crate::emulator::{Emulator, Unknown};
use crate::ews::auth::Account;
use crate::ews::soap::{Fault, part_envelope};
use crate::ews::subscribe::{self, Streamed};
use crate::ews::{self, Request};
use crate::faults::plain;
use crate::quirks::Quirk;
use crate::record;

/// How long Exchange is silent at most; a part that says "OK" comes when nothing else did.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(45);
/// Parts that wait for a client which does not read.
const WAITING: usize = 16;

type Piece = Result<Frame<Bytes>, std::io::Error>;

/// The pieces of an answer as they come.
struct Pieces(mpsc::Receiver<Piece>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        self.0.poll_recv(context)
    }
}

/// What comes next on a streaming connection.
enum Next {
    Part(String),
    Wait,
    /// The server ends it, with a word or without.
    End {
        orderly: bool,
    },
}

/// Begins to answer; what is wrong with the request as a whole is the fault.
pub(crate) fn open(emulator: &Emulator, account: &Account, request: &Request) -> Result<Response<Body>, Fault> {
    are_known(emulator.version())?;
    let streamed = ews::streamed(&mut emulator.world(), emulator.server(), account, request)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let stream = Stream {
        emulator: emulator.clone(),
        account: account.name.clone(),
        back_end: request.back_end.clone(),
        ended: emulator.world().servers.get(emulator.server()).map_or(0, |server| server.ended.0),
        sender,
    };
    tokio::spawn(stream.run(streamed));
    Ok(plain(StatusCode::OK, "text/xml; charset=utf-8", Body::new(Pieces(receiver))))
}

struct Stream {
    emulator: Emulator,
    account: String,
    back_end: String,
    /// How often streams had been ended when it began.
    ended: u64,
    sender: mpsc::Sender<Piece>,
}

impl Stream {
    async fn run(self, mut streamed: Streamed) {
        let mut pulse = self.emulator.world().pulse.subscribe();
        let heartbeat = self.emulator.world().servers.get(self.emulator.server()).and_then(|server| server.heartbeat);
        let end = tokio::time::sleep(Duration::from_secs(streamed.minutes.unsigned_abs() * 60));
        tokio::pin!(end);
        let mut part = Some(subscribe::status("OK"));
        loop {
            if let Some(part) = part.take()
                && !self.send(part).await
            {
                return;
            }
            pulse.borrow_and_update();
            match self.next(&mut streamed) {
                Next::Part(told) => {
                    part = Some(told);
                    continue;
                }
                Next::End { orderly: true } => {
                    self.send(subscribe::status("Closed")).await;
                    return;
                }
                Next::End { orderly: false } => {
                    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                    // The client may have gone meanwhile, which is as good.
                    let _ = self.sender.send(Err(broken)).await;
                    return;
                }
                Next::Wait => {}
            }
            tokio::select! {
                () = self.sender.closed() => return,
                changed = pulse.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = tokio::time::sleep(heartbeat.unwrap_or(HEARTBEAT)) => {
                    part = (!self.is_silent()).then(|| subscribe::status("OK"));
                }
                () = &mut end => {
                    self.send(subscribe::status("Closed")).await;
                    return;
                }
            }
        }
    }

    fn is_silent(&self) -> bool {
        self.emulator.quirks().contains(&Quirk::SilentStreams)
    }

    fn next(&self, streamed: &mut Streamed) -> Next {
        let now = self.emulator.now();
        let mut world = self.emulator.world();
        let server = self.emulator.server();
        let (ended, orderly) = world.servers.get(server).map_or((0, true), |server| server.ended);
        if ended != self.ended {
            return Next::End { orderly };
        }
        if world.quirk(server, Quirk::SilentStreams) {
            return Next::Wait;
        }
        if streamed.ids.is_empty() {
            return Next::End { orderly: true };
        }
        match subscribe::next(&mut world, server, streamed, &self.account, &self.back_end, now) {
            Some(part) => Next::Part(part),
            None => Next::Wait,
        }
    }

    /// False when the client is gone.
    async fn send(&self, body: String) -> bool {
        let whole = part_envelope(self.emulator.version(), &body);
        record::answer(&self.emulator, &whole);
        let whole = crate::habits::applied(&self.emulator.quirks(), whole);
        self.sender.send(Ok(Frame::data(Bytes::from(whole)))).await.is_ok()
    }
}

impl Emulator {
    /// Ends every streaming connection: with `ConnectionStatus` Closed, as at the end of its time, or by breaking it off.
    pub fn end_streams(&self, orderly: bool) {
        let mut world = self.world();
        if let Some(server) = world.servers.get_mut(self.server()) {
            server.ended = (server.ended.0 + 1, orderly);
        }
        world.stir();
    }

    /// Forgets a mailbox's subscriptions, as a server does that starts anew.
    ///
    /// # Errors
    /// [`Unknown::Mailbox`].
    pub fn lose_subscriptions(&self, address: &str) -> Result<(), Unknown> {
        let mut world = self.world();
        let no = world.by_address(address).ok_or(Unknown::Mailbox)?;
        if let Some(server) = world.servers.get_mut(self.server()) {
            server.subscriptions.retain(|_, one| one.mailbox != no);
        }
        world.stir();
        Ok(())
    }

    /// How many subscriptions the server keeps.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.world().servers.get(self.server()).map_or(0, |server| server.subscriptions.len())
    }

    /// How long streaming connections opened from now on are silent at most.
    pub fn set_heartbeat(&self, every: Duration) {
        if let Some(server) = self.world().servers.get_mut(self.server()) {
            server.heartbeat = Some(every);
        }
    }
}

/// The first server version with streaming notifications is Exchange 2010 SP1.
pub(crate) fn are_known(version: &crate::ews::soap::ServerVersion) -> Result<(), Fault> {
    if (version.major, version.minor) >= (14, 1) {
        return Ok(());
    }
    Err(Fault { text: "The request failed schema validation.".to_owned(), ..Fault::new(Code::ErrorSchemaValidation) })
}

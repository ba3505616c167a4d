//! Being told by Exchange that something happened in a mailbox (rule E4): hints, never content.

use engine::port::Trouble;
use futures::StreamExt as _;
use std::collections::VecDeque;
use std::sync::Arc;
use wire::ews::{
    self, Envelopes, GetStreamingEvents, LONGEST_STREAM_MINUTES, ResponseCode, StreamingPart, Subscribe, Unsubscribe,
    Version,
};
use wire::xml::Limits;

use super::affinity::Affinity;
use super::call::{Reach, lost_trouble, unreadable};
use super::remote::EwsRemote;
use super::sent::beside;
use super::trouble::{Effect, refusal};
use crate::http::{Answer, Line, Pieces, Request};
use model::Kind;

/// The largest part of a streaming answer: it holds ids of what happened, some hundred bytes each.
const LARGEST: usize = 4 << 20;

/// What a streaming connection told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Subscriptions in whose folders something happened, or may have.
    pub happened: Vec<String>,
    /// Subscriptions that the server does not keep any more.
    pub lost: Vec<String>,
    /// The server ends the connection as it should; what happens meanwhile is told by the next one.
    pub closed: bool,
}

/// A streaming connection.
pub struct Stream {
    subscriptions: Vec<String>,
    pieces: Pieces,
    envelopes: Envelopes,
    waiting: VecDeque<Vec<u8>>,
    /// Kept as long as there are pieces to come.
    _line: Box<dyn Line>,
}

impl EwsRemote {
    /// Subscribes to what happens in the mailbox's observed folders; the subscription lives where the affinity leads.
    ///
    /// # Errors
    /// As for every call; [`Trouble::Refused`] when the server cannot stream or does not keep the subscription.
    pub async fn subscribe(&self, affinity: &Arc<Affinity>) -> Result<String, Trouble> {
        let mut folders = Vec::new();
        for kind in Kind::ALL {
            match self.observed(kind).await {
                Ok(observed) => folders.extend(observed.iter().map(|id| ews::FolderId::of(id.as_str()).into())),
                // A mailbox without one of them is told of the others all the same.
                Err(Trouble::NoAccess { .. } | Trouble::Refused { .. }) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        if folders.is_empty() {
            return Err(Trouble::NoAccess { why: "the mailbox has none of the folders that are observed".to_owned() });
        }
        if self.is_too_old() {
            return Err(too_old());
        }
        match self.near(affinity).one(&Subscribe { folders }, Effect::Read).await {
            Ok(made) => Ok(made.id),
            // Asking may have shown how old the server is.
            Err(Trouble::Refused { .. } | Trouble::Broken { .. }) if self.is_too_old() => Err(too_old()),
            Err(trouble @ Trouble::NoAccess { .. }) => {
                // Folders remembered of another time; they are read anew when it is tried again.
                self.connection.forget(&self.reach.address);
                Err(trouble)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Whether the server does not stream: by the version it takes, or by the one it says it is of, whatever it serves else.
    fn is_too_old(&self) -> bool {
        let told = || self.reach.spoken.server().is_some_and(|server| (server.major, server.minor) < STREAMING_BUILD);
        self.reach.spoken.version() < STREAMING || told()
    }

    /// Ends a subscription. One that is not there any more is ended.
    ///
    /// # Errors
    /// As for every call.
    pub async fn unsubscribe(&self, affinity: &Arc<Affinity>, id: &str) -> Result<(), Trouble> {
        match self.near(affinity).one(&Unsubscribe { id: id.to_owned() }, Effect::Read).await {
            Ok(()) | Err(Trouble::Refused { .. }) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Opens a streaming connection for subscriptions made with the same affinity, in the name of the anchor's mailbox.
    ///
    /// # Errors
    /// As for every call.
    pub async fn listen(&self, affinity: &Arc<Affinity>, subscriptions: Vec<String>) -> Result<Stream, Trouble> {
        let reach = self.near(affinity);
        let asked = GetStreamingEvents { subscriptions: subscriptions.clone(), minutes: LONGEST_STREAM_MINUTES };
        let request = reach.request(reach.spoken.version(), &asked, LARGEST);
        let open = async |request: &Request| {
            let opened = reach.sign_in.open(&*reach.transport, request).await;
            opened.map_err(|lost| lost_trouble(lost, Effect::Read)).map_err(Trouble::from)
        };
        let mut opened = open(&request).await?;
        if let Some(url) = beside(&request.url, &opened.0) {
            opened = open(&Request { url, ..request }).await?;
        }
        let (answer, pieces, line) = opened;
        let mut stream =
            Stream { subscriptions, pieces, envelopes: Envelopes::new(LARGEST), waiting: VecDeque::new(), _line: line };
        match reach.by_status(&answer, Effect::Read) {
            None => Ok(stream),
            Some(trouble) => Err(stream.fault(&answer).await.unwrap_or(trouble)),
        }
    }

    fn near(&self, affinity: &Arc<Affinity>) -> Reach {
        Reach { affinity: Some(Arc::clone(affinity)), ..self.reach.clone() }
    }
}

/// Streaming came with the first service pack of Exchange 2010, which answers to the name of the second.
const STREAMING: Version = Version::Exchange2010Sp2;
/// The same as servers tell it.
const STREAMING_BUILD: (u32, u32) = (14, 1);

fn too_old() -> Trouble {
    let why = "the server does not send notifications; Exchange 2010 SP2 and later do".to_owned();
    Trouble::Refused { code: "NoStreaming".to_owned(), why }
}

impl Stream {
    /// What the server tells next; none when it ended without a word. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The connection broke off, or what came cannot be read: what happened since is not known.
    pub async fn next(&mut self) -> Result<Option<Heard>, Trouble> {
        loop {
            if let Some(document) = self.waiting.pop_front() {
                return self.read(&document).map(Some);
            }
            let Some(piece) = self.pieces.next().await else {
                return Ok(None);
            };
            let piece = piece.map_err(|lost| lost_trouble(lost, Effect::Read)).map_err(Trouble::from)?;
            let whole = self.envelopes.take(&piece).map_err(|long| Trouble::Broken { why: long.to_string() })?;
            self.waiting.extend(whole);
        }
    }

    fn read(&self, document: &[u8]) -> Result<Heard, Trouble> {
        let parsed = ews::parse::<GetStreamingEvents>(document, Limits::default());
        let answer = parsed.map_err(|failure| unreadable(&failure, Effect::Read)).map_err(Trouble::from)?;
        let mut heard = Heard::default();
        for part in answer.results {
            self.take(part.unwrap_or_default(), &mut heard)?;
        }
        Ok(heard)
    }

    fn take(&self, part: StreamingPart, heard: &mut Heard) -> Result<(), Trouble> {
        use ResponseCode as C;
        heard.happened.extend(part.told);
        heard.closed |= part.closed;
        let Some(refused) = part.refusal else {
            return Ok(());
        };
        let concerned = if part.lost.is_empty() { self.subscriptions.clone() } else { part.lost.clone() };
        match refused.code {
            // The subscription goes on, but not everything was told.
            C::ErrorMissedNotificationEvents | C::ErrorEventNotFound => heard.happened.extend(concerned),
            C::ErrorSubscriptionNotFound
            | C::ErrorInvalidSubscription
            | C::ErrorSubscriptionUnsubscribed
            | C::ErrorSubscriptionAccessDenied => heard.lost.extend(concerned),
            _ if !part.lost.is_empty() => heard.lost.extend(concerned),
            _ => return Err(refusal(&refused, Effect::Read)),
        }
        Ok(())
    }

    /// The fault that came with an error status, if one did.
    async fn fault(&mut self, answer: &Answer) -> Option<Trouble> {
        if matches!(answer.status, 401 | 403) {
            return None;
        }
        self.next().await.err()
    }
}

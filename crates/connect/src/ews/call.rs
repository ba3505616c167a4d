//! One call to Exchange: written, signed, sent, read, and every way it can go wrong named by what follows.

use engine::port::Trouble;
use std::sync::Arc;
use std::time::Duration;
use wire::ews::{
    self, Answer, DistinguishedFolder, Failure, FolderRef, Header, Impersonation, Operation, Refusal, ResponseCode,
};
use wire::xml;

use super::affinity::Affinity;
use super::astray::{Astray, Met, is_elsewhere};
use super::gate::{Gate, Went};
use super::retry_after::retry_after;
use super::spoken::Spoken;
use super::trouble::{Effect, of_all, refusal};
use crate::http::{self, Lost, Request, Transport};
use crate::sign_in::SignIn;

/// How one mailbox is reached.
#[derive(Clone)]
pub(super) struct Reach {
    pub transport: Arc<dyn Transport>,
    pub sign_in: Arc<SignIn>,
    pub url: String,
    pub address: String,
    pub impersonate: bool,
    pub delegate: bool,
    pub spoken: Arc<Spoken>,
    pub astray: Arc<Astray>,
    pub deadline_ms: u64,
    pub gate: Arc<Gate>,
    /// The streaming connection that the call belongs to.
    pub affinity: Option<Arc<Affinity>>,
}

/// Why a call gave nothing, and whether asking for fewer items at once could help.
pub(super) struct Failed {
    pub trouble: Trouble,
    pub(super) splits: bool,
    /// The server does not know something that was asked for.
    pub(super) strange: bool,
    /// The server failed, at what was asked for or as a whole.
    pub(super) fails: bool,
    /// The server does not speak the version, and what it says it is.
    refused: Option<Option<ews::ServerVersion>>,
    /// The server itself, or what stands before it, asks to be asked less.
    server_busy: bool,
    /// The mailbox is not to be reached by this address.
    elsewhere: bool,
}

impl Failed {
    fn plain(trouble: Trouble) -> Self {
        Self {
            trouble,
            splits: false,
            strange: false,
            fails: false,
            refused: None,
            server_busy: false,
            elsewhere: false,
        }
    }
}

impl From<Failed> for Trouble {
    fn from(failed: Failed) -> Self {
        failed.trouble
    }
}

/// Versions there are to step down through.
const VERSIONS: usize = 4;

/// What the name of an operation stands behind in a SOAP action.
const ACTION: &str = "http://schemas.microsoft.com/exchange/services/2006/messages/";

impl Reach {
    /// A folder that every mailbox has, in the mailbox that is meant.
    pub(super) fn every(&self, folder: DistinguishedFolder) -> FolderRef {
        if self.delegate { FolderRef::Of(folder, self.address.clone()) } else { folder.into() }
    }

    /// The same account, acting for nobody.
    pub(super) fn as_itself(&self) -> Self {
        Self { impersonate: false, ..self.clone() }
    }

    /// One call with one result.
    pub(super) async fn one<O: Operation + Sync>(&self, operation: &O, effect: Effect) -> Result<O::Reply, Trouble>
    where
        O::Reply: Send,
    {
        let answer = self.call(operation, effect).await?;
        let result = answer.only().map_err(|failure| unreadable(&failure, effect).trouble)?;
        result.map_err(|refused| refusal(&refused, effect))
    }

    /// One call with a result for each of `count` things asked for.
    pub(super) async fn each<O: Operation + Sync>(
        &self,
        operation: &O,
        count: usize,
        effect: Effect,
    ) -> Result<Vec<Result<O::Reply, Trouble>>, Trouble>
    where
        O::Reply: Send,
    {
        let answer = self.call(operation, effect).await?;
        if effect == Effect::Read
            && let Some(refused) = of_all(&answer.results, count)
        {
            return Err(refusal(refused, effect));
        }
        let results = answer.exactly(count).map_err(|failure| unreadable(&failure, effect).trouble)?;
        Ok(results.into_iter().map(|result| result.map_err(|refused| refusal(&refused, effect))).collect())
    }

    /// One call, in the highest version that the server takes. A version that was refused has done nothing.
    pub(super) async fn call<O: Operation + Sync>(
        &self,
        operation: &O,
        effect: Effect,
    ) -> Result<Answer<O::Reply>, Failed> {
        for _ in 0..VERSIONS {
            let version = self.spoken.version();
            match self.call_in(version, operation, effect).await {
                Err(Failed { refused: Some(server), .. }) if self.spoken.step_down(version, server.as_ref()) => {}
                answer => return answer,
            }
        }
        self.call_in(self.spoken.version(), operation, effect).await
    }

    async fn call_in<O: Operation + Sync>(
        &self,
        version: ews::Version,
        operation: &O,
        effect: Effect,
    ) -> Result<Answer<O::Reply>, Failed> {
        // One end for all of it: a caller counts on the call to be over by its deadline, wherever the time went.
        let end = tokio::time::sleep(Duration::from_millis(self.deadline_ms));
        tokio::pin!(end);
        let passage = tokio::select! {
            passage = self.gate.pass(&self.address, operation.items()) => passage,
            () = &mut end => return Err(Failed::plain(no_turn())),
        };
        let request = self.request(version, operation, xml::Limits::default().total);
        let answer = tokio::select! {
            answer = self.sent(request, effect) => answer,
            () = &mut end => Err(Lost::Unanswered("the server did not answer in time".to_owned())),
        };
        let met = Met::of(&answer);
        let done = self.understood::<O>(answer, effect);
        self.astray.note(if sends_elsewhere(&done) { Met::Elsewhere } else { met });
        passage.went(went(&done));
        done
    }

    /// What an answer says.
    fn understood<O: Operation>(
        &self,
        answer: Result<http::Answer, Lost>,
        effect: Effect,
    ) -> Result<Answer<O::Reply>, Failed> {
        let limits = xml::Limits::default();
        let answer = answer.map_err(|lost| lost_trouble(lost, effect))?;
        if let Some(affinity) = &self.affinity {
            affinity.note(&answer);
        }
        if let Some(trouble) = self.by_status(&answer, effect) {
            // A fault may come with an error status, and says more.
            return match ews::parse::<O>(&answer.body, limits) {
                Err(failure @ Failure::Fault(_)) if !matches!(answer.status, 401 | 403) => {
                    Err(self.explained(&failure, effect, &answer.body))
                }
                // So do results: whatever the status says, they were served.
                Ok(parsed) if matches!(answer.status, 201..=299 | 500) && !parsed.results.is_empty() => Ok(parsed),
                _ => {
                    let (fails, server_busy) = (answer.status == 500, matches!(answer.status, 429 | 503));
                    Err(Failed { fails, server_busy, ..Failed::plain(trouble) })
                }
            };
        }
        let parsed =
            ews::parse::<O>(&answer.body, limits).map_err(|failure| self.explained(&failure, effect, &answer.body))?;
        if let Some(server) = &parsed.version {
            self.spoken.met(server);
        }
        Ok(parsed)
    }

    /// A failure with what the answer says of the server, when it was refused for what it does not know.
    fn explained(&self, failure: &Failure, effect: Effect, body: &[u8]) -> Failed {
        let mut failed = unreadable(failure, effect);
        if let Failure::Fault(refused) = failure {
            let server = || ews::server_of(body, xml::Limits::default());
            failed.strange = is_strange_code(&refused.code);
            failed.fails = refused.code == ResponseCode::ErrorInternalServerError;
            failed.elsewhere = is_elsewhere(&refused.code);
            failed.refused = match &refused.code {
                ResponseCode::ErrorInvalidServerVersion => Some(server()),
                // An older schema does not hold the newer version's name. One that was served in this version refuses something
                // else, and all the others are not to be asked for less because of it.
                ResponseCode::ErrorSchemaValidation | ResponseCode::ErrorInvalidRequest => {
                    server().filter(|server| server.major < 15 && !self.spoken.is_served_by(server)).map(Some)
                }
                _ => None,
            };
        }
        failed
    }

    /// The bytes of a call and what stands above them.
    pub(super) fn request<O: Operation>(&self, version: ews::Version, operation: &O, most: usize) -> Request {
        let impersonation = self.impersonate.then(|| Impersonation::SmtpAddress(self.address.clone()));
        let header = Header { version, impersonation };
        let mut headers = vec![
            ("content-type".to_owned(), "text/xml; charset=utf-8".to_owned()),
            ("accept".to_owned(), "text/xml".to_owned()),
            // SOAP 1.1 wants it; Exchange does without, others find the operation by it.
            ("soapaction".to_owned(), format!("\"{ACTION}{}\"", O::NAME)),
        ];
        let anchor = self.affinity.as_ref().map_or(&self.address, |affinity| affinity.anchor());
        if anchor.chars().all(|c| c.is_ascii_graphic()) {
            // Keeps calls for one mailbox on the server that holds it.
            headers.push(("x-anchormailbox".to_owned(), anchor.clone()));
        }
        if let Some(affinity) = &self.affinity {
            headers.extend(affinity.headers());
        }
        let body = ews::prepare(&header, operation);
        Request { url: self.url.clone(), headers, body, deadline_ms: self.deadline_ms, most }
    }

    pub(super) fn by_status(&self, answer: &http::Answer, effect: Effect) -> Option<Trouble> {
        let unclear = |why: String| match effect {
            Effect::Read => Trouble::Broken { why },
            Effect::Write | Effect::Change => Trouble::Unknown { why },
        };
        let status = answer.status;
        Some(match status {
            200 => return None,
            401 => Trouble::NoAccess { why: self.sign_in.refused(answer) },
            403 => Trouble::NoAccess {
                why: "the server forbids Exchange Web Services to this account or mailbox (status 403)".to_owned(),
            },
            404 | 410 => Trouble::Broken {
                why: format!("there is no Exchange Web Services at the connection's address (status {status})"),
            },
            // Too many requests: not carried out (trap 44).
            429 => Trouble::Busy {
                wait_ms: retry_after(answer),
                why: "the server asks us to wait (status 429)".to_owned(),
            },
            440 => Trouble::NoAccess { why: "the server wants a sign-in by form (status 440)".to_owned() },
            503 if effect == Effect::Read => {
                Trouble::Busy { wait_ms: retry_after(answer), why: "the server is unavailable (status 503)".to_owned() }
            }
            300..=399 => Trouble::Broken {
                why: format!("the server sends us to another address, which is not followed (status {status})"),
            },
            400..=499 => Trouble::Broken { why: format!("the server does not take our requests (status {status})") },
            _ => unclear(format!("the server failed (status {status})")),
        })
    }
}

/// A call that did not get its turn in time was not sent.
fn no_turn() -> Trouble {
    Trouble::Busy { wait_ms: None, why: "too many calls to this server are under way".to_owned() }
}

/// What a call says of how much may be asked.
fn went<T>(done: &Result<Answer<T>, Failed>) -> Went {
    let busy = |refused: &Refusal| refused.code == ResponseCode::ErrorServerBusy;
    match done {
        Ok(answer) if answer.results.iter().any(|one| one.as_ref().is_err_and(busy)) => Went::MailboxBusy,
        Ok(_) => Went::Well,
        Err(failed) if failed.server_busy => Went::ServerBusy,
        Err(failed) if matches!(failed.trouble, Trouble::Busy { .. }) => Went::MailboxBusy,
        Err(_) => Went::Well,
    }
}

/// Whether the service itself says that the mailbox is somewhere else.
fn sends_elsewhere<T>(done: &Result<Answer<T>, Failed>) -> bool {
    match done {
        Ok(answer) => answer.results.iter().any(|one| one.as_ref().is_err_and(|refused| is_elsewhere(&refused.code))),
        Err(failed) => failed.elsewhere,
    }
}

pub(super) fn lost_trouble(lost: Lost, effect: Effect) -> Failed {
    let splits = matches!(lost, Lost::TooLarge(_));
    let trouble = match (lost, effect) {
        (Lost::NotSent(why), _) => Trouble::Broken { why },
        (Lost::Refused(why), _) => Trouble::NoAccess { why },
        (lost, Effect::Read) => Trouble::Broken { why: lost.to_string() },
        (lost, Effect::Write | Effect::Change) => Trouble::Unknown { why: lost.to_string() },
    };
    Failed { splits, ..Failed::plain(trouble) }
}

pub(super) fn is_strange_code(code: &ResponseCode) -> bool {
    matches!(
        code,
        ResponseCode::ErrorInvalidPropertyRequest
            | ResponseCode::ErrorUnsupportedPathForQuery
            | ResponseCode::ErrorUnsupportedPropertyDefinition
            | ResponseCode::ErrorInvalidExtendedProperty
            | ResponseCode::ErrorSchemaValidation
            | ResponseCode::ErrorInvalidRequest
    )
}

pub(super) fn unreadable(failure: &Failure, effect: Effect) -> Failed {
    let error = match failure {
        Failure::Fault(refused) => return Failed::plain(refusal(refused, effect)),
        Failure::Unreadable(error) => error,
    };
    let why = error.to_string();
    let trouble = match effect {
        Effect::Read => Trouble::Broken { why },
        Effect::Write | Effect::Change => Trouble::Unknown { why },
    };
    let splits = match error {
        xml::Error::Malformed { .. }
        | xml::Error::TooLarge { .. }
        | xml::Error::TooDeep { .. }
        | xml::Error::TooMany { .. }
        | xml::Error::TextTooLong { .. }
        | xml::Error::Value { .. } => true,
        // Not one item's doing: the server, or something before it, answered otherwise.
        xml::Error::Empty
        | xml::Error::Foreign { .. }
        | xml::Error::Cut { .. }
        | xml::Error::DocumentType
        | xml::Error::Missing { .. } => false,
    };
    Failed { splits, ..Failed::plain(trouble) }
}

//! One call to Exchange: written, signed, sent, read, and every way it can go wrong named by what follows.

use engine::port::Trouble;
use std::sync::Arc;
use wire::ews::{self, Answer, Failure, GetItem, Header, Impersonation, Item, ItemRef, Operation, Shape, Version};
use wire::xml;

use super::trouble::{Effect, refusal};
use crate::http::{self, Lost, Request, Transport};
use crate::sign_in::SignIn;

/// How one mailbox is reached.
pub(super) struct Reach {
    pub transport: Arc<dyn Transport>,
    pub sign_in: Arc<SignIn>,
    pub url: String,
    pub address: String,
    pub impersonate: bool,
    pub version: Version,
    pub deadline_ms: u64,
}

/// Why a call gave nothing, and whether asking for fewer items at once could help.
pub(super) struct Failed {
    pub trouble: Trouble,
    splits: bool,
}

impl From<Failed> for Trouble {
    fn from(failed: Failed) -> Self {
        failed.trouble
    }
}

/// The most items asked for at once.
const BATCH: usize = 100;

/// The most further calls made to find the one item that makes a whole answer unreadable.
const SEARCHES: usize = 64;

impl Reach {
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
        let results = answer.exactly(count).map_err(|failure| unreadable(&failure, effect).trouble)?;
        Ok(results.into_iter().map(|result| result.map_err(|refused| refusal(&refused, effect))).collect())
    }

    /// Reads items in batches, each with its own outcome. An item that makes a whole answer unreadable is found by
    /// halving and stands alone (trap 37).
    pub(super) async fn items(&self, shape: &Shape, ids: &[ItemRef]) -> Result<Vec<Result<Item, Trouble>>, Trouble> {
        let mut found = Vec::with_capacity(ids.len());
        let mut waiting: Vec<&[ItemRef]> = ids.chunks(BATCH).rev().collect();
        let mut searches = 0;
        while let Some(batch) = waiting.pop() {
            let asked = GetItem { shape: shape.clone(), ids: batch.to_vec() };
            let answer = match self.call(&asked, Effect::Read).await {
                Ok(answer) => answer.exactly(batch.len()).map_err(|failure| unreadable(&failure, Effect::Read)),
                Err(failed) => Err(failed),
            };
            match answer {
                Ok(results) => found.extend(results.into_iter().map(|result| {
                    match result {
                        Ok(items) => items
                            .first()
                            .ok_or_else(|| Trouble::Broken { why: "the server answered without the item".to_owned() }),
                        Err(refused) => Err(refusal(&refused, Effect::Read)),
                    }
                })),
                Err(failed) if failed.splits && searches < SEARCHES => {
                    searches += 1;
                    if batch.len() == 1 {
                        let why = "the server's answer for this item cannot be read".to_owned();
                        found.push(Err(Trouble::Refused { code: "Unreadable".to_owned(), why }));
                    } else {
                        let (front, back) = batch.split_at(batch.len() / 2);
                        waiting.extend([back, front]);
                    }
                }
                Err(failed) => return Err(failed.trouble),
            }
        }
        Ok(found)
    }

    async fn call<O: Operation + Sync>(&self, operation: &O, effect: Effect) -> Result<Answer<O::Reply>, Failed> {
        let impersonation = self.impersonate.then(|| Impersonation::SmtpAddress(self.address.clone()));
        let header = Header { version: self.version, impersonation };
        let limits = xml::Limits::default();
        let mut headers = vec![("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())];
        if self.address.chars().all(|c| c.is_ascii_graphic()) {
            // Keeps calls for one mailbox on the server that holds it.
            headers.push(("x-anchormailbox".to_owned(), self.address.clone()));
        }
        let request = Request {
            url: self.url.clone(),
            headers,
            body: ews::prepare(&header, operation),
            deadline_ms: self.deadline_ms,
            most: limits.total,
        };
        let answer = self.sign_in.send(&*self.transport, request).await.map_err(|lost| lost_trouble(lost, effect))?;
        if let Some(trouble) = self.by_status(&answer, effect) {
            // A fault may come with an error status, and says more.
            return match ews::parse::<O>(&answer.body, limits) {
                Err(failure @ Failure::Fault(_)) if !matches!(answer.status, 401 | 403) => {
                    Err(unreadable(&failure, effect))
                }
                _ => Err(Failed { trouble, splits: false }),
            };
        }
        ews::parse::<O>(&answer.body, limits).map_err(|failure| unreadable(&failure, effect))
    }

    fn by_status(&self, answer: &http::Answer, effect: Effect) -> Option<Trouble> {
        let unclear = |why: String| match effect {
            Effect::Read => Trouble::Broken { why },
            Effect::Write => Trouble::Unknown { why },
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

fn retry_after(answer: &http::Answer) -> Option<u64> {
    let seconds: u64 = answer.header("retry-after").next()?.trim().parse().ok()?;
    seconds.checked_mul(1000)
}

fn lost_trouble(lost: Lost, effect: Effect) -> Failed {
    let splits = matches!(lost, Lost::TooLarge(_));
    let trouble = match (lost, effect) {
        (Lost::NotSent(why), _) => Trouble::Broken { why },
        (lost @ (Lost::Unanswered(_) | Lost::TooLarge(_)), Effect::Read) => Trouble::Broken { why: lost.to_string() },
        (lost @ (Lost::Unanswered(_) | Lost::TooLarge(_)), Effect::Write) => Trouble::Unknown { why: lost.to_string() },
    };
    Failed { trouble, splits }
}

fn unreadable(failure: &Failure, effect: Effect) -> Failed {
    let error = match failure {
        Failure::Fault(refused) => return Failed { trouble: refusal(refused, effect), splits: false },
        Failure::Unreadable(error) => error,
    };
    let why = error.to_string();
    let trouble = match effect {
        Effect::Read => Trouble::Broken { why },
        Effect::Write => Trouble::Unknown { why },
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
    Failed { trouble, splits }
}

//! A Windows account: NTLM belongs to the connection it was spoken on, so connections are kept and lent to one call at a
//! time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::port::{Clock, Dice};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

use super::{offers, signed};
use crate::http::{Answer, Line, Lost, Request, Transport, checked};
use crate::ntlm::{self, Account, Moment};

/// Calls at the same time, each on a connection of its own: below what Exchange allows an account (27), with room for
/// others of the same account.
const LINES: usize = 8;

/// Seconds from 1601, where Windows begins to count, to 1970.
const EPOCH: i64 = 11_644_473_600;

/// A connection that was idle for longer is not used again: servers close theirs after two minutes, firewalls forget them
/// without a word, and what is sent on such a one is waited for in vain.
const IDLE: SignedDuration = SignedDuration::from_secs(50);

/// What closes a connection between two parts of one sign-in makes every sign-in fail.
const CLOSES: &str = "the server, or what stands before it, closes the connection in the middle of the Windows sign-in (NTLM); \
                      let the load balancer or proxy keep it";

/// An account with the connections it is signed in on.
pub(super) struct Windows {
    account: Account,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    room: Semaphore,
    /// Signed in and idle.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    /// The address it leads to.
    url: String,
    line: Box<dyn Line>,
    since: Timestamp,
}

impl Windows {
    pub(super) fn new(user: &str, password: SecretString, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Self {
        let account = Account::of(user, password);
        Self { account, clock, dice, room: Semaphore::new(LINES), idle: Mutex::default() }
    }

    pub(super) async fn send(&self, transport: &dyn Transport, request: &Request) -> Result<Answer, Lost> {
        let closed = |_| Lost::NotSent("the connection is being closed".to_owned());
        let _room = self.room.acquire().await.map_err(closed)?;
        if let Some(mut line) = self.lent(&request.url) {
            let mut doubt = Doubt { windows: self, url: &request.url, stands: true };
            match line.call(request).await {
                Ok(answer) if answer.status != 401 => {
                    doubt.stands = false;
                    self.keep(&request.url, line, &answer);
                    return Ok(answer);
                }
                // The server has closed the connection, or forgotten whom it belongs to: nothing was done.
                Ok(_) | Err(Lost::NotSent(_)) => doubt.stands = false,
                Err(lost) => return Err(lost),
            }
        }
        for _ in 0..2 {
            let mut line = transport.line(&request.url, request.deadline_ms).await?;
            let signed = match self.introduce(&mut *line, request).await? {
                Ok(signed) => signed,
                Err(refused) => return Ok(refused),
            };
            match line.call(&signed).await {
                Ok(answer) => {
                    if answer.status != 401 {
                        self.keep(&request.url, line, &answer);
                    }
                    return Ok(answer);
                }
                // Closed before the sign-in was complete: nothing was done.
                Err(Lost::NotSent(_)) => {}
                Err(lost) => return Err(lost),
            }
        }
        Err(Lost::NotSent(CLOSES.to_owned()))
    }

    /// Says who we are on a new connection, and gives the request as it completes the sign-in; else the server's refusal.
    pub(super) async fn introduce(
        &self,
        line: &mut dyn Line,
        request: &Request,
    ) -> Result<Result<Request, Answer>, Lost> {
        let negotiated = ntlm::negotiate();
        let mut answer = None;
        // Raw NTLM is understood under either name; a server offers one of them or both.
        for word in ["NTLM", "Negotiate"] {
            let header = format!("{word} {}", STANDARD.encode(&negotiated));
            let first = signed(&Request { body: Vec::new(), ..request.clone() }, header);
            // Nothing was asked yet, so nothing can have been done.
            let told = line.call(&first).await.map_err(|lost| Lost::NotSent(lost.to_string()))?;
            if let Some(challenge) = challenge(&told, word) {
                let host = checked(&request.url)?.0.host_str().unwrap_or_default().to_owned();
                let end_point = line.certificate().map(ntlm::end_point);
                let now = self.clock.now();
                let moment = Moment {
                    dice: self.dice.roll().to_le_bytes(),
                    filetime: u64::try_from((now.as_second() + EPOCH) * 10_000_000).unwrap_or(0),
                    end_point: end_point.as_deref(),
                    host: &host,
                };
                let answered = ntlm::authenticate(&self.account, &negotiated, &challenge, &moment);
                let answered = answered.map_err(|fault| Lost::Refused(fault.to_string()))?;
                return Ok(Ok(signed(request, format!("{word} {}", STANDARD.encode(answered)))));
            }
            let left = word == "NTLM" && offers(&told).iter().any(|offer| offer.eq_ignore_ascii_case("negotiate"));
            if left && closes(&told) {
                return Err(Lost::NotSent(CLOSES.to_owned()));
            }
            let refused = told.status == 401 && !closes(&told);
            answer = Some(told);
            if !refused {
                break;
            }
        }
        match answer {
            // Refused, sent elsewhere, or failed before it was asked who we are.
            Some(answer) if !matches!(answer.status, 200..=299) => Ok(Err(answer)),
            // It took a request without an account: whatever it is, it is no mailbox server of ours.
            Some(_) | None => {
                Err(Lost::Refused("the server does not ask who we are, as NTLM would have it".to_owned()))
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lent(&self, url: &str) -> Option<Box<dyn Line>> {
        let now = self.clock.now();
        let mut idle = self.idle();
        // A clock that was set says nothing of how long.
        idle.retain(|idle| (SignedDuration::ZERO..IDLE).contains(&now.duration_since(idle.since)));
        let at = idle.iter().rposition(|idle| idle.url == url)?;
        Some(idle.swap_remove(at).line)
    }

    fn keep(&self, url: &str, line: Box<dyn Line>, answer: &Answer) {
        if closes(answer) {
            return;
        }
        let since = self.clock.now();
        let mut idle = self.idle();
        if idle.len() < LINES {
            idle.push(Idle { url: url.to_owned(), line, since });
        }
    }
}

/// Whether the server ends the connection with this answer.
fn closes(answer: &Answer) -> bool {
    answer.header("connection").any(|value| value.eq_ignore_ascii_case("close"))
}

/// A call on a kept connection. What cuts it off, or lets it wait until nobody waits any more, has done the same to the
/// others that lead there: none of them is used again.
struct Doubt<'a> {
    windows: &'a Windows,
    url: &'a str,
    stands: bool,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if self.stands {
            self.windows.idle().retain(|idle| idle.url != self.url);
        }
    }
}

/// The server's message under the name we used.
fn challenge(answer: &Answer, word: &str) -> Option<Vec<u8>> {
    if answer.status != 401 {
        return None;
    }
    answer.header("www-authenticate").flat_map(|value| value.split(',')).find_map(|challenge| {
        let (name, message) = challenge.trim().split_once(' ')?;
        name.eq_ignore_ascii_case(word).then(|| STANDARD.decode(message.trim()).ok())?
    })
}

//! The connector's way to the server: every request is a call of the world, and trouble strikes its bytes.

use crate::client::{PASSWORD, URL, id_of, items};
use crate::mischief::Folders;
use crate::office::{Office, SERVICE};
use crate::server::Server;
use crate::tree::Node;
use async_trait::async_trait;
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Answer, Lost, Request, Transport};
use connect::sign_in::SignIn;
use emulator::{Hook, Quirk};
use engine::port::{Maps, Remote};
use jiff::Timestamp;
use secrecy::SecretString;
use sim::executor::block_on;
use sim::faults::{Call, Fault};
use sim::memory::Ground;
use sim::post::Node as SimNode;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Times in a thousand that the server touches by itself what was just written.
const TOUCHES: u64 = 30;
/// A call may take so long by a clock that nobody drives.
const DEADLINE_MS: u64 = 86_400_000;

/// A process's connection.
pub(crate) struct Way(Arc<EwsConnection>);

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Way")
    }
}

impl Way {
    pub(crate) fn of(office: Office, ground: &Arc<Ground>) -> Way {
        let line = Line { office, ground: Arc::clone(ground), folders: Folders::default() };
        let account = SignIn::basic(SERVICE, SecretString::from(PASSWORD));
        let settings = EwsSettings { impersonate: true, deadline_ms: DEADLINE_MS, ..EwsSettings::new(URL) };
        Way(EwsConnection::new(Arc::new(line), Arc::new(account), settings))
    }
}

impl SimNode for Way {
    fn open(&self, address: &str, maps: Arc<Maps>) -> Box<dyn Remote> {
        Box::new(self.0.open(address, maps))
    }
}

/// The line, on which bytes can go astray.
pub(crate) struct Line {
    pub(crate) office: Office,
    pub(crate) ground: Arc<Ground>,
    folders: Folders,
}

/// What a request is about, as its headers tell.
struct About<'a> {
    operation: &'a str,
    address: &'a str,
    call: Call,
}

impl<'a> About<'a> {
    fn of(request: &'a Request) -> About<'a> {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let operation = header("soapaction").trim_matches('"').rsplit('/').next().unwrap_or_default();
        let call = match operation {
            "CreateItem" | "UpdateItem" | "DeleteItem" | "MoveItem" | "CopyItem" | "UpdateFolder" => Call::Write,
            "SyncFolderItems" if request.body.windows(11).any(|bytes| bytes == b"<m:SyncStat") => Call::ReadOn,
            _ => Call::Read,
        };
        About { operation, address: header("x-anchormailbox"), call }
    }
}

#[async_trait]
impl Transport for Line {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        let about = About::of(request);
        let fault = self.ground.call(about.call, &format!("pim {} {}", about.address, about.operation)).await;
        self.office.deliver();
        let trouble = &self.ground.trouble;
        let strikes = |fault| self.ground.faults().strikes(fault, trouble);
        let fault = fault.or_else(|| Fault::BYTES.into_iter().find(|fault| strikes(*fault)));
        match fault {
            None => {}
            Some(Fault::RequestLost) if trouble.chance(500) => return Err(Lost::NotSent("no connection".to_owned())),
            Some(Fault::RequestLost) => return Err(broken_off()),
            Some(Fault::AnswerLost) => {
                self.post(request).await?;
                return Err(broken_off());
            }
            Some(Fault::AnswerCut) => {
                let mut answer = self.post(request).await?;
                let rest = usize::try_from(trouble.below(answer.body.len() as u64)).unwrap_or(0);
                answer.body.truncate(rest);
                return Ok(answer);
            }
            Some(Fault::ServerFailed) => {
                if trouble.chance(500) {
                    self.post(request).await?;
                }
                let status = trouble.pick(&[500, 502, 504]).copied().unwrap_or(500);
                return Ok(said(status, Vec::new(), ""));
            }
            Some(Fault::LoginPage) => {
                let page = "<!DOCTYPE html><html><body><form action=\"/login\"></form></body></html>";
                return Ok(said(200, vec![("content-type", "text/html")], page));
            }
            Some(Fault::Busy) => return self.busy(request, about.call).await,
            Some(Fault::NoAccess) => return self.shut(request).await,
            Some(Fault::CursorRefused) => return self.with(Quirk::StateRefused, request).await,
            Some(Fault::Stale) => self.touch(&about, request),
            Some(other) => self.ground.trace.line(format!("{other:?} means nothing on this line")),
        }
        self.done(&about, request).await
    }
}

impl Line {
    /// A call that nothing of the usual trouble strikes.
    async fn done(&self, about: &About<'_>, request: &Request) -> Result<Answer, Lost> {
        match about.operation {
            "SyncFolderItems" => self.folders.listed(self, about.address, request).await,
            "GetItem" => Ok(crate::mischief::looked(&self.ground, self.post(request).await?)),
            "CreateItem" if self.ground.faults().strikes(Fault::ShownLate, &self.ground.delays) => {
                let minutes = 1 + self.ground.delays.below(30);
                let at = self.ground.clock.after_ms(minutes * 60_000);
                self.office.late().send(at, request.clone());
                self.ground.trace.line(format!("{}: arrives in {minutes} minutes", about.operation));
                Err(broken_off())
            }
            "CreateItem" | "UpdateItem"
                if self.ground.servers.chance(TOUCHES)
                    || self.ground.faults().strikes(Fault::Touch, &self.ground.trouble) =>
            {
                self.ground.trace.line(format!("server {} touches what was written", about.address));
                self.with(Quirk::MovesChangeKeyAfterWrite, request).await
            }
            _ => self.post(request).await,
        }
    }

    /// Carries the bytes there and back.
    pub(crate) async fn post(&self, request: &Request) -> Result<Answer, Lost> {
        let said = self.office.server().post(&request.url, &request.headers, request.body.clone()).await;
        let said = said.map_err(|_| broken_off())?;
        Ok(Answer { status: said.status, headers: said.headers, body: said.body })
    }

    /// The same while the server misbehaves.
    async fn with(&self, quirk: Quirk, request: &Request) -> Result<Answer, Lost> {
        self.office.server().emulator.set_quirk(quirk, true);
        let answer = self.post(request).await;
        self.office.server().emulator.set_quirk(quirk, false);
        answer
    }

    /// The same, answered with a fault of the server's own.
    async fn refused(&self, action: emulator::FaultAction, request: &Request) -> Result<Answer, Lost> {
        let hook: Hook = Arc::new(move |_| Some(action.clone()));
        self.office.server().emulator.on_request(Some(hook));
        let answer = self.post(request).await;
        self.office.server().emulator.on_request(None);
        answer
    }

    async fn busy(&self, request: &Request, call: Call) -> Result<Answer, Lost> {
        use emulator::FaultAction::{Busy, Fault};
        let wait = self.ground.trouble.pick(&[0, 5, 3_600]).copied().unwrap_or(0);
        let later = || vec![("retry-after", if wait == 0 { "0" } else { "5" })];
        match self.ground.trouble.below(4) {
            0 => Ok(said(429, later(), "")),
            // Of a write nobody would know whether it was done.
            1 if call != Call::Write => Ok(said(503, later(), "")),
            2 => self.refused(Fault { code: "ErrorMailboxMoveInProgress".to_owned() }, request).await,
            _ => self.refused(Busy { back_off_ms: wait * 1_000 }, request).await,
        }
    }

    /// Sign-in or rights fail.
    async fn shut(&self, request: &Request) -> Result<Answer, Lost> {
        match self.ground.trouble.below(4) {
            0 => Ok(said(401, vec![("www-authenticate", "Basic realm=\"mail\"")], "")),
            1 => Ok(said(403, Vec::new(), "")),
            roll => {
                let code = if roll == 2 { "ErrorImpersonateUserDenied" } else { "ErrorNonExistentMailbox" };
                self.refused(emulator::FaultAction::Fault { code: code.to_owned() }, request).await
            }
        }
    }

    /// Somebody touches what is about to be written: only its change key moves.
    fn touch(&self, about: &About<'_>, request: &Request) {
        let body = String::from_utf8_lossy(&request.body);
        let id = between(&body, "ItemId Id=\"", "\"").map(str::to_owned);
        if let Some(id) = id
            && self.office.server().emulator.touch(about.address, &id).is_err()
        {
            self.ground.trace.line(format!("{}: nothing to touch", about.address));
        }
    }
}

fn broken_off() -> Lost {
    Lost::Unanswered("the connection broke off".to_owned())
}

fn said(status: u16, headers: Vec<(&str, &str)>, body: &str) -> Answer {
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Answer { status, headers, body: body.as_bytes().to_vec() }
}

/// What stands between two words.
pub(crate) fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    Some(rest.split_once(to)?.0)
}

/// Requests that are on their way for minutes, and what they brought.
#[derive(Default)]
pub(crate) struct Late {
    waiting: Mutex<Vec<(Timestamp, Request)>>,
    ids: Mutex<BTreeSet<String>>,
}

impl Late {
    fn send(&self, at: Timestamp, request: Request) {
        whole(&self.waiting).push((at, request));
    }

    /// What is due arrives.
    pub(crate) fn deliver(&self, server: &Server, now: Timestamp) {
        let (due, waiting) = std::mem::take(&mut *whole(&self.waiting)).into_iter().partition(|(at, _)| *at <= now);
        *whole(&self.waiting) = waiting;
        let due: Vec<(Timestamp, Request)> = due;
        for (_, request) in due {
            let Ok(said) = block_on(server.post(&request.url, &request.headers, request.body)) else { continue };
            let made = Node::read(&said.body).ok().and_then(|answer| {
                let results = answer.child("Body")?.children.first()?.child("ResponseMessages")?.children.clone();
                items(&results).find_map(id_of).map(str::to_owned)
            });
            whole(&self.ids).extend(made);
        }
    }

    /// Whether an item came by such a request.
    pub(crate) fn brought(&self, id: &str) -> bool {
        whole(&self.ids).contains(id)
    }
}

pub(crate) fn whole<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

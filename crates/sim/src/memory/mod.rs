//! The two sides in memory: a CRM and an Exchange that misbehave as the real ones do, behind one lock.

mod answers;
pub mod crm;
pub mod crm_remote;
pub mod crm_write;
pub mod directory;
pub mod exchange;
pub mod exchange_remote;
mod exchange_together;
pub mod exchange_write;
pub mod lens;
pub mod shape;
mod standing;
mod watched;
pub mod witness;

use crate::clock::VirtualClock;
use crate::dice::{Dice, Hand};
use crate::executor::pause;
use crate::faults::{Call, Fault, Faults, LIVELY};
use crate::places::Places;
use crate::post::{Node, Post};
use crate::trace::Trace;
use async_trait::async_trait;
use crm::Crm;
use engine::port::{Directory, Maps, Remote, Remotes, Trouble, Write};
use exchange::Exchange;
use jiff::Timestamp;
use model::{CrmId, RecordId, Side};
pub use standing::Standing;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What stands on both sides.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    /// The CRM.
    pub crm: Crm,
    /// The mail server with all mailboxes.
    pub exchange: Exchange,
}

/// Calls that reached a side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// That read.
    pub reads: u64,
    /// Records in those that wrote.
    pub writes: u64,
}

/// The ground a world stands on: both sides, the time, trouble and the trace.
#[derive(Debug)]
pub struct Ground {
    /// The time.
    pub clock: VirtualClock,
    /// What happened.
    pub trace: Trace,
    /// The servers' dice.
    pub servers: Dice,
    /// Trouble's dice.
    pub trouble: Dice,
    /// Those of delays.
    pub delays: Dice,
    /// Those of wide worlds.
    pub wide: Dice,
    /// Every place where something can go wrong.
    pub places: Arc<Places>,
    /// Those of lively worlds.
    pub lively: Option<Dice>,
    post: Option<Arc<dyn Post>>,
    sides: Mutex<Sides>,
    faults: Mutex<Faults>,
    calls: Mutex<Calls>,
    overdue: Mutex<Overdue>,
    seen: Mutex<Seen>,
}

/// What was noticed while calls came in.
#[derive(Debug, Default)]
struct Seen {
    /// Broken promises.
    findings: Vec<String>,
    /// Each operation with its outcome, and how often.
    reached: BTreeMap<String, u64>,
    /// The record that somebody will act on at the next step.
    just_then: Option<(Side, RecordId)>,
    /// The record that goes by a person's hand at the next step, before the sync takes it away.
    overtaken: Option<Overtaken>,
    /// An administrator puts something back.
    putting_back: bool,
    /// Mailboxes that are disabled, until when.
    disabled: BTreeMap<String, Timestamp>,
}

/// What a person takes away before the sync does something to it.
#[derive(Clone, Debug)]
pub(crate) enum Overtaken {
    /// A record that stands.
    Record(Side, RecordId),
    /// An item in Deleted Items, by its mark's key.
    Trash(String),
}

/// Writes of a node whose lease had ended: what they changed arrives after another node has looked.
#[derive(Debug, Default)]
struct Overdue {
    now: bool,
    things: BTreeSet<u64>,
}

impl Ground {
    /// Empty sides.
    #[must_use]
    pub fn new(clock: VirtualClock, seed: u64, faults: Faults) -> Ground {
        Ground {
            clock,
            trace: Trace::default(),
            servers: Dice::of(seed, Hand::Servers),
            trouble: Dice::of(seed, Hand::Faults),
            delays: Dice::of(seed, Hand::Delays),
            wide: Dice::of(seed, Hand::Wide),
            places: Arc::default(),
            lively: (seed >= LIVELY).then(|| Dice::of(seed, Hand::Lively)),
            post: None,
            sides: Mutex::default(),
            faults: Mutex::new(faults),
            calls: Mutex::default(),
            overdue: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// The same, with mailboxes that stand elsewhere.
    #[must_use]
    pub fn with_post(self, post: Option<Arc<dyn Post>>) -> Ground {
        Ground { post, ..self }
    }

    /// Where the mailboxes stand, if not in memory.
    pub(crate) fn post(&self) -> Option<&Arc<dyn Post>> {
        self.post.as_ref()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A broken promise was seen.
    pub(crate) fn found(&self, finding: String) {
        self.seen().findings.push(finding);
    }

    /// Broken promises that were seen, once.
    pub(crate) fn take_findings(&self) -> Vec<String> {
        std::mem::take(&mut self.seen().findings)
    }

    /// Each operation with its outcome, and how often it was met.
    #[must_use]
    pub fn reached(&self) -> BTreeMap<String, u64> {
        self.seen().reached.clone()
    }

    /// Counts what came of an operation.
    pub(crate) fn came<T>(&self, side: Side, operation: &str, answer: &Result<T, Trouble>) {
        let outcome = match answer {
            Ok(_) => "done",
            Err(Trouble::Busy { .. }) => "busy",
            Err(Trouble::Stale) => "stale",
            Err(Trouble::Gone(_)) => "gone",
            Err(Trouble::Refused { .. }) => "refused",
            Err(Trouble::NoAccess { .. }) => "no access",
            Err(Trouble::CursorRefused) => "cursor refused",
            Err(Trouble::Broken { .. }) => "broken",
            Err(Trouble::Unknown { .. }) => "unknown",
        };
        let key = format!("{} {operation}: {outcome}", side_word(side));
        *self.seen().reached.entry(key).or_default() += 1;
    }

    /// A record was read or written: perhaps somebody acts on it right now.
    pub(crate) fn handled(&self, side: Side, id: &RecordId) {
        if self.faults().strikes(Fault::JustThen, &self.wide) {
            self.seen().just_then = Some((side, id.clone()));
        }
    }

    /// The record that somebody acts on now.
    pub(crate) fn take_just_then(&self) -> Option<(Side, RecordId)> {
        self.seen().just_then.take()
    }

    /// What a write is to trouble; in lively worlds a person may be faster than what takes a record away.
    pub(crate) fn writes(&self, side: Side, write: &Write) -> Call {
        let Some(lively) = &self.lively else {
            return Call::Write;
        };
        let taken = match write {
            Write::Create(_) | Write::Update(_) => return Call::Write,
            Write::Mark { .. } | Write::Flag { .. } => None,
            Write::Restore { mark_key, .. } => Some(Overtaken::Trash(mark_key.clone())),
            Write::Delete { id, .. }
            | Write::Enlist { id, .. }
            | Write::Delist { id, .. }
            | Write::Leave { id, .. }
            | Write::Rejoin { id, .. } => Some(Overtaken::Record(side, id.clone())),
        };
        if self.faults().is_on() && lively.chance(30) {
            self.seen().overtaken = taken;
        }
        Call::Seldom
    }

    /// An administrator begins to put something back, or has ended.
    pub(crate) fn set_putting_back(&self, now: bool) {
        self.seen().putting_back = now;
    }

    /// Whether an administrator puts something back.
    pub(crate) fn is_putting_back(&self) -> bool {
        self.seen().putting_back
    }

    /// The record that a person takes away now.
    pub(crate) fn take_overtaken(&self) -> Option<Overtaken> {
        self.seen().overtaken.take()
    }

    /// Nothing of a mailbox may be read or written until then.
    pub(crate) fn disable(&self, address: &str, until: Timestamp) {
        self.seen().disabled.insert(address.to_owned(), until);
    }

    fn is_disabled(&self, what: &str) -> bool {
        let now = self.clock.time();
        let address = what.split(' ').nth(1).unwrap_or_default();
        self.seen().disabled.get(address).is_some_and(|until| now < *until)
    }

    /// Whether the node at work has lost its lease.
    pub(crate) fn is_overdue(&self) -> bool {
        self.overdue.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    /// Whether the node at work has lost its lease to another one while it paused.
    pub(crate) fn set_overdue(&self, now: bool) {
        self.overdue.lock().unwrap_or_else(PoisonError::into_inner).now = now;
    }

    /// A write that changed a copy of a thing.
    pub(crate) fn wrote(&self, thing: Option<u64>) {
        let mut overdue = self.overdue.lock().unwrap_or_else(PoisonError::into_inner);
        if overdue.now {
            overdue.things.extend(thing);
        }
    }

    /// What was written by a node that had lost its lease, once.
    pub(crate) fn take_overdue(&self) -> BTreeSet<u64> {
        std::mem::take(&mut self.overdue.lock().unwrap_or_else(PoisonError::into_inner).things)
    }

    /// Both sides, to look at or to act on as a person does. Never held over an await.
    pub fn sides(&self) -> Standing<'_> {
        Standing::of(self)
    }

    /// What is kept in memory of both sides.
    fn memory(&self) -> MutexGuard<'_, Sides> {
        self.sides.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Trouble.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> Calls {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call that writes carries more than one record.
    pub(crate) fn carries_more(&self, records: usize) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).writes += records as u64;
    }

    /// One call: a step, some time, and perhaps trouble.
    pub async fn call(&self, call: Call, what: &str) -> Option<Fault> {
        pause().await;
        self.clock.pass_ms(20);
        self.memory().exchange.arrive(self.clock.time());
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        match call {
            Call::Read | Call::ReadOn => calls.reads += 1,
            Call::Write | Call::Seldom => calls.writes += 1,
        }
        drop(calls);
        let fault = match self.is_disabled(what) {
            true => Some(Fault::NoAccess),
            false => self.places.call(call).or_else(|| self.faults().at(call, &self.trouble)),
        };
        if let Some(fault) = fault {
            self.trace.line(format!("{what}: {fault:?}"));
        }
        fault
    }

    /// A call that reads, with its trouble told as the port tells it.
    pub(crate) async fn reads(&self, call: Call, what: &str) -> Result<(), Trouble> {
        let answer = match self.call(call, what).await {
            None => Ok(()),
            Some(fault) => Err(self.trouble_of(fault)),
        };
        let mut words = what.split(' ');
        if let (Some(side), Some(operation)) = (words.next(), words.nth(1)) {
            let side = if side == "pim" { Side::Pim } else { Side::Crm };
            if operation.chars().all(char::is_lowercase) {
                self.came(side, operation, &answer);
            }
        }
        answer
    }

    /// How trouble looks to the one who called.
    pub(crate) fn trouble_of(&self, fault: Fault) -> Trouble {
        match fault {
            Fault::RequestLost => Trouble::Broken { why: "no connection".to_owned() },
            Fault::AnswerLost => Trouble::Unknown { why: "the answer was lost".to_owned() },
            Fault::Busy => Trouble::Busy {
                wait_ms: [None, Some(0), Some(5_000), Some(3_600_000)]
                    .get(usize::try_from(self.trouble.below(4)).unwrap_or(0))
                    .copied()
                    .flatten(),
                why: "throttled".to_owned(),
            },
            Fault::Stale => Trouble::Stale,
            Fault::CursorRefused => Trouble::CursorRefused,
            Fault::NoAccess => Trouble::NoAccess { why: "403".to_owned() },
            Fault::Touch
            | Fault::PeopleBetween
            | Fault::Stop
            | Fault::ShownLate
            | Fault::Paused
            | Fault::PageCut
            | Fault::PageEmpty
            | Fault::PageAgain
            | Fault::ForeignCursor
            | Fault::RolledBack
            | Fault::Untold
            | Fault::Twice
            | Fault::NoAnswer
            | Fault::JustThen
            | Fault::Rival
            | Fault::Disabled
            | Fault::Replaced
            | Fault::Moved
            | Fault::Restored
            | Fault::ClockOff
            | Fault::Accident
            | Fault::AnswerCut
            | Fault::LoginPage
            | Fault::ServerFailed => Trouble::Broken { why: "gone in between".to_owned() },
        }
    }
}

/// Opens both sides of a pairing in memory.
#[derive(Clone, Debug)]
pub struct MemoryRemotes {
    /// What both stand on.
    pub ground: Arc<Ground>,
    /// Where writes must be known before they arrive.
    pub store: store::Store,
    /// The way to mailboxes that stand elsewhere.
    pub node: Option<Arc<dyn Node>>,
}

#[async_trait]
impl Remotes for MemoryRemotes {
    async fn open(
        &self,
        pairing: &store::Pairing,
        maps: Arc<Maps>,
    ) -> Result<(Box<dyn Remote>, Box<dyn Remote>), Trouble> {
        pause().await;
        let witness = witness::Witness { store: self.store.clone(), pairing: pairing.id.clone() };
        let crm = crm_remote::CrmRemote::of(Arc::clone(&self.ground), pairing.user.clone());
        let (ground, address) = (Arc::clone(&self.ground), pairing.address.clone());
        let pim: Box<dyn Remote> = match &self.node {
            None => Box::new(exchange_remote::ExchangeRemote::of(ground, address).seen_by(witness.clone())),
            Some(node) => {
                let of = node.open(&address, maps);
                Box::new(watched::Watched { of, ground, address, witness: witness.clone() })
            }
        };
        Ok((Box::new(crm.seen_by(witness)), pim))
    }

    fn directory(&self, _crm: &CrmId) -> Arc<dyn Directory> {
        Arc::new(directory::MemoryDirectory(Arc::clone(&self.ground)))
    }
}

pub(crate) fn refused(code: &str, why: &str) -> Trouble {
    Trouble::Refused { code: code.to_owned(), why: why.to_owned() }
}

pub(crate) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Crm => "crm",
        Side::Pim => "pim",
    }
}

//! The two sides in memory: a CRM and an Exchange that misbehave as the real ones do, behind one lock.

pub mod crm;
pub mod crm_remote;
pub mod crm_write;
pub mod directory;
pub mod exchange;
pub mod exchange_remote;
pub mod exchange_write;
pub mod lens;
pub mod shape;

use crate::clock::VirtualClock;
use crate::dice::{Dice, Hand};
use crate::executor::pause;
use crate::faults::{Call, Fault, Faults};
use crate::trace::Trace;
use async_trait::async_trait;
use crm::Crm;
use engine::port::{Directory, Maps, Remote, Remotes, Trouble};
use exchange::Exchange;
use model::{CrmId, Side};
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
    /// That wrote.
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
    sides: Mutex<Sides>,
    faults: Mutex<Faults>,
    calls: Mutex<Calls>,
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
            sides: Mutex::default(),
            faults: Mutex::new(faults),
            calls: Mutex::default(),
        }
    }

    /// Both sides, to look at or to act on as a person does. Never held over an await.
    pub fn sides(&self) -> MutexGuard<'_, Sides> {
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

    /// One call: a step, some time, and perhaps trouble.
    pub(crate) async fn call(&self, call: Call, what: &str) -> Option<Fault> {
        pause().await;
        self.clock.pass_ms(20);
        self.sides().exchange.arrive(self.clock.time());
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        match call {
            Call::Read | Call::ReadOn => calls.reads += 1,
            Call::Write => calls.writes += 1,
        }
        drop(calls);
        let fault = self.faults().at(call, &self.trouble);
        if let Some(fault) = fault {
            self.trace.line(format!("{what}: {fault:?}"));
        }
        fault
    }

    /// A call that reads, with its trouble told as the port tells it.
    pub(crate) async fn reads(&self, call: Call, what: &str) -> Result<(), Trouble> {
        match self.call(call, what).await {
            None => Ok(()),
            Some(fault) => Err(self.trouble_of(fault)),
        }
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
            Fault::Touch | Fault::PeopleBetween | Fault::Stop | Fault::ShownLate | Fault::Paused => {
                Trouble::Broken { why: "gone in between".to_owned() }
            }
        }
    }
}

/// Opens both sides of a pairing in memory.
#[derive(Clone, Debug)]
pub struct MemoryRemotes(pub Arc<Ground>);

#[async_trait]
impl Remotes for MemoryRemotes {
    async fn open(
        &self,
        pairing: &store::Pairing,
        maps: Arc<Maps>,
    ) -> Result<(Box<dyn Remote>, Box<dyn Remote>), Trouble> {
        pause().await;
        let _ = maps;
        Ok((
            Box::new(crm_remote::CrmRemote::of(Arc::clone(&self.0), pairing.user.clone())),
            Box::new(exchange_remote::ExchangeRemote::of(Arc::clone(&self.0), pairing.address.clone())),
        ))
    }

    fn directory(&self, _crm: &CrmId) -> Arc<dyn Directory> {
        Arc::new(directory::MemoryDirectory(Arc::clone(&self.0)))
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

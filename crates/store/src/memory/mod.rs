//! Memory that ends with the process: for the simulator and tests. The same transactions as the databases, over maps.

mod act;
mod latency;
mod lease;
mod link;
mod observe;
mod pairing;
mod people;
mod scrub;
mod settings;
mod state;
mod tally;
mod work;

pub use state::Snapshot;
use state::State;

use crate::ClockFn;
use crate::answer::Statements;
use crate::error::Result;
use crate::serve::{Claims, ServeClaim};
use crate::step::{Step, StepFn};
use jiff::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The engine without a database.
#[derive(Clone)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    clock: ClockFn,
    reads: Arc<AtomicU64>,
    writes: Arc<AtomicU64>,
    claims: Arc<Claims>,
    step: Step,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    /// An empty one; the clock is asked for lease times only.
    #[must_use]
    pub(crate) fn new(clock: ClockFn) -> Memory {
        Memory {
            state: Arc::new(Mutex::new(State::new())),
            clock,
            reads: Arc::default(),
            writes: Arc::default(),
            claims: Arc::default(),
            step: Step::default(),
        }
    }

    /// The same, whose every call waits once and asks `step` before it does anything: a simulator's step.
    #[must_use]
    pub(crate) fn stepping(clock: ClockFn, step: StepFn) -> Memory {
        Memory { step: Step::of(step), ..Memory::new(clock) }
    }

    pub(crate) async fn step(&self, call: &'static str) -> Result<()> {
        self.step.waits(call).await
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Reads under the lock.
    fn read<T>(&self, look: impl FnOnce(&State) -> Result<T>) -> Result<T> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes under the lock. `change` must find every fault before its first change: nothing is rolled back.
    fn write<T>(&self, change: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn statements(&self) -> Statements {
        Statements { reads: self.reads.load(Ordering::Relaxed), writes: self.writes.load(Ordering::Relaxed) }
    }

    pub(crate) fn claim_serve(&self, holder: &str) -> Result<ServeClaim> {
        self.claims.claim(holder, self.now())
    }

    /// Everything it holds, as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot(self.state.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Becomes what it was.
    pub(crate) fn restore(&self, snapshot: &Snapshot) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = snapshot.0.clone();
    }
}

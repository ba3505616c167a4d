//! Every place of a world where something can go wrong, counted over all cycles, and the one where it does.

use crate::faults::{Call, Fault};
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::StoreError;

/// What goes wrong at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// A call of the store fails.
    StoreCall,
    /// A statement of the store's database fails; the last one of a transaction after it has taken effect.
    Statement,
    /// A call to a side fails in this way.
    Remote(Fault),
}

/// How many places there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Calls of the store.
    pub store_calls: u64,
    /// Statements of its database.
    pub statements: u64,
    /// Calls to a side, each by its kind.
    pub calls: Vec<Call>,
}

/// Counts while a cycle runs, and strikes once.
#[derive(Debug, Default)]
pub struct Places(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    counting: bool,
    counted: Counted,
    planned: Option<(Blow, u64)>,
    struck: bool,
}

impl State {
    /// Whether the planned blow falls on the place just counted.
    fn falls(&mut self, blow: Blow, count: u64) -> bool {
        let falls = self.planned == Some((blow, count));
        self.struck |= falls;
        falls
    }

    fn store_fails(&mut self, blow: Blow, count: u64) -> store::Result<()> {
        match self.falls(blow, count) {
            true => Err(StoreError::Unavailable("the disk failed".to_owned())),
            false => Ok(()),
        }
    }
}

impl Places {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine works, or somebody else does: only what the engine asks for is counted. Says what was before.
    pub fn counting(&self, on: bool) -> bool {
        std::mem::replace(&mut self.state().counting, on)
    }

    /// Something goes wrong at this place, counted from 1.
    pub fn plan(&self, blow: Blow, place: u64) {
        self.state().planned = Some((blow, place));
    }

    /// Whether it went wrong.
    #[must_use]
    pub fn struck(&self) -> bool {
        self.state().struck
    }

    /// All places so far.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.state().counted.clone()
    }

    pub(crate) fn store_call(&self) -> store::Result<()> {
        let mut state = self.state();
        if !state.counting {
            return Ok(());
        }
        state.counted.store_calls += 1;
        let count = state.counted.store_calls;
        state.store_fails(Blow::StoreCall, count)
    }

    pub(crate) fn statement(&self) -> store::Result<()> {
        let mut state = self.state();
        if !state.counting {
            return Ok(());
        }
        state.counted.statements += 1;
        let count = state.counted.statements;
        state.store_fails(Blow::Statement, count)
    }

    pub(crate) fn call(&self, call: Call) -> Option<Fault> {
        let mut state = self.state();
        if !state.counting {
            return None;
        }
        state.counted.calls.push(call);
        let count = state.counted.calls.len() as u64;
        let possible = Fault::of_call(call).iter().copied();
        possible.into_iter().find(|fault| state.falls(Blow::Remote(*fault), count))
    }
}

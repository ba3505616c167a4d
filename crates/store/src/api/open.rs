//! Opening the store, its schema, its epoch, and keeping a copy of it.

use super::engine;
use crate::answer::Statements;
use crate::error::{Result, StoreError};
use crate::memory::{Memory, Snapshot, StepFn};
use crate::{ClockFn, Store};

/// Where the store is.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:PATH`, `postgres://…` or `memory`.
    pub url: String,
    /// Asked for lease times on SQLite and in memory, and for a new epoch.
    pub clock: ClockFn,
}

impl Store {
    /// A store in memory: for the simulator and tests.
    #[must_use]
    pub fn memory(clock: ClockFn) -> Store {
        Store::Memory(Memory::new(clock))
    }

    /// A store in memory whose every call waits once and asks `step` before it does anything: for the simulator, which
    /// may stop there, or answer an error instead of the call.
    #[must_use]
    pub fn memory_stepping(clock: ClockFn, step: StepFn) -> Store {
        Store::Memory(Memory::stepping(clock, step))
    }

    /// Opens a store. A SQLite file is made when missing; its tables come with [`Store::migrate`].
    pub async fn open(options: StoreOptions) -> Result<Store> {
        match options.url.split(':').next().unwrap_or_default() {
            "memory" => Ok(Store::memory(options.clock)),
            _ => Err(StoreError::Refused(
                "the database must be sqlite:PATH, postgres://… or memory".into(),
            )),
        }
    }

    /// Which engine it is: `sqlite`, `postgres` or `memory`.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        match self {
            Store::Memory(_) => "memory",
        }
    }

    /// The store's epoch, carried in every mark (decision 13).
    pub async fn epoch(&self) -> Result<u64> {
        engine!(self, epoch())
    }

    /// Makes the store a new one in the eyes of the mailboxes, after it was restored from a copy: a newer epoch, every
    /// lease revoked, and cursors, observations, strangers and quarantine dropped, so that every pairing lists anew.
    pub async fn renew_epoch(&self) -> Result<u64> {
        engine!(self, renew_epoch())
    }

    /// Statements run so far, for tests of cost. In memory every method counts as one.
    #[must_use]
    pub fn statements(&self) -> Statements {
        match self {
            Store::Memory(memory) => memory.statements(),
        }
    }

    /// Everything a store in memory holds; absent for a database.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        match self {
            Store::Memory(memory) => Some(memory.snapshot()),
        }
    }

    /// A store in memory becomes what it was: a power loss, or a restored copy.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<()> {
        match self {
            Store::Memory(memory) => {
                memory.restore(snapshot);
                Ok(())
            }
        }
    }
}

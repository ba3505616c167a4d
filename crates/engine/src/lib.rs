//! Doing it: cycles that observe both sides, plan, brake, act and settle.
//!
//! The engine awaits only its ports, the store and the clock; it knows no protocol and no runtime.
#![forbid(unsafe_code)]

mod act;
mod answer;
mod brake;
mod bring_back;
mod carry;
mod changed;
mod closed;
mod create;
mod cycle;
mod force;
mod half;
mod holder;
mod homeless;
mod inventory;
mod invitation;
mod judge;
mod latency;
mod lead;
mod leased;
mod limits;
mod mark;
mod meeting;
mod merged;
mod named;
mod new_owner;
mod observe;
mod operations;
pub mod outcome;
pub mod port;
mod question;
mod read_back;
mod reader;
mod recover;
mod refused;
mod relink;
mod remove;
mod renewed;
mod report;
mod same_person;
mod seen;
mod set_back;
mod settle;
mod standing;
mod stubborn;
mod times;
mod together;
mod turn;
mod twin;
mod undo;
mod undo_act;

pub use outcome::{CycleError, CycleReport};
pub use remove::{Removal, RemovalLine, Removed};
pub use report::{Explained, PlanLine, PlanReport, UserExplained};
pub use undo::{UndoRun, UndoStays, UndoWish, Undone};

use hmac::{Hmac, KeyInit};
use port::{Clock, Dice, Remotes};
use sha2::Sha256;
use std::sync::Arc;
use store::Store;

/// What an engine is made of. Cheap to clone.
#[derive(Clone)]
pub struct EngineParts {
    /// What we remember.
    pub store: Store,
    /// The way to both sides.
    pub remotes: Arc<dyn Remotes>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and jitter.
    pub dice: Arc<dyn Dice>,
    /// This node's name, for its leases.
    pub node: String,
    /// The secret that match keys are hashed with.
    pub hash_key: [u8; 32],
}

/// Carries out cycles.
#[derive(Clone)]
pub struct Engine {
    parts: EngineParts,
    times: times::Times,
    of_maps: force::OfMaps,
    /// Records whose writes come too late again and again.
    stubborn: stubborn::Stubborn,
    /// CRMs that everybody lists anew.
    anew: reader::Anew,
    /// Ready to hash a match key with the installation's secret.
    keyed: Hmac<Sha256>,
}

impl Engine {
    /// An engine.
    #[must_use]
    pub fn new(parts: EngineParts) -> Engine {
        let keyed = Hmac::new_from_slice(&parts.hash_key).expect("any key length will do");
        let (times, of_maps, stubborn, anew) = Default::default();
        Engine { parts, times, of_maps, stubborn, anew, keyed }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The time as the nodes that share a store agree on it: what one of them keeps another compares.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.times.shared(self.parts.clock.now())
    }

    pub(crate) fn fresh_id(&self) -> String {
        self.parts.dice.id()
    }
}

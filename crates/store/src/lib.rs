//! What we remember: who is mapped, what is linked and how both sides last agreed, what was seen and not yet settled, and
//! what people are told and asked.
//!
//! One [`Store`] over three engines: SQLite in one file (the default), PostgreSQL (several nodes), and memory (the
//! simulator). Its methods are transactions named by purpose. Every write of a cycle takes the [`Lease`] it works under
//! and is refused with [`StoreError::Fenced`] when that lease was lost, in the same transaction (decision 10).
//!
//! | subject | file |
//! |---|---|
//! | opening, schema, epoch | `api/open.rs` |
//! | a copy, and going back to it | `api/backup.rs` |
//! | secrets in envelopes | `secrets.rs` |
//! | settings, field maps, connections | `api/settings.rs` |
//! | pairings, and which are due | `api/pairing.rs` |
//! | leases, and the one `serve` of a SQLite file | `api/lease.rs`, `serve.rs` |
//! | cursors, observations, looks, strangers, the CRM reader | `api/observe.rs` |
//! | work to plan, candidates, links | `api/work.rs` |
//! | intents, settles, the end of a cycle | `api/act.rs` |
//! | questions, quarantine, history, counters, brakes, overview | `api/people.rs`, `api/tally.rs` |
//!
//! The databases share one set of queries (`sql/`); what differs between them stands in `db.rs`.
#![forbid(unsafe_code)]

mod alert;
pub mod answer;
mod api;
pub mod change;
mod checks;
mod connection;
mod count;
mod db;
pub mod error;
pub mod latency;
pub mod limits;
mod memory;
mod pairing_state;
pub mod rows;
pub mod secrets;
mod serve;
mod sql;
mod step;
mod value;

pub use alert::{Alert, AlertBook, CertificateLook, Channel, Way};
pub use answer::*;
pub use api::StoreOptions;
pub use change::{Ended, Scrub, Seen, Settle};
pub use connection::{Access, Connection, Resealed, SignInKind};
pub use count::Count;
pub use error::{Fault, Key, Result, StoreError};
pub use memory::{Memory, Snapshot};
pub use pairing_state::{PairingState, Progress};
pub use rows::*;
pub use serve::ServeClaim;
pub use sql::Sql;
pub use step::{StepFn, Steps};

use jiff::Timestamp;
use std::sync::Arc;

/// The clock that is asked for lease times on SQLite and in memory, and for a new epoch.
pub type ClockFn = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where everything is remembered. Cheap to clone: clones share it.
#[derive(Clone, Debug)]
pub enum Store {
    /// One file, nothing to install.
    Sqlite(Sql),
    /// A database server, for several nodes.
    Postgres(Sql),
    /// Memory that ends with the process.
    Memory(Memory),
}

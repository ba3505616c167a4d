//! What to do about what both sides show: a pure and total function from the base and two copies to operations.
//!
//! Nothing here reads, waits or fails. A plan is data: it can be printed, compared, counted and replayed.
#![forbid(unsafe_code)]

pub mod access;
pub mod another;
mod asleep;
pub mod context;
pub mod explain;
pub mod flip;
pub mod form;
pub mod fresh;
mod gone;
pub mod guard;
pub mod keys;
pub mod linked;
pub mod mailing;
pub mod matching;
pub mod merge;
pub mod occurrence;
pub mod operation;
mod parting;
mod people;
pub mod removal;
mod removed;
pub mod scope;
pub mod undo;
mod undo_values;
pub mod unheld;
pub mod veil;

pub use context::{Context, Lead};
pub use operation::{After, Conflict, Op, Plan, Reason};

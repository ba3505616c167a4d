//! The simulator's worlds with mailboxes reached through bytes: an emulated Exchange in this process, the real connector.
//!
//! People act in their mailboxes by requests of their own, and the oracle reads every item raw, by a small copy of
//! docs/fields.md's table that shares no code with the connector it judges. On the connector's way to the server bytes are
//! lost, cut, answered twice, late or by somebody else. The same seed gives the same trace, byte for byte.
#![forbid(unsafe_code)]

mod acting;
mod client;
mod line;
mod mischief;
mod office;
mod reading;
mod rule;
mod server;
mod table;
mod tree;
mod writing;

use sim::through::Through;

/// Worlds through bytes.
#[must_use]
pub fn through() -> Through {
    Through::Post(office::found)
}

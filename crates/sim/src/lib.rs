//! One seed, one world: people editing on both sides, a CRM and an Exchange in memory, trouble, and the real engine.
//!
//! A world runs on one thread with an executor and a clock of its own, so that the same seed gives the same trace, byte
//! for byte. After the trouble ends, the oracle says what must be true.
#![forbid(unsafe_code)]

pub mod clock;
pub mod command;
pub mod contract;
pub mod dice;
pub mod executor;
pub mod faults;
#[cfg(feature = "sown")]
pub mod hunt;
pub mod logs;
pub mod memory;
pub mod oracle;
pub mod people;
pub mod places;
pub mod post;
pub mod range;
pub mod steps;
pub mod through;
pub mod trace;
pub mod world;

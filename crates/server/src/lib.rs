//! Showing it: the configuration, the API over the CRM and over the synchronisation, the worker that runs cycles, health
//! and metrics.
#![forbid(unsafe_code)]

pub mod clock;
pub mod config;
pub mod fault;
pub mod json;

pub use config::Config;
pub use fault::{Fault, Refused};

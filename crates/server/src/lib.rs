//! Showing it: the configuration, the API over the CRM and over the synchronisation, the worker that runs cycles, health
//! and metrics.
#![forbid(unsafe_code)]

mod again;
pub mod alert;
pub mod api;
pub mod clock;
pub mod config;
pub mod fault;
pub mod json;
pub mod listen;
pub mod metrics;
pub mod moved;
pub mod ops;
mod push;
mod ready;
mod remotes;
mod serve;
pub mod services;
mod tries;
pub mod wake;
pub mod worker;

pub use config::Config;
pub use fault::{Fault, Refused};
pub use listen::Listener;
pub use serve::{serve, serve_with};
pub use services::Services;

//! What administrators do, as plain functions: the API and the command line both call these, so that they cannot differ.

pub mod alert;
pub mod check;
pub mod connection;
pub mod copies;
pub mod cycle;
pub mod entering;
pub mod find;
pub mod group_rule;
mod joined;
pub mod key;
pub mod level;
pub mod map;
pub mod names;
pub mod naming;
pub mod overall;
pub mod people;
pub mod schedule;
pub mod setting;
pub mod status;
pub mod sync_list;
pub mod token;
pub mod undo;
pub mod user;
mod veil;

mod error;

use crate::services::Services;
use ::crm::{Actor, EmployeeId};

/// Who acts when no user of the CRM does: the command line, with the rights of an administrator.
#[must_use]
pub fn operator(source: &str) -> Actor {
    Actor::administrator(EmployeeId::new("operator"), source)
}

/// What an administrative change wakes: the worker looks at once whether something is due.
fn woken(services: &Services) {
    services.wake.pairing_due();
    services.wake.mailboxes_changed();
}

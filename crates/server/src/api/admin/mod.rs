//! The synchronisation over REST, for administrators: connections, users, levels, group rules, settings, maps, plans,
//! questions, brakes and history. What is done is done by [`crate::ops`], as on the command line.

mod alert;
mod connection;
mod copies;
mod cycle;
mod level;
mod question;
mod schedule;
mod schemas;
mod setting;
mod told;
mod undo;
mod user;

use super::reply::{Answer, Reply};
use super::route::Route;
use crate::fault::Refused;
use model::Domain;
use serde::Serialize;
use serde_json::Value as Json;

pub(super) use schemas::schemas;

/// Every route of this part.
#[must_use]
pub(super) fn routes() -> Vec<&'static [Route]> {
    vec![
        user::ROUTES,
        copies::ROUTES,
        cycle::ROUTES,
        connection::ROUTES,
        level::ROUTES,
        schedule::ROUTES,
        setting::ROUTES,
        alert::ROUTES,
        told::ROUTES,
        undo::ROUTES,
        question::ROUTES,
    ]
}

/// The words of the five domains.
const DOMAINS: &[&str] = &["business_contact", "personal_contact", "employee", "calendar", "task"];

/// The words of the two sides.
const SIDES: &[&str] = &["crm", "pim"];

/// The words of the levels.
const LEVELS: &[&str] = &["full", "export", "import", "none"];

fn json(value: &impl Serialize) -> Result<Json, Refused> {
    serde_json::to_value(value).map_err(|why| Refused::Broken(why.to_string()))
}

fn shown(value: &impl Serialize) -> Answer {
    Ok(Reply::of(json(value)?))
}

fn items(values: &[impl Serialize], next: Option<String>) -> Answer {
    let items = values.iter().map(json).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::page(items, next))
}

fn domain(text: &str) -> Result<Domain, Refused> {
    Domain::parse(text).ok_or_else(|| Refused::missing("domain", text))
}

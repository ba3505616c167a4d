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

use super::ask::Ask;
use super::reply::{Answer, Reply};
use super::route::Route;
use crate::fault::Refused;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Domain;
use serde::Serialize;
use serde::de::DeserializeOwned;
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

/// What is told of a cursor that is another list's, or none.
const NO_CURSOR: &str = "is no cursor of this list";

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

/// Where a list goes on, as its next page is asked for.
fn cursor(key: &impl Serialize) -> Result<String, Refused> {
    Ok(URL_SAFE_NO_PAD.encode(json(key)?.to_string()))
}

/// The key that a cursor leads to, if it is one of a list with such keys.
fn read_cursor<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// The cursor of a list whose entries have one id: it names the list, so that no other takes it for its own.
fn id_cursor(list: &str, id: &str) -> Result<String, Refused> {
    cursor(&(list, id))
}

/// The id after which such a list goes on.
fn after_id(ask: &Ask, list: &str) -> Result<Option<String>, Refused> {
    match ask.text("after").map(read_cursor::<(String, String)>) {
        None => Ok(None),
        Some(Some((of, id))) if of == list => Ok(Some(id)),
        Some(_) => Err(no_cursor()),
    }
}

fn no_cursor() -> Refused {
    Refused::at("after", NO_CURSOR)
}

fn domain(text: &str) -> Result<Domain, Refused> {
    Domain::parse(text).ok_or_else(|| Refused::missing("domain", text))
}

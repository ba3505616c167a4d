//! What an administrator sets: settings, field maps and connections.

use super::engine;
use crate::Store;
use crate::alert::AlertBook;
use crate::connection::{Connection, Resealed};
use crate::error::Result;
use model::settings::Settings;
use model::{Domain, DomainMap};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Store {
    /// The settings; what ships when nothing was set yet.
    pub async fn settings(&self) -> Result<Settings> {
        engine!(self, settings())
    }

    /// Replaces the settings if they still are at the expected generation, and returns the new one.
    /// [`crate::StoreError::Conflict`] says which it is at otherwise.
    pub async fn change_settings(&self, expected: u64, settings: &Settings) -> Result<u64> {
        engine!(self, change_settings(expected, settings))
    }

    /// Everything about alerts (rule W5).
    pub async fn alerts(&self) -> Result<AlertBook> {
        engine!(self, alerts())
    }

    /// Replaces everything about alerts if it still is at its generation, and returns the new one.
    /// [`crate::StoreError::Conflict`] says which it is at otherwise.
    pub async fn change_alerts(&self, book: &AlertBook) -> Result<u64> {
        engine!(self, change_alerts(book))
    }

    /// The field maps in force, one for each domain.
    pub async fn maps(&self) -> Result<Arc<BTreeMap<Domain, DomainMap>>> {
        engine!(self, maps())
    }

    /// Replaces a domain's map and returns the settings' new generation (rule L7). Every fault of the map at once.
    pub async fn set_map(&self, map: &DomainMap) -> Result<u64> {
        engine!(self, set_map(map))
    }

    /// The connections by name, without their secrets.
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        engine!(self, connections())
    }

    /// A connection with its enveloped secret.
    pub async fn connection(&self, name: &str) -> Result<Option<Connection>> {
        engine!(self, connection(name))
    }

    /// Adds or changes a connection; an empty secret keeps the one it has.
    pub async fn put_connection(&self, connection: &Connection) -> Result<()> {
        engine!(self, put_connection(connection))
    }

    /// Deletes a connection that no pairing uses.
    pub async fn delete_connection(&self, name: &str) -> Result<()> {
        engine!(self, delete_connection(name))
    }

    /// Replaces every enveloped secret, those of connections and where alerts go, all or none: the key file was changed, and
    /// no key opens a part of each. [`crate::StoreError::Conflict`] when the alerts were changed since the book was read, or
    /// the connections are others by now, or one has another secret.
    pub async fn replace_secrets(&self, secrets: &[Resealed], alerts: &AlertBook) -> Result<()> {
        engine!(self, replace_secrets(secrets, alerts))
    }
}

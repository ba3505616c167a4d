//! Settings, maps, connections and the epoch in a database.

use super::{Sql, statements};
use crate::alert::AlertBook;
use crate::connection::{Connection, Resealed};
use crate::db::{LOCK_CONNECTION, LOCK_SECRETS, Tx};
use crate::error::{Fault, Result, StoreError};
use crate::value::{Row, args, doc};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::maps_ews::default_maps;
use model::settings::Settings;
use model::{Domain, DomainMap};
use std::collections::BTreeMap;
use std::sync::Arc;

statements! {
    SETTINGS = "SELECT generation, doc FROM sync_settings WHERE name = 'all'";
    CHANGE_SETTINGS = "UPDATE sync_settings SET generation = generation + 1, doc = $2 \
        WHERE name = 'all' AND generation = $1";
    WAKE_ALL = "UPDATE sync_pairing SET woken = woken + 1, next_at = 0";
    BUMP = "UPDATE sync_settings SET generation = generation + 1 WHERE name = 'all' RETURNING generation";
    ALERTS = "SELECT generation, doc FROM sync_settings WHERE name = 'alerts'";
    FIRST_ALERTS = "INSERT INTO sync_settings (name, generation, doc) VALUES ('alerts', 1, $1) \
        ON CONFLICT (name) DO NOTHING";
    CHANGE_ALERTS = "UPDATE sync_settings SET generation = generation + 1, doc = $2 \
        WHERE name = 'alerts' AND generation = $1";
    MAPS = "SELECT domain, doc FROM sync_map";
    SET_MAP = "INSERT INTO sync_map (domain, doc) VALUES ($1, $2) ON CONFLICT (domain) DO UPDATE SET doc = excluded.doc";
    CONNECTIONS = "SELECT doc, secret FROM sync_connection ORDER BY name";
    CONNECTION = "SELECT doc, secret FROM sync_connection WHERE name = $1";
    PUT_CONNECTION = "INSERT INTO sync_connection (name, doc, secret) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET doc = excluded.doc, secret = excluded.secret";
    DELETE_CONNECTION = "DELETE FROM sync_connection WHERE name = $1";
    USES = "SELECT COUNT(*) FROM sync_pairing WHERE connection = $1";
    SET_SECRET = "UPDATE sync_connection SET secret = $2 WHERE name = $1";
    EPOCH = "SELECT value FROM sync_meta WHERE name = 'epoch'";
    TRY_WRITE = "INSERT INTO sync_meta (name, value) VALUES ('tried', 1) \
        ON CONFLICT (name) DO UPDATE SET value = sync_meta.value + 1";
    SET_EPOCH = "UPDATE sync_meta SET value = $1 WHERE name = 'epoch'";
    REVOKE_ALL = "UPDATE sync_lease SET fence = fence + 1, holder = NULL";
    DROP_CURSORS = "DELETE FROM sync_cursor";
    DROP_LISTED = "DELETE FROM sync_listed";
    DROP_OBSERVATIONS = "DELETE FROM sync_observation";
    DROP_STRANGERS = "DELETE FROM sync_stranger";
    DROP_HASHES = "DELETE FROM sync_hash";
    DROP_QUARANTINE = "DELETE FROM sync_quarantine";
}

fn settings_of(row: &Row) -> Result<Settings> {
    let settings: Settings = row.doc(1, "the settings")?;
    Ok(Settings { generation: row.count(0)?, ..settings })
}

fn alerts_of(row: &Row) -> Result<AlertBook> {
    let book: AlertBook = row.doc(1, "the alerts")?;
    Ok(AlertBook { generation: row.count(0)?, ..book })
}

fn connection_of(row: &Row) -> Result<Connection> {
    let connection: Connection = row.doc(0, "a connection")?;
    let secret = STANDARD
        .decode(row.text(1)?)
        .map_err(|_| StoreError::Corrupt { at: format!("the secret of connection '{}'", connection.name) })?;
    Ok(Connection { secret, ..connection })
}

fn no_connection(name: &str) -> StoreError {
    StoreError::NotFound(format!("connection '{name}'"))
}

async fn write_alerts(tx: &mut Tx, book: &AlertBook) -> Result<()> {
    let changed = match book.generation {
        0 => tx.run(FIRST_ALERTS, args![doc(book)]).await?,
        generation => tx.run(CHANGE_ALERTS, args![generation, doc(book)]).await?,
    };
    if changed == 0 {
        let row = tx.one(ALERTS, args![]).await?;
        let generation = row.map_or(Ok(0), |row| row.count(0))?;
        return Err(StoreError::Conflict { generation });
    }
    Ok(())
}

impl Sql {
    pub(crate) async fn settings(&self) -> Result<Settings> {
        let row = self.db.one(SETTINGS, args![]).await?;
        row.as_ref().map_or_else(|| Err(StoreError::NotFound("settings".into())), settings_of)
    }

    pub(crate) async fn change_settings(&self, expected: u64, settings: &Settings) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let before = tx.one(SETTINGS, args![]).await?.as_ref().map(settings_of).transpose()?;
        let changed = tx.run(CHANGE_SETTINGS, args![expected, doc(settings)]).await?;
        if changed == 0 {
            let row = tx.one(SETTINGS, args![]).await?;
            let generation = row.map_or(Ok(0), |row| row.count(0))?;
            return Err(StoreError::Conflict { generation });
        }
        // What is due by another schedule now is asked for at once (rule L7).
        if before.is_some_and(|before| before.schedule_differs(settings)) {
            tx.run(WAKE_ALL, args![]).await?;
        }
        tx.commit().await?;
        Ok(expected + 1)
    }

    pub(crate) async fn alerts(&self) -> Result<AlertBook> {
        let row = self.db.one(ALERTS, args![]).await?;
        row.as_ref().map_or_else(|| Ok(AlertBook::default()), alerts_of)
    }

    pub(crate) async fn change_alerts(&self, book: &AlertBook) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        write_alerts(&mut tx, book).await?;
        tx.commit().await?;
        Ok(book.generation + 1)
    }

    pub(crate) async fn maps(&self) -> Result<Arc<BTreeMap<Domain, DomainMap>>> {
        let mut maps = default_maps().clone();
        for row in self.db.all(MAPS, args![]).await? {
            maps.insert(row.word(0, Domain::parse)?, row.doc(1, "a field map")?);
        }
        Ok(Arc::new(maps))
    }

    pub(crate) async fn set_map(&self, map: &DomainMap) -> Result<u64> {
        crate::checks::map(map)?;
        let mut tx = self.db.begin().await?;
        tx.run(SET_MAP, args![map.domain, doc(map)]).await?;
        let rows = tx.returning(BUMP, args![]).await?;
        let generation = rows.first().map_or(Ok(0), |row| row.count(0))?;
        tx.commit().await?;
        Ok(generation)
    }

    pub(crate) async fn connections(&self) -> Result<Vec<Connection>> {
        let rows = self.db.all(CONNECTIONS, args![]).await?;
        rows.iter().map(|row| Ok(Connection { secret: Vec::new(), ..connection_of(row)? })).collect()
    }

    pub(crate) async fn connection(&self, name: &str) -> Result<Option<Connection>> {
        let row = self.db.one(CONNECTION, args![name]).await?;
        row.as_ref().map(connection_of).transpose()
    }

    pub(crate) async fn put_connection(&self, connection: &Connection) -> Result<()> {
        crate::checks::connection(connection)?;
        let mut tx = self.db.begin().await?;
        let old = tx.one(LOCK_CONNECTION, args![&connection.name]).await?;
        let secret = match old {
            Some(old) if connection.secret.is_empty() => old.text(0)?.to_owned(),
            Some(_) | None => STANDARD.encode(&connection.secret),
        };
        tx.run(PUT_CONNECTION, args![&connection.name, doc(connection), secret]).await?;
        tx.commit().await
    }

    pub(crate) async fn delete_connection(&self, name: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        // Locked: a pairing that is being added on it takes the same lock.
        tx.one(LOCK_CONNECTION, args![name]).await?;
        let uses = tx.one(USES, args![name]).await?;
        let pairings = uses.map_or(Ok(0), |row| row.count(0))?;
        if pairings > 0 {
            return Err(StoreError::Invalid(vec![Fault::ConnectionUsed { name: name.to_owned(), pairings }]));
        }
        if tx.run(DELETE_CONNECTION, args![name]).await? == 0 {
            return Err(no_connection(name));
        }
        tx.commit().await
    }

    pub(crate) async fn replace_secrets(&self, secrets: &[Resealed], alerts: &AlertBook) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let mut present = BTreeMap::new();
        for row in tx.all(LOCK_SECRETS, args![]).await? {
            present.insert(row.text(0)?.to_owned(), row.text(1)?.to_owned());
        }
        let known = |of: &Resealed| present.get(&of.connection).is_some_and(|one| *one == STANDARD.encode(&of.before));
        if secrets.len() != present.len() || !secrets.iter().all(known) {
            return Err(StoreError::Conflict { generation: alerts.generation });
        }
        for of in secrets {
            tx.run(SET_SECRET, args![&of.connection, STANDARD.encode(&of.after)]).await?;
        }
        write_alerts(&mut tx, alerts).await?;
        tx.commit().await
    }

    pub(crate) async fn epoch(&self) -> Result<u64> {
        let row = self.db.one(EPOCH, args![]).await?;
        row.map_or_else(|| Err(StoreError::NotFound("epoch".into())), |row| row.count(0))
    }

    pub(crate) async fn try_write(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.run(TRY_WRITE, args![]).await?;
        tx.commit().await
    }

    pub(crate) async fn renew_epoch(&self) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        tx.run(REVOKE_ALL, args![]).await?;
        let row = tx.one(EPOCH, args![]).await?;
        let old = row.map_or(Ok(0), |row| row.count(0))?;
        let epoch = crate::checks::next_epoch(old, self.db.clock());
        tx.run(SET_EPOCH, args![epoch]).await?;
        for drop in [DROP_CURSORS, DROP_LISTED, DROP_OBSERVATIONS, DROP_STRANGERS, DROP_HASHES, DROP_QUARANTINE] {
            tx.run(drop, args![]).await?;
        }
        tx.commit().await?;
        Ok(epoch)
    }
}

//! Opening the store, its schema and its epoch.

use super::engine;
use crate::answer::Statements;
use crate::error::{Result, StoreError};
use crate::memory::{Memory, Snapshot};
use crate::sql::{Sql, known_schema};
use crate::step::{StepFn, Steps};
use crate::{ClockFn, Store};
use std::path::Path;

/// Where the store is.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:PATH`, `postgres://…` or `memory`.
    pub url: String,
    /// Asked for lease times on SQLite and in memory, and for a new epoch.
    pub clock: ClockFn,
}

impl StoreOptions {
    /// The file of a `sqlite:PATH`.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        let path = self.url.strip_prefix("sqlite:")?;
        Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
    }
}

impl std::fmt::Debug for StoreOptions {
    /// The address may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let engine = self.url.split(':').next().unwrap_or_default();
        write!(f, "StoreOptions({engine})")
    }
}

impl Store {
    /// A store in memory: for the simulator and tests.
    #[must_use]
    pub fn memory(clock: ClockFn) -> Store {
        Store::Memory(Memory::new(clock))
    }

    /// A store in memory whose every call waits once and asks `step` before it does anything: for the simulator, which
    /// may stop there, or answer an error instead of the call.
    #[must_use]
    pub fn memory_stepping(clock: ClockFn, step: StepFn) -> Store {
        Store::Memory(Memory::stepping(clock, step))
    }

    /// A SQLite file, made when missing, whose every call and statement asks first: for the simulator.
    pub async fn sqlite_stepping(file: &Path, clock: ClockFn, steps: Steps) -> Result<Store> {
        Ok(Store::Sqlite(Sql::sqlite(file, clock).await?.stepping(steps)))
    }

    /// Opens a store. A SQLite file is made when missing; tables come with [`Store::migrate`].
    pub async fn open(options: StoreOptions) -> Result<Store> {
        let refused = || StoreError::Refused("the database must be sqlite:PATH, postgres://… or memory".into());
        if let Some(file) = options.file().map(Path::to_owned) {
            if file.as_os_str().is_empty() {
                return Err(refused());
            }
            return Ok(Store::Sqlite(Sql::sqlite(&file, options.clock).await?));
        }
        match options.url.split(':').next().unwrap_or_default() {
            "postgres" | "postgresql" => Ok(Store::Postgres(Sql::postgres(&options.url, options.clock).await?)),
            "memory" => Ok(Store::memory(options.clock)),
            _ => Err(refused()),
        }
    }

    /// Which engine it is: `sqlite`, `postgres` or `memory`.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        match self {
            Store::Sqlite(_) => "sqlite",
            Store::Postgres(_) => "postgres",
            Store::Memory(_) => "memory",
        }
    }

    /// Brings the schema up to this version's; nothing happens when it is. A newer one is refused.
    pub async fn migrate(&self) -> Result<()> {
        match self {
            Store::Sqlite(sql) | Store::Postgres(sql) => sql.migrate().await,
            Store::Memory(_) => Ok(()),
        }
    }

    /// The schema's version; 0 for an empty database.
    pub async fn schema_version(&self) -> Result<i64> {
        match self {
            Store::Sqlite(sql) | Store::Postgres(sql) => sql.schema_version().await,
            Store::Memory(_) => Ok(known_schema()),
        }
    }

    /// Refuses a schema that is older or newer than this version's.
    pub async fn check_schema(&self) -> Result<()> {
        let (found, known) = (self.schema_version().await?, known_schema());
        match found.cmp(&known) {
            std::cmp::Ordering::Less => Err(StoreError::SchemaOlder { found, known }),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(StoreError::SchemaNewer { found, known }),
        }
    }

    /// What the engine promises of a commit: `2 wal` on SQLite (synchronous is FULL), `on` on PostgreSQL
    /// (synchronous_commit), `memory` in memory.
    pub async fn durability(&self) -> Result<String> {
        match self {
            Store::Sqlite(sql) | Store::Postgres(sql) => sql.durability().await,
            Store::Memory(_) => Ok("memory".into()),
        }
    }

    /// The store's epoch, carried in every mark (decision 13).
    pub async fn epoch(&self) -> Result<u64> {
        engine!(self, epoch())
    }

    /// Writes a word that means nothing: whether the database takes writes, for one whose disk is full still answers.
    pub async fn try_write(&self) -> Result<()> {
        engine!(self, try_write())
    }

    /// Makes the store a new one in the eyes of the mailboxes, after it was restored from a copy: a newer epoch, every
    /// lease revoked, and cursors, observations, strangers and quarantine dropped, so that every pairing lists anew.
    pub async fn renew_epoch(&self) -> Result<u64> {
        engine!(self, renew_epoch())
    }

    /// Statements run so far, for tests of cost. In memory every method counts as one.
    #[must_use]
    pub fn statements(&self) -> Statements {
        match self {
            Store::Sqlite(sql) | Store::Postgres(sql) => sql.statements(),
            Store::Memory(memory) => memory.statements(),
        }
    }

    /// Everything a store in memory holds; absent for a database.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        match self {
            Store::Sqlite(_) | Store::Postgres(_) => None,
            Store::Memory(memory) => Some(memory.snapshot()),
        }
    }

    /// A store in memory becomes what it was: a power loss, or a restored copy.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<()> {
        match self {
            Store::Sqlite(_) | Store::Postgres(_) => Err(StoreError::Refused(
                "a snapshot belongs to a store in memory; a database is restored from its copy".into(),
            )),
            Store::Memory(memory) => {
                memory.restore(snapshot);
                Ok(())
            }
        }
    }

    /// Ends every connection; clones of this store end with it.
    pub async fn close(&self) {
        match self {
            Store::Sqlite(sql) | Store::Postgres(sql) => sql.close().await,
            Store::Memory(_) => {}
        }
    }
}

//! The one database, SQLite or PostgreSQL: opening it, transactions, and everything in which the two differ.
//!
//! Above this file there is one set of statements with `$1…`. What differs stands here together: how a writing
//! transaction begins, how a row is locked, the clock of leases, whether a table exists, the copy of a file, durability.

mod presence;
mod tx;

use presence::Presence;
use tx::On;
pub(crate) use tx::{Tx, Violation};

use crate::ClockFn;
use crate::answer::Statements;
use crate::error::{Result, StoreError};
use crate::step::Step;
use crate::value::{Arg, Row, postgres_args, postgres_row, sqlite_args, sqlite_row};
use jiff::Timestamp;
use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgPool, SqliteConnection, SqlitePool};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long a call waits for a connection or for the one writer of a SQLite file.
const WAIT: Duration = Duration::from_secs(30);
const SQLITE_READERS: u32 = 4;
/// What the writer of a SQLite file keeps of it in memory: 4 MiB, as the pragma counts.
const WRITER_CACHE: &str = "-4096";
/// The same of each that reads: a write makes it forget them all, so that more serves nobody.
const READER_CACHE: &str = "-512";
/// A page of a new SQLite file, in bytes: what was seen of a contact fills most of 4 KiB, and two of them seldom share that.
/// A file that was made with another size keeps it.
const PAGE: u32 = 8_192;
/// After so many pages the log of a SQLite file is carried over into it: 16 MiB.
const LOG_PAGES: &str = "2000";
const POSTGRES_CONNECTIONS: u32 = 10;

/// A statement; the same text for both databases, but for the row locks that only PostgreSQL has and needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
    /// Which parameter each sign of SQLite's text stands for, where they are told by their order.
    pub(crate) order: Option<&'static [usize]>,
}

impl Query {
    /// One text for both.
    pub(crate) const fn same(text: &'static str) -> Query {
        Query { sqlite: text, postgres: text, order: None }
    }

    /// One text for both with many parameters. SQLite tells numbered ones by a search through all before them, for each of
    /// them and each time the statement runs: it is given them by their order.
    pub(crate) fn counted(text: &'static str) -> Query {
        let mut parts = text.split('$');
        let mut sqlite = parts.next().unwrap_or_default().to_owned();
        let mut order = Vec::new();
        for part in parts {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let (number, rest) = part.split_at(digits);
            let number: usize = number.parse().expect("our statements have numbers behind this sign");
            order.push(number - 1);
            sqlite.push('?');
            sqlite.push_str(rest);
        }
        Query { sqlite: sqlite.leak(), postgres: text, order: Some(order.leak()) }
    }
}

macro_rules! locking {
    ($(#[$doc:meta])* $name:ident, $sql:literal, $lock:literal) => {
        $(#[$doc])*
        pub(crate) const $name: Query = Query {
            sqlite: $sql,
            postgres: concat!($sql, " ", $lock),
            order: None,
        };
    };
}

locking! {
    /// The fence: a taker waits until the transaction that read this has ended. SQLite has one writer anyway.
    FENCE, "SELECT noted FROM sync_lease WHERE name = $1 AND fence = $2 AND holder = $3", "FOR SHARE"
}
locking! {
    /// Whoever changes looks of a pairing locks it first, after the lease: so no two writers wait for each other.
    LOCK_PAIRING, "SELECT id FROM sync_pairing WHERE id = $1", "FOR NO KEY UPDATE"
}
locking! {
    /// A row that is read, changed and written back.
    LOCK_CONNECTION, "SELECT secret FROM sync_connection WHERE name = $1", "FOR UPDATE"
}
locking! {
    /// Every secret, so that none changes while they are replaced.
    LOCK_SECRETS, "SELECT name, secret FROM sync_connection ORDER BY name", "FOR UPDATE"
}
/// Takes the lock of a node's presence until the transaction ends: granted only when no session holds it, so it is dead.
pub(crate) const IS_DEAD: Query = Query {
    sqlite: "SELECT 1 WHERE $1 IS NULL",
    postgres: "SELECT CAST(1 AS BIGINT) WHERE pg_try_advisory_xact_lock(hashtextextended('syncline node ' || $1, 0))",
    order: None,
};
const HAS_SCHEMA: Query = Query {
    sqlite: "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'sync_migrations'",
    postgres: "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('sync_migrations')",
    order: None,
};
const SCHEMA: Query = Query::same("SELECT COALESCE(MAX(version), 0) FROM sync_migrations");
const POSTGRES_NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
const POSTGRES_DURABILITY: &str = "SHOW synchronous_commit";
const SQLITE_DURABILITY: &str =
    "SELECT s.synchronous || ' ' || j.journal_mode FROM pragma_synchronous s, pragma_journal_mode j";

#[cfg(test)]
pub(crate) const ALL: &[(&str, Query)] = &[
    ("FENCE", FENCE),
    ("LOCK_PAIRING", LOCK_PAIRING),
    ("LOCK_CONNECTION", LOCK_CONNECTION),
    ("LOCK_SECRETS", LOCK_SECRETS),
    ("IS_DEAD", IS_DEAD),
    ("HAS_SCHEMA", HAS_SCHEMA),
    ("SCHEMA", SCHEMA),
    ("DURABILITY", Query { sqlite: SQLITE_DURABILITY, postgres: POSTGRES_DURABILITY, order: None }),
    ("NOW", Query { sqlite: "SELECT 1", postgres: POSTGRES_NOW, order: None }),
];

/// Whether a connection may be used again. Where the disk is full SQLite gives a transaction up by itself, and the
/// connection, which tries to take it back all the same, would count as within it for ever: it is replaced.
fn fresh(
    connection: &mut SqliteConnection,
    _: PoolConnectionMetadata,
) -> Pin<Box<dyn Future<Output = std::result::Result<bool, sqlx::Error>> + Send + '_>> {
    Box::pin(std::future::ready(Ok(!connection.is_in_transaction())))
}

/// A database, and how often it was asked.
#[derive(Clone)]
pub(crate) struct Db {
    pools: Pools,
    clock: ClockFn,
    reads: Arc<AtomicU64>,
    writes: Arc<AtomicU64>,
    step: Step,
}

#[derive(Clone)]
enum Pools {
    Sqlite { file: PathBuf, read: SqlitePool, write: SqlitePool },
    Postgres(PgPool, Presence),
}

impl Db {
    /// Opens a SQLite file, making it when it is missing: one writer, every commit on the disk before it is answered.
    pub(crate) async fn sqlite(file: &Path, clock: ClockFn) -> Result<Db> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .page_size(PAGE)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What is deleted or overwritten is not to be found in the file's free space (rule O8).
            .pragma("secure_delete", "ON")
            .busy_timeout(WAIT)
            .disable_statement_logging();
        // A page of a large mailbox stays in memory until it is committed, and the log is carried over in large parts: else
        // the same pages of the indexes are written many times over. No promise of a commit changes by it.
        let writing = options
            .clone()
            .pragma("cache_size", WRITER_CACHE)
            .pragma("temp_store", "MEMORY")
            .pragma("wal_autocheckpoint", LOG_PAGES);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(WAIT)
            .before_acquire(fresh)
            .connect_with(writing)
            .await
            .map_err(unavailable)?;
        let read = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .acquire_timeout(WAIT)
            .before_acquire(fresh)
            .connect_with(options.create_if_missing(false).pragma("query_only", "1").pragma("cache_size", READER_CACHE))
            .await
            .map_err(unavailable)?;
        let file = file.to_owned();
        Ok(Db::new(Pools::Sqlite { file, read, write }, clock))
    }

    /// Connects to PostgreSQL; every commit is on its disk before it is answered.
    pub(crate) async fn postgres(url: &str, clock: ClockFn) -> Result<Db> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::Refused("the postgres:// address cannot be read".into()))?
            .application_name("syncline")
            .options([("synchronous_commit", "on")])
            .disable_statement_logging();
        // A pool tries a server that is not there until its time is up, and then says only that: one alone says why, at once.
        let first = PgConnection::connect_with(&options).await.map_err(unavailable)?;
        first.close().await.map_err(unavailable)?;
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(WAIT)
            .connect_with(options)
            .await
            .map_err(unavailable)?;
        Ok(Db::new(Pools::Postgres(pool, Presence::default()), clock))
    }

    fn new(pools: Pools, clock: ClockFn) -> Db {
        Db { pools, clock, reads: Arc::default(), writes: Arc::default(), step: Step::default() }
    }

    /// The same, whose every statement asks first.
    pub(crate) fn asking(self, step: Step) -> Db {
        Db { step, ..self }
    }

    pub(crate) fn engine_name(&self) -> &'static str {
        match &self.pools {
            Pools::Sqlite { .. } => "sqlite",
            Pools::Postgres(..) => "postgres",
        }
    }

    /// The file of a SQLite database.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.pools {
            Pools::Sqlite { file, .. } => Some(file),
            Pools::Postgres(..) => None,
        }
    }

    pub(crate) fn statements(&self) -> Statements {
        Statements { reads: self.reads.load(Ordering::Relaxed), writes: self.writes.load(Ordering::Relaxed) }
    }

    /// The machine's time as the process was given it; never a lease's.
    pub(crate) fn clock(&self) -> Timestamp {
        (self.clock)()
    }

    /// The time of leases: PostgreSQL's own, so that nodes need not agree; elsewhere the injected clock. It may be read
    /// before the statement that uses it: an older time only makes a lease shorter and a taker more patient.
    pub(crate) async fn now(&self) -> Result<i64> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok((self.clock)().as_microsecond()),
            Pools::Postgres(pool, _) => {
                self.reads.fetch_add(1, Ordering::Relaxed);
                sqlx::query_scalar(POSTGRES_NOW).fetch_one(pool).await.map_err(unavailable)
            }
        }
    }

    /// Shows that a holder of leases lives, where others look for that.
    pub(crate) async fn show_presence(&self, holder: &str) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(()),
            Pools::Postgres(pool, presence) => presence.show(pool, holder).await,
        }
    }

    /// Rows of a statement that only reads.
    pub(crate) async fn all(&self, query: Query, args: Vec<Arg>) -> Result<Vec<Row>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.step.asks(query.sqlite)?;
        match &self.pools {
            Pools::Sqlite { read, .. } => sqlx::query_with(query.sqlite, sqlite_args(query, args)?)
                .fetch_all(read)
                .await
                .map_err(unavailable)?
                .iter()
                .map(sqlite_row)
                .collect(),
            Pools::Postgres(pool, _) => sqlx::query_with(query.postgres, postgres_args(args)?)
                .fetch_all(pool)
                .await
                .map_err(unavailable)?
                .iter()
                .map(postgres_row)
                .collect(),
        }
    }

    /// The first row, if there is one.
    pub(crate) async fn one(&self, query: Query, args: Vec<Arg>) -> Result<Option<Row>> {
        Ok(self.all(query, args).await?.into_iter().next())
    }

    /// Begins a writing transaction; on SQLite it takes the writer's place at once.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        self.step.asks("BEGIN")?;
        let on = match &self.pools {
            Pools::Sqlite { write, .. } => On::Sqlite(write.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?),
            Pools::Postgres(pool, _) => On::Postgres(pool.begin().await.map_err(unavailable)?),
        };
        Ok(Tx { on, reads: Arc::clone(&self.reads), writes: Arc::clone(&self.writes), step: self.step.clone() })
    }

    /// The schema's version; 0 for an empty database.
    pub(crate) async fn schema_version(&self) -> Result<i64> {
        let there = self.one(HAS_SCHEMA, Vec::new()).await?;
        if there.map_or(Ok(0), |row| row.int(0))? == 0 {
            return Ok(0);
        }
        let version = self.one(SCHEMA, Vec::new()).await?;
        version.map_or(Ok(0), |row| row.int(0))
    }

    /// Brings the schema up.
    pub(crate) async fn migrate(&self, migrator: &sqlx::migrate::Migrator) -> Result<()> {
        let done = match &self.pools {
            Pools::Sqlite { write, .. } => migrator.run(write).await,
            Pools::Postgres(pool, _) => migrator.run(pool).await,
        };
        done.map_err(|error| StoreError::Unavailable(format!("the schema: {error}")))
    }

    /// What the database promises of a commit: `2 wal` on SQLite (2 is FULL), `on` on PostgreSQL.
    pub(crate) async fn durability(&self) -> Result<String> {
        match &self.pools {
            Pools::Sqlite { write, .. } => sqlx::query_scalar(SQLITE_DURABILITY).fetch_one(write).await,
            Pools::Postgres(pool, _) => sqlx::query_scalar(POSTGRES_DURABILITY).fetch_one(pool).await,
        }
        .map_err(unavailable)
    }

    /// Empties the log of a SQLite file, which keeps what was overwritten; readers at work put it off to the next time.
    /// PostgreSQL keeps dead rows until its own cleaning.
    pub(crate) async fn forget_log(&self) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                let done = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await;
                done.map(drop).map_err(unavailable)
            }
            Pools::Postgres(..) => Ok(()),
        }
    }

    /// Writes a copy of a SQLite database beside running work.
    pub(crate) async fn copy_to(&self, path: &str) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                let mut connection = read.acquire().await.map_err(unavailable)?;
                // VACUUM INTO writes another file only, yet counts as writing.
                let open = sqlx::query("PRAGMA query_only = 0").execute(&mut *connection);
                open.await.map_err(unavailable)?;
                let copied = sqlx::query("VACUUM INTO $1").bind(path).execute(&mut *connection).await;
                let shut = sqlx::query("PRAGMA query_only = 1").execute(&mut *connection);
                shut.await.map_err(unavailable)?;
                copied.map(drop).map_err(unavailable)
            }
            Pools::Postgres(..) => Err(StoreError::Refused(
                "copy a PostgreSQL database with pg_dump, and after restoring it run 'syncline restore --yes' without --from"
                    .into(),
            )),
        }
    }

    /// Refuses a SQLite file with broken pages; PostgreSQL watches over its own.
    pub(crate) async fn check_whole(&self) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                let found: String =
                    sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(read).await.map_err(unavailable)?;
                if found == "ok" {
                    return Ok(());
                }
                Err(StoreError::Corrupt { at: "the file's pages".into() })
            }
            Pools::Postgres(..) => Ok(()),
        }
    }

    /// Has the database read a statement against its schema.
    #[cfg(test)]
    pub(crate) async fn prepare(&self, query: Query) -> Result<()> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        match &self.pools {
            Pools::Sqlite { write, .. } => write.prepare(query.sqlite.into_sql_str()).await.map(drop),
            Pools::Postgres(pool, _) => pool.prepare(query.postgres.into_sql_str()).await.map(drop),
        }
        .map_err(unavailable)
    }

    /// Runs a statement outside every transaction, for tests that make their own PostgreSQL database.
    #[cfg(test)]
    pub(crate) async fn run_alone(&self, text: String) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(()),
            Pools::Postgres(pool, _) => {
                sqlx::query(sqlx::AssertSqlSafe(text)).execute(pool).await.map(drop).map_err(unavailable)
            }
        }
    }

    /// Ends every connection.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool, presence) => {
                presence.close().await;
                pool.close().await;
            }
        }
    }
}

/// The database's own words, which carry no values of rows.
pub(crate) fn unavailable(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => StoreError::Unavailable(error.message().to_owned()),
        sqlx::Error::PoolTimedOut => StoreError::Unavailable("no connection became free in time".into()),
        other => StoreError::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::args;

    // E6: SQLite gives up the transaction by itself, and nobody restarts a server because a disk was full for a minute.
    #[tokio::test]
    async fn a_disk_that_was_full_is_written_to_again_once_it_has_room() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::sqlite(&folder.path().join("full.db"), Arc::new(|| Timestamp::UNIX_EPOCH)).await.unwrap();
        let Pools::Sqlite { write, .. } = &db.pools else { unreachable!("a file") };
        sqlx::query("CREATE TABLE t (x TEXT)").execute(write).await.unwrap();
        sqlx::query("PRAGMA max_page_count = 4").execute(write).await.unwrap();
        const INSERT: Query = Query::same("INSERT INTO t (x) VALUES ($1)");
        let text = "x".repeat(100_000);
        let mut tx = db.begin().await.unwrap();
        let full = tx.run(INSERT, args![text.as_str()]).await.unwrap_err();
        assert!(full.to_string().contains("full"), "{full}");
        drop(tx);
        // The place that was made is another connection's: the limit was this one's.
        let mut tx = db.begin().await.unwrap();
        tx.run(INSERT, args![text.as_str()]).await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
    }
}

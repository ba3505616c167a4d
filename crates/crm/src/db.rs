//! The CRM's one database, SQLite or PostgreSQL: opening it, its transactions, and everything in which the two differ.
//!
//! Above this file there is one set of statements with `$1…` for both. The differences stand here together: how a
//! writing transaction begins (SQLite takes the file's one writer's place, PostgreSQL takes one lock as its first
//! statement, so that the order of the change feed is the order of commits), that text is compared byte by byte, and how
//! a value is read out of a row.

use crate::error::Error;
use crate::place::Place;
use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, Column, Connection as _, PgPool, Postgres, Row as _, Sqlite, SqliteConnection, SqlitePool, TypeInfo,
    ValueRef,
};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The key of PostgreSQL's advisory lock under which every change of this CRM is made.
const WRITERS_LOCK: i64 = 0x53_59_4e_43_43_52_4d;
/// How long a writer waits for the one before it.
const WAIT_FOR_WRITER: Duration = Duration::from_secs(30);
const READERS: u32 = 8;

/// Connections for reading and for writing; every statement is counted.
#[derive(Clone)]
pub(crate) struct Db {
    pools: Pools,
    statements: Arc<AtomicU64>,
}

#[derive(Clone)]
enum Pools {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Pg { read: PgPool, write: PgPool },
}

/// A transaction. Dropped without [`Tx::commit`], nothing of it has happened.
pub(crate) struct Tx {
    on: On,
    statements: Arc<AtomicU64>,
}

enum On {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Pg(sqlx::Transaction<'static, Postgres>),
}

impl Db {
    /// Opens the database, making it when it is a file that is not there.
    pub(crate) async fn open(place: &Place) -> Result<Db, Error> {
        let pools = match place {
            Place::Memory => {
                // One connection is the database: it must never be closed for being old or idle.
                let only = SqlitePoolOptions::new()
                    .max_connections(1)
                    .min_connections(1)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .acquire_timeout(WAIT_FOR_WRITER)
                    .connect_with(sqlite(SqliteConnectOptions::new().in_memory(true)))
                    .await?;
                Pools::Sqlite { read: only.clone(), write: only }
            }
            Place::File(path) => {
                let options = sqlite(SqliteConnectOptions::new().filename(path).create_if_missing(true))
                    .journal_mode(SqliteJournalMode::Wal);
                let write = SqlitePoolOptions::new()
                    .max_connections(1)
                    .acquire_timeout(WAIT_FOR_WRITER)
                    .before_acquire(fresh)
                    .connect_with(options.clone())
                    .await?;
                let read = SqlitePoolOptions::new()
                    .max_connections(READERS)
                    .acquire_timeout(WAIT_FOR_WRITER)
                    .before_acquire(fresh)
                    .connect_with(options)
                    .await?;
                Pools::Sqlite { read, write }
            }
            Place::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?.options([("synchronous_commit", "on")]);
                // A pool tries a server that is not there until its time is up, and then says only that: one alone says why.
                PgConnection::connect_with(&options).await?.close().await?;
                let pool = || PgPoolOptions::new().max_connections(READERS).acquire_timeout(WAIT_FOR_WRITER);
                // Writers wait for each other inside the database; they must not use up the readers' connections.
                let write = pool().max_connections(4).connect_with(options.clone()).await?;
                let read = pool().connect_with(options).await?;
                Pools::Pg { read, write }
            }
        };
        Ok(Db { pools, statements: Arc::default() })
    }

    /// Begins a transaction that reads one state of the database.
    pub(crate) async fn read(&self) -> Result<Tx, Error> {
        let on = match &self.pools {
            Pools::Sqlite { read, .. } => On::Sqlite(read.begin().await?),
            Pools::Pg { read, .. } => On::Pg(read.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?),
        };
        Ok(Tx { on, statements: self.statements.clone() })
    }

    /// Begins a writing transaction. Writers go one after the other: SQLite knows no other way, and on PostgreSQL it makes
    /// the order of the feed's numbers the order of commits. The lock is the first statement, before any row is locked,
    /// so that two writers cannot wait for each other.
    pub(crate) async fn write(&self) -> Result<Tx, Error> {
        let on = match &self.pools {
            Pools::Sqlite { write, .. } => On::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Pg { write, .. } => {
                let mut tx = write.begin().await?;
                sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITERS_LOCK).execute(&mut *tx).await?;
                On::Pg(tx)
            }
        };
        Ok(Tx { on, statements: self.statements.clone() })
    }

    /// Empties the log of a SQLite file, which keeps what was overwritten; readers at work put it off to the next time.
    /// PostgreSQL keeps dead rows until its own cleaning.
    pub(crate) async fn forget_log(&self) -> Result<(), Error> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await?;
                Ok(())
            }
            Pools::Pg { .. } => Ok(()),
        }
    }

    /// How many statements were sent since the database was opened (transactions' own not counted).
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The setting that makes a commit durable, as the database names it: for tests and `check`.
    pub(crate) async fn durability(&self) -> Result<String, Error> {
        let (mut tx, sql) = match &self.pools {
            Pools::Sqlite { .. } => (self.write().await?, "PRAGMA synchronous"),
            Pools::Pg { .. } => (self.write().await?, "SHOW synchronous_commit"),
        };
        let mut row = tx.row(sql, vec![]).await?.ok_or(Error::Corrupt { what: "no setting" })?;
        match row.next()? {
            Cell::Text(text) => Ok(text),
            Cell::Int(number) => Ok(number.to_string()),
            Cell::Null => Err(Error::Corrupt { what: "no setting" }),
        }
    }

    /// A migration's text as this database wants it: PostgreSQL must compare text byte by byte, as SQLite does.
    pub(crate) fn dialect(&self, sql: &str) -> String {
        match &self.pools {
            Pools::Sqlite { .. } => sql.to_owned(),
            Pools::Pg { .. } => sql.replace(" TEXT", " TEXT COLLATE \"C\""),
        }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Pg { read, write } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}

/// Whether a connection may be used again. Where the disk is full SQLite gives a transaction up by itself, and the
/// connection, which tries to take it back all the same, would count as within it for ever: it is replaced.
fn fresh(
    connection: &mut SqliteConnection,
    _: PoolConnectionMetadata,
) -> Pin<Box<dyn Future<Output = Result<bool, sqlx::Error>> + Send + '_>> {
    Box::pin(std::future::ready(Ok(!connection.is_in_transaction())))
}

fn sqlite(options: SqliteConnectOptions) -> SqliteConnectOptions {
    // What is deleted or overwritten is not to be found in the file's free space (rule O8).
    let options = options.pragma("secure_delete", "ON");
    options.synchronous(SqliteSynchronous::Full).foreign_keys(true).busy_timeout(WAIT_FOR_WRITER)
}

impl Tx {
    /// Every row of a statement; the statement itself bounds their number.
    pub(crate) async fn rows(&mut self, sql: &str, args: Vec<Arg>) -> Result<Vec<Row>, Error> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        match &mut self.on {
            On::Sqlite(tx) => {
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for arg in args {
                    query = match arg {
                        Arg::Text(text) => query.bind(text),
                        Arg::Int(number) => query.bind(number),
                    };
                }
                query.fetch_all(&mut **tx).await?.iter().map(Row::of_sqlite).collect()
            }
            On::Pg(tx) => {
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for arg in args {
                    query = match arg {
                        Arg::Text(text) => query.bind(text),
                        Arg::Int(number) => query.bind(number),
                    };
                }
                query.fetch_all(&mut **tx).await?.iter().map(Row::of_pg).collect()
            }
        }
    }

    /// The only row of a statement, if there is one.
    pub(crate) async fn row(&mut self, sql: &str, args: Vec<Arg>) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// Carries a statement out; answers how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, args: Vec<Arg>) -> Result<u64, Error> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let changed = match &mut self.on {
            On::Sqlite(tx) => {
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for arg in args {
                    query = match arg {
                        Arg::Text(text) => query.bind(text),
                        Arg::Int(number) => query.bind(number),
                    };
                }
                query.execute(&mut **tx).await?.rows_affected()
            }
            On::Pg(tx) => {
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for arg in args {
                    query = match arg {
                        Arg::Text(text) => query.bind(text),
                        Arg::Int(number) => query.bind(number),
                    };
                }
                query.execute(&mut **tx).await?.rows_affected()
            }
        };
        Ok(changed)
    }

    /// Several statements without arguments, as in a migration.
    pub(crate) async fn script(&mut self, sql: String) -> Result<(), Error> {
        match &mut self.on {
            On::Sqlite(tx) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await.map(|_| ())?,
            On::Pg(tx) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Puts a row into a table.
    pub(crate) async fn insert(&mut self, table: &str, cells: Cells) -> Result<(), Error> {
        let sql = format!("INSERT INTO {table} ({}) VALUES ({})", cells.names.join(", "), places(1, cells.names.len()));
        self.execute(&sql, cells.args).await.map(|_| ())
    }

    /// Changes cells of the row with this id.
    pub(crate) async fn update(&mut self, table: &str, id: &str, cells: Cells) -> Result<u64, Error> {
        let sets: Vec<String> =
            cells.names.iter().enumerate().map(|(n, name)| format!("{name} = ${}", n + 2)).collect();
        let sql = format!("UPDATE {table} SET {} WHERE id = $1", sets.join(", "));
        let mut args = vec![Arg::from(id)];
        args.extend(cells.args);
        self.execute(&sql, args).await
    }

    /// The next number of a counter, or the last of the next `many`.
    pub(crate) async fn count_up(&mut self, counter: &str, many: i64) -> Result<i64, Error> {
        let sql = "INSERT INTO counter (name, value) VALUES ($1, $2)
                   ON CONFLICT (name) DO UPDATE SET value = counter.value + $2 RETURNING value";
        let row = self.row(sql, vec![counter.into(), many.into()]).await?;
        row.ok_or(Error::Corrupt { what: "a counter did not answer" })?.int()
    }

    /// Makes everything of the transaction happen.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self.on {
            On::Sqlite(tx) => tx.commit().await?,
            On::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Cells of a row to write, by name.
#[derive(Default)]
pub(crate) struct Cells {
    names: Vec<String>,
    args: Vec<Arg>,
}

impl Cells {
    /// With one more cell.
    pub(crate) fn set(mut self, name: impl Into<String>, arg: impl Into<Arg>) -> Cells {
        self.names.push(name.into());
        self.args.push(arg.into());
        self
    }
}

/// `$from, $from+1, …`: places for a list of arguments.
pub(crate) fn places(from: usize, count: usize) -> String {
    let list: Vec<String> = (from..from + count).map(|n| format!("${n}")).collect();
    list.join(", ")
}

/// An argument of a statement.
#[derive(Clone)]
pub(crate) enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Arg {
        Arg::Text(Some(text.to_owned()))
    }
}
impl From<String> for Arg {
    fn from(text: String) -> Arg {
        Arg::Text(Some(text))
    }
}
impl From<&String> for Arg {
    fn from(text: &String) -> Arg {
        Arg::Text(Some(text.clone()))
    }
}
impl From<Option<String>> for Arg {
    fn from(text: Option<String>) -> Arg {
        Arg::Text(text)
    }
}
impl From<Option<&str>> for Arg {
    fn from(text: Option<&str>) -> Arg {
        Arg::Text(text.map(str::to_owned))
    }
}
impl From<i64> for Arg {
    fn from(number: i64) -> Arg {
        Arg::Int(Some(number))
    }
}
impl From<Option<i64>> for Arg {
    fn from(number: Option<i64>) -> Arg {
        Arg::Int(number)
    }
}
impl From<bool> for Arg {
    fn from(flag: bool) -> Arg {
        Arg::Int(Some(i64::from(flag)))
    }
}
impl From<jiff::Timestamp> for Arg {
    fn from(instant: jiff::Timestamp) -> Arg {
        Arg::Int(Some(instant.as_microsecond()))
    }
}
impl From<Option<jiff::Timestamp>> for Arg {
    fn from(instant: Option<jiff::Timestamp>) -> Arg {
        Arg::Int(instant.map(jiff::Timestamp::as_microsecond))
    }
}

/// Arguments of a statement, of any of the kinds an [`Arg`] can be made from.
macro_rules! args {
    ($($arg:expr),* $(,)?) => { vec![$($crate::db::Arg::from($arg)),*] };
}
pub(crate) use args;

/// A row, read cell by cell in the order of its statement.
pub(crate) struct Row {
    cells: std::vec::IntoIter<Cell>,
}

enum Cell {
    Null,
    Text(String),
    Int(i64),
}

impl Row {
    fn of_sqlite(row: &SqliteRow) -> Result<Row, Error> {
        let cells = (0..row.len()).map(|at| {
            let raw = row.try_get_raw(at)?;
            if raw.is_null() {
                return Ok(Cell::Null);
            }
            match raw.type_info().name() {
                "INTEGER" | "BIGINT" | "INT4" | "INT8" | "BOOLEAN" => Ok(Cell::Int(row.try_get_unchecked(at)?)),
                _ => Ok(Cell::Text(row.try_get_unchecked(at)?)),
            }
        });
        Ok(Row { cells: cells.collect::<Result<Vec<Cell>, sqlx::Error>>()?.into_iter() })
    }

    fn of_pg(row: &PgRow) -> Result<Row, Error> {
        let cells = row.columns().iter().enumerate().map(|(at, column)| {
            if row.try_get_raw(at)?.is_null() {
                return Ok(Cell::Null);
            }
            match column.type_info().name() {
                "INT8" => Ok(Cell::Int(row.try_get(at)?)),
                "INT4" => Ok(Cell::Int(i64::from(row.try_get::<i32, _>(at)?))),
                _ => Ok(Cell::Text(row.try_get(at)?)),
            }
        });
        Ok(Row { cells: cells.collect::<Result<Vec<Cell>, sqlx::Error>>()?.into_iter() })
    }

    fn next(&mut self) -> Result<Cell, Error> {
        self.cells.next().ok_or(Error::Corrupt { what: "a row is too short" })
    }

    /// The next cell, a text.
    pub(crate) fn text(&mut self) -> Result<String, Error> {
        self.text_or_null()?.ok_or(Error::Corrupt { what: "a text is missing" })
    }

    /// The next cell, a text or nothing.
    pub(crate) fn text_or_null(&mut self) -> Result<Option<String>, Error> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            Cell::Int(_) => Err(Error::Corrupt { what: "a number stands where a text should" }),
        }
    }

    /// The next cell, a number.
    pub(crate) fn int(&mut self) -> Result<i64, Error> {
        self.int_or_null()?.ok_or(Error::Corrupt { what: "a number is missing" })
    }

    /// The next cell, a number or nothing.
    pub(crate) fn int_or_null(&mut self) -> Result<Option<i64>, Error> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Int(number) => Ok(Some(number)),
            Cell::Text(_) => Err(Error::Corrupt { what: "a text stands where a number should" }),
        }
    }

    /// The next cell, a flag.
    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.int()? != 0)
    }

    /// The next cell, an instant.
    pub(crate) fn instant(&mut self) -> Result<jiff::Timestamp, Error> {
        jiff::Timestamp::from_microsecond(self.int()?)
            .map_err(|_| Error::Corrupt { what: "an instant is out of range" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // E6
    #[tokio::test]
    async fn a_disk_that_was_full_is_written_to_again_once_it_has_room() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Place::File(folder.path().join("full.db"))).await.unwrap();
        let Pools::Sqlite { write, .. } = &db.pools else { unreachable!("a file") };
        sqlx::query("CREATE TABLE t (x TEXT)").execute(write).await.unwrap();
        sqlx::query("PRAGMA max_page_count = 4").execute(write).await.unwrap();
        let insert = || vec![Arg::Text(Some("x".repeat(100_000)))];
        let mut tx = db.write().await.unwrap();
        assert!(tx.execute("INSERT INTO t (x) VALUES ($1)", insert()).await.is_err());
        drop(tx);
        let mut tx = db.write().await.unwrap();
        tx.execute("INSERT INTO t (x) VALUES ($1)", insert()).await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
    }
}

//! The databases a story runs on: the same story on SQLite files and on PostgreSQL, each run with databases of its own.

use crm::Place;
use sqlx::Connection as _;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use tempfile::TempDir;

/// Makes each named test run on SQLite, and on PostgreSQL when `SYNCLINE_TEST_PG` names a server. A test that is not named
/// here is never called, and the compiler says so.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        /// The stories of this file, for the count.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    crate::database::Database::Sqlite.run(Box::pin(super::$name())).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    crate::database::Database::Postgres.run(Box::pin(super::$name())).await;
                }
            )*
        }
    };
}
pub(crate) use on_both;

tokio::task_local! {
    static GROUND: Ground;
}

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// What a story runs on, and what is taken away after it.
enum Ground {
    Sqlite,
    Postgres { server: String, schemas: Mutex<Vec<String>> },
}

/// Databases of one world: what the synchronisation remembers, and the CRM.
pub struct Databases {
    pub store: String,
    pub crm: Place,
    /// Where files are; gone with the world.
    pub folder: TempDir,
}

impl Database {
    /// Runs a story on this kind of database.
    pub async fn run(self, story: impl Future<Output = ()>) {
        let ground = match (self, server()) {
            (Database::Sqlite, _) => Ground::Sqlite,
            (Database::Postgres, Some(server)) => Ground::Postgres { server, schemas: Mutex::default() },
            (Database::Postgres, None) => {
                say_skipped();
                return;
            }
        };
        let made = GROUND.scope(ground, async {
            story.await;
            GROUND.with(Ground::made)
        });
        if let Some((server, schemas)) = made.await {
            for schema in schemas {
                on_server(&server, format!("DROP SCHEMA {schema} CASCADE")).await;
            }
        }
    }
}

impl Ground {
    fn made(&self) -> Option<(String, Vec<String>)> {
        match self {
            Ground::Sqlite => None,
            Ground::Postgres { server, schemas } => {
                Some((server.clone(), std::mem::take(&mut *schemas.lock().unwrap_or_else(PoisonError::into_inner))))
            }
        }
    }
}

impl Databases {
    /// Empty databases of the kind that the story runs on; files where a test names none.
    pub async fn fresh() -> Databases {
        let folder = tempfile::tempdir().expect("a folder");
        match GROUND.try_with(schema).ok().flatten() {
            None => {
                let file = |name: &str| folder.path().join(name);
                let store = format!("sqlite:{}", file("sync.db").display());
                Databases { store, crm: Place::File(file("crm.db")), folder }
            }
            Some((server, schema)) => {
                on_server(&server, format!("CREATE SCHEMA {schema}")).await;
                let separator = if server.contains('?') { '&' } else { '?' };
                let url = format!("{server}{separator}options=-c%20search_path%3D{schema}");
                Databases { store: url.clone(), crm: Place::Postgres(url), folder }
            }
        }
    }
}

impl Databases {
    /// Everything in them: every file byte for byte, as somebody would find it who took the disk, or every table as text.
    pub async fn dump(&self) -> Vec<(String, Vec<u8>)> {
        if self.store.starts_with("sqlite:") {
            let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
            return entries
                .map(|entry| {
                    let path = entry.expect("an entry").path();
                    (path.display().to_string(), std::fs::read(&path).expect("a file"))
                })
                .collect();
        }
        let mut connection = sqlx::PgConnection::connect(&self.store).await.expect("the named server answers");
        let tables = "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.expect("tables");
        assert!(tables.len() > 20, "{tables:?}");
        let mut dump = Vec::new();
        for table in tables {
            let rows = sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut connection).await.expect("rows");
            dump.push((table, rows.join("\n").into_bytes()));
        }
        dump
    }
}

/// The tables of the synchronisation; the CRM's stand beside them, its Sync List among them.
const TABLES: &str = "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relname LIKE 'sync!_%' ESCAPE '!' \
    AND c.relname <> 'sync_list' \
    AND c.relnamespace = current_schema()::regnamespace ORDER BY 1";

impl Databases {
    /// Where a copy of the synchronisation's file is kept.
    pub fn copy(&self) -> std::path::PathBuf {
        self.folder.path().join("sync.copy")
    }

    /// Keeps a copy of every table of the synchronisation, as `pg_dump` would.
    pub async fn keep_tables(&self) {
        let mut connection = sqlx::PgConnection::connect(&self.store).await.expect("the named server answers");
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut connection).await.expect("tables");
        assert!(tables.len() > 10, "{tables:?}");
        for table in tables {
            let keep = format!("CREATE TABLE kept_{table} AS TABLE {table}");
            sqlx::query(sqlx::AssertSqlSafe(keep)).execute(&mut connection).await.expect("kept");
        }
        connection.close().await.expect("closed");
    }

    /// Puts the copies in their places, as `pg_restore` would.
    pub async fn put_tables_back(&self) {
        let mut connection = sqlx::PgConnection::connect(&self.store).await.expect("the named server answers");
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut connection).await.expect("tables");
        let empty = format!("TRUNCATE {}", tables.join(", "));
        sqlx::query(sqlx::AssertSqlSafe(empty)).execute(&mut connection).await.expect("emptied");
        for table in tables {
            let fill = format!("INSERT INTO {table} SELECT * FROM kept_{table}");
            sqlx::query(sqlx::AssertSqlSafe(fill)).execute(&mut connection).await.expect("filled");
        }
        connection.close().await.expect("closed");
    }
}

/// A name no other run has used, noted so that it is taken away.
fn schema(ground: &Ground) -> Option<(String, String)> {
    match ground {
        Ground::Sqlite => None,
        Ground::Postgres { server, schemas } => {
            let name = format!("proof_{}_{}", std::process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
            schemas.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
            Some((server.clone(), name))
        }
    }
}

#[expect(clippy::print_stdout, reason = "a test that could not run says so")]
fn say_skipped() {
    println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
}

/// The server for tests, when there is one.
pub fn server() -> Option<String> {
    std::env::var("SYNCLINE_TEST_PG").ok().filter(|url| !url.is_empty())
}

async fn on_server(server: &str, statement: String) {
    let mut connection = sqlx::PgConnection::connect(server).await.expect("the named server answers");
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.expect("granted");
    connection.close().await.expect("closed");
}

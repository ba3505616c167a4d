//! The databases: one statement text for SQLite and PostgreSQL, one file per subject.

mod act;
mod away;
mod intent;
mod inventory;
mod latency;
mod lease;
mod link;
mod look;
mod many;
mod observe;
mod pairing;
mod people;
mod scrub;
mod settings;
mod tally;
mod work;

use crate::ClockFn;
use crate::answer::Statements;
use crate::db::{Db, FENCE, LOCK_PAIRING, Tx};
use crate::error::{Result, StoreError};
use crate::rows::Lease;
use crate::step::{Step, Steps};
use crate::value::args;
use model::PairingId;
use std::path::Path;

/// Declares statements, and lists them for the test that has both databases prepare them.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(pub(super) const $name: $crate::db::Query = $crate::db::Query::same($sql);)*
        #[cfg(test)]
        pub(super) const ALL: &[(&str, $crate::db::Query)] = &[$((stringify!($name), $name)),*];
    };
}
use statements;

/// A store in a database.
#[derive(Clone)]
pub struct Sql {
    db: Db,
    step: Step,
}

impl std::fmt::Debug for Sql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sql({})", self.db.engine_name())
    }
}

fn migrator() -> sqlx::migrate::Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    // The built-in CRM may live in the same database and has migrations of its own.
    migrator.dangerous_set_table_name("sync_migrations");
    migrator
}

/// The schema that this version knows.
pub(crate) fn known_schema() -> i64 {
    migrator().iter().map(|step| step.version).max().unwrap_or(0)
}

impl Sql {
    pub(crate) async fn sqlite(file: &Path, clock: ClockFn) -> Result<Sql> {
        Ok(Sql { db: Db::sqlite(file, clock).await?, step: Step::default() })
    }

    pub(crate) async fn postgres(url: &str, clock: ClockFn) -> Result<Sql> {
        Ok(Sql { db: Db::postgres(url, clock).await?, step: Step::default() })
    }

    /// The same, whose every call and statement asks first.
    pub(crate) fn stepping(self, steps: Steps) -> Sql {
        Sql { db: self.db.asking(Step::of(steps.statement)), step: Step::of(steps.call) }
    }

    pub(crate) async fn step(&self, call: &'static str) -> Result<()> {
        self.step.waits(call).await
    }

    pub(crate) async fn migrate(&self) -> Result<()> {
        let (mut found, known) = (self.db.schema_version().await?, known_schema());
        if found > known {
            return Err(StoreError::SchemaNewer { found, known });
        }
        loop {
            let Err(why) = self.db.migrate(&migrator()).await else { return Ok(()) };
            // Another process may have brought it up, or a step further, between our look and our try.
            let now = self.db.schema_version().await?;
            if now == known {
                return Ok(());
            }
            if now <= found {
                return Err(why);
            }
            found = now;
        }
    }

    pub(crate) async fn schema_version(&self) -> Result<i64> {
        self.db.schema_version().await
    }

    pub(crate) async fn durability(&self) -> Result<String> {
        self.db.durability().await
    }

    pub(crate) fn statements(&self) -> Statements {
        self.db.statements()
    }

    /// The schema's version of a database whose every page is in order.
    pub(crate) async fn check_whole(&self) -> Result<i64> {
        self.db.check_whole().await?;
        self.db.schema_version().await
    }

    pub(crate) async fn copy_to(&self, path: &str) -> Result<()> {
        self.db.copy_to(path).await
    }

    pub(crate) async fn close(&self) {
        self.db.close().await;
    }
}

/// The fence of decision 10, checked in the transaction of every state write; answers the wakings that the taker knew.
async fn fenced(tx: &mut Tx, lease: &Lease, name: &str) -> Result<i64> {
    if lease.name != name {
        return Err(StoreError::Fenced);
    }
    let row = tx.one(FENCE, args![name, lease.fence, &lease.holder]).await?;
    row.map_or(Err(StoreError::Fenced), |row| row.int(0))
}

/// Locks a pairing whose looks are changed or whose row is; says whether it is mapped.
async fn lock(tx: &mut Tx, pairing: &PairingId) -> Result<bool> {
    Ok(tx.one(LOCK_PAIRING, args![pairing]).await?.is_some())
}

/// Such a pairing is not mapped.
fn no_pairing(id: &PairingId) -> StoreError {
    StoreError::NotFound(format!("pairing {id}"))
}

#[cfg(test)]
mod tests {
    use super::{
        Sql, act, away, intent, inventory, latency, lease, link, look, observe, pairing, people, scrub, settings,
        tally, work,
    };
    use crate::db::{ALL as EXCEPTIONS, Query};
    use std::sync::Arc;

    fn every_statement() -> Vec<(&'static str, &'static str, Query)> {
        let subjects: [(&str, &[(&str, Query)]); 15] = [
            ("db", EXCEPTIONS),
            ("act", act::ALL),
            ("away", away::ALL),
            ("intent", intent::ALL),
            ("lease", lease::ALL),
            ("latency", latency::ALL),
            ("link", link::ALL),
            ("look", look::ALL),
            ("observe", observe::ALL),
            ("pairing", pairing::ALL),
            ("people", people::ALL),
            ("scrub", scrub::ALL),
            ("settings", settings::ALL),
            ("tally", tally::ALL),
            ("work", work::ALL),
        ];
        let statements = subjects.into_iter();
        let many = observe::many().into_iter().map(|(name, query)| ("observe", name, query));
        let inventory = inventory::many().into_iter().map(|(name, query)| ("inventory", name, query));
        statements
            .flat_map(|(file, all)| all.iter().map(move |(name, query)| (file, *name, *query)))
            .chain(many)
            .chain(inventory)
            .collect()
    }

    async fn prepare_all(sql: Sql) -> usize {
        sql.migrate().await.unwrap();
        let statements = every_statement();
        for (file, name, query) in &statements {
            let prepared = sql.db.prepare(*query).await;
            assert!(prepared.is_ok(), "{file}::{name}: {prepared:?}");
        }
        statements.len()
    }

    #[tokio::test]
    async fn sqlite_prepares_every_statement() {
        let folder = tempfile::tempdir().unwrap();
        let clock: crate::ClockFn = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let sql = Sql::sqlite(&folder.path().join("store.db"), clock).await.unwrap();
        let count = prepare_all(sql).await;
        println!("sqlite prepared {count} statements");
    }

    #[tokio::test]
    async fn postgres_prepares_every_statement() {
        let Ok(url) = std::env::var("SYNCLINE_TEST_PG") else {
            println!("skipped: SYNCLINE_TEST_PG is not set");
            return;
        };
        let clock: crate::ClockFn = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let server = Sql::postgres(&url, clock.clone()).await.unwrap();
        let name = format!("store_statements_{}", std::process::id());
        server.db.run_alone(format!("CREATE DATABASE {name}")).await.unwrap();
        let (base, query) = url.split_once('?').map_or((url.as_str(), String::new()), |(a, b)| (a, format!("?{b}")));
        let at = base.find("://").map_or(0, |at| at + 3);
        let own = match base[at..].find('/') {
            Some(slash) => format!("{}/{name}{query}", &base[..at + slash]),
            None => format!("{base}/{name}{query}"),
        };
        let sql = Sql::postgres(&own, clock).await.unwrap();
        let count = prepare_all(sql.clone()).await;
        sql.close().await;
        server.db.run_alone(format!("DROP DATABASE {name}")).await.unwrap();
        println!("postgres prepared {count} statements");
    }
}

//! A writing transaction: all of it happens, or nothing.

use super::{Query, unavailable};
use crate::error::Result;
use crate::step::Step;
use crate::value::{Arg, Row, postgres_args, postgres_row, sqlite_args, sqlite_row};
use sqlx::{Postgres, Sqlite};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A writing transaction; dropped without [`Tx::commit`], nothing of it has happened.
pub(crate) struct Tx {
    pub(super) on: On,
    pub(super) reads: Arc<AtomicU64>,
    pub(super) writes: Arc<AtomicU64>,
    pub(super) step: Step,
}

pub(super) enum On {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A unique key was taken: the constraint's or columns' names as the database told them.
#[derive(Debug)]
pub(crate) struct Violation(pub(crate) String);

impl Tx {
    /// Rows of a statement that only reads.
    pub(crate) async fn all(&mut self, query: Query, args: Vec<Arg>) -> Result<Vec<Row>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.fetch(query, args).await
    }

    /// The first row, if there is one.
    pub(crate) async fn one(&mut self, query: Query, args: Vec<Arg>) -> Result<Option<Row>> {
        Ok(self.all(query, args).await?.into_iter().next())
    }

    /// Rows that a statement changed and returns.
    pub(crate) async fn returning(&mut self, query: Query, args: Vec<Arg>) -> Result<Vec<Row>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.fetch(query, args).await
    }

    /// Runs a statement that changes rows, and says how many.
    pub(crate) async fn run(&mut self, query: Query, args: Vec<Arg>) -> Result<u64> {
        self.execute(query, args).await?.map_err(unavailable)
    }

    /// The same, where a unique key may be taken. On PostgreSQL the transaction is lost then.
    pub(crate) async fn try_run(&mut self, query: Query, args: Vec<Arg>) -> Result<Result<u64, Violation>> {
        match self.execute(query, args).await? {
            Ok(rows) => Ok(Ok(rows)),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                let named = error.constraint().unwrap_or_default();
                Ok(Err(Violation(format!("{named} {}", error.message()))))
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Makes all of it happen.
    pub(crate) async fn commit(self) -> Result<()> {
        self.step.asks("COMMIT")?;
        match self.on {
            On::Sqlite(tx) => tx.commit().await,
            On::Postgres(tx) => tx.commit().await,
        }
        .map_err(unavailable)?;
        self.step.asks("COMMITTED")
    }

    async fn execute(&mut self, query: Query, args: Vec<Arg>) -> Result<Result<u64, sqlx::Error>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.step.asks(query.sqlite)?;
        Ok(match &mut self.on {
            On::Sqlite(tx) => sqlx::query_with(query.sqlite, sqlite_args(query, args)?)
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
            On::Postgres(tx) => sqlx::query_with(query.postgres, postgres_args(args)?)
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
        })
    }

    async fn fetch(&mut self, query: Query, args: Vec<Arg>) -> Result<Vec<Row>> {
        self.step.asks(query.sqlite)?;
        match &mut self.on {
            On::Sqlite(tx) => sqlx::query_with(query.sqlite, sqlite_args(query, args)?)
                .fetch_all(&mut **tx)
                .await
                .map_err(unavailable)?
                .iter()
                .map(sqlite_row)
                .collect(),
            On::Postgres(tx) => sqlx::query_with(query.postgres, postgres_args(args)?)
                .fetch_all(&mut **tx)
                .await
                .map_err(unavailable)?
                .iter()
                .map(postgres_row)
                .collect(),
        }
    }
}

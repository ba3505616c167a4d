//! The schema's versions, from the first one on: each is a file, applied once, in order.

use crate::db::{Cells, Db};
use crate::error::Error;
use jiff::Timestamp;

/// Every migration, in order; the number is its place in the list.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_first.sql")];

/// Brings the schema up to date; two programs starting at once do it one after the other.
pub(crate) async fn migrate(db: &Db, now: Timestamp) -> Result<(), Error> {
    let mut tx = db.write().await?;
    tx.script(
        "CREATE TABLE IF NOT EXISTS crm_schema (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)"
            .into(),
    )
    .await?;
    let found = match tx.row("SELECT MAX(version) FROM crm_schema", vec![]).await? {
        Some(mut row) => row.int_or_null()?.unwrap_or(0),
        None => 0,
    };
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    for (version, text) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        tx.script(db.dialect(text)).await?;
        tx.insert("crm_schema", Cells::default().set("version", version).set("applied_at", now)).await?;
    }
    tx.commit().await
}

//! Leases in a database, by the database's clock.

use super::{Sql, fenced, statements};
use crate::error::{Result, StoreError};
use crate::rows::Lease;
use crate::value::args;
use jiff::Timestamp;

statements! {
    // Free when it never was, was released, or ended longer ago than the grace. The wakings known are noted with it.
    TAKE = "INSERT INTO sync_lease (name, holder, fence, ends, noted) \
        VALUES ($1, $2, 1, $3, COALESCE((SELECT woken FROM sync_pairing WHERE id = $1), 0)) \
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = sync_lease.fence + 1, \
            ends = excluded.ends, noted = excluded.noted \
        WHERE sync_lease.ends IS NULL OR sync_lease.ends <= $4 \
        RETURNING fence";
    RENEW = "UPDATE sync_lease SET ends = $2 WHERE name = $1";
    RELEASE = "UPDATE sync_lease SET holder = NULL, ends = NULL WHERE name = $1";
}

fn micros(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000)
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

impl Sql {
    pub(crate) async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        ttl_ms: u64,
        grace_ms: u64,
    ) -> Result<Option<Lease>> {
        let now = self.db.now().await?;
        let until = instant(now.saturating_add(micros(ttl_ms)));
        let ended_before = now.saturating_sub(micros(grace_ms));
        let mut tx = self.db.begin().await?;
        let rows = tx.returning(TAKE, args![name, holder, until, ended_before]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let lease = Lease { name: name.to_owned(), holder: holder.to_owned(), fence: row.count(0)?, until };
        tx.commit().await?;
        Ok(Some(lease))
    }

    pub(crate) async fn renew_lease(&self, lease: &Lease, ttl_ms: u64) -> Result<Lease> {
        let until = instant(self.db.now().await?.saturating_add(micros(ttl_ms)));
        let mut tx = self.db.begin().await?;
        fenced(&mut tx, lease, &lease.name).await?;
        if tx.run(RENEW, args![&lease.name, until]).await? == 0 {
            return Err(StoreError::Fenced);
        }
        tx.commit().await?;
        Ok(Lease { until, ..lease.clone() })
    }

    pub(crate) async fn release_lease(&self, lease: &Lease) -> Result<()> {
        let mut tx = self.db.begin().await?;
        fenced(&mut tx, lease, &lease.name).await?;
        tx.run(RELEASE, args![&lease.name]).await?;
        tx.commit().await
    }
}

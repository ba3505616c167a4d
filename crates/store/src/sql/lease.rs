//! Leases in a database, by the database's clock.

use super::pairing::NEVER;
use super::{Sql, fenced, statements};
use crate::db::{IS_DEAD, Tx};
use crate::error::{Result, StoreError};
use crate::limits::{CALL_MS, DEAD_CALL_MS};
use crate::rows::Lease;
use crate::serve::{Locked, ServeClaim};
use crate::value::{args, instant};
use jiff::Timestamp;

statements! {
    // Free when it never was, was released, or ended longer ago than the grace. The wakings known are noted with it.
    TAKE = "INSERT INTO sync_lease (name, holder, fence, ends, noted) \
        VALUES ($1, $2, 1, $3, COALESCE((SELECT woken FROM sync_pairing WHERE id = $1), 0)) \
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = sync_lease.fence + 1, \
            ends = excluded.ends, noted = excluded.noted \
        WHERE sync_lease.ends IS NULL OR sync_lease.ends <= $4 \
        RETURNING fence";
    HOLDERS = "SELECT DISTINCT holder FROM sync_lease WHERE holder IS NOT NULL";
    // Where no intent is open no write is under way, for each is stored before it is sent: free at once. Else a taker waits
    // until what the dead one had sent has arrived.
    END_DEAD = "UPDATE sync_lease SET holder = NULL, fence = fence + 1, \
        ends = CASE WHEN NOT EXISTS (SELECT 1 FROM sync_intent i WHERE i.pairing = sync_lease.name) THEN NULL \
            WHEN ends < $2 THEN ends ELSE $2 END WHERE holder = $1";
    RENEW = "UPDATE sync_lease SET ends = $2 WHERE name = $1";
    RELEASE = "UPDATE sync_lease SET holder = NULL, ends = NULL WHERE name = $1";
    // The heartbeat of a cycle in which nothing happened, and its lease given back: one statement, one row. Not where a
    // waking is to be noted as served.
    BEAT = "UPDATE sync_lease SET holder = NULL, ends = NULL, beat = $4, beat_next = $5, beat_fence = fence \
        WHERE name = $1 AND fence = $2 AND holder = $3 \
        AND EXISTS (SELECT 1 FROM sync_pairing p WHERE p.id = $1 AND p.served = sync_lease.noted)";
}

fn micros(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000)
}

fn ends(micros: i64) -> Timestamp {
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
        self.db.show_presence(holder).await?;
        let now = self.db.now().await?;
        let until = ends(now.saturating_add(micros(ttl_ms)));
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
        self.db.show_presence(&lease.holder).await?;
        let until = ends(self.db.now().await?.saturating_add(micros(ttl_ms)));
        let mut tx = self.db.begin().await?;
        fenced(&mut tx, lease, &lease.name).await?;
        if tx.run(RENEW, args![&lease.name, until]).await? == 0 {
            return Err(StoreError::Fenced);
        }
        tx.commit().await?;
        Ok(Lease { until, ..lease.clone() })
    }

    pub(crate) async fn claim_serve(&self, holder: &str) -> Result<ServeClaim> {
        let Some(file) = self.db.file() else {
            self.db.show_presence(holder).await?;
            self.end_leases_of_the_dead().await?;
            return Ok(ServeClaim::shared());
        };
        let locked = Locked::of_file(file)?;
        if let Some(dead) = locked.before() {
            let mut tx = self.db.begin().await?;
            self.bury(&mut tx, dead).await?;
            tx.commit().await?;
        }
        locked.claim(holder, self.db.clock())
    }

    pub(crate) async fn end_leases_of_the_dead(&self) -> Result<u64> {
        if self.db.file().is_some() {
            return Ok(0);
        }
        let mut ended = 0;
        for row in self.db.all(HOLDERS, args![]).await? {
            let holder = row.text(0)?;
            let mut tx = self.db.begin().await?;
            if tx.one(IS_DEAD, args![holder]).await?.is_some() {
                ended += self.bury(&mut tx, holder).await?;
                tx.commit().await?;
            }
        }
        Ok(ended)
    }

    /// Ends every lease of a holder that is known to be dead.
    async fn bury(&self, tx: &mut Tx, holder: &str) -> Result<u64> {
        let arrived = self.db.now().await?.saturating_add(micros(DEAD_CALL_MS)).saturating_sub(micros(CALL_MS));
        tx.run(END_DEAD, args![holder, arrived]).await
    }

    pub(crate) async fn beat(&self, lease: &Lease, at: Timestamp, next: Option<Timestamp>) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let next = instant(next, NEVER);
        let beaten = tx.run(BEAT, args![&lease.name, lease.fence, &lease.holder, at, next]).await? > 0;
        tx.commit().await?;
        Ok(beaten)
    }

    pub(crate) async fn release_lease(&self, lease: &Lease) -> Result<()> {
        let mut tx = self.db.begin().await?;
        fenced(&mut tx, lease, &lease.name).await?;
        tx.run(RELEASE, args![&lease.name]).await?;
        tx.commit().await
    }
}

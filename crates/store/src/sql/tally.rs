//! Counters, brakes and overviews in a database.

use super::pairing::{PAGE, pairing_of};
use super::{Sql, statements};
use crate::answer::{Backlog, CountSum, Counts, PairingStatus, Whose};
use crate::checks::hour;
use crate::count::Count;
use crate::db::{Query, Tx};
use crate::error::{Result, StoreError};
use crate::rows::{Brake, Lease, Pairing};
use crate::value::{Row, args, doc};
use jiff::Timestamp;
use model::{Domain, PairingId, Side};
use std::collections::{BTreeMap, BTreeSet};

macro_rules! sums {
    ($of:literal) => {
        concat!(
            "SELECT c.domain, c.side, c.what, CAST(SUM(c.records) AS BIGINT), COUNT(DISTINCT c.pairing) FROM sync_count c ",
            $of,
            " GROUP BY c.domain, c.side, c.what"
        )
    };
}

statements! {
    COUNT = "INSERT INTO sync_count (pairing, hour, domain, side, what, records) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (pairing, hour, domain, side, what) DO UPDATE SET records = sync_count.records + excluded.records";
    DROP_LATER = "DELETE FROM sync_count WHERE pairing = $1 AND hour > $2";
    SUMS = sums!("WHERE c.hour >= $1");
    SUMS_OF_PAIRING = sums!("WHERE c.hour >= $1 AND c.pairing = $2");
    SUMS_OF_CRM = sums!("JOIN sync_pairing p ON p.id = c.pairing WHERE c.hour >= $1 AND p.crm = $2");
    SUMS_OF_CONNECTION = sums!("JOIN sync_pairing p ON p.id = c.pairing WHERE c.hour >= $1 AND p.connection = $2");
    PAIRINGS_THAT = "SELECT DISTINCT pairing FROM sync_count WHERE hour >= $1 AND side = $2 AND what = $3";
    BRAKES = "SELECT doc, released FROM sync_brake ORDER BY pairing, domain, side";
    // One that stands with the same digest stays as it is, with its release.
    PUT_BRAKE = "INSERT INTO sync_brake (pairing, domain, side, digest, released, doc) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (pairing, domain, side) DO UPDATE SET digest = excluded.digest, released = excluded.released, \
        doc = excluded.doc WHERE sync_brake.digest <> excluded.digest";
    STANDING = "SELECT digest FROM sync_brake WHERE pairing = $1 AND domain = $2 AND side = $3";
    RELEASE = "UPDATE sync_brake SET released = $4 WHERE pairing = $1 AND domain = $2 AND side = $3 AND digest = $4";
    DROP_BRAKE = "DELETE FROM sync_brake WHERE pairing = $1 AND domain = $2 AND side = $3";
    WAKE = "UPDATE sync_pairing SET woken = woken + 1 WHERE id = $1";
    WAKE_ALL = "UPDATE sync_pairing SET woken = woken + 1";
    QUARANTINED = "SELECT pairing, COUNT(*) FROM sync_quarantine WHERE pairing >= $1 AND pairing <= $2 GROUP BY pairing";
    HELD = "SELECT pairing, COUNT(*) FROM sync_held WHERE pairing >= $1 AND pairing <= $2 GROUP BY pairing";
    OBSERVED = "SELECT pairing, COUNT(*) FROM sync_observation WHERE pairing >= $1 AND pairing <= $2 GROUP BY pairing";
    BACKLOG = "SELECT (SELECT COUNT(*) FROM sync_pairing), (SELECT COUNT(*) FROM sync_pairing WHERE enabled = 1), \
        (SELECT COUNT(*) FROM sync_pairing WHERE stopped = 1), (SELECT COUNT(*) FROM sync_link), \
        (SELECT COUNT(*) FROM sync_observation), (SELECT COUNT(*) FROM sync_look), (SELECT COUNT(*) FROM sync_intent), \
        (SELECT COUNT(*) FROM sync_quarantine), (SELECT COUNT(*) FROM sync_held), \
        (SELECT COUNT(*) FROM sync_brake WHERE released IS NULL)";
}

/// Adds to a counter.
pub(super) async fn count(
    tx: &mut Tx,
    pairing: &PairingId,
    hour: i64,
    (domain, side, what, records): (Domain, Side, Count, u64),
) -> Result<()> {
    let values = args![pairing, hour, domain, side, what.as_str(), records];
    tx.run(COUNT, values).await?;
    Ok(())
}

/// What a clock that was ahead counted in hours to come would count in every hour until then.
pub(super) async fn put_right(tx: &mut Tx, pairing: &PairingId, now: Timestamp) -> Result<()> {
    tx.run(DROP_LATER, args![pairing, hour(now)]).await?;
    Ok(())
}

/// An empty text stands for all.
fn or_all(pairing: Option<&PairingId>, domain: Option<Domain>) -> (&str, &'static str) {
    (pairing.map_or("", PairingId::as_str), domain.map_or("", Domain::as_str))
}

fn brake_of(row: &Row) -> Result<Brake> {
    let brake: Brake = row.doc(0, "a brake")?;
    Ok(Brake { released: row.opt_text(1)?.map(ToOwned::to_owned), ..brake })
}

impl Sql {
    pub(crate) async fn counts(&self, whose: &Whose, since: Timestamp) -> Result<Counts> {
        let hour = hour(since);
        let rows = match whose {
            Whose::All => self.db.all(SUMS, args![hour]).await,
            Whose::Pairing(id) => self.db.all(SUMS_OF_PAIRING, args![hour, id]).await,
            Whose::Crm(crm) => self.db.all(SUMS_OF_CRM, args![hour, crm]).await,
            Whose::Connection(name) => self.db.all(SUMS_OF_CONNECTION, args![hour, name]).await,
        }?;
        rows.iter()
            .map(|row| {
                let key = (row.word(0, Domain::parse)?, row.word(1, Side::parse)?, row.word(2, Count::parse)?);
                let sum = CountSum { records: row.count(3)?, pairings: row.count(4)? };
                Ok((key, sum))
            })
            .collect()
    }

    pub(crate) async fn pairings_that(&self, side: Side, what: Count, since: Timestamp) -> Result<BTreeSet<PairingId>> {
        let rows = self.db.all(PAIRINGS_THAT, args![hour(since), side, what.as_str()]).await?;
        rows.iter().map(|row| Ok(PairingId::new(row.text(0)?))).collect()
    }

    pub(crate) async fn brakes(&self) -> Result<Vec<Brake>> {
        let rows = self.db.all(BRAKES, args![]).await?;
        rows.iter().map(brake_of).collect()
    }

    pub(crate) async fn put_brake(&self, lease: &Lease, brake: &Brake) -> Result<()> {
        let mut tx = self.db.begin().await?;
        super::fenced(&mut tx, lease, &lease.name).await?;
        let (pairing, domain) = or_all(brake.pairing.as_ref(), brake.domain);
        let standing = tx.one(STANDING, args![pairing, domain, brake.side]).await?;
        if let Some(row) = standing
            && row.text(0)? == brake.digest
        {
            return Ok(());
        }
        let values = args![pairing, domain, brake.side, &brake.digest, brake.released.as_ref(), doc(brake)];
        tx.run(PUT_BRAKE, values).await?;
        tx.commit().await
    }

    pub(crate) async fn release_brake(
        &self,
        pairing: Option<&PairingId>,
        domain: Option<Domain>,
        side: Side,
        digest: &str,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let (of, domain) = or_all(pairing, domain);
        let released = tx.run(RELEASE, args![of, domain, side, digest]).await?;
        if released == 0 {
            return Err(StoreError::NotFound("brake with this plan".into()));
        }
        match pairing {
            Some(pairing) => tx.run(WAKE, args![pairing]).await?,
            None => tx.run(WAKE_ALL, args![]).await?,
        };
        tx.commit().await
    }

    pub(crate) async fn drop_brake(
        &self,
        lease: &Lease,
        pairing: Option<&PairingId>,
        domain: Option<Domain>,
        side: Side,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        super::fenced(&mut tx, lease, &lease.name).await?;
        let (pairing, domain) = or_all(pairing, domain);
        tx.run(DROP_BRAKE, args![pairing, domain, side]).await?;
        tx.commit().await
    }

    pub(crate) async fn overview(&self, after: Option<&PairingId>, limit: usize) -> Result<Vec<PairingStatus>> {
        let after = after.map_or("", PairingId::as_str);
        let rows = self.db.all(PAGE, args![after, limit]).await?;
        self.with_numbers(rows.iter().map(pairing_of).collect::<Result<_>>()?).await
    }

    pub(crate) async fn status(&self, pairing: &PairingId) -> Result<Option<PairingStatus>> {
        let pairing = self.pairing(pairing).await?;
        Ok(self.with_numbers(pairing.into_iter().collect()).await?.pop())
    }

    /// Pairings in order of their ids, without a gap, with what is counted of each.
    async fn with_numbers(&self, pairings: Vec<Pairing>) -> Result<Vec<PairingStatus>> {
        let (Some(first), Some(last)) = (pairings.first(), pairings.last()) else {
            return Ok(Vec::new());
        };
        let (first, last) = (first.id.clone(), last.id.clone());
        let mut links = self.count_links_between(&first, &last).await?;
        let quarantined = self.count_between(QUARANTINED, &first, &last).await?;
        let held = self.count_between(HELD, &first, &last).await?;
        let observed = self.count_between(OBSERVED, &first, &last).await?;
        Ok(pairings
            .into_iter()
            .map(|pairing| PairingStatus {
                links: links.remove(&pairing.id).unwrap_or_default(),
                quarantined: quarantined.get(&pairing.id).copied().unwrap_or(0),
                held: held.get(&pairing.id).copied().unwrap_or(0),
                observations: observed.get(&pairing.id).copied().unwrap_or(0),
                pairing,
            })
            .collect())
    }

    async fn count_between(
        &self,
        statement: Query,
        first: &PairingId,
        last: &PairingId,
    ) -> Result<BTreeMap<PairingId, u64>> {
        let rows = self.db.all(statement, args![first, last]).await?;
        rows.iter().map(|row| Ok((PairingId::new(row.text(0)?), row.count(1)?))).collect()
    }

    pub(crate) async fn backlog(&self) -> Result<Backlog> {
        let Some(row) = self.db.one(BACKLOG, args![]).await? else {
            return Ok(Backlog::default());
        };
        Ok(Backlog {
            pairings: row.count(0)?,
            enabled: row.count(1)?,
            stopped: row.count(2)?,
            links: row.count(3)?,
            observations: row.count(4)?,
            looks: row.count(5)?,
            intents: row.count(6)?,
            quarantined: row.count(7)?,
            held: row.count(8)?,
            brakes: row.count(9)?,
        })
    }
}

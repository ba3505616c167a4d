//! How long changes took, in a database.

use super::{Sql, statements};
use crate::error::Result;
use crate::latency::{Latencies, Part, SLOT_S, slot};
use crate::value::args;
use jiff::Timestamp;
use model::Side;

statements! {
    ADD = "INSERT INTO sync_latency (slot, part, side, class, changes) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (slot, part, side, class) DO UPDATE SET changes = sync_latency.changes + excluded.changes";
    FORGET = "DELETE FROM sync_latency WHERE slot < $1";
    SUMS = "SELECT part, side, class, CAST(SUM(changes) AS BIGINT) FROM sync_latency WHERE slot >= $1 \
        GROUP BY part, side, class";
}

impl Sql {
    pub(crate) async fn add_latencies(&self, at: Timestamp, latencies: &Latencies) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let slot = slot(at);
        for (part, side, class, count) in latencies.classes() {
            tx.run(ADD, args![slot, part.as_str(), side, u64::from(class), count]).await?;
        }
        tx.run(FORGET, args![slot - crate::latency::KEPT_S / SLOT_S]).await?;
        tx.commit().await
    }

    pub(crate) async fn latencies(&self, since: Timestamp) -> Result<Latencies> {
        let rows = self.db.all(SUMS, args![slot(since)]).await?;
        let mut all = Latencies::default();
        for row in &rows {
            let class = u32::try_from(row.count(2)?).unwrap_or(u32::MAX);
            all.add(row.word(0, Part::parse)?, row.word(1, Side::parse)?, class, row.count(3)?);
        }
        Ok(all)
    }
}

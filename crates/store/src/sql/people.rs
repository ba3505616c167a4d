//! Questions, quarantine, history and its retention, in a database.

use super::{Sql, statements};
use crate::answer::{HeldFilter, HistoryFilter, HistoryKey, HistoryLine, QuarantineKey, Retention, Swept};
use crate::checks::{before, hour, reduce};
use crate::db::{Query, Tx};
use crate::error::Result;
use crate::limits::SWEEP;
use crate::rows::{Held, History, Quarantine};
use crate::value::{Row, args, doc, instant};
use jiff::Timestamp;
use model::{Kind, PairingId, Side};

macro_rules! lines {
    () => {
        "SELECT pairing, number, written_at, doc FROM sync_history WHERE written_at >= $1 AND written_at < $2 \
         AND (CAST($3 AS TEXT) IS NULL OR cycle = $3) \
         AND (CAST($4 AS TEXT) IS NULL OR crm_id = $4) AND (CAST($5 AS TEXT) IS NULL OR pim_id = $5) \
         AND (written_at, pairing, number) < ($6, $7, $8)"
    };
}

statements! {
    HELD = "SELECT doc FROM sync_held WHERE id > $1 AND (CAST($2 AS TEXT) IS NULL OR pairing = $2) \
        AND (CAST($3 AS TEXT) IS NULL OR domain = $3) ORDER BY id LIMIT $4";
    PUT_HELD = "INSERT INTO sync_held (id, pairing, domain, doc) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (id) DO UPDATE SET pairing = excluded.pairing, domain = excluded.domain, doc = excluded.doc";
    DROP_HELD = "DELETE FROM sync_held WHERE id = $1 AND pairing = $2";
    ANSWER = "DELETE FROM sync_held WHERE id = $1 RETURNING doc";
    QUARANTINE = "SELECT pairing, doc FROM sync_quarantine WHERE (CAST($1 AS TEXT) IS NULL OR pairing = $1) \
        AND (pairing, side, kind, id) > ($2, $3, $4, $5) AND (CAST($6 AS TEXT) IS NULL OR kind = $6) \
        ORDER BY pairing, side, kind, id LIMIT $7";
    LAST_NUMBER = "SELECT COALESCE(MAX(number), 0) FROM sync_history WHERE pairing = $1";
    ADD_LINE = "INSERT INTO sync_history (pairing, number, written_at, cycle, crm_id, pim_id, stage, doc) \
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7)";
    HISTORY = concat!(lines!(), " ORDER BY written_at DESC, pairing DESC, number DESC LIMIT $9");
    HISTORY_OF = concat!(lines!(), " AND pairing = $9 ORDER BY written_at DESC, pairing DESC, number DESC LIMIT $10");
    OLD_LINES = "SELECT pairing, number, written_at, doc FROM sync_history WHERE stage = $1 AND written_at < $2 \
        ORDER BY stage, written_at LIMIT $3";
    REDUCE = "UPDATE sync_history SET stage = $3, doc = $4 WHERE pairing = $1 AND number = $2";
    DROP_LINES = "DELETE FROM sync_history WHERE (pairing, number) IN \
        (SELECT pairing, number FROM sync_history WHERE written_at < $1 ORDER BY written_at LIMIT $2)";
    DROP_LATES = "DELETE FROM sync_late WHERE ends <= $1";
    DROP_COUNTS = "DELETE FROM sync_count WHERE hour < $1";
}

pub(super) async fn put_held(tx: &mut Tx, held: &Held) -> Result<()> {
    let values = args![&held.id, &held.pairing, held.domain, doc(held)];
    tx.run(PUT_HELD, values).await?;
    Ok(())
}

pub(super) async fn drop_held(tx: &mut Tx, pairing: &PairingId, id: &str) -> Result<()> {
    tx.run(DROP_HELD, args![id, pairing]).await?;
    Ok(())
}

/// Adds lines to a pairing's history; its lease makes the numbers ours alone.
pub(super) async fn add_history(tx: &mut Tx, pairing: &PairingId, lines: &[History]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let last = tx.one(LAST_NUMBER, args![pairing]).await?;
    let mut number = last.map_or(Ok(0), |row| row.int(0))?;
    for line in lines {
        number += 1;
        let (crm, pim) = (line.crm.as_ref(), line.pim.as_ref());
        let values = args![pairing, number, line.at, &line.cycle, crm, pim, doc(line)];
        tx.run(ADD_LINE, values).await?;
    }
    Ok(())
}

fn line_of(row: &Row) -> Result<HistoryLine> {
    Ok(HistoryLine {
        key: HistoryKey { at: row.instant(2)?, pairing: PairingId::new(row.text(0)?), number: row.count(1)? },
        line: row.doc(3, "a line of the history")?,
    })
}

impl Sql {
    pub(crate) async fn held(&self, filter: &HeldFilter, after: Option<&str>, limit: usize) -> Result<Vec<Held>> {
        let values = args![after.unwrap_or_default(), filter.pairing.as_ref(), filter.domain, limit];
        let rows = self.db.all(HELD, values).await?;
        rows.iter().map(|row| row.doc(0, "a question")).collect()
    }

    pub(crate) async fn answer_held(&self, id: &str) -> Result<Option<Held>> {
        let mut tx = self.db.begin().await?;
        let rows = tx.returning(ANSWER, args![id]).await?;
        let held = rows.first().map(|row| row.doc(0, "a question"));
        tx.commit().await?;
        held.transpose()
    }

    pub(crate) async fn quarantine(
        &self,
        pairing: Option<&PairingId>,
        kind: Option<Kind>,
        after: Option<&QuarantineKey>,
        limit: usize,
    ) -> Result<Vec<(PairingId, Quarantine)>> {
        let (of, side, last, id) = after
            .map_or(("", "", "", ""), |(of, side, kind, id)| (of.as_str(), side.as_str(), kind.as_str(), id.as_str()));
        let values = args![pairing, of, side, last, id, kind.map(Kind::as_str), limit];
        let rows = self.db.all(QUARANTINE, values).await?;
        rows.iter()
            .map(|row| {
                let of = PairingId::new(row.text(0)?);
                Ok((of, row.doc(1, "a quarantined record")?))
            })
            .collect()
    }

    pub(crate) async fn history(
        &self,
        filter: &HistoryFilter,
        after: Option<&HistoryKey>,
        limit: usize,
    ) -> Result<Vec<HistoryLine>> {
        let of_side = |side: Side| filter.record.as_ref().filter(|(of, _)| *of == side).map(|(_, id)| id);
        let mut values = args![
            instant(filter.since, i64::MIN),
            instant(filter.until, i64::MAX),
            filter.cycle.as_ref(),
            of_side(Side::Crm),
            of_side(Side::Pim),
            instant(after.map(|key| key.at), i64::MAX),
            after.map_or("", |key| key.pairing.as_str()),
            after.map_or(0, |key| key.number),
        ];
        let rows = match &filter.pairing {
            None => {
                values.extend(args![limit]);
                self.db.all(HISTORY, values).await?
            }
            Some(pairing) => {
                values.extend(args![pairing, limit]);
                self.db.all(HISTORY_OF, values).await?
            }
        };
        rows.iter().map(line_of).collect()
    }

    pub(crate) async fn purge(&self, now: Timestamp, retention: &Retention) -> Result<Swept> {
        let mut swept = Swept::default();
        let lines = before(now, retention.lines);
        swept.dropped = self.sweep(DROP_LINES, lines).await?;
        let (images, overruled) = (before(now, retention.images), before(now, retention.overruled));
        // Stage by stage: first what loses something at all, then what has nothing left to lose.
        swept.reduced += self.reduce(0, images.max(overruled), now, retention).await?;
        swept.reduced += self.reduce(1, images.min(overruled), now, retention).await?;
        let mut tx = self.db.begin().await?;
        tx.run(DROP_LATES, args![now]).await?;
        super::away::drop_old(&mut tx, before(now, retention.lines)).await?;
        tx.run(DROP_COUNTS, args![hour(before(now, retention.counts))]).await?;
        tx.commit().await?;
        Ok(swept)
    }

    /// Drops lines older than a time, a bounded number in each transaction.
    async fn sweep(&self, statement: Query, older: Timestamp) -> Result<u64> {
        let mut all = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let dropped = tx.run(statement, args![older, SWEEP]).await?;
            tx.commit().await?;
            all += dropped;
            if dropped < SWEEP as u64 {
                return Ok(all);
            }
        }
    }

    /// Takes from lines of a stage what is kept no longer; each one goes on to a later stage, so this ends.
    async fn reduce(&self, stage: i64, older: Timestamp, now: Timestamp, retention: &Retention) -> Result<u64> {
        let both = before(now, retention.images).min(before(now, retention.overruled));
        let mut all = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let rows = tx.all(OLD_LINES, args![stage, older, SWEEP]).await?;
            for row in &rows {
                let HistoryLine { key, mut line } = line_of(row)?;
                all += u64::from(reduce(&mut line, now, retention));
                let next: i64 = if line.at < both { 2 } else { 1 };
                let values = args![&key.pairing, key.number, next, doc(&line)];
                tx.run(REDUCE, values).await?;
            }
            tx.commit().await?;
            if rows.len() < SWEEP {
                return Ok(all);
            }
        }
    }
}

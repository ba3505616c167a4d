//! Cursors and observations in a database.

use super::{Sql, fenced, lock, look, statements};
use crate::change::Seen;
use crate::db::Tx;
use crate::error::Result;
use crate::rows::{Cursor, Lease, Observation, Quarantine, Stranger};
use crate::value::{args, doc};
use model::{Kind, PairingId, RecordId, Side, Version};

statements! {
    CURSORS = "SELECT doc FROM sync_cursor WHERE pairing = $1 ORDER BY side, kind, folder";
    SET_CURSOR = "INSERT INTO sync_cursor (pairing, side, kind, folder, doc) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (pairing, side, kind, folder) DO UPDATE SET doc = excluded.doc";
    NOTE = "INSERT INTO sync_listed (pairing, side, kind, folder, id) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (pairing, side, kind, folder, id) DO NOTHING";
    UNLIST = "DELETE FROM sync_listed WHERE pairing = $1 AND side = $2 AND kind = $3 AND folder = $4";
    OBSERVE = "INSERT INTO sync_observation (pairing, kind, side, id, version, seen_at, doc) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (pairing, kind, side, id) DO UPDATE SET \
        version = excluded.version, seen_at = excluded.seen_at, doc = excluded.doc";
    TAKE = "DELETE FROM sync_observation WHERE pairing = $1 AND kind = $2 AND side = $3 AND id = $4 AND version = $5";
    DROP = "DELETE FROM sync_observation WHERE pairing = $1 AND kind = $2 AND side = $3 AND id = $4";
    UNHASH = "DELETE FROM sync_hash WHERE pairing = $1 AND side = $2 AND kind = $3 AND id = $4";
    HASH = "INSERT INTO sync_hash (pairing, side, kind, hash, id) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (pairing, side, kind, hash, id) DO NOTHING";
    OBSERVED = "SELECT doc FROM sync_observation WHERE pairing = $1 AND side = $2 AND kind = $3 AND id = $4";
    STRANGER = "SELECT doc FROM sync_stranger WHERE pairing = $1 AND side = $2 AND kind = $3 AND id = $4";
    DROP_STRANGER = "DELETE FROM sync_stranger WHERE pairing = $1 AND side = $2 AND kind = $3 AND id = $4";
    PUT_STRANGER = "INSERT INTO sync_stranger (pairing, side, kind, id, reason, doc) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (pairing, side, kind, id) DO UPDATE SET reason = excluded.reason, doc = excluded.doc";
    QUARANTINE = "INSERT INTO sync_quarantine (pairing, side, kind, id, doc) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (pairing, side, kind, id) DO UPDATE SET doc = excluded.doc";
    FORGET_CURSORS = "DELETE FROM sync_cursor WHERE pairing = $1";
    FORGET_LISTED = "DELETE FROM sync_listed WHERE pairing = $1";
    FORGET_OBSERVATIONS = "DELETE FROM sync_observation WHERE pairing = $1";
    FORGET_STRANGERS = "DELETE FROM sync_stranger WHERE pairing = $1";
    FORGET_HASHES = "DELETE FROM sync_hash WHERE pairing = $1";
    FORGET_QUARANTINE = "DELETE FROM sync_quarantine WHERE pairing = $1";
}

/// Cursors, observations, strangers and quarantine go together (invariant 6).
pub(super) async fn drop_observing(tx: &mut Tx, pairing: &PairingId) -> Result<()> {
    for statement in
        [FORGET_CURSORS, FORGET_LISTED, FORGET_OBSERVATIONS, FORGET_STRANGERS, FORGET_HASHES, FORGET_QUARANTINE]
    {
        tx.run(statement, args![pairing]).await?;
    }
    Ok(())
}

async fn observe(tx: &mut Tx, pairing: &PairingId, row: &Observation) -> Result<()> {
    let (side, kind, id) = (row.side, row.kind, &row.id);
    tx.run(DROP_STRANGER, args![pairing, side, kind, id]).await?;
    let values = args![pairing, kind, side, id, &row.version, row.at, doc(row)];
    tx.run(OBSERVE, values).await?;
    tx.run(UNHASH, args![pairing, side, kind, id]).await?;
    hash(tx, pairing, side, kind, id, &row.hashes).await
}

async fn hash(
    tx: &mut Tx,
    pairing: &PairingId,
    side: Side,
    kind: Kind,
    id: &RecordId,
    hashes: &[String],
) -> Result<()> {
    for hash in hashes {
        tx.run(HASH, args![pairing, side, kind, hash, id]).await?;
    }
    Ok(())
}

/// After an observation went: the hashes of its record are its stranger's, if it is one.
async fn rehash(tx: &mut Tx, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<()> {
    tx.run(UNHASH, args![pairing, side, kind, id]).await?;
    let row = tx.one(STRANGER, args![pairing, side, kind, id]).await?;
    let stranger: Option<Stranger> = row.map(|row| row.doc(0, "a stranger")).transpose()?;
    let hashes = stranger.map(|row| row.hashes).unwrap_or_default();
    hash(tx, pairing, side, kind, id, &hashes).await
}

/// Drops an observation if it still has the version.
pub(super) async fn take(
    tx: &mut Tx,
    pairing: &PairingId,
    (side, kind, id, version): &(Side, Kind, RecordId, Version),
) -> Result<()> {
    let taken = tx.run(TAKE, args![pairing, *kind, *side, id, version]).await?;
    if taken > 0 {
        rehash(tx, pairing, *side, *kind, id).await?;
    }
    Ok(())
}

/// Drops what was seen of a record, whatever its version.
pub(super) async fn drop(tx: &mut Tx, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<()> {
    if tx.run(DROP, args![pairing, kind, side, id]).await? > 0 {
        rehash(tx, pairing, side, kind, id).await?;
    }
    Ok(())
}

/// Keeps a record out.
pub(super) async fn put_stranger(tx: &mut Tx, pairing: &PairingId, row: &Stranger) -> Result<()> {
    let (side, kind, id) = (row.side, row.kind, &row.id);
    let values = args![pairing, side, kind, id, &row.reason, doc(row)];
    tx.run(PUT_STRANGER, values).await?;
    unhash_stranger(tx, pairing, side, kind, id).await?;
    hash(tx, pairing, side, kind, id, &row.hashes).await
}

/// A record that was linked is no stranger.
pub(super) async fn drop_stranger(
    tx: &mut Tx,
    pairing: &PairingId,
    side: Side,
    kind: Kind,
    id: &RecordId,
) -> Result<()> {
    let dropped = tx.run(DROP_STRANGER, args![pairing, side, kind, id]).await?;
    if dropped > 0 {
        unhash_stranger(tx, pairing, side, kind, id).await?;
    }
    Ok(())
}

/// After a stranger went or changed: the hashes of its record are its observation's, if there is one.
async fn unhash_stranger(tx: &mut Tx, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<()> {
    tx.run(UNHASH, args![pairing, side, kind, id]).await?;
    let row = tx.one(OBSERVED, args![pairing, side, kind, id]).await?;
    let observed: Option<Observation> = row.map(|row| row.doc(0, "an observation")).transpose()?;
    let hashes = observed.map(|row| row.hashes).unwrap_or_default();
    hash(tx, pairing, side, kind, id, &hashes).await
}

/// Quarantines a record.
pub(super) async fn quarantine(tx: &mut Tx, pairing: &PairingId, row: &Quarantine) -> Result<()> {
    let values = args![pairing, row.side, row.kind, &row.id, doc(row)];
    tx.run(QUARANTINE, values).await?;
    Ok(())
}

impl Sql {
    pub(crate) async fn cursors(&self, pairing: &PairingId) -> Result<Vec<Cursor>> {
        let rows = self.db.all(CURSORS, args![pairing]).await?;
        rows.iter().map(|row| row.doc(0, "a cursor")).collect()
    }

    pub(crate) async fn save_seen(&self, lease: &Lease, pairing: &PairingId, seen: &Seen) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        fenced(&mut tx, lease, pairing.as_str()).await?;
        if !(seen.looked.is_empty() && seen.looks.is_empty() && seen.listing_ended.is_none()) {
            lock(&mut tx, pairing).await?;
        }
        look::done(&mut tx, pairing, &seen.looked).await?;
        for row in &seen.observations {
            observe(&mut tx, pairing, row).await?;
        }
        for row in &seen.quarantine {
            let dropped = tx.run(DROP, args![pairing, row.kind, row.side, &row.id]).await?;
            if dropped > 0 {
                rehash(&mut tx, pairing, row.side, row.kind, &row.id).await?;
            }
            quarantine(&mut tx, pairing, row).await?;
        }
        look::add(&mut tx, pairing, &seen.looks).await?;
        if let Some(cursor) = &seen.cursor {
            let (side, kind, folder) = (cursor.side, cursor.kind, &cursor.folder);
            if cursor.text.is_none() {
                tx.run(UNLIST, args![pairing, side, kind, folder]).await?;
            }
            tx.run(SET_CURSOR, args![pairing, side, kind, folder, doc(cursor)]).await?;
        }
        if let Some((side, kind, folder)) = seen.listed_in() {
            for id in &seen.listed {
                tx.run(NOTE, args![pairing, side, kind, folder, id]).await?;
            }
        }
        let mut missing = 0;
        if let Some((side, kind, folder)) = &seen.listing_ended {
            missing = look::missing(&mut tx, pairing, *side, *kind, folder.as_str()).await?;
            tx.run(UNLIST, args![pairing, *side, *kind, folder]).await?;
        }
        tx.commit().await?;
        Ok(missing)
    }

    pub(crate) async fn drop_observing(&self, lease: &Lease, pairing: &PairingId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        fenced(&mut tx, lease, pairing.as_str()).await?;
        drop_observing(&mut tx, pairing).await?;
        tx.commit().await
    }
}

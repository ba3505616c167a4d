//! Cursors and observations in a database.

use super::many::many;
use super::{Sql, fenced, inventory, lock, look, statements};
use crate::change::Seen;
use crate::db::Tx;
use crate::error::Result;
use crate::rows::{Cursor, Lease, Observation, Quarantine, Stranger};
use crate::value::{Arg, args, doc};
use model::{Kind, PairingId, RecordId, Side, Version};
use std::collections::BTreeMap;

/// So many characters of a match key are enough to find by.
const SHORT: usize = 16;
/// So many documents are written out and handed to the database at once: more would be held beside the page they come from.
const AT_ONCE: usize = 64;

statements! {
    CURSORS = "SELECT doc FROM sync_cursor WHERE pairing = $1 ORDER BY side, kind, folder";
    SET_CURSOR = "INSERT INTO sync_cursor (pairing, side, kind, folder, doc) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (pairing, side, kind, folder) DO UPDATE SET doc = excluded.doc";
    UNLIST = "DELETE FROM sync_listed WHERE pairing = $1 AND side = $2 AND kind = $3 AND folder = $4";
    TAKE = "DELETE FROM sync_observation WHERE pairing = $1 AND kind = $2 AND side = $3 AND id = $4 AND version = $5";
    DROP = "DELETE FROM sync_observation WHERE pairing = $1 AND kind = $2 AND side = $3 AND id = $4";
    OBSERVED = "SELECT doc FROM sync_observation WHERE pairing = $1 AND side = $2 AND kind = $3 AND id = $4";
    STRANGER = "SELECT doc FROM sync_stranger WHERE pairing = $1 AND side = $2 AND kind = $3 AND id = $4";
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

/// Of what a full listing showed only the ids of links are asked for when it ends, so no other is noted.
macro_rules! noted {
    ($end:literal) => {
        concat!(
            "INSERT INTO sync_listed (pairing, side, kind, folder, id) \
             SELECT l.pairing, $2, l.kind, $4, l.",
            $end,
            " FROM sync_link l \
             WHERE l.pairing = $1 AND l.kind = $3 AND l.",
            $end,
            " IN ("
        )
    };
}

many! {
    NOTE_CRM(4, 1) = noted!("crm_id"), "" .. "", ") ON CONFLICT (pairing, side, kind, folder, id) DO NOTHING";
    NOTE_PIM(4, 1) = noted!("pim_id"), "" .. "", ") ON CONFLICT (pairing, side, kind, folder, id) DO NOTHING";
    OBSERVE(3, 4) = "INSERT INTO sync_observation (pairing, side, kind, id, version, seen_at, doc) \
        SELECT $1, $2, $3, v.column1, v.column2, CAST(v.column3 AS BIGINT), v.column4 FROM (VALUES ",
        "(" .. ")",
        ") AS v WHERE TRUE ON CONFLICT (pairing, kind, side, id) DO UPDATE SET \
        version = excluded.version, seen_at = excluded.seen_at, doc = excluded.doc";
    UNHASH(3, 1) = "DELETE FROM sync_hash WHERE pairing = $1 AND side = $2 AND kind = $3 AND id IN (", "" .. "", ")";
    HASH(3, 2) = "INSERT INTO sync_hash (pairing, side, kind, hash, id) \
        SELECT $1, $2, $3, v.column1, v.column2 FROM (VALUES ", "(" .. ")", ") AS v";
    DROP_STRANGER(3, 1) = "DELETE FROM sync_stranger WHERE pairing = $1 AND side = $2 AND kind = $3 AND id IN (",
        "" .. "", ")";
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

/// Stores what was seen of records, each with its match keys. What was seen of one twice, was seen last as it counts.
async fn observe(tx: &mut Tx, pairing: &PairingId, rows: &[Observation]) -> Result<()> {
    let mut groups: BTreeMap<(Side, Kind), BTreeMap<&RecordId, &Observation>> = BTreeMap::new();
    for row in rows {
        groups.entry((row.side, row.kind)).or_default().insert(&row.id, row);
    }
    for ((side, kind), rows) in groups {
        let shared = args![pairing, side, kind];
        let ids: Vec<Arg> = rows.keys().map(|id| Arg::from(*id)).collect();
        DROP_STRANGER.run(tx, shared.clone(), ids.clone()).await?;
        let mut rest = rows.values().zip(&ids).peekable();
        while rest.peek().is_some() {
            let some = rest.by_ref().take(AT_ONCE);
            let values =
                some.flat_map(|(row, id)| [id.clone()].into_iter().chain(args![&row.version, row.at, doc(row)]));
            OBSERVE.run(tx, shared.clone(), values.collect()).await?;
        }
        let hashes = rows.values().zip(&ids).flat_map(|(row, id)| hashes_of(id, &row.hashes)).collect();
        UNHASH.run(tx, shared.clone(), ids).await?;
        HASH.run(tx, shared, hashes).await?;
    }
    Ok(())
}

fn hashes_of<'a>(id: &'a Arg, hashes: &'a [String]) -> impl Iterator<Item = Arg> + 'a {
    hashes.iter().flat_map(move |hash| [Arg::from(short(hash)), id.clone()])
}

/// What of a match key is kept beside the documents, to find a record by it.
pub(super) fn short(hash: &str) -> &str {
    hash.get(..SHORT).unwrap_or(hash)
}

/// Gives a record these match keys in place of those it had.
async fn hash_anew(
    tx: &mut Tx,
    pairing: &PairingId,
    (side, kind, id): (Side, Kind, &RecordId),
    hashes: &[String],
) -> Result<()> {
    UNHASH.run(tx, args![pairing, side, kind], args![id]).await?;
    HASH.run(tx, args![pairing, side, kind], hashes_of(&id.into(), hashes).collect()).await?;
    Ok(())
}

/// After an observation went: the hashes of its record are its stranger's, if it is one.
async fn rehash(tx: &mut Tx, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<()> {
    let row = tx.one(STRANGER, args![pairing, side, kind, id]).await?;
    let stranger: Option<Stranger> = row.map(|row| row.doc(0, "a stranger")).transpose()?;
    let hashes = stranger.map(|row| row.hashes).unwrap_or_default();
    hash_anew(tx, pairing, (side, kind, id), &hashes).await
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
    HASH.run(tx, args![pairing, side, kind], hashes_of(&id.into(), &row.hashes).collect()).await?;
    Ok(())
}

/// A record that was linked is no stranger.
pub(super) async fn drop_stranger(
    tx: &mut Tx,
    pairing: &PairingId,
    side: Side,
    kind: Kind,
    id: &RecordId,
) -> Result<()> {
    let dropped = DROP_STRANGER.run(tx, args![pairing, side, kind], args![id]).await?;
    if dropped > 0 {
        unhash_stranger(tx, pairing, side, kind, id).await?;
    }
    Ok(())
}

/// After a stranger went or changed: the hashes of its record are its observation's, if there is one.
async fn unhash_stranger(tx: &mut Tx, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<()> {
    let row = tx.one(OBSERVED, args![pairing, side, kind, id]).await?;
    let observed: Option<Observation> = row.map(|row| row.doc(0, "an observation")).transpose()?;
    let hashes = observed.map(|row| row.hashes).unwrap_or_default();
    hash_anew(tx, pairing, (side, kind, id), &hashes).await
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
        let no_looks = seen.looked.is_empty() && seen.looks.is_empty() && seen.shown.is_empty();
        if !(no_looks && seen.listing_ended.is_none()) {
            lock(&mut tx, pairing).await?;
        }
        look::done(&mut tx, pairing, &seen.looked).await?;
        observe(&mut tx, pairing, &seen.observations).await?;
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
            let unknown = inventory::unknown(&mut tx, pairing, kind, &seen.shown).await?;
            look::add(&mut tx, pairing, &unknown).await?;
            let ids = seen.listed.iter().chain(seen.shown.iter().map(|(id, _)| id)).map(Arg::from).collect();
            let note = match side {
                Side::Crm => &NOTE_CRM,
                Side::Pim => &NOTE_PIM,
            };
            note.run(&mut tx, args![pairing, side, kind, folder], ids).await?;
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

//! Copies that were taken out of a mailbox though their records stand, and items that wait for another's copy, in a database.

use super::{Sql, statements};
use crate::db::Tx;
use crate::error::Result;
use crate::rows::Away;
use crate::value::{args, doc};
use jiff::Timestamp;
use model::{Kind, PairingId, RecordId};

statements! {
    PUT = "INSERT INTO sync_away (pairing, kind, crm_id, since, doc) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (pairing, kind, crm_id) DO UPDATE SET since = EXCLUDED.since, doc = EXCLUDED.doc";
    DROP = "DELETE FROM sync_away WHERE pairing = $1 AND kind = $2 AND crm_id = $3";
    OF_CRM_ID = "SELECT doc FROM sync_away WHERE pairing = $1 AND kind = $2 AND crm_id = $3";
    DROP_OLD = "DELETE FROM sync_away WHERE since < $1";
    FORGET = "DELETE FROM sync_away WHERE pairing = $1";
    WAIT = "INSERT INTO sync_awaited (pairing, kind, pim_id, since) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (pairing, kind, pim_id) DO NOTHING";
    SINCE = "SELECT since FROM sync_awaited WHERE pairing = $1 AND kind = $2 AND pim_id = $3";
    DROP_OLD_WAITS = "DELETE FROM sync_awaited WHERE since < $1";
    // What was noted by a clock that was ahead counts from now.
    SINCE_NOW = "UPDATE sync_awaited SET since = $2 WHERE pairing = $1 AND since > $2";
    FORGET_WAITS = "DELETE FROM sync_awaited WHERE pairing = $1";
}

pub(super) async fn wait(tx: &mut Tx, pairing: &PairingId, kind: Kind, id: &RecordId, now: Timestamp) -> Result<()> {
    tx.run(WAIT, args![pairing, kind, id, now]).await?;
    Ok(())
}

pub(super) async fn put(tx: &mut Tx, row: &Away) -> Result<()> {
    let link = &row.link;
    tx.run(PUT, args![&link.pairing, link.kind, &link.crm.id, row.since, doc(row)]).await?;
    Ok(())
}

pub(super) async fn drop(tx: &mut Tx, pairing: &PairingId, kind: Kind, id: &RecordId) -> Result<()> {
    tx.run(DROP, args![pairing, kind, id]).await?;
    Ok(())
}

pub(super) async fn drop_old(tx: &mut Tx, before: Timestamp) -> Result<()> {
    tx.run(DROP_OLD, args![before]).await?;
    tx.run(DROP_OLD_WAITS, args![before]).await?;
    Ok(())
}

pub(super) async fn put_right(tx: &mut Tx, pairing: &PairingId, now: Timestamp) -> Result<()> {
    tx.run(SINCE_NOW, args![pairing, now]).await?;
    Ok(())
}

pub(super) async fn forget(tx: &mut Tx, pairing: &PairingId) -> Result<()> {
    tx.run(FORGET, args![pairing]).await?;
    tx.run(FORGET_WAITS, args![pairing]).await?;
    Ok(())
}

impl Sql {
    pub(crate) async fn away(&self, pairing: &PairingId, kind: Kind, crm: &RecordId) -> Result<Option<Away>> {
        let row = self.db.one(OF_CRM_ID, args![pairing, kind, crm]).await?;
        row.as_ref().map(|row| row.doc(0, "a copy taken away")).transpose()
    }

    pub(crate) async fn awaited(&self, pairing: &PairingId, kind: Kind, pim: &RecordId) -> Result<Option<Timestamp>> {
        let row = self.db.one(SINCE, args![pairing, kind, pim]).await?;
        row.map(|row| row.instant(0)).transpose()
    }
}

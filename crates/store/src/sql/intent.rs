//! Writes begun, in a database.

use super::{Sql, fenced, statements};
use crate::answer::Opened;
use crate::db::Tx;
use crate::error::{Key, Result, StoreError};
use crate::rows::{Intent, Late, Lease};
use crate::value::{Row, args, doc};
use model::{LinkId, PairingId};

/// How often an open create that vanished between two looks is asked for again.
const ATTEMPTS: u32 = 3;

statements! {
    // The shared key stays what it was: an intent's next step is the same create.
    STEP = "UPDATE sync_intent SET doc = $3 WHERE id = $1 AND pairing = $2";
    OPEN = "INSERT INTO sync_intent (id, pairing, crm, shared_key, doc) \
        SELECT $1, p.id, p.crm, $3, $4 FROM sync_pairing p WHERE p.id = $2 ON CONFLICT DO NOTHING";
    WHO = "SELECT i.pairing FROM sync_intent i JOIN sync_pairing p ON p.crm = i.crm WHERE i.shared_key = $1 AND p.id = $2";
    OWNER = "SELECT pairing FROM sync_intent WHERE id = $1";
    CLOSE = "DELETE FROM sync_intent WHERE id = $1 AND pairing = $2";
    BY_ID = "SELECT doc, shared_key FROM sync_intent WHERE id = $1";
    PAGE = "SELECT doc, shared_key FROM sync_intent WHERE pairing = $1 AND id > $2 ORDER BY id LIMIT $3";
    LATE = "SELECT mark, link, content, ends FROM sync_late WHERE pairing = $1 AND mark = $2";
    PUT_LATE = "INSERT INTO sync_late (pairing, mark, link, content, ends) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (pairing, mark) DO UPDATE SET link = excluded.link, content = excluded.content, ends = excluded.ends";
}

fn intent_of(row: &Row) -> Result<Intent> {
    let intent: Intent = row.doc(0, "an intent")?;
    Ok(Intent { shared_key: row.opt_text(1)?.map(ToOwned::to_owned), ..intent })
}

/// Opens an intent or its next step.
pub(super) async fn open(tx: &mut Tx, intent: &Intent) -> Result<Opened> {
    let pairing = &intent.pairing;
    let text = doc(intent);
    for _ in 0..ATTEMPTS {
        if tx.run(STEP, args![&intent.id, pairing, &text]).await? > 0 {
            return Ok(Opened::Open);
        }
        let key = intent.shared_key.as_ref();
        let values = args![&intent.id, pairing, key, &text];
        if tx.run(OPEN, values).await? > 0 {
            return Ok(Opened::Open);
        }
        if tx.one(OWNER, args![&intent.id]).await?.is_some() {
            return Err(StoreError::Taken(Key::Id));
        }
        if let Some(key) = key
            && let Some(row) = tx.one(WHO, args![key, pairing]).await?
        {
            let by = PairingId::new(row.text(0)?);
            return Ok(Opened::Taken { by });
        }
        // It was closed between the two statements: now it can be opened.
    }
    Err(StoreError::Unavailable("an open create kept changing".into()))
}

pub(super) async fn close(tx: &mut Tx, pairing: &PairingId, id: &str) -> Result<()> {
    tx.run(CLOSE, args![id, pairing]).await?;
    Ok(())
}

pub(super) async fn put_late(tx: &mut Tx, pairing: &PairingId, late: &Late) -> Result<()> {
    let values = args![pairing, &late.key, &late.link, &late.content, late.until];
    tx.run(PUT_LATE, values).await?;
    Ok(())
}

impl Sql {
    pub(crate) async fn open_intents(&self, lease: &Lease, intents: &[Intent]) -> Result<Vec<Opened>> {
        let mut tx = self.db.begin().await?;
        let mut opened = Vec::with_capacity(intents.len());
        for (place, intent) in intents.iter().enumerate() {
            if place == 0 {
                fenced(&mut tx, lease, intent.pairing.as_str()).await?;
            } else if intent.pairing.as_str() != lease.name {
                return Err(StoreError::Fenced);
            }
            opened.push(open(&mut tx, intent).await?);
        }
        tx.commit().await?;
        Ok(opened)
    }

    pub(crate) async fn intents(&self, pairing: &PairingId, after: Option<&str>, limit: usize) -> Result<Vec<Intent>> {
        let after = after.unwrap_or_default();
        let rows = self.db.all(PAGE, args![pairing, after, limit]).await?;
        rows.iter().map(intent_of).collect()
    }

    pub(crate) async fn intent(&self, id: &str) -> Result<Option<Intent>> {
        let row = self.db.one(BY_ID, args![id]).await?;
        row.as_ref().map(intent_of).transpose()
    }

    pub(crate) async fn late(&self, pairing: &PairingId, key: &str) -> Result<Option<Late>> {
        let row = self.db.one(LATE, args![pairing, key]).await?;
        row.map(|row| {
            Ok(Late {
                key: row.text(0)?.to_owned(),
                link: LinkId::new(row.text(1)?),
                content: row.text(2)?.to_owned(),
                until: row.instant(3)?,
            })
        })
        .transpose()
    }
}

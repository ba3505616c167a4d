//! Ids to look at, in a database: asked for by cycles, by the CRM reader, and when what scope reads has changed.

use super::pairing::NEVER;
use super::{Sql, fenced, lock, no_pairing, statements};
use crate::answer::{Concerns, StrangerKey};
use crate::db::Tx;
use crate::error::Result;
use crate::rows::{Lease, Look, Stranger};
use crate::value::{args, instant, word};
use jiff::Timestamp;
use model::{CrmId, Kind, PairingId, RecordId, Side, SleepCause};
use std::collections::BTreeSet;

macro_rules! again {
    () => {
        " ON CONFLICT (pairing, side, kind, id) DO UPDATE SET asked = sync_look.asked + 1, \
          not_before = CASE WHEN excluded.not_before < sync_look.not_before \
              THEN excluded.not_before ELSE sync_look.not_before END"
    };
}

macro_rules! not_seen_gone {
    ($side:literal, $end:literal) => {
        concat!(
            " AND NOT EXISTS (SELECT 1 FROM sync_observation o WHERE o.pairing = l.pairing AND o.kind = l.kind AND o.side = '",
            $side,
            "' AND o.id = l.",
            $end,
            " AND o.version = '')"
        )
    };
}

statements! {
    ADD = concat!("INSERT INTO sync_look (pairing, side, kind, id, not_before, asked) VALUES ($1, $2, $3, $4, $5, 1)", again!());
    DONE = "DELETE FROM sync_look WHERE pairing = $1 AND side = $2 AND kind = $3 AND id = $4 AND asked <= $5";
    RIPE = "SELECT side, kind, id, not_before, asked FROM sync_look WHERE pairing = $1 AND not_before <= $2 \
        ORDER BY side, kind, id LIMIT $3";
    MISSING_CRM = concat!("INSERT INTO sync_look (pairing, side, kind, id, not_before, asked) \
        SELECT l.pairing, 'crm', l.kind, l.crm_id, $4, 1 FROM sync_link l WHERE l.pairing = $1 AND l.kind = $2 \
        AND NOT EXISTS (SELECT 1 FROM sync_listed s WHERE s.pairing = l.pairing AND s.side = 'crm' \
            AND s.kind = l.kind AND s.folder = $3 AND s.id = l.crm_id)", not_seen_gone!("crm", "crm_id"), again!());
    MISSING_PIM = concat!("INSERT INTO sync_look (pairing, side, kind, id, not_before, asked) \
        SELECT l.pairing, 'pim', l.kind, l.pim_id, $4, 1 FROM sync_link l WHERE l.pairing = $1 AND l.kind = $2 \
        AND (l.folder = $3 OR l.folder IS NULL) \
        AND (l.sleep_cause IS NULL OR l.pim_version IS NULL OR l.pim_version <> '' \
            OR EXISTS (SELECT 1 FROM sync_observation o WHERE o.pairing = l.pairing AND o.kind = l.kind AND o.side = 'pim' \
                AND o.id = l.pim_id AND o.version <> '')) \
        AND NOT EXISTS (SELECT 1 FROM sync_listed s WHERE s.pairing = l.pairing AND s.side = 'pim' \
            AND s.kind = l.kind AND s.folder = $3 AND s.id = l.pim_id)", not_seen_gone!("pim", "pim_id"), again!());
    RIPEN = "UPDATE sync_look SET not_before = $3 WHERE pairing = $1 AND not_before > $2";
    STRANGERS = "SELECT doc FROM sync_stranger WHERE pairing = $1 AND (CAST($2 AS TEXT) IS NULL OR reason = $2) \
        AND (side, kind, id) > ($3, $4, $5) ORDER BY side, kind, id LIMIT $6";
    LOOK_AT_STRANGERS = concat!("INSERT INTO sync_look (pairing, side, kind, id, not_before, asked) \
        SELECT pairing, side, kind, id, $3, 1 FROM sync_stranger WHERE pairing = $1 AND reason = $2", again!());
    LOOK_AT_SLEEPERS_CRM = concat!("INSERT INTO sync_look (pairing, side, kind, id, not_before, asked) \
        SELECT pairing, 'crm', kind, crm_id, $3, 1 FROM sync_link WHERE pairing = $1 AND sleep_cause = $2", again!());
    LOOK_AT_SLEEPERS_PIM = concat!("INSERT INTO sync_look (pairing, side, kind, id, not_before, asked) \
        SELECT pairing, 'pim', kind, pim_id, $3, 1 FROM sync_link WHERE pairing = $1 AND sleep_cause = $2", again!());
    CRM_CURSOR = "SELECT feed_position FROM sync_reader WHERE crm = $1";
    SET_CRM_CURSOR = "INSERT INTO sync_reader (crm, feed_position) VALUES ($1, $2) \
        ON CONFLICT (crm) DO UPDATE SET feed_position = excluded.feed_position";
    OF_USER = "SELECT id FROM sync_pairing WHERE crm = $1 AND user_id = $2";
    LINKED = "SELECT l.pairing FROM sync_link l JOIN sync_pairing p ON p.id = l.pairing \
        WHERE l.kind = $1 AND l.crm_id = $2 AND p.crm = $3";
    WAKE = "UPDATE sync_pairing SET woken = woken + 1 WHERE id = $1";
}

/// Adds looks in one order, so that two writers never wait for each other.
pub(super) async fn add(tx: &mut Tx, pairing: &PairingId, looks: &[Look]) -> Result<()> {
    let mut looks: Vec<&Look> = looks.iter().collect();
    looks.sort();
    for look in looks {
        let values = args![pairing, look.side, look.kind, &look.id, instant(look.not_before, NEVER)];
        tx.run(ADD, values).await?;
    }
    Ok(())
}

/// Looks that were carried out go, unless they were asked for again meanwhile.
pub(super) async fn done(tx: &mut Tx, pairing: &PairingId, looked: &[Look]) -> Result<()> {
    for look in looked {
        let values = args![pairing, look.side, look.kind, &look.id, look.asked];
        tx.run(DONE, values).await?;
    }
    Ok(())
}

/// Every linked id of a folder that its full listing lacked is to be looked at; how many there are. What was seen to be gone
/// before, and waits for a person or sleeps because of it, is no news; one that was shown again since, and not judged yet, is.
pub(super) async fn missing(tx: &mut Tx, pairing: &PairingId, side: Side, kind: Kind, folder: &str) -> Result<u64> {
    let statement = match side {
        Side::Crm => MISSING_CRM,
        Side::Pim => MISSING_PIM,
    };
    tx.run(statement, args![pairing, kind, folder, NEVER]).await
}

impl Sql {
    pub(crate) async fn looks(&self, pairing: &PairingId, now: Timestamp, limit: usize) -> Result<Vec<Look>> {
        let rows = self.db.all(RIPE, args![pairing, now, limit]).await?;
        rows.iter()
            .map(|row| {
                let not_before = (row.int(3)? > NEVER).then(|| row.instant(3)).transpose()?;
                Ok(Look {
                    side: row.word(0, Side::parse)?,
                    kind: row.word(1, Kind::parse)?,
                    id: RecordId::new(row.text(2)?),
                    not_before,
                    asked: row.count(4)?,
                })
            })
            .collect()
    }

    pub(crate) async fn put_right(&self, lease: &Lease, pairing: &PairingId, now: Timestamp) -> Result<()> {
        let mut tx = self.db.begin().await?;
        fenced(&mut tx, lease, pairing.as_str()).await?;
        if !lock(&mut tx, pairing).await? {
            return Err(no_pairing(pairing));
        }
        tx.run(RIPEN, args![pairing, now, NEVER]).await?;
        super::away::put_right(&mut tx, pairing, now).await?;
        super::tally::put_right(&mut tx, pairing, now).await?;
        tx.commit().await
    }

    pub(crate) async fn add_looks(&self, pairing: &PairingId, looks: &[Look]) -> Result<()> {
        let mut tx = self.db.begin().await?;
        if !lock(&mut tx, pairing).await? {
            return Err(no_pairing(pairing));
        }
        add(&mut tx, pairing, looks).await?;
        tx.commit().await
    }

    pub(crate) async fn crm_cursor(&self, crm: &CrmId) -> Result<Option<String>> {
        let row = self.db.one(CRM_CURSOR, args![crm]).await?;
        row.map(|row| Ok(row.text(0)?.to_owned())).transpose()
    }

    pub(crate) async fn save_concerned(&self, lease: &Lease, crm: &CrmId, concerns: &Concerns) -> Result<()> {
        let mut tx = self.db.begin().await?;
        fenced(&mut tx, lease, &crate::checks::reader(crm)).await?;
        let known = tx.one(CRM_CURSOR, args![crm]).await?;
        if concerns.is_quiet() && known.map_or(Ok(false), |row| Ok(row.text(0)? == concerns.cursor))? {
            return Ok(());
        }
        let mut looks: BTreeSet<(PairingId, Look)> = BTreeSet::new();
        for (user, kind, id) in &concerns.looks {
            if let Some(row) = tx.one(OF_USER, args![crm, user]).await? {
                let look = Look::now(Side::Crm, *kind, id.clone());
                looks.insert((PairingId::new(row.text(0)?), look));
            }
        }
        for (kind, id) in &concerns.everywhere {
            for row in tx.all(LINKED, args![*kind, id, crm]).await? {
                let look = Look::now(Side::Crm, *kind, id.clone());
                looks.insert((PairingId::new(row.text(0)?), look));
            }
        }
        let mut woken = BTreeSet::new();
        for user in &concerns.memberships {
            if let Some(row) = tx.one(OF_USER, args![crm, user]).await? {
                woken.insert(PairingId::new(row.text(0)?));
            }
        }
        let concerned: BTreeSet<PairingId> = looks.iter().map(|(id, _)| id).chain(&woken).cloned().collect();
        let mut mapped = BTreeSet::new();
        for pairing in concerned {
            // One that was unmapped this moment has nothing to look at.
            if lock(&mut tx, &pairing).await? {
                mapped.insert(pairing);
            }
        }
        for (pairing, look) in &looks {
            if mapped.contains(pairing) {
                add(&mut tx, pairing, std::slice::from_ref(look)).await?;
            }
        }
        for pairing in &woken {
            tx.run(WAKE, args![pairing]).await?;
        }
        tx.run(SET_CRM_CURSOR, args![crm, &concerns.cursor]).await?;
        tx.commit().await
    }

    pub(crate) async fn strangers(
        &self,
        pairing: &PairingId,
        reason: Option<&str>,
        after: Option<&StrangerKey>,
        limit: usize,
    ) -> Result<Vec<Stranger>> {
        let (side, kind, id) =
            after.map_or(("", "", ""), |(side, kind, id)| (side.as_str(), kind.as_str(), id.as_str()));
        let rows = self.db.all(STRANGERS, args![pairing, reason, side, kind, id, limit]).await?;
        rows.iter().map(|row| row.doc(0, "a stranger")).collect()
    }

    pub(crate) async fn look_at_strangers(&self, pairing: &PairingId, reasons: &[&str]) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        if !lock(&mut tx, pairing).await? {
            return Err(no_pairing(pairing));
        }
        let mut count = 0;
        for reason in reasons.iter().collect::<BTreeSet<_>>() {
            count += tx.run(LOOK_AT_STRANGERS, args![pairing, *reason, NEVER]).await?;
        }
        tx.commit().await?;
        Ok(count)
    }

    pub(crate) async fn look_at_sleepers(&self, pairing: &PairingId, causes: &[SleepCause]) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        if !lock(&mut tx, pairing).await? {
            return Err(no_pairing(pairing));
        }
        let mut count = 0;
        for cause in causes.iter().collect::<BTreeSet<_>>() {
            let cause = word(cause);
            count += tx.run(LOOK_AT_SLEEPERS_CRM, args![pairing, &cause, NEVER]).await?;
            tx.run(LOOK_AT_SLEEPERS_PIM, args![pairing, &cause, NEVER]).await?;
        }
        tx.commit().await?;
        Ok(count)
    }
}

//! What a cycle plans from, in a database. The cost follows the observations.

use super::observe::short;
use super::{Sql, statements};
use crate::answer::{Candidate, Work, WorkKey};
use crate::error::Result;
use crate::rows::{Observation, Quarantine, Stranger};
use crate::value::{Row, args};
use model::{Kind, Link, PairingId, RecordId, Side};
use std::collections::BTreeSet;

macro_rules! linked {
    ($end:literal) => {
        concat!(
            "SELECT o.id, l.doc, c.doc, p.doc, qc.doc, qp.doc FROM sync_observation o \
             JOIN sync_link l ON l.pairing = o.pairing AND l.kind = o.kind AND l.", $end, " = o.id \
             LEFT JOIN sync_observation c ON c.pairing = o.pairing AND c.kind = o.kind AND c.side = 'crm' AND c.id = l.crm_id \
             LEFT JOIN sync_observation p ON p.pairing = o.pairing AND p.kind = o.kind AND p.side = 'pim' AND p.id = l.pim_id \
             LEFT JOIN sync_quarantine qc ON qc.pairing = o.pairing AND qc.side = 'crm' AND qc.kind = o.kind AND qc.id = l.crm_id \
             LEFT JOIN sync_quarantine qp ON qp.pairing = o.pairing AND qp.side = 'pim' AND qp.kind = o.kind AND qp.id = l.pim_id \
             WHERE o.pairing = $1 AND o.kind = $2 AND o.id > $3 AND "
        )
    };
}

macro_rules! alone {
    ($side:literal, $end:literal) => {
        concat!(
            "SELECT o.id, o.doc, q.doc FROM sync_observation o \
             LEFT JOIN sync_quarantine q ON q.pairing = o.pairing AND q.side = o.side AND q.kind = o.kind AND q.id = o.id \
             WHERE o.pairing = $1 AND o.kind = $2 AND o.id > $3 AND o.side = '", $side, "' \
             AND NOT EXISTS (SELECT 1 FROM sync_link l WHERE l.pairing = o.pairing AND l.kind = o.kind AND l.", $end, " = o.id) \
             ORDER BY o.id LIMIT $4"
        )
    };
}

macro_rules! sharing {
    ($end:literal) => {
        concat!(
            "SELECT DISTINCT h.id FROM sync_hash h WHERE h.pairing = $1 AND h.side = $2 AND h.kind = $3 AND h.hash = $4 \
             AND NOT EXISTS (SELECT 1 FROM sync_link l WHERE l.pairing = h.pairing AND l.kind = h.kind AND l.",
            $end,
            " = h.id) \
             ORDER BY h.id LIMIT $5"
        )
    };
}

macro_rules! at_work {
    ($kind:literal) => {
        concat!(
            "CAST(CASE WHEN EXISTS (SELECT 1 FROM sync_observation WHERE pairing = $1 AND kind = '",
            $kind,
            "') THEN 1 ELSE 0 END AS BIGINT)"
        )
    };
}

statements! {
    LINKED_CRM = concat!(linked!("crm_id"), "o.side = 'crm' ORDER BY o.id LIMIT $4");
    LINKED_PIM = concat!(linked!("pim_id"), "o.side = 'pim' AND c.id IS NULL ORDER BY o.id LIMIT $4");
    ALONE_CRM = alone!("crm", "crm_id");
    ALONE_PIM = alone!("pim", "pim_id");
    SHARING_CRM = sharing!("crm_id");
    SHARING_PIM = sharing!("pim_id");
    AT_WORK = concat!("SELECT ", at_work!("contact"), ", ", at_work!("appointment"), ", ", at_work!("task"));
    OBSERVATION = "SELECT doc FROM sync_observation WHERE pairing = $1 AND kind = $2 AND side = $3 AND id = $4";
    STRANGER = "SELECT doc FROM sync_stranger WHERE pairing = $1 AND kind = $2 AND side = $3 AND id = $4";
    QUARANTINE = "SELECT doc FROM sync_quarantine WHERE pairing = $1 AND kind = $2 AND side = $3 AND id = $4";
}

fn of_link(side: Side, row: &Row) -> Result<Work> {
    let link: Link = row.doc(1, "a link")?;
    let quarantine: [Option<Quarantine>; 2] =
        [row.opt_doc(4, "a quarantined record")?, row.opt_doc(5, "a quarantined record")?];
    Ok(Work {
        key: WorkKey { alone: false, side, id: RecordId::new(row.text(0)?) },
        link: Some(link),
        crm: row.opt_doc(2, "an observation")?,
        pim: row.opt_doc(3, "an observation")?,
        quarantine: quarantine.into_iter().flatten().collect(),
    })
}

fn of_one(side: Side, id: RecordId, seen: Option<Observation>, quarantine: Option<Quarantine>) -> Work {
    let (crm, pim) = match side {
        Side::Crm => (seen, None),
        Side::Pim => (None, seen),
    };
    Work { key: WorkKey { alone: true, side, id }, link: None, crm, pim, quarantine: quarantine.into_iter().collect() }
}

impl Sql {
    pub(crate) async fn work(
        &self,
        pairing: &PairingId,
        kind: Kind,
        after: Option<&WorkKey>,
        limit: usize,
    ) -> Result<Vec<Work>> {
        let mut page = Vec::new();
        for (alone, side, statement) in [
            (false, Side::Crm, LINKED_CRM),
            (false, Side::Pim, LINKED_PIM),
            (true, Side::Crm, ALONE_CRM),
            (true, Side::Pim, ALONE_PIM),
        ] {
            let start = match after {
                Some(after) if (after.alone, after.side) > (alone, side) => continue,
                Some(after) if (after.alone, after.side) == (alone, side) => after.id.as_str(),
                Some(_) | None => "",
            };
            if page.len() == limit {
                break;
            }
            let rest = limit - page.len();
            let rows = self.db.all(statement, args![pairing, kind, start, rest]).await?;
            for row in &rows {
                page.push(if alone {
                    let id = RecordId::new(row.text(0)?);
                    let quarantine = row.opt_doc(2, "a quarantined record")?;
                    of_one(side, id, Some(row.doc(1, "an observation")?), quarantine)
                } else {
                    of_link(side, row)?
                });
            }
        }
        Ok(page)
    }

    pub(crate) async fn kinds_at_work(&self, pairing: &PairingId) -> Result<BTreeSet<Kind>> {
        let Some(row) = self.db.one(AT_WORK, args![pairing]).await? else {
            return Ok(BTreeSet::new());
        };
        let mut kinds = BTreeSet::new();
        for (column, kind) in [Kind::Contact, Kind::Appointment, Kind::Task].into_iter().enumerate() {
            if row.int(column)? == 1 {
                kinds.insert(kind);
            }
        }
        Ok(kinds)
    }

    pub(crate) async fn work_of(
        &self,
        pairing: &PairingId,
        side: Side,
        kind: Kind,
        id: &RecordId,
    ) -> Result<Option<Work>> {
        if let Some(link) = self.link_of(pairing, side, kind, id).await? {
            let crm = self.seen(pairing, Side::Crm, kind, &link.crm.id).await?;
            let pim = self.seen(pairing, Side::Pim, kind, &link.pim.id).await?;
            let mut quarantine = Vec::new();
            for end in Side::BOTH {
                let id = &link.end(end).id;
                quarantine.extend(self.quarantined(pairing, end, kind, id).await?);
            }
            let first = if crm.is_some() { Side::Crm } else { side };
            let key = WorkKey { alone: false, side: first, id: link.end(first).id.clone() };
            return Ok(Some(Work { key, link: Some(link), crm, pim, quarantine }));
        }
        let seen = self.seen(pairing, side, kind, id).await?;
        let quarantine = self.quarantined(pairing, side, kind, id).await?;
        let known = seen.is_some() || quarantine.is_some();
        Ok(known.then(|| of_one(side, id.clone(), seen, quarantine)))
    }

    pub(crate) async fn candidates(
        &self,
        pairing: &PairingId,
        kind: Kind,
        side: Side,
        hashes: &[String],
        limit: usize,
    ) -> Result<Vec<Candidate>> {
        let statement = match side {
            Side::Crm => SHARING_CRM,
            Side::Pim => SHARING_PIM,
        };
        let mut ids = BTreeSet::new();
        for hash in hashes {
            let rows = self.db.all(statement, args![pairing, side, kind, short(hash), limit]).await?;
            for row in &rows {
                ids.insert(RecordId::new(row.text(0)?));
            }
        }
        let mut candidates = Vec::new();
        for id in ids.into_iter().take(limit) {
            let found = self.candidate(pairing, side, kind, id).await?;
            candidates.extend(found.filter(|one| one.hashes.iter().any(|hash| hashes.contains(hash))));
        }
        Ok(candidates)
    }

    async fn candidate(&self, pairing: &PairingId, side: Side, kind: Kind, id: RecordId) -> Result<Option<Candidate>> {
        if let Some(row) = self.seen(pairing, side, kind, &id).await? {
            return Ok(Some(Candidate { id, version: row.version, hashes: row.hashes, observed: true, reason: None }));
        }
        let row = self.db.one(STRANGER, args![pairing, kind, side, &id]);
        let row = row.await?;
        let stranger: Option<Stranger> = row.map(|row| row.doc(0, "a stranger")).transpose()?;
        Ok(stranger.map(|row| Candidate {
            id,
            version: row.version,
            hashes: row.hashes,
            observed: false,
            reason: Some(row.reason),
        }))
    }

    async fn seen(&self, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<Option<Observation>> {
        let row = self.db.one(OBSERVATION, args![pairing, kind, side, id]);
        row.await?.map(|row| row.doc(0, "an observation")).transpose()
    }

    async fn quarantined(
        &self,
        pairing: &PairingId,
        side: Side,
        kind: Kind,
        id: &RecordId,
    ) -> Result<Option<Quarantine>> {
        let row = self.db.one(QUARANTINE, args![pairing, kind, side, id]);
        row.await?.map(|row| row.doc(0, "a quarantined record")).transpose()
    }
}

//! Links in a database.

use super::{Sql, observe, statements};
use crate::answer::LinkCount;
use crate::db::Tx;
use crate::error::{Key, Result, StoreError};
use crate::value::{Row, args, doc, word};
use model::{CrmId, Domain, Kind, Link, LinkId, PairingId, RecordId, Side};
use std::collections::BTreeMap;

statements! {
    INSERT = "INSERT INTO sync_link (id, pairing, kind, domain, crm_id, pim_id, folder, sleep_cause, pim_version, doc) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE = "UPDATE sync_link SET kind = $3, domain = $4, crm_id = $5, pim_id = $6, folder = $7, sleep_cause = $8, \
        pim_version = $9, doc = $10 WHERE id = $1 AND pairing = $2";
    FORGET = "DELETE FROM sync_link WHERE id = $1 AND pairing = $2";
    BY_ID = "SELECT doc FROM sync_link WHERE id = $1";
    OF_CRM_ID = "SELECT doc FROM sync_link WHERE pairing = $1 AND kind = $2 AND crm_id = $3";
    OF_PIM_ID = "SELECT doc FROM sync_link WHERE pairing = $1 AND kind = $2 AND pim_id = $3";
    PAGE = "SELECT doc FROM sync_link WHERE pairing = $1 AND id > $2 ORDER BY id LIMIT $3";
    PAGE_OF_DOMAIN = "SELECT doc FROM sync_link WHERE pairing = $1 AND domain = $2 AND id > $3 ORDER BY id LIMIT $4";
    COUNT = "SELECT pairing, domain, COUNT(*), COUNT(sleep_cause) FROM sync_link WHERE pairing >= $1 AND pairing <= $2 \
        GROUP BY pairing, domain";
    OF_RECORD = "SELECT l.doc FROM sync_link l JOIN sync_pairing p ON p.id = l.pairing \
        WHERE l.kind = $1 AND l.crm_id = $2 AND p.crm = $3 ORDER BY l.pairing LIMIT $4";
}

fn link_of(row: &Row) -> Result<Link> {
    row.doc(0, "a link")
}

/// Makes or changes a link; one that is new takes its ends out of the strangers.
pub(super) async fn put(tx: &mut Tx, link: &Link) -> Result<()> {
    let cause = link.sleep.as_ref().map(|sleep| word(&sleep.cause));
    let values = args![
        &link.id,
        &link.pairing,
        link.kind,
        link.domain,
        &link.crm.id,
        &link.pim.id,
        link.folder.as_ref(),
        cause,
        &link.pim.version,
        doc(link),
    ];
    let changed = tx.try_run(UPDATE, values.clone()).await?;
    if changed.map_err(|violation| taken(&violation))? > 0 {
        return Ok(());
    }
    let made = tx.try_run(INSERT, values).await?;
    made.map_err(|violation| taken(&violation))?;
    for side in Side::BOTH {
        let id = &link.end(side).id;
        observe::drop_stranger(tx, &link.pairing, side, link.kind, id).await?;
    }
    Ok(())
}

fn taken(violation: &crate::db::Violation) -> StoreError {
    StoreError::Taken(if violation.0.contains("crm_id") {
        Key::LinkCrm
    } else if violation.0.contains("pim_id") {
        Key::LinkPim
    } else {
        Key::Id
    })
}

pub(super) async fn forget(tx: &mut Tx, pairing: &PairingId, id: &LinkId) -> Result<()> {
    tx.run(FORGET, args![id, pairing]).await?;
    Ok(())
}

impl Sql {
    pub(crate) async fn link(&self, id: &LinkId) -> Result<Option<Link>> {
        let row = self.db.one(BY_ID, args![id]).await?;
        row.as_ref().map(link_of).transpose()
    }

    pub(crate) async fn link_of(
        &self,
        pairing: &PairingId,
        side: Side,
        kind: Kind,
        id: &RecordId,
    ) -> Result<Option<Link>> {
        let statement = match side {
            Side::Crm => OF_CRM_ID,
            Side::Pim => OF_PIM_ID,
        };
        let row = self.db.one(statement, args![pairing, kind, id]).await?;
        row.as_ref().map(link_of).transpose()
    }

    pub(crate) async fn links(
        &self,
        pairing: &PairingId,
        domain: Option<Domain>,
        after: Option<&LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>> {
        let after = after.map_or("", LinkId::as_str);
        let rows = match domain {
            None => self.db.all(PAGE, args![pairing, after, limit]).await?,
            Some(domain) => self.db.all(PAGE_OF_DOMAIN, args![pairing, domain, after, limit]).await?,
        };
        rows.iter().map(link_of).collect()
    }

    pub(crate) async fn count_links(&self, pairing: &PairingId) -> Result<BTreeMap<Domain, LinkCount>> {
        let mut counts = self.count_links_between(pairing, pairing).await?;
        Ok(counts.remove(pairing).unwrap_or_default())
    }

    /// The counts of a page of pairings.
    pub(super) async fn count_links_between(
        &self,
        first: &PairingId,
        last: &PairingId,
    ) -> Result<BTreeMap<PairingId, BTreeMap<Domain, LinkCount>>> {
        let mut counts: BTreeMap<PairingId, BTreeMap<Domain, LinkCount>> = BTreeMap::new();
        for row in self.db.all(COUNT, args![first, last]).await? {
            let count = LinkCount { all: row.count(2)?, asleep: row.count(3)? };
            counts.entry(PairingId::new(row.text(0)?)).or_default().insert(row.word(1, Domain::parse)?, count);
        }
        Ok(counts)
    }

    pub(crate) async fn links_of_crm(&self, crm: &CrmId, kind: Kind, id: &RecordId, limit: usize) -> Result<Vec<Link>> {
        let rows = self.db.all(OF_RECORD, args![kind, id, crm, limit]).await?;
        rows.iter().map(link_of).collect()
    }
}

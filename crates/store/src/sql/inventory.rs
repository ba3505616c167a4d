//! What an inventory of a mailbox shows and nothing of ours knows, in a database (trap 22).

use super::many::many;
use crate::db::Tx;
use crate::error::Result;
use crate::rows::{Look, Quarantine, Stranger};
use crate::value::{Arg, args};
use model::{Kind, PairingId, RecordId, Side, Version};
use std::collections::BTreeSet;

many! {
    LINKED(2, 1) = "SELECT pim_id, pim_version FROM sync_link WHERE pairing = $1 AND kind = $2 AND pim_id IN (", "" .. "", ")";
    SEEN(2, 1) = "SELECT id, version FROM sync_observation WHERE pairing = $1 AND side = 'pim' AND kind = $2 AND id IN (",
        "" .. "", ")";
    OUT(2, 1) = "SELECT doc FROM sync_stranger WHERE pairing = $1 AND side = 'pim' AND kind = $2 AND id IN (",
        "" .. "", ")";
    JUDGED(2, 1) = "SELECT doc FROM sync_quarantine WHERE pairing = $1 AND side = 'pim' AND kind = $2 AND id IN (",
        "" .. "", ")";
}

/// Looks for the items of which nothing is kept in the version shown.
pub(super) async fn unknown(
    tx: &mut Tx,
    pairing: &PairingId,
    kind: Kind,
    shown: &[(RecordId, Version)],
) -> Result<Vec<Look>> {
    if shown.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Arg> = shown.iter().map(|(id, _)| Arg::from(id)).collect();
    let shared = args![pairing, kind];
    let mut known: BTreeSet<(RecordId, Version)> = BTreeSet::new();
    for versions in [&LINKED, &SEEN] {
        for row in versions.all(tx, shared.clone(), ids.clone()).await? {
            let version = row.opt_text(1)?.map(Version::new);
            known.extend(version.map(|version| Ok((RecordId::new(row.text(0)?), version))).transpose()?);
        }
    }
    for row in OUT.all(tx, shared.clone(), ids.clone()).await? {
        let stranger: Stranger = row.doc(0, "a stranger")?;
        known.insert((stranger.id, stranger.version));
    }
    for row in JUDGED.all(tx, shared, ids).await? {
        let judged: Quarantine = row.doc(0, "a quarantine")?;
        known.extend(judged.versions.1.map(|version| (judged.id, version)));
    }
    let unknown = shown.iter().filter(|one| !known.contains(one));
    Ok(unknown.map(|(id, _)| Look::now(Side::Pim, kind, id.clone())).collect())
}

//! Taking the values of a record that became private out of everything we keep (rule O8), in a database.

use super::{observe, statements};
use crate::change::Scrub;
use crate::checks::silence;
use crate::db::Tx;
use crate::error::Result;
use crate::rows::History;
use crate::value::{args, doc};
use model::{Link, PairingId, Side};

statements! {
    SHARERS = "SELECT o.id FROM sync_pairing p JOIN sync_pairing o ON o.crm = p.crm WHERE p.id = $1 \
        UNION SELECT u.pairing FROM sync_pairing p JOIN sync_unmapped u ON u.crm = p.crm WHERE p.id = $1 ORDER BY 1";
    LINK = "SELECT doc FROM sync_link WHERE pairing = $1 AND kind = $2 AND crm_id = $3";
    PUT_LINK = "UPDATE sync_link SET doc = $3 WHERE id = $1 AND pairing = $2";
    LINES = "SELECT number, doc FROM sync_history WHERE pairing = $1 AND stage < 2 AND (crm_id = $2 OR pim_id = $3)";
    PUT_LINE = "UPDATE sync_history SET stage = 2, doc = $3 WHERE pairing = $1 AND number = $2";
    QUESTIONS = "DELETE FROM sync_held WHERE pairing = $1 AND id LIKE $2 ESCAPE '!'";
    QUARANTINE = "DELETE FROM sync_quarantine WHERE pairing = $1 AND kind = $2 \
        AND (side = 'crm' AND id = $3 OR side = 'pim' AND id = $4)";
}

/// Scrubs one record, at one pairing or at all of its CRM, in the order of their ids.
pub(super) async fn scrub(tx: &mut Tx, pairing: &PairingId, scrub: &Scrub) -> Result<()> {
    let mut pairings = vec![pairing.clone()];
    if scrub.everywhere {
        let rows = tx.all(SHARERS, args![pairing]).await?;
        pairings = rows.iter().map(|row| Ok(PairingId::new(row.text(0)?))).collect::<Result<_>>()?;
    }
    for of in &pairings {
        scrub_one(tx, of, scrub, of != pairing).await?;
    }
    Ok(())
}

async fn scrub_one(tx: &mut Tx, pairing: &PairingId, scrub: &Scrub, other: bool) -> Result<()> {
    let row = tx.one(LINK, args![pairing, scrub.kind, &scrub.id]).await?;
    let link: Option<Link> = row.map(|row| row.doc(0, "a link")).transpose()?;
    if let Some(mut link) = link.clone().filter(|_| other) {
        link.crm.base.clear();
        link.pim.base.clear();
        tx.run(PUT_LINK, args![&link.id, pairing, doc(&link)]).await?;
    }
    let item = link.as_ref().map(|link| &link.pim.id);
    for row in tx.all(LINES, args![pairing, &scrub.id, item]).await? {
        let mut line: History = row.doc(1, "a line of the history")?;
        silence(&mut line);
        tx.run(PUT_LINE, args![pairing, row.int(0)?, doc(&line)]).await?;
    }
    if let Some(link) = &link {
        let mut prefix = String::new();
        for letter in link.id.as_str().chars() {
            prefix.extend(matches!(letter, '!' | '%' | '_').then_some('!').into_iter().chain([letter]));
        }
        tx.run(QUESTIONS, args![pairing, format!("{prefix}:%")]).await?;
    }
    tx.run(QUARANTINE, args![pairing, scrub.kind, &scrub.id, item]).await?;
    observe::drop(tx, pairing, Side::Crm, scrub.kind, &scrub.id).await
}

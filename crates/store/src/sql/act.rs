//! Settles and the end of a cycle, in a database.

use super::pairing::NEVER;
use super::{Sql, away, fenced, intent, link, lock, look, no_pairing, observe, people, scrub, statements, tally};
use crate::answer::Opened;
use crate::change::{Ended, Settle};
use crate::checks::hour;
use crate::error::{Key, Result, StoreError};
use crate::rows::Lease;
use crate::value::{args, doc, instant};
use jiff::Timestamp;
use model::PairingId;

statements! {
    CURE = "DELETE FROM sync_quarantine WHERE pairing = $1 AND side = $2 AND kind = $3 AND id = $4";
    // A confirmation given while the cycle ran stays for the next one, unless this one adopted the mailbox it confirmed.
    END = "UPDATE sync_pairing SET state = $2, stopped = $3, last_cycle = $4, not_before = $5, \
        next_at = $10, resting = $11, mailbox = COALESCE($6, mailbox), root = COALESCE($7, root), served = $8, \
        ended_by = $12, confirm = CASE WHEN $9 = 2 THEN 0 WHEN $9 = 1 AND woken <= $8 THEN 0 ELSE confirm END WHERE id = $1";
}

/// What a cycle's end says of a confirmation: it adopted the mailbox, it needs none, or it still waits for one.
fn confirmation(ended: &Ended) -> i64 {
    match (&ended.mailbox, ended.state.confirm_mailbox) {
        (Some(_), _) => 2,
        (None, false) => 1,
        (None, true) => 0,
    }
}

impl Sql {
    pub(crate) async fn settle(
        &self,
        lease: &Lease,
        pairing: &PairingId,
        now: Timestamp,
        settle: &Settle,
    ) -> Result<()> {
        settle.assert_own(pairing);
        let mut tx = self.db.begin().await?;
        fenced(&mut tx, lease, pairing.as_str()).await?;
        for id in &settle.close {
            intent::close(&mut tx, pairing, id).await?;
        }
        for row in &settle.open {
            match intent::open(&mut tx, row).await? {
                Opened::Open => {}
                Opened::Taken { by } => return Err(StoreError::Taken(Key::SharedKey { by })),
            }
        }
        for id in &settle.forget {
            link::forget(&mut tx, pairing, id).await?;
        }
        for row in &settle.links {
            link::put(&mut tx, row).await?;
        }
        for (kind, id) in &settle.back {
            away::drop(&mut tx, pairing, *kind, id).await?;
        }
        for row in &settle.away {
            away::put(&mut tx, row).await?;
        }
        for (kind, id) in &settle.awaited {
            away::wait(&mut tx, pairing, *kind, id, now).await?;
        }
        for taken in &settle.taken {
            observe::take(&mut tx, pairing, taken).await?;
        }
        for row in &settle.strangers {
            observe::put_stranger(&mut tx, pairing, row).await?;
        }
        for late in &settle.late {
            intent::put_late(&mut tx, pairing, late).await?;
        }
        for (side, kind, id) in &settle.cured {
            tx.run(CURE, args![pairing, *side, *kind, id]).await?;
        }
        for row in &settle.quarantine {
            observe::quarantine(&mut tx, pairing, row).await?;
        }
        for id in &settle.answered {
            people::drop_held(&mut tx, pairing, id).await?;
        }
        for held in &settle.held {
            people::put_held(&mut tx, held).await?;
        }
        people::add_history(&mut tx, pairing, &settle.history).await?;
        for (domain, side, what, records) in &settle.counts {
            let counted = (*domain, *side, *what, u64::from(*records));
            tally::count(&mut tx, pairing, hour(now), counted).await?;
        }
        if !settle.looks.is_empty() {
            lock(&mut tx, pairing).await?;
            look::add(&mut tx, pairing, &settle.looks).await?;
        }
        for row in &settle.scrub {
            scrub::scrub(&mut tx, pairing, row).await?;
        }
        tx.commit().await?;
        if settle.scrub.is_empty() { Ok(()) } else { self.db.forget_log().await }
    }

    pub(crate) async fn end_cycle(&self, lease: &Lease, pairing: &PairingId, ended: &Ended) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let noted = fenced(&mut tx, lease, pairing.as_str()).await?;
        let state = &ended.state;
        let (mailbox, root) = match &ended.mailbox {
            Some((mailbox, root)) => (Some(mailbox), Some(root)),
            None => (None, None),
        };
        let values = args![
            pairing,
            doc(state),
            state.stopped.is_some(),
            instant(state.last_cycle, NEVER),
            instant(state.not_before, NEVER),
            mailbox,
            root,
            noted,
            confirmation(ended),
            instant(state.next, NEVER),
            state.resting,
            lease.fence,
        ];
        if tx.run(END, values).await? == 0 {
            return Err(no_pairing(pairing));
        }
        tx.commit().await
    }
}

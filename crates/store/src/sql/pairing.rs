//! Pairings in a database.

use super::{Sql, lock, no_pairing, statements};
use crate::answer::PairingChange;
use crate::checks::{address_key, apply, refuse};
use crate::db::{LOCK_CONNECTION, Tx};
use crate::error::{Fault, Result, StoreError};
use crate::rows::{Pairing, Push};
use crate::value::{Row, args, doc, instant};
use jiff::Timestamp;
use model::{CrmId, MailboxId, PairingId, UserId};

macro_rules! columns {
    () => {
        "id, crm, user_id, connection, address, mailbox, root, enabled, settings, state, confirm"
    };
}

/// A quiet cycle that no other end followed.
macro_rules! beat {
    ($column:literal) => {
        concat!(
            "(SELECT b.",
            $column,
            " FROM sync_lease b WHERE b.name = sync_pairing.id AND b.beat_fence > sync_pairing.ended_by)"
        )
    };
}

macro_rules! shown {
    () => {
        concat!(columns!(), ", asked - served, ", beat!("beat"), ", ", beat!("beat_next"), ", pushed, push_why")
    };
}

/// A time before all others: a pairing that had no cycle, or need not wait.
pub(super) const NEVER: i64 = -4_000_000_000_000_000_000;

statements! {
    BY_ID = concat!("SELECT ", shown!(), " FROM sync_pairing WHERE id = $1");
    BY_USER = concat!("SELECT ", shown!(), " FROM sync_pairing WHERE crm = $1 AND user_id = $2");
    BY_MAILBOX = concat!("SELECT ", shown!(), " FROM sync_pairing WHERE mailbox = $1 ORDER BY id LIMIT $2");
    BY_ADDRESS = concat!("SELECT ", shown!(), " FROM sync_pairing WHERE address_key = $1");
    PAGE = concat!("SELECT ", shown!(), " FROM sync_pairing WHERE id > $1 ORDER BY id LIMIT $2");
    INSERT = concat!("INSERT INTO sync_pairing (", columns!(), ", address_key, stopped, last_cycle, not_before, next_at, \
        resting, woken, served, asked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, 0, 0)");
    UPDATE = "UPDATE sync_pairing SET connection = $2, address = $3, address_key = $4, enabled = $5, settings = $6, \
        state = $7, confirm = $8, stopped = $9, not_before = $10, \
        asked = CASE WHEN $11 = 1 THEN woken + 1 ELSE asked END, woken = woken + 1 WHERE id = $1";
    USER_TAKEN = "SELECT id FROM sync_pairing WHERE crm = $1 AND user_id = $2 AND id <> $3";
    ADDRESS_TAKEN = "SELECT id FROM sync_pairing WHERE address_key = $1 AND id <> $2";
    ID_TAKEN = "SELECT id FROM sync_pairing WHERE id = $1 UNION ALL SELECT pairing FROM sync_unmapped WHERE pairing = $1";
    UNMAPPED = "SELECT pairing, mailbox, root FROM sync_unmapped WHERE crm = $1 AND user_id = $2";
    REMAP = "DELETE FROM sync_unmapped WHERE crm = $1 AND user_id = $2";
    UNMAP = "INSERT INTO sync_unmapped (crm, user_id, pairing, mailbox, root) VALUES ($1, $2, $3, $4, $5)";
    FORGET_UNMAPPED = "DELETE FROM sync_unmapped WHERE pairing = $1";
    DELETE = "DELETE FROM sync_pairing WHERE id = $1";
    // Also when nobody ever took it: a taker of this moment waits for this transaction, and finds no pairing then.
    REVOKE = "INSERT INTO sync_lease (name, holder, fence, ends, noted) VALUES ($1, NULL, 1, NULL, 0) \
        ON CONFLICT (name) DO UPDATE SET fence = sync_lease.fence + 1, holder = NULL, beat_fence = NULL";
    FREE_KEYS = "UPDATE sync_intent SET shared_key = NULL WHERE pairing = $1";
    DROP_BRAKES = "DELETE FROM sync_brake WHERE pairing = $1";
    DROP_LOOKS = "DELETE FROM sync_look WHERE pairing = $1";
    FORGET_LINKS = "DELETE FROM sync_link WHERE pairing = $1";
    FORGET_INTENTS = "DELETE FROM sync_intent WHERE pairing = $1";
    FORGET_LATES = "DELETE FROM sync_late WHERE pairing = $1";
    FORGET_HELD = "DELETE FROM sync_held WHERE pairing = $1";
    FORGET_HISTORY = "DELETE FROM sync_history WHERE pairing = $1";
    FORGET_COUNTS = "DELETE FROM sync_count WHERE pairing = $1";
    WAKE = "UPDATE sync_pairing SET woken = woken + 1 WHERE id = $1";
    // What was not told while nobody listened is looked for, and what is polled again begins with a poll.
    SET_PUSH = "UPDATE sync_pairing SET woken = woken + CASE WHEN pushed <> $2 THEN 1 ELSE 0 END, pushed = $2, \
        push_why = $3 WHERE id = $1";
    DUE = "SELECT p.id FROM sync_pairing p \
        LEFT JOIN sync_lease b ON b.name = p.id AND b.beat_fence > p.ended_by \
        WHERE p.enabled = 1 AND (p.stopped = 0 OR p.confirm = 1) AND (p.not_before <= $1 OR COALESCE(b.beat, p.last_cycle) > $4) \
        AND (COALESCE(b.beat_next, p.next_at) <= $1 OR COALESCE(b.beat, p.last_cycle) > $4 OR p.asked > p.served OR (p.resting = 0 AND (p.woken > p.served \
            OR EXISTS (SELECT 1 FROM sync_look k WHERE k.pairing = p.id AND k.not_before <= $1) \
            OR EXISTS (SELECT 1 FROM sync_observation o WHERE o.pairing = p.id AND o.seen_at > COALESCE(b.beat, p.last_cycle))))) \
        AND NOT EXISTS (SELECT 1 FROM sync_lease l \
            WHERE l.name = p.id AND l.holder IS NOT NULL AND l.ends > $2) \
        ORDER BY COALESCE(b.beat, p.last_cycle), p.id LIMIT $3";
}

pub(super) fn pairing_of(row: &Row) -> Result<Pairing> {
    let mut pairing = Pairing {
        id: PairingId::new(row.text(0)?),
        crm: CrmId::new(row.text(1)?),
        user: UserId::new(row.text(2)?),
        connection: row.text(3)?.to_owned(),
        address: row.text(4)?.to_owned(),
        mailbox: row.opt_text(5)?.map(MailboxId::new),
        root: row.opt_text(6)?.map(ToOwned::to_owned),
        enabled: row.int(7)? == 1,
        settings: row.doc(8, "a user's settings")?,
        state: row.doc(9, "a pairing's state")?,
    };
    pairing.state.confirm_mailbox = row.int(10)? == 1;
    pairing.state.asked = row.int(11)? > 0;
    if let Some(beat) = row.opt_int(12)? {
        let beat = Timestamp::from_microsecond(beat).map_err(|_| StoreError::Corrupt { at: "a quiet cycle".into() })?;
        pairing.state.last_cycle = Some(beat);
        pairing.state.last_success = Some(beat);
        let next = row.opt_int(13)?.filter(|next| *next > NEVER);
        pairing.state.next = next.and_then(|next| Timestamp::from_microsecond(next).ok());
    }
    pairing.state.push = Push { pushed: row.int(14)? == 1, why: row.text(15)?.to_owned() };
    Ok(pairing)
}

async fn found_id(row: Option<Row>) -> Result<Option<PairingId>> {
    row.map(|row| Ok(PairingId::new(row.text(0)?))).transpose()
}

/// Rule L1, every fault at once.
async fn faults(tx: &mut Tx, wanted: &Pairing) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let taken = tx.one(USER_TAKEN, args![&wanted.crm, &wanted.user, &wanted.id]);
    if let Some(other) = found_id(taken.await?).await? {
        faults.push(Fault::UserTaken(other));
    }
    let key = address_key(&wanted.address);
    if key.is_empty() {
        faults.push(Fault::AddressBlank);
    } else {
        let taken = tx.one(ADDRESS_TAKEN, args![key, &wanted.id]).await?;
        if let Some(other) = found_id(taken).await? {
            faults.push(Fault::AddressTaken(other));
        }
    }
    // Locked, so that it cannot be deleted meanwhile.
    let connection = tx.one(LOCK_CONNECTION, args![&wanted.connection]).await?;
    if connection.is_none() {
        faults.push(Fault::ConnectionUnknown(wanted.connection.clone()));
    }
    Ok(faults)
}

/// Two people mapped the same user or mailbox at the same moment.
fn taken_meanwhile(wanted: &Pairing, violation: &crate::db::Violation) -> StoreError {
    let unknown = || PairingId::new("added just now");
    StoreError::Invalid(vec![if violation.0.contains("address_key") {
        Fault::AddressTaken(unknown())
    } else if violation.0.contains("user_id") {
        Fault::UserTaken(unknown())
    } else {
        Fault::IdTaken(wanted.id.clone())
    }])
}

impl Sql {
    pub(crate) async fn add_pairing(&self, pairing: &Pairing) -> Result<PairingId> {
        let mut tx = self.db.begin().await?;
        let mut row = pairing.clone();
        let old = tx.one(UNMAPPED, args![&row.crm, &row.user]).await?;
        if let Some(old) = &old {
            row.id = PairingId::new(old.text(0)?);
            row.mailbox = row.mailbox.or(old.opt_text(1)?.map(MailboxId::new));
            row.root = row.root.or(old.opt_text(2)?.map(ToOwned::to_owned));
            tx.run(REMAP, args![&row.crm, &row.user]).await?;
        }
        let mut faults = faults(&mut tx, &row).await?;
        if tx.one(ID_TAKEN, args![&row.id]).await?.is_some() {
            faults.push(Fault::IdTaken(row.id.clone()));
        }
        refuse(faults)?;
        let state = &row.state;
        let mut values = args![
            &row.id,
            &row.crm,
            &row.user,
            &row.connection,
            &row.address,
            row.mailbox.as_ref(),
            row.root.as_ref(),
            row.enabled,
            doc(&row.settings),
            doc(state),
            state.confirm_mailbox,
            address_key(&row.address),
        ];
        values.extend(args![
            state.stopped.is_some(),
            instant(state.last_cycle, NEVER),
            instant(state.not_before, NEVER),
            instant(state.next, NEVER),
            state.resting,
        ]);
        if let Err(violation) = tx.try_run(INSERT, values).await? {
            return Err(taken_meanwhile(&row, &violation));
        }
        tx.commit().await?;
        Ok(row.id)
    }

    pub(crate) async fn pairing(&self, id: &PairingId) -> Result<Option<Pairing>> {
        let row = self.db.one(BY_ID, args![id]).await?;
        row.as_ref().map(pairing_of).transpose()
    }

    pub(crate) async fn pairing_of_user(&self, crm: &CrmId, user: &UserId) -> Result<Option<Pairing>> {
        let row = self.db.one(BY_USER, args![crm, user]).await?;
        row.as_ref().map(pairing_of).transpose()
    }

    pub(crate) async fn unmapped_of_user(&self, crm: &CrmId, user: &UserId) -> Result<Option<PairingId>> {
        let row = self.db.one(UNMAPPED, args![crm, user]).await?;
        row.map(|row| Ok(PairingId::new(row.text(0)?))).transpose()
    }

    pub(crate) async fn pairings_of_mailbox(&self, mailbox: &MailboxId) -> Result<Vec<Pairing>> {
        let rows = self.db.all(BY_MAILBOX, args![mailbox, crate::limits::PAGE]).await?;
        rows.iter().map(pairing_of).collect()
    }

    pub(crate) async fn pairing_of_address(&self, address: &str) -> Result<Option<Pairing>> {
        let row = self.db.one(BY_ADDRESS, args![address_key(address)]).await?;
        row.as_ref().map(pairing_of).transpose()
    }

    pub(crate) async fn pairings(&self, after: Option<&PairingId>, limit: usize) -> Result<Vec<Pairing>> {
        let after = after.map_or("", PairingId::as_str);
        let rows = self.db.all(PAGE, args![after, limit]).await?;
        rows.iter().map(pairing_of).collect()
    }

    pub(crate) async fn change_pairing(&self, id: &PairingId, changes: &[PairingChange]) -> Result<Pairing> {
        let mut tx = self.db.begin().await?;
        lock(&mut tx, id).await?;
        let row = tx.one(BY_ID, args![id]).await?;
        let mut pairing = row.as_ref().map_or(Err(no_pairing(id)), pairing_of)?;
        for change in changes {
            apply(&mut pairing, change);
        }
        refuse(faults(&mut tx, &pairing).await?)?;
        let state = &pairing.state;
        let values = args![
            id,
            &pairing.connection,
            &pairing.address,
            address_key(&pairing.address),
            pairing.enabled,
            doc(&pairing.settings),
            doc(state),
            state.confirm_mailbox,
            state.stopped.is_some(),
            instant(state.not_before, NEVER),
            changes.contains(&PairingChange::RetryNow),
        ];
        if let Err(violation) = tx.try_run(UPDATE, values).await? {
            return Err(taken_meanwhile(&pairing, &violation));
        }
        tx.commit().await?;
        Ok(pairing)
    }

    pub(crate) async fn delete_pairing(&self, id: &PairingId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        // The lease first, as every writer takes it: a running cycle ends its transaction, and has no later one.
        tx.run(REVOKE, args![id]).await?;
        let row = tx.one(BY_ID, args![id]).await?;
        let pairing = row.as_ref().map_or(Err(no_pairing(id)), pairing_of)?;
        let (mailbox, root) = (pairing.mailbox.as_ref(), pairing.root.as_ref());
        tx.run(DELETE, args![id]).await?;
        tx.run(UNMAP, args![&pairing.crm, &pairing.user, id, mailbox, root]).await?;
        super::observe::drop_observing(&mut tx, id).await?;
        for statement in [DROP_LOOKS, FREE_KEYS, DROP_BRAKES] {
            tx.run(statement, args![id]).await?;
        }
        tx.commit().await
    }

    pub(crate) async fn forget_pairing(&self, id: &PairingId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        tx.run(REVOKE, args![id]).await?;
        let gone = tx.run(DELETE, args![id]).await? + tx.run(FORGET_UNMAPPED, args![id]).await?;
        if gone == 0 {
            return Err(no_pairing(id));
        }
        super::observe::drop_observing(&mut tx, id).await?;
        super::away::forget(&mut tx, id).await?;
        for statement in [
            DROP_LOOKS,
            DROP_BRAKES,
            FORGET_LINKS,
            FORGET_INTENTS,
            FORGET_LATES,
            FORGET_HELD,
            FORGET_HISTORY,
            FORGET_COUNTS,
        ] {
            tx.run(statement, args![id]).await?;
        }
        tx.commit().await
    }

    pub(crate) async fn make_due(&self, pairings: &[PairingId]) -> Result<()> {
        let mut tx = self.db.begin().await?;
        for id in pairings.iter().collect::<std::collections::BTreeSet<_>>() {
            tx.run(WAKE, args![id]).await?;
        }
        tx.commit().await
    }

    pub(crate) async fn set_push(&self, pairings: &[PairingId], push: &Push) -> Result<()> {
        let mut tx = self.db.begin().await?;
        for id in pairings.iter().collect::<std::collections::BTreeSet<_>>() {
            tx.run(SET_PUSH, args![id, push.pushed, push.why.as_str()]).await?;
        }
        tx.commit().await
    }

    pub(crate) async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<PairingId>> {
        let lease_now = self.db.now().await?;
        let ahead = crate::limits::ahead_of(now).as_microsecond();
        let rows = self.db.all(DUE, args![now.as_microsecond(), lease_now, limit, ahead]).await?;
        rows.iter().map(|row| Ok(PairingId::new(row.text(0)?))).collect()
    }
}

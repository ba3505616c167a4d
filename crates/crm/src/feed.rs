//! The change feed: what happened in the CRM, in the order it was committed, and whom it concerns.

use crate::Crm;
use crate::activity::Display;
use crate::actor::Actor;
use crate::db::{Cells, Tx, args};
use crate::error::Error;
use crate::id::EmployeeId;
use crate::value::{from_json, json};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Feed entries in one answer, at most.
pub const FEED_PAGE: usize = 1_000;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number: a later commit has a higher one.
    pub seq: i64,
    /// What kind of record.
    pub kind: Root,
    /// Which.
    pub id: String,
    /// Made, changed, deleted, merged away.
    pub op: Op,
    /// What of it.
    pub what: What,
    /// An activity's display before and after.
    pub shown: BTreeSet<Display>,
    /// Users who could see or hold it before or after.
    pub users: BTreeSet<EmployeeId>,
    /// Through what it was changed.
    pub source: String,
    /// By whom.
    pub by: EmployeeId,
    /// When.
    pub at: Timestamp,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// The word it is written by.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            pub(crate) fn parse(text: &str) -> Result<$name, Error> {
                match text {
                    $($word => Ok($name::$variant),)*
                    _ => Err(Error::Corrupt { what: "a word is not known" }),
                }
            }
        }
    )*};
}

words! {
    /// The kinds of records.
    Root {
        /// A business or personal contact.
        Contact = "contact",
        /// An employee.
        Employee = "employee",
        /// An appointment, meeting or to-do.
        Activity = "activity",
        /// An account.
        Account = "account",
        /// An organization.
        Organization = "organization",
        /// A position.
        Position = "position",
        /// A user list.
        UserList = "user_list",
    }
    /// What was done to a record.
    Op {
        /// It was made.
        Create = "create",
        /// It was changed.
        Update = "update",
        /// It was deleted.
        Delete = "delete",
        /// It was merged into another.
        Merge = "merge",
    }
    /// What of a record was changed.
    What {
        /// What it says.
        Fields = "fields",
        /// Who works with a contact, and so who sees it.
        Team = "team",
        /// Who takes part in an activity.
        Participants = "participants",
        /// One participant's own reminder, show-as, categories or answer.
        Own = "own",
        /// Who has it on the Sync List.
        SyncList = "sync_list",
        /// Who belongs to a group, or where a group stands in its tree.
        Membership = "membership",
        /// What the synchronisation knows of a meeting: its global id, whether it is locked.
        Flags = "flags",
    }
}

/// A change about to be noted.
pub(crate) struct Change<'a> {
    pub(crate) kind: Root,
    pub(crate) id: &'a str,
    pub(crate) op: Op,
    pub(crate) what: What,
    pub(crate) shown: BTreeSet<Display>,
    pub(crate) users: BTreeSet<EmployeeId>,
}

impl<'a> Change<'a> {
    /// A change of a record that concerns these users.
    pub(crate) fn new(kind: Root, id: &'a str, op: Op, what: What, users: BTreeSet<EmployeeId>) -> Change<'a> {
        Change { kind, id, op, what, shown: BTreeSet::new(), users }
    }
}

impl Tx {
    /// Notes a change in the feed, in the transaction that makes it.
    pub(crate) async fn note(&mut self, actor: &Actor, now: Timestamp, change: Change<'_>) -> Result<(), Error> {
        let seq = self.count_up("feed", 1).await?;
        let cells = Cells::default()
            .set("seq", seq)
            .set("root_kind", change.kind.as_str())
            .set("root_id", change.id)
            .set("op", change.op.as_str())
            .set("what", change.what.as_str())
            .set("shown", json(&change.shown))
            .set("users", json(&change.users))
            .set("source", actor.source.as_str())
            .set("changed_by", &actor.user)
            .set("changed_at", now);
        self.insert("feed", cells).await
    }

    /// Notes that these users may have gained or lost sight of every contact whose team has the position.
    pub(crate) async fn note_teams_of(
        &mut self,
        actor: &Actor,
        now: Timestamp,
        position: &str,
        users: &BTreeSet<EmployeeId>,
    ) -> Result<(), Error> {
        let contacts = "SELECT contact_id AS id FROM contact_team WHERE member_kind = 'position' AND member_id = $1";
        self.note_sight(actor, now, contacts, position, users).await
    }

    /// Notes that a user gained or lost sight of every business contact that is not his team's.
    pub(crate) async fn note_all_contacts(
        &mut self,
        actor: &Actor,
        now: Timestamp,
        user: &EmployeeId,
    ) -> Result<(), Error> {
        let contacts = "SELECT id FROM contact WHERE owner_id IS NULL
                        AND id NOT IN (SELECT contact_id FROM my_contacts WHERE user_id = $1)";
        self.note_sight(actor, now, contacts, user.as_str(), &BTreeSet::from([user.clone()])).await
    }

    /// Notes for users each contact that a statement with one argument finds, in two statements however many they are.
    async fn note_sight(
        &mut self,
        actor: &Actor,
        now: Timestamp,
        contacts: &str,
        argument: &str,
        users: &BTreeSet<EmployeeId>,
    ) -> Result<(), Error> {
        let count = self
            .row(&format!("SELECT COUNT(*) FROM ({contacts}) c"), args![argument])
            .await?
            .ok_or(Error::Corrupt { what: "a count did not answer" })?
            .int()?;
        if count == 0 || users.is_empty() {
            return Ok(());
        }
        let last = self.count_up("feed", count).await?;
        let sql = format!(
            "INSERT INTO feed (seq, root_kind, root_id, op, what, shown, users, source, changed_by, changed_at)
             SELECT $2 + row_number() OVER (ORDER BY c.id), 'contact', c.id, 'update', 'team', '[]', $3, $4, $5, $6
             FROM ({contacts}) c"
        );
        let list = args![argument, last - count, json(users), actor.source.as_str(), &actor.user, now];
        self.execute(&sql, list).await.map(|_| ())
    }
}

impl Crm {
    /// What happened after a position in the feed, oldest first, at most `limit` and [`FEED_PAGE`] entries. A reader that
    /// goes on from the last entry's `seq` misses nothing: numbers are given in the order of commits.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn feed_after(&self, seq: i64, limit: usize) -> Result<Vec<Entry>, Error> {
        let mut tx = self.db.read().await?;
        let limit = i64::try_from(limit.clamp(1, FEED_PAGE)).unwrap_or(1);
        let sql = "SELECT seq, root_kind, root_id, op, what, shown, users, source, changed_by, changed_at
                   FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = tx.rows(sql, args![seq, limit]).await?;
        rows.into_iter()
            .map(|mut row| {
                Ok(Entry {
                    seq: row.int()?,
                    kind: Root::parse(&row.text()?)?,
                    id: row.text()?,
                    op: Op::parse(&row.text()?)?,
                    what: What::parse(&row.text()?)?,
                    shown: from_json(&row.text()?)?,
                    users: from_json(&row.text()?)?,
                    source: row.text()?,
                    by: EmployeeId::new(row.text()?),
                    at: row.instant()?,
                })
            })
            .collect()
    }

    /// The number of the newest entry; 0 when nothing happened yet.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn feed_head(&self) -> Result<i64, Error> {
        let mut tx = self.db.read().await?;
        match tx.row("SELECT value FROM counter WHERE name = 'feed'", vec![]).await? {
            Some(mut row) => row.int(),
            None => Ok(0),
        }
    }

    /// Writes a number that means nothing: whether the database takes writes, for one whose disk is full still answers.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn try_write(&self) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        tx.count_up("tried", 1).await?;
        tx.commit().await
    }

    /// The number of the oldest entry that is still there: a reader behind it must look at everything.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn feed_tail(&self) -> Result<Option<i64>, Error> {
        let mut tx = self.db.read().await?;
        match tx.row("SELECT MIN(seq) FROM feed", vec![]).await? {
            Some(mut row) => row.int_or_null(),
            None => Ok(None),
        }
    }

    /// Forgets at most `limit` entries up to a number, oldest first; answers how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn feed_forget(&self, up_to: i64, limit: usize) -> Result<u64, Error> {
        let mut tx = self.db.write().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = "DELETE FROM feed WHERE seq IN (SELECT seq FROM feed WHERE seq <= $1 ORDER BY seq LIMIT $2)";
        let gone = tx.execute(sql, args![up_to, limit]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

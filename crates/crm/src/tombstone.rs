//! What is remembered of a deleted record: that it was deleted, when, by whom, and where a merged one lives on.

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Cells, Row, Tx, args, places};
use crate::error::Error;
use crate::feed::Root;
use crate::id::{ActivityId, ContactId, EmployeeId};
use crate::value::{from_json, json};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What is written when a record goes.
pub(crate) struct Tombstone<'a> {
    pub(crate) kind: Root,
    pub(crate) id: &'a str,
    pub(crate) integration_key: Option<String>,
    pub(crate) global_id: Option<String>,
    pub(crate) merged_into: Option<&'a str>,
    pub(crate) users: &'a BTreeSet<EmployeeId>,
}

impl Crm {
    /// The contact that a create with this key made and that was deleted since: the synchronisation asks when the
    /// create's answer was lost.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn deleted_contact_of_key(&self, key: &str) -> Result<Option<ContactId>, Error> {
        let found = self.db.read().await?.buried_under(Root::Contact, key).await?;
        Ok(found.map(ContactId::new))
    }

    /// The activity that a create with this key made and that was deleted since.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn deleted_activity_of_key(&self, key: &str) -> Result<Option<ActivityId>, Error> {
        let found = self.db.read().await?.buried_under(Root::Activity, key).await?;
        Ok(found.map(ActivityId::new))
    }
}

impl Tx {
    pub(crate) async fn bury(&mut self, actor: &Actor, now: Timestamp, stone: Tombstone<'_>) -> Result<(), Error> {
        let cells = Cells::default()
            .set("root_kind", stone.kind.as_str())
            .set("root_id", stone.id)
            .set("integration_key", stone.integration_key)
            .set("global_id", stone.global_id)
            .set("merged_into", stone.merged_into)
            .set("users", json(stone.users))
            .set("deleted_at", now)
            .set("deleted_by", &actor.user)
            .set("source", actor.source.as_str());
        self.insert("tombstone", cells).await
    }

    /// Takes a tombstone away, so that its record comes back under its id: only for who deleted it, through the
    /// synchronisation, and never for a record that lives on in another.
    pub(crate) async fn dug_up(&mut self, actor: &Actor, kind: Root, id: Option<&str>) -> Result<bool, Error> {
        let Some(id) = id.filter(|_| actor.is_sync()) else {
            return Ok(false);
        };
        let sql =
            "DELETE FROM tombstone WHERE root_kind = $1 AND root_id = $2 AND deleted_by = $3 AND merged_into IS NULL";
        Ok(self.execute(sql, args![kind.as_str(), id, &actor.user]).await? == 1)
    }

    /// Which of these ids were deleted, and what each was merged into.
    pub(crate) async fn buried(
        &mut self,
        kind: Root,
        ids: &[String],
    ) -> Result<BTreeMap<String, Option<String>>, Error> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = format!(
            "SELECT root_id, merged_into FROM tombstone WHERE root_kind = $1 AND root_id IN ({})",
            places(2, ids.len())
        );
        let mut list = args![kind.as_str()];
        list.extend(ids.iter().map(crate::db::Arg::from));
        let rows = self.rows(&sql, list).await?;
        rows.into_iter().map(|mut row| Ok((row.text()?, row.text_or_null()?))).collect()
    }

    /// Which record made under this key was deleted since.
    pub(crate) async fn buried_under(&mut self, kind: Root, key: &str) -> Result<Option<String>, Error> {
        let sql = "SELECT root_id FROM tombstone WHERE integration_key = $1 AND root_kind = $2 ORDER BY root_id";
        match self.row(sql, args![key, kind.as_str()]).await? {
            Some(mut row) => Ok(Some(row.text()?)),
            None => Ok(None),
        }
    }

    /// The error for an id that is not there: deleted, for those whom its record concerned; else never known.
    pub(crate) async fn missing(&mut self, actor: &Actor, kind: Root, id: &str) -> Result<Error, Error> {
        let sql = "SELECT merged_into, users FROM tombstone WHERE root_kind = $1 AND root_id = $2";
        match self.row(sql, args![kind.as_str(), id]).await? {
            Some(mut row) => Ok(told(actor, kind, &mut row)?.unwrap_or(Error::NotFound)),
            None => Ok(Error::NotFound),
        }
    }

    /// Whether a record made under this key was deleted since; whom it did not concern is told only that it is taken.
    pub(crate) async fn key_buried(&mut self, actor: &Actor, kind: Root, key: &str) -> Result<Option<Error>, Error> {
        let sql = "SELECT merged_into, users FROM tombstone WHERE integration_key = $1 AND root_kind = $2";
        match self.row(sql, args![key, kind.as_str()]).await? {
            Some(mut row) => Ok(Some(told(actor, kind, &mut row)?.unwrap_or_else(key_taken))),
            None => Ok(None),
        }
    }
}

/// A key of somebody else's record says nothing about it.
pub(crate) fn key_taken() -> Error {
    Error::fault("integration_key", "it is taken")
}

/// What a tombstone's `merged_into` and `users` tell somebody. Employees everybody sees, and the synchronisation asks for
/// records that its user may have lost from sight before they were deleted.
fn told(actor: &Actor, kind: Root, row: &mut Row) -> Result<Option<Error>, Error> {
    let (merged_into, users) = (row.text_or_null()?, row.text()?);
    let known = actor.is_sync()
        || actor.is_admin()
        || kind == Root::Employee
        || from_json::<BTreeSet<EmployeeId>>(&users)?.contains(&actor.user);
    Ok(known.then_some(Error::Deleted { merged_into }))
}

/// The number a record begins with. One that came back goes on beyond every number it had, so that nobody takes it for
/// what it was: no record is changed once a second for as long as seconds are counted.
pub(crate) fn first_version(revived: bool, now: Timestamp) -> i64 {
    if revived { now.as_second().max(1) } else { 1 }
}

//! The Sync List: which contacts and employees each user wants in his mailbox (rule O1).

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Tx, args};
use crate::error::Error;
use crate::feed::{Change, Op, Root, What};
use crate::id::{ContactId, EmployeeId};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What can stand on a Sync List.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listable {
    /// A business or personal contact.
    Contact(ContactId),
    /// A colleague.
    Employee(EmployeeId),
}

/// One user who has a record on his Sync List.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The user.
    pub user: EmployeeId,
    /// Who put it there: himself or an administrator.
    pub added_by: EmployeeId,
    /// When.
    pub added_at: Timestamp,
}

impl Listable {
    fn root(&self) -> Root {
        match self {
            Listable::Contact(_) => Root::Contact,
            Listable::Employee(_) => Root::Employee,
        }
    }

    fn id(&self) -> &str {
        match self {
            Listable::Contact(id) => id.as_str(),
            Listable::Employee(id) => id.as_str(),
        }
    }
}

impl Crm {
    /// Add To Sync List: puts a record on a user's list; answers false when it stood there already. A user adds himself,
    /// an administrator may add others, which is recorded.
    ///
    /// # Errors
    /// The record is not visible to that user; somebody else's list.
    pub async fn add_to_sync_list(
        &self,
        actor: &Actor,
        record: &Listable,
        user: &EmployeeId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        own_list(actor, user)?;
        let mut tx = self.db.write().await?;
        if !tx.exists("employee", user.as_str()).await? {
            return Err(Error::fault("user", "there is no such user"));
        }
        match record {
            Listable::Contact(id) => {
                // Visible to the user whose mailbox it goes to, whoever adds it.
                let as_user = Actor::user(user.clone(), actor.source.clone());
                match tx.visible_contact(&as_user, id).await {
                    // Who adds for somebody else is told whose eyes counted, as far as he may see the record himself.
                    Err(Error::NotFound) if actor.user != *user => {
                        tx.visible_contact(actor, id).await?;
                        let message =
                            "may not see this contact, so it cannot stand on his Sync List (rule O1): let him in first";
                        return Err(Error::fault("user", message));
                    }
                    other => other?,
                };
            }
            Listable::Employee(id) => {
                if !tx.exists("employee", id.as_str()).await? {
                    return Err(tx.missing(actor, Root::Employee, id.as_str()).await?);
                }
            }
        }
        let added = tx.put_on_sync_list(actor, now, record.root(), record.id(), user).await?;
        tx.commit().await?;
        Ok(added)
    }

    /// Remove From Sync List: answers false when it did not stand there.
    ///
    /// # Errors
    /// Somebody else's list.
    pub async fn remove_from_sync_list(
        &self,
        actor: &Actor,
        record: &Listable,
        user: &EmployeeId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        own_list(actor, user)?;
        let mut tx = self.db.write().await?;
        let sql = "DELETE FROM sync_list WHERE record_kind = $1 AND record_id = $2 AND user_id = $3";
        let removed = tx.execute(sql, args![record.root().as_str(), record.id(), user]).await? > 0;
        if removed {
            let change =
                Change::new(record.root(), record.id(), Op::Update, What::SyncList, BTreeSet::from([user.clone()]));
            tx.note(actor, now, change).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }

    /// Who has a record on his Sync List, at most [`crate::limits::PAGE`], for those who may see the record.
    ///
    /// # Errors
    /// The record is not visible.
    pub async fn sync_list_of(&self, actor: &Actor, record: &Listable) -> Result<Vec<Listing>, Error> {
        let mut tx = self.db.read().await?;
        if let Listable::Contact(id) = record {
            tx.visible_contact(actor, id).await?;
        }
        let sql = format!(
            "SELECT user_id, added_by, added_at FROM sync_list WHERE record_kind = $1 AND record_id = $2
             ORDER BY user_id LIMIT {}",
            crate::limits::PAGE
        );
        let rows = tx.rows(&sql, args![record.root().as_str(), record.id()]).await?;
        rows.into_iter()
            .map(|mut row| {
                Ok(Listing {
                    user: EmployeeId::new(row.text()?),
                    added_by: EmployeeId::new(row.text()?),
                    added_at: row.instant()?,
                })
            })
            .collect()
    }
}

fn own_list(actor: &Actor, user: &EmployeeId) -> Result<(), Error> {
    if actor.user == *user || actor.is_admin() {
        Ok(())
    } else {
        Err(Error::forbidden("only an administrator may change somebody else's Sync List"))
    }
}

impl Tx {
    pub(crate) async fn is_listed(&mut self, kind: Root, id: &str, user: &EmployeeId) -> Result<bool, Error> {
        let sql = "SELECT user_id FROM sync_list WHERE record_kind = $1 AND record_id = $2 AND user_id = $3";
        Ok(self.row(sql, args![kind.as_str(), id, user]).await?.is_some())
    }

    pub(crate) async fn put_on_sync_list(
        &mut self,
        actor: &Actor,
        now: Timestamp,
        kind: Root,
        id: &str,
        user: &EmployeeId,
    ) -> Result<bool, Error> {
        let sql =
            "INSERT INTO sync_list (record_kind, record_id, user_id, added_by, added_at) VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (record_kind, record_id, user_id) DO NOTHING";
        let added = self.execute(sql, args![kind.as_str(), id, user, &actor.user, now]).await? > 0;
        if added {
            let change = Change::new(kind, id, Op::Update, What::SyncList, BTreeSet::from([user.clone()]));
            self.note(actor, now, change).await?;
        }
        Ok(added)
    }
}

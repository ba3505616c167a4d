//! User lists: named groups of users, whatever their positions.

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Arg, Cells, Tx, args, places};
use crate::error::{Error, Fault, check};
use crate::feed::{Change, Op, Root, What};
use crate::id::{EmployeeId, UserListId};
use crate::limits::MEMBERS;
use crate::organization::limit;
use crate::page::{Page, PageRequest, page};
use crate::people::{administrators_only, employees, name_fault};
use crate::tombstone::Tombstone;
use crate::value::key_of;
use jiff::Timestamp;
use model::same::normal;
use std::collections::BTreeSet;

/// A user list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserList {
    /// Its id.
    pub id: UserListId,
    /// Counts its changes.
    pub version: i64,
    /// Its name, unique without case.
    pub name: String,
}

/// What the cursors of this list name.
const LIST: &str = "user lists";

impl Crm {
    /// Makes a user list with these members.
    ///
    /// # Errors
    /// Not an administrator; a name that is missing or taken; unknown members.
    pub async fn create_user_list(
        &self,
        actor: &Actor,
        name: &str,
        members: &BTreeSet<EmployeeId>,
        now: Timestamp,
    ) -> Result<UserList, Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        check(tx.user_list_faults(None, name, members).await?)?;
        let id = UserListId::of_number(tx.count_up("user_list", 1).await?);
        let cells =
            Cells::default().set("id", &id).set("version", 1).set("name", normal(name)).set("name_key", key_of(name));
        tx.insert("user_list", cells).await?;
        tx.put_members(&id, members).await?;
        tx.note(actor, now, Change::new(Root::UserList, id.as_str(), Op::Create, What::Membership, members.clone()))
            .await?;
        tx.commit().await?;
        Ok(UserList { id, version: 1, name: normal(name) })
    }

    /// Renames a user list and sets its members.
    ///
    /// # Errors
    /// As for a create, and a stale version.
    pub async fn update_user_list(
        &self,
        actor: &Actor,
        id: &UserListId,
        expected: i64,
        name: &str,
        members: &BTreeSet<EmployeeId>,
        now: Timestamp,
    ) -> Result<UserList, Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        tx.expect_version("user_list", id.as_str(), expected).await?;
        check(tx.user_list_faults(Some(id), name, members).await?)?;
        let before = tx.user_list_members(id).await?;
        let cells =
            Cells::default().set("version", expected + 1).set("name", normal(name)).set("name_key", key_of(name));
        tx.update("user_list", id.as_str(), cells).await?;
        tx.execute("DELETE FROM user_list_member WHERE user_list_id = $1", args![id]).await?;
        tx.put_members(id, members).await?;
        // Who stays a member keeps his groups; the others' change.
        let changed: BTreeSet<EmployeeId> = before.symmetric_difference(members).cloned().collect();
        tx.note(actor, now, Change::new(Root::UserList, id.as_str(), Op::Update, What::Membership, changed)).await?;
        tx.commit().await?;
        Ok(UserList { id: id.clone(), version: expected + 1, name: normal(name) })
    }

    /// Deletes a user list.
    ///
    /// # Errors
    /// Not an administrator; a stale version.
    pub async fn delete_user_list(
        &self,
        actor: &Actor,
        id: &UserListId,
        expected: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        tx.expect_version("user_list", id.as_str(), expected).await?;
        let members = tx.user_list_members(id).await?;
        tx.execute("DELETE FROM user_list WHERE id = $1", args![id]).await?;
        let stone = Tombstone {
            kind: Root::UserList,
            id: id.as_str(),
            integration_key: None,
            global_id: None,
            merged_into: None,
            users: &members,
        };
        tx.bury(actor, now, stone).await?;
        tx.note(actor, now, Change::new(Root::UserList, id.as_str(), Op::Delete, What::Membership, members)).await?;
        tx.commit().await
    }

    /// The user lists in order of their names.
    ///
    /// # Errors
    /// A foreign cursor.
    pub async fn user_lists(&self, request: &PageRequest) -> Result<Page<UserList>, Error> {
        let mut tx = self.db.read().await?;
        let after = request.keys::<1>(LIST)?.map_or(String::new(), |[name]| name);
        let bound = request.bound();
        let sql = "SELECT id, version, name, name_key FROM user_list WHERE name_key > $1 ORDER BY name_key LIMIT $2";
        let rows = tx.rows(sql, args![after, limit(bound)]).await?;
        let list = rows
            .into_iter()
            .map(|mut row| {
                let list = UserList { id: UserListId::new(row.text()?), version: row.int()?, name: row.text()? };
                Ok((list, row.text()?))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(page(LIST, list, bound, |(_, key)| [key.clone()]).map(|(list, _)| list))
    }

    /// The members of a user list.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn user_list_members(&self, id: &UserListId) -> Result<BTreeSet<EmployeeId>, Error> {
        self.db.read().await?.user_list_members(id).await
    }
}

impl Tx {
    async fn user_list_members(&mut self, id: &UserListId) -> Result<BTreeSet<EmployeeId>, Error> {
        employees(self.rows("SELECT employee_id FROM user_list_member WHERE user_list_id = $1", args![id]).await?)
    }

    async fn put_members(&mut self, id: &UserListId, members: &BTreeSet<EmployeeId>) -> Result<(), Error> {
        if members.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO user_list_member (user_list_id, employee_id)
             SELECT $1, id FROM employee WHERE id IN ({})",
            places(2, members.len())
        );
        let mut list = args![id];
        list.extend(members.iter().map(Arg::from));
        self.execute(&sql, list).await.map(|_| ())
    }

    async fn user_list_faults(
        &mut self,
        id: Option<&UserListId>,
        name: &str,
        members: &BTreeSet<EmployeeId>,
    ) -> Result<Vec<Fault>, Error> {
        let mut faults: Vec<Fault> = name_fault(name).into_iter().collect();
        if let Some(mut row) = self.row("SELECT id FROM user_list WHERE name_key = $1", args![key_of(name)]).await?
            && Some(row.text()?.as_str()) != id.map(UserListId::as_str)
        {
            faults.push(Fault::new("name", "another user list has this name"));
        }
        if members.len() > MEMBERS {
            faults.push(Fault::new("members", format!("at most {MEMBERS} members")));
        } else {
            faults.extend(self.unknown_employees("members", members).await?);
        }
        Ok(faults)
    }

    /// A fault for each of these that is no employee.
    pub(crate) async fn unknown_employees(
        &mut self,
        field: &str,
        ids: &BTreeSet<EmployeeId>,
    ) -> Result<Vec<Fault>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT id FROM employee WHERE id IN ({})", places(1, ids.len()));
        let known = employees(self.rows(&sql, ids.iter().map(Arg::from).collect()).await?)?;
        Ok(ids.difference(&known).map(|id| Fault::new(field, format!("there is no employee {id}"))).collect())
    }
}

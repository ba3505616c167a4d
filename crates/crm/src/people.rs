//! Who belongs to what: the groups of a user with everything above them, and whom a change of a group concerns.

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Arg, Row, Tx, args, places};
use crate::error::{Error, Fault};
use crate::id::{EmployeeId, OrganizationId, PositionId, UserListId};
use crate::limits::{DEPTH, MEMBERS, TEXT_CHARS};
use model::same::normal;
use std::collections::{BTreeMap, BTreeSet};

/// The groups of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships {
    /// He is there and may sign in.
    pub active: bool,
    /// The positions he holds, the primary one first.
    pub positions: Vec<Held>,
    /// The user lists that name him.
    pub user_lists: BTreeSet<UserListId>,
}

/// A position that a user holds, and what is above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The position.
    pub position: PositionId,
    /// The positions above it, nearest first.
    pub above: Vec<PositionId>,
    /// Its organization.
    pub organization: OrganizationId,
    /// The organizations above that, nearest first.
    pub organizations_above: Vec<OrganizationId>,
    /// His primary position.
    pub primary: bool,
}

/// The three kinds of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// An organization.
    Organization,
    /// A position.
    Position,
    /// A user list.
    UserList,
}

impl Crm {
    /// The groups of a user, as they are now.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn memberships(&self, user: &EmployeeId) -> Result<Memberships, Error> {
        let mut tx = self.db.read().await?;
        let here = "SELECT id FROM employee WHERE id = $1 AND active = 1 AND login IS NOT NULL";
        let active = tx.row(here, args![user]).await?.is_some();
        let held = "SELECT h.position_id, p.organization_id, h.is_primary
                    FROM position_holder h JOIN position p ON p.id = h.position_id
                    WHERE h.employee_id = $1 ORDER BY h.is_primary DESC, h.position_id";
        let held = tx.rows(held, args![user]).await?;
        let up = "WITH RECURSIVE up (start_id, id, depth) AS (
                    SELECT h.position_id, p.parent_id, 1
                    FROM position_holder h JOIN position p ON p.id = h.position_id
                    WHERE h.employee_id = $1 AND p.parent_id IS NOT NULL
                    UNION ALL
                    SELECT u.start_id, p.parent_id, u.depth + 1 FROM up u JOIN position p ON p.id = u.id
                    WHERE p.parent_id IS NOT NULL AND u.depth < $2)
                  SELECT start_id, id FROM up ORDER BY start_id, depth";
        let above = chains(tx.rows(up, args![user, DEPTH]).await?)?;
        let up = "WITH RECURSIVE up (start_id, id, depth) AS (
                    SELECT DISTINCT o.id, o.parent_id, 1
                    FROM position_holder h JOIN position p ON p.id = h.position_id
                    JOIN organization o ON o.id = p.organization_id
                    WHERE h.employee_id = $1 AND o.parent_id IS NOT NULL
                    UNION ALL
                    SELECT u.start_id, o.parent_id, u.depth + 1 FROM up u JOIN organization o ON o.id = u.id
                    WHERE o.parent_id IS NOT NULL AND u.depth < $2)
                  SELECT start_id, id FROM up ORDER BY start_id, depth";
        let organizations = chains(tx.rows(up, args![user, DEPTH]).await?)?;
        let lists = "SELECT user_list_id FROM user_list_member WHERE employee_id = $1";
        let lists = tx.rows(lists, args![user]).await?;
        let positions = held
            .into_iter()
            .map(|mut row| {
                let (position, organization, primary) = (row.text()?, row.text()?, row.flag()?);
                let up = |chains: &BTreeMap<String, Vec<String>>, id: &str| chains.get(id).cloned().unwrap_or_default();
                Ok(Held {
                    above: up(&above, &position).into_iter().map(PositionId::new).collect(),
                    organizations_above: up(&organizations, &organization)
                        .into_iter()
                        .map(OrganizationId::new)
                        .collect(),
                    position: PositionId::new(position),
                    organization: OrganizationId::new(organization),
                    primary,
                })
            })
            .collect::<Result<Vec<Held>, Error>>()?;
        let user_lists =
            lists.into_iter().map(|mut row| row.text().map(UserListId::new)).collect::<Result<BTreeSet<_>, Error>>()?;
        Ok(Memberships { active, positions, user_lists })
    }

    /// The logins of employees; who left, or never had one, is absent. At most [`MEMBERS`] ids.
    ///
    /// # Errors
    /// Too many ids, or the database's.
    pub async fn logins(&self, ids: &BTreeSet<EmployeeId>) -> Result<BTreeMap<EmployeeId, String>, Error> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        if ids.len() > MEMBERS {
            return Err(Error::fault("ids", format!("at most {MEMBERS} employees")));
        }
        let places = places(1, ids.len());
        let sql = format!("SELECT id, login FROM employee WHERE login IS NOT NULL AND id IN ({places})");
        let mut tx = self.db.read().await?;
        let rows = tx.rows(&sql, ids.iter().map(Arg::from).collect()).await?;
        rows.into_iter().map(|mut row| Ok((EmployeeId::new(row.text()?), row.text()?))).collect()
    }

    /// The names of groups; one that vanished is absent. At most [`MEMBERS`] ids.
    ///
    /// # Errors
    /// Too many ids, or the database's.
    pub async fn group_names(&self, kind: Group, ids: &BTreeSet<String>) -> Result<BTreeMap<String, String>, Error> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        if ids.len() > MEMBERS {
            return Err(Error::fault("ids", format!("at most {MEMBERS} groups")));
        }
        let table = match kind {
            Group::Organization => "organization",
            Group::Position => "position",
            Group::UserList => "user_list",
        };
        let mut tx = self.db.read().await?;
        let sql = format!("SELECT id, name FROM {table} WHERE id IN ({})", places(1, ids.len()));
        let rows = tx.rows(&sql, ids.iter().map(Arg::from).collect()).await?;
        rows.into_iter().map(|mut row| Ok((row.text()?, row.text()?))).collect()
    }
}

fn chains(rows: Vec<Row>) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let mut chains: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mut row in rows {
        let start = row.text()?;
        chains.entry(start).or_default().push(row.text()?);
    }
    Ok(chains)
}

/// Reads a column of employees.
pub(crate) fn employees(rows: Vec<Row>) -> Result<BTreeSet<EmployeeId>, Error> {
    rows.into_iter().map(|mut row| row.text().map(EmployeeId::new)).collect()
}

impl Tx {
    /// Who holds a position or one below it.
    pub(crate) async fn holders_below_position(&mut self, position: &str) -> Result<BTreeSet<EmployeeId>, Error> {
        let sql = "WITH RECURSIVE down (id, depth) AS (
                     SELECT id, 0 FROM position WHERE id = $1
                     UNION ALL
                     SELECT p.id, d.depth + 1 FROM position p JOIN down d ON p.parent_id = d.id WHERE d.depth < $2)
                   SELECT DISTINCT h.employee_id FROM position_holder h JOIN down d ON d.id = h.position_id";
        employees(self.rows(sql, args![position, DEPTH]).await?)
    }

    /// Who holds a position in an organization or one below it.
    pub(crate) async fn holders_below_organization(
        &mut self,
        organization: &str,
    ) -> Result<BTreeSet<EmployeeId>, Error> {
        let sql = "WITH RECURSIVE down (id, depth) AS (
                     SELECT id, 0 FROM organization WHERE id = $1
                     UNION ALL
                     SELECT o.id, d.depth + 1 FROM organization o JOIN down d ON o.parent_id = d.id WHERE d.depth < $2)
                   SELECT DISTINCT h.employee_id FROM position_holder h
                   JOIN position p ON p.id = h.position_id JOIN down d ON d.id = p.organization_id";
        employees(self.rows(sql, args![organization, DEPTH]).await?)
    }

    /// Whether a row with this id stands in the table.
    pub(crate) async fn exists(&mut self, table: &str, id: &str) -> Result<bool, Error> {
        Ok(self.row(&format!("SELECT id FROM {table} WHERE id = $1"), args![id]).await?.is_some())
    }

    /// The version of a record, checked against the one the change was made against.
    pub(crate) async fn expect_version(&mut self, table: &str, id: &str, expected: i64) -> Result<(), Error> {
        match self.row(&format!("SELECT version FROM {table} WHERE id = $1"), args![id]).await? {
            None => Err(Error::NotFound),
            Some(mut row) => match row.int()? {
                current if current == expected => Ok(()),
                current => Err(Error::Stale { current }),
            },
        }
    }

    /// What is wrong with a parent: it does not exist, or stands below the record itself.
    pub(crate) async fn parent_fault(
        &mut self,
        table: &str,
        id: Option<&str>,
        parent: Option<&str>,
    ) -> Result<Option<Fault>, Error> {
        let Some(parent) = parent else {
            return Ok(None);
        };
        if !self.exists(table, parent).await? {
            return Ok(Some(Fault::new("parent", "there is no such record")));
        }
        let sql = format!(
            "WITH RECURSIVE up (id, depth) AS (
               SELECT id, 0 FROM {table} WHERE id = $1
               UNION ALL
               SELECT t.parent_id, u.depth + 1 FROM {table} t JOIN up u ON t.id = u.id
               WHERE t.parent_id IS NOT NULL AND u.depth < $2)
             SELECT id FROM up"
        );
        let above = self.rows(&sql, args![parent, DEPTH]).await?;
        if i64::try_from(above.len()).unwrap_or(i64::MAX) >= DEPTH {
            return Ok(Some(Fault::new("parent", format!("a tree is at most {DEPTH} levels deep"))));
        }
        for mut row in above {
            if Some(row.text()?.as_str()) == id {
                return Ok(Some(Fault::new("parent", "a record cannot stand below itself")));
            }
        }
        Ok(None)
    }
}

/// Refuses whoever is no administrator.
pub(crate) fn administrators_only(actor: &Actor) -> Result<(), Error> {
    if actor.is_admin() {
        Ok(())
    } else {
        Err(Error::forbidden("only an administrator may change employees and groups"))
    }
}

/// A name that is there and not too long.
pub(crate) fn name_fault(name: &str) -> Option<Fault> {
    let name = normal(name);
    if name.is_empty() {
        Some(Fault::new("name", "a name is required"))
    } else if name.chars().count() > TEXT_CHARS {
        Some(Fault::new("name", format!("at most {TEXT_CHARS} characters")))
    } else {
        None
    }
}

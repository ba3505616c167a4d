//! Organizations and their tree.

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Cells, Row, args};
use crate::error::{Error, Fault, check};
use crate::feed::{Change, Op, Root, What};
use crate::id::OrganizationId;
use crate::page::{Page, PageRequest, page};
use crate::people::{administrators_only, name_fault};
use crate::tombstone::Tombstone;
use crate::value::key_of;
use jiff::Timestamp;
use model::same::normal;
use std::collections::BTreeSet;

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Counts its changes.
    pub version: i64,
    /// Its name, unique without case.
    pub name: String,
    /// The organization above it.
    pub parent: Option<OrganizationId>,
}

impl Organization {
    fn read(row: &mut Row) -> Result<Organization, Error> {
        Ok(Organization {
            id: OrganizationId::new(row.text()?),
            version: row.int()?,
            name: row.text()?,
            parent: row.text_or_null()?.map(OrganizationId::new),
        })
    }
}

/// What the cursors of this list name.
const LIST: &str = "organizations";

impl Crm {
    /// Makes an organization.
    ///
    /// # Errors
    /// Not an administrator; a name that is missing or taken; an unknown parent.
    pub async fn create_organization(
        &self,
        actor: &Actor,
        name: &str,
        parent: Option<&OrganizationId>,
        now: Timestamp,
    ) -> Result<Organization, Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        let mut faults: Vec<Fault> = name_fault(name).into_iter().collect();
        faults.extend(tx.parent_fault("organization", None, parent.map(OrganizationId::as_str)).await?);
        if tx.row("SELECT id FROM organization WHERE name_key = $1", args![key_of(name)]).await?.is_some() {
            faults.push(Fault::new("name", "another organization has this name"));
        }
        check(faults)?;
        let id = OrganizationId::of_number(tx.count_up("organization", 1).await?);
        let cells = Cells::default()
            .set("id", &id)
            .set("version", 1)
            .set("name", normal(name))
            .set("name_key", key_of(name))
            .set("parent_id", parent);
        tx.insert("organization", cells).await?;
        tx.note(actor, now, Change::new(Root::Organization, id.as_str(), Op::Create, What::Fields, BTreeSet::new()))
            .await?;
        tx.commit().await?;
        Ok(Organization { id, version: 1, name: normal(name), parent: parent.cloned() })
    }

    /// Renames an organization or moves it in the tree; its people's groups change with it.
    ///
    /// # Errors
    /// As for a create, and a stale version.
    pub async fn update_organization(
        &self,
        actor: &Actor,
        id: &OrganizationId,
        expected: i64,
        name: &str,
        parent: Option<&OrganizationId>,
        now: Timestamp,
    ) -> Result<Organization, Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        tx.expect_version("organization", id.as_str(), expected).await?;
        let mut faults: Vec<Fault> = name_fault(name).into_iter().collect();
        faults.extend(tx.parent_fault("organization", Some(id.as_str()), parent.map(OrganizationId::as_str)).await?);
        let taken = "SELECT id FROM organization WHERE name_key = $1 AND id <> $2";
        if tx.row(taken, args![key_of(name), id]).await?.is_some() {
            faults.push(Fault::new("name", "another organization has this name"));
        }
        check(faults)?;
        let cells = Cells::default()
            .set("version", expected + 1)
            .set("name", normal(name))
            .set("name_key", key_of(name))
            .set("parent_id", parent);
        tx.update("organization", id.as_str(), cells).await?;
        let people = tx.holders_below_organization(id.as_str()).await?;
        // Employees show their organization's name as their company.
        let shown = tx.employees_of_organization(id.as_str()).await?;
        tx.touch_employees(actor, now, &shown).await?;
        tx.note(actor, now, Change::new(Root::Organization, id.as_str(), Op::Update, What::Membership, people)).await?;
        tx.commit().await?;
        Ok(Organization { id: id.clone(), version: expected + 1, name: normal(name), parent: parent.cloned() })
    }

    /// Deletes an organization that nothing belongs to any more.
    ///
    /// # Errors
    /// Not an administrator; something still belongs to it; a stale version.
    pub async fn delete_organization(
        &self,
        actor: &Actor,
        id: &OrganizationId,
        expected: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        tx.expect_version("organization", id.as_str(), expected).await?;
        let used = "SELECT id FROM organization WHERE parent_id = $1 UNION ALL
                    SELECT id FROM position WHERE organization_id = $1 UNION ALL
                    SELECT id FROM account WHERE organization_id = $1 LIMIT 1";
        if tx.row(used, args![id]).await?.is_some() {
            return Err(Error::fault("id", "organizations, positions or accounts still belong to it"));
        }
        tx.execute("DELETE FROM organization WHERE id = $1", args![id]).await?;
        let users = BTreeSet::new();
        let stone = Tombstone {
            kind: Root::Organization,
            id: id.as_str(),
            integration_key: None,
            global_id: None,
            merged_into: None,
            users: &users,
        };
        tx.bury(actor, now, stone).await?;
        tx.note(actor, now, Change::new(Root::Organization, id.as_str(), Op::Delete, What::Membership, users)).await?;
        tx.commit().await
    }

    /// One organization.
    ///
    /// # Errors
    /// There is none with this id.
    pub async fn organization(&self, id: &OrganizationId) -> Result<Organization, Error> {
        let mut tx = self.db.read().await?;
        let row = tx.row("SELECT id, version, name, parent_id FROM organization WHERE id = $1", args![id]).await?;
        Organization::read(&mut row.ok_or(Error::NotFound)?)
    }

    /// The organizations in order of their names.
    ///
    /// # Errors
    /// A foreign cursor.
    pub async fn organizations(&self, request: &PageRequest) -> Result<Page<Organization>, Error> {
        let mut tx = self.db.read().await?;
        let after = request.keys::<1>(LIST)?.map_or(String::new(), |[name]| name);
        let bound = request.bound();
        let sql = "SELECT id, version, name, parent_id, name_key FROM organization
                   WHERE name_key > $1 ORDER BY name_key LIMIT $2";
        let rows = tx.rows(sql, args![after, limit(bound)]).await?;
        let list = rows
            .into_iter()
            .map(|mut row| Ok((Organization::read(&mut row)?, row.text()?)))
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(page(LIST, list, bound, |(_, key)| [key.clone()]).map(|(organization, _)| organization))
    }
}

/// One more than the bound: the surplus row says that another page follows.
pub(crate) fn limit(bound: usize) -> i64 {
    i64::try_from(bound + 1).unwrap_or(i64::MAX)
}

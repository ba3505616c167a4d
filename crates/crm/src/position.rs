//! Positions, their tree, and who holds them.

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Cells, Row, args};
use crate::error::{Error, Fault, check};
use crate::feed::{Change, Op, Root, What};
use crate::id::{EmployeeId, OrganizationId, PositionId};
use crate::organization::limit;
use crate::page::{Page, PageRequest, page};
use crate::people::{administrators_only, employees, name_fault};
use crate::tombstone::Tombstone;
use jiff::Timestamp;
use model::same::normal;
use std::collections::BTreeSet;

/// A position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its id.
    pub id: PositionId,
    /// Counts its changes.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// The organization it belongs to.
    pub organization: OrganizationId,
    /// The position above it.
    pub parent: Option<PositionId>,
}

/// What a position is made or changed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionDraft {
    /// Its name.
    pub name: String,
    /// The organization it belongs to.
    pub organization: OrganizationId,
    /// The position above it.
    pub parent: Option<PositionId>,
}

impl Position {
    fn read(row: &mut Row) -> Result<Position, Error> {
        Ok(Position {
            id: PositionId::new(row.text()?),
            version: row.int()?,
            name: row.text()?,
            organization: OrganizationId::new(row.text()?),
            parent: row.text_or_null()?.map(PositionId::new),
        })
    }
}

const COLUMNS: &str = "id, version, name, organization_id, parent_id";

/// What the cursors of this list name.
const LIST: &str = "positions";

impl Crm {
    /// Makes a position.
    ///
    /// # Errors
    /// Not an administrator; a missing name; an unknown organization or parent.
    pub async fn create_position(
        &self,
        actor: &Actor,
        draft: &PositionDraft,
        now: Timestamp,
    ) -> Result<Position, Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        let mut faults: Vec<Fault> = name_fault(&draft.name).into_iter().collect();
        faults.extend(tx.parent_fault("position", None, draft.parent.as_ref().map(PositionId::as_str)).await?);
        if !tx.exists("organization", draft.organization.as_str()).await? {
            faults.push(Fault::new("organization", "there is no such organization"));
        }
        check(faults)?;
        let id = PositionId::of_number(tx.count_up("position", 1).await?);
        let cells = Cells::default().set("id", &id).set("version", 1);
        tx.insert("position", draft.cells(cells)).await?;
        tx.note(actor, now, Change::new(Root::Position, id.as_str(), Op::Create, What::Fields, BTreeSet::new()))
            .await?;
        tx.commit().await?;
        Ok(draft.position(id, 1))
    }

    /// Renames a position, moves it in the tree or to another organization.
    ///
    /// # Errors
    /// As for a create, and a stale version.
    pub async fn update_position(
        &self,
        actor: &Actor,
        id: &PositionId,
        expected: i64,
        draft: &PositionDraft,
        now: Timestamp,
    ) -> Result<Position, Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        tx.expect_version("position", id.as_str(), expected).await?;
        let mut faults: Vec<Fault> = name_fault(&draft.name).into_iter().collect();
        faults.extend(
            tx.parent_fault("position", Some(id.as_str()), draft.parent.as_ref().map(PositionId::as_str)).await?,
        );
        if !tx.exists("organization", draft.organization.as_str()).await? {
            faults.push(Fault::new("organization", "there is no such organization"));
        }
        check(faults)?;
        tx.update("position", id.as_str(), draft.cells(Cells::default().set("version", expected + 1))).await?;
        let people = tx.holders_below_position(id.as_str()).await?;
        let sql = "SELECT employee_id FROM position_holder WHERE position_id = $1 AND is_primary = 1";
        let shown = employees(tx.rows(sql, args![id]).await?)?;
        tx.touch_employees(actor, now, &shown).await?;
        tx.note(actor, now, Change::new(Root::Position, id.as_str(), Op::Update, What::Membership, people)).await?;
        tx.commit().await?;
        Ok(draft.position(id.clone(), expected + 1))
    }

    /// Deletes a position that has none below it; its holders lose it, and sight of the contacts whose team it was on.
    ///
    /// # Errors
    /// Not an administrator; positions stand below it; a stale version.
    pub async fn delete_position(
        &self,
        actor: &Actor,
        id: &PositionId,
        expected: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        tx.expect_version("position", id.as_str(), expected).await?;
        if tx.row("SELECT id FROM position WHERE parent_id = $1 LIMIT 1", args![id]).await?.is_some() {
            return Err(Error::fault("id", "positions still stand below it"));
        }
        let holders =
            employees(tx.rows("SELECT employee_id FROM position_holder WHERE position_id = $1", args![id]).await?)?;
        tx.note_teams_of(actor, now, id.as_str(), &holders).await?;
        tx.touch_employees(actor, now, &holders).await?;
        tx.execute("DELETE FROM contact_team WHERE member_kind = 'position' AND member_id = $1", args![id]).await?;
        tx.execute("DELETE FROM position WHERE id = $1", args![id]).await?;
        let stone = Tombstone {
            kind: Root::Position,
            id: id.as_str(),
            integration_key: None,
            global_id: None,
            merged_into: None,
            users: &holders,
        };
        tx.bury(actor, now, stone).await?;
        tx.note(actor, now, Change::new(Root::Position, id.as_str(), Op::Delete, What::Membership, holders)).await?;
        tx.commit().await
    }

    /// One position.
    ///
    /// # Errors
    /// There is none with this id.
    pub async fn position(&self, id: &PositionId) -> Result<Position, Error> {
        let mut tx = self.db.read().await?;
        let row = tx.row(&format!("SELECT {COLUMNS} FROM position WHERE id = $1"), args![id]).await?;
        Position::read(&mut row.ok_or(Error::NotFound)?)
    }

    /// The positions in order of their ids.
    ///
    /// # Errors
    /// A foreign cursor.
    pub async fn positions(&self, request: &PageRequest) -> Result<Page<Position>, Error> {
        let mut tx = self.db.read().await?;
        let after = request.keys::<1>(LIST)?.map_or(String::new(), |[id]| id);
        let bound = request.bound();
        let sql = format!("SELECT {COLUMNS} FROM position WHERE id > $1 ORDER BY id LIMIT $2");
        let rows = tx.rows(&sql, args![after, limit(bound)]).await?;
        let list = rows.into_iter().map(|mut row| Position::read(&mut row)).collect::<Result<Vec<_>, Error>>()?;
        Ok(page(LIST, list, bound, |position| [position.id.to_string()]))
    }

    /// Who holds a position.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn position_holders(&self, id: &PositionId) -> Result<BTreeSet<EmployeeId>, Error> {
        let mut tx = self.db.read().await?;
        employees(tx.rows("SELECT employee_id FROM position_holder WHERE position_id = $1", args![id]).await?)
    }
}

impl PositionDraft {
    fn cells(&self, cells: Cells) -> Cells {
        cells
            .set("name", normal(&self.name))
            .set("organization_id", &self.organization)
            .set("parent_id", self.parent.as_ref())
    }

    fn position(&self, id: PositionId, version: i64) -> Position {
        Position {
            id,
            version,
            name: normal(&self.name),
            organization: self.organization.clone(),
            parent: self.parent.clone(),
        }
    }
}

//! Employees: colleagues with all their addresses and positions; one with a login is a user.

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Arg, Tx, args, places};
use crate::error::Error;
use crate::feed::Root;
use crate::id::{EmployeeId, OrganizationId, PositionId};
use crate::person;
use crate::value::{from_json, text_value};
use jiff::Timestamp;
use model::{Field, Fields, Path, Value};
use std::collections::{BTreeMap, BTreeSet};

/// An employee.
#[derive(Clone, PartialEq, Eq)]
pub struct Employee {
    /// His id.
    pub id: EmployeeId,
    /// Counts the changes of his record.
    pub version: i64,
    /// What he signs in with; without one he is no user.
    pub login: Option<String>,
    /// May change employees and groups, and see every business contact.
    pub admin: bool,
    /// May open a view of all business contacts.
    pub all_contacts: bool,
    /// Still works here.
    pub active: bool,
    /// His manager.
    pub manager: Option<EmployeeId>,
    /// His time zone, by its IANA name.
    pub zone: Option<String>,
    /// His language.
    pub language: Option<String>,
    /// Every mail address, the primary one first.
    pub addresses: Vec<String>,
    /// The positions he holds, the primary one first.
    pub positions: Vec<EmployeePosition>,
    /// What his record says. The addresses, the company (his organization) and a manager with a record of his own are
    /// shown here and set elsewhere.
    pub fields: Fields,
    /// The user who looks has him on his Sync List.
    pub listed: bool,
    /// When the record was last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: EmployeeId,
    /// What he is ordered by in lists.
    pub(crate) sort_key: String,
}

/// A position that an employee holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmployeePosition {
    /// The position.
    pub position: PositionId,
    /// Its name.
    pub name: String,
    /// Its organization.
    pub organization: OrganizationId,
    /// The organization's name.
    pub organization_name: String,
    /// His primary one.
    pub primary: bool,
}

/// What an employee is made from.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EmployeeDraft {
    /// What he signs in with.
    pub login: Option<String>,
    /// May change employees and groups.
    pub admin: bool,
    /// May open a view of all business contacts.
    pub all_contacts: bool,
    /// His manager.
    pub manager: Option<EmployeeId>,
    /// His time zone, by its IANA name.
    pub zone: Option<String>,
    /// His language.
    pub language: Option<String>,
    /// Every mail address, the primary one first.
    pub addresses: Vec<String>,
    /// The positions he holds, the primary one first.
    pub positions: Vec<PositionId>,
    /// What his record says.
    pub fields: Fields,
}

/// What is changed of an employee; what is absent stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EmployeeEdit {
    /// Fields; null clears.
    pub fields: Fields,
    /// What he signs in with.
    pub login: Option<Option<String>>,
    /// May change employees and groups.
    pub admin: Option<bool>,
    /// May open a view of all business contacts.
    pub all_contacts: Option<bool>,
    /// Still works here.
    pub active: Option<bool>,
    /// His manager.
    pub manager: Option<Option<EmployeeId>>,
    /// His time zone.
    pub zone: Option<Option<String>>,
    /// His language.
    pub language: Option<Option<String>>,
    /// Every mail address, the primary one first.
    pub addresses: Option<Vec<String>>,
    /// The positions he holds, the primary one first.
    pub positions: Option<Vec<PositionId>>,
}

impl Employee {
    /// The name he is shown by.
    #[must_use]
    pub fn name(&self) -> String {
        person::shown_name(&self.fields)
    }
}

/// A record of a person never reaches a log.
impl std::fmt::Debug for Employee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Employee({} v{})", self.id, self.version)
    }
}

impl std::fmt::Debug for EmployeeDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmployeeDraft({} fields)", self.fields.len())
    }
}

impl std::fmt::Debug for EmployeeEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmployeeEdit({} fields)", self.fields.len())
    }
}

impl Crm {
    /// One employee; everybody sees every colleague.
    ///
    /// # Errors
    /// There is none with this id.
    pub async fn employee(&self, actor: &Actor, id: &EmployeeId) -> Result<Employee, Error> {
        let mut tx = self.db.read().await?;
        let list = tx.employees_by(&actor.user, "e.id = $1", args![id]).await?;
        match list.into_iter().next() {
            Some(employee) => Ok(employee),
            None => Err(tx.missing(actor, Root::Employee, id.as_str()).await?),
        }
    }

    /// The employee who signs in with this login, without case.
    ///
    /// # Errors
    /// Nobody does.
    pub async fn employee_by_login(&self, login: &str) -> Result<Employee, Error> {
        let mut tx = self.db.read().await?;
        let key = model::same::fold(login);
        let nobody = EmployeeId::new("");
        let list = tx.employees_by(&nobody, "e.login_key = $1", args![key]).await?;
        list.into_iter().next().ok_or(Error::NotFound)
    }

    /// One user, that is an employee with a login, if there is such a one.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn user(&self, id: &EmployeeId) -> Result<Option<Employee>, Error> {
        let mut tx = self.db.read().await?;
        let found = tx.employees_by(id, "e.id = $1 AND e.login IS NOT NULL", args![id]).await?;
        Ok(found.into_iter().next())
    }

    /// The users, that is employees with a login, in order of their ids.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn users(&self, after: Option<&EmployeeId>, limit: usize) -> Result<Vec<Employee>, Error> {
        let mut tx = self.db.read().await?;
        let limit = i64::try_from(limit.clamp(1, crate::limits::PAGE)).unwrap_or(1);
        let after = after.map_or("", EmployeeId::as_str);
        let nobody = EmployeeId::new("");
        tx.employees_by(&nobody, "e.login IS NOT NULL AND e.id > $1 ORDER BY e.id LIMIT $2", args![after, limit]).await
    }
}

impl Tx {
    /// The employees that a condition finds, seen by a user: four statements, however many they are.
    pub(crate) async fn employees_by(
        &mut self,
        viewer: &EmployeeId,
        condition: &str,
        list: Vec<Arg>,
    ) -> Result<Vec<Employee>, Error> {
        let sql = format!(
            "SELECT e.id, e.version, e.login, e.admin, e.all_contacts, e.active, e.manager_id, e.zone, e.language,
                    {}, e.extension, e.updated_at, e.updated_by, e.sort_key, m.first_name, m.last_name
             FROM employee e LEFT JOIN employee m ON m.id = e.manager_id WHERE {condition}",
            person::columns("e")
        );
        let mut found = Vec::new();
        for mut row in self.rows(&sql, list).await? {
            let mut fields = Fields::new();
            let mut employee = Employee {
                id: EmployeeId::new(row.text()?),
                version: row.int()?,
                login: row.text_or_null()?,
                admin: row.flag()?,
                all_contacts: row.flag()?,
                active: row.flag()?,
                manager: row.text_or_null()?.map(EmployeeId::new),
                zone: row.text_or_null()?,
                language: row.text_or_null()?,
                addresses: Vec::new(),
                positions: Vec::new(),
                fields: Fields::new(),
                listed: false,
                updated_at: Timestamp::UNIX_EPOCH,
                updated_by: EmployeeId::new(""),
                sort_key: String::new(),
            };
            person::read(&mut row, &mut fields)?;
            fields.extend(from_json::<Fields>(&row.text()?)?);
            employee.updated_at = row.instant()?;
            employee.updated_by = EmployeeId::new(row.text()?);
            employee.sort_key = row.text()?;
            let manager = [row.text_or_null()?, row.text_or_null()?];
            if employee.manager.is_some() {
                let name: Vec<String> = manager.into_iter().flatten().collect();
                fields.insert(Path::of(Field::Manager), Value::Text(name.join(" ")));
            }
            fields.insert(Path::of(Field::Categories), Value::Set(BTreeSet::new()));
            person::flag(&mut fields, Field::Private, false);
            employee.fields = fields;
            found.push(employee);
        }
        if found.is_empty() {
            return Ok(found);
        }
        let ids: Vec<Arg> = found.iter().map(|employee| Arg::from(&employee.id)).collect();
        let mut addresses = self.addresses_of(&ids).await?;
        let mut positions = self.positions_of(&ids).await?;
        let listed = self.listed_by(viewer, Root::Employee, &ids).await?;
        for employee in &mut found {
            employee.addresses = addresses.remove(employee.id.as_str()).unwrap_or_default();
            employee.positions = positions.remove(employee.id.as_str()).unwrap_or_default();
            employee.listed = listed.contains(employee.id.as_str());
            for (n, field) in Field::EMAILS.into_iter().enumerate() {
                employee.fields.insert(Path::of(field), text_value(employee.addresses.get(n).cloned()));
            }
            let company =
                employee.positions.iter().find(|held| held.primary).map(|held| held.organization_name.clone());
            employee.fields.insert(Path::of(Field::Company), text_value(company));
            employee.fields.insert(Path::of(Field::CompanyLocation), Value::Null);
        }
        Ok(found)
    }

    async fn addresses_of(&mut self, ids: &[Arg]) -> Result<BTreeMap<String, Vec<String>>, Error> {
        let sql = format!(
            "SELECT employee_id, address FROM employee_address WHERE employee_id IN ({}) ORDER BY employee_id, rank",
            places(1, ids.len())
        );
        let mut addresses: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for mut row in self.rows(&sql, ids.to_vec()).await? {
            addresses.entry(row.text()?).or_default().push(row.text()?);
        }
        Ok(addresses)
    }

    async fn positions_of(&mut self, ids: &[Arg]) -> Result<BTreeMap<String, Vec<EmployeePosition>>, Error> {
        let sql = format!(
            "SELECT h.employee_id, p.id, p.name, o.id, o.name, h.is_primary
             FROM position_holder h JOIN position p ON p.id = h.position_id
             JOIN organization o ON o.id = p.organization_id
             WHERE h.employee_id IN ({}) ORDER BY h.employee_id, h.is_primary DESC, p.id",
            places(1, ids.len())
        );
        let mut positions: BTreeMap<String, Vec<EmployeePosition>> = BTreeMap::new();
        for mut row in self.rows(&sql, ids.to_vec()).await? {
            positions.entry(row.text()?).or_default().push(EmployeePosition {
                position: PositionId::new(row.text()?),
                name: row.text()?,
                organization: OrganizationId::new(row.text()?),
                organization_name: row.text()?,
                primary: row.flag()?,
            });
        }
        Ok(positions)
    }

    /// Which of these records the user has on his Sync List.
    pub(crate) async fn listed_by(
        &mut self,
        user: &EmployeeId,
        kind: Root,
        ids: &[Arg],
    ) -> Result<BTreeSet<String>, Error> {
        let sql = format!(
            "SELECT record_id FROM sync_list WHERE user_id = $1 AND record_kind = $2 AND record_id IN ({})",
            places(3, ids.len())
        );
        let mut list = args![user, kind.as_str()];
        list.extend(ids.iter().cloned());
        self.rows(&sql, list).await?.into_iter().map(|mut row| row.text()).collect()
    }
}

//! Making, changing and deleting employees: administrators only, every fault of a request at once.

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Cells, Tx, args};
use crate::employee::{Employee, EmployeeDraft, EmployeeEdit};
use crate::error::{Error, Fault, check};
use crate::feed::{Change, Op, Root, What};
use crate::id::{EmployeeId, PositionId};
use crate::limits::{EXTENSIONS, KEY_BYTES, LOGIN_CHARS, MEMBERS};
use crate::people::{administrators_only, employees};
use crate::person;
use crate::tombstone::Tombstone;
use crate::value::{extension_of, fault, json, kept};
use jiff::Timestamp;
use model::domain::Kind;
use model::field::of_kind;
use model::same::{fold, normal};
use model::{Field, Fields};
use std::collections::BTreeSet;

impl Crm {
    /// Makes an employee.
    ///
    /// # Errors
    /// Not an administrator; faults of the request.
    pub async fn create_employee(
        &self,
        actor: &Actor,
        draft: &EmployeeDraft,
        now: Timestamp,
    ) -> Result<Employee, Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        let mut faults = field_faults(&draft.fields);
        faults.extend(tx.login_faults(None, draft.login.as_deref()).await?);
        faults.extend(tx.address_faults(None, &draft.addresses).await?);
        faults.extend(tx.manager_faults(None, draft.manager.as_ref()).await?);
        faults.extend(tx.position_faults(&draft.positions).await?);
        faults.extend(zone_fault(draft.zone.as_deref()));
        check(faults)?;
        let id = EmployeeId::of_number(tx.count_up("employee", 1).await?);
        let fields = kept_fields(&Fields::new(), &draft.fields);
        let cells = Cells::default()
            .set("id", &id)
            .set("version", 1)
            .set("login", draft.login.as_deref().map(normal))
            .set("login_key", draft.login.as_deref().map(fold))
            .set("admin", draft.admin)
            .set("all_contacts", draft.all_contacts)
            .set("active", true)
            .set("manager_id", draft.manager.as_ref())
            .set("zone", draft.zone.as_deref())
            .set("language", draft.language.as_deref())
            .set("created_at", now);
        tx.insert("employee", cells_of(cells, actor, now, &fields, &draft.addresses)).await?;
        tx.put_addresses(&id, &draft.addresses).await?;
        tx.put_positions(&id, &draft.positions).await?;
        let himself = BTreeSet::from([id.clone()]);
        tx.note(actor, now, Change::new(Root::Employee, id.as_str(), Op::Create, What::Membership, himself.clone()))
            .await?;
        for position in &draft.positions {
            tx.note_teams_of(actor, now, position.as_str(), &himself).await?;
        }
        let made = tx.employees_by(&actor.user, "e.id = $1", args![&id]).await?;
        tx.commit().await?;
        made.into_iter().next().ok_or(Error::NotFound)
    }

    /// Changes an employee.
    ///
    /// # Errors
    /// Not an administrator; a stale version; faults of the request.
    pub async fn update_employee(
        &self,
        actor: &Actor,
        id: &EmployeeId,
        expected: i64,
        edit: &EmployeeEdit,
        now: Timestamp,
    ) -> Result<Employee, Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        let Some(before) = tx.employees_by(&actor.user, "e.id = $1", args![id]).await?.into_iter().next() else {
            return Err(tx.missing(actor, Root::Employee, id.as_str()).await?);
        };
        if before.version != expected {
            return Err(Error::Stale { current: before.version });
        }
        let mut faults = field_faults(&edit.fields);
        if let Some(login) = &edit.login {
            faults.extend(tx.login_faults(Some(id), login.as_deref()).await?);
        }
        if let Some(addresses) = &edit.addresses {
            faults.extend(tx.address_faults(Some(id), addresses).await?);
        }
        if let Some(manager) = &edit.manager {
            faults.extend(tx.manager_faults(Some(id), manager.as_ref()).await?);
        }
        if let Some(positions) = &edit.positions {
            faults.extend(tx.position_faults(positions).await?);
        }
        if let Some(zone) = &edit.zone {
            faults.extend(zone_fault(zone.as_deref()));
        }
        let login = edit.login.clone().unwrap_or(before.login.clone());
        for (field, off) in [
            ("admin", edit.admin == Some(false)),
            ("active", edit.active == Some(false)),
            ("login", login.is_none() && before.login.is_some()),
        ] {
            if off {
                faults.extend(tx.last_administrator_fault(&before, field).await?);
            }
        }
        check(faults)?;
        let fields = kept_fields(&before.fields, &edit.fields);
        let manager = edit.manager.clone().unwrap_or(before.manager.clone());
        let addresses = edit.addresses.as_ref().unwrap_or(&before.addresses);
        let cells = Cells::default()
            .set("version", expected + 1)
            .set("login", login.as_deref().map(normal))
            .set("login_key", login.as_deref().map(fold))
            .set("admin", edit.admin.unwrap_or(before.admin))
            .set("all_contacts", edit.all_contacts.unwrap_or(before.all_contacts))
            .set("active", edit.active.unwrap_or(before.active))
            .set("manager_id", manager.as_ref())
            .set("zone", edit.zone.clone().unwrap_or(before.zone.clone()))
            .set("language", edit.language.clone().unwrap_or(before.language.clone()));
        tx.update("employee", id.as_str(), cells_of(cells, actor, now, &fields, addresses)).await?;
        if edit.addresses.is_some() {
            tx.execute("DELETE FROM employee_address WHERE employee_id = $1", args![id]).await?;
            tx.put_addresses(id, addresses).await?;
        }
        let mut holders = tx.employee_users(id).await?;
        holders.insert(id.clone());
        tx.note(actor, now, Change::new(Root::Employee, id.as_str(), Op::Update, What::Fields, holders)).await?;
        if edit.all_contacts.is_some_and(|all| all != before.all_contacts) {
            tx.note_all_contacts(actor, now, id).await?;
        }
        if let Some(positions) = &edit.positions {
            tx.move_positions(actor, now, &before, positions).await?;
        }
        if person::shown_name(&before.fields) != person::shown_name(&fields) {
            // His reports show his name as their manager's.
            let reports = employees(tx.rows("SELECT id FROM employee WHERE manager_id = $1", args![id]).await?)?;
            tx.touch_employees(actor, now, &reports).await?;
        }
        let after = tx.employees_by(&actor.user, "e.id = $1", args![id]).await?;
        tx.commit().await?;
        after.into_iter().next().ok_or(Error::NotFound)
    }

    /// Deletes an employee who owns nothing any more. In meetings he stays by name and address.
    ///
    /// # Errors
    /// Not an administrator; a stale version; he is the last administrator; he still owns activities or personal contacts, or manages somebody.
    pub async fn delete_employee(
        &self,
        actor: &Actor,
        id: &EmployeeId,
        expected: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        administrators_only(actor)?;
        let mut tx = self.db.write().await?;
        tx.expect_version("employee", id.as_str(), expected).await?;
        if let Some(before) = tx.employees_by(&actor.user, "e.id = $1", args![id]).await?.first() {
            check(tx.last_administrator_fault(before, "id").await?.into_iter().collect())?;
        }
        let owns = "SELECT id FROM activity WHERE owner_id = $1 UNION ALL
                    SELECT id FROM contact WHERE owner_id = $1 UNION ALL
                    SELECT id FROM employee WHERE manager_id = $1 LIMIT 1";
        if tx.row(owns, args![id]).await?.is_some() {
            let text = "he still owns activities or personal contacts, or manages somebody; make him inactive instead";
            return Err(Error::fault("id", text));
        }
        let mut users = tx.employee_users(id).await?;
        users.insert(id.clone());
        let keep = "INSERT INTO activity_unknown (activity_id, person_key, name, address, role, response)
                    SELECT activity_id, employee_id, name, address, role, response FROM activity_employee
                    WHERE employee_id = $1 AND former = 0";
        tx.execute(keep, args![id]).await?;
        tx.execute("DELETE FROM sync_list WHERE record_kind = 'employee' AND record_id = $1", args![id]).await?;
        tx.execute("DELETE FROM contact_team WHERE member_kind = 'employee' AND member_id = $1", args![id]).await?;
        tx.execute("DELETE FROM employee WHERE id = $1", args![id]).await?;
        let stone = Tombstone {
            kind: Root::Employee,
            id: id.as_str(),
            integration_key: None,
            global_id: None,
            merged_into: None,
            users: &users,
        };
        tx.bury(actor, now, stone).await?;
        tx.note(actor, now, Change::new(Root::Employee, id.as_str(), Op::Delete, What::Fields, users)).await?;
        tx.commit().await
    }
}

fn field_faults(fields: &Fields) -> Vec<Fault> {
    let mut faults: Vec<Fault> = fields.iter().filter_map(|(path, value)| fault(path, value)).collect();
    for path in fields.keys() {
        let elsewhere = match &path.field {
            Field::Email1 | Field::Email2 | Field::Email3 => Some("set the addresses instead"),
            Field::Company | Field::CompanyLocation => Some("the company is the organization of the primary position"),
            Field::Categories | Field::Private => Some("an employee has none"),
            field if path.occurrence.is_some() || !of_kind(Kind::Contact, field) => {
                Some("an employee has no such field")
            }
            _ => None,
        };
        faults.extend(elsewhere.map(|text| Fault::new(path, text)));
    }
    if extension_of(fields).len() > EXTENSIONS {
        faults.push(Fault::new("x", format!("at most {EXTENSIONS} extension fields")));
    }
    faults
}

fn zone_fault(zone: Option<&str>) -> Option<Fault> {
    let zone = zone?;
    model::Zone::iana(zone).is_none().then(|| Fault::new("zone", "not the IANA name of a time zone"))
}

fn kept_fields(before: &Fields, edit: &Fields) -> Fields {
    let mut fields = before.clone();
    fields.extend(edit.iter().map(|(path, value)| (path.clone(), kept(path, value))));
    fields
}

fn cells_of(cells: Cells, actor: &Actor, now: Timestamp, fields: &Fields, addresses: &[String]) -> Cells {
    person::cells(cells, fields)
        .set("extension", json(&extension_of(fields)))
        .set("sort_key", person::sort_key(fields))
        .set("search_key", person::search_key(fields, addresses))
        .set("updated_at", now)
        .set("updated_by", &actor.user)
        .set("source", actor.source.as_str())
}

impl Tx {
    /// An organisation without an administrator could not be put right by anybody through the API.
    async fn last_administrator_fault(&mut self, before: &Employee, field: &str) -> Result<Option<Fault>, Error> {
        if !(before.admin && before.active && before.login.is_some()) {
            return Ok(None);
        }
        let others =
            "SELECT id FROM employee WHERE admin = 1 AND active = 1 AND login IS NOT NULL AND id <> $1 LIMIT 1";
        let left = self.row(others, args![&before.id]).await?.is_some();
        Ok((!left).then(|| Fault::new(field, "this is the last administrator who can sign in; make another one first")))
    }

    async fn login_faults(&mut self, id: Option<&EmployeeId>, login: Option<&str>) -> Result<Vec<Fault>, Error> {
        let Some(login) = login else {
            return Ok(Vec::new());
        };
        let key = fold(login);
        if key.is_empty() || key.chars().count() > LOGIN_CHARS || key.contains(char::is_whitespace) {
            let text = format!("a login is a word of at most {LOGIN_CHARS} characters");
            return Ok(vec![Fault::new("login", text)]);
        }
        match self.row("SELECT id FROM employee WHERE login_key = $1", args![key]).await? {
            Some(mut row) => {
                let holder = row.text()?;
                let free = Some(holder.as_str()) == id.map(EmployeeId::as_str);
                let fault = (!free).then(|| Fault::new("login", "another employee has this login"));
                Ok(fault.into_iter().collect())
            }
            None => Ok(Vec::new()),
        }
    }

    async fn address_faults(&mut self, id: Option<&EmployeeId>, addresses: &[String]) -> Result<Vec<Fault>, Error> {
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        if addresses.len() > MEMBERS {
            return Ok(vec![Fault::new("addresses", format!("at most {MEMBERS} addresses"))]);
        }
        for (n, address) in addresses.iter().enumerate() {
            let field = format!("addresses[{n}]");
            let key = fold(address);
            if !key.contains('@') || key.contains(char::is_whitespace) || key.len() > KEY_BYTES {
                faults.push(Fault::new(field, "not a mail address"));
            } else if !seen.insert(key.clone()) {
                faults.push(Fault::new(field, "stands twice"));
            } else if let Some(mut row) =
                self.row("SELECT employee_id FROM employee_address WHERE address_key = $1", args![key]).await?
                && Some(row.text()?.as_str()) != id.map(EmployeeId::as_str)
            {
                faults.push(Fault::new(field, "another employee has this address"));
            }
        }
        Ok(faults)
    }

    async fn manager_faults(
        &mut self,
        id: Option<&EmployeeId>,
        manager: Option<&EmployeeId>,
    ) -> Result<Vec<Fault>, Error> {
        match manager {
            None => Ok(Vec::new()),
            Some(manager) if Some(manager) == id => Ok(vec![Fault::new("manager", "nobody is his own manager")]),
            Some(manager) => self.unknown_employees("manager", &BTreeSet::from([manager.clone()])).await,
        }
    }

    async fn position_faults(&mut self, positions: &[PositionId]) -> Result<Vec<Fault>, Error> {
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        if positions.len() > MEMBERS {
            return Ok(vec![Fault::new("positions", format!("at most {MEMBERS} positions"))]);
        }
        for (n, position) in positions.iter().enumerate() {
            if !seen.insert(position) {
                faults.push(Fault::new(format!("positions[{n}]"), "stands twice"));
            } else if !self.exists("position", position.as_str()).await? {
                faults.push(Fault::new(format!("positions[{n}]"), "there is no such position"));
            }
        }
        Ok(faults)
    }

    async fn put_addresses(&mut self, id: &EmployeeId, addresses: &[String]) -> Result<(), Error> {
        for (rank, address) in (0..).zip(addresses) {
            let cells = Cells::default()
                .set("employee_id", id)
                .set("rank", rank)
                .set("address", normal(address))
                .set("address_key", fold(address));
            self.insert("employee_address", cells).await?;
        }
        Ok(())
    }

    async fn put_positions(&mut self, id: &EmployeeId, positions: &[PositionId]) -> Result<(), Error> {
        for (n, position) in positions.iter().enumerate() {
            let cells = Cells::default().set("position_id", position).set("employee_id", id).set("is_primary", n == 0);
            self.insert("position_holder", cells).await?;
        }
        Ok(())
    }

    /// Sets the positions of an employee, and notes which contacts he gains or loses sight of.
    async fn move_positions(
        &mut self,
        actor: &Actor,
        now: Timestamp,
        before: &Employee,
        positions: &[PositionId],
    ) -> Result<(), Error> {
        let himself = BTreeSet::from([before.id.clone()]);
        let held: BTreeSet<PositionId> = before.positions.iter().map(|held| held.position.clone()).collect();
        let wanted: BTreeSet<PositionId> = positions.iter().cloned().collect();
        self.execute("DELETE FROM position_holder WHERE employee_id = $1", args![&before.id]).await?;
        self.put_positions(&before.id, positions).await?;
        for position in held.symmetric_difference(&wanted) {
            self.note_teams_of(actor, now, position.as_str(), &himself).await?;
        }
        let change = Change::new(Root::Employee, before.id.as_str(), Op::Update, What::Membership, himself);
        self.note(actor, now, change).await
    }

    /// The users who have an employee on their Sync Lists.
    pub(crate) async fn employee_users(&mut self, id: &EmployeeId) -> Result<BTreeSet<EmployeeId>, Error> {
        let sql = "SELECT user_id FROM sync_list WHERE record_kind = 'employee' AND record_id = $1";
        employees(self.rows(sql, args![id]).await?)
    }

    /// Who shows an organization's name as his company.
    pub(crate) async fn employees_of_organization(&mut self, id: &str) -> Result<BTreeSet<EmployeeId>, Error> {
        let sql = "SELECT h.employee_id FROM position_holder h JOIN position p ON p.id = h.position_id
                   WHERE h.is_primary = 1 AND p.organization_id = $1";
        employees(self.rows(sql, args![id]).await?)
    }

    /// Counts up the versions of employees who show something that was changed elsewhere, and notes it.
    pub(crate) async fn touch_employees(
        &mut self,
        actor: &Actor,
        now: Timestamp,
        ids: &BTreeSet<EmployeeId>,
    ) -> Result<(), Error> {
        for id in ids {
            let sql = "UPDATE employee SET version = version + 1, updated_at = $2, updated_by = $3 WHERE id = $1";
            self.execute(sql, args![id, now, &actor.user]).await?;
            let users = self.employee_users(id).await?;
            self.note(actor, now, Change::new(Root::Employee, id.as_str(), Op::Update, What::Fields, users)).await?;
        }
        Ok(())
    }
}

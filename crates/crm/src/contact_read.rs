//! Reading contacts: whom each user sees, and a page of them in a fixed number of statements.

use crate::Crm;
use crate::actor::Actor;
use crate::contact::{Contact, ContactAccount, Member, TeamMember};
use crate::db::{Arg, Row, Tx, args, places};
use crate::error::Error;
use crate::feed::Root;
use crate::id::{AccountId, ContactId, EmployeeId, PositionId};
use crate::people::employees;
use crate::person;
use crate::value::{from_json, key_of, text_value};
use model::{Field, Fields, Path, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A contact `c` is the user's `$1`: his own, or one his team works with. The same as the views say, asked of one contact
/// at a time, which is cheaper where an index finds few of them.
pub(crate) const HIS: &str = "(c.owner_id = $1 OR c.owner_id IS NULL AND EXISTS (
    SELECT 1 FROM contact_team t WHERE t.contact_id = c.id AND (
        t.member_kind = 'employee' AND t.member_id = $1 OR t.member_kind = 'position' AND t.member_id IN (
            SELECT h.position_id FROM position_holder h WHERE h.employee_id = $1))))";

impl Crm {
    /// One contact, if the user may see it: his own personal one, one of his team's, and any business contact for
    /// administrators and users who may open the view of all.
    ///
    /// # Errors
    /// There is none that he may see, or it was deleted.
    pub async fn contact(&self, actor: &Actor, id: &ContactId) -> Result<Contact, Error> {
        let mut tx = self.db.read().await?;
        tx.visible_contact(actor, id).await
    }

    /// The contact that a create with this key made, if its owner or team would show it to the user.
    ///
    /// # Errors
    /// It was deleted since.
    pub async fn contact_by_integration_key(&self, actor: &Actor, key: &str) -> Result<Option<Contact>, Error> {
        let mut tx = self.db.read().await?;
        let row = tx.row("SELECT id FROM contact WHERE integration_key = $1", args![key]).await?;
        match row {
            Some(mut row) => {
                let id = ContactId::new(row.text()?);
                match tx.visible_contact(actor, &id).await {
                    Ok(contact) => Ok(Some(contact)),
                    Err(Error::NotFound) => Ok(None),
                    Err(error) => Err(error),
                }
            }
            None => match tx.key_buried(actor, Root::Contact, key).await? {
                Some(deleted) => Err(deleted),
                None => Ok(None),
            },
        }
    }

    /// Contacts of a user that could be the same person: an equal address, or equal first and last names. At most `limit`.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn contact_candidates(
        &self,
        actor: &Actor,
        addresses: &[String],
        names: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<Contact>, Error> {
        let keys: Vec<String> =
            addresses.iter().map(|address| key_of(address)).filter(|key| !key.is_empty()).take(50).collect();
        let mut list = args![&actor.user];
        let mut tests = Vec::new();
        if !keys.is_empty() {
            tests.push(format!(
                "c.id IN (SELECT contact_id FROM contact_email WHERE address_key IN ({}))",
                places(2, keys.len())
            ));
            list.extend(keys.iter().map(Arg::from));
        }
        if let Some((first, last)) = names {
            list.push(person::names_key(first, last).into());
            tests.push(format!("c.name_key = ${}", list.len()));
        }
        if tests.is_empty() {
            return Ok(Vec::new());
        }
        list.push(i64::try_from(limit.clamp(1, crate::limits::PAGE)).unwrap_or(1).into());
        let condition = format!("({}) AND {HIS} ORDER BY c.id LIMIT ${}", tests.join(" OR "), list.len());
        let mut tx = self.db.read().await?;
        tx.contacts_by(&actor.user, &condition, list).await
    }
}

impl Tx {
    pub(crate) async fn visible_contact(&mut self, actor: &Actor, id: &ContactId) -> Result<Contact, Error> {
        let found = self.contacts_by(&actor.user, "c.id = $1", args![id]).await?;
        let Some(contact) = found.into_iter().next() else {
            return Err(self.missing(actor, Root::Contact, id.as_str()).await?);
        };
        let sees = match &contact.owner {
            Some(owner) => *owner == actor.user,
            None => actor.is_admin() || self.on_team(&actor.user, id).await? || self.opens_all(&actor.user).await?,
        };
        if sees { Ok(contact) } else { Err(Error::NotFound) }
    }

    /// Whether a business contact is in the user's My Contacts.
    pub(crate) async fn on_team(&mut self, user: &EmployeeId, id: &ContactId) -> Result<bool, Error> {
        let sql = "SELECT contact_id FROM my_contacts WHERE user_id = $1 AND contact_id = $2";
        Ok(self.row(sql, args![user, id]).await?.is_some())
    }

    /// Whether the user may open the view of all business contacts.
    pub(crate) async fn opens_all(&mut self, user: &EmployeeId) -> Result<bool, Error> {
        let sql = "SELECT id FROM employee WHERE id = $1 AND all_contacts = 1";
        Ok(self.row(sql, args![user]).await?.is_some())
    }

    /// Everybody whom a change of the contact concerns: its owner or team, who has it on his Sync List, and who may open
    /// the view of all.
    pub(crate) async fn contact_users(&mut self, id: &ContactId) -> Result<BTreeSet<EmployeeId>, Error> {
        let sql = "SELECT user_id FROM my_contacts WHERE contact_id = $1
                   UNION SELECT user_id FROM my_personal_contacts WHERE contact_id = $1
                   UNION SELECT user_id FROM sync_list WHERE record_kind = 'contact' AND record_id = $1
                   UNION SELECT e.id FROM employee e, contact c
                         WHERE c.id = $1 AND c.owner_id IS NULL AND e.all_contacts = 1 AND e.login IS NOT NULL";
        employees(self.rows(sql, args![id]).await?)
    }

    /// The contacts that a condition finds, seen by a user: five statements, however many they are.
    pub(crate) async fn contacts_by(
        &mut self,
        viewer: &EmployeeId,
        condition: &str,
        list: Vec<Arg>,
    ) -> Result<Vec<Contact>, Error> {
        let sql = format!(
            "SELECT c.id, c.version, c.owner_id, {}, c.email1, c.email2, c.email3, c.more_emails, c.categories,
                    c.unmatched_company, c.unmatched_location, c.extension, c.integration_key, c.updated_at, c.updated_by,
                    c.sort_key
             FROM contact c WHERE {condition}",
            person::columns("c")
        );
        let rows = self.rows(&sql, list).await?;
        let mut found = rows.into_iter().map(read).collect::<Result<Vec<Contact>, Error>>()?;
        if found.is_empty() {
            return Ok(found);
        }
        let ids: Vec<Arg> = found.iter().map(|contact| Arg::from(&contact.id)).collect();
        let mut accounts = self.accounts_of(&ids).await?;
        let mut teams = self.teams_of(&ids).await?;
        let listed = self.listed_by(viewer, Root::Contact, &ids).await?;
        let others = self.others_of(viewer, &ids).await?;
        for contact in &mut found {
            let id = contact.id.as_str();
            contact.accounts = accounts.remove(id).unwrap_or_default();
            contact.team = teams.remove(id).unwrap_or_default();
            contact.listed = listed.contains(id);
            contact.others = others.get(id).copied().unwrap_or(0);
            if let Some(primary) = contact.accounts.iter().find(|account| account.primary) {
                contact.fields.insert(Path::of(Field::Company), Value::Text(primary.name.clone()));
                contact.fields.insert(Path::of(Field::CompanyLocation), text_value(primary.location.clone()));
                contact.company_unmatched = false;
            }
        }
        Ok(found)
    }

    async fn accounts_of(&mut self, ids: &[Arg]) -> Result<BTreeMap<String, Vec<ContactAccount>>, Error> {
        let sql = format!(
            "SELECT ca.contact_id, a.id, a.name, a.location, ca.is_primary
             FROM contact_account ca JOIN account a ON a.id = ca.account_id
             WHERE ca.contact_id IN ({}) ORDER BY ca.contact_id, ca.is_primary DESC, a.id",
            places(1, ids.len())
        );
        let mut accounts: BTreeMap<String, Vec<ContactAccount>> = BTreeMap::new();
        for mut row in self.rows(&sql, ids.to_vec()).await? {
            accounts.entry(row.text()?).or_default().push(ContactAccount {
                account: AccountId::new(row.text()?),
                name: row.text()?,
                location: row.text_or_null()?,
                primary: row.flag()?,
            });
        }
        Ok(accounts)
    }

    async fn teams_of(&mut self, ids: &[Arg]) -> Result<BTreeMap<String, Vec<TeamMember>>, Error> {
        let sql = format!(
            "SELECT t.contact_id, t.member_kind, t.member_id, p.name, e.first_name, e.last_name
             FROM contact_team t
             LEFT JOIN position p ON t.member_kind = 'position' AND p.id = t.member_id
             LEFT JOIN employee e ON t.member_kind = 'employee' AND e.id = t.member_id
             WHERE t.contact_id IN ({}) ORDER BY t.contact_id, t.member_kind, t.member_id",
            places(1, ids.len())
        );
        let mut teams: BTreeMap<String, Vec<TeamMember>> = BTreeMap::new();
        for mut row in self.rows(&sql, ids.to_vec()).await? {
            let (contact, kind, id) = (row.text()?, row.text()?, row.text()?);
            let (position, first, last) = (row.text_or_null()?, row.text_or_null()?, row.text_or_null()?);
            let member = if kind == "position" {
                TeamMember { member: Member::Position(PositionId::new(id)), name: position.unwrap_or_default() }
            } else {
                let name: Vec<String> = [first, last].into_iter().flatten().collect();
                TeamMember { member: Member::Employee(EmployeeId::new(id)), name: name.join(" ") }
            };
            teams.entry(contact).or_default().push(member);
        }
        Ok(teams)
    }

    async fn others_of(&mut self, viewer: &EmployeeId, ids: &[Arg]) -> Result<BTreeMap<String, u32>, Error> {
        let list = places(2, ids.len());
        let sql = format!(
            "SELECT o.contact_id, COUNT(*) FROM (
               SELECT contact_id, user_id FROM my_contacts WHERE contact_id IN ({list}) AND user_id <> $1
               UNION
               SELECT record_id AS contact_id, user_id FROM sync_list
               WHERE record_kind = 'contact' AND record_id IN ({list}) AND user_id <> $1) o
             GROUP BY o.contact_id"
        );
        let mut values = args![viewer];
        values.extend(ids.iter().cloned());
        let rows = self.rows(&sql, values).await?;
        rows.into_iter().map(|mut row| Ok((row.text()?, u32::try_from(row.int()?).unwrap_or(u32::MAX)))).collect()
    }
}

fn read(mut row: Row) -> Result<Contact, Error> {
    let mut fields = Fields::new();
    let (id, version, owner) = (ContactId::new(row.text()?), row.int()?, row.text_or_null()?.map(EmployeeId::new));
    person::read(&mut row, &mut fields)?;
    for field in Field::EMAILS {
        fields.insert(Path::of(field), text_value(row.text_or_null()?));
    }
    let more_emails = from_json(&row.text()?)?;
    fields.insert(Path::of(Field::Categories), Value::Set(from_json(&row.text()?)?));
    let company = row.text_or_null()?;
    let company_unmatched = company.is_some();
    fields.insert(Path::of(Field::Company), text_value(company));
    fields.insert(Path::of(Field::CompanyLocation), text_value(row.text_or_null()?));
    person::flag(&mut fields, Field::Private, owner.is_some());
    fields.extend(from_json::<Fields>(&row.text()?)?);
    Ok(Contact {
        id,
        version,
        owner,
        fields,
        accounts: Vec::new(),
        company_unmatched,
        more_emails,
        team: Vec::new(),
        listed: false,
        others: 0,
        integration_key: row.text_or_null()?,
        updated_at: row.instant()?,
        updated_by: EmployeeId::new(row.text()?),
        sort_key: row.text()?,
    })
}

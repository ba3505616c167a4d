//! Making, changing and deleting contacts: who may, what a request must hold, and what becomes of team and company.

use crate::actor::Actor;
use crate::company::Company;
use crate::contact::{Contact, ContactDraft, ContactEdit, Member};
use crate::db::{Cells, Tx, args};
use crate::error::{Error, Fault, check};
use crate::feed::{Change, Op, Root, What};
use crate::id::{AccountId, ContactId, EmployeeId, PositionId};
use crate::limits::{EXTENSIONS, MEMBERS, TEXT_CHARS};
use crate::made_business::Known;
use crate::person;
use crate::tombstone::{Tombstone, first_version, key_taken};
use crate::value::{extension_of, fault, json, kept, key_fault, key_of, text_of};
use crate::{Created, Crm};
use jiff::Timestamp;
use model::domain::Kind;
use model::field::of_kind;
use model::{Field, Fields, Path, Value};
use std::collections::BTreeSet;

/// Rule O5's text for a business contact that others work with.
const OTHERS_WORK_WITH_IT: &str =
    "others work with this contact: take it off your Sync List and keep a personal contact of your own instead";

impl Crm {
    /// Makes a contact. A repeated integration key answers what the first request made.
    ///
    /// # Errors
    /// Faults of the request; the record made under this key was deleted since.
    pub async fn create_contact(
        &self,
        actor: &Actor,
        draft: &ContactDraft,
        now: Timestamp,
    ) -> Result<Created<Contact>, Error> {
        let mut tx = self.db.write().await?;
        if let Some(key) = &draft.integration_key {
            if let Some(deleted) = tx.key_buried(actor, Root::Contact, key).await? {
                return Err(deleted);
            }
            if let Some(mut row) = tx.row("SELECT id FROM contact WHERE integration_key = $1", args![key]).await? {
                return match tx.visible_contact(actor, &ContactId::new(row.text()?)).await {
                    Ok(record) => Ok(Created { record, new: false }),
                    Err(Error::NotFound) if !actor.is_sync() => Err(key_taken()),
                    Err(error) => Err(error),
                };
            }
        }
        let mut faults = field_faults(&draft.fields, &draft.more_emails);
        if draft.fields.iter().all(|(path, value)| kept(path, value).is_blank()) {
            faults.push(Fault::new("fields", "a contact needs a name, a company, an address or a number"));
        }
        let private = draft.fields.get(&Path::of(Field::Private)).and_then(Value::as_flag);
        if private.is_some_and(|private| private != draft.personal) {
            faults.push(Fault::new("private", "a personal contact is private, a business contact is not"));
        }
        if draft.personal && !draft.team.is_empty() {
            faults.push(Fault::new("team", "a personal contact has no team"));
        }
        faults.extend(key_fault("integration_key", draft.integration_key.as_deref()));
        faults.extend(tx.team_faults(&draft.team).await?);
        faults.extend(tx.accounts_faults(actor, &draft.accounts).await?);
        check(faults)?;
        let revived = tx.dug_up(actor, Root::Contact, draft.revive.as_ref().map(ContactId::as_str)).await?;
        let id = match draft.revive.clone().filter(|_| revived) {
            Some(id) => id,
            None => ContactId::of_number(tx.count_up("contact", 1).await?),
        };
        let blank = Fields::new();
        let mut fields = kept_fields(&blank, &draft.fields);
        let company = if draft.accounts.is_empty() {
            tx.company(&actor.user, &blank, &draft.fields).await?
        } else {
            Company::Keep
        };
        let cells = Cells::default()
            .set("id", &id)
            .set("version", first_version(revived, now))
            .set("owner_id", draft.personal.then_some(&actor.user))
            .set("integration_key", draft.integration_key.as_deref())
            .set("created_at", now);
        let cells = company_cells(cells, &company, &mut fields);
        tx.insert("contact", cells_of(cells, actor, now, &fields, &draft.more_emails)).await?;
        tx.put_emails(&id, &fields, &draft.more_emails).await?;
        tx.put_accounts(&id, &draft.accounts).await?;
        tx.put_company(&id, &company).await?;
        if !draft.personal {
            let team =
                if draft.team.is_empty() { vec![tx.default_member(&actor.user).await?] } else { draft.team.clone() };
            tx.put_team(&id, &team).await?;
        }
        if draft.enlist {
            tx.put_on_sync_list(actor, now, Root::Contact, id.as_str(), &actor.user).await?;
        }
        let users = tx.contact_users(&id).await?;
        tx.note(actor, now, Change::new(Root::Contact, id.as_str(), Op::Create, What::Fields, users)).await?;
        let record = tx.own_contact(actor, &id).await?;
        tx.commit().await?;
        Ok(Created { record, new: true })
    }

    /// Changes a contact. A personal one made business that is one of its owner's business contacts becomes that one: the
    /// answer is the contact it is now (rule O5).
    ///
    /// # Errors
    /// A stale version; no right; faults of the request; Private on a business contact that others work with (rule O5).
    pub async fn update_contact(
        &self,
        actor: &Actor,
        id: &ContactId,
        expected: i64,
        edit: &ContactEdit,
        now: Timestamp,
    ) -> Result<Contact, Error> {
        let mut tx = self.db.write().await?;
        let before = tx.changeable_contact(actor, id, expected).await?;
        let mut faults = field_faults(&edit.fields, edit.more_emails.as_deref().unwrap_or_default());
        if let Some(team) = &edit.team {
            faults.extend(tx.team_faults(team).await?);
            if before.is_personal() {
                faults.push(Fault::new("team", "a personal contact has no team"));
            } else if team.is_empty() {
                faults.push(Fault::new("team", "a business contact needs somebody who works with it"));
            }
        }
        if let Some(accounts) = &edit.accounts {
            faults.extend(tx.accounts_faults(actor, accounts).await?);
        }
        let private = edit.fields.get(&Path::of(Field::Private)).map(|value| value.as_flag().unwrap_or(false));
        let flip = private.filter(|private| *private != before.is_personal());
        if flip == Some(true) && (before.others > 0 || edit.team.is_some()) {
            faults.push(Fault::new(Field::Private, OTHERS_WORK_WITH_IT));
        }
        let mut fields = kept_fields(&before.fields, &edit.fields);
        let known = match flip {
            Some(false) => tx.known_business(actor, &fields).await?,
            Some(true) | None => Known::Nobody,
        };
        if let Known::Several(ids) = &known {
            let ids: Vec<&str> = ids.iter().map(ContactId::as_str).collect();
            let told = format!(
                "it could be any of these business contacts: {}; merge them, or tell them apart",
                ids.join(", ")
            );
            faults.push(Fault::new(Field::Private, told));
        }
        check(faults)?;
        if let Known::One(business) = known {
            // What the edit says besides is said of the personal contact first; then the two are one.
            let said = edit.fields.iter().filter(|(path, _)| path.field != Field::Private);
            let said = ContactEdit {
                fields: said.map(|(path, value)| (path.clone(), value.clone())).collect(),
                more_emails: edit.more_emails.clone(),
                ..ContactEdit::default()
            };
            tx.fill(actor, id, expected, &said, now).await?;
            let personal = tx.own_contact(actor, id).await?;
            let record = tx.merge(actor, &business, &personal, now).await?;
            tx.commit().await?;
            return Ok(record);
        }
        let users_before = tx.contact_users(id).await?;
        let company = match &edit.accounts {
            Some(_) => Company::Keep,
            None => tx.company(&actor.user, &before.fields, &edit.fields).await?,
        };
        let more_emails = edit.more_emails.as_ref().unwrap_or(&before.more_emails);
        let mut cells = Cells::default().set("version", expected + 1);
        if let Some(private) = flip {
            cells = cells.set("owner_id", private.then_some(&actor.user));
        }
        if edit.accounts.is_some() {
            cells = cells.set("unmatched_company", None::<String>).set("unmatched_location", None::<String>);
        }
        let cells = company_cells(cells, &company, &mut fields);
        tx.update("contact", id.as_str(), cells_of(cells, actor, now, &fields, more_emails)).await?;
        tx.execute("DELETE FROM contact_email WHERE contact_id = $1", args![id]).await?;
        tx.put_emails(id, &fields, more_emails).await?;
        if let Some(accounts) = &edit.accounts {
            tx.execute("DELETE FROM contact_account WHERE contact_id = $1", args![id]).await?;
            tx.put_accounts(id, accounts).await?;
        }
        tx.put_company(id, &company).await?;
        let team = match (flip, &edit.team) {
            (Some(true), _) => Some(Vec::new()),
            (Some(false), None) => Some(vec![tx.default_member(&actor.user).await?]),
            (Some(false) | None, Some(team)) => Some(team.clone()),
            (None, None) => None,
        };
        let what = if team.is_some() { What::Team } else { What::Fields };
        if let Some(team) = team {
            tx.execute("DELETE FROM contact_team WHERE contact_id = $1", args![id]).await?;
            tx.put_team(id, &team).await?;
        }
        let mut users = tx.contact_users(id).await?;
        users.extend(users_before);
        tx.note(actor, now, Change::new(Root::Contact, id.as_str(), Op::Update, what, users)).await?;
        let record = tx.own_contact(actor, id).await?;
        tx.commit().await?;
        Ok(record)
    }

    /// Deletes a contact; it leaves every Sync List and activity.
    ///
    /// # Errors
    /// A stale version; no right.
    pub async fn delete_contact(
        &self,
        actor: &Actor,
        id: &ContactId,
        expected: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        let before = tx.changeable_contact(actor, id, expected).await?;
        let users = tx.contact_users(id).await?;
        // Its meetings keep it by name and address.
        let keep = "INSERT INTO activity_unknown (activity_id, person_key, name, address, role, response)
                    SELECT activity_id, contact_id, name, address, role, response FROM activity_contact WHERE contact_id = $1";
        tx.execute(keep, args![id]).await?;
        tx.execute("DELETE FROM sync_list WHERE record_kind = 'contact' AND record_id = $1", args![id]).await?;
        tx.execute("DELETE FROM contact WHERE id = $1", args![id]).await?;
        let stone = Tombstone {
            kind: Root::Contact,
            id: id.as_str(),
            integration_key: before.integration_key.clone(),
            global_id: None,
            merged_into: None,
            users: &users,
        };
        tx.bury(actor, now, stone).await?;
        tx.note(actor, now, Change::new(Root::Contact, id.as_str(), Op::Delete, What::Fields, users)).await?;
        tx.commit().await
    }
}

fn field_faults(fields: &Fields, more_emails: &[String]) -> Vec<Fault> {
    let mut faults: Vec<Fault> = fields.iter().filter_map(|(path, value)| fault(path, value)).collect();
    faults.extend(
        fields
            .keys()
            .filter(|path| path.occurrence.is_some() || !of_kind(Kind::Contact, &path.field))
            .map(|path| Fault::new(path, "a contact has no such field")),
    );
    if more_emails.len() > MEMBERS || more_emails.iter().any(|text| text.chars().count() > TEXT_CHARS) {
        faults.push(Fault::new("more_emails", format!("at most {MEMBERS} addresses of {TEXT_CHARS} characters")));
    }
    if extension_of(fields).len() > EXTENSIONS {
        faults.push(Fault::new("x", format!("at most {EXTENSIONS} extension fields")));
    }
    faults
}

fn kept_fields(before: &Fields, edit: &Fields) -> Fields {
    let mut fields = before.clone();
    fields.extend(edit.iter().map(|(path, value)| (path.clone(), kept(path, value))));
    fields
}

/// The columns of the company's text; a matched one is found by sort and search under the name the request gave.
fn company_cells(cells: Cells, company: &Company, fields: &mut Fields) -> Cells {
    match company {
        Company::Keep => cells,
        Company::Clear => {
            fields.insert(Path::of(Field::Company), Value::Null);
            cells.set("unmatched_company", None::<String>).set("unmatched_location", None::<String>)
        }
        Company::Primary(_) => cells.set("unmatched_company", None::<String>).set("unmatched_location", None::<String>),
        Company::Unmatched { name, location } => {
            cells.set("unmatched_company", name.as_str()).set("unmatched_location", location.as_deref())
        }
    }
}

fn cells_of(cells: Cells, actor: &Actor, now: Timestamp, fields: &Fields, more_emails: &[String]) -> Cells {
    let mut cells = person::cells(cells, fields);
    for field in Field::EMAILS {
        cells = cells.set(field.name(), text_of(fields, field));
    }
    let none = BTreeSet::new();
    let categories = fields.get(&Path::of(Field::Categories)).and_then(Value::as_set).unwrap_or(&none);
    cells
        .set("more_emails", json(&more_emails))
        .set("categories", json(categories))
        .set("extension", json(&extension_of(fields)))
        .set("sort_key", person::sort_key(fields))
        .set("name_key", person::name_key(fields))
        .set("search_key", person::search_key(fields, more_emails))
        .set("updated_at", now)
        .set("updated_by", &actor.user)
        .set("source", actor.source.as_str())
}

impl Tx {
    /// The contact as its writer sees it, without asking again whether he may.
    pub(crate) async fn own_contact(&mut self, actor: &Actor, id: &ContactId) -> Result<Contact, Error> {
        self.contacts_by(&actor.user, "c.id = $1", args![id]).await?.into_iter().next().ok_or(Error::NotFound)
    }

    /// The contact, when this version may be changed by this user: a personal one by its owner, a business one by its team
    /// and by administrators.
    pub(crate) async fn changeable_contact(
        &mut self,
        actor: &Actor,
        id: &ContactId,
        expected: i64,
    ) -> Result<Contact, Error> {
        let contact = match self.visible_contact(actor, id).await {
            Ok(contact) => contact,
            // Still on his Sync List, but no longer his to see or change.
            Err(Error::NotFound) if self.is_listed(Root::Contact, id.as_str(), &actor.user).await? => {
                return Err(Error::forbidden("you may not change this contact: you are not on its team"));
            }
            Err(error) => return Err(error),
        };
        if contact.owner.is_none() && !actor.is_admin() && !self.on_team(&actor.user, id).await? {
            return Err(Error::forbidden("you may not change this contact: you are not on its team"));
        }
        if contact.version != expected {
            return Err(Error::Stale { current: contact.version });
        }
        Ok(contact)
    }

    /// Writes fields over a contact that was checked already, and counts its version up.
    pub(crate) async fn fill(
        &mut self,
        actor: &Actor,
        id: &ContactId,
        version: i64,
        edit: &ContactEdit,
        now: Timestamp,
    ) -> Result<(), Error> {
        let before = self.own_contact(actor, id).await?;
        let mut fields = kept_fields(&before.fields, &edit.fields);
        let company = self.company(&actor.user, &before.fields, &edit.fields).await?;
        let more_emails = edit.more_emails.as_ref().unwrap_or(&before.more_emails);
        let cells = company_cells(Cells::default().set("version", version + 1), &company, &mut fields);
        self.update("contact", id.as_str(), cells_of(cells, actor, now, &fields, more_emails)).await?;
        self.execute("DELETE FROM contact_email WHERE contact_id = $1", args![id]).await?;
        self.put_emails(id, &fields, more_emails).await?;
        self.put_company(id, &company).await
    }

    /// Counts up a contact's version because something it shows was changed elsewhere, and notes it.
    pub(crate) async fn touch_contact(&mut self, actor: &Actor, now: Timestamp, id: &ContactId) -> Result<(), Error> {
        let sql = "UPDATE contact SET version = version + 1, updated_at = $2, updated_by = $3 WHERE id = $1";
        self.execute(sql, args![id, now, &actor.user]).await?;
        let users = self.contact_users(id).await?;
        self.note(actor, now, Change::new(Root::Contact, id.as_str(), Op::Update, What::Fields, users)).await
    }

    /// Who works with a contact that names nobody: the maker's primary position, else the maker.
    async fn default_member(&mut self, user: &EmployeeId) -> Result<Member, Error> {
        let sql = "SELECT position_id FROM position_holder WHERE employee_id = $1 AND is_primary = 1";
        Ok(match self.row(sql, args![user]).await? {
            Some(mut row) => Member::Position(PositionId::new(row.text()?)),
            None => Member::Employee(user.clone()),
        })
    }

    async fn team_faults(&mut self, team: &[Member]) -> Result<Vec<Fault>, Error> {
        if team.len() > MEMBERS {
            return Ok(vec![Fault::new("team", format!("at most {MEMBERS} members"))]);
        }
        let mut faults = Vec::new();
        for (n, member) in team.iter().enumerate() {
            if !self.exists(member.kind(), member.id()).await? {
                faults.push(Fault::new(format!("team[{n}]"), format!("there is no such {}", member.kind())));
            }
        }
        Ok(faults)
    }

    async fn accounts_faults(&mut self, actor: &Actor, accounts: &[AccountId]) -> Result<Vec<Fault>, Error> {
        if accounts.len() > MEMBERS {
            return Ok(vec![Fault::new("accounts", format!("at most {MEMBERS} accounts"))]);
        }
        let mut faults = Vec::new();
        for (n, account) in accounts.iter().enumerate() {
            let sql = format!("SELECT a.id FROM account a WHERE {} AND a.id = $2", crate::account::VISIBLE);
            if self.row(&sql, args![&actor.user, account]).await?.is_none() {
                faults.push(Fault::new(format!("accounts[{n}]"), "there is no such account"));
            }
        }
        Ok(faults)
    }

    pub(crate) async fn put_team(&mut self, id: &ContactId, team: &[Member]) -> Result<(), Error> {
        for member in team {
            let sql = "INSERT INTO contact_team (contact_id, member_kind, member_id) VALUES ($1, $2, $3)
                       ON CONFLICT (contact_id, member_kind, member_id) DO NOTHING";
            self.execute(sql, args![id, member.kind(), member.id()]).await?;
        }
        Ok(())
    }

    async fn put_accounts(&mut self, id: &ContactId, accounts: &[AccountId]) -> Result<(), Error> {
        for (n, account) in accounts.iter().enumerate() {
            let sql = "INSERT INTO contact_account (contact_id, account_id, is_primary) VALUES ($1, $2, $3)
                       ON CONFLICT (contact_id, account_id) DO NOTHING";
            self.execute(sql, args![id, account, n == 0]).await?;
        }
        Ok(())
    }

    async fn put_company(&mut self, id: &ContactId, company: &Company) -> Result<(), Error> {
        if *company == Company::Keep {
            return Ok(());
        }
        // A cleared company unlinks the primary account and promotes no other; another company leaves it linked.
        let sql = if *company == Company::Clear {
            "DELETE FROM contact_account WHERE contact_id = $1 AND is_primary = 1"
        } else {
            "UPDATE contact_account SET is_primary = 0 WHERE contact_id = $1"
        };
        self.execute(sql, args![id]).await?;
        if let Company::Primary(account) = company {
            let sql = "INSERT INTO contact_account (contact_id, account_id, is_primary) VALUES ($1, $2, 1)
                       ON CONFLICT (contact_id, account_id) DO UPDATE SET is_primary = 1";
            self.execute(sql, args![id, account]).await?;
        }
        Ok(())
    }

    pub(crate) async fn put_emails(
        &mut self,
        id: &ContactId,
        fields: &Fields,
        more_emails: &[String],
    ) -> Result<(), Error> {
        let keys: BTreeSet<String> = Field::EMAILS
            .into_iter()
            .filter_map(|field| text_of(fields, field))
            .chain(more_emails.iter().cloned())
            .map(|address| key_of(&address))
            .filter(|key| !key.is_empty())
            .collect();
        for key in keys {
            let cells = Cells::default().set("contact_id", id).set("address_key", key);
            self.insert("contact_email", cells).await?;
        }
        Ok(())
    }
}

//! Accounts: the companies that business contacts belong to.

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Cells, Row, args};
use crate::error::{Error, Fault, check};
use crate::feed::{Change, Op, Root, What};
use crate::id::{AccountId, ContactId, OrganizationId};
use crate::organization::limit;
use crate::page::{Page, PageRequest, page};
use crate::people::name_fault;
use crate::value::key_of;
use jiff::Timestamp;
use model::same::normal;
use std::collections::BTreeSet;

/// An account. Name and location together are unique without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Counts its changes.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub location: Option<String>,
    /// Whose people see it; everybody when absent.
    pub organization: Option<OrganizationId>,
}

/// What an account is made or changed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountDraft {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub location: Option<String>,
    /// Whose people see it; everybody when absent.
    pub organization: Option<OrganizationId>,
}

impl Account {
    fn read(row: &mut Row) -> Result<Account, Error> {
        Ok(Account {
            id: AccountId::new(row.text()?),
            version: row.int()?,
            name: row.text()?,
            location: row.text_or_null()?,
            organization: row.text_or_null()?.map(OrganizationId::new),
        })
    }
}

const COLUMNS: &str = "a.id, a.version, a.name, a.location, a.organization_id";
/// An account is visible when it belongs to nobody's organization or to one in which the user has a position.
pub(crate) const VISIBLE: &str = "(a.organization_id IS NULL OR a.organization_id IN (
    SELECT p.organization_id FROM position_holder h JOIN position p ON p.id = h.position_id WHERE h.employee_id = $1))";

/// What the cursors of this list name.
const LIST: &str = "accounts";

impl Crm {
    /// Makes an account.
    ///
    /// # Errors
    /// A missing name, one taken at that location, an unknown organization.
    pub async fn create_account(&self, actor: &Actor, draft: &AccountDraft, now: Timestamp) -> Result<Account, Error> {
        let mut tx = self.db.write().await?;
        check(tx.account_faults(None, draft).await?)?;
        let id = AccountId::of_number(tx.count_up("account", 1).await?);
        tx.insert("account", draft.cells(Cells::default().set("id", &id).set("version", 1))).await?;
        tx.note(actor, now, Change::new(Root::Account, id.as_str(), Op::Create, What::Fields, BTreeSet::new())).await?;
        tx.commit().await?;
        Ok(draft.account(id, 1))
    }

    /// Renames or moves an account; the contacts whose primary account it is show it.
    ///
    /// # Errors
    /// As for a create, no administrator, and a stale version.
    pub async fn update_account(
        &self,
        actor: &Actor,
        id: &AccountId,
        expected: i64,
        draft: &AccountDraft,
        now: Timestamp,
    ) -> Result<Account, Error> {
        if !actor.is_admin() {
            return Err(Error::forbidden("only an administrator may change accounts"));
        }
        let mut tx = self.db.write().await?;
        tx.expect_version("account", id.as_str(), expected).await?;
        check(tx.account_faults(Some(id), draft).await?)?;
        tx.update("account", id.as_str(), draft.cells(Cells::default().set("version", expected + 1))).await?;
        tx.note(actor, now, Change::new(Root::Account, id.as_str(), Op::Update, What::Fields, BTreeSet::new())).await?;
        let sql = "SELECT contact_id FROM contact_account WHERE account_id = $1 AND is_primary = 1 ORDER BY contact_id";
        for mut row in tx.rows(sql, args![id]).await? {
            tx.touch_contact(actor, now, &ContactId::new(row.text()?)).await?;
        }
        tx.commit().await?;
        Ok(draft.account(id.clone(), expected + 1))
    }

    /// One account, if the user sees it.
    ///
    /// # Errors
    /// There is none with this id that he sees.
    pub async fn account(&self, actor: &Actor, id: &AccountId) -> Result<Account, Error> {
        let mut tx = self.db.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM account a WHERE {VISIBLE} AND a.id = $2");
        Account::read(&mut tx.row(&sql, args![&actor.user, id]).await?.ok_or(Error::NotFound)?)
    }

    /// The accounts the user sees, in order of their names.
    ///
    /// # Errors
    /// A foreign cursor.
    pub async fn accounts(&self, actor: &Actor, request: &PageRequest) -> Result<Page<Account>, Error> {
        let mut tx = self.db.read().await?;
        let [name, id] = request.keys::<2>(LIST)?.unwrap_or_default();
        let bound = request.bound();
        let sql = format!(
            "SELECT {COLUMNS}, a.name_key FROM account a
             WHERE {VISIBLE} AND (a.name_key > $2 OR a.name_key = $2 AND a.id > $3) ORDER BY a.name_key, a.id LIMIT $4"
        );
        let rows = tx.rows(&sql, args![&actor.user, name, id, limit(bound)]).await?;
        let list = rows
            .into_iter()
            .map(|mut row| Ok((Account::read(&mut row)?, row.text()?)))
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(page(LIST, list, bound, |(account, name)| [name.clone(), account.id.to_string()])
            .map(|(account, _)| account))
    }
}

impl AccountDraft {
    fn location(&self) -> Option<String> {
        self.location.as_deref().map(normal).filter(|text| !text.is_empty())
    }

    fn cells(&self, cells: Cells) -> Cells {
        cells
            .set("name", normal(&self.name))
            .set("name_key", key_of(&self.name))
            .set("location_key", key_of(&self.location().unwrap_or_default()))
            .set("location", self.location())
            .set("organization_id", self.organization.as_ref())
    }

    fn account(&self, id: AccountId, version: i64) -> Account {
        Account {
            id,
            version,
            name: normal(&self.name),
            location: self.location(),
            organization: self.organization.clone(),
        }
    }
}

impl crate::db::Tx {
    async fn account_faults(&mut self, id: Option<&AccountId>, draft: &AccountDraft) -> Result<Vec<Fault>, Error> {
        let mut faults: Vec<Fault> = name_fault(&draft.name).into_iter().collect();
        let sql = "SELECT id FROM account WHERE name_key = $1 AND location_key = $2";
        let taken = self.row(sql, args![key_of(&draft.name), key_of(&draft.location().unwrap_or_default())]).await?;
        if let Some(mut row) = taken
            && Some(row.text()?.as_str()) != id.map(AccountId::as_str)
        {
            faults.push(Fault::new("name", "another account has this name and location"));
        }
        if let Some(organization) = &draft.organization
            && !self.exists("organization", organization.as_str()).await?
        {
            faults.push(Fault::new("organization", "there is no such organization"));
        }
        Ok(faults)
    }
}

//! The CRM's people, their groups and addresses, and what happened there, told as "user U: look at record R".

use super::map;
use super::trouble::reading;
use async_trait::async_trait;
use crm::feed::{Entry, Op, Root};
use crm::people::Group;
use crm::{Crm, Employee, EmployeeId};
use engine::port::{Concerned, Directory, HeldPosition, Memberships, Trouble, User};
use model::{Kind, RecordId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// The directory of the built-in CRM.
#[derive(Clone)]
pub struct CrmDirectory {
    crm: Crm,
}

impl CrmDirectory {
    /// The directory of a CRM.
    #[must_use]
    pub fn new(crm: Crm) -> CrmDirectory {
        CrmDirectory { crm }
    }

    /// The entries that follow a number, without a gap; nothing when what followed it was forgotten, or when the feed does
    /// not reach it (a CRM restored from a backup).
    async fn entries(&self, from: i64, limit: usize) -> Result<Option<Vec<Entry>>, crm::Error> {
        let mut entries = self.crm.feed_after(from, limit).await?;
        if entries.is_empty() {
            match self.crm.feed_head().await? {
                head if head == from => return Ok(Some(entries)),
                head if head < from => return Ok(None),
                // Something was committed since the first reading, or everything was forgotten.
                _ => entries = self.crm.feed_after(from, limit).await?,
            }
        }
        // Numbers follow one another: a first one that does not means that something between was forgotten.
        Ok(entries.first().is_some_and(|first| first.seq == from + 1).then_some(entries))
    }
}

#[async_trait]
impl Directory for CrmDirectory {
    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<User>, Trouble> {
        let after = after.map(|id| EmployeeId::new(id.as_str()));
        let found = self.crm.users(after.as_ref(), limit).await.map_err(|error| reading(&error))?;
        Ok(found.into_iter().filter_map(user).collect())
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, Trouble> {
        let found = self.crm.user(&EmployeeId::new(id.as_str())).await.map_err(|error| reading(&error))?;
        Ok(found.and_then(user))
    }

    async fn memberships(&self, user: &UserId) -> Result<Memberships, Trouble> {
        let found = self.crm.memberships(&EmployeeId::new(user.as_str())).await.map_err(|error| reading(&error))?;
        let positions = found.positions.into_iter().map(|held| HeldPosition {
            id: held.position.to_string(),
            above: held.above.iter().map(ToString::to_string).collect(),
            organization: held.organization.to_string(),
            organizations_above: held.organizations_above.iter().map(ToString::to_string).collect(),
            primary: held.primary,
        });
        let user_lists = found.user_lists.iter().map(ToString::to_string).collect();
        Ok(Memberships { active: found.active, positions: positions.collect(), user_lists })
    }

    async fn groups(&self, ids: &BTreeSet<(String, String)>) -> Result<BTreeMap<(String, String), String>, Trouble> {
        let mut names = BTreeMap::new();
        for (word, group) in
            [("organization", Group::Organization), ("position", Group::Position), ("user_list", Group::UserList)]
        {
            let wanted: BTreeSet<String> =
                ids.iter().filter(|(kind, _)| kind == word).map(|(_, id)| id.clone()).collect();
            let found = self.crm.group_names(group, &wanted).await.map_err(|error| reading(&error))?;
            names.extend(found.into_iter().map(|(id, name)| ((word.to_owned(), id), name)));
        }
        Ok(names)
    }

    async fn who(&self, addresses: &BTreeSet<String>) -> Result<BTreeMap<String, UserId>, Trouble> {
        let all: Vec<&String> = addresses.iter().collect();
        let mut users = BTreeMap::new();
        for some in all.chunks(crm::limits::PEOPLE) {
            let some = some.iter().map(|address| (*address).clone()).collect();
            let found = self.crm.users_by_address(&some).await.map_err(|error| reading(&error))?;
            users.extend(found.into_iter().map(|(address, user)| (address, UserId::new(user.as_str()))));
        }
        Ok(users)
    }

    async fn concerned(&self, cursor: Option<&str>, limit: usize) -> Result<Concerned, Trouble> {
        let Some(cursor) = cursor else {
            // Pairings list for themselves at their first cycle: the reader begins with what happens from now on.
            let head = self.crm.feed_head().await.map_err(|error| reading(&error))?;
            return Ok(Concerned { cursor: head.to_string(), ..Concerned::default() });
        };
        let from: i64 = cursor.parse().map_err(|_| Trouble::CursorRefused)?;
        let limit = limit.clamp(1, crm::feed::FEED_PAGE);
        let entries = self.entries(from, limit).await.map_err(|error| reading(&error))?;
        let entries = entries.ok_or(Trouble::CursorRefused)?;
        let mut concerned = Concerned {
            cursor: entries.last().map_or(from, |last| last.seq).to_string(),
            more: entries.len() == limit,
            ..Concerned::default()
        };
        for entry in &entries {
            tell(entry, &mut concerned);
        }
        Ok(concerned)
    }
}

/// An employee with a login is a user.
fn user(employee: Employee) -> Option<User> {
    let name = employee.name();
    Some(User {
        id: UserId::new(employee.id.as_str()),
        name,
        login: employee.login?,
        addresses: employee.addresses,
        active: employee.active,
    })
}

/// Whom an entry of the feed concerns, and how.
fn tell(entry: &Entry, concerned: &mut Concerned) {
    let kinds: BTreeSet<Kind> = match entry.kind {
        Root::Contact | Root::Employee => [Kind::Contact].into(),
        // Shown elsewhere now: the old item goes, the new one comes (rule D3).
        Root::Activity => entry.shown.iter().filter_map(|display| map::domain(*display)).map(|it| it.kind()).collect(),
        Root::Account | Root::Organization | Root::Position | Root::UserList => BTreeSet::new(),
    };
    let id = RecordId::new(entry.id.as_str());
    let users = || entry.users.iter().map(|user| UserId::new(user.as_str()));
    for kind in kinds {
        concerned.looks.extend(users().map(|user| (user, kind, id.clone())));
        match entry.op {
            Op::Delete | Op::Merge => concerned.everywhere.push((kind, id.clone())),
            Op::Create | Op::Update => {}
        }
    }
    if entry.what == crm::feed::What::Membership {
        concerned.memberships.extend(users());
    }
}

impl std::fmt::Debug for CrmDirectory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CrmDirectory")
    }
}

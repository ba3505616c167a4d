//! Looking at records for the synchronisation of one user: listings by id, and what became of ids it knows.

use crate::Crm;
use crate::activity::{Activity, Display, Part};
use crate::contact::Contact;
use crate::db::{Arg, args, places};
use crate::employee::Employee;
use crate::error::Error;
use crate::feed::Root;
use crate::id::{ActivityId, ContactId, EmployeeId};
use crate::limits::PAGE;
use std::collections::BTreeMap;

/// What became of a record, for one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look<T> {
    /// He sees it.
    Visible(Box<T>),
    /// It stands, but he does not see it; whether it is still on his Sync List, and its version.
    Hidden {
        /// On his Sync List.
        listed: bool,
        /// Its version.
        version: i64,
    },
    /// He was on this activity and no longer is.
    Former(Box<T>),
    /// It was deleted, perhaps merged into another.
    Deleted {
        /// Where it lives on.
        merged_into: Option<String>,
    },
    /// There never was such a record.
    Unknown,
}

/// Which contacts a user's synchronisation sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// My Contacts and My Personal Contacts.
    Mine,
    /// Every business contact too, if he may open that view (rule O1's setting "All").
    All,
}

impl Crm {
    /// The contacts a user sees, in order of their ids.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn list_contacts(
        &self,
        user: &EmployeeId,
        sight: Sight,
        after: Option<&ContactId>,
        limit: usize,
    ) -> Result<Vec<Contact>, Error> {
        let mut tx = self.db.read().await?;
        let all = sight == Sight::All && tx.opens_all(user).await?;
        let seen = if all {
            "(c.owner_id IS NULL OR c.owner_id = $1)"
        } else {
            "c.id IN (SELECT contact_id FROM my_contacts WHERE user_id = $1
                      UNION SELECT contact_id FROM my_personal_contacts WHERE user_id = $1)"
        };
        let condition = format!("{seen} AND c.id > $2 ORDER BY c.id LIMIT $3");
        tx.contacts_by(user, &condition, args![user, after.map_or("", ContactId::as_str), bound(limit)]).await
    }

    /// All employees, in order of their ids.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn list_employees(
        &self,
        user: &EmployeeId,
        after: Option<&EmployeeId>,
        limit: usize,
    ) -> Result<Vec<Employee>, Error> {
        let mut tx = self.db.read().await?;
        let after = after.map_or("", EmployeeId::as_str);
        tx.employees_by(user, "e.id > $1 ORDER BY e.id LIMIT $2", args![after, bound(limit)]).await
    }

    /// The activities of a display that a user is on, hidden ones too, in order of their ids; private ones of others under
    /// their veil.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn list_activities(
        &self,
        user: &EmployeeId,
        display: Display,
        after: Option<&ActivityId>,
        limit: usize,
    ) -> Result<Vec<Activity>, Error> {
        let mut tx = self.db.read().await?;
        let condition = "a.id IN (SELECT activity_id FROM my_activities WHERE user_id = $1)
                         AND a.display = $2 AND a.id > $3 ORDER BY a.id LIMIT $4";
        let list = args![user, display.as_str(), after.map_or("", ActivityId::as_str), bound(limit)];
        let found = tx.activities_by(user, condition, list).await?;
        Ok(found.into_iter().map(|activity| activity.seen_by(user)).collect())
    }

    /// How many records each listing has.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count_activities(&self, user: &EmployeeId, display: Display) -> Result<u64, Error> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT COUNT(*) FROM my_activities v JOIN activity a ON a.id = v.activity_id
                   WHERE v.user_id = $1 AND a.display = $2";
        count(tx.row(sql, args![user, display.as_str()]).await?)
    }

    /// How many contacts of his own and his team's a user sees, and how many employees there are.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count_contacts(&self, user: &EmployeeId) -> Result<u64, Error> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT COUNT(*) FROM (SELECT contact_id FROM my_contacts WHERE user_id = $1
                   UNION SELECT contact_id FROM my_personal_contacts WHERE user_id = $1) c";
        let contacts = count(tx.row(sql, args![user]).await?)?;
        Ok(contacts + count(tx.row("SELECT COUNT(*) FROM employee", vec![]).await?)?)
    }

    /// What became of contacts, for a user; one answer per id. At most [`PAGE`] ids.
    ///
    /// # Errors
    /// Too many ids, or the database's.
    pub async fn look_contacts(
        &self,
        user: &EmployeeId,
        sight: Sight,
        ids: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Look<Contact>>, Error> {
        bounded(ids.len())?;
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut tx = self.db.read().await?;
        let all = sight == Sight::All && tx.opens_all(user).await?;
        let list: Vec<Arg> = ids.iter().map(Arg::from).collect();
        let found = tx.contacts_by(user, &format!("c.id IN ({})", places(1, ids.len())), list.clone()).await?;
        let sql = format!(
            "SELECT contact_id FROM my_contacts WHERE user_id = $1 AND contact_id IN ({})",
            places(2, ids.len())
        );
        let mut on_team = args![user];
        on_team.extend(list);
        let on_team = tx.rows(&sql, on_team).await?.into_iter().map(|mut row| row.text());
        let on_team = on_team.collect::<Result<std::collections::BTreeSet<String>, Error>>()?;
        let buried = tx.buried(Root::Contact, &texts(ids)).await?;
        let mut looks = missing(ids, &buried, ContactId::as_str);
        for contact in found {
            let sees = match &contact.owner {
                Some(owner) => owner == user,
                None => all || on_team.contains(contact.id.as_str()),
            };
            let look = if sees {
                Look::Visible(Box::new(contact.clone()))
            } else {
                Look::Hidden { listed: contact.listed, version: contact.version }
            };
            looks.insert(contact.id, look);
        }
        Ok(looks)
    }

    /// What became of employees, for a user; one answer per id. At most [`PAGE`] ids.
    ///
    /// # Errors
    /// Too many ids, or the database's.
    pub async fn look_employees(
        &self,
        user: &EmployeeId,
        ids: &[EmployeeId],
    ) -> Result<BTreeMap<EmployeeId, Look<Employee>>, Error> {
        bounded(ids.len())?;
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut tx = self.db.read().await?;
        let condition = format!("e.id IN ({})", places(1, ids.len()));
        let found = tx.employees_by(user, &condition, ids.iter().map(Arg::from).collect()).await?;
        let buried = tx.buried(Root::Employee, &texts(ids)).await?;
        let mut looks = missing(ids, &buried, EmployeeId::as_str);
        looks.extend(found.into_iter().map(|employee| (employee.id.clone(), Look::Visible(Box::new(employee)))));
        Ok(looks)
    }

    /// What became of activities, for a user; one answer per id. At most [`PAGE`] ids.
    ///
    /// # Errors
    /// Too many ids, or the database's.
    pub async fn look_activities(
        &self,
        user: &EmployeeId,
        ids: &[ActivityId],
    ) -> Result<BTreeMap<ActivityId, Look<Activity>>, Error> {
        bounded(ids.len())?;
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut tx = self.db.read().await?;
        let condition = format!("a.id IN ({})", places(1, ids.len()));
        let found = tx.activities_by(user, &condition, ids.iter().map(Arg::from).collect()).await?;
        let buried = tx.buried(Root::Activity, &texts(ids)).await?;
        let mut looks = missing(ids, &buried, ActivityId::as_str);
        for activity in found {
            let id = activity.id.clone();
            let look = match activity.part {
                Part::Owner | Part::Participant => Look::Visible(Box::new(activity.seen_by(user))),
                Part::Former => Look::Former(Box::new(activity.bare())),
                Part::None => Look::Hidden { listed: false, version: activity.version },
            };
            looks.insert(id, look);
        }
        Ok(looks)
    }
}

impl Activity {
    /// What somebody who was taken off still learns: that it stands, and where it is shown.
    fn bare(mut self) -> Activity {
        self.fields.clear();
        self.people.clear();
        self.veiled = true;
        self
    }
}

fn count(row: Option<crate::db::Row>) -> Result<u64, Error> {
    let number = row.ok_or(Error::Corrupt { what: "a count did not answer" })?.int()?;
    Ok(u64::try_from(number).unwrap_or(0))
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit.clamp(1, PAGE)).unwrap_or(1)
}

fn bounded(count: usize) -> Result<(), Error> {
    if count > PAGE { Err(Error::fault("ids", format!("at most {PAGE} ids"))) } else { Ok(()) }
}

fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The answer for ids that no record has: a tombstone proves a delete, nothing else does.
fn missing<I: Clone + Ord, T>(
    ids: &[I],
    buried: &BTreeMap<String, Option<String>>,
    text: impl Fn(&I) -> &str,
) -> BTreeMap<I, Look<T>> {
    ids.iter()
        .map(|id| {
            let look = match buried.get(text(id)) {
                Some(merged_into) => Look::Deleted { merged_into: merged_into.clone() },
                None => Look::Unknown,
            };
            (id.clone(), look)
        })
        .collect()
}

//! The views of the CRM: My Activities, My Calendar, My To Dos, My Contacts, My Personal Contacts, All Employees.

use crate::Crm;
use crate::activity::Activity;
use crate::actor::Actor;
use crate::contact::Contact;
use crate::db::args;
use crate::employee::Employee;
use crate::error::Error;
use crate::organization::limit;
use crate::page::{Page, PageRequest, page};
use jiff::Timestamp;

/// A view of activities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityView {
    /// Everything that is his or that he takes part in.
    MyActivities,
    /// What is shown in the calendar, has both planned times, and was not removed by him.
    MyCalendar,
    /// His to-dos.
    MyToDos,
}

/// A view of contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactView {
    /// The business contacts his team works with.
    MyContacts,
    /// His own.
    MyPersonalContacts,
    /// Every business contact, for those who may open it.
    AllContacts,
}

impl ActivityView {
    /// What its cursors name.
    fn name(self) -> &'static str {
        match self {
            ActivityView::MyActivities => "my activities",
            ActivityView::MyCalendar => "my calendar",
            ActivityView::MyToDos => "my to-dos",
        }
    }
}

impl ContactView {
    /// What its cursors name.
    fn name(self) -> &'static str {
        match self {
            ContactView::MyContacts => "my contacts",
            ContactView::MyPersonalContacts => "my personal contacts",
            ContactView::AllContacts => "all contacts",
        }
    }
}

/// What the cursors of All Employees name.
const EMPLOYEES: &str = "employees";

/// A stretch of time: what touches it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// From here on.
    pub from: Option<Timestamp>,
    /// Up to here.
    pub to: Option<Timestamp>,
}

impl Crm {
    /// A page of a view of activities, in order of their planned start (due day for to-dos). Activities without any time
    /// are in no window.
    ///
    /// # Errors
    /// A foreign cursor.
    pub async fn activities(
        &self,
        actor: &Actor,
        view: ActivityView,
        window: Window,
        request: &PageRequest,
    ) -> Result<Page<Activity>, Error> {
        let [at, id] = request.keys::<2>(view.name())?.unwrap_or_else(|| [i64::MIN.to_string(), String::new()]);
        let at: i64 = at.parse().map_err(|_| Error::Cursor)?;
        let found = match view {
            ActivityView::MyActivities => "SELECT activity_id FROM my_activities WHERE user_id = $1",
            ActivityView::MyCalendar => "SELECT activity_id FROM my_calendar WHERE user_id = $1",
            ActivityView::MyToDos => {
                "SELECT v.activity_id FROM my_activities v JOIN activity t ON t.id = v.activity_id
                 WHERE v.user_id = $1 AND t.display = 'To Do and Activities'"
            }
        };
        let mut condition = format!("a.id IN ({found}) AND (a.sort_at > $2 OR a.sort_at = $2 AND a.id > $3)");
        let bound = request.bound();
        let mut list = args![&actor.user, at, id, limit(bound)];
        if let Some(from) = window.from {
            list.push(from.into());
            condition.push_str(&format!(" AND COALESCE(a.end_at, a.sort_at) >= ${}", list.len()));
        }
        if let Some(to) = window.to {
            list.push(to.into());
            condition.push_str(&format!(" AND COALESCE(a.start_at, a.sort_at) < ${}", list.len()));
        }
        condition.push_str(" ORDER BY a.sort_at, a.id LIMIT $4");
        let mut tx = self.db.read().await?;
        let items = tx.activities_by(&actor.user, &condition, list).await?;
        let items = items.into_iter().map(|activity| activity.seen_by(&actor.user)).collect();
        Ok(page(view.name(), items, bound, |activity: &Activity| {
            [activity.sort_at.to_string(), activity.id.to_string()]
        }))
    }

    /// A page of a view of contacts, in order of their names.
    ///
    /// # Errors
    /// A foreign cursor; the view of all for somebody who may not open it.
    pub async fn contacts(
        &self,
        actor: &Actor,
        view: ContactView,
        request: &PageRequest,
    ) -> Result<Page<Contact>, Error> {
        let [key, id] = request.keys::<2>(view.name())?.unwrap_or_default();
        let mut tx = self.db.read().await?;
        let found = match view {
            ContactView::MyContacts => "c.id IN (SELECT contact_id FROM my_contacts WHERE user_id = $1)",
            ContactView::MyPersonalContacts => "c.owner_id = $1",
            ContactView::AllContacts => {
                if !actor.is_admin() && !tx.opens_all(&actor.user).await? {
                    return Err(Error::forbidden("you may not open the view of all contacts"));
                }
                // The user stands in the statement of every view.
                "c.owner_id IS NULL AND $1 <> ''"
            }
        };
        let condition = format!(
            "{found} AND (c.sort_key > $2 OR c.sort_key = $2 AND c.id > $3) ORDER BY c.sort_key, c.id LIMIT $4"
        );
        let bound = request.bound();
        let items = tx.contacts_by(&actor.user, &condition, args![&actor.user, key, id, limit(bound)]).await?;
        Ok(page(view.name(), items, bound, |contact: &Contact| [contact.sort_key.clone(), contact.id.to_string()]))
    }

    /// A page of All Employees, in order of their names.
    ///
    /// # Errors
    /// A foreign cursor.
    pub async fn employees(&self, actor: &Actor, request: &PageRequest) -> Result<Page<Employee>, Error> {
        let [key, id] = request.keys::<2>(EMPLOYEES)?.unwrap_or_default();
        let bound = request.bound();
        let condition = "e.id IN (SELECT employee_id FROM all_employees)
                         AND (e.sort_key > $1 OR e.sort_key = $1 AND e.id > $2) ORDER BY e.sort_key, e.id LIMIT $3";
        let mut tx = self.db.read().await?;
        let items = tx.employees_by(&actor.user, condition, args![key, id, limit(bound)]).await?;
        Ok(page(EMPLOYEES, items, bound, |employee: &Employee| [employee.sort_key.clone(), employee.id.to_string()]))
    }
}

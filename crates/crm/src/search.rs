//! Search: contacts, employees and activities by a word, and only what the user may see of them.

use crate::Crm;
use crate::activity::Activity;
use crate::actor::Actor;
use crate::contact::Contact;
use crate::contact_read::HIS;
use crate::db::args;
use crate::employee::Employee;
use crate::error::Error;
use model::same::fold;

/// What a search found, at most so many of each as were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Business contacts of his team and his own personal ones.
    pub contacts: Vec<Contact>,
    /// Colleagues.
    pub employees: Vec<Employee>,
    /// Activities he is on. Of a private one only its owner finds the words.
    pub activities: Vec<Activity>,
}

impl Crm {
    /// Searches for a text, without case, in names, companies, addresses, phones, subjects and places.
    ///
    /// # Errors
    /// A text shorter than two characters.
    pub async fn search(&self, actor: &Actor, text: &str, limit: usize) -> Result<Found, Error> {
        let word = fold(text);
        if word.chars().count() < 2 {
            return Err(Error::fault("q", "at least two characters"));
        }
        let like = format!("%{}%", word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        let limit = i64::try_from(limit.clamp(1, crate::limits::PAGE)).unwrap_or(1);
        let mut tx = self.db.read().await?;
        let contacts = format!("c.search_key LIKE $2 ESCAPE '\\' AND {HIS} ORDER BY c.sort_key, c.id LIMIT $3");
        let contacts = tx.contacts_by(&actor.user, &contacts, args![&actor.user, like.as_str(), limit]).await?;
        let employees = "e.search_key LIKE $1 ESCAPE '\\' ORDER BY e.sort_key, e.id LIMIT $2";
        let employees = tx.employees_by(&actor.user, employees, args![like.as_str(), limit]).await?;
        let activities = "a.search_key LIKE $2 ESCAPE '\\' AND (a.private = 0 OR a.owner_id = $1)
                          AND a.id IN (SELECT activity_id FROM my_activities WHERE user_id = $1)
                          ORDER BY a.sort_at DESC, a.id LIMIT $3";
        let activities = tx.activities_by(&actor.user, activities, args![&actor.user, like.as_str(), limit]).await?;
        let activities = activities.into_iter().map(|activity| activity.seen_by(&actor.user)).collect();
        Ok(Found { contacts, employees, activities })
    }
}

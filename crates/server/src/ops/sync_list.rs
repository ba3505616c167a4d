//! The Sync List: Add To Sync List and Remove From Sync List, for oneself or, by an administrator, for others (rule O1).

use crate::fault::Refused;
use crate::services::Services;
use ::crm::sync_list::{Listable, Listing};
use ::crm::{Actor, ContactId, EmployeeId};
use serde::Serialize;

/// What a change of the Sync List did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The record.
    pub record: String,
    /// Whose list.
    pub user: String,
    /// It stands there now.
    pub on_sync_list: bool,
    /// This request changed it.
    pub changed: bool,
}

/// Puts a record on a user's Sync List.
///
/// # Errors
/// The record is not visible to that user; somebody else's list without rights; no such record or user.
pub async fn add(services: &Services, actor: &Actor, record: &str, user: Option<&str>) -> Result<Listed, Refused> {
    let listable = listable(record)?;
    let user = whose(services, actor, user).await?;
    let changed = services.crm.add_to_sync_list(actor, &listable, &user, services.clock.now()).await?;
    services.wake.crm_changed();
    Ok(Listed { record: record.to_owned(), user: user.to_string(), on_sync_list: true, changed })
}

/// Takes a record off a user's Sync List.
///
/// # Errors
/// Somebody else's list without rights; no such user.
pub async fn remove(services: &Services, actor: &Actor, record: &str, user: Option<&str>) -> Result<Listed, Refused> {
    let listable = listable(record)?;
    let user = whose(services, actor, user).await?;
    let changed = services.crm.remove_from_sync_list(actor, &listable, &user, services.clock.now()).await?;
    services.wake.crm_changed();
    Ok(Listed { record: record.to_owned(), user: user.to_string(), on_sync_list: false, changed })
}

/// Who has a record on his Sync List.
///
/// # Errors
/// The record is not visible to the asker.
pub async fn list(services: &Services, actor: &Actor, record: &str) -> Result<Vec<Listing>, Refused> {
    let listable = listable(record)?;
    Ok(services.crm.sync_list_of(actor, &listable).await?)
}

async fn whose(services: &Services, actor: &Actor, user: Option<&str>) -> Result<EmployeeId, Refused> {
    match user {
        None => Ok(actor.user.clone()),
        Some(user) if user == actor.user.as_str() => Ok(actor.user.clone()),
        Some(user) => match super::user::employee(services, user).await {
            Ok(employee) => Ok(employee.id),
            Err(Refused::NotFound(problem)) => Err(Refused::at("user", problem)),
            Err(other) => Err(other),
        },
    }
}

fn listable(record: &str) -> Result<Listable, Refused> {
    if record.starts_with(ContactId::PREFIX) {
        Ok(Listable::Contact(ContactId::new(record)))
    } else if record.starts_with(EmployeeId::PREFIX) {
        Ok(Listable::Employee(EmployeeId::new(record)))
    } else {
        Err(Refused::at("record", "is no id of a contact or employee"))
    }
}

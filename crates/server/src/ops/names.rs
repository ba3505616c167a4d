//! What a person calls a user: his login, and the CRM's id only where there is none.

use crate::fault::Refused;
use crate::services::Services;
use ::crm::EmployeeId;
use model::{PairingId, UserId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Names asked for at once.
const PAGE: usize = 200;

/// The logins of users; who left the CRM is absent.
///
/// # Errors
/// Only the CRM's.
pub async fn logins(services: &Services, ids: &BTreeSet<UserId>) -> Result<BTreeMap<UserId, String>, Refused> {
    let mut names = BTreeMap::new();
    let ids: Vec<EmployeeId> = ids.iter().map(|id| EmployeeId::new(id.as_str())).collect();
    for some in ids.chunks(PAGE) {
        let found = services.crm.logins(&some.iter().cloned().collect()).await?;
        names.extend(found.into_iter().map(|(id, login)| (UserId::new(id.as_str()), login)));
    }
    Ok(names)
}

/// A user by his login, or by his id when he has none.
///
/// # Errors
/// Only the CRM's.
pub async fn user(services: &Services, id: &UserId) -> Result<String, Refused> {
    let found = logins(services, &BTreeSet::from([id.clone()])).await?;
    Ok(found.get(id).cloned().unwrap_or_else(|| id.to_string()))
}

/// Whose pairings these are: a login each, or the id of a user without one; an unknown pairing is absent.
///
/// # Errors
/// The store's or the CRM's.
pub async fn of_pairings(
    services: &Services,
    ids: &BTreeSet<PairingId>,
) -> Result<BTreeMap<PairingId, String>, Refused> {
    let mut users = BTreeMap::new();
    for id in ids {
        if let Some(pairing) = services.store.pairing(id).await? {
            users.insert(id.clone(), pairing.user);
        }
    }
    let logins = logins(services, &users.values().cloned().collect()).await?;
    let named = |user: &UserId| logins.get(user).cloned().unwrap_or_else(|| user.to_string());
    Ok(users.into_iter().map(|(id, user)| (id, named(&user))).collect())
}

/// Something that is told about a user, with his name beside it.
#[derive(Clone, Debug, Serialize)]
pub struct Told<T> {
    /// Whose it is: his login, or his id without one; null for what is about all, or about a user forgotten since.
    pub user: Option<String>,
    /// What is told.
    #[serde(flatten)]
    pub what: T,
}

/// Names the users of what is told.
///
/// # Errors
/// The store's or the CRM's.
pub async fn told<T>(
    services: &Services,
    list: Vec<T>,
    of: impl Fn(&T) -> Option<&PairingId>,
) -> Result<Vec<Told<T>>, Refused> {
    let names = of_pairings(services, &list.iter().filter_map(|what| of(what).cloned()).collect()).await?;
    let named = |what: T| Told { user: of(&what).and_then(|pairing| names.get(pairing).cloned()), what };
    Ok(list.into_iter().map(named).collect())
}

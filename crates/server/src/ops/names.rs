//! What a person calls a user: his login, and the CRM's id only where there is none.

use crate::fault::Refused;
use crate::services::Services;
use ::crm::EmployeeId;
use model::{PairingId, UserId};
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

//! Trying a connection, and one mailbox step by step as the sync will use it.

use crate::fault::Refused;
use crate::remotes::ServerRemotes;
use crate::services::Services;
use connect::ews::Step;
use engine::port::Trouble;
use std::sync::Arc;
use store::Pairing;

/// Pairings looked through at a time.
const PAGE: usize = 200;

/// Tries the mailbox at an address, on the connection its user is mapped on unless another one is named.
///
/// # Errors
/// No connection is named and nobody is mapped on the address; the connection is unknown.
pub async fn mailbox(services: &Services, address: &str, connection: Option<&str>) -> Result<Vec<Step>, Refused> {
    let mapped = mapped(services, address).await?;
    let zone = mapped.as_ref().and_then(|pairing| pairing.settings.zone.clone());
    let Some(connection) = connection.or(mapped.as_ref().map(|pairing| pairing.connection.as_str())) else {
        return Err(Refused::at("connection", "is missing, and no user is mapped on this mailbox"));
    };
    match remotes(services).check(connection, address, zone.as_deref()).await {
        Ok(steps) => Ok(steps),
        Err(Trouble::NoAccess { .. }) if services.store.connection(connection).await?.is_none() => {
            Err(Refused::missing("connection", connection))
        }
        Err(trouble) => Err(Refused::at("connection", trouble.to_string())),
    }
}

/// Signs in to a connection with its own account, whether or not a user is mapped on it.
///
/// # Errors
/// It cannot be reached, or refuses the account.
pub async fn connection(services: &Services, name: &str) -> Result<(), Trouble> {
    remotes(services).answers(name).await
}

/// Remotes of their own: what is tried here is not remembered where cycles run.
fn remotes(services: &Services) -> ServerRemotes {
    ServerRemotes::new(
        services.store.clone(),
        services.crm.clone(),
        services.crm_id.clone(),
        Arc::clone(&services.clock),
        Arc::clone(&services.dice),
        Arc::clone(&services.key),
    )
}

async fn mapped(services: &Services, address: &str) -> Result<Option<Pairing>, Refused> {
    let mut after = None;
    loop {
        let page = services.store.pairings(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.id.clone());
        if let Some(found) = page.into_iter().find(|pairing| pairing.address.eq_ignore_ascii_case(address)) {
            return Ok(Some(found));
        }
    }
}

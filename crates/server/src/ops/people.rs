//! What people are shown and asked: quarantined records, held questions, the history, and brakes that wait for a release
//! (rules E1, C3, C8, W3).

use super::veil;
use crate::fault::Refused;
use crate::services::Services;
use crm::EmployeeId;
use model::{Domain, PairingId, Side};
use store::{Brake, Held, HeldFilter, HistoryFilter, HistoryKey, HistoryLine, Quarantine, QuarantineKey};

/// A page of quarantined records, of one user or all.
///
/// # Errors
/// The user is not mapped.
pub async fn quarantine(
    services: &Services,
    user: Option<&str>,
    after: Option<&QuarantineKey>,
    limit: usize,
) -> Result<Vec<(PairingId, Quarantine)>, Refused> {
    let pairing = optional_pairing(services, user).await?;
    Ok(services.store.quarantine(pairing.as_ref(), after, limit).await?)
}

/// A page of questions that wait for a person; whoever asks sees the values of his own private records alone.
///
/// # Errors
/// The user is not mapped.
pub async fn held(
    services: &Services,
    viewer: Option<&EmployeeId>,
    user: Option<&str>,
    domain: Option<Domain>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Held>, Refused> {
    let filter = HeldFilter { pairing: optional_pairing(services, user).await?, domain };
    veil::held(services, viewer, services.store.held(&filter, after, limit).await?).await
}

/// A page of the history, the newest first; whoever asks sees the values of his own private records alone.
///
/// # Errors
/// Only the store's.
pub async fn history(
    services: &Services,
    viewer: Option<&EmployeeId>,
    filter: &HistoryFilter,
    after: Option<&HistoryKey>,
    limit: usize,
) -> Result<Vec<HistoryLine>, Refused> {
    veil::history(services, viewer, services.store.history(filter, after, limit).await?).await
}

/// Every brake that tripped.
///
/// # Errors
/// Only the store's.
pub async fn brakes(services: &Services) -> Result<Vec<Brake>, Refused> {
    Ok(services.store.brakes().await?)
}

/// Releases a brake for the plan that tripped it, and for no other plan (rule C8). Without a user it is the brake over
/// all.
///
/// # Errors
/// There is no such brake, or its plan is another one by now.
pub async fn release(
    services: &Services,
    user: Option<&str>,
    domain: Option<Domain>,
    side: Side,
    digest: &str,
) -> Result<(), Refused> {
    let pairing = optional_pairing(services, user).await?;
    services.store.release_brake(pairing.as_ref(), domain, side, digest).await?;
    super::woken(services);
    Ok(())
}

/// The pairing of a user, when one is named.
///
/// # Errors
/// The user is not mapped.
pub async fn optional_pairing(services: &Services, user: Option<&str>) -> Result<Option<PairingId>, Refused> {
    match user {
        None => Ok(None),
        Some(user) => Ok(Some(super::user::pairing(services, user).await?.id)),
    }
}

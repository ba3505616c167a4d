//! Field maps: which field goes where, which way, with which translation. Data, in force with the next cycle.

use crate::fault::{Fault, Refused};
use crate::services::Services;
use model::{Domain, DomainMap};

/// The map of a domain in force.
///
/// # Errors
/// Only the store's.
pub async fn get(services: &Services, domain: Domain) -> Result<DomainMap, Refused> {
    let mut maps = services.store.maps().await?;
    Ok(maps.remove(&domain).unwrap_or_else(|| model::maps_ews::default_map(domain)))
}

/// Replaces the map of a domain.
///
/// # Errors
/// Every fault of the map at once.
pub async fn set(services: &Services, map: DomainMap) -> Result<DomainMap, Refused> {
    let faults = map.faults();
    if !faults.is_empty() {
        return Err(Refused::Invalid(faults.into_iter().map(|problem| Fault::new("entries", problem)).collect()));
    }
    services.store.set_map(&map).await?;
    super::woken(services);
    Ok(map)
}

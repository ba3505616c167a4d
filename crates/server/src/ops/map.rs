//! Field maps: which field goes where, which way, with which translation. Data, in force with the next cycle.

use crate::fault::{Fault, Refused};
use crate::services::Services;
use model::{Direction, Domain, DomainMap};
use std::collections::BTreeMap;

/// The map of a domain in force.
///
/// # Errors
/// Only the store's.
pub async fn get(services: &Services, domain: Domain) -> Result<DomainMap, Refused> {
    let maps = services.store.maps().await?;
    Ok(maps.get(&domain).cloned().unwrap_or_else(|| model::maps_ews::default_map(domain)))
}

/// Replaces the map of a domain.
///
/// # Errors
/// Every fault of the map at once.
pub async fn set(services: &Services, map: DomainMap) -> Result<DomainMap, Refused> {
    let maps = services.store.maps().await?;
    let found = map.faults().into_iter().chain(connect::ews::faults(&map)).chain(elsewhere(&map, &maps));
    // A row that is blank or of another kind of record is one fault, not two.
    let mut faults: BTreeMap<usize, String> = BTreeMap::new();
    for (row, problem) in found {
        faults.entry(row).or_insert(problem);
    }
    if !faults.is_empty() {
        let told = |(row, problem)| Fault::new(format!("entries[{row}]"), problem);
        return Err(Refused::Invalid(faults.into_iter().map(told).collect()));
    }
    services.store.set_map(&map).await?;
    super::woken(services);
    Ok(map)
}

/// Fields that another domain of the same items keeps elsewhere: which domain an item is of is known only once it was read.
fn elsewhere(map: &DomainMap, others: &BTreeMap<Domain, DomainMap>) -> Vec<(usize, String)> {
    let mut faults = Vec::new();
    for other in others.values().filter(|other| other.domain != map.domain && other.domain.kind() == map.domain.kind())
    {
        for (row, entry) in map.entries.iter().enumerate().filter(|(_, entry)| entry.direction != Direction::Off) {
            let kept = other.entry(&entry.field).filter(|kept| kept.direction != Direction::Off);
            if let Some(kept) = kept.filter(|kept| kept.property.trim() != entry.property.trim()) {
                faults.push((
                    row,
                    format!(
                        "the field {} stands at {} in the map of {}, and a contact is read before it is known which it is: \
                         turn it off there first, or keep it at the same property",
                        entry.field, kept.property, other.domain
                    ),
                ));
            }
        }
    }
    faults
}

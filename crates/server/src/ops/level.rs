//! Levels: the ceiling of each domain, and a user's own below it (rules D1, L2, L3).

use crate::fault::{Fault, Faults, Refused};
use crate::services::Services;
use model::settings::{Settings, UserSettings};
use model::{Domain, Level};
use std::collections::BTreeMap;
use store::{Pairing, PairingChange};

/// Sets ceilings; domains that are not named stay.
///
/// # Errors
/// Every level that its domain refuses, at once.
pub async fn set_ceilings(services: &Services, levels: &BTreeMap<Domain, Level>) -> Result<Settings, Refused> {
    let mut faults = Faults::default();
    for (domain, level) in levels {
        note(*domain, *level, domain.as_str(), &mut faults);
    }
    faults.refuse()?;
    super::setting::edit(services, |settings| {
        for (domain, level) in levels {
            let mut of = settings.domain(*domain);
            of.level = *level;
            settings.domains.insert(*domain, of);
        }
        Ok(())
    })
    .await
}

/// Sets a user's own levels; null takes one back. Domains that are not named stay.
///
/// # Errors
/// Every level that its domain refuses, at once; the user is not mapped.
pub async fn set_own(
    services: &Services,
    user: &str,
    levels: &BTreeMap<Domain, Option<Level>>,
) -> Result<Pairing, Refused> {
    let pairing = super::user::pairing(services, user).await?;
    let mut settings = pairing.settings.clone();
    for (domain, level) in levels {
        match level {
            Some(level) => settings.levels.insert(*domain, *level),
            None => settings.levels.remove(domain),
        };
    }
    let mut faults = Faults::default();
    own_faults(&settings, &mut faults);
    faults.refuse()?;
    let changed = services.store.change_pairing(&pairing.id, &[PairingChange::Settings(settings)]).await?;
    super::woken(services);
    Ok(changed)
}

/// Notes each own level that its domain does not accept.
pub(super) fn own_faults(settings: &UserSettings, faults: &mut Faults) {
    for (domain, level) in &settings.levels {
        note(*domain, *level, &format!("levels.{domain}"), faults);
    }
}

/// Notes a level that a domain does not accept (rule D1).
pub(super) fn note(domain: Domain, level: Level, field: &str, faults: &mut Faults) {
    if !domain.accepts(level) {
        let accepted: Vec<&str> =
            Level::ALL.into_iter().filter(|level| domain.accepts(*level)).map(Level::name).collect();
        faults.note(field, format!("{domain} does not accept {level}; it accepts {} (rule D1)", accepted.join(", ")));
    }
}

/// Reads levels by domain out of words; null where a level may be taken back.
///
/// # Errors
/// Every domain and level that is none.
pub fn read<'a>(
    words: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<BTreeMap<Domain, Option<Level>>, Vec<Fault>> {
    let mut levels = BTreeMap::new();
    let mut faults = Vec::new();
    for (domain, level) in words {
        let parsed = Domain::parse(domain);
        if parsed.is_none() {
            let known: Vec<&str> = Domain::ALL.into_iter().map(Domain::as_str).collect();
            faults.push(Fault::new(domain, format!("is no domain: {}", known.join(", "))));
        }
        let level = match level.map(|text| (text, Level::parse(text))) {
            None => None,
            Some((_, Some(level))) => Some(level),
            Some((text, None)) => {
                faults.push(Fault::new(domain, format!("'{text}' is no level: full, export, import or none")));
                continue;
            }
        };
        if let Some(domain) = parsed {
            levels.insert(domain, level);
        }
    }
    if faults.is_empty() { Ok(levels) } else { Err(faults) }
}

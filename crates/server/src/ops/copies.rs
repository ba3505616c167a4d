//! Removing our copies from a user's mailbox: first shown, then done as shown (rule L6).

use crate::fault::{Faults, Refused};
use crate::services::Services;
use engine::{Removal, Removed};
use model::{Domain, Side};
use plan::access::Groups;
use std::collections::BTreeSet;
use store::Pairing;

/// What removing the copies of some domains would delete; all domains without a name.
///
/// # Errors
/// The user is not mapped; a domain's level still exports; deletes are forbidden there; the mailbox does not answer.
pub async fn show(services: &Services, user: &str, domains: &BTreeSet<Domain>) -> Result<Removal, Refused> {
    let (pairing, domains) = meant(services, user, domains).await?;
    Ok(services.engine.copies(&pairing.id, &domains).await?)
}

/// Moves the copies that the digest names to Deleted Items; how many.
///
/// # Errors
/// As for [`show`]; a conflict when something changed since it was shown, and nothing was done.
pub async fn remove(services: &Services, user: &str, domains: &BTreeSet<Domain>, digest: &str) -> Result<u64, Refused> {
    let (pairing, domains) = meant(services, user, domains).await?;
    match services.engine.remove_copies(&pairing.id, &domains, digest).await? {
        Removed::Done(copies) => Ok(copies),
        Removed::Changed(now) => Err(Refused::Conflict {
            code: "plan_changed",
            message: format!(
                "the mailbox changed since its copies were shown, and nothing was done: now {} would go; look again",
                now.total
            ),
        }),
    }
}

async fn meant(
    services: &Services,
    user: &str,
    domains: &BTreeSet<Domain>,
) -> Result<(Pairing, BTreeSet<Domain>), Refused> {
    let pairing = super::user::pairing(services, user).await?;
    let all = BTreeSet::from(Domain::ALL);
    let domains = if domains.is_empty() { &all } else { domains };
    let settings = services.store.settings().await?;
    let explained = services.engine.explain_user(&pairing.id, &Groups::default()).await?;
    let mut faults = Faults::default();
    for chain in explained.chains.iter().filter(|chain| domains.contains(&chain.domain)) {
        let domain = chain.domain;
        if chain.level.exports() {
            let why = "is still exported to this user, so that the copies would be made again; set his level to none or \
                import, or disable him first (L6)";
            faults.note(domain.as_str(), why);
        }
        if settings.domain(domain).no_deletes.contains(&Side::Pim) {
            faults.note(domain.as_str(), "may not be deleted in mailboxes, as it is set (C7)");
        }
    }
    faults.refuse()?;
    Ok((pairing, domains.clone()))
}

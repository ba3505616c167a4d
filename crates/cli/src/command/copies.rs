//! `syncline user remove-copies`: our copies leave a mailbox, after they were shown.

use crate::exit::Failure;
use crate::show::Show;
use model::Domain;
use serde_json::json;
use server::ops::copies;
use server::services::Services;
use std::collections::BTreeSet;

/// Shows what would go, or with the digest of what was shown lets it go.
pub async fn run(
    services: &Services,
    user: &str,
    domains: &[Domain],
    digest: Option<&str>,
    show: &mut Show<'_>,
) -> Result<(), Failure> {
    let domains: BTreeSet<Domain> = domains.iter().copied().collect();
    if let Some(digest) = digest {
        let removed = copies::remove(services, user, &domains, digest).await?;
        let told = format!("{removed} copies are in Deleted Items of {user}'s mailbox; the CRM's records stand");
        return show.done(&json!({ "removed": removed }), &told);
    }
    let removal = copies::show(services, user, &domains).await?;
    let stay: Vec<String> = removal.stay.iter().map(|(why, items)| format!("{items} stay: {why}")).collect();
    let mut told = format!("{} copies would go to Deleted Items of {user}'s mailbox", removal.total);
    for line in &stay {
        told += &format!("\n{line}");
    }
    if removal.total > 0 {
        told += &format!("\nnothing was done; repeat with --digest {} to remove them", removal.digest);
    }
    show.done(&removal, &told)
}

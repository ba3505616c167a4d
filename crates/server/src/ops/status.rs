//! How every user stands: last success, its age, what is wrong, progress of a first cycle (rule W4).

use super::names;
use crate::fault::Refused;
use crate::services::Services;
use jiff::Timestamp;
use model::settings::UserSettings;
use model::{Domain, PairingId, Side};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{Brake, LinkCount, Pairing, PairingStatus, Progress, Push};

/// A line of the users' overview.
#[derive(Clone, Debug, Serialize)]
pub struct UserStatus {
    /// The CRM's user.
    pub user: String,
    /// How he signs in; nothing when he left the CRM.
    pub login: Option<String>,
    /// His pairing.
    pub pairing: PairingId,
    /// The connection his mailbox is on.
    pub connection: String,
    /// The mailbox's address.
    pub address: String,
    /// Rule L1.
    pub enabled: bool,
    /// What is set for him.
    pub settings: UserSettings,
    /// In one word: `ok`, `first`, `braked`, `trouble`, `stopped`, `disabled`.
    pub state: &'static str,
    /// The first cycle is complete.
    pub first_done: bool,
    /// Last cycle that ended well.
    pub last_success: Option<Timestamp>,
    /// Seconds since then.
    pub age_s: Option<i64>,
    /// Last cycle at all.
    pub last_cycle: Option<Timestamp>,
    /// Why the last cycle did not end well.
    pub trouble: Option<String>,
    /// Why it waits for an administrator.
    pub stopped: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// Not due before this.
    pub not_before: Option<Timestamp>,
    /// Whether changes in the mailbox are pushed, or why it is polled (rule E4).
    pub push: Push,
    /// Progress of a first cycle.
    pub progress: Option<Progress>,
    /// Seconds until a first cycle ends at its present pace.
    pub estimate_s: Option<i64>,
    /// Links per domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<BTreeMap<Domain, LinkCount>>,
    /// Records quarantined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<u64>,
    /// Questions to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<u64>,
    /// The brakes that wait for a person and keep changes of his from crossing, one sentence each (rule C8).
    pub brakes: Vec<String>,
}

/// A page of the overview; `after` is the last pairing of the page before.
///
/// # Errors
/// Only the store's.
pub async fn page(services: &Services, after: Option<&PairingId>, limit: usize) -> Result<Vec<UserStatus>, Refused> {
    let now = services.clock.now();
    let page = services.store.overview(after, limit).await?;
    let brakes = services.store.brakes().await?;
    let logins = names::logins(services, &page.iter().map(|status| status.pairing.user.clone()).collect()).await?;
    Ok(page
        .into_iter()
        .map(|status| {
            let login = logins.get(&status.pairing.user).cloned();
            UserStatus { login, ..with_numbers(status, now) }.braked_by(&brakes)
        })
        .collect())
}

/// One user's line.
///
/// # Errors
/// Only the store's and the CRM's.
pub async fn one(services: &Services, pairing: Pairing, now: Timestamp) -> Result<UserStatus, Refused> {
    let login = names::logins(services, &BTreeSet::from([pairing.user.clone()])).await?.remove(&pairing.user);
    let status = match services.store.status(&pairing.id).await? {
        Some(status) => with_numbers(PairingStatus { pairing, ..status }, now),
        // Unmapped just now.
        None => of(pairing, now),
    };
    Ok(UserStatus { login, ..status }.braked_by(&services.store.brakes().await?))
}

fn of(pairing: Pairing, now: Timestamp) -> UserStatus {
    let state = pairing.state;
    UserStatus {
        state: if !pairing.enabled {
            "disabled"
        } else if state.stopped.is_some() {
            "stopped"
        } else if state.trouble.is_some() {
            "trouble"
        } else if state.first_done {
            "ok"
        } else {
            "first"
        },
        user: pairing.user.to_string(),
        login: None,
        pairing: pairing.id,
        connection: pairing.connection,
        address: pairing.address,
        enabled: pairing.enabled,
        settings: pairing.settings,
        first_done: state.first_done,
        last_success: state.last_success,
        age_s: state.last_success.map(|at| now.duration_since(at).as_secs()),
        last_cycle: state.last_cycle,
        trouble: state.trouble,
        stopped: state.stopped,
        failures: state.failures,
        not_before: state.not_before,
        push: state.push,
        estimate_s: state.progress.as_ref().and_then(|progress| estimate_s(progress, now)),
        progress: state.progress,
        links: None,
        quarantined: None,
        held: None,
        brakes: Vec::new(),
    }
}

impl UserStatus {
    /// With the brakes that hold him, those over all users among them. What would pass for being well is not.
    fn braked_by(mut self, brakes: &[Brake]) -> UserStatus {
        let holds = |brake: &&Brake| {
            brake.released.is_none() && brake.pairing.as_ref().is_none_or(|pairing| *pairing == self.pairing)
        };
        self.brakes = brakes.iter().filter(holds).map(in_words).collect();
        if matches!(self.state, "ok" | "first") && !self.brakes.is_empty() {
            self.state = "braked";
        }
        self
    }
}

fn in_words(brake: &Brake) -> String {
    let at = match brake.side {
        Side::Crm => "the CRM",
        Side::Pim => "the mailbox",
    };
    match brake.domain {
        Some(domain) => format!("{domain}, to {at}: {}", brake.why),
        None => format!("everything, to {at}: {}", brake.why),
    }
}

fn with_numbers(status: PairingStatus, now: Timestamp) -> UserStatus {
    UserStatus {
        links: Some(status.links),
        quarantined: Some(status.quarantined),
        held: Some(status.held),
        ..of(status.pairing, now)
    }
}

/// What remains at the pace so far; nothing can be said before the first record.
fn estimate_s(progress: &Progress, now: Timestamp) -> Option<i64> {
    let left = progress.total?.checked_sub(progress.done)?;
    let spent = now.duration_since(progress.since).as_secs().max(0);
    let done = i64::try_from(progress.done).ok().filter(|done| *done > 0)?;
    i64::try_from(left).ok()?.checked_mul(spent)?.checked_div(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    // W4
    #[test]
    fn the_estimate_follows_the_pace_so_far() {
        let since: Timestamp = "2026-03-01T10:00:00Z".parse().expect("a time");
        let now: Timestamp = "2026-03-01T10:01:00Z".parse().expect("a time");
        let progress = |done, total| Progress { phase: "writing".into(), done, total, since };
        assert_eq!(estimate_s(&progress(100, Some(300)), now), Some(120));
        assert_eq!(estimate_s(&progress(0, Some(300)), now), None);
        assert_eq!(estimate_s(&progress(5, None), now), None);
        assert_eq!(estimate_s(&progress(400, Some(300)), now), None);
    }
}

//! What the sync itself must leave behind: nothing begun, nothing quarantined or braked without a cause, no mail.

use super::{Evidence, Finding};
use crate::executor::block_on;
use store::{HeldFilter, HeldKind};

/// Rows of one kind that are looked at; more would be a finding already.
const PAGE: usize = 500;

/// Everything about the sync's own rows that is not as the rules say.
pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if evidence.sides.exchange.mails > 0 {
        findings.push("a request asked for mail (C9)".to_owned());
    }
    let rows = block_on(rows(evidence));
    findings.extend(rows.unwrap_or_else(|error| vec![format!("the store fails: {error}")]));
    findings
}

async fn rows(evidence: &Evidence<'_>) -> store::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let store = evidence.store;
    for (user, pairing, _) in evidence.users {
        for intent in store.intents(pairing, None, PAGE).await? {
            findings.push(format!("{user}: {:?} {:?} is left open", intent.what, intent.side));
        }
        for (_, row) in store.quarantine(Some(pairing), None, None, PAGE).await? {
            findings.push(format!("{user}: {} is quarantined: {}", row.id, row.reason));
        }
        let state = store.pairing(pairing).await?.map(|pairing| pairing.state);
        if let Some(why) = state.and_then(|state| state.stopped) {
            findings.push(format!("{user}: stopped: {why}"));
        }
    }
    for held in store.held(&HeldFilter::default(), None, PAGE).await? {
        match held.what {
            // Told, not waited for.
            HeldKind::PossibleDouble { .. } => {}
            HeldKind::Conflict { .. } | HeldKind::Ambiguous { .. } => {
                findings.push(format!("{} is held without a person's cause", held.id));
            }
        }
    }
    for brake in store.brakes().await? {
        findings.push(format!("a brake tripped: {}", brake.why));
    }
    Ok(findings)
}

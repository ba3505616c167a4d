//! `syncline status`: how the whole stands.

use super::open;
use crate::exit::Failure;
use crate::show::Show;
use server::ops::overall;
use std::path::Path;

/// Carries it out.
pub async fn run(config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let stands = overall::show(&services).await?;
    if show.is_json() {
        return show.value(&stands);
    }
    show.line(&format!(
        "{} users mapped, {} enabled, {} due now, {} standing still ('syncline user list')",
        stands.users, stands.enabled, stands.due, stands.stopped
    ))?;
    show.line(&format!(
        "{} records in quarantine, {} questions held, {} brakes waiting, {} alerts standing",
        stands.quarantined, stands.held, stands.brakes, stands.alerts
    ))?;
    for trouble in &stands.alert_trouble {
        show.line(&format!("alerts do not arrive by {trouble}"))?;
    }
    if stands.latencies.is_empty() {
        return show.line("no change crossed in the last hour");
    }
    show.line("changes of the last hour, how long they took:")?;
    let seconds = |ms: u64| format!("{}.{:03} s", ms / 1_000, ms % 1_000);
    show.list(&stands.latencies, &["written", "part of the way", "changes", "half", "95 %", "99 %"], |of| {
        vec![
            of.to.as_str().to_owned(),
            of.part.as_str().to_owned(),
            of.changes.to_string(),
            seconds(of.p50_ms),
            seconds(of.p95_ms),
            seconds(of.p99_ms),
        ]
    })
}

//! How the whole stands: users, what waits for somebody, whether alerts arrive, and how long changes take (rule W4).

use crate::fault::Refused;
use crate::services::Services;
use engine::CycleReport;
use jiff::SignedDuration;
use model::Side;
use serde::Serialize;
use store::latency::{Part, upper_ms};

/// How long a past is told of.
const PAST: SignedDuration = SignedDuration::from_hours(1);

/// How the whole stands.
#[derive(Clone, Debug, Serialize)]
pub struct Overall {
    /// Users mapped.
    pub users: u64,
    /// Users that synchronise.
    pub enabled: u64,
    /// Users that stand still until an administrator acts.
    pub stopped: u64,
    /// Users that are due now.
    pub due: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Questions to people.
    pub held: u64,
    /// Brakes that wait.
    pub brakes: u64,
    /// Alerts that stand.
    pub alerts: usize,
    /// Why alerts do not arrive, by channel.
    pub alert_trouble: Vec<String>,
    /// How long changes took in the last hour.
    pub latencies: Vec<Latency>,
}

/// How long a part of the way took, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    /// The side that was written.
    pub to: Side,
    /// `source`, `queue`, `engine`, `write`, or `whole`.
    pub part: Part,
    /// How many changes.
    pub changes: u64,
    /// Half of them took no longer.
    pub p50_ms: u64,
    /// 95 of 100 took no longer.
    pub p95_ms: u64,
    /// 99 of 100 took no longer.
    pub p99_ms: u64,
}

/// Users counted as due at most.
const DUE_MOST: usize = 10_000;

/// How the whole stands now.
///
/// # Errors
/// Only the store's.
pub async fn show(services: &Services) -> Result<Overall, Refused> {
    let now = services.clock.now();
    let backlog = services.store.backlog().await?;
    let alerts = super::alert::show(services).await?;
    let trouble = alerts.channels.iter().filter_map(|way| {
        let why = way.trouble.as_ref()?;
        Some(format!("{} to {}: {why}", way.channel.as_str(), way.to))
    });
    Ok(Overall {
        users: backlog.pairings,
        enabled: backlog.enabled,
        stopped: backlog.stopped,
        due: services.store.due(now, DUE_MOST).await?.len() as u64,
        quarantined: backlog.quarantined,
        held: backlog.held,
        brakes: backlog.brakes,
        alerts: alerts.alerts.iter().filter(|standing| standing.alert.over.is_none()).count(),
        alert_trouble: trouble.collect(),
        latencies: latencies(services).await?,
    })
}

async fn latencies(services: &Services) -> Result<Vec<Latency>, Refused> {
    let now = services.clock.now();
    let all = services.store.latencies(now.checked_sub(PAST).unwrap_or(now)).await?;
    let mut lines = Vec::new();
    for to in Side::BOTH {
        for part in Part::ALL {
            let of = |percent| all.percentile_ms(part, to, percent);
            if let (Some(p50_ms), Some(p95_ms), Some(p99_ms)) = (of(50), of(95), of(99)) {
                lines.push(Latency { to, part, changes: all.count(part, to), p50_ms, p95_ms, p99_ms });
            }
        }
    }
    Ok(lines)
}

/// Keeps how long the changes of a cycle took, for monitoring and for the next hours. Numbers: what cannot be kept is lost.
pub async fn keep(services: &Services, report: &CycleReport) {
    if report.latencies.is_empty() {
        return;
    }
    for (part, to, class, count) in report.latencies.classes() {
        services.metrics.took(part.as_str(), to.as_str(), upper_ms(class), count);
    }
    if let Err(why) = services.store.add_latencies(services.clock.now(), &report.latencies).await {
        tracing::warn!(why = %why, "how long changes took cannot be kept");
    }
}

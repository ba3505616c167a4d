//! Runs cycles of every user until nothing is left to do, and adds up what they did.

use super::stage::Stage;
use anyhow::{Result, bail};
use engine::{CycleError, CycleReport};
use futures::{StreamExt, stream};
use model::Domain;
use std::collections::BTreeMap;
use store::Count;

/// Cycles under way at once.
const AT_ONCE: usize = 4;
/// The most rounds until everything is quiet: a change crosses in one, meetings and settings take a few.
const ROUNDS: usize = 15;
/// Pages of the CRM's feed per round.
const FEED_PAGES: usize = 1000;

/// What cycles did.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Links made by matching, per domain.
    pub matched: BTreeMap<Domain, usize>,
    /// Units that both sides had changed.
    pub conflicts: usize,
    /// Cycles that did not end well, in words.
    pub troubles: Vec<String>,
    /// Rounds it took.
    pub rounds: usize,
    /// Nothing was left to do at the end.
    pub quiet: bool,
}

impl Done {
    fn add(&mut self, report: &CycleReport) {
        for ((domain, _, count), number) in &report.counts {
            if *count == Count::Matched {
                *self.matched.entry(*domain).or_default() += usize::try_from(*number).unwrap_or(0);
            }
        }
        self.conflicts += usize::try_from(report.conflicts).unwrap_or(0);
    }

    /// Adds what later cycles did.
    pub fn and(&mut self, later: Done) {
        for (domain, number) in later.matched {
            *self.matched.entry(domain).or_default() += number;
        }
        self.conflicts += later.conflicts;
        self.troubles.extend(later.troubles);
        self.rounds += later.rounds;
        self.quiet = later.quiet;
    }
}

/// One cycle of every user; whether all were quiet.
pub async fn round(stage: &Stage, done: &mut Done) -> Result<bool> {
    let mut quiet = true;
    for _ in 0..FEED_PAGES {
        if !stage.services.engine.read_crm(&stage.services.crm_id).await? {
            break;
        }
    }
    let results: Vec<(usize, Result<CycleReport, CycleError>)> = stream::iter(stage.pairings.iter().enumerate())
        .map(|(user, pairing)| async move { (user, stage.services.engine.cycle(pairing).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (user, result) in results {
        match result {
            Ok(report) => {
                quiet &= report.is_quiet();
                if let Some(trouble) = &report.trouble {
                    done.troubles.push(format!("user {}: {trouble}", user + 1));
                }
                if report.braked > 0 {
                    done.troubles.push(format!("user {}: a brake tripped", user + 1));
                }
                done.add(&report);
            }
            Err(CycleError::Store(why)) => bail!("user {}: {why}", user + 1),
            Err(why) => {
                quiet = false;
                done.troubles.push(format!("user {}: {why}", user + 1));
            }
        }
    }
    done.rounds += 1;
    Ok(quiet)
}

/// Rounds until one finds nothing to do.
pub async fn until_quiet(stage: &Stage, told: &dyn Fn(usize)) -> Result<Done> {
    let mut done = Done::default();
    for at in 1..=ROUNDS {
        told(at);
        if round(stage, &mut done).await? {
            done.quiet = true;
            break;
        }
    }
    Ok(done)
}

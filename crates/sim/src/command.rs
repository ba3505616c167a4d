//! What the command does with worlds: one with its whole trace, a range with a line at the end, or one scenario struck
//! everywhere.
#![expect(clippy::print_stdout, reason = "this is the command people read")]

use crate::faults::{EDITS, TROUBLES};
use crate::steps::Strike;
use crate::through::Through;
use crate::world::live_on;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

/// One world and everything that happened in it.
#[must_use]
pub fn one(through: Through, seed: u64) -> ExitCode {
    let outcome = live_on(through, seed);
    for line in &outcome.trace {
        println!("{line}");
    }
    for (fault, count) in &outcome.faults {
        println!("fault {fault:?}: {count}");
    }
    println!("edits {} steps {}", outcome.edits, outcome.steps);
    for finding in &outcome.findings {
        println!("FINDING {finding}");
    }
    code(outcome.findings.len())
}

/// Worlds that must have met something before a range says much about it.
const ENOUGH: u64 = 100;

/// How often something was met, and in how many worlds.
#[derive(Default)]
struct Met(BTreeMap<String, (u64, u64)>);

impl Met {
    fn add(&mut self, name: String, times: u64) {
        let (all, worlds) = self.0.entry(name).or_default();
        *all += times;
        *worlds += 1;
    }

    fn print(&self, what: &str) {
        for (name, (times, worlds)) in &self.0 {
            println!("{what} {name}: {times} in {worlds} worlds");
        }
        let few: Vec<&str> =
            self.0.iter().filter(|(_, (_, worlds))| *worlds < ENOUGH).map(|(name, _)| name.as_str()).collect();
        if !few.is_empty() {
            println!("met by fewer than {ENOUGH} worlds, {what}: {}", few.join(", "));
        }
    }
}

/// A range of worlds, what was met how often, and the line at the end.
#[must_use]
pub fn range(through: Through, from: u64, runs: u64) -> ExitCode {
    let (mut faults, mut operations, mut spread) = (Met::default(), Met::default(), Met::default());
    let (mut total, mut edits, mut findings, mut full) = (0, 0, 0, 0);
    for seed in from..from.saturating_add(runs) {
        let outcome = live_on(through, seed);
        let mut struck = 0;
        for (fault, count) in &outcome.faults {
            faults.add(format!("{fault:?}"), *count);
            struck += count;
        }
        for (operation, count) in &outcome.reached {
            operations.add(operation.clone(), *count);
        }
        total += struck;
        full += u64::from(struck >= TROUBLES && outcome.edits >= EDITS);
        spread.add(format!("of {:>3} to {:>3} edits", outcome.edits / 20 * 20, outcome.edits / 20 * 20 + 19), 1);
        spread.add(format!("with {:>3} to {:>3} faults", struck / 10 * 10, struck / 10 * 10 + 9), 1);
        edits += outcome.edits;
        findings += outcome.findings.len();
        if let Some(first) = outcome.findings.first() {
            println!("seed {seed}: {} findings: {first}", outcome.findings.len());
        }
        // One in a hundred is run twice, then on memory: the same seed, the same trace, whatever remembers it.
        if seed % 100 == 0 && again(through, seed) != outcome.trace {
            println!("seed {seed}: two runs differ");
            findings += 1;
        }
    }
    for (name, (_, worlds)) in &spread.0 {
        println!("worlds {name}: {worlds}");
    }
    faults.print("fault");
    operations.print("operation");
    println!("edits {edits}, worlds of at least {EDITS} edits and {TROUBLES} faults {full}");
    println!("runs {runs} faults {total} findings {findings}");
    code(findings)
}

/// Strikes every place, half of them on a thread of its own.
#[must_use]
pub fn steps(through: Through, every: u64) -> ExitCode {
    let (effects, strikes) = crate::steps::strikes(through);
    let every = usize::try_from(every.max(1)).unwrap_or(1);
    let chosen: Vec<Strike> = strikes.into_iter().step_by(every).collect();
    println!("{} strikes on a scenario of {effects} effects", chosen.len());
    let (count, all) = (AtomicU64::new(0), chosen.len());
    let half = |from: usize| {
        let mine = chosen.iter().copied().skip(from).step_by(2);
        crate::steps::try_each(through, mine, || {
            let now = count.fetch_add(1, Ordering::Relaxed) + 1;
            if now % 500 == 0 {
                println!("{now} of {all}");
            }
        })
    };
    let mut tried = crate::steps::Tried::default();
    std::thread::scope(|threads| {
        let other = threads.spawn(|| half(1));
        tried += half(0);
        match other.join() {
            Ok(its) => tried += its,
            Err(_) => tried.findings.push("a world panicked".to_owned()),
        }
    });
    for finding in tried.findings.iter().take(50) {
        println!("FINDING {finding}");
    }
    println!(
        "effects {effects}, stopped {}, store calls failed {}, statements failed {}, calls failed {}, findings {}",
        tried.stops,
        tried.store_calls,
        tried.statements,
        tried.calls,
        tried.findings.len()
    );
    code(tried.findings.len())
}

/// The trace of a world's second life: on memory where only what remembers is another.
fn again(through: Through, seed: u64) -> Vec<String> {
    let through = match through {
        Through::Memory | Through::Sqlite => Through::Memory,
        Through::Post(_) => through,
    };
    live_on(through, seed).trace
}

/// Fails when anything was found.
#[must_use]
pub fn code(findings: usize) -> ExitCode {
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

//! What the command does with worlds: one with its whole trace, or a range with a line at the end.
#![expect(clippy::print_stdout, reason = "this is the command people read")]

use crate::through::Through;
use crate::world::live_on;
use std::collections::BTreeMap;
use std::process::ExitCode;

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
    }
}

/// A range of worlds, what was met how often, and the line at the end.
#[must_use]
pub fn range(through: Through, from: u64, runs: u64) -> ExitCode {
    let (mut faults, mut operations) = (Met::default(), Met::default());
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
        full += u64::from(struck >= 3 && outcome.edits >= 40);
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
    faults.print("fault");
    operations.print("operation");
    println!("edits {edits}, worlds of at least 40 edits and 3 faults {full}");
    println!("runs {runs} faults {total} findings {findings}");
    code(findings)
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

//! A range of worlds: what they told of, what was met how often, and the line at the end.
#![expect(clippy::print_stdout, reason = "this is the command people read")]

use crate::command::code;
use crate::faults::{EDITS, TROUBLES};
use crate::through::Through;
use crate::world::{Outcome, live_on};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::process::ExitCode;

/// Worlds that must have met something before a range says much about it.
const ENOUGH: u64 = 100;

/// Worlds of each thread until what they told is put in order.
const TURN: usize = 64;

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

/// One world of a range, without its trace.
struct Lived {
    seed: u64,
    outcome: Outcome,
    /// Its second life had another trace.
    differs: bool,
}

impl Lived {
    fn of(through: Through, seed: u64) -> Lived {
        let mut outcome = live_on(through, seed);
        // One in a hundred is run twice, then on memory: the same seed, the same trace, whatever remembers it.
        let differs = seed.is_multiple_of(100) && again(through, seed) != outcome.trace;
        outcome.trace.clear();
        Lived { seed, outcome, differs }
    }
}

/// What a range has met so far.
#[derive(Default)]
struct Sums {
    faults: Met,
    operations: Met,
    spread: Met,
    struck: u64,
    edits: u64,
    findings: usize,
    full: u64,
}

impl Sums {
    fn add(&mut self, lived: Lived) {
        let Lived { seed, outcome, differs } = lived;
        let struck: u64 = outcome.faults.values().sum();
        for (fault, count) in &outcome.faults {
            self.faults.add(format!("{fault:?}"), *count);
        }
        for (operation, count) in outcome.reached {
            self.operations.add(operation, count);
        }
        self.struck += struck;
        self.full += u64::from(struck >= TROUBLES && outcome.edits >= EDITS);
        self.spread.add(format!("of {:>3} to {:>3} edits", outcome.edits / 20 * 20, outcome.edits / 20 * 20 + 19), 1);
        self.spread.add(format!("with {:>3} to {:>3} faults", struck / 10 * 10, struck / 10 * 10 + 9), 1);
        self.edits += outcome.edits;
        self.findings += outcome.findings.len();
        if let Some(first) = outcome.findings.first() {
            println!("seed {seed}: {} findings: {first}", outcome.findings.len());
        }
        if differs {
            println!("seed {seed}: two runs differ");
            self.findings += 1;
        }
    }
}

/// As many threads as this machine has cores.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// A range of worlds on so many threads, what was met how often, and the line at the end. However many threads there are,
/// what is told is the same, in the order of the seeds.
#[must_use]
pub fn range(through: Through, from: u64, runs: u64, jobs: usize) -> ExitCode {
    let mut sums = Sums::default();
    let mut seeds = from..from.saturating_add(runs);
    loop {
        let turn: Vec<u64> = seeds.by_ref().take(TURN * jobs.max(1)).collect();
        if turn.is_empty() {
            break;
        }
        side_by_side(through, &turn, jobs).into_iter().for_each(|lived| sums.add(lived));
    }
    for (name, (_, worlds)) in &sums.spread.0 {
        println!("worlds {name}: {worlds}");
    }
    sums.faults.print("fault");
    sums.operations.print("operation");
    println!("edits {}, worlds of at least {EDITS} edits and {TROUBLES} faults {}", sums.edits, sums.full);
    println!("runs {runs} faults {} findings {}", sums.struck, sums.findings);
    code(sums.findings)
}

/// Some worlds, each thread those that are its own, in the order of their seeds.
fn side_by_side(through: Through, seeds: &[u64], jobs: usize) -> Vec<Lived> {
    let jobs = jobs.max(1);
    let mine = |from: usize| -> Vec<Lived> {
        seeds.iter().skip(from).step_by(jobs).map(|seed| Lived::of(through, *seed)).collect()
    };
    let mut lived = std::thread::scope(|threads| {
        let others: Vec<_> = (1..jobs).map(|from| threads.spawn(move || mine(from))).collect();
        let mut lived = mine(0);
        for other in others {
            // A world that panics ends the range, as it does on one thread.
            lived.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        lived
    });
    lived.sort_by_key(|world| world.seed);
    lived
}

/// The trace of a world's second life: on memory where only what remembers is another.
fn again(through: Through, seed: u64) -> Vec<String> {
    let through = match through {
        Through::Memory | Through::Sqlite => Through::Memory,
        Through::Post(_) => through,
    };
    live_on(through, seed).trace
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_tell_the_same_worlds_in_the_same_order() {
        let seeds: Vec<u64> = (1..8).collect();
        let told = |jobs| -> Vec<(u64, u64, u64)> {
            let worlds = side_by_side(Through::Memory, &seeds, jobs);
            worlds.iter().map(|world| (world.seed, world.outcome.steps, world.outcome.edits)).collect()
        };
        let alone = told(1);
        assert_eq!(alone.iter().map(|(seed, _, _)| *seed).collect::<Vec<_>>(), seeds);
        assert_eq!(told(3), alone);
    }
}

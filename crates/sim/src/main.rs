//! Runs worlds: one seed with its whole trace, or a range of seeds with a line at the end.
#![expect(clippy::print_stdout, reason = "this is the command people read")]

use sim::steps::Strike;
use sim::through::Through;
use sim::world::live_on;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

const HELP: &str = "sim SEED                    run one world and print its trace
sim --through sqlite …      the same on a SQLite file for each world, before SEED or --runs
sim --runs N --from SEED    run a range; ends with 'runs N faults F findings K', exit 1 when K is not 0
sim --steps [--every N]     strike each place of one scenario, or each N-th of each kind
sim --planted [NAME…]       hunt planted faults, or five quick ones with 'quick' (a build of `cargo xtask planted`)";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    let (through, words) = match words.as_slice() {
        ["--through", "sqlite", rest @ ..] => (Through::Sqlite, rest),
        rest => (Through::Memory, rest),
    };
    match words {
        [seed] if number(seed).is_some() => number(seed).map_or_else(usage, |seed| one(through, seed)),
        ["--runs", runs, "--from", from] => match (number(runs), number(from)) {
            (Some(runs), Some(from)) => range(through, from, runs),
            (_, _) => usage(),
        },
        ["--steps"] => steps(through, 1),
        ["--steps", "--every", every] => number(every).map_or_else(usage, |every| steps(through, every)),
        ["--planted", names @ ..] => planted_faults(names),
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    println!("{HELP}");
    ExitCode::from(2)
}

fn one(through: Through, seed: u64) -> ExitCode {
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

fn range(through: Through, from: u64, runs: u64) -> ExitCode {
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
        if seed % 100 == 0 && sim::world::live(seed).trace != outcome.trace {
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

/// Strikes every place, half of them on a thread of its own.
fn steps(through: Through, every: u64) -> ExitCode {
    let (effects, strikes) = sim::steps::strikes(through);
    let every = usize::try_from(every.max(1)).unwrap_or(1);
    let chosen: Vec<Strike> = strikes.into_iter().step_by(every).collect();
    println!("{} strikes on a scenario of {effects} effects", chosen.len());
    let (count, all) = (AtomicU64::new(0), chosen.len());
    let half = |from: usize| {
        let mine = chosen.iter().copied().skip(from).step_by(2);
        sim::steps::try_each(through, mine, || {
            let now = count.fetch_add(1, Ordering::Relaxed) + 1;
            if now % 500 == 0 {
                println!("{now} of {all}");
            }
        })
    };
    let mut tried = sim::steps::Tried::default();
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

fn code(findings: usize) -> ExitCode {
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

#[cfg(not(feature = "sown"))]
fn planted_faults(_: &[&str]) -> ExitCode {
    println!("this build holds no planted faults: `cargo xtask planted` makes one that does");
    ExitCode::from(2)
}

/// A line for each fault: its name, its crate, worlds until it was found, what told of it.
#[cfg(feature = "sown")]
fn planted_faults(names: &[&str]) -> ExitCode {
    use planted::Planted;
    use sim::hunt::{FROM, LIMIT, QUICK, hunt};
    let chosen: Vec<Planted> = match names {
        [] => Planted::HUNTED.to_vec(),
        ["quick"] => QUICK.to_vec(),
        names => {
            Planted::HUNTED.iter().copied().filter(|fault| names.contains(&format!("{fault:?}").as_str())).collect()
        }
    };
    // A panic under a planted fault is a finding; its message helps nobody.
    std::panic::set_hook(Box::new(|_| {}));
    let mut missed = 0;
    for fault in &chosen {
        match hunt(*fault, FROM, LIMIT) {
            Some(caught) => {
                println!("{fault:?} | {} | {} | {} | {}", fault.of(), fault.says(), caught.worlds, caught.finding);
            }
            None => {
                missed += 1;
                println!("{fault:?} | {} | {} | not found in {LIMIT} |", fault.of(), fault.says());
            }
        }
    }
    println!("planted {} found {} missed {missed}", chosen.len(), chosen.len() - missed);
    code(if chosen.is_empty() { 1 } else { missed })
}

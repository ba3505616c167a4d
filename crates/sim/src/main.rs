//! Runs worlds: one seed with its whole trace, or a range of seeds with a line at the end.
#![expect(clippy::print_stdout, reason = "this is the command people read")]

use sim::command::{code, one, range};
use sim::steps::Strike;
use sim::through::Through;
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

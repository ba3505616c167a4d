//! Runs worlds: one seed with its whole trace, or a range of seeds with a line at the end.
#![expect(clippy::print_stdout, reason = "this is the command people read")]

use sim::command::{one, steps};
use sim::range::{cores, range};
use sim::through::Through;
use std::process::ExitCode;

const HELP: &str = "sim SEED                    run one world and print its trace
sim --through sqlite …      the same on a SQLite file for each world, before SEED or --runs
sim --runs N --from SEED [--jobs J]    run a range on J threads, or as many as there are cores;
                            ends with 'runs N faults F findings K', exit 1 when K is not 0
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
        ["--runs", runs, "--from", from, rest @ ..] => {
            let jobs = match rest {
                [] => Some(cores()),
                ["--jobs", jobs] => jobs.parse().ok(),
                _ => None,
            };
            match (number(runs), number(from), jobs) {
                (Some(runs), Some(from), Some(jobs)) => range(through, from, runs, jobs),
                (_, _, _) => usage(),
            }
        }
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
    sim::command::code(if chosen.is_empty() { 1 } else { missed })
}

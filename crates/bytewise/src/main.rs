//! Runs worlds whose mailboxes are reached through bytes: one seed with its whole trace, or a range with a line at the end.
#![expect(clippy::print_stdout, reason = "this is the command people read")]

use sim::command::{one, steps};
use sim::range::{cores, range};
use std::process::ExitCode;

const HELP: &str = "bytewise SEED                    run one world and print its trace
bytewise --runs N --from SEED [--jobs J]    run a range on J threads, or as many as there are cores;
                                 ends with 'runs N faults F findings K', exit 1 when K is not 0
bytewise --steps [--every N]     strike each place of one scenario, or each N-th of each kind";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    let through = bytewise::through();
    let done = match words.as_slice() {
        ["--steps"] => Some(steps(through, 1)),
        ["--steps", "--every", every] => number(every).map(|every| steps(through, every)),
        ["--runs", runs, "--from", from, rest @ ..] => {
            let jobs = match rest {
                [] => Some(cores()),
                ["--jobs", jobs] => jobs.parse().ok(),
                _ => None,
            };
            let wanted = number(runs).zip(number(from)).zip(jobs);
            wanted.map(|((runs, from), jobs)| range(through, from, runs, jobs))
        }
        [seed] => number(seed).map(|seed| one(through, seed)),
        _ => None,
    };
    done.unwrap_or_else(|| {
        println!("{HELP}");
        ExitCode::from(2)
    })
}

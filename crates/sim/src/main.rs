//! Runs worlds: one seed with its whole trace, or a range of seeds with a line at the end.
#![expect(clippy::print_stdout, reason = "this is the command people read")]

use std::collections::BTreeMap;
use std::process::ExitCode;

const HELP: &str = "sim SEED                    run one world and print its trace
sim --runs N --from SEED    run a range; ends with 'runs N faults F findings K', exit 1 when K is not 0";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    match words.as_slice() {
        [seed] => match number(seed) {
            Some(seed) => one(seed),
            None => usage(),
        },
        ["--runs", runs, "--from", from] => match (number(runs), number(from)) {
            (Some(runs), Some(from)) => range(from, runs),
            (_, _) => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    println!("{HELP}");
    ExitCode::from(2)
}

fn one(seed: u64) -> ExitCode {
    let outcome = sim::world::live(seed);
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

fn range(from: u64, runs: u64) -> ExitCode {
    let mut faults: BTreeMap<String, u64> = BTreeMap::new();
    let (mut total, mut edits, mut findings) = (0, 0, 0);
    for seed in from..from.saturating_add(runs) {
        let outcome = sim::world::live(seed);
        for (fault, count) in &outcome.faults {
            *faults.entry(format!("{fault:?}")).or_default() += count;
            total += count;
        }
        edits += outcome.edits;
        findings += outcome.findings.len();
        if let Some(first) = outcome.findings.first() {
            println!("seed {seed}: {} findings: {first}", outcome.findings.len());
        }
        // One in a hundred is run twice: the same seed, the same trace.
        if seed % 100 == 0 && sim::world::live(seed).trace != outcome.trace {
            println!("seed {seed}: two runs differ");
            findings += 1;
        }
    }
    for (fault, count) in &faults {
        println!("fault {fault}: {count}");
    }
    println!("edits {edits}");
    println!("runs {runs} faults {total} findings {findings}");
    code(findings)
}

fn code(findings: usize) -> ExitCode {
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

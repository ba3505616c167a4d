//! The habits of this repository as commands: `cargo xtask ci` checks everything, `cargo xtask tidy` what a compiler cannot see.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the person who ran it")]

mod bench;
mod ci;
mod evolution;
mod long;
mod planted;
mod rules;
mod soak;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  ci     format, tidy, licences, lints, build, tests, messages by the schema, docs; ends with a table of stages and a count of tests
  planted  hunts every planted fault through simulated worlds, or those named; fails when one is not found
  tidy   arrows between crates, places of clock, dice, sockets and databases, file sizes, paper
  rules  writes into docs/rules.md which tests and which code hold each rule
         --prove breaks rules, all of a list, those named, or with --of CRATE those its tests hold, and fails when no test
         with a broken rule's number does
  soak   the long forms: 10,000 linked records at rest, 200 kills on each database, Evolution 20 times over, ranges of the simulator;
         a table at the end, with the reason for what cannot run here
  bench  items read for a second of one processor, beside exchangelib and beside parsing alone; then memory, requests and
         seconds of first cycles of 10,000 and 100,000 records; fails when a figure misses what is wanted

`ci` takes --only STAGE (may be repeated) to run some stages alone.
`soak` and `bench` take --only as well and build with --release; `soak` needs SYNCLINE_TEST_PG to name a PostgreSQL server
and installs Evolution's data server where it is missing and root runs it, `bench` SYNCLINE_PYTHON to name a Python with exchangelib, and taskset.
With CI set in the environment, `ci` also fails when a test says \"skipped\".";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match words.as_slice() {
        ["ci", rest @ ..] => ci::run(&root(), rest),
        ["planted", names @ ..] => planted::run(&root(), names),
        ["tidy"] => tidy::run(&root()),
        ["rules"] => rules::run(&root()),
        ["rules", "--prove", names @ ..] => rules::prove::run(&root(), names),
        ["soak", rest @ ..] => soak::run(&root(), rest),
        ["bench", rest @ ..] => bench::run(&root(), rest),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(true)
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match answer {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's folder: two above this crate's.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

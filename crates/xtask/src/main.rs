//! The habits of this repository as commands: `cargo xtask ci` checks everything, `cargo xtask tidy` what a compiler cannot see.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the person who ran it")]

mod bench;
mod ci;
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
  soak   the long forms: 10,000 linked records at rest, 200 kills on each database, ranges of the simulator; a table at the end
  bench  memory, requests and seconds of a first cycle by the number of records

`ci` takes --only STAGE (may be repeated) to run some stages alone.
`soak` takes --only as well; it and `bench` build with --release and need SYNCLINE_TEST_PG to name a PostgreSQL server.
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
        ["bench"] => bench::run(&root()),
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

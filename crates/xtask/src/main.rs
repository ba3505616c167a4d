//! The habits of this repository as commands: `cargo xtask ci` checks everything, `cargo xtask tidy` what a compiler cannot see.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the person who ran it")]

mod ci;
mod rules;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  ci     format, tidy, licences, lints, build, tests, docs; ends with a table of stages and a count of tests
  tidy   arrows between crates, places of clock, dice, sockets and databases, file sizes, paper
  rules  writes into docs/rules.md which tests and which code hold each rule

`ci` takes --only STAGE (may be repeated) to run some stages alone.
With CI set in the environment, `ci` also fails when a test says \"skipped\".";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match words.as_slice() {
        ["ci", rest @ ..] => ci::run(&root(), rest),
        ["tidy"] => tidy::run(&root()),
        ["rules"] => rules::run(&root()),
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

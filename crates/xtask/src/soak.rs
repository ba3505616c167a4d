//! The long forms in one command: what the test command shows with few, shown with many.

use crate::ci::clock::Watch;
use crate::ci::table;
use crate::evolution;
use crate::long::Long;
use anyhow::bail;
use std::path::Path;

const OK: &str = "ok";
const FAILED: &str = "FAILED";

macro_rules! proof {
    ($filter:literal) => {
        &["test", "--release", "--locked", "-p", "proof", "--test", "it", "--", $filter, "--nocapture"]
    };
}

/// What needs a program that is not there everywhere.
const EVOLUTION: &str = "evolution";

const LONG: &[Long] = &[
    Long {
        name: "cost",
        what: "a cycle of 10,000 linked records at rest, counted at the wire and at both databases",
        words: proof!("cost::"),
        variables: &[("SYNCLINE_COST_RECORDS", "10000")],
        tests: true,
    },
    Long {
        name: "kills",
        what: "serve killed 200 times under load on each database",
        words: proof!("kills::"),
        variables: &[("SYNCLINE_KILLS", "200")],
        tests: true,
    },
    Long {
        name: EVOLUTION,
        what: "Evolution's data server against the emulator, 20 times over",
        words: proof!("clients::evolution"),
        variables: &[("SYNCLINE_EVOLUTION_RUNS", "20")],
        tests: true,
    },
    Long {
        name: "steps",
        what: "every place of one scenario on a SQLite file, each statement failing",
        words: &["run", "--release", "--locked", "-p", "sim", "--", "--through", "sqlite", "--steps"],
        variables: &[],
        tests: false,
    },
    Long {
        name: "files",
        what: "5,000 full worlds of the simulator on SQLite files",
        words: &[
            "run",
            "--release",
            "--locked",
            "-p",
            "sim",
            "--",
            "--through",
            "sqlite",
            "--runs",
            "5000",
            "--from",
            "1100000",
        ],
        variables: &[],
        tests: false,
    },
    Long {
        name: "bytes",
        what: "20,000 full worlds of the simulator through the bytes of Exchange Web Services",
        words: &["run", "--release", "--locked", "-p", "bytewise", "--", "--runs", "20000", "--from", "3440000"],
        variables: &[],
        tests: false,
    },
    Long {
        name: "proven",
        what: "every rule of the list broken, and noticed by the tests that carry its number",
        words: &["xtask", "rules", "--prove"],
        variables: &[],
        tests: false,
    },
    Long {
        name: "worlds",
        what: "100,000 worlds of the simulator that no other command has seen",
        words: &["run", "--release", "--locked", "-p", "sim", "--", "--runs", "100000", "--from", "1000000"],
        variables: &[],
        tests: false,
    },
];

/// Runs all of them, or those named with `--only`, also after one failed. What cannot run here is named with the reason.
///
/// # Errors
/// A name that is none, or cargo could not be started.
pub fn run(root: &Path, words: &[&str]) -> anyhow::Result<bool> {
    let mut ended = Vec::new();
    for long in chosen(words)? {
        println!("\n=== {}: {}", long.name, long.what);
        let watch = Watch::start();
        let found = if long.name == EVOLUTION { evolution::ready(root)? } else { Ok(Vec::new()) };
        let result = match found {
            Ok(found) if long.run(root, &found, |_| {})? => OK.to_owned(),
            Ok(_) => FAILED.to_owned(),
            Err(why) => format!("skipped: {why}"),
        };
        ended.push((long.name, watch.minutes(), result));
    }
    println!("\n{}", table::table(ended.iter().map(|(name, minutes, result)| (*name, *minutes, result.as_str()))));
    Ok(ended.iter().all(|(_, _, result)| result != FAILED))
}

fn chosen(words: &[&str]) -> anyhow::Result<Vec<&'static Long>> {
    let mut only = Vec::new();
    for pair in words.chunks(2) {
        match pair {
            ["--only", name] if LONG.iter().any(|long| long.name == *name) => only.push(*name),
            _ => {
                let names: Vec<&str> = LONG.iter().map(|long| long.name).collect();
                bail!("`soak` takes --only NAME, with one of: {}", names.join(", "));
            }
        }
    }
    Ok(LONG.iter().filter(|long| only.is_empty() || only.contains(&long.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::{LONG, chosen};

    #[test]
    fn all_long_forms_run_unless_some_are_named_and_a_misspelt_one_is_refused() {
        assert_eq!(chosen(&[]).unwrap().len(), LONG.len());
        assert_eq!(chosen(&["--only", "kills"]).unwrap().len(), 1);
        assert!(chosen(&["--only", "kill"]).is_err());
        assert!(chosen(&["--only"]).is_err());
        assert!(chosen(&["kills"]).is_err());
    }
}

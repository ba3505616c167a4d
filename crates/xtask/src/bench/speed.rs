//! How many items are read for a second of one processor, beside exchangelib and beside parsing alone on the same answers.

use crate::long::shown;
use anyhow::{Context, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// So often everything is measured, in turn; the median counts.
const ROUNDS: usize = 5;
/// So many times as fast as exchangelib reading must be.
const TIMES_EXCHANGELIB: f64 = 13.0;
/// So many times as much as parsing alone reading may take.
const TIMES_PARSING: f64 = 5.0;
/// How a line of figures begins.
const FIGURES: &str = "speed | ";

/// What runs the measuring, but for what it is to do.
const READING: &[&str] = &["bench", "--profile", "release", "--locked", "-p", "connect", "--bench", "reading", "--"];

/// Nanoseconds for one item, by case and by who read it, as often as they were measured.
type Spent = BTreeMap<(String, String), Vec<u64>>;

/// Measures, shows the table, and says whether both ratios are kept in every case.
///
/// # Errors
/// A program could not be started, or none of the kind is there.
pub fn run(root: &Path) -> anyhow::Result<bool> {
    let Some(python) = std::env::var_os("SYNCLINE_PYTHON") else {
        bail!("SYNCLINE_PYTHON names no Python with exchangelib (crates/proof/python/requirements.txt)");
    };
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = target.join("reading");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be emptied", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let mut spent = Spent::new();
    // Built and recorded with all processors, measured on one.
    let mut whole = shown(reading(root, false, "record").arg(&folder), |_| {})?;
    let script = root.join("crates/proof/python/reading.py");
    for _ in 0..ROUNDS {
        let mut foreign = on_one(&python);
        let turns = [reading(root, true, "ours"), reading(root, true, "floor"), {
            foreign.current_dir(root).arg(&script);
            foreign
        }];
        for mut turn in turns {
            whole &= shown(turn.arg(&folder), |line| note(&mut spent, line))?;
        }
    }
    let (rows, kept) = table(&spent);
    println!("\n{rows}");
    if !kept {
        println!("missed: at least {TIMES_EXCHANGELIB} times exchangelib, at most {TIMES_PARSING} times parsing alone");
    }
    Ok(whole && kept)
}

/// The processor that everything is measured on.
const ONE: &str = "0";

fn on_one(program: &OsString) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", ONE]).arg(program);
    command
}

fn reading(root: &Path, pinned: bool, what: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = if pinned { on_one(&cargo) } else { Command::new(&cargo) };
    command.current_dir(root).args(READING).arg(what);
    command
}

fn note(spent: &mut Spent, line: &str) {
    let mut parts = line.strip_prefix(FIGURES).unwrap_or_default().split(" | ");
    if let (Some(who), Some(case), Some(Ok(ns))) = (parts.next(), parts.next(), parts.next().map(str::parse)) {
        spent.entry((case.to_owned(), who.to_owned())).or_default().push(ns);
    }
}

fn median(mut all: Vec<u64>) -> f64 {
    all.sort_unstable();
    all.get(all.len() / 2).map_or(f64::NAN, |ns| *ns as f64)
}

/// The table, and whether every case keeps both ratios. A case that somebody did not read keeps none.
fn table(spent: &Spent) -> (String, bool) {
    let mut rows = vec![
        "| items, by the page | read and stored | by exchangelib | parsed alone | times exchangelib | times parsing |"
            .to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    let cases: BTreeSet<&str> = spent.keys().map(|(case, _)| case.as_str()).collect();
    let mut kept = !cases.is_empty();
    for case in cases {
        let of = |who: &str| median(spent.get(&(case.to_owned(), who.to_owned())).cloned().unwrap_or_default());
        let (ours, exchangelib, floor) = (of("ours"), of("exchangelib"), of("floor"));
        let (faster, dearer) = (exchangelib / ours, ours / floor);
        kept &= faster >= TIMES_EXCHANGELIB && dearer <= TIMES_PARSING;
        let a_second = |ns: f64| 1e9 / ns;
        rows.push(format!(
            "| {case} | {:.0} | {:.0} | {:.0} | {faster:.1} | {dearer:.1} |",
            a_second(ours),
            a_second(exchangelib),
            a_second(floor)
        ));
    }
    (rows.join("\n"), kept)
}

#[cfg(test)]
mod tests {
    use super::{Spent, note, table};

    fn told(lines: &[&str]) -> (String, bool) {
        let mut spent = Spent::new();
        lines.iter().for_each(|line| note(&mut spent, line));
        table(&spent)
    }

    #[test]
    fn the_median_of_what_was_measured_is_compared() {
        let ours = [
            "speed | ours | contacts-100 | 9000",
            "speed | ours | contacts-100 | 50",
            "speed | ours | contacts-100 | 40",
        ];
        let rest =
            ["speed | floor | contacts-100 | 10", "speed | exchangelib | contacts-100 | 1000", "a line of cargo's"];
        let (rows, kept) = told(&[&ours[..], &rest].concat());
        assert!(rows.ends_with("| contacts-100 | 20000000 | 1000000 | 100000000 | 20.0 | 5.0 |"), "{rows}");
        assert!(kept);
    }

    #[test]
    fn a_ratio_that_is_missed_or_was_not_measured_is_not_kept() {
        let of = |ours: u64, exchangelib: u64| {
            told(&[
                "speed | floor | a | 10",
                &format!("speed | ours | a | {ours}"),
                &format!("speed | exchangelib | a | {exchangelib}"),
            ])
            .1
        };
        assert!(of(50, 650));
        assert!(!of(51, 1_000));
        assert!(!of(50, 649));
        assert!(!told(&["speed | ours | a | 50", "speed | floor | a | 10"]).1);
        assert!(!told(&[]).1);
    }
}

//! `cargo xtask rules --prove`: breaks a rule by a planted fault in a build of its own, and demands that the tests which carry
//! the rule's number notice.

use super::scan::{self, Held};
use crate::tidy::Tree;
use anyhow::{Context as _, bail};
use std::path::Path;
use std::process::{Command, Output};

/// Where the faults have their names.
pub const NAMES: &str = "crates/planted/src/faults.rs";

/// Switches a planted fault on in a build that has them.
const SWITCH: &str = "SYNCLINE_PLANTED";

/// A rule and the fault that breaks it. Its tests are those of the fault's crate that carry the rule's number.
pub const PROOFS: &[(&str, &str)] = &[
    ("D1", "ClosedDirectionOpens"),
    ("D4", "TimelessGoesOut"),
    ("D6", "CopyKeepsPlace"),
    ("D7", "ForeignClassEnters"),
    ("L1", "DisabledSynchronises"),
    ("L2", "CeilingIgnored"),
    ("L3", "OwnLevelIgnored"),
    ("L4", "EveryRuleAndBelow"),
    ("L6", "NoLevelStaysAwake"),
    ("O1", "ListIgnored"),
    ("O2", "GraceForgotten"),
    ("O3", "CategoryIgnored"),
    ("O4", "OwnCategoryOverwrites"),
    ("O5", "FlagIgnored"),
    ("O7", "PrivateEnters"),
    ("O9", "WindowIgnored"),
    ("M1", "NobodyMatches"),
    ("M2", "NobodyMatches"),
    ("M3", "BlankWins"),
    ("M4", "MarkIgnored"),
    ("C1", "ClocksDecide"),
    ("C2", "UnitsSplit"),
    ("C3", "LoserUntold"),
    ("C4", "DeletedStays"),
    ("C5", "EditLosesToDelete"),
    ("C6", "MeetingIsDeleted"),
    ("C7", "ForbiddenIsDeleted"),
    ("C8", "NumberAloneBrakes"),
    ("C9", "PastIsTold"),
    ("C10", "OnlineBodyWritten"),
    ("C11", "BlankIsAbsent"),
    ("C12", "LeftIsDeleted"),
    ("R3", "ExceptionsDropped"),
    ("P3", "EveryCopyDecides"),
    ("P6", "ExchangesMeetingMoves"),
    ("P7", "ParticipantsEcho"),
    ("E4", "ScheduleIgnored"),
    ("E8", "WhatCannotBeHeldIsSent"),
];

/// Proves every rule of the list, or those named; true when each broken rule was noticed.
///
/// # Errors
/// A name that is none, a rule without a test in its fault's crate, or cargo could not be started.
pub fn run(root: &Path, names: &[&str]) -> anyhow::Result<bool> {
    let tree = Tree::read(root)?;
    let faults = tree.text(NAMES).context("the planted faults have no names")?;
    let chosen = chosen(names)?;
    let held = scan::scan(&tree);
    let mut proofs = Vec::new();
    for (rule, fault) in chosen {
        let of = room_of(faults, fault).with_context(|| format!("there is no planted fault {fault}"))?;
        let tests = tests(&held, rule, of);
        if tests.is_empty() {
            bail!("no test of `{of}` carries {rule}, so nothing could notice {fault}");
        }
        proofs.push((rule, fault, of, tests));
    }
    // Without a fault all of them pass, or their failing would prove nothing.
    let mut rooms: Vec<&str> = proofs.iter().map(|(_, _, of, _)| *of).collect();
    rooms.sort_unstable();
    rooms.dedup();
    for room in rooms {
        let all: Vec<&str> =
            proofs.iter().filter(|(_, _, of, _)| *of == room).flat_map(|proof| proof.3.clone()).collect();
        let sound = test(root, room, &all, None)?;
        if !sound.status.success() {
            println!("{}", String::from_utf8_lossy(&sound.stdout));
            bail!("tests of `{room}` fail without any fault");
        }
    }
    let mut unnoticed = 0;
    for (rule, fault, of, tests) in &proofs {
        let told = test(root, of, tests, Some(fault))?;
        let said = String::from_utf8_lossy(&told.stdout);
        let failed = failed(&said);
        let noticed = !told.status.success() && !failed.is_empty();
        unnoticed += u32::from(!noticed);
        let word = if noticed { "noticed by" } else { "UNNOTICED by" };
        println!("{rule:4} {fault:24} {word} {} of {} tests", failed.len(), tests.len());
    }
    println!("{} rules broken, {unnoticed} unnoticed", proofs.len());
    Ok(unnoticed == 0)
}

fn chosen(names: &[&str]) -> anyhow::Result<Vec<(&'static str, &'static str)>> {
    for name in names {
        if !PROOFS.iter().any(|(rule, _)| rule == name) {
            bail!("{name} is broken by no planted fault");
        }
    }
    Ok(PROOFS.iter().copied().filter(|(rule, _)| names.is_empty() || names.contains(rule)).collect())
}

/// The crate that a fault is planted in: `    OneImage, "plan", "…";`
fn room_of<'a>(faults: &'a str, fault: &str) -> Option<&'a str> {
    let line = faults.lines().find_map(|line| line.trim().strip_prefix(fault)?.strip_prefix(", \""))?;
    line.split('"').next()
}

/// What a fault does wrong.
pub fn says<'a>(faults: &'a str, fault: &str) -> Option<&'a str> {
    let line = faults.lines().find_map(|line| line.trim().strip_prefix(fault)?.strip_prefix(", \""))?;
    line.split('"').nth(2)
}

/// The names of a crate's tests that carry a rule's number.
fn tests(held: &Held, rule: &str, of: &str) -> Vec<&'static str> {
    let names = held.tests_of(rule).into_iter();
    let names = names.filter_map(|name| name.strip_prefix(of)?.strip_prefix("::").map(str::to_owned));
    names.map(|name| &*name.leak()).collect()
}

fn test(root: &Path, room: &str, tests: &[&str], fault: Option<&str>) -> anyhow::Result<Output> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["test", "--quiet", "--locked", "-p", room, "--lib", "--tests"]);
    cargo.args(["--features", "planted/sown", "--no-fail-fast", "--"]).args(tests).env_remove(SWITCH);
    if let Some(fault) = fault {
        cargo.env(SWITCH, fault);
    }
    cargo.output().context("cargo cannot be started")
}

/// The tests that failed, as the test runner lists them.
fn failed(told: &str) -> Vec<&str> {
    let mut all: Vec<&str> =
        told.lines().filter_map(|line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----")).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULTS: &str = "faults! {\n    OneImage, \"plan\", \"one image\";\n    NoMark, \"engine\", \"no mark\";\n}\n";

    #[test]
    fn a_fault_is_known_by_its_line() {
        assert_eq!((room_of(FAULTS, "NoMark"), says(FAULTS, "NoMark")), (Some("engine"), Some("no mark")));
        assert_eq!(room_of(FAULTS, "No"), None);
    }

    #[test]
    fn the_tests_of_a_rule_are_those_of_the_faults_crate() {
        let tree = Tree::of(&[
            ("crates/plan/tests/it/a.rs", "//! A.\n// L2\n#[test]\nfn levels_meet() {}\n"),
            ("crates/engine/tests/it/a.rs", "//! A.\n// L2\n#[test]\nfn engines_meet() {}\n"),
        ]);
        assert_eq!(tests(&scan::scan(&tree), "L2", "plan"), ["levels_meet"]);
    }

    #[test]
    fn failed_tests_are_counted_once() {
        let told = "running 2 tests\n\n---- a::b stdout ----\nx\n---- c stdout ----\n---- c stdout ----\n";
        assert_eq!(failed(told), ["a::b", "c"]);
        assert!(chosen(&["L2"]).is_ok_and(|proofs| proofs.len() == 1));
        assert!(chosen(&["X1"]).is_err());
    }
}

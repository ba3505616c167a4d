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

/// A rule, the fault that breaks it, and the crate whose tests with the rule's number must notice: the nearest that has some.
pub const PROOFS: &[(&str, &str, &str)] = &[
    ("D1", "ClosedDirectionOpens", "plan"),
    ("D3", "OldItemStays", "proof"),
    ("D4", "TimelessGoesOut", "plan"),
    ("D5", "OneServerForAll", "server"),
    ("D6", "CopyKeepsPlace", "plan"),
    ("D7", "ForeignClassEnters", "plan"),
    ("L1", "DisabledSynchronises", "plan"),
    ("L2", "CeilingIgnored", "plan"),
    ("L3", "OwnLevelIgnored", "plan"),
    ("L4", "EveryRuleAndBelow", "plan"),
    ("L5", "ChainUntold", "server"),
    ("L6", "NoLevelStaysAwake", "plan"),
    ("L7", "SettingsUnheard", "proof"),
    ("O1", "ListIgnored", "plan"),
    ("O2", "GraceForgotten", "plan"),
    ("O3", "CategoryIgnored", "plan"),
    ("O4", "OwnCategoryOverwrites", "plan"),
    ("O5", "FlagIgnored", "plan"),
    ("O6", "ActivitiesOptIn", "proof"),
    ("O7", "PrivateEnters", "plan"),
    ("O8", "PrivateKeepsValues", "plan"),
    ("O9", "WindowIgnored", "plan"),
    ("O10", "OutIsDeleted", "plan"),
    ("M1", "NobodyMatches", "plan"),
    ("M2", "NobodyMatches", "plan"),
    ("M3", "BlankWins", "plan"),
    ("M4", "MarkIgnored", "plan"),
    ("M5", "MergedIsGone", "proof"),
    ("C1", "ClocksDecide", "plan"),
    ("C2", "UnitsSplit", "plan"),
    ("C3", "LoserUntold", "plan"),
    ("C4", "DeletedStays", "plan"),
    ("C5", "EditLosesToDelete", "plan"),
    ("C6", "MeetingIsDeleted", "plan"),
    ("C7", "ForbiddenIsDeleted", "plan"),
    ("C8", "NumberAloneBrakes", "plan"),
    ("C9", "PastIsTold", "plan"),
    ("C10", "OnlineBodyWritten", "plan"),
    ("C11", "BlankIsAbsent", "plan"),
    ("C12", "LeftIsDeleted", "plan"),
    ("R1", "CountForgotten", "proof"),
    ("R2", "EveryWeek", "proof"),
    ("R3", "ExceptionsDropped", "plan"),
    ("R4", "UnnamedIsUtc", "proof"),
    ("R5", "DayHasHours", "proof"),
    ("R6", "LeftoverIsNew", "proof"),
    ("R7", "ReminderInHours", "proof"),
    ("P1", "MeetingsUnknown", "proof"),
    ("P2", "ColleagueIsNobody", "proof"),
    ("P3", "EveryCopyDecides", "plan"),
    ("P4", "AnswersWritten", "connect"),
    ("P5", "OwnerAlone", "proof"),
    ("P6", "ExchangesMeetingMoves", "plan"),
    ("P7", "ParticipantsEcho", "plan"),
    ("P8", "OldCopyFirst", "proof"),
    ("E1", "OneStopsAll", "proof"),
    ("E2", "CreateRepeated", "proof"),
    ("E3", "FirstFaultAlone", "cli"),
    ("E4", "ScheduleIgnored", "plan"),
    ("E5", "CutFlowsBack", "proof"),
    ("E6", "BegunIsForgotten", "proof"),
    ("E7", "OneRefusedIsAll", "connect"),
    ("E8", "WhatCannotBeHeldIsSent", "plan"),
    ("W1", "PlanIsDone", "server"),
    ("W2", "WhyUntold", "plan"),
    ("W3", "BeforeForgotten", "proof"),
    ("W4", "WriteUntimed", "engine"),
    ("W5", "BrakeUntold", "proof"),
];

/// Proves every rule of the list, those named, or with `--of` those that a crate's tests hold; true when each broken rule was
/// noticed.
///
/// # Errors
/// A name that is none, a rule without a test in that crate, or cargo could not be started.
pub fn run(root: &Path, words: &[&str]) -> anyhow::Result<bool> {
    let tree = Tree::read(root)?;
    let faults = tree.text(NAMES).context("the planted faults have no names")?;
    let chosen = chosen(words)?;
    let held = scan::scan(&tree);
    let mut proofs = Vec::new();
    for (rule, fault, of) in chosen {
        says(faults, fault).with_context(|| format!("there is no planted fault {fault}"))?;
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
        // A test that runs on both databases has its name in two.
        let noticing = tests.iter().filter(|test| failed.iter().any(|name| name.contains(**test))).count();
        let noticed = !told.status.success() && noticing > 0;
        unnoticed += u32::from(!noticed);
        let word = if noticed { "noticed by" } else { "UNNOTICED by" };
        println!("{rule:4} {fault:24} {word} {noticing} of {} tests", tests.len());
    }
    println!("{} rules broken, {unnoticed} unnoticed", proofs.len());
    Ok(unnoticed == 0)
}

fn chosen(words: &[&str]) -> anyhow::Result<Vec<(&'static str, &'static str, &'static str)>> {
    if let ["--of", of] = words {
        let chosen: Vec<_> = PROOFS.iter().copied().filter(|(_, _, room)| room == of).collect();
        return if chosen.is_empty() { bail!("no rule is held by tests of `{of}`") } else { Ok(chosen) };
    }
    let names = words;
    for name in names {
        if !PROOFS.iter().any(|(rule, _, _)| rule == name) {
            bail!("{name} is broken by no planted fault");
        }
    }
    Ok(PROOFS.iter().copied().filter(|(rule, _, _)| names.is_empty() || names.contains(rule)).collect())
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
    // A crate that knows the faults by others alone has the feature through `planted`, which has no such tests.
    cargo.current_dir(root).args(["test", "--quiet", "--locked", "-p", room, "-p", "planted", "--tests"]);
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
        assert_eq!((says(FAULTS, "NoMark"), says(FAULTS, "No")), (Some("no mark"), None));
    }

    #[test]
    fn the_tests_of_a_rule_are_those_of_the_crate_that_is_named() {
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
        assert!(chosen(&["--of", "plan"]).is_ok_and(|proofs| proofs.iter().all(|(_, _, of)| *of == "plan")));
        assert!(chosen(&["--of", "xtask"]).is_err());
    }
}

//! Everything a change must pass, stage by stage, with the minutes each one took.

pub mod clock;
pub mod listen;
mod schema;
mod stage;
pub mod table;
pub mod tally;

use std::path::Path;

use anyhow::bail;
use stage::{Ended, STAGES, Stage};
use tally::Tally;

/// Runs the stages (all, or those named with `--only`), also after one failed, so that one run shows every fault.
pub fn run(root: &Path, words: &[&str]) -> anyhow::Result<bool> {
    let stages = chosen(words)?;
    let mut ended: Vec<(&Stage, Ended)> = Vec::new();
    for stage in stages {
        println!("\n=== {}: {}", stage.name, stage.what);
        let end = stage.run(root)?;
        println!("=== {}: {} in {:.1} min", stage.name, end.word(), end.minutes);
        ended.push((stage, end));
    }

    let mut tests = Tally::default();
    for (_, end) in &ended {
        tests.add(&end.tally);
    }
    let strict = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    let mut faults: Vec<String> = ended
        .iter()
        .filter(|(_, end)| !end.passed)
        .map(|(stage, _)| format!("{} failed: {}", stage.name, stage.advice))
        .collect();
    faults.extend(tests.faults(strict));

    println!("\n{}", table::table(ended.iter().map(|(stage, end)| (stage.name, end.minutes, end.word()))));
    for line in tests.notes(strict) {
        println!("note: {line}");
    }
    for fault in &faults {
        println!("FAILED  {fault}");
    }
    if ended.iter().any(|(stage, _)| stage.runs_tests()) {
        println!("{} passed, {} failed", tests.passed, tests.failed);
    }
    Ok(faults.is_empty())
}

fn chosen(words: &[&str]) -> anyhow::Result<Vec<&'static Stage>> {
    let mut only: Vec<&str> = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match (*word, rest.next()) {
            ("--only", Some(name)) if STAGES.iter().any(|stage| stage.name == *name) => only.push(name),
            ("--only", _) => {
                let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
                bail!("--only takes one of: {}", names.join(", "));
            }
            (other, _) => bail!("`ci` does not know `{other}`; see `cargo xtask help`"),
        }
    }
    Ok(STAGES.iter().filter(|stage| only.is_empty() || only.contains(&stage.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn all_stages_run_unless_some_are_named() {
        assert_eq!(chosen(&[]).unwrap().len(), super::STAGES.len());
        let names: Vec<&str> =
            chosen(&["--only", "tests", "--only", "format"]).unwrap().iter().map(|stage| stage.name).collect();
        assert_eq!(names, ["format", "tests"]);
    }

    #[test]
    fn a_misspelt_stage_or_flag_is_refused() {
        assert!(chosen(&["--only", "test"]).is_err());
        assert!(chosen(&["--only"]).is_err());
        assert!(chosen(&["--fast", "tests"]).is_err());
    }
}

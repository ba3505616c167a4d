//! A test or a range of the simulator in its long form: how it is run, and whether it did what it was to do.

use crate::ci::listen::{Said, listen};
use crate::ci::tally::Tally;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// A long form: cargo's words, and the variables that make it long.
pub struct Long {
    /// What `--only` and the table call it.
    pub name: &'static str,
    /// One line said before it runs.
    pub what: &'static str,
    /// What cargo is told.
    pub words: &'static [&'static str],
    /// How long it is.
    pub variables: &'static [(&'static str, &'static str)],
    /// Whether its words count tests: then at least one must have passed, and none may have left its work undone.
    pub tests: bool,
}

impl Long {
    /// Runs it, with what was found for it, and shows all that it says; `hear` gets its lines too.
    ///
    /// # Errors
    /// It could not be started.
    pub fn run(&self, root: &Path, found: &[(&str, OsString)], mut hear: impl FnMut(&str)) -> anyhow::Result<bool> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(root).args(self.words).envs(self.variables.iter().copied());
        command.envs(found.iter().map(|(name, value)| (*name, value)));
        let mut tally = Tally::default();
        let ended_well = shown(&mut command, |line| {
            tally.read(line);
            hear(line);
        })?;
        Ok(ended_well && (!self.tests || self.is_done(&tally)))
    }

    fn is_done(&self, tally: &Tally) -> bool {
        tally.passed > 0 && tally.failed == 0 && tally.undone() == 0
    }
}

/// Runs a command and shows all that it says; `hear` gets its lines too. True when it ended well.
///
/// # Errors
/// It could not be started.
pub fn shown(command: &mut Command, mut hear: impl FnMut(&str)) -> anyhow::Result<bool> {
    listen(command, |said| {
        match said {
            Said::Out(line) => std::io::stdout().write_all(line)?,
            Said::Err(line) => std::io::stderr().write_all(line)?,
        }
        hear(&said.text());
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::Long;
    use crate::ci::tally::Tally;

    #[test]
    fn a_long_form_whose_tests_did_not_run_is_not_done() {
        let long = Long { name: "a", what: "b", words: &[], variables: &[], tests: true };
        let heard = |lines: &[&str]| {
            let mut tally = Tally::default();
            lines.iter().for_each(|line| tally.read(line));
            long.is_done(&tally)
        };
        let passed = "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 70 filtered out; finished in 1s";
        assert!(heard(&[passed]));
        assert!(!heard(&[
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 72 filtered out; finished in 0s"
        ]));
        assert!(!heard(&["skipped: SYNCLINE_TEST_PG names no PostgreSQL server", passed]));
        assert!(!heard(&[
            passed,
            "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; in 1s"
        ]));
    }
}

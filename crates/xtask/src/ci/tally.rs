//! What the tests said: how many passed and failed, and whether one of them left its work undone.
//!
//! A test that cannot do its work here (a database or a schema is missing) prints the word "skipped" and ends. Alone on a
//! developer's machine that is a note; where `CI` is set it fails the run. Precisely: the tests run with `--show-output`, and
//! every line of either stream counts that holds *skipped* as a word of its own, in any case. Not counted: the runner's own
//! lines that only name a test (`test name ... ok`, `---- name stdout ----`) and names, in which an underscore joins the word
//! to others. An ignored or filtered-out test always fails the run.

/// Lines kept to be shown again at the end.
const SHOWN: usize = 20;

/// The sum over all test programs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    ignored: u64,
    filtered: u64,
    programs: u64,
    undone: u64,
    undone_lines: Vec<String>,
}

impl Tally {
    /// Hears one line.
    pub fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.programs += 1;
            self.passed += before(counts, " passed");
            self.failed += before(counts, " failed");
            self.ignored += before(counts, " ignored");
            self.filtered += before(counts, " filtered out");
        } else if says_skipped(line) {
            self.undone += 1;
            if self.undone_lines.len() < SHOWN {
                self.undone_lines.push(line.trim().to_owned());
            }
        }
    }

    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.filtered += other.filtered;
        self.programs += other.programs;
        self.undone += other.undone;
        self.undone_lines.extend(other.undone_lines.iter().cloned());
    }

    /// Lines that say that a test left its work undone.
    pub fn undone(&self) -> u64 {
        self.undone
    }

    /// Whether any test program ended.
    pub fn ran(&self) -> bool {
        self.programs > 0
    }

    /// What fails the run, beyond failed tests: those have failed their stage already.
    pub fn faults(&self, strict: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if self.ignored + self.filtered > 0 {
            faults.push(format!("{} tests are ignored, {} filtered out: none may be", self.ignored, self.filtered));
        }
        if strict && self.undone > 0 {
            faults.push(format!("{} lines of tests say \"skipped\":", self.undone));
            faults.extend(self.undone_lines.iter().cloned());
        }
        faults
    }

    /// What a person should know although it fails nothing.
    pub fn notes(&self, strict: bool) -> Vec<String> {
        if strict || self.undone == 0 {
            return Vec::new();
        }
        let mut notes = vec![format!("{} lines of tests say \"skipped\" (with CI set this fails):", self.undone)];
        notes.extend(self.undone_lines.iter().cloned());
        notes
    }
}

/// The number that stands before a word: `3` in `ok. 3 passed; …`.
fn before(counts: &str, word: &str) -> u64 {
    let Some(end) = counts.find(word) else {
        return 0;
    };
    let digits = counts[..end].rsplit(' ').next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

fn says_skipped(line: &str) -> bool {
    if line.starts_with("test ") || line.starts_with("---- ") {
        return false;
    }
    line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .any(|word| word.eq_ignore_ascii_case("skipped"))
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        tally
    }

    #[test]
    fn the_results_of_all_programs_are_summed() {
        let sum = tally(&[
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ]);
        assert_eq!((sum.passed, sum.failed, sum.ran()), (13, 2, true));
        assert!(sum.faults(true).is_empty());
    }

    #[test]
    fn a_test_that_says_the_word_fails_a_strict_run_and_is_a_note_otherwise() {
        for line in ["skipped", "Skipped: no schema", "  the database part is skipped (no server)"] {
            let one = tally(&[line]);
            assert_eq!(one.faults(true).len(), 2, "{line}");
            assert!(one.faults(false).is_empty());
            assert_eq!(one.notes(false).len(), 2);
            assert!(one.notes(true).is_empty());
        }
    }

    #[test]
    fn a_name_with_the_word_in_it_is_no_confession() {
        let one = tally(&[
            "test skipped::private_ones_are_skipped ... ok",
            "---- skipped stdout ----",
            "    private_ones_are_skipped_when_told",
        ]);
        assert!(one.faults(true).is_empty());
    }

    #[test]
    fn ignored_and_filtered_tests_fail_every_run() {
        for line in [
            "test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
            "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out",
        ] {
            assert_eq!(tally(&[line]).faults(false).len(), 1);
        }
    }

    #[test]
    fn no_program_at_all_is_no_run() {
        assert!(!tally(&["error: could not compile"]).ran());
    }
}

//! What a first cycle of growing mailboxes takes of memory, the server being a process of its own.

use crate::long::Long;
use std::path::Path;

const PEAK: Long = Long {
    name: "peak",
    what: "first cycles of growing mailboxes, the server being a process of its own",
    words: &[
        "test",
        "--release",
        "--locked",
        "-p",
        "proof",
        "--test",
        "it",
        "--",
        "peak::sqlite",
        "--nocapture",
        "--test-threads",
        "1",
    ],
    variables: &[("SYNCLINE_PEAK", "10000,100000")],
    tests: true,
};

/// How a line of figures begins.
const FIGURES: &str = "bench | ";

/// Measures, and shows the table.
///
/// # Errors
/// Cargo could not be started.
pub fn run(root: &Path) -> anyhow::Result<bool> {
    let mut rows = Vec::new();
    let passed = PEAK.run(root, &[], |line| rows.extend(figures(line)))?;
    println!("\n{}", table(&rows));
    Ok(passed)
}

fn figures(line: &str) -> Option<String> {
    let at = line.find(FIGURES)?;
    Some(line[at + FIGURES.len()..].trim().to_owned())
}

fn table(rows: &[String]) -> String {
    let head = ["| records are | records | VmHWM in KiB | requests | seconds |", "|---|---|---|---|---|"];
    let rows = rows.iter().map(|row| format!("| {row} |"));
    head.into_iter().map(ToOwned::to_owned).chain(rows).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{figures, table};

    #[test]
    fn figures_are_found_among_what_tests_say_and_stand_in_a_table() {
        assert_eq!(figures("test peak::sqlite::x ... ok"), None);
        let row = figures("test peak::sqlite::x ... bench | LeftOut | 1000 | 30000 | 12 | 1.5\n").unwrap();
        assert_eq!(row, "LeftOut | 1000 | 30000 | 12 | 1.5");
        assert!(table(&[row]).ends_with("\n|---|---|---|---|---|\n| LeftOut | 1000 | 30000 | 12 | 1.5 |"));
    }
}

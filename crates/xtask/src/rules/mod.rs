//! Which tests and which code hold each rule of the contract, found by the numbers they carry: `cargo xtask rules` writes
//! them into docs/rules.md.

pub mod prove;
pub mod scan;

use crate::tidy::Tree;
use scan::Held;
use std::fs;
use std::path::Path;

/// The document: a row per rule, `| L3 | what it promises | tests | code |`.
pub const DOCUMENT: &str = "docs/rules.md";
/// What a row says whose rule is not built.
pub const NOT_BUILT: &str = "*Not built.*";
/// The heading of the rules that are broken on purpose.
const BROKEN: &str = "## Broken on purpose";
/// What is said below it.
const BROKEN_ABOUT: &str = "`cargo xtask rules --prove` breaks a rule by one line in a build of its own ([decision 10](decisions/0010-planted-faults.md)) and fails when none of \
    the tests that carry the rule's number does, in the nearest crate that has some; the full check breaks those that tests of the planner hold. These are broken:";
/// Names told per rule and column; the rest is counted.
const TOLD: usize = 5;

/// Brings the columns up to date; true when the document exists.
pub fn run(root: &Path) -> anyhow::Result<bool> {
    let tree = Tree::read(root)?;
    let Some(text) = tree.text(DOCUMENT) else {
        println!("{DOCUMENT} is missing");
        return Ok(false);
    };
    let held = scan::scan(&tree);
    let written = rewrite(text, &held) + &broken(tree.text(prove::NAMES).unwrap_or_default());
    fs::write(root.join(DOCUMENT), &written)?;
    println!("{DOCUMENT}: {} rules, {} tests carry a rule's number", rows(&written).count(), held.tests());
    Ok(true)
}

/// The rows of the document: rule, promise.
pub fn rows(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let rule = cells.next()?;
        scan::is_rule(rule).then_some((rule, cells.next()?))
    })
}

/// Which rules `--prove` breaks, and how: written anew with the columns, at the end of the document.
fn broken(faults: &str) -> String {
    let mut out = format!("{BROKEN}\n\n{BROKEN_ABOUT}\n\n");
    for (rule, fault, _) in prove::PROOFS {
        out += &format!("- {rule}: {}\n", prove::says(faults, fault).unwrap_or(fault));
    }
    out
}

fn rewrite(text: &str, held: &Held) -> String {
    let mut out = String::new();
    for line in text.lines().take_while(|line| *line != BROKEN) {
        match rows(line).next() {
            Some((rule, promise)) => {
                let tests = told(&held.tests_of(rule));
                let code = told(&held.code_of(rule));
                out += &format!("| {rule} | {promise} | {tests} | {code} |\n");
            }
            None => {
                out += line;
                out.push('\n');
            }
        }
    }
    out
}

fn told(names: &[String]) -> String {
    // The whole product's tests first, then the pure core's: they say most.
    let mut names: Vec<&String> = names.iter().collect();
    names.sort_by_key(|name| match name.split("::").next() {
        Some("proof") => 0,
        Some("plan") => 1,
        Some(_) | None => 2,
    });
    let mut text: Vec<String> = names.iter().take(TOLD).map(|name| format!("`{name}`")).collect();
    if names.len() > TOLD {
        text.push(format!("and {} more", names.len() - TOLD));
    }
    if text.is_empty() { "–".to_owned() } else { text.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{Tree, rewrite, rows, scan};

    #[test]
    fn what_is_broken_on_purpose_stands_at_the_end_once() {
        let text = "| L3 | Whose level counts. | old | old |\n## Broken on purpose\n\n- L3: old words\n";
        let written = rewrite(text, &scan::scan(&Tree::of(&[])));
        assert_eq!(written, "| L3 | Whose level counts. | – | – |\n");
        let faults = "    CeilingIgnored, \"plan\", \"a level above the domain's own counts\";\n";
        let told = super::broken(faults);
        assert!(
            told.starts_with("## Broken on purpose\n")
                && told.contains("\n- L2: a level above the domain's own counts\n")
        );
    }

    #[test]
    fn a_rules_row_gets_its_tests_and_its_code() {
        let tree = Tree::of(&[
            ("crates/plan/tests/it/a.rs", "//! Levels.\n// L2 to L3, trap 5\n#[test]\nfn levels_meet() {}\n"),
            (
                "crates/plan/src/access.rs",
                "//! Levels.\n/// The chain (rules L1, L3).\n#[must_use]\npub fn chain() {}\n",
            ),
        ]);
        let text = "# Rules\n\n| L3 | Whose level counts. | old | old |\n| L9 | Nothing. |  |  |\n";
        let written = rewrite(text, &scan::scan(&tree));
        assert_eq!(
            written,
            "# Rules\n\n| L3 | Whose level counts. | `plan::levels_meet` | `plan::access::chain` |\n| L9 | Nothing. | – | – |\n"
        );
        assert_eq!(rows(&written).count(), 2);
    }
}

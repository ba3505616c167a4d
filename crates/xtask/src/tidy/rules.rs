//! The contract is held: every rule that docs/rules.md promises has a test that carries its number.

use super::Fault;
use super::tree::Tree;
use crate::rules::{DOCUMENT, NOT_BUILT, rows, scan};
use std::collections::BTreeSet;

/// The rules of each chapter.
const CHAPTERS: [(char, u32); 9] =
    [('D', 7), ('L', 7), ('O', 10), ('M', 5), ('C', 12), ('R', 7), ('P', 8), ('E', 8), ('W', 5)];

/// Checks the document against the sources.
pub fn check(tree: &Tree, faults: &mut Vec<Fault>) {
    let Some(text) = tree.text(DOCUMENT) else { return };
    let held = scan::scan(tree);
    let mut missing: BTreeSet<String> =
        CHAPTERS.iter().flat_map(|(letter, last)| (1..=*last).map(move |number| format!("{letter}{number}"))).collect();
    for (rule, promise) in rows(text) {
        missing.remove(rule);
        if held.tests_of(rule).is_empty() && !promise.ends_with(NOT_BUILT) {
            faults.push(Fault::new(
                DOCUMENT,
                0,
                format!("no test carries {rule}: write `// {rule}` above the one that holds it"),
            ));
        }
        if !held.tests_of(rule).is_empty() && promise.ends_with(NOT_BUILT) {
            faults.push(Fault::new(DOCUMENT, 0, format!("{rule} is said not to be built, and has a test")));
        }
    }
    faults.extend(missing.into_iter().map(|rule| Fault::new(DOCUMENT, 0, format!("{rule} has no row"))));
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use super::check;

    #[test]
    fn a_rule_without_a_test_or_a_row_is_told() {
        let document = "| D1 | One way. |  |  |\n| D2 | Everywhere. *Not built.* |  |  |\n| D3 | Display. |  |  |\n| L1 | Enabled. *Not built.* |  |  |\n";
        let source = "//! Tests.\n// D1, L1\n#[test]\nfn one_way() {}\n";
        let faults = told(&[("docs/rules.md", document), ("crates/a/tests/it/main.rs", source)], check);
        assert!(faults.iter().any(|fault| fault.contains("no test carries D3")));
        assert!(faults.iter().any(|fault| fault.contains("L1 is said not to be built")));
        assert!(faults.iter().any(|fault| fault.contains("D4 has no row")));
        assert!(!faults.iter().any(|fault| fault.contains("D1") || fault.contains("D2 ")), "{faults:?}");
    }
}

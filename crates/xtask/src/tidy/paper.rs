//! Paper that stays true: links that lead somewhere, tests that exist, a page for each error code.

use std::collections::BTreeSet;

use super::Fault;
use super::tree::{Tree, code, product};

/// The document whose table names the tests that hold the invariants.
const ARCHITECTURE: &str = "ARCHITECTURE.md";
/// At most this long: it is read in one sitting.
const ARCHITECTURE_LINES: usize = 200;
/// Where a person looks an error up.
const ERRORS: &str = "docs/errors.md";

/// Checks the Markdown files.
pub fn check(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, text) in tree.all().filter(|(path, _)| path.ends_with(".md")) {
        links(tree, path, text, faults);
    }
    if let Some(text) = tree.text(ARCHITECTURE) {
        named_tests(tree, ARCHITECTURE, text, faults);
        if text.lines().count() >= ARCHITECTURE_LINES {
            faults.push(Fault::new(ARCHITECTURE, 0, format!("under {ARCHITECTURE_LINES} lines")));
        }
    }
    if let Some(text) = tree.text(crate::rules::DOCUMENT) {
        named_tests(tree, crate::rules::DOCUMENT, text, faults);
    }
    if let Some(text) = tree.text(ERRORS) {
        error_codes(tree, text, faults);
    }
}

/// `[words](target)`: a target that is no address is a file here.
fn links(tree: &Tree, path: &str, text: &str, faults: &mut Vec<Fault>) {
    for (index, line) in text.lines().enumerate() {
        for (start, _) in line.match_indices("](") {
            let Some(target) = line[start + 2..].split(')').next() else {
                continue;
            };
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if resolved(path, target).is_none_or(|target| !tree.has(&target)) {
                faults.push(Fault::new(path, index + 1, format!("leads nowhere: {target}")));
            }
        }
    }
}

/// A relative target seen from a file; `None` when it leaves the repository.
fn resolved(path: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Every `name_of_a_test` in backticks with at least two underscores is a function somewhere.
fn named_tests(tree: &Tree, path: &str, text: &str, faults: &mut Vec<Fault>) {
    let mut functions: BTreeSet<&str> = BTreeSet::new();
    for (_, source) in tree.rust() {
        for (_, line) in code(source) {
            if let Some((_, rest)) = line.split_once("fn ") {
                let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len());
                functions.insert(&rest[..end]);
            }
        }
    }
    for (index, line) in text.lines().enumerate() {
        for word in line.split('`').skip(1).step_by(2) {
            let name = word.rsplit("::").next().unwrap_or(word);
            let looks_like_a_test = name.matches('_').count() >= 2
                && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
            if looks_like_a_test && !functions.contains(name) {
                let cure = if path == ARCHITECTURE { "" } else { "; `cargo xtask rules` writes the page anew" };
                faults.push(Fault::new(path, index + 1, format!("there is no test `{name}`{cure}")));
            }
        }
    }
}

/// A code stands in the first cell of a table's row in backticks; the product's codes are the arms of the server's
/// `fn code` and what it writes as `code: "…"`.
fn error_codes(tree: &Tree, text: &str, faults: &mut Vec<Fault>) {
    let written: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (path, source) in tree.rust() {
        if !path.starts_with("crates/server/src/") {
            continue;
        }
        let mut among_arms = false;
        for (number, line) in product(source) {
            among_arms = (among_arms || line.contains("fn code(")) && line != "    }";
            let begins = if among_arms { "=> \"" } else { "code: \"" };
            let Some((_, rest)) = line.split_once(begins) else {
                continue;
            };
            let Some(code) = rest.split('"').next() else {
                continue;
            };
            used.insert(code);
            if !written.contains(code) {
                let rule = format!("the error code `{code}` has no line in {ERRORS}");
                faults.push(Fault::new(path, number, rule));
            }
        }
    }
    for code in written.difference(&used) {
        let rule = format!("no answer carries the code `{code}`");
        faults.push(Fault::new(ERRORS, 0, rule));
    }
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use super::check;

    #[test]
    fn a_link_leads_to_a_file() {
        let files = [
            ("docs/a.md", "see [b](b.md#part), [c](../README.md), [d](https://example.org/d), [e](#here)"),
            ("docs/b.md", ""),
            ("README.md", ""),
        ];
        assert!(told(&files, check).is_empty());
        assert_eq!(told(&[("docs/a.md", "[x](gone.md)")], check), ["docs/a.md:1: leads nowhere: gone.md"]);
        assert_eq!(told(&[("a.md", "[x](../outside.md)")], check).len(), 1);
    }

    #[test]
    fn a_test_that_the_architecture_names_exists() {
        let source = ("crates/plan/tests/it/a.rs", "//! x\nfn an_edit_outlives_a_delete() {}\n");
        assert!(
            told(&[source, ("ARCHITECTURE.md", "held by `plan::an_edit_outlives_a_delete`, in `change_key`")], check)
                .is_empty()
        );
        assert_eq!(
            told(&[source, ("ARCHITECTURE.md", "\nheld by `a_delete_outlives_an_edit`")], check),
            ["ARCHITECTURE.md:2: there is no test `a_delete_outlives_an_edit`"]
        );
    }

    #[test]
    fn an_error_code_has_its_line_and_a_line_its_code() {
        let page = ("docs/errors.md", "| code | meaning |\n|---|---|\n| `stale` | look again |\n");
        let source = "impl A {\n    fn code(&self) {\n        A::S => \"stale\",\n    }\n    fn text(&self) {\n        A::S => \"words\",\n    }\n";
        let stale = ("crates/server/src/fault.rs", source);
        assert!(told(&[page, stale], check).is_empty());
        let locked = ("crates/server/src/ops.rs", "x { code: \"locked\" }");
        assert_eq!(told(&[page, stale, locked], check).len(), 1);
        assert_eq!(told(&[page], check), ["docs/errors.md: no answer carries the code `stale`"]);
    }
}

//! What every file has: a first sentence, and a size a person can read.

use super::Fault;
use super::tree::Tree;

/// More lines than this fail.
pub const TOO_LONG: usize = 500;
/// More lines than this are told, not refused.
pub const LONG: usize = 300;

/// Checks every Rust file.
pub fn check(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, text) in tree.rust() {
        let opening = text.lines().next().unwrap_or_default();
        if opening.strip_prefix("//! ").is_none_or(|sentence| sentence.trim().len() < 10) {
            faults.push(Fault::new(path, 1, "the first line says what is here: `//! …`, one sentence"));
        }
        let lines = text.lines().count();
        if lines > TOO_LONG {
            faults.push(Fault::new(path, 0, format!("{lines} lines; at most {TOO_LONG}: split it by job")));
        }
    }
}

/// Files over the length that is told, longest first.
pub fn long(tree: &Tree) -> Vec<(&str, usize)> {
    let mut long: Vec<(&str, usize)> =
        tree.rust().map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > LONG).collect();
    long.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    long
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use super::super::tree::Tree;
    use super::{TOO_LONG, check, long};

    #[test]
    fn a_file_opens_with_its_sentence() {
        assert!(told(&[("crates/a/src/b.rs", "//! What a link remembers.\n")], check).is_empty());
        for text in ["", "use std::fmt;\n", "//!\n//! Late.\n", "//! x\n"] {
            assert_eq!(told(&[("crates/a/src/b.rs", text)], check).len(), 1, "{text:?}");
        }
    }

    #[test]
    fn a_file_nobody_reads_to_its_end_is_refused() {
        let at_most = format!("//! A sentence about it.\n{}", "\n".repeat(TOO_LONG - 1));
        assert!(told(&[("crates/a/src/b.rs", &at_most)], check).is_empty());
        assert_eq!(told(&[("crates/a/src/b.rs", &format!("{at_most}\n"))], check).len(), 1);
        assert_eq!(long(&Tree::of(&[("a.rs", &at_most), ("b.rs", "//! short\n")])), [("a.rs", TOO_LONG)]);
    }
}

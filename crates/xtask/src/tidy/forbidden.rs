//! What stands in no file: unfinished work, silenced lints, tests that do not run, sleeping tests, paths of somebody's machine.

use super::Fault;
use super::tree::{Tree, code, says};

const IN_CODE: &[(&str, &str)] = &[
    ("todo!", "unfinished work is an issue, not a macro"),
    ("unimplemented!", "unfinished work is an issue, not a macro"),
    ("#[ignore", "a test runs or does not exist"),
    ("#[allow(", "write `#[expect(lint, reason = \"…\")]`"),
    ("#![allow(", "write `#![expect(lint, reason = \"…\")]`"),
    ("thread::sleep", "wait through the Clock; tests never sleep"),
    ("unsafe {", "unsafe code is forbidden"),
    ("dbg!", "left over from a search"),
];

/// Beginnings of paths that exist on one machine only, and addresses of package sources, which belong in no file of ours.
const IN_TEXT: &[(&str, &str)] = &[
    ("/work/", "a path of one machine"),
    ("/root/", "a path of one machine"),
    ("/home/", "a path of one machine"),
    ("/Users/", "a path of one machine"),
    ("/tmp/", "a path of one machine; ask for a temporary folder"),
    ("index-url", "packages come from where the machine is set to take them"),
    ("index.crates.io", "packages come from where the machine is set to take them"),
    ("static.crates.io", "packages come from where the machine is set to take them"),
    ("pypi.org/simple", "packages come from where the machine is set to take them"),
    ("deb.debian.org", "packages come from where the machine is set to take them"),
];

/// Checks all files; these rules themselves excepted, and the lock file, which cargo writes.
pub fn check(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, text) in tree.all() {
        if path.starts_with("crates/xtask/src/tidy/") || path == "Cargo.lock" {
            continue;
        }
        if path.ends_with(".rs") {
            for (number, line) in code(text) {
                for (word, why) in IN_CODE.iter().filter(|(word, _)| says(line, word)) {
                    faults.push(Fault::new(path, number, format!("`{word}`: {why}")));
                }
            }
        }
        for (index, line) in text.lines().enumerate() {
            for (word, why) in IN_TEXT.iter().filter(|(word, _)| stands_free(line, word)) {
                faults.push(Fault::new(path, index + 1, format!("`{word}`: {why}")));
            }
        }
    }
}

/// A path begins here: what stands before is no part of a longer path or address.
fn stands_free(line: &str, word: &str) -> bool {
    let part_of_path =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '/' | '.' | '-' | '_' | '}' | '*' | '<');
    line.match_indices(word)
        .any(|(start, _)| !word.starts_with('/') || !line[..start].chars().next_back().is_some_and(part_of_path))
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use super::{IN_CODE, IN_TEXT, check};

    #[test]
    fn each_forbidden_word_is_found_where_it_stands() {
        for (word, _) in IN_CODE {
            let told = told(&[("crates/plan/src/a.rs", &format!("//! x\n    {word}\n"))], check);
            assert_eq!(told.len(), 1, "{word}: {told:?}");
            assert!(told[0].starts_with("crates/plan/src/a.rs:2: "));
        }
        for (word, _) in IN_TEXT {
            assert_eq!(told(&[("docs/a.md", &format!("see {word}x\n"))], check).len(), 1, "{word}");
        }
    }

    #[test]
    fn longer_names_and_comments_are_not_meant() {
        assert!(
            told(&[("crates/plan/src/a.rs", "//! x\n// todo! is forbidden\nlet a = my_dbg!();\n")], check).is_empty()
        );
        assert!(told(&[("docs/a.md", "https://example.org/home/start and a/work/b\n")], check).is_empty());
    }
}

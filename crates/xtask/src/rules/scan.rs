//! Reading the sources for rule numbers: comments above tests, and documentation above code.

use crate::tidy::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// The letters of the contract's chapters.
const CHAPTERS: &str = "DLOMCRPEW";
/// Lines between a comment and the function it is about: attributes and more comment.
const REACH: usize = 12;

/// What was found, by rule.
#[derive(Default)]
pub struct Held {
    tests: BTreeMap<String, BTreeSet<String>>,
    code: BTreeMap<String, BTreeSet<String>>,
}

impl Held {
    /// Names of a rule's tests, `crate::name`.
    pub fn tests_of(&self, rule: &str) -> Vec<String> {
        self.tests.get(rule).into_iter().flatten().cloned().collect()
    }

    /// Places of a rule's code, `crate::module::item`.
    pub fn code_of(&self, rule: &str) -> Vec<String> {
        self.code.get(rule).into_iter().flatten().cloned().collect()
    }

    /// How many tests carry a number.
    pub fn tests(&self) -> usize {
        self.tests.values().flatten().collect::<BTreeSet<_>>().len()
    }
}

/// Whether a word is a rule's number: a chapter's letter and digits.
pub fn is_rule(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|first| CHAPTERS.contains(first))
        && !letters.as_str().is_empty()
        && letters.all(|letter| letter.is_ascii_digit())
}

/// Reads every Rust file.
pub fn scan(tree: &Tree) -> Held {
    let mut held = Held::default();
    for (path, text) in tree.rust() {
        let parts: Vec<&str> = path.split('/').collect();
        let ["crates", name, kind, rest @ ..] = parts.as_slice() else { continue };
        if *name == "xtask" {
            continue;
        }
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let module = module(rest);
        let stories = stories(text);
        for (index, line) in lines.iter().enumerate() {
            let below = &lines[index + 1..lines.len().min(index + 1 + REACH)];
            if let Some(comment) = line.strip_prefix("// ") {
                let Some(test) = test_below(below, &stories) else { continue };
                for rule in numbers(comment) {
                    held.tests.entry(rule).or_default().insert(format!("{name}::{test}"));
                }
            } else if *kind == "src"
                && let Some(comment) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))
                && comment.contains("rule")
            {
                let item = if line.starts_with("//!") { None } else { item_below(below) };
                let place = [Some((*name).to_owned()), module.clone(), item].into_iter().flatten();
                let place = place.collect::<Vec<_>>().join("::");
                for rule in numbers(comment) {
                    held.code.entry(rule).or_default().insert(place.clone());
                }
            }
        }
    }
    held
}

fn module(rest: &[&str]) -> Option<String> {
    let names: Vec<&str> = rest
        .iter()
        .map(|part| part.trim_end_matches(".rs"))
        .filter(|part| !["mod", "lib", "main"].contains(part))
        .collect();
    (!names.is_empty()).then(|| names.join("::"))
}

/// The numbers in a comment, "L2 to L4" included.
fn numbers(comment: &str) -> Vec<String> {
    let words: Vec<&str> =
        comment.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if !is_rule(word) {
            continue;
        }
        found.push((*word).to_owned());
        let to = words.get(index + 1).zip(words.get(index + 2));
        if let Some((&"to", last)) = to
            && is_rule(last)
            && last[..1] == word[..1]
            && let (Ok(first), Ok(last)) = (word[1..].parse::<u32>(), last[1..].parse::<u32>())
        {
            found.extend((first + 1..last).map(|number| format!("{}{number}", &word[..1])));
        }
    }
    found
}

/// The test that a comment stands above: after nothing but comments and attributes, or inside of it.
/// The functions of a file that `on_both!` makes tests on every database.
fn stories(text: &str) -> BTreeSet<String> {
    let list = text.split_once("on_both!").and_then(|(_, rest)| rest.split_once([')', '}']));
    let names = list.into_iter().flat_map(|(names, _)| names.split(|letter: char| !is_of_name(letter)));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn test_below(below: &[&str], stories: &BTreeSet<String>) -> Option<String> {
    let mut is_test = false;
    for line in below {
        if line.starts_with("//") {
            continue;
        }
        if line.starts_with("#[") || line.starts_with(')') || line.starts_with(']') {
            is_test |= line.contains("test");
            continue;
        }
        // A contract's test is an async function over a world that a macro makes a test of on every engine.
        let contract = line.contains("async fn ") && line.contains("world");
        let story = line.starts_with("async fn ") && function(line).is_some_and(|name| stories.contains(&name));
        return (is_test || contract || story).then(|| function(line)).flatten();
    }
    None
}

fn item_below(below: &[&str]) -> Option<String> {
    let line = below.iter().find(|line| !line.starts_with("//") && !line.starts_with("#["))?;
    function(line).or_else(|| {
        let words: Vec<&str> = line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).collect();
        let place = words.iter().position(|word| ["struct", "enum", "const", "trait", "mod", "type"].contains(word))?;
        words.get(place + 1).map(|name| (*name).to_owned())
    })
}

fn function(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("fn ")?;
    let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Tree, is_rule, numbers, scan};

    #[test]
    fn rule_numbers_are_told_from_other_words() {
        for rule in ["L3", "O10", "W1"] {
            assert!(is_rule(rule), "{rule}");
        }
        for other in ["L", "X3", "L3a", "", "l3", "UTC"] {
            assert!(!is_rule(other), "{other}");
        }
        assert_eq!(numbers("L2 to L4, trap 46: E3"), ["L2", "L3", "L4", "E3"]);
    }

    #[test]
    fn a_comment_inside_a_function_is_no_tests_name() {
        let tree = Tree::of(&[(
            "crates/a/tests/it/b.rs",
            "//! B.\n// L1\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn one() {\n    // L2\n    let fn_ = 1;\n}\n// L3\nasync fn two(world: &World) {}\n",
        )]);
        let held = scan(&tree);
        assert_eq!(held.tests_of("L1"), ["a::one"]);
        assert!(held.tests_of("L2").is_empty());
        assert_eq!(held.tests_of("L3"), ["a::two"]);
        assert_eq!(held.tests(), 2);
    }

    #[test]
    fn a_story_counts_when_it_is_named_for_every_database() {
        let text = "//! B.\non_both!(\n    one,\n    three,\n);\n// L1\nasync fn one() {}\n// L2\nasync fn two() {}\n";
        let held = scan(&Tree::of(&[("crates/a/tests/it/b.rs", text)]));
        assert_eq!(held.tests_of("L1"), ["a::one"]);
        assert!(held.tests_of("L2").is_empty());
    }
}

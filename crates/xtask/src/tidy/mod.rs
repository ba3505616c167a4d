//! What keeps this house in order and a compiler cannot see: who may know whom, what happens in one place only, sizes, paper.

mod arrows;
mod files;
mod forbidden;
mod paper;
mod places;
mod rules;
mod sown;
mod tree;

use std::fmt;
use std::path::Path;

pub use tree::Tree;

/// A broken rule and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    path: String,
    /// 1-based; 0 when the whole file is meant.
    line: usize,
    rule: String,
}

impl Fault {
    fn new(path: &str, line: usize, rule: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule: rule.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}: {}", self.path, self.rule),
            line => write!(formatter, "{}:{line}: {}", self.path, self.rule),
        }
    }
}

/// Checks the repository and says every fault; true when there is none.
pub fn run(root: &Path) -> anyhow::Result<bool> {
    let tree = Tree::read(root)?;
    let faults = faults(&tree);
    for fault in &faults {
        println!("{fault}");
    }
    for (path, lines) in files::long(&tree) {
        println!("note: {path} has {lines} lines (over {} is long)", files::LONG);
    }
    println!("tidy: {} files, {} faults", tree.len(), faults.len());
    Ok(faults.is_empty())
}

fn faults(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    arrows::check(tree, &mut faults);
    places::check(tree, &mut faults);
    files::check(tree, &mut faults);
    forbidden::check(tree, &mut faults);
    paper::check(tree, &mut faults);
    rules::check(tree, &mut faults);
    sown::check(tree, &mut faults);
    faults.sort();
    faults
}

/// The rules of one file applied to a tree made up for a test.
#[cfg(test)]
fn told(files: &[(&str, &str)], check: fn(&Tree, &mut Vec<Fault>)) -> Vec<String> {
    let mut faults = Vec::new();
    check(&Tree::of(files), &mut faults);
    faults.sort();
    faults.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::tree::Tree;

    #[test]
    fn this_repository_is_tidy() {
        let tree = Tree::read(&crate::root()).unwrap();
        assert!(tree.len() > 100, "the repository was not found");
        let told: Vec<String> = super::faults(&tree).iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "\n{}", told.join("\n"));
    }
}

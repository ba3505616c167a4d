//! The repository's text files, read once, with what the rules ask about a line.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

/// Folders that hold nothing of ours.
const PASSED_BY: &[&str] = &["target", ".git", ".venv", ".node", "node_modules", "__pycache__"];
/// More files than this are a mistake (a build folder under another name).
const FILE_LIMIT: usize = 20_000;
/// Larger files hold data, not text of ours.
const SIZE_LIMIT: u64 = 4 << 20;

/// Paths (with `/`, from the repository's folder) and texts.
pub struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Reads all text files below a folder.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let mut files = BTreeMap::new();
        let mut folders = vec![(root.to_owned(), String::new())];
        while let Some((folder, name)) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| format!("{name}: cannot be listed"))? {
                let entry = entry?;
                let Ok(own) = entry.file_name().into_string() else { bail!("{name}: a name is not UTF-8") };
                let path = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    if !PASSED_BY.contains(&own.as_str()) {
                        folders.push((entry.path(), path));
                    }
                } else if kind.is_file() && !PASSED_BY.contains(&own.as_str()) && entry.metadata()?.len() <= SIZE_LIMIT
                {
                    // what is not UTF-8 is an image or a database
                    if let Ok(text) =
                        String::from_utf8(fs::read(entry.path()).with_context(|| format!("{path}: cannot be read"))?)
                    {
                        files.insert(path, text);
                    }
                }
                if files.len() > FILE_LIMIT {
                    bail!("more than {FILE_LIMIT} files: is a build folder among them?");
                }
            }
        }
        Ok(Self(files))
    }

    /// A tree made up for a test.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A file's text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Whether a file or a folder of this name exists.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.0.contains_key(path) || self.0.keys().any(|known| known.starts_with(&folder))
    }

    /// All files.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// All Rust files.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The crates' manifests with the crate's folder name.
    pub fn manifests(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.all().filter_map(|(path, text)| {
            let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
            (!name.contains('/')).then_some((name, path, text))
        })
    }
}

/// The crate a path belongs to and the rest of the path: `("store", "src/db.rs")`.
pub fn room(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("crates/")?.split_once('/')
}

/// The lines with their numbers, without comments. A comment begins where a line does, or after a space.
pub fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        if line.trim_start().starts_with("//") {
            return None;
        }
        Some((index + 1, line.find(" // ").map_or(line, |end| &line[..end])))
    })
}

/// As [`code`], without the tests at the end of the file.
pub fn product(text: &str) -> impl Iterator<Item = (usize, &str)> {
    code(text).take_while(|(_, line)| line.trim() != "#[cfg(test)]")
}

/// Whether a word stands in a line by itself: no letter, digit or underscore touches it where it begins or ends with one.
pub fn says(line: &str, word: &str) -> bool {
    let joins = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (first, last) = (word.chars().next().is_some_and(joins), word.chars().next_back().is_some_and(joins));
    line.match_indices(word).any(|(start, _)| {
        let touched_before = first && line[..start].chars().next_back().is_some_and(joins);
        let touched_after = last && line[start + word.len()..].chars().next().is_some_and(joins);
        !touched_before && !touched_after
    })
}

#[cfg(test)]
mod tests {
    use super::{code, product, room, says};

    #[test]
    fn comments_are_no_code_and_addresses_are_no_comments() {
        let text = "//! about\nlet a = 1; // b\nlet u = \"http://x\";\n    /// doc\n";
        let lines: Vec<(usize, &str)> = code(text).collect();
        assert_eq!(lines, [(2, "let a = 1;"), (3, "let u = \"http://x\";")]);
    }

    #[test]
    fn the_product_ends_where_the_tests_begin() {
        let lines: Vec<usize> = product("fn a() {}\n#[cfg(test)]\nmod tests {}\n").map(|(line, _)| line).collect();
        assert_eq!(lines, [1]);
    }

    #[test]
    fn a_word_is_a_word_by_itself() {
        assert!(says("use tokio::net;", "tokio"));
        assert!(!says("no_tokio_here", "tokio"));
        assert!(says("a.Instant::now()", "Instant::now"));
        assert!(says("rand::rng()", "rand::rng("));
        assert!(!says("rand::rngs", "rand::rng"));
    }

    #[test]
    fn a_path_tells_its_room() {
        assert_eq!(room("crates/store/src/db.rs"), Some(("store", "src/db.rs")));
        assert_eq!(room("docs/glossary.md"), None);
    }
}

//! The configuration file: where things are – the address to listen on, the database, the key file and the CRM. What is
//! synchronised and how is set by command or API and stands in the store.
//!
//! A file with faults starts nothing, and every fault is told at once with its line (rule E3).

use planted::Planted;
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Larger files are not configuration.
const MAX_BYTES: u64 = 256 * 1024;

/// Where things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the API listens; 127.0.0.1:8080 unless the file says otherwise.
    pub listen: SocketAddr,
    /// The store: `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// The key that envelopes stored secrets.
    pub key_file: PathBuf,
    /// The CRM's name, as pairings carry it.
    pub crm_name: String,
    /// The built-in CRM: `sqlite:PATH` or `postgres://…`.
    pub crm: String,
}

/// Everything wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults {
    /// The file.
    pub file: PathBuf,
    /// In order of their lines.
    pub faults: Vec<ConfigFault>,
}

/// One thing wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigFault {
    /// The line, counted from 1; absent when the fault is of the file as a whole.
    pub line: Option<usize>,
    /// In words, with the cure.
    pub problem: String,
}

impl std::error::Error for ConfigFaults {}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            match fault.line {
                Some(line) => write!(f, "{file}:{line}: {}", fault.problem)?,
                None => write!(f, "{file}: {}", fault.problem)?,
            }
        }
        Ok(())
    }
}

impl Config {
    /// Reads a configuration file; relative paths in it start at its folder.
    ///
    /// # Errors
    /// Every fault of the file, and of what it names, at once.
    pub fn read(file: &Path) -> Result<Config, ConfigFaults> {
        let whole =
            |problem: String| ConfigFaults { file: file.to_owned(), faults: vec![ConfigFault { line: None, problem }] };
        let size = std::fs::metadata(file)
            .map_err(|why| match why.kind() {
                std::io::ErrorKind::NotFound => whole(
                    "is not there; write it as docs/operating.md shows, or say where it is with --config".to_owned(),
                ),
                _ => whole(format!("cannot be read: {why}")),
            })?
            .len();
        if size > MAX_BYTES {
            return Err(whole(format!("is {size} bytes long; a configuration has at most {MAX_BYTES}")));
        }
        let text = std::fs::read_to_string(file).map_err(|why| whole(format!("cannot be read: {why}")))?;
        Config::parse(&text, file)
    }

    /// Reads the text of a configuration file that stands at `file`.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn parse(text: &str, file: &Path) -> Result<Config, ConfigFaults> {
        let mut reader =
            Reader { text, folder: file.parent().unwrap_or_else(|| Path::new(".")), faults: Vec::new(), broken: false };
        let config = reader.config();
        let mut faults = reader.faults;
        faults.sort();
        if planted::is(Planted::FirstFaultAlone) {
            faults.truncate(1);
        }
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            Some(_) | None => Err(ConfigFaults { file: file.to_owned(), faults }),
        }
    }
}

/// Walks the file and notes every fault.
struct Reader<'t> {
    text: &'t str,
    folder: &'t Path,
    faults: Vec<ConfigFault>,
    /// The file is no TOML in some place.
    broken: bool,
}

type Table<'i> = DeTable<'i>;
type Item<'i> = Spanned<DeValue<'i>>;

impl<'t> Reader<'t> {
    fn config(&mut self) -> Option<Config> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        // What stands below a broken line was perhaps not read: nothing is called missing then.
        self.broken = !errors.is_empty();
        for error in errors {
            self.fault(error.span(), error.message().to_owned());
        }
        let root = root.get_ref();
        self.only(root, "", &["listen", "key_file", "database", "crm"]);
        let listen = self.listen(root);
        let key_file = self.required(root, "", "key_file").and_then(|item| self.key_file(item));
        let database = self.section(root, "database").and_then(|table| {
            self.only(table, "database.", &["url"]);
            self.required(table, "database.", "url").and_then(|item| self.url(item, "database.url"))
        });
        let crm = self.section(root, "crm");
        let crm_name = match crm {
            Some(table) => {
                self.only(table, "crm.", &["url", "name"]);
                match lookup(table, "name") {
                    Some(item) => self.name(item),
                    None => Some("crm".to_owned()),
                }
            }
            None => None,
        };
        let crm = crm.and_then(|table| self.required(table, "crm.", "url").and_then(|item| self.url(item, "crm.url")));
        Some(Config { listen: listen?, database: database?, key_file: key_file?, crm_name: crm_name?, crm: crm? })
    }

    fn listen(&mut self, root: &Table<'_>) -> Option<SocketAddr> {
        let Some(item) = lookup(root, "listen") else {
            return Some(SocketAddr::from(([127, 0, 0, 1], 8080)));
        };
        let text = self.text_of(item, "listen")?;
        match text.parse() {
            Ok(address) => Some(address),
            Err(_) => {
                self.fault(
                    Some(item.span()),
                    "listen is no address with a port, such as \"127.0.0.1:8080\"".to_owned(),
                );
                None
            }
        }
    }

    fn key_file(&mut self, item: &Item<'_>) -> Option<PathBuf> {
        let text = self.text_of(item, "key_file")?;
        let path = self.folder.join(text);
        match std::fs::metadata(&path) {
            Ok(found) if found.is_file() => Some(path),
            Ok(_) => {
                self.fault(Some(item.span()), format!("key_file {} is not a file", path.display()));
                None
            }
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                let (path, make) = (path.display(), "'syncline key create FILE' makes one");
                self.fault(Some(item.span()), format!("key_file {path} is not there; {make}"));
                None
            }
            Err(why) => {
                self.fault(Some(item.span()), format!("key_file {} cannot be read: {why}", path.display()));
                None
            }
        }
    }

    fn url(&mut self, item: &Item<'_>, name: &str) -> Option<String> {
        let text = self.text_of(item, name)?;
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = self.folder.join(path.strip_prefix("//").unwrap_or(path));
            match path.parent() {
                Some(folder) if folder.is_dir() || folder.as_os_str().is_empty() => {
                    return Some(format!("sqlite:{}", path.display()));
                }
                Some(_) | None => {
                    self.fault(Some(item.span()), format!("{name} names a file in a folder that does not exist"))
                }
            }
            return None;
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Some(text.to_owned());
        }
        self.fault(Some(item.span()), format!("{name} begins with \"sqlite:\" or \"postgres://\""));
        None
    }

    fn name(&mut self, item: &Item<'_>) -> Option<String> {
        let text = self.text_of(item, "crm.name")?;
        let fits = !text.is_empty()
            && text.len() <= 64
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !fits {
            self.fault(Some(item.span()), "crm.name has 1 to 64 letters, digits, hyphens and underscores".to_owned());
            return None;
        }
        Some(text.to_owned())
    }

    fn section<'a, 'i>(&mut self, root: &'a Table<'i>, name: &str) -> Option<&'a Table<'i>> {
        let Some(item) = lookup(root, name) else {
            self.missing(format!("the section [{name}] is missing"));
            return None;
        };
        let table = item.get_ref().as_table();
        if table.is_none() {
            self.fault(
                Some(item.span()),
                format!("{name} is a section, [{name}], here it is of the type {}", item.get_ref().type_str()),
            );
        }
        table
    }

    fn required<'a, 'i>(&mut self, table: &'a Table<'i>, section: &str, key: &str) -> Option<&'a Item<'i>> {
        let item = lookup(table, key);
        if item.is_none() {
            self.missing(format!("{section}{key} is missing"));
        }
        item
    }

    fn text_of<'a>(&mut self, item: &'a Item<'_>, name: &str) -> Option<&'a str> {
        let text = item.get_ref().as_str();
        match text {
            Some("") => {
                self.fault(Some(item.span()), format!("{name} is empty"));
                None
            }
            Some(text) => Some(text),
            None => {
                self.fault(
                    Some(item.span()),
                    format!("{name} is a text in quotes, here it is of the type {}", item.get_ref().type_str()),
                );
                None
            }
        }
    }

    fn only(&mut self, table: &Table<'_>, section: &str, known: &[&str]) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let hint = known.join(", ");
                self.fault(Some(key.span()), format!("{section}{name} is no setting of this file; known here: {hint}"));
            }
        }
    }

    fn missing(&mut self, problem: String) {
        if !self.broken {
            self.fault(None, problem);
        }
    }

    fn fault(&mut self, span: Option<Range<usize>>, problem: String) {
        let line = span.map(|span| {
            let before = self.text.as_bytes().iter().take(span.start);
            before.filter(|byte| **byte == b'\n').count() + 1
        });
        self.faults.push(ConfigFault { line, problem });
    }
}

fn lookup<'a, 'i>(table: &'a Table<'i>, key: &str) -> Option<&'a Item<'i>> {
    table.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, item)| item)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("syncline.key"), "k").expect("written");
        folder
    }

    #[test]
    fn a_file_that_says_where_things_are_is_read() {
        let folder = folder();
        let file = folder.path().join("syncline.toml");
        let text =
            "key_file = \"syncline.key\"\n[database]\nurl = \"sqlite:s.db\"\n[crm]\nurl = \"postgres://db/crm\"\n";
        let config = Config::parse(text, &file).expect("read");
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database, format!("sqlite:{}", folder.path().join("s.db").display()));
        assert_eq!(config.crm, "postgres://db/crm");
        assert_eq!(config.crm_name, "crm");
    }

    // E3
    #[test]
    fn every_fault_is_told_at_once_with_its_line() {
        let folder = folder();
        let file = folder.path().join("syncline.toml");
        let text = "listen = 8080\nkey_file = \"missing.key\"\ncolour = \"red\"\n[database]\nurl = \"mysql://x\"\npool = 3\n[crm]\nname = \"a b\"\n";
        let faults = Config::parse(text, &file).expect_err("refused");
        let lines: Vec<_> = faults.faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [None, Some(1), Some(2), Some(3), Some(5), Some(6), Some(8)], "{faults}");
        assert!(faults.to_string().contains("crm.url is missing"));
        assert!(faults.to_string().contains(":2: key_file"));
    }

    // E3
    #[test]
    fn broken_syntax_does_not_hide_the_other_faults() {
        let folder = folder();
        let text = "listen = \nkey_file = \"nowhere.key\"\n";
        let faults = Config::parse(text, &folder.path().join("syncline.toml")).expect_err("refused");
        assert!(faults.faults.iter().any(|fault| fault.line == Some(1)));
        assert!(faults.faults.iter().any(|fault| fault.line == Some(2)));
        assert!(
            !faults.to_string().contains("is missing"),
            "what was perhaps not read is not called missing: {faults}"
        );
    }

    #[test]
    fn a_missing_file_is_told() {
        let faults = Config::read(Path::new("/nonexistent/syncline.toml")).expect_err("refused");
        assert!(faults.to_string().contains("is not there; write it"), "{faults}");
    }
}

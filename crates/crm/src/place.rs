//! Where the CRM's database is: in memory, in one file, or on a PostgreSQL server.

use crate::error::Error;
use std::path::PathBuf;

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// SQLite in memory, gone with the last clone of the CRM.
    Memory,
    /// SQLite in one file.
    File(PathBuf),
    /// PostgreSQL, by its URL.
    Postgres(String),
}

impl Place {
    /// Reads `sqlite::memory:`, `sqlite:PATH`, `sqlite://PATH` or a `postgres://` URL.
    ///
    /// # Errors
    /// Another form of text, which is not repeated: it may hold a password.
    pub fn parse(text: &str) -> Result<Place, Error> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Place::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:") {
            Some(":memory:" | "//:memory:") => Ok(Place::Memory),
            Some(path) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                if path.is_empty() { Err(Error::Place) } else { Ok(Place::File(PathBuf::from(path))) }
            }
            None => Err(Error::Place),
        }
    }
}

/// A URL may hold a password: only the kind is shown.
impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Place::Memory => "Memory",
            Place::File(_) => "File",
            Place::Postgres(_) => "Postgres",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_and_a_password_is_never_shown() {
        assert_eq!(Place::parse("sqlite::memory:").expect("a place"), Place::Memory);
        assert_eq!(Place::parse("sqlite:/var/crm.db").expect("a place"), Place::File("/var/crm.db".into()));
        assert_eq!(Place::parse("sqlite://crm.db").expect("a place"), Place::File("crm.db".into()));
        let place = Place::parse("postgres://crm:geheim@db/crm").expect("a place");
        assert!(!format!("{place:?}").contains("geheim"));
        for text in ["", "mysql://x", "sqlite:", "crm.db"] {
            assert!(Place::parse(text).is_err(), "{text}");
        }
    }
}

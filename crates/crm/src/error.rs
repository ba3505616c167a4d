//! What the CRM answers when it does not do as asked: the reason is a value, named by what the asker does next.

use serde::Serialize;
pub use sqlx::Error as DatabaseError;

/// Why a request was not carried out. Nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such record, or none that this user may see.
    #[error("no such record")]
    NotFound,
    /// The record was deleted; a merged contact lives on in another.
    #[error("the record was deleted")]
    Deleted {
        /// The contact it was merged into.
        merged_into: Option<String>,
    },
    /// Somebody changed the record since that version was read: read it again.
    #[error("the record was changed meanwhile; its version is {current}")]
    Stale {
        /// The version it has now.
        current: i64,
    },
    /// This user may not do that.
    #[error("{reason}")]
    Forbidden {
        /// In words, without content.
        reason: String,
    },
    /// The request itself is wrong: every fault at once.
    #[error("{}", Fault::list(.0))]
    Invalid(Vec<Fault>),
    /// A meeting whose invitations Exchange sent cannot be changed here (rule P6).
    #[error("{reason}")]
    Locked {
        /// In words.
        reason: String,
    },
    /// The database's place is not understood.
    #[error("the CRM's database is named as sqlite::memory:, sqlite:PATH or postgres://…")]
    Place,
    /// The database was written by a newer version of this program.
    #[error("the database has schema version {found}, this program knows {known}: use the newer program")]
    Newer {
        /// What the database says.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// A cursor of a page that this CRM did not give out.
    #[error("the page's cursor is not one of ours")]
    Cursor,
    /// The database holds what this program never writes.
    #[error("the database is damaged: {what}")]
    Corrupt {
        /// What was found.
        what: &'static str,
    },
    /// The database did not answer.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
}

/// One fault of a request: where, and what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The field, as the request names it.
    pub field: String,
    /// What is wrong, without the value.
    pub message: String,
}

impl Fault {
    /// A fault of a field.
    pub fn new(field: impl ToString, message: impl Into<String>) -> Fault {
        Fault { field: field.to_string(), message: message.into() }
    }

    fn list(faults: &[Fault]) -> String {
        let texts: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect();
        texts.join("; ")
    }
}

impl Error {
    /// A refusal for rights.
    pub(crate) fn forbidden(reason: impl Into<String>) -> Error {
        Error::Forbidden { reason: reason.into() }
    }

    /// One fault of one field.
    pub(crate) fn fault(field: impl ToString, message: impl Into<String>) -> Error {
        Error::Invalid(vec![Fault::new(field, message)])
    }
}

/// Refuses when there are faults.
pub(crate) fn check(faults: Vec<Fault>) -> Result<(), Error> {
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

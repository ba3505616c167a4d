//! A sub-folder that an administrator named (rule D7).

use crate::domain::Kind;
use crate::id::FolderId;
use serde::{Deserialize, Serialize};

/// Which folder a named one was found to be, and what leads to it there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedFolder {
    /// The server's id, which stays when people give it another name or place.
    pub id: FolderId,
    /// The names that lead to it, in lower case.
    pub path: String,
}

impl NamedFolder {
    /// What a kind's folder of that name is remembered under.
    #[must_use]
    pub fn key(kind: Kind, name: &str) -> String {
        format!("{}/{name}", kind.as_str())
    }

    /// Kind and name of a key.
    #[must_use]
    pub fn of_key(key: &str) -> Option<(Kind, &str)> {
        let (kind, name) = key.split_once('/')?;
        Kind::parse(kind).map(|kind| (kind, name))
    }
}

//! The two sides of a pairing: the CRM, and the mailbox ("PIM").

use serde::{Deserialize, Serialize};

/// One of the two sides. A side is data: no code path exists for one direction only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The CRM.
    Crm,
    /// The mailbox.
    Pim,
}

impl Side {
    /// Both sides, CRM first.
    pub const BOTH: [Side; 2] = [Side::Crm, Side::Pim];

    /// The other side.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Crm => Side::Pim,
            Side::Pim => Side::Crm,
        }
    }

    /// The word used in the store, the API and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Crm => "crm",
            Side::Pim => "pim",
        }
    }

    /// Reads the word written by [`Side::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| side.as_str() == text)
    }
}

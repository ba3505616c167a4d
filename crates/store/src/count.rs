//! What a cycle did, as a word: what the brakes count, and what people are shown.

use serde::{Deserialize, Serialize};

/// What a cycle did, counted (rule C8's rolling windows, and what the demo and W4 show).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Records made.
    Created,
    /// Records changed.
    Updated,
    /// Records deleted.
    Deleted,
    /// Links made by matching.
    Matched,
    /// Marks set on linked items.
    Marked,
    /// Conflicts recorded.
    Conflict,
    /// Meetings brought in whose organiser the CRM does not know (rule P3).
    Invited,
}

impl Count {
    /// All of them.
    pub const ALL: [Count; 7] = [
        Count::Created,
        Count::Updated,
        Count::Deleted,
        Count::Matched,
        Count::Marked,
        Count::Conflict,
        Count::Invited,
    ];

    /// The word used in the store and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Count::Created => "created",
            Count::Updated => "updated",
            Count::Deleted => "deleted",
            Count::Matched => "matched",
            Count::Marked => "marked",
            Count::Conflict => "conflict",
            Count::Invited => "invited",
        }
    }

    /// Reads the word written by [`Count::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Count> {
        Count::ALL.into_iter().find(|count| count.as_str() == text)
    }
}

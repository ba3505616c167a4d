//! The people of a meeting, as the organiser's copy shows them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The people of a meeting, keyed by [`Attendee::key`], so that a merge works person by person (rule C2).
pub type People = BTreeMap<String, Attendee>;

/// One participant besides the organiser. An unknown one is kept by name and address (rule P2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Attendee {
    /// As shown.
    pub name: String,
    /// The mail address as written; absent when the server knows none.
    pub address: Option<String>,
    /// Required, optional or a resource.
    pub role: Role,
    /// What he answered, as far as the organiser's copy knows.
    pub response: Response,
}

impl Attendee {
    /// What tells one person from another: the address without case, else the name.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.address {
            Some(address) if !address.trim().is_empty() => address.trim().to_lowercase(),
            Some(_) | None => format!("name:{}", self.name.trim().to_lowercase()),
        }
    }
}

impl std::fmt::Debug for Attendee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attendee({:?}, {:?})", self.role, self.response)
    }
}

/// How a participant is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Must come.
    Required,
    /// May come.
    Optional,
    /// A room or a thing.
    Resource,
}

/// What a participant answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// The server does not say.
    Unknown,
    /// Nobody asked him there: he stands in our block of a mailbox copy alone (rule C9).
    NotAsked,
    /// The meeting is his own.
    Organizer,
    /// Asked, no answer yet.
    NotResponded,
    /// Comes.
    Accepted,
    /// Comes perhaps.
    Tentative,
    /// Does not come.
    Declined,
}

impl Response {
    /// Rule P3: an invitation from outside enters only once accepted or tentatively accepted.
    #[must_use]
    pub fn accepts(self) -> bool {
        match self {
            Response::Accepted | Response::Tentative | Response::Organizer => true,
            Response::Unknown | Response::NotAsked | Response::NotResponded | Response::Declined => false,
        }
    }
}

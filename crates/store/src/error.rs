//! What can go wrong when something is remembered, named by what follows.

use jiff::Timestamp;
use model::PairingId;

/// The store's answer.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What went wrong. No text carries content of a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The lease was lost: nothing was stored, stop this cycle.
    #[error("the lease was taken over by another node or ended; nothing was stored")]
    Fenced,
    /// A unique key belongs to somebody else: nothing was stored.
    #[error("already taken: {0}")]
    Taken(Key),
    /// The database does not answer: try again with patience.
    #[error("the database cannot be used now: {0}")]
    Unavailable(String),
    /// A stored row cannot be read.
    #[error("a stored row cannot be read: {at}")]
    Corrupt {
        /// Which row, without its content.
        at: String,
    },
    /// There is no such row.
    #[error("there is no {0}")]
    NotFound(String),
    /// Somebody changed it meanwhile: read again.
    #[error("it was changed meanwhile and is now at generation {generation}")]
    Conflict {
        /// The generation it has now.
        generation: u64,
    },
    /// Another `serve` works on this database file.
    #[error("another serve works on this database{}; stop it first, or use PostgreSQL for several nodes", since.map_or(String::new(), |at| format!(" since {at}")))]
    ServeRunning {
        /// Since when, when it told.
        since: Option<Timestamp>,
    },
    /// The request is wrong; every fault at once.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Fault>),
    /// This engine does not do that; the text says what does.
    #[error("{0}")]
    Refused(String),
    /// The database was made by a newer version.
    #[error("the database has schema {found}, this version knows {known}: use the newer version")]
    SchemaNewer {
        /// What it has.
        found: i64,
        /// What this version knows.
        known: i64,
    },
    /// The database has an older schema: `syncline migrate` brings it up.
    #[error("the database has schema {found}, this version needs {known}: run migrate")]
    SchemaOlder {
        /// What it has; 0 for an empty one.
        found: i64,
        /// What this version needs.
        known: i64,
    },
}

/// Which unique key is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Key {
    /// Another link of the pairing has this CRM record.
    #[error("another link holds this CRM record")]
    LinkCrm,
    /// Another link of the pairing has this mailbox item.
    #[error("another link holds this mailbox item")]
    LinkPim,
    /// A row with this id belongs to another pairing.
    #[error("the id belongs to another pairing")]
    Id,
    /// Another create of the same CRM record is open.
    #[error("another create of this record is open, by {by}")]
    SharedKey {
        /// The pairing that began it.
        by: PairingId,
    },
}

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Rule L1: one mailbox each.
    #[error("the user is already mapped (pairing {0})")]
    UserTaken(PairingId),
    /// Rule L1: one user each.
    #[error("the mailbox is already mapped (pairing {0})")]
    AddressTaken(PairingId),
    /// A mailbox needs an address.
    #[error("the mailbox's address is blank")]
    AddressBlank,
    /// No such connection.
    #[error("there is no connection '{0}'")]
    ConnectionUnknown(String),
    /// The connection is still used.
    #[error("the connection '{name}' is used by {pairings} pairings")]
    ConnectionUsed {
        /// The connection.
        name: String,
        /// How many.
        pairings: u64,
    },
    /// The pairing's id is taken.
    #[error("the pairing id {0} is taken")]
    IdTaken(PairingId),
    /// Another fault, in words.
    #[error("{0}")]
    Other(String),
}

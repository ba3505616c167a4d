//! The built-in CRM as one side of a pairing, and as the directory of its users.
//!
//! [`CrmRemote`] answers for one user's records, [`CrmDirectory`] for everybody's groups, addresses and what happened.
//! The CRM knows nothing of mailboxes; its words meet ours in `map`, which is pure.

mod directory;
mod map;
mod remote;
#[cfg(test)]
mod tests;
mod trouble;
mod write;

pub use directory::CrmDirectory;
pub use map::CrmLens;
pub use remote::CrmRemote;

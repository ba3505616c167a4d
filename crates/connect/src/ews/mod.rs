//! Exchange mailboxes through Exchange Web Services.
//!
//! An [`EwsConnection`] opens mailboxes; [`EwsRemote`] implements the engine's port for one mailbox; [`EwsLens`] says how a value will look there. `map` and
//! `draft` are the one place where Exchange's properties meet our fields, driven by the field maps and pure.

mod affinity;
mod astray;
mod body;
mod call;
mod called_off;
mod check;
mod connection;
mod create;
mod directory;
mod draft;
mod draft_kinds;
mod folders;
mod gate;
mod global_id;
mod html;
mod html_edit;
mod items;
mod kind_map;
mod lens;
mod map;
mod map_faults;
mod meeting;
mod observe;
mod occurrences;
mod own;
mod people;
mod planned;
mod property;
mod remote;
mod retry_after;
mod rule;
mod search;
mod sent;
mod spoken;
mod stream;
mod time;
mod trouble;
mod write;
mod zone;

pub use affinity::Affinity;
pub use check::{Found, Step};
pub use connection::{EwsConnection, EwsSettings};
pub use gate::Gate;
pub use lens::EwsLens;
pub use map_faults::faults;
pub use remote::EwsRemote;
pub use stream::{Heard, Stream};

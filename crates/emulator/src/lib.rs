//! An Exchange server in memory that speaks EWS over HTTP, written from Microsoft's documentation and using nothing of the product.
//!
//! A [`Site`] is an organisation; one or several [`Emulator`]s are its servers; each holds mailboxes. What goes over the
//! wire is what an Exchange 2016 would say, checked against Microsoft's schemas. What a test wants to know or break stands
//! behind the wire: [`Emulator::counters`], [`Emulator::sink`], [`Emulator::move_mailbox`], [`Quirk`], [`FaultAction`].

mod change_log;
mod codes;
mod counters;
mod der;
mod emulator;
mod ews;
mod faults;
mod folder;
mod habits;
mod ids;
mod in_process;
mod item;
pub mod listen;
mod mailbox;
mod meeting;
mod mime;
mod ntlm;
mod paths;
mod quirks;
mod record;
mod recurrence;
mod recurrence_xml;
mod router;
mod schema_check;
mod shape;
mod signing;
mod site;
mod streams;
mod subscriptions;
mod xml;
mod zone;
mod zone_rules;
mod zone_table;

pub use counters::{Counters, ItemCounts, MailboxCounters, WrittenBy};
pub use emulator::{Clock, Emulator, EmulatorOptions, Hook, ItemRef, MailboxSpec, Taken, Unknown};
pub use ews::soap::ServerVersion;
pub use faults::{Effect, FaultAction, RequestInfo};
pub use in_process::{Said, Unsaid};
pub use item::Damage;
pub use mailbox::{MailboxKind, MailboxState};
pub use quirks::Quirk;
pub use signing::{Application, ExtendedProtection, Offers};
pub use site::{MailKind, SinkEntry, Site};

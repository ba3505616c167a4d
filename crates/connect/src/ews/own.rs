//! The properties that are ours alone on items and folders, and those of Exchange that have no name of their own.

use std::borrow::Cow;
use wire::ews::{ExtendedName, ExtendedPath, ExtendedType, Path, PropertySet};

/// Our own set of named properties. It never changes: marks are looked for by it (trap 47).
const OURS: &str = "6b8e2f0a-53c1-4d0e-9a77-51f2c0d4e9b3";

fn named(name: &'static str) -> ExtendedPath {
    // Asked for of every item, so it is not made anew each time.
    let set = PropertySet::Guid(Cow::Borrowed(OURS));
    ExtendedPath { name: ExtendedName::Named(set, Cow::Borrowed(name)), kind: ExtendedType::String }
}

fn ours(name: &'static str) -> Path {
    Path::Extended(named(name))
}

/// Whether a set of named properties is ours.
pub fn is_ours(set: &PropertySet) -> bool {
    *set == PropertySet::of_guid(OURS)
}

/// The whole mark, renewed with each update of ours.
pub fn mark() -> Path {
    ours("SynclineMark")
}

/// The mark's key alone, which stays the same and can be searched for.
pub fn key() -> Path {
    ours("SynclineKey")
}

/// The participants a CRM activity has, while nobody may be written into the item (rule C9).
pub fn people() -> Path {
    ours("SynclinePeople")
}

/// Which of the categories is the activity type we wrote.
pub fn activity_type() -> Path {
    ours("SynclineType")
}

/// The mailbox's own id, on its root folder.
pub fn mailbox() -> ExtendedPath {
    named("SynclineMailbox")
}

/// The meeting's global id without the day of an occurrence: the same in every mailbox that shows it (rule P1), and of a
/// series and its occurrences.
pub fn clean_global_id() -> Path {
    Path::Extended(ExtendedPath::number("Meeting", 0x0023, ExtendedType::Binary))
}

/// The meeting's global id, with the day where somebody was invited to one occurrence alone.
pub fn global_id() -> Path {
    Path::Extended(ExtendedPath::number("Meeting", 0x0003, ExtendedType::Binary))
}

/// Whether it is a meeting, and was received (PidLidAppointmentStateFlags).
pub fn state_flags() -> Path {
    Path::Extended(ExtendedPath::number("Appointment", 0x8217, ExtendedType::Integer))
}

/// What this mailbox's owner answered (PidLidResponseStatus).
pub fn response_status() -> Path {
    Path::Extended(ExtendedPath::number("Appointment", 0x8218, ExtendedType::Integer))
}

/// The tags under which MAPI keeps a person.
pub struct Person {
    /// The address as MAPI's own kind of id.
    pub entry: u16,
    /// The name.
    pub name: u16,
    /// The kind of address.
    pub kind: u16,
    /// The address.
    pub address: u16,
    /// The mail address.
    pub smtp: u16,
}

/// In whose name it was sent: what Exchange shows as the organiser.
pub const SENT_REPRESENTING: Person =
    Person { entry: 0x0041, name: 0x0042, kind: 0x0064, address: 0x0065, smtp: 0x5D02 };

/// Who sent it.
pub const SENDER: Person = Person { entry: 0x0C19, name: 0x0C1A, kind: 0x0C1E, address: 0x0C1F, smtp: 0x5D01 };

/// A text of MAPI's by its tag.
pub fn string(tag: u16) -> Path {
    Path::Extended(ExtendedPath::tag(tag, ExtendedType::String))
}

/// Bytes of MAPI's by their tag.
pub fn binary(tag: u16) -> Path {
    Path::Extended(ExtendedPath::tag(tag, ExtendedType::Binary))
}

/// The organiser's mail address, where the organiser itself comes with an internal one.
pub fn organizer_address() -> Path {
    string(SENT_REPRESENTING.smtp)
}

/// Whose copy of an assigned task this is: 1 is the assigner's (rule D6).
pub fn task_ownership() -> Path {
    Path::Extended(ExtendedPath::number("Task", 0x8129, ExtendedType::Integer))
}

/// Set on the one-off that completing a recurring task leaves behind (rule R6).
pub fn dead_occurrence() -> Path {
    Path::Extended(ExtendedPath::number("Task", 0x8109, ExtendedType::Boolean))
}

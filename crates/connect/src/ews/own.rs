//! The properties that are ours alone on items and folders, and those of Exchange that have no name of their own.

use wire::ews::{ExtendedPath, ExtendedType, Path, PropertySet};

/// Our own set of named properties. It never changes: marks are looked for by it (trap 47).
const OURS: &str = "6b8e2f0a-53c1-4d0e-9a77-51f2c0d4e9b3";

fn ours(name: &str) -> Path {
    Path::Extended(ExtendedPath::named(OURS, name, ExtendedType::String))
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
    ExtendedPath::named(OURS, "SynclineMailbox", ExtendedType::String)
}

/// The meeting's global id without its instance part: the same in every mailbox that shows it (rule P1).
pub fn clean_global_id() -> Path {
    Path::Extended(ExtendedPath::number("Meeting", 0x0023, ExtendedType::Binary))
}

/// The organiser's mail address, where the organiser itself comes with an internal one.
pub fn organizer_address() -> Path {
    Path::Extended(ExtendedPath::tag(0x5D02, ExtendedType::String))
}

/// Whose copy of an assigned task this is: 1 is the assigner's (rule D6).
pub fn task_ownership() -> Path {
    Path::Extended(ExtendedPath::number("Task", 0x8129, ExtendedType::Integer))
}

/// Set on the one-off that completing a recurring task leaves behind (rule R6).
pub fn dead_occurrence() -> Path {
    Path::Extended(ExtendedPath::number("Task", 0x8109, ExtendedType::Boolean))
}

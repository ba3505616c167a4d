//! What Syncline keeps the same on both sides: records, their fields and values, domains, levels, maps and times.
//!
//! Everything here is plain data and pure functions. Connectors know what a record is from this crate and cannot decide
//! anything about it; deciding is `plan`'s.
#![forbid(unsafe_code)]

pub mod attendee;
pub mod domain;
pub mod field;
pub mod fields;
pub mod form;
pub mod global_id;
pub mod id;
pub mod lens;
pub mod level;
pub mod link;
pub mod map;
pub mod maps_ews;
pub mod mark;
mod named_folder;
pub mod record;
pub mod recurrence;
pub mod same;
pub mod schedule;
pub mod settings;
pub mod side;
pub mod value;
pub mod when;
pub mod zone;

pub use attendee::{Attendee, People, Response, Role};
pub use domain::{Domain, Kind};
pub use field::{Field, Path, Unit};
pub use fields::Fields;
pub use id::{CrmId, EmployeeKey, FolderId, LinkId, MailboxId, PairingId, RecordId, UserId, Version};
pub use lens::Lens;
pub use level::Level;
pub use link::{End, Form, Link, Sleep, SleepCause};
pub use map::{Direction, DomainMap, MapEntry, Translation};
pub use mark::Mark;
pub use named_folder::NamedFolder;
pub use record::{Facts, Gone, Part, Record, Seen};
pub use recurrence::{Index, Pattern, Range, Recurrence, Unit as RegenerationUnit};
pub use side::Side;
pub use value::Value;
pub use when::When;
pub use zone::{CustomZone, Zone};

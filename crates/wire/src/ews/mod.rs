//! Exchange Web Services: each operation as a request to write and an answer to read.
//!
//! An operation is a plain struct that implements [`Operation`]: [`prepare`] gives the bytes to send, and
//! [`parse`] reads what came back into one result per item. Element and property names are Microsoft's own
//! (<https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/ews-operations-in-exchange>).

mod answer;
mod attendee;
mod code;
mod create_folder;
mod create_item;
mod delete_folder;
mod delete_item;
mod envelope;
mod envelopes;
mod find_folder;
mod find_item;
mod folder;
mod get_folder;
mod get_item;
mod id;
mod item;
mod item_write;
mod mail;
mod moment;
mod move_item;
mod path;
mod property;
mod recurrence;
mod resolve_names;
mod restriction;
mod rooms;
mod shape;
mod streaming;
mod subscribe;
mod sync_folder_items;
mod update_folder;
mod update_item;
mod value;
mod zone;

pub use answer::{Answer, Failure, Refusal, ServerText};
pub use attendee::{Attendee, Mailbox, OccurrenceInfo};
pub use code::ResponseCode;
pub use create_folder::{CreateFolder, NewFolder};
pub use create_item::CreateItem;
pub use delete_folder::DeleteFolder;
pub use delete_item::{AffectedTaskOccurrences, DeleteItem, DeleteType};
pub use envelope::{Header, Impersonation, Operation, Reply, ServerVersion, Version, parse, prepare, server_of};
pub use envelopes::{Envelopes, TooLong};
pub use find_folder::{FindFolder, FolderPage, FolderTraversal};
pub use find_item::{FindItem, ItemPage, Span, View};
pub use folder::{Folder, FolderKind};
pub use get_folder::{Folders, GetFolder};
pub use get_item::{GetItem, ItemRef, Items};
pub use id::{DistinguishedFolder, FolderId, FolderRef, ItemId};
pub use item::{Item, ItemKind};
pub use mail::{Mail, MailOn};
pub use moment::Moment;
pub use move_item::MoveItem;
pub use path::{Dictionary, ExtendedName, ExtendedPath, ExtendedType, Path, PropertySet, Word};
pub use property::Property;
pub use recurrence::{DayOfWeek, Pattern, Range, Recurrence, Week};
pub use resolve_names::{Resolutions, ResolveNames, Resolved};
pub use restriction::Restriction;
pub use rooms::{GetRoomLists, GetRooms, RoomLists, Rooms};
pub use shape::{BodyFormat, Shape};
pub use streaming::{GetStreamingEvents, LONGEST_STREAM_MINUTES, StreamingPart};
pub use subscribe::{Subscribe, Subscribed, Unsubscribe};
pub use sync_folder_items::{Change, Changes, SyncFolderItems};
pub use update_folder::UpdateFolder;
pub use update_item::{ConflictResolution, FieldChange, ItemChange, UpdateItem};
pub use value::{Body, BodyKind, Value};
pub use zone::{Period, Transition, TransitionsGroup, When, ZoneDefinition};

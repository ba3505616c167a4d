//! What a write carries and answers.

use model::{Attendee, Domain, Fields, FolderId, Mark, Path, Record, RecordId, UserId, Version};
use std::sync::Arc;

/// A create.
#[derive(Clone)]
pub struct Create {
    /// The domain it is made as.
    pub domain: Domain,
    /// The folder; the default one when absent.
    pub folder: Option<FolderId>,
    /// What it says, in that side's words.
    pub fields: Fields,
    /// The mark; its key is unique to this create.
    pub mark: Mark,
    /// CRM: the meeting's global id.
    pub global_id: Option<String>,
    /// Mailbox: the item is a participant's copy of this meeting, and nobody is asked by it (rule P5). A mailbox that does
    /// not keep that leaves nothing there and answers [`super::Trouble::Refused`] with [`MEETING_NOT_KEPT`].
    pub meeting: Option<Meeting>,
    /// CRM: locked by Exchange.
    pub locked: bool,
    /// CRM: the owner, when it is not this pairing's user.
    pub owner: Option<UserId>,
    /// CRM: the record it is made from (rule O5): what no mailbox shows of it goes over too.
    pub made_from: Option<RecordId>,
    /// CRM: the record that this was before it was deleted; it comes back under its id where the CRM can do that.
    pub revive: Option<RecordId>,
    /// Whom it may write to.
    pub mail: Mail,
}

/// What a participant's copy shows of the meeting it is (rule P5).
#[derive(Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The global id, without its instance part.
    pub global_id: String,
    /// Who holds it, with an address.
    pub organizer: Attendee,
}

/// The code of a mailbox that does not keep whose meeting a copy is.
pub const MEETING_NOT_KEPT: &str = "MeetingNotKept";
/// The code of [`super::Trouble::Refused`] where the mailbox has no room: the record is not at fault, and goes over when it has.
pub const MAILBOX_FULL: &str = "MailboxFull";

/// An update.
#[derive(Clone)]
pub struct Update {
    /// The domain it is updated as.
    pub domain: Domain,
    /// Which.
    pub id: RecordId,
    /// The version planned against; another one is [`super::Trouble::Stale`].
    pub version: Version,
    /// Mailbox: what it said when this was planned. A server whose versions move while nothing happens to a record is met
    /// by that: what still says the same is written against the version just read.
    pub planned: Option<Arc<Record>>,
    /// The paths to write; null clears. `occurrence(…).state` null makes an occurrence as the series again.
    pub changes: Fields,
    /// The paths of occurrences that must stand after a rule was set (exceptions that survive it, rule R3).
    pub keep: Fields,
    /// Mailbox: the mark with its renewed write number, written in the same request.
    pub mark: Option<Mark>,
    /// Whom it may write to.
    pub mail: Mail,
}

/// Whom a write may make the server write to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mail {
    /// Nobody.
    #[default]
    None,
    /// The participants; only where an administrator turned mail on (rule C9).
    Send,
}

/// What a write answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The id it has now.
    pub id: RecordId,
    /// The version it has now.
    pub version: Version,
    /// The id the answer named when it is not the record's: the one-off that completing a recurring task left (rule R6).
    pub other: Option<RecordId>,
    /// What did not work though the record was written, in words: an occurrence the server refused.
    pub partly: Vec<(Path, String)>,
}

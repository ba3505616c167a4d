//! A link: two copies known to be one record, with what each side showed when they last agreed.

use crate::domain::{Domain, Kind};
use crate::field::Path;
use crate::fields::Fields;
use crate::id::{FolderId, LinkId, PairingId, RecordId, Version};
use crate::side::Side;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Two copies of one record in one pairing. Unique by (pairing, kind, PIM id) and by (pairing, kind, CRM id).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its own id.
    pub id: LinkId,
    /// The pairing it belongs to: every row carries it (invariant 12).
    pub pairing: PairingId,
    /// What the record is.
    pub kind: Kind,
    /// What it was last judged to be.
    pub domain: Domain,
    /// The CRM copy.
    pub crm: End,
    /// The mailbox copy.
    pub pim: End,
    /// The folder of the mailbox copy.
    pub folder: Option<FolderId>,
    /// Where the record was born, as far as we know.
    pub born: Side,
    /// What the mailbox copy is.
    pub form: Form,
    /// The mark's key in the mailbox copy.
    pub mark_key: String,
    /// The number of our last update of the mailbox copy.
    pub write_no: u64,
    /// The meeting's global id.
    pub global_id: Option<String>,
    /// Why nothing is written at present, and since when.
    pub sleep: Option<Sleep>,
    /// How often a path was written with one value and came back otherwise; three times freezes it (decision 3).
    #[serde(default)]
    pub bounced: BTreeMap<Path, u8>,
}

/// One end of a link: the copy's id, the version last agreed on, and the image the side showed then.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// As that side names it.
    pub id: RecordId,
    /// The version at the last settle.
    pub version: Version,
    /// What that side showed at the last settle: its own image of the base (decision 1).
    pub base: Fields,
}

/// What the mailbox copy is: it decides which fields may flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The owner's or organiser's own copy, or a record without participants.
    Own,
    /// A participant's plain appointment "Name: subject" made by us, where the server keeps no more (rule P5).
    ParticipantCopy,
    /// A participant's copy made by us that is the meeting itself: the owner's global id, the owner as its organiser, and
    /// received, though nobody was asked by it (rule P5).
    MeetingCopy,
    /// A copy a real invitation made in an attendee's mailbox; only the carrier's brings shared fields in (rule P3).
    Received,
}

/// A sleep: the link is kept with its base and nothing is written until what put it to sleep ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sleep {
    /// Why.
    pub cause: SleepCause,
    /// Since when.
    pub since: Timestamp,
}

/// Why a link sleeps. Each has a text in `explain` and a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SleepCause {
    /// The level does not permit it (L6).
    Level,
    /// The activity lost its planned times (D4).
    NoTimes,
    /// Before the extract start (O9).
    Window,
    /// A filter keeps it out (O7).
    Filter,
    /// The user may not see it any more; the grace time runs (O2).
    NotVisible,
    /// The mailbox copy is in another folder or the archive (C12).
    Left,
    /// The copy was deleted on the receiving side; its source's next edit makes it again (D1).
    ReceiverDeleted,
    /// Deletions are forbidden here; the record's next edit makes the copy again (C7).
    DeleteForbidden,
    /// Private ones are skipped, and this one became private (O8).
    Private,
    /// The employee was taken off, but a real invitation made the item (D6).
    TakenOff,
    /// A business contact deleted in the mailbox at a level that may not take it from the CRM (D1).
    KeptInCrm,
    /// The user removed the meeting from his calendar in the CRM (C6).
    Hidden,
    /// The item became the tracking copy of a task that its user gave to somebody else (D6).
    Tracked,
    /// The user deleted his copy, which hid the meeting from his calendar in the CRM; taken back, it is shown again (C6).
    Removed,
    /// The mailbox moved to another server, and the item, which bears no mark of ours, was not found there yet (M4).
    Moved,
    /// The store was restored, and we may have taken the copy away ourselves since: it is to be made again (C4).
    Restored,
}

impl Form {
    /// Whether it is a copy that we made for a participant.
    #[must_use]
    pub fn is_participants(self) -> bool {
        matches!(self, Form::ParticipantCopy | Form::MeetingCopy)
    }
}

impl Link {
    /// The end on a side.
    #[must_use]
    pub fn end(&self, side: Side) -> &End {
        match side {
            Side::Crm => &self.crm,
            Side::Pim => &self.pim,
        }
    }

    /// The end on a side, to change it.
    pub fn end_mut(&mut self, side: Side) -> &mut End {
        match side {
            Side::Crm => &mut self.crm,
            Side::Pim => &mut self.pim,
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({} {} crm {} pim {} {:?})", self.id, self.domain, self.crm.id, self.pim.id, self.sleep)
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "End({} {})", self.id, self.version)
    }
}

//! A record as one side showed it: its fields, and the facts about it that planning reads and nobody merges.

use crate::attendee::{Attendee, Response};
use crate::domain::{Domain, Kind};
use crate::field::{Field, Path};
use crate::fields::Fields;
use crate::id::{FolderId, RecordId, UserId, Version};
use crate::mark::Mark;
use crate::value::Value;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A record of one side. `Debug` shows its kind and id only (invariant 9).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is there.
    pub kind: Kind,
    /// As that side names it.
    pub id: RecordId,
    /// Changes with each change of the record, and sometimes by itself (trap 50).
    pub version: Version,
    /// What it says.
    pub fields: Fields,
    /// What else is known of it.
    pub facts: Facts,
}

/// What a side knows of a record besides its fields. A side fills what it can know; the rest stays at its default.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// CRM: which domain the record is (an activity shown nowhere has none). Mailbox: never set; `plan::scope` judges.
    #[serde(skip_serializing_if = "is_default")]
    pub domain: Option<Domain>,
    /// CRM: this pairing's user has it on the Sync List.
    #[serde(skip_serializing_if = "is_default")]
    pub on_sync_list: bool,
    /// CRM: when visibility was lost but the Sync List row stays, the record is shown with this set.
    #[serde(skip_serializing_if = "is_default")]
    pub not_visible: bool,
    /// What this pairing's user is in the record.
    #[serde(skip_serializing_if = "is_default")]
    pub part: Part,
    /// CRM: the owner.
    #[serde(skip_serializing_if = "is_default")]
    pub owner: Option<UserId>,
    /// The organiser's or owner's name and address.
    #[serde(skip_serializing_if = "is_default")]
    pub organizer: Option<Attendee>,
    /// CRM: how many others have it on their team or Sync List (rule O5).
    #[serde(skip_serializing_if = "is_default")]
    pub others: u32,
    /// CRM: "locked by Exchange" (rule P6).
    #[serde(skip_serializing_if = "is_default")]
    pub locked: bool,
    /// CRM: the user removed it from his My Calendar (rule C6).
    #[serde(skip_serializing_if = "is_default")]
    pub hidden: bool,
    /// CRM: the key of the create that made it (integration id).
    #[serde(skip_serializing_if = "is_default")]
    pub integration_key: Option<String>,
    /// The meeting's global id with the instance part cleared (rule P1).
    #[serde(skip_serializing_if = "is_default")]
    pub global_id: Option<String>,
    /// Another participant besides the organiser is shown (rule C6).
    #[serde(skip_serializing_if = "is_default")]
    pub meeting: bool,
    /// Mailbox: our mark.
    #[serde(skip_serializing_if = "is_default")]
    pub mark: Option<Mark>,
    /// Mailbox: the folder it stands in.
    #[serde(skip_serializing_if = "is_default")]
    pub folder: Option<FolderId>,
    /// Mailbox: when the item was made there, when the side tells.
    #[serde(skip_serializing_if = "is_default")]
    pub created: Option<Timestamp>,
    /// When it was changed last, as the side's own clock says, when the side tells: for figures alone (rule W4).
    #[serde(skip_serializing_if = "is_default")]
    pub changed: Option<Timestamp>,
    /// Mailbox: the name a contact is shown under there, else what it is filed under; its parts lead (trap 113).
    #[serde(skip_serializing_if = "is_default")]
    pub shown_as: Option<String>,
    /// Mailbox: the item's class.
    #[serde(skip_serializing_if = "is_default")]
    pub class: String,
    /// Mailbox: requests were sent (rule P6).
    #[serde(skip_serializing_if = "is_default")]
    pub requests_sent: bool,
    /// Mailbox: this copy is an attendee's, received.
    #[serde(skip_serializing_if = "is_default")]
    pub received: bool,
    /// Mailbox: it stands there as received, bears our mark and asks nobody: a participant's copy that we made (rule P5).
    #[serde(skip_serializing_if = "is_default")]
    pub meeting_copy: bool,
    /// Mailbox: what the owner of this mailbox answered.
    #[serde(skip_serializing_if = "is_default")]
    pub my_response: Option<Response>,
    /// Mailbox: it has a join link, so its body is never written.
    #[serde(skip_serializing_if = "is_default")]
    pub online_meeting: bool,
    /// Mailbox: a task request's tracking copy (rule D6).
    #[serde(skip_serializing_if = "is_default")]
    pub tracking_copy: bool,
    /// Mailbox: the one-off that completing a recurring task left behind (rule R6).
    #[serde(skip_serializing_if = "is_default")]
    pub completed_copy: bool,
    /// Why the side could not be read fully, in words; the record goes to quarantine with it (rule E1).
    #[serde(skip_serializing_if = "is_default")]
    pub unreadable: Option<String>,
}

/// What a record has nothing to tell of is not written: most records have few facts, and every one of them is stored.
fn is_default<T: Default + PartialEq>(fact: &T) -> bool {
    *fact == T::default()
}

/// What a pairing's user is in a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// It is his: owner in the CRM, organiser in the mailbox.
    #[default]
    Owner,
    /// He takes part in somebody else's.
    Participant,
    /// He was on it and no longer is (rule D6).
    Former,
}

/// What a look at one id found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The record is there.
    Present(Arc<Record>),
    /// It is not, and why.
    Gone(Gone),
}

/// Why a record is not there any more (decision 4). Only a proven delete becomes a delete elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// Deleted: proven by reading that id.
    Deleted,
    /// Deleted too, but it lives on in another record it was merged into (rule M5).
    Merged,
    /// It stands, but this user may not see it.
    NotVisible,
    /// The user took it off his Sync List.
    Delisted,
    /// Outside the observed window.
    OutOfWindow,
    /// In another folder or the archive.
    Left,
    /// Not found, and nothing proves why.
    Unknown,
}

impl Record {
    /// The value at a field of the record itself.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&Value> {
        self.fields.get(&Path::of(field))
    }

    /// The text at a field, if there is one that is not blank.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        self.get(field).filter(|value| !value.is_blank()).and_then(Value::as_text)
    }

    /// Whether the record carries the Private flag.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.get(Field::Private).and_then(Value::as_flag).unwrap_or(false)
    }

    /// The categories it carries.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.get(Field::Categories).and_then(Value::as_set).into_iter().flatten().map(String::as_str)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Facts({:?}, {:?})", self.domain, self.part)
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Present(record) => write!(f, "Present({record:?})"),
            Seen::Gone(gone) => write!(f, "Gone({gone:?})"),
        }
    }
}

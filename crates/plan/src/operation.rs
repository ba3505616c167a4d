//! A plan as data: operations in order, what the link is afterwards, and what a person is told.

use model::{Domain, Fields, Form, Kind, Link, Path, Side, SleepCause, UserId, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What to do about one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The domain it was judged as.
    pub domain: Option<Domain>,
    /// In this order, one effect at a time.
    pub ops: Vec<Op>,
    /// What is true once they are done.
    pub after: After,
    /// Units both sides changed, and who won.
    pub conflicts: Vec<Conflict>,
    /// Why, rule by rule, for `explain` and the history.
    pub reasons: Vec<Reason>,
}

/// One effect on one side.
#[derive(Clone, PartialEq, Eq)]
pub enum Op {
    /// Make the record there.
    Create {
        /// Where.
        side: Side,
        /// As what.
        domain: Domain,
        /// In that side's words.
        fields: Fields,
        /// What the mailbox copy will be.
        form: Form,
        /// CRM: the meeting's global id.
        global_id: Option<String>,
        /// CRM: locked by Exchange.
        locked: bool,
        /// CRM: the owner, when it is another than the pairing's user.
        owner: Option<UserId>,
    },
    /// Write paths there.
    Update {
        /// Where.
        side: Side,
        /// Null clears; a null state of an occurrence makes it as the series again.
        changes: Fields,
        /// Exceptions that must stand after a rule was set (rule R3).
        keep: Fields,
    },
    /// Delete there; in the mailbox always to Deleted Items (rule C4).
    Delete {
        /// Where.
        side: Side,
        /// Only once the record's new copy of this kind is linked (rule D3).
        after_new: Option<Kind>,
    },
    /// Bring the mailbox copy that carries this mark's key back from Deleted Items (rule O2).
    Restore {
        /// The key.
        mark_key: String,
    },
    /// Put the user on the record's Sync List.
    Enlist,
    /// Take the user off the record's Sync List.
    Delist,
    /// Take the user off a to-do, or hide the meeting from his calendar.
    Leave,
    /// Show a meeting in the user's calendar again that his own delete had hidden there.
    Rejoin,
    /// Tell the CRM the meeting's global id and whether Exchange locks it.
    Flag {
        /// The global id.
        global_id: Option<String>,
        /// Locked by Exchange.
        locked: bool,
    },
}

/// What is true once the operations are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// The two copies agree as this link says; ids and versions of written ends are the engine's to fill.
    Linked(Box<Link>),
    /// A new link between two records: the engine makes it, with these bases.
    New {
        /// As what.
        domain: Domain,
        /// What the mailbox copy is.
        form: Form,
        /// Where it was born.
        born: Side,
        /// The CRM's image.
        crm: Fields,
        /// The mailbox's image.
        pim: Fields,
        /// The meeting's global id.
        global_id: Option<String>,
    },
    /// The copy leaves the mailbox while the record stands: the link is put aside to bring the copy back (rule O2).
    Away(Box<Link>),
    /// The record is gone on both sides, or leaves the sync: its link is dropped.
    Forget,
    /// It stays out, unlinked.
    Stranger(Reason),
    /// Look again later: nothing is believed, nothing done.
    Wait(Reason),
    /// It cannot be synchronised (rule E1).
    Quarantine(String),
    /// A person must decide (rule M1).
    Ambiguous,
}

/// A unit that both sides changed to different values (rule C3), or a wish that a rule set back (rules D1, P6).
#[derive(Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The values of the unit's paths in the CRM and in the mailbox.
    pub values: BTreeMap<Path, (Option<Value>, Option<Value>)>,
    /// Whose values stand; nobody's when it is held.
    pub winner: Option<Side>,
    /// It counts as a conflict; a one-way level's overruling and a set-back do not.
    pub counts: bool,
}

/// Why, as a word that `explain` has a sentence and a rule for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// L2: the level permits nothing in this direction.
    Level,
    /// O3: no category of ours.
    NoCategory,
    /// O3: employees are never imported.
    EmployeeCategory,
    /// O1: not on the user's Sync List.
    NotListed,
    /// O2: not visible to the user.
    NotVisible,
    /// D3: shown neither in the calendar nor as a to-do.
    ShownNowhere,
    /// R3: every occurrence of the series is cancelled.
    NoneLeft,
    /// D3: its display changed.
    DisplayChanged,
    /// D4: planned start and end are not both there.
    NoTimes,
    /// O7: private ones are skipped.
    Private,
    /// O7: the domain's category is required.
    CategoryRequired,
    /// O7: a category that names an activity type is required.
    TypeRequired,
    /// O9: before the extract start.
    Window,
    /// D6: a task request's tracking copy.
    TrackingCopy,
    /// D6: what completing another employee's recurring to-do left in this mailbox.
    OthersOccurrence,
    /// P1: another item of this mailbox shows the same meeting.
    SameMeeting,
    /// D7: an item of a foreign class.
    ForeignClass,
    /// P3: the organiser's or another attendee's copy decides.
    AnotherLeads,
    /// P3: enough invitations from outside came in today.
    TooMany,
    /// P3: an invitation from outside that was not accepted yet.
    Unanswered,
    /// P5: a copy that we made for a participant of a meeting that is not here any more.
    ParticipantsCopy,
    /// P5: the owner's own copy comes first, and gives the meeting its global id.
    OwnerFirst,
    /// P8: the meeting has another organiser than a participant's copy names.
    AnotherOrganizer,
    /// P5, P6: Exchange itself brings this meeting to its participants.
    ExchangeInvites,
    /// C6: called off.
    Cancelled,
    /// C6: the user removed it from his calendar.
    Hidden,
    /// C6: the copy that the user had deleted stands in his calendar again.
    TakenBack,
    /// D6: the employee was taken off it.
    TakenOff,
    /// C4: deleted on the other side.
    Deleted,
    /// C5: an edit outlives a delete.
    EditOutlives,
    /// C4: the store was restored: that the copy is gone proves no person's delete.
    Restored,
    /// C6: deleted in the mailbox, so the user is taken off the Sync List.
    Delisted,
    /// O2: taken off the Sync List.
    RemovedFromList,
    /// L6: an administrator had the copies removed from the mailbox.
    CopiesRemoved,
    /// O2: on the Sync List and visible again.
    Returned,
    /// M5: merged into a record that this mailbox has a copy of.
    Merged,
    /// C12: in another folder or the archive.
    Left,
    /// M1, M2: matched with a record that was there.
    Matched,
    /// M1: several candidates.
    Ambiguous,
    /// C1: the CRM changed it.
    CrmChanged,
    /// C1: the mailbox changed it.
    PimChanged,
    /// R3: nothing but occurrences that the mailbox refused, and that wait in quarantine.
    OccurrenceRefused,
    /// E8: the CRM refused the mailbox's change, and the copy is set back.
    SetBack,
    /// D1: an edit on the side that this direction does not take from.
    StaysLocal,
    /// Both sides agree.
    Agrees,
    /// It is new.
    New,
    /// O5: it changes between business and personal.
    Flip,
    /// E6: a copy of ours that showed only after another was made in its place.
    Twin,
    /// A look found nothing that proves anything.
    Unproven,
    /// It, or what may be the same record on the other side, cannot be read now (rule M1).
    Unread,
    /// C9: its guests would be written to, which no first or repeated cycle does.
    Quiet,
    /// W: asleep for the reason the link carries.
    Asleep(SleepCause),
}

impl Plan {
    /// A plan that only says what is true.
    #[must_use]
    pub fn of(domain: Option<Domain>, after: After, reason: Reason) -> Plan {
        Plan { domain, ops: Vec::new(), after, conflicts: Vec::new(), reasons: vec![reason] }
    }

    /// Whether a personal contact becomes a business one (rule O5): then somebody may be the same person already.
    #[must_use]
    pub fn becomes_business(&self) -> bool {
        self.domain == Some(Domain::BusinessContact) && self.reasons.contains(&Reason::Flip)
    }

    /// Whether a contact that is gone in the CRM is made there again (rule C5): then somebody may be the same person already.
    #[must_use]
    pub fn makes_a_contact_again(&self) -> bool {
        self.reasons.contains(&Reason::EditOutlives)
            && self.ops.iter().any(
                |op| matches!(op, Op::Create { side: Side::Crm, domain, .. } if domain.kind() == model::Kind::Contact),
            )
    }

    /// Whether it takes a record's values from the CRM: a delete as the brakes count (rules C8, O8).
    #[must_use]
    pub fn reduces(&self) -> bool {
        self.reasons.contains(&Reason::Private)
            && matches!(&self.after, After::Linked(link) if link.born == Side::Pim)
            && self.writes()
    }

    /// Whether carrying it out writes anything on a side.
    #[must_use]
    pub fn writes(&self) -> bool {
        !self.ops.is_empty()
    }
}

impl Op {
    /// The side it writes.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            Op::Create { side, .. } | Op::Update { side, .. } | Op::Delete { side, .. } => *side,
            Op::Restore { .. } => Side::Pim,
            Op::Enlist | Op::Delist | Op::Leave | Op::Rejoin | Op::Flag { .. } => Side::Crm,
        }
    }
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Op::Create { side, domain, fields, form, .. } => {
                write!(f, "Create({side:?} {domain} {form:?} {} fields)", fields.len())
            }
            Op::Update { side, changes, .. } => write!(f, "Update({side:?} {:?})", changes.keys().collect::<Vec<_>>()),
            Op::Delete { side, after_new } => write!(f, "Delete({side:?} {after_new:?})"),
            Op::Restore { .. } => f.write_str("Restore"),
            Op::Enlist => f.write_str("Enlist"),
            Op::Delist => f.write_str("Delist"),
            Op::Leave => f.write_str("Leave"),
            Op::Rejoin => f.write_str("Rejoin"),
            Op::Flag { locked, .. } => write!(f, "Flag(locked {locked})"),
        }
    }
}

impl std::fmt::Debug for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Conflict({:?} won by {:?})", self.values.keys().collect::<Vec<_>>(), self.winner)
    }
}

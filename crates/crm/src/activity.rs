//! Activities: appointments, meetings and to-dos, with their owner and the people on them.

use crate::id::{ActivityId, EmployeeId};
use crate::participant::Person;
use jiff::Timestamp;
use jiff::civil::DateTime;
use model::{Attendee, Field, Fields, Path, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where an activity is shown: this decides its domain (rule D3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Display {
    /// In the calendar.
    #[serde(rename = "Calendar and Activities")]
    Calendar,
    /// Among the to-dos.
    #[serde(rename = "To Do and Activities")]
    ToDo,
    /// In neither.
    #[serde(rename = "Activities Only")]
    ActivitiesOnly,
}

impl Display {
    /// All three.
    pub const ALL: [Display; 3] = [Display::Calendar, Display::ToDo, Display::ActivitiesOnly];

    /// The words it is written by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Display::Calendar => "Calendar and Activities",
            Display::ToDo => "To Do and Activities",
            Display::ActivitiesOnly => "Activities Only",
        }
    }

    /// Reads the words of [`Display::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Display> {
        Display::ALL.into_iter().find(|display| display.as_str() == text)
    }
}

/// What a user is in an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is his.
    Owner,
    /// He takes part.
    Participant,
    /// He was on it and no longer is.
    Former,
    /// He never was.
    None,
}

/// An activity as one user sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id.
    pub id: ActivityId,
    /// Counts its changes.
    pub version: i64,
    /// Where it is shown.
    pub display: Display,
    /// Whose it is; in a meeting the organiser.
    pub owner: EmployeeId,
    /// The owner's name and address, or an organiser nobody here knows.
    pub organizer: Attendee,
    /// What it says; reminder, show-as, categories and private are those of the user who looks.
    pub fields: Fields,
    /// The people on it besides the owner.
    pub people: Vec<Person>,
    /// What the user who looks is in it.
    pub part: Part,
    /// The user who looks removed it from his My Calendar.
    pub hidden: bool,
    /// Only its owner sees more than "Private", busy and the time.
    pub private: bool,
    /// This user sees no more than that.
    pub veiled: bool,
    /// Locked by Exchange: its invitations were sent and mail is off (rule P6).
    pub locked: bool,
    /// The meeting's global id.
    pub global_id: Option<String>,
    /// The key of the create that made it.
    pub integration_key: Option<String>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: EmployeeId,
    /// What it is ordered by in lists.
    pub(crate) sort_at: i64,
}

/// What an activity is made from.
#[derive(Clone, PartialEq, Eq)]
pub struct ActivityDraft {
    /// Where it is shown.
    pub display: Display,
    /// Whose it is.
    pub owner: EmployeeId,
    /// What it says. `attendees` and `organizer` are matched by address to employees and contacts.
    pub fields: Fields,
    /// The people on it, instead of `attendees`.
    pub people: Option<Vec<Person>>,
    /// Unique per create: a repeated one finds what the first one made.
    pub integration_key: Option<String>,
    /// The meeting's global id, unique; the synchronisation's.
    pub global_id: Option<String>,
    /// Locked by Exchange; the synchronisation's.
    pub locked: bool,
    /// The maker's own deleted record, which comes back under its id; the synchronisation's.
    pub revive: Option<ActivityId>,
}

/// What is changed of an activity; what is absent stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ActivityEdit {
    /// Fields; null clears. `occurrence(…).state` null makes that occurrence as the series again, but for what the same
    /// edit says of it; null in an occurrence is as the series, [`Value::Cleared`] clears it there.
    pub fields: Fields,
    /// Where it is shown.
    pub display: Option<Display>,
    /// A new owner; the old one is taken off (rule P8).
    pub owner: Option<EmployeeId>,
    /// The people on it, instead of `attendees`.
    pub people: Option<Vec<Person>>,
}

impl ActivityDraft {
    /// A draft that says nothing yet.
    #[must_use]
    pub fn new(display: Display, owner: EmployeeId) -> ActivityDraft {
        ActivityDraft {
            display,
            owner,
            fields: Fields::new(),
            people: None,
            integration_key: None,
            global_id: None,
            locked: false,
            revive: None,
        }
    }
}

impl Activity {
    /// Somebody else is on it, or its organiser is unknown here: a meeting (rule C6).
    #[must_use]
    pub fn is_meeting(&self) -> bool {
        !self.people.is_empty()
    }

    /// The activity as everybody but its owner sees a private one: "Private", busy and the time.
    #[must_use]
    pub(crate) fn seen_by(mut self, viewer: &EmployeeId) -> Activity {
        if *viewer == self.owner {
            return self;
        }
        if !self.private {
            self.veil_occurrences();
            return self;
        }
        self.fields = std::mem::take(&mut self.fields)
            .into_iter()
            .filter_map(|(path, value)| veiled(&path, value).map(|value| (path, value)))
            .collect();
        self.fields.insert(Path::of(Field::Subject), Value::text("Private"));
        self.fields.insert(Path::of(Field::ShowAs), Value::text("Busy"));
        self.fields.insert(Path::of(Field::Private), Value::Flag(true));
        self.people.clear();
        self.veiled = true;
        self
    }

    /// Whether the activity is private, or an occurrence of it.
    #[must_use]
    pub fn is_private_anywhere(&self) -> bool {
        self.private || !self.private_occurrences().is_empty()
    }

    fn private_occurrences(&self) -> BTreeSet<DateTime> {
        let flagged =
            self.fields.iter().filter(|(path, value)| path.field == Field::Private && value.as_flag() == Some(true));
        flagged.filter_map(|(path, _)| path.occurrence).collect()
    }

    /// An occurrence that is private alone says "Private", busy and its time to everybody but the owner.
    fn veil_occurrences(&mut self) {
        for at in self.private_occurrences() {
            self.fields = std::mem::take(&mut self.fields)
                .into_iter()
                .filter_map(|(path, value)| match path.occurrence == Some(at) {
                    true => veiled(&path, value).map(|value| (path, value)),
                    false => Some((path, value)),
                })
                .collect();
            self.fields.insert(Path::occurrence(at, Field::Subject), Value::text("Private"));
            self.fields.insert(Path::occurrence(at, Field::ShowAs), Value::text("Busy"));
            self.fields.insert(Path::occurrence(at, Field::Private), Value::Flag(true));
        }
    }
}

/// A value under the veil: times stay, what the viewer keeps for himself stays, a field is blank, an exception's field is
/// not there at all.
fn veiled(path: &Path, value: Value) -> Option<Value> {
    use Field as F;
    let stays = match &path.field {
        F::Start | F::End | F::StartDay | F::DueDay | F::Rule | F::State => true,
        F::Reminder | F::Categories => path.occurrence.is_none(),
        _ => false,
    };
    match (stays, path.occurrence) {
        (true, _) => Some(value),
        (false, None) if path.field == F::Attendees => Some(Value::People(model::People::new())),
        (false, None) if path.field == F::Organizer => Some(value),
        (false, None) => Some(Value::Null),
        (false, Some(_)) => None,
    }
}

/// A record of a person never reaches a log.
impl std::fmt::Debug for Activity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Activity({} v{} {:?})", self.id, self.version, self.display)
    }
}

impl std::fmt::Debug for ActivityDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ActivityDraft({:?}, {} fields)", self.display, self.fields.len())
    }
}

impl std::fmt::Debug for ActivityEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ActivityEdit({} fields)", self.fields.len())
    }
}

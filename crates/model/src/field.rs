//! Fields and paths: the grain of a merge, a conflict, the history and an undo.

use crate::domain::Kind;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A field both sides can hold. An extension field is one an administrator added to a map.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$doc])* $variant,)*
            /// A CRM column mapped to a named mailbox property (`x.NAME`).
            Extension(String),
        }

        impl Field {
            /// Every field that ships, in the order of the field maps.
            pub const SHIPPED: &'static [Field] = &[$(Field::$variant,)*];

            /// The field's name in maps, the store, the API and `explain`.
            #[must_use]
            pub fn name(&self) -> String {
                self.to_string()
            }

            /// The name of one that ships.
            fn shipped(&self) -> Option<&'static str> {
                match self {
                    $(Field::$variant => Some($name),)*
                    Field::Extension(_) => None,
                }
            }

            /// Reads a field's name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Field> {
                match text {
                    $($name => Some(Field::$variant),)*
                    _ => match text.strip_prefix("x.") {
                        Some(name) if is_extension(name) => Some(Field::Extension(name.to_owned())),
                        Some(_) | None => None,
                    },
                }
            }
        }
    };
}

fields! {
    /// Given name.
    FirstName = "first_name",
    /// Middle name.
    MiddleName = "middle_name",
    /// Family name.
    LastName = "last_name",
    /// Mr, Dr.
    PersonalTitle = "personal_title",
    /// Jr., III.
    Suffix = "suffix",
    /// What friends say.
    Nickname = "nickname",
    /// Position in the company.
    JobTitle = "job_title",
    /// Part of the company.
    Department = "department",
    /// The primary account's name.
    Company = "company",
    /// The primary account's location.
    CompanyLocation = "company_location",
    /// First e-mail address.
    Email1 = "email1",
    /// Second e-mail address.
    Email2 = "email2",
    /// Third e-mail address.
    Email3 = "email3",
    /// Phone at work.
    WorkPhone = "work_phone",
    /// Second phone at work.
    WorkPhone2 = "work_phone2",
    /// Phone at home.
    HomePhone = "home_phone",
    /// Mobile phone.
    MobilePhone = "mobile_phone",
    /// Fax at work.
    Fax = "fax",
    /// Pager.
    Pager = "pager",
    /// The assistant's phone.
    AssistantPhone = "assistant_phone",
    /// The assistant's name.
    Assistant = "assistant",
    /// The manager's name.
    Manager = "manager",
    /// The spouse's name.
    Spouse = "spouse",
    /// Birth date, a day.
    Birthday = "birthday",
    /// Business address: street.
    BusinessStreet = "business_street",
    /// Business address: city.
    BusinessCity = "business_city",
    /// Business address: state.
    BusinessState = "business_state",
    /// Business address: postal code.
    BusinessPostalCode = "business_postal_code",
    /// Business address: country.
    BusinessCountry = "business_country",
    /// Home address: street.
    HomeStreet = "home_street",
    /// Home address: city.
    HomeCity = "home_city",
    /// Home address: state.
    HomeState = "home_state",
    /// Home address: postal code.
    HomePostalCode = "home_postal_code",
    /// Home address: country.
    HomeCountry = "home_country",
    /// Web page.
    WebPage = "web_page",
    /// A contact's comment; an activity's comment is [`Field::Body`] too.
    Body = "body",
    /// Categories (PIM) and category values (CRM), a set.
    Categories = "categories",
    /// Only its owner sees it.
    Private = "private",
    /// Subject of an appointment or task.
    Subject = "subject",
    /// Planned start; a day for an all-day appointment.
    Start = "start",
    /// Planned completion; the last day, inclusive, for an all-day appointment.
    End = "end",
    /// Place.
    Location = "location",
    /// Appointment: minutes before the start; null means no reminder.
    Reminder = "reminder",
    /// Task: the instant of the reminder; null means no reminder.
    ReminderAt = "reminder_at",
    /// Free, tentative, busy, out of office, working elsewhere.
    ShowAs = "show_as",
    /// The CRM's activity type, a category by translation.
    ActivityType = "activity_type",
    /// The organiser, one person.
    Organizer = "organizer",
    /// The other people of the meeting, person by person.
    Attendees = "attendees",
    /// The rule of a series with its range.
    Rule = "rule",
    /// The meeting was called off.
    Cancelled = "cancelled",
    /// Task: planned start, a day.
    StartDay = "start_day",
    /// Task: due day.
    DueDay = "due_day",
    /// Task: status.
    Status = "status",
    /// Task: percent complete.
    Percent = "percent",
    /// Task: the day it was done.
    DoneDay = "done_day",
    /// Task: priority.
    Priority = "priority",
    /// Occurrence: `modified` or `cancelled`; absent means as the series.
    State = "state",
}

/// The longest name of an extension field, in characters.
pub const EXTENSION_NAME: usize = 64;

/// Whether a text may name an extension field: one that a path can be told from, and that fits a line.
fn is_extension(name: &str) -> bool {
    let fits = !name.is_empty() && name.chars().count() <= EXTENSION_NAME && name.trim() == name;
    fits && !name.contains(").") && !name.chars().any(char::is_control)
}

/// Fields that make sense only together and merge as one (rule C2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Start, end, their zones and all-day.
    Time,
    /// Company and location.
    Company,
    /// The business address.
    BusinessAddress,
    /// The home address.
    HomeAddress,
    /// Status, percent, done and done date.
    Progress,
    /// A field that stands alone.
    Alone(Field),
}

impl Field {
    /// The unit the field merges with.
    #[must_use]
    pub fn unit(&self) -> Unit {
        use Field as F;
        match self {
            F::Start | F::End => Unit::Time,
            F::Company | F::CompanyLocation => Unit::Company,
            F::BusinessStreet | F::BusinessCity | F::BusinessState | F::BusinessPostalCode | F::BusinessCountry => {
                Unit::BusinessAddress
            }
            F::HomeStreet | F::HomeCity | F::HomeState | F::HomePostalCode | F::HomeCountry => Unit::HomeAddress,
            F::Status | F::Percent | F::DoneDay => Unit::Progress,
            F::FirstName
            | F::MiddleName
            | F::LastName
            | F::PersonalTitle
            | F::Suffix
            | F::Nickname
            | F::JobTitle
            | F::Department
            | F::Email1
            | F::Email2
            | F::Email3
            | F::WorkPhone
            | F::WorkPhone2
            | F::HomePhone
            | F::MobilePhone
            | F::Fax
            | F::Pager
            | F::AssistantPhone
            | F::Assistant
            | F::Manager
            | F::Spouse
            | F::Birthday
            | F::WebPage
            | F::Body
            | F::Categories
            | F::Private
            | F::Subject
            | F::Location
            | F::Reminder
            | F::ReminderAt
            | F::ShowAs
            | F::ActivityType
            | F::Organizer
            | F::Attendees
            | F::Rule
            | F::Cancelled
            | F::StartDay
            | F::DueDay
            | F::Priority
            | F::State
            | F::Extension(_) => Unit::Alone(self.clone()),
        }
    }

    /// Each participant has his own of these (rule P7).
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self, Field::Reminder | Field::ShowAs | Field::Categories | Field::Private)
    }

    /// Merged element by element (rule C2).
    #[must_use]
    pub fn is_set(&self) -> bool {
        matches!(self, Field::Categories | Field::Attendees)
    }

    /// The three e-mail slots, in order.
    pub const EMAILS: [Field; 3] = [Field::Email1, Field::Email2, Field::Email3];

    /// The phone slots: compared by their digits (trap 112).
    #[must_use]
    pub fn is_phone(&self) -> bool {
        use Field as F;
        matches!(
            self,
            F::WorkPhone | F::WorkPhone2 | F::HomePhone | F::MobilePhone | F::Fax | F::Pager | F::AssistantPhone
        )
    }
}

/// Where a value stands in a record: a field of the record, or a field of one occurrence of a series, which is known
/// by its original start in the series' zone (decision 8, rule R3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The original start, as wall time of the series' zone; midnight for an all-day series.
    pub occurrence: Option<DateTime>,
    /// The field.
    pub field: Field,
}

impl Path {
    /// A field of the record itself.
    #[must_use]
    pub fn of(field: Field) -> Path {
        Path { occurrence: None, field }
    }

    /// A field of one occurrence.
    #[must_use]
    pub fn occurrence(original_start: DateTime, field: Field) -> Path {
        Path { occurrence: Some(original_start), field }
    }

    /// Whether the value may be cleared in a single occurrence while the series keeps its own (rule C11).
    #[must_use]
    pub fn is_cleared_alone(&self) -> bool {
        let clears = matches!(self.field, Field::Subject | Field::Body | Field::Location | Field::Reminder);
        self.occurrence.is_some() && clears
    }

    /// The unit the path merges with, and the occurrence it belongs to.
    #[must_use]
    pub fn unit(&self) -> (Option<DateTime>, Unit) {
        (self.occurrence, self.field.unit())
    }

    /// Reads what `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Path> {
        match text.strip_prefix("occurrence(") {
            None => Field::parse(text).map(Path::of),
            Some(rest) => {
                let (start, field) = rest.split_once(").")?;
                Some(Path { occurrence: Some(start.parse().ok()?), field: Field::parse(field)? })
            }
        }
    }
}

impl From<Field> for Path {
    fn from(field: Field) -> Path {
        Path::of(field)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.occurrence {
            None => self.field.fmt(f),
            Some(start) => write!(f, "occurrence({start}).{}", self.field),
        }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Names are written and read for every field of every record: the known ones without a copy.
macro_rules! serde_as_text {
    ($type:ty, $what:literal, $known:expr) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let known: fn(&$type) -> Option<&'static str> = $known;
                match known(self) {
                    Some(name) => serializer.serialize_str(name),
                    None => serializer.collect_str(self),
                }
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a ", $what))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        <$type>::parse(text).ok_or_else(|| E::custom(format!("'{text}' is no {}", $what)))
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.shipped(), self) {
            (None, Field::Extension(name)) => write!(f, "x.{name}"),
            (known, _) => f.write_str(known.unwrap_or_default()),
        }
    }
}

serde_as_text!(Field, "field", Field::shipped);
serde_as_text!(Path, "path", |path| path.occurrence.is_none().then(|| path.field.shipped()).flatten());

/// The fields a record of a kind may carry.
#[must_use]
pub fn of_kind(kind: Kind, field: &Field) -> bool {
    use Field as F;
    let contact = matches!(
        field,
        F::FirstName
            | F::MiddleName
            | F::LastName
            | F::PersonalTitle
            | F::Suffix
            | F::Nickname
            | F::JobTitle
            | F::Department
            | F::Company
            | F::CompanyLocation
            | F::Email1
            | F::Email2
            | F::Email3
            | F::WorkPhone
            | F::WorkPhone2
            | F::HomePhone
            | F::MobilePhone
            | F::Fax
            | F::Pager
            | F::AssistantPhone
            | F::Assistant
            | F::Manager
            | F::Spouse
            | F::Birthday
            | F::BusinessStreet
            | F::BusinessCity
            | F::BusinessState
            | F::BusinessPostalCode
            | F::BusinessCountry
            | F::HomeStreet
            | F::HomeCity
            | F::HomeState
            | F::HomePostalCode
            | F::HomeCountry
            | F::WebPage
    );
    let shared = matches!(field, F::Body | F::Categories | F::Private | F::Extension(_));
    let appointment = matches!(
        field,
        F::Subject
            | F::Start
            | F::End
            | F::Location
            | F::Reminder
            | F::ShowAs
            | F::ActivityType
            | F::Organizer
            | F::Attendees
            | F::Rule
            | F::Cancelled
            | F::State
    );
    let task = matches!(
        field,
        F::Subject
            | F::StartDay
            | F::DueDay
            | F::Status
            | F::Percent
            | F::DoneDay
            | F::Priority
            | F::ReminderAt
            | F::Rule
            | F::ActivityType
    );
    shared
        || match kind {
            Kind::Contact => contact,
            Kind::Appointment => appointment,
            Kind::Task => task,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_reads_back_what_it_wrote() {
        let start: DateTime = "2026-03-29T02:30:00".parse().expect("a date");
        for field in Field::SHIPPED.iter().cloned().chain([Field::Extension("vip".into())]) {
            for path in [Path::of(field.clone()), Path::occurrence(start, field.clone())] {
                assert_eq!(Path::parse(&path.to_string()), Some(path));
            }
        }
        for text in ["", "nothing", "x.", "occurrence(2026).subject", "occurrence(2026-01-01T00:00:00)subject"] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_shipped_field_belongs_to_a_kind() {
        for field in Field::SHIPPED {
            assert!(Kind::ALL.into_iter().any(|kind| of_kind(kind, field)), "{field}");
        }
    }
}

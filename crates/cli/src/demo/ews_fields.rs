//! Mailbox items as faces and back: the demonstration's own reading of the field table, apart from the product's.

use super::ews_times as times;
use super::track::{plain, tidy};
use model::{Field, Fields, Kind, Path as FieldPath, Value as Face};
use std::collections::BTreeSet;
use wire::ews::{
    Body, BodyKind, Dictionary, ExtendedName, ExtendedPath, ExtendedType, FieldChange, Item, ItemKind, Path, Property,
    Value,
};

/// The line that opens the block of participants (C9).
const BLOCK_BEGINS: &str = "--- Participants ---";

/// Text fields of a contact and where Exchange keeps them.
fn contact_texts() -> Vec<(Field, Path)> {
    use Dictionary as D;
    use Property as P;
    let entry = |dictionary, key: &str| Path::entry(dictionary, key);
    let mut rows = vec![
        (Field::FirstName, P::GivenName.into()),
        (Field::MiddleName, P::MiddleName.into()),
        (Field::LastName, P::Surname.into()),
        (Field::PersonalTitle, title()),
        (Field::Suffix, P::Generation.into()),
        (Field::Nickname, P::Nickname.into()),
        (Field::JobTitle, P::JobTitle.into()),
        (Field::Department, P::Department.into()),
        (Field::Company, P::CompanyName.into()),
        (Field::CompanyLocation, P::OfficeLocation.into()),
        (Field::Assistant, P::AssistantName.into()),
        (Field::Manager, P::Manager.into()),
        (Field::Spouse, P::SpouseName.into()),
        (Field::WebPage, P::BusinessHomePage.into()),
        (Field::Email1, entry(D::EmailAddress, "EmailAddress1")),
        (Field::Email2, entry(D::EmailAddress, "EmailAddress2")),
        (Field::Email3, entry(D::EmailAddress, "EmailAddress3")),
    ];
    for (field, key) in [
        (Field::WorkPhone, "BusinessPhone"),
        (Field::WorkPhone2, "BusinessPhone2"),
        (Field::HomePhone, "HomePhone"),
        (Field::MobilePhone, "MobilePhone"),
        (Field::Fax, "BusinessFax"),
        (Field::Pager, "Pager"),
        (Field::AssistantPhone, "AssistantPhone"),
    ] {
        rows.push((field, entry(D::PhoneNumber, key)));
    }
    for (key, fields) in [
        (
            "Business",
            [
                Field::BusinessStreet,
                Field::BusinessCity,
                Field::BusinessState,
                Field::BusinessCountry,
                Field::BusinessPostalCode,
            ],
        ),
        ("Home", [Field::HomeStreet, Field::HomeCity, Field::HomeState, Field::HomeCountry, Field::HomePostalCode]),
    ] {
        for (field, dictionary) in fields.into_iter().zip(Dictionary::ADDRESS) {
            rows.push((field, entry(dictionary, key)));
        }
    }
    rows
}

fn title() -> Path {
    Path::Extended(ExtendedPath { name: ExtendedName::Tag(0x3A45), kind: ExtendedType::String })
}

/// Everything the demonstration reads of an item.
pub fn shape(kind: Kind) -> Vec<Path> {
    use Property as P;
    let mut paths: Vec<Path> = [P::ItemClass, P::Body, P::Categories, P::Sensitivity].map(Path::from).to_vec();
    let more: &[Property] = match kind {
        Kind::Contact => {
            paths.extend(contact_texts().into_iter().map(|(_, path)| path));
            &[P::Birthday, P::DisplayName]
        }
        Kind::Appointment => &[
            P::Subject,
            P::Start,
            P::End,
            P::StartTimeZone,
            P::EndTimeZone,
            P::IsAllDayEvent,
            P::Location,
            P::LegacyFreeBusyStatus,
            P::ReminderIsSet,
            P::ReminderMinutesBeforeStart,
            P::CalendarItemType,
            P::Recurrence,
            P::ModifiedOccurrences,
            P::DeletedOccurrences,
            P::IsMeeting,
            P::IsCancelled,
            P::MeetingRequestWasSent,
            P::MyResponseType,
            P::Organizer,
            P::RequiredAttendees,
            P::OptionalAttendees,
        ],
        Kind::Task => &[
            P::Subject,
            P::Importance,
            P::ReminderIsSet,
            P::ReminderDueBy,
            P::StartDate,
            P::DueDate,
            P::Status,
            P::PercentComplete,
            P::CompleteDate,
            P::TaskRecurrence,
        ],
    };
    paths.extend(more.iter().copied().map(Path::from));
    paths
}

/// What an item says, in the mailbox's words.
pub fn face_of(kind: Kind, item: &Item) -> Fields {
    let mut face = Fields::new();
    let mut put = |field: Field, value: Option<Face>| {
        if let Some(value) = value {
            face.insert(FieldPath::of(field), value);
        }
    };
    let text = |path: Path| item.text(path).map(Face::text);
    put(Field::Body, item.body().map(|body| Face::text(without_block(&body.text))));
    match kind {
        Kind::Contact => {
            for (field, path) in contact_texts() {
                put(field, text(path));
            }
            let birthday = item.moment(Property::Birthday).map(times::day);
            put(Field::Birthday, birthday.map(Face::Day));
        }
        Kind::Appointment => {
            put(Field::Subject, text(Property::Subject.into()));
            put(Field::Location, text(Property::Location.into()));
            put(Field::ShowAs, text(Property::LegacyFreeBusyStatus.into()));
            put(Field::Private, Some(Face::Flag(is_private(item))));
            put(Field::ActivityType, activity_type(item).map(Face::text));
            if item.flag(Property::ReminderIsSet) == Some(true) {
                let minutes = item.whole(Property::ReminderMinutesBeforeStart);
                put(Field::Reminder, minutes.map(Face::Number));
            }
            times::read(item, &mut face);
        }
        Kind::Task => {
            put(Field::Subject, text(Property::Subject.into()));
            put(Field::Status, text(Property::Status.into()));
            put(Field::Priority, text(Property::Importance.into()));
            put(Field::Private, Some(Face::Flag(is_private(item))));
            for (field, property) in [
                (Field::StartDay, Property::StartDate),
                (Field::DueDay, Property::DueDate),
                (Field::DoneDay, Property::CompleteDate),
            ] {
                put(field, item.moment(property).map(times::day).map(Face::Day));
            }
            if let Some(Value::Fraction(percent)) = item.value(Property::PercentComplete) {
                let rounded = format!("{percent:.0}").parse().unwrap_or(-1);
                put(Field::Percent, Some(Face::Number(rounded)));
            }
            if item.flag(Property::ReminderIsSet) == Some(true) {
                let at = item.moment(Property::ReminderDueBy).and_then(|moment| moment.instant());
                put(Field::ReminderAt, at.map(Face::Instant));
            }
            if let Some(rule) = item.recurrence(Property::TaskRecurrence) {
                put(Field::Rule, times::read_rule(rule).map(Face::Rule));
            }
        }
    }
    tidy(&mut face);
    face
}

/// Whether only its owner may see it.
pub fn is_private(item: &Item) -> bool {
    matches!(item.text(Property::Sensitivity), Some("Private" | "Confidential"))
}

/// The categories an item carries.
pub fn words(item: &Item) -> BTreeSet<String> {
    item.texts(Property::Categories).unwrap_or_default().iter().cloned().collect()
}

fn activity_type(item: &Item) -> Option<String> {
    const TYPES: &[&str] = &["Call", "Demonstration", "Event", "Meeting", "Presentation"];
    words(item).into_iter().find(|word| TYPES.contains(&word.as_str()))
}

/// A body without the block in which the sync shows the CRM's participants (C9): it stands at the end, below a line of
/// its own that no person writes.
pub fn without_block(body: &str) -> String {
    let body = plain(body);
    match body.find(BLOCK_BEGINS) {
        Some(at) => plain(&body[..at]),
        None => body,
    }
}

/// A new item that says this.
pub fn item_of(kind: Kind, face: &Fields, words: &BTreeSet<String>) -> Item {
    let mut item = Item::new(item_kind(kind));
    let mut words = words.clone();
    for (path, value) in face.iter().filter(|(path, _)| path.occurrence.is_none()) {
        if path.field == Field::ActivityType {
            words.extend(value.as_text().map(str::to_owned));
            continue;
        }
        for change in changes(kind, &path.field, value, face) {
            if let FieldChange::Set(path, value) = change {
                item.values.insert(path, value);
            }
        }
    }
    if !words.is_empty() {
        let list = words.into_iter().collect();
        item.values.insert(Property::Categories.into(), Value::Texts(list));
    }
    if item.values.contains_key(&Property::CompleteDate.into()) {
        TOLD_BY_THE_DAY.into_iter().for_each(|told| drop(item.values.remove(&told.into())));
    }
    if kind != Kind::Contact {
        let set =
            [Field::Reminder, Field::ReminderAt].into_iter().any(|field| face.contains_key(&FieldPath::of(field)));
        item.values.insert(Property::ReminderIsSet.into(), Value::Flag(set));
    }
    item
}

/// What the day on which a task was done says as well: written beside it, the last of them decides which day it is.
const TOLD_BY_THE_DAY: [Property; 2] = [Property::Status, Property::PercentComplete];

/// The changes without what one of them says as well.
pub fn said_once(changes: Vec<FieldChange>) -> Vec<FieldChange> {
    let sets = |change: &FieldChange, property: Property| matches!(change, FieldChange::Set(path, _) if *path == property.into());
    let day = changes.iter().any(|change| sets(change, Property::CompleteDate));
    let told = |change: &FieldChange| day && TOLD_BY_THE_DAY.into_iter().any(|told| sets(change, told));
    changes.into_iter().filter(|change| !told(change)).collect()
}

/// The kind of item on the wire.
pub fn item_kind(kind: Kind) -> ItemKind {
    match kind {
        Kind::Contact => ItemKind::Contact,
        Kind::Appointment => ItemKind::CalendarItem,
        Kind::Task => ItemKind::Task,
    }
}

/// How a person's mail program writes one field; `face` is the whole record after the change.
pub fn changes(kind: Kind, field: &Field, value: &Face, face: &Fields) -> Vec<FieldChange> {
    let one = |path: Path, value: Option<Value>| {
        vec![match value {
            Some(value) => FieldChange::Set(path, value),
            None => FieldChange::Delete(path),
        }]
    };
    let as_text = || value.as_text().map(|text| Value::Text(text.to_owned()));
    match (kind, field) {
        (_, Field::Body) => {
            let body = value
                .as_text()
                .map(|text| Value::Body(Body { kind: BodyKind::Text, text: text.to_owned(), truncated: false }));
            one(Property::Body.into(), body)
        }
        (_, Field::Private) => {
            let word = if *value == Face::Flag(true) { "Private" } else { "Normal" };
            one(Property::Sensitivity.into(), Some(Value::Text(word.to_owned())))
        }
        (Kind::Contact, Field::Birthday) => one(Property::Birthday.into(), value.as_day().map(times::midnight)),
        (Kind::Contact, _) => match contact_texts().into_iter().find(|(known, _)| known == field) {
            Some((_, path)) => one(path, as_text()),
            None => Vec::new(),
        },
        (_, Field::Subject) => one(Property::Subject.into(), as_text()),
        (_, Field::Location) => one(Property::Location.into(), as_text()),
        (_, Field::ShowAs) => one(Property::LegacyFreeBusyStatus.into(), as_text()),
        (_, Field::Reminder) => match value {
            Face::Number(minutes) => vec![
                FieldChange::Set(Property::ReminderIsSet.into(), Value::Flag(true)),
                FieldChange::Set(Property::ReminderMinutesBeforeStart.into(), Value::Whole(*minutes)),
            ],
            _ => one(Property::ReminderIsSet.into(), Some(Value::Flag(false))),
        },
        (_, Field::ReminderAt) => match value {
            Face::Instant(at) => vec![
                FieldChange::Set(Property::ReminderIsSet.into(), Value::Flag(true)),
                FieldChange::Set(Property::ReminderDueBy.into(), Value::Moment(wire::ews::Moment::utc(*at))),
            ],
            _ => one(Property::ReminderIsSet.into(), Some(Value::Flag(false))),
        },
        (_, Field::Start | Field::End) => times::write(field, value),
        (Kind::Appointment, Field::Rule) => {
            let rule = value.as_rule().and_then(|rule| times::write_rule(rule, face));
            one(Property::Recurrence.into(), rule.map(Value::Recurrence))
        }
        (Kind::Task, Field::Rule) => {
            let rule = value.as_rule().and_then(|rule| times::write_rule(rule, face));
            one(Property::TaskRecurrence.into(), rule.map(Value::Recurrence))
        }
        (_, Field::Status) => one(Property::Status.into(), as_text()),
        (_, Field::Priority) => one(Property::Importance.into(), as_text()),
        (_, Field::Percent) => match value {
            Face::Number(percent) => {
                one(Property::PercentComplete.into(), format!("{percent}").parse().ok().map(Value::Fraction))
            }
            _ => Vec::new(),
        },
        (_, Field::StartDay) => one(Property::StartDate.into(), value.as_day().map(times::midnight)),
        (_, Field::DueDay) => one(Property::DueDate.into(), value.as_day().map(times::midnight)),
        (_, Field::DoneDay) => one(Property::CompleteDate.into(), value.as_day().map(times::midnight)),
        (_, _) => Vec::new(),
    }
}

//! An item of a mailbox as a record: the one place where Exchange's properties become our fields.

use model::same::{fold, same};
use model::{
    Facts, Field, Fields, FolderId, Kind, Mark, Part, Path, Record, RecordId, Response, Value, Version, When, Zone,
};
use planted::Planted;
use wire::ews::{self, Item, Moment, Property};

use super::kind_map::KindMap;
use super::lens::known_show_as;
use super::{body, called_off, global_id, own, people, rule, time};

/// The fields in which an occurrence may differ from its series.
const OF_OCCURRENCES: [Field; 7] =
    [Field::Subject, Field::Body, Field::Location, Field::Reminder, Field::ShowAs, Field::Cancelled, Field::Private];

/// The year that stands for "no year" in a birthday: the first leap year of Windows' calendar.
const YEARLESS: i16 = 1604;

/// An item, with the occurrences that differ from it, as a record. None for an item without an id.
pub fn record(map: &KindMap, item: &Item, exceptions: &[Item], folder: &FolderId, local: &Zone) -> Option<Record> {
    let id = item.id.as_ref()?;
    let (span, mut unreadable) = match (map.kind, time::span(item, local)) {
        (Kind::Contact | Kind::Task, _) => (None, None),
        (Kind::Appointment, Ok(None)) => (None, Some("it has no start or no end".to_owned())),
        (Kind::Appointment, Ok(span)) => (span, None),
        (Kind::Appointment, Err(why)) => (None, Some(why)),
    };
    let mut told = Vec::with_capacity(map.rows.len());
    told.extend(map.rows.iter().filter_map(|(field, path)| {
        Some((Path::of(field.clone()), value(map, field, path, item, span.as_ref(), local)?))
    }));
    let mut fields: Fields = told.into_iter().collect();
    if let Some(span) = span.as_ref().filter(|_| item.recurrence(Property::Recurrence).is_some()) {
        let found = occurrences(map, item, exceptions, &fields, span, local);
        fields.extend(found);
    }
    let essential = [
        Property::Start,
        Property::End,
        Property::IsAllDayEvent,
        Property::Recurrence,
        Property::ModifiedOccurrences,
        Property::DeletedOccurrences,
    ];
    if essential.iter().any(|property| item.unread.contains(&(*property).into())) {
        unreadable = unreadable.or_else(|| Some("its times cannot be read".to_owned()));
    }
    Some(Record {
        kind: map.kind,
        id: RecordId::new(&id.id),
        version: Version::new(id.change_key.as_deref().unwrap_or_default()),
        fields,
        facts: Facts { unreadable, folder: Some(folder.clone()), ..facts(map, item) },
    })
}

/// The value of a field. None when the server did not give it in a form we can read: then it is never written.
fn value(
    map: &KindMap,
    field: &Field,
    path: &ews::Path,
    item: &Item,
    span: Option<&(When, When)>,
    local: &Zone,
) -> Option<Value> {
    if item.unread.contains(path) {
        return None;
    }
    Some(match field {
        Field::Subject => match item.text(path) {
            Some(subject) => text_or_null(called_off::without_word(item, subject)),
            None => plain(path, item.value(path)),
        },
        Field::Private => Value::Flag(is_private(item, path)),
        Field::Body => match item.body() {
            None => Value::Null,
            Some(body) => text_or_null(&body::read(body, people::kept(item).is_some())?),
        },
        Field::Categories => {
            let words = item.texts(path).unwrap_or_default();
            Value::Set(words.iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
        }
        Field::ActivityType => activity_type(map, item).map_or(Value::Null, Value::Text),
        Field::Start => Value::When(span?.0.clone()),
        Field::End => Value::When(span?.1.clone()),
        Field::Reminder => match (item.flag(Property::ReminderIsSet), item.whole(path)) {
            (Some(true), Some(minutes)) if planted::is(Planted::ReminderInHours) => Value::Number(minutes / 60),
            (Some(true), Some(minutes)) => Value::Number(minutes),
            (_, _) => Value::Null,
        },
        Field::ReminderAt => match (item.flag(Property::ReminderIsSet), item.moment(path)) {
            (Some(true), Some(at)) => time::instant(at).map_or(Value::Null, Value::Instant),
            (_, _) => Value::Null,
        },
        Field::Attendees => {
            let invited = people::invited(item);
            let shown = if invited.is_empty() { people::kept(item).unwrap_or_default() } else { invited };
            if shown.is_empty() { Value::Null } else { Value::People(shown) }
        }
        Field::Organizer => match people::organizer(item).filter(|_| is_meeting(item)) {
            Some(person) => Value::People([(person.key(), person)].into()),
            None => Value::Null,
        },
        Field::Rule => match item.value(path) {
            Some(ews::Value::Recurrence(found)) => Value::Rule(rule::read(found)),
            Some(ews::Value::ForeignRule(words)) => Value::Rule(rule::foreign(words)),
            _ => Value::Null,
        },
        // Exchange has a word for "nothing known", which is none of the CRM's.
        Field::ShowAs => known_show_as(item.text(path)).map_or(Value::Null, Value::text),
        Field::Cancelled => Value::Flag(item.flag(path).unwrap_or(false)),
        Field::Birthday => {
            // Phones write 1604 for a birthday without a year: no side of ours holds such a day (trap 116).
            let day = item.moment(path).and_then(|at| time::day(at, local));
            day.filter(|day| day.year() != YEARLESS).map_or(Value::Null, Value::Day)
        }
        Field::StartDay | Field::DueDay | Field::DoneDay => {
            item.moment(path).and_then(|at| time::day(at, local)).map_or(Value::Null, Value::Day)
        }
        // Only occurrences have a state.
        Field::State => return None,
        _ => plain(path, item.value(path)),
    })
}

/// A value without a meaning of its own, by the form it came in.
fn plain(path: &ews::Path, value: Option<&ews::Value>) -> Value {
    let Some(value) = value else { return Value::Null };
    match (value, path) {
        (ews::Value::Text(text), ews::Path::Extended(extended)) => extended_value(extended.kind, text),
        (ews::Value::Text(text), _) => text_or_null(text),
        (ews::Value::Texts(texts), _) => Value::Set(texts.iter().cloned().collect()),
        (ews::Value::Flag(flag), _) => Value::Flag(*flag),
        (ews::Value::Whole(number), _) => Value::Number(*number),
        (ews::Value::Fraction(number), _) => Value::Number(whole(*number)),
        (ews::Value::Moment(moment), _) => time::instant(*moment).map_or(Value::Null, Value::Instant),
        (ews::Value::Body(body), _) => text_or_null(&body.text),
        (
            ews::Value::Person(_)
            | ews::Value::Attendees(_)
            | ews::Value::Recurrence(_)
            | ews::Value::ForeignRule(_)
            | ews::Value::Occurrences(_)
            | ews::Value::Deleted(_)
            | ews::Value::Zone(_),
            _,
        ) => Value::Null,
    }
}

fn extended_value(kind: ews::ExtendedType, text: &str) -> Value {
    use ews::ExtendedType as T;
    match kind {
        T::String | T::StringArray | T::Binary => text_or_null(text),
        T::Integer | T::Long | T::Short => text.trim().parse().map_or(Value::Null, Value::Number),
        T::Double => text.trim().parse().map_or(Value::Null, |number: f64| Value::Number(whole(number))),
        T::Boolean => match text.trim() {
            "true" | "1" => Value::Flag(true),
            _ => Value::Flag(false),
        },
        T::SystemTime => Moment::read(text).and_then(time::instant).map_or(Value::Null, Value::Instant),
    }
}

/// The nearest whole number; what lies beyond any count a person writes becomes zero.
fn whole(number: f64) -> i64 {
    if number.is_finite() && number.abs() < 1e15 { number.round() as i64 } else { 0 }
}

fn text_or_null(text: &str) -> Value {
    let text = model::same::normal(text);
    if text.is_empty() { Value::Null } else { Value::Text(text) }
}

/// Private and Confidential are private; Personal is not (rule O7).
fn is_private(item: &Item, path: &ews::Path) -> bool {
    matches!(item.text(path), Some("Private" | "Confidential"))
}

/// The category that stands for the activity type: the one we wrote, else the first that names a type.
pub fn activity_type(map: &KindMap, item: &Item) -> Option<String> {
    let words = item.texts(Property::Categories).unwrap_or_default();
    let ours = item.text(own::activity_type()).map(fold);
    let is_ours = |word: &&String| ours.as_deref() == Some(fold(word).as_str());
    words.iter().find(is_ours).or_else(|| words.iter().find(|word| map.types.contains(&fold(word)))).cloned()
}

/// Exchange calls it a meeting, or somebody is invited.
fn is_meeting(item: &Item) -> bool {
    item.flag(Property::IsMeeting) == Some(true) || people::is_anybody_invited(item)
}

fn facts(map: &KindMap, item: &Item) -> Facts {
    let mut facts = Facts {
        class: item.text(Property::ItemClass).unwrap_or_default().to_owned(),
        mark: item.text(own::mark()).and_then(|text| Mark::parse(text, &map.crm)),
        changed: item.moment(Property::LastModifiedTime).and_then(|at| at.instant()),
        ..Facts::default()
    };
    match map.kind {
        Kind::Contact => {
            facts.created = item.moment(Property::DateTimeCreated).and_then(|at| at.instant());
            let told = |property| item.text(property).map(model::same::normal).filter(|text| !text.is_empty());
            facts.shown_as = told(Property::DisplayName).or_else(|| told(Property::FileAs));
        }
        Kind::Task => {
            facts.tracking_copy = item.text(own::task_ownership()) == Some("1");
            facts.completed_copy =
                matches!(item.text(own::dead_occurrence()), Some("true" | "1")) && !planted::is(Planted::LeftoverIsNew);
        }
        Kind::Appointment => {
            // The second bit of the state says that the item came by an invitation.
            let came = item.whole(Property::AppointmentState).is_some_and(|state| state & 2 != 0);
            let my_response = item.text(Property::MyResponseType).map(|word| people::response(Some(word)));
            let answered = matches!(
                my_response,
                Some(Response::Accepted | Response::Tentative | Response::Declined | Response::NotResponded)
            );
            let received = came || answered && item.flag(Property::IsMeeting) == Some(true);
            // An invitation names whom it asks, a participant's copy of ours nobody (rules C9, P5).
            facts.meeting_copy = received && facts.mark.is_some() && asks_nobody(item);
            facts.received = received && !facts.meeting_copy;
            facts.part = if received { Part::Participant } else { Part::Owner };
            facts.my_response = my_response.filter(|response| *response != Response::Unknown);
            facts.organizer = people::organizer(item);
            facts.global_id = global_id::read(item);
            facts.meeting = people::is_anybody_invited(item) || received;
            facts.requests_sent = item.flag(Property::MeetingRequestWasSent) == Some(true);
            facts.online_meeting = is_online(item);
        }
    }
    facts
}

fn asks_nobody(item: &Item) -> bool {
    let is_unread = people::LISTS.iter().any(|(list, _)| item.unread.contains(&(*list).into()));
    !people::is_anybody_invited(item) && !is_unread
}

/// Whether the item holds the way into an online meeting: its body is then never written (trap 103).
pub fn is_online(item: &Item) -> bool {
    item.flag(Property::IsOnlineMeeting) == Some(true)
        || item.text(Property::JoinOnlineMeetingUrl).is_some_and(|url| !url.trim().is_empty())
        || item.body().is_some_and(body::holds_join_link)
}

/// What of the series each changed or cancelled occurrence has otherwise, by its original start (decision 8, R3).
fn occurrences(
    map: &KindMap,
    item: &Item,
    exceptions: &[Item],
    series: &Fields,
    span: &(When, When),
    local: &Zone,
) -> Fields {
    let mut found = Fields::new();
    // An all-day series is counted in the zone it was made in.
    let zone = item
        .zone(Property::StartTimeZone)
        .and_then(|definition| super::zone::read(definition, span.0.wall().date()))
        .unwrap_or_else(|| local.clone());
    for start in item.deleted_occurrences() {
        if let Some(original) = time::original(*start, &span.0, &zone) {
            found.insert(Path::occurrence(original, Field::State), Value::text("cancelled"));
        }
    }
    for exception in exceptions {
        let info =
            item.modified_occurrences().iter().find(|info| Some(&info.id.id) == exception.id.as_ref().map(|id| &id.id));
        let original = exception.moment(Property::OriginalStart).or_else(|| info.map(|info| info.original_start));
        let Some(original) = original.and_then(|at| time::original(at, &span.0, &zone)) else { continue };
        let is_off = |item: &Item| item.flag(Property::IsCancelled) == Some(true);
        if is_off(exception) && !is_off(item) {
            // In a guest's copy an occurrence that its organiser called off stays, as one that does not take place.
            found.insert(Path::occurrence(original, Field::State), Value::text("cancelled"));
            continue;
        }
        let differing = differing(map, exception, series, span, original, local);
        if !differing.is_empty() {
            found.insert(Path::occurrence(original, Field::State), Value::text("modified"));
            found.extend(differing.into_iter().map(|(field, value)| (Path::occurrence(original, field), value)));
        }
    }
    found
}

fn differing(
    map: &KindMap,
    exception: &Item,
    series: &Fields,
    span: &(When, When),
    original: jiff::civil::DateTime,
    local: &Zone,
) -> Vec<(Field, Value)> {
    let mut differing: Vec<(Field, Value)> = map
        .rows
        .iter()
        .filter(|(field, _)| OF_OCCURRENCES.contains(field))
        .filter_map(|(field, path)| {
            let here = value(map, field, path, exception, None, local)?;
            let there = series.get(&Path::of(field.clone()))?;
            // The flag of the series is every occurrence's; one of its own veils that one (rule O7).
            let unflagged = *field == Field::Private && here != Value::Flag(true);
            if unflagged || same(field, &here, there) {
                return None;
            }
            match here.is_blank() {
                false => Some((field.clone(), here)),
                true => is_cleared(field, exception).then(|| (field.clone(), Value::Cleared)),
            }
        })
        .collect();
    let (start, end) = as_series(span, original);
    if let Ok(Some((moved_start, moved_end))) = time::span(exception, local)
        && !(same_moment(&moved_start, &start) && same_moment(&moved_end, &end))
    {
        differing.push((Field::Start, Value::When(moved_start)));
        differing.push((Field::End, Value::When(moved_end)));
    }
    differing
}

/// Whether an exception lacks what its series says because a person cleared it there (rule C11). A server that gives no
/// more of an exception than its times says nothing about the rest (trap 20).
fn is_cleared(field: &Field, exception: &Item) -> bool {
    let given = |property: Property| exception.value(property).is_some();
    match field {
        Field::Reminder => exception.flag(Property::ReminderIsSet) == Some(false),
        Field::Subject | Field::Body | Field::Location => {
            given(Property::LegacyFreeBusyStatus) || given(Property::ReminderIsSet)
        }
        _ => false,
    }
}

/// Exceptions of a customised zone may come with the zone named otherwise; what counts is when they take place.
fn same_moment(a: &When, b: &When) -> bool {
    a.same(b) || !a.is_day() && !b.is_day() && a.instant(&Zone::utc()) == b.instant(&Zone::utc())
}

/// Start and end of an occurrence that is as its series says.
pub fn as_series(span: &(When, When), original: jiff::civil::DateTime) -> (When, When) {
    let length = span.0.wall().until(span.1.wall()).unwrap_or_default();
    let end = original.checked_add(length).unwrap_or(original);
    let (start, end) = (span.0.with_wall(original), span.1.with_wall(end));
    // Where the clocks jump over its start, a short one still has its length (trap 82).
    match (&start, &end) {
        (When::Zoned { zone, .. }, When::Zoned { .. }) if end.instant(zone) < start.instant(zone) => {
            let from = start.instant(zone);
            let to = jiff::SignedDuration::try_from(length).ok().and_then(|length| from.checked_add(length).ok());
            let zone = span.1.zone().unwrap_or(zone).clone();
            let end = When::at(to.unwrap_or(from), zone);
            (start, end)
        }
        (_, _) => (start, end),
    }
}

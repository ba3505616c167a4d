//! An item as the server gives it to its owner, read raw into what the oracle and people look at.

use crate::rule;
use crate::table::{Form, Place, ZONES, rows};
use crate::tree::Node;
use jiff::Timestamp;
use jiff::civil::DateTime;
use model::{Attendee, Field, Fields, Kind, Mark, Path, People, Response, Role, Value, When, Zone};
use sim::memory::exchange::Item;
use std::collections::BTreeSet;

/// The lines between which a copy's body names its participants (rule C9): no words of a person's.
const BLOCK: (&str, &str) = ("--- Participants ---", "--- (kept by Syncline) ---");
/// Fields in which an occurrence may differ from its series.
const OF_OCCURRENCES: [Field; 3] = [Field::Subject, Field::Location, Field::Body];

/// The kind of record that an element holds, if any.
pub(crate) fn kind_of(element: &str) -> Option<Kind> {
    [Kind::Contact, Kind::Appointment, Kind::Task].into_iter().find(|kind| crate::table::element(*kind) == element)
}

/// The ids of the occurrences that differ from their series.
pub(crate) fn exceptions(node: &Node) -> Vec<&str> {
    changed(node).filter_map(|one| one.child("ItemId")?.attribute("Id")).collect()
}

fn changed(node: &Node) -> impl Iterator<Item = &Node> {
    node.child("ModifiedOccurrences").into_iter().flat_map(|all| &all.children)
}

/// The item. `occurrences` are those that differ, in the order in which the series names them.
pub(crate) fn item(kind: Kind, node: &Node, occurrences: &[Node]) -> Result<Item, String> {
    let mut item = Item::new(kind, &Fields::new());
    item.fields = plain(kind, node);
    if kind == Kind::Appointment {
        let (start, end) = span(node)?;
        if let Some(of) = node.child("Recurrence") {
            let of = rule::read(of).ok_or("a rule that nobody here makes")?;
            item.fields.insert(Path::of(Field::Rule), Value::Rule(of));
            let differing = differing(node, occurrences, &item.fields, (&start, &end))?;
            item.fields.extend(differing);
        }
        item.fields.insert(Path::of(Field::Start), Value::When(start));
        item.fields.insert(Path::of(Field::End), Value::When(end));
        meeting(node, &mut item);
    }
    for property in node.children.iter().filter(|child| child.name == "ExtendedProperty") {
        let uri = property.child("ExtendedFieldURI");
        let is = |name, value| uri.and_then(|uri| uri.attribute(name)) == Some(value);
        let text = property.text_at(&["Value"]);
        if is("PropertyName", "SynclineMark") {
            item.mark = text.and_then(|text| Mark::parse(text, ""));
        } else if is("PropertyName", "SynclinePeople") {
            let people = text.and_then(|text| serde_json::from_str(text).ok()).map(Value::People);
            item.fields.extend(people.map(|people| (Path::of(Field::Attendees), people)));
        } else if is("PropertyId", "35") {
            item.global_id = text.map(str::to_owned);
        }
    }
    // Our own copy for a participant asks nobody (rule P5).
    item.meeting_copy = item.organizer.is_some() && item.mark.is_some() && item.invited.is_empty();
    Ok(item)
}

fn plain(kind: Kind, node: &Node) -> Fields {
    let mut fields: Fields =
        rows(kind).iter().filter_map(|(field, place)| Some((Path::of(field.clone()), value(node, place)?))).collect();
    let text = node.text_at(&["Body"]).map(without_block).filter(|text| !text.is_empty());
    fields.extend(text.map(|text| (Path::of(Field::Body), Value::Text(text))));
    let words: BTreeSet<String> =
        node.child("Categories").into_iter().flat_map(|all| &all.children).map(|word| word.text().to_owned()).collect();
    if !words.is_empty() {
        fields.insert(Path::of(Field::Categories), Value::Set(words));
    }
    if matches!(node.text_at(&["Sensitivity"]), Some("Private" | "Confidential")) {
        fields.insert(Path::of(Field::Private), Value::Flag(true));
    }
    if kind == Kind::Appointment
        && node.text_at(&["ReminderIsSet"]) == Some("true")
        && let Some(minutes) = node.text_at(&["ReminderMinutesBeforeStart"]).and_then(|text| text.parse().ok())
    {
        fields.insert(Path::of(Field::Reminder), Value::Number(minutes));
    }
    if node.text_at(&["IsCancelled"]) == Some("true") {
        fields.insert(Path::of(Field::Cancelled), Value::Flag(true));
    }
    fields
}

fn value(node: &Node, place: &Place) -> Option<Value> {
    let text = match place.entry {
        None => node.text_at(&[place.element])?,
        Some((key, part)) => {
            let entries = &node.child(place.element)?.children;
            let entry = entries.iter().find(|entry| entry.attribute("Key") == Some(key))?;
            part.map_or(Some(entry.text()), |part| entry.text_at(&[part])).filter(|text| !text.is_empty())?
        }
    };
    Some(match place.form {
        Form::Text => Value::text(text),
        Form::Number => Value::Number(text.split('.').next()?.parse().ok()?),
        Form::Day => Value::Day(text.parse::<Timestamp>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).date()),
    })
}

/// What a person wrote, without the list of participants.
fn without_block(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let kept = match (text.find(BLOCK.0), text.find(BLOCK.1)) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &text[..from], &text[to + BLOCK.1.len()..]),
        (_, _) => text,
    };
    kept.trim().to_owned()
}

fn instant(node: &Node, name: &str) -> Result<Timestamp, String> {
    let text = node.text_at(&[name]).ok_or_else(|| format!("no {name}"))?;
    text.parse().map_err(|_| format!("{name} is no time"))
}

fn zone(node: &Node, name: &str) -> Result<Zone, String> {
    let id = node.child(name).and_then(|zone| zone.attribute("Id")).ok_or_else(|| format!("no {name}"))?;
    let known = ZONES.iter().find(|(_, windows)| *windows == id).and_then(|(iana, _)| Zone::iana(iana));
    known.ok_or_else(|| format!("nobody here lives in the zone {id}"))
}

fn span(node: &Node) -> Result<(When, When), String> {
    let (start, end) = (instant(node, "Start")?, instant(node, "End")?);
    let (from, to) = (zone(node, "StartTimeZone")?, zone(node, "EndTimeZone")?);
    if node.text_at(&["IsAllDayEvent"]) == Some("true") {
        let day = |at: Timestamp| from.time_zone().to_datetime(at).date();
        return Ok((When::Day(day(start)), When::Day(day(end).yesterday().map_err(|error| error.to_string())?)));
    }
    Ok((When::at(start, from), When::at(end, to)))
}

/// What of the series its changed and cancelled occurrences have otherwise.
fn differing(
    node: &Node,
    occurrences: &[Node],
    series: &Fields,
    (start, end): (&When, &When),
) -> Result<Fields, String> {
    let mut found = Fields::new();
    let zone = zone(node, "StartTimeZone")?;
    let original = |at: Timestamp| -> DateTime {
        let wall = zone.time_zone().to_datetime(at);
        // The series' own clock, also on a day when clocks jump.
        wall.date().to_datetime(start.wall().time())
    };
    for deleted in node.child("DeletedOccurrences").into_iter().flat_map(|all| &all.children) {
        let at = original(instant(deleted, "Start")?);
        found.insert(Path::occurrence(at, Field::State), Value::text("cancelled"));
    }
    for (told, shown) in changed(node).zip(occurrences) {
        let at = original(instant(told, "OriginalStart")?);
        let fields = plain(Kind::Appointment, shown);
        for field in OF_OCCURRENCES {
            let (here, there) = (fields.get(&Path::of(field.clone())), series.get(&Path::of(field.clone())));
            if here != there {
                found.insert(Path::occurrence(at, field), here.cloned().unwrap_or(Value::Cleared));
            }
        }
        let length = start.wall().until(end.wall()).map_err(|error| error.to_string())?;
        let as_series =
            (start.with_wall(at), end.with_wall(at.checked_add(length).map_err(|error| error.to_string())?));
        let moved = span(shown)?;
        if !(moved.0.same(&as_series.0) && moved.1.same(&as_series.1)) {
            found.insert(Path::occurrence(at, Field::State), Value::text("modified"));
            found.insert(Path::occurrence(at, Field::Start), Value::When(moved.0));
            found.insert(Path::occurrence(at, Field::End), Value::When(moved.1));
        }
    }
    Ok(found)
}

/// Who holds a meeting, and who is asked.
fn meeting(node: &Node, item: &mut Item) {
    let person = |mailbox: &Node, role, response| Attendee {
        name: mailbox.text_at(&["Name"]).unwrap_or_default().to_owned(),
        address: mailbox.text_at(&["EmailAddress"]).map(str::to_owned),
        role,
        response,
    };
    let organizer = node.child("Organizer").and_then(|organizer| organizer.child("Mailbox"));
    let organizer = organizer.map(|mailbox| person(mailbox, Role::Required, Response::Organizer));
    let mut invited = People::new();
    for (list, role) in [("RequiredAttendees", Role::Required), ("OptionalAttendees", Role::Optional)] {
        for guest in node.child(list).into_iter().flat_map(|list| &list.children) {
            let guest = guest.child("Mailbox").map(|mailbox| person(mailbox, role, Response::Unknown));
            let guest = guest.filter(|guest| organizer.as_ref().is_none_or(|known| known.key() != guest.key()));
            invited.extend(guest.map(|guest| (guest.key(), guest)));
        }
    }
    item.invited = invited;
    item.requests_sent = node.text_at(&["MeetingRequestWasSent"]) == Some("true");
    let state: u32 = node.text_at(&["AppointmentState"]).and_then(|text| text.parse().ok()).unwrap_or(0);
    item.organizer = organizer.filter(|_| state & 2 != 0);
}

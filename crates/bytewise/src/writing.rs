//! What a person writes into an item, as the parts of a CreateItem or UpdateItem.

use crate::rule;
use crate::table::{Form, ORDER, ZONES, element, rows};
use crate::tree::fit;
use jiff::civil::Time;
use model::{Attendee, Field, Fields, Kind, Path, Role, Value, When, Zone};
use sim::memory::exchange::Item;
use std::collections::{BTreeMap, BTreeSet};

/// One property, said or taken away.
struct Said {
    uri: &'static str,
    element: &'static str,
    /// The entry of a collection.
    key: Option<&'static str>,
    /// The whole element, or what stands in the entry; nothing takes it away.
    xml: Option<String>,
}

impl Said {
    fn whole(uri: &'static str, element: &'static str, text: &str) -> Said {
        Said { uri, element, key: None, xml: Some(leaf(element, text)) }
    }
}

fn leaf(element: &str, text: &str) -> String {
    format!("<t:{element}>{}</t:{element}>", fit(text))
}

/// The item of a CreateItem.
pub(crate) fn created(item: &Item) -> Result<String, String> {
    let changed: BTreeSet<Field> =
        item.fields.keys().filter(|path| path.occurrence.is_none()).map(|path| path.field.clone()).collect();
    let mut parts: BTreeMap<usize, String> = BTreeMap::new();
    let mut entries: BTreeMap<(usize, &str), String> = BTreeMap::new();
    let place = |element: &str| {
        ORDER.iter().position(|known| *known == element).ok_or_else(|| format!("{element} has no place"))
    };
    for said in said(item.kind, &item.fields, &changed)? {
        let Some(xml) = said.xml else { continue };
        match said.key {
            None => drop(parts.insert(place(said.element)?, xml)),
            Some(key) => entries.entry((place(said.element)?, key)).or_default().push_str(&xml),
        }
    }
    for ((at, key), xml) in entries {
        parts.entry(at).or_default().push_str(&format!("<t:Entry Key=\"{key}\">{xml}</t:Entry>"));
    }
    for at in parts.keys().copied().collect::<Vec<_>>() {
        if let (Some(name @ ("EmailAddresses" | "PhysicalAddresses" | "PhoneNumbers")), Some(xml)) =
            (ORDER.get(at).copied(), parts.get_mut(&at))
        {
            *xml = format!("<t:{name}>{xml}</t:{name}>");
        }
    }
    if item.kind == Kind::Appointment {
        // Exchange would remind of it on its own.
        parts.entry(place("ReminderIsSet")?).or_insert_with(|| leaf("ReminderIsSet", "false"));
        for (list, role) in [("RequiredAttendees", Role::Required), ("OptionalAttendees", Role::Optional)] {
            let people: String = item.invited.values().filter(|person| person.role == role).map(asked).collect();
            if !people.is_empty() {
                parts.insert(place(list)?, format!("<t:{list}>{people}</t:{list}>"));
            }
        }
    }
    let name = element(item.kind);
    Ok(format!("<t:{name}>{}</t:{name}>", parts.into_values().collect::<String>()))
}

fn asked(person: &Attendee) -> String {
    let (name, address) = (leaf("Name", &person.name), leaf("EmailAddress", person.address.as_deref().unwrap_or("")));
    format!("<t:Attendee><t:Mailbox>{name}{address}</t:Mailbox></t:Attendee>")
}

/// The updates of an UpdateItem that make these fields of an item what they are in `after`.
pub(crate) fn updates(kind: Kind, after: &Fields, changed: &BTreeSet<Field>) -> Result<String, String> {
    let name = element(kind);
    let update = |said: Said| {
        let path = match said.key {
            None => format!("<t:FieldURI FieldURI=\"{}\"/>", said.uri),
            Some(key) => format!("<t:IndexedFieldURI FieldURI=\"{}\" FieldIndex=\"{key}\"/>", said.uri),
        };
        match (said.xml, said.key) {
            (None, _) => format!("<t:DeleteItemField>{path}</t:DeleteItemField>"),
            (Some(xml), None) => format!("<t:SetItemField>{path}<t:{name}>{xml}</t:{name}></t:SetItemField>"),
            (Some(xml), Some(key)) => {
                let of = said.element;
                let xml = format!("<t:{of}><t:Entry Key=\"{key}\">{xml}</t:Entry></t:{of}>");
                format!("<t:SetItemField>{path}<t:{name}>{xml}</t:{name}></t:SetItemField>")
            }
        }
    };
    Ok(said(kind, after, changed)?.into_iter().map(update).collect())
}

fn said(kind: Kind, fields: &Fields, changed: &BTreeSet<Field>) -> Result<Vec<Said>, String> {
    let mut all = Vec::new();
    let at = |field: &Field| fields.get(&Path::of(field.clone())).filter(|value| !value.is_blank());
    for field in changed {
        let value = at(field);
        match field {
            Field::Start | Field::End => {}
            Field::Rule => {
                let first = at(&Field::Start).and_then(Value::as_when).ok_or("a series without a start")?;
                let of = value.and_then(Value::as_rule).ok_or("nobody here ends a series")?;
                let xml = rule::written(of, first.wall().date()).ok_or("a rule that nobody here makes")?;
                all.push(Said { uri: "calendar:Recurrence", element: "Recurrence", key: None, xml: Some(xml) });
            }
            Field::Body => {
                let text = value.and_then(Value::as_text);
                let xml = text.map(|text| format!("<t:Body BodyType=\"Text\">{}</t:Body>", fit(text)));
                all.push(Said { uri: "item:Body", element: "Body", key: None, xml });
            }
            Field::Categories => {
                let words = value.and_then(Value::as_set);
                let xml = words.map(|words| words.iter().map(|word| leaf("String", word)).collect::<String>());
                let xml = xml.map(|words| format!("<t:Categories>{words}</t:Categories>"));
                all.push(Said { uri: "item:Categories", element: "Categories", key: None, xml });
            }
            Field::Private => {
                let word = if value.and_then(Value::as_flag) == Some(true) { "Private" } else { "Normal" };
                all.push(Said::whole("item:Sensitivity", "Sensitivity", word));
            }
            Field::Reminder => {
                let set = if value.is_some() { "true" } else { "false" };
                all.push(Said::whole("item:ReminderIsSet", "ReminderIsSet", set));
                if let Some(Value::Number(minutes)) = value {
                    let name = "ReminderMinutesBeforeStart";
                    all.push(Said::whole("item:ReminderMinutesBeforeStart", name, &minutes.to_string()));
                }
            }
            _ => all.push(in_its_place(kind, field, value)?),
        }
    }
    if changed.contains(&Field::Start) || changed.contains(&Field::End) {
        let (Some(start), Some(end)) =
            (at(&Field::Start).and_then(Value::as_when), at(&Field::End).and_then(Value::as_when))
        else {
            return Err("an appointment without a start or an end".to_owned());
        };
        all.extend(span(start, end)?);
    }
    Ok(all)
}

fn in_its_place(kind: Kind, field: &Field, value: Option<&Value>) -> Result<Said, String> {
    let row = rows(kind).iter().find(|(known, _)| known == field);
    let (_, place) = row.ok_or_else(|| format!("nobody here writes {field}"))?;
    let text = match (value, place.form) {
        (None, _) => None,
        (Some(Value::Text(text)), Form::Text) => Some(text.clone()),
        (Some(Value::Number(number)), Form::Number) => Some(number.to_string()),
        (Some(Value::Day(day)), Form::Day) => Some(format!("{day}T00:00:00Z")),
        (Some(_), _) => return Err(format!("{field} has another form")),
    };
    let (key, xml) = match place.entry {
        None => (None, text.map(|text| leaf(place.element, &text))),
        Some((key, None)) => (Some(key), text.map(|text| fit(&text))),
        Some((key, Some(part))) => (Some(key), text.map(|text| leaf(part, &text))),
    };
    Ok(Said { uri: place.uri, element: place.element, key, xml })
}

/// Start, end, and what goes with them.
fn span(start: &When, end: &When) -> Result<[Said; 5], String> {
    let utc = Zone::utc();
    let (all_day, from, to) = match (start, end) {
        (When::Day(first), When::Day(last)) => {
            let after = last.tomorrow().map_err(|error| error.to_string())?;
            let midnight = |day: &jiff::civil::Date| utc.instant(day.to_datetime(Time::midnight()));
            ("true", midnight(first), midnight(&after))
        }
        (_, _) => ("false", start.instant(&utc), end.instant(&utc)),
    };
    let zone = |when: &When, uri, element: &'static str| {
        let name = when.zone().unwrap_or(&utc).name().to_owned();
        let known = ZONES.iter().find(|(iana, _)| *iana == name);
        let (_, windows) = known.ok_or_else(|| format!("nobody here lives in the zone {name}"))?;
        let xml = Some(format!("<t:{element} Id=\"{windows}\"/>"));
        Ok::<Said, String>(Said { uri, element, key: None, xml })
    };
    Ok([
        zone(start, "calendar:StartTimeZone", "StartTimeZone")?,
        zone(end, "calendar:EndTimeZone", "EndTimeZone")?,
        Said::whole("calendar:Start", "Start", &from.to_string()),
        Said::whole("calendar:End", "End", &to.to_string()),
        Said::whole("calendar:IsAllDayEvent", "IsAllDayEvent", all_day),
    ])
}

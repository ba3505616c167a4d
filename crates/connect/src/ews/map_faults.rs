//! What is wrong with a field map for Exchange, before a server refuses every request that asks for it.

use super::{own, property};
use model::form::{Form, form};
use model::maps_ews::default_map;
use model::{Direction, DomainMap, Field, MapEntry, Translation};
use std::collections::BTreeMap;
use wire::ews::{ExtendedName, ExtendedPath, ExtendedType, Path, Property};

/// The rows of a map that Exchange could not be asked for or not hold, in words, each with its number.
pub fn faults(map: &DomainMap) -> Vec<(usize, String)> {
    let shipped = default_map(map.domain);
    let mut taken: BTreeMap<Path, &Field> = BTreeMap::new();
    let mut faults = Vec::new();
    for (row, entry) in map.entries.iter().enumerate() {
        let (field, domain, property) = (&entry.field, map.domain, entry.property.trim());
        let mut note = |problem: String| faults.push((row, problem));
        let Some(path) = property::path(property) else {
            note(format!("the property {property} of the field {field} of {domain} is unknown to EWS"));
            continue;
        };
        if let Some(problem) = unfit(entry, &path, map, &shipped) {
            note(problem);
            continue;
        }
        if entry.direction == Direction::Off {
            continue;
        }
        match taken.get(&path) {
            Some(other) if !shares(other, field) => {
                note(format!("the fields {other} and {field} of {domain} stand both at {property}"));
            }
            Some(_) => {}
            None => {
                taken.insert(path, field);
            }
        }
        if let Some(problem) = entry.translation.as_ref().and_then(|words| unknown_word(field, words)) {
            note(problem);
        }
    }
    faults
}

/// Why a field cannot stand at that property.
fn unfit(entry: &MapEntry, path: &Path, map: &DomainMap, shipped: &DomainMap) -> Option<String> {
    let (field, domain, property) = (&entry.field, map.domain, entry.property.trim());
    if let Path::Extended(ExtendedPath { name: ExtendedName::Named(set, _), .. }) = path
        && own::is_ours(set)
    {
        return Some(format!("the property {property} is kept for the synchronisation's own marks"));
    }
    let ship = shipped.entry(field);
    if ship.is_some_and(|ship| property::path(&ship.property).as_ref() == Some(path)) {
        return None;
    }
    let kind = super::kind_map::item_kind(domain.kind());
    let stands = match path {
        Path::Property(property) => property.is_of(kind),
        Path::Entry(dictionary, _) => dictionary.property().is_of(kind),
        Path::Extended(_) => true,
    };
    if !stands {
        return Some(format!("the items of {domain} have no property {property}"));
    }
    if let Some(ship) = ship.filter(|_| !moves(field)) {
        return Some(format!("the field {field} of {domain} stands at {} and nowhere else", ship.property));
    }
    let text = match path {
        Path::Property(property) => property.holds_text(),
        Path::Entry(..) => true,
        Path::Extended(extended) => ship.is_none() || extended.kind == ExtendedType::String,
    };
    if !text {
        return Some(format!("the property {property} holds no text, and cannot keep the field {field} of {domain}"));
    }
    // They follow the names by themselves.
    let derived = matches!(path, Path::Property(Property::FileAs | Property::DisplayName));
    (derived && entry.direction != Direction::Import).then(|| {
        format!("the property {property} follows the names: the field {field} of {domain} can only be imported from it")
    })
}

/// Whether a field may stand elsewhere than where it ships: a text without words of its own. Everything else is read and
/// written together with what belongs to it.
fn moves(field: &Field) -> bool {
    let words = matches!(field, Field::ShowAs | Field::Status | Field::Priority | Field::State | Field::ActivityType);
    matches!(form(field), Form::Text | Form::Any) && !words && *field != Field::Body
}

/// The activity type is one of the categories.
fn shares(one: &Field, other: &Field) -> bool {
    let both = [one, other];
    both.contains(&&Field::Categories) && both.contains(&&Field::ActivityType)
}

/// A word of a translation that Exchange does not hold.
fn unknown_word(field: &Field, words: &Translation) -> Option<String> {
    let known: &[&str] = match field {
        Field::Priority => &["Low", "Normal", "High"],
        Field::Status => &["NotStarted", "InProgress", "Completed", "WaitingOnOthers", "Deferred"],
        Field::ShowAs => &["Free", "Tentative", "Busy", "OOF", "WorkingElsewhere"],
        _ => return None,
    };
    let mut told = words.out.values().flatten().chain(words.back.keys());
    let wrong = told.find(|word| !known.contains(&word.as_str()))?;
    Some(format!("'{wrong}' is no {field} of Exchange; it has {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Domain;

    fn row(field: &str, property: &str) -> MapEntry {
        MapEntry {
            field: Field::parse(field).expect("a field"),
            property: property.to_owned(),
            direction: Direction::Both,
            default: None,
            key: false,
            required: false,
            translation: None,
        }
    }

    #[test]
    fn every_row_of_the_shipped_maps_is_known() {
        for domain in Domain::ALL {
            assert_eq!(faults(&default_map(domain)), []);
        }
    }

    // E3
    #[test]
    fn every_unknown_row_is_named_at_once() {
        let texts = [
            "",
            "x:",
            "x:3A45",
            "x:{guid}:name",
            "x:Nowhere:0x1",
            "x:Common:",
            "contacts:Given",
            "contacts:PhoneNumber:",
            "contacts:PhoneNumber:Shoe",
            "contacts:PhysicalAddress:Street:Beach",
        ];
        let map = DomainMap { domain: Domain::Employee, entries: texts.map(|text| row("nickname", text)).to_vec() };
        let rows: Vec<usize> = faults(&map).into_iter().map(|(row, _)| row).collect();
        assert_eq!(rows, (0..texts.len()).collect::<Vec<_>>());
    }

    // E3: a property that the kind of item does not have makes the server refuse the whole folder.
    #[test]
    fn a_field_stands_only_where_its_items_can_hold_it() {
        let wrong = |domain, field, property| {
            let map = DomainMap { domain, entries: vec![row(field, property)] };
            faults(&map).pop().map(|(_, problem)| problem)
        };
        for (domain, field, property) in [
            (Domain::Calendar, "x.vip", "contacts:GivenName"),
            (Domain::Task, "x.vip", "calendar:Location"),
            (Domain::BusinessContact, "job_title", "item:Sensitivity"),
            (Domain::BusinessContact, "job_title", "contacts:Birthday"),
            (Domain::BusinessContact, "birthday", "contacts:WeddingAnniversary"),
            (Domain::BusinessContact, "job_title", "x:0x0036:Integer"),
            (Domain::BusinessContact, "x.filed", "contacts:FileAs"),
            (Domain::BusinessContact, "x.who", "item:LastModifiedName"),
            (Domain::BusinessContact, "x.mark", "x:{6B8E2F0A-53C1-4D0E-9A77-51F2C0D4E9B3}:SynclineMark"),
            (Domain::Calendar, "start", "calendar:End"),
            (Domain::Task, "status", "item:Subject"),
        ] {
            assert!(wrong(domain, field, property).is_some(), "{field} at {property}");
        }
        for (domain, field, property) in [
            (Domain::BusinessContact, "mobile_phone", "contacts:PhoneNumber:OtherTelephone"),
            (Domain::BusinessContact, "x.profession", "contacts:Profession"),
            (Domain::Calendar, "x.vip", "x:{00020329-0000-0000-c000-000000000046}:Vip"),
            (Domain::Calendar, "x.number", "x:Common:0x8506:Integer"),
            (Domain::Task, "subject", "item:Subject"),
        ] {
            assert_eq!(wrong(domain, field, property), None, "{field} at {property}");
        }
    }

    // E3
    #[test]
    fn two_fields_do_not_share_a_property_unless_one_is_off() {
        let mut map = default_map(Domain::BusinessContact);
        map.entries.push(row("x.title", "contacts:JobTitle"));
        assert_eq!(faults(&map).len(), 1);
        map.entries
            .iter_mut()
            .filter(|row| row.field == Field::JobTitle)
            .for_each(|row| row.direction = Direction::Off);
        assert_eq!(faults(&map), []);
    }

    // E3
    #[test]
    fn a_translation_names_words_that_exchange_has() {
        let mut map = default_map(Domain::Task);
        let priority = map.entries.iter_mut().find(|row| row.field == Field::Priority).expect("a row");
        let words = priority.translation.as_mut().expect("words");
        words.out.insert("1-ASAP".to_owned(), Some("Urgent".to_owned()));
        assert!(faults(&map).pop().is_some_and(|(_, problem)| problem.contains("Urgent")));
    }
}

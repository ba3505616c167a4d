//! MAPI names of standard properties: a client that writes or reads by them means the property itself.

use crate::item::Item;
use crate::item::contact::entry;
use crate::item::extended::{self, ExtKey, ExtPath, ExtValue};
use crate::item::schema::ItemKind;
use crate::item::set_parts::set_address_part;
use crate::item::time::written_day;
use crate::xml::Element;

/// The parts of postal addresses, by property of the set of addresses.
const WORK: &[(i32, &str)] =
    &[(0x8045, "Street"), (0x8046, "City"), (0x8047, "State"), (0x8048, "PostalCode"), (0x8049, "CountryOrRegion")];

/// The parts of the other postal addresses, by tag.
const HOME_AND_OTHER: &[(u16, &str, &str)] = &[
    (0x3a59, "Home", "City"),
    (0x3a5a, "Home", "CountryOrRegion"),
    (0x3a5b, "Home", "PostalCode"),
    (0x3a5c, "Home", "State"),
    (0x3a5d, "Home", "Street"),
    (0x3a5f, "Other", "City"),
    (0x3a60, "Other", "CountryOrRegion"),
    (0x3a61, "Other", "PostalCode"),
    (0x3a62, "Other", "State"),
    (0x3a63, "Other", "Street"),
];

/// Days of a task, by property of the set of tasks.
const TASK_DAYS: &[(i32, &str)] = &[(0x8104, "StartDate"), (0x8105, "DueDate"), (0x810f, "CompleteDate")];

const SENSITIVITIES: &[&str] = &["Normal", "Personal", "Private", "Confidential"];
const IMPORTANCES: &[&str] = &["Low", "Normal", "High"];

/// The part of a postal address that a property is: the address's key and the part's element.
fn address_part(key: &ExtKey) -> Option<(&'static str, &'static str)> {
    if let ExtKey::Tag(tag) = key {
        return HOME_AND_OTHER.iter().find(|(known, ..)| known == tag).map(|(_, key, part)| (*key, *part));
    }
    WORK.iter().find(|(id, _)| *key == ExtKey::in_set("Address", *id)).map(|(_, part)| ("Business", *part))
}

/// The list of categories under the name that MAPI clients know.
fn is_keywords(key: &ExtKey) -> bool {
    let set = extended::set_guid("PublicStrings").unwrap_or_default();
    matches!(key, ExtKey::Name(guid, name) if guid == set && name == "Keywords")
}

/// The value of a property that is a standard one, where that needs no more than the item.
pub(crate) fn read(item: &Item, key: &ExtKey) -> Option<ExtValue> {
    if let Some((address, part)) = address_part(key) {
        let text = entry(item, "PhysicalAddresses", address)?.child_text(part)?;
        return Some(ExtValue::one("String", text));
    }
    if is_keywords(key) {
        let values: Vec<String> = item.parts("Categories")?.elements().map(Element::text).collect();
        return Some(ExtValue { kind: "StringArray".to_owned(), values, many: true });
    }
    let task = item.task()?;
    let (_, name) = TASK_DAYS.iter().find(|(id, _)| *key == ExtKey::in_set("Task", *id))?;
    let day = match *name {
        "StartDate" => task.start,
        "DueDate" => task.due,
        _ => task.completed,
    };
    day.map(|day| ExtValue::one("SystemTime", written_day(day)))
}

/// The standard property that a path with this type is another name of.
pub(crate) fn standard(item: &Item, path: &ExtPath) -> Option<&'static str> {
    let name = match (&path.key, path.kind.as_str()) {
        (ExtKey::Tag(0x17), "Integer") => "Importance",
        (ExtKey::Tag(0x36), "Integer") => "Sensitivity",
        (ExtKey::Tag(0x1000), "String") => "Body",
        (ExtKey::Tag(0x3a41), "SystemTime") => "WeddingAnniversary",
        (ExtKey::Tag(0x3a42), "SystemTime") => "Birthday",
        (key, "StringArray") if is_keywords(key) => "Categories",
        (key, "Boolean") if *key == ExtKey::in_set("Common", 0x8506) => "Sensitivity",
        (key, "SystemTime") => TASK_DAYS.iter().find(|(id, _)| *key == ExtKey::in_set("Task", *id))?.1,
        _ => return None,
    };
    item.kind.spec(name).map(|spec| spec.name)
}

/// The element that sets the same standard property, if the path is one.
pub(crate) fn as_element(item: &Item, path: &ExtPath, value: &ExtValue) -> Option<Element> {
    let name = standard(item, path)?;
    let text = value.first();
    let word = |words: &[&'static str]| text.parse::<usize>().ok().and_then(|at| words.get(at).copied());
    Some(match (name, path.kind.as_str()) {
        ("Importance", _) => Element::leaf(name, word(IMPORTANCES)?),
        ("Sensitivity", "Boolean") => {
            let known = item.text(name).unwrap_or("Normal");
            let hidden = matches!(known, "Private" | "Confidential");
            Element::leaf(
                name,
                match text {
                    "true" if !hidden => "Private",
                    "false" if hidden => "Normal",
                    _ => known,
                },
            )
        }
        ("Sensitivity", _) => Element::leaf(name, word(SENSITIVITIES)?),
        ("Body", _) => Element::leaf(name, text).with_attr("BodyType", "Text"),
        ("Categories", _) => {
            let mut list = Element::new(name);
            for word in &value.values {
                list.push(Element::leaf("String", word));
            }
            list
        }
        _ => Element::leaf(name, text),
    })
}

/// Writes a part of a postal address that came under its MAPI name; says whether it was one.
pub(crate) fn set_part(item: &mut Item, path: &ExtPath, text: Option<&str>) -> bool {
    match address_part(&path.key).filter(|_| item.kind == ItemKind::Contact && path.kind == "String") {
        Some((address, part)) => {
            set_address_part(item, address, part, text);
            true
        }
        None => false,
    }
}

//! What Exchange works out for a contact by itself: the display name, the name it is filed under, the complete name.

use crate::item::extended::ExtKey;
use crate::item::{Item, Value};
use crate::xml::Element;

/// `PidTagDisplayNamePrefix`: the title before a name.
pub(crate) const TITLE: ExtKey = ExtKey::Tag(0x3a45);

fn part<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.text(name).filter(|text| !text.is_empty())
}

fn joined(parts: &[Option<&str>], between: &str) -> String {
    let parts: Vec<&str> = parts.iter().flatten().copied().collect();
    parts.join(between)
}

/// The display name: as set by hand, else from the parts, else the company, else the first address.
pub(crate) fn display_name(item: &Item) -> String {
    if let Some(given) = part(item, "DisplayName") {
        return given.to_owned();
    }
    let name = joined(
        &[part(item, "GivenName"), part(item, "MiddleName"), part(item, "Surname"), part(item, "Generation")],
        " ",
    );
    if !name.is_empty() {
        return name;
    }
    part(item, "CompanyName")
        .map(str::to_owned)
        .or_else(|| entry(item, "EmailAddresses", "EmailAddress1").map(Element::text))
        .unwrap_or_default()
}

/// Which rule the filing name follows; set by hand, it follows none.
pub(crate) fn file_as_mapping(item: &Item) -> &str {
    if let Some(mapping) = part(item, "FileAsMapping") {
        mapping
    } else if item.props.contains_key("FileAs") {
        "None"
    } else {
        "LastCommaFirst"
    }
}

/// The name a contact is filed under.
pub(crate) fn file_as(item: &Item) -> String {
    let (given, middle, last) = (part(item, "GivenName"), part(item, "MiddleName"), part(item, "Surname"));
    let company = part(item, "CompanyName");
    let first = joined(&[given, middle], " ");
    let first = (!first.is_empty()).then_some(first.as_str());
    let last_comma_first = joined(&[last, first], ", ");
    let last_first = joined(&[last, first], " ");
    let person = |name: String| (!name.is_empty()).then_some(name);
    let text = match file_as_mapping(item) {
        "None" => return part(item, "FileAs").unwrap_or_default().to_owned(),
        "FirstSpaceLast" => joined(&[first, last], " "),
        "Company" => company.unwrap_or_default().to_owned(),
        "LastCommaFirstCompany" => joined(&[person(last_comma_first.clone()).as_deref(), company], "\r\n"),
        "CompanyLastCommaFirst" => joined(&[company, person(last_comma_first.clone()).as_deref()], "\r\n"),
        "LastSpaceFirst" | "LastFirst" => last_first,
        "LastSpaceFirstCompany" | "LastFirstCompany" => joined(&[person(last_first).as_deref(), company], "\r\n"),
        "CompanyLastSpaceFirst" | "CompanyLastFirst" => joined(&[company, person(last_first).as_deref()], "\r\n"),
        "LastFirstSuffix" | "LastFirstMiddleSuffix" => joined(&[last, first, part(item, "Generation")], " "),
        "DisplayName" => display_name(item),
        "FirstName" => given.unwrap_or_default().to_owned(),
        "LastName" => last.unwrap_or_default().to_owned(),
        "Empty" => return String::new(),
        _ => last_comma_first,
    };
    if text.is_empty() { company.map_or_else(|| display_name(item), str::to_owned) } else { text }
}

/// The read-only `CompleteName`.
pub(crate) fn complete_name(item: &Item) -> Element {
    let mut name = Element::new("CompleteName");
    let mut add = |element: &str, text: Option<&str>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            name.push(Element::leaf(element, text));
        }
    };
    add("Title", item.extended.get(&TITLE).map(|value| value.first()));
    add("FirstName", part(item, "GivenName"));
    add("MiddleName", part(item, "MiddleName"));
    add("LastName", part(item, "Surname"));
    add("Suffix", part(item, "Generation"));
    add("Initials", part(item, "Initials"));
    add("FullName", Some(&display_name(item)));
    add("Nickname", part(item, "Nickname"));
    name
}

/// The collections whose entries have keys, and the keys in the order they are shown.
pub(crate) const COLLECTIONS: &[(&str, &[&str])] = &[
    ("EmailAddresses", &["EmailAddress1", "EmailAddress2", "EmailAddress3"]),
    ("PhysicalAddresses", &["Business", "Home", "Other"]),
    (
        "PhoneNumbers",
        &[
            "AssistantPhone",
            "BusinessFax",
            "BusinessPhone",
            "BusinessPhone2",
            "Callback",
            "CarPhone",
            "CompanyMainPhone",
            "HomeFax",
            "HomePhone",
            "HomePhone2",
            "Isdn",
            "MobilePhone",
            "OtherFax",
            "OtherTelephone",
            "Pager",
            "PrimaryPhone",
            "RadioPhone",
            "Telex",
            "TtyTddPhone",
        ],
    ),
    ("ImAddresses", &["ImAddress1", "ImAddress2", "ImAddress3"]),
];

/// One entry of a keyed collection.
pub(crate) fn entry<'a>(item: &'a Item, collection: &str, key: &str) -> Option<&'a Element> {
    item.parts(collection)?.elements().find(|entry| entry.attr("Key") == Some(key))
}

/// Puts an entry into its collection, or takes it out when it is empty; entries stay in the order of their keys.
pub(crate) fn put_entry(item: &mut Item, collection: &'static str, key: &str, new: Option<Element>) {
    let keys = COLLECTIONS.iter().find(|(name, _)| *name == collection).map_or(&[][..], |(_, keys)| keys);
    let mut entries: Vec<Element> =
        item.parts(collection).map(|all| all.elements().cloned().collect()).unwrap_or_default();
    entries.retain(|entry| entry.attr("Key") != Some(key));
    entries.extend(new);
    entries.sort_by_key(|entry| keys.iter().position(|key| entry.attr("Key") == Some(key)).unwrap_or(usize::MAX));
    if entries.is_empty() {
        item.props.remove(collection);
        return;
    }
    let mut all = Element::new(collection);
    for entry in entries {
        all.push(entry);
    }
    item.props.insert(collection, Value::Parts(all));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::schema::ItemKind;
    use jiff::Timestamp;

    fn contact(parts: &[(&'static str, &str)]) -> Item {
        let mut item = Item::new(1, 1, ItemKind::Contact, Timestamp::UNIX_EPOCH);
        for (name, text) in parts {
            item.set_text(name, *text);
        }
        item
    }

    // trap 113
    #[test]
    fn names_are_worked_out_from_their_parts_until_set_by_hand() {
        let ann = [("GivenName", "Ann"), ("Surname", "Smith")];
        let mut item = contact(&ann);
        assert_eq!(display_name(&item), "Ann Smith");
        assert_eq!(file_as(&item), "Smith, Ann");
        item.set_text("Surname", "Jones");
        assert_eq!(display_name(&item), "Ann Jones");
        item.set_text("FileAs", "the boss");
        assert_eq!((file_as(&item).as_str(), file_as_mapping(&item)), ("the boss", "None"));
        let company = contact(&[("CompanyName", "Acme")]);
        assert_eq!((display_name(&company).as_str(), file_as(&company).as_str()), ("Acme", "Acme"));
    }

    // trap 110
    #[test]
    fn entries_are_kept_by_key_and_an_empty_one_goes() {
        let mut item = contact(&[]);
        for key in ["MobilePhone", "BusinessPhone"] {
            let entry = Element::leaf("Entry", key).with_attr("Key", key);
            put_entry(&mut item, "PhoneNumbers", key, Some(entry));
        }
        let keys: Vec<_> =
            item.parts("PhoneNumbers").unwrap().elements().filter_map(|entry| entry.attr("Key")).collect();
        assert_eq!(keys, ["BusinessPhone", "MobilePhone"]);
        put_entry(&mut item, "PhoneNumbers", "BusinessPhone", None);
        put_entry(&mut item, "PhoneNumbers", "MobilePhone", None);
        assert!(item.parts("PhoneNumbers").is_none());
    }
}

//! Where a field map says a field is kept: the text of a map's row as an address on the wire.

use wire::ews::{Dictionary, ExtendedName, ExtendedPath, ExtendedType, Path, Property, PropertySet};

/// The address a map's row names: a field URI (`contacts:GivenName`), an entry of a dictionary
/// (`contacts:EmailAddress:EmailAddress1`), or an extended property: `x:0x3A45`, `x:{guid}:name`,
/// `x:Common:0x8506`; a type other than text stands at the end (`x:0x0036:Integer`).
pub fn path(text: &str) -> Option<Path> {
    match text.trim().strip_prefix("x:") {
        Some(rest) => extended(rest).map(Path::Extended),
        None => Property::of(text.trim()).map(Path::Property).or_else(|| entry(text.trim())),
    }
}

fn entry(text: &str) -> Option<Path> {
    let (dictionary, key) = text.rsplit_once(':')?;
    let dictionary = Dictionary::of(dictionary)?;
    dictionary.keys().contains(&key).then(|| Path::entry(dictionary, key))
}

fn extended(text: &str) -> Option<ExtendedPath> {
    let mut parts: Vec<&str> = text.split(':').collect();
    let kind = match parts.last().and_then(|word| ExtendedType::of(word)) {
        Some(kind) if parts.len() > 1 => {
            parts.pop();
            kind
        }
        Some(_) | None => ExtendedType::String,
    };
    let name = match parts.as_slice() {
        [tag] => ExtendedName::Tag(u16::try_from(number(tag)?).ok()?),
        [set, name] if !name.is_empty() => {
            let set = property_set(set)?;
            match number(name) {
                Some(id) => ExtendedName::Number(set, id),
                None => ExtendedName::Named(set, (*name).to_owned().into()),
            }
        }
        _ => return None,
    };
    Some(ExtendedPath { name, kind })
}

fn number(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?, 16).ok()
}

fn property_set(text: &str) -> Option<PropertySet> {
    if let Some(known) = PropertySet::of_name(text) {
        return Some(known);
    }
    let guid = text.strip_prefix('{')?.strip_suffix('}')?.to_ascii_lowercase();
    let parts: Vec<usize> = guid.split('-').map(str::len).collect();
    let hex = guid.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    (hex && parts == [8, 4, 4, 4, 12]).then(|| PropertySet::of_guid(&guid))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn each_way_of_naming_a_property_is_read() {
        assert_eq!(path("x:0x3A45"), Some(Path::Extended(ExtendedPath::tag(0x3A45, ExtendedType::String))));
        assert_eq!(path("x:0x0036:Integer"), Some(Path::Extended(ExtendedPath::tag(0x36, ExtendedType::Integer))));
        let named = ExtendedPath::named("00000000-0000-4000-8000-0123456789AB", "Vip", ExtendedType::String);
        assert_eq!(path("x:{00000000-0000-4000-8000-0123456789AB}:Vip"), Some(Path::Extended(named)));
        let number = ExtendedPath::number("Common", 0x8506, ExtendedType::Boolean);
        assert_eq!(path("x:Common:0x8506:Boolean"), Some(Path::Extended(number)));
        assert_eq!(path("contacts:PhysicalAddress:Street:Home"), Some(Path::entry(Dictionary::Street, "Home")));
    }
}

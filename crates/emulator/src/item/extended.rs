//! Extended properties: by tag, by one of the named sets with an id, or by a name, as clients mark items with them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::item::time;
use crate::xml::Element;
use crate::zone::Zone;

/// What names an extended property in the store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExtKey {
    Tag(u16),
    Id(String, i32),
    Name(String, String),
}

/// A path to an extended property as a request gave it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ExtPath {
    pub key: ExtKey,
    /// The MAPI type by its EWS name; the same name with another type is another property (trap 47).
    pub kind: String,
    /// The `ExtendedFieldURI` as it came, to be answered in the same words.
    pub sent: Element,
}

/// The value of an extended property.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ExtValue {
    pub kind: String,
    pub values: Vec<String>,
    pub many: bool,
}

/// Why an extended property is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExtFault {
    Path,
    CustomTag,
    Value,
}

/// The named property sets of the schema.
const SETS: &[(&str, &str)] = &[
    ("Meeting", "6ed8da90-450b-101b-98da-00aa003f1305"),
    ("Appointment", "00062002-0000-0000-c000-000000000046"),
    ("Common", "00062008-0000-0000-c000-000000000046"),
    ("PublicStrings", "00020329-0000-0000-c000-000000000046"),
    ("Address", "00062004-0000-0000-c000-000000000046"),
    ("InternetHeaders", "00020386-0000-0000-c000-000000000046"),
    ("CalendarAssistant", "11000e07-b51b-40d6-af21-caa85edab1d0"),
    ("UnifiedMessaging", "4442858e-a9e3-4e80-b900-317a210cc15b"),
    ("Task", "00062003-0000-0000-c000-000000000046"),
    ("Sharing", "00062040-0000-0000-c000-000000000046"),
];

const KINDS: &[&str] = &[
    "ApplicationTime",
    "Binary",
    "Boolean",
    "CLSID",
    "Currency",
    "Double",
    "Float",
    "Integer",
    "Long",
    "Short",
    "SystemTime",
    "String",
];

/// The GUID of a named set.
pub(crate) fn set_guid(name: &str) -> Option<&'static str> {
    SETS.iter().find(|(known, _)| *known == name).map(|(_, guid)| *guid)
}

impl ExtKey {
    /// A property of a named set by its id.
    pub(crate) fn in_set(set: &str, id: i32) -> Self {
        Self::Id(set_guid(set).unwrap_or_default().to_owned(), id)
    }
}

impl ExtPath {
    /// Reads an `ExtendedFieldURI`.
    pub(crate) fn read(element: &Element) -> Result<Self, ExtFault> {
        let kind = element.attr("PropertyType").ok_or(ExtFault::Path)?;
        let single = kind.strip_suffix("Array").unwrap_or(kind);
        if !KINDS.contains(&single) {
            return Err(ExtFault::Path);
        }
        let set = match (element.attr("DistinguishedPropertySetId"), element.attr("PropertySetId")) {
            (Some(name), None) => Some(set_guid(name).ok_or(ExtFault::Path)?.to_owned()),
            (None, Some(guid)) => Some(guid.to_ascii_lowercase()),
            (None, None) => None,
            (Some(_), Some(_)) => return Err(ExtFault::Path),
        };
        let key = match (set, element.attr("PropertyTag"), element.attr("PropertyName"), element.attr("PropertyId")) {
            (None, Some(tag), None, None) => {
                let tag = number(tag).ok_or(ExtFault::Path)?;
                let tag = u16::try_from(tag).map_err(|_| ExtFault::Path)?;
                if tag >= 0x8000 {
                    return Err(ExtFault::CustomTag);
                }
                ExtKey::Tag(tag)
            }
            (Some(set), None, Some(name), None) if !name.is_empty() => ExtKey::Name(set, name.to_owned()),
            (Some(set), None, None, Some(id)) => {
                ExtKey::Id(set, number(id).and_then(|id| i32::try_from(id).ok()).ok_or(ExtFault::Path)?)
            }
            _ => return Err(ExtFault::Path),
        };
        Ok(Self { key, kind: kind.to_owned(), sent: element.clone() })
    }

    fn many(&self) -> bool {
        self.kind.ends_with("Array")
    }
}

/// Reads an `ExtendedProperty` element: path and value, the value as the store keeps it.
pub(crate) fn read_property(element: &Element, zone: &Zone) -> Result<(ExtPath, ExtValue), ExtFault> {
    let path = ExtPath::read(element.child("ExtendedFieldURI").ok_or(ExtFault::Path)?)?;
    let single = path.kind.strip_suffix("Array").unwrap_or(&path.kind);
    let raw: Vec<String> = if path.many() {
        let values = element.child("Values").ok_or(ExtFault::Value)?;
        values.elements().map(Element::text).collect()
    } else {
        vec![element.child_text("Value").ok_or(ExtFault::Value)?]
    };
    let values =
        raw.iter().map(|text| normal(single, text, zone).ok_or(ExtFault::Value)).collect::<Result<Vec<_>, _>>()?;
    let value = ExtValue { kind: path.kind.clone(), values, many: path.many() };
    Ok((path, value))
}

/// The `ExtendedProperty` element that answers a path.
pub(crate) fn element(path: &ExtPath, value: &ExtValue) -> Element {
    let property = Element::new("ExtendedProperty").with(path.sent.clone());
    if value.many {
        let mut values = Element::new("Values");
        for text in &value.values {
            values.push(Element::leaf("Value", text));
        }
        property.with(values)
    } else {
        let text = value.values.first().map_or("", String::as_str);
        property.with(Element::leaf("Value", text))
    }
}

impl ExtValue {
    pub(crate) fn one(kind: &str, text: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), values: vec![text.into()], many: false }
    }

    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self::one("Binary", STANDARD.encode(bytes))
    }

    pub(crate) fn first(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }
}

fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn normal(kind: &str, text: &str, zone: &Zone) -> Option<String> {
    let word = text.trim();
    Some(match kind {
        "Boolean" => match word {
            "true" | "1" => "true".to_owned(),
            "false" | "0" => "false".to_owned(),
            _ => return None,
        },
        "Integer" => word.parse::<i32>().ok()?.to_string(),
        "Short" => word.parse::<i16>().ok()?.to_string(),
        "Long" | "Currency" => word.parse::<i64>().ok()?.to_string(),
        "Double" | "Float" | "ApplicationTime" => word.parse::<f64>().ok()?.to_string(),
        "Binary" => STANDARD.encode(STANDARD.decode(word).ok()?),
        "SystemTime" => time::written(time::read(word, zone)?),
        "CLSID" => {
            let bare = word.replace(['-', '{', '}'], "");
            (crate::ids::unhex(&bare)?.len() == 16).then(|| word.to_ascii_lowercase())?
        }
        _ => text.to_owned(),
    })
}

/// A standard property that is the same thing as a MAPI property: reading and writing one is reading and writing the other.
pub(crate) fn alias(key: &ExtKey) -> Option<&'static str> {
    let ExtKey::Tag(tag) = key else {
        return (*key == ExtKey::in_set("Appointment", 0x8208)).then_some("Location");
    };
    TAGS.iter().find(|(known, _)| known == tag).map(|(_, name)| *name)
}

/// A telephone number's key by its MAPI tag.
pub(crate) fn phone_alias(key: &ExtKey) -> Option<&'static str> {
    let ExtKey::Tag(tag) = key else {
        return None;
    };
    PHONES.iter().find(|(known, _)| known == tag).map(|(_, name)| *name)
}

/// MAPI tags of plain text properties.
const TAGS: &[(u16, &str)] = &[
    (0x001a, "ItemClass"),
    (0x0037, "Subject"),
    (0x3001, "DisplayName"),
    (0x3a05, "Generation"),
    (0x3a06, "GivenName"),
    (0x3a0a, "Initials"),
    (0x3a11, "Surname"),
    (0x3a16, "CompanyName"),
    (0x3a17, "JobTitle"),
    (0x3a18, "Department"),
    (0x3a19, "OfficeLocation"),
    (0x3a30, "AssistantName"),
    (0x3a44, "MiddleName"),
    (0x3a46, "Profession"),
    (0x3a48, "SpouseName"),
    (0x3a4e, "Manager"),
    (0x3a4f, "Nickname"),
    (0x3a51, "BusinessHomePage"),
];

const PHONES: &[(u16, &str)] = &[
    (0x3a02, "Callback"),
    (0x3a08, "BusinessPhone"),
    (0x3a09, "HomePhone"),
    (0x3a1a, "PrimaryPhone"),
    (0x3a1b, "BusinessPhone2"),
    (0x3a1c, "MobilePhone"),
    (0x3a1d, "RadioPhone"),
    (0x3a1e, "CarPhone"),
    (0x3a1f, "OtherTelephone"),
    (0x3a21, "Pager"),
    (0x3a23, "OtherFax"),
    (0x3a24, "BusinessFax"),
    (0x3a25, "HomeFax"),
    (0x3a2c, "Telex"),
    (0x3a2d, "Isdn"),
    (0x3a2e, "AssistantPhone"),
    (0x3a2f, "HomePhone2"),
    (0x3a4b, "TtyTddPhone"),
    (0x3a57, "CompanyMainPhone"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn path(attrs: &[(&str, &str)]) -> Result<ExtPath, ExtFault> {
        let mut element = Element::new("ExtendedFieldURI");
        for (name, value) in attrs {
            element = element.with_attr(name, value);
        }
        ExtPath::read(&element)
    }

    #[test]
    fn a_named_set_and_its_guid_name_the_same_property() {
        let by_name =
            path(&[("DistinguishedPropertySetId", "Meeting"), ("PropertyId", "35"), ("PropertyType", "Binary")]);
        let by_guid = path(&[
            ("PropertySetId", "6ED8DA90-450B-101B-98DA-00AA003F1305"),
            ("PropertyId", "35"),
            ("PropertyType", "Binary"),
        ]);
        assert!(by_name.unwrap().key == by_guid.unwrap().key);
    }

    #[test]
    fn wrong_paths_are_refused_each_in_its_way() {
        let custom = path(&[("PropertyTag", "0x8001"), ("PropertyType", "String")]);
        assert_eq!(custom.err(), Some(ExtFault::CustomTag));
        let both = path(&[("PropertyTag", "0x3001"), ("PropertyName", "x"), ("PropertyType", "String")]);
        assert_eq!(both.err(), Some(ExtFault::Path));
        let untyped = path(&[("PropertyTag", "0x3001"), ("PropertyType", "Error")]);
        assert_eq!(untyped.err(), Some(ExtFault::Path));
    }

    #[test]
    fn values_are_checked_and_kept_in_one_form() {
        let zone = Zone::utc();
        assert_eq!(normal("Boolean", "1", &zone).as_deref(), Some("true"));
        assert_eq!(normal("Integer", "x", &zone), None);
        assert_eq!(normal("SystemTime", "2026-01-01T01:00:00+01:00", &zone).as_deref(), Some("2026-01-01T00:00:00Z"));
    }
}

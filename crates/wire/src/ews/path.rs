//! How one value of an item is addressed: by a property, an entry of a dictionary, or an extended property.

use super::Property;
use crate::xml::{Element, Writer};
use std::borrow::Cow;

/// A word that most often is one of those known beforehand: every item has dozens, and none of those is kept anew.
pub type Word = Cow<'static, str>;

/// The known word of this text, or one of its own.
fn word(text: &str, known: impl IntoIterator<Item = &'static str>) -> Word {
    match known.into_iter().find(|word| *word == text) {
        Some(word) => Cow::Borrowed(word),
        None => Cow::Owned(text.to_owned()),
    }
}

/// The address of one value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// A property with a name of its own.
    Property(Property),
    /// An entry of a dictionary, such as the phone number `BusinessPhone`.
    Entry(Dictionary, Word),
    /// A property that the service has no name for.
    Extended(ExtendedPath),
}

impl From<Property> for Path {
    fn from(property: Property) -> Self {
        Self::Property(property)
    }
}

// What is asked of an item by its path takes a path that somebody keeps, or one that was just made.
impl From<Property> for Cow<'_, Path> {
    fn from(property: Property) -> Self {
        Cow::Owned(property.into())
    }
}

impl From<Path> for Cow<'_, Path> {
    fn from(path: Path) -> Self {
        Cow::Owned(path)
    }
}

impl<'a> From<&'a Path> for Cow<'a, Path> {
    fn from(path: &'a Path) -> Self {
        Cow::Borrowed(path)
    }
}

impl Path {
    /// An entry of a dictionary.
    pub fn entry(dictionary: Dictionary, key: &str) -> Self {
        Self::Entry(dictionary, word(key, dictionary.keys().iter().copied()))
    }

    /// Where the value stands among the others of an item.
    pub(crate) fn rank(&self) -> (Property, u8) {
        match self {
            Self::Property(property) => (*property, 0),
            Self::Entry(dictionary, _) => (dictionary.property(), 1),
            Self::Extended(_) => (Property::HasAttachments, 1),
        }
    }

    /// Writes the element that names the value in shapes, updates, sort orders and restrictions.
    pub(crate) fn write(&self, w: &mut Writer) {
        match self {
            Self::Property(property) => w.empty("t:FieldURI", &[("FieldURI", property.uri())]),
            Self::Entry(dictionary, key) => {
                w.empty("t:IndexedFieldURI", &[("FieldURI", dictionary.uri()), ("FieldIndex", key)]);
            }
            Self::Extended(path) => path.write(w),
        }
    }
}

/// The dictionaries of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dictionary {
    /// E-mail addresses, by `EmailAddress1` to `EmailAddress3`.
    EmailAddress,
    /// Street of an address, by `Business`, `Home` or `Other`.
    Street,
    /// City of an address.
    City,
    /// State of an address.
    State,
    /// Country of an address.
    CountryOrRegion,
    /// Postal code of an address.
    PostalCode,
    /// Phone numbers, by kind.
    PhoneNumber,
    /// Instant messaging addresses.
    ImAddress,
}

impl Dictionary {
    /// The parts of a postal address, in the schema's order.
    pub const ADDRESS: [Self; 5] = [Self::Street, Self::City, Self::State, Self::CountryOrRegion, Self::PostalCode];

    /// The name under which requests ask for an entry.
    pub fn uri(self) -> &'static str {
        match self {
            Self::EmailAddress => "contacts:EmailAddress",
            Self::Street => "contacts:PhysicalAddress:Street",
            Self::City => "contacts:PhysicalAddress:City",
            Self::State => "contacts:PhysicalAddress:State",
            Self::CountryOrRegion => "contacts:PhysicalAddress:CountryOrRegion",
            Self::PostalCode => "contacts:PhysicalAddress:PostalCode",
            Self::PhoneNumber => "contacts:PhoneNumber",
            Self::ImAddress => "contacts:ImAddress",
        }
    }

    /// The dictionary of this name.
    pub fn of(uri: &str) -> Option<Self> {
        [Self::EmailAddress, Self::PhoneNumber, Self::ImAddress]
            .into_iter()
            .chain(Self::ADDRESS)
            .find(|d| d.uri() == uri)
    }

    /// The property that holds the dictionary.
    pub fn property(self) -> Property {
        match self {
            Self::EmailAddress => Property::EmailAddresses,
            Self::Street | Self::City | Self::State | Self::CountryOrRegion | Self::PostalCode => {
                Property::PhysicalAddresses
            }
            Self::PhoneNumber => Property::PhoneNumbers,
            Self::ImAddress => Property::ImAddresses,
        }
    }

    /// The keys an entry may have: a request that names another one is refused as a whole.
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Self::EmailAddress => &["EmailAddress1", "EmailAddress2", "EmailAddress3"],
            Self::Street | Self::City | Self::State | Self::CountryOrRegion | Self::PostalCode => {
                &["Business", "Home", "Other"]
            }
            Self::PhoneNumber => PHONES,
            Self::ImAddress => &["ImAddress1", "ImAddress2", "ImAddress3"],
        }
    }

    /// The element inside an entry; none when the entry itself holds the text.
    pub(crate) fn part(self) -> Option<&'static str> {
        match self {
            Self::Street => Some("Street"),
            Self::City => Some("City"),
            Self::State => Some("State"),
            Self::CountryOrRegion => Some("CountryOrRegion"),
            Self::PostalCode => Some("PostalCode"),
            Self::EmailAddress | Self::PhoneNumber | Self::ImAddress => None,
        }
    }
}

/// The kinds of phone numbers.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/phonenumberkeytype>
const PHONES: &[&str] = &[
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
];

/// The address of an extended property.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/extendedfielduri>
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExtendedPath {
    /// How it is named.
    pub name: ExtendedName,
    /// What type its value has.
    pub kind: ExtendedType,
}

/// How an extended property is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtendedName {
    /// By its tag.
    Tag(u16),
    /// By a number within a set.
    Number(PropertySet, u32),
    /// By a name within a set.
    Named(PropertySet, Word),
}

/// A set of named properties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PropertySet {
    /// A set the service knows by name, such as `Meeting`.
    Distinguished(Word),
    /// A set of one's own, by its GUID in lower case.
    Guid(Word),
}

/// Types of extended properties; the others of the schema are never asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtendedType {
    /// Text.
    String,
    /// Several texts.
    StringArray,
    /// A number of 32 bits.
    Integer,
    /// A number of 64 bits.
    Long,
    /// A number of 16 bits.
    Short,
    /// A number with decimals.
    Double,
    /// Yes or no.
    Boolean,
    /// An instant.
    SystemTime,
    /// Bytes, written in base 64.
    Binary,
}

impl ExtendedType {
    /// The type's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::StringArray => "StringArray",
            Self::Integer => "Integer",
            Self::Long => "Long",
            Self::Short => "Short",
            Self::Double => "Double",
            Self::Boolean => "Boolean",
            Self::SystemTime => "SystemTime",
            Self::Binary => "Binary",
        }
    }

    /// The type of this name.
    pub fn of(name: &str) -> Option<Self> {
        [
            Self::String,
            Self::StringArray,
            Self::Integer,
            Self::Long,
            Self::Short,
            Self::Double,
            Self::Boolean,
            Self::SystemTime,
            Self::Binary,
        ]
        .into_iter()
        .find(|t| t.name().eq_ignore_ascii_case(name))
    }
}

impl ExtendedPath {
    /// A property known by its tag.
    pub fn tag(tag: u16, kind: ExtendedType) -> Self {
        Self { name: ExtendedName::Tag(tag), kind }
    }

    /// A property of a set the service knows, by number.
    pub fn number(set: &str, number: u32, kind: ExtendedType) -> Self {
        Self { name: ExtendedName::Number(PropertySet::distinguished(set), number), kind }
    }

    /// A property of a set, by name.
    pub fn named(guid: &str, name: &str, kind: ExtendedType) -> Self {
        Self { name: ExtendedName::Named(PropertySet::of_guid(guid), Cow::Owned(name.to_owned())), kind }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        let kind = ("PropertyType", self.kind.name());
        let number;
        let set = |set: &PropertySet| match set {
            PropertySet::Distinguished(_) => "DistinguishedPropertySetId",
            PropertySet::Guid(_) => "PropertySetId",
        };
        match &self.name {
            ExtendedName::Tag(tag) => {
                number = format!("0x{tag:04X}");
                w.empty("t:ExtendedFieldURI", &[("PropertyTag", &number), kind]);
            }
            ExtendedName::Number(within, id) => {
                number = id.to_string();
                w.empty("t:ExtendedFieldURI", &[(set(within), within.text()), ("PropertyId", &number), kind]);
            }
            ExtendedName::Named(within, name) => {
                w.empty("t:ExtendedFieldURI", &[(set(within), within.text()), ("PropertyName", name), kind]);
            }
        }
    }

    /// Reads the address of a value in an answer; none when it is of a kind we never ask for.
    pub(crate) fn read(element: &Element<'_>) -> Option<Self> {
        let [kind, tag, known_set, set, name, id] = element.attributes([
            "PropertyType",
            "PropertyTag",
            "DistinguishedPropertySetId",
            "PropertySetId",
            "PropertyName",
            "PropertyId",
        ]);
        let kind = match kind {
            Some(kind) => ExtendedType::of(kind.trim())?,
            None => ExtendedType::String,
        };
        if let Some(tag) = tag {
            let tag = number(&tag)?;
            // Some servers write the type behind the tag, in the lower half of one number.
            let tag = if tag > u32::from(u16::MAX) { tag >> 16 } else { tag };
            return Some(Self { name: ExtendedName::Tag(u16::try_from(tag).ok()?), kind });
        }
        let set = match known_set {
            Some(set) => PropertySet::distinguished(set.trim()),
            None => PropertySet::of_guid(&set?),
        };
        let name = match (name, id) {
            (Some(name), _) => ExtendedName::Named(set, Cow::Owned(name)),
            (None, Some(id)) => ExtendedName::Number(set, number(&id)?),
            (None, None) => return None,
        };
        Some(Self { name, kind })
    }
}

/// A number as servers write it: decimal, or hexadecimal behind `0x`.
fn number(text: &str) -> Option<u32> {
    let digits = text.trim();
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// The sets the service knows by name, with the GUIDs they stand for: a property asked for by one may be answered by the
/// other (MS-OXPROPS 1.3.2).
const SETS: [(&str, &str); 10] = [
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

impl PropertySet {
    /// The set of a GUID, however that is written; one the service has a name for goes by its name.
    pub fn of_guid(guid: &str) -> Self {
        let guid = guid.trim().trim_matches(['{', '}']).to_ascii_lowercase();
        match SETS.iter().find(|(_, known)| *known == guid) {
            Some((name, _)) => Self::Distinguished(Cow::Borrowed(name)),
            None => Self::Guid(Cow::Owned(guid)),
        }
    }

    /// The set of this name, known here or not.
    fn distinguished(name: &str) -> Self {
        Self::Distinguished(word(name, SETS.iter().map(|(known, _)| *known)))
    }

    /// The set the service knows by this name.
    pub fn of_name(name: &str) -> Option<Self> {
        SETS.iter().find(|(known, _)| *known == name).map(|(known, _)| Self::Distinguished(Cow::Borrowed(known)))
    }

    fn text(&self) -> &str {
        match self {
            Self::Distinguished(name) => name,
            Self::Guid(guid) => guid,
        }
    }
}

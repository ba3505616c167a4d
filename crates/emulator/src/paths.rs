//! Paths to properties as requests name them: a field URI, an entry of a collection, or an extended property.

use crate::codes::Code;
use crate::item::contact::COLLECTIONS;
use crate::item::extended::{ExtFault, ExtPath};
use crate::item::schema::ItemKind;
use crate::xml::Element;

/// Where a property is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Path {
    /// `item:Subject`: the prefix and the element's name.
    Field(String, String),
    /// `contacts:PhysicalAddress:City` with a key: the collection, the part of an entry, the key.
    Entry {
        collection: &'static str,
        part: Option<&'static str>,
        key: String,
    },
    Extended(ExtPath),
}

const PREFIXES: &[&str] = &[
    "item",
    "message",
    "meeting",
    "meetingRequest",
    "calendar",
    "task",
    "contacts",
    "distributionlist",
    "postitem",
    "folder",
    "conversation",
    "persona",
];

const FOLDER_FIELDS: &[&str] = &[
    "FolderId",
    "ParentFolderId",
    "DisplayName",
    "UnreadCount",
    "TotalCount",
    "ChildFolderCount",
    "FolderClass",
    "SearchParameters",
    "ManagedFolderInformation",
    "PermissionSet",
    "EffectiveRights",
    "SharingEffectiveRights",
    "DistinguishedFolderId",
    "PolicyTag",
    "ArchiveTag",
];

impl Path {
    /// Whether an element names a path at all.
    pub(crate) fn is_path(element: &Element) -> bool {
        matches!(element.name.as_str(), "FieldURI" | "IndexedFieldURI" | "ExtendedFieldURI")
    }

    pub(crate) fn read(element: &Element) -> Result<Self, Code> {
        match element.name.as_str() {
            "FieldURI" => field(element.attr("FieldURI").unwrap_or_default()),
            "IndexedFieldURI" => {
                entry(element.attr("FieldURI").unwrap_or_default(), element.attr("FieldIndex").unwrap_or_default())
            }
            "ExtendedFieldURI" => match ExtPath::read(element) {
                Ok(path) => Ok(Self::Extended(path)),
                Err(ExtFault::Path) => Err(Code::ErrorInvalidExtendedProperty),
                Err(ExtFault::CustomTag) => Err(Code::ErrorNoPropertyTagForCustomProperties),
                Err(ExtFault::Value) => Err(Code::ErrorInvalidExtendedPropertyValue),
            },
            _ => Err(Code::ErrorSchemaValidation),
        }
    }

    /// The path inside an element that holds exactly one.
    pub(crate) fn inside(parent: &Element) -> Result<Self, Code> {
        let element = parent.elements().find(|child| Self::is_path(child)).ok_or(Code::ErrorSchemaValidation)?;
        Self::read(element)
    }
}

fn field(uri: &str) -> Result<Path, Code> {
    let (prefix, name) = uri.split_once(':').ok_or(Code::ErrorSchemaValidation)?;
    if !PREFIXES.contains(&prefix) {
        return Err(Code::ErrorSchemaValidation);
    }
    let known = match prefix {
        "folder" => FOLDER_FIELDS.contains(&name),
        "conversation" | "persona" => true,
        _ => is_item_field(name),
    };
    if known { Ok(Path::Field(prefix.to_owned(), name.to_owned())) } else { Err(Code::ErrorSchemaValidation) }
}

fn is_item_field(name: &str) -> bool {
    // Names of the schema that no kind here carries as an element of its own.
    const MORE: &[&str] = &["MimeContentUTF8", "PostedTime", "ProposedStart", "ProposedEnd", "ChangeHighlights"];
    MORE.contains(&name)
        || [
            ItemKind::MeetingRequest,
            ItemKind::MeetingResponse,
            ItemKind::Calendar,
            ItemKind::Contact,
            ItemKind::DistributionList,
            ItemKind::Task,
            ItemKind::Post,
        ]
        .into_iter()
        .any(|kind| kind.spec(name).is_some())
}

fn entry(uri: &str, key: &str) -> Result<Path, Code> {
    let (collection, part) = match uri {
        "contacts:EmailAddress" => ("EmailAddresses", None),
        "contacts:PhoneNumber" => ("PhoneNumbers", None),
        "contacts:ImAddress" => ("ImAddresses", None),
        "contacts:PhysicalAddress:Street" => ("PhysicalAddresses", Some("Street")),
        "contacts:PhysicalAddress:City" => ("PhysicalAddresses", Some("City")),
        "contacts:PhysicalAddress:State" => ("PhysicalAddresses", Some("State")),
        "contacts:PhysicalAddress:CountryOrRegion" => ("PhysicalAddresses", Some("CountryOrRegion")),
        "contacts:PhysicalAddress:PostalCode" => ("PhysicalAddresses", Some("PostalCode")),
        "item:InternetMessageHeader" => ("InternetMessageHeaders", None),
        "distributionlist:Members:Member" => ("Members", None),
        _ => return Err(Code::ErrorSchemaValidation),
    };
    let known = COLLECTIONS.iter().find(|(name, _)| *name == collection).is_none_or(|(_, keys)| keys.contains(&key));
    if !known {
        return Err(Code::ErrorInvalidValueForProperty);
    }
    Ok(Path::Entry { collection, part, key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_uris_are_paths_and_others_fail_the_schema() {
        let read = |uri: &str| Path::read(&Element::new("FieldURI").with_attr("FieldURI", uri));
        assert!(matches!(read("item:Subject"), Ok(Path::Field(..))));
        assert!(matches!(read("calendar:StartTimeZone"), Ok(Path::Field(..))));
        assert_eq!(read("item:Nonsense").err(), Some(Code::ErrorSchemaValidation));
        assert_eq!(read("Subject").err(), Some(Code::ErrorSchemaValidation));
    }

    #[test]
    fn an_entry_is_named_by_collection_part_and_key() {
        let path = Path::read(
            &Element::new("IndexedFieldURI")
                .with_attr("FieldURI", "contacts:PhysicalAddress:City")
                .with_attr("FieldIndex", "Home"),
        );
        assert!(matches!(path, Ok(Path::Entry { collection: "PhysicalAddresses", part: Some("City"), .. })));
    }
}

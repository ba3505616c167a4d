//! Which properties a request wants to see: the base shape and what is asked for beside it.

use crate::codes::Code;
use crate::item::body::BodyForm;
use crate::item::extended::ExtPath;
use crate::item::schema::ItemKind;
use crate::paths::Path;
use crate::xml::Element;

/// The named base shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    IdOnly,
    Default,
    All,
}

/// A response shape of a request.
#[derive(Clone)]
pub(crate) struct Shape {
    pub base: Base,
    pub mime: bool,
    pub body: BodyForm,
    pub fields: Vec<String>,
    /// Collection, part, key.
    pub entries: Vec<(&'static str, String)>,
    pub extended: Vec<ExtPath>,
}

/// Where an answer stands: listings leave out what only reading an item gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Reading,
    Listing,
}

/// More paths than any client asks for.
const MAX_PATHS: usize = 500;

/// What listings never carry (Microsoft: "Property sets and response shapes in EWS").
const READING_ONLY: &[&str] = &[
    "MimeContent",
    "Body",
    "UniqueBody",
    "NormalizedBody",
    "TextBody",
    "Attachments",
    "InternetMessageHeaders",
    "ResponseObjects",
    "ToRecipients",
    "CcRecipients",
    "BccRecipients",
    "ReplyTo",
    "RequiredAttendees",
    "OptionalAttendees",
    "Resources",
    "Recurrence",
    "FirstOccurrence",
    "LastOccurrence",
    "ModifiedOccurrences",
    "DeletedOccurrences",
    "StartTimeZone",
    "EndTimeZone",
    "MeetingTimeZone",
    "TimeZone",
    "ConflictingMeetings",
    "AdjacentMeetings",
    "ConflictingMeetingCount",
    "AdjacentMeetingCount",
    "Members",
    "EnhancedLocation",
    "OnlineMeetingSettings",
    "References",
];

/// What comes only when it is named.
const NAMED_ONLY: &[&str] = &[
    "MimeContent",
    "UniqueBody",
    "NormalizedBody",
    "TextBody",
    "StoreEntryId",
    "InstanceKey",
    "StartWallClock",
    "EndWallClock",
    "StartTimeZoneId",
    "EndTimeZoneId",
    "Preview",
    "IntendedFreeBusyStatus",
    "ExtendedProperty",
    "MeetingTimeZone",
    "IconIndex",
];

const DEFAULT_CALENDAR: &[&str] = &[
    "ItemId",
    "Subject",
    "Attachments",
    "ResponseObjects",
    "HasAttachments",
    "Start",
    "End",
    "LegacyFreeBusyStatus",
    "Location",
    "CalendarItemType",
    "Organizer",
    "RequiredAttendees",
    "OptionalAttendees",
    "Resources",
    "Recurrence",
    "FirstOccurrence",
    "LastOccurrence",
    "ModifiedOccurrences",
    "DeletedOccurrences",
    "IsOrganizer",
];

const DEFAULT_CONTACT: &[&str] = &[
    "ItemId",
    "Subject",
    "Attachments",
    "ResponseObjects",
    "HasAttachments",
    "Culture",
    "FileAs",
    "CompleteName",
    "CompanyName",
    "EmailAddresses",
    "PhysicalAddresses",
    "PhoneNumbers",
    "ImAddresses",
    "JobTitle",
    "Department",
];

const DEFAULT_TASK: &[&str] = &[
    "ItemId",
    "Subject",
    "Attachments",
    "ResponseObjects",
    "HasAttachments",
    "DueDate",
    "PercentComplete",
    "StartDate",
    "Status",
];

const DEFAULT_MESSAGE: &[&str] = &[
    "ItemId",
    "Subject",
    "Sensitivity",
    "Body",
    "Attachments",
    "Size",
    "DateTimeSent",
    "DateTimeCreated",
    "ResponseObjects",
    "HasAttachments",
    "ToRecipients",
    "CcRecipients",
    "BccRecipients",
    "IsReadReceiptRequested",
    "IsDeliveryReceiptRequested",
    "From",
    "IsRead",
    "AssociatedCalendarItemId",
    "IsDelegated",
    "IsOutOfDate",
    "HasBeenProcessed",
    "ResponseType",
    "MeetingRequestType",
    "IntendedFreeBusyStatus",
    "Start",
    "End",
    "Location",
    "CalendarItemType",
    "Organizer",
];

const DEFAULT_ITEM: &[&str] =
    &["ItemId", "Subject", "Attachments", "ResponseObjects", "HasAttachments", "DisplayName", "FileAs"];

impl Shape {
    /// Only ids.
    pub(crate) fn ids() -> Self {
        Self {
            base: Base::IdOnly,
            mime: false,
            body: BodyForm::Best,
            fields: Vec::new(),
            entries: Vec::new(),
            extended: Vec::new(),
        }
    }

    /// Reads an `ItemShape` or `FolderShape`.
    pub(crate) fn read(element: &Element) -> Result<Self, Code> {
        let mut shape = Self::ids();
        shape.base = match element.child_text("BaseShape").unwrap_or_default().trim() {
            "IdOnly" => Base::IdOnly,
            "Default" => Base::Default,
            "AllProperties" => Base::All,
            _ => return Err(Code::ErrorSchemaValidation),
        };
        shape.mime = element.child_text("IncludeMimeContent").is_some_and(|text| matches!(text.trim(), "true" | "1"));
        shape.body = match element.child_text("BodyType").as_deref().map(str::trim) {
            None | Some("Best") => BodyForm::Best,
            Some("HTML") => BodyForm::Html,
            Some("Text") => BodyForm::Text,
            Some(_) => return Err(Code::ErrorSchemaValidation),
        };
        let Some(paths) = element.child("AdditionalProperties") else {
            return Ok(shape);
        };
        for path in paths.elements().take(MAX_PATHS) {
            match Path::read(path)? {
                Path::Field(_, name) if name == "MimeContent" => shape.mime = true,
                Path::Field(_, name) => shape.fields.push(name),
                Path::Entry { collection, key, .. } => shape.entries.push((collection, key)),
                Path::Extended(path) => {
                    if !shape.extended.contains(&path) {
                        shape.extended.push(path);
                    }
                }
            }
        }
        Ok(shape)
    }

    /// Whether a property of an item is wanted.
    pub(crate) fn wants(&self, kind: ItemKind, name: &str, place: Place) -> bool {
        if name == "MimeContent" {
            return self.mime && place == Place::Reading;
        }
        if place == Place::Listing && READING_ONLY.contains(&name) {
            return false;
        }
        if name == "ItemId" || self.fields.iter().any(|field| field == name) {
            return true;
        }
        match self.base {
            Base::IdOnly => false,
            Base::Default => defaults(kind).contains(&name),
            Base::All => !NAMED_ONLY.contains(&name),
        }
    }
}

fn defaults(kind: ItemKind) -> &'static [&'static str] {
    match kind {
        ItemKind::Calendar => DEFAULT_CALENDAR,
        ItemKind::Contact => DEFAULT_CONTACT,
        ItemKind::Task => DEFAULT_TASK,
        ItemKind::Message | ItemKind::MeetingRequest | ItemKind::MeetingResponse | ItemKind::MeetingCancellation => {
            DEFAULT_MESSAGE
        }
        ItemKind::Item | ItemKind::DistributionList | ItemKind::Post => DEFAULT_ITEM,
    }
}

//! An item as it stands in an answer: the properties a shape asks for, in the order of the schema.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;

use crate::ids::{self, Named};
use crate::item::body::BodyForm;
use crate::item::calendar::{Calendar, Person, Role};
use crate::item::extended::{self, ExtKey};
use crate::item::scalar::scalar;
use crate::item::schema::{Form, ItemKind};
use crate::item::series::{self, Instance, InstanceState};
use crate::item::time::written;
use crate::item::{Damage, Item, contact};
use crate::mailbox::Mailbox;
use crate::quirks::Quirk;
use crate::shape::{Place, Shape};
use crate::xml::{Element, Xml};
use crate::zone::Zone;
use crate::zone_rules::full_definition;

/// What rendering needs to know beside the item.
pub(crate) struct View<'a> {
    pub mailbox: &'a Mailbox,
    pub shape: &'a Shape,
    pub place: Place,
    pub quirks: &'a BTreeSet<Quirk>,
}

impl View<'_> {
    fn quirk(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }
}

/// Writes an item with all its shape asks for.
pub(crate) fn render(xml: &mut Xml, view: &View<'_>, item: &Item) {
    let name = format!("t:{}", item.kind.element());
    xml.open(&name);
    for spec in item.kind.specs() {
        if spec.name == "ExtendedProperty" {
            extended_properties(xml, view, item);
            continue;
        }
        if spec.name == "ItemId" {
            item_id(xml, view.mailbox, item);
            if view.quirk(Quirk::UnknownElements) || item.damage == Some(Damage::UnknownElement) {
                xml.leaf("t:ElementOfTheFuture", "42");
            }
            continue;
        }
        let entries =
            !view.shape.entries.is_empty() && view.shape.entries.iter().any(|(collection, _)| *collection == spec.name);
        if view.shape.wants(item.kind, spec.name, view.place) {
            match spec.form {
                Form::Parts => parts(xml, view, item, spec.name),
                Form::Time => time(xml, view, item, spec.name),
                Form::Text | Form::Bool | Form::Int | Form::Double | Form::Choice(_) => {
                    if let Some(text) = scalar(item, spec.name) {
                        xml.leaf(&format!("t:{}", spec.name), &text);
                    }
                }
            }
        } else if entries {
            some_entries(xml, view, item, spec.name);
        }
    }
    xml.close(&name);
}

/// The `ItemId` element.
pub(crate) fn item_id(xml: &mut Xml, mailbox: &Mailbox, item: &Item) {
    xml.empty("t:ItemId", &[("Id", &mailbox.item_id(item)), ("ChangeKey", &mailbox.change_key(item))]);
}

/// An item of which only the id is answered, as after a write.
pub(crate) fn only_id(xml: &mut Xml, mailbox: &Mailbox, item: &Item) {
    let name = format!("t:{}", item.kind.element());
    xml.open(&name);
    item_id(xml, mailbox, item);
    xml.close(&name);
}

fn time(xml: &mut Xml, view: &View<'_>, item: &Item, name: &str) {
    let value = scalar(item, name).or_else(|| {
        (view.quirk(Quirk::SentinelDates) && matches!(name, "ReminderDueBy" | "DueDate" | "Birthday"))
            .then(|| "4501-01-01T00:00:00Z".to_owned())
    });
    if let Some(text) = value {
        let text = if view.quirk(Quirk::SevenDigitFractions) { text.replace('Z', ".0000000Z") } else { text };
        xml.leaf(&format!("t:{name}"), &text);
    }
}

fn extended_properties(xml: &mut Xml, view: &View<'_>, item: &Item) {
    let hidden = |key: &ExtKey| {
        view.quirk(Quirk::NoCleanGlobalObjectId)
            && (*key == ExtKey::in_set("Meeting", 0x23) || *key == ExtKey::in_set("Meeting", 0x3))
    };
    for path in &view.shape.extended {
        if hidden(&path.key) {
            continue;
        }
        if let Some(value) = item.extended_value(path) {
            xml.element(&extended::element(path, &value));
        }
    }
}

fn some_entries(xml: &mut Xml, view: &View<'_>, item: &Item, collection: &str) {
    let wanted: Vec<&Element> = view
        .shape
        .entries
        .iter()
        .filter(|(name, _)| *name == collection)
        .filter_map(|(_, key)| contact::entry(item, collection, key))
        .collect();
    let mut shown = Element::new(collection);
    for entry in wanted {
        if !shown.elements().any(|known| known == entry) {
            shown.push(entry.clone());
        }
    }
    if shown.first().is_some() {
        xml.element(&shown);
    }
}

fn parts(xml: &mut Xml, view: &View<'_>, item: &Item, name: &str) {
    match (item.kind, name) {
        (_, "ParentFolderId") => {
            let key = view
                .mailbox
                .folders
                .get(&item.folder)
                .map(|folder| view.mailbox.folder_change_key(folder))
                .unwrap_or_default();
            xml.empty("t:ParentFolderId", &[("Id", &view.mailbox.folder_id(item.folder)), ("ChangeKey", &key)]);
        }
        (_, "MimeContent") => {
            if let Some(text) = crate::mime::content(item) {
                let encoded = STANDARD.encode(text);
                xml.leaf_with("t:MimeContent", &[("CharacterSet", "UTF-8")], &encoded);
            }
        }
        (_, "Body" | "UniqueBody" | "NormalizedBody") => body(xml, view, item, name, view.shape.body),
        (_, "TextBody") => body(xml, view, item, name, BodyForm::Text),
        (_, "Attachments") => attachments(xml, view.mailbox, item),
        (_, "EffectiveRights") => effective_rights(xml),
        (_, "ResponseObjects") => response_objects(xml, item),
        (
            ItemKind::Message | ItemKind::MeetingRequest | ItemKind::MeetingResponse | ItemKind::MeetingCancellation,
            "ConversationId",
        ) => {
            let id = ids::ews_id(&view.mailbox.moniker, Named::Item(item.no));
            xml.empty("t:ConversationId", &[("Id", &id)]);
        }
        (
            ItemKind::MeetingRequest | ItemKind::MeetingResponse | ItemKind::MeetingCancellation,
            "AssociatedCalendarItemId",
        ) => {
            if let Some(meeting) = view.mailbox.meeting_of(item) {
                let key = view.mailbox.change_key(meeting);
                xml.empty("t:AssociatedCalendarItemId", &[("Id", &view.mailbox.item_id(meeting)), ("ChangeKey", &key)]);
            }
        }
        (ItemKind::Contact, "CompleteName") => xml.element(&contact::complete_name(item)),
        (ItemKind::Calendar, _) => {
            if let Some(calendar) = item.calendar() {
                calendar_parts(xml, view, item, calendar, name);
            }
        }
        (ItemKind::Task, "Recurrence") => {
            if let Some(rule) = item.task().and_then(|task| task.rule.as_ref()) {
                xml.element(&rule.element());
            }
        }
        _ => {
            if let Some(parts) = item.parts(name) {
                xml.element(parts);
            }
        }
    }
}

fn body(xml: &mut Xml, view: &View<'_>, item: &Item, name: &str, form: BodyForm) {
    let (html, mut text) = item.body.shown(form);
    if view.quirk(Quirk::IllegalCharacters) || item.damage == Some(Damage::IllegalCharacters) {
        text.push('\u{1}');
    }
    let kind = if html || form == BodyForm::Html { "HTML" } else { "Text" };
    xml.leaf_with(&format!("t:{name}"), &[("BodyType", kind)], &text);
}

/// The `Attachments` element, without contents.
fn attachments(xml: &mut Xml, mailbox: &Mailbox, item: &Item) {
    if item.attachments.is_empty() {
        return;
    }
    xml.open("t:Attachments");
    for file in &item.attachments {
        attachment(xml, mailbox, item, file, false);
    }
    xml.close("t:Attachments");
}

/// One `FileAttachment`.
pub(crate) fn attachment(xml: &mut Xml, mailbox: &Mailbox, item: &Item, file: &crate::item::Attachment, content: bool) {
    xml.open("t:FileAttachment");
    let id = ids::ews_id(&mailbox.moniker, Named::Attachment(item.no, file.no));
    xml.empty("t:AttachmentId", &[("Id", &id)]);
    xml.leaf("t:Name", &file.name);
    xml.leaf("t:ContentType", &file.content_type);
    if let Some(id) = &file.content_id {
        xml.leaf("t:ContentId", id);
    }
    xml.leaf("t:Size", &file.size.to_string());
    xml.leaf("t:LastModifiedTime", &written(file.modified));
    xml.leaf("t:IsInline", if file.inline { "true" } else { "false" });
    xml.leaf("t:IsContactPhoto", if file.contact_photo { "true" } else { "false" });
    if content {
        xml.leaf("t:Content", &file.content);
    }
    xml.close("t:FileAttachment");
}

/// What the caller may do: everything, in a mailbox of his own.
pub(crate) fn effective_rights(xml: &mut Xml) {
    xml.open("t:EffectiveRights");
    for name in
        ["CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems"]
    {
        xml.leaf(&format!("t:{name}"), "true");
    }
    xml.close("t:EffectiveRights");
}

fn response_objects(xml: &mut Xml, item: &Item) {
    let names: &[&str] = match (item.kind, item.calendar()) {
        (ItemKind::Calendar, Some(calendar)) if calendar.received => {
            if calendar.cancelled {
                &["RemoveItem"]
            } else {
                &["AcceptItem", "TentativelyAcceptItem", "DeclineItem"]
            }
        }
        (ItemKind::Calendar, Some(calendar)) if calendar.is_meeting() => &["CancelCalendarItem"],
        (ItemKind::Calendar, _) => &["ForwardItem"],
        (ItemKind::MeetingRequest, _) => &["AcceptItem", "TentativelyAcceptItem", "DeclineItem"],
        (ItemKind::Message, _) => &["ReplyToItem", "ReplyAllToItem", "ForwardItem"],
        (
            ItemKind::Item
            | ItemKind::Contact
            | ItemKind::DistributionList
            | ItemKind::Task
            | ItemKind::MeetingResponse
            | ItemKind::MeetingCancellation
            | ItemKind::Post,
            _,
        ) => return,
    };
    xml.open("t:ResponseObjects");
    for name in names {
        xml.empty(&format!("t:{name}"), &[]);
    }
    xml.close("t:ResponseObjects");
}

fn calendar_parts(xml: &mut Xml, view: &View<'_>, item: &Item, calendar: &Calendar, name: &str) {
    match name {
        "Organizer" => {
            let organizer = shown_person(view, &calendar.organizer);
            xml.element(&Element::new("Organizer").with(organizer));
        }
        "RequiredAttendees" => attendees(xml, view, calendar, name, Role::Required),
        "OptionalAttendees" => attendees(xml, view, calendar, name, Role::Optional),
        "Resources" => attendees(xml, view, calendar, name, Role::Resource),
        "Recurrence" => {
            if let Some(rule) = &calendar.rule {
                xml.element(&rule.element());
            }
        }
        "FirstOccurrence" | "LastOccurrence" => {
            let (first, last) = series::ends(calendar);
            let instance = if name == "FirstOccurrence" { first } else { last };
            if let Some(instance) = instance {
                occurrence(xml, view, item, name, &instance);
            }
        }
        "ModifiedOccurrences" => {
            let changed: Vec<Instance> = calendar
                .exceptions
                .keys()
                .filter_map(|original| series::at(calendar, *original))
                .filter(|one| one.state == InstanceState::Changed)
                .collect();
            if !changed.is_empty() {
                xml.open("t:ModifiedOccurrences");
                for instance in &changed {
                    occurrence(xml, view, item, "Occurrence", instance);
                }
                xml.close("t:ModifiedOccurrences");
            }
        }
        "DeletedOccurrences" => {
            if !calendar.deleted.is_empty() {
                xml.open("t:DeletedOccurrences");
                for start in &calendar.deleted {
                    xml.open("t:DeletedOccurrence");
                    xml.leaf("t:Start", &written(*start));
                    xml.close("t:DeletedOccurrence");
                }
                xml.close("t:DeletedOccurrences");
            }
        }
        "StartTimeZone" => zone(xml, view, name, &calendar.start_zone, calendar),
        "EndTimeZone" => zone(xml, view, name, &calendar.end_zone, calendar),
        "MeetingTimeZone" => {
            xml.empty("t:MeetingTimeZone", &[("TimeZoneName", calendar.start_zone.name())]);
        }
        _ => {
            if let Some(parts) = item.parts(name) {
                xml.element(parts);
            }
        }
    }
}

fn shown_person(view: &View<'_>, person: &Person) -> Element {
    if !view.quirk(Quirk::ExAddresses) {
        return person.element();
    }
    Element::new("Mailbox")
        .with(Element::leaf("Name", &person.name))
        .with(Element::leaf("EmailAddress", &crate::ews::people::directory_address(&person.address)))
        .with(Element::leaf("RoutingType", "EX"))
}

fn attendees(xml: &mut Xml, view: &View<'_>, calendar: &Calendar, name: &str, role: Role) {
    let mut list = Element::new(name);
    for attendee in calendar.attendees.iter().filter(|one| one.role == role) {
        let mut shown = attendee.element();
        if view.quirk(Quirk::ExAddresses)
            && let Some(first) = shown.children.first_mut()
        {
            *first = crate::xml::Node::Element(shown_person(view, &attendee.person));
        }
        list.push(shown);
    }
    if list.first().is_some() {
        xml.element(&list);
    }
}

fn occurrence(xml: &mut Xml, view: &View<'_>, item: &Item, name: &str, instance: &Instance) {
    let name = format!("t:{name}");
    xml.open(&name);
    let named = Named::Occurrence(item.no, instance.original.as_second());
    let id = ids::ews_id(&view.mailbox.moniker, named);
    xml.empty("t:ItemId", &[("Id", &id), ("ChangeKey", &view.mailbox.change_key(item))]);
    xml.leaf("t:Start", &written(instance.start));
    xml.leaf("t:End", &written(instance.end));
    xml.leaf("t:OriginalStart", &written(instance.original));
    xml.close(&name);
}

fn zone(xml: &mut Xml, view: &View<'_>, name: &str, zone: &Zone, calendar: &Calendar) {
    if let Some(sent) = zone.sent() {
        let mut shown = sent.clone();
        shown.name = name.to_owned();
        xml.element(&shown);
    } else if view.quirk(Quirk::CustomizedZoneNames) {
        let year = zone.local(calendar.start).year();
        let mut shown = full_definition(zone, year);
        shown.name = name.to_owned();
        for (key, value) in &mut shown.attrs {
            if key == "Id" {
                "tzone://Microsoft/Custom".clone_into(value);
            } else if key == "Name" {
                "Benutzerdefinierte Zeitzone (Customized Time Zone)".clone_into(value);
            }
        }
        xml.element(&shown);
    } else {
        xml.empty(&format!("t:{name}"), &[("Id", zone.id()), ("Name", zone.name())]);
    }
}

//! Writing the parts of collections: the entries of a contact's address lists, and files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::codes::{Code, Outcome, Refusal};
use crate::item::body::crlf;
use crate::item::contact::{COLLECTIONS, put_entry};
use crate::item::set::{Setting, refused, truth};
use crate::item::{Attachment, Item};
use crate::xml::Element;

const MAX_ATTACHMENT: usize = 25 * 1024 * 1024;

/// One entry of a keyed collection of a contact.
pub(crate) fn set_entry(
    item: &mut Item,
    collection: &'static str,
    entry: &Element,
    setting: &Setting<'_>,
) -> Outcome<()> {
    let key = entry.attr("Key").ok_or_else(|| refused(Code::ErrorInvalidValueForProperty, collection))?.to_owned();
    let known = COLLECTIONS.iter().any(|(name, keys)| *name == collection && keys.contains(&key.as_str()));
    if !known {
        return Err(refused(Code::ErrorInvalidValueForProperty, collection));
    }
    let mut kept = Element::new("Entry").with_attr("Key", &key);
    if collection == "PhysicalAddresses" {
        for part in entry.elements().filter(|part| !part.text().is_empty()) {
            kept.push(Element::leaf(&part.name, &crlf(&part.text())));
        }
        let new = kept.first().is_some().then_some(kept);
        put_entry(item, collection, &key, new);
        return Ok(());
    }
    let text = entry.text();
    let text = text.trim();
    if text.is_empty() {
        put_entry(item, collection, &key, None);
        return Ok(());
    }
    let text = if collection == "PhoneNumbers" && setting.normalises_phone {
        text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    } else {
        text.to_owned()
    };
    if collection == "EmailAddresses" {
        kept = kept
            .with_attr("Name", entry.attr("Name").unwrap_or(&text))
            .with_attr("RoutingType", entry.attr("RoutingType").unwrap_or("SMTP"))
            .with_attr("MailboxType", entry.attr("MailboxType").unwrap_or("Contact"));
    }
    kept.children.push(crate::xml::Node::Text(text));
    put_entry(item, collection, &key, Some(kept));
    Ok(())
}

/// Sets or clears one part of a postal address.
pub(crate) fn set_address_part(item: &mut Item, key: &str, part: &str, text: Option<&str>) {
    const ORDER: [&str; 5] = ["Street", "City", "State", "CountryOrRegion", "PostalCode"];
    let old = crate::item::contact::entry(item, "PhysicalAddresses", key).cloned();
    let value =
        |name: &str| -> Option<String> { if name == part { text.map(crlf) } else { old.as_ref()?.child_text(name) } };
    let mut kept = Element::new("Entry").with_attr("Key", key);
    for name in ORDER {
        if let Some(text) = value(name).filter(|text| !text.is_empty()) {
            kept.push(Element::leaf(name, &text));
        }
    }
    let new = kept.first().is_some().then_some(kept);
    put_entry(item, "PhysicalAddresses", key, new);
}

/// Reads a `FileAttachment`.
pub(crate) fn read_attachment(file: &Element, no: u64, now: Timestamp) -> Outcome<Attachment> {
    if file.name != "FileAttachment" {
        return Err(Refusal::saying(Code::ErrorInvalidItemForOperationCreateItem, "Only file attachments are kept."));
    }
    let content: String = file.child_text("Content").unwrap_or_default().split_whitespace().collect();
    let bytes = STANDARD.decode(&content).map_err(|_| Code::ErrorInvalidValueForProperty)?;
    if bytes.len() > MAX_ATTACHMENT {
        return Err(Code::ErrorAttachmentSizeLimitExceeded.into());
    }
    let flag = |name: &str| file.child(name).is_some_and(|flag| truth(&flag.word()));
    Ok(Attachment {
        no,
        name: file.child_text("Name").unwrap_or_default(),
        content_type: file.child_text("ContentType").unwrap_or_else(|| "application/octet-stream".to_owned()),
        content_id: file.child_text("ContentId"),
        inline: flag("IsInline"),
        contact_photo: flag("IsContactPhoto"),
        size: bytes.len(),
        content,
        modified: now,
    })
}

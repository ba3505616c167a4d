//! CreateAttachment, GetAttachment, DeleteAttachment: files at items.

use crate::codes::{Code, Outcome};
use crate::ews::lookup::Found;
use crate::ews::soap::Messages;
use crate::ews::{Answer, Call, listed, required};
use crate::ids::{self, Named};
use crate::item::Item;
use crate::item::render::attachment;
use crate::item::set_parts::read_attachment;
use crate::xml::Element;

/// Files one item may carry.
const MAX_FILES: usize = 200;

/// CreateAttachment: the item's change key moves with every file.
pub(crate) fn create(call: &mut Call<'_>, body: &Element) -> Answer {
    let parent = required(body, "ParentItemId")?;
    let mut messages = Messages::new("CreateAttachment", "<m:Attachments />");
    for file in listed(body, "Attachments")?.elements() {
        match added(call, parent, file) {
            Ok((found, no)) => {
                let ids = call.item(&found).and_then(|item| {
                    let store = call.store(found.mailbox)?;
                    Ok((
                        ids::ews_id(&store.moniker, Named::Attachment(found.no, no)),
                        store.item_id(item),
                        store.change_key(item),
                    ))
                });
                match ids {
                    Ok((id, root, key)) => messages.success(|xml| {
                        xml.open("m:Attachments");
                        xml.open("t:FileAttachment");
                        xml.empty("t:AttachmentId", &[("Id", &id), ("RootItemId", &root), ("RootItemChangeKey", &key)]);
                        xml.close("t:FileAttachment");
                        xml.close("m:Attachments");
                    }),
                    Err(refusal) => messages.refused(&refusal),
                }
            }
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

fn added(call: &mut Call<'_>, parent: &Element, file: &Element) -> Outcome<(Found, u64)> {
    let found = call.found(parent)?;
    if found.instance.is_some() {
        return Err(Code::ErrorInvalidId.into());
    }
    let now = call.now;
    let mut item = call.item(&found)?.clone();
    if item.attachments.len() >= MAX_FILES {
        return Err(Code::ErrorAttachmentSizeLimitExceeded.into());
    }
    let no = item.attachments.iter().map(|file| file.no).max().unwrap_or(0) + 1;
    item.attachments.push(read_attachment(file, no, now)?);
    item.modified = now;
    call.store_mut(found.mailbox)?.update(item, false, now);
    Ok((found, no))
}

/// The item and file number an attachment id names.
fn named(call: &Call<'_>, id: &Element) -> Outcome<(Found, u64)> {
    let id = id.attr("Id").unwrap_or_default();
    let parsed = ids::parse(id).map_err(|_| Code::ErrorInvalidAttachmentId)?;
    let Named::Attachment(item, no) = parsed.named else {
        return Err(Code::ErrorInvalidAttachmentId.into());
    };
    let mailbox = call.owner(&parsed)?;
    let found = Found { mailbox, no: item, instance: None };
    let known = call.item(&found)?.attachments.iter().any(|file| file.no == no);
    if known { Ok((found, no)) } else { Err(Code::ErrorItemNotFound.into()) }
}

/// GetAttachment.
pub(crate) fn get(call: &mut Call<'_>, body: &Element) -> Answer {
    let mut messages = Messages::new("GetAttachment", "<m:Attachments />");
    for id in listed(body, "AttachmentIds")?.elements() {
        let done = named(call, id).and_then(|(found, no)| {
            let item: &Item = call.item(&found)?;
            let store = call.store(found.mailbox)?;
            messages.success(|xml| {
                xml.open("m:Attachments");
                for file in item.attachments.iter().filter(|file| file.no == no) {
                    attachment(xml, store, item, file, true);
                }
                xml.close("m:Attachments");
            });
            Ok(())
        });
        if let Err(refusal) = done {
            messages.refused(&refusal);
        }
    }
    Ok(messages.finish())
}

/// DeleteAttachment.
pub(crate) fn delete(call: &mut Call<'_>, body: &Element) -> Answer {
    let mut messages = Messages::new("DeleteAttachment", "");
    for id in listed(body, "AttachmentIds")?.elements() {
        let done = named(call, id).and_then(|(found, no)| {
            let now = call.now;
            let mut item = call.item(&found)?.clone();
            item.attachments.retain(|file| file.no != no);
            item.modified = now;
            call.store_mut(found.mailbox)?.update(item, false, now);
            let item = call.item(&found)?;
            let store = call.store(found.mailbox)?;
            Ok((store.item_id(item), store.change_key(item)))
        });
        match done {
            Ok((root, key)) => messages.success(|xml| {
                xml.empty("m:RootItemId", &[("RootItemId", &root), ("RootItemChangeKey", &key)]);
            }),
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

//! MoveItem, CopyItem and ArchiveItem: items that get another id in another place.

use crate::codes::{Code, Outcome, Refusal};
use crate::counters::Write;
use crate::ews::lookup::Found;
use crate::ews::soap::Messages;
use crate::ews::{Answer, Call, listed, required};
use crate::item::render::only_id;
use crate::mailbox::EventKind;
use crate::xml::Element;

/// MoveItem.
pub(crate) fn move_items(call: &mut Call<'_>, body: &Element) -> Answer {
    each(call, body, "MoveItem", Write::Moved)
}

/// CopyItem.
pub(crate) fn copy_items(call: &mut Call<'_>, body: &Element) -> Answer {
    each(call, body, "CopyItem", Write::Copied)
}

fn each(call: &mut Call<'_>, body: &Element, operation: &'static str, write: Write) -> Answer {
    let target = required(body, "ToFolderId")?;
    let ids_wanted = body.child_text("ReturnNewItemIds").is_none_or(|text| text.trim() != "false");
    let mut messages = Messages::new(operation, "<m:Items />");
    for id in listed(body, "ItemIds")?.elements() {
        let done = call
            .folder_in(target)
            .map_err(|_| Refusal::from(Code::ErrorToFolderNotFound))
            .and_then(|to| if write == Write::Moved { moved(call, id, to) } else { copied(call, id, to) });
        answer(call, &mut messages, done, ids_wanted);
    }
    Ok(messages.finish())
}

fn answer(call: &Call<'_>, messages: &mut Messages, done: Outcome<Found>, ids_wanted: bool) {
    let written = done.and_then(|found| {
        let item = call.item(&found)?;
        let store = call.store(found.mailbox)?;
        messages.success(|xml| {
            if ids_wanted {
                xml.open("m:Items");
                only_id(xml, store, item);
                xml.close("m:Items");
            } else {
                xml.empty("m:Items", &[]);
            }
        });
        Ok(())
    });
    if let Err(refusal) = written {
        messages.refused(&refusal);
    }
}

fn whole(call: &Call<'_>, id: &Element) -> Outcome<Found> {
    let found = call.found(id)?;
    if found.instance.is_some() {
        return Err(Code::ErrorCalendarCannotMoveOrCopyOccurrence.into());
    }
    Ok(found)
}

fn moved(call: &mut Call<'_>, id: &Element, (mailbox, folder): (u64, u64)) -> Outcome<Found> {
    let found = whole(call, id)?;
    let kind = call.item(&found)?.kind;
    let now = call.now;
    let no = if found.mailbox == mailbox {
        call.store_mut(mailbox)?.relocate(found.no, folder, now).ok_or(Code::ErrorItemNotFound)?
    } else {
        let mut item = call.store_mut(found.mailbox)?.remove(found.no, now).ok_or(Code::ErrorItemNotFound)?;
        item.folder = folder;
        call.store_mut(mailbox)?.insert(item, now)
    };
    let account = call.account.name.clone();
    call.world.count_write(call.server, mailbox, &account, kind, Write::Moved);
    Ok(Found { mailbox, no, instance: None })
}

/// A copy keeps everything, our extended properties too (trap 46), but a calendar item gets a global id of its own.
fn copied(call: &mut Call<'_>, id: &Element, (mailbox, folder): (u64, u64)) -> Outcome<Found> {
    let found = whole(call, id)?;
    let mut item = call.item(&found)?.clone();
    let now = call.now;
    let uid = call.world.draw("uid");
    let old_folder = item.folder;
    item.folder = folder;
    item.created = now;
    if let Some(calendar) = item.calendar_mut() {
        let fresh = crate::item::calendar::Calendar::new(calendar.organizer.clone(), uid, now, &calendar.start_zone);
        calendar.uid = fresh.uid;
        calendar.global_id = fresh.global_id;
        calendar.instance = None;
    }
    let kind = item.kind;
    let event = EventKind::Copied { old: found.no, old_folder };
    let no = call.store_mut(mailbox)?.insert_as(item, now, event);
    let account = call.account.name.clone();
    call.world.count_write(call.server, mailbox, &account, kind, Write::Copied);
    Ok(Found { mailbox, no, instance: None })
}

/// ArchiveItem: into the archive's folder of the same name, which is made when it is missing.
pub(crate) fn archive_items(call: &mut Call<'_>, body: &Element) -> Answer {
    required(body, "ArchiveSourceFolderId")?;
    let mut messages = Messages::new("ArchiveItem", "<m:Items />");
    for id in listed(body, "ItemIds")?.elements() {
        let done = whole(call, id).and_then(|found| {
            let kind = call.item(&found)?.kind;
            let now = call.now;
            let no = call.store_mut(found.mailbox)?.archive(found.no, now).ok_or(Code::ErrorMoveCopyFailed)?;
            let account = call.account.name.clone();
            call.world.count_write(call.server, found.mailbox, &account, kind, Write::Moved);
            Ok(Found { no, ..found })
        });
        answer(call, &mut messages, done, true);
    }
    Ok(messages.finish())
}

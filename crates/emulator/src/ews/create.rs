//! CreateItem: new contacts, appointments, tasks and messages; the answers to invitations go through here too.

use crate::codes::{Code, Outcome, Refusal};
use crate::counters::Write;
use crate::ews::lookup::Found;
use crate::ews::soap::{Fault, Messages};
use crate::ews::{Answer, Call, choice, create_mime, listed, mail, respond};
use crate::item::calendar::{Calendar, Response};
use crate::item::finish::finish;
use crate::item::render::only_id;
use crate::item::schema::ItemKind;
use crate::item::set::{Setting, set};
use crate::item::task::Task;
use crate::item::{Detail, Item};
use crate::meeting::{self, Sender};
use crate::quirks::Quirk;
use crate::schema_check;
use crate::xml::Element;
use std::cmp::Ordering;

/// What a request says about sending invitations.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invitations {
    None,
    Only,
    AndSave,
}

/// What a request says about a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    SaveOnly,
    SendOnly,
    SendAndSave,
}

pub(crate) fn invitations(body: &Element, name: &str) -> Result<Option<Invitations>, Fault> {
    let allowed = ["SendToNone", "SendOnlyToAll", "SendToAllAndSaveCopy"];
    Ok(choice(body, name, &allowed)?.map(|word| match word {
        "SendOnlyToAll" => Invitations::Only,
        "SendToAllAndSaveCopy" => Invitations::AndSave,
        _ => Invitations::None,
    }))
}

pub(crate) fn disposition(body: &Element) -> Result<Option<Disposition>, Fault> {
    let allowed = ["SaveOnly", "SendOnly", "SendAndSaveCopy"];
    Ok(choice(body, "MessageDisposition", &allowed)?.map(|word| match word {
        "SendOnly" => Disposition::SendOnly,
        "SendAndSaveCopy" => Disposition::SendAndSave,
        _ => Disposition::SaveOnly,
    }))
}

/// CreateItem.
pub(crate) fn create(call: &mut Call<'_>, body: &Element) -> Answer {
    let invitations = invitations(body, "SendMeetingInvitations")?;
    let disposition = disposition(body)?;
    let saved = body.child("SavedItemFolderId");
    let items = listed(body, "Items")?;
    for element in items.elements() {
        match ItemKind::of_element(&element.name) {
            Some(kind) => schema_check::item(element, kind)?,
            None if respond::is_response(&element.name) => {}
            None => {
                return Err(Fault::schema(&format!(
                    "The element 'Items' has invalid child element '{}'.",
                    element.name
                )));
            }
        }
    }
    let mut messages = Messages::new("CreateItem", "<m:Items />");
    for (place, element) in items.elements().enumerate() {
        if let Some(refusal) = used_up(call, place) {
            messages.refused(&refusal);
            continue;
        }
        let made = match ItemKind::of_element(&element.name) {
            Some(kind) => one(call, element, kind, saved, invitations, disposition),
            None => respond::respond(call, element, disposition),
        };
        let written = made.and_then(|found| {
            let items = found
                .iter()
                .map(|found| Ok((found.mailbox, call.shown(found)?)))
                .collect::<Outcome<Vec<(u64, Item)>>>()?;
            let mut shown = Vec::new();
            for (mailbox, item) in items {
                shown.push((call.store(mailbox)?, item));
            }
            messages.success(|xml| {
                if shown.is_empty() {
                    xml.empty("m:Items", &[]);
                    return;
                }
                xml.open("m:Items");
                for (store, item) in &shown {
                    only_id(xml, store, item);
                }
                xml.close("m:Items");
            });
            Ok(found)
        });
        match written {
            Ok(found) => moved_by_itself(call, &found),
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

/// What an item is told when the account's share ended at it or before it.
fn used_up(call: &Call<'_>, place: usize) -> Option<Refusal> {
    let (from, back_off_ms) = call.busy_from?;
    match place.cmp(&from) {
        Ordering::Less => None,
        Ordering::Equal => Some(Refusal {
            values: vec![("BackOffMilliseconds".to_owned(), back_off_ms.to_string())],
            ..Refusal::from(Code::ErrorServerBusy)
        }),
        Ordering::Greater => Some(Code::ErrorBatchProcessingStopped.into()),
    }
}

/// The quirk that touches what was just written.
pub(crate) fn moved_by_itself(call: &mut Call<'_>, found: &[Found]) {
    if !call.quirk(Quirk::MovesChangeKeyAfterWrite) {
        return;
    }
    let now = call.now;
    for found in found {
        if let Some(store) = call.world.mailboxes.get_mut(&found.mailbox) {
            store.touch(found.no, now);
        }
    }
}

fn one(
    call: &mut Call<'_>,
    element: &Element,
    kind: ItemKind,
    saved: Option<&Element>,
    invitations: Option<Invitations>,
    disposition: Option<Disposition>,
) -> Outcome<Vec<Found>> {
    match kind {
        ItemKind::MeetingRequest | ItemKind::MeetingResponse | ItemKind::MeetingCancellation => {
            return Err(Code::ErrorInvalidItemForOperationCreateItem.into());
        }
        ItemKind::Calendar if invitations.is_none() => {
            return Err(Code::ErrorSendMeetingInvitationsRequired.into());
        }
        ItemKind::Message if disposition.is_none() => {
            return Err(Code::ErrorMessageDispositionRequired.into());
        }
        ItemKind::Item
        | ItemKind::Message
        | ItemKind::Calendar
        | ItemKind::Contact
        | ItemKind::DistributionList
        | ItemKind::Task
        | ItemKind::Post => {}
    }
    let sends =
        kind == ItemKind::Message && matches!(disposition, Some(Disposition::SendOnly | Disposition::SendAndSave));
    let (mailbox, folder) = target(call, kind, saved, sends)?;
    let store = call.store(mailbox)?;
    let takes = store.folders.get(&folder).is_some_and(|folder| folder.takes(kind));
    if !takes {
        return Err(match kind {
            ItemKind::Calendar => Code::ErrorCannotCreateCalendarItemInNonCalendarFolder,
            ItemKind::Contact | ItemKind::DistributionList => Code::ErrorCannotCreateContactInNonContactFolder,
            ItemKind::Task => Code::ErrorCannotCreateTaskInNonTaskFolder,
            ItemKind::Item
            | ItemKind::Message
            | ItemKind::MeetingRequest
            | ItemKind::MeetingResponse
            | ItemKind::MeetingCancellation
            | ItemKind::Post => Code::ErrorInvalidItemForOperationCreateItem,
        }
        .into());
    }
    let item = built(call, element, kind, mailbox, folder)?;
    let now = call.now;
    if sends {
        return mail::send_new(call, mailbox, item, disposition == Some(Disposition::SendAndSave));
    }
    let account = call.account.name.clone();
    let no = call.store_mut(mailbox)?.insert(item, now);
    call.world.count_write(call.server, mailbox, &account, kind, Write::Created);
    let found = Found { mailbox, no, instance: None };
    if kind == ItemKind::Calendar && invitations != Some(Invitations::None) {
        let save = invitations == Some(Invitations::AndSave);
        send_request(call, &found, false, save)?;
    }
    Ok(vec![found])
}

/// The folder a new item goes to.
fn target(call: &Call<'_>, kind: ItemKind, saved: Option<&Element>, sends: bool) -> Outcome<(u64, u64)> {
    if let Some(saved) = saved {
        return call.folder_in(saved);
    }
    let mailbox = call.own_mailbox()?;
    let name = match kind {
        ItemKind::Calendar => "calendar",
        ItemKind::Contact | ItemKind::DistributionList => "contacts",
        ItemKind::Task => "tasks",
        ItemKind::Message if sends => "sentitems",
        ItemKind::Item
        | ItemKind::Message
        | ItemKind::MeetingRequest
        | ItemKind::MeetingResponse
        | ItemKind::MeetingCancellation
        | ItemKind::Post => "drafts",
    };
    let folder = call.store(mailbox)?.distinguished(name).ok_or(Code::ErrorFolderNotFound)?;
    Ok((mailbox, folder))
}

/// The item a request describes.
fn built(call: &mut Call<'_>, element: &Element, kind: ItemKind, mailbox: u64, folder: u64) -> Outcome<Item> {
    let now = call.now;
    let zone = call.zone.clone();
    let uid = call.world.draw("uid");
    let store = call.store(mailbox)?;
    let mut item = Item::new(0, folder, kind, now);
    item.modified_by = store.display_name.clone();
    match kind {
        ItemKind::Calendar => {
            let calendar = Calendar::new(store.owner(), uid, now, &zone);
            item.detail = Detail::Calendar(Box::new(calendar));
        }
        ItemKind::Task => {
            item.detail = Detail::Task(Box::new(Task::new()));
            item.set_text("Owner", store.display_name.clone());
        }
        ItemKind::Message => {
            item.set_text("IsDraft", "true");
            item.set_text("IsRead", "true");
        }
        ItemKind::Item
        | ItemKind::Contact
        | ItemKind::DistributionList
        | ItemKind::MeetingRequest
        | ItemKind::MeetingResponse
        | ItemKind::MeetingCancellation
        | ItemKind::Post => {}
    }
    let mut setting = setting(call, &zone, true);
    if let Some(mime) = element.child("MimeContent") {
        create_mime::read_into(&mut item, mime, &mut setting)?;
    }
    for child in element.elements() {
        set(&mut item, child, &mut setting)?;
    }
    finish(&mut item, None, &setting)?;
    if let Some(calendar) = item.calendar_mut()
        && calendar.received
        && calendar.my_response == Response::Organizer
    {
        calendar.my_response = Response::NoResponseReceived;
    }
    Ok(item)
}

/// How properties are written in this call.
pub(crate) fn setting<'a>(call: &Call<'_>, zone: &'a crate::zone::Zone, creating: bool) -> Setting<'a> {
    Setting {
        zone,
        now: call.now,
        creating,
        keeps_organizer: call.quirk(Quirk::KeepsOrganizer),
        keeps_state: !call.quirk(Quirk::StatePropertiesNotKept),
        normalises_phone: call.quirk(Quirk::NormalisesPhone),
        cuts_text: call.quirk(Quirk::CutsText).then_some(60),
        from_mime: false,
        wall: [None; 2],
        changed: std::collections::BTreeSet::new(),
    }
}

/// Sends the invitations of a meeting its request asked for, and notes that they went out.
pub(crate) fn send_request(call: &mut Call<'_>, found: &Found, update: bool, save_copy: bool) -> Outcome<()> {
    let source = call.shown(found)?;
    let people = meeting::recipients(&source);
    if people.is_empty() || source.calendar().is_some_and(|calendar| calendar.received) {
        return Ok(());
    }
    let now = call.now;
    let store = call.store_mut(found.mailbox)?;
    if let Some(mut item) = store.items.get(&found.no).cloned() {
        if let Some(calendar) = item.calendar_mut() {
            calendar.request_sent = true;
            if update {
                calendar.sequence += 1;
            }
        }
        store.update(item, false, now);
    }
    let source = call.shown(found)?;
    let account = call.account.name.clone();
    let sender = Sender { mailbox: found.mailbox, account: &account, now };
    meeting::invite(call.world, &sender, &source, &people, update);
    if save_copy {
        mail::save_meeting_copy(call, found.mailbox, &source, &people, ItemKind::MeetingRequest)?;
    }
    Ok(())
}

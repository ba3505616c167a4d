//! UpdateItem: changing single properties, with or without regard to what changed meanwhile.

use crate::codes::{Code, Outcome, Refusal};
use crate::counters::Write;
use crate::ews::create::{disposition, moved_by_itself, send_request, setting};
use crate::ews::lookup::Found;
use crate::ews::soap::{Fault, Messages};
use crate::ews::{Answer, Call, choice, listed, mail, required};
use crate::ids;
use crate::item::contact::put_entry;
use crate::item::extended;
use crate::item::finish::{finish, series_refusal};
use crate::item::render::only_id;
use crate::item::schema::ItemKind;
use crate::item::set::{Setting, append, delete, delete_extended, set};
use crate::item::set_parts::{set_address_part, set_entry};
use crate::item::task::{split_completed, today};
use crate::item::{Item, series};
use crate::meeting::{self, Sender};
use crate::paths::Path;
use crate::quirks::Quirk;
use crate::schema_check;
use crate::xml::Element;

/// Whom an update of a meeting is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tell {
    Nobody,
    All { save: bool },
    Changed { save: bool },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Conflict {
    NeverOverwrite,
    AutoResolve,
    AlwaysOverwrite,
}

/// UpdateItem.
pub(crate) fn update(call: &mut Call<'_>, body: &Element) -> Answer {
    let conflict = choice(body, "ConflictResolution", &["NeverOverwrite", "AutoResolve", "AlwaysOverwrite"])?
        .ok_or_else(|| Fault::schema("The required attribute 'ConflictResolution' is missing."))?;
    let conflict = match conflict {
        "NeverOverwrite" => Conflict::NeverOverwrite,
        "AutoResolve" => Conflict::AutoResolve,
        _ => Conflict::AlwaysOverwrite,
    };
    let tell = choice(
        body,
        "SendMeetingInvitationsOrCancellations",
        &["SendToNone", "SendOnlyToAll", "SendOnlyToChanged", "SendToAllAndSaveCopy", "SendToChangedAndSaveCopy"],
    )?
    .map(|word| match word {
        "SendOnlyToAll" => Tell::All { save: false },
        "SendToAllAndSaveCopy" => Tell::All { save: true },
        "SendOnlyToChanged" => Tell::Changed { save: false },
        "SendToChangedAndSaveCopy" => Tell::Changed { save: true },
        _ => Tell::Nobody,
    });
    let disposition = disposition(body)?;
    let changes = listed(body, "ItemChanges")?;
    for change in changes.elements() {
        check(change)?;
    }
    let mut messages = Messages::new("UpdateItem", "<m:Items />");
    for change in changes.elements() {
        let done = one(call, change, conflict, tell, disposition.is_some());
        let written = done.and_then(|found| {
            let item = call.shown(&found)?;
            let store = call.store(found.mailbox)?;
            messages.success(|xml| {
                xml.open("m:Items");
                only_id(xml, store, &item);
                xml.close("m:Items");
                xml.open("m:ConflictResults");
                xml.leaf("t:Count", "0");
                xml.close("m:ConflictResults");
            });
            Ok((found, item.kind))
        });
        match written {
            Ok((found, kind)) => {
                if kind == ItemKind::Message
                    && let Some(disposition) = disposition
                    && disposition != crate::ews::create::Disposition::SaveOnly
                    && mail::send_draft(call, &found, true).is_err()
                {
                    return Err(Code::ErrorInvalidRecipients.into());
                }
                moved_by_itself(call, &[found]);
            }
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

/// The shape of one change, before anything is done.
fn check(change: &Element) -> Result<(), Fault> {
    let updates = required(change, "Updates")?;
    for step in updates.elements() {
        if !matches!(step.name.as_str(), "SetItemField" | "DeleteItemField" | "AppendToItemField") {
            return Err(Fault::schema(&format!("The element 'Updates' has invalid child element '{}'.", step.name)));
        }
        if let Some(value) = step.elements().find(|child| !Path::is_path(child)) {
            let kind = ItemKind::of_element(&value.name).ok_or_else(|| {
                Fault::schema(&format!("The element '{}' has invalid child element '{}'.", step.name, value.name))
            })?;
            schema_check::item(value, kind)?;
        }
    }
    Ok(())
}

fn one(
    call: &mut Call<'_>,
    change: &Element,
    conflict: Conflict,
    tell: Option<Tell>,
    has_disposition: bool,
) -> Outcome<Found> {
    let id = change.elements().find(|child| child.name != "Updates").ok_or(Code::ErrorInvalidId)?;
    let found = call.found(id)?;
    let before = call.shown(&found)?;
    check_key(call, &found, id, conflict)?;
    match before.kind {
        ItemKind::Calendar if tell.is_none() => {
            return Err(Code::ErrorSendMeetingInvitationsOrCancellationsRequired.into());
        }
        ItemKind::Message if !has_disposition => {
            return Err(Code::ErrorMessageDispositionRequired.into());
        }
        ItemKind::Item
        | ItemKind::Message
        | ItemKind::Calendar
        | ItemKind::Contact
        | ItemKind::DistributionList
        | ItemKind::Task
        | ItemKind::MeetingRequest
        | ItemKind::MeetingResponse
        | ItemKind::MeetingCancellation
        | ItemKind::Post => {}
    }
    let zone = call.zone.clone();
    let mut setting = setting(call, &zone, false);
    let mut after = before.clone();
    if let Some(updates) = change.child("Updates") {
        for step in updates.elements() {
            apply(&mut after, step, &mut setting)?;
        }
    }
    finish(&mut after, Some(&before), &setting)?;
    let read_flag_only = !setting.changed.is_empty() && setting.changed.iter().all(|name| *name == "IsRead");
    after.modified = call.now;
    after.modified_by = call.store(found.mailbox)?.display_name.clone();
    let found = kept(call, &found, &before, after, read_flag_only)?;
    let account = call.account.name.clone();
    call.world.count_write(call.server, found.mailbox, &account, before.kind, Write::Updated);
    if before.kind == ItemKind::Calendar {
        told(call, &found, &before, tell.unwrap_or(Tell::Nobody))?;
    }
    Ok(found)
}

fn check_key(call: &Call<'_>, found: &Found, id: &Element, conflict: Conflict) -> Outcome<()> {
    if call.quirk(Quirk::IgnoresChangeKeys) {
        return Ok(());
    }
    let item = call.item(found)?;
    let current = call.store(found.mailbox)?.change_key(item);
    match (id.attr("ChangeKey"), conflict) {
        (None | Some(""), Conflict::NeverOverwrite | Conflict::AutoResolve) => Err(Code::ErrorChangeKeyRequired.into()),
        (None | Some(""), Conflict::AlwaysOverwrite) => Ok(()),
        (Some(key), _) if !ids::is_change_key(key) => Err(Code::ErrorInvalidChangeKey.into()),
        (Some(key), Conflict::NeverOverwrite) if key != current => Err(Code::ErrorIrresolvableConflict.into()),
        (Some(_), Conflict::NeverOverwrite | Conflict::AutoResolve | Conflict::AlwaysOverwrite) => Ok(()),
    }
}

/// One step of a change.
fn apply(item: &mut Item, step: &Element, setting: &mut Setting<'_>) -> Outcome<()> {
    let path = Path::inside(step)?;
    let holder = step.elements().find(|child| !Path::is_path(child));
    if step.name == "DeleteItemField" {
        return match &path {
            Path::Field(_, name) => delete(item, name, setting),
            Path::Extended(path) => delete_extended(item, path, setting),
            Path::Entry { collection, part: Some(part), key } => {
                if *collection == "PhysicalAddresses" {
                    set_address_part(item, key, part, None);
                }
                Ok(())
            }
            Path::Entry { collection, part: None, key } => {
                put_entry(item, collection, key, None);
                Ok(())
            }
        };
    }
    let holder = holder.ok_or(Code::ErrorIncorrectUpdatePropertyCount)?;
    let mut properties = holder.elements();
    let (Some(element), None) = (properties.next(), properties.next()) else {
        return Err(Code::ErrorIncorrectUpdatePropertyCount.into());
    };
    if step.name == "AppendToItemField" {
        return match &path {
            Path::Field(_, name) if *name == element.name => append(item, element, setting),
            Path::Field(..) => Err(Code::ErrorUpdatePropertyMismatch.into()),
            Path::Entry { .. } | Path::Extended(_) => Err(Code::ErrorInvalidPropertyAppend.into()),
        };
    }
    match path {
        Path::Field(_, name) if name != element.name => Err(Code::ErrorUpdatePropertyMismatch.into()),
        // Keyed collections are written entry by entry.
        Path::Field(_, name)
            if matches!(
                name.as_str(),
                "EmailAddresses" | "PhysicalAddresses" | "PhoneNumbers" | "ImAddresses" | "Attachments" | "MimeContent"
            ) && item.kind == ItemKind::Contact =>
        {
            Err(Refusal::saying(
                Code::ErrorInvalidPropertySet,
                &format!("Set action is invalid for property. Property: {name}."),
            ))
        }
        Path::Field(..) => set(item, element, setting),
        Path::Extended(path) => {
            let (written, _) =
                extended::read_property(element, setting.zone).map_err(|_| Code::ErrorInvalidExtendedPropertyValue)?;
            if written.key != path.key || written.kind != path.kind {
                return Err(Code::ErrorUpdatePropertyMismatch.into());
            }
            set(item, element, setting)
        }
        Path::Entry { collection, part, key } => {
            let entry = element
                .first()
                .filter(|entry| element.name == collection && entry.attr("Key") == Some(key.as_str()))
                .ok_or(Code::ErrorUpdatePropertyMismatch)?;
            match part {
                None => set_entry(item, collection, entry, setting),
                Some(part) => {
                    let text = entry.child_text(part);
                    set_address_part(item, &key, part, Some(&text.unwrap_or_default()));
                    Ok(())
                }
            }
        }
    }
}

/// Stores what an update made of an item; answers for the item the client has to hold on to.
fn kept(call: &mut Call<'_>, found: &Found, before: &Item, mut after: Item, read_flag_only: bool) -> Outcome<Found> {
    let now = call.now;
    let store = call.store_mut(found.mailbox)?;
    if let Some(instance) = &found.instance {
        let mut master = store.items.get(&found.no).cloned().ok_or(Code::ErrorItemNotFound)?;
        if let (Some(series), Some(new)) = (master.calendar(), after.calendar())
            && before.calendar().is_none_or(|old| old.start != new.start || old.end != new.end)
        {
            series::check_move(series, instance.original, new.start, new.end).map_err(series_refusal)?;
        }
        series::keep_exception(&mut master, &after);
        master.modified = now;
        store.update(master, false, now);
        let item = store.items.get(&found.no).ok_or(Code::ErrorItemNotFound)?;
        let instance = item.calendar().and_then(|calendar| series::at(calendar, instance.original));
        return Ok(Found { instance, ..*found });
    }
    let completes = before.task().is_some_and(|task| !task.is_complete())
        && after.task().is_some_and(|task| task.is_complete() && task.rule.is_some());
    if completes && let Some(one_off) = split_completed(&mut after, today(now)) {
        // The asked id goes on with the next one of the series; the answer names the finished copy.
        store.update(after, false, now);
        let no = store.insert(one_off, now);
        return Ok(Found { no, ..*found });
    }
    store.update(after, read_flag_only, now);
    Ok(*found)
}

/// Tells the people of a meeting as the request asked.
fn told(call: &mut Call<'_>, found: &Found, before: &Item, tell: Tell) -> Outcome<()> {
    let (save, only_changed) = match tell {
        Tell::Nobody => return Ok(()),
        Tell::All { save } => (save, false),
        Tell::Changed { save } => (save, true),
    };
    let after = call.shown(found)?;
    let Some(calendar) = after.calendar().filter(|calendar| !calendar.received) else {
        return Ok(());
    };
    let old = meeting::recipients(before);
    let new = meeting::recipients(&after);
    let gone: Vec<_> = old.iter().filter(|person| !new.iter().any(|one| one.is(&person.address))).cloned().collect();
    let come: Vec<_> = new.iter().filter(|person| !old.iter().any(|one| one.is(&person.address))).cloned().collect();
    let was_sent = calendar.request_sent;
    let account = call.account.name.clone();
    let sender = Sender { mailbox: found.mailbox, account: &account, now: call.now };
    if was_sent && !gone.is_empty() {
        meeting::cancel(call.world, &sender, &after, &gone);
    }
    if only_changed && (!gone.is_empty() || !come.is_empty()) {
        if !come.is_empty() {
            meeting::invite(call.world, &sender, &after, &come, false);
        }
        return Ok(());
    }
    send_request(call, found, was_sent, save)
}

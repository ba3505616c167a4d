//! DeleteItem: without regard to change keys, as Exchange does it.

use crate::codes::{Code, Outcome};
use crate::counters::Write;
use crate::ews::create::{Invitations, invitations};
use crate::ews::lookup::Found;
use crate::ews::soap::{Fault, Messages};
use crate::ews::{Answer, Call, choice, listed};
use crate::item::calendar::Response;
use crate::item::schema::ItemKind;
use crate::item::{Item, series, task};
use crate::meeting::{self, Sender};
use crate::xml::Element;

/// DeleteItem.
pub(crate) fn delete(call: &mut Call<'_>, body: &Element) -> Answer {
    let kind = choice(body, "DeleteType", &["HardDelete", "SoftDelete", "MoveToDeletedItems"])?
        .ok_or_else(|| Fault::schema("The required attribute 'DeleteType' is missing."))?;
    let cancellations = invitations(body, "SendMeetingCancellations")?;
    let occurrences = choice(body, "AffectedTaskOccurrences", &["AllOccurrences", "SpecifiedOccurrenceOnly"])?;
    let mut messages = Messages::new("DeleteItem", "");
    for id in listed(body, "ItemIds")?.elements() {
        match one(call, id, kind, cancellations, occurrences) {
            Ok(()) => messages.success(|_| {}),
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

fn one(
    call: &mut Call<'_>,
    id: &Element,
    kind: &str,
    cancellations: Option<Invitations>,
    occurrences: Option<&str>,
) -> Outcome<()> {
    let found = call.found(id)?;
    let item = call.shown(&found)?;
    if item.kind == ItemKind::Calendar && cancellations.is_none() {
        return Err(Code::ErrorSendMeetingCancellationsRequired.into());
    }
    if item.kind == ItemKind::Task && occurrences.is_none() {
        return Err(Code::ErrorAffectedTaskOccurrencesRequired.into());
    }
    let account = call.account.name.clone();
    let sends = cancellations.is_some_and(|asked| asked != Invitations::None);
    if sends && item.kind == ItemKind::Calendar {
        say_goodbye(call, &found, &item);
    }
    if item.kind == ItemKind::Task && occurrences == Some("SpecifiedOccurrenceOnly") {
        let now = call.now;
        let mut next = item.clone();
        if task::skip_one(&mut next, task::today(now)) {
            call.store_mut(found.mailbox)?.update(next, false, now);
            call.world.count_write(call.server, found.mailbox, &account, item.kind, Write::Deleted);
            return Ok(());
        }
    }
    call.world.count_write(call.server, found.mailbox, &account, item.kind, Write::Deleted);
    discard(call, &found, kind)
}

/// The organiser cancels; somebody invited declines.
fn say_goodbye(call: &mut Call<'_>, found: &Found, item: &Item) {
    let Some(calendar) = item.calendar() else {
        return;
    };
    let account = call.account.name.clone();
    let sender = Sender { mailbox: found.mailbox, account: &account, now: call.now };
    if calendar.received {
        if !calendar.cancelled {
            let given = meeting::Reply { item, response: Response::Decline, body: None };
            meeting::reply(call.world, &sender, &given);
        }
    } else if calendar.request_sent {
        let people = meeting::recipients(item);
        let mut last = item.clone();
        if let Some(calendar) = last.calendar_mut() {
            calendar.cancelled = true;
            calendar.sequence += 1;
        }
        meeting::cancel(call.world, &sender, &last, &people);
    }
}

/// Takes an item or occurrence away in one of the three ways.
pub(crate) fn discard(call: &mut Call<'_>, found: &Found, kind: &str) -> Outcome<()> {
    let now = call.now;
    let store = call.store_mut(found.mailbox)?;
    if let Some(instance) = &found.instance {
        let mut master = store.items.get(&found.no).cloned().ok_or(Code::ErrorItemNotFound)?;
        let mut over = false;
        if let Some(calendar) = master.calendar_mut() {
            calendar.exceptions.remove(&instance.original);
            // Known by its original start, wherever it had been moved to (trap 61).
            calendar.deleted.insert(instance.original);
            over = series::is_over(calendar);
        }
        if !over {
            store.update(master, false, now);
            return Ok(());
        }
    }
    let item = store.items.get(&found.no).ok_or(Code::ErrorItemNotFound)?;
    let from = item.folder;
    let target = match kind {
        "HardDelete" => None,
        "MoveToDeletedItems" if !store.is_default(from, "deleteditems") => Some("deleteditems"),
        _ if store.is_default(from, "recoverableitemsdeletions") => None,
        _ => Some("recoverableitemsdeletions"),
    };
    match target.and_then(|name| store.distinguished(name)) {
        Some(folder) => store.relocate(found.no, folder, now).map(|_| ()),
        None => store.remove(found.no, now).map(|_| ()),
    }
    .ok_or_else(|| Code::ErrorItemNotFound.into())
}

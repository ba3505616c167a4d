//! Ordinary mail: sending it, and keeping the sent copy.

use crate::codes::{Code, Outcome};
use crate::counters::Write;
use crate::ews::lookup::Found;
use crate::ews::soap::Messages;
use crate::ews::{Answer, Call, listed};
use crate::item::Item;
use crate::item::calendar::Person;
use crate::item::schema::ItemKind;
use crate::mailbox::EventKind;
use crate::meeting::{self, Sender};
use crate::site::MailKind;
use crate::xml::Element;

/// Everybody a mail goes to.
fn recipients(item: &Item) -> Vec<Person> {
    let mut all: Vec<Person> = Vec::new();
    for name in ["ToRecipients", "CcRecipients", "BccRecipients"] {
        let people = item
            .parts(name)
            .map(|list| list.elements().filter_map(Person::read).collect::<Vec<_>>())
            .unwrap_or_default();
        for person in people {
            if !all.iter().any(|known| known.is(&person.address)) {
                all.push(person);
            }
        }
    }
    all
}

fn deliver(call: &mut Call<'_>, mailbox: u64, item: &Item) -> Outcome<()> {
    let people = recipients(item);
    if people.is_empty() {
        return Err(Code::ErrorMissingRecipients.into());
    }
    let now = call.now;
    let from = call.store(mailbox)?.owner();
    let account = call.account.name.clone();
    let sender = Sender { mailbox, account: &account, now };
    meeting::record(call.world, &sender, MailKind::Message, &people, item);
    for person in &people {
        let home = call.world.by_address(&person.address);
        let Some(store) = home.and_then(|no| call.world.mailboxes.get_mut(&no)) else {
            continue;
        };
        if let Some(inbox) = store.distinguished("inbox") {
            let arrived = meeting::plain(item, &from, inbox, now);
            let no = store.insert_as(arrived, now, EventKind::Created);
            store.announce(no, inbox, now);
        }
    }
    Ok(())
}

/// Sends a message that a CreateItem request holds; a copy stays where the request said.
pub(crate) fn send_new(call: &mut Call<'_>, mailbox: u64, mut item: Item, save: bool) -> Outcome<Vec<Found>> {
    let now = call.now;
    item.set_text("IsDraft", "false");
    deliver(call, mailbox, &item)?;
    if save {
        call.store_mut(mailbox)?.insert(item, now);
        let account = call.account.name.clone();
        call.world.count_write(call.server, mailbox, &account, ItemKind::Message, Write::Created);
    }
    // Exchange answers a sent message without an id.
    Ok(Vec::new())
}

/// Sends a draft; afterwards it stands in Sent Items or nowhere.
pub(crate) fn send_draft(call: &mut Call<'_>, found: &Found, save: bool) -> Outcome<()> {
    let now = call.now;
    let mut item = call.item(found)?.clone();
    item.set_text("IsDraft", "false");
    deliver(call, found.mailbox, &item)?;
    let store = call.store_mut(found.mailbox)?;
    store.update(item, false, now);
    match store.distinguished("sentitems").filter(|_| save) {
        Some(sent) => store.relocate(found.no, sent, now).map(|_| ()),
        None => store.remove(found.no, now).map(|_| ()),
    }
    .ok_or_else(|| Code::ErrorItemNotFound.into())
}

/// SendItem.
pub(crate) fn send_item(call: &mut Call<'_>, body: &Element) -> Answer {
    let save = body.attr("SaveItemToFolder") == Some("true");
    let mut messages = Messages::new("SendItem", "");
    for id in listed(body, "ItemIds")?.elements() {
        let done = call.found(id).and_then(|found| send_draft(call, &found, save));
        match done {
            Ok(()) => messages.success(|_| {}),
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

/// The copy of a sent invitation in Sent Items.
pub(crate) fn save_meeting_copy(
    call: &mut Call<'_>,
    mailbox: u64,
    source: &Item,
    people: &[Person],
    kind: ItemKind,
) -> Outcome<()> {
    let now = call.now;
    let store = call.store_mut(mailbox)?;
    let from = store.owner();
    let Some((sent, calendar)) = store.distinguished("sentitems").zip(source.calendar()) else {
        return Ok(());
    };
    let mut copy = meeting::sent_copy(kind, source, calendar, &from, people, sent, now);
    copy.set_text("IsRead", "true");
    store.insert(copy, now);
    Ok(())
}

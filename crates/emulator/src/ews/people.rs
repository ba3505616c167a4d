//! ResolveNames, GetRoomLists, GetRooms: the directory of the site.

use crate::codes::Code;
use crate::ews::soap::{Alone, Messages};
use crate::ews::{Answer, Call, required};
use crate::item::calendar::Person;
use crate::mailbox::MailboxKind;
use crate::xml::Element;

/// The schema allows so many answers.
const MAX_FOUND: usize = 100;

/// The address that the directory of the site gives somebody (legacyExchangeDN).
pub(crate) fn directory_address(address: &str) -> String {
    let alias = address.split('@').next().unwrap_or_default();
    format!("/O=CRM/OU=FIRST ADMINISTRATIVE GROUP/CN=RECIPIENTS/CN={alias}")
}

/// ResolveNames.
pub(crate) fn resolve(call: &mut Call<'_>, body: &Element) -> Answer {
    let entry = required(body, "UnresolvedEntry")?.text();
    let wanted = entry.trim().to_lowercase();
    let exact = wanted.strip_prefix("smtp:").unwrap_or(&wanted).to_owned();
    let full = body.attr("ReturnFullContactData") == Some("true");
    let found: Vec<Person> = call
        .world
        .mailboxes
        .values()
        .filter(|mailbox| {
            // The directory knows everybody by his own name for him, too.
            mailbox.answers_to(&exact)
                || directory_address(&mailbox.address).to_lowercase() == exact
                || mailbox.address.to_lowercase().starts_with(&exact)
                || mailbox.display_name.to_lowercase().split_whitespace().any(|word| word.starts_with(&exact))
                || mailbox.display_name.to_lowercase().starts_with(&exact)
        })
        .map(crate::mailbox::Mailbox::owner)
        .take(MAX_FOUND)
        .collect();
    let mut messages = Messages::new("ResolveNames", "");
    if found.is_empty() || exact.is_empty() {
        messages.refused(&Code::ErrorNameResolutionNoResults.into());
        return Ok(messages.finish());
    }
    let total = found.len().to_string();
    let write = |xml: &mut crate::xml::Xml| {
        xml.open_with("m:ResolutionSet", &[("TotalItemsInView", &total), ("IncludesLastItemInRange", "true")]);
        for person in &found {
            xml.open("t:Resolution");
            xml.element(&person.element().with(Element::leaf("MailboxType", "Mailbox")));
            if full {
                xml.open("t:Contact");
                xml.leaf("t:DisplayName", &person.name);
                xml.leaf("t:ContactSource", "ActiveDirectory");
                xml.close("t:Contact");
            }
            xml.close("t:Resolution");
        }
        xml.close("m:ResolutionSet");
    };
    if found.len() > 1 {
        messages.warned(&Code::ErrorNameResolutionMultipleResults.into(), write);
    } else {
        messages.success(write);
    }
    Ok(messages.finish())
}

/// GetRoomLists: the groups of rooms that administrators made. "Room lists don't exist by default."
pub(crate) fn room_lists(call: &mut Call<'_>, _: &Element) -> Answer {
    let mut answer = Alone::success("GetRoomLists");
    answer.xml.open("m:RoomLists");
    for (address, list) in &call.world.room_lists {
        let group = Person::new(&list.name, address).element();
        let mut shown = Element::new("Address");
        shown.children = group.children;
        answer.xml.element(&shown.with(Element::leaf("MailboxType", "PublicDL")));
    }
    answer.xml.close("m:RoomLists");
    Ok(answer.finish())
}

/// GetRooms: the room mailboxes of one list; nothing else may be a member of it.
pub(crate) fn rooms(call: &mut Call<'_>, body: &Element) -> Answer {
    let asked = required(body, "RoomList")?;
    let address = required(asked, "EmailAddress")?.text().trim().to_lowercase();
    let Some(list) = call.world.room_lists.get(&address) else {
        return Ok(Alone::refused("GetRooms", &Code::ErrorNameResolutionNoResults.into()));
    };
    let mut answer = Alone::success("GetRooms");
    answer.xml.open("m:Rooms");
    let members = call.world.mailboxes.values().filter(|mailbox| {
        mailbox.kind == MailboxKind::Room && list.members.iter().any(|member| mailbox.answers_to(member))
    });
    for room in members {
        answer.xml.open("t:Room");
        let mut id = Element::new("Id");
        id.children = room.owner().element().children;
        answer.xml.element(&id.with(Element::leaf("MailboxType", "Mailbox")));
        answer.xml.close("t:Room");
    }
    answer.xml.close("m:Rooms");
    Ok(answer.finish())
}

//! Contacts that were added from the address book: their mail addresses are the directory's to tell.

use crate::world::{World, list, present, transport};
use connect::http::{InProcess, Request};
use emulator::MailboxSpec;
use engine::port::Remote as _;
use model::{Field, Kind, Path, Record, Value};
use wire::ews::{self, Dictionary, DistinguishedFolder, Item, ItemKind, Property};

fn in_directory(alias: &str) -> String {
    format!("/O=CRM/OU=FIRST ADMINISTRATIVE GROUP/CN=RECIPIENTS/CN={alias}")
}

/// A contact whose first slot names somebody as the directory does.
fn card(alias: &str) -> Item {
    let text = |text: &str| ews::Value::Text(text.to_owned());
    let slot = ews::Path::entry(Dictionary::EmailAddress, "EmailAddress1");
    Item::new(ItemKind::Contact).with(Property::GivenName, text(alias)).with(slot, text(&in_directory(alias)))
}

fn email(record: &Record) -> Option<&Value> {
    record.fields.get(&Path::of(Field::Email1))
}

/// The same server, whose directory does not know this alias any more.
fn without(world: &World, alias: &str) -> World {
    let (server, known) = (transport(&world.emulator), in_directory(alias));
    let forgets = move |request: Request| {
        let mut body = String::from_utf8(request.body).expect("text");
        if body.contains("<m:ResolveNames") {
            body = body.replace(&known, &in_directory("nobody"));
        }
        (server.0)(Request { body: body.into_bytes(), ..request })
    };
    World::by(world, InProcess(std::sync::Arc::new(forgets)))
}

// C11, trap 20: somebody who left the company has an address in the mailbox still; nobody took it off his card.
#[tokio::test]
async fn an_address_that_the_directory_does_not_tell_is_not_a_cleared_one() {
    let world = World::new();
    let id = world.makes(DistinguishedFolder::Contacts, card("bob")).await;
    let (records, _) = list(&world.open(), Kind::Contact).await;
    assert_eq!(email(&records[0]), Some(&Value::text("bob@crm.test")));
    let left = without(&world, "bob");
    let (records, cursor) = list(&left.open(), Kind::Contact).await;
    assert_eq!(email(&records[0]), None, "not known, and not blank");
    assert_eq!(email(&present(&left.open(), Kind::Contact, &records[0].id).await), None);
    // Cleared by its owner it is blank.
    let slot = ews::Path::entry(Dictionary::EmailAddress, "EmailAddress1");
    left.edits(&id.id, ItemKind::Contact, vec![ews::FieldChange::Delete(slot)]).await;
    let folder = crate::world::folder(&left.open(), Kind::Contact).await;
    let page = left.open().changes(Kind::Contact, &folder, Some(&cursor)).await.expect("a page");
    assert_eq!(email(&page.records[0]), Some(&Value::Null));
}

// C11: however many of them come at once.
#[tokio::test]
async fn every_address_of_a_page_is_asked_for() {
    let world = World::new();
    let aliases: Vec<String> = (0..230).map(|n| format!("p{n:03}x")).collect();
    for alias in &aliases {
        let address = format!("{alias}@crm.test");
        world.emulator.add_mailbox(MailboxSpec::user(&address, &address, "secret")).expect("a new address");
    }
    let items: Vec<Item> = aliases.iter().map(|alias| card(alias)).collect();
    let count = items.len();
    let folder = DistinguishedFolder::Contacts.into();
    world.people(ews::CreateItem { folder, items, mail: ews::Mail::None }, count).await;
    let (records, _) = list(&world.open(), Kind::Contact).await;
    let told = records.iter().filter(|record| matches!(email(record), Some(Value::Text(text)) if text.contains('@')));
    assert_eq!((records.len(), told.count()), (count, count));
    assert_eq!(world.requests("ResolveNames"), 230, "each once");
}

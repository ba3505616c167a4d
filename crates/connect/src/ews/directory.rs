//! People whom Exchange names by an address of its directory (EX, X.500), in meetings and in the slots of contacts, are asked
//! for their mail address, once a connection: nobody is known by the other (rules M1, P2).

use engine::port::Trouble;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use wire::ews::{Dictionary, Item, Mailbox, Path, Property, ResolveNames, Value};

use super::remote::EwsRemote;
use super::trouble::Effect;

/// Where an appointment names people.
const PEOPLE: [Property; 4] =
    [Property::Organizer, Property::RequiredAttendees, Property::OptionalAttendees, Property::Resources];

impl EwsRemote {
    /// The same items, their people with mail addresses as far as the directory tells them; without one they have a name. A
    /// slot of a contact whose address it does not tell counts as not read: somebody stands there, so it is not blank.
    pub(super) async fn with_mail_addresses(&self, mut items: Vec<Item>) -> Result<Vec<Item>, Trouble> {
        let mut unknown = BTreeSet::new();
        for item in &mut items {
            let mut ask = |address: String| {
                if self.connection.mail_of(&address).is_none() {
                    unknown.insert(address);
                }
            };
            each(item, &mut |mailbox| internal(mailbox).into_iter().for_each(&mut ask));
            cards(item).into_iter().for_each(|(_, address)| ask(address));
        }
        for address in unknown {
            match self.reach.one(&ResolveNames { entry: address.clone() }, Effect::Read).await {
                Ok(found) => {
                    let mail = match found.0.as_slice() {
                        [one] => one.mailbox.address.clone().filter(|address| address.contains('@')),
                        _ => None,
                    };
                    self.connection.remember_mail(&address, mail);
                }
                // The directory does not know him.
                Err(Trouble::Refused { .. } | Trouble::Gone(_)) => self.connection.remember_mail(&address, None),
                Err(trouble) => return Err(trouble),
            }
        }
        for item in &mut items {
            each(item, &mut |mailbox| {
                if let Some(address) = internal(mailbox) {
                    mailbox.address = self.connection.mail_of(&address).flatten();
                    mailbox.routing = Some("SMTP".to_owned());
                }
            });
            for (slot, address) in cards(item) {
                match self.connection.mail_of(&address).flatten() {
                    Some(mail) => {
                        item.values.insert(slot, Value::Text(mail));
                    }
                    None => {
                        item.values.remove(&slot);
                        item.unread.push(slot);
                    }
                }
            }
        }
        Ok(items)
    }
}

/// The address, when it is one of the directory and none of mail.
fn internal(mailbox: &Mailbox) -> Option<String> {
    let address = mailbox.address.as_deref().map(str::trim).filter(|address| !address.is_empty())?;
    let routed = mailbox.routing.as_deref().is_some_and(|routing| !routing.eq_ignore_ascii_case("smtp"));
    ((routed || of_directory(address)) && !address.contains('@')).then(|| address.to_owned())
}

fn of_directory(address: &str) -> bool {
    address.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("/o="))
}

/// Where a contact keeps its mail addresses.
static SLOTS: LazyLock<[Path; 3]> = LazyLock::new(|| {
    ["EmailAddress1", "EmailAddress2", "EmailAddress3"].map(|key| Path::entry(Dictionary::EmailAddress, key))
});

/// The addresses of the directory in a contact's slots: someone who was added from the address book has such a one.
fn cards(item: &Item) -> Vec<(Path, String)> {
    SLOTS
        .iter()
        .filter_map(|slot| {
            let address = match item.values.get(slot) {
                Some(Value::Text(address)) => address.trim(),
                Some(_) | None => return None,
            };
            (of_directory(address) && !address.contains('@')).then(|| (slot.clone(), address.to_owned()))
        })
        .collect()
}

fn each(item: &mut Item, what: &mut dyn FnMut(&mut Mailbox)) {
    for property in PEOPLE {
        match item.values.get_mut(&property.into()) {
            Some(Value::Person(person)) => what(person),
            Some(Value::Attendees(guests)) => guests.iter_mut().for_each(|guest| what(&mut guest.mailbox)),
            Some(_) | None => {}
        }
    }
}

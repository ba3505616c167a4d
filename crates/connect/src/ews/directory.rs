//! People whom Exchange names by an address of its directory (EX, X.500) are asked for their mail address, once a
//! connection: nobody is known by the other (rule P2).

use engine::port::Trouble;
use std::collections::BTreeSet;
use wire::ews::{Item, Mailbox, Property, ResolveNames, Value};

use super::remote::EwsRemote;
use super::trouble::Effect;

/// Where an appointment names people.
const PEOPLE: [Property; 4] =
    [Property::Organizer, Property::RequiredAttendees, Property::OptionalAttendees, Property::Resources];

/// Addresses of the directory asked for by one page of items; who is left keeps his name alone until he is seen again.
const ASKED: usize = 200;

impl EwsRemote {
    /// The same items, their people with mail addresses as far as the directory tells them; without one they have a name.
    pub(super) async fn with_mail_addresses(&self, mut items: Vec<Item>) -> Result<Vec<Item>, Trouble> {
        let mut unknown = BTreeSet::new();
        for item in &mut items {
            each(item, &mut |mailbox| {
                if let Some(address) = internal(mailbox)
                    && self.connection.mail_of(&address).is_none()
                {
                    unknown.insert(address);
                }
            });
        }
        for address in unknown.into_iter().take(ASKED) {
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
        }
        Ok(items)
    }
}

/// The address, when it is one of the directory and none of mail.
fn internal(mailbox: &Mailbox) -> Option<String> {
    let address = mailbox.address.as_deref().map(str::trim).filter(|address| !address.is_empty())?;
    let routed = mailbox.routing.as_deref().is_some_and(|routing| !routing.eq_ignore_ascii_case("smtp"));
    let named = address.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("/o="));
    ((routed || named) && !address.contains('@')).then(|| address.to_owned())
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

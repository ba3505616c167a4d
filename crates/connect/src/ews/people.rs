//! The people of a meeting: as Exchange knows them, and as the marked block at the end of a body (rule C9).

use model::{Attendee, People, Response, Role};
use planted::Planted;
use wire::ews::{self, Item, Property};

use super::own;

/// The line that opens the block, and the one that closes it.
const OPEN: &str = "--- Participants ---";
const CLOSE: &str = "--- (kept by Syncline) ---";

/// Who is on one of a meeting's three lists, and as what.
pub const LISTS: [(Property, Role); 3] = [
    (Property::RequiredAttendees, Role::Required),
    (Property::OptionalAttendees, Role::Optional),
    (Property::Resources, Role::Resource),
];

/// The guests with their addresses and roles. Exchange lists the organiser among the required, at times in other letters
/// than it names him; he is shown as organiser.
fn guests(item: &Item) -> impl Iterator<Item = (&ews::Attendee, Option<String>, Role)> {
    let organizer = item.person(Property::Organizer);
    let (is_told, own_address) = (organizer.is_some(), organizer.and_then(address));
    let listed = LISTS.into_iter().flat_map(|(list, role)| {
        let guests = item.attendees(list).unwrap_or_default();
        guests.iter().map(move |guest| (guest, address(&guest.mailbox), role))
    });
    listed.filter(move |(guest, address, _)| match (address, &own_address) {
        (Some(address), Some(own)) => !same(address, own),
        // Somebody whose address is not told: what he answered tells him.
        (_, _) => !(is_told && guest.response.as_deref() == Some("Organizer")),
    })
}

fn same(one: &str, other: &str) -> bool {
    model::same::fold(one) == model::same::fold(other)
}

/// The people Exchange itself knows of, besides the organiser.
pub fn invited(item: &Item) -> People {
    let mut people = People::new();
    for (guest, address, role) in guests(item) {
        let person = Attendee {
            name: guest.mailbox.name.clone().or_else(|| address.clone()).unwrap_or_default(),
            address,
            role,
            response: response(guest.response.as_deref()),
        };
        people.entry(person.key()).or_insert(person);
    }
    people
}

/// Whether there is anybody besides the organiser.
pub fn is_anybody_invited(item: &Item) -> bool {
    guests(item).next().is_some()
}

/// Whether a guest is known by his name alone.
pub fn has_guest_without_address(item: &Item) -> bool {
    guests(item).any(|(_, address, _)| address.is_none())
}

/// The organiser of a meeting.
pub fn organizer(item: &Item) -> Option<Attendee> {
    let person = item.person(Property::Organizer)?;
    let internal = person.routing.as_deref().is_some_and(|routing| !routing.eq_ignore_ascii_case("smtp"));
    let known = item.text(own::organizer_address()).filter(|text| text.contains('@')).map(str::to_owned);
    let address = if internal { known } else { address(person).or(known) };
    let name = person.name.clone().or_else(|| address.clone())?;
    Some(Attendee { name, address, role: Role::Required, response: Response::Organizer })
}

fn address(mailbox: &ews::Mailbox) -> Option<String> {
    mailbox.address.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An answer in our words.
pub fn response(word: Option<&str>) -> Response {
    match word {
        Some("Organizer") => Response::Organizer,
        Some("Tentative") => Response::Tentative,
        Some("Accept") => Response::Accepted,
        Some("Decline") => Response::Declined,
        Some("NoResponseReceived") => Response::NotResponded,
        Some(_) | None => Response::Unknown,
    }
}

/// The people a copy of ours carries in our own property.
pub fn kept(item: &Item) -> Option<People> {
    let people: Option<People> = item.text(own::people()).and_then(|text| serde_json::from_str(text).ok());
    people.map(|people| image(&people))
}

/// The text of our own property.
pub fn to_keep(people: &People) -> String {
    serde_json::to_string(&image(people)).unwrap_or_default()
}

/// People as our copy shows them: answers are the mailbox's affair and are not written into it (rule P4), and none of them
/// was asked by it (rule C9).
pub fn image(people: &People) -> People {
    people
        .iter()
        .map(|(key, person)| {
            let response = if planted::is(Planted::AnswersWritten) { person.response } else { Response::NotAsked };
            (key.clone(), Attendee { response, ..person.clone() })
        })
        .collect()
}

/// People to invite, by role, for the one case where mail is on. Whoever has no address cannot be asked.
pub fn to_invite(people: &People, role: Role) -> Vec<ews::Attendee> {
    people
        .values()
        .filter(|person| person.role == role && person.address.is_some())
        .map(|person| ews::Attendee {
            mailbox: ews::Mailbox {
                name: Some(person.name.clone()),
                address: person.address.clone(),
                routing: person.address.as_ref().map(|_| "SMTP".to_owned()),
                kind: None,
            },
            response: None,
            last_response: None,
        })
        .collect()
}

/// The lines of the block; none for nobody.
pub fn block(people: &People) -> Vec<String> {
    if people.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![OPEN.to_owned()];
    lines.extend(people.values().map(|person| {
        let role = match person.role {
            Role::Required => "",
            Role::Optional => " (optional)",
            Role::Resource => " (resource)",
        };
        let name: String = person.name.split_whitespace().collect::<Vec<_>>().join(" ");
        match &person.address {
            Some(address) if *address != person.name => format!("{name}, {address}{role}"),
            Some(_) | None => format!("{name}{role}"),
        }
    }));
    lines.push(CLOSE.to_owned());
    lines
}

/// The lines of a body without our block, whatever a person did to it: it ends at its closing line, else, where the item
/// is one that got a block, at the next empty line, else with the body. Elsewhere a person wrote the opening line.
pub fn without_block<'a>(lines: &[&'a str], has_block: bool) -> Vec<&'a str> {
    let Some(open) = lines.iter().rposition(|line| line.trim() == OPEN) else { return lines.to_vec() };
    let inside = &lines[open + 1..];
    let closed = inside.iter().position(|line| line.trim() == CLOSE).map(|at| at + 1);
    if closed.is_none() && !has_block {
        return lines.to_vec();
    }
    let end = closed.or_else(|| inside.iter().position(|line| line.trim().is_empty())).unwrap_or(inside.len());
    lines[..open].iter().chain(&inside[end..]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::ews::{ItemKind, Mailbox, Value};

    fn person(name: &str, address: Option<&str>, role: Role) -> Attendee {
        Attendee { name: name.to_owned(), address: address.map(str::to_owned), role, response: Response::Accepted }
    }

    fn all(list: &[Attendee]) -> People {
        list.iter().map(|p| (p.key(), p.clone())).collect()
    }

    // C9
    #[test]
    fn the_block_comes_off_however_it_was_left() {
        let people = all(&[person("Ann", Some("ann@crm.test"), Role::Optional), person("Bob", None, Role::Required)]);
        let block = block(&people);
        assert_eq!(
            block,
            ["--- Participants ---", "Ann, ann@crm.test (optional)", "Bob", "--- (kept by Syncline) ---"]
        );
        let block: Vec<&str> = block.iter().map(String::as_str).collect();
        let whole = [&["note", ""][..], &block, &["after"]].concat();
        assert_eq!(without_block(&whole, false), ["note", "", "after"]);
        assert_eq!(without_block(&[&["note"][..], &block[..3], &["", "after"]].concat(), true), ["note", "", "after"]);
        assert_eq!(without_block(&[&["note"][..], &block[..2]].concat(), true), ["note"]);
        assert_eq!(without_block(&["note", CLOSE], true), ["note", CLOSE]);
        let typed = ["note", OPEN, "whom I shall ask"];
        assert_eq!(without_block(&typed, false), typed, "an item without a block: a person wrote it");
    }

    // P4
    #[test]
    fn kept_people_come_back_without_answers() {
        let people = all(&[person("Ann", Some("ann@crm.test"), Role::Optional)]);
        let item = Item::new(ItemKind::CalendarItem).with(own::people(), Value::Text(to_keep(&people)));
        assert_eq!(kept(&item), Some(image(&people)));
        assert_ne!(image(&people), people);
        let broken = Item::new(ItemKind::CalendarItem).with(own::people(), Value::Text("{".to_owned()));
        assert_eq!(kept(&broken), None);
    }

    #[test]
    fn the_organiser_is_no_guest_and_keeps_a_mail_address() {
        let mailbox = |name: &str, address: &str, routing: &str| Mailbox {
            name: Some(name.to_owned()),
            address: Some(address.to_owned()),
            routing: Some(routing.to_owned()),
            kind: None,
        };
        let guest = |mailbox: Mailbox, answer: &str| ews::Attendee {
            mailbox,
            response: Some(answer.to_owned()),
            last_response: None,
        };
        let item = Item::new(ItemKind::CalendarItem)
            .with(Property::Organizer, Value::Person(mailbox("Bob", "/o=x/cn=bob", "EX")))
            .with(own::organizer_address(), Value::Text("bob@crm.test".to_owned()))
            .with(
                Property::RequiredAttendees,
                Value::Attendees(vec![
                    guest(mailbox("Bob", "/o=x/cn=bob", "EX"), "Organizer"),
                    guest(mailbox("Ann", "ann@crm.test", "SMTP"), "Tentative"),
                ]),
            )
            .with(Property::Resources, Value::Attendees(vec![guest(mailbox("Room", "", "SMTP"), "New")]));
        let bob = organizer(&item).expect("an organiser");
        assert_eq!((bob.address.as_deref(), bob.response), (Some("bob@crm.test"), Response::Organizer));
        let people = invited(&item);
        assert_eq!(people.keys().collect::<Vec<_>>(), ["ann@crm.test", "name:room"]);
        // Told in other letters, or by no address of his own, he is the same.
        for (told, listed) in [("bob@crm.test", "Bob@CRM.test"), ("", "bob@crm.test"), ("", "")] {
            let item = Item::new(ItemKind::CalendarItem)
                .with(Property::Organizer, Value::Person(mailbox("Bob", told, "SMTP")))
                .with(
                    Property::RequiredAttendees,
                    Value::Attendees(vec![guest(mailbox("Bob", listed, "SMTP"), "Organizer")]),
                );
            assert!(!is_anybody_invited(&item), "{told} {listed}");
        }
        assert_eq!(people["ann@crm.test"].response, Response::Tentative);
        assert_eq!(people["name:room"].role, Role::Resource);
    }
}

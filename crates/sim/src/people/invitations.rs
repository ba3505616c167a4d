//! Meetings that people send from their mailboxes: the server itself brings copies, updates and cancellations.

use super::People;
use super::crm_side::crowd;
use super::pim_side::address;
use crate::memory::Sides;
use crate::memory::exchange::{Item, Place};
use model::{Attendee, Domain, Field, Fields, Kind, Path, RecordId, Response, Role, Side, UserId, Value};

impl People {
    /// A new meeting with invitations to everybody else.
    pub(super) fn invite(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        let organizer = crowd(&sides.crm, std::slice::from_ref(user)).into_values().next()?;
        let from = address(&sides.crm, user)?;
        let others = self.others(user);
        let number = self.ledger.make(Domain::Calendar, Side::Pim, user);
        let fields = self.fresh(Domain::Calendar, Side::Pim, number);
        self.ledger.give(number, Side::Pim, &Fields::new(), &fields);
        let mut invited = crowd(&sides.crm, &others);
        let outsider = Attendee {
            name: "Outsider".to_owned(),
            address: Some("outsider@else.test".to_owned()),
            role: Role::Optional,
            response: Response::Unknown,
        };
        invited.insert(outsider.key(), outsider);
        let mut item = Item::new(Kind::Appointment, &fields);
        item.requests_sent = true;
        item.invited.clone_from(&invited);
        let id = sides.exchange.insert(&from, item.clone())?;
        let global_id = sides.exchange.mailboxes.get(&from)?.items.get(&id)?.global_id.clone();
        for other in others {
            self.ledger.entitle(number, &other);
            let to = address(&sides.crm, &other)?;
            let mut copy = item.clone();
            copy.global_id.clone_from(&global_id);
            copy.requests_sent = false;
            copy.organizer = Some(Attendee { response: Response::Organizer, ..organizer.clone() });
            copy.fields.remove(&Path::of(Field::Reminder));
            copy.fields.remove(&Path::of(Field::ShowAs));
            sides.exchange.insert(&to, copy)?;
        }
        Some(format!("invites to {id} (thing {number})"))
    }

    /// Attendees' copies follow the organiser's.
    pub(super) fn send_updates(&mut self, sides: &mut Sides, from: &str, id: &RecordId) {
        let Some(item) = organised(sides, from, id) else {
            return;
        };
        for (to, copy) in received(sides, &item) {
            if let Some(mailbox) = sides.exchange.mailboxes.get_mut(&to) {
                mailbox.change(&copy, |copy| {
                    let own = |path: &Path| path.occurrence.is_none() && path.field.is_own();
                    copy.fields.retain(|path, _| own(path));
                    copy.fields.extend(
                        item.fields
                            .iter()
                            .filter(|(path, _)| !own(path))
                            .map(|(path, value)| (path.clone(), value.clone())),
                    );
                });
            }
        }
    }

    /// The organiser deletes the meeting: attendees' copies say that it is called off.
    pub(super) fn call_off(&mut self, sides: &mut Sides, from: &str, id: &RecordId) {
        let Some(item) = organised(sides, from, id) else {
            return;
        };
        for (to, copy) in received(sides, &item) {
            if let Some(mailbox) = sides.exchange.mailboxes.get_mut(&to) {
                mailbox.change(&copy, |copy| {
                    copy.fields.insert(Path::of(Field::Cancelled), Value::Flag(true));
                });
            }
        }
    }
}

fn organised(sides: &Sides, from: &str, id: &RecordId) -> Option<Item> {
    let item = sides.exchange.mailboxes.get(from)?.items.get(id)?;
    (item.requests_sent && !item.is_received()).then(|| item.clone())
}

/// The attendees' copies of a meeting that still stand in their calendars.
fn received(sides: &Sides, item: &Item) -> Vec<(String, RecordId)> {
    let mut copies = Vec::new();
    for (to, mailbox) in &sides.exchange.mailboxes {
        for (id, copy) in &mailbox.items {
            let same = copy.global_id.is_some() && copy.global_id == item.global_id;
            if same && copy.is_received() && copy.place == Place::Folder {
                copies.push((to.clone(), id.clone()));
            }
        }
    }
    copies
}

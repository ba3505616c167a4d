//! What people do in their mailboxes.

use super::ledger::{mail_of, number_of, sign_of};
use super::{Linked, People};
use crate::memory::Sides;
use crate::memory::crm::Crm;
use crate::memory::exchange::{Item, Place};
use model::{Domain, Field, Fields, Kind, Path, RecordId, Side, UserId, Value};
use std::collections::BTreeSet;

/// An item that a person works on.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub id: RecordId,
    pub number: u64,
    pub domain: Domain,
    /// It is the person's own: not somebody else's meeting or to-do.
    pub own: bool,
    /// It stood on both sides from the first.
    pub both: bool,
    /// A copy of it carries the same mark: while nobody told them apart, its going would look like a move.
    pub doubled: bool,
    /// Our mark's key: an item that is moved before it got its link's is a new item to everybody.
    pub mark: Option<String>,
}

impl Held {
    fn may_move(&self, linked: Linked<'_>) -> bool {
        let own = self.own && !self.both && !self.doubled && self.mark.is_some();
        own && linked(self.domain.kind(), &self.id) == self.mark
    }
}

impl People {
    pub(super) fn act_in_mailbox(&mut self, sides: &mut Sides, user: &UserId, linked: Linked<'_>) -> Option<String> {
        match self.dice.below(13) {
            0 | 1 => Some(self.make_in_mailbox(sides, user)),
            2 => self.delete_in_mailbox(sides, user),
            3 => self.categorise(sides, user),
            4 => self.copy(sides, user),
            5 => self.carry(sides, user, linked),
            6 | 7 => self.except_in_mailbox(sides, user),
            8 => self.invite(sides, user),
            _ => self.edit_in_mailbox(sides, user),
        }
    }

    /// A new item; a contact with or without the category that brings it in (rules O3, O5).
    pub(super) fn make_in_mailbox(&mut self, sides: &mut Sides, user: &UserId) -> String {
        let domain = self.domain();
        let number = self.ledger.make(domain, Side::Pim, user);
        let mut fields = self.fresh(domain, Side::Pim, number);
        if domain == Domain::Calendar && self.dice.chance(350) {
            self.make_series(&mut fields);
        }
        self.ledger.give(number, Side::Pim, &Fields::new(), &fields);
        let categorised = u64::from(self.dice.chance(750));
        let id = self.put_in_mailbox(sides, user, domain, fields, categorised);
        format!("makes {domain} {id:?} (thing {number})")
    }

    /// Puts an item in, with the domain's word on a contact.
    pub(super) fn put_in_mailbox(
        &mut self,
        sides: &mut Sides,
        user: &UserId,
        domain: Domain,
        mut fields: Fields,
        categorised: u64,
    ) -> Option<RecordId> {
        let address = address(&sides.crm, user)?;
        if domain.kind() == Kind::Contact && categorised > 0 {
            let words: BTreeSet<String> = [domain.default_category().to_owned()].into();
            fields.insert(Path::of(Field::Categories), Value::Set(words));
            if domain == Domain::PersonalContact {
                fields.insert(Path::of(Field::Private), Value::Flag(true));
            }
        }
        sides.exchange.insert(&address, Item::new(domain.kind(), &fields))
    }

    /// The items in a user's folders.
    pub(super) fn held(&self, sides: &Sides, user: &UserId) -> Vec<Held> {
        let Some(mailbox) = address(&sides.crm, user).and_then(|address| sides.exchange.mailboxes.get(&address)) else {
            return Vec::new();
        };
        mailbox
            .items
            .iter()
            .filter(|(_, item)| item.place == Place::Folder && !item.late)
            .filter_map(|(id, item)| {
                let number = number_of(item.kind, &item.fields)?;
                let thing = self.ledger.things.get(&number)?;
                // Where several records are it, an item is its holder's when the one that its mark names is.
                let named = key(item).and_then(|key| sides.crm.rows.get(&RecordId::new(key.rsplit_once('~')?.0)));
                let is_his = is_owned(&sides.crm, item.kind, number, user).unwrap_or(thing.by == *user);
                let own = is_his && named.is_none_or(|row| row.kind == Kind::Contact || row.owner == *user);
                Some(Held {
                    id: id.clone(),
                    number,
                    domain: thing.domain,
                    both: self.ledger.is_both(number),
                    mark: key(item),
                    doubled: mailbox
                        .items
                        .iter()
                        .any(|(other, copy)| other != id && copy.mark.is_some() && key(copy) == key(item)),
                    own: !item.is_received() && own,
                })
            })
            .collect()
    }

    pub(super) fn pick_held(&self, sides: &Sides, user: &UserId, fits: impl Fn(&Held) -> bool) -> Option<Held> {
        let held: Vec<Held> = self.held(sides, user).into_iter().filter(fits).collect();
        self.dice.pick(&held).cloned()
    }

    fn edit_in_mailbox(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        let held = self.pick_held(sides, user, |held| held.own)?;
        self.edit_item(sides, user, &held)
    }

    pub(super) fn edit_item(&mut self, sides: &mut Sides, user: &UserId, held: &Held) -> Option<String> {
        if !held.own {
            return None;
        }
        let address = address(&sides.crm, user)?;
        let mailbox = sides.exchange.mailboxes.get_mut(&address)?;
        let item = mailbox.items.get(&held.id)?;
        let series = item.fields.contains_key(&Path::of(Field::Rule));
        let before = item.record(&held.id).fields;
        let changes = self.edit(held.domain, Side::Pim, held.number, series);
        self.ledger.give(held.number, Side::Pim, &before, &changes);
        mailbox.change(&held.id, |item| item.set(&changes));
        self.send_updates(sides, &address, &held.id);
        Some(format!("edits {} (thing {}) {}", held.id, held.number, crate::trace::fields(&changes)))
    }

    fn delete_in_mailbox(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        let held = self.pick_held(sides, user, |held| !held.both && !held.doubled)?;
        self.delete_item(sides, user, &held)
    }

    pub(super) fn delete_item(&mut self, sides: &mut Sides, user: &UserId, held: &Held) -> Option<String> {
        if held.both || held.doubled || !self.may_delete() {
            return None;
        }
        let address = address(&sides.crm, user)?;
        let item = sides.exchange.mailboxes.get(&address)?.items.get(&held.id)?;
        let shown = item.record(&held.id).fields;
        let listed_only =
            held.domain == Domain::BusinessContact && is_owned(&sides.crm, Kind::Contact, held.number, user).is_some();
        if held.own && !listed_only {
            self.ledger.delete(held.number, &shown);
            self.call_off(sides, &address, &held.id);
        } else {
            // After a restore another may own the record that was made again: what this one wrote into his item is his own still.
            let forgot = self.ledger.things.get(&held.number).is_some_and(|thing| thing.forgot);
            if held.own || forgot {
                self.ledger.displace(held.number, &shown);
            }
            if let Some(thing) = self.ledger.things.get_mut(&held.number) {
                thing.left_by.insert(user.clone());
            }
        }
        sides.exchange.put(&address, &held.id, Place::Deleted)?;
        Some(format!("deletes {} (thing {})", held.id, held.number))
    }

    /// A contact gets the category that brings it in, or loses it again (rule O4).
    fn categorise(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        let held = self.pick_held(sides, user, |held| held.domain.kind() == Kind::Contact && !held.both)?;
        let address = address(&sides.crm, user)?;
        let mailbox = sides.exchange.mailboxes.get_mut(&address)?;
        let path = Path::of(Field::Categories);
        let word = held.domain.default_category();
        let before = mailbox.items.get(&held.id)?.fields.get(&path).and_then(Value::as_set).cloned();
        let mut words = before.unwrap_or_default();
        let carries = words.contains(word);
        if carries {
            words.remove(word);
        } else {
            words.insert(word.to_owned());
        }
        self.ledger.handled(held.number);
        let words = if words.is_empty() { Value::Null } else { Value::Set(words) };
        let private = held.domain == Domain::PersonalContact;
        mailbox.change(&held.id, |item| {
            item.set(&[(path, words)].into());
            if private && !carries {
                item.set(&[(Path::of(Field::Private), Value::Flag(true))].into());
            }
        });
        Some(format!(
            "{} {} (thing {})",
            if carries { "takes the category off" } else { "categorises" },
            held.id,
            held.number
        ))
    }

    /// A copy that the person then makes his own: it keeps our mark.
    fn copy(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        let held = self.pick_held(sides, user, |held| held.own && !held.both)?;
        let address = address(&sides.crm, user)?;
        let original = self.ledger.things.get_mut(&held.number)?;
        if original.relisted {
            return None;
        }
        original.copied = true;
        original.off.clear();
        let invited = |item: &Item| !item.invited.is_empty();
        if invited(sides.exchange.mailboxes.get(&address)?.items.get(&held.id)?) {
            return None;
        }
        let id = sides.exchange.copy(&address, &held.id)?;
        let number = self.ledger.make(held.domain, Side::Pim, user);
        if let Some(thing) = self.ledger.things.get_mut(&number) {
            thing.copy = true;
        }
        let text = self.text();
        let alone = self.alone(sides, &address, &id, number);
        let mailbox = sides.exchange.mailboxes.get_mut(&address)?;
        mailbox.change(&id, |item| {
            let own = match item.kind {
                Kind::Contact => [
                    (Path::of(Field::Email1), Value::text(mail_of(number))),
                    (Path::of(Field::LastName), Value::text(format!("Last{number}"))),
                ],
                Kind::Appointment | Kind::Task => {
                    let subject = format!("{} {text}", sign_of(number));
                    [(Path::of(Field::Subject), Value::text(subject)), (Path::of(Field::Attendees), alone)]
                }
            };
            item.set(&own.into());
        });
        let fields = mailbox.items.get(&id)?.fields.clone();
        self.ledger.give(number, Side::Pim, &Fields::new(), &fields);
        Some(format!("copies {} (thing {}) as {id} (thing {number})", held.id, held.number))
    }

    /// The people of a copy: nobody, where a person can take off whom our own list names; else those, who see it too.
    fn alone(&mut self, sides: &Sides, address: &str, id: &RecordId, number: u64) -> Value {
        let item = sides.exchange.mailboxes.get(address).and_then(|mailbox| mailbox.items.get(id));
        let named = item.and_then(|item| item.fields.get(&Path::of(Field::Attendees))).filter(|_| self.strict).cloned();
        for (user, member) in &sides.crm.members {
            if named.as_ref().and_then(Value::as_people).is_some_and(|people| people.contains_key(&member.address)) {
                self.ledger.entitle(number, user);
            }
        }
        named.unwrap_or(Value::Null)
    }

    /// An item is moved to a folder nobody observes, or back (rule C12).
    fn carry(&mut self, sides: &mut Sides, user: &UserId, linked: Linked<'_>) -> Option<String> {
        let address = address(&sides.crm, user)?;
        let away = sides
            .exchange
            .mailboxes
            .get(&address)?
            .items
            .iter()
            .find(|(_, item)| item.place == Place::Other)
            .map(|(id, _)| id.clone());
        if let Some(id) = away {
            let new = sides.exchange.put(&address, &id, Place::Folder)?;
            return Some(format!("moves {id} back as {new}"));
        }
        let held = self.pick_held(sides, user, |held| held.may_move(linked))?;
        self.carry_item(sides, user, &held, linked)
    }

    pub(super) fn carry_item(
        &mut self,
        sides: &mut Sides,
        user: &UserId,
        held: &Held,
        linked: Linked<'_>,
    ) -> Option<String> {
        if !held.may_move(linked) {
            return None;
        }
        let address = address(&sides.crm, user)?;
        if let Some(thing) = self.ledger.things.get_mut(&held.number) {
            thing.carried = true;
        }
        let new = sides.exchange.put(&address, &held.id, Place::Other)?;
        Some(format!("moves {} (thing {}) away as {new}", held.id, held.number))
    }

    /// Everything that was moved away comes back.
    pub fn bring_back(&mut self, sides: &mut Sides) {
        let addresses: Vec<String> = sides.exchange.mailboxes.keys().cloned().collect();
        for address in addresses {
            let away: Vec<RecordId> = sides
                .exchange
                .mailboxes
                .get(&address)
                .into_iter()
                .flat_map(|mailbox| &mailbox.items)
                .filter(|(_, item)| item.place == Place::Other)
                .map(|(id, _)| id.clone())
                .collect();
            for id in away {
                sides.exchange.put(&address, &id, Place::Folder);
            }
        }
    }
}

/// Which link an item's mark names.
fn key(item: &Item) -> Option<String> {
    item.mark.as_ref().map(|mark| mark.key.clone())
}

/// A user's mailbox.
#[must_use]
pub fn address(crm: &Crm, user: &UserId) -> Option<String> {
    crm.members.get(user).map(|member| member.address.clone())
}

/// Whether a thing's CRM record is a user's own, or one of several after a restore; nothing when it has none.
#[must_use]
pub fn is_owned(crm: &Crm, kind: Kind, number: u64, user: &UserId) -> Option<bool> {
    let rows = crm.rows.values().filter(|row| row.kind == kind && number_of(kind, &row.fields) == Some(number));
    rows.map(|row| row.owner == *user).reduce(|a, b| a || b)
}

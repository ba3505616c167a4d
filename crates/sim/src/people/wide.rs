//! What people do besides in wide worlds: words of their own on items, edits of a copy that is another's meeting, a meeting
//! that only ends later, and an edit right after the sync has read or written a record.

use super::ledger::{alike, number_of};
use super::pim_side::address;
use super::{Linked, People};
use crate::memory::crm::Row;
use crate::memory::crm_write::set;
use crate::memory::{Overtaken, Sides};
use crate::people::crm_side::{blank, shown};
use crate::people::values::later;
use jiff::civil::DateTime;
use model::{Domain, Field, Fields, Kind, Path, RecordId, Side, UserId, Value, When};
use std::collections::BTreeSet;

impl People {
    /// Somebody does something of this kind.
    pub fn act_wide(&mut self, sides: &mut Sides) -> Option<String> {
        let user = self.dice.pick(&self.users)?.clone();
        let done = match self.dice.below(4) {
            0 | 1 => self.label(sides, &user),
            2 => self.edit_anothers(sides, &user),
            _ => self.end_later(sides, &user),
        };
        done.map(|what| format!("person {user} {what}"))
    }

    /// A word of the user's own among the categories: nobody takes it away (rules O4, C10).
    fn label(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        let held = self.pick_held(sides, user, |held| held.own && !held.both)?;
        let word = format!("Label{}", self.text());
        let address = address(&sides.crm, user)?;
        let mailbox = sides.exchange.mailboxes.get_mut(&address)?;
        let path = Path::of(Field::Categories);
        let item = mailbox.items.get(&held.id)?;
        let mut words = item.fields.get(&path).and_then(Value::as_set).cloned().unwrap_or_default();
        words.insert(word.clone());
        mailbox.change(&held.id, |item| item.set(&[(path, Value::Set(words))].into()));
        self.ledger.label(held.number, user, &word);
        Some(format!("labels {} (thing {})", held.id, held.number))
    }

    /// A participant writes into his copy of another's meeting: it stays there and nobody else sees it (rules P6, P7).
    fn edit_anothers(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        let held = self.pick_held(sides, user, |held| held.domain == Domain::Calendar && !held.own && !held.both)?;
        let address = address(&sides.crm, user)?;
        let mailbox = sides.exchange.mailboxes.get_mut(&address)?;
        let item = mailbox.items.get(&held.id)?;
        if item.is_received() {
            return None;
        }
        let before = item.record(&held.id).fields;
        let text = Value::text(format!("local {}", self.text()));
        let path = Path::of(if self.dice.chance(500) { Field::Location } else { Field::Body });
        let mut rows = sides.crm.rows.values().filter(|row| number_of(row.kind, &row.fields) == Some(held.number));
        if let Some(said) = before.get(&path).filter(|said| {
            !said.is_blank()
                && !rows.any(|row| row.fields.get(&path).is_some_and(|there| alike(held.domain, &path, there, said)))
        }) {
            // Written where no record said it any more, it goes by his hand.
            self.ledger.displace(held.number, &[(path.clone(), said.clone())].into());
        }
        mailbox.change(&held.id, |item| item.set(&[(path.clone(), text.clone())].into()));
        self.ledger.local(held.number, user, path, text);
        Some(format!("writes into his copy {} (thing {})", held.id, held.number))
    }

    /// A meeting ends later; when it starts nobody says (rule C2: both are one).
    fn end_later(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        let changes = |fields: &Fields, minutes: i64| {
            let end = fields.get(&Path::of(Field::End)).and_then(Value::as_when)?;
            let series = fields.get(&Path::of(Field::Rule)).is_some_and(|rule| !rule.is_blank());
            let at: DateTime = later(end.wall(), minutes);
            (!end.is_day() && !series).then(|| Fields::from([(Path::of(Field::End), Value::When(end.with_wall(at)))]))
        };
        let minutes = 1 + i64::try_from(self.serial % 50).unwrap_or(0);
        if self.dice.chance(400) {
            return self.both_ends(sides, user, minutes);
        }
        if self.dice.chance(500) {
            let (id, number) = self.pick_in_crm(&sides.crm, user)?;
            let row = sides.crm.rows.get(&id)?;
            if self.ledger.is_both(number) {
                return None;
            }
            let (before, owner) = (shown(row), row.owner.clone());
            let changes = changes(&before, minutes)?;
            self.ledger.give(number, Side::Crm, &before, &changes);
            sides.crm.change(&id, |row| set(row, &owner, &changes));
            return Some(format!("crm: has {id} (thing {number}) end later"));
        }
        let held = self.pick_held(sides, user, |held| held.own && !held.both && held.domain == Domain::Calendar)?;
        let address = address(&sides.crm, user)?;
        let mailbox = sides.exchange.mailboxes.get_mut(&address)?;
        let before = mailbox.items.get(&held.id)?.record(&held.id).fields;
        let changes = changes(&before, minutes)?;
        self.ledger.give(held.number, Side::Pim, &before, &changes);
        mailbox.change(&held.id, |item| item.set(&changes));
        self.send_updates(sides, &address, &held.id);
        Some(format!("pim: has {} (thing {}) end later", held.id, held.number))
    }

    /// The owner lets a meeting begin earlier in the CRM and end later in his mailbox, before either side has heard of it.
    fn both_ends(&mut self, sides: &mut Sides, user: &UserId, minutes: i64) -> Option<String> {
        let held = self.pick_held(sides, user, |held| held.own && !held.both && held.domain == Domain::Calendar)?;
        let mine = |row: &crate::memory::crm::Row| row.owner == *user && !row.locked;
        let mut rows =
            sides.crm.rows.iter().filter(|(_, row)| {
                row.kind == Kind::Appointment && number_of(row.kind, &row.fields) == Some(held.number)
            });
        // Of two that stand after a restore one is another meeting than the item.
        let (Some((id, row)), None) = (rows.next(), rows.next()) else { return None };
        let (id, before) = Some((id.clone(), shown(row))).filter(|_| mine(row))?;
        let (start, _) = span_of(&before).filter(|(start, _)| !start.is_day())?;
        let earlier = Value::When(start.with_wall(later(start.wall(), -minutes)));
        let changes = Fields::from([(Path::of(Field::Start), earlier)]);
        self.ledger.give(held.number, Side::Crm, &before, &changes);
        sides.crm.change(&id, |row| set(row, user, &changes));
        let address = address(&sides.crm, user)?;
        let mailbox = sides.exchange.mailboxes.get_mut(&address)?;
        let before = mailbox.items.get(&held.id)?.record(&held.id).fields;
        let (_, end) = span_of(&before)?;
        let changes = Fields::from([(Path::of(Field::End), Value::When(end.with_wall(later(end.wall(), minutes))))]);
        self.ledger.give(held.number, Side::Pim, &before, &changes);
        mailbox.change(&held.id, |item| item.set(&changes));
        self.send_updates(sides, &address, &held.id);
        Some(format!("has {id} and {} (thing {}) begin earlier and end later", held.id, held.number))
    }

    /// Somebody does something to the very record that the sync has just read or written.
    pub fn act_on(&mut self, sides: &mut Sides, side: Side, id: &RecordId, linked: Linked<'_>) -> Option<String> {
        match side {
            Side::Crm => {
                let row = sides.crm.rows.get(id)?;
                let (user, number) = (row.owner.clone(), number_of(row.kind, &row.fields)?);
                let may = row.domain != Domain::Employee && !row.locked && row.key.as_ref() != Some(&String::new());
                if !may {
                    return None;
                }
                if self.dice.chance(150) {
                    return self
                        .delete_row(&mut sides.crm, id, number)
                        .map(|what| format!("person {user} crm: {what}"));
                }
                self.edit_row(&mut sides.crm, id, number).map(|what| format!("person {user} crm: {what}"))
            }
            Side::Pim => {
                let user = self.users.iter().find(|user| {
                    let mailbox = address(&sides.crm, user).and_then(|of| sides.exchange.mailboxes.get(&of));
                    mailbox.is_some_and(|mailbox| mailbox.items.contains_key(id))
                })?;
                let user = user.clone();
                let held = self.held(sides, &user).into_iter().find(|held| held.id == *id)?;
                let is_it = |row: &&Row| number_of(row.kind, &row.fields) == Some(held.number);
                let row = sides.crm.rows.values().find(is_it).filter(|row| row.kind == Kind::Contact);
                let going = row.is_some_and(|row| !row.listed.contains(&user));
                let done = match self.dice.below(10) {
                    // What is about to be taken away he puts elsewhere first.
                    2..8 if going => self.carry_item(sides, &user, &held, linked),
                    0 => self.delete_item(sides, &user, &held),
                    1 => self.carry_item(sides, &user, &held, linked),
                    _ => self.edit_item(sides, &user, &held),
                };
                done.map(|what| format!("person {user} pim: {what}"))
            }
        }
    }

    /// A person takes away what the sync is about to take away, or to take out of Deleted Items.
    pub(crate) fn overtake(&mut self, sides: &mut Sides, what: &Overtaken) -> Option<String> {
        match what {
            Overtaken::Record(Side::Crm, id) => {
                let row = sides.crm.rows.get(id)?;
                let (user, number) = (row.owner.clone(), number_of(row.kind, &row.fields)?);
                let may = row.domain != Domain::Employee && !row.locked;
                let did = if may { self.delete_row(&mut sides.crm, id, number) } else { None };
                did.map(|what| format!("person {user} crm: {what}"))
            }
            Overtaken::Record(Side::Pim, id) => {
                let user = self.users.iter().find(|user| self.held(sides, user).iter().any(|held| held.id == *id))?;
                let user = user.clone();
                let held = self.held(sides, &user).into_iter().find(|held| held.id == *id)?;
                self.delete_item(sides, &user, &held).map(|what| format!("person {user} pim: {what}"))
            }
            Overtaken::Trash(_) if self.strict => None,
            Overtaken::Trash(key) => {
                sides.exchange.empty_trash(key).then(|| format!("person empties the trash of {key}"))
            }
        }
    }

    /// Many new items of one user; their numbers.
    pub fn make_many(&mut self, sides: &mut Sides, user: &UserId, domain: Domain, many: u64) -> BTreeSet<u64> {
        let mut made = BTreeSet::new();
        for _ in 0..many {
            let number = self.ledger.make(domain, Side::Pim, user);
            let fields = self.fresh(domain, Side::Pim, number);
            self.ledger.give(number, Side::Pim, &Fields::new(), &fields);
            self.put_in_mailbox(sides, user, domain, fields, 1);
            made.insert(number);
        }
        made
    }

    /// A colleague whom these users have on their lists.
    pub fn make_employee(&mut self, sides: &mut Sides, users: &[UserId]) {
        // Nobody here may change it: what a user writes into his copy would stay there (rule D1).
        let keeper = UserId::new("keeper");
        let number = self.ledger.make(Domain::Employee, Side::Crm, &keeper);
        let fields = self.fresh(Domain::Employee, Side::Crm, number);
        let mut row = blank(Domain::Employee, &keeper);
        row.listed.extend(users.iter().cloned());
        set(&mut row, &keeper, &fields);
        for user in users {
            self.ledger.entitle(number, user);
        }
        self.ledger.give(number, Side::Crm, &Fields::new(), &fields);
        sides.crm.insert(row);
    }

    /// One edit of each employee.
    pub fn edit_employees(&mut self, sides: &mut Sides) {
        let employees = sides.crm.rows.iter().filter(|(_, row)| row.domain == Domain::Employee);
        let employees: Vec<(RecordId, u64)> =
            employees.filter_map(|(id, row)| Some((id.clone(), number_of(row.kind, &row.fields)?))).collect();
        for (id, number) in employees {
            self.edit_row(&mut sides.crm, &id, number);
        }
    }

    /// Some edits of records in the CRM.
    pub fn edit_some(&mut self, sides: &mut Sides, user: &UserId) {
        let tasks: Vec<(RecordId, u64)> = sides
            .crm
            .rows
            .iter()
            .filter(|(_, row)| row.kind == Kind::Task && row.owner == *user)
            .filter_map(|(id, row)| Some((id.clone(), number_of(row.kind, &row.fields)?)))
            .take(3)
            .collect();
        for (id, number) in tasks {
            self.edit_row(&mut sides.crm, &id, number);
        }
    }

    /// What goes with this item is meant to go.
    pub fn mean_it(&mut self, sides: &Sides, address: &str, id: &RecordId) {
        let item = sides.exchange.mailboxes.get(address).and_then(|mailbox| mailbox.items.get(id));
        if let Some(item) = item
            && let Some(number) = number_of(item.kind, &item.fields)
        {
            let shown = item.record(id).fields;
            self.ledger.delete(number, &shown);
        }
    }
}

/// Start and end of an appointment that is no series.
#[must_use]
pub fn span_of(fields: &Fields) -> Option<(When, When)> {
    let at = |field| fields.get(&Path::of(field)).and_then(Value::as_when).cloned();
    let series = fields.get(&Path::of(Field::Rule)).is_some_and(|rule| !rule.is_blank());
    (!series).then(|| at(Field::Start).zip(at(Field::End)))?
}

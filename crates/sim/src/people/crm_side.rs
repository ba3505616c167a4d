//! What people do in the CRM.

use super::People;
use super::ledger::number_of;
use crate::memory::Sides;
use crate::memory::crm::{Crm, Row};
use crate::memory::crm_write::set;
use model::{
    Attendee, Domain, Field, Fields, Kind, Part, Path, People as Crowd, RecordId, Response, Role, Side, UserId, Value,
};
use std::collections::{BTreeMap, BTreeSet};

impl People {
    pub(super) fn act_in_crm(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        match self.dice.below(12) {
            0 | 1 => Some(self.make_in_crm(sides, user)),
            2 => self.list(&mut sides.crm, user),
            3 => self.delete_in_crm(&mut sides.crm, user),
            4 => self.change_people(&mut sides.crm, user),
            5 | 6 => self.except_in_crm(&mut sides.crm, user),
            _ => self.edit_in_crm(&mut sides.crm, user),
        }
    }

    /// A new record.
    pub(super) fn make_in_crm(&mut self, sides: &mut Sides, user: &UserId) -> String {
        let domain = self.domain();
        let number = self.ledger.make(domain, Side::Crm, user);
        let mut fields = self.fresh(domain, Side::Crm, number);
        if domain == Domain::Calendar && self.dice.chance(350) {
            self.make_series(&mut fields);
        }
        let together = self.dice.chance(300);
        if domain == Domain::Calendar && together {
            let crowd = crowd(&sides.crm, &self.others(user));
            fields.insert(Path::of(Field::Attendees), Value::People(crowd));
        }
        let mut row = blank(domain, user);
        match domain {
            Domain::BusinessContact | Domain::PersonalContact => {
                row.team.insert(user.clone());
                if domain == Domain::BusinessContact && together {
                    row.team.extend(self.others(user));
                }
                if self.dice.chance(700) {
                    row.listed.clone_from(&row.team);
                }
            }
            Domain::Task if together => row.team.extend(self.others(user)),
            Domain::Task | Domain::Calendar | Domain::Employee => {}
        }
        set(&mut row, user, &fields);
        if together {
            for other in self.others(user) {
                self.ledger.entitle(number, &other);
            }
        }
        self.ledger.give(number, Side::Crm, &Fields::new(), &fields);
        let id = sides.crm.insert(row);
        format!("makes {domain} {id} (thing {number})")
    }

    /// A record that stands on both sides before anybody linked them.
    pub(super) fn make_on_both(&mut self, sides: &mut Sides, domain: Domain) {
        let Some(user) = self.dice.pick(&self.users).cloned() else {
            return;
        };
        let number = self.ledger.make(domain, Side::Crm, &user);
        if let Some(thing) = self.ledger.things.get_mut(&number) {
            thing.both = true;
        }
        let fields = self.fresh(domain, Side::Crm, number);
        let mut row = blank(domain, &user);
        if domain.kind() == Kind::Contact {
            row.team.insert(user.clone());
            row.listed.insert(user.clone());
        }
        set(&mut row, &user, &fields);
        self.ledger.give(number, Side::Crm, &Fields::new(), &fields);
        sides.crm.insert(row);
        let mut item: Fields = fields
            .into_iter()
            .filter(|(path, _)| {
                matches!(
                    path.field,
                    Field::Subject
                        | Field::Start
                        | Field::End
                        | Field::DueDay
                        | Field::Email1
                        | Field::FirstName
                        | Field::LastName
                )
            })
            .collect();
        item.insert(Path::of(Field::Body), Value::text(self.text()));
        self.ledger.give(number, Side::Pim, &Fields::new(), &item);
        let mut categorised = 1;
        if self.wide && domain.kind() == Kind::Contact {
            // It has no word of ours yet, and one of the user's own (rules M1, O4).
            let word = format!("Label{}", self.text());
            item.insert(Path::of(Field::Categories), Value::Set([word.clone()].into()));
            self.ledger.label(number, &user, &word);
            categorised = 0;
        }
        self.put_in_mailbox(sides, &user, domain, item, categorised);
    }

    /// Records of the CRM that a user may edit.
    fn editable(&self, crm: &Crm, user: &UserId) -> Vec<(RecordId, u64)> {
        let may = |row: &Row| match row.domain {
            Domain::Employee => false,
            Domain::BusinessContact => row.team.contains(user),
            Domain::PersonalContact | Domain::Task => row.owner == *user,
            Domain::Calendar => row.owner == *user && !row.locked,
        };
        crm.rows
            .iter()
            .filter(|(_, row)| may(row))
            .filter_map(|(id, row)| Some((id.clone(), number_of(row.kind, &row.fields)?)))
            .collect()
    }

    /// One of them.
    pub(super) fn pick_in_crm(&self, crm: &Crm, user: &UserId) -> Option<(RecordId, u64)> {
        self.dice.pick(&self.editable(crm, user)).cloned()
    }

    fn edit_in_crm(&mut self, crm: &mut Crm, user: &UserId) -> Option<String> {
        let (id, number) = self.pick_in_crm(crm, user)?;
        self.edit_row(crm, &id, number)
    }

    pub(super) fn edit_row(&mut self, crm: &mut Crm, id: &RecordId, number: u64) -> Option<String> {
        let row = crm.rows.get(id)?;
        let series = row.fields.contains_key(&Path::of(Field::Rule));
        let before = shown(row);
        let changes = self.edit(row.domain, Side::Crm, number, series);
        self.ledger.give(number, Side::Crm, &before, &changes);
        let owner = row.owner.clone();
        crm.change(id, |row| set(row, &owner, &changes));
        Some(format!("edits {id} (thing {number}) {:?}", changes.keys().collect::<Vec<_>>()))
    }

    fn delete_in_crm(&mut self, crm: &mut Crm, user: &UserId) -> Option<String> {
        let (id, number) = self.pick_in_crm(crm, user)?;
        self.delete_row(crm, &id, number)
    }

    pub(super) fn delete_row(&mut self, crm: &mut Crm, id: &RecordId, number: u64) -> Option<String> {
        if self.ledger.is_both(number) || !self.may_delete() {
            return None;
        }
        let before = shown(crm.rows.get(id)?);
        self.ledger.delete(number, &before);
        crm.delete(id);
        Some(format!("deletes {id} (thing {number})"))
    }

    fn list(&mut self, crm: &mut Crm, user: &UserId) -> Option<String> {
        let contacts: Vec<(RecordId, bool)> = crm
            .rows
            .iter()
            .filter(|(_, row)| row.kind == Kind::Contact && crm.shows(user, row))
            .filter(|(_, row)| number_of(row.kind, &row.fields).is_none_or(|number| !self.ledger.is_kept(number)))
            .map(|(id, row)| (id.clone(), row.listed.contains(user)))
            .collect();
        let (id, listed) = self.dice.pick(&contacts)?.clone();
        if listed && !self.may_delete() {
            return None;
        }
        crm.list(user, &id, !listed);
        let row = crm.rows.get(&id)?;
        let number = number_of(row.kind, &row.fields);
        if let Some(number) = number {
            self.ledger.entitle(number, user);
            self.ledger.relist(number, user, !listed);
            if row.key.is_some() && row.version == 1 {
                // Made by the sync in this very moment, perhaps: it puts him on its list as the last of that.
                self.ledger.handled(number);
            }
        }
        Some(format!("lists {id} (thing {number:?}): {}", !listed))
    }

    /// Somebody more, or somebody less, on a meeting or a to-do.
    fn change_people(&mut self, crm: &mut Crm, user: &UserId) -> Option<String> {
        let (id, number) = self.pick_in_crm(crm, user)?;
        let row = crm.rows.get(&id)?;
        let other = self.dice.pick(&self.others(user))?.clone();
        let on = row.part(&other, &crm.members) == Some(Part::Participant);
        if row.kind == Kind::Contact || on && !self.may_delete() {
            return None;
        }
        let mut crowd_now = row.people();
        let person = crowd(crm, std::slice::from_ref(&other));
        if on {
            crowd_now.retain(|key, _| !person.contains_key(key));
        } else {
            crowd_now.extend(person);
        }
        self.ledger.entitle(number, &other);
        if let Some(thing) = self.ledger.things.get_mut(&number) {
            thing.peopled = true;
        }
        crm.change(&id, |row| {
            match row.kind {
                Kind::Appointment => {
                    row.fields.insert(Path::of(Field::Attendees), Value::People(crowd_now));
                }
                Kind::Task if on => {
                    row.team.remove(&other);
                }
                Kind::Task => {
                    row.team.insert(other.clone());
                }
                Kind::Contact => {}
            };
        });
        Some(format!("{} {other} {id} (thing {number})", if on { "takes off" } else { "puts on" }))
    }
}

/// What a record's owner sees of it.
#[must_use]
pub fn shown(row: &Row) -> Fields {
    let mut fields = crate::memory::shape::complete(row.kind, &row.fields);
    if let Some(own) = row.own.get(&row.owner) {
        fields.extend(own.clone());
    }
    fields
}

/// A record with nothing in it.
#[must_use]
pub fn blank(domain: Domain, owner: &UserId) -> Row {
    Row {
        kind: domain.kind(),
        domain,
        fields: Fields::new(),
        own: BTreeMap::new(),
        owner: owner.clone(),
        team: BTreeSet::new(),
        former: BTreeSet::new(),
        hidden: BTreeSet::new(),
        listed: BTreeSet::new(),
        version: 1,
        key: None,
        global_id: None,
        locked: false,
    }
}

/// Colleagues as the people of a meeting.
#[must_use]
pub fn crowd(crm: &Crm, users: &[UserId]) -> Crowd {
    users
        .iter()
        .filter_map(|user| crm.members.get(user))
        .map(|member| Attendee {
            name: member.name.clone(),
            address: Some(member.address.clone()),
            role: Role::Required,
            response: Response::Unknown,
        })
        .map(|person| (person.key(), person))
        .collect()
}

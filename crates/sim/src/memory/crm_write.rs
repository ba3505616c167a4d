//! What a write of the sync does in the CRM: rights, versions, own fields, refusals.

use super::crm::{Crm, Row};
use super::refused;
use super::shape::{apply, ends_early, settle_exceptions};
use engine::port::{Create, Trouble, Update, Write, Written};
use model::{Attendee, Domain, Field, Fields, Gone, Kind, Path, RecordId, Seen, UserId, Value, Version};
use std::collections::{BTreeMap, BTreeSet};

impl Crm {
    /// Does a write for a user.
    ///
    /// # Errors
    /// As the port tells them; nothing was changed then.
    pub fn write(&mut self, user: &UserId, write: &Write) -> Result<Written, Trouble> {
        match write {
            Write::Create(create) => self.create(user, create),
            Write::Update(update) => self.update(user, update),
            Write::Delete { kind, id, version, .. } => {
                self.current(user, *kind, id, version)?;
                let row = self.row(id)?;
                let allowed = row.kind == Kind::Contact || row.owner == *user;
                if !allowed {
                    return Err(refused("rights", "only its owner deletes an activity"));
                }
                self.delete(id);
                Ok(written(id, version))
            }
            Write::Enlist { id, .. } => {
                let row = self.row(id)?;
                if row.kind != Kind::Contact || !self.shows(user, row) {
                    return Err(refused("visibility", "the record is not visible"));
                }
                self.list(user, id, true);
                self.answer(id)
            }
            Write::Delist { id, .. } => {
                self.row(id)?;
                self.list(user, id, false);
                self.answer(id)
            }
            Write::Leave { kind, id } => {
                self.row(id)?;
                let user = user.clone();
                match kind {
                    Kind::Task => self.change(id, |row| {
                        row.team.remove(&user);
                        row.former.insert(user);
                    }),
                    Kind::Appointment => self.change(id, |row| {
                        row.hidden.insert(user);
                    }),
                    Kind::Contact => return Err(refused("kind", "nobody is on a contact")),
                }
                self.answer(id)
            }
            Write::Rejoin { kind, id } => {
                self.row(id)?;
                if *kind != Kind::Appointment {
                    return Err(refused("kind", "nothing but a meeting is hidden"));
                }
                let user = user.clone();
                self.change(id, |row| {
                    row.hidden.remove(&user);
                });
                self.answer(id)
            }
            Write::Flag { id, global_id, locked } => {
                self.row(id)?;
                self.change(id, |row| {
                    if global_id.is_some() {
                        row.global_id.clone_from(global_id);
                    }
                    row.locked = *locked;
                });
                self.answer(id)
            }
            Write::Mark { .. } | Write::Restore { .. } => Err(refused("unknown", "the CRM carries no marks")),
        }
    }

    /// The record, or that it is gone.
    pub fn row(&self, id: &RecordId) -> Result<&Row, Trouble> {
        self.rows
            .get(id)
            .ok_or_else(|| Trouble::Gone(if self.tombstones.contains_key(id) { Gone::Deleted } else { Gone::Unknown }))
    }

    fn answer(&self, id: &RecordId) -> Result<Written, Trouble> {
        let version = Version::new(self.row(id)?.version.to_string());
        Ok(written(id, &version))
    }

    /// The record must be what was planned against.
    fn current(&self, user: &UserId, kind: Kind, id: &RecordId, version: &Version) -> Result<(), Trouble> {
        match self.look(user, kind, id) {
            Seen::Gone(why) => Err(Trouble::Gone(why)),
            Seen::Present(record) if record.version != *version => Err(Trouble::Stale),
            Seen::Present(_) => Ok(()),
        }
    }

    fn create(&mut self, user: &UserId, create: &Create) -> Result<Written, Trouble> {
        let key = &create.mark.key;
        if self.rows.values().any(|row| row.key.as_ref() == Some(key)) {
            return Err(refused("integration_key", "the integration key is taken"));
        }
        if create.domain == Domain::Employee {
            return Err(refused("rights", "employees are the administrator's"));
        }
        let owner = create.owner.clone().unwrap_or_else(|| user.clone());
        let mut row = Row {
            kind: create.domain.kind(),
            domain: create.domain,
            fields: Fields::new(),
            own: BTreeMap::new(),
            owner: owner.clone(),
            team: BTreeSet::new(),
            former: BTreeSet::new(),
            hidden: BTreeSet::new(),
            listed: BTreeSet::new(),
            version: 1,
            key: Some(key.clone()),
            global_id: create.global_id.clone(),
            locked: create.locked,
        };
        if row.kind == Kind::Contact {
            row.team.insert(user.clone());
            row.listed.insert(user.clone());
        }
        if owner != *user {
            self.invite(&mut row, user);
        }
        set(&mut row, user, &create.fields);
        valid(&row)?;
        let id = match create.revive.as_ref().filter(|id| self.revives && self.tombstones.contains_key(id)) {
            Some(id) => self.dig_up(id, row),
            None => self.insert(row),
        };
        self.answer(&id)
    }

    /// Who imports another's meeting takes part in it.
    fn invite(&self, row: &mut Row, user: &UserId) {
        if let Some(member) = self.members.get(user) {
            let attendee = Attendee {
                name: member.name.clone(),
                address: Some(member.address.clone()),
                role: model::Role::Required,
                response: model::Response::Unknown,
            };
            let mut people = row.people();
            people.insert(attendee.key(), attendee);
            row.fields.insert(Path::of(Field::Attendees), Value::People(people));
        }
    }

    fn update(&mut self, user: &UserId, update: &Update) -> Result<Written, Trouble> {
        self.current(user, update.domain.kind(), &update.id, &update.version)?;
        let row = self.row(&update.id)?;
        let shared = update.changes.keys().any(|path| row.kind == Kind::Contact || !path.field.is_own());
        let may = match row.domain {
            Domain::Employee => false,
            Domain::BusinessContact => row.team.contains(user),
            Domain::PersonalContact => row.owner == *user,
            // The sync carries a meeting in by a guest's mailbox as well, in his name (rule P3).
            Domain::Calendar => row.owner == *user || !shared || row.global_id.is_some(),
            Domain::Task => row.owner == *user || !shared,
        };
        if !may {
            return Err(refused("rights", "the user may not change this record"));
        }
        let mut after = row.clone();
        set(&mut after, user, &update.changes);
        valid(&after)?;
        self.change(&update.id, |row| *row = after);
        self.answer(&update.id)
    }
}

fn written(id: &RecordId, version: &Version) -> Written {
    Written { id: id.clone(), version: version.clone(), other: None, partly: Vec::new() }
}

/// Writes paths as one user: his own fields are his, the rest is everybody's.
pub fn set(row: &mut Row, user: &UserId, changes: &Fields) {
    let is_own = |path: &Path| row.kind != Kind::Contact && path.field.is_own() && path.occurrence.is_none();
    let (own, shared): (Fields, Fields) =
        changes.iter().map(|(path, value)| (path.clone(), value.clone())).partition(|(path, _)| is_own(path));
    let (occurrences, series): (Fields, Fields) = shared.into_iter().partition(|(path, _)| path.occurrence.is_some());
    apply(&mut row.fields, &series);
    if row.kind == Kind::Appointment {
        // Exceptions follow the series' clock time first, so that those named now are found.
        settle_exceptions(&mut row.fields);
    }
    apply(&mut row.fields, &occurrences);
    if !own.is_empty() {
        apply(row.own.entry(user.clone()).or_default(), &own);
    }
    if row.kind == Kind::Appointment {
        settle_exceptions(&mut row.fields);
    }
}

fn valid(row: &Row) -> Result<(), Trouble> {
    if row.kind == Kind::Appointment && ends_early(&row.fields) {
        return Err(refused("end", "the end lies before the start"));
    }
    Ok(())
}

//! The CRM in memory: contacts with their team, activities with owner and participants, employees, Sync Lists, a change feed.

use super::shape::complete;
use model::{
    Attendee, Domain, Facts, Field, Fields, Gone, Kind, Part, Path, Record, RecordId, Response, Role, Seen, UserId,
    Value, Version,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A person of the CRM with a login.
#[derive(Clone, Debug)]
pub struct Member {
    /// As shown.
    pub name: String,
    /// His address, which is also his mailbox's.
    pub address: String,
}

/// A record of the CRM.
#[derive(Clone)]
pub struct Row {
    /// What it is.
    pub kind: Kind,
    /// Which domain.
    pub domain: Domain,
    /// What everybody on it shares.
    pub fields: Fields,
    /// What each participant of an activity has for himself (rule P7).
    pub own: BTreeMap<UserId, Fields>,
    /// Its owner.
    pub owner: UserId,
    /// A business contact's team; the further employees of a to-do.
    pub team: BTreeSet<UserId>,
    /// Who was on it and no longer is.
    pub former: BTreeSet<UserId>,
    /// Who removed the meeting from his calendar.
    pub hidden: BTreeSet<UserId>,
    /// On whose Sync List it is.
    pub listed: BTreeSet<UserId>,
    /// Grows with each change.
    pub version: u64,
    /// The integration key.
    pub key: Option<String>,
    /// The meeting's global id.
    pub global_id: Option<String>,
    /// Locked by Exchange.
    pub locked: bool,
}

/// What is left of a deleted record.
#[derive(Clone, Debug)]
pub struct Tombstone {
    /// What it was.
    pub kind: Kind,
    /// The integration key it carried.
    pub key: Option<String>,
    /// Which of the people's things it was.
    pub thing: Option<u64>,
}

/// The whole CRM.
#[derive(Clone, Default)]
pub struct Crm {
    /// Its people.
    pub members: BTreeMap<UserId, Member>,
    /// Its records.
    pub rows: BTreeMap<RecordId, Row>,
    /// What was deleted.
    pub tombstones: BTreeMap<RecordId, Tombstone>,
    /// The change feed.
    pub feed: Vec<Entry>,
    /// A deleted record comes back under its own id.
    pub revives: bool,
    pub(super) next: u64,
}

/// Higher than any version of a record that nobody has deleted yet.
const REVIVED: u64 = 1_000;

/// A line of the change feed.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Of what.
    pub kind: Kind,
    /// Of which.
    pub id: RecordId,
    /// Whom it concerns.
    pub users: BTreeSet<UserId>,
    /// Deleted: every linked pairing looks.
    pub everywhere: bool,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({} v{} of {})", self.domain, self.version, self.owner)
    }
}

impl std::fmt::Debug for Crm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crm({} records)", self.rows.len())
    }
}

impl Row {
    /// The people of a meeting besides its owner.
    #[must_use]
    pub fn people(&self) -> model::People {
        self.fields.get(&Path::of(Field::Attendees)).and_then(Value::as_people).cloned().unwrap_or_default()
    }

    fn is_on(&self, user: &UserId, members: &BTreeMap<UserId, Member>) -> bool {
        match self.kind {
            Kind::Contact => false,
            Kind::Task => self.team.contains(user),
            Kind::Appointment => members
                .get(user)
                .is_some_and(|member| *user != self.owner && self.people().contains_key(&member.address)),
        }
    }

    /// What a user is in an activity; none when he has nothing to do with it.
    #[must_use]
    pub fn part(&self, user: &UserId, members: &BTreeMap<UserId, Member>) -> Option<Part> {
        if *user == self.owner {
            Some(Part::Owner)
        } else if self.is_on(user, members) {
            Some(Part::Participant)
        } else if self.former.contains(user) {
            Some(Part::Former)
        } else {
            None
        }
    }

    fn participants(&self, members: &BTreeMap<UserId, Member>) -> BTreeSet<UserId> {
        let on = members.keys().filter(|user| self.is_on(user, members));
        on.cloned().collect()
    }

    /// Everybody it concerns.
    #[must_use]
    pub fn concerned(&self, members: &BTreeMap<UserId, Member>) -> BTreeSet<UserId> {
        members
            .keys()
            .filter(|user| match self.kind {
                Kind::Contact => {
                    self.domain == Domain::Employee
                        || self.owner == **user
                        || self.team.contains(*user)
                        || self.listed.contains(*user)
                }
                Kind::Appointment | Kind::Task => self.part(user, members).is_some(),
            })
            .cloned()
            .collect()
    }

    /// Only its owner sees what it says.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.own
            .get(&self.owner)
            .and_then(|own| own.get(&Path::of(Field::Private)))
            .and_then(Value::as_flag)
            .unwrap_or(false)
    }
}

impl Crm {
    /// A fresh id.
    pub fn fresh(&mut self) -> RecordId {
        self.next += 1;
        RecordId::new(format!("1-{}", self.next))
    }

    /// The record as a user sees it, or why he does not.
    #[must_use]
    pub fn look(&self, user: &UserId, kind: Kind, id: &RecordId) -> Seen {
        match self.rows.get(id) {
            Some(row) if row.kind == kind => match self.record(user, id, row) {
                Some(record) => Seen::Present(Arc::new(record)),
                None => Seen::Gone(Gone::NotVisible),
            },
            Some(_) => Seen::Gone(Gone::Unknown),
            None if self.tombstones.get(id).is_some_and(|stone| stone.kind == kind) => Seen::Gone(Gone::Deleted),
            None => Seen::Gone(Gone::Unknown),
        }
    }

    /// A record that was asked for by what recognises it, which the user's views may not show (rule P1).
    #[must_use]
    pub fn found(&self, user: &UserId, id: &RecordId, row: &Row) -> Option<Record> {
        let shown = self.record(user, id, row);
        shown.or_else(|| {
            let mut open = row.clone();
            open.former.insert(user.clone());
            (row.kind != Kind::Contact).then(|| self.record(user, id, &open)).flatten()
        })
    }

    /// Whether a user's views show the record at all.
    #[must_use]
    pub fn shows(&self, user: &UserId, row: &Row) -> bool {
        match row.domain {
            Domain::Employee => true,
            Domain::PersonalContact => row.owner == *user,
            Domain::BusinessContact => row.team.contains(user),
            Domain::Calendar | Domain::Task => row.part(user, &self.members).is_some(),
        }
    }

    fn record(&self, user: &UserId, id: &RecordId, row: &Row) -> Option<Record> {
        let shown = self.shows(user, row);
        let on_sync_list = row.listed.contains(user);
        if !shown && !on_sync_list {
            return None;
        }
        let part = row.part(user, &self.members).unwrap_or(Part::Owner);
        let mut fields = complete(row.kind, &row.fields);
        if row.kind != Kind::Contact {
            if *user != row.owner && row.is_private() {
                veil(&mut fields);
            }
            if let Some(own) = row.own.get(user) {
                fields.extend(own.clone());
            }
        }
        let meeting = row.kind == Kind::Appointment && !row.people().is_empty();
        Some(Record {
            kind: row.kind,
            id: id.clone(),
            version: Version::new(row.version.to_string()),
            fields,
            facts: Facts {
                domain: Some(row.domain),
                on_sync_list,
                not_visible: !shown,
                part,
                owner: (row.kind != Kind::Contact).then(|| row.owner.clone()),
                organizer: self.members.get(&row.owner).map(|member| Attendee {
                    name: member.name.clone(),
                    address: Some(member.address.clone()),
                    role: Role::Required,
                    response: Response::Organizer,
                }),
                others: u32::try_from(row.team.union(&row.listed).filter(|other| *other != user).count())
                    .unwrap_or(u32::MAX),
                locked: row.locked,
                hidden: row.hidden.contains(user),
                integration_key: row.key.clone(),
                global_id: row.global_id.clone(),
                meeting,
                ..Facts::default()
            },
        })
    }

    /// Changes a record: its version grows and everybody concerned before or after is told.
    pub fn change(&mut self, id: &RecordId, change: impl FnOnce(&mut Row)) {
        let Some(row) = self.rows.get_mut(id) else {
            return;
        };
        let mut users = row.concerned(&self.members);
        let before = row.participants(&self.members);
        change(row);
        row.version += 1;
        let after = row.participants(&self.members);
        row.former.extend(before.difference(&after).cloned());
        row.former.retain(|user| !after.contains(user));
        users.extend(row.concerned(&self.members));
        let kind = row.kind;
        self.tell(kind, id, users, false);
    }

    /// Deletes a record.
    pub fn delete(&mut self, id: &RecordId) {
        if let Some(row) = self.rows.remove(id) {
            self.tombstones.insert(
                id.clone(),
                Tombstone {
                    kind: row.kind,
                    key: row.key.clone(),
                    thing: crate::people::ledger::number_of(row.kind, &row.fields),
                },
            );
            let users = row.concerned(&self.members);
            self.tell(row.kind, id, users, true);
        }
    }

    /// Puts a record in.
    pub fn insert(&mut self, row: Row) -> RecordId {
        let id = self.fresh();
        let users = row.concerned(&self.members);
        let kind = row.kind;
        self.rows.insert(id.clone(), row);
        self.tell(kind, &id, users, false);
        id
    }

    /// Digs a deleted record up again: its id, and a version that it never had.
    pub(super) fn dig_up(&mut self, id: &RecordId, row: Row) -> RecordId {
        self.tombstones.remove(id);
        let (users, kind) = (row.concerned(&self.members), row.kind);
        self.rows.insert(id.clone(), Row { version: REVIVED + self.feed.len() as u64, ..row });
        self.tell(kind, id, users, false);
        id.clone()
    }

    /// Sets whether a user has a record on his Sync List: a row of its own, the record's version stays.
    pub fn list(&mut self, user: &UserId, id: &RecordId, listed: bool) {
        if let Some(row) = self.rows.get_mut(id) {
            if listed {
                row.listed.insert(user.clone());
            } else {
                row.listed.remove(user);
            }
            let kind = row.kind;
            self.tell(kind, id, [user.clone()].into(), false);
        }
    }

    fn tell(&mut self, kind: Kind, id: &RecordId, users: BTreeSet<UserId>, everywhere: bool) {
        self.feed.push(Entry { kind, id: id.clone(), users, everywhere });
    }
}

/// What others see of a private activity: that there is something, and when.
fn veil(fields: &mut Fields) {
    for (path, value) in fields.iter_mut() {
        match path.field {
            Field::Start | Field::End | Field::DueDay | Field::StartDay | Field::Rule => {}
            Field::State => {}
            Field::Subject => *value = Value::text("Private"),
            _ => *value = Value::Null,
        }
    }
}

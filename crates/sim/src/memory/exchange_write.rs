//! What a request does in a mailbox: creates, updates, moves, with the server's habits.

use super::exchange::{Exchange, Item, Mailbox, Place, Unseen};
use super::refused;
use super::shape::{drop_exceptions, ends_early, rule, settle_exceptions};
use engine::port::{Create, Mail, Traced, Trouble, Update, Wanted};
use jiff::Timestamp;
use model::{Field, Fields, Gone, Kind, Mark, Path, RecordId, Seen, Value, Version};
use std::sync::Arc;

impl Mailbox {
    /// What stands at an id, or where it went: searched by mark in Deleted Items and everywhere else (rule C12).
    #[must_use]
    pub fn look(&self, kind: Kind, wanted: &Wanted) -> Seen {
        match self.items.get(&wanted.id) {
            Some(item) if item.place == Place::Folder && item.kind == kind => {
                return Seen::Present(Arc::new(item.record(&wanted.id)));
            }
            Some(item) if item.place == Place::Deleted => return Seen::Gone(Gone::Deleted),
            Some(_) => return Seen::Gone(Gone::Left),
            None => {}
        }
        let Some(key) = &wanted.mark_key else {
            return Seen::Gone(Gone::Unknown);
        };
        let carries = |item: &&Item| item.mark.as_ref().is_some_and(|mark| mark.key == *key);
        let stands = |place| self.items.values().filter(carries).any(|item| item.place == place);
        Seen::Gone(if stands(Place::Other) {
            Gone::Left
        } else if stands(Place::Deleted) {
            Gone::Deleted
        } else if stands(Place::Folder) {
            // It stands here under another id: moved out and back, or only a copy of it.
            Gone::Left
        } else {
            Gone::Unknown
        })
    }

    /// The items that carry a key, wherever they are: those in their folder first.
    #[must_use]
    pub fn traced(&self, kind: Kind, key: &str, limit: usize) -> Vec<Traced> {
        let carries = |item: &Item| item.kind == kind && item.mark.as_ref().is_some_and(|mark| mark.key == key);
        let gone = |item: &Item| match item.place {
            Place::Folder => None,
            Place::Other => Some(Gone::Left),
            Place::Deleted => Some(Gone::Deleted),
        };
        let traced = |(id, item): (&RecordId, &Item)| Traced {
            id: id.clone(),
            gone: gone(item),
            record: Some(Arc::new(item.record(id))),
        };
        let mut all: Vec<Traced> = self.items.iter().filter(|(_, item)| carries(item)).map(traced).collect();
        all.sort_by_key(|one| one.gone == Some(Gone::Deleted));
        all.sort_by_key(|one| one.gone.is_some());
        all.truncate(limit);
        all
    }

    /// The item at an id, which must be what was planned against.
    pub(super) fn current(&self, kind: Kind, id: &RecordId, version: &Version) -> Result<&Item, Trouble> {
        match self.items.get(id) {
            Some(item) if item.place == Place::Folder && item.kind == kind => {
                if *version == Version::new(format!("ck{}", item.version)) { Ok(item) } else { Err(Trouble::Stale) }
            }
            Some(_) | None => Err(Trouble::Gone(Gone::Unknown)),
        }
    }

    /// Sets the mark alone.
    pub(super) fn mark(&mut self, kind: Kind, id: &RecordId, version: &Version, mark: &Mark) -> Result<(), Trouble> {
        self.current(kind, id, version)?;
        self.change(id, |item| item.mark = Some(mark.clone()));
        Ok(())
    }

    /// The first request of an update: everything but exceptions. Setting a rule or the series' time drops them all.
    pub(super) fn update(&mut self, update: &Update) -> Result<(), Trouble> {
        let kind = update.domain.kind();
        let mut after = self.current(kind, &update.id, &update.version)?.clone();
        let (_, series) = exceptions(&update.changes);
        let resets = sets_series(&after, update);
        after.set(&without_people(&series, &after));
        if resets {
            drop_exceptions(&mut after.fields);
        }
        if let Some(mark) = &update.mark {
            after.mark = Some(mark.clone());
        }
        valid(&after)?;
        self.change(&update.id, |item| *item = after);
        Ok(())
    }

    /// The further requests: exceptions, one by one on the real server.
    /// Answers the paths that it refused: they do not fall on the series.
    pub(super) fn except(&mut self, id: &RecordId, changes: &Fields) -> Vec<Path> {
        let mut refused = Vec::new();
        self.change(id, |item| {
            item.set(changes);
            settle_exceptions(&mut item.fields);
            let stands: std::collections::BTreeSet<_> = item.fields.keys().filter_map(|path| path.occurrence).collect();
            let stands = |path: &Path| path.occurrence.is_some_and(|at| stands.contains(&at));
            refused.extend(
                changes.iter().filter(|(path, value)| !value.is_blank() && !stands(path)).map(|(path, _)| path.clone()),
            );
        });
        refused
    }
}

/// What an update writes into exceptions once the series itself stands.
pub(super) fn later(item: &Item, update: &Update) -> Fields {
    let (mut occurrences, _) = exceptions(&update.changes);
    if sets_series(item, update) {
        let mut all = update.keep.clone();
        all.append(&mut occurrences);
        occurrences = all;
    }
    occurrences
}

fn sets_series(item: &Item, update: &Update) -> bool {
    let touches =
        [Field::Rule, Field::Start, Field::End].into_iter().any(|field| update.changes.contains_key(&Path::of(field)));
    let restores = update
        .changes
        .iter()
        .any(|(path, value)| path.occurrence.is_some() && path.field == Field::State && value.is_blank());
    // A cancelled occurrence returns only by setting the rule again.
    (touches || restores) && rule(&item.fields).is_some()
}

/// Paths of occurrences, and the others.
pub(super) fn exceptions(fields: &Fields) -> (Fields, Fields) {
    fields.iter().map(|(path, value)| (path.clone(), value.clone())).partition(|(path, _)| path.occurrence.is_some())
}

/// Who is really invited is never written by us: our list stands beside it and shows only where nobody is.
fn without_people(changes: &Fields, item: &Item) -> Fields {
    let mut changes = changes.clone();
    if !item.invited.is_empty() {
        changes.remove(&Path::of(Field::Attendees));
    }
    changes.remove(&Path::of(Field::Organizer));
    changes.remove(&Path::of(Field::Cancelled));
    changes
}

fn valid(item: &Item) -> Result<(), Trouble> {
    let path = Path::of(Field::Start);
    if item.kind == Kind::Appointment {
        if ends_early(&item.fields) {
            return Err(refused("ErrorCalendarEndDateIsEarlierThanStartDate", "ends early"));
        }
        if item.fields.get(&path).is_none_or(Value::is_blank) {
            return Err(refused("ErrorCalendarInvalidPropertyValue", "no start"));
        }
    }
    Ok(())
}

impl Exchange {
    /// The first request of a create: everything but exceptions. One that a node sends whose lease has ended is late too.
    pub(super) fn create(&mut self, address: &str, create: &Create, late: bool) -> Result<RecordId, Trouble> {
        let item = Item { late, ..self.made(create)? };
        self.insert(address, item).ok_or_else(|| refused("ErrorNonExistentMailbox", "no such mailbox"))
    }

    /// A create whose item shows at a later time.
    pub(super) fn create_unseen(&mut self, address: &str, create: &Create, shows: Timestamp) -> Result<(), Trouble> {
        let item = Item { late: true, ..self.made(create)? };
        let mailbox =
            self.mailboxes.get(address).ok_or_else(|| refused("ErrorNonExistentMailbox", "no such mailbox"))?;
        let root = mailbox.root.clone();
        self.unseen.push(Unseen { shows, address: address.to_owned(), root, item });
        Ok(())
    }

    fn made(&mut self, create: &Create) -> Result<Item, Trouble> {
        self.mailed(create.mail);
        let (_, series) = exceptions(&create.fields);
        let kind = create.domain.kind();
        let blank = Item::new(kind, &Fields::new());
        let mut item = Item::new(kind, &without_people(&series, &blank));
        item.mark = Some(create.mark.clone());
        if let Some(meeting) = &create.meeting {
            item.global_id = Some(meeting.global_id.clone());
            item.organizer = Some(meeting.organizer.clone());
            item.meeting_copy = true;
        }
        valid(&item)?;
        Ok(item)
    }

    /// Counts what a request asked to be mailed.
    pub(super) fn mailed(&mut self, mail: Mail) {
        match mail {
            Mail::None => {}
            Mail::Send => self.mails += 1,
        }
    }
}

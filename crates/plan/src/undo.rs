//! Putting back what the synchronisation did to one record: which values, which copies, and why the rest stays (rule W3).

use crate::asleep::changed;
use crate::context::Context;
use crate::occurrence;
use model::{Domain, Field, Fields, Form, Gone, Kind, Link, Path, Record, Seen, Side, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A line of a record's history, as undoing reads it.
#[derive(Clone)]
pub struct Said {
    /// The side that was written.
    pub side: Side,
    /// What was done there.
    pub did: Did,
    /// What stood there before.
    pub before: BTreeMap<Path, Option<Value>>,
    /// What was written.
    pub after: Fields,
    /// The mark of a copy that was deleted.
    pub mark_key: Option<String>,
    /// What that copy was.
    pub form: Option<Form>,
    /// It is to be put back.
    pub wished: bool,
}

/// What a line says was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// The copy was made, or brought back.
    Made,
    /// Values were written.
    Changed,
    /// The copy was deleted.
    Deleted,
    /// The user was taken off the Sync List.
    Delisted,
    /// The user was put on the Sync List again.
    Listed,
    /// The user was taken off it.
    Left,
}

impl Did {
    /// What a word of the history says; none for what wrote nothing that could be put back.
    #[must_use]
    pub fn of(word: &str) -> Option<Did> {
        match word {
            "create" | "restore" => Some(Did::Made),
            "update" => Some(Did::Changed),
            "delete" => Some(Did::Deleted),
            "delist" => Some(Did::Delisted),
            "enlist" => Some(Did::Listed),
            "leave" => Some(Did::Left),
            _ => None,
        }
    }
}

/// One write that puts something back. It is like a person's edit: the next cycles carry it on as the rules say.
#[derive(Clone, PartialEq, Eq)]
pub enum Act {
    /// Values as they were.
    Put {
        /// Where.
        side: Side,
        /// What; null clears.
        changes: Fields,
        /// Exceptions that must stand after a rule was set (rule R3).
        keep: Fields,
    },
    /// The copy that was made goes, and its source stays where it is.
    TakeBack {
        /// Where.
        side: Side,
    },
    /// The copy that was deleted comes back.
    BringBack {
        /// Where.
        side: Side,
        /// What it said.
        fields: Fields,
        /// The mark it is found by in Deleted Items.
        mark_key: Option<String>,
    },
    /// The user is on the Sync List again.
    Enlist,
    /// The user is off the Sync List again.
    Delist,
}

impl Act {
    /// The side it writes.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            Act::Put { side, .. } | Act::TakeBack { side } | Act::BringBack { side, .. } => *side,
            Act::Enlist | Act::Delist => Side::Crm,
        }
    }
}

/// Why something stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stays {
    /// A person, or a later cycle, changed it since.
    ChangedSince,
    /// The history does not hold what stood there before (any more).
    Forgotten,
    /// The copy is not there.
    NotThere,
    /// It stands as it was already.
    AsItWas,
    /// It follows by itself once the CRM shows it.
    Follows,
    /// The level, or the field map, permits nothing in this direction.
    Level,
    /// Deletions are forbidden there.
    Forbidden,
    /// Exchange owns the meeting.
    Exchanges,
    /// Only the CRM can put a user back on an activity.
    Left,
    /// The copy was a participant's, and its owner's record is not there.
    Owners,
    /// The user does not see it any more.
    NotVisible,
    /// The link sleeps.
    Asleep,
    /// The side refused it, or changed under it.
    Refused,
}

/// What undoing does to one record in one mailbox.
#[derive(Clone, Default)]
pub struct Undo {
    /// In this order.
    pub acts: Vec<Act>,
    /// What stays: on which side, which paths (none: the whole copy), and why.
    pub stays: Vec<(Side, BTreeSet<Path>, Stays)>,
}

/// What the same undoing does to the record in the CRM for somebody else: his mailbox's copy follows.
#[derive(Clone, Debug, Default)]
pub struct Follows {
    /// These paths, occurrences by date.
    pub paths: BTreeSet<Path>,
    /// The record goes.
    pub gone: bool,
}

/// Both copies of a record as they are now.
pub struct Copies<'a> {
    /// In the CRM; absent when nobody knows an id there.
    pub crm: Option<&'a Seen>,
    /// In the mailbox.
    pub pim: Option<&'a Seen>,
    /// The item shows another record of the CRM by now, or the record was put back already and has another id there.
    pub elsewhere: Option<Stays>,
}

impl Copies<'_> {
    fn of(&self, side: Side) -> Option<&Seen> {
        match side {
            Side::Crm => self.crm,
            Side::Pim => self.pim,
        }
    }

    pub(crate) fn record(&self, side: Side) -> Option<&Record> {
        match self.of(side) {
            Some(Seen::Present(record)) => Some(record),
            Some(Seen::Gone(_)) | None => None,
        }
    }
}

/// What puts a record back, from its history in the order it happened.
#[must_use]
pub fn undo(
    domain: Domain,
    link: Option<&Link>,
    now: &Copies<'_>,
    said: &[Said],
    follows: &Follows,
    context: &Context<'_>,
) -> Undo {
    let record = Undoing { domain, link, now, said, follows, context };
    let mut undo = Undo::default();
    // What everybody shares first.
    for side in Side::BOTH {
        match said.iter().position(|line| line.wished && line.side == side && is_existence(line.did)) {
            Some(first) => record.existence(side, first, &mut undo),
            None => record.values(side, &mut undo),
        }
    }
    record.list(&mut undo);
    undo
}

fn is_existence(did: Did) -> bool {
    matches!(did, Did::Made | Did::Deleted)
}

/// One record that is put back.
pub(crate) struct Undoing<'a> {
    pub(crate) domain: Domain,
    pub(crate) link: Option<&'a Link>,
    pub(crate) now: &'a Copies<'a>,
    pub(crate) said: &'a [Said],
    pub(crate) follows: &'a Follows,
    pub(crate) context: &'a Context<'a>,
}

impl Undoing<'_> {
    fn existence(&self, side: Side, first: usize, undo: &mut Undo) {
        let stays = match self.said.get(first).map(|line| line.did) {
            Some(Did::Deleted) => self.bring_back(side, first, undo),
            Some(Did::Made) => self.take_back(side, first, undo),
            Some(Did::Changed | Did::Delisted | Did::Listed | Did::Left) | None => None,
        };
        undo.stays.extend(stays.map(|why| (side, BTreeSet::new(), why)));
    }

    pub(crate) fn permits(&self, side: Side) -> bool {
        let level = self.context.level(self.domain);
        match side {
            Side::Crm => level.imports(),
            Side::Pim => level.exports(),
        }
    }

    /// Whether something of the kind was done after this line, which is itself one of those to put back.
    pub(crate) fn later(&self, first: usize, is: impl Fn(&Said) -> bool) -> bool {
        self.said.iter().skip(first).any(|line| !line.wished && is(line))
    }

    /// The copy that was made goes, if nothing was done to it since.
    fn take_back(&self, side: Side, first: usize, undo: &mut Undo) -> Option<Stays> {
        let Some(copy) = self.now.record(side) else {
            return Some(Stays::AsItWas);
        };
        let Some(link) = self.link.filter(|link| link.end(side).id == copy.id) else {
            return Some(Stays::ChangedSince);
        };
        if side == Side::Pim && self.follows.gone {
            return Some(Stays::Follows);
        }
        let is_later = |line: &Said| is_existence(line.did) && line.side == side || line.did == Did::Changed;
        let edited = Side::BOTH.iter().any(|side| match self.now.record(*side) {
            Some(record) => changed(link, *side, &occurrence::by_date(&record.fields), self.context),
            None => false,
        });
        if self.later(first, is_later) || edited {
            return Some(Stays::ChangedSince);
        }
        if !self.permits(side) {
            return Some(Stays::Level);
        }
        if self.context.domain(self.domain).no_deletes.contains(&side) {
            return Some(Stays::Forbidden);
        }
        if copy.facts.locked || copy.facts.requests_sent || copy.facts.received {
            return Some(Stays::Exchanges);
        }
        undo.acts.push(Act::TakeBack { side });
        None
    }

    /// The copy that was deleted comes back as it was.
    fn bring_back(&self, side: Side, first: usize, undo: &mut Undo) -> Option<Stays> {
        match self.now.of(side) {
            Some(Seen::Present(_)) => return Some(Stays::AsItWas),
            Some(Seen::Gone(Gone::NotVisible | Gone::Delisted)) => return Some(Stays::NotVisible),
            Some(Seen::Gone(Gone::Left | Gone::OutOfWindow | Gone::Merged)) => return Some(Stays::ChangedSince),
            Some(Seen::Gone(Gone::Deleted | Gone::Unknown)) | None => {}
        }
        if self.later(first, |line| is_existence(line.did) && line.side == side) {
            return Some(Stays::ChangedSince);
        }
        if side == Side::Crm && self.now.elsewhere.is_some() {
            return self.now.elsewhere;
        }
        if !self.permits(side) {
            return Some(Stays::Level);
        }
        let line = self.said.get(first)?;
        if side == Side::Pim
            && line.form.is_some_and(Form::is_participants)
            && matches!(self.now.crm, Some(Seen::Gone(_)))
        {
            // Alone it would come in as a meeting of the participant's own.
            return Some(Stays::Owners);
        }
        let mark_key = line.mark_key.clone();
        let fields = self.remade(side, first);
        if fields.is_empty() && (side == Side::Crm || mark_key.is_none()) {
            return Some(Stays::Forgotten);
        }
        let also = mark_key.clone().filter(|_| side == Side::Crm && self.returns());
        undo.acts.push(Act::BringBack { side, fields, mark_key });
        if let Some(key) = also {
            // As far as it is in Deleted Items; else the next cycle makes it anew.
            undo.acts.push(Act::BringBack { side: Side::Pim, fields: Fields::new(), mark_key: Some(key) });
        }
        None
    }

    /// Whether the item of a record that comes back comes back with it.
    fn returns(&self) -> bool {
        let own = self.said.iter().any(|line| line.wished && line.side == Side::Pim && is_existence(line.did));
        !own && self.now.record(Side::Pim).is_none() && self.permits(Side::Pim)
    }

    /// What a deleted copy said, with the values that earlier lines put back.
    fn remade(&self, side: Side, first: usize) -> Fields {
        let Some(map) = self.context.maps.get(&self.domain) else {
            return Fields::new();
        };
        let mut fields: BTreeMap<Path, Option<Value>> =
            self.said.get(first).map(|line| line.before.clone()).unwrap_or_default();
        let earlier = self.said.iter().take(first).filter(|line| line.wished && line.side == side);
        for line in earlier.filter(|line| line.did == Did::Changed).rev() {
            fields.extend(line.before.clone());
        }
        fields
            .into_iter()
            .filter_map(|(path, value)| Some((path, value?)))
            .filter(|(path, value)| {
                let unsettable = match path.field {
                    Field::Organizer | Field::Cancelled => true,
                    // No guest is written into an item of ours (rule C9), and the CRM's are its own.
                    Field::Attendees => true,
                    Field::Categories | Field::Private => side == Side::Crm && self.domain.kind() == Kind::Contact,
                    _ => false,
                };
                !unsettable && map.writes(&path.field, side) && !value.is_blank()
            })
            .collect()
    }

    /// The Sync List as it was; nobody else's place on an activity is ours to give.
    fn list(&self, undo: &mut Undo) {
        let is_list = |line: &&Said| line.wished && matches!(line.did, Did::Delisted | Did::Listed | Did::Left);
        let Some(line) = self.said.iter().find(is_list) else { return };
        let (listed, stays) = match self.now.crm {
            Some(Seen::Present(record)) => (Some(record.facts.on_sync_list), Stays::AsItWas),
            Some(Seen::Gone(Gone::Delisted)) => (Some(false), Stays::AsItWas),
            Some(Seen::Gone(Gone::NotVisible)) => (None, Stays::NotVisible),
            Some(Seen::Gone(_)) | None => (None, Stays::NotThere),
        };
        let stays = match (line.did, listed) {
            (Did::Delisted, Some(false)) => return undo.acts.push(Act::Enlist),
            (Did::Listed, Some(true)) => return undo.acts.push(Act::Delist),
            (Did::Delisted | Did::Listed, _) => stays,
            (_, _) => Stays::Left,
        };
        undo.stays.push((Side::Crm, BTreeSet::new(), stays));
    }
}

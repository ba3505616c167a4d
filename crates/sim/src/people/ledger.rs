//! What people made, wrote and deleted, kept apart from both sides: the oracle's memory.

use crate::memory::lens::PimLens;
use jiff::civil::Time;
use model::same::same;
use model::{Domain, Field, Fields, Kind, Lens, Path, Side, UserId, Value, When};
use std::collections::{BTreeMap, BTreeSet};

/// Something people made: it carries a canary wherever it stands.
#[derive(Clone, Debug)]
pub struct Thing {
    /// As what it was made.
    pub domain: Domain,
    /// Where.
    pub born: Side,
    /// By whom.
    pub by: UserId,
    /// Whom it may ever have reached.
    pub entitled: BTreeSet<UserId>,
    /// What people wrote into it.
    pub given: Vec<Given>,
    /// It stood on both sides before anybody linked it: what tells that both are one is left alone.
    pub both: bool,
    /// A person moved his copy out of the folder; what he does with it there nobody sees (C12).
    pub carried: bool,
    /// A person copied its item.
    pub copied: bool,
    /// Its item is a person's copy of another's.
    pub copy: bool,
    /// A person changed on whose Sync List it is.
    pub relisted: bool,
    /// Who was taken off its Sync List, while nobody did anything to its items since.
    pub off: BTreeSet<UserId>,
    /// A person put somebody on it or took somebody off, or put a word on what was deleted elsewhere: edits too.
    pub peopled: bool,
    /// Somebody edited what the other side does not show, or wrote what the other side said already, or deleted it while
    /// nobody knew whether a write had arrived: whether an edit outlives a delete then depends on what was agreed (C5).
    pub unclear: bool,
    /// A person deleted it where a delete means the record.
    pub deleted: bool,
    /// What it said on that side when it was deleted: who writes the same elsewhere gives nothing that outlives it (C5).
    pub buried: Fields,
    /// A person deleted his own copy where that only takes him off.
    pub left_by: BTreeSet<UserId>,
    /// It stood when the store was restored from a copy.
    pub forgot: bool,
    /// Its item bore no mark of ours then, though it had come in already.
    pub unmarked: bool,
    /// Its create in the CRM was in doubt when its mailbox was moved: until it is found it is known by what it says alone.
    pub adrift: bool,
    /// A person edited it then.
    pub estranged: bool,
    /// An administrator put back what cycles did to it: which of its values stand, and where, is his doing.
    pub put_back: bool,
    /// Words of their own that people put on their items.
    pub labels: BTreeSet<(UserId, String)>,
    /// What participants wrote into their copies of another's meeting.
    pub locals: Vec<(UserId, Path, Value)>,
    /// Starts with their ends, as people saw or wrote them together.
    pub spans: Vec<(When, When)>,
}

/// A value that a person gave.
#[derive(Clone, Debug)]
pub struct Given {
    /// Where in the record; occurrences by their date.
    pub path: Path,
    /// On which side.
    pub side: Side,
    /// What.
    pub value: Value,
    /// A person saw it and wrote something else, or deleted the copy that showed it.
    pub overwritten: bool,
    /// Whether what was agreed then said the same, once that was compared: who changes a value and changes it back has
    /// changed nothing (rule C1).
    pub agreed: Option<bool>,
}

/// Everything people did.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// By number, which is the canary.
    pub things: BTreeMap<u64, Thing>,
    /// Edits so far.
    pub edits: u64,
}

impl Thing {
    /// A person did away with this user's copy, whether that means the record or only takes him off.
    #[must_use]
    pub fn was_deleted_by(&self, user: &UserId) -> bool {
        self.deleted || self.left_by.contains(user)
    }

    /// A restored store does not know an item that lies in another folder, nor one that came in and was edited before it had
    /// our mark, nor a record that was made again because an edit had outlived its delete: it is made once more, beside the
    /// one that stands. Nor is an item known that was edited in a moved mailbox before it was found there without a mark.
    #[must_use]
    pub fn may_be_remade(&self) -> bool {
        self.estranged || self.forgot && (self.carried || self.deleted || self.unmarked)
    }
}

impl Given {
    /// Whether one of these links, each the images of its sides, agreed on just this value.
    fn is_agreed(&self, domain: Domain, links: &[(Fields, Fields)]) -> bool {
        let says = |base: &Fields| {
            let before = by_date(base).get(&self.path).cloned();
            before.is_some_and(|before| alike(domain, &self.path, &before, &self.value))
        };
        links.iter().any(|(crm, pim)| match self.side {
            Side::Crm => says(crm),
            Side::Pim => says(pim),
        })
    }
}

impl Ledger {
    /// A new thing; its number is its canary.
    pub fn make(&mut self, domain: Domain, born: Side, by: &UserId) -> u64 {
        let number = self.things.len() as u64 + 1;
        self.things.insert(
            number,
            Thing {
                domain,
                born,
                by: by.clone(),
                entitled: [by.clone()].into(),
                given: Vec::new(),
                both: false,
                peopled: false,
                copied: false,
                copy: false,
                relisted: false,
                off: BTreeSet::new(),
                carried: false,
                unclear: false,
                deleted: false,
                buried: Fields::new(),
                left_by: BTreeSet::new(),
                forgot: false,
                unmarked: false,
                adrift: false,
                estranged: false,
                put_back: false,
                labels: BTreeSet::new(),
                locals: Vec::new(),
                spans: Vec::new(),
            },
        );
        number
    }

    /// Whether a thing stood on both sides from the first.
    #[must_use]
    pub fn is_both(&self, number: u64) -> bool {
        self.things.get(&number).is_some_and(|thing| thing.both)
    }

    /// Whether its Sync List entries are left alone: a copy of its item would be taken for it.
    #[must_use]
    pub fn is_kept(&self, number: u64) -> bool {
        self.things.get(&number).is_some_and(|thing| thing.both || thing.copied)
    }

    /// A person wrote `changes` into a copy that showed `before`.
    pub fn give(&mut self, number: u64, side: Side, before: &Fields, changes: &Fields) {
        self.edits += 1;
        let mut after = before.clone();
        after.extend(changes.iter().map(|(path, value)| (path.clone(), value.clone())));
        if let (Some(thing), Some(span)) = (self.things.get_mut(&number), super::wide::span_of(&after)) {
            thing.spans.push(span);
        }
        let before = by_date(before);
        let changes = by_date(changes);
        let units: BTreeSet<_> = changes.keys().map(Path::unit).collect();
        let displaced: Fields = before.into_iter().filter(|(path, _)| units.contains(&path.unit())).collect();
        let domain = self.things.get(&number).map(|thing| thing.domain);
        let again = |path: &Path, value: &Value| {
            let shown = displaced.get(path).zip(domain);
            shown.is_some_and(|(shown, domain)| alike(domain, path, shown, value))
        };
        // Who writes what stands there already does away with nothing.
        let replaced: Fields = displaced
            .iter()
            .filter(|(path, _)| !changes.get(*path).is_some_and(|value| again(path, value)))
            .map(|(path, value)| (path.clone(), value.clone()))
            .collect();
        self.displace(number, &replaced);
        let Some(thing) = self.things.get_mut(&number) else {
            return;
        };
        if side == Side::Pim {
            thing.off.clear();
        }
        for (path, value) in changes {
            // Merged person by person and word by word; the oracle looks at records, not at lists, nor at a
            // flag that says which domain a contact is of.
            let list = path.field.is_set() || path.field == Field::Private;
            let unseen = displaced.get(&path).is_some_and(|shown| !same(&path.field, shown, &value));
            // Also where another of its unit was written since: an end that both sides give stands though a start follows.
            let known = |given: &Given| {
                given.side != side && given.path == path && alike(thing.domain, &path, &given.value, &value)
            };
            thing.unclear |= again(&path, &value) && unseen || thing.given.iter().any(known);
            if !list && !again(&path, &value) {
                thing.given.push(Given { path, side, value, overwritten: false, agreed: None });
            }
        }
    }

    /// A person put somebody on a contact's Sync List, or took him off.
    pub fn relist(&mut self, number: u64, user: &UserId, listed: bool) {
        if let Some(thing) = self.things.get_mut(&number) {
            thing.relisted = true;
            match listed {
                true => thing.off.remove(user),
                false => thing.off.insert(user.clone()),
            };
        }
    }

    /// A person did something to its item, which may bring it in again (rule O3).
    pub fn handled(&mut self, number: u64) {
        if let Some(thing) = self.things.get_mut(&number) {
            thing.off.clear();
        }
    }

    /// The things that were given values just now.
    #[must_use]
    pub fn fresh(&self) -> BTreeSet<u64> {
        let fresh = |thing: &Thing| thing.given.last().is_some_and(|given| given.agreed.is_none());
        self.things.iter().filter(|(_, thing)| fresh(thing)).map(|(number, _)| *number).collect()
    }

    /// A mailbox was moved while nobody knew whether this had come in from there.
    pub fn set_adrift(&mut self, number: u64) {
        if let Some(thing) = self.things.get_mut(&number) {
            thing.adrift = true;
        }
    }

    /// An administrator put back what was done to it.
    pub fn put_back(&mut self, number: u64) {
        self.unclear(number);
        if let Some(thing) = self.things.get_mut(&number) {
            thing.put_back = true;
        }
    }

    /// A thing was given values just now, while its item bears no mark.
    pub fn given_unmarked(&mut self, number: u64) {
        if let Some(thing) = self.things.get_mut(&number) {
            thing.estranged |= thing.adrift && thing.given.last().is_some_and(|given| given.side == Side::Pim);
        }
    }

    /// Compares the values that a thing was given just now with what its links agreed on, each the images of its sides.
    pub fn compare(&mut self, number: u64, links: &[(Fields, Fields)]) {
        let Some(thing) = self.things.get_mut(&number) else {
            return;
        };
        for given in thing.given.iter_mut().filter(|given| given.agreed.is_none()) {
            given.agreed = Some(given.is_agreed(thing.domain, links));
        }
    }

    /// A restored store knows a thing's links as they were: what a person wrote since may be what was agreed then.
    pub fn recall(&mut self, number: u64, links: &[(Fields, Fields)]) {
        let Some(thing) = self.things.get_mut(&number) else {
            return;
        };
        for given in thing.given.iter_mut().filter(|given| given.agreed == Some(false)) {
            given.agreed = Some(given.is_agreed(thing.domain, links));
        }
    }

    /// A person saw these values and did away with them.
    pub fn displace(&mut self, number: u64, shown: &Fields) {
        let shown = by_date(shown);
        let Some(thing) = self.things.get_mut(&number) else {
            return;
        };
        let domain = thing.domain;
        for given in &mut thing.given {
            let value = shown.get(&given.path);
            if value.is_some_and(|value| alike(domain, &given.path, &given.value, value)) {
                given.overwritten = true;
            }
        }
    }

    /// A person changed a rule: exceptions that `keeps` does not keep are gone with his consent.
    pub fn displace_exceptions(&mut self, number: u64, keeps: impl Fn(&Path) -> bool) {
        let Some(thing) = self.things.get_mut(&number) else {
            return;
        };
        for given in &mut thing.given {
            given.overwritten |= given.path.occurrence.is_some() && !keeps(&given.path);
        }
    }

    /// A person deleted a copy.
    pub fn delete(&mut self, number: u64, shown: &Fields) {
        self.displace(number, shown);
        if let Some(thing) = self.things.get_mut(&number) {
            thing.deleted = true;
            thing.buried = by_date(shown);
        }
    }

    /// What nobody has deleted, neither for all nor his own copy of it.
    #[must_use]
    pub fn standing(&self) -> BTreeSet<u64> {
        let stands = |thing: &Thing| !thing.deleted && thing.left_by.is_empty();
        self.things.iter().filter(|(_, thing)| stands(thing)).map(|(number, _)| *number).collect()
    }

    /// Nobody can tell what was agreed about it when it was deleted.
    pub fn unclear(&mut self, number: u64) {
        if let Some(thing) = self.things.get_mut(&number) {
            thing.unclear = true;
        }
    }

    /// Nobody can tell what was agreed about anything that stands now.
    pub fn all_unclear(&mut self) {
        for thing in self.things.values_mut() {
            thing.unclear = true;
            thing.off.clear();
        }
    }

    /// A person put a word of his own on his item.
    pub fn label(&mut self, number: u64, user: &UserId, word: &str) {
        self.edits += 1;
        if let Some(thing) = self.things.get_mut(&number) {
            thing.off.clear();
            thing.labels.insert((user.clone(), word.to_owned()));
            // A word on an item whose record was deleted meanwhile is an edit that outlives that (rule C5).
            thing.peopled |= thing.deleted;
        }
    }

    /// A record was deleted in the CRM: a word on its item that nobody had carried over by then is an edit that outlives that
    /// (rule C5). Its links, each the images of its sides.
    pub fn buried(&mut self, number: u64, links: &[(Fields, Fields)]) {
        let Some(thing) = self.things.get_mut(&number) else {
            return;
        };
        let agreed = |word: &String| {
            let words = |base: &Fields| base.get(&Path::of(Field::Categories)).and_then(Value::as_set).cloned();
            links.iter().any(|(_, pim)| words(pim).is_some_and(|words| words.contains(word)))
        };
        thing.peopled |= thing.labels.iter().any(|(_, word)| !agreed(word));
    }

    /// A participant wrote into his copy.
    pub fn local(&mut self, number: u64, user: &UserId, path: Path, value: Value) {
        self.edits += 1;
        if let Some(thing) = self.things.get_mut(&number) {
            thing.locals.push((user.clone(), path, value));
        }
    }

    /// The store forgot what it had told, and what was agreed since; these came in and bear no mark of ours yet.
    pub fn forgotten(&mut self, told: impl Fn(Domain, &Given) -> bool, unmarked: &BTreeSet<u64>) {
        for (number, thing) in &mut self.things {
            thing.unclear = true;
            thing.off.clear();
            thing.forgot = true;
            thing.unmarked |= unmarked.contains(number);
            for given in &mut thing.given {
                given.overwritten |= told(thing.domain, given);
            }
        }
    }

    /// Somebody may see it from now on.
    pub fn entitle(&mut self, number: u64, user: &UserId) {
        if let Some(thing) = self.things.get_mut(&number) {
            thing.entitled.insert(user.clone());
        }
    }
}

/// Whether two values show the same in a mailbox.
#[must_use]
pub fn alike(domain: Domain, path: &Path, a: &Value, b: &Value) -> bool {
    same(&path.field, a, b) || same(&path.field, &in_mailbox(domain, path, a), &in_mailbox(domain, path, b))
}

/// A value as the mailbox shows it.
#[must_use]
pub fn in_mailbox(domain: Domain, path: &Path, value: &Value) -> Value {
    match model::maps_ews::default_maps().get(&domain) {
        Some(map) => PimLens.image(path, value, map),
        None => value.clone(),
    }
}

/// Fields with occurrences known by their date.
#[must_use]
pub fn by_date(fields: &Fields) -> Fields {
    fields
        .iter()
        .filter(|(path, value)| {
            // An occurrence is modified by the fields it has; the word alone says nothing.
            path.field != Field::State || value.as_text() != Some("modified")
        })
        .map(|(path, value)| {
            let occurrence = path.occurrence.map(|at| at.date().to_datetime(Time::midnight()));
            let path = Path { occurrence, field: path.field.clone() };
            (path, value.clone())
        })
        .collect()
}

/// The text that tells a thing wherever it stands.
#[must_use]
pub fn mail_of(number: u64) -> String {
    format!("c{number}@canary.test")
}

/// The beginning of every subject of a thing.
#[must_use]
pub fn sign_of(number: u64) -> String {
    format!("#{number}#")
}

/// Which thing a copy shows.
#[must_use]
pub fn number_of(kind: Kind, fields: &Fields) -> Option<u64> {
    let text = |field| fields.get(&Path::of(field)).and_then(Value::as_text);
    match kind {
        Kind::Contact => text(Field::Email1)?.strip_prefix('c')?.strip_suffix("@canary.test")?.parse().ok(),
        Kind::Appointment | Kind::Task => {
            let (_, rest) = text(Field::Subject)?.split_once('#')?;
            rest.split_once('#')?.0.parse().ok()
        }
    }
}

//! Matching strangers (rules M1, M2): exactly one on each side, or a person decides.

use crate::keys::{emails, names};
use jiff::Timestamp;
use model::same::same_or_blank;
use model::{Domain, Field, Kind, Part, Path, Record, RecordId};
use planted::Planted;
use std::collections::BTreeSet;

/// What matching found for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// This one.
    Is(RecordId),
    /// Nobody: it is new. The ones told are possible doubles.
    New {
        /// Equal names kept apart by a contradiction or a missing address.
        doubles: Vec<RecordId>,
    },
    /// Several: nothing is done until a person decides.
    Ambiguous {
        /// Candidates on this record's side, itself included.
        mine: Vec<RecordId>,
        /// Candidates on the other side.
        theirs: Vec<RecordId>,
    },
}

/// Finds the other copy of `record` among unlinked `theirs`; `mine` are its unlinked rivals on its own side (itself
/// included or not). Both lists hold every record that shares a match key.
#[must_use]
pub fn find(domain: Domain, record: &Record, mine: &[Record], theirs: &[Record]) -> Match {
    let rivals: Vec<&Record> =
        std::iter::once(record).chain(mine.iter().filter(|other| other.id != record.id)).collect();
    let theirs: Vec<&Record> = theirs.iter().collect();
    if planted::is(Planted::NobodyMatches) {
        return Match::New { doubles: Vec::new() };
    }
    let signed = by_sign(record, &rivals, &theirs).filter(|_| !planted::is(Planted::MarkIgnored));
    if let Some(found) = signed {
        return found;
    }
    match domain.kind() {
        Kind::Contact => contact(record, &rivals, &theirs),
        Kind::Appointment | Kind::Task => {
            let another = |other: &&Record| {
                other.facts.global_id.is_some()
                    && record.facts.global_id.is_some()
                    && other.facts.global_id != record.facts.global_id
            };
            let theirs: Vec<&Record> = theirs.iter().copied().filter(|other| !another(other)).collect();
            in_order(record, &rivals, &theirs)
        }
    }
}

/// The mark of an earlier link, the integration id, or the meeting's global id: sure signs. Several that carry the same
/// sign are an item and its copies, for who copies an item copies its mark: they pair in order of their likeness, and the
/// rest are new.
fn by_sign(record: &Record, rivals: &[&Record], theirs: &[&Record]) -> Option<Match> {
    let partner = |a: &Record, b: &Record| {
        let (crm, pim) = if a.facts.class.is_empty() { (a, b) } else { (b, a) };
        let marked = pim.facts.mark.as_ref().is_some_and(|mark| {
            crate::keys::crm_id(&mark.key) == Some(crm.id.as_str())
                || crm.facts.integration_key.as_deref() == Some(mark.key.as_str())
        });
        let same_meeting = crm.facts.global_id.is_some() && crm.facts.global_id == pim.facts.global_id;
        marked && !is_copy(crm, pim) || same_meeting
    };
    let candidates: Vec<&Record> = theirs.iter().copied().filter(|other| partner(record, other)).collect();
    let signed = |rival: &&Record| candidates.iter().any(|other| partner(rival, other));
    let same: Vec<&Record> = rivals.iter().copied().filter(signed).collect();
    let (candidates, same) = (by_likeness(&candidates, &same), by_likeness(&same, &candidates));
    let place = same.iter().position(|rival| rival.id == record.id).unwrap_or(0);
    if candidates.is_empty() {
        return None;
    }
    Some(candidates.get(place).map_or(Match::New { doubles: Vec::new() }, |other| Match::Is(other.id.clone())))
}

/// What was made first, and of what was made in one second what says the least otherwise than any of the other side: a copy
/// is made later than its item. Ids tell nothing of that, and part only what is equal in all else.
fn by_likeness<'a>(records: &[&'a Record], others: &[&Record]) -> Vec<&'a Record> {
    let unlike = |record: &Record| others.iter().map(|other| differences(record, other)).min().unwrap_or_default();
    let mut records = records.to_vec();
    records.sort_by_cached_key(|record| {
        (record.facts.created.unwrap_or(Timestamp::MAX), unlike(record), record.id.clone())
    });
    records
}

fn differences(a: &Record, b: &Record) -> usize {
    let says = |path: &Path, value: &model::Value| {
        b.fields.get(path).is_some_and(|other| !same_or_blank(&path.field, Some(value), Some(other)))
    };
    a.fields.iter().filter(|(path, value)| path.field != Field::Categories && says(path, value)).count()
}

/// A person's copy of an appointment keeps our mark and has a global id of its own (trap 46). A participant's copy has one
/// of its own anyway.
fn is_copy(crm: &Record, pim: &Record) -> bool {
    let known = crm.facts.global_id.as_ref().zip(pim.facts.global_id.as_ref());
    crm.facts.part == Part::Owner && known.is_some_and(|(of_record, of_item)| of_record != of_item)
}

fn contact(record: &Record, rivals: &[&Record], theirs: &[&Record]) -> Match {
    let shares_email = |a: &Record, b: &Record| {
        let of: BTreeSet<String> = emails(a).collect();
        emails(b).any(|email| of.contains(&email))
    };
    let candidates: Vec<&Record> = theirs.iter().copied().filter(|other| shares_email(record, other)).collect();
    if !candidates.is_empty() {
        let group: Vec<&Record> =
            rivals.iter().copied().filter(|rival| candidates.iter().any(|other| shares_email(rival, other))).collect();
        if let ([one], [_]) = (candidates.as_slice(), group.as_slice()) {
            return Match::Is(one.id.clone());
        }
        // Several share the address: the name must leave exactly one on each side.
        let named = |list: &[&Record]| -> Vec<RecordId> {
            list.iter()
                .filter(|other| names(other).is_some() && names(other) == names(record))
                .map(|other| other.id.clone())
                .collect()
        };
        if let ([one], [_]) = (named(&candidates).as_slice(), named(&group).as_slice()) {
            return Match::Is(one.clone());
        }
        return Match::Ambiguous {
            mine: group.iter().map(|rival| rival.id.clone()).collect(),
            theirs: candidates.iter().map(|other| other.id.clone()).collect(),
        };
    }
    by_name(record, rivals, theirs)
}

fn by_name(record: &Record, rivals: &[&Record], theirs: &[&Record]) -> Match {
    let Some(name) = names(record) else {
        return Match::New { doubles: Vec::new() };
    };
    let named: Vec<&Record> = theirs.iter().copied().filter(|other| names(other).as_ref() == Some(&name)).collect();
    let without = |of: &Record| emails(of).next().is_none();
    let (fits, doubles): (Vec<&Record>, Vec<&Record>) =
        named.into_iter().partition(|other| without(record) && without(other) && !contradicts(record, other));
    if fits.is_empty() {
        return Match::New { doubles: doubles.iter().map(|other| other.id.clone()).collect() };
    }
    let group: Vec<&Record> = rivals
        .iter()
        .copied()
        .filter(|rival| {
            names(rival).as_ref() == Some(&name)
                && without(rival)
                && fits.iter().any(|other| !contradicts(rival, other))
        })
        .collect();
    match (fits.as_slice(), group.as_slice()) {
        ([one], [_]) => Match::Is(one.id.clone()),
        _ => Match::Ambiguous {
            mine: group.iter().map(|rival| rival.id.clone()).collect(),
            theirs: fits.iter().map(|other| other.id.clone()).collect(),
        },
    }
}

/// A contradiction in company, phones or birthday: both sides say something, and it is not the same.
fn contradicts(a: &Record, b: &Record) -> bool {
    const TOLD: [Field; 6] =
        [Field::Company, Field::WorkPhone, Field::WorkPhone2, Field::HomePhone, Field::MobilePhone, Field::Birthday];
    TOLD.into_iter().any(|field| {
        let path = Path::of(field.clone());
        let (a, b) = (a.fields.get(&path), b.fields.get(&path));
        let told = |value: Option<&model::Value>| value.is_some_and(|value| !value.is_blank());
        told(a) && told(b) && !same_or_blank(&field, a, b)
    })
}

/// Equal activities pair one to one in order of their ids; the rest are new (rule M2).
fn in_order(record: &Record, rivals: &[&Record], theirs: &[&Record]) -> Match {
    let mine: BTreeSet<&RecordId> = rivals.iter().map(|rival| &rival.id).collect();
    let others: BTreeSet<&RecordId> = theirs.iter().map(|other| &other.id).collect();
    let place = mine.iter().position(|id| **id == record.id).unwrap_or(0);
    others.iter().nth(place).map_or(Match::New { doubles: Vec::new() }, |id| Match::Is((*id).clone()))
}

//! What an edit of the working day may touch, and what a record looks like before it.

use super::faces;
use super::track::{Copy, Crm, Form, Track, User};
use jiff::civil::DateTime;
use model::{Domain, Field, Path, Value};
use std::collections::BTreeSet;

/// A text field that the CRM's side of an edit changes, and one that the mailbox's side changes.
pub(super) fn fields(domain: Domain) -> (Field, Field) {
    match domain {
        Domain::BusinessContact | Domain::PersonalContact => (Field::JobTitle, Field::Department),
        Domain::Employee => (Field::Department, Field::Nickname),
        Domain::Calendar => (Field::Location, Field::Body),
        Domain::Task => (Field::Subject, Field::Body),
    }
}

/// Nothing special about it: no series, nobody else.
pub(super) fn plain(track: &Track, copy: &Copy) -> bool {
    copy.form == Form::Own
        && !track.is_meeting()
        && !copy.face.contains_key(&Path::of(Field::Rule))
        && !copy.face.contains_key(&Path::of(Field::Private))
        && track.crm.as_ref().is_some_and(|crm| {
            crm.people.is_empty()
                && crm.guests.is_empty()
                && match track.domain {
                    Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => crm.listed.len() == 1,
                    Domain::Calendar | Domain::Task => true,
                }
        })
}

pub(super) fn is_timed(track: &Track, copy: &Copy) -> bool {
    let start = copy.face.get(&Path::of(Field::Start)).and_then(Value::as_when);
    plain(track, copy) && start.is_some_and(|start| !start.is_day())
}

pub(super) fn status(copy: &Copy) -> Option<&str> {
    copy.face.get(&Path::of(Field::Status)).and_then(Value::as_text)
}

/// The start and end of an appointment, so many minutes later.
pub(super) fn moved(face: &model::Fields, minutes: i64) -> Vec<(Field, Value)> {
    [Field::Start, Field::End]
        .into_iter()
        .filter_map(|field| {
            let when = face.get(&Path::of(field.clone()))?.as_when()?;
            let wall = faces::later(when.wall(), minutes);
            Some((field, Value::When(when.with_wall(wall))))
        })
        .collect()
}

/// An occurrence that is as its series, with neighbours on both sides.
pub(super) fn untouched(face: &model::Fields) -> Option<DateTime> {
    let touched: BTreeSet<DateTime> = face.keys().filter_map(|path| path.occurrence).collect();
    faces::occurrences(face).into_iter().skip(5).find(|original| !touched.contains(original))
}

/// What O5 makes of a business contact whose item was made private: its own record leaves this user's list, and a personal
/// one stands in its place, made from the item.
pub(super) fn flip(track: &mut Track, user: User) -> Option<Track> {
    let mut copy = track.copies.remove(&user)?;
    let crm = track.crm.as_mut()?;
    crm.listed.remove(&user);
    copy.words.remove(Domain::BusinessContact.default_category());
    copy.words.insert(Domain::PersonalContact.default_category().to_owned());
    let personal = Crm { face: copy.face.clone(), owner: Some(user), listed: BTreeSet::from([user]), ..Crm::default() };
    copy.base = Some((personal.face.clone(), copy.face.clone()));
    let mut flipped = Track::in_crm(track.canary.clone(), Domain::PersonalContact, personal);
    flipped.copies.insert(user, copy);
    Some(flipped)
}

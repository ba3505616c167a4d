//! What the sample's mailboxes already hold: records of their own, some of them the same people, and some that cannot be
//! synchronised.

use super::draw::Draw;
use super::expect::{Rules, mailbox_face};
use super::faces;
use super::organisation::USERS;
use super::track::{Copy, Form, Out, Track, User};
use jiff::civil::Date;
use model::{Domain, Field, Fields, Path, Value};
use std::collections::BTreeSet;

/// Records of each domain that stand on both sides from the start.
pub const SAME: usize = 8;
/// Records per user and domain that only the mailbox has.
const OWN: usize = 2;
/// Meetings that a person invited others to.
const INVITATIONS: usize = 12;
/// Records that fit two items of a mailbox.
pub const AMBIGUOUS: usize = 5;
/// Records that nobody can synchronise.
pub const BAD: usize = 6;

/// Puts records into mailboxes, some of them beside the CRM's that they are the same as.
pub fn draw(draw: &mut Draw, rules: &Rules, today: Date, tracks: &mut Vec<Track>) {
    for domain in Domain::ALL {
        same(draw, rules, domain, tracks);
    }
    ambiguous(draw, rules, tracks);
    for user in 0..USERS {
        for _ in 0..OWN {
            tracks.push(contact(draw, Domain::BusinessContact, user));
            tracks.push(contact(draw, Domain::PersonalContact, user));
            let canary = draw.canary();
            let face = faces::appointment(draw, &canary, today, -60, 150);
            tracks.push(born(canary, Domain::Calendar, user, &face));
            let canary = draw.canary();
            let face = faces::task(draw, &canary, today, -30, 90);
            tracks.push(born(canary, Domain::Task, user, &face));
        }
        if user % 2 == 0 {
            let canary = draw.canary();
            let face = faces::series(draw, &canary, today, user);
            tracks.push(born(canary, Domain::Calendar, user, &face));
            let canary = draw.canary();
            let face = faces::recurring_task(draw, &canary, today, user / 2);
            tracks.push(born(canary, Domain::Task, user, &face));
            // O3: without the category it stays where it is.
            let mut track = contact(draw, Domain::BusinessContact, user).kept_out(Out::Scope);
            for copy in track.copies.values_mut() {
                copy.words = BTreeSet::from(["Golf".to_owned()]);
            }
            tracks.push(track);
        } else {
            let canary = draw.canary();
            let face = faces::appointment(draw, &canary, today, -400, -150);
            tracks.push(born(canary, Domain::Calendar, user, &face).kept_out(Out::Scope));
        }
    }
    invitations(draw, rules, today, tracks);
    bad(draw, rules, tracks);
}

fn born(canary: String, domain: Domain, user: User, crm_words: &Fields) -> Track {
    Track::in_mailbox(canary, domain, user, mailbox_face(crm_words))
}

fn contact(draw: &mut Draw, domain: Domain, user: User) -> Track {
    let canary = draw.canary();
    let face = faces::contact(draw, &canary, domain == Domain::BusinessContact);
    let mut track = born(canary, domain, user, &face);
    if draw.chance(30)
        && let Some(copy) = track.copies.get_mut(&user)
    {
        copy.words.insert("Golf".to_owned());
    }
    track
}

/// The users who are to have a record's copy.
fn wanting(track: &Track, rules: &Rules) -> Vec<User> {
    let Some(crm) = track.crm.as_ref() else {
        return Vec::new();
    };
    let of = match track.domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => &crm.listed,
        Domain::Calendar | Domain::Task => &BTreeSet::from_iter(crm.owner),
    };
    of.iter()
        .copied()
        .filter(|user| {
            let level = rules.level(*user, track.domain);
            level.exports() && (level.imports() || track.domain == Domain::Employee)
        })
        .collect()
}

fn free(track: &Track, domain: Domain) -> bool {
    track.domain == domain && track.out.is_none() && track.copies.is_empty()
}

/// The same record stands on both sides, as two people wrote it down (M1 to M3).
fn same(draw: &mut Draw, rules: &Rules, domain: Domain, tracks: &mut [Track]) {
    let mut made = 0;
    for track in tracks.iter_mut().filter(|track| free(track, domain)) {
        let plain = track.crm.as_ref().is_some_and(|crm| {
            crm.people.is_empty()
                && crm.guests.is_empty()
                && !crm.face.contains_key(&Path::of(Field::Rule))
                && !crm.face.contains_key(&Path::of(Field::Private))
        });
        let Some(user) = wanting(track, rules).first().copied().filter(|_| plain) else {
            continue;
        };
        if made == SAME || draw.chance(30) {
            continue;
        }
        made += 1;
        let Some(crm) = track.crm.as_ref() else {
            continue;
        };
        let mut face = mailbox_face(&crm.face);
        differ(draw, domain, &mut face, made);
        let copy = Copy { face, ..Copy::default() };
        track.copies.insert(user, copy);
    }
}

/// What the mailbox's owner wrote down otherwise: something is missing, something is added, something differs.
fn differ(draw: &mut Draw, domain: Domain, face: &mut Fields, at: usize) {
    let (missing, added, differing) = match domain {
        Domain::BusinessContact | Domain::PersonalContact => (Field::MobilePhone, Field::Nickname, Field::JobTitle),
        Domain::Employee => (Field::MobilePhone, Field::Nickname, Field::Department),
        Domain::Calendar => (Field::Body, Field::Reminder, Field::Location),
        Domain::Task => (Field::Body, Field::StartDay, Field::Priority),
    };
    face.remove(&Path::of(missing));
    let added = Path::of(added);
    if !face.contains_key(&added) {
        let value = match domain {
            Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => Value::text("Buddy"),
            Domain::Calendar => Value::Number(30),
            Domain::Task => match face.get(&Path::of(Field::DueDay)) {
                Some(due) => due.clone(),
                None => Value::Null,
            },
        };
        face.insert(added, value);
    }
    if at.is_multiple_of(2) {
        let value = match domain {
            Domain::Task => Value::text("Low"),
            Domain::BusinessContact | Domain::PersonalContact | Domain::Employee | Domain::Calendar => {
                Value::text(format!("As I remember {}", draw.below(100)))
            }
        };
        face.insert(Path::of(differing), value);
    }
}

/// One record of the CRM, two items that could be it: a person has to say (M1).
fn ambiguous(draw: &mut Draw, rules: &Rules, tracks: &mut [Track]) {
    let mut made = 0;
    for track in tracks.iter_mut().filter(|track| free(track, Domain::BusinessContact)) {
        let Some(user) = wanting(track, rules).first().copied() else {
            continue;
        };
        let alone = track.crm.as_ref().is_some_and(|crm| crm.listed.len() == 1);
        if made == AMBIGUOUS || !alone || draw.chance(60) {
            continue;
        }
        made += 1;
        if let Some(crm) = track.crm.as_ref() {
            let copy = Copy { face: mailbox_face(&crm.face), twice: true, ..Copy::default() };
            track.copies.insert(user, copy);
        }
        track.out = Some(Out::Ambiguous);
    }
}

/// A person invited colleagues, on either server, with requests sent (P1 to P3).
fn invitations(draw: &mut Draw, rules: &Rules, today: Date, tracks: &mut Vec<Track>) {
    let full: Vec<User> = (0..USERS)
        .filter(|user| {
            let level = rules.level(*user, Domain::Calendar);
            level.exports() && level.imports()
        })
        .collect();
    for at in 0..INVITATIONS {
        let organizer = full[at % full.len()];
        let canary = draw.canary();
        let mut face = faces::appointment(draw, &canary, today, 5, 100);
        face.insert(Path::of(Field::ActivityType), Value::text("Appointment"));
        face.remove(&Path::of(Field::Reminder));
        let mut track = born(canary, Domain::Calendar, organizer, &face);
        let others: Vec<User> = (0..USERS).filter(|user| *user != organizer).collect();
        let sent = mailbox_face(&face);
        for user in draw.some(&others, 2) {
            let copy = Copy { face: sent.clone(), form: Form::Received, ..Copy::default() };
            track.copies.insert(user, copy);
        }
        tracks.push(track);
    }
}

/// Contacts that carry the category but no family name, which the sample's field map requires (E1, E8).
fn bad(draw: &mut Draw, rules: &Rules, tracks: &mut Vec<Track>) {
    let full: Vec<User> = (0..USERS).filter(|user| rules.level(*user, Domain::BusinessContact).imports()).collect();
    for at in 0..BAD {
        let canary = draw.canary();
        let mut face = faces::contact(draw, &canary, true);
        face.remove(&Path::of(Field::LastName));
        let track = born(canary, Domain::BusinessContact, full[at % full.len()], &face);
        tracks.push(track.kept_out(Out::Bad));
    }
}

//! What the sample's CRM holds: contacts, employees, appointments, series, meetings and to-dos.

use super::draw::Draw;
use super::faces;
use super::organisation::{EMPLOYEES, Organisation, USERS};
use super::track::{Crm, Out, Track, User};
use jiff::civil::Date;
use model::{Domain, Field, Path, Value};
use std::collections::BTreeSet;

/// How many of each the CRM holds before anything is synchronised.
pub const BUSINESS: usize = 150;
/// Personal contacts.
pub const PERSONAL: usize = 30;
/// Calendar records, all told.
pub const CALENDAR: usize = 300;
/// Series among them.
pub const SERIES: usize = 30;
/// To-dos.
pub const TASKS: usize = 100;

const MEETINGS: usize = 30;
const OLD: usize = 8;
const WITHOUT_TIMES: usize = 4;
const SHOWN_NOWHERE: usize = 4;

/// Everything the CRM holds.
pub fn draw(draw: &mut Draw, organisation: &Organisation, today: Date) -> Vec<Track> {
    let mut tracks = Vec::new();
    tracks.extend((0..BUSINESS).map(|at| business(draw, organisation, at)));
    tracks.extend((0..PERSONAL).map(|at| personal(draw, at)));
    tracks.extend(employees(draw, organisation));
    tracks.extend(calendar(draw, organisation, today));
    tracks.extend(tasks(draw, organisation, today));
    tracks
}

fn business(draw: &mut Draw, organisation: &Organisation, at: usize) -> Track {
    let canary = draw.canary();
    let mut positions = BTreeSet::from([at % USERS]);
    if draw.chance(40) {
        positions.insert(draw.below(USERS));
    }
    let team: BTreeSet<User> = positions.iter().flat_map(|position| organisation.holders(*position)).collect();
    let mut listed = BTreeSet::new();
    if draw.chance(80) {
        listed.insert(at % USERS);
    }
    for user in &team {
        if draw.chance(50) {
            listed.insert(*user);
        }
    }
    let face = faces::contact(draw, &canary, true);
    let crm = Crm { face, team, listed, positions, ..Crm::default() };
    Track::in_crm(canary, Domain::BusinessContact, crm)
}

fn personal(draw: &mut Draw, at: usize) -> Track {
    let canary = draw.canary();
    let owner = at % USERS;
    let mut listed = BTreeSet::new();
    if at < USERS || draw.chance(80) {
        listed.insert(owner);
    }
    let crm = Crm { face: faces::contact(draw, &canary, false), owner: Some(owner), listed, ..Crm::default() };
    Track::in_crm(canary, Domain::PersonalContact, crm)
}

fn employees(draw: &mut Draw, organisation: &Organisation) -> Vec<Track> {
    (0..EMPLOYEES)
        .map(|at| {
            let person = &organisation.people[at];
            let mut face = person.face.clone();
            for (slot, address) in Field::EMAILS.into_iter().zip(&person.addresses) {
                face.insert(Path::of(slot), Value::text(address.clone()));
            }
            // A colleague's company is the organization of his primary position.
            if let Some(position) = person.positions.first() {
                let (name, _) = &organisation.organizations[organisation.positions[*position].organization];
                face.insert(Path::of(Field::Company), Value::text(name.clone()));
            }
            let mut listed = BTreeSet::from([(at + 5) % USERS]);
            if draw.chance(40) {
                listed.insert(draw.below(USERS));
            }
            listed.remove(&at);
            let crm = Crm { face, team: (0..USERS).collect(), listed, ..Crm::default() };
            Track::in_crm(person.canary.clone(), Domain::Employee, crm)
        })
        .collect()
}

fn calendar(draw: &mut Draw, organisation: &Organisation, today: Date) -> Vec<Track> {
    let mut tracks = Vec::new();
    for at in 0..SERIES {
        let canary = draw.canary();
        let face = faces::series(draw, &canary, today, at);
        tracks.push(owned(canary, Domain::Calendar, face, at % USERS));
    }
    for at in 0..MEETINGS {
        let canary = draw.canary();
        let mut track = single(draw, canary, today, -30, 150, at % USERS);
        if let Some(crm) = track.crm.as_mut() {
            let others: Vec<User> = (0..USERS).filter(|user| Some(*user) != crm.owner).collect();
            let count = 1 + draw.below(3);
            crm.people = draw.some(&others, count).into_iter().collect();
            if draw.chance(40) {
                let guest = draw.below(1000);
                crm.guests.push((format!("Guest {guest}"), format!("guest{guest}@elsewhere.example")));
            }
            // Everybody's own, not the meeting's: each sets them for himself.
            crm.face.remove(&Path::of(Field::Reminder));
        }
        tracks.push(track);
    }
    for at in 0..OLD {
        let canary = draw.canary();
        let track = single(draw, canary, today, -400, -120, at % USERS);
        tracks.push(track.kept_out(Out::Scope));
    }
    for at in 0..WITHOUT_TIMES {
        let canary = draw.canary();
        let mut track = single(draw, canary, today, 1, 60, at % USERS);
        if let Some(crm) = track.crm.as_mut() {
            crm.face.remove(&Path::of(Field::Start));
            crm.face.remove(&Path::of(Field::End));
        }
        tracks.push(track.kept_out(Out::Scope));
    }
    for at in 0..SHOWN_NOWHERE {
        let canary = draw.canary();
        let mut track = single(draw, canary, today, 1, 60, at % USERS);
        if let Some(crm) = track.crm.as_mut() {
            crm.display = Some("Activities Only");
        }
        tracks.push(track.kept_out(Out::Scope));
    }
    let left = CALENDAR.saturating_sub(tracks.len());
    for at in 0..left {
        let canary = draw.canary();
        let mut track = single(draw, canary, today, -60, 200, at % USERS);
        if at % 16 == 5
            && let Some(crm) = track.crm.as_mut()
        {
            crm.face.insert(Path::of(Field::Private), Value::Flag(true));
        }
        tracks.push(track);
    }
    debug_assert_eq!(organisation.people.len(), EMPLOYEES);
    tracks
}

fn single(draw: &mut Draw, canary: String, today: Date, from: i64, to: i64, owner: User) -> Track {
    let face = faces::appointment(draw, &canary, today, from, to);
    owned(canary, Domain::Calendar, face, owner)
}

fn owned(canary: String, domain: Domain, face: model::Fields, owner: User) -> Track {
    let crm = Crm { face, owner: Some(owner), ..Crm::default() };
    Track::in_crm(canary, domain, crm)
}

fn tasks(draw: &mut Draw, organisation: &Organisation, today: Date) -> Vec<Track> {
    debug_assert_eq!(organisation.people.len(), EMPLOYEES);
    (0..TASKS)
        .map(|at| {
            let canary = draw.canary();
            let old = at % 25 == 24;
            let (from, to) = if old { (-300, -120) } else { (-40, 120) };
            let face = if at % 10 == 6 {
                faces::recurring_task(draw, &canary, today, at / 10)
            } else {
                faces::task(draw, &canary, today, from, to)
            };
            let mut track = owned(canary, Domain::Task, face, at % USERS);
            if at % 10 == 3
                && let Some(crm) = track.crm.as_mut()
            {
                crm.people.insert((at + 1) % USERS);
            }
            if old { track.kept_out(Out::Scope) } else { track }
        })
        .collect()
}

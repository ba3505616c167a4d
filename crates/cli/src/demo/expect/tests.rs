//! The rules' small model, case by case.

use super::super::track::face;
use super::*;

fn rules(levels: &[Level]) -> Rules {
    Rules {
        levels: levels.iter().map(|level| Domain::ALL.into_iter().map(|domain| (domain, *level)).collect()).collect(),
    }
}

fn subject(text: &str) -> Fields {
    face([(Field::Subject, Value::text(text)), (Field::Location, Value::text("Here"))])
}

fn appointment(people: &[User]) -> Track {
    let crm = Crm { face: subject("Talk"), owner: Some(0), people: people.iter().copied().collect(), ..Crm::default() };
    Track::in_crm("zq0001aaaaa".to_owned(), Domain::Calendar, crm)
}

fn put_crm(track: &mut Track, field: Field, text: &str) {
    let crm = track.crm.as_mut().expect("in the CRM");
    crm.face.insert(Path::of(field), Value::text(text));
}

fn put_pim(track: &mut Track, user: User, field: Field, text: &str) {
    let copy = track.copies.get_mut(&user).expect("a copy");
    copy.face.insert(Path::of(field), Value::text(text));
}

fn said(face: &Fields, field: Field) -> Option<String> {
    face.get(&Path::of(field)).and_then(Value::as_text).map(str::to_owned)
}

// C2, C3
#[test]
fn different_fields_merge_and_in_one_field_the_crm_wins() {
    let rules = rules(&[Level::FULL]);
    let mut track = appointment(&[]);
    rules.settle(&mut track);
    put_crm(&mut track, Field::Subject, "CRM");
    put_pim(&mut track, 0, Field::Subject, "Mailbox");
    put_pim(&mut track, 0, Field::Location, "There");
    assert_eq!(rules.settle(&mut track), 1);
    let crm = track.crm.clone().expect("stays");
    assert_eq!(said(&crm.face, Field::Subject).as_deref(), Some("CRM"));
    assert_eq!(said(&crm.face, Field::Location).as_deref(), Some("There"));
    assert_eq!(track.copies[&0].face, crm.face);
}

// D1
#[test]
fn an_edit_on_the_forbidden_side_stays_until_its_source_changes() {
    let rules = rules(&[Level::EXPORT]);
    let mut track = appointment(&[]);
    rules.settle(&mut track);
    put_pim(&mut track, 0, Field::Subject, "Local");
    rules.settle(&mut track);
    assert_eq!(said(&track.copies[&0].face, Field::Subject).as_deref(), Some("Local"));
    put_crm(&mut track, Field::Location, "There");
    rules.settle(&mut track);
    assert_eq!(said(&track.copies[&0].face, Field::Subject).as_deref(), Some("Local"));
    put_crm(&mut track, Field::Subject, "Source");
    rules.settle(&mut track);
    assert_eq!(said(&track.copies[&0].face, Field::Subject).as_deref(), Some("Source"));
}

// C4, C6, P5
#[test]
fn a_delete_goes_over_as_the_domain_says() {
    let rules = rules(&[Level::FULL, Level::FULL]);
    let mut alone = appointment(&[]);
    rules.settle(&mut alone);
    alone.copies.get_mut(&0).expect("a copy").deleted = true;
    rules.settle(&mut alone);
    assert!(alone.crm.is_none() && alone.copies.is_empty());

    let mut meeting = appointment(&[1]);
    rules.settle(&mut meeting);
    assert_eq!(said(&meeting.copies[&1].face, Field::Subject).as_deref(), Some("Talk"));
    meeting.copies.get_mut(&1).expect("a copy").deleted = true;
    rules.settle(&mut meeting);
    let crm = meeting.crm.as_ref().expect("stays");
    assert!(crm.hidden.contains(&1) && !meeting.copies.contains_key(&1));

    let mut contact = Track::in_crm(
        "zq0001aaaaa".to_owned(),
        Domain::BusinessContact,
        Crm { face: subject("x"), team: BTreeSet::from([0, 1]), listed: BTreeSet::from([0, 1]), ..Crm::default() },
    );
    rules.settle(&mut contact);
    contact.copies.get_mut(&0).expect("a copy").deleted = true;
    rules.settle(&mut contact);
    let crm = contact.crm.as_ref().expect("stays");
    assert_eq!(crm.listed, BTreeSet::from([1]));
    assert!(contact.copies.contains_key(&1) && !contact.copies.contains_key(&0));
}

// C5
#[test]
fn an_edit_outlives_a_delete() {
    let rules = rules(&[Level::FULL]);
    let mut track = appointment(&[]);
    rules.settle(&mut track);
    track.crm.as_mut().expect("there").deleted = true;
    put_pim(&mut track, 0, Field::Subject, "Still needed");
    rules.settle(&mut track);
    let crm = track.crm.as_ref().expect("made again");
    assert_eq!(said(&crm.face, Field::Subject).as_deref(), Some("Still needed"));
    assert!(!crm.deleted);
}

// C6, D1
#[test]
fn a_meeting_that_its_organiser_called_off_is_cancelled_and_not_made_again() {
    let rules = rules(&[Level::FULL, Level::FULL]);
    let mut meeting = appointment(&[1]);
    rules.settle(&mut meeting);
    meeting.copies.get_mut(&0).expect("a copy").deleted = true;
    rules.settle(&mut meeting);
    let crm = meeting.crm.as_ref().expect("stays");
    assert_eq!(crm.face.get(&Path::of(Field::Cancelled)), Some(&Value::Flag(true)));
    assert!(meeting.copies[&0].absent);
}

//! Undoing: what goes back, and why the rest stays (rule W3).

use crate::build::*;
use model::{Domain, Fields, Form, Gone, Level, Link, Path, Record, Seen, Side, Sleep, SleepCause, Value};
use plan::undo::{Act, Copies, Did, Follows, Said, Stays, Undo, undo};
use std::collections::BTreeSet;

const CALENDAR: Domain = Domain::Calendar;

pub fn plan_of(subject: &str) -> Vec<(&'static str, Value)> {
    vec![("subject", text(subject)), ("start", at("2026-11-30T10:00")), ("end", at("2026-11-30T11:00"))]
}

pub fn said(side: Side, did: Did, before: &[(&str, Value)], after: &[(&str, Value)]) -> Said {
    let before = fields(before).into_iter().map(|(path, value)| (path, Some(value))).collect();
    Said { side, did, before, after: fields(after), mark_key: None, form: None, wished: true }
}

pub fn changed(side: Side, from: &str, to: &str) -> Said {
    said(side, Did::Changed, &[("subject", text(from))], &[("subject", text(to))])
}

pub fn later(line: Said) -> Said {
    Said { wished: false, ..line }
}

/// One appointment with its link, as both sides show it.
pub struct Linked {
    pub world: World,
    pub link: Link,
    pub crm: Record,
    pub pim: Record,
}

pub fn linked(subject: &str) -> Linked {
    let pairs = plan_of(subject);
    Linked {
        world: World::new(),
        link: link(CALENDAR, &pairs, &pairs),
        crm: crm(CALENDAR, "c1", &pairs),
        pim: pim(model::Kind::Appointment, "i1", &pairs),
    }
}

impl Linked {
    pub fn undo(&self, said: &[Said]) -> Undo {
        self.follow(said, &Follows::default())
    }

    pub fn follow(&self, said: &[Said], follows: &Follows) -> Undo {
        let (crm, pim) = (there(&self.crm), there(&self.pim));
        let now = Copies { crm: Some(&crm), pim: Some(&pim), elsewhere: None };
        undo(CALENDAR, Some(&self.link), &now, said, follows, &self.world.context())
    }

    pub fn shows(mut self, side: Side, subject: &str) -> Linked {
        let record = match side {
            Side::Crm => &mut self.crm,
            Side::Pim => &mut self.pim,
        };
        record.fields.insert(Path::parse("subject").expect("a path"), text(subject));
        self
    }
}

/// What is put back on a side.
pub fn put(undo: &Undo, side: Side) -> Option<Fields> {
    undo.acts.iter().find_map(|act| match act {
        Act::Put { side: of, changes, .. } if *of == side => Some(changes.clone()),
        _ => None,
    })
}

pub fn why(undo: &Undo) -> Vec<Stays> {
    assert!(undo.acts.is_empty(), "something would be written");
    undo.stays.iter().map(|(_, _, why)| *why).collect()
}

// W3
#[test]
fn a_value_goes_back_where_it_was_written() {
    for side in Side::BOTH {
        let undo = linked("New").undo(&[changed(side, "Old", "New")]);
        assert_eq!(put(&undo, side), Some(fields(&[("subject", text("Old"))])));
        assert_eq!((undo.acts.len(), undo.stays.len()), (1, 0));
    }
}

// W3: of several changes the first one's value stands again, wherever the later ones were written.
#[test]
fn several_changes_go_back_to_what_stood_before_the_first() {
    let undo = linked("C").undo(&[changed(Side::Crm, "A", "B"), changed(Side::Pim, "B", "C")]);
    assert_eq!(put(&undo, Side::Crm), Some(fields(&[("subject", text("A"))])));
    assert_eq!(put(&undo, Side::Pim), None);
    let undo = linked("C").undo(&[changed(Side::Crm, "A", "B"), changed(Side::Crm, "B", "C")]);
    assert_eq!(put(&undo, Side::Crm), Some(fields(&[("subject", text("A"))])));
}

// W3: what had no value is cleared.
#[test]
fn what_was_not_there_is_cleared() {
    let mut record = linked("Old");
    let path = Path::parse("location").expect("a path");
    for base in [&mut record.link.crm.base, &mut record.link.pim.base, &mut record.crm.fields, &mut record.pim.fields] {
        base.insert(path.clone(), text("Room 1"));
    }
    let mut line = said(Side::Pim, Did::Changed, &[], &[("location", text("Room 1"))]);
    line.before.insert(path.clone(), None);
    assert_eq!(put(&record.undo(&[line]), Side::Pim), Some(Fields::from([(path, Value::Null)])));
}

// W3: guarded.
#[test]
fn what_was_changed_since_stays() {
    let line = || changed(Side::Crm, "Old", "New");
    assert_eq!(why(&linked("New").shows(Side::Crm, "Mine").undo(&[line()])), [Stays::ChangedSince], "not yet carried");
    assert_eq!(why(&linked("New").shows(Side::Pim, "Mine").undo(&[line()])), [Stays::ChangedSince]);
    for side in Side::BOTH {
        let since = later(changed(side, "New", "Mine"));
        assert_eq!(why(&linked("Mine").undo(&[line(), since])), [Stays::ChangedSince], "by a later cycle");
    }
    assert_eq!(why(&linked("Mine").undo(&[line()])), [Stays::ChangedSince], "both sides were given the same");
    let other = later(said(Side::Pim, Did::Changed, &[("location", text(""))], &[("location", text("Room 1"))]));
    assert!(put(&linked("New").undo(&[line(), other]), Side::Crm).is_some(), "another field is another matter");
}

// W3: what only carried the change over is no change since.
#[test]
fn the_change_carried_over_is_part_of_it() {
    let carried = later(changed(Side::Pim, "Old", "New"));
    assert!(put(&linked("New").undo(&[changed(Side::Crm, "Old", "New"), carried]), Side::Crm).is_some());
}

// C2: start and end are one.
#[test]
fn a_unit_goes_back_as_one_or_stays_as_one() {
    let moved = [("start", at("2026-11-30T10:00")), ("end", at("2026-11-30T11:00"))];
    let before = [("start", at("2026-11-30T09:00")), ("end", at("2026-11-30T10:00"))];
    let line = said(Side::Pim, Did::Changed, &before, &moved);
    let mut record = linked("Plan");
    assert_eq!(put(&record.undo(std::slice::from_ref(&line)), Side::Pim), Some(fields(&before)));
    record.crm.fields.insert(Path::parse("end").expect("a path"), at("2026-11-30T12:00"));
    assert_eq!(why(&record.undo(&[line])), [Stays::ChangedSince]);
}

// W3
#[test]
fn what_stands_as_it_was_or_follows_is_not_written() {
    let line = || changed(Side::Pim, "Old", "New");
    assert_eq!(why(&linked("Old").undo(&[line()])), [Stays::AsItWas]);
    let follows = Follows { paths: BTreeSet::from([Path::parse("subject").expect("a path")]), gone: false };
    assert_eq!(why(&linked("New").follow(&[line()], &follows)), [Stays::Follows]);
    let gone = Follows { paths: BTreeSet::new(), gone: true };
    assert_eq!(why(&linked("New").follow(&[line()], &gone)), [Stays::Follows]);
    let made = said(Side::Pim, Did::Made, &[], &plan_of("New"));
    assert_eq!(why(&linked("New").follow(&[made], &gone)), [Stays::Follows]);
}

// O8, E6: what the history does not hold cannot come back.
#[test]
fn what_the_history_does_not_hold_stays() {
    let line = said(Side::Crm, Did::Changed, &[], &[("subject", text("New"))]);
    assert_eq!(why(&linked("New").undo(&[line])), [Stays::Forgotten]);
}

// D1, L2, O10, P6
#[test]
fn a_level_a_sleep_and_exchange_keep_it_from_being_written() {
    let line = |side| changed(side, "Old", "New");
    let mut record = linked("New");
    record.world = World::new().level(CALENDAR, Level::EXPORT);
    assert_eq!(why(&record.undo(&[line(Side::Crm)])), [Stays::Level]);
    assert!(put(&record.undo(&[line(Side::Pim)]), Side::Pim).is_some());
    let mut record = linked("New");
    record.link.sleep = Some(Sleep { cause: SleepCause::Window, since: record.world.now });
    assert_eq!(why(&record.undo(&[line(Side::Crm)])), [Stays::Asleep]);
    let mut record = linked("New");
    record.crm.facts.locked = true;
    assert_eq!(why(&record.undo(&[line(Side::Crm)])), [Stays::Exchanges]);
    let mut record = linked("New");
    record.pim.facts.requests_sent = true;
    record.pim.facts.meeting = true;
    assert_eq!(why(&record.undo(&[line(Side::Pim)])), [Stays::Exchanges]);
}

// W3, C7
#[test]
fn what_was_made_is_taken_back_unless_it_was_touched() {
    let made = |side| said(side, Did::Made, &[], &plan_of("New"));
    for side in Side::BOTH {
        let undo = linked("New").undo(&[made(side)]);
        assert!(matches!(undo.acts.as_slice(), [Act::TakeBack { side: of }] if *of == side));
        let touched = linked("New").shows(side, "Mine");
        assert_eq!(why(&touched.undo(&[made(side)])), [Stays::ChangedSince]);
        let since = later(changed(side, "New", "Mine"));
        assert_eq!(why(&linked("Mine").undo(&[made(side), since])), [Stays::ChangedSince]);
        let mut forbidden = linked("New");
        forbidden.world.of(CALENDAR).no_deletes.insert(side);
        assert_eq!(why(&forbidden.undo(&[made(side)])), [Stays::Forbidden]);
        let mut none = linked("New");
        none.world = World::new().level(CALENDAR, Level::NONE);
        assert_eq!(why(&none.undo(&[made(side)])), [Stays::Level]);
    }
    let mut received = linked("New");
    received.pim.facts.received = true;
    assert_eq!(why(&received.undo(&[made(Side::Pim)])), [Stays::Exchanges]);
    let mut another = linked("New");
    another.link.pim.id = model::RecordId::new("p2");
    assert_eq!(why(&another.undo(&[made(Side::Pim)])), [Stays::ChangedSince]);
}

// W3, C4
#[test]
fn what_was_deleted_comes_back_as_it_was() {
    let world = World::new();
    let gone = Seen::Gone(Gone::Deleted);
    let deleted = |side, key: Option<&str>| {
        let mut line = said(side, Did::Deleted, &plan_of("Plan"), &[]);
        line.mark_key = key.map(str::to_owned);
        line
    };
    let asked = |crm: &Seen, pim: &Seen, said: &[Said], world: &World| {
        let now = Copies { crm: Some(crm), pim: Some(pim), elsewhere: None };
        undo(CALENDAR, None, &now, said, &Follows::default(), &world.context())
    };
    let back = asked(&gone, &gone, &[deleted(Side::Crm, Some("c1~k"))], &world);
    assert!(matches!(back.acts.as_slice(),
        [Act::BringBack { side: Side::Crm, fields, .. }, Act::BringBack { side: Side::Pim, fields: none, mark_key: Some(key) }]
            if *fields == self::fields(&plan_of("Plan")) && none.is_empty() && key == "c1~k"));
    // A change that was undone together with the delete.
    let back = asked(&gone, &gone, &[changed(Side::Pim, "Old", "Plan"), deleted(Side::Pim, None)], &world);
    assert!(matches!(back.acts.as_slice(), [Act::BringBack { side: Side::Pim, fields, mark_key: None }]
        if fields.get(&Path::parse("subject").expect("a path")) == Some(&text("Old"))));
    let stands = there(&crm(CALENDAR, "c1", &plan_of("Plan")));
    // P5: a guest's copy alone would come in as a meeting of his own.
    let of_form = |form: Form| Said { form: Some(form), ..deleted(Side::Pim, Some("c1~k")) };
    for form in [Form::ParticipantCopy, Form::MeetingCopy] {
        assert_eq!(why(&asked(&gone, &gone, &[of_form(form)], &world)), [Stays::Owners]);
        assert_eq!(asked(&stands, &gone, &[of_form(form)], &world).acts.len(), 1, "with its record it comes back");
    }
    assert_eq!(asked(&gone, &gone, &[of_form(Form::Own)], &world).acts.len(), 1, "an own one comes back alone");
    assert_eq!(why(&asked(&stands, &gone, &[deleted(Side::Crm, None)], &world)), [Stays::AsItWas]);
    let hidden = Seen::Gone(Gone::NotVisible);
    assert_eq!(why(&asked(&hidden, &gone, &[deleted(Side::Crm, None)], &world)), [Stays::NotVisible]);
    let left = Seen::Gone(Gone::Left);
    assert_eq!(why(&asked(&gone, &left, &[deleted(Side::Pim, None)], &world)), [Stays::ChangedSince]);
    let silenced = Said { before: Default::default(), ..deleted(Side::Crm, Some("c1~k")) };
    assert_eq!(why(&asked(&gone, &gone, &[silenced], &world)), [Stays::Forgotten], "beyond undo (O8)");
    let again = later(said(Side::Crm, Did::Made, &[], &[]));
    assert_eq!(why(&asked(&gone, &gone, &[deleted(Side::Crm, None), again], &world)), [Stays::ChangedSince]);
    let export = World::new().level(CALENDAR, Level::EXPORT);
    assert_eq!(why(&asked(&gone, &gone, &[deleted(Side::Crm, None)], &export)), [Stays::Level]);
}

// C6, D6
#[test]
fn the_sync_list_goes_back_and_nobodys_place_on_an_activity() {
    let domain = Domain::BusinessContact;
    let world = World::new();
    let asked = |listed: bool, did: Did| {
        let mut record = crm(domain, "c1", &[("last_name", text("Berg"))]);
        record.facts.on_sync_list = listed;
        let seen = there(&record);
        let now = Copies { crm: Some(&seen), pim: None, elsewhere: None };
        undo(domain, None, &now, &[said(Side::Crm, did, &[], &[])], &Follows::default(), &world.context())
    };
    assert!(matches!(asked(false, Did::Delisted).acts.as_slice(), [Act::Enlist]));
    assert!(matches!(asked(true, Did::Listed).acts.as_slice(), [Act::Delist]));
    assert_eq!(why(&asked(true, Did::Delisted)), [Stays::AsItWas]);
    assert_eq!(why(&asked(false, Did::Listed)), [Stays::AsItWas]);
    assert_eq!(why(&asked(true, Did::Left)), [Stays::Left]);
}

//! What became private where private ones are skipped, and what may be stored and remembered of it (rules O7, O8).

use crate::build::*;
use model::{Domain, Field, Form, Kind, Link, Part, Path, Pattern, Range, Record, Recurrence, Side, Sleep, SleepCause};
use model::{Fields, Value};
use plan::scope::storable;
use plan::veil::{Silence, silence};
use plan::{After, Plan, Reason};

const FIRST: &str = "occurrence(2026-12-08T10:00:00)";

fn path(text: &str) -> Path {
    Path::parse(text).expect("a path")
}

fn weekly() -> Value {
    let pattern = Pattern::Weekly { interval: 1, days: [2].into(), first_day: 1 };
    Value::Rule(Recurrence { pattern, range: Range::NoEnd })
}

/// A series with everything that tells something, and one occurrence that says its own.
fn series(occurrence: &[(&str, Value)]) -> Fields {
    let mut all = fields(&[
        ("subject", text("Doctor")),
        ("body", text("Bring the letter")),
        ("location", text("")),
        ("show_as", text("Free")),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
        ("rule", weekly()),
        ("status", text("Planned")),
        ("private", Value::Flag(false)),
    ]);
    all.extend(occurrence.iter().map(|(name, value)| (path(&format!("{FIRST}.{name}")), value.clone())));
    all
}

struct Private {
    world: World,
    link: Link,
    crm: Record,
    pim: Record,
}

/// The mailbox set the flag of a linked series where private ones are skipped.
fn private(occurrence: &[(&str, Value)]) -> Private {
    let mut world = World::new();
    world.of(Domain::Calendar).skip_private = true;
    let mut link = link(Domain::Calendar, &[], &[]);
    link.born = Side::Pim;
    let fields = series(occurrence);
    (link.crm.base, link.pim.base) = (fields.clone(), fields.clone());
    let (mut crm, mut pim) = (crm(Domain::Calendar, "c1", &[]), pim(Kind::Appointment, "i1", &[]));
    (crm.fields, pim.fields) = (fields.clone(), fields);
    pim.fields.insert(Path::of(Field::Private), Value::Flag(true));
    Private { world, link, crm, pim }
}

impl Private {
    fn plan(&self) -> Plan {
        self.world.plan(&self.link, &there(&self.crm), &there(&self.pim))
    }

    /// After the CRM took what the plan writes, the flag cleared again.
    fn cleared(mut self, occurrence: &[(&str, Value)]) -> Plan {
        let plan = self.plan();
        for op in &plan.ops {
            let plan::Op::Update { side: Side::Crm, changes, .. } = op else { panic!("the CRM alone: {op:?}") };
            for (path, value) in changes {
                match path.occurrence.is_some() && value.is_blank() {
                    true => self.crm.fields.remove(path),
                    false => self.crm.fields.insert(path.clone(), value.clone()),
                };
            }
        }
        let After::Linked(link) = plan.after else { panic!("linked") };
        self.link = *link;
        self.pim.fields = series(occurrence);
        self.plan()
    }
}

// O8: "Private", busy, its time and its owner; every other value leaves the CRM, and nothing is written twice.
#[test]
fn a_reduced_record_says_private_busy_and_when() {
    let plan = private(&[]).plan();
    assert_eq!(written(&plan, Side::Crm), ["body", "private", "subject", "show_as"], "{plan:?}");
    assert_eq!(value(&plan, Side::Crm, "subject"), Some(text("Private")));
    assert_eq!(value(&plan, Side::Crm, "show_as"), Some(text("Busy")));
    assert_eq!(value(&plan, Side::Crm, "private"), Some(Value::Flag(true)));
    assert_eq!(value(&plan, Side::Crm, "body"), Some(Value::Null));
    assert!(plan.reduces(), "a delete as the brakes count it (C8)");
    let mut already = private(&[]);
    already.crm.fields.insert(Path::of(Field::Subject), text("Private"));
    assert!(!written(&already.plan(), Side::Crm).contains(&"subject".to_owned()), "what stands is not written again");
}

// O8, R3: the time of a series is also when its occurrences are moved to, and which of them were called off.
#[test]
fn a_reduced_series_keeps_when_its_occurrences_are_and_nothing_else_of_them() {
    let moved = [
        ("subject", text("Surgery")),
        ("start", at("2026-12-09T15:00:00")),
        ("end", at("2026-12-09T16:00:00")),
        ("location", Value::Cleared),
    ];
    let plan = private(&moved).plan();
    assert_eq!(value(&plan, Side::Crm, &format!("{FIRST}.subject")), Some(Value::Null));
    assert_eq!(value(&plan, Side::Crm, &format!("{FIRST}.location")), Some(Value::Null));
    for kept in ["start", "end"] {
        assert_eq!(value(&plan, Side::Crm, &format!("{FIRST}.{kept}")), None, "{kept}");
    }
    let off = private(&[("state", text("cancelled"))]).plan();
    assert_eq!(value(&off, Side::Crm, &format!("{FIRST}.state")), None, "what was called off stays called off");
}

// O8: cleared, the record is filled again from the mailbox, occurrence by occurrence.
#[test]
fn a_flag_that_is_cleared_fills_the_record_from_the_mailbox() {
    let same = [("start", at("2026-12-09T15:00:00")), ("end", at("2026-12-09T16:00:00"))];
    let plan = private(&same).cleared(&same);
    assert_eq!(value(&plan, Side::Crm, "subject"), Some(text("Doctor")));
    assert_eq!(value(&plan, Side::Crm, "body"), Some(text("Bring the letter")));
    assert!(written(&plan, Side::Pim).is_empty(), "{plan:?}");
    assert_eq!(value(&plan, Side::Crm, &format!("{FIRST}.start")), None, "as it is");
    assert_eq!(sleeps(&plan), None);
    // Moved again meanwhile: the mailbox's time, and no conflict.
    let again = [("start", at("2026-12-10T08:00:00")), ("end", at("2026-12-10T09:00:00"))];
    let plan = private(&same).cleared(&again);
    assert_eq!(value(&plan, Side::Crm, &format!("{FIRST}.start")), Some(at("2026-12-10T08:00:00")));
    assert!(written(&plan, Side::Pim).is_empty() && plan.conflicts.is_empty(), "{plan:?}");
    // As its series again meanwhile.
    let plan = private(&same).cleared(&[]);
    assert_eq!(value(&plan, Side::Crm, &format!("{FIRST}.start")), Some(Value::Null));
    assert!(written(&plan, Side::Pim).is_empty(), "{plan:?}");
}

// O8, W2: while it is private it sleeps since the day it became so, and nothing is written again.
#[test]
fn a_reduced_record_sleeps_since_it_became_private() {
    let mut it = private(&[]);
    let After::Linked(asleep) = it.plan().after else { panic!("linked") };
    it.link = *asleep;
    let since = it.world.now;
    it.world.now = "2026-11-23T12:00:00Z".parse().expect("a time");
    let plan = it.plan();
    let After::Linked(link) = &plan.after else { panic!("linked") };
    let sleep = link.sleep.as_ref().expect("asleep");
    assert_eq!((plan.ops.len(), sleep.cause, sleep.since), (0, SleepCause::Private, since));
}

// O8: a record born in the CRM keeps its values; its flag is set, and the link sleeps until the flag is cleared.
#[test]
fn a_record_born_in_the_crm_keeps_its_values_and_gets_its_flag() {
    let mut it = private(&[]);
    it.link.born = Side::Crm;
    let plan = it.plan();
    assert_eq!(written(&plan, Side::Crm), ["private"]);
    assert_eq!(sleeps(&plan), Some(SleepCause::Private));
    assert!(!plan.reduces(), "nothing leaves the CRM");
    let After::Linked(asleep) = plan.after else { panic!("linked") };
    assert_eq!(asleep.crm.base.get(&Path::of(Field::Subject)), Some(&text("Doctor")), "its base stays");
    let since = it.world.now;
    it.world.now = "2026-11-22T12:00:00Z".parse().expect("a time");
    it.link = *asleep;
    it.crm.fields.insert(Path::of(Field::Private), Value::Flag(true));
    let later = it.plan();
    let After::Linked(link) = &later.after else { panic!("linked") };
    assert_eq!((later.ops.len(), link.sleep.as_ref().map(|sleep| sleep.since)), (0, Some(since)));
    // Nor is it forgotten while the level keeps everything asleep.
    let mut low = World { now: it.world.now, ..World::new() };
    low.of(Domain::Calendar).skip_private = true;
    low.levels.insert(Domain::Calendar, model::Level::NONE);
    assert_eq!(sleeps(&low.plan(&it.link, &there(&it.crm), &there(&it.pim))), Some(SleepCause::Private));
    // The CRM set the flag itself: it goes over as any other change does.
    let mut own = private(&[]);
    own.link.born = Side::Crm;
    own.crm.fields.insert(Path::of(Field::Private), Value::Flag(true));
    assert_eq!(sleeps(&own.plan()), None);
    // And clears it again: nobody made it private in the mailbox.
    let mut public = private(&[]);
    public.link.born = Side::Crm;
    for end in [&mut public.link.crm, &mut public.link.pim] {
        end.base.insert(Path::of(Field::Private), Value::Flag(true));
    }
    let plan = public.plan();
    assert_eq!((written(&plan, Side::Crm), sleeps(&plan)), (Vec::new(), None), "{plan:?}");
    assert_eq!(value(&plan, Side::Pim, "private"), Some(Value::Flag(false)));
    // Not skipped: the flag is a field like others.
    let mut open = private(&[]);
    open.link.born = Side::Crm;
    open.world.of(Domain::Calendar).skip_private = false;
    assert_eq!((written(&open.plan(), Side::Crm), sleeps(&open.plan())), (vec!["private".to_owned()], None));
}

// O8: an attendee's own flag stays in that mailbox, whoever's record it was.
#[test]
fn an_attendees_own_flag_veils_nothing() {
    for (form, born) in [(Form::Received, Side::Pim), (Form::ParticipantCopy, Side::Crm)] {
        let mut it = private(&[]);
        (it.link.form, it.link.born, it.pim.facts.received) = (form, born, form == Form::Received);
        it.crm.facts.part = Part::Participant;
        let plan = it.plan();
        assert!(written(&plan, Side::Crm).is_empty(), "{form:?}: {plan:?}");
        assert_eq!(sleeps(&plan), None, "{form:?}");
    }
}

fn asleep(link: &Link, cause: SleepCause) -> Link {
    let now = World::new().now;
    Link { sleep: Some(Sleep { cause, since: now }), ..link.clone() }
}

// O8, W3: what the history still tells is taken back once, for everybody, when the record is reduced.
#[test]
fn the_history_is_silenced_for_everybody_when_a_record_is_reduced_and_only_then() {
    let it = private(&[]);
    let told = |after: &Link, before: Option<&Link>| {
        let plan = Plan::of(Some(Domain::Calendar), After::Linked(Box::new(after.clone())), Reason::Private);
        silence(&plan, before, Some(&it.crm))
    };
    let awake = &it.link;
    let reduced = asleep(awake, SleepCause::Private);
    assert_eq!(told(&reduced, Some(awake)), Some(Silence::Everybody));
    assert_eq!(told(&reduced, None), None, "nothing was known before");
    assert_eq!(told(&reduced, Some(&reduced)), None, "once");
    assert_eq!(told(&asleep(awake, SleepCause::Window), Some(awake)), None, "another sleep");
    assert_eq!(told(awake, Some(awake)), None);
    let crms = |link: &Link| Link { born: Side::Crm, ..link.clone() };
    assert_eq!(told(&crms(&reduced), Some(&crms(awake))), None, "a record of the CRM keeps its values");
}

// O7, O8: what is private to somebody else is not remembered for who takes part in it.
#[test]
fn who_takes_part_in_what_became_private_to_another_forgets_what_it_said() {
    let it = private(&[]);
    let plan = Plan::of(Some(Domain::Calendar), After::Linked(Box::new(it.link.clone())), Reason::Agrees);
    let told = |link: &Link, part: Part, private: bool| {
        let mut crm = it.crm.clone();
        crm.facts.part = part;
        crm.fields.insert(Path::of(Field::Private), Value::Flag(private));
        silence(&plan, Some(link), Some(&crm))
    };
    assert_eq!(told(&it.link, Part::Participant, true), Some(Silence::Mine));
    assert_eq!(told(&it.link, Part::Participant, false), None, "not private");
    assert_eq!(told(&it.link, Part::Owner, true), None, "his own");
    let mut known = it.link.clone();
    known.crm.base.insert(Path::of(Field::Private), Value::Flag(true));
    assert_eq!(told(&known, Part::Participant, true), None, "it was before, and nothing was remembered");
    let mut scrubbed = known.clone();
    (scrubbed.crm.base, scrubbed.pim.base) = (Fields::new(), Fields::new());
    assert_eq!(told(&scrubbed, Part::Owner, false), Some(Silence::Mine), "the owner's cycle scrubbed it");
    let mut half = it.link.clone();
    half.pim.base = Fields::new();
    assert_eq!(told(&half, Part::Owner, false), None, "one empty image is no scrubbed link");
    let contact = |link: &Link| Link { kind: Kind::Contact, ..link.clone() };
    assert_eq!(told(&contact(&it.link), Part::Participant, true), None, "contacts are another matter (O5)");
    assert_eq!(told(&contact(&scrubbed), Part::Owner, false), None);
}

// O7, O8: of a private item that is skipped nothing is stored but that it is, and when.
#[test]
fn of_a_skipped_private_item_only_its_time_is_stored() {
    let mut it = private(&[("subject", text("Surgery")), ("start", at("2026-12-09T15:00:00"))]);
    it.pim.fields.insert(Path::of(Field::Attendees), people(&["bob"]));
    it.pim.facts.organizer = Some(person("anna"));
    let kept = |item: &Record, link: Option<&Link>, world: &World| {
        storable(item, link, &world.context()).map(|item| {
            (item.fields.keys().map(ToString::to_string).collect::<Vec<_>>(), item.facts.organizer.is_some())
        })
    };
    let when = ["end", "private", "rule", "start"].map(String::from);
    let mut asked = it.link.clone();
    asked.born = Side::Crm;
    for link in [None, Some(&it.link), Some(&asked)] {
        let (mut paths, organizer) = kept(&it.pim, link, &it.world).expect("reduced");
        let own = format!("{FIRST}.start");
        assert!(paths.contains(&own) && !paths.contains(&format!("{FIRST}.subject")), "{paths:?}");
        paths.retain(|path| *path != own);
        paths.sort();
        assert_eq!((paths, organizer), (when.to_vec(), false));
    }
    // Of an invitation that is not linked its people are kept, for whose copy decides is asked of them (P3).
    let mut received = it.pim.clone();
    received.facts.received = true;
    let (paths, organizer) = kept(&received, None, &it.world).expect("reduced");
    assert!(paths.contains(&"attendees".to_owned()) && !paths.contains(&"subject".to_owned()) && organizer);
    assert_eq!(
        kept(&received, Some(&it.link), &it.world),
        None,
        "an attendee's own flag hides nothing of what is linked"
    );
    // What is private in the CRM where it was born is no secret of the mailbox, until it becomes one there.
    for (form, private, slept, whole) in
        [(Form::Own, true, false, true), (Form::Own, true, true, false), (Form::ParticipantCopy, false, false, true)]
    {
        let mut link = asked.clone();
        link.form = form;
        link.pim.base.insert(Path::of(Field::Private), Value::Flag(private));
        let link = if slept { asleep(&link, SleepCause::Private) } else { link };
        assert_eq!(kept(&it.pim, Some(&link), &it.world).is_none(), whole, "{form:?} {private} {slept}");
    }
    let mut open = it.pim.clone();
    open.fields.insert(Path::of(Field::Private), Value::Flag(false));
    assert_eq!(kept(&open, None, &it.world), None, "not private");
    assert_eq!(kept(&it.pim, None, &World::new()), None, "private ones are not skipped");
    let mut contact = it.pim.clone();
    contact.kind = Kind::Contact;
    assert_eq!(kept(&contact, None, &it.world), None, "a contact's flag is its domain's sign (O5)");
}

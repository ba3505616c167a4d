//! What may flow between an activity and its copies, by what the copy is (rules C6, C9, C11, D1, P3, P5 to P7, R2).

use crate::build::*;
use model::{Direction, Domain, Field, Form, Kind, Level, Link, Part, Path, Record, Side, Value};
use plan::{Lead, Op, Plan};

fn base() -> Vec<(&'static str, Value)> {
    vec![
        ("subject", text("Plan")),
        ("body", text("Old")),
        ("location", text("Room 1")),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
        ("reminder", Value::Number(15)),
        ("cancelled", Value::Flag(false)),
        ("attendees", people(&["bob"])),
    ]
}

/// An appointment of which both sides say the same, and what each test changes of it.
struct Pair {
    world: World,
    link: Link,
    crm: Record,
    pim: Record,
}

fn pair() -> Pair {
    Pair {
        world: World::new(),
        link: link(Domain::Calendar, &base(), &base()),
        crm: crm(Domain::Calendar, "c1", &base()),
        pim: pim(Kind::Appointment, "i1", &base()),
    }
}

impl Pair {
    fn says(mut self, side: Side, path: &str, value: Value) -> Pair {
        let record = match side {
            Side::Crm => &mut self.crm,
            Side::Pim => &mut self.pim,
        };
        record.fields.insert(Path::parse(path).expect("a path"), value);
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Pair)) -> Pair {
        change(&mut self);
        self
    }

    fn plan(&self) -> Plan {
        self.world.plan(&self.link, &there(&self.crm), &there(&self.pim))
    }

    /// What is written in the CRM and in the mailbox.
    fn written(&self) -> (Vec<String>, Vec<String>) {
        let plan = self.plan();
        (written(&plan, Side::Crm), written(&plan, Side::Pim))
    }
}

fn nothing() -> Vec<String> {
    Vec::new()
}

fn only(path: &str) -> Vec<String> {
    vec![path.to_owned()]
}

// D1: the level and the field map must both permit the direction.
#[test]
fn a_field_goes_where_the_level_and_the_map_both_permit() {
    for (level, direction, out, inward) in [
        (Level::FULL, Direction::Both, true, true),
        (Level::EXPORT, Direction::Both, true, false),
        (Level::IMPORT, Direction::Both, false, true),
        (Level::FULL, Direction::Export, true, false),
        (Level::FULL, Direction::Import, false, true),
        (Level::FULL, Direction::Off, false, false),
        (Level::EXPORT, Direction::Import, false, false),
        (Level::IMPORT, Direction::Export, false, false),
    ] {
        for (side, goes) in [(Side::Crm, out), (Side::Pim, inward)] {
            let mut it = pair().says(side, "location", text("Room 2"));
            it.world = it.world.level(Domain::Calendar, level);
            let map = it.world.maps.get_mut(&Domain::Calendar).expect("a map");
            let entry = map.entries.iter_mut().find(|entry| entry.field == Field::Location).expect("mapped");
            entry.direction = direction;
            let expected = if goes { only("location") } else { nothing() };
            assert_eq!(written(&it.plan(), side.other()), expected, "{level} {direction:?}, changed in {side:?}");
            assert_eq!(written(&it.plan(), side), nothing());
        }
    }
}

// C9, P6: people go into an item only where Exchange tells them; into a meeting that was never sent, or is none any
// more, nobody is written, and what its organiser did to its people comes in.
#[test]
fn people_are_written_only_into_a_plain_copy_or_a_meeting_whose_guests_are_told() {
    let more = || people(&["bob", "eve"]);
    for (meeting, sent, mail, out, inward) in [
        (false, false, false, true, false),
        (false, false, true, true, false),
        (true, false, false, false, true),
        (true, false, true, false, true),
        (false, true, false, false, true),
        (true, true, true, true, true),
        (true, true, false, false, true),
    ] {
        for (side, goes) in [(Side::Crm, out), (Side::Pim, inward)] {
            let it = pair().says(side, "attendees", more()).with(|it| {
                (it.pim.facts.meeting, it.pim.facts.requests_sent) = (meeting, sent);
                it.world.of(Domain::Calendar).mail = mail;
            });
            let goes = if goes { only("attendees") } else { nothing() };
            let told = format!("meeting {meeting}, sent {sent}, mail {mail}, changed in {side:?}");
            assert_eq!(written(&it.plan(), side.other()), goes, "{told}");
        }
    }
}

// C6: Exchange lets nobody set that a meeting was called off; that the mailbox shows it comes in.
#[test]
fn called_off_comes_in_and_is_never_written_into_an_item() {
    let off = || Value::Flag(true);
    assert_eq!(pair().says(Side::Crm, "cancelled", off()).written(), (nothing(), nothing()));
    assert_eq!(pair().says(Side::Pim, "cancelled", off()).written(), (only("cancelled"), nothing()));
}

// C11: the body of an online meeting is never written, any other is.
#[test]
fn the_body_of_an_online_meeting_is_never_written() {
    let edited = |online: bool| {
        let it = pair().says(Side::Crm, "body", text("New"));
        it.with(|it| it.pim.facts.online_meeting = online).written()
    };
    assert_eq!(edited(false), (nothing(), only("body")));
    assert_eq!(edited(true), (nothing(), nothing()));
    let other = pair().says(Side::Crm, "location", text("Room 2")).with(|it| it.pim.facts.online_meeting = true);
    assert_eq!(other.written(), (nothing(), only("location")), "the rest of it goes on");
}

// P3, P7: an invitation's copy brings in what all share where it decides, never what is its owner's own, and takes nothing.
#[test]
fn an_invitation_brings_in_shared_fields_where_its_copy_decides() {
    for (lead, decides) in [(Lead::Carrier, true), (Lead::Outsider, true), (Lead::Another, false), (Lead::Mine, false)]
    {
        let received = || {
            pair().with(|it| {
                (it.link.form, it.pim.facts.received, it.crm.facts.part) = (Form::Received, true, Part::Participant);
                it.world.lead = lead;
            })
        };
        let shared = received().says(Side::Pim, "location", text("Room 2")).written();
        assert_eq!(shared, (if decides { only("location") } else { nothing() }, nothing()), "{lead:?}");
        let own = received().says(Side::Pim, "reminder", Value::Number(5)).written();
        assert_eq!(own, (nothing(), nothing()), "{lead:?}");
        let out = received().says(Side::Crm, "location", text("Room 2")).written();
        assert_eq!(out, (nothing(), nothing()), "{lead:?}");
    }
}

// P7: a participant's copy follows what is shared, and has its own reminder and what it shows the time as.
#[test]
fn a_participants_copy_takes_shared_fields_alone() {
    for form in [Form::ParticipantCopy, Form::MeetingCopy] {
        let copy = || {
            pair().with(|it| {
                (it.link.form, it.crm.facts.part) = (form, Part::Participant);
                it.pim.facts.meeting_copy = form == Form::MeetingCopy;
                it.crm.facts.organizer = None;
            })
        };
        assert_eq!(copy().says(Side::Crm, "location", text("Room 2")).written(), (nothing(), only("location")));
        assert_eq!(copy().says(Side::Crm, "reminder", Value::Number(5)).written(), (nothing(), nothing()));
        assert_eq!(copy().says(Side::Pim, "location", text("Room 2")).written(), (nothing(), nothing()));
    }
}

// P6: Exchange's meeting: the CRM's wish for a shared field goes to no guest, and its owner's own fields go on.
#[test]
fn of_exchanges_meeting_only_the_owners_own_fields_go_out() {
    for level in [Level::FULL, Level::EXPORT] {
        let sent = || {
            pair().with(|it| {
                (it.pim.facts.meeting, it.pim.facts.requests_sent, it.crm.facts.locked) = (true, true, true);
                it.world.levels.insert(Domain::Calendar, level);
            })
        };
        let (inward, out) = sent().says(Side::Crm, "location", text("Room 2")).written();
        assert_eq!(out, nothing(), "{level}");
        assert_eq!(inward, if level.imports() { only("location") } else { nothing() }, "set back: {level}");
        let (_, out) = sent().says(Side::Crm, "reminder", Value::Number(5)).written();
        assert_eq!(out, only("reminder"), "{level}");
    }
}

// R2: a rule that one side cannot hold is never altered, nor the times it hangs on; the rest of the record goes on.
#[test]
fn a_rule_that_one_side_cannot_hold_keeps_its_times() {
    let foreign = Value::Rule(model::Recurrence {
        pattern: model::Pattern::Foreign { text: "every full moon".to_owned() },
        range: model::Range::NoEnd,
    });
    for holder in [Side::Crm, Side::Pim] {
        let series = || {
            pair().with(|it| {
                let (record, end) = match holder {
                    Side::Crm => (&mut it.crm, &mut it.link.crm),
                    Side::Pim => (&mut it.pim, &mut it.link.pim),
                };
                for fields in [&mut record.fields, &mut end.base] {
                    fields.insert(Path::of(Field::Rule), foreign.clone());
                }
            })
        };
        for changed in [Side::Crm, Side::Pim] {
            let moved = series().says(changed, "start", at("2026-12-01T09:00:00")).written();
            assert_eq!(moved, (nothing(), nothing()), "a rule of {holder:?}, changed in {changed:?}");
            let one = "occurrence(2026-12-08T10:00:00).location";
            let single = series().says(changed, one, text("Attic")).written();
            assert_eq!(single, (nothing(), nothing()), "a rule of {holder:?}, an occurrence of {changed:?}");
            let it = series().says(changed, "location", text("Room 2"));
            assert_eq!(written(&it.plan(), changed.other()), only("location"));
        }
    }
}

// P5: the owner's name stands before a meeting's title in a plain copy; a to-do's title is as it is.
#[test]
fn a_participants_title_names_the_owner_of_a_meeting_alone() {
    let world = World::new();
    let title = |domain: Domain| {
        let mut record = crm(domain, "c1", &[("subject", text("Plan")), ("start", at("2026-12-01T10:00:00"))]);
        record.facts.part = Part::Participant;
        let plan = plan::fresh::export(domain, &record, &world.context());
        value(&plan, Side::Pim, "subject")
    };
    assert_eq!(title(Domain::Calendar), Some(text("anna: Plan")));
    assert_eq!(title(Domain::Task), Some(text("Plan")));
}

// C6, C11, P2: a new copy says what the map carries, and neither an organiser nor that it was called off.
#[test]
fn a_new_copy_says_what_may_be_set_there() {
    let mut world = World::new();
    let map = world.maps.get_mut(&Domain::Calendar).expect("a map");
    for entry in &mut map.entries {
        match entry.field {
            Field::Location => entry.direction = Direction::Off,
            Field::Body => entry.direction = Direction::Import,
            // As an administrator may have it: it is not set all the same.
            Field::Organizer | Field::Cancelled => entry.direction = Direction::Both,
            _ => {}
        }
    }
    let mut pairs = base();
    pairs.extend([("organizer", people(&["anna"])), ("show_as", Value::Null)]);
    let plan = plan::fresh::export(Domain::Calendar, &crm(Domain::Calendar, "c1", &pairs), &world.context());
    let Some(Op::Create { fields, .. }) = plan.ops.first() else { panic!("{:?}", plan.ops) };
    let said: Vec<String> = fields.keys().map(ToString::to_string).collect();
    let mut said: Vec<&str> = said.iter().map(String::as_str).collect();
    said.sort_unstable();
    assert_eq!(said, ["attendees", "end", "reminder", "start", "subject"]);
}

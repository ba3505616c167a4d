//! When the mail server writes to a meeting's guests: each condition by itself (rules C9, P6).

use crate::build::*;
use model::{Attendee, Domain, Form, Kind, Pattern, Range, Record, Recurrence, Response, Side, Value};
use model::{Fields, Path};
use plan::Op;
use plan::mailing::{is_locked, is_quiet, is_sent, recipients};

fn sent() -> Record {
    let mut item = pim(
        Kind::Appointment,
        "i1",
        &[
            ("start", at("2026-11-24T10:00:00")),
            ("end", at("2026-11-24T11:00:00")),
            ("attendees", people(&["bob", "eve"])),
        ],
    );
    (item.facts.meeting, item.facts.requests_sent) = (true, true);
    item
}

fn mail(on: bool) -> World {
    let mut world = World::new();
    world.of(Domain::Calendar).mail = on;
    world.of(Domain::Task).mail = on;
    world
}

fn change(side: Side, path: &str, value: Value) -> Op {
    Op::Update { side, changes: fields(&[(path, value)]), keep: Fields::new() }
}

fn told(op: &Op, item: &Record, world: &World) -> usize {
    recipients(op, Form::Own, Domain::Calendar, item, &world.context()).len()
}

// P6: sent is a meeting of the mailbox's owner whose requests went out; each lacks one of it.
#[test]
fn a_meeting_is_sent_when_its_owner_asked_its_guests() {
    assert!(is_sent(Form::Own, &sent()));
    for form in [Form::ParticipantCopy, Form::MeetingCopy, Form::Received] {
        assert!(!is_sent(form, &sent()), "{form:?}");
    }
    let lacks = |change: fn(&mut model::Facts)| {
        let mut item = sent();
        change(&mut item.facts);
        is_sent(Form::Own, &item)
    };
    assert!(!lacks(|facts| facts.meeting = false), "made an appointment again");
    assert!(!lacks(|facts| facts.requests_sent = false), "nobody was asked");
    assert!(!lacks(|facts| facts.received = true), "somebody else asked");
}

// P6, C9: locked while mail is off; with mail on it is quiet in a cycle that writes to nobody. Each differs in one thing.
#[test]
fn what_was_sent_is_locked_without_mail_and_quiet_where_a_cycle_writes_to_nobody() {
    let locked = |form, domain, item: &Record, world: &World| is_locked(form, domain, item, &world.context());
    assert!(locked(Form::Own, Domain::Calendar, &sent(), &mail(false)));
    assert!(!locked(Form::Own, Domain::Calendar, &sent(), &mail(true)));
    assert!(!locked(Form::Received, Domain::Calendar, &sent(), &mail(false)));
    assert!(!locked(Form::Own, Domain::Task, &sent(), &mail(false)));
    let first = || World { mails: false, ..mail(true) };
    let quiet = |form, domain, item: &Record, world: &World| is_quiet(form, domain, item, &world.context());
    assert!(quiet(Form::Own, Domain::Calendar, &sent(), &first()));
    assert!(!quiet(Form::Own, Domain::Calendar, &sent(), &mail(true)), "an ordinary cycle");
    assert!(!quiet(Form::Own, Domain::Calendar, &sent(), &World { mails: false, ..mail(false) }), "locked anyway");
    assert!(!quiet(Form::Received, Domain::Calendar, &sent(), &first()));
    assert!(!quiet(Form::Own, Domain::Task, &sent(), &first()));
}

// C9: mail, an ordinary cycle, the owner's meeting of the calendar, and something its guests share.
#[test]
fn guests_hear_of_what_they_share_and_of_nothing_else() {
    let place = || change(Side::Pim, "location", text("Hall"));
    assert_eq!(told(&place(), &sent(), &mail(true)), 2);
    assert_eq!(told(&Op::Delete { side: Side::Pim, after_new: None }, &sent(), &mail(true)), 2);
    for silent in [
        change(Side::Pim, "reminder", Value::Number(5)),
        change(Side::Crm, "location", text("Hall")),
        Op::Delete { side: Side::Crm, after_new: None },
        Op::Leave,
        Op::Rejoin,
        Op::Flag { global_id: None, locked: false },
        Op::Restore { mark_key: "c1~k".to_owned() },
    ] {
        assert_eq!(told(&silent, &sent(), &mail(true)), 0, "{silent:?}");
    }
    assert_eq!(told(&place(), &sent(), &mail(false)), 0, "mail is off");
    assert_eq!(told(&place(), &sent(), &World { mails: false, ..mail(true) }), 0, "a first cycle");
    let world = mail(true);
    assert!(recipients(&place(), Form::Own, Domain::Task, &sent(), &world.context()).is_empty(), "no calendar");
    assert!(recipients(&place(), Form::Received, Domain::Calendar, &sent(), &world.context()).is_empty());
}

// C9: future meetings only. It is 13:00 in Berlin on Saturday, 21 November.
#[test]
fn a_meeting_lies_in_the_future_until_its_end_and_a_series_until_its_last_day() {
    let lasting = |start: &str, end: &str, rule: Option<Range>| {
        let mut item = sent();
        let mut set = |path: &str, value: Value| item.fields.insert(Path::parse(path).expect("a path"), value);
        set("start", at(start));
        set("end", at(end));
        if let Some(range) = rule {
            set("rule", Value::Rule(Recurrence { pattern: Pattern::Daily { interval: 1 }, range }));
        }
        told(&change(Side::Pim, "location", text("Hall")), &item, &mail(true)) > 0
    };
    assert!(lasting("2026-11-21T12:00:00", "2026-11-21T13:30:00", None), "under way");
    assert!(!lasting("2026-11-21T12:00:00", "2026-11-21T13:00:00", None), "just over");
    assert!(!lasting("2026-11-20T12:00:00", "2026-11-20T13:00:00", None), "over");
    let until = |day: &str| Some(Range::Until(day.parse().expect("a date")));
    let series = |range| lasting("2026-11-01T09:00:00", "2026-11-01T10:00:00", range);
    assert!(series(Some(Range::NoEnd)));
    assert!(series(until("2026-11-22")));
    assert!(series(until("2026-11-21")), "its last day counts as a whole");
    assert!(!series(until("2026-11-20")));
    assert!(lasting("2026-12-01T09:00:00", "2026-12-01T10:00:00", until("2026-12-03")), "not begun");
    let mut timeless = sent();
    timeless.fields.remove(&Path::parse("end").expect("a path"));
    assert_eq!(told(&change(Side::Pim, "location", text("Hall")), &timeless, &mail(true)), 0, "nothing says when");
}

// C9: moved into the past or out of it, its guests wait at the wrong time.
#[test]
fn guests_hear_of_a_move_into_the_past_and_out_of_it() {
    let mut over = sent();
    over.fields.extend(fields(&[("start", at("2026-11-20T10:00:00")), ("end", at("2026-11-20T11:00:00"))]));
    let moved = |from: &Record, start: &str, end: &str| {
        let changes = fields(&[("start", at(start)), ("end", at(end))]);
        told(&Op::Update { side: Side::Pim, changes, keep: Fields::new() }, from, &mail(true))
    };
    assert_eq!(moved(&sent(), "2026-11-20T10:00:00", "2026-11-20T11:00:00"), 2);
    assert_eq!(moved(&over, "2026-11-24T10:00:00", "2026-11-24T11:00:00"), 2);
    assert_eq!(moved(&over, "2026-11-19T10:00:00", "2026-11-19T11:00:00"), 0, "past before and after");
}

// P2: whom the directory tells no address of any more is shown by his name alone. He is the guest he was, and what he answers
// since counts; a namesake, or who is shown beside him, is another.
#[test]
fn a_guest_whose_address_is_not_told_any_more_is_the_same_person() {
    let nameless = |name: &str, response: Response| Attendee { address: None, response, ..person(name) };
    let of = |people: &[Attendee]| Value::People(people.iter().map(|one| (one.key(), one.clone())).collect());
    let says = |people: &Value| {
        let (start, end) = (at("2026-12-01T10:00:00"), at("2026-12-01T11:00:00"));
        vec![("start", start), ("end", end), ("attendees", people.clone())]
    };
    let agreed = of(&[person("bob"), person("cleo")]);
    let written = |known: &Value, shown: &Value| {
        let link = link(Domain::Calendar, &says(known), &says(known));
        let record = crm(Domain::Calendar, "c1", &says(known));
        let mut item = pim(Kind::Appointment, "i1", &says(shown));
        (item.facts.meeting, item.facts.requests_sent) = (true, true);
        let plan = World::new().plan(&link, &there(&record), &there(&item));
        value(&plan, Side::Crm, "attendees")
    };
    assert_eq!(written(&agreed, &of(&[nameless("Bob", Response::Unknown), person("cleo")])), None);
    let answered = written(&agreed, &of(&[nameless("Bob", Response::Accepted), person("cleo")]));
    let bob = Attendee { response: Response::Accepted, ..person("bob") };
    assert_eq!(answered, Some(of(&[bob, person("cleo")])));
    let stranger = of(&[nameless("Dan", Response::Unknown), person("bob"), person("cleo")]);
    assert_eq!(written(&agreed, &stranger), Some(stranger), "somebody else");
    let beside = of(&[nameless("bob", Response::Unknown), person("bob"), person("cleo")]);
    assert_eq!(written(&agreed, &beside), Some(beside), "shown beside him");
    let namesake = Attendee { address: Some("bob@out.test".to_owned()), ..person("bob") };
    let two = of(&[person("bob"), namesake]);
    let one = of(&[nameless("bob", Response::Unknown)]);
    assert_eq!(written(&two, &one), Some(one), "either of the two could be meant");
}

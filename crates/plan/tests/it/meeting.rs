//! A participant's copy that is the meeting itself (rules P1, P5, P7, P8, C7).

use crate::build::{World, at, crm, link, person, pim, text, there};
use model::{Domain, Field, Form, Kind, Level, Part, Path, Record, Side, Value};
use plan::{After, Op, Plan, Reason, fresh};

const ID: &str = "040000008200E00074C5B7101A82E00800000000AA";

fn base() -> [(&'static str, Value); 5] {
    [
        ("location", Value::Null),
        ("reminder", Value::Null),
        ("subject", text("Kick-off")),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
    ]
}

/// The CRM's record of Bob's meeting, as a participant's pairing sees it.
fn record() -> Record {
    let mut record = crm(Domain::Calendar, "c1", &base());
    record.facts.part = Part::Participant;
    record.facts.meeting = true;
    record.facts.organizer = Some(person("bob"));
    record
}

/// A copy as a server shows it that keeps whose meeting it is.
fn copy() -> Record {
    let mut item = pim(Kind::Appointment, "i1", &base());
    item.facts.part = Part::Participant;
    item.facts.meeting_copy = true;
    item.facts.meeting = true;
    item.facts.global_id = Some(ID.to_owned());
    item.facts.organizer = Some(person("bob"));
    item
}

fn knowing(id: Option<&str>) -> World {
    World { meeting_id: id.map(str::to_owned), ..World::new() }
}

fn made(plan: &Plan) -> (String, Form, Option<String>) {
    match plan.ops.as_slice() {
        [Op::Create { side: Side::Pim, fields, form, global_id, .. }] => {
            let subject = fields.get(&Path::of(Field::Subject)).and_then(Value::as_text).unwrap_or_default();
            (subject.to_owned(), *form, global_id.clone())
        }
        other => panic!("{other:?}"),
    }
}

// P5
#[test]
fn a_participants_copy_is_the_meeting_where_its_id_and_organiser_are_known() {
    let world = knowing(Some(ID));
    let plan = fresh::export(Domain::Calendar, &record(), &world.context());
    assert_eq!(made(&plan), ("Kick-off".to_owned(), Form::MeetingCopy, Some(ID.to_owned())));
    let plain = ("bob: Kick-off".to_owned(), Form::ParticipantCopy, None);
    assert_eq!(made(&fresh::export(Domain::Calendar, &record(), &knowing(None).context())), plain);
    let mut nobodys = record();
    nobodys.facts.organizer = nobodys.facts.organizer.map(|bob| model::Attendee { address: None, ..bob });
    assert_eq!(made(&fresh::export(Domain::Calendar, &nobodys, &world.context())), plain);
    let mut own = record();
    own.facts.part = Part::Owner;
    let plan = fresh::export(Domain::Calendar, &own, &world.context());
    assert_eq!(made(&plan), ("Kick-off".to_owned(), Form::Own, None), "his own gets its id from his server");
}

// P5, P7: what the item shows decides its form, whatever was sent; its title follows.
#[test]
fn a_copy_is_what_its_server_kept_of_it() {
    let world = World::new();
    let mut link = link(Domain::Calendar, &base(), &base());
    link.form = Form::MeetingCopy;
    let plan = world.plan(&link, &there(&record()), &there(&copy()));
    assert!(plan.ops.is_empty(), "{:?}", plan.ops);
    let mut less = copy();
    less.facts.meeting_copy = false;
    let plan = world.plan(&link, &there(&record()), &there(&less));
    let After::Linked(after) = &plan.after else { panic!("{:?}", plan.after) };
    assert_eq!(after.form, Form::ParticipantCopy);
    match plan.ops.as_slice() {
        [Op::Update { side: Side::Pim, changes, .. }] => {
            assert_eq!(changes.get(&Path::of(Field::Subject)), Some(&text("bob: Kick-off")));
        }
        other => panic!("{other:?}"),
    }
}

// P5, P7: shared fields go out, nothing comes in.
#[test]
fn a_meeting_copy_takes_shared_fields_and_gives_nothing() {
    let mut link = link(Domain::Calendar, &base(), &base());
    link.form = Form::MeetingCopy;
    let mut record = record();
    record.fields.insert(Path::of(Field::Location), text("Hall"));
    record.fields.insert(Path::of(Field::Reminder), Value::Number(5));
    let mut item = copy();
    item.fields.insert(Path::of(Field::Subject), text("renamed by me"));
    let plan = World::new().plan(&link, &there(&record), &there(&item));
    match plan.ops.as_slice() {
        [Op::Update { side: Side::Pim, changes, .. }] => {
            assert_eq!(changes.keys().map(ToString::to_string).collect::<Vec<_>>(), ["location"]);
        }
        other => panic!("{other:?}"),
    }
}

// P5, P6: the real invitation came over it.
#[test]
fn an_invitation_takes_a_meeting_copy_over_where_it_stands() {
    let mut link = link(Domain::Calendar, &base(), &base());
    link.form = Form::MeetingCopy;
    let mut item = copy();
    (item.facts.meeting_copy, item.facts.received, item.facts.requests_sent) = (false, true, true);
    let mut record = record();
    record.facts.locked = true;
    let plan = World::new().plan(&link, &there(&record), &there(&item));
    let After::Linked(after) = &plan.after else { panic!("{:?}", plan.after) };
    assert_eq!((after.form, plan.ops.len()), (Form::Received, 0));
}

// P8, C7, D1: made anew where that may be.
#[test]
fn a_copy_that_names_another_organiser_is_made_anew() {
    let mut link = link(Domain::Calendar, &base(), &base());
    link.form = Form::MeetingCopy;
    let mut record = record();
    record.facts.organizer = Some(person("dora"));
    let mut world = World::new();
    let goes = |world: &World, record: &Record| {
        let plan = world.plan(&link, &there(record), &there(&copy()));
        matches!(plan.ops[..], [Op::Delete { side: Side::Pim, after_new: None }])
            && plan.reasons == [Reason::AnotherOrganizer]
    };
    assert!(goes(&world, &record));
    record.facts.part = Part::Owner;
    assert!(goes(&world, &record), "and the new owner's own copy is none of these");
    record.facts.organizer = Some(person("bob"));
    assert!(!goes(&world, &record));
    record.facts.organizer = Some(person("dora"));
    world.of(Domain::Calendar).no_deletes.insert(Side::Pim);
    assert!(!goes(&world, &record), "deletions are forbidden");
    let one_way = World::new().level(Domain::Calendar, Level::IMPORT);
    assert!(!goes(&one_way, &record), "nothing goes out");
}

// P1, P3: it brings nothing in, matched or not.
#[test]
fn a_copy_whose_meeting_is_not_there_brings_nothing_in() {
    let world = World::new();
    let plan = fresh::import(Domain::Calendar, &copy(), None, &world.context());
    assert_eq!((plan.ops.len(), &plan.after), (0, &After::Stranger(Reason::ParticipantsCopy)));
    let plan = fresh::adopt(Domain::Calendar, &record(), &copy(), &world.context());
    assert!(matches!(plan.after, After::New { form: Form::MeetingCopy, .. }), "found by its mark: {:?}", plan.after);
}

// P1, P5, P8: the owner's own item says which meeting it is; a participant's says nothing.
#[test]
fn the_owners_own_copy_gives_the_meeting_its_id() {
    let world = World::new();
    let link = link(Domain::Calendar, &base(), &base());
    let mut record = record();
    record.facts.part = Part::Owner;
    let mut item = pim(Kind::Appointment, "i1", &base());
    item.facts.global_id = Some("NEW".to_owned());
    let flags = |record: &Record, item: &Record| {
        let plan = world.plan(&link, &there(record), &there(item));
        plan.ops.iter().any(|op| matches!(op, Op::Flag { global_id: Some(id), .. } if id == "NEW"))
    };
    for known in [None, Some("OLD")] {
        record.facts.global_id = known.map(str::to_owned);
        assert!(flags(&record, &item), "{known:?}");
    }
    record.facts.global_id = Some("NEW".to_owned());
    assert!(!flags(&record, &item));
    (record.facts.global_id, record.facts.part) = (Some("OLD".to_owned()), Part::Participant);
    assert!(!flags(&record, &item), "who is not its owner");
}

// P5: whoever makes it comes to the same one, and it is one that Exchange takes.
#[test]
fn an_id_of_ours_is_packed_as_every_foreign_uid() {
    let id = plan::keys::meeting_id(&model::CrmId::new("crm"), &model::RecordId::new("1-7"));
    assert!(id.starts_with("040000008200E00074C5B7101A82E008") && id.is_ascii() && id.len().is_multiple_of(2));
    assert!(id.contains("7643616C2D55696401000000"), "vCal-Uid");
    let other = plan::keys::meeting_id(&model::CrmId::new("crm"), &model::RecordId::new("1-8"));
    assert_ne!(id, other);
}

//! Changes and conflicts of linked records (rules C1 to C3, C9 to C11, D1, P5 to P7, R3).

use crate::build::*;
use model::settings::ConflictPolicy;
use model::{Domain, Form, Gone, Kind, Level, Part, Path, Pattern, Range, Recurrence, Response, Seen, Side, Value};
use plan::operation::Reason;
use plan::{After, Op};

const APPOINTMENT: [(&str, &str); 2] = [("subject", "Kick-off"), ("location", "Room 1")];

fn base() -> Vec<(&'static str, Value)> {
    let mut pairs: Vec<(&str, Value)> = APPOINTMENT.iter().map(|(path, value)| (*path, text(value))).collect();
    pairs.push(("start", at("2026-12-01T10:00:00")));
    pairs.push(("end", at("2026-12-01T11:00:00")));
    pairs
}

fn with(changes: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut pairs = base();
    for (path, value) in changes {
        pairs.retain(|(known, _)| known != path);
        pairs.push((path, value.clone()));
    }
    pairs
}

fn plan_of(world: &World, crm_changes: &[(&'static str, Value)], pim_changes: &[(&'static str, Value)]) -> plan::Plan {
    let link = link(Domain::Calendar, &base(), &base());
    let crm = crm(Domain::Calendar, "c1", &with(crm_changes));
    let pim = pim(Kind::Appointment, "i1", &with(pim_changes));
    world.plan(&link, &there(&crm), &there(&pim))
}

#[test]
fn nothing_changed_writes_nothing() {
    let plan = plan_of(&World::new(), &[], &[]);
    assert!(plan.ops.is_empty() && plan.conflicts.is_empty());
}

// C1, trap 55: the base tells the direction, and only what changed is sent.
#[test]
fn a_change_goes_to_the_other_side_alone() {
    let plan = plan_of(&World::new(), &[], &[("subject", text("Kick-off II"))]);
    assert_eq!(written(&plan, Side::Crm), ["subject"]);
    assert!(written(&plan, Side::Pim).is_empty());
    let plan = plan_of(&World::new(), &[("location", text("Room 2"))], &[]);
    assert_eq!(written(&plan, Side::Pim), ["location"]);
}

// C2
#[test]
fn different_fields_changed_on_both_sides_both_survive() {
    let plan = plan_of(&World::new(), &[("location", text("Room 2"))], &[("subject", text("II"))]);
    assert_eq!(written(&plan, Side::Crm), ["subject"]);
    assert_eq!(written(&plan, Side::Pim), ["location"]);
    assert!(plan.conflicts.is_empty());
}

// C2, trap 79: start and end are one unit and travel together.
#[test]
fn start_and_end_merge_as_one() {
    let plan = plan_of(&World::new(), &[("start", at("2026-12-01T09:00:00"))], &[]);
    assert_eq!(written(&plan, Side::Pim), ["start", "end"]);
    let plan = plan_of(&World::new(), &[("start", at("2026-12-01T09:00:00"))], &[("end", at("2026-12-01T12:00:00"))]);
    assert_eq!(plan.conflicts.len(), 1);
    assert_eq!(written(&plan, Side::Pim), ["start", "end"], "the CRM's whole unit wins");
    assert!(written(&plan, Side::Crm).is_empty());
}

// C3
#[test]
fn the_same_field_changed_to_different_values_is_a_conflict_with_a_winner() {
    let crm = [("subject", text("A"))];
    let pim = [("subject", text("B"))];
    let plan = plan_of(&World::new(), &crm, &pim);
    assert_eq!(value(&plan, Side::Pim, "subject"), Some(text("A")));
    assert_eq!(plan.conflicts[0].winner, Some(Side::Crm));
    let told = &plan.conflicts[0].values[&Path::parse("subject").expect("a path")];
    assert_eq!(told.1, Some(text("B")), "the overruled value is told");

    let world = World::new().policy(Domain::Calendar, ConflictPolicy::Mailbox);
    assert_eq!(value(&plan_of(&world, &crm, &pim), Side::Crm, "subject"), Some(text("B")));

    let world = World::new().policy(Domain::Calendar, ConflictPolicy::Hold);
    let held = plan_of(&world, &crm, &[("subject", text("B")), ("location", text("Hall"))]);
    assert_eq!(held.conflicts[0].winner, None);
    assert_eq!(written(&held, Side::Crm), ["location"], "the rest of the record goes on");
    assert!(written(&held, Side::Pim).is_empty());
}

#[test]
fn both_sides_changed_to_the_same_is_no_conflict() {
    let change = [("subject", text("Same"))];
    let plan = plan_of(&World::new(), &change, &change);
    assert!(plan.ops.is_empty() && plan.conflicts.is_empty());
}

// C2: sets merge element by element; our own words are nobody's change (O4, trap 139).
#[test]
fn categories_merge_as_a_set() {
    let link = link(
        Domain::Calendar,
        &with(&[("categories", words(&["x", "y"]))]),
        &with(&[("categories", words(&["x", "y"]))]),
    );
    let crm = crm(Domain::Calendar, "c1", &with(&[("categories", words(&["x", "y", "crm"]))]));
    let pim =
        pim(Kind::Appointment, "i1", &with(&[("categories", words(&["y", "pim", "Meeting", "Siebel Calendar"]))]));
    let plan = World::new().plan(&link, &there(&crm), &there(&pim));
    assert_eq!(value(&plan, Side::Crm, "categories"), Some(words(&["crm", "pim", "y"])));
    assert_eq!(value(&plan, Side::Pim, "categories"), Some(words(&["Meeting", "Siebel Calendar", "crm", "pim", "y"])));
}

// D1: an edit on the receiving side stays where it is, and the field's base does not move.
#[test]
fn an_edit_on_the_receiving_side_is_not_carried_and_not_undone() {
    let world = World::new().level(Domain::Calendar, Level::EXPORT);
    let plan = plan_of(&world, &[], &[("subject", text("mine"))]);
    assert!(plan.ops.is_empty());
    let After::Linked(link) = &plan.after else { panic!("it stays linked") };
    assert_eq!(link.pim.base[&Path::parse("subject").expect("a path")], text("Kick-off"));
}

// D1: the source's later change wins whatever the policy says, and the overruled one is told.
#[test]
fn the_source_of_a_one_way_level_wins_and_the_overruled_value_is_kept() {
    let world = World::new().level(Domain::Calendar, Level::EXPORT).policy(Domain::Calendar, ConflictPolicy::Mailbox);
    let plan = plan_of(&world, &[("subject", text("source"))], &[("subject", text("mine"))]);
    assert_eq!(value(&plan, Side::Pim, "subject"), Some(text("source")));
    assert_eq!(plan.conflicts.len(), 1);
    assert!(!plan.conflicts[0].counts);
}

// L6
#[test]
fn a_level_of_none_puts_the_link_to_sleep() {
    let world = World::new().level(Domain::Calendar, Level::NONE);
    let plan = plan_of(&world, &[("subject", text("A"))], &[]);
    assert_eq!(sleeps(&plan), Some(model::SleepCause::Level));
    assert!(plan.ops.is_empty());
}

// Decision 1: a many-to-one translation never flips a value.
#[test]
fn as_long_as_the_mailbox_shows_the_image_the_crm_value_stays() {
    let base_crm = [("subject", text("T")), ("priority", text("1-ASAP"))];
    let base_pim = [("subject", text("T")), ("priority", text("High"))];
    let link = link(Domain::Task, &base_crm, &base_pim);
    let crm = crm(Domain::Task, "c1", &[("subject", text("T")), ("priority", text("2-High"))]);
    let pim = pim(Kind::Task, "i1", &base_pim);
    let plan = World::new().plan(&link, &there(&crm), &there(&pim));
    assert!(plan.ops.is_empty(), "both CRM values look alike in the mailbox");
    let After::Linked(link) = &plan.after else { panic!("linked") };
    assert_eq!(link.crm.base[&Path::parse("priority").expect("a path")], text("2-High"));
}

// C9, P6: Exchange's meeting is set back, and the wish is kept.
#[test]
fn a_crm_edit_of_exchanges_meeting_is_set_back() {
    let link = link(Domain::Calendar, &base(), &base());
    let crm = crm(Domain::Calendar, "c1", &with(&[("subject", text("wish"))]));
    let mut pim = pim(Kind::Appointment, "i1", &base());
    pim.facts.requests_sent = true;
    pim.facts.meeting = true;
    let plan = World::new().plan(&link, &there(&crm), &there(&pim));
    assert_eq!(value(&plan, Side::Crm, "subject"), Some(text("Kick-off")));
    assert!(written(&plan, Side::Pim).is_empty());
    assert!(plan.conflicts.iter().any(|conflict| !conflict.counts && conflict.winner == Some(Side::Pim)));
    assert!(
        plan.ops.iter().any(|op| matches!(op, Op::Flag { locked: true, .. })),
        "the CRM is told that Exchange owns it"
    );
}

// C9: the CRM's people go out as the block; what stands in the block never flows back.
#[test]
fn people_of_a_crm_meeting_go_out_and_never_back() {
    let with_people = |names: &[&str]| with(&[("attendees", people(names))]);
    let link = link(Domain::Calendar, &with_people(&["bob"]), &with_people(&["bob"]));
    let crm_same = crm(Domain::Calendar, "c1", &with_people(&["bob"]));
    let edited_block = pim(Kind::Appointment, "i1", &with_people(&["bob", "eve"]));
    assert!(World::new().plan(&link, &there(&crm_same), &there(&edited_block)).ops.is_empty());
    let crm_more = crm(Domain::Calendar, "c1", &with_people(&["bob", "carol"]));
    let plan =
        World::new().plan(&link, &there(&crm_more), &there(&pim(Kind::Appointment, "i1", &with_people(&["bob"]))));
    assert_eq!(written(&plan, Side::Pim), ["attendees"]);
}

// C2, C9, P2, P6: an owner who asks some in Outlook takes nobody off whom the CRM alone had put on; whom he asked, he can.
#[test]
fn whom_the_organiser_did_not_ask_stays_on_the_meeting() {
    let with_people = |people: Value| with(&[("attendees", people)]);
    let answered = |names: &[&str], response: Response| match people(names) {
        Value::People(mut people) => {
            people.values_mut().for_each(|person| person.response = response);
            Value::People(people)
        }
        other => other,
    };
    let listed = answered(&["bob", "dora"], Response::NotAsked);
    let mut link = link(Domain::Calendar, &with_people(people(&["bob", "dora"])), &with_people(listed));
    let mut record = crm(Domain::Calendar, "c1", &with_people(people(&["bob", "dora"])));
    let mut item = pim(Kind::Appointment, "i1", &with_people(answered(&["bob", "eve"], Response::Accepted)));
    (item.facts.meeting, item.facts.requests_sent) = (true, true);
    let of = |fields: &model::Fields| fields.get(&Path::of(model::Field::Attendees)).cloned().unwrap_or(Value::Null);
    for mail in [false, true] {
        let mut world = World::new();
        world.of(Domain::Calendar).mail = mail;
        let plan = world.plan(&link, &there(&record), &there(&item));
        let to_crm = plan.ops.iter().find_map(|op| match op {
            Op::Update { side: Side::Crm, changes, .. } => Some(of(changes)),
            _ => None,
        });
        let now = to_crm.as_ref().and_then(Value::as_people).expect("people go to the CRM");
        let told: Vec<_> = now.values().map(|person| (person.name.as_str(), person.response)).collect();
        let [unknown, accepted] = [Response::Unknown, Response::Accepted];
        assert_eq!(told, [("bob", accepted), ("dora", unknown), ("eve", accepted)], "mail {mail}");
        assert!(written(&plan, Side::Pim).is_empty(), "nobody is asked for him: mail {mail}");
    }
    // In step; then he takes off one whom he had asked.
    let world = World::new();
    record.fields.extend(
        with_people(people(&["bob", "dora", "eve"]))
            .into_iter()
            .map(|(path, value)| (Path::parse(path).expect("a path"), value)),
    );
    link.crm.base = record.fields.clone();
    link.pim.base = item.fields.clone();
    item.fields.insert(Path::of(model::Field::Attendees), answered(&["bob"], Response::Accepted));
    let plan = world.plan(&link, &there(&record), &there(&item));
    let left = plan.ops.iter().find_map(|op| match op {
        Op::Update { side: Side::Crm, changes, .. } => of(changes).as_people().map(|all| all.len()),
        _ => None,
    });
    assert_eq!(left, Some(2), "bob and dora");
}

// P6, D1: also where nothing comes in from the mailbox, the CRM is told what it may not change, and changes nothing.
#[test]
fn a_meeting_that_was_sent_is_exchanges_under_export_only_too() {
    let link = link(Domain::Calendar, &base(), &base());
    let mut record = crm(Domain::Calendar, "c1", &with(&[("location", text("Hall")), ("reminder", Value::Number(5))]));
    let mut item = pim(Kind::Appointment, "i1", &with(&[("subject", text("Renamed")), ("reminder", Value::Null)]));
    (item.facts.meeting, item.facts.requests_sent) = (true, true);
    item.facts.global_id = Some("G".to_owned());
    let mut world = World::new().level(Domain::Calendar, Level::EXPORT);
    let plan = world.plan(&link, &there(&record), &there(&item));
    assert_eq!(written(&plan, Side::Pim), ["reminder"], "what is his alone");
    assert!(written(&plan, Side::Crm).is_empty());
    let flag = |locked| Op::Flag { global_id: Some("G".to_owned()), locked };
    assert!(plan.ops.contains(&flag(true)), "{:?}", plan.ops);
    // He took it out of his calendar: the CRM's own edit makes it again.
    (record.facts.locked, record.facts.global_id) = (true, Some("G".to_owned()));
    let plan = world.plan(&link, &there(&record), &Seen::Gone(Gone::Deleted));
    assert_eq!(plan.ops, [flag(false)]);
    world = world.level(Domain::Calendar, Level::NONE);
    assert!(world.plan(&link, &there(&record), &there(&item)).ops.is_empty());
}

// P7, P6: a participant's copy takes shared fields and gives nothing.
#[test]
fn a_participants_copy_takes_shared_fields_only() {
    let mut link = link(Domain::Calendar, &base(), &with(&[("subject", text("bob: Kick-off"))]));
    link.form = Form::ParticipantCopy;
    let mut record = crm(Domain::Calendar, "c1", &with(&[("location", text("Hall")), ("reminder", Value::Number(5))]));
    record.facts.part = Part::Participant;
    record.facts.organizer = Some(person("bob"));
    let item =
        pim(Kind::Appointment, "i1", &with(&[("subject", text("renamed by me")), ("reminder", Value::Number(30))]));
    let plan = World::new().plan(&link, &there(&record), &there(&item));
    assert_eq!(written(&plan, Side::Pim), ["location"]);
    assert!(written(&plan, Side::Crm).is_empty());
}

// P5, P6, C7, D1: what the organiser's own invitation brought takes the place of a participant's copy, once it is there.
#[test]
fn an_invitation_takes_the_place_of_a_participants_copy_and_of_nothing_else() {
    let mut link = link(Domain::Calendar, &base(), &base());
    link.form = Form::ParticipantCopy;
    let mut record = crm(Domain::Calendar, "c1", &base());
    record.facts.part = Part::Participant;
    record.facts.locked = true;
    let item = pim(Kind::Appointment, "i1", &base());
    let mut world = World::new();
    let goes = |world: &World, link: &model::Link| {
        let plan = world.plan(link, &there(&record), &there(&item));
        plan.ops.iter().any(|op| matches!(op, Op::Delete { .. }))
    };
    assert!(!goes(&world, &link), "whom nobody invited keeps his copy");
    world.invited = true;
    let plan = world.plan(&link, &there(&record), &there(&item));
    assert!(matches!(plan.ops[..], [Op::Delete { side: Side::Pim, after_new: None }]), "{:?}", plan.ops);
    assert_eq!(plan.reasons, [Reason::ExchangeInvites]);
    for form in [Form::Own, Form::Received] {
        let link = model::Link { form, ..link.clone() };
        assert!(!goes(&world, &link), "{form:?}");
    }
    world.of(Domain::Calendar).no_deletes.insert(Side::Pim);
    assert!(!goes(&world, &link), "deletions are forbidden");
}

// C11, C10: the body of an online meeting is never written.
#[test]
fn the_body_of_an_online_meeting_is_never_written() {
    let link = link(Domain::Calendar, &with(&[("body", text("a"))]), &with(&[("body", text("a"))]));
    let crm = crm(Domain::Calendar, "c1", &with(&[("body", text("b"))]));
    let mut item = pim(Kind::Appointment, "i1", &with(&[("body", text("a"))]));
    item.facts.online_meeting = true;
    assert!(World::new().plan(&link, &there(&crm), &there(&item)).ops.is_empty());
}

// trap 20: a field that a side did not return is never written.
#[test]
fn a_field_that_was_not_returned_is_left_alone() {
    let link = link(Domain::Calendar, &base(), &base());
    let crm = crm(Domain::Calendar, "c1", &with(&[("body", text("long"))]));
    let pim = pim(Kind::Appointment, "i1", &base());
    assert!(World::new().plan(&link, &there(&crm), &there(&pim)).ops.is_empty());
}

fn weekly(range: Range) -> Value {
    let pattern = Pattern::Weekly { interval: 1, days: [2].into(), first_day: 1 };
    Value::Rule(Recurrence { pattern, range })
}

// Decision 8: exceptions are fields; each merges by itself.
#[test]
fn occurrences_merge_path_by_path() {
    let series = |more: &[(&'static str, Value)]| {
        let mut pairs = with(&[("rule", weekly(Range::NoEnd))]);
        pairs.extend(more.iter().cloned());
        pairs
    };
    let link = link(Domain::Calendar, &series(&[]), &series(&[]));
    let crm = crm(Domain::Calendar, "c1", &series(&[("occurrence(2026-12-08T10:00:00).subject", text("by CRM"))]));
    let pim = pim(Kind::Appointment, "i1", &series(&[("occurrence(2026-12-15T10:00:00).state", text("cancelled"))]));
    let plan = World::new().plan(&link, &there(&crm), &there(&pim));
    assert_eq!(written(&plan, Side::Crm), ["occurrence(2026-12-15T10:00:00).state"]);
    assert_eq!(written(&plan, Side::Pim), ["occurrence(2026-12-08T10:00:00).subject"]);
}

// C11, trap 56: cleared in one occurrence crosses as such; null there is "as the series", also in what was stored before.
#[test]
fn cleared_in_one_occurrence_is_a_value_apart_from_as_the_series() {
    const PLACE: &str = "occurrence(2026-12-08T10:00:00).location";
    let series = |more: &[(&'static str, Value)]| {
        let mut pairs = with(&[("rule", weekly(Range::NoEnd))]);
        pairs.extend(more.iter().cloned());
        pairs
    };
    let plan = |base: &[(&'static str, Value)], left: &[(&'static str, Value)], right: &[(&'static str, Value)]| {
        let link = link(Domain::Calendar, &series(&[]), &series(base));
        let crm = crm(Domain::Calendar, "c1", &series(left));
        let pim = pim(Kind::Appointment, "i1", &series(right));
        World::new().plan(&link, &there(&crm), &there(&pim))
    };
    let (none, cleared) = (&[][..], &[(PLACE, Value::Cleared)][..]);
    assert_eq!(written(&plan(none, none, cleared), Side::Crm), [PLACE]);
    assert_eq!(written(&plan(none, cleared, none), Side::Pim), [PLACE]);
    assert!(plan(cleared, cleared, cleared).ops.is_empty());
    // An older base said null where the mailbox had cleared it: the mailbox's value crosses now.
    let old = &[(PLACE, Value::Null)][..];
    assert_eq!(written(&plan(old, none, cleared), Side::Crm), [PLACE]);
    assert!(plan(old, none, none).ops.is_empty());
}

// R3, C5: a mailbox loses a series with its last occurrence, so the copy goes at once and is not made again.
#[test]
fn a_series_without_an_occurrence_left_has_no_copy() {
    let series = |off: &[&str]| {
        let mut pairs = with(&[("rule", weekly(Range::Count(2)))]);
        let names = ["occurrence(2026-12-01T10:00:00).state", "occurrence(2026-12-08T10:00:00).state"];
        pairs.extend(
            names
                .into_iter()
                .filter(|name| off.iter().any(|day| name.contains(day)))
                .map(|name| (name, text("cancelled"))),
        );
        pairs
    };
    let link = link(Domain::Calendar, &series(&[]), &series(&[]));
    let off = |days: &[&str]| crm(Domain::Calendar, "c1", &series(days));
    let item = pim(Kind::Appointment, "i1", &series(&[]));
    let world = World::new();
    let one = world.plan(&link, &there(&off(&["12-01"])), &there(&item));
    assert_eq!(written(&one, Side::Pim), ["occurrence(2026-12-01T10:00:00).state"], "one that is left keeps the copy");
    let none = off(&["12-01", "12-08"]);
    let plan = world.plan(&link, &there(&none), &there(&item));
    assert_eq!(plan.ops, [Op::Delete { side: Side::Pim, after_new: None }]);
    assert_eq!((plan.after, plan.reasons), (After::Forget, vec![Reason::NoneLeft]));
    assert_eq!(plan::scope::admit_record(&none, &world.context()), Err(Reason::NoneLeft));
    assert_eq!(plan::scope::admit_record(&off(&["12-08"]), &world.context()), Ok(Domain::Calendar));
    let moved = pim(Kind::Appointment, "i1", &{
        let mut pairs = series(&[]);
        pairs.push(("location", text("Attic")));
        pairs
    });
    let plan = world.plan(&link, &there(&none), &there(&moved));
    assert_eq!(written(&plan, Side::Crm), ["location"], "what the mailbox changed is not lost with the copy");
}

// R3: a rule changed in the CRM keeps the exceptions that still fall on it.
#[test]
fn exceptions_that_still_fall_on_a_new_rule_are_kept() {
    let moved = ("occurrence(2026-12-08T10:00:00).subject", text("moved"));
    let off = ("occurrence(2027-01-05T10:00:00).state", text("cancelled"));
    let series = |range: Range| {
        let mut pairs = with(&[("rule", weekly(range))]);
        pairs.extend([moved.clone(), off.clone()]);
        pairs
    };
    let link = link(Domain::Calendar, &series(Range::NoEnd), &series(Range::NoEnd));
    let until = Range::Until("2026-12-31".parse().expect("a date"));
    let crm = crm(Domain::Calendar, "c1", &series(until));
    let pim = pim(Kind::Appointment, "i1", &series(Range::NoEnd));
    let plan = World::new().plan(&link, &there(&crm), &there(&pim));
    let kept: Vec<String> = plan
        .ops
        .iter()
        .filter_map(|op| match op {
            Op::Update { side: Side::Pim, keep, .. } => Some(keep.keys().map(ToString::to_string)),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(kept, ["occurrence(2026-12-08T10:00:00).subject"]);
}

// R2, trap 68: a rule this program cannot hold is never altered, nor its times.
#[test]
fn a_foreign_rule_is_left_alone() {
    let foreign = Value::Rule(Recurrence { pattern: Pattern::Foreign { text: "odd".into() }, range: Range::NoEnd });
    let link = link(Domain::Calendar, &with(&[("rule", foreign.clone())]), &with(&[("rule", foreign.clone())]));
    let crm = crm(Domain::Calendar, "c1", &with(&[("rule", weekly(Range::NoEnd)), ("subject", text("new"))]));
    let pim = pim(Kind::Appointment, "i1", &with(&[("rule", foreign)]));
    let plan = World::new().plan(&link, &there(&crm), &there(&pim));
    assert_eq!(written(&plan, Side::Pim), ["subject"]);
}

// Decision 3, trap 143: what came back otherwise three times is frozen.
#[test]
fn a_path_that_bounced_three_times_is_not_written_again() {
    let mut link = link(Domain::Calendar, &base(), &base());
    link.bounced.insert(Path::parse("subject").expect("a path"), 3);
    let crm = crm(Domain::Calendar, "c1", &with(&[("subject", text("new")), ("location", text("Hall"))]));
    let plan = World::new().plan(&link, &there(&crm), &there(&pim(Kind::Appointment, "i1", &base())));
    assert_eq!(written(&plan, Side::Pim), ["location"]);
}

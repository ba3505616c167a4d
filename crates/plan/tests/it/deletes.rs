//! What a delete on one side means (rules C4 to C7, C12, D1, D3, D4, D6, O2, O9).

use crate::build::*;
use model::settings::ExtractStart;
use model::{Domain, Form, Gone, Kind, Level, Link, Part, Record, Seen, Side, Sleep, SleepCause, Value};
use plan::{After, Op, Plan, Reason};

fn appointment() -> Vec<(&'static str, Value)> {
    vec![
        ("subject", text("Lunch")),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
        ("attendees", people(&[])),
    ]
}

fn linked() -> Link {
    link(Domain::Calendar, &appointment(), &appointment())
}

fn record() -> Record {
    crm(Domain::Calendar, "c1", &appointment())
}

fn edited() -> Record {
    let mut pairs = appointment();
    pairs[0].1 = text("Dinner");
    crm(Domain::Calendar, "c1", &pairs)
}

fn item() -> Record {
    pim(Kind::Appointment, "i1", &appointment())
}

const GONE: Seen = Seen::Gone(Gone::Deleted);

// C4
#[test]
fn deleted_on_one_side_and_untouched_on_the_other_is_deleted_there_too() {
    assert!(deletes(&World::new().plan(&linked(), &GONE, &there(&item())), Side::Pim));
    assert!(deletes(&World::new().plan(&linked(), &there(&record()), &GONE), Side::Crm));
    assert_eq!(World::new().plan(&linked(), &GONE, &GONE).after, After::Forget);
}

// C4, trap 157
#[test]
fn after_a_restore_of_the_store_what_we_may_have_taken_away_ourselves_proves_no_delete() {
    let world = World { restored: true, ..World::new() };
    let name = [("last_name", text("Fox"))];
    let (contact, listed) = (link(Domain::PersonalContact, &name, &name), crm(Domain::PersonalContact, "c1", &name));
    let plan = world.plan(&contact, &there(&listed), &GONE);
    assert!(creates(&plan, Side::Pim) && !deletes(&plan, Side::Crm));
    // What was decided stands when the restore is over, until it was done.
    let decided = Link { sleep: Some(Sleep { cause: SleepCause::Restored, since: world.now }), ..contact.clone() };
    let later = World::new().plan(&decided, &there(&listed), &Seen::Gone(Gone::Unknown));
    assert!(creates(&later, Side::Pim) && later.ops.len() == 1);
    // What may not go out any more waits, and is not deleted for that.
    for link in [&contact, &decided] {
        let mut closed = World { restored: true, ..World::new() };
        closed.levels.insert(Domain::PersonalContact, Level::IMPORT);
        assert_eq!(sleeps(&closed.plan(link, &there(&listed), &GONE)), Some(SleepCause::Restored));
    }
    // Nowhere at all: asked again later. Without our mark it is not found in Deleted Items either.
    let nowhere = Seen::Gone(Gone::Unknown);
    let marked = Link { mark_key: "c1/k".to_owned(), ..contact.clone() };
    let plan = world.plan(&marked, &there(&listed), &nowhere);
    assert!(matches!(plan.after, After::Wait(_)) && plan.ops.is_empty());
    let bare = Link { mark_key: String::new(), ..contact };
    assert!(creates(&world.plan(&bare, &there(&listed), &nowhere), Side::Pim));
    let guests = Link { form: Form::ParticipantCopy, ..linked() };
    let mut asked = record();
    asked.facts.part = Part::Participant;
    assert!(creates(&world.plan(&guests, &there(&asked), &GONE), Side::Pim));
    // What Exchange owns, and what is the user's own, we took from nobody; and the CRM tells what was deleted there.
    asked.facts.locked = true;
    assert!(!creates(&world.plan(&guests, &there(&asked), &GONE), Side::Pim));
    assert!(deletes(&world.plan(&linked(), &there(&record()), &GONE), Side::Crm));
    assert!(deletes(&world.plan(&linked(), &GONE, &there(&item())), Side::Pim));
    // It may lie in another folder under a mark that the store forgot.
    let bare = Link { mark_key: String::new(), ..linked() };
    assert_eq!(sleeps(&world.plan(&bare, &there(&record()), &nowhere)), Some(SleepCause::Left));
    let told = World { restored: false, ..World::new() };
    assert!(deletes(&told.plan(&bare, &there(&record()), &nowhere), Side::Crm));
    assert!(deletes(&world.plan(&linked(), &there(&record()), &nowhere), Side::Crm));
}

// C5, trap 151
#[test]
fn an_edit_outlives_a_delete() {
    let plan = World::new().plan(&linked(), &there(&edited()), &GONE);
    assert!(creates(&plan, Side::Pim) && !deletes(&plan, Side::Crm));
    let mut changed = item();
    changed.fields.extend(fields(&[("subject", text("Dinner"))]));
    let plan = World::new().plan(&linked(), &GONE, &there(&changed));
    assert!(creates(&plan, Side::Crm) && !deletes(&plan, Side::Pim));
}

// C5, settable
#[test]
fn by_setting_the_delete_wins() {
    let mut world = World::new();
    world.of(Domain::Calendar).delete_wins = true;
    assert!(deletes(&world.plan(&linked(), &there(&edited()), &GONE), Side::Crm));
}

// C5, R3: an occurrence made as its series again is an edit like any other.
#[test]
fn an_occurrence_set_back_to_its_series_outlives_a_delete() {
    let plain = [("subject", text("A"))];
    let moved = [("subject", text("A")), ("occurrence(2026-12-08T10:00:00).location", text("Attic"))];
    // A base knows occurrences by their day.
    let base = [("subject", text("A")), ("occurrence(2026-12-08T00:00:00).location", text("Attic"))];
    let link = link(Domain::Calendar, &base, &base);
    let set_back = World::new().plan(&link, &there(&crm(Domain::Calendar, "c1", &plain)), &GONE);
    assert!(!deletes(&set_back, Side::Crm) && creates(&set_back, Side::Pim));
    let untouched = World::new().plan(&link, &there(&crm(Domain::Calendar, "c1", &moved)), &GONE);
    assert!(deletes(&untouched, Side::Crm));
}

// C6
#[test]
fn a_meeting_deleted_by_its_organiser_is_cancelled_not_deleted() {
    let mut meeting = record();
    meeting.facts.meeting = true;
    let plan = World::new().plan(&linked(), &there(&meeting), &GONE);
    assert_eq!(value(&plan, Side::Crm, "cancelled"), Some(Value::Flag(true)));
    assert!(!deletes(&plan, Side::Crm));
    assert_eq!(sleeps(&plan), Some(SleepCause::ReceiverDeleted));
    assert!(!unlocks(&plan));
}

fn unlocks(plan: &Plan) -> bool {
    plan.ops.iter().any(|op| matches!(op, Op::Flag { locked: false, .. }))
}

/// A meeting that is Exchange's: its invitations were sent.
fn locked() -> Record {
    let mut meeting = record();
    meeting.facts.meeting = true;
    meeting.facts.locked = true;
    meeting
}

// P6, C6: between the two nobody may edit back what the guests see called off.
#[test]
fn exchanges_meeting_is_called_off_before_it_is_unlocked() {
    let plan = World::new().plan(&linked(), &there(&locked()), &GONE);
    assert!(matches!(plan.ops.as_slice(), [Op::Update { side: Side::Crm, .. }, Op::Flag { locked: false, .. }]));
    // Stopped between the two, it is unlocked all the same, though what we wrote ourselves looks like an edit.
    let mut called_off = locked();
    called_off.fields.extend(fields(&[("cancelled", Value::Flag(true))]));
    let plan = World::new().plan(&linked(), &there(&called_off), &GONE);
    assert!(matches!(plan.ops.as_slice(), [Op::Flag { locked: false, .. }]));
    assert_eq!(sleeps(&plan), Some(SleepCause::ReceiverDeleted));
}

// P6: whether it exists is the organiser's to say, whatever was edited in the CRM meanwhile.
#[test]
fn an_edit_in_the_crm_brings_no_meeting_of_exchange_back() {
    let mut edited = locked();
    edited.fields.extend(fields(&[("subject", text("Dinner"))]));
    let plan = World::new().plan(&linked(), &there(&edited), &GONE);
    assert_eq!(value(&plan, Side::Crm, "cancelled"), Some(Value::Flag(true)));
    assert!(!creates(&plan, Side::Pim));
    edited.facts.locked = false;
    assert!(creates(&World::new().plan(&linked(), &there(&edited), &GONE), Side::Pim), "C5");
}

// P6, C7: a record that stays may be edited again, whatever keeps it.
#[test]
fn a_meeting_that_stays_in_the_crm_is_unlocked() {
    let mut world = World::new();
    world.of(Domain::Calendar).no_deletes.insert(Side::Crm);
    let plan = world.plan(&linked(), &there(&locked()), &GONE);
    assert_eq!(sleeps(&plan), Some(SleepCause::DeleteForbidden));
    assert!(unlocks(&plan));
    let After::Linked(asleep) = plan.after else { panic!("linked") };
    assert!(unlocks(&World::new().plan(&asleep, &there(&locked()), &GONE)));
    let mut open = locked();
    open.facts.locked = false;
    assert!(!unlocks(&World::new().plan(&asleep, &there(&open), &GONE)));
}

// C6
#[test]
fn a_meeting_deleted_by_an_attendee_is_hidden_from_him_alone() {
    let mut link = linked();
    link.form = Form::Received;
    let mut meeting = record();
    meeting.facts.part = Part::Participant;
    let plan = World::new().plan(&link, &there(&meeting), &GONE);
    assert_eq!(plan.ops, [Op::Leave]);
}

// C6: taken back, it is shown to him again, and what changed meanwhile is merged; by the CRM, our copy is made again.
#[test]
fn what_an_attendee_takes_back_is_shown_to_him_again() {
    let world = World::new();
    let removed = |cause| {
        let mut link = linked();
        (link.form, link.sleep) = (Form::MeetingCopy, Some(Sleep { cause, since: world.now }));
        link
    };
    let mut meeting = record();
    (meeting.facts.part, meeting.facts.hidden) = (Part::Participant, true);
    let item = there(&item());
    let plan = world.plan(&removed(SleepCause::Removed), &there(&meeting), &item);
    assert_eq!((plan.ops.last(), plan.reasons.first()), (Some(&Op::Rejoin), Some(&Reason::TakenBack)));
    assert!(matches!(&plan.after, After::Linked(link) if link.sleep.is_none()));
    // Hidden in the CRM itself, or where nothing may come in from the mailbox, nothing is taken back.
    let export = World::new().level(Domain::Calendar, Level::EXPORT);
    for (cause, world) in [(SleepCause::Hidden, &world), (SleepCause::Removed, &export)] {
        let plan = world.plan(&removed(cause), &there(&meeting), &item);
        assert!(plan.ops.is_empty() && sleeps(&plan) == Some(cause), "{cause:?}");
    }
    meeting.facts.hidden = false;
    let plan = world.plan(&removed(SleepCause::Removed), &there(&meeting), &GONE);
    assert!(matches!(plan.ops[..], [Op::Create { side: Side::Pim, .. }]), "{:?}", plan.ops);
    let mut invited = removed(SleepCause::Removed);
    invited.form = Form::Received;
    let plan = world.plan(&invited, &there(&meeting), &GONE);
    assert!(plan.ops.is_empty() && sleeps(&plan) == Some(SleepCause::ReceiverDeleted), "{:?}", plan.ops);
}

// D6: a task given to somebody else: its tracking copy carries nothing over, and deleted on either side it deletes nothing.
#[test]
fn a_tracking_copy_is_not_the_task() {
    let words = [("subject", text("T"))];
    let own = link(Domain::Task, &words, &words);
    let todo = crm(Domain::Task, "c1", &words);
    let mut tracking = pim(Kind::Task, "i1", &[("subject", text("His words"))]);
    tracking.facts.tracking_copy = true;
    let world = World::new();
    let plan = world.plan(&own, &there(&todo), &there(&tracking));
    assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::Tracked)));
    let After::Linked(asleep) = plan.after else { panic!("linked") };
    for gone in [Gone::Deleted, Gone::Unknown] {
        let plan = world.plan(&asleep, &there(&todo), &Seen::Gone(gone));
        assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::Tracked)), "{gone:?}");
    }
    let plan = world.plan(&asleep, &GONE, &there(&tracking));
    assert_eq!((plan.ops.len(), plan.after), (0, After::Forget));
    tracking.facts.tracking_copy = false;
    let plan = world.plan(&asleep, &there(&todo), &there(&tracking));
    assert!(matches!(plan.ops[..], [Op::Update { side: Side::Crm, .. }]), "his again: {:?}", plan.ops);
}

// D6
#[test]
fn another_employees_delete_of_a_todo_takes_him_off_it() {
    let mut link = link(Domain::Task, &[("subject", text("T"))], &[("subject", text("T"))]);
    link.form = Form::ParticipantCopy;
    let mut todo = crm(Domain::Task, "c1", &[("subject", text("T"))]);
    todo.facts.part = Part::Participant;
    let plan = World::new().plan(&link, &there(&todo), &GONE);
    assert_eq!((plan.ops, plan.after), (vec![Op::Leave], After::Forget));
}

// D6: taken off in the CRM; what a real invitation made stays.
#[test]
fn an_employee_taken_off_loses_our_copy_but_not_an_invitation() {
    let mut former = record();
    former.facts.part = Part::Former;
    let mut link = linked();
    link.form = Form::ParticipantCopy;
    assert!(deletes(&World::new().plan(&link, &there(&former), &there(&item())), Side::Pim));
    link.form = Form::Received;
    assert_eq!(sleeps(&World::new().plan(&link, &there(&former), &there(&item()))), Some(SleepCause::TakenOff));
}

// D1
#[test]
fn a_copy_deleted_on_the_receiving_side_sleeps_until_its_source_is_edited() {
    let world = World::new().level(Domain::Calendar, Level::EXPORT);
    let plan = world.plan(&linked(), &there(&record()), &GONE);
    assert_eq!(sleeps(&plan), Some(SleepCause::ReceiverDeleted));
    let After::Linked(asleep) = plan.after else { panic!("linked") };
    assert!(world.plan(&asleep, &there(&record()), &GONE).ops.is_empty(), "untouched, it stays deleted");
    assert!(creates(&world.plan(&asleep, &there(&edited()), &GONE), Side::Pim), "edited, it is made again");
}

// C7
#[test]
fn where_deletions_are_forbidden_the_link_sleeps() {
    let mut world = World::new();
    world.of(Domain::Calendar).no_deletes = [Side::Crm, Side::Pim].into();
    for plan in [world.plan(&linked(), &there(&record()), &GONE), world.plan(&linked(), &GONE, &there(&item()))] {
        assert_eq!(sleeps(&plan), Some(SleepCause::DeleteForbidden));
        assert!(plan.ops.is_empty());
    }
}

// C12
#[test]
fn archived_is_not_deleted() {
    let left = Seen::Gone(Gone::Left);
    assert_eq!(sleeps(&World::new().plan(&linked(), &there(&record()), &left)), Some(SleepCause::Left));
    let nowhere = Seen::Gone(Gone::Unknown);
    assert!(deletes(&World::new().plan(&linked(), &there(&record()), &nowhere), Side::Crm), "newer: a delete");
    let mut world = World::new();
    world.now = "2027-01-15T00:00:00Z".parse().expect("a time");
    assert_eq!(
        sleeps(&world.plan(&linked(), &there(&record()), &nowhere)),
        Some(SleepCause::Left),
        "long past: archived"
    );
}

// C12: back in the folder it wakes.
#[test]
fn an_item_that_comes_back_wakes_its_link() {
    let plan = World::new().plan(&linked(), &there(&record()), &Seen::Gone(Gone::Left));
    let After::Linked(asleep) = plan.after else { panic!("linked") };
    let plan = World::new().plan(&asleep, &there(&edited()), &there(&item()));
    assert_eq!(written(&plan, Side::Pim), ["subject"]);
    assert_eq!(sleeps(&plan), None);
}

// Decision 4, trap 17, 154: nothing but a proven delete becomes one.
#[test]
fn what_proves_nothing_deletes_nothing() {
    for why in [Gone::NotVisible, Gone::Unknown, Gone::Left, Gone::OutOfWindow] {
        let plan = World::new().plan(&linked(), &Seen::Gone(why), &there(&item()));
        assert!(!deletes(&plan, Side::Pim), "{why:?}");
    }
}

// O2: grace time.
#[test]
fn lost_visibility_takes_the_copy_only_after_the_grace_time() {
    let lost = Seen::Gone(Gone::NotVisible);
    let linked = || Link { form: Form::ParticipantCopy, ..linked() };
    let plan = World::new().plan(&linked(), &lost, &there(&item()));
    assert_eq!(sleeps(&plan), Some(SleepCause::NotVisible));
    let After::Linked(asleep) = plan.after else { panic!("linked") };
    let mut later = World::new();
    later.now = "2026-11-22T11:59:00Z".parse().expect("a time");
    assert!(later.plan(&asleep, &lost, &there(&item())).ops.is_empty());
    later.now = "2026-11-22T12:00:00Z".parse().expect("a time");
    assert!(deletes(&later.plan(&asleep, &lost, &there(&item())), Side::Pim));
    let back = later.plan(&asleep, &there(&record()), &there(&item()));
    assert_eq!(sleeps(&back), None, "visible again, it goes on");
}

// C12: what lies elsewhere is left alone, and nothing is asked about it again and again when its record goes meanwhile.
#[test]
fn an_item_that_lies_elsewhere_sleeps_when_its_record_is_deleted() {
    for why in [Gone::Left, Gone::OutOfWindow] {
        let plan = World::new().plan(&linked(), &Seen::Gone(Gone::Deleted), &Seen::Gone(why));
        assert_eq!((sleeps(&plan), plan.ops.len()), (Some(SleepCause::Left), 0), "{why:?}");
    }
    let plan = World::new().plan(&linked(), &Seen::Gone(Gone::Deleted), &Seen::Gone(Gone::Deleted));
    assert!(matches!(plan.after, After::Forget));
}

// D6, O2: only what we gave somebody is ours to take.
#[test]
fn an_activity_that_its_user_or_an_invitation_put_there_stays_when_it_is_not_visible() {
    for form in [Form::Received, Form::Own] {
        let link = Link { form, ..linked() };
        let plan = World::new().plan(&link, &Seen::Gone(Gone::NotVisible), &there(&item()));
        assert_eq!(sleeps(&plan), Some(SleepCause::TakenOff));
        let After::Linked(asleep) = plan.after else { panic!("linked") };
        let mut later = World::new();
        later.now = "2026-12-22T12:00:00Z".parse().expect("a time");
        assert!(later.plan(&asleep, &Seen::Gone(Gone::NotVisible), &there(&item())).ops.is_empty());
    }
}

// D4
#[test]
fn a_linked_activity_that_loses_its_times_keeps_its_item_and_sleeps() {
    let record =
        crm(Domain::Calendar, "c1", &[("subject", text("Lunch")), ("start", Value::Null), ("end", Value::Null)]);
    let plan = World::new().plan(&linked(), &there(&record), &there(&item()));
    assert_eq!((sleeps(&plan), plan.ops.len()), (Some(SleepCause::NoTimes), 0));
}

// D3
#[test]
fn a_changed_display_makes_the_new_item_first() {
    let todo = crm(Domain::Task, "c1", &appointment());
    let plan = World::new().plan(&linked(), &there(&todo), &there(&item()));
    assert_eq!(plan.ops, [Op::Delete { side: Side::Pim, after_new: Some(Kind::Task) }]);
    let mut nowhere = record();
    nowhere.facts.domain = None;
    let plan = World::new().plan(&linked(), &there(&nowhere), &there(&item()));
    assert_eq!(plan.ops, [Op::Delete { side: Side::Pim, after_new: None }]);
    let world = World::new().level(Domain::Calendar, Level::IMPORT);
    assert!(
        world.plan(&linked(), &there(&nowhere), &there(&item())).ops.is_empty(),
        "Import Only deletes nothing (D1)"
    );
}

// O9, O10
#[test]
fn leaving_the_window_never_deletes() {
    let mut world = World::new();
    world.settings.extract_start = ExtractStart::Day("2027-01-01".parse().expect("a date"));
    let plan = world.plan(&linked(), &there(&record()), &there(&item()));
    assert_eq!((sleeps(&plan), plan.ops.len()), (Some(SleepCause::Window), 0));
    let mut moved = item();
    moved.fields.extend(fields(&[("start", at("2027-02-01T10:00:00")), ("end", at("2027-02-01T11:00:00"))]));
    let plan = world.plan(&linked(), &there(&record()), &there(&moved));
    assert_eq!(written(&plan, Side::Crm), ["start", "end"], "it left only when base and present value are both before");
}

// P6: Exchange's meeting is not taken away from the CRM.
#[test]
fn exchanges_meeting_is_not_deleted_from_the_crm() {
    let mut sent = item();
    sent.facts.requests_sent = true;
    assert!(World::new().plan(&linked(), &GONE, &there(&sent)).ops.is_empty());
}

// O8: a record born in the mailbox is reduced to "Private", its time and owner; cleared, it is filled again.
#[test]
fn what_becomes_private_where_private_is_skipped_leaves_the_crm() {
    let mut world = World::new();
    world.of(Domain::Calendar).skip_private = true;
    let mut link = linked();
    link.born = Side::Pim;
    let mut private = item();
    private.fields.extend(fields(&[("private", Value::Flag(true)), ("location", text("Clinic"))]));
    let mut shown = record();
    shown.fields.extend(fields(&[("location", text("Clinic")), ("private", Value::Flag(false))]));
    let plan = world.plan(&link, &there(&shown), &there(&private));
    assert_eq!(value(&plan, Side::Crm, "subject"), Some(text("Private")));
    assert_eq!(value(&plan, Side::Crm, "location"), Some(Value::Null));
    assert_eq!(value(&plan, Side::Crm, "start"), None, "the time stays");
    assert_eq!(sleeps(&plan), Some(SleepCause::Private));
    let After::Linked(asleep) = plan.after else { panic!("linked") };
    assert!(
        asleep.pim.base.values().chain(asleep.crm.base.values()).all(|value| value.as_text().is_none()),
        "no content in the base"
    );
    let mut reduced = shown.clone();
    reduced.fields.extend(fields(&[
        ("subject", text("Private")),
        ("location", Value::Null),
        ("private", Value::Flag(true)),
    ]));
    let again = world.plan(&asleep, &there(&reduced), &there(&private));
    assert!(again.ops.is_empty(), "asleep, nothing is written: {:?}", again.ops);
    let mut cleared = item();
    cleared.fields.extend(fields(&[("private", Value::Flag(false)), ("location", text("Clinic"))]));
    let filled = world.plan(&asleep, &there(&reduced), &there(&cleared));
    assert_eq!(value(&filled, Side::Crm, "subject"), Some(text("Lunch")));
    assert_eq!(value(&filled, Side::Crm, "location"), Some(text("Clinic")));
}

// L6
#[test]
fn only_our_own_unedited_copies_are_removed_from_a_mailbox() {
    use plan::removal::{Stays, removal};
    let world = World::new();
    let item = || pim(Kind::Appointment, "i1", &appointment());
    let ours = || Link { born: Side::Crm, ..linked() };
    let plan = removal(&ours(), &there(&item()), &world.context()).expect("goes");
    assert_eq!((plan.ops.len(), plan.after), (1, After::Forget));
    assert!(matches!(plan.ops[0], Op::Delete { side: Side::Pim, after_new: None }));
    let stays = |link: &Link, seen: &Seen| removal(link, seen, &world.context()).err();
    assert_eq!(stays(&Link { born: Side::Pim, ..linked() }, &there(&item())), Some(Stays::BornThere));
    assert_eq!(stays(&Link { form: Form::Received, ..ours() }, &there(&item())), Some(Stays::Invitation));
    let mut sent = item();
    sent.facts.requests_sent = true;
    assert_eq!(stays(&ours(), &there(&sent)), Some(Stays::Invitation));
    let mut edited = item();
    edited.fields.extend(fields(&[("subject", text("Dinner"))]));
    assert_eq!(stays(&ours(), &there(&edited)), Some(Stays::Edited));
    for gone in [Gone::Deleted, Gone::Left, Gone::OutOfWindow] {
        assert_eq!(stays(&ours(), &Seen::Gone(gone)), Some(Stays::NotThere));
    }
    for gone in [Gone::Unknown, Gone::NotVisible] {
        assert_eq!(stays(&ours(), &Seen::Gone(gone)), Some(Stays::Unproven));
    }
}

// M5, C3: the copy that goes takes no value along that nobody was told of.
#[test]
fn what_was_changed_in_the_copy_of_a_merged_contact_is_told() {
    let said = [("last_name", text("Fox")), ("job_title", text("Buyer"))];
    let link = link(Domain::BusinessContact, &said, &said);
    let gone = Seen::Gone(Gone::Merged);
    let plan = |title: &str, world: &World| {
        let item = pim(Kind::Contact, "i1", &[("last_name", text("Fox")), ("job_title", text(title))]);
        let plan = world.plan(&link, &gone, &there(&item));
        (deletes(&plan, Side::Pim), plan.conflicts)
    };
    assert_eq!(plan("Buyer", &World::new()), (true, Vec::new()));
    let (goes, told) = plan("Chief", &World::new());
    let path = model::Path::of(model::Field::JobTitle);
    assert!(goes && told.len() == 1 && !told[0].counts && told[0].winner == Some(Side::Crm), "{told:?}");
    assert_eq!(told[0].values.get(&path), Some(&(None, Some(text("Chief")))));
    let mut out = World::new();
    out.levels.insert(Domain::BusinessContact, Level::EXPORT);
    assert_eq!(plan("Chief", &out), (true, Vec::new()), "it would not have been the record's");
}

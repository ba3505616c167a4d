//! Two sleeps in a row: what the first one knew is not forgotten by the second (rules L6, O8, O10, C6, C4).

use crate::build::*;
use model::settings::ExtractStart;
use model::{Domain, Field, Fields, Form, Gone, Kind, Level, Link, Part, Path, Pattern, Range, Record, Recurrence};
use model::{Seen, Side, Sleep, SleepCause, Value};
use plan::linked::set_back;
use plan::{After, Op, Plan, Reason};

const CALENDAR: Domain = Domain::Calendar;
const GONE: Seen = Seen::Gone(Gone::Deleted);

fn visit() -> Vec<(&'static str, Value)> {
    vec![
        ("subject", text("Doctor")),
        ("body", text("Bring the letter")),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
        ("private", Value::Flag(false)),
    ]
}

fn asleep(link: &Link, cause: SleepCause) -> Link {
    Link { sleep: Some(Sleep { cause, since: World::new().now }), ..link.clone() }
}

fn link_after(plan: &Plan) -> Link {
    let After::Linked(link) = &plan.after else { panic!("linked: {plan:?}") };
    (**link).clone()
}

/// A record born in the mailbox that its owner made private where private ones are skipped, after the CRM was reduced.
struct Reduced {
    world: World,
    link: Link,
    crm: Record,
    pim: Record,
}

fn reduced(more: &[(&str, Value)]) -> Reduced {
    let mut world = World::new();
    world.of(CALENDAR).skip_private = true;
    let all: Vec<(&str, Value)> = visit().into_iter().chain(more.iter().cloned()).collect();
    let link = Link { born: Side::Pim, ..link(CALENDAR, &all, &all) };
    let (mut crm, mut pim) = (crm(CALENDAR, "c1", &all), pim(Kind::Appointment, "i1", &all));
    pim.fields.insert(Path::of(Field::Private), Value::Flag(true));
    let plan = world.plan(&link, &there(&crm), &there(&pim));
    for op in &plan.ops {
        let Op::Update { side: Side::Crm, changes, .. } = op else { panic!("the CRM alone: {op:?}") };
        crm.fields.extend(changes.clone());
    }
    let link = link_after(&plan);
    Reduced { world, link, crm, pim }
}

impl Reduced {
    fn cleared(&mut self) {
        self.pim.fields.insert(Path::of(Field::Private), Value::Flag(false));
    }

    fn plan(&self) -> Plan {
        self.world.plan(&self.link, &there(&self.crm), &there(&self.pim))
    }
}

// O8, L6, C12: whatever it slept for in between, what the CRM says in place of the private words never reaches the mailbox.
#[test]
fn a_reduced_record_is_filled_from_the_mailbox_whatever_it_slept_for_meanwhile() {
    for cause in [SleepCause::Level, SleepCause::Left, SleepCause::Window, SleepCause::NotVisible, SleepCause::Moved] {
        let mut it = reduced(&[]);
        it.link = asleep(&it.link, cause);
        let private = it.plan();
        assert_eq!((private.ops.len(), sleeps(&private)), (0, Some(SleepCause::Private)), "{cause:?}");
        it.cleared();
        let plan = it.plan();
        assert_eq!(written(&plan, Side::Pim), Vec::<String>::new(), "{cause:?}: {plan:?}");
        assert_eq!(value(&plan, Side::Crm, "subject"), Some(text("Doctor")), "{cause:?}");
        assert_eq!(value(&plan, Side::Crm, "body"), Some(text("Bring the letter")), "{cause:?}");
        assert!(plan.conflicts.is_empty() && sleeps(&plan).is_none(), "{cause:?}: {plan:?}");
    }
}

// O8, E8: what the CRM refuses of it is set back nowhere: the mailbox alone has the words.
#[test]
fn a_reduced_record_that_the_crm_refuses_to_fill_is_not_set_back() {
    let mut it = reduced(&[]);
    it.world.of(CALENDAR).set_back = true;
    it.cleared();
    assert_eq!(set_back(&it.link, &it.crm, &it.pim, &it.world.context()), None);
}

// O8, C4: its item deleted, what is left of it goes as well, a series with exceptions too; and what its owner made private
// is not taken from him because somebody deleted the rest of it in the CRM.
#[test]
fn a_reduced_record_goes_with_its_item_and_the_item_not_with_it() {
    let weekly = Pattern::Weekly { interval: 1, days: [2].into(), first_day: 1 };
    let series = [
        ("rule", Value::Rule(Recurrence { pattern: weekly, range: Range::NoEnd })),
        ("occurrence(2026-12-08T10:00:00).start", at("2026-12-09T15:00:00")),
        ("occurrence(2026-12-08T10:00:00).end", at("2026-12-09T16:00:00")),
    ];
    for more in [&[][..], &series[..]] {
        let it = reduced(more);
        let plan = it.world.plan(&it.link, &there(&it.crm), &GONE);
        assert!(deletes(&plan, Side::Crm) && plan.ops.len() == 1, "{plan:?}");
        let plan = it.world.plan(&it.link, &GONE, &there(&it.pim));
        assert_eq!((plan.ops.len(), plan.after), (0, After::Forget));
    }
}

/// A meeting whose participant deleted his copy.
fn removed() -> (Link, Record) {
    let mut link = asleep(&link(CALENDAR, &visit(), &visit()), SleepCause::Removed);
    link.form = Form::MeetingCopy;
    let mut meeting = crm(CALENDAR, "c1", &visit());
    (meeting.facts.part, meeting.facts.hidden) = (Part::Participant, true);
    (link, meeting)
}

// C6, C12, C4, L6: he takes it back from wherever it lay, however long that took; shown again by the CRM, it stays shown.
#[test]
fn what_a_participant_deleted_stays_his_to_take_back() {
    let worlds = || {
        let mut closed = World::new();
        closed.levels.insert(CALENDAR, Level::NONE);
        let mut window = World::new();
        window.settings.extract_start = ExtractStart::Day("2027-01-01".parse().expect("a date"));
        [World::new(), World { restored: true, ..World::new() }, closed, window]
    };
    for (number, world) in worlds().into_iter().enumerate() {
        for why in [Gone::Deleted, Gone::Left] {
            let (link, mut meeting) = removed();
            let plan = world.plan(&link, &there(&meeting), &Seen::Gone(why));
            assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::Removed)), "{number} {why:?}");
            let link = link_after(&plan);
            let back = World::new().plan(&link, &there(&meeting), &there(&pim(Kind::Appointment, "i1", &visit())));
            assert_eq!(back.ops.last(), Some(&Op::Rejoin), "{number} {why:?}: {back:?}");
            meeting.facts.hidden = false;
            let shown = World::new().plan(&link, &there(&meeting), &GONE);
            assert!(creates(&shown, Side::Pim), "{number} {why:?}: {shown:?}");
        }
        // Shown again while nothing could be made.
        let (link, mut meeting) = removed();
        meeting.facts.hidden = false;
        let plan = world.plan(&link, &there(&meeting), &GONE);
        if let After::Linked(link) = &plan.after
            && link.sleep.is_some()
        {
            let later = World::new().plan(link, &there(&meeting), &GONE);
            assert!(creates(&later, Side::Pim), "{number}: {later:?}");
        }
    }
}

// C4, C6: deleted after the copy of the store was taken: the CRM hides it, and the link knows why.
#[test]
fn after_a_restore_a_meeting_that_its_participant_deleted_is_his_to_take_back() {
    let (link, meeting) = removed();
    let world = World { restored: true, ..World::new() };
    let plan = world.plan(&Link { sleep: None, ..link }, &there(&meeting), &GONE);
    assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::Removed)));
}

// C4, L6, O2: what a restore lets be made again is never read as its user's delete because it had to wait.
#[test]
fn what_is_to_be_made_again_after_a_restore_is_no_delete_later() {
    let name = [("last_name", text("Fox"))];
    let domain = Domain::PersonalContact;
    let contact = link(domain, &name, &name);
    let record = there(&crm(domain, "c1", &name));
    for restored in [true, false] {
        for level in [Level::NONE, Level::IMPORT] {
            if restored && level == Level::NONE {
                continue;
            }
            let link = if restored { contact.clone() } else { asleep(&contact, SleepCause::Restored) };
            let world = World { restored, ..World::new() }.level(domain, level);
            let plan = world.plan(&link, &record, &GONE);
            assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::Restored)), "{restored} {level}");
            let later = World::new().plan(&link_after(&plan), &record, &GONE);
            assert!(creates(&later, Side::Pim) && !deletes(&later, Side::Crm), "{restored} {level}: {later:?}");
        }
    }
    // Not visible for a while.
    let hidden = World::new().plan(&asleep(&contact, SleepCause::Restored), &Seen::Gone(Gone::NotVisible), &GONE);
    assert_eq!(sleeps(&hidden), Some(SleepCause::Restored));
}

// D1, C7, O2: why the copy is gone is known still when its record is visible again.
#[test]
fn what_went_before_its_record_was_hidden_is_no_delete_when_it_is_shown() {
    for cause in [
        SleepCause::ReceiverDeleted,
        SleepCause::DeleteForbidden,
        SleepCause::Removed,
        SleepCause::Tracked,
        SleepCause::Moved,
        SleepCause::Restored,
    ] {
        let link = asleep(&link(CALENDAR, &visit(), &visit()), cause);
        let plan = World::new().plan(&link, &Seen::Gone(Gone::NotVisible), &GONE);
        assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(cause)), "{cause:?}");
    }
}

// M4, C4: an item that the moved mailbox has not shown yet stays known when its record is deleted: it goes when it is found,
// and comes in by nobody's wish.
#[test]
fn an_item_that_waits_to_be_found_is_known_still_when_its_record_is_deleted() {
    let link = asleep(&link(CALENDAR, &visit(), &visit()), SleepCause::Moved);
    let plan = World::new().plan(&link, &GONE, &Seen::Gone(Gone::Unknown));
    assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::Moved)));
    let found = World::new().plan(&link_after(&plan), &GONE, &there(&pim(Kind::Appointment, "i2", &visit())));
    assert!(deletes(&found, Side::Pim), "{found:?}");
}

// O7, O10: what a filter keeps out is not touched because its other copy was deleted; inside again the delete goes over.
#[test]
fn what_a_filter_keeps_out_is_neither_deleted_nor_made_again() {
    let mut world = World::new();
    world.of(CALENDAR).category_required = true;
    let own = Link { born: Side::Pim, ..link(CALENDAR, &visit(), &visit()) };
    let mut item = pim(Kind::Appointment, "i1", &visit());
    for edited in [false, true] {
        if edited {
            item.fields.insert(Path::of(Field::Subject), text("Dentist"));
        }
        let plan = world.plan(&own, &GONE, &there(&item));
        assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::Filter)), "edited {edited}");
        let later = World::new().plan(&link_after(&plan), &GONE, &there(&item));
        assert_eq!((deletes(&later, Side::Pim), creates(&later, Side::Crm)), (!edited, edited));
    }
    let record = there(&crm(CALENDAR, "c1", &visit()));
    let out = asleep(&own, SleepCause::Filter);
    let plan = world.plan(&out, &record, &GONE);
    assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::Filter)));
    assert!(deletes(&World::new().plan(&out, &record, &GONE), Side::Crm), "no filter is set any more");
}

// D6, O2: what its user put there himself stays his when the meeting that he does not see is deleted.
#[test]
fn an_activity_that_its_user_put_there_stays_when_what_he_may_not_see_is_deleted() {
    let own = link(CALENDAR, &visit(), &visit());
    let item = there(&pim(Kind::Appointment, "i1", &visit()));
    let hidden = World::new().plan(&own, &Seen::Gone(Gone::NotVisible), &item);
    assert_eq!(sleeps(&hidden), Some(SleepCause::TakenOff));
    let plan = World::new().plan(&link_after(&hidden), &GONE, &item);
    assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::TakenOff)));
}

// L6, R3: exceptions that both sides know are no edit of the user's.
#[test]
fn a_series_with_exceptions_that_nobody_edited_is_removed_from_a_mailbox() {
    let shown: Fields = fields(&[("occurrence(2026-12-08T10:00:00).subject", text("Surgery"))]);
    let mut ours = link(CALENDAR, &visit(), &visit());
    ours.pim.base.extend(plan::occurrence::by_date(&shown));
    let mut item = pim(Kind::Appointment, "i1", &visit());
    item.fields.extend(shown);
    assert!(plan::removal::removal(&ours, &there(&item), &World::new().context()).is_ok());
}

// W2, D1, C4: what keeps a missing copy from being made again besides is told.
#[test]
fn a_copy_that_no_edit_makes_again_says_why() {
    let mut record = crm(CALENDAR, "c1", &visit());
    record.fields.insert(Path::of(Field::Cancelled), Value::Flag(true));
    record.facts.part = Part::Participant;
    let copy = Link { form: Form::MeetingCopy, ..link(CALENDAR, &visit(), &visit()) };
    for cause in [SleepCause::ReceiverDeleted, SleepCause::DeleteForbidden, SleepCause::Restored] {
        let plan = World::new().plan(&asleep(&copy, cause), &there(&record), &GONE);
        assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(cause)));
        assert!(plan.reasons.contains(&Reason::Cancelled), "{cause:?}: {:?}", plan.reasons);
    }
    let plain =
        World::new().plan(&asleep(&copy, SleepCause::ReceiverDeleted), &there(&crm(CALENDAR, "c1", &visit())), &GONE);
    assert_eq!(plain.reasons, [Reason::Asleep(SleepCause::ReceiverDeleted)]);
}

//! Leaving and sleeping: since when, and what ends it (rules O2, C12, L6).

use crate::build::*;
use jiff::{SignedDuration, Timestamp};
use model::{Domain, Field, Form, Gone, Kind, Level, Link, Part, Path, Record, Seen, Side, Sleep, SleepCause, Value};
use plan::{After, Op, Plan};

fn name() -> [(&'static str, Value); 1] {
    [("last_name", text("Fox"))]
}

fn asleep(cause: SleepCause, since: Timestamp) -> Link {
    let mut link = link(Domain::BusinessContact, &name(), &name());
    link.sleep = Some(Sleep { cause, since });
    link
}

fn hidden() -> Record {
    let mut record = crm(Domain::BusinessContact, "c1", &name());
    record.facts.not_visible = true;
    record
}

fn since(plan: &Plan) -> Option<(SleepCause, Timestamp)> {
    match &plan.after {
        After::Linked(link) => link.sleep.as_ref().map(|sleep| (sleep.cause, sleep.since)),
        _ => None,
    }
}

fn hours(world: &World, hours: i64) -> Timestamp {
    world.now.checked_sub(SignedDuration::from_hours(hours)).expect("a time")
}

// O2: the grace time is counted from the loss of visibility, not from another sleep before it, nor from a wrong clock.
#[test]
fn the_grace_time_begins_when_visibility_was_lost() {
    let world = World::new();
    let item = there(&pim(Kind::Contact, "i1", &name()));
    let judged = |link: &Link| world.plan(link, &there(&hidden()), &item);
    assert!(deletes(&judged(&asleep(SleepCause::NotVisible, hours(&world, 25))), Side::Pim));
    let young = hours(&world, 23);
    assert_eq!(since(&judged(&asleep(SleepCause::NotVisible, young))), Some((SleepCause::NotVisible, young)));
    for (cause, before) in
        [(SleepCause::Level, 25), (SleepCause::Window, 1_000), (SleepCause::NotVisible, -5), (SleepCause::Level, -5)]
    {
        let plan = judged(&asleep(cause, hours(&world, before)));
        assert_eq!(since(&plan), Some((SleepCause::NotVisible, world.now)), "{cause:?} since {before} h");
        assert!(plan.ops.is_empty());
    }
}

// W2, O10: a sleep is told with the time since when its cause lasts, however often it is looked at.
#[test]
fn a_sleep_keeps_the_time_since_when_its_cause_lasts() {
    let world = World::new().level(Domain::BusinessContact, Level::NONE);
    let item = there(&pim(Kind::Contact, "i1", &name()));
    let record = there(&crm(Domain::BusinessContact, "c1", &name()));
    let long = hours(&world, 300);
    for (cause, before, told) in [
        (SleepCause::Level, long, long),
        (SleepCause::Window, long, world.now),
        (SleepCause::Level, hours(&world, -5), world.now),
    ] {
        let plan = world.plan(&asleep(cause, before), &record, &item);
        assert_eq!(since(&plan), Some((SleepCause::Level, told)), "{cause:?} since {before}");
    }
}

// C12: more than 30 days past: on the 30th day an item that is nowhere is a delete still, on the 31st it was archived.
#[test]
fn an_item_that_is_nowhere_was_archived_once_it_is_more_than_thirty_days_past() {
    let base = [("subject", text("Lunch")), ("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00"))];
    let mut world = World::new();
    for (now, archived) in [("2026-12-31T12:00:00Z", false), ("2027-01-01T12:00:00Z", true)] {
        world.now = now.parse().expect("a time");
        let plan = world.plan(
            &link(Domain::Calendar, &base, &base),
            &there(&crm(Domain::Calendar, "c1", &base)),
            &Seen::Gone(Gone::Unknown),
        );
        assert_eq!(
            (sleeps(&plan) == Some(SleepCause::Left), deletes(&plan, Side::Crm)),
            (archived, !archived),
            "{now}"
        );
    }
}

fn appointment() -> Vec<(&'static str, Value)> {
    vec![
        ("subject", text("Lunch")),
        ("location", text("Hall")),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
    ]
}

/// An appointment that both sides know, and what is changed of it.
struct Pair {
    world: World,
    link: Link,
    crm: Record,
    pim: Record,
}

const GONE: Seen = Seen::Gone(Gone::Deleted);

fn pair(change: impl FnOnce(&mut Pair)) -> Pair {
    let mut pair = Pair {
        world: World::new(),
        link: link(Domain::Calendar, &appointment(), &appointment()),
        crm: crm(Domain::Calendar, "c1", &appointment()),
        pim: pim(Kind::Appointment, "i1", &appointment()),
    };
    change(&mut pair);
    pair
}

impl Pair {
    fn crm_gone(&self) -> Plan {
        self.world.plan(&self.link, &GONE, &there(&self.pim))
    }

    fn pim_gone(&self) -> Plan {
        self.world.plan(&self.link, &there(&self.crm), &GONE)
    }

    fn plan(&self) -> Plan {
        self.world.plan(&self.link, &there(&self.crm), &there(&self.pim))
    }
}

fn moved(record: &mut Record) {
    record.fields.extend(fields(&[("location", text("Attic"))]));
}

// D1, C7: what was deleted at the receiver sleeps on when its other copy goes as well, unless that was edited: then it is
// made again (C5).
#[test]
fn what_sleeps_since_a_delete_stays_so_until_what_is_left_is_edited() {
    for cause in [SleepCause::ReceiverDeleted, SleepCause::DeleteForbidden] {
        let asleep = |edited: bool| {
            pair(|it| {
                it.link.sleep = Some(Sleep { cause, since: it.world.now });
                if edited {
                    moved(&mut it.pim);
                }
            })
        };
        let untouched = asleep(false).crm_gone();
        assert_eq!((sleeps(&untouched), untouched.ops.len()), (Some(cause), 0));
        let plan = asleep(true).crm_gone();
        assert_eq!((creates(&plan, Side::Crm), sleeps(&plan)), (true, None), "{cause:?}");
        assert_eq!(value(&plan, Side::Crm, "location"), Some(text("Attic")));
    }
    let other = pair(|it| it.link.sleep = Some(Sleep { cause: SleepCause::Window, since: it.world.now }));
    assert!(deletes(&other.crm_gone(), Side::Pim), "another sleep is no reason");
}

// C12: a copy that was deleted, and taken out of Deleted Items into another folder, is not made a second time.
#[test]
fn a_deleted_copy_that_was_put_into_another_folder_is_not_made_again() {
    for cause in [SleepCause::ReceiverDeleted, SleepCause::DeleteForbidden] {
        for why in [Gone::Left, Gone::OutOfWindow] {
            let it = pair(|it| {
                it.link.sleep = Some(Sleep { cause, since: it.world.now });
                moved(&mut it.crm);
            });
            let plan = it.world.plan(&it.link, &there(&it.crm), &Seen::Gone(why));
            assert_eq!((sleeps(&plan), plan.ops.len()), (Some(SleepCause::Left), 0), "{cause:?} {why:?}");
            assert!(creates(&it.pim_gone(), Side::Pim), "deleted, and its record edited");
        }
    }
}

// C4, O2: who deleted his copy of what he may not see any more is asked nothing until he sees it again.
#[test]
fn what_is_not_visible_and_whose_copy_is_gone_sleeps() {
    for why in [Gone::Deleted, Gone::Unknown, Gone::Left] {
        let it = pair(|_| {});
        let plan = it.world.plan(&it.link, &Seen::Gone(Gone::NotVisible), &Seen::Gone(why));
        assert_eq!((sleeps(&plan), plan.ops.len()), (Some(SleepCause::NotVisible), 0), "{why:?}");
    }
}

// C5, O7: an edit of a private item outlives nothing where private ones are skipped; without an edit it is deleted.
#[test]
fn an_edited_private_item_stays_in_its_mailbox_where_private_is_skipped() {
    let private = |skipped: bool, edited: bool| {
        let it = pair(|it| {
            it.world.of(Domain::Calendar).skip_private = skipped;
            it.pim.fields.extend(fields(&[("private", Value::Flag(true))]));
            if edited {
                moved(&mut it.pim);
            }
        });
        let plan = it.crm_gone();
        (creates(&plan, Side::Crm), deletes(&plan, Side::Pim))
    };
    assert_eq!(private(true, true), (false, false));
    assert_eq!(private(false, true), (true, false));
    assert_eq!(private(true, false), (false, true));
}

// P6, C5: made again in the CRM, a meeting is locked as one that enters: when its guests were asked and mail is off.
#[test]
fn a_meeting_made_again_in_the_crm_is_locked_while_exchange_owns_it() {
    for (meeting, sent, mail, locked) in [
        (true, true, false, true),
        (true, true, true, false),
        (true, false, false, false),
        (true, false, true, false),
        (false, true, false, false),
    ] {
        let it = pair(|it| {
            (it.pim.facts.meeting, it.pim.facts.requests_sent) = (meeting, sent);
            it.world.of(Domain::Calendar).mail = mail;
            moved(&mut it.pim);
        });
        let plan = it.crm_gone();
        let [Op::Create { side: Side::Crm, locked: made, .. }] = plan.ops.as_slice() else { panic!("{:?}", plan.ops) };
        assert_eq!(*made, locked, "meeting {meeting}, sent {sent}, mail {mail}");
    }
}

// O2: taken off the list and gone from the mailbox: the CRM's record stays, and nobody is taken off a list twice. An
// activity has no list.
#[test]
fn a_contact_off_the_list_that_is_gone_too_touches_nothing() {
    for domain in [Domain::PersonalContact, Domain::BusinessContact] {
        let mut record = crm(domain, "c1", &name());
        record.facts.on_sync_list = false;
        let plan = World::new().plan(&link(domain, &name(), &name()), &there(&record), &GONE);
        assert!(plan.ops.is_empty() && matches!(plan.after, After::Away(_)), "{domain}: {plan:?}");
    }
    assert!(deletes(&pair(|it| it.crm.facts.on_sync_list = false).pim_gone(), Side::Crm));
}

// D3, D6: who is off an activity, or has it in another folder now, deletes nothing in the CRM by having no copy.
#[test]
fn what_is_no_longer_shown_there_may_go_without_a_word_to_the_crm() {
    let former = pair(|it| (it.crm.facts.part, it.link.form) = (Part::Former, Form::ParticipantCopy));
    let elsewhere = pair(|it| it.crm.facts.domain = Some(Domain::Task));
    let nowhere = pair(|it| it.crm.facts.domain = None);
    for it in [former, elsewhere, nowhere] {
        let plan = it.pim_gone();
        assert_eq!((plan.ops.len(), plan.after), (0, After::Forget));
    }
}

// C4: after a restore of the store what was ours to take is made again; what its user has of his own accord is his.
#[test]
fn after_a_restore_what_we_may_have_taken_is_made_again() {
    for (form, part, again) in [
        (Form::Own, Part::Owner, false),
        (Form::Own, Part::Participant, true),
        (Form::ParticipantCopy, Part::Owner, true),
        (Form::ParticipantCopy, Part::Participant, true),
    ] {
        let restored = |restored| {
            pair(|it| {
                (it.link.form, it.crm.facts.part) = (form, part);
                it.world.restored = restored;
            })
        };
        assert_eq!(creates(&restored(true).pim_gone(), Side::Pim), again, "{form:?} {part:?}");
        assert!(!creates(&restored(false).pim_gone(), Side::Pim), "{form:?} {part:?}");
    }
}

// P6, D1: where nothing comes in, the owner's deleted meeting is Exchange's no more, and the CRM hears that alone.
#[test]
fn a_deleted_meeting_is_no_longer_locked_in_the_crm() {
    for (form, locked, told) in
        [(Form::Own, true, true), (Form::Own, false, false), (Form::ParticipantCopy, true, false)]
    {
        let it = pair(|it| {
            it.world.levels.insert(Domain::Calendar, Level::EXPORT);
            (it.link.form, it.crm.facts.locked) = (form, locked);
            it.crm.facts.global_id = Some("g1".to_owned());
        });
        let plan = it.pim_gone();
        let flag = Op::Flag { global_id: Some("g1".to_owned()), locked: false };
        assert_eq!(plan.ops, if told { vec![flag] } else { vec![] }, "{form:?}, locked {locked}");
        assert_eq!(sleeps(&plan), Some(SleepCause::ReceiverDeleted));
    }
}

// C6, D6: whoever is not its owner, by his part or by his copy, takes only himself off.
#[test]
fn only_the_owner_of_an_activity_deletes_it() {
    let todo = [("subject", text("Call"))];
    for (form, part, owner) in [
        (Form::Own, Part::Owner, true),
        (Form::Own, Part::Participant, false),
        (Form::ParticipantCopy, Part::Owner, false),
        (Form::ParticipantCopy, Part::Participant, false),
    ] {
        let it = pair(|it| (it.link.form, it.crm.facts.part) = (form, part));
        let (mut task, mut record) = (link(Domain::Task, &todo, &todo), crm(Domain::Task, "c1", &todo));
        (task.form, record.facts.part) = (form, part);
        for plan in [it.pim_gone(), World::new().plan(&task, &there(&record), &GONE)] {
            assert_eq!(
                (deletes(&plan, Side::Crm), plan.ops.contains(&Op::Leave)),
                (owner, !owner),
                "{form:?} {part:?}"
            );
        }
    }
    // Said once: hidden already, he says no more.
    let hidden = pair(|it| {
        (it.link.form, it.crm.facts.part, it.crm.facts.hidden) = (Form::Received, Part::Participant, true);
    });
    let plan = hidden.pim_gone();
    assert_eq!((plan.ops.len(), sleeps(&plan)), (0, Some(SleepCause::Removed)));
}

// P5, C5: a participant's copy that is made again bears the meeting's id, and the owner's own none of ours.
#[test]
fn a_copy_that_is_made_again_is_the_same_meeting() {
    for (part, id, form) in [
        (Part::Participant, Some("g1"), Form::MeetingCopy),
        (Part::Participant, None, Form::ParticipantCopy),
        (Part::Owner, Some("g1"), Form::Own),
    ] {
        let it = pair(|it| {
            it.world.meeting_id = id.map(str::to_owned);
            it.world.levels.insert(Domain::Calendar, Level::EXPORT);
            it.link.sleep = Some(Sleep { cause: SleepCause::ReceiverDeleted, since: it.world.now });
            it.crm.facts.part = part;
            moved(&mut it.crm);
        });
        let plan = it.pim_gone();
        let [Op::Create { side: Side::Pim, form: made, global_id, .. }] = plan.ops.as_slice() else {
            panic!("{:?}", plan.ops)
        };
        let bears = id.filter(|_| form == Form::MeetingCopy);
        assert_eq!((*made, global_id.as_deref()), (form, bears), "{part:?} {id:?}");
    }
}

// P8, C3: a former owner's item goes, and what he had just changed in it is told; unchanged there is nothing to tell.
#[test]
fn what_a_former_owner_had_just_changed_is_told_as_his_item_goes() {
    let former = |change: &dyn Fn(&mut Pair)| {
        pair(|it| {
            (it.crm.facts.part, it.link.form) = (Part::Former, Form::Own);
            it.crm.fields.clear();
            change(it);
        })
    };
    let edited = |it: &mut Pair| it.pim.fields.extend(fields(&[("subject", text("Edited"))]));
    let plan = former(&edited).plan();
    assert!(deletes(&plan, Side::Pim) && plan.after == After::Forget);
    let [told] = &plan.conflicts[..] else { panic!("{:?}", plan.conflicts) };
    assert_eq!(told.values, [(Path::of(Field::Subject), (None, Some(text("Edited"))))].into());
    assert_eq!((told.winner, told.counts), (Some(Side::Crm), false));
    assert_eq!(former(&|_| ()).plan().conflicts, []);
    let export = |it: &mut Pair| {
        edited(it);
        it.world.levels.insert(Domain::Calendar, Level::EXPORT);
    };
    assert_eq!(former(&export).plan().conflicts, [], "nothing of it would have come in");
}

//! Leaving and sleeping: since when, and what ends it (rules O2, C12, L6).

use crate::build::*;
use jiff::{SignedDuration, Timestamp};
use model::{Domain, Gone, Kind, Level, Link, Record, Seen, Side, Sleep, SleepCause, Value};
use plan::{After, Plan};

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

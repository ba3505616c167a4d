//! What a plan says of itself: what it writes, what the brakes count, and what may stand in a log (rules C8, O5, O7, R3).

use crate::build::*;
use model::{Domain, Form, Gone, Link, Pattern, Range, Recurrence, Seen, Side, Value};
use model::{Fields, Path};
use plan::occurrence::{by_date, by_start, clock, surviving};
use plan::operation::Conflict;
use plan::removal::{Stays, removal};
use plan::{After, Op, Plan, Reason};
use std::collections::BTreeMap;

fn update(side: Side) -> Op {
    Op::Update { side, changes: fields(&[("subject", text("Surgery"))]), keep: Fields::new() }
}

fn linked(born: Side) -> After {
    After::Linked(Box::new(Link { born, ..link(Domain::Calendar, &[], &[]) }))
}

// C8, O8: the brakes count as a delete what takes the values of a mailbox's record out of the CRM.
#[test]
fn a_plan_reduces_when_it_writes_away_what_was_born_in_the_mailbox_and_became_private() {
    let plan = |after: After, reason: Reason, ops: Vec<Op>| Plan { ops, ..Plan::of(None, after, reason) };
    assert!(plan(linked(Side::Pim), Reason::Private, vec![update(Side::Crm)]).reduces());
    assert!(!plan(linked(Side::Crm), Reason::Private, vec![update(Side::Crm)]).reduces(), "its flag is set");
    assert!(!plan(linked(Side::Pim), Reason::PimChanged, vec![update(Side::Crm)]).reduces(), "an ordinary change");
    assert!(!plan(linked(Side::Pim), Reason::Private, Vec::new()).reduces(), "nothing is written");
    assert!(!plan(After::Forget, Reason::Private, vec![update(Side::Crm)]).reduces());
}

// W1: a plan writes when it has something to do.
#[test]
fn a_plan_writes_when_it_has_an_operation() {
    let mut plan = Plan::of(Some(Domain::Task), After::Forget, Reason::Deleted);
    assert!(!plan.writes());
    plan.ops.push(Op::Leave);
    assert!(plan.writes());
    assert_eq!((plan.domain, plan.after, plan.reasons), (Some(Domain::Task), After::Forget, vec![Reason::Deleted]));
}

// O5: somebody may be the same person only where a personal contact becomes a business one.
#[test]
fn a_contact_becomes_business_by_a_flip_to_business_alone() {
    let becomes = |domain, reason| Plan::of(Some(domain), After::Forget, reason).becomes_business();
    assert!(becomes(Domain::BusinessContact, Reason::Flip));
    assert!(!becomes(Domain::PersonalContact, Reason::Flip));
    assert!(!becomes(Domain::BusinessContact, Reason::CrmChanged));
}

// C8: which side an operation writes, so that the brakes of that side count it.
#[test]
fn lists_and_flags_are_written_in_the_crm_and_a_copy_comes_back_in_the_mailbox() {
    let flag = Op::Flag { global_id: None, locked: true };
    for op in [Op::Enlist, Op::Delist, Op::Leave, Op::Rejoin, flag, update(Side::Crm)] {
        assert_eq!(op.side(), Side::Crm, "{op:?}");
    }
    let key = "c1~k".to_owned();
    for op in [Op::Restore { mark_key: key }, update(Side::Pim), Op::Delete { side: Side::Pim, after_new: None }] {
        assert_eq!(op.side(), Side::Pim, "{op:?}");
    }
}

// O7: what stands in a log says where something is written, never what.
#[test]
fn a_log_names_fields_and_never_their_values() {
    let values = BTreeMap::from([(Path::parse("subject").expect("a path"), (Some(text("Surgery")), None))]);
    let conflict = format!("{:?}", Conflict { values, winner: Some(Side::Pim), counts: true });
    assert!(conflict.contains("subject") && conflict.contains("Pim") && !conflict.contains("Surgery"), "{conflict}");
    let told = format!("{:?}", update(Side::Crm));
    assert!(told.contains("Crm") && told.contains("subject") && !told.contains("Surgery"), "{told}");
    let made = Op::Create {
        side: Side::Pim,
        domain: Domain::Calendar,
        fields: fields(&[("subject", text("Surgery"))]),
        form: Form::Own,
        global_id: None,
        locked: false,
        owner: None,
    };
    let told = format!("{made:?}");
    assert!(told.contains("Pim") && told.contains("1 field") && !told.contains("Surgery"), "{told}");
}

const SECOND: &str = "occurrence(2026-12-08T10:00:00)";
const SECOND_DAY: &str = "occurrence(2026-12-08T00:00:00)";

fn of_occurrence(prefix: &str, pairs: &[(&str, &str)]) -> Fields {
    let path = |name: &str| Path::parse(&format!("{prefix}.{name}")).expect("a path");
    pairs.iter().map(|(name, value)| (path(name), text(value))).collect()
}

// R3: an occurrence is known by its day, so that a series whose clock time changes keeps its exceptions.
#[test]
fn an_occurrence_is_known_by_its_day() {
    let said = [("subject", "modified"), ("state", "cancelled")];
    let shown = of_occurrence(SECOND, &said);
    assert_eq!(by_date(&shown), of_occurrence(SECOND_DAY, &said), "a title is no state");
    let ten = "2026-12-01T10:00:00".parse::<jiff::civil::DateTime>().expect("a time").time();
    assert_eq!(by_start(of_occurrence(SECOND_DAY, &said), Some(ten)), shown);
    let series = fields(&[("subject", text("S")), ("start", at("2026-12-01T10:00:00"))]);
    assert_eq!((by_date(&series), by_start(series.clone(), None)), (series.clone(), series.clone()));
    assert_eq!((clock(&series), clock(&Fields::new())), (Some(ten), None));
}

// R3: one side says that an occurrence was changed, the other does not: the word alone is no difference.
#[test]
fn that_an_occurrence_was_changed_is_told_by_what_it_says() {
    let shown = of_occurrence(SECOND, &[("state", "modified"), ("subject", "Moved")]);
    assert_eq!(by_date(&shown), of_occurrence(SECOND_DAY, &[("subject", "Moved")]));
}

// R3: what stands after a rule was set are the exceptions whose day is still one of the series.
#[test]
fn exceptions_survive_a_rule_that_still_has_their_day() {
    let mut all = of_occurrence(SECOND_DAY, &[("subject", "Moved")]);
    all.extend(of_occurrence("occurrence(2026-12-09T00:00:00)", &[("subject", "Lost")]));
    all.extend(fields(&[("subject", text("S"))]));
    let pattern = Pattern::Weekly { interval: 1, days: [2].into(), first_day: 1 };
    let rule = Recurrence { pattern, range: Range::NoEnd };
    let first = "2026-12-01T10:00:00".parse().expect("a time");
    assert_eq!(surviving(&all, &rule, first), of_occurrence(SECOND_DAY, &[("subject", "Moved")]));
}

// L6, O2: our copy of a contact comes back from Deleted Items by its mark; of an activity nothing is kept.
#[test]
fn removing_copies_puts_contacts_aside_and_leaves_what_an_invitation_made() {
    let world = World::new();
    let go = |domain: Domain, change: fn(&mut model::Facts)| {
        let mut item = pim(domain.kind(), "i1", &[("subject", Value::Null)]);
        change(&mut item.facts);
        removal(&link(domain, &[], &[]), &there(&item), &world.context())
    };
    let contact = go(Domain::BusinessContact, |_| {}).expect("goes");
    assert!(matches!(contact.after, After::Away(_)), "{contact:?}");
    assert_eq!(contact.reasons, [Reason::CopiesRemoved]);
    let task = go(Domain::Task, |_| {}).expect("goes");
    assert_eq!(
        (task.ops.as_slice(), task.after),
        (&[Op::Delete { side: Side::Pim, after_new: None }][..], After::Forget)
    );
    assert_eq!(go(Domain::Calendar, |facts| facts.received = true), Err(Stays::Invitation));
    assert_eq!(go(Domain::Calendar, |facts| facts.requests_sent = true), Err(Stays::Invitation));
    let nowhere = removal(&link(Domain::Task, &[], &[]), &Seen::Gone(Gone::Merged), &world.context());
    assert_eq!(nowhere, Err(Stays::NotThere));
}

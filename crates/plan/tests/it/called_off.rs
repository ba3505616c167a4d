//! An occurrence called off on one side and edited on the other (rules C3, C5, R3).

use crate::build::*;
use model::{Domain, Kind, Pattern, Range, Recurrence, Side, Value};
use plan::{After, Op};

const STATE: &str = "occurrence(2026-12-15T10:00:00).state";
const SUBJECT: &str = "occurrence(2026-12-15T10:00:00).subject";
const PLACE: &str = "occurrence(2026-12-15T10:00:00).location";

/// A weekly series, with what is different in single occurrences.
fn series(more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    lasting(Range::NoEnd, more)
}

fn lasting(range: Range, more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let pattern = Pattern::Weekly { interval: 1, days: [2].into(), first_day: 1 };
    let rule = Recurrence { pattern, range };
    let mut pairs = vec![
        ("subject", text("Kick-off")),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
        ("rule", Value::Rule(rule)),
    ];
    pairs.extend(more.iter().cloned());
    pairs
}

// C5, C3: called off on one side and edited on the other, the edit outlives, whole, and what gave way to it is told.
#[test]
fn an_edit_of_an_occurrence_outlives_that_it_was_called_off() {
    // An agreed exception: whoever calls it off says nothing else of it any more.
    let base = series(&[(PLACE, text("Attic"))]);
    let link = link(Domain::Calendar, &base, &base);
    let off = series(&[(STATE, text("cancelled"))]);
    let edited = series(&[(PLACE, text("Attic")), (SUBJECT, text("Edited"))]);
    let plan = |world: &World, off_in: Side| {
        let (left, right) = if off_in == Side::Crm { (&off, &edited) } else { (&edited, &off) };
        let (crm, pim) = (crm(Domain::Calendar, "c1", left), pim(Kind::Appointment, "i1", right));
        world.plan(&link, &there(&crm), &there(&pim))
    };
    for off_in in Side::BOTH {
        let plan = plan(&World::new(), off_in);
        assert_eq!(written(&plan, off_in), [SUBJECT, PLACE, STATE], "{off_in:?}");
        assert_eq!(value(&plan, off_in, STATE), Some(Value::Null));
        assert_eq!(value(&plan, off_in, PLACE), Some(text("Attic")), "as its series again it has lost that too");
        assert!(written(&plan, off_in.other()).is_empty(), "{off_in:?}");
        let told: Vec<_> = plan.conflicts.iter().map(|conflict| conflict.winner).collect();
        assert_eq!(told, [Some(off_in.other())]);
        let After::Linked(agreed) = &plan.after else { panic!("linked") };
        let (left, right) = (crm(Domain::Calendar, "c1", &edited), pim(Kind::Appointment, "i1", &edited));
        assert!(
            World::new().plan(agreed, &there(&left), &there(&right)).ops.is_empty(),
            "planned again it gives nothing"
        );
    }
    // In the mailbox it comes back by setting the rule again, after which it is written like the others.
    let back = plan(&World::new(), Side::Pim);
    let keeps = |op: &Op| matches!(op, Op::Update { side: Side::Pim, keep, .. } if keep.len() == 2);
    assert!(back.ops.iter().any(keeps), "{:?}", back.ops);
}

// M3, C5: of strangers nobody knows what was agreed: the one that says something stands on both sides, whole, and the other is
// told; it is not called off here and moved there.
#[test]
fn an_occurrence_called_off_on_one_of_two_strangers_stands_as_the_other_says() {
    let said = [
        ("occurrence(2026-12-15T10:00:00).start", at("2026-12-15T12:00:00")),
        ("occurrence(2026-12-15T10:00:00).end", at("2026-12-15T13:00:00")),
    ];
    let (off, moved) = (series(&[(STATE, text("cancelled"))]), series(&said));
    for off_in in Side::BOTH {
        let (left, right) = if off_in == Side::Crm { (&off, &moved) } else { (&moved, &off) };
        let (crm, pim) = (crm(Domain::Calendar, "c1", left), pim(Kind::Appointment, "i1", right));
        let plan = plan::fresh::adopt(Domain::Calendar, &crm, &pim, &World::new().context());
        assert_eq!(written(&plan, off_in), [said[0].0, said[1].0, STATE], "{off_in:?}: {plan:?}");
        assert_eq!(value(&plan, off_in, STATE), Some(Value::Null));
        assert!(written(&plan, off_in.other()).is_empty(), "{off_in:?}: {plan:?}");
        assert_eq!(plan.conflicts.iter().map(|told| told.winner).collect::<Vec<_>>(), [Some(off_in.other())]);
    }
}

// C5, settable
#[test]
fn by_setting_an_occurrence_that_was_called_off_stays_so() {
    let link = link(Domain::Calendar, &series(&[]), &series(&[]));
    let off = series(&[(STATE, text("cancelled"))]);
    let edited = series(&[("occurrence(2026-12-15T10:00:00).subject", text("Edited"))]);
    let mut world = World::new();
    world.of(Domain::Calendar).delete_wins = true;
    for (off_in, left, right) in [(Side::Crm, &off, &edited), (Side::Pim, &edited, &off)] {
        let (crm, pim) = (crm(Domain::Calendar, "c1", left), pim(Kind::Appointment, "i1", right));
        let plan = world.plan(&link, &there(&crm), &there(&pim));
        assert_eq!(value(&plan, off_in.other(), STATE), Some(text("cancelled")));
        assert!(written(&plan, off_in).is_empty(), "{off_in:?}");
        assert_eq!(plan.conflicts.len(), 1, "the edit is told");
    }
}

// R3: the rule one side sets says which occurrences there are; what was said of another on the other side is told, is written
// nowhere, and does not come back with a later rule.
#[test]
fn what_is_said_of_an_occurrence_that_the_series_loses_meanwhile_is_told() {
    for (mover, word) in [(Side::Pim, "cancelled"), (Side::Pim, ""), (Side::Crm, "cancelled"), (Side::Crm, "")] {
        let said = if word.is_empty() { (PLACE, text("Attic")) } else { (STATE, text(word)) };
        let link = link(Domain::Calendar, &series(&[]), &series(&[]));
        let shorter = lasting(Range::Until("2026-12-10".parse().expect("a date")), &[]);
        let edited = series(std::slice::from_ref(&said));
        let (left, right) = if mover == Side::Crm { (&shorter, &edited) } else { (&edited, &shorter) };
        let (crm, pim) = (crm(Domain::Calendar, "c1", left), pim(Kind::Appointment, "i1", right));
        let plan = World::new().plan(&link, &there(&crm), &there(&pim));
        let told: Vec<_> = plan.conflicts.iter().map(|conflict| (conflict.winner, conflict.values.len())).collect();
        assert_eq!(told, [(Some(mover), 1)], "{mover:?} {said:?}");
        let back: &[&str] = if mover == Side::Pim { &["rule", said.0] } else { &[] };
        assert_eq!(written(&plan, Side::Crm), back, "{mover:?} {said:?}");
        assert_eq!(written(&plan, Side::Pim), if mover == Side::Crm { vec!["rule"] } else { vec![] });
        let kept = plan.ops.iter().any(|op| matches!(op, Op::Update { keep, .. } if !keep.is_empty()));
        assert!(!kept, "{:?}", plan.ops);
        let After::Linked(agreed) = &plan.after else { panic!("linked") };
        let (left, right) = (self::crm(Domain::Calendar, "c1", &shorter), self::pim(Kind::Appointment, "i1", &shorter));
        assert!(World::new().plan(agreed, &there(&left), &there(&right)).ops.is_empty(), "{mover:?} {said:?}");
    }
}

// D1, R3: a guest's own rule stays in his copy; an occurrence that it does not have is not written there, and waits for a rule
// that has it.
#[test]
fn an_occurrence_that_the_other_sides_own_rule_lacks_stays_where_it_is() {
    let shorter = |more: &[(&'static str, Value)]| lasting(Range::Until("2026-12-10".parse().expect("a date")), more);
    let mut link = link(Domain::Calendar, &series(&[]), &series(&[]));
    link.form = model::Form::MeetingCopy;
    let crm = |pairs: &[(&'static str, Value)]| {
        let mut record = crm(Domain::Calendar, "c1", pairs);
        record.facts.part = model::Part::Participant;
        record
    };
    let off = crm(&series(&[(STATE, text("cancelled"))]));
    let mut own = pim(Kind::Appointment, "i1", &shorter(&[]));
    own.facts.meeting_copy = true;
    let plan = World::new().plan(&link, &there(&off), &there(&own));
    assert!(plan.ops.is_empty() && plan.conflicts.is_empty(), "{:?}", plan.ops);
    assert!(plan.reasons.contains(&plan::Reason::StaysLocal), "{:?}", plan.reasons);
    let After::Linked(agreed) = &plan.after else { panic!("linked") };
    let again = World::new().plan(agreed, &there(&off), &there(&own));
    assert!(again.ops.is_empty(), "{:?}", again.ops);
    // The CRM's next rule overrules the guest's, and its occurrence comes with it.
    let mut longer = series(&[(STATE, text("cancelled"))]);
    let until = Recurrence {
        pattern: Pattern::Weekly { interval: 1, days: [2].into(), first_day: 1 },
        range: Range::Until("2027-12-10".parse().expect("a date")),
    };
    longer.retain(|(name, _)| *name != "rule");
    longer.push(("rule", Value::Rule(until)));
    let plan = World::new().plan(agreed, &there(&crm(&longer)), &there(&own));
    assert_eq!(written(&plan, Side::Pim), ["rule", STATE]);
}

//! What counts toward the brakes, and what stops a domain before its first write (rules C8, O2, O8).

use crate::build::*;
use model::settings::Brakes;
use model::{Domain, Fields, Form, Side};
use plan::guard::{Tallies, Tally, count, is_short, trips, trips_over_all};
use plan::{After, Op, Plan, Reason};

fn tally(creates: u32, changes: u32, deletes: u32) -> Tally {
    Tally { creates, changes, deletes }
}

fn create(side: Side) -> Op {
    let (domain, fields, form) = (Domain::Calendar, Fields::new(), Form::Own);
    Op::Create { side, domain, fields, form, global_id: None, locked: false, owner: None }
}

fn update(side: Side) -> Op {
    Op::Update { side, changes: fields(&[("subject", text("a"))]), keep: Fields::new() }
}

/// A plan of a link that was born there.
fn doing(ops: &[Op], reason: Reason, born: Side) -> Plan {
    let mut link = link(Domain::Calendar, &[], &[]);
    link.born = born;
    Plan { ops: ops.to_vec(), ..Plan::of(Some(Domain::Calendar), After::Linked(Box::new(link)), reason) }
}

fn counted(plans: &[Plan]) -> Tallies {
    let mut tallies = Tallies::new();
    for plan in plans {
        count(plan, &mut tallies);
    }
    tallies
}

// C8: what a user sees made, changed or gone counts, on the side where it is done.
#[test]
fn every_write_counts_on_its_side_as_what_it_does() {
    let (crm, pim) = (Side::Crm, Side::Pim);
    for (op, side, counts) in [
        (create(crm), crm, tally(1, 0, 0)),
        (create(pim), pim, tally(1, 0, 0)),
        (Op::Restore { mark_key: "c1~k".to_owned() }, pim, tally(1, 0, 0)),
        (update(crm), crm, tally(0, 1, 0)),
        (update(pim), pim, tally(0, 1, 0)),
        (Op::Delete { side: crm, after_new: None }, crm, tally(0, 0, 1)),
        (Op::Delete { side: pim, after_new: None }, pim, tally(0, 0, 1)),
        (Op::Delist, crm, tally(0, 0, 1)),
        (Op::Leave, crm, tally(0, 0, 1)),
        (Op::Enlist, crm, tally(0, 0, 0)),
        (Op::Rejoin, crm, tally(0, 0, 0)),
        (Op::Flag { global_id: None, locked: true }, crm, tally(0, 0, 0)),
    ] {
        let told = format!("{op:?}");
        let plan = doing(&[op], Reason::CrmChanged, crm);
        let tallies = counted(&[plan.clone(), plan.clone(), plan]);
        let thrice = tally(3 * counts.creates, 3 * counts.changes, 3 * counts.deletes);
        assert_eq!(tallies.get(&(Domain::Calendar, side)), Some(&thrice), "{told}");
        assert_eq!(tallies.len(), 1, "{told}");
    }
}

// O8, C8: a record that is reduced to "Private" loses its values in the CRM: that counts as a delete; no other update does.
#[test]
fn taking_a_records_values_from_the_crm_counts_as_a_delete() {
    for (reason, born, counts) in [
        (Reason::Private, Side::Pim, tally(0, 0, 1)),
        (Reason::Private, Side::Crm, tally(0, 1, 0)),
        (Reason::PimChanged, Side::Pim, tally(0, 1, 0)),
    ] {
        let tallies = counted(&[doing(&[update(Side::Crm)], reason, born)]);
        assert_eq!(tallies.get(&(Domain::Calendar, Side::Crm)), Some(&counts), "{reason:?}, born in {born:?}");
    }
}

/// Why a cycle stops, with a hundred links.
fn stops(planned: Tally, day: Tally, first: bool) -> Option<String> {
    trips(planned, 100, day, first, &Brakes::default())
}

// C8: more than 50 and more than 25 % changed in a cycle or a rolling day; never in the first cycle, nor by what is past.
#[test]
fn too_many_changes_stop_a_domain_after_its_first_cycle() {
    let changes = |changes| tally(0, changes, 0);
    for (planned, day, links, first, stop) in [
        (51, 0, 100, false, true),
        (50, 0, 100, false, false),
        (51, 0, 204, false, false),
        (51, 0, 203, false, true),
        (1, 50, 100, false, true),
        (0, 90, 100, false, false),
        (51, 0, 100, true, false),
    ] {
        let told = trips(changes(planned), links, changes(day), first, &Brakes::default());
        assert_eq!(told.is_some(), stop, "{planned} and {day} of {links}, first: {first}");
        if let Some(told) = told {
            let sum = (planned + day).to_string();
            assert!(
                ["changed", &sum, &links.to_string(), "50", "25 %"].iter().all(|word| told.contains(word)),
                "{told}"
            );
        }
    }
}

// C8: more than 500 creates in a cycle after the first; those of the day before do not add up.
#[test]
fn too_many_creates_stop_a_domain_after_its_first_cycle() {
    let creates = |creates| tally(creates, 0, 0);
    assert_eq!(stops(creates(500), creates(0), false), None);
    assert_eq!(stops(creates(501), creates(0), true), None, "the first cycle makes what there is");
    assert_eq!(stops(creates(1), creates(600), false), None);
    let told = stops(creates(501), creates(0), false).expect("stopped");
    assert!(["501", "made", "500"].iter().all(|word| told.contains(word)), "{told}");
}

// C8: deletes stop in the first cycle too, and the person reads how many of how many.
#[test]
fn too_many_deletes_stop_a_domain_in_every_cycle() {
    for first in [true, false] {
        let told = stops(tally(0, 0, 11), tally(0, 0, 4), first).expect("stopped");
        assert!(
            ["11 of 100", "deleted after 4", "15 together", "more than 10 and", "10 %"]
                .iter()
                .all(|word| told.contains(word)),
            "{told}"
        );
    }
    assert_eq!(stops(tally(1, 1, 0), tally(0, 0, 90), false), None, "a cycle that deletes nothing goes on");
    assert_eq!(trips(tally(0, 0, 10), 10, tally(0, 0, 0), false, &Brakes::default()), None, "ten may all go");
    assert_eq!(trips(tally(0, 0, 11), 110, tally(0, 0, 0), false, &Brakes::default()), None, "just a tenth");
}

// C8: over all users, and the person reads which of the two limits it was.
#[test]
fn deletes_over_all_users_tell_which_limit_they_passed() {
    let told = trips_over_all(101, 1, 1_000, &Brakes::default()).expect("stopped");
    assert!(told.contains("101 deletes") && told.contains("more than 100"), "{told}");
    let told = trips_over_all(30, 21, 400, &Brakes::default()).expect("stopped");
    assert!(["21 of 400 users", "more than 20", "5 %"].iter().all(|word| told.contains(word)), "{told}");
    assert_eq!(trips_over_all(100, 20, 21, &Brakes::default()), None, "twenty users may");
    assert_eq!(trips_over_all(30, 21, 420, &Brakes::default()), None, "just a twentieth");
}

// C8: lacks more than 10 *and* more than half of the linked ids.
#[test]
fn a_listing_is_short_by_number_and_share_together() {
    for (missing, links, short) in
        [(10, 10, false), (11, 11, true), (11, 21, true), (11, 22, false), (0, 0, false), (60, 100, true)]
    {
        assert_eq!(is_short(missing, links, &Brakes::default()), short, "{missing} of {links}");
    }
}

//! What strikes wide worlds, one kind at a time, and accidents.

use sim::dice::{Dice, Hand};
use sim::faults::{Fault, Faults, WIDE};
use sim::world::{World, live};

/// Worlds of each kind.
const WORLDS: u64 = 4;

fn worlds_of(faults: &[Fault], per_mille: u64, worlds: u64) -> u64 {
    let mut struck = 0;
    for seed in 1..=worlds {
        let mut world = World::new(seed, Faults::of(faults.iter().copied(), per_mille), Dice::of(seed, Hand::World));
        world.turmoil();
        world.settle_down();
        let outcome = world.end();
        assert_eq!(outcome.findings, Vec::<String>::new(), "{faults:?} seed {seed}");
        struck += faults.iter().filter_map(|fault| outcome.faults.get(fault)).sum::<u64>();
    }
    struck
}

// traps 2, 20, 22, 148, 154, 158, 161, E2, E6
#[test]
fn each_trouble_alone_loses_nothing_and_doubles_nothing() {
    for fault in Fault::WIDE.into_iter().chain([Fault::Untold]) {
        // Each edit of a person is followed by a write: rare enough that no brake has a reason (rule C8).
        assert!(worlds_of(&[fault], 60, WORLDS) > 0, "{fault:?} never struck");
    }
}

// L1, trap 155
#[test]
fn a_listing_from_the_beginning_is_not_believed_before_the_mailbox_is_known() {
    assert!(worlds_of(&[Fault::Restored, Fault::Replaced], 5, 20) > 20);
}

// C8, trap 145
#[test]
fn an_accident_is_stopped_before_its_first_write_and_waits_for_a_person() {
    for seed in (WIDE..).filter(|seed| seed % 16 == 5).take(12) {
        let outcome = live(seed);
        assert_eq!(outcome.findings, Vec::<String>::new(), "seed {seed}");
        assert_eq!(outcome.faults.get(&Fault::Accident), Some(&1));
    }
}

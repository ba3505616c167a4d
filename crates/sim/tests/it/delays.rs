//! Delays one at a time: a copy that shows late, and an engine that wakes after its lease.

use sim::dice::{Dice, Hand};
use sim::faults::{Fault, Faults};
use sim::world::World;

/// Worlds of each kind.
const WORLDS: u64 = 25;

fn worlds_of(fault: Fault, per_mille: u64) -> u64 {
    let mut struck = 0;
    for seed in 1..=WORLDS {
        let mut world = World::new(seed, Faults::of([fault], per_mille), Dice::of(seed, Hand::World));
        world.turmoil();
        world.settle_down();
        let outcome = world.end();
        assert_eq!(outcome.findings, Vec::<String>::new(), "seed {seed}");
        struck += outcome.faults.get(&fault).copied().unwrap_or(0);
    }
    struck
}

// decision 10, trap 47
#[test]
fn a_copy_that_shows_late_is_the_twin_of_the_one_made_in_its_place() {
    // Rare enough that no brake has a reason (rule C8): each twin that goes is a delete.
    assert!(worlds_of(Fault::ShownLate, 200) > WORLDS);
}

// decision 10, trap 161
#[test]
fn an_engine_that_wakes_after_its_lease_loses_nothing_and_doubles_nothing() {
    assert!(worlds_of(Fault::Paused, 100) > WORLDS);
}

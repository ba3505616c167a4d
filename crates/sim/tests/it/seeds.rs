//! A slice of worlds, and every seed that once found a fault.

use sim::faults::{EDITS, FULL, LIVELY, TROUBLES, WIDE};
use sim::world::live;

/// Worlds of the slice; the command runs as many as one likes.
const SLICE: u64 = 150;
/// Worlds of the slice in which everything strikes.
const WIDE_SLICE: u64 = 60;
/// Worlds of the slice in which enough happens.
const FULL_SLICE: u64 = 60;
/// Lively worlds of the slice: from here on, so many.
const LIVELY_SLICE: (u64, u64) = (LIVELY + 1_000, 40);

// E6, C3, C5, traps 43, 142, 143, 160
#[test]
fn a_slice_of_worlds_loses_nothing_and_doubles_nothing() {
    let mut faults = 0;
    for seed in (1..=SLICE).chain(WIDE..WIDE + WIDE_SLICE) {
        let outcome = live(seed);
        assert_eq!(outcome.findings, Vec::<String>::new(), "seed {seed}");
        faults += outcome.faults.values().sum::<u64>();
    }
    assert!(faults > SLICE, "the worlds had trouble: {faults}");
}

// E6, C3, C5, C8
#[test]
fn a_full_world_has_its_edits_and_its_troubles_and_loses_nothing() {
    let (lively, many) = LIVELY_SLICE;
    for seed in (FULL..FULL + FULL_SLICE).chain(lively..lively + many) {
        let outcome = live(seed);
        assert_eq!(outcome.findings, Vec::<String>::new(), "seed {seed}");
        assert!(outcome.edits >= EDITS, "seed {seed}: {} edits", outcome.edits);
        let troubles: u64 = outcome.faults.values().sum();
        assert!(troubles >= TROUBLES, "seed {seed}: {troubles} faults took effect");
    }
}

#[test]
fn seeds_that_found_a_fault_find_none_any_more() {
    for line in include_str!("../seeds.txt").lines() {
        let Some(seed) = line.split('#').next().and_then(|seed| seed.trim().parse().ok()) else {
            continue;
        };
        assert_eq!(live(seed).findings, Vec::<String>::new(), "{line}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [7, 77, 177, LIVELY + 7] {
        assert_eq!(live(seed).trace, live(seed).trace, "seed {seed}");
    }
}

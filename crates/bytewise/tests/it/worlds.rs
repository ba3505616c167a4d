//! A slice of worlds through bytes, each trouble of bytes alone, and every seed that once found a fault.

use bytewise::through;
use sim::dice::{Dice, Hand};
use sim::faults::{Fault, Faults, WIDE};
use sim::world::{World, live_on};

/// Worlds of each sort; the command runs as many as one likes.
const WORLDS: u64 = 14;
/// Every so many-th place of the scenario is struck; the command strikes as many as one likes (`--steps`).
const STRIKE: usize = 900;
/// Worlds of each trouble alone.
const ALONE: u64 = 2;

// E2, E6, C3, C4, C5, traps 43, 44, 142, 143, 160, 173
#[test]
fn a_slice_of_worlds_through_bytes_loses_nothing_and_doubles_nothing() {
    let mut faults = 0;
    for seed in (101..101 + WORLDS).chain(WIDE..WIDE + WORLDS) {
        let outcome = live_on(through(), seed);
        assert_eq!(outcome.findings, Vec::<String>::new(), "seed {seed}");
        faults += outcome.faults.values().sum::<u64>();
    }
    assert!(faults > 2 * WORLDS, "the worlds had trouble: {faults}");
}

// trap 22: every line names its own.
#[test]
fn seeds_that_found_a_fault_through_bytes_find_none_any_more() {
    for line in include_str!("../seeds.txt").lines() {
        let Some(seed) = line.split('#').next().and_then(|seed| seed.trim().parse().ok()) else {
            continue;
        };
        assert_eq!(live_on(through(), seed).findings, Vec::<String>::new(), "{line}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_through_bytes() {
    for seed in [7, WIDE + 7] {
        let trace = live_on(through(), seed).trace;
        assert!(trace.iter().any(|line| line.contains("pim ")), "the engine reached a mailbox");
        assert_eq!(live_on(through(), seed).trace, trace, "seed {seed}");
    }
}

// traps 2, 43, 44, 155, 158, 166, 173, E2, L1
#[test]
fn each_trouble_of_bytes_alone_loses_nothing_and_doubles_nothing() {
    let usual =
        [Fault::RequestLost, Fault::AnswerLost, Fault::Busy, Fault::Stale, Fault::CursorRefused, Fault::NoAccess];
    let states = [Fault::PageAgain, Fault::RolledBack, Fault::ForeignCursor, Fault::Replaced];
    for fault in Fault::BYTES.into_iter().chain(usual).chain(states) {
        let mut struck = 0;
        for seed in 1..=ALONE {
            let (faults, dice) = (Faults::of([fault], 60), Dice::of(seed, Hand::World));
            let mut world = World::on(through(), seed, faults, dice);
            world.turmoil();
            world.settle_down();
            let outcome = world.end();
            assert_eq!(outcome.findings, Vec::<String>::new(), "{fault:?} seed {seed}");
            struck += outcome.faults.get(&fault).copied().unwrap_or(0);
        }
        assert!(struck > 0, "{fault:?} never struck");
    }
}

// E6, traps 43, 44
#[test]
fn whatever_fails_once_through_bytes_the_end_is_the_same() {
    let (effects, all) = sim::steps::strikes(through());
    assert!(effects >= 200, "the scenario has {effects} effects");
    let chosen = all.into_iter().skip(STRIKE / 2).step_by(STRIKE);
    let tried = sim::steps::try_each(through(), chosen, || {});
    assert_eq!(tried.findings, Vec::<String>::new());
    assert!(tried.stops > 0 && tried.store_calls > 0 && tried.calls > 0, "{tried:?}");
}

// C8, trap 145
#[test]
fn an_accident_through_bytes_is_stopped_before_its_first_write() {
    for seed in (WIDE..).filter(|seed| seed % 16 == 5).take(4) {
        let outcome = live_on(through(), seed);
        assert_eq!(outcome.findings, Vec::<String>::new(), "seed {seed}");
        assert_eq!(outcome.faults.get(&Fault::Accident), Some(&1));
    }
}

//! One scenario, stopped after each single step: what stands in the end is as the rules say.

use sim::dice::{Dice, Hand};
use sim::faults::Faults;
use sim::world::World;

const SEED: u64 = 11;

fn world() -> World {
    World::new(SEED, Faults::default(), Dice::of(SEED, Hand::World))
}

fn play(world: &mut World) {
    for _ in 0..2 {
        for place in 0..world.users.len() {
            world.read_crm();
            world.cycle(place);
        }
    }
}

// E6, trap 160
#[test]
fn a_stop_at_any_step_loses_nothing_and_doubles_nothing() {
    let mut calm = world();
    play(&mut calm);
    let steps = calm.steps();
    assert!(steps > 200, "the scenario is large enough: {steps}");
    for step in 1..=steps {
        let mut world = world();
        world.stop_at(step);
        play(&mut world);
        world.settle_down();
        assert_eq!(world.end().findings, Vec::<String>::new(), "stopped at step {step} of {steps}");
    }
}

//! Worlds that remember in a SQLite file, through the same queries as the product.

use sim::faults::WIDE;
use sim::through::Through;
use sim::world::{live, live_on};

/// Worlds of each sort; the command runs as many as one likes (`--through sqlite`).
const WORLDS: u64 = 12;

// E6: what remembers a world changes nothing of it, so what holds in memory holds on a file.
#[test]
fn the_same_seed_gives_the_same_world_on_a_file_as_in_memory() {
    for seed in (1..=WORLDS).chain(WIDE..WIDE + WORLDS) {
        let (file, memory) = (live_on(Through::Sqlite, seed), live(seed));
        assert_eq!(file.findings, Vec::<String>::new(), "seed {seed}");
        let differ = file.trace.iter().zip(&memory.trace).find(|(file, memory)| file != memory);
        assert_eq!(differ, None, "seed {seed}");
        assert_eq!(file.trace.len(), memory.trace.len(), "seed {seed}");
    }
}

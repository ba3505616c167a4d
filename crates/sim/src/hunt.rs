//! Planted faults, each hunted through worlds until one tells of it (`cargo xtask planted`).

use crate::world::live;
use planted::Planted;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The first world of a hunt: from here on worlds have every fault and habit.
pub const FROM: u64 = crate::faults::FULL;
/// Worlds after which a fault counts as not found.
pub const LIMIT: u64 = 20_000;
/// Faults that are found within few worlds: the test command hunts these.
pub const QUICK: [Planted; 5] = [
    Planted::OneImage,
    Planted::BlankIsAbsent,
    Planted::NobodyMatches,
    Planted::NoMark,
    Planted::RecordIntentAfterSend,
];

/// How a hunt ended.
#[derive(Clone, Debug)]
pub struct Caught {
    /// Worlds it took.
    pub worlds: u64,
    /// The first finding of the world that told.
    pub finding: String,
}

/// Hunts one fault; nothing when no world told of it.
#[must_use]
pub fn hunt(fault: Planted, from: u64, limit: u64) -> Option<Caught> {
    planted::sow(Some(fault));
    let caught = (from..from.saturating_add(limit)).zip(1..).find_map(|(seed, worlds)| {
        // A planted fault may break what the code itself takes for certain.
        let outcome = catch_unwind(AssertUnwindSafe(|| live(seed)));
        let finding = match outcome {
            Ok(outcome) => outcome.findings.into_iter().next(),
            Err(_) => Some("the engine panicked".to_owned()),
        };
        planted::sow(None);
        // Only what the fault itself brought about counts.
        let found = finding.filter(|_| live(seed).findings.is_empty()).map(|finding| Caught { worlds, finding });
        planted::sow(Some(fault));
        found
    });
    planted::sow(None);
    caught
}

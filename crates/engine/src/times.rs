//! How far a node's clock is from the database's, so that what one node keeps for a time another does not end early.

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Clocks that differ by less agree: a call to the database takes time as well.
const AGREE: SignedDuration = SignedDuration::from_secs(5);

/// What a node's clock lacks of the database's, in microseconds. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Arc<AtomicI64>);

impl Times {
    /// The database's time when this node's own clock shows `own`.
    pub(crate) fn shared(&self, own: Timestamp) -> Timestamp {
        own.checked_add(SignedDuration::from_micros(self.0.load(Ordering::Relaxed))).unwrap_or(own)
    }

    /// Learns from what the database's clock showed at some time between two of this node's own: only what their
    /// distance does not explain counts.
    pub(crate) fn learn(&self, asked: Timestamp, database: Timestamp, answered: Timestamp) {
        let lacks = match database {
            ahead if ahead > answered => ahead.duration_since(answered),
            behind if behind < asked => behind.duration_since(asked),
            _ => SignedDuration::ZERO,
        };
        let lacks = if lacks.abs() < AGREE { SignedDuration::ZERO } else { lacks };
        self.0.store(i64::try_from(lacks.as_micros()).unwrap_or(0), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    // trap 161
    #[test]
    fn a_clock_that_is_days_off_is_put_right_and_one_that_waited_long_is_not() {
        let times = Times::default();
        let (own, later) = (at("2026-03-02T08:00:00Z"), at("2026-03-02T08:20:00Z"));
        times.learn(own, at("2026-03-04T08:00:00Z"), own);
        assert_eq!(times.shared(own), at("2026-03-04T08:00:00Z"));
        times.learn(own, at("2026-02-28T08:00:00Z"), own);
        assert_eq!(times.shared(own), at("2026-02-28T08:00:00Z"));
        // The answer came late: the database's time lies in between, and both may be right.
        times.learn(own, at("2026-03-02T08:15:00Z"), later);
        assert_eq!(times.shared(own), own);
        times.learn(own, at("2026-03-02T08:00:03Z"), own);
        assert_eq!(times.shared(own), own);
    }
}

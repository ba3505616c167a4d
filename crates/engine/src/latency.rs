//! How long a change took from one side to the other, part by part (rule W4). Clocks of others are heard, never trusted.

use crate::cycle::Cycle;
use jiff::{SignedDuration, Timestamp};
use model::{Seen, Side};
use plan::Op;
use planted::Planted;
use store::Work;
use store::latency::Part;

/// What is known of the way of one change.
struct Way {
    /// When it was made, as its side tells.
    told: Option<Timestamp>,
    /// When it was seen.
    seen: Timestamp,
    /// When the cycle before ended.
    before: Option<Timestamp>,
    /// When this cycle was due.
    due: Timestamp,
    /// When this cycle began.
    began: Timestamp,
    /// When its write began.
    sent: Timestamp,
    /// When its write was done.
    done: Timestamp,
}

impl Way {
    /// When it was made. A side's clock may be off by days: a change that this cycle was the first to see was made after
    /// the cycle before it, whatever the clock says; one that waited in an earlier cycle is as old as its sight at least.
    fn made(&self) -> Option<Timestamp> {
        let told = self.told?;
        if self.seen < self.began {
            return Some(self.seen);
        }
        let earliest = self.before.unwrap_or(self.began).min(self.seen);
        Some(told.clamp(earliest, self.seen))
    }

    fn parts(&self) -> Vec<(Part, SignedDuration)> {
        let took = |from: Timestamp, to: Timestamp| to.duration_since(from).max(SignedDuration::ZERO);
        let made = self.made();
        let due = made.map_or(self.due, |made| made.max(self.due)).min(self.began);
        let entered = made.map_or(self.began, |made| made.max(self.began));
        let mut parts = vec![
            (Part::Queue, took(due, self.began)),
            (Part::Engine, took(entered, self.sent)),
            (Part::Write, took(if planted::is(Planted::WriteUntimed) { self.done } else { self.sent }, self.done)),
        ];
        if let Some(made) = made {
            parts.push((Part::Source, took(made, due)));
            parts.push((Part::Whole, took(made, self.done)));
        }
        parts
    }
}

impl Cycle<'_> {
    /// Notes the way of a change that an operation carried over. First cycles, and what an administrator asked for, carry
    /// over at once what nobody waited for, so they are left out.
    pub(crate) fn took(&mut self, work: &Work, op: &Op, sent: Timestamp) {
        let to = match op {
            Op::Create { side, .. } | Op::Update { side, .. } | Op::Delete { side, .. } => *side,
            Op::Restore { .. } => Side::Pim,
            Op::Enlist | Op::Delist | Op::Leave | Op::Rejoin | Op::Flag { .. } => return,
        };
        let from = match to {
            Side::Crm => &work.pim,
            Side::Pim => &work.crm,
        };
        let state = &self.pairing.state;
        let Some(from) = from.as_ref().filter(|_| state.first_done && !self.confirmed) else { return };
        let told = match &from.seen {
            Seen::Present(record) => record.facts.changed,
            Seen::Gone(_) => None,
        };
        let began = self.began;
        // By its schedule, or by a hint before that.
        let noticed = began.checked_sub(self.waited).unwrap_or(began);
        let way = Way {
            told,
            seen: from.at,
            before: state.last_cycle,
            due: state.next.map_or(noticed, |next| next.min(noticed)),
            began,
            sent,
            done: self.engine.now(),
        };
        for (part, length) in way.parts() {
            self.report.latencies.note(part, to, length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_772_442_000 + seconds).expect("within the calendar")
    }

    /// The cycle before ended at 0; this one was due at 60, began at 62, saw the change at 63, wrote from 65 to 66.
    fn usual() -> Way {
        Way {
            told: Some(at(20)),
            seen: at(63),
            before: Some(at(0)),
            due: at(60),
            began: at(62),
            sent: at(65),
            done: at(66),
        }
    }

    fn seconds(way: &Way) -> BTreeMap<&'static str, i64> {
        way.parts().into_iter().map(|(part, took)| (part.as_str(), took.as_secs())).collect()
    }

    // W4
    #[test]
    fn the_parts_of_a_way_are_the_whole() {
        let told = seconds(&usual());
        assert_eq!(told, [("source", 40), ("queue", 2), ("engine", 3), ("write", 1), ("whole", 46)].into());
        // Told of by a hint, long before its interval ended: it did not queue.
        let hinted = seconds(&Way { due: at(62), ..usual() });
        assert_eq!((hinted["source"], hinted["queue"], hinted["whole"]), (42, 0, 46));
        // Made while it was due already, or while the cycle read.
        let late = seconds(&Way { told: Some(at(61)), ..usual() });
        assert_eq!((late["source"], late["queue"], late["engine"], late["whole"]), (0, 1, 3, 5));
        let within = seconds(&Way { told: Some(at(63)), ..usual() });
        assert_eq!((within["source"], within["queue"], within["engine"], within["whole"]), (0, 0, 2, 3));
    }

    // W4
    #[test]
    fn a_clock_two_days_off_makes_no_change_older_than_the_cycle_before_nor_younger_than_its_sight() {
        const DAYS: i64 = 2 * 86_400;
        let behind = seconds(&Way { told: Some(at(20 - DAYS)), ..usual() });
        assert_eq!((behind["source"], behind["whole"]), (60, 66));
        let ahead = seconds(&Way { told: Some(at(20 + DAYS)), ..usual() });
        assert_eq!((ahead["source"], ahead["engine"], ahead["whole"]), (0, 2, 3));
    }

    // W4
    #[test]
    fn a_change_that_waited_in_an_earlier_cycle_is_as_old_as_its_sight_and_one_without_a_time_has_no_source() {
        let waited = seconds(&Way { seen: at(-3_600), ..usual() });
        assert_eq!((waited["source"], waited["whole"]), (3_660, 3_666));
        let untold = seconds(&Way { told: None, ..usual() });
        assert_eq!(untold, [("queue", 2), ("engine", 3), ("write", 1)].into());
    }
}

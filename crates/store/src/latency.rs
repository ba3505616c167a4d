//! How long changes take from one side to the other, part by part, as counts in classes of length: numbers only (rule W4).

use jiff::{SignedDuration, Timestamp};
use model::Side;
use serde::Serialize;
use std::collections::BTreeMap;

/// Classes of one doubling: a class is at most an eighth wider than its lower end.
const STEPS: u32 = 8;

/// The last class: about a day and a half, and everything longer.
const LAST: u32 = 200;

/// Seconds that are counted together.
pub(crate) const SLOT_S: i64 = 300;

/// Seconds that counts are kept.
pub(crate) const KEPT_S: i64 = 24 * 3_600;

/// The slot that a time lies in.
pub(crate) fn slot(at: Timestamp) -> i64 {
    at.as_second().div_euclid(SLOT_S)
}

/// A part of a change's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// From the change until its user was due: the side told of it, or its interval ended.
    Source,
    /// From then until his cycle began.
    Queue,
    /// From then until the write was sent: both sides read, planned, and what came before it written.
    Engine,
    /// From then until the other side had it.
    Write,
    /// The whole way.
    Whole,
}

impl Part {
    /// Every one, in the order of the way.
    pub const ALL: [Part; 5] = [Part::Source, Part::Queue, Part::Engine, Part::Write, Part::Whole];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Source => "source",
            Part::Queue => "queue",
            Part::Engine => "engine",
            Part::Write => "write",
            Part::Whole => "whole",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.as_str() == name)
    }
}

/// Counts by part, side that was written, and class of length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies(BTreeMap<(Part, Side, u32), u64>);

impl Latencies {
    /// Notes a length; what a clock that was set back makes negative is none.
    pub fn note(&mut self, part: Part, to: Side, took: SignedDuration) {
        let ms = u64::try_from(took.as_millis()).unwrap_or(0);
        self.add(part, to, class(ms), 1);
    }

    /// Adds so many of a class.
    pub fn add(&mut self, part: Part, to: Side, class: u32, count: u64) {
        *self.0.entry((part, to, class.min(LAST))).or_default() += count;
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Latencies) {
        for ((part, to, class), count) in &other.0 {
            self.add(*part, *to, *class, *count);
        }
    }

    /// Nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each class with its count.
    pub fn classes(&self) -> impl Iterator<Item = (Part, Side, u32, u64)> {
        self.0.iter().map(|((part, to, class), count)| (*part, *to, *class, *count))
    }

    /// How many were noted of a part.
    #[must_use]
    pub fn count(&self, part: Part, to: Side) -> u64 {
        self.of(part, to).map(|(_, count)| count).sum()
    }

    /// The length that so many percent do not exceed, in milliseconds: the upper end of its class.
    #[must_use]
    pub fn percentile_ms(&self, part: Part, to: Side, percent: u64) -> Option<u64> {
        let all = self.count(part, to);
        let wanted = all.saturating_mul(percent).div_ceil(100).max(1);
        let mut passed = 0;
        self.of(part, to).find_map(|(class, count)| {
            passed += count;
            (passed >= wanted).then(|| upper_ms(class))
        })
    }

    fn of(&self, part: Part, to: Side) -> impl Iterator<Item = (u32, u64)> {
        self.0.range((part, to, 0)..=(part, to, LAST)).map(|((_, _, class), count)| (*class, *count))
    }
}

/// The class of a length: each millisecond alone up to eight, then eight to a doubling.
fn class(ms: u64) -> u32 {
    if ms < u64::from(STEPS) {
        return u32::try_from(ms).unwrap_or(0);
    }
    let doubling = ms.ilog2() - STEPS.ilog2();
    let step = u32::try_from(ms >> doubling).unwrap_or(0) - STEPS;
    (STEPS * (doubling + 1) + step).min(LAST)
}

/// The longest length of a class, in milliseconds.
#[must_use]
pub fn upper_ms(class: u32) -> u64 {
    if class < STEPS {
        return u64::from(class);
    }
    let (doubling, step) = (class / STEPS - 1, class % STEPS);
    (u64::from(STEPS + step + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    // W4
    #[test]
    fn every_length_is_in_one_class_that_is_an_eighth_wide() {
        let mut last = 0;
        for ms in (0..5_000).chain([86_400_000, 100_000_000]) {
            let at = class(ms);
            assert!(at >= last && upper_ms(at) >= ms, "{ms}");
            assert!(upper_ms(at) - ms <= ms / 8, "{ms}: {}", upper_ms(at));
            last = at;
        }
        assert_eq!(class(u64::MAX), LAST);
        assert!(upper_ms(LAST) > 86_400_000);
    }

    // W4
    #[test]
    fn percentiles_are_told_by_part_and_side_and_none_without_a_change() {
        let mut all = Latencies::default();
        assert_eq!(all.percentile_ms(Part::Whole, Side::Pim, 50), None);
        for ms in 1..=100 {
            all.note(Part::Whole, Side::Pim, SignedDuration::from_millis(ms));
        }
        all.note(Part::Whole, Side::Crm, SignedDuration::from_secs(-3));
        let told = [50, 95, 99].map(|percent| all.percentile_ms(Part::Whole, Side::Pim, percent));
        assert_eq!(told, [Some(51), Some(95), Some(103)]);
        assert_eq!(all.percentile_ms(Part::Whole, Side::Crm, 99), Some(0));
        let mut twice = all.clone();
        twice.merge(&all);
        assert_eq!(twice.count(Part::Whole, Side::Pim), 200);
        assert_eq!(twice.percentile_ms(Part::Whole, Side::Pim, 95), Some(95));
    }
}

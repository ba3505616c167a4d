//! Dice that fall the same way for the same seed. Each part of the world has its own, so that one does not disturb another.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::sync::{Arc, Mutex, PoisonError};

/// Whose dice they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// The people's.
    People,
    /// Those of trouble.
    Faults,
    /// The engine's.
    Engine,
    /// The servers'.
    Servers,
    /// The order of things.
    World,
    /// Those of delays.
    Delays,
    /// Those of wide worlds.
    Wide,
    /// Those of bytes on their way.
    Bytes,
    /// Those of lively worlds.
    Lively,
}

/// Seeded dice. Clones throw the same ones.
#[derive(Clone, Debug)]
pub struct Dice(Arc<Mutex<ChaCha8Rng>>);

impl Dice {
    /// A hand's dice for a seed.
    #[must_use]
    pub fn of(seed: u64, hand: Hand) -> Dice {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(match hand {
            Hand::People => 1,
            Hand::Faults => 2,
            Hand::Engine => 3,
            Hand::Servers => 4,
            Hand::World => 5,
            Hand::Delays => 6,
            Hand::Wide => 7,
            Hand::Bytes => 8,
            Hand::Lively => 9,
        });
        Dice(Arc::new(Mutex::new(rng)))
    }

    /// Sixty-four bits.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next_u64()
    }

    /// A number below `end`; 0 when `end` is.
    #[must_use]
    pub fn below(&self, end: u64) -> u64 {
        self.bits().checked_rem(end).unwrap_or(0)
    }

    /// True so many times in a thousand.
    #[must_use]
    pub fn chance(&self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of several.
    #[must_use]
    pub fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        let place = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of.get(place)
    }
}

impl engine::port::Dice for Dice {
    fn roll(&self) -> u64 {
        self.bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_falls_the_same_way_and_hands_differ() {
        let throw = |seed, hand| {
            let dice = Dice::of(seed, hand);
            [dice.bits(), dice.bits(), dice.bits()]
        };
        assert_eq!(throw(7, Hand::People), throw(7, Hand::People));
        assert_ne!(throw(7, Hand::People), throw(8, Hand::People));
        assert_ne!(throw(7, Hand::People), throw(7, Hand::Faults));
    }
}

//! What chance decides in the sample organisation, always the same for the same seed.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The dice of a seed.
pub struct Draw {
    rng: ChaCha8Rng,
    canaries: u32,
}

/// How a canary looks: two letters, four digits, five letters. Nothing else in the sample looks like one.
const CANARY: (&str, usize, usize) = ("zq", 4, 5);

impl Draw {
    /// The dice of this seed.
    pub fn new(seed: u64) -> Draw {
        Draw { rng: ChaCha8Rng::seed_from_u64(seed), canaries: 0 }
    }

    /// A number from zero up to, not including, `n`; zero for zero.
    pub fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.rng.next_u64() % n).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = usize::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.below(span)).unwrap_or(0)
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// True so many times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// So many different ones of these, in an order of chance.
    pub fn some<T: Clone>(&mut self, of: &[T], count: usize) -> Vec<T> {
        let mut left: Vec<T> = of.to_vec();
        let mut taken = Vec::new();
        while taken.len() < count && !left.is_empty() {
            let at = self.below(left.len());
            taken.push(left.swap_remove(at));
        }
        taken
    }

    /// A sign that stands in one record and nowhere else.
    pub fn canary(&mut self) -> String {
        self.canaries += 1;
        let letters: String =
            (0..CANARY.2).map(|_| char::from(b'a' + u8::try_from(self.below(26)).unwrap_or(0))).collect();
        format!("{}{:0width$}{letters}", CANARY.0, self.canaries, width = CANARY.1)
    }

    /// A working day near `today`, so many days away at least and at most.
    pub fn day(&mut self, today: Date, from: i64, to: i64) -> Date {
        let days = self.between(from, to);
        today.checked_add(days.days()).unwrap_or(today)
    }

    /// A time of a working day, in quarters of an hour, that exists once in every zone.
    pub fn wall(&mut self, day: Date) -> DateTime {
        let hour = i8::try_from(self.between(8, 17)).unwrap_or(9);
        let minute = i8::try_from(self.between(0, 3) * 15).unwrap_or(0);
        day.at(hour, minute, 0, 0)
    }
}

/// The canaries that stand in a text.
pub fn canaries(text: &str) -> Vec<String> {
    let (sign, digits, letters) = CANARY;
    let whole = sign.len() + digits + letters;
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(sign).map(|at| at + from) {
        from = at + sign.len();
        let Some(word) = text.get(at..at + whole) else {
            continue;
        };
        let (number, tail) = word[sign.len()..].split_at(digits);
        if number.bytes().all(|b| b.is_ascii_digit()) && tail.bytes().all(|b| b.is_ascii_lowercase()) {
            found.push(word.to_owned());
            from = at + whole;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_draws_the_same() {
        let all = |seed| {
            let mut draw = Draw::new(seed);
            (0..50).map(|_| draw.canary()).collect::<Vec<_>>()
        };
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
    }

    #[test]
    fn canaries_are_found_wherever_they_stand() {
        let mut draw = Draw::new(1);
        let (a, b) = (draw.canary(), draw.canary());
        let text = format!("Anna.{a}@kunde.example, zq12 zq, <p>{b}</p>ä");
        assert_eq!(canaries(&text), vec![a, b]);
        assert_eq!(canaries("zqzqzq0001abcd"), Vec::<String>::new());
        assert_eq!(canaries("zq0001abcdé"), Vec::<String>::new());
    }
}

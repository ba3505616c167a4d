//! Writes that a side answers again and again as if somebody had been faster. Somebody is, now and then; a server whose
//! versions look old at every write, or another program that never leaves an item alone, would keep us busy for ever.

use jiff::SignedDuration;
use model::{PairingId, RecordId, Side};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// So many records are remembered at most: whoever was forgotten is counted anew.
const KNOWN: usize = 10_000;

/// So often somebody may have been faster: the next look is at once.
const AT_ONCE: u32 = 3;

/// From so often on nobody believes it.
const LIMIT: u32 = 8;

/// What follows from a write that came too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Look at once.
    Now,
    /// Look after a while.
    Later(SignedDuration),
    /// It is told, and waits as what is refused: so often in a row.
    Ended(u32),
}

/// By user, side and record.
type Counts = BTreeMap<(PairingId, Side, RecordId), u32>;

/// How often in a row a write to a record came too late, in this process.
#[derive(Clone, Default)]
pub(crate) struct Stubborn(Arc<Mutex<Counts>>);

impl Stubborn {
    /// It came too late once more.
    pub(crate) fn again(&self, pairing: &PairingId, side: Side, id: &RecordId) -> Patience {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (pairing.clone(), side, id.clone());
        if known.len() >= KNOWN && !known.contains_key(&key) {
            known.clear();
        }
        let times = known.entry(key).or_default();
        *times = times.saturating_add(1);
        match *times {
            n if n <= AT_ONCE => Patience::Now,
            n if n < LIMIT => Patience::Later(SignedDuration::from_secs(1 << (n + 1))),
            n => Patience::Ended(n),
        }
    }

    /// It was written.
    pub(crate) fn done(&self, pairing: &PairingId, side: Side, id: &RecordId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.is_empty() {
            known.remove(&(pairing.clone(), side, id.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // E1, E2, trap 49
    #[test]
    fn patience_grows_and_ends_and_begins_anew_after_a_write() {
        let (stubborn, anna, id) = (Stubborn::default(), PairingId::new("anna"), RecordId::new("1"));
        let again = || stubborn.again(&anna, Side::Pim, &id);
        let first: Vec<Patience> = (0..9).map(|_| again()).collect();
        let later = |seconds| Patience::Later(SignedDuration::from_secs(seconds));
        assert_eq!(first[..4], [Patience::Now, Patience::Now, Patience::Now, later(32)]);
        assert_eq!(first[6..], [later(256), Patience::Ended(8), Patience::Ended(9)]);
        assert_eq!(stubborn.again(&PairingId::new("bob"), Side::Pim, &id), Patience::Now, "each for himself");
        stubborn.done(&anna, Side::Pim, &id);
        assert_eq!(stubborn.again(&anna, Side::Pim, &id), Patience::Now);
    }
}

//! How long to wait before a streaming connection is tried again: as told, never less than our own floor, longer each
//! time, and not all at once.

use engine::port::Trouble;

/// The first wait, and the longest of our own.
const FLOOR_MS: u64 = 1_000;
const LONGEST_MS: u64 = 300_000;

/// Milliseconds to wait after so many failures in a row, with dice for the jitter (trap 167).
pub(super) fn wait_ms(failures: u32, trouble: Option<&Trouble>, roll: u64) -> u64 {
    let told = match trouble {
        Some(Trouble::Busy { wait_ms: Some(ms), .. }) => *ms,
        Some(_) | None => 0,
    };
    let grown = FLOOR_MS.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(LONGEST_MS);
    let wait = told.max(grown);
    wait.saturating_add(roll % (grown / 2).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    // traps 166, 167
    #[test]
    fn it_waits_as_told_and_longer_each_time_but_never_for_ever() {
        let waits: Vec<u64> = (1..12).map(|failures| wait_ms(failures, None, 0)).collect();
        assert_eq!(waits[..4], [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(waits[9..], [LONGEST_MS, LONGEST_MS]);
        let busy = |wait_ms| Trouble::Busy { wait_ms, why: String::new() };
        assert_eq!(wait_ms(1, Some(&busy(Some(60_000))), 0), 60_000);
        assert_eq!(wait_ms(3, Some(&busy(Some(0))), 0), 4_000, "a back-off of nothing is none");
        assert!((1_000..1_500).contains(&wait_ms(1, None, u64::MAX)));
        assert!(wait_ms(u32::MAX, None, 7) <= LONGEST_MS * 3 / 2);
    }
}

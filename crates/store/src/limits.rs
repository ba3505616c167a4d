//! How much the store answers at once, whatever it is asked for.

/// The longest page that any listing answers.
pub const PAGE: usize = 1_000;

/// The most hashes one search for candidates takes.
pub const HASHES: usize = 64;

/// The most rows one sweep of the retention touches in a transaction.
pub const SWEEP: usize = 500;

/// How far in the future a last cycle may lie: the clocks of two nodes differ by less, in seconds.
const CLOCKS_DIFFER_S: i64 = 3_600;

/// A cycle after this time was noted by a clock that was wrong, and so was whatever it put off: nobody waits for it.
#[must_use]
pub fn ahead_of(now: jiff::Timestamp) -> jiff::Timestamp {
    now.checked_add(jiff::SignedDuration::from_secs(CLOCKS_DIFFER_S)).unwrap_or(jiff::Timestamp::MAX)
}

/// A page's length: at least one row, at most [`PAGE`].
#[must_use]
pub fn page(asked: usize) -> usize {
    asked.clamp(1, PAGE)
}

/// Milliseconds the longest single call to a side may take: a taker waits this long after a lease ended without a word.
pub const CALL_MS: u64 = 120_000;

/// Milliseconds in which what a dead node had sent arrives: it sends nothing more, and its connections broke with it. A
/// create that a server carries out later still is known by its mark (decision 10).
pub const DEAD_CALL_MS: u64 = 5_000;

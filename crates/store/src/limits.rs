//! How much the store answers at once, whatever it is asked for.

/// The longest page that any listing answers.
pub const PAGE: usize = 1_000;

/// The most hashes one search for candidates takes.
pub const HASHES: usize = 64;

/// The most rows one sweep of the retention touches in a transaction.
pub const SWEEP: usize = 500;

/// A page's length: at least one row, at most [`PAGE`].
#[must_use]
pub fn page(asked: usize) -> usize {
    asked.clamp(1, PAGE)
}

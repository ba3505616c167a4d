//! Every bound of a cycle in one place.

/// Milliseconds a lease lasts; renewed while a cycle works.
pub const LEASE_MS: u64 = 300_000;
/// Milliseconds the longest single call to a side may take: a taker waits this long after a lease ended.
pub const CALL_MS: u64 = store::limits::CALL_MS;
/// Records planned at once.
pub const WORK_PAGE: usize = 200;
/// Ids looked at in one call.
pub const LOOK_PAGE: usize = 100;
/// Ids to be looked at that are kept in mind while observing: what a folder shows then is not read a second time.
pub const DUE: usize = 5_000;
/// Pages of one folder read in a cycle: a very long listing goes on in the next one, so that nobody waits (rule E7).
pub const PAGES_A_CYCLE: usize = 100_000;
/// Rounds of looks in one cycle.
pub const LOOK_ROUNDS: usize = 10_000;
/// New items that go out in one call.
pub const CREATES: usize = 20;
/// Bytes of text in them, roughly: one item may be larger, and goes out alone.
pub const CREATE_BYTES: usize = 256 * 1024;
/// Candidates read for one record.
pub const CANDIDATES: usize = 50;
/// Open intents recovered in one cycle.
pub const INTENTS: usize = 1_000;
/// Failures in a row of calls to a side after which a cycle gives up.
pub const BROKEN_IN_A_ROW: u32 = 5;
/// The longest wait between two cycles of a pairing in trouble, in seconds.
pub const LONGEST_PATIENCE_S: i64 = 900;
/// In blackout hours a pairing's schedule is looked at again after this, or the general interval if that is longer, in seconds.
pub const REST_S: i64 = 60;
/// Entries of the CRM's feed read at once.
pub const FEED_PAGE: usize = 500;
/// Addresses asked for at once when a meeting's leader is looked for.
pub const ADDRESSES: usize = 500;
/// Lines of a record's history looked through for what a conflict has already told.
pub const TOLD: usize = 50;
/// Questions of one pairing looked through for those that answered themselves.
pub const QUESTIONS: usize = 1_000;
/// Copies with one key that are looked at.
pub const TRACED: usize = 10;
/// General intervals for which records wait with being made in a mailbox while an item there, never read, gives no answer.
pub const UNREAD_INTERVALS: i64 = 3;
/// Hours a create that was not found stays known, to tell its late copy from a person's (decision 10).
pub const LATE_HOURS: i64 = 24;
/// Hours after which what a side refused is tried again though nobody changed it.
pub const REFUSED_HOURS: i64 = 24;
/// The same where the mailbox was full.
pub const FULL_HOURS: i64 = 1;
/// Hours for which a restored pairing waits for what gives no answer, cycle after cycle, before the rest counts as told apart.
pub const UNTOLD_HOURS: i64 = 24;
/// So many addresses of contacts whose items went are kept in mind for a cycle; the brakes stop more deletes than that anyway.
pub const GOING: usize = 10_000;
/// Meetings of which a cycle keeps in mind who leads them.
pub const LEADERS: usize = 2_000;
/// Lines of the history that one undoing reads: for all that is asked, for a mailbox, or for a record.
pub const UNDO_LINES: usize = 20_000;
/// Lines of the history read at once for it.
pub const UNDO_PAGE: usize = 500;
/// Records that one undoing puts back in a mailbox.
pub const UNDO_RECORDS: usize = 5_000;

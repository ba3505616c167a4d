//! The bounds of what the CRM takes and gives in one request.

/// Records on a page, at most.
pub const PAGE: usize = 500;
/// Characters of a comment.
pub const BODY_CHARS: usize = 100_000;
/// Characters of any other text.
pub const TEXT_CHARS: usize = 2_000;
/// Bytes of a key that rows are found by: PostgreSQL's indexes take 2,704 of a row, and some hold two keys.
pub const KEY_BYTES: usize = 1_200;
/// Characters of a login.
pub const LOGIN_CHARS: usize = 250;
/// Participants of an activity.
pub const PEOPLE: usize = 500;
/// Changed or deleted occurrences of a series, counted as values.
pub const EXCEPTIONS: usize = 4_000;
/// Occurrences that a counted series may have.
pub const OCCURRENCES: u32 = 5_000;
/// Members of a team or a user list, addresses of a person, positions of an employee, in one request.
pub const MEMBERS: usize = 5_000;
/// How deep the trees of organizations and positions may be.
pub const DEPTH: i64 = 50;
/// Extension fields of a record.
pub const EXTENSIONS: usize = 200;
/// Words in a set of categories.
pub const CATEGORIES: usize = 200;

//! The contract: one suite for SQLite, PostgreSQL and memory.

pub mod act;
pub mod due;
pub mod lease;
pub mod link;
pub mod look;
pub mod observe;
pub mod pairing;
pub mod people;
pub mod settings;
pub mod tally;
pub mod work;

/// Every test of the contract: each engine runs all of them.
pub fn names() -> Vec<&'static str> {
    let files = [
        act::NAMES,
        due::NAMES,
        lease::NAMES,
        link::NAMES,
        look::NAMES,
        observe::NAMES,
        pairing::NAMES,
        people::NAMES,
        settings::NAMES,
        tally::NAMES,
        work::NAMES,
    ];
    files.concat()
}

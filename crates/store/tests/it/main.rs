//! What the store promises. The contract runs on every engine; what one engine alone does stands beside it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there, and says where")]

mod backup;
mod concurrency;
mod contract;
mod engines;
mod schema;
mod world;

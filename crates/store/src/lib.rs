//! What we remember.
pub mod change;
pub mod rows;
pub use rows::*;

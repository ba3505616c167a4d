//! Doing it: cycles that observe both sides, plan, brake, act and settle.

pub mod port;

//! Worlds, every single step, and the contract, on the sides in memory.

mod blows;
mod contract;
mod delays;
mod files;
mod seeds;
mod steps;

//! The whole product held to the world: its API on one side, EWS bytes on the other, and nothing else believed.

mod levels;
mod opt_in;
mod outlook;
mod world;

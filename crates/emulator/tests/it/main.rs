//! What the emulator says over the wire: literal requests, answers checked by Microsoft's schema.
//!
//! With `EWS_SCHEMA` pointing at the folder that holds `exchange2013sp1/soap11.xsd`, every answer of every test is
//! validated by xmllint; without it the tests say so and go on.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that meets an error has failed; one that cannot judge says so"
)]

mod answer;
mod calendar;
mod contacts;
mod folders;
mod listening;
mod mapi;
mod meetings;
mod mime;
mod misc;
mod search;
mod series;
mod signing_in;
mod store;
mod streaming;
mod sync;
mod tasks;
mod trouble;
mod world;

//! The server asked as its users, administrators and monitoring ask it: through its router, and once over TCP.

mod activities;
mod alerts;
mod contacts;
mod errors;
mod groups;
mod health;
mod key;
mod openapi;
mod private;
mod push;
mod questions;
mod schedules;
mod settings;
mod signing_in;
mod sync_list;
mod tcp;
mod users;
mod worker;
mod world;

//! What the CRM promises, held on both databases: every test runs on SQLite, and on PostgreSQL when one is named.
#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod activities;
mod contacts;
mod database;
mod feed;
mod keys;
mod looks;
mod meetings;
mod merging;
mod people;
mod sync_lists;
mod tokens;
mod views;
mod world;

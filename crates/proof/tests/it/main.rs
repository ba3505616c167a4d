//! The whole product held to the world: its API on one side, EWS bytes on the other, and nothing else believed.

mod activities;
mod api;
mod clearing;
mod clients;
mod clock;
mod copies;
mod cost;
mod days;
mod deletes;
mod expansion;
mod levels;
mod matching;
mod meetings;
mod merging;
mod opt_in;
mod outlook;
mod people_cards;
mod people_private;
mod recurrence;
mod series;
mod texts;
mod to_dos;
mod trouble;
mod wire_trouble;
mod world;

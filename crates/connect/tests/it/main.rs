//! Exchange mailboxes as the engine meets them: the connector against an Exchange in memory, byte for byte over its wire.

mod between;
mod cards;
mod certificates;
mod changes;
mod check;
mod deletes;
mod done;
mod fields;
mod habits;
mod load;
mod looks;
mod mail;
mod meetings;
mod network;
mod series;
mod signing_edges;
mod signing_in;
mod streaming;
mod stumbles;
mod together;
mod trouble;
mod world;

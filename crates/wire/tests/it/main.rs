//! What goes over the wire, byte by byte: requests as they are written, answers as servers send them.

mod answers;
mod cuts;
mod habits;
mod requests;
mod samples;
mod schema;
mod streaming;
mod writes;

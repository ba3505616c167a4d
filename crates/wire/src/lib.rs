//! How servers speak: bytes to types and back, without a socket, a clock or a word about our own records.
//!
//! Each operation is two functions: one prepares the bytes of a request, the other reads the bytes of its
//! answer. Requests follow the published schema to the letter; answers are read leniently, because servers
//! send things in other orders, with other fractions and with characters their own schema forbids. What is
//! not lenient is size: every answer is read within [`xml::Limits`].

pub mod autodiscover;
pub mod ews;
pub mod xml;

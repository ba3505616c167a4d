//! Reaching the sides: the built-in CRM and Exchange mailboxes, each as a remote the engine can ask.
//!
//! A connector decides nothing. It carries records from a side's own form into the common one and back, keeps the
//! promises of `engine::port`, and says plainly what became of each write.
#![forbid(unsafe_code)]

pub mod autodiscover;
pub mod crm;
pub mod ews;
pub mod http;
pub mod mail;
mod ntlm;
pub mod sign_in;

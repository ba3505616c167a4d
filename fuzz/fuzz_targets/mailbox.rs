//! Fuzzes `hostile::mailbox`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::mailbox(bytes));

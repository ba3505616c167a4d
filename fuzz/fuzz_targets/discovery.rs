//! Fuzzes `hostile::discovery`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::discovery(bytes));

//! Fuzzes `hostile::bodies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::bodies(bytes));

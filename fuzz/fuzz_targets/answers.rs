//! Fuzzes `hostile::answers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::answers(bytes));

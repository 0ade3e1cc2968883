#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::holds("veil_json", data));

//! See `logins` in `fuzz/bodies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| milena_fuzz_bodies::logins(input));

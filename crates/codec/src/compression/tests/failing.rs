//! Codecs that panic, refuse and fail half-way: the batch survives, and so does what comes after it.

use super::codecs;
use super::data::text;
use crate::compression::codec::{Decode, Encode};
use crate::compression::input::Input;
use crate::compression::output::{Halt, Output, Room};
use crate::compression::{Compressor, DecompressError, DecompressProblem, Decompressor, Failure, Outcome};

/// Appends something, then panics or refuses.
struct Failing {
    panics: bool,
}

impl Encode for Failing {
    fn encode(&mut self, input: &mut Input<'_, '_>, output: &mut Output<'_>) -> Result<(), Halt> {
        output.put(&input.part()[..1])?;
        if self.panics {
            panic!("index out of bounds");
        }
        Err(Halt::Refused("out of tables".to_owned()))
    }
}

impl Decode for Failing {
    fn decode(&mut self, input: &[u8], room: &mut Room<'_>) -> Result<(), DecompressError> {
        room.put(input).unwrap();
        panic!("index out of bounds");
    }
}

#[test]
fn a_codec_that_panics_or_refuses_costs_the_compression_only() {
    let content = text(1000, 1);
    for codec in codecs() {
        for (panics, why) in [(true, "index out of bounds"), (false, "out of tables")] {
            let mut compressor = Compressor::with_codec(codec, Box::new(Failing { panics }));
            let mut out = b"before".to_vec();
            let outcome = compressor.compress([&content[..]].into_iter(), &mut out);
            let failure = Failure { compression: codec, panicked: panics, why: why.to_owned() };
            assert_eq!((outcome, &out[..]), (Outcome::Failed(failure), &b"before"[..]));

            let outcome = compressor.compress([&content[..]].into_iter(), &mut out);
            assert_eq!(outcome, Outcome::Compressed { bytes: out.len() - 6 }, "the next starts afresh");
        }
    }
}

#[test]
fn failing_codec_leaves_output_of_compress_always_unchanged() {
    for codec in codecs() {
        for panics in [true, false] {
            let mut compressor = Compressor::with_codec(codec, Box::new(Failing { panics }));
            let mut out = b"before".to_vec();
            let failure = compressor.compress_always([&b"content"[..]].into_iter(), &mut out).unwrap_err();
            assert_eq!((failure.panicked, &out[..]), (panics, &b"before"[..]));
            compressor.compress_always([&b"content"[..]].into_iter(), &mut out).unwrap();
            assert_eq!(super::decompressed(codec, &out[6..]).unwrap(), b"content", "the next starts afresh");
        }
    }
}

#[test]
fn a_decoder_that_panics_is_an_error_once() {
    let content = text(1000, 1);
    for codec in codecs() {
        let input = super::compressed(codec, &content).unwrap();
        let mut decompressor = Decompressor::with_codec(codec, Box::new(Failing { panics: true }));
        let mut out = b"before".to_vec();
        let error = decompressor.decompress(codec, &input, 9999, &mut out).unwrap_err();
        assert_eq!((error.problem, &out[..]), (DecompressProblem::Panicked, &b"before"[..]));

        decompressor.decompress(codec, &input, 9999, &mut out).unwrap();
        assert_eq!(out[6..], content, "the next starts afresh");
    }
}

#[test]
fn failure_names_the_codec_and_the_error() {
    let compression = crate::compression::Compression::Zstd;
    let failure = Failure { compression, panicked: true, why: "no message".to_owned() };
    assert_eq!(failure.to_string(), "the zstd codec panicked: no message");
}

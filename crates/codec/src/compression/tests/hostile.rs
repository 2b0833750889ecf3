//! Bytes that lie, end early, go on, or hold more than anybody wants.

use super::data::{runs, text};
use super::{PLENTY, codecs, compressed, decompressed};
use crate::compression::{Compression, DecompressProblem, Decompressor};

#[test]
fn truncated_input_is_an_error_at_every_length() {
    for codec in codecs() {
        let input = compressed(codec, &text(600, 1)).unwrap();
        // Snappy's framing has no end: it may come behind the header.
        for end in (0..input.len()).filter(|end| (codec, *end) != (Compression::Snappy, 16)) {
            let error = decompressed(codec, &input[..end]).unwrap_err();
            assert!(error.at <= end, "{codec} cut at {end}: {error}");
        }
    }
}

#[test]
fn no_changed_byte_breaks_more_than_the_content() {
    for codec in codecs() {
        let content = text(600, 2);
        let input = compressed(codec, &content).unwrap();
        let mut decompressor = Decompressor::new();
        for at in 0..input.len() {
            for mask in [1, 0x80, 0xff, 0x55] {
                let mut changed = input.clone();
                changed[at] ^= mask;
                let mut out = b"before".to_vec();
                let result = decompressor.decompress(codec, &changed, 2 * content.len(), &mut out);
                assert!(out.starts_with(b"before") && out.len() <= 6 + 2 * content.len());
                assert!(result.is_ok() || out == b"before", "{codec}, byte {at}");
            }
        }
    }
}

#[test]
fn limit_is_exact_to_the_byte() {
    for codec in codecs() {
        for size in [1000, 65_536, 70_000, 300_000] {
            let content = runs(size, 3);
            let input = compressed(codec, &content).unwrap();
            let mut out = Vec::new();
            Decompressor::new().decompress(codec, &input, size, &mut out).unwrap();
            assert_eq!(out, content);
            let mut out = Vec::new();
            let error = Decompressor::new().decompress(codec, &input, size - 1, &mut out).unwrap_err();
            assert_eq!(error.problem, DecompressProblem::TooLarge { limit: size - 1 }, "{codec}");
            assert!(out.is_empty() && out.capacity() <= size + 1, "{codec}: {} bytes", out.capacity());
        }
    }
}

#[test]
fn a_bomb_costs_no_more_than_the_limit() {
    let zeroes = vec![0; PLENTY];
    for codec in codecs() {
        let bomb = compressed(codec, &zeroes).unwrap();
        let mut out = Vec::new();
        let error = Decompressor::new().decompress(codec, &bomb, 100_000, &mut out).unwrap_err();
        assert_eq!(error.problem, DecompressProblem::TooLarge { limit: 100_000 }, "{codec}");
        assert!(out.capacity() <= 100_001, "{codec}: {} bytes", out.capacity());
    }
}

#[test]
fn bytes_behind_the_end_are_an_error() {
    for codec in codecs() {
        let mut input = compressed(codec, &text(600, 4)).unwrap();
        let end = input.len();
        input.extend_from_slice(b"more");
        let error = decompressed(codec, &input).unwrap_err();
        // To snappy they are the length of a block.
        let expected = if codec == Compression::Snappy {
            DecompressProblem::Truncated { what: "the rest of a block" }
        } else {
            DecompressProblem::Trailing { left: 4 }
        };
        assert_eq!(error.problem, expected, "{codec}");
        assert!(error.at == end || codec == Compression::Snappy, "{codec}: {error}");
    }
}

#[test]
fn nothing_and_nonsense_are_errors() {
    for codec in codecs() {
        for nonsense in [&b""[..], b"\x01", b"not compressed at all", &[0xff; 100]] {
            assert!(decompressed(codec, nonsense).is_err(), "{codec}: {nonsense:?}");
        }
    }
}

#[test]
fn error_has_offset_and_problem() {
    let error = decompressed(Compression::None, &vec![0; PLENTY + 1]).unwrap_err();
    assert_eq!(error.to_string(), format!("none at byte 0: decompresses to more than {PLENTY} bytes"));
    for codec in codecs().filter(|codec| *codec != Compression::Snappy) {
        let mut input = compressed(codec, &text(600, 4)).unwrap();
        input[0] ^= 1;
        let error = decompressed(codec, &input).unwrap_err();
        assert_eq!(error.to_string(), format!("{codec} at byte 0: wrong magic bytes"));
    }
}

//! A limit of the output: kept to the byte, and no hindrance to the batch after it.

use super::codecs;
use super::data::{cut, noise, text};
use crate::compression::{Compression, Compressor, Outcome};

#[test]
fn output_of_exactly_the_limit_is_taken_and_one_byte_more_is_too_large() {
    let content = text(100_000, 1);
    for codec in codecs() {
        let mut compressor = Compressor::new(codec, None).unwrap();
        let (outcome, whole) = within(&mut compressor, &content, usize::MAX);
        assert_eq!(outcome, Outcome::Compressed { bytes: whole.len() });
        assert_eq!(within(&mut compressor, &content, whole.len()), (outcome, whole.clone()), "{codec}");
        for bytes_max in [whole.len() - 1, 1_000, 0] {
            let too_large = within(&mut compressor, &content, bytes_max);
            assert_eq!(too_large, (Outcome::TooLarge, Vec::new()), "{codec}, {bytes_max} bytes");
        }
        assert_eq!(within(&mut compressor, &content, whole.len()).1, whole, "{codec}: the next batch");
    }
}

#[test]
fn noise_is_not_smaller_unless_the_limit_is_below_its_own_length() {
    let content = noise(100_000, 1);
    for codec in codecs() {
        let mut compressor = Compressor::new(codec, None).unwrap();
        for bytes_max in [usize::MAX, 100_000, 99_999] {
            assert_eq!(within(&mut compressor, &content, bytes_max).0, Outcome::NotSmaller, "{codec}");
        }
        assert_eq!(within(&mut compressor, &content, 99_998).0, Outcome::TooLarge, "{codec}");
    }
    let mut none = Compressor::new(Compression::None, None).unwrap();
    assert_eq!(within(&mut none, &content, 10).0, Outcome::NotSmaller);
}

/// The outcome, and what was appended.
fn within(compressor: &mut Compressor, content: &[u8], bytes_max: usize) -> (Outcome, Vec<u8>) {
    let mut out = b"before".to_vec();
    let outcome = compressor.compress_within(cut(content, 3).into_iter(), bytes_max, &mut out);
    assert!(out.starts_with(b"before"));
    (outcome, out.split_off(6))
}

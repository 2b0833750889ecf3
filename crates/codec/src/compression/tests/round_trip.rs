//! What was compressed comes back, whatever its size, its content and the parts it lies in.

use super::data::{cut, noise, runs, text};
use super::{codecs, compressed, decompressed};
use crate::compression::{Compression, Compressor, Decompressor, Outcome};

const SIZES: [usize; 22] = [
    0,
    1,
    2,
    3,
    15,
    16,
    17,
    100,
    4095,
    4096,
    32_767,
    32_768,
    32_769,
    65_535,
    65_536,
    65_537,
    131_071,
    131_072,
    131_073,
    262_144,
    300_000,
    1 << 20,
];

#[test]
fn every_size_of_every_kind_comes_back() {
    for codec in codecs() {
        let mut compressor = Compressor::new(codec, None).unwrap();
        let mut decompressor = Decompressor::new();
        for (size, seed) in SIZES.into_iter().zip(0..) {
            for content in [text(size, seed), noise(size, seed), runs(size, seed)] {
                let parts = cut(&content, seed);
                let mut out = b"before".to_vec();
                let outcome = compressor.compress(parts.into_iter(), &mut out);
                let Outcome::Compressed { bytes } = outcome else {
                    assert_eq!(
                        (outcome, &out[..]),
                        (Outcome::NotSmaller, &b"before"[..]),
                        "{codec}, {size} bytes"
                    );
                    continue;
                };
                assert!(bytes < size && out.len() == bytes + 6, "{codec}: {size} bytes became {bytes}");
                let mut back = b"before".to_vec();
                decompressor.decompress(codec, &out[6..], content.len(), &mut back).unwrap();
                assert!(back.starts_with(b"before") && back[6..] == content, "{codec}, {size} bytes");
            }
        }
    }
}

#[test]
fn repeated_text_is_compressed_and_noise_is_not() {
    for codec in codecs() {
        assert!(compressed(codec, &runs(100_000, 1)).unwrap().len() < 10_000, "{codec}");
        assert!(compressed(codec, &text(100_000, 1)).unwrap().len() < 60_000, "{codec}");
        assert_eq!(compressed(codec, &noise(100_000, 1)), None, "{codec}");
        assert_eq!(compressed(codec, b""), None, "{codec}");
        assert_eq!(compressed(codec, b"short"), None, "{codec}");
    }
}

#[test]
fn parts_make_no_difference() {
    let content = text(200_000, 5);
    for codec in codecs() {
        let whole = compressed(codec, &content).unwrap();
        let mut out = Vec::new();
        let outcome = Compressor::new(codec, None).unwrap().compress(cut(&content, 6).into_iter(), &mut out);
        assert_eq!(outcome, Outcome::Compressed { bytes: out.len() });
        assert_eq!(decompressed(codec, &out).unwrap(), content, "{codec}");
        // The matches of gzip depend on where it is given more.
        assert!(codec == Compression::Gzip || out == whole, "{codec}");
    }
}

#[test]
fn a_batch_does_not_depend_on_those_before_it() {
    for codec in codecs() {
        let mut used = Compressor::new(codec, None).unwrap();
        let _ = used.compress([&noise(70_000, 1)[..]].into_iter(), &mut Vec::new());
        let _ = used.compress([&text(300_000, 2)[..]].into_iter(), &mut Vec::new());
        let content = text(50_000, 3);
        let mut out = Vec::new();
        let _ = used.compress([&content[..]].into_iter(), &mut out);
        assert_eq!(Some(out), compressed(codec, &content), "{codec}");
    }
}

#[test]
fn no_compression_copies() {
    let mut none = Compressor::new(Compression::None, None).unwrap();
    assert_eq!(none.compress([&b"abc"[..]].into_iter(), &mut Vec::new()), Outcome::NotSmaller);
    assert_eq!(decompressed(Compression::None, b"abc").unwrap(), b"abc");
}

#[test]
fn compress_always_returns_content_that_became_larger() {
    for codec in Compression::ALL.into_iter().filter(|codec| codec.is_built()) {
        let mut compressor = Compressor::new(codec, None).unwrap();
        for content in [Vec::new(), b"short".to_vec(), noise(100_000, 1), text(100_000, 2)] {
            let mut out = b"before".to_vec();
            compressor.compress_always(cut(&content, 3).into_iter(), &mut out).unwrap();
            assert_eq!(&out[..6], b"before");
            assert!(decompressed(codec, &out[6..]).unwrap() == content, "{codec}, {} bytes", content.len());
        }
    }
}

#[test]
fn several_streams_in_a_row_are_read_where_java_reads_them() {
    for codec in codecs() {
        let (first, second) = (text(40_000, 1), text(3_000, 2));
        let joined = [compressed(codec, &first).unwrap(), compressed(codec, &second).unwrap()].concat();
        let back = decompressed(codec, &joined);
        if codec == Compression::Lz4 {
            assert!(back.is_err());
        } else {
            assert_eq!(back.unwrap(), [first, second].concat(), "{codec}");
        }
    }
}

#[test]
fn compressors_and_decompressors_go_to_other_threads() {
    fn goes<T: Send>() {}
    goes::<Compressor>();
    goes::<Decompressor>();
}

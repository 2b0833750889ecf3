//! The codec in Rust and the C library read each other.

use super::super::tests::data::{noise, runs, text};
use super::{c, pure};

#[test]
fn rust_and_c_codec_read_each_other() {
    for level in [-1000, -5, 1, 3, 6, 9, 13, 19] {
        let (mut ours, mut theirs) = (pure::Encoder::new(level), c::Encoder::new(level));
        for (size, seed) in [0, 1, 100, 70_000, 131_072, 131_073, 300_000].into_iter().zip(0..) {
            for content in [text(size, seed), noise(size, seed), runs(size, seed)] {
                let (mut by_ours, mut by_theirs) = (Vec::new(), Vec::new());
                let by_ours = ours.encode(&content, usize::MAX, &mut by_ours).unwrap();
                let by_theirs = theirs.encode(&content, usize::MAX, &mut by_theirs).unwrap();
                let mut back = vec![0; size];
                assert_eq!(c::Decoder::default().decode(by_ours, &mut back).ok(), Some(size));
                assert!(back == content, "level {level}, {size} bytes");
                back.fill(0);
                assert_eq!(pure::Decoder::default().decode(by_theirs, &mut back).ok(), Some(size));
                assert!(back == content, "level {level}, {size} bytes");
            }
        }
    }
}

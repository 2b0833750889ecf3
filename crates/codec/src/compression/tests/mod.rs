//! The promises of the compressors and decompressors, for every codec that is built.

#[cfg(all(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd"))]
mod bytes;
pub(super) mod data;
mod failing;
mod hostile;
mod levels;
mod limits;
mod round_trip;

use super::{Compression, Compressor, DecompressError, Decompressor, Outcome};

/// More than any test makes.
const PLENTY: usize = 8 << 20;

/// The codecs of this build.
fn codecs() -> impl Iterator<Item = Compression> {
    Compression::ALL.into_iter().filter(|one| *one != Compression::None && one.is_built())
}

/// What `content` becomes, if that is smaller.
fn compressed(compression: Compression, content: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let outcome = Compressor::new(compression, None).unwrap().compress([content].into_iter(), &mut out);
    match outcome {
        Outcome::Compressed { bytes } => assert_eq!(bytes, out.len()),
        Outcome::NotSmaller => assert_eq!(out.len(), 0),
        Outcome::TooLarge => panic!("there is no limit"),
        Outcome::Failed(failure) => panic!("{failure}"),
    }
    (!out.is_empty()).then_some(out)
}

fn decompressed(compression: Compression, input: &[u8]) -> Result<Vec<u8>, DecompressError> {
    let mut out = Vec::new();
    Decompressor::new().decompress(compression, input, PLENTY, &mut out).map(|()| out)
}

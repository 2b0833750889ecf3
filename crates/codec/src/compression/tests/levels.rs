//! Levels, and codecs that are not built.

use super::codecs;
use super::data::{noise, text};
use crate::compression::{Compression, Compressor, DecompressProblem, Decompressor, Outcome, SetupError};

#[test]
fn levels_are_those_of_kip_390() {
    let fits = |compression: Compression, level| compression.check_level(level).is_ok();
    for (compression, least, most) in
        [(Compression::Gzip, 1, 9), (Compression::Lz4, 1, 17), (Compression::Zstd, -131_072, 22)]
    {
        assert!(fits(compression, least) && fits(compression, most));
        assert!(!fits(compression, least - 1) && !fits(compression, most + 1));
        assert!(fits(compression, compression.default_level().unwrap()));
    }
    assert!(fits(Compression::Gzip, -1) && !fits(Compression::Gzip, -2));
    assert!(!fits(Compression::Snappy, 1) && !fits(Compression::None, 1));
}

#[test]
fn invalid_level_is_an_error_with_the_range() {
    for (codec, level, said) in [
        (Compression::Gzip, 10, "compression level 10: gzip has levels from 1 to 9, and -1 for its default"),
        (Compression::Snappy, 1, "compression level 1: snappy has no levels"),
        (Compression::Lz4, 18, "compression level 18: lz4 has levels from 1 to 17"),
        (Compression::Zstd, 23, "compression level 23: zstd has levels from -131072 to 22"),
    ] {
        let error = Compressor::new(codec, Some(level)).unwrap_err();
        assert_eq!(error, SetupError::Level { compression: codec, level });
        assert_eq!(error.to_string(), said);
    }
}

#[test]
fn every_kind_of_level_works() {
    let content = text(30_000, 9);
    for (codec, levels) in [
        (Compression::Gzip, vec![-1, 1, 6, 9]),
        (Compression::Lz4, vec![1, 9, 17]),
        (Compression::Zstd, vec![-131_072, -50, -1, 0, 1, 3, 9, 19, 22]),
    ] {
        for level in levels.into_iter().filter(|_| codec.is_built()) {
            let mut out = Vec::new();
            let mut compressor = Compressor::new(codec, Some(level)).unwrap();
            assert_eq!(compressor.level(), level);
            let outcome = compressor.compress([&content[..]].into_iter(), &mut out);
            // The fastest of zstd's levels look at next to nothing.
            assert!(
                matches!(outcome, Outcome::Compressed { .. }) || level < -1000,
                "{codec} {level}: {outcome:?}"
            );
            let mut back = Vec::new();
            if !out.is_empty() {
                Decompressor::new().decompress(codec, &out, content.len(), &mut back).unwrap();
                assert_eq!(back, content);
            }
        }
    }
}

#[test]
fn a_batch_that_does_not_become_smaller_costs_the_next_one_nothing() {
    let (noise, text) = (noise(150_000, 9), text(150_000, 9));
    for codec in codecs() {
        let levels = codec.levels().map(|levels| *levels.start().max(&-3)..=*levels.end().min(&9));
        for level in levels.into_iter().flatten().map(Some).chain([None]) {
            let mut compressor = Compressor::new(codec, level).unwrap();
            for content in [&noise, &noise, &text, &noise, &text] {
                let mut room = Vec::with_capacity(content.len());
                let outcome = compressor.compress([&content[..]].into_iter(), &mut room);
                let shrank = matches!(outcome, Outcome::Compressed { .. });
                let kept = outcome == Outcome::NotSmaller;
                assert!(if *content == text { shrank } else { kept }, "{codec} {level:?}: {outcome:?}");
            }
        }
    }
}

#[test]
fn higher_levels_make_smaller_batches() {
    let content = text(200_000, 9);
    let bytes = |codec, level| {
        let mut out = Vec::new();
        let _ = Compressor::new(codec, Some(level)).unwrap().compress([&content[..]].into_iter(), &mut out);
        out.len()
    };
    for codec in codecs().filter(|codec| [Compression::Gzip, Compression::Zstd].contains(codec)) {
        assert!(bytes(codec, 9) < bytes(codec, 1), "{codec}");
    }
}

#[test]
fn a_codec_that_is_not_built_is_named() {
    for codec in Compression::ALL.into_iter().filter(|codec| !codec.is_built()) {
        let error = Compressor::new(codec, None).unwrap_err();
        assert_eq!(error, SetupError::NotBuilt { compression: codec });
        let said = format!("no {codec} in this build: milena-codec has it with its feature `{codec}`");
        assert_eq!(error.to_string(), said);
        let error = Decompressor::new().decompress(codec, b"abc", 9, &mut Vec::new()).unwrap_err();
        assert_eq!((&error.problem, error.to_string()), (&DecompressProblem::NotBuilt, said));
    }
}

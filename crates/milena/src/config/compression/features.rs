//! Each codec works with its feature, and is rejected with the name of the feature without it. `.ci/run features` builds
//! this with each feature alone and with none.

use milena_codec::compression::Compressor;

use super::Compression;
use crate::config::ProducerBuilder;

const CODECS: [(Compression, bool); 5] = [
    (Compression::None, true),
    (Compression::gzip(), cfg!(feature = "gzip")),
    (Compression::Snappy, cfg!(feature = "snappy")),
    (Compression::Lz4, cfg!(feature = "lz4")),
    (Compression::zstd(), cfg!(any(feature = "zstd", feature = "zstd-c"))),
];

#[test]
fn codec_with_its_feature_has_a_compressor() {
    for (compression, _) in CODECS.into_iter().filter(|(_, is_on)| *is_on) {
        let builder = builder().compression(compression).topic_compression("orders", compression);
        let config = builder.validate().unwrap();
        assert_eq!(config.compression_of("orders"), compression);
        assert!(Compressor::new(compression.codec(), compression.level()).is_ok(), "{compression}");
    }
}

#[test]
fn codec_without_its_feature_is_rejected_with_the_feature_to_turn_on() {
    for (compression, _) in CODECS.into_iter().filter(|(_, is_on)| !is_on) {
        let codec = compression.name();
        let remedy =
            format!("this build has no {codec}: turn on the feature `{codec}` of the crate `milena`");

        let error = builder().property("compression.type", codec).unwrap().validate().unwrap_err();
        assert_eq!(error.property(), "compression.type");
        assert_eq!(error.message(), format!("`compression.type` = `{codec}`: {remedy}"));

        let error = builder().topic_compression("orders", compression).validate().unwrap_err();
        assert_eq!(error.property(), "compression.topics");
        let entry = format!("`compression.topics`: entry `orders={compression}`: ");
        assert_eq!(error.message(), format!("{entry}{remedy}"));
    }
}

fn builder() -> ProducerBuilder {
    ProducerBuilder::default().bootstrap_servers("localhost:9092")
}

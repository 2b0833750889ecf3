//! Compression on a real Kafka: the broker takes every batch, Java's consumer and librdkafka read back what was sent, and
//! `DumpLogSegments` names the codec of each batch.
//!
//! [`rows`] has the records and how they are sent, [`written`] compares them with what the cluster holds. Each test writes
//! many cases to one topic and reads the topic once: starting Java takes a second.

mod faces;
mod limits;
mod matrix;
mod recompressed;
mod rows;
mod written;

use milena_tests::kafka::{Kafka, Release, Shared};

/// The node of a release that all tests share.
fn shared(release: Release) -> Shared {
    match release {
        Release::REFERENCE => Kafka::shared(),
        older => Kafka::shared_of(older),
    }
}

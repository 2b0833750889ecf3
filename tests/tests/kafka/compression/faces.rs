//! A codec and its level by each way of setting them: the command line's flag, properties and file, and the library's types
//! and `Config`.

use std::slice;

use milena::{Compression, Config, Producer};
use milena_tests::kafka::judge::Place;
use milena_tests::kafka::{Kafka, Properties, Release};
use serde_json::json;

use super::rows::{Row, long, produce, send};
use super::shared;
use super::written::{Case, Stored, Written};

const TOPIC: &str = "compression-faces";

#[tokio::test(flavor = "multi_thread")]
async fn codec_and_level_are_those_that_each_face_sets_on_the_reference_release() {
    check(Release::REFERENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codec_and_level_are_those_that_each_face_sets_on_kafka_3_9() {
    check(Release::V3_9).await;
}

/// One record is one batch, and the same record comes to the same length only by the same codec and level.
async fn check(release: Release) {
    let kafka = shared(release);
    kafka.create_topic(TOPIC, 1, &[]);
    let row = long(500_000);
    let mut written = Written::default();
    for compression in [Compression::Zstd { level: 19 }, Compression::Gzip { level: 1 }] {
        let mut sent = by_command_line(&kafka, &row, compression);
        sent.extend(by_library(&kafka, &row, compression).await);
        for (face, places) in sent {
            let case = Case::compressed(format!("{compression} by {face}"), compression.name());
            written.add(case, slice::from_ref(&row), &places);
        }
    }
    let stored = written.check(&kafka, TOPIC);
    stored.chunks(stored.len() / 2).for_each(check_lengths);
}

/// The first batch is by the codec's default level, and all others by the level that was set.
fn check_lengths(stored: &[Stored]) {
    let lengths: Vec<_> = stored.iter().map(|stored| stored.batch.bytes).collect();
    let (by_default, by_level) = lengths.split_first().unwrap();
    assert!(by_level.iter().all(|bytes| *bytes == by_level[0] && bytes != by_default), "{lengths:?}");
}

type Sent = (&'static str, Vec<Place>);

/// Sends the record at the codec's default level, and then at its own each way that there is.
fn by_command_line(kafka: &Kafka, row: &Row, compression: Compression) -> Vec<Sent> {
    let (codec, level) = (compression.name(), compression.level().unwrap());
    let word = compression.to_string();
    let file = Properties::new().with("compression.type", codec).with("compression.level", level);
    let file = kafka.file(&format!("{codec}.properties"), file).display().to_string();
    let ways: [(&str, &[&str]); 6] = [
        ("a flag without a level", &["--compression", codec]),
        ("a flag", &["--compression", &word]),
        (
            "properties",
            &[
                "-X",
                &format!("compression.type={codec}"),
                "-X",
                &format!("compression.{codec}.level={level}"),
            ],
        ),
        ("our own property", &["-X", &format!("compression={word}")]),
        ("a topic's entry", &["-X", &format!("compression.topics={TOPIC}={word}")]),
        ("a file", &["--config", &file]),
    ];
    let send =
        |(face, arguments): (_, &[&str])| (face, produce(kafka, TOPIC, slice::from_ref(row), arguments));
    ways.map(send).into()
}

async fn by_library(kafka: &Kafka, row: &Row, compression: Compression) -> Vec<Sent> {
    let servers = kafka.bootstrap_servers();
    let config = json!({ "brokers": servers, "compression": compression.to_string() });
    let config: Config = serde_json::from_value(config).unwrap();
    let ways = [
        ("types", Producer::builder().bootstrap_servers(servers).compression(compression)),
        ("a service's configuration", config.builder().unwrap()),
    ];
    let mut sent = Vec::new();
    for (face, builder) in ways {
        let producer = builder.build().await.unwrap();
        sent.push((face, send(&producer, TOPIC, slice::from_ref(row)).await));
        producer.close().await.unwrap();
    }
    sent
}

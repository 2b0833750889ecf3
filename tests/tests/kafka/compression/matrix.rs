//! Every codec and level on brokers of the reference release and of 3.9, with batches of one record, batches that grew while
//! the broker was busy, records of 10 MB, and records that do not compress.

use std::sync::Arc;

use milena::{Compression, Producer};
use milena_tests::kafka::{Kafka, Release, Tap};

use super::rows::{Row, enqueue, lines, long, noises, places, produce, send, shapes};
use super::shared;
use super::written::{Batches, Case, Written};

const TOPIC: &str = "compression";
/// What the topic takes, and so does the producer.
const BYTES_MAX: &str = "12000000";
/// Lines of a thousand bytes for a busy broker.
const LINES: u32 = 5_000;

/// A codec at a level, as the command line takes it.
const WORDS: [&str; 7] = ["gzip", "gzip:9", "snappy", "lz4", "zstd", "zstd:-5", "zstd:9"];
/// A codec at a level, as the library takes it. lz4 has no level there.
const COMPRESSIONS: [Compression; 7] = [
    Compression::Gzip { level: -1 },
    Compression::Gzip { level: 1 },
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd { level: 3 },
    Compression::Zstd { level: -5 },
    Compression::Zstd { level: 9 },
];

#[tokio::test(flavor = "multi_thread")]
async fn every_codec_is_read_back_by_java_and_librdkafka_from_the_reference_release() {
    check(Release::REFERENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_codec_is_read_back_by_java_and_librdkafka_from_kafka_3_9() {
    check(Release::V3_9).await;
}

async fn check(release: Release) {
    let kafka = shared(release);
    kafka.create_topic(TOPIC, 1, &[&format!("max.message.bytes={BYTES_MAX}")]);
    let rows = Rows { lines: lines(LINES), noise: noises(1, 1_000_000), noises: noises(200, 1_000) };
    let mut written = Written::default();
    for words in WORDS {
        by_command_line(&kafka, words, &rows, &mut written);
    }
    for compression in COMPRESSIONS {
        by_library(&kafka, compression, &rows, &mut written).await;
    }
    written.check(&kafka, TOPIC);
}

/// What each codec is given, besides records of every shape.
struct Rows {
    lines: Vec<Row>,
    noise: Vec<Row>,
    noises: Vec<Row>,
}

/// Each case in a program of its own.
fn by_command_line(kafka: &Kafka, words: &'static str, rows: &Rows, written: &mut Written) {
    let codec = words.split(':').next().unwrap();
    let case = |what: &str| Case::compressed(format!("{words} by the command line, {what}"), codec);
    // A batch grows until it is full or the input ends, however slow the program is and however fast the broker.
    let growing = ["-X", "batch.size=8000000", "-X", "linger.ms=60000"];
    let cases: [(Case, &[Row], &[&str]); 7] = [
        (case("a record of one byte").batches(Batches::Plain), &[Row::of("v")], &[]),
        (case("one line"), &rows.lines[..1], &[]),
        (case("every shape").batches(Batches::Either), &shapes(), &[]),
        (case("lines").longest_bytes_min(900_000), &rows.lines[..3_000], &growing),
        (case("10 MB").longest_bytes_min(10_000_000), &[long(10_000_000)], &[]),
        (case("noise of 1 MB").batches(Batches::Plain), &rows.noise, &[]),
        (case("noises").batches(Batches::Either), &rows.noises, &[]),
    ];
    for (case, rows, arguments) in cases {
        let size = format!("max.request.size={BYTES_MAX}");
        let arguments = [&["--compression", words, "-X", &size], arguments].concat();
        let places = produce(kafka, TOPIC, rows, &arguments);
        written.add(case, rows, &places);
    }
}

/// One producer for all cases. Records that do not compress come last, since those behind them are not tried at once.
async fn by_library(kafka: &Kafka, compression: Compression, rows: &Rows, written: &mut Written) {
    let tap = Tap::default();
    let builder = Producer::builder().bootstrap_servers(kafka.bootstrap_servers()).compression(compression);
    let builder = builder.connector(Arc::new(tap.clone())).max_request_size(BYTES_MAX.parse().unwrap());
    // With one request in flight and one batch ahead of it, the next one grows.
    let producer = builder.max_in_flight(1).build().await.unwrap();
    let case =
        |what: &str| Case::compressed(format!("{compression} by the library, {what}"), compression.name());

    // A batch that is long enough to tell how well lines compress, however fast the broker is.
    let first = [long(200_000)];
    written.add(case("200 kB"), &first, &send(&producer, TOPIC, &first).await);
    let some = &rows.lines[..100];
    written.add(case("some lines"), some, &send(&producer, TOPIC, some).await);
    tap.hold();
    let deliveries = enqueue(&producer, TOPIC, &rows.lines).await;
    tap.release();
    // One batch is in flight, one is ahead of it, and one grows: the longest holds a third at least.
    let busy = case("lines for a busy broker").longest_bytes_min(1_600_000);
    written.add(busy, &rows.lines, &places(deliveries).await);
    let cases: [(Case, &[Row]); 4] = [
        (case("3 MB").longest_bytes_min(3_000_000), &[long(3_000_000)]),
        (case("every shape").batches(Batches::Either), &shapes()),
        (case("noise of 1 MB").batches(Batches::Plain), &rows.noise),
        (case("noises").batches(Batches::Either), &rows.noises),
    ];
    for (case, rows) in cases {
        written.add(case, rows, &send(&producer, TOPIC, rows).await);
    }
    let metrics = producer.metrics();
    assert_eq!((metrics.codec_failures, metrics.failed), (0, 0), "{compression}");
    producer.close().await.unwrap();
}

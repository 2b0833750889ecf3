//! Topics with a `compression.type` of their own: the broker takes batches of every codec and stores others.

use milena::{Compression, Producer};
use milena_tests::kafka::Kafka;

use super::rows::{lines, noises, produce, send, shapes};
use super::written::{Batches, Case, Written};

const CODECS: [Compression; 5] = [
    Compression::Zstd { level: 3 },
    Compression::None,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Gzip { level: 9 },
];

#[tokio::test(flavor = "multi_thread")]
async fn topic_that_is_stored_with_gzip_takes_batches_of_every_codec() {
    const TOPIC: &str = "stored-with-gzip";
    let kafka = Kafka::shared();
    kafka.create_topic(TOPIC, 1, &["compression.type=gzip"]);
    let rows = [shapes(), lines(3_000), noises(100, 1_000)].concat();
    let mut written = Written::default();
    for compression in CODECS {
        let stored = |face: &str| Case::compressed(format!("{compression} by the {face}"), "gzip");
        let producer = producer(&kafka, compression).await;
        written.add(stored("library"), &rows, &send(&producer, TOPIC, &rows).await);
        producer.close().await.unwrap();
        let places = produce(&kafka, TOPIC, &rows, &["--compression", compression.name()]);
        written.add(stored("command line"), &rows, &places);
    }
    written.check(&kafka, TOPIC);
}

/// The broker counts the batch once more after it was decompressed: what was sent within the limit is rejected all the
/// same, and has to be cut until it fits.
#[tokio::test(flavor = "multi_thread")]
async fn topic_that_is_stored_uncompressed_takes_its_limit_before_compression() {
    const TOPIC: &str = "stored-uncompressed";
    const LIMIT: usize = 100_000;
    let kafka = Kafka::shared();
    kafka.create_topic(TOPIC, 1, &["compression.type=uncompressed", &format!("max.message.bytes={LIMIT}")]);
    let rows = lines(3_000);
    let mut written = Written::default();
    for compression in CODECS {
        let stored = Case::compressed(format!("{compression}"), "none").batches(Batches::Plain);
        let producer = producer(&kafka, compression).await;
        written.add(stored, &rows, &send(&producer, TOPIC, &rows).await);
        producer.close().await.unwrap();
    }
    let stored = written.check(&kafka, TOPIC);
    assert!(stored.iter().all(|stored| stored.batch.bytes <= LIMIT));
}

async fn producer(kafka: &Kafka, compression: Compression) -> Producer {
    let builder = Producer::builder().bootstrap_servers(kafka.bootstrap_servers());
    builder.compression(compression).build().await.unwrap()
}

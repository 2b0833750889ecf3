//! A topic that takes batches of at most 100 000 bytes: as they are sent, so that many more bytes of text fit one.

use std::sync::Arc;
use std::time::Duration;

use milena::{Compression, Persisted, Producer, ProducerBuilder};
use milena_tests::kafka::judge::Place;
use milena_tests::kafka::{Kafka, Shared, Tap};
use tokio::task::spawn_blocking;

use super::rows::{Row, enqueue, lines, long, noises, places, send};
use super::written::{Batches, Case, Written};

const LIMIT: usize = 100_000;
const CODECS: [Compression; 4] =
    [Compression::Gzip { level: -1 }, Compression::Snappy, Compression::Lz4, Compression::Zstd { level: 3 }];
/// Thousands of bytes of text in all of it.
const LINES: u32 = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn text_goes_in_batches_of_half_a_million_bytes_through_a_limit_of_a_hundred_thousand() {
    let kafka = limited("limited-text");
    let rows = lines(LINES);
    let mut written = Written::default();
    for compression in [Compression::Gzip { level: -1 }, Compression::Zstd { level: 3 }] {
        let producer = growing(&kafka, compression, &Tap::default()).await;
        for round in 0..8 {
            // By then the producer has learnt what the broker takes and how well the text compresses.
            let longest = if round < 4 { 0 } else { 500_000 };
            let case = Case::compressed(format!("{compression}, round {round}"), compression.name());
            let places = send(&producer, "limited-text", &rows).await;
            written.add(case.longest_bytes_min(longest), &rows, &places);
        }
        producer.close().await.unwrap();
    }
    let stored = written.check(&kafka, "limited-text");
    assert!(stored.iter().all(|stored| stored.batch.bytes <= LIMIT));
}

#[tokio::test(flavor = "multi_thread")]
async fn producer_that_is_told_the_limit_fills_it_with_half_a_million_bytes_of_text_and_is_never_rejected() {
    let kafka = limited("limited-told");
    let rows = lines(LINES);
    let mut written = Written::default();
    for compression in [Compression::Gzip { level: -1 }, Compression::Zstd { level: 3 }] {
        let tap = Tap::default();
        // With one request in flight and one batch ahead of it, the next one grows.
        let builder = builder(&kafka, compression, &tap).max_request_size(LIMIT).max_in_flight(1);
        let producer = builder.build().await.unwrap();
        let case = |what| Case::compressed(format!("{compression}, {what}"), compression.name());

        // One record, so that its batch is long enough to tell how well lines compress, however fast the broker is.
        let first = [long(90_000)];
        written.add(case("the first lines"), &first, &send(&producer, "limited-told", &first).await);
        tap.hold();
        let deliveries = enqueue(&producer, "limited-told", &rows).await;
        tap.release();
        let busy = case("lines for a busy broker").longest_bytes_min(500_000);
        written.add(busy, &rows, &places(deliveries).await);
        assert_eq!(producer.metrics().retries, 0, "{compression}");
        producer.close().await.unwrap();
    }
    let stored = written.check(&kafka, "limited-told");
    assert!(stored.iter().all(|stored| stored.batch.bytes <= LIMIT));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_do_not_compress_are_cut_and_arrive_between_those_that_do() {
    let kafka = limited("limited-noise");
    let (rows, noise) = (lines(LINES), noises(1_500, 1_000));
    let mut written = Written::default();
    for compression in CODECS {
        let producer = growing(&kafka, compression, &Tap::default()).await;
        for (what, rows) in [("text", &rows), ("noise", &noise), ("text again", &rows)] {
            let case = Case::compressed(format!("{compression}, {what}"), compression.name());
            let places = send(&producer, "limited-noise", rows).await;
            written.add(case.batches(Batches::Either), rows, &places);
        }
        producer.close().await.unwrap();
    }
    let stored = written.check(&kafka, "limited-noise");
    assert!(stored.iter().all(|stored| stored.batch.bytes <= LIMIT));
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_and_cut_requests_among_rejected_batches_write_nothing_twice_and_lose_nothing() {
    let kafka = limited("limited-lost");
    // By turns: batches that are compressed are rejected as well as those that are not.
    let rows: Vec<Row> = lines(600).into_iter().chain(noises(300, 1_000)).chain(lines(600)).collect();
    let mut written = Written::default();
    for compression in CODECS {
        let tap = Tap::default();
        let producer = growing(&kafka, compression, &tap).await;
        for round in 0..6 {
            if round % 2 == 0 {
                tap.lose_answer()
            } else {
                tap.cut_request()
            }
            let case = Case::compressed(format!("{compression}, round {round}"), compression.name());
            let places = send(&producer, "limited-lost", &rows).await;
            written.add(case.batches(Batches::Either), &rows, &places);
            assert_eq!(tap.done(), round + 1, "{compression}");
        }
        let metrics = producer.metrics();
        assert!(metrics.retries >= 6 && metrics.failed == 0, "{metrics:?}");
        producer.close().await.unwrap();
    }
    let stored = written.check(&kafka, "limited-lost");
    assert!(stored.iter().all(|stored| stored.batch.bytes <= LIMIT));
}

/// A broker looks at the length of a batch before it looks whether it has the batch already. So the whole is rejected,
/// and so are its parts, because they are not the batch that was appended: the records fail, and may have been written.
#[tokio::test(flavor = "multi_thread")]
async fn batch_with_a_lost_answer_is_not_written_again_in_parts_when_the_limit_was_lowered_meanwhile() {
    const TOPIC: &str = "limited-meanwhile";
    let kafka = Kafka::shared();
    kafka.create_topic(TOPIC, 1, &[]);
    let (tap, rows) = (Tap::default(), lines(900));
    let (first, lost) = rows.split_at(100);
    let builder = builder(&kafka, Compression::Zstd { level: 3 }, &tap).batch_size(1_000_000);
    let producer = builder.linger(Duration::from_millis(200)).build().await.unwrap();
    let case = |what| Case::compressed(what, "zstd");
    let mut written = Written::default();
    written.add(case("before"), first, &send(&producer, TOPIC, first).await);

    tap.hold();
    let deliveries = enqueue(&producer, TOPIC, lost).await;
    let kafka = spawn_blocking(move || {
        kafka.wait_for_records(TOPIC, 900);
        kafka.configure_topic(TOPIC, "max.message.bytes", "20000");
        kafka
    });
    let kafka = kafka.await.unwrap();
    tap.lose_answer();
    tap.release();
    let places: Vec<_> = (100..900).map(|offset| Place { partition: 0, offset }).collect();
    for (delivery, place) in deliveries.into_iter().zip(&places) {
        match delivery.await {
            Ok(ack) => assert_eq!(crate::place(&ack), *place),
            Err(error) => assert_eq!(error.persisted(), Persisted::Maybe, "{error}"),
        }
    }
    written.add(case("with a lost answer"), lost, &places);
    written.add(case("afterwards"), first, &send(&producer, TOPIC, first).await);
    assert_eq!(tap.done(), 1);
    written.check(&kafka, TOPIC);
}

fn limited(topic: &str) -> Shared {
    let kafka = Kafka::shared();
    kafka.create_topic(topic, 1, &[&format!("max.message.bytes={LIMIT}")]);
    kafka
}

/// A producer whose batches grow for as long as they are allowed to, or until a flush.
async fn growing(kafka: &Kafka, compression: Compression, tap: &Tap) -> Producer {
    let builder = builder(kafka, compression, tap).batch_size(1_000_000);
    builder.linger(Duration::from_secs(60)).build().await.unwrap()
}

fn builder(kafka: &Kafka, compression: Compression, tap: &Tap) -> ProducerBuilder {
    let builder = Producer::builder().bootstrap_servers(kafka.bootstrap_servers());
    builder.compression(compression).connector(Arc::new(tap.clone()))
}

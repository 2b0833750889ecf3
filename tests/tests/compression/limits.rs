//! Topics that take only short batches: how long the batches are before compression, and what happens to those that
//! are too long after it.

use std::time::Duration;

use futures_util::future::join;
use milena::{Compression, ErrorKind, Persisted, Producer, Record};
use milena_fake::{Action, ApiKey, Cluster, ErrorCode, LoggedBatch, TopicCompression, TopicConfig};
use milena_tests::{ClusterHarness, Sent, Tag, assert_exactly_once, line, noise, within};
use tokio::time::sleep;

use crate::support::{COMPRESSIONS, batches};

const LIMIT: usize = 100_000;
const MS: Duration = Duration::from_millis(1);

/// One partition whose broker takes batches of at most `bytes`.
async fn limited(bytes: usize) -> ClusterHarness {
    let config = TopicConfig { max_message_bytes: bytes, ..TopicConfig::default() };
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic_with("t", 1, config)).await
}

async fn producer(harness: &ClusterHarness, compression: Compression) -> Producer {
    let builder = harness.producer().compression(compression).batch_size(1_000_000).linger(20 * MS);
    builder.build().await.unwrap()
}

/// Sends values made of these numbers, and awaits them.
async fn send(
    producer: &Producer,
    numbers: std::ops::Range<u32>,
    value: impl Fn(u32) -> Vec<u8>,
) -> Vec<Sent> {
    let mut deliveries = Vec::new();
    for number in numbers {
        let record = Record::to("t").value(value(number));
        deliveries.push((Tag { sender: 0, number }, producer.enqueue(record).await.unwrap()));
    }
    let mut sent = Vec::new();
    for (tag, delivery) in deliveries {
        sent.push((tag, within(delivery).await.unwrap()));
    }
    sent
}

fn text(number: u32) -> Vec<u8> {
    line(number).into_bytes()
}

fn plain_bytes(batches: &[LoggedBatch]) -> Vec<usize> {
    batches.iter().map(|batch| batch.plain_bytes).collect()
}

#[tokio::test(start_paused = true)]
async fn text_goes_in_batches_of_half_a_million_bytes_through_a_limit_of_a_hundred_thousand() {
    for compression in [Compression::Gzip { level: -1 }, Compression::Zstd { level: 3 }] {
        let harness = limited(LIMIT).await;
        let producer = producer(&harness, compression).await;
        let mut sent = Vec::new();
        for round in 0..12 {
            sent.extend(send(&producer, round * 2_000..(round + 1) * 2_000, text).await);
        }
        assert_exactly_once(&harness, "t", &sent);
        let all = batches(&harness, "t");
        assert!(all.iter().all(|batch| batch.bytes.len() <= LIMIT));
        let long = plain_bytes(&all[all.len() / 2..]).into_iter().filter(|bytes| *bytes >= 500_000).count();
        assert!(long >= 6, "{compression}: {:?}", plain_bytes(&all));
    }
}

#[tokio::test(start_paused = true)]
async fn records_that_do_not_compress_are_cut_and_arrive() {
    let harness = limited(LIMIT).await;
    let producer = producer(&harness, Compression::Lz4).await;
    let mut sent = send(&producer, 0..2_000, text).await;
    sent.extend(send(&producer, 2_000..3_000, |number| noise(number, 1_000)).await);
    sent.extend(send(&producer, 3_000..5_000, text).await);
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn ratio_that_collapses_costs_no_rejected_batch() {
    for compression in COMPRESSIONS {
        let harness = limited(LIMIT).await;
        let producer = producer(&harness, compression).await;
        let incompressible = |number| noise(number, 1_000);
        // The topic's limit is learned from batches that are rejected.
        let mut sent = send(&producer, 0..1_000, incompressible).await;
        for round in 1..12 {
            sent.extend(send(&producer, round * 1_000..(round + 1) * 1_000, text).await);
        }
        let before = producer.metrics();
        for round in 12..24 {
            sent.extend(send(&producer, round * 1_000..(round + 1) * 1_000, incompressible).await);
        }
        assert_exactly_once(&harness, "t", &sent);
        let after = producer.metrics();
        let (batches, requests) = (after.batches - before.batches, after.requests - before.requests);
        assert_eq!(requests, batches, "{compression}: batches of the one partition that went once");
    }
}

#[tokio::test(start_paused = true)]
async fn topic_that_is_stored_uncompressed_takes_full_batches_whatever_the_ratio_becomes() {
    let stored = TopicCompression::Always(milena_fake::Compression::None);
    let config = TopicConfig { max_message_bytes: LIMIT, compression_type: stored, ..TopicConfig::default() };
    for compression in COMPRESSIONS {
        let harness =
            ClusterHarness::in_memory(Cluster::builder().brokers(1).topic_with("t", 1, config)).await;
        let producer = producer(&harness, compression).await;
        let again = |number: u32| format!("0/{number} {:990}", "again").into_bytes();
        let mut sent = send(&producer, 0..3_000, again).await;
        sent.extend(send(&producer, 3_000..5_000, |number| noise(number, 1_000)).await);
        sent.extend(send(&producer, 5_000..8_000, text).await);
        assert_exactly_once(&harness, "t", &sent);
        let plain = plain_bytes(&batches(&harness, "t"));
        assert!(plain.len() < 200, "{compression}: {} batches: {plain:?}", plain.len());
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_among_rejected_batches_write_nothing_twice() {
    for compression in [Compression::Gzip { level: -1 }, Compression::Lz4, Compression::Zstd { level: 3 }] {
        let harness = limited(1_000_000).await;
        let producer = producer(&harness, compression).await;
        let disturb = async {
            for turn in 0..10_u32 {
                sleep(15 * MS).await;
                match turn % 2 {
                    0 => harness.on(ApiKey::PRODUCE).apply_then(Action::Disconnect),
                    _ => harness.on(ApiKey::PRODUCE).disconnect(),
                }
                // Also what was written as a whole, and is asked for again, is too long by now.
                let max_message_bytes = if turn < 5 { 1_000_000 } else { LIMIT };
                harness.configure_topic("t", TopicConfig { max_message_bytes, ..TopicConfig::default() });
            }
        };
        let load = async {
            let mut outcomes = Vec::new();
            let mut deliveries = Vec::new();
            for number in 0..6_000 {
                let record = Record::to("t").value(if number % 1_000 < 700 {
                    text(number)
                } else {
                    noise(number, 900)
                });
                deliveries.push((Tag { sender: 0, number }, producer.enqueue(record).await.unwrap()));
                if number % 150 == 0 {
                    sleep(5 * MS).await;
                }
            }
            for (tag, delivery) in deliveries {
                outcomes.push((tag, within(delivery).await));
            }
            outcomes
        };
        let (outcomes, ()) = within(join(load, disturb)).await;
        check(&harness, outcomes);
    }
}

/// Acknowledged records stand where they are said to, each once; of a failed one the error says the truth.
fn check(harness: &ClusterHarness, outcomes: Vec<(Tag, Result<milena::Ack, milena::SendError>)>) {
    milena_tests::assert_in_order(harness, "t");
    let log = milena_tests::tags(harness, "t").remove(0);
    for (tag, outcome) in outcomes {
        match outcome {
            Ok(ack) => assert_eq!(log[usize::try_from(ack.offset).unwrap()], tag),
            Err(error) => assert!(error.persisted() != Persisted::No || !log.contains(&tag), "{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn single_record_beyond_the_limit_fails_alone_if_it_does_not_compress() {
    let harness = limited(LIMIT).await;
    let builder = harness.producer().compression(Compression::Zstd { level: 3 }).max_request_size(4_000_000);
    let producer = builder.build().await.unwrap();
    let compressible = Record::to("t").value("0/1 again ".repeat(300_000));
    let results = within(producer.send_all([
        Record::to("t").value("0/0 "),
        compressible,
        Record::to("t").value(noise(2, 300_000)),
        Record::to("t").value("0/3 "),
    ]))
    .await;
    let failed: Vec<_> =
        results.iter().map(|result| result.as_ref().err().map(milena::SendError::kind)).collect();
    assert_eq!(failed, [None, None, Some(ErrorKind::MessageTooLarge), None]);
    assert_eq!(harness.record_count(), 3);
}

#[tokio::test(start_paused = true)]
async fn records_rejected_by_the_broker_fail_alone_out_of_a_compressed_batch() {
    for compression in [Compression::Gzip { level: -1 }, Compression::Snappy, Compression::Zstd { level: 3 }]
    {
        let harness = limited(1_000_000).await;
        let producer = producer(&harness, compression).await;
        harness.on(ApiKey::PRODUCE).record_errors(ErrorCode::INVALID_RECORD, &[1, 5]);
        let records = (0..9).map(|number| Record::to("t").value(line(number)));
        let results = within(producer.send_all(records)).await;
        let failed: Vec<usize> = results
            .iter()
            .enumerate()
            .filter(|(_, result)| result.is_err())
            .map(|(index, _)| index)
            .collect();
        assert_eq!(failed, [1, 5], "{compression}");
        let numbers: Vec<u32> = milena_tests::tags(&harness, "t")[0].iter().map(|tag| tag.number).collect();
        assert_eq!(numbers, [0, 2, 3, 4, 6, 7, 8]);
    }
}

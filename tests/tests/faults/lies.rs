//! Answers that are garbage or untrue.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join;
use milena_codec::ids::PartitionId;
use milena_codec::message::{
    MetadataResponse, PartitionProduceResponse, ProduceResponse, TopicProduceResponse,
};
use milena_fake::{Action, ApiKey, Cluster, ErrorCode, Release};
use milena_tests::{ClusterHarness, Load, Tag, assert_exactly_once, within};
use tokio::time::sleep;

use crate::harness;

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn truncated_garbled_and_swapped_responses_lose_no_record() {
    let garbage: [fn(&ClusterHarness); 12] = [
        |harness| harness.on(ApiKey::PRODUCE).truncate(0),
        |harness| harness.on(ApiKey::PRODUCE).truncate(3),
        |harness| harness.on(ApiKey::PRODUCE).truncate(9),
        |harness| harness.on(ApiKey::PRODUCE).truncate(30),
        |harness| harness.on(ApiKey::PRODUCE).wrong_correlation_id(),
        |harness| harness.on(ApiKey::PRODUCE).duplicate_response(),
        |harness| {
            harness
                .on(ApiKey::PRODUCE)
                .apply_then(Action::Raw(Bytes::from_static(b"HTTP/1.1 200 OK\r\n\r\n")))
        },
        |harness| {
            harness.on(ApiKey::PRODUCE).apply_then(Action::Raw(Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff])))
        },
        |harness| harness.on(ApiKey::PRODUCE).apply_then(Action::Raw(Bytes::from_static(&[0xff; 40]))),
        |harness| harness.on(ApiKey::PRODUCE).apply_then(Action::Raw(Bytes::from_static(&[0; 64]))),
        |harness| harness.on(ApiKey::PRODUCE).raw(Bytes::from_static(&[0, 0, 0, 2, 0, 0])),
        |harness| harness.on(ApiKey::PRODUCE).raw(Bytes::from_static(&[6, 0x40, 0, 1, 9, 9, 9])),
    ];
    for (place, spoil) in garbage.into_iter().enumerate() {
        let harness = harness().await;
        let producer = harness.connect().await;
        for partition in 0..3 {
            producer.send(Load::of(9).record(0).partition(partition).value("9/0 ")).await.ok();
        }
        harness.clear_hooks();
        let written = harness.record_count();
        assert_eq!(written, 3, "row {place}");
        spoil(&harness);
        let load = Load { sender: 1, ..Load::of(300) };
        let sent = within(load.send(&producer)).await;
        assert_eq!(harness.record_count(), written + sent.len() as u64, "row {place}");
        assert!(producer.metrics().retries > 0 || place == 5, "row {place}: nobody noticed");
    }
}

/// An answer about these partitions of `t`, by name.
fn answer(partitions: &[(i32, ErrorCode, i64)]) -> ProduceResponse {
    let one = |(index, code, base_offset): &(i32, ErrorCode, i64)| PartitionProduceResponse {
        index: PartitionId(*index),
        error_code: *code,
        base_offset: *base_offset,
        ..PartitionProduceResponse::default()
    };
    let topic = TopicProduceResponse {
        name: "t".to_owned(),
        partition_responses: partitions.iter().map(one).collect(),
        ..TopicProduceResponse::default()
    };
    ProduceResponse { responses: vec![topic], ..ProduceResponse::default() }
}

#[tokio::test(start_paused = true)]
async fn response_without_a_partition_leaves_it_open_and_one_with_an_unknown_partition_ends_the_connection() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 3).look_like(Release::V2_8)).await;
    let producer = harness.connect().await;
    let lies = [
        vec![],
        vec![(2, ErrorCode::INVALID_RECORD, -1)],
        vec![(99, ErrorCode::NONE, 5), (-1, ErrorCode::NONE, 5)],
        vec![(0, ErrorCode::NONE, 5), (99, ErrorCode::NONE, 5)],
    ];
    let mut sent = Vec::new();
    let mut connections = Vec::new();
    for (number, lie) in (0..).zip(lies) {
        let believed = lie.first().is_some_and(|(partition, ..)| *partition == 0);
        harness.on(ApiKey::PRODUCE).message(answer(&lie));
        let tag = Tag { sender: 0, number };
        let ack = within(producer.send(tag.record("t").partition(0))).await.unwrap();
        if !believed {
            sent.push((tag, ack));
        }
        sleep(2 * MS).await;
        connections.push(producer.metrics().connections);
    }
    assert_exactly_once(&harness, "t", &sent);
    // Nobody asked about partition 2 or 99, nor about -1.
    assert_eq!(connections, [1, 2, 3, 3], "a lie ends its connection");
}

#[tokio::test(start_paused = true)]
async fn first_of_two_results_for_a_partition_counts() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).look_like(Release::V2_8)).await;
    let producer = harness.connect().await;
    harness
        .on(ApiKey::PRODUCE)
        .message(answer(&[(0, ErrorCode::NONE, 7), (0, ErrorCode::INVALID_RECORD, -1)]));
    assert_eq!(producer.send(("t", "v")).await.unwrap().offset, 7);
    assert_eq!(producer.metrics().records, 1);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_that_is_only_recognised_counts_as_written_without_an_offset() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let code = ErrorCode::DUPLICATE_SEQUENCE_NUMBER;
    harness.on(ApiKey::PRODUCE).topic("t").apply_then(Action::error(code));
    let ack = producer.send(("t", "v")).await.unwrap();
    assert!(!ack.has_offset() || ack.offset == 0, "{ack:?}");
    assert_eq!(harness.record_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn malformed_and_false_metadata_lose_no_record() {
    let harness = harness().await;
    let producer = harness.producer().metadata_max_age(50 * MS).build().await.unwrap();
    let spoiling = async {
        for turn in 0..30 {
            sleep(60 * MS).await;
            match turn % 6 {
                0 => harness.on(ApiKey::METADATA).truncate(20),
                1 => harness.on(ApiKey::METADATA).wrong_correlation_id(),
                2 => harness.on(ApiKey::METADATA).raw(Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff])),
                3 => harness.on(ApiKey::METADATA).disconnect(),
                4 => harness.on(ApiKey::METADATA).topic("t").error(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
                _ => harness.on(ApiKey::METADATA).message(MetadataResponse::default()),
            }
        }
    };
    let (sent, ()) = within(join(Load::of(20_000).send(&producer), spoiling)).await;
    assert_exactly_once(&harness, "t", &sent);
    assert_eq!(producer.metrics().retries, 0, "records did not notice");
}

#[tokio::test(start_paused = true)]
async fn throttle_time_is_capped() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).look_like(Release::V2_8)).await;
    let producer = harness.connect().await;
    let endless = ProduceResponse { throttle_time_ms: i32::MAX, ..answer(&[(0, ErrorCode::NONE, 0)]) };
    harness.on(ApiKey::PRODUCE).message(endless);
    producer.send(("t", "v")).await.unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
}

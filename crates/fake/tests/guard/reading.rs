//! ListOffsets and Fetch: what a consumer needs to read back what was produced.

use std::time::Duration;

use kafka_protocol::messages as theirs;
use milena_codec::ErrorCode;
use milena_codec::compression::Decompressor;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::{
    FetchPartition, FetchRequest, FetchTopic, ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use milena_codec::record::RecordBatch;
use milena_fake::{Cluster, Keep};

use crate::client::*;
use crate::packed::*;

/// Asks for an offset of partition 0 of `t`: its code, timestamp and offset.
async fn offset(wire: &mut Wire, timestamp: i64, version: i16) -> (ErrorCode, i64, i64) {
    let partition = ListOffsetsPartition { timestamp, ..ListOffsetsPartition::default() };
    let topics = vec![ListOffsetsTopic { name: "t".to_owned(), partitions: vec![partition] }];
    let request = ListOffsetsRequest { topics, ..ListOffsetsRequest::default() };
    let answer: theirs::ListOffsetsResponse = wire.ask(&request, version).await;
    let found = &answer.topics[0].partitions[0];
    (ErrorCode(found.error_code), found.timestamp, found.offset)
}

fn fetch_from(offset: i64, id: TopicId) -> FetchRequest {
    let partition =
        FetchPartition { fetch_offset: offset, partition_max_bytes: 1 << 20, ..FetchPartition::default() };
    let topics = vec![FetchTopic { topic: "t".to_owned(), topic_id: id, partitions: vec![partition] }];
    FetchRequest { max_wait_ms: 1_000, min_bytes: 1, topics, ..FetchRequest::default() }
}

/// Reads partition 0 of `t`: the code, where the log ends, and the values with their offsets.
async fn fetch(
    wire: &mut Wire,
    request: &FetchRequest,
    version: i16,
) -> (ErrorCode, i64, Vec<(i64, String)>) {
    let answer: theirs::FetchResponse = wire.ask(request, version).await;
    let data = &answer.responses[0].partitions[0];
    let mut rest = data.records.clone().unwrap_or_default();
    let mut read = Vec::new();
    while !rest.is_empty() {
        let length = 12 + u32::from_be_bytes(rest[8..12].try_into().unwrap()) as usize;
        let bytes = rest.split_to(length);
        let (batch, mut buffer) = (RecordBatch::parse(&bytes).unwrap(), Vec::new());
        let records = batch.decompress(&mut Decompressor::new(), 1 << 20, &mut buffer).unwrap();
        for (offset, record) in (batch.header.base_offset..).zip(records) {
            read.push((offset, String::from_utf8(record.unwrap().value.unwrap().to_vec()).unwrap()));
        }
    }
    (ErrorCode(data.error_code), data.high_watermark, read)
}

async fn with_four_records() -> (Cluster, Wire) {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (values, timestamp) in [(&["a", "b"][..], NOW_MS), (&["c"], NOW_MS + 10), (&["d"], NOW_MS + 5)] {
        let bytes = sealed(values, |header| {
            (header.base_timestamp_ms, header.max_timestamp_ms) = (timestamp, timestamp);
        });
        assert_eq!(wire.code(bytes).await, ErrorCode::NONE);
    }
    (cluster, wire)
}

#[tokio::test]
async fn list_offsets_returns_ends_and_times_in_every_version() {
    let (_cluster, mut wire) = with_four_records().await;
    for version in 1..=10 {
        for (timestamp, found) in [
            (-1, (-1, 4)),
            (-2, (-1, 0)),
            (0, (NOW_MS, 0)),
            (NOW_MS, (NOW_MS, 0)),
            (NOW_MS + 1, (NOW_MS + 10, 2)),
            (NOW_MS + 11, (-1, -1)),
        ] {
            let (code, at, offset) = offset(&mut wire, timestamp, version).await;
            assert_eq!((code, (at, offset)), (ErrorCode::NONE, found), "v{version}, {timestamp}");
        }
    }
    assert_eq!(offset(&mut wire, -3, 7).await, (ErrorCode::NONE, NOW_MS + 10, 2), "the newest timestamp");
}

#[tokio::test]
async fn fetch_starts_with_the_batch_of_the_offset_in_every_version() {
    let (cluster, mut wire) = with_four_records().await;
    let id = cluster.topic_id("t").unwrap();
    let read = |values: &[(i64, &str)]| {
        values.iter().map(|(offset, value)| (*offset, (*value).to_owned())).collect::<Vec<_>>()
    };
    for version in 4..=18 {
        let all = fetch(&mut wire, &fetch_from(1, id), version).await;
        assert_eq!(all, (ErrorCode::NONE, 4, read(&[(0, "a"), (1, "b"), (2, "c"), (3, "d")])), "v{version}");
    }
    assert_eq!(fetch(&mut wire, &fetch_from(3, id), 12).await.2, read(&[(3, "d")]));
    let mut short = fetch_from(0, id);
    short.topics[0].partitions[0].partition_max_bytes = 1;
    assert_eq!(fetch(&mut wire, &short, 12).await.2, read(&[(0, "a"), (1, "b")]), "one batch in any case");
}

#[tokio::test]
async fn compressed_batches_are_found_by_time_and_fetched_unchanged() {
    for codec in CODECS {
        let cluster = one_broker().await;
        let mut wire = Wire::to(&cluster, 1);
        for _ in 0..2 {
            assert_eq!(wire.code(good(codec)).await, ErrorCode::NONE);
        }
        for version in 1..=10 {
            let found = offset(&mut wire, NOW_MS + 3, version).await;
            assert_eq!(found, (ErrorCode::NONE, NOW_MS + 3, 3), "{codec} v{version}");
        }
        assert_eq!(offset(&mut wire, -3, 7).await, (ErrorCode::NONE, NOW_MS + 4, 4), "{codec}");
        let id = cluster.topic_id("t").unwrap();
        let expected: Vec<_> =
            (0..).zip(VALUES.iter().chain(&VALUES).map(|value| (*value).to_owned())).collect();
        for version in 4..=18 {
            let all = fetch(&mut wire, &fetch_from(0, id), version).await;
            assert_eq!(all, (ErrorCode::NONE, 10, expected.clone()), "{codec} v{version}");
        }
        let answer: theirs::FetchResponse = wire.ask(&fetch_from(5, id), 12).await;
        let stored = cluster.log_batches("t", 0).pop().unwrap();
        assert_eq!(stored.compression(), codec);
        assert_eq!(answer.responses[0].partitions[0].records.as_deref(), Some(&stored.bytes[..]), "{codec}");
    }
}

#[tokio::test]
async fn unknown_topics_and_partitions_are_rejected() {
    let (cluster, mut wire) = with_four_records().await;
    let id = cluster.topic_id("t").unwrap();
    for offset in [5, -1] {
        let code = fetch(&mut wire, &fetch_from(offset, id), 12).await.0;
        assert_eq!(code, ErrorCode::OFFSET_OUT_OF_RANGE, "{offset}");
    }
    let unknown_id = fetch_from(0, TopicId([9; 16]));
    assert_eq!(fetch(&mut wire, &unknown_id, 13).await.0, ErrorCode::UNKNOWN_TOPIC_ID);
    let mut unknown = fetch_from(0, id);
    unknown.topics[0].partitions[0].partition = PartitionId(9);
    assert_eq!(fetch(&mut wire, &unknown, 12).await.0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

#[tokio::test]
async fn only_the_leader_serves_readers_and_only_in_its_epoch() {
    let cluster = Cluster::builder().brokers(2).topic("t", 1).in_memory().start().await.unwrap();
    cluster.bump_epoch("t", 0);
    let id = cluster.topic_id("t").unwrap();
    let (mut leader, mut follower) = (Wire::to(&cluster, 1), Wire::to(&cluster, 2));
    assert_eq!(fetch(&mut follower, &fetch_from(0, id), 12).await.0, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert_eq!(offset(&mut follower, -1, 7).await.0, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    for (epoch, code) in [
        (0, ErrorCode::FENCED_LEADER_EPOCH),
        (1, ErrorCode::NONE),
        (2, ErrorCode::UNKNOWN_LEADER_EPOCH),
        (-1, ErrorCode::NONE),
    ] {
        let mut request = fetch_from(0, id);
        request.topics[0].partitions[0].current_leader_epoch = LeaderEpoch(epoch);
        request.max_wait_ms = 0;
        assert_eq!(fetch(&mut leader, &request, 12).await.0, code, "epoch {epoch}");
    }
    assert_eq!(cluster.leader("t", 0), Some(BrokerId(1)));
}

#[tokio::test(start_paused = true)]
async fn fetch_waits_for_records_until_max_wait() {
    let (cluster, mut wire) = with_four_records().await;
    let id = cluster.topic_id("t").unwrap();
    let waiting = async {
        let before = cluster.journal().last().unwrap().at;
        let empty = fetch(&mut wire, &fetch_from(4, id), 12).await;
        assert_eq!(empty, (ErrorCode::NONE, 4, vec![]));
        let served = fetch(&mut wire, &fetch_from(4, id), 12).await;
        let asked = cluster.journal().last().unwrap().at;
        assert_eq!(asked - before, Duration::from_millis(1_500), "until the record was there");
        served
    };
    let produce = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        Wire::to(&cluster, 1).code(batch(&["e"])).await;
    };
    let (served, ()) = tokio::join!(waiting, produce);
    assert_eq!(served.2, [(4, "e".to_owned())]);
}

#[tokio::test]
async fn dropped_offsets_are_out_of_range() {
    let bytes = batch(&["0123456789"]).len();
    let cluster = small(|builder| builder.keep(Keep::LastBytes(2 * bytes))).await;
    let mut wire = Wire::to(&cluster, 1);
    for _ in 0..5 {
        wire.code(batch(&["0123456789"])).await;
    }
    assert_eq!(offset(&mut wire, -2, 7).await.2, 3);
    let id = cluster.topic_id("t").unwrap();
    assert_eq!(fetch(&mut wire, &fetch_from(2, id), 12).await.0, ErrorCode::OFFSET_OUT_OF_RANGE);
    assert_eq!(fetch(&mut wire, &fetch_from(3, id), 12).await.2.len(), 2);
}

//! What a broker refuses, and in what order it finds out: raw requests, one row of the table after the other.

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::ids::{LeaderEpoch, TopicId};
use milena_codec::record::{Attributes, BatchHeader, HEADER_BYTES, Stamp, put_record};
use milena_fake::{Cluster, TopicConfig};

use crate::client::*;

#[tokio::test]
async fn valid_batch_is_appended_in_every_version() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for version in 3..=12 {
        let answer = wire.produce(batch(&["a", "b"]), version).await;
        assert_eq!(answer.error_code, ErrorCode::NONE, "v{version}");
        assert_eq!(answer.base_offset, i64::from(version - 3) * 2);
        assert_eq!(answer.log_append_time_ms, -1);
    }
    let by_id = to("", cluster.topic_id("t").unwrap(), -1, vec![(0, Some(batch(&["c"]).into()))]);
    assert_eq!(one(wire.call(&by_id, 13).await).base_offset, 20);
    assert_eq!(cluster.record_count(), 21);
    assert_eq!(values(&cluster, "t", 0)[18..], ["a", "b", "c"]);
    assert!(cluster.violations().is_empty());
}

#[tokio::test]
async fn invalid_acks_are_rejected() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for acks in [2, -2] {
        let answer = one(wire.call(&to_t(acks, batch(&["a"])), 9).await);
        assert_eq!(answer.error_code, ErrorCode::INVALID_REQUIRED_ACKS);
    }
    assert_eq!(cluster.record_count(), 0);
    assert_eq!(one(wire.call(&to_t(1, batch(&["a"])), 9).await).error_code, ErrorCode::NONE);
}

#[tokio::test]
async fn acks_0_gets_no_response_and_an_error_closes_the_connection() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    wire.send(&to_t(0, batch(&["a"])), 9).await;
    assert_eq!(wire.produce(batch(&["b"]), 9).await.base_offset, 1, "the answer is the second request's");
    let gap = stamped(&["x"], stamp(1, 0, 9));
    wire.code(stamped(&["c"], stamp(1, 0, 0))).await;
    let too_large = batch(&[&"x".repeat(2_000_000)]);
    for bad in [flipped(batch(&["x"])), vec![], gap, too_large] {
        let mut wire = Wire::to(&cluster, 1);
        wire.send(&to_t(0, bad), 9).await;
        assert!(wire.is_closed().await);
    }
    let unknown = to("nope", TopicId::ZERO, 0, vec![(0, Some(batch(&["x"]).into()))]);
    wire.send(&unknown, 9).await;
    assert!(wire.is_closed().await);
    assert_eq!(values(&cluster, "t", 0), ["a", "b", "c"]);
}

#[tokio::test]
async fn crc_is_checked_after_the_size_and_before_the_sequence() {
    let config = TopicConfig { max_message_bytes: 200, ..TopicConfig::default() };
    let cluster = Cluster::builder().brokers(1).topic_with("t", 1, config).in_memory();
    let cluster = cluster.wall_clock_ms(NOW_MS).start().await.unwrap();
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(wire.code(flipped(batch(&["a"]))).await, ErrorCode::CORRUPT_MESSAGE);
    assert_eq!(wire.code(flipped(batch(&[&"a".repeat(300)]))).await, ErrorCode::MESSAGE_TOO_LARGE);
    let good = stamped(&["a"], stamp(1, 0, 0));
    assert_eq!(wire.code(good.clone()).await, ErrorCode::NONE);
    assert_eq!(wire.code(flipped(good)).await, ErrorCode::CORRUPT_MESSAGE, "though a duplicate");
    assert_eq!(cluster.record_count(), 1);
}

#[tokio::test]
async fn only_magic_2_is_accepted() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (magic, code) in [
        (0, ErrorCode::INVALID_RECORD),
        (1, ErrorCode::INVALID_RECORD),
        (3, ErrorCode::CORRUPT_MESSAGE),
        (127, ErrorCode::CORRUPT_MESSAGE),
    ] {
        let mut bytes = batch(&["a"]);
        bytes[16] = magic;
        assert_eq!(wire.produce(bytes.clone(), 3).await.error_code, code, "magic {magic}");
        assert_eq!(wire.code(bytes).await, code, "magic {magic}");
    }
}

#[tokio::test]
async fn records_field_holds_one_batch_and_few_trailing_bytes() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let one_batch = batch(&["a"]);
    let two = [&one_batch[..], &one_batch].concat();
    let cut = one_batch[..one_batch.len() - 1].to_vec();
    for refused in [two, cut, vec![]] {
        assert_eq!(wire.code(refused).await, ErrorCode::INVALID_RECORD);
    }
    let null = to("t", TopicId::ZERO, -1, vec![(0, None)]);
    assert_eq!(one(wire.call(&null, 9).await).error_code, ErrorCode::INVALID_RECORD);
    let with_a_tail = [&one_batch[..], &[0; 11]].concat();
    assert_eq!(wire.code(with_a_tail).await, ErrorCode::NONE);
    let mut short = one_batch.clone();
    short[8..12].copy_from_slice(&13_i32.to_be_bytes());
    assert_eq!(wire.code(short).await, ErrorCode::CORRUPT_MESSAGE, "below the least length");
}

#[tokio::test]
async fn last_of_two_entries_for_a_partition_wins_and_is_a_violation() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let twice = |first: Vec<u8>, second: Vec<u8>| {
        to("t", TopicId::ZERO, -1, vec![(0, Some(first.into())), (0, Some(second.into()))])
    };
    let answer = one(wire.call(&twice(batch(&["lost"]), batch(&["kept"])), 9).await);
    assert_eq!(answer.error_code, ErrorCode::NONE);
    assert_eq!(values(&cluster, "t", 0), ["kept"]);
    assert_eq!(cluster.violations().len(), 1);

    wire.code(stamped(&["0"], stamp(1, 0, 0))).await;
    let stamped_twice = twice(stamped(&["1"], stamp(1, 0, 1)), stamped(&["2"], stamp(1, 0, 2)));
    let answer = one(wire.call(&stamped_twice, 9).await);
    assert_eq!(answer.error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
}

#[tokio::test]
async fn malformed_batches_are_invalid_records() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let changes: [fn(&mut BatchHeader); 7] = [
        |header| header.records = 0,
        |header| header.last_offset_delta = 5,
        |header| (header.records, header.last_offset_delta) = (1, 0),
        |header| (header.records, header.last_offset_delta) = (3, 2),
        |header| header.base_offset = 1,
        |header| header.attributes = Attributes::NONE.with_control(true),
        |header| header.stamp = stamp(1, 0, -1),
    ];
    for (row, change) in changes.into_iter().enumerate() {
        let code = wire.code(sealed(&["a", "b"], change)).await;
        assert_eq!(code, ErrorCode::INVALID_RECORD, "row {row}");
    }
    assert_eq!(cluster.record_count(), 0);
}

#[tokio::test]
async fn odd_batches_that_a_broker_accepts_are_accepted() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let changes: [fn(&mut BatchHeader); 3] = [
        |header| header.max_timestamp_ms = 5,
        |header| header.partition_leader_epoch = LeaderEpoch(77),
        |header| header.attributes = Attributes::from_bits(1 << 9),
    ];
    for change in changes {
        assert_eq!(wire.code(sealed(&["a"], change)).await, ErrorCode::NONE);
    }
    let mut wrong_deltas = vec![0; HEADER_BYTES];
    put_record(&mut wrong_deltas, 7, 0, None, Some(b"b"), &[]);
    put_record(&mut wrong_deltas, 3, 0, None, Some(b"c"), &[]);
    BatchHeader::of_producer(2, NOW_MS, NOW_MS, Stamp::NONE).seal(&mut wrong_deltas, []);
    assert_eq!(wire.code(wrong_deltas).await, ErrorCode::NONE, "of records that are not compressed");
    assert_eq!(values(&cluster, "t", 0), ["a", "a", "a", "b", "c"]);
}

#[tokio::test]
async fn transactional_batch_needs_a_transactional_id() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let transactional = sealed(&["a"], |header| {
        (header.attributes, header.stamp) = (Attributes::from_bits(1 << 4), stamp(1, 0, 0))
    });
    assert_eq!(wire.code(transactional).await, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    assert_eq!(cluster.record_count(), 0);
}

#[tokio::test]
async fn batch_of_the_limit_is_accepted_and_one_byte_more_is_rejected() {
    let bytes = batch(&["0123456789"]);
    let config = TopicConfig { max_message_bytes: bytes.len(), ..TopicConfig::default() };
    let cluster = one_broker().await;
    cluster.configure_topic("t", config);
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(wire.code(bytes).await, ErrorCode::NONE);
    assert_eq!(wire.code(batch(&["01234567890"])).await, ErrorCode::MESSAGE_TOO_LARGE);
}

#[tokio::test]
async fn keyless_record_of_a_compacted_topic_is_a_record_error() {
    let cluster = one_broker().await;
    cluster.configure_topic("t", TopicConfig { compacted: true, ..TopicConfig::default() });
    let mut wire = Wire::to(&cluster, 1);
    let mut bytes = vec![0; HEADER_BYTES];
    put_record(&mut bytes, 0, 0, Some(b"key"), None, &[]);
    put_record(&mut bytes, 1, 0, None, Some(b"value"), &[]);
    BatchHeader::of_producer(2, NOW_MS, NOW_MS, Stamp::NONE).seal(&mut bytes, []);
    let answer = wire.produce(bytes.clone(), 8).await;
    assert_eq!(answer.error_code, ErrorCode::INVALID_RECORD);
    let blamed: Vec<_> = answer.record_errors.iter().map(|error| error.batch_index).collect();
    assert_eq!(blamed, [1]);
    assert!(wire.produce(bytes, 7).await.record_errors.is_empty());
}

#[tokio::test]
async fn future_timestamps_are_record_errors() {
    const HOUR_MS: i64 = 3_600_000;
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let ahead = |delta: i64| {
        let mut bytes = vec![0; HEADER_BYTES];
        put_record(&mut bytes, 0, 0, None, None, &[]);
        put_record(&mut bytes, 1, delta, None, None, &[]);
        BatchHeader::of_producer(2, NOW_MS, NOW_MS + delta, Stamp::NONE).seal(&mut bytes, []);
        bytes
    };
    let answer = wire.produce(ahead(2 * HOUR_MS), 9).await;
    assert_eq!(answer.error_code, ErrorCode::INVALID_TIMESTAMP);
    assert_eq!(answer.record_errors.len(), 1);
    assert_eq!(answer.record_errors[0].batch_index, 1);
    assert_eq!(wire.code(ahead(HOUR_MS - 1000)).await, ErrorCode::NONE);
    for timestamp in [-1, 0] {
        let bytes = sealed(&["a"], |header| {
            (header.base_timestamp_ms, header.max_timestamp_ms) = (timestamp, timestamp);
        });
        assert_eq!(wire.code(bytes).await, ErrorCode::NONE);
    }
    cluster.configure_topic("t", TopicConfig { log_append_time: true, ..TopicConfig::default() });
    let answer = wire.produce(ahead(2 * HOUR_MS), 9).await;
    assert_eq!(answer.error_code, ErrorCode::NONE);
    assert!((NOW_MS..NOW_MS + HOUR_MS).contains(&answer.log_append_time_ms));
    assert!(cluster.log("t", 0).iter().rev().take(2).all(|r| r.timestamp == answer.log_append_time_ms));
}

/// The timestamps of two records, the second of which is counted from the first with a delta that wraps.
fn at(first_ms: i64, second_ms: i64) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    put_record(&mut bytes, 0, 0, None, Some(b"first"), &[]);
    put_record(&mut bytes, 1, second_ms.wrapping_sub(first_ms), None, Some(b"second"), &[]);
    BatchHeader::of_producer(2, first_ms, first_ms.max(second_ms), Stamp::NONE).seal(&mut bytes, []);
    bytes
}

#[tokio::test]
async fn wrapping_timestamps_are_record_errors() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (first_ms, second_ms, blamed) in [
        (5, i64::MIN, &[1][..]),
        (i64::MIN, 5, &[0]),
        (i64::MIN, i64::MAX, &[0, 1]),
        (NOW_MS + 3_600_000 - i64::MAX, 5, &[]),
        (-1, i64::MAX, &[1]),
    ] {
        let answer = wire.produce(at(first_ms, second_ms), 9).await;
        let named: Vec<_> = answer.record_errors.iter().map(|error| error.batch_index).collect();
        assert_eq!(named, blamed, "{first_ms} {second_ms}");
        let code = if blamed.is_empty() { ErrorCode::NONE } else { ErrorCode::INVALID_TIMESTAMP };
        assert_eq!(answer.error_code, code, "{first_ms} {second_ms}");
    }
    cluster.configure_topic("t", TopicConfig { log_append_time: true, ..TopicConfig::default() });
    assert_eq!(wire.code(at(5, i64::MIN)).await, ErrorCode::NONE);
}

#[tokio::test]
async fn past_timestamps_are_record_errors() {
    let cluster = one_broker().await;
    cluster.configure_topic("t", TopicConfig { timestamp_before_max_ms: 60_000, ..TopicConfig::default() });
    let mut wire = Wire::to(&cluster, 1);
    let answer = wire.produce(at(NOW_MS, NOW_MS - 120_000), 9).await;
    let named: Vec<_> = answer.record_errors.iter().map(|error| error.batch_index).collect();
    assert_eq!((answer.error_code, &named[..]), (ErrorCode::INVALID_TIMESTAMP, &[1][..]));
    assert_eq!(wire.code(at(NOW_MS, NOW_MS - 30_000)).await, ErrorCode::NONE);
    assert_eq!(wire.code(at(-1, NOW_MS)).await, ErrorCode::NONE, "no timestamp");
}

#[tokio::test]
async fn unknown_topics_are_rejected_by_name_and_by_id() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let good = || Some(Bytes::from(batch(&["a"])));
    for (topic, partition, code) in [
        ("nope", 0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("t", 1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("t", -1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("not a name", 0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("__consumer_offsets", 0, ErrorCode::INVALID_TOPIC_EXCEPTION),
    ] {
        let request = to(topic, TopicId::ZERO, -1, vec![(partition, good())]);
        assert_eq!(one(wire.call(&request, 12).await).error_code, code, "{topic} {partition}");
    }
    let id = cluster.topic_id("t").unwrap();
    for (id, partition, code) in [
        (TopicId::ZERO, 0, ErrorCode::UNKNOWN_TOPIC_ID),
        (TopicId([9; 16]), 0, ErrorCode::UNKNOWN_TOPIC_ID),
        (id, 1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    ] {
        let request = to("", id, -1, vec![(partition, good())]);
        assert_eq!(one(wire.call(&request, 13).await).error_code, code);
    }
    assert_eq!(cluster.partition_count("nope"), None, "Produce creates nothing");
}

/// The same with one bit of the last record turned.
fn flipped(mut batch: Vec<u8>) -> Vec<u8> {
    if let Some(last) = batch.last_mut() {
        *last ^= 1;
    }
    batch
}

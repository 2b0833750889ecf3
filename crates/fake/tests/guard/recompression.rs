//! Topics with a codec of their own: batches are encoded anew, and nothing but the encoding changes.

use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::message::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use milena_codec::record::{Attributes, HEADER_BYTES, RecordBatch, TimestampType};
use milena_fake::{Cluster, LoggedRecord, TopicCompression, TopicConfig};

use crate::client::*;
use crate::packed::*;

#[tokio::test]
async fn topic_codec_recompresses_batches() {
    for target in Compression::ALL {
        let cluster = with(always(target)).await;
        let mut wire = Wire::to(&cluster, 1);
        for (source, sequence) in Compression::ALL.into_iter().zip((0..).step_by(VALUES.len())) {
            let sent = good_stamped(source, stamp(7, 3, sequence));
            for _ in 0..2 {
                let answer = wire.produce(sent.clone(), 9).await;
                assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, sequence.into()));
            }
            let stored = cluster.log_batches("t", 0).pop().unwrap();
            assert_eq!((stored.compression(), stored.produced_compression), (target, source));
            assert_eq!(
                (stored.produced_bytes, stored.plain_bytes),
                (sent.len(), HEADER_BYTES + records().len())
            );
            assert_eq!(stored.header.stamp, stamp(7, 3, sequence), "{source} to {target}");
            let read = RecordBatch::parse(&stored.bytes).unwrap();
            assert_eq!(read.header, stored.header, "{source} to {target}");
            assert_eq!(stored.bytes[HEADER_BYTES..], stream(target, &records()), "{source} to {target}");
        }
        assert_same_records(&cluster.log("t", 0), target);
        assert!(cluster.violations().is_empty());
    }
}

#[tokio::test]
async fn batch_that_grows_is_compressed_all_the_same() {
    for target in CODECS {
        let cluster = with(always(target)).await;
        assert_eq!(Wire::to(&cluster, 1).code(batch(&["q"])).await, ErrorCode::NONE);
        let stored = cluster.log_batches("t", 0).pop().unwrap();
        assert_eq!(stored.compression(), target);
        assert!(stored.bytes.len() > stored.plain_bytes, "{target}");
        assert_eq!(values(&cluster, "t", 0), ["q"]);
    }
}

#[tokio::test]
async fn recompression_rewrites_offset_deltas() {
    let cluster = with(always(Compression::Lz4)).await;
    let mut wire = Wire::to(&cluster, 1);
    let gaps = records_numbered(|index| 2 * index);
    for source in [Compression::None, Compression::Zstd] {
        assert_eq!(wire.code(batch_of(source, COUNT, &stream(source, &gaps))).await, ErrorCode::NONE);
        let stored = cluster.log_batches("t", 0).pop().unwrap();
        assert_eq!(stored.bytes[HEADER_BYTES..], stream(Compression::Lz4, &records()), "{source}");
    }
    assert_eq!(cluster.violations().len(), 2, "the producer is at fault all the same");
    let code = wire.code(batch_of(Compression::Lz4, COUNT, &stream(Compression::Lz4, &gaps))).await;
    assert_eq!(code, ErrorCode::UNKNOWN_SERVER_ERROR, "where the codec stays");
}

#[tokio::test]
async fn recompression_sets_the_base_timestamp_to_the_first_record() {
    let cluster = with(always(Compression::Zstd)).await;
    let bytes = batch_with(Compression::Gzip, COUNT, &stream(Compression::Gzip, &records()), |header| {
        header.base_timestamp_ms -= 1_000;
        header.attributes = Attributes::from_bits(header.attributes.bits() | 1 << 9);
    });
    assert_eq!(Wire::to(&cluster, 1).code(bytes).await, ErrorCode::NONE);
    let header = cluster.log_batches("t", 0).pop().unwrap().header;
    let timestamps = (header.base_timestamp_ms, header.max_timestamp_ms);
    assert_eq!(timestamps, (NOW_MS - 1_000, NOW_MS - 996));
    assert_eq!(header.attributes, Attributes::NONE.with_compression(Compression::Zstd), "no unknown bits");

    let bytes = {
        let mut records = Vec::new();
        milena_codec::record::put_record(&mut records, 0, 500, None, Some(b"later"), &[]);
        batch_of(Compression::None, 1, &records)
    };
    assert_eq!(Wire::to(&cluster, 1).code(bytes).await, ErrorCode::NONE);
    let header = cluster.log_batches("t", 0).pop().unwrap().header;
    assert_eq!((header.base_timestamp_ms, header.max_timestamp_ms), (NOW_MS + 500, NOW_MS + 500));
    assert_eq!(cluster.log("t", 0).pop().unwrap().timestamp, NOW_MS + 500);
}

#[tokio::test]
async fn size_is_checked_before_and_after_recompression() {
    let plain_bytes = good(Compression::None).len();
    let limit = |max_message_bytes| TopicConfig { max_message_bytes, ..always(Compression::None) };
    let cluster = with(limit(plain_bytes - 1)).await;
    let mut wire = Wire::to(&cluster, 1);
    let sent = || good_stamped(Compression::Zstd, stamp(7, 0, 0));
    assert!(sent().len() < plain_bytes - 1);
    assert_eq!(wire.code(sent()).await, ErrorCode::MESSAGE_TOO_LARGE, "as it would be stored");
    cluster.configure_topic("t", limit(plain_bytes));
    assert_eq!(wire.code(sent()).await, ErrorCode::NONE);
    cluster.configure_topic("t", limit(plain_bytes - 1));
    assert_eq!(wire.code(sent()).await, ErrorCode::MESSAGE_TOO_LARGE, "though a duplicate");

    let smaller = TopicConfig { max_message_bytes: plain_bytes - 1, ..always(Compression::Zstd) };
    cluster.configure_topic("t", smaller);
    assert_eq!(wire.code(good(Compression::None)).await, ErrorCode::MESSAGE_TOO_LARGE, "as it came");
    assert_eq!(cluster.record_count(), VALUES.len() as u64);
}

#[tokio::test]
async fn recompressed_batch_gets_the_log_append_time() {
    let cluster = with(TopicConfig { log_append_time: true, ..always(Compression::Snappy) }).await;
    let answer = Wire::to(&cluster, 1).produce(good(Compression::Gzip), 9).await;
    assert!(answer.log_append_time_ms >= NOW_MS);
    let stored = cluster.log_batches("t", 0).pop().unwrap();
    assert_eq!(stored.header.attributes.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(stored.header.max_timestamp_ms, answer.log_append_time_ms);
    assert_eq!(RecordBatch::parse(&stored.bytes).unwrap().header, stored.header);
    assert!(cluster.log("t", 0).iter().all(|record| record.timestamp == answer.log_append_time_ms));
}

#[tokio::test]
async fn create_topics_sets_compression_type() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (value, stored) in [
        ("producer", Compression::Gzip),
        ("uncompressed", Compression::None),
        ("gzip", Compression::Gzip),
        ("snappy", Compression::Snappy),
        ("lz4", Compression::Lz4),
        ("zstd", Compression::Zstd),
    ] {
        assert_eq!(create(&mut wire, value).await, ErrorCode::NONE);
        let id = cluster.topic_id(value).unwrap();
        let request = to(value, id, -1, vec![(0, Some(good(Compression::Gzip).into()))]);
        assert_eq!(one(wire.call(&request, 12).await).error_code, ErrorCode::NONE);
        assert_eq!(cluster.log_batches(value, 0)[0].compression(), stored, "{value}");
    }
    for value in ["none", "brotli"] {
        assert_eq!(create(&mut wire, value).await, ErrorCode::INVALID_CONFIG, "{value}");
    }
}

/// Creates a topic named like its `compression.type`.
async fn create(wire: &mut Wire, value: &str) -> ErrorCode {
    let config = CreatableTopicConfig { name: "compression.type".to_owned(), value: Some(value.to_owned()) };
    let topic = CreatableTopic {
        name: value.to_owned(),
        num_partitions: 1,
        replication_factor: 1,
        configs: vec![config],
        ..CreatableTopic::default()
    };
    let request = CreateTopicsRequest { topics: vec![topic], ..CreateTopicsRequest::default() };
    wire.call(&request, 5).await.topics[0].error_code
}

async fn with(config: TopicConfig) -> Cluster {
    let cluster = one_broker().await;
    cluster.configure_topic("t", config);
    cluster
}

fn always(codec: Compression) -> TopicConfig {
    TopicConfig { compression_type: TopicCompression::Always(codec), ..TopicConfig::default() }
}

/// The log holds the values as often as there are codecs, each as it was sent.
fn assert_same_records(log: &[LoggedRecord], target: Compression) {
    let sent = (0..Compression::ALL.len()).flat_map(|_| (0..).zip(VALUES));
    assert_eq!(log.len(), VALUES.len() * Compression::ALL.len());
    for (place, (record, (index, value))) in (0..).zip(log.iter().zip(sent)) {
        assert_eq!(record.value.as_deref(), Some(value.as_bytes()), "{target}");
        assert_eq!(record.key.as_deref(), Some(&b"key"[..]), "{target}");
        assert_eq!(record.headers[0].value.as_deref(), Some(&b"of a header"[..]), "{target}");
        assert_eq!((record.offset, record.sequence.0), (i64::from(place), place), "{target}");
        assert_eq!(record.timestamp, NOW_MS + index, "{target}");
    }
}

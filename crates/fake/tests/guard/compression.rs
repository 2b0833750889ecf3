//! Compressed batches: the checks of their records, with the answers that Kafka 4.3.1 gave.

use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::ids::ProducerId;
use milena_codec::message::{ApiKey, PartitionProduceResponse};
use milena_codec::record::{HEADER_BYTES, RecordBatch, put_record};
use milena_fake::{Keep, Release, TopicConfig};

use crate::client::*;
use crate::packed::*;

#[tokio::test]
async fn batches_of_every_codec_are_logged_as_records() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (codec, offset) in Compression::ALL.into_iter().zip((0..).step_by(VALUES.len())) {
        let answer = wire.produce(good_stamped(codec, stamp(7, 0, offset)), 9).await;
        assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, offset.into()), "{codec}");
        let log = cluster.log("t", 0).split_off(usize::try_from(offset).unwrap());
        for (index, (record, value)) in (0..).zip(log.iter().zip(VALUES)) {
            assert_eq!(record.value.as_deref(), Some(value.as_bytes()), "{codec}");
            assert_eq!(record.key.as_deref(), Some(&b"key"[..]), "{codec}");
            assert_eq!(record.headers[0].value.as_deref(), Some(&b"of a header"[..]), "{codec}");
            assert_eq!((record.offset, record.sequence.0), ((offset + index).into(), offset + index));
            assert_eq!((record.producer_id, record.timestamp), (ProducerId(7), NOW_MS + i64::from(index)));
        }
    }
    assert_eq!(cluster.log("t", 0).len(), VALUES.len() * Compression::ALL.len());
    assert!(cluster.violations().is_empty());
}

#[tokio::test]
async fn logged_batch_has_codec_and_lengths() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for codec in Compression::ALL {
        let sent = good(codec);
        assert_eq!(wire.code(sent.clone()).await, ErrorCode::NONE);
        let batch = cluster.log_batches("t", 0).pop().unwrap();
        assert_eq!((batch.compression(), batch.produced_compression), (codec, codec));
        assert_eq!((batch.bytes.len(), batch.produced_bytes), (sent.len(), sent.len()), "{codec}");
        assert_eq!(batch.plain_bytes, HEADER_BYTES + records().len(), "{codec}");
        assert_eq!(batch.bytes[HEADER_BYTES..], sent[HEADER_BYTES..], "stored as it came");
        assert_eq!(batch.records().len(), VALUES.len());
    }
}

#[tokio::test]
async fn wrong_record_count_is_an_invalid_record() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for codec in Compression::ALL {
        let stream = stream(codec, &records());
        for count in [1, COUNT - 1, COUNT + 1, 1_000_000] {
            let code = wire.code(batch_of(codec, count, &stream)).await;
            assert_eq!(code, ErrorCode::INVALID_RECORD, "{codec}: {count}");
        }
    }
    assert_eq!(cluster.record_count(), 0);
}

#[tokio::test]
async fn trailing_bytes_behind_the_records_are_invalid() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let good = records();
    let changed = |at: usize, by: u8| {
        let mut records = good.clone();
        records[at] = records[at].wrapping_add(by);
        records
    };
    for (what, content) in [
        ("three bytes more", [&good[..], &[0; 3]].concat()),
        ("three bytes less", good[..good.len() - 3].to_vec()),
        ("nothing", Vec::new()),
        // Lengths are zigzag varints: two more is one more.
        ("a record that is longer than its length", changed(0, 2)),
        ("a record that is shorter than its length", changed(0, 0_u8.wrapping_sub(2))),
        ("a key that is longer than its record", changed(5, 0x7f)),
    ] {
        for codec in Compression::ALL {
            let code = wire.code(batch_of(codec, COUNT, &stream(codec, &content))).await;
            assert_eq!(code, ErrorCode::INVALID_RECORD, "{codec}: {what}");
        }
    }
    assert_eq!(cluster.record_count(), 0);
}

#[tokio::test]
async fn offset_deltas_with_gaps_are_rejected_in_compressed_batches_alone() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let numberings: [fn(u32) -> u32; 4] =
        [|index| 2 * index, |_| 0, |index| index + 1, |index| if index < 4 { index } else { 5 }];
    for (row, numbering) in numberings.into_iter().enumerate() {
        let records = records_numbered(numbering);
        for codec in CODECS {
            let code = wire.code(batch_of(codec, COUNT, &stream(codec, &records))).await;
            assert_eq!(code, ErrorCode::UNKNOWN_SERVER_ERROR, "{codec}, row {row}");
        }
        assert_eq!(cluster.violations().len(), row);
        assert_eq!(wire.code(batch_of(Compression::None, COUNT, &records)).await, ErrorCode::NONE);
        assert_eq!(cluster.violations().len(), row + 1, "it is passed over, and noted");
    }
    let offsets: Vec<_> = cluster.log("t", 0).iter().map(|record| record.offset).collect();
    assert_eq!(offsets, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn record_errors_are_found_inside_compressed_batches() {
    const TWO_HOURS_MS: i64 = 7_200_000;
    let cluster = one_broker().await;
    cluster.configure_topic("t", TopicConfig { compacted: true, ..TopicConfig::default() });
    let mut wire = Wire::to(&cluster, 1);
    let batch = |codec, rows: &[(Option<&[u8]>, i64)]| {
        let mut records = Vec::new();
        for (index, (key, delta)) in (0..).zip(rows) {
            put_record(&mut records, index, *delta, *key, Some(b"value"), &[]);
        }
        let count = u32::try_from(rows.len()).unwrap();
        batch_of(codec, count, &stream(codec, &records))
    };
    let (keyed, keyless) = (Some(&b"key"[..]), None);
    for codec in Compression::ALL {
        let answer = wire.produce(batch(codec, &[(keyed, 0), (keyless, 0), (keyed, 0)]), 9).await;
        assert_eq!((answer.error_code, blamed(&answer)), (ErrorCode::INVALID_RECORD, vec![1]), "{codec}");
        let answer = wire.produce(batch(codec, &[(keyed, TWO_HOURS_MS), (keyed, 0)]), 9).await;
        assert_eq!((answer.error_code, blamed(&answer)), (ErrorCode::INVALID_TIMESTAMP, vec![0]), "{codec}");
        let both = [(keyless, 0), (keyed, 0), (keyed, TWO_HOURS_MS)];
        let answer = wire.produce(batch(codec, &both), 9).await;
        assert_eq!(
            (answer.error_code, blamed(&answer)),
            (ErrorCode::INVALID_TIMESTAMP, vec![0, 2]),
            "{codec}"
        );
        let answer = wire.produce(batch(codec, &[(keyless, TWO_HOURS_MS)]), 9).await;
        assert_eq!(answer.error_code, ErrorCode::INVALID_RECORD, "{codec}: the key is looked at first");
        assert_eq!(wire.code(batch(codec, &[(keyed, 0)])).await, ErrorCode::NONE, "{codec}");
    }
}

#[tokio::test]
async fn record_error_far_behind_the_first_record_is_found() {
    const MANY: u32 = 2_500;
    const FAR: u32 = 2_400;
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let batch = |codec, change: fn(u32) -> (u32, Option<&'static [u8]>)| {
        let mut records = Vec::new();
        for index in 0..MANY {
            let (delta, key) = change(index);
            put_record(&mut records, delta, 0, key, Some(b"value"), &[]);
        }
        batch_of(codec, MANY, &stream(codec, &records))
    };
    let key = Some(&b"key"[..]);
    for codec in CODECS {
        cluster.recreate_topic("t");
        cluster.configure_topic("t", TopicConfig { compacted: true, ..TopicConfig::default() });
        assert_eq!(wire.code(batch(codec, |index| (index, Some(b"key")))).await, ErrorCode::NONE, "{codec}");
        let log = cluster.log("t", 0);
        assert!(
            (0..).zip(&log).all(|(offset, record)| record.offset == offset && record.key.as_deref() == key)
        );
        assert_eq!(log.len(), MANY as usize, "{codec}");
        let keyless = batch(codec, |index| (index, (index != FAR).then_some(b"key")));
        assert_eq!(blamed(&wire.produce(keyless, 9).await), [FAR.cast_signed()], "{codec}");
        let gap = batch(codec, |index| (index + u32::from(index >= FAR), Some(b"key")));
        assert_eq!(wire.code(gap).await, ErrorCode::UNKNOWN_SERVER_ERROR, "{codec}");
    }
}

#[tokio::test]
async fn repeated_batch_is_a_duplicate_with_any_codec() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    wire.code(good(Compression::None)).await;
    for codec in CODECS.into_iter().cycle().take(6) {
        let answer = wire.produce(good_stamped(codec, stamp(7, 0, 0)), 9).await;
        assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, 5), "{codec}");
    }
    let undecodable =
        batch_with(Compression::Gzip, COUNT, b"no gzip", |header| header.stamp = stamp(7, 0, 0));
    let code = wire.code(undecodable).await;
    assert_eq!(code, ErrorCode::UNKNOWN_SERVER_ERROR, "contents are looked at before sequences");
    let code = wire.code(good_stamped(Compression::Zstd, stamp(7, 0, 6))).await;
    assert_eq!(code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!(cluster.record_count(), 10);
}

#[tokio::test]
async fn wrong_max_timestamp_is_corrected() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for codec in Compression::ALL {
        let bytes =
            batch_with(codec, COUNT, &stream(codec, &records()), |header| header.max_timestamp_ms = 5);
        assert_eq!(wire.code(bytes).await, ErrorCode::NONE);
        let stored = cluster.log_batches("t", 0).pop().unwrap();
        assert_eq!(stored.header.max_timestamp_ms, NOW_MS + 4, "{codec}");
        let read = RecordBatch::parse(&stored.bytes).unwrap();
        assert_eq!(read.header, stored.header, "{codec}: and summed again");
    }
}

#[tokio::test]
async fn zstd_batch_is_rejected_below_produce_7_and_unknown_codec_always() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for version in 3..=12 {
        for codec in Compression::ALL {
            let expected = match (codec, version) {
                (Compression::Zstd, ..=6) => ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
                _ => ErrorCode::NONE,
            };
            assert_eq!(wire.produce(good(codec), version).await.error_code, expected, "{codec} v{version}");
        }
    }
    for (id, version) in [(5, 6), (5, 9), (6, 6), (6, 9), (7, 6), (7, 9)] {
        let attributes = milena_codec::record::Attributes::from_bits(id);
        let bytes = batch_with(Compression::None, COUNT, &records(), |header| header.attributes = attributes);
        let code = wire.produce(bytes, version).await.error_code;
        assert_eq!(code, ErrorCode::UNKNOWN_SERVER_ERROR, "{id} v{version}");
    }
}

#[tokio::test]
async fn release_2_0_accepts_every_codec_but_zstd() {
    let cluster = small(|builder| builder.look_like(Release::V2_0)).await;
    let mut wire = Wire::to(&cluster, 1);
    for codec in CODECS {
        let code = wire.produce(good(codec), 6).await.error_code;
        assert_eq!(code == ErrorCode::NONE, codec != Compression::Zstd, "{codec}: {code}");
    }
    wire.send(&to_t(-1, good(Compression::Zstd)), 7).await;
    assert!(wire.is_closed().await, "and no version that has it");
    cluster.look_like(Release::V4_3);
    cluster.clamp_versions(ApiKey::PRODUCE, 3..=6);
    let code = Wire::to(&cluster, 1).produce(good(Compression::Zstd), 6).await.error_code;
    assert_eq!(code, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
}

#[tokio::test]
async fn hook_rejects_batches_of_a_codec() {
    let cluster = small(|builder| builder.topic("u", 1)).await;
    let mut wire = Wire::to(&cluster, 1);
    let hook = cluster.on(ApiKey::PRODUCE).topic("t").partition(0).times(2);
    hook.error(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    for expected in [ErrorCode::UNSUPPORTED_COMPRESSION_TYPE; 2].into_iter().chain([ErrorCode::NONE]) {
        let u = to("u", cluster.topic_id("u").unwrap(), -1, vec![(0, Some(good(Compression::Lz4).into()))]);
        assert_eq!(one(wire.call(&u, 12).await).error_code, ErrorCode::NONE, "another topic");
        assert_eq!(wire.code(good(Compression::Lz4)).await, expected);
    }
    assert_eq!(cluster.log("t", 0).len(), VALUES.len());
}

#[tokio::test]
async fn batches_are_not_decompressed_without_keeping() {
    let cluster = small(|builder| builder.keep(Keep::Nothing)).await;
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(wire.code(batch_of(Compression::Gzip, COUNT, b"no gzip")).await, ErrorCode::NONE);
    cluster.configure_topic("t", TopicConfig { compacted: true, ..TopicConfig::default() });
    let code = wire.code(batch_of(Compression::Gzip, COUNT, b"no gzip")).await;
    assert_eq!(code, ErrorCode::UNKNOWN_SERVER_ERROR, "keys decide");
    assert_eq!(cluster.record_count(), VALUES.len() as u64);
}

fn blamed(answer: &PartitionProduceResponse) -> Vec<i32> {
    answer.record_errors.iter().map(|error| error.batch_index).collect()
}

//! Batches against kafka-protocol's reader, against our own, and against damage.

mod building;
mod produced;
mod reading;

use bytes::Bytes;
use kafka_protocol::records::RecordBatchDecoder;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::ids::{ProducerEpoch, ProducerId, ProducerIdAndEpoch, Sequence};
use crate::wire::Problem;

const BASE_MS: i64 = 1_700_000_000_000;
const STAMP: Stamp = Stamp {
    identity: ProducerIdAndEpoch { producer_id: ProducerId(42), epoch: ProducerEpoch(3) },
    base_sequence: Sequence(17),
};

#[derive(Clone, Debug, PartialEq)]
struct Owned {
    timestamp_delta: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
}

fn any_record() -> impl Strategy<Value = Owned> {
    let bytes = || option::of(vec(any::<u8>(), 0..80));
    // kafka-protocol keeps one header a name, so names differ here; duplicates have a test of their own.
    let headers = proptest::collection::btree_map("[a-z]{0,6}", bytes(), 0..4);
    (0..100_000i64, bytes(), bytes(), headers).prop_map(|(timestamp_delta, key, value, headers)| Owned {
        timestamp_delta,
        key,
        value,
        headers: headers.into_iter().collect(),
    })
}

fn owned_headers(record: &Owned) -> Vec<Header> {
    record
        .headers
        .iter()
        .map(|(name, value)| Header { name: name.clone(), value: value.clone().map(Bytes::from) })
        .collect()
}

fn encode(records: &[Owned]) -> Vec<u8> {
    let mut batch = vec![0; HEADER_BYTES];
    for (index, record) in records.iter().enumerate() {
        let headers = owned_headers(record);
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        let need = record_bytes_max(key.map_or(0, <[u8]>::len), value.map_or(0, <[u8]>::len))
            + headers_bytes_max(&headers);
        batch.reserve_exact(need);
        let (capacity, length) = (batch.capacity(), batch.len());
        put_record(&mut batch, u32::try_from(index).unwrap(), record.timestamp_delta, key, value, &headers);
        assert_eq!(batch.capacity(), capacity, "the promised capacity was enough");
        assert!(batch.len() - length <= need);
    }
    let max = records.iter().map(|record| record.timestamp_delta).max().unwrap_or(0);
    let count = u32::try_from(records.len()).unwrap();
    BatchHeader::of_producer(count, BASE_MS, BASE_MS + max, STAMP).seal(&mut batch, []);
    batch
}

fn owned(record: &Record<'_>) -> Owned {
    Owned {
        timestamp_delta: record.timestamp_delta,
        key: record.key.map(Vec::from),
        value: record.value.map(Vec::from),
        headers: record.headers.clone().map(|(name, value)| (name.into(), value.map(Vec::from))).collect(),
    }
}

proptest! {
    #[test]
    fn kafka_protocol_reads_what_was_encoded(records in vec(any_record(), 1..20)) {
        let mut bytes = Bytes::from(encode(&records));
        let read = RecordBatchDecoder::decode(&mut bytes).map_err(|e| TestCaseError::fail(e.to_string()))?.records;
        prop_assert_eq!(read.len(), records.len());
        for ((index, theirs), ours) in (0i64..).zip(&read).zip(&records) {
            prop_assert_eq!(theirs.offset, index);
            prop_assert_eq!(i64::from(theirs.sequence), 17 + index);
            prop_assert_eq!((theirs.producer_id, theirs.producer_epoch), (42, 3));
            prop_assert_eq!(theirs.timestamp, BASE_MS + ours.timestamp_delta);
            prop_assert_eq!(theirs.key.as_deref(), ours.key.as_deref());
            prop_assert_eq!(theirs.value.as_deref(), ours.value.as_deref());
            let headers: std::collections::BTreeMap<_, _> =
                theirs.headers.iter().map(|(k, v)| (k.to_string(), v.as_deref().map(Vec::from))).collect();
            prop_assert_eq!(headers.into_iter().collect::<Vec<_>>(), ours.headers.clone());
        }
    }

    #[test]
    fn what_was_encoded_is_read_back(records in vec(any_record(), 1..20)) {
        let bytes = encode(&records);
        let batch = RecordBatch::parse(&bytes)?;
        prop_assert_eq!(batch.header.stamp, STAMP);
        prop_assert_eq!(batch.header.base_timestamp_ms, BASE_MS);
        let read: Vec<_> = batch.records().map(|record| record.map(|record| owned(&record))).collect::<Result<_, _>>()?;
        prop_assert_eq!(read, records);
    }

    #[test]
    fn any_flipped_bit_after_the_crc_is_noticed(records in vec(any_record(), 1..4), at: prop::sample::Index, bit in 0u8..8) {
        let mut bytes = encode(&records);
        let at = 17 + at.index(bytes.len() - 17);
        bytes[at] ^= 1u8 << bit;
        prop_assert!(RecordBatch::parse(&bytes).is_err());
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = RecordBatch::parse(&bytes);
        for record in Records::new(&bytes).flatten() {
            record.headers.for_each(drop);
        }
        let _ = renumber(&bytes, &mut Vec::new(), 0, u32::MAX, usize::MAX);
    }

    #[test]
    fn the_parts_of_a_cut_batch_hold_its_records_in_order(
        records in vec(any_record(), 1..200),
        bytes_max in 1usize..2_000,
    ) {
        let bytes = encode(&records);
        let mut source = &bytes[HEADER_BYTES..];
        let mut read = Vec::new();
        while !source.is_empty() {
            let mut out = Vec::new();
            let part = renumber(source, &mut out, 0, u32::MAX, bytes_max)?;
            prop_assert!(part.records > 0);
            prop_assert!(out.len() <= bytes_max || part.records == 1);
            let mut greatest = i64::MIN;
            for (place, record) in (0..).zip(Records::new(&out)) {
                let record = record?;
                prop_assert_eq!(record.offset_delta, place);
                greatest = greatest.max(record.timestamp_delta);
                read.push(owned(&record));
            }
            prop_assert_eq!(part.timestamp_delta_max, greatest);
            source = &source[part.source_bytes..];
        }
        prop_assert_eq!(read, records);
    }
}

#[test]
fn headers_of_one_name_stay_in_order() {
    let headers = ["first", "second"].map(|value| Header::new("name", value));
    let null = Header { name: String::new(), value: None };
    let mut records = Vec::new();
    put_record(&mut records, 0, 0, None, None, &[headers[0].clone(), null, headers[1].clone()]);

    let record = Records::new(&records).next().unwrap().unwrap();
    let read: Vec<_> = record.headers.collect();
    assert_eq!(read, [("name", Some(&b"first"[..])), ("", None), ("name", Some(b"second"))]);
}

#[test]
fn null_and_empty_differ() {
    let mut records = Vec::new();
    put_record(&mut records, 0, 0, None, Some(b""), &[]);
    put_record(&mut records, 1, 0, Some(b""), None, &[]);
    let read: Vec<_> =
        Records::new(&records).map(|record| record.map(|r| (r.key, r.value)).unwrap()).collect();
    assert_eq!(read, [(None, Some(&b""[..])), (Some(&b""[..]), None)]);
}

#[test]
fn a_batch_in_pieces_has_the_crc_of_the_whole() {
    let records: Vec<_> = (0..9)
        .map(|n| Owned { timestamp_delta: n, key: None, value: Some(vec![7; 40]), headers: Vec::new() })
        .collect();
    let whole = encode(&records);
    let (head, rest) = whole.split_at(100);
    let mut head = head.to_vec();
    head[..HEADER_BYTES].fill(0);
    BatchHeader::of_producer(9, BASE_MS, BASE_MS + 8, STAMP).seal(&mut head, [&rest[..50], &rest[50..]]);
    assert_eq!([&head, rest].concat(), whole);
}

#[test]
fn wrong_crc_and_wrong_count_are_different_errors() {
    let record = Owned { timestamp_delta: 0, key: None, value: None, headers: Vec::new() };
    let mut bytes = encode(&[record]);
    bytes[60] = 2;
    let problem = |bytes: &[u8]| match RecordBatch::parse(bytes).unwrap_err().problem {
        Problem::Mismatch { what, .. } => what,
        other => panic!("{other}"),
    };
    assert_eq!(problem(&bytes), "the CRC-32C");
    let crc = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(problem(&bytes), "the last offset delta");
}

//! What a broker says of the batches of producers, as Kafka 4.3.1 was seen to say it.

use super::*;
use crate::ErrorCode;

const VERSION: i16 = 9;

fn changed(change: impl FnOnce(&mut BatchHeader)) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    put_record(&mut bytes, 0, 0, None, Some(b"a"), &[]);
    put_record(&mut bytes, 1, 0, None, Some(b"b"), &[]);
    let mut header = BatchHeader::of_producer(2, BASE_MS, BASE_MS, STAMP);
    change(&mut header);
    header.seal(&mut bytes, []);
    bytes
}

fn code(records: Option<&[u8]>, version: i16) -> ErrorCode {
    let checked = ProducedBatch::find(records, version).and_then(|found| found.check(1_000));
    checked.map_or_else(|fault| fault.code(), |()| ErrorCode::NONE)
}

#[track_caller]
fn check(change: impl FnOnce(&mut BatchHeader), expected: ErrorCode) {
    assert_eq!(code(Some(&changed(change)), VERSION), expected);
}

#[test]
fn every_rule_of_a_header_has_its_code() {
    check(|_| {}, ErrorCode::NONE);
    check(|header| header.base_offset = 1, ErrorCode::INVALID_RECORD);
    check(|header| header.attributes = Attributes::from_bits(5), ErrorCode::UNKNOWN_SERVER_ERROR);
    check(|header| header.attributes = Attributes::from_bits(7), ErrorCode::UNKNOWN_SERVER_ERROR);
    check(|header| header.records = 0, ErrorCode::INVALID_RECORD);
    check(|header| (header.records, header.last_offset_delta) = (0, -1), ErrorCode::INVALID_RECORD);
    check(|header| header.last_offset_delta = 5, ErrorCode::INVALID_RECORD);
    check(|header| header.last_offset_delta = i32::MAX, ErrorCode::INVALID_RECORD);
    check(|header| header.stamp.base_sequence = Sequence(-1), ErrorCode::INVALID_RECORD);
    check(|header| header.attributes = Attributes::NONE.with_control(true), ErrorCode::INVALID_RECORD);
}

#[test]
fn batches_that_a_broker_accepts_are_accepted() {
    check(|header| header.max_timestamp_ms = 5, ErrorCode::NONE);
    check(|header| header.partition_leader_epoch = crate::ids::LeaderEpoch(77), ErrorCode::NONE);
    check(|header| header.attributes = Attributes::from_bits(1 << 9), ErrorCode::NONE);
    check(|header| header.stamp = Stamp::NONE, ErrorCode::NONE);
    let behind = [changed(|_| {}), vec![9; 16]].concat();
    assert_eq!(code(Some(&behind[..behind.len() - 5]), VERSION), ErrorCode::NONE, "too few for a header");
}

#[test]
fn a_field_holds_one_whole_batch_of_magic_2() {
    let one = changed(|_| {});
    assert_eq!(code(None, VERSION), ErrorCode::INVALID_RECORD);
    assert_eq!(code(Some(&[]), VERSION), ErrorCode::INVALID_RECORD);
    assert_eq!(code(Some(&one[..one.len() - 1]), VERSION), ErrorCode::INVALID_RECORD);
    assert_eq!(code(Some(&[&one[..], &one].concat()), VERSION), ErrorCode::INVALID_RECORD);
    for (magic, expected) in [
        (0, ErrorCode::INVALID_RECORD),
        (1, ErrorCode::INVALID_RECORD),
        (3, ErrorCode::CORRUPT_MESSAGE),
        (127, ErrorCode::CORRUPT_MESSAGE),
        (255, ErrorCode::CORRUPT_MESSAGE),
    ] {
        let mut bytes = one.clone();
        bytes[16] = magic;
        assert_eq!(code(Some(&bytes), VERSION), expected, "magic {magic}");
    }
    for length in [-1, 0, 13, 40] {
        let mut bytes = one.clone();
        bytes[8..12].copy_from_slice(&i32::to_be_bytes(length));
        assert_eq!(code(Some(&bytes), VERSION), ErrorCode::CORRUPT_MESSAGE, "length {length}");
    }
}

#[test]
fn the_size_comes_before_the_crc_and_the_crc_before_the_counts() {
    let mut bytes = changed(|header| header.records = 7);
    *bytes.last_mut().unwrap() ^= 1;
    let found = ProducedBatch::find(Some(&bytes), VERSION).unwrap();
    assert_eq!(found.bytes, bytes.len());
    let limit = bytes.len() - 1;
    assert_eq!(found.check(limit), Err(BatchFault::TooLarge { bytes: bytes.len(), limit }));
    assert_eq!(found.check(bytes.len()), Err(BatchFault::WrongCrc));
}

#[test]
fn zstd_needs_a_version_that_knows_it() {
    let zstd = changed(|header| header.attributes = Attributes::from_bits(4));
    assert_eq!(code(Some(&zstd), 6), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    assert_eq!(code(Some(&zstd), 7), ErrorCode::NONE);
}

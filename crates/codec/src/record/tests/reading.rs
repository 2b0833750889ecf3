//! Reading batches as producers write them and as logs keep them, and refusing what is neither.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::ids::LeaderEpoch;
use crate::wire::DecodeError;

/// A batch of one-letter values with the offset deltas given, its header changed before the CRC is taken.
fn logged(deltas: &[u32], change: impl FnOnce(&mut BatchHeader)) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    for delta in deltas {
        put_record(&mut bytes, *delta, i64::from(*delta) * 10, None, Some(b"v"), &[]);
    }
    let count = u32::try_from(deltas.len()).unwrap();
    let mut header = BatchHeader::of_producer(count, BASE_MS, BASE_MS + 90, STAMP);
    change(&mut header);
    header.seal(&mut bytes, []);
    bytes
}

/// Offsets and timestamps of a batch as a log keeps it.
fn placed(bytes: &[u8]) -> Result<Vec<(i64, i64)>, DecodeError> {
    let batch = RecordBatch::parse_logged(bytes)?;
    batch.records().map(|record| record.map(|record| (record.offset, record.timestamp_ms))).collect()
}

fn problem(bytes: &[u8]) -> (usize, Problem) {
    let error = placed(bytes).unwrap_err();
    (error.at, error.problem)
}

#[test]
fn a_record_has_the_offset_and_the_timestamp_of_its_place() {
    let bytes = logged(&[0, 1], |header| header.base_offset = 1_000);
    assert_eq!(placed(&bytes), Ok(vec![(1_000, BASE_MS), (1_001, BASE_MS + 10)]));
    let header = RecordBatch::parse(&bytes).unwrap().header;
    assert_eq!((header.last_offset(), header.next_offset()), (1_001, 1_002));
}

#[test]
fn the_time_of_the_append_is_that_of_every_record() {
    let bytes = logged(&[0, 1], |header| {
        header.attributes = header.attributes.with_timestamp_type(TimestampType::LogAppendTime);
        header.max_timestamp_ms = 77;
    });
    assert_eq!(placed(&bytes), Ok(vec![(0, 77), (1, 77)]));
}

#[test]
fn compacted_batch_is_parsed_by_parse_logged_alone() {
    for deltas in [&[][..], &[2], &[0, 3], &[1, 2, 3]] {
        let bytes = logged(deltas, |header| (header.base_offset, header.last_offset_delta) = (10, 3));
        let offsets: Vec<_> = placed(&bytes).unwrap().into_iter().map(|(offset, _)| offset).collect();
        assert_eq!(offsets, deltas.iter().map(|delta| 10 + i64::from(*delta)).collect::<Vec<_>>());
        assert!(RecordBatch::parse(&bytes).is_err(), "{deltas:?}");
    }
}

#[test]
fn offset_deltas_ascend_and_stay_within_the_batch() {
    let within = |header: &mut BatchHeader| header.last_offset_delta = 5;
    for (deltas, expected, found) in [(&[0, 0][..], 1, 0), (&[3, 1], 4, 1), (&[0, 6], 1, 6)] {
        let what = "the offset delta of a record";
        assert_eq!(problem(&logged(deltas, within)).1, Problem::Mismatch { what, expected, found });
    }
}

#[test]
fn wrong_record_count_is_an_error() {
    let counted = |count| {
        logged(&[0, 1], move |header| (header.records, header.last_offset_delta) = (count, count - 1))
    };
    let record_bytes = (counted(2).len() - HEADER_BYTES) / 2;
    let trailing = (HEADER_BYTES + record_bytes, Problem::Trailing { left: record_bytes });
    assert_eq!(problem(&counted(1)), trailing);
    let what = "the number of records";
    let missing = (HEADER_BYTES + 2 * record_bytes, Problem::Mismatch { what, expected: 3, found: 2 });
    assert_eq!(problem(&counted(3)), missing);
}

#[test]
fn decode_error_is_the_last_item_with_its_offset_in_the_batch() {
    let mut bytes = logged(&[0, 1], |_| {});
    let second = (HEADER_BYTES + bytes.len()) / 2;
    bytes[second] = 0x7f;
    let header = RecordBatch::parse_logged(&logged(&[0, 1], |_| {})).unwrap().header;
    header.seal(&mut bytes, []);
    let mut records = RecordBatch::parse(&bytes).unwrap().records();
    assert!(records.next().unwrap().is_ok());
    assert_eq!(records.next().unwrap().unwrap_err().at, second + 1);
    assert!(records.next().is_none());
    assert!(records.next().is_none());
}

#[test]
fn the_records_of_a_compressed_batch_are_not_read_as_they_lie() {
    let bytes = logged(&[0], |header| header.attributes = Attributes::from_bits(4));
    let mut records = RecordBatch::parse(&bytes).unwrap().records();
    assert_eq!(records.next().unwrap().unwrap_err().problem, Problem::Compressed { id: 4 });
    assert!(records.next().is_none());
}

#[test]
fn an_old_format_is_named_even_when_it_is_shorter_than_a_header() {
    for magic in [0, 1] {
        // Offset, size and CRC of a message of the old format, then its magic byte.
        let mut message = [&[0; 8][..], &22i32.to_be_bytes(), &[0; 4], &[magic], &[0; 17]].concat();
        let old = Problem::OldFormat { magic: magic.cast_signed() };
        assert_eq!(RecordBatch::parse(&message).unwrap_err().problem, old);
        assert_eq!(RecordBatches::new(&message).next().unwrap().unwrap_err().problem, old);
        message.truncate(33);
        assert!(RecordBatches::new(&message).next().is_none(), "a part of one");
    }
    let unknown = logged(&[0], |_| {});
    let unknown = [&unknown[..16], &[3], &unknown[17..]].concat();
    assert_eq!(problem(&unknown).0, 16);
}

#[test]
fn batches_end_at_one_that_is_there_in_part() {
    let at = |base_offset| logged(&[0, 1], |header| header.base_offset = base_offset);
    let log = [at(5), at(7), at(9)].concat();
    let length = log.len() / 3;
    for kept in 0..=log.len() {
        let mut batches = RecordBatches::new(&log[..kept]);
        let offsets: Vec<_> = batches.by_ref().map(|batch| batch.unwrap().header.base_offset).collect();
        assert_eq!(offsets, [5, 7, 9][..kept / length]);
        assert_eq!((batches.rest().len(), batches.position()), (kept % length, kept - kept % length));
    }
}

#[test]
fn batches_end_at_one_that_is_wrong_and_say_where() {
    let good = logged(&[0], |_| {});
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    let log = [&good[..], &bad, &good].concat();
    let mut batches = RecordBatches::new(&log);
    assert!(batches.next().unwrap().is_ok());
    assert_eq!(batches.next().unwrap().unwrap_err().at, good.len() + 17);
    assert!(batches.next().is_none());
    assert_eq!(batches.rest().len(), 2 * good.len());

    let zeros = [0; 100];
    assert_eq!(RecordBatches::new(&zeros).next().unwrap().unwrap_err().at, 8);
}

#[test]
fn hostile_numbers_wrap_as_they_do_in_java() {
    let mut bytes = vec![0; HEADER_BYTES];
    put_record(&mut bytes, 0, i64::MIN, None, None, &[]);
    put_record(&mut bytes, i32::MAX.unsigned_abs(), i64::MAX, None, None, &[]);
    let header = BatchHeader {
        base_offset: i64::MAX,
        last_offset_delta: i32::MAX,
        ..BatchHeader::of_producer(2, i64::MAX, i64::MAX, STAMP)
    };
    header.seal(&mut bytes, []);
    let read = placed(&bytes).unwrap();
    assert_eq!(read, [(i64::MAX, -1), (i64::MIN + i64::from(i32::MAX) - 1, -2)]);
    assert_eq!(header.last_offset(), i64::MIN + i64::from(i32::MAX) - 1);
    assert_eq!(header.last_sequence(), Sequence(16));
}

#[test]
fn delete_horizon_is_the_base_timestamp_with_bit_6() {
    let bytes = logged(&[0], |header| header.attributes = header.attributes.with_delete_horizon(true));
    let header = RecordBatch::parse(&bytes).unwrap().header;
    assert_eq!(header.delete_horizon_ms(), Some(BASE_MS));
    assert_eq!(RecordBatch::parse(&logged(&[0], |_| {})).unwrap().header.delete_horizon_ms(), None);
}

#[test]
fn record_attributes_come_back() {
    let mut bytes = vec![0; HEADER_BYTES];
    put_record(&mut bytes, 0, 0, None, None, &[]);
    bytes[HEADER_BYTES + 1] = 0x81;
    BatchHeader::of_producer(1, 0, 0, Stamp::NONE).seal(&mut bytes, []);
    let record = RecordBatch::parse(&bytes).unwrap().records().next().unwrap().unwrap();
    assert_eq!(record.attributes, -127);
}

#[test]
fn markers_are_read_as_they_were_written_and_other_control_records_are_kept() {
    for committed in [false, true] {
        let marker = EndTxnMarker { committed, version: 0, coordinator_epoch: -3 };
        let bytes = marker.batch(STAMP.identity, 9, LeaderEpoch(2), BASE_MS);
        let batch = RecordBatch::parse(&bytes).unwrap();
        assert_eq!(batch.header.stamp.base_sequence, Sequence::NONE);
        assert_eq!(batch.header.last_sequence(), Sequence::NONE);
        assert!(batch.header.attributes.is_transactional());
        let record = batch.records().next().unwrap().unwrap();
        assert_eq!(EndTxnMarker::read(&record), Ok(Some(marker)));
    }
    let other = ControlKey { version: 1, control_type: ControlType::Other(6) };
    let key = [&other.bytes()[..], b"more"].concat();
    assert_eq!(ControlKey::read(Some(&key)), Ok(other));
    let mut records = Vec::new();
    put_record(&mut records, 0, 0, Some(&key), Some(b"?"), &[]);
    assert_eq!(EndTxnMarker::read(&Records::new(&records).next().unwrap().unwrap()), Ok(None));
}

#[test]
fn malformed_markers_are_refused() {
    let commit = ControlKey { version: 0, control_type: ControlType::Commit }.bytes();
    let future = [0, 1, 0, 0, 0, 7, 42];
    let read = |key: Option<&[u8]>, value: Option<&[u8]>| {
        let mut records = Vec::new();
        put_record(&mut records, 0, 0, key, value, &[]);
        EndTxnMarker::read(&Records::new(&records).next().unwrap().unwrap()).map_err(|error| error.problem)
    };
    assert_eq!(read(None, None), Err(Problem::UnexpectedNull));
    assert_eq!(read(Some(&commit[..3]), None), Err(Problem::Truncated { needed: 2, left: 1 }));
    assert_eq!(read(Some(&[0xff, 0xff, 0, 1]), None), Err(Problem::UnknownVersion(-1)));
    assert_eq!(read(Some(&commit), None), Err(Problem::UnexpectedNull));
    assert_eq!(read(Some(&commit), Some(&[0, 0, 1])), Err(Problem::Truncated { needed: 4, left: 1 }));
    assert_eq!(read(Some(&commit), Some(&[0x80, 0])), Err(Problem::UnknownVersion(i16::MIN)));
    let newer = EndTxnMarker { committed: true, version: 1, coordinator_epoch: 7 };
    assert_eq!(read(Some(&commit), Some(&future)), Ok(Some(newer)));
}

proptest! {
    #[test]
    fn a_sealed_header_comes_back_whatever_its_numbers(numbers in any::<[i64; 4]>(), small in any::<[i32; 3]>(), bits in any::<i16>(), epoch in any::<i16>()) {
        let identity = ProducerIdAndEpoch { producer_id: ProducerId(numbers[3]), epoch: ProducerEpoch(epoch) };
        let header = BatchHeader {
            base_offset: numbers[0],
            partition_leader_epoch: LeaderEpoch(small[0]),
            attributes: Attributes::from_bits(bits),
            last_offset_delta: small[1].saturating_abs(),
            base_timestamp_ms: numbers[1],
            max_timestamp_ms: numbers[2],
            stamp: Stamp { identity, base_sequence: Sequence(small[2]) },
            records: 0,
        };
        let mut bytes = vec![0; HEADER_BYTES];
        header.seal(&mut bytes, []);
        let batch = RecordBatch::parse_logged(&bytes)?;
        prop_assert_eq!(batch.header, header);
        let _ = (header.last_offset(), header.next_offset(), header.last_sequence(), header.delete_horizon_ms());
    }

    #[test]
    fn no_batches_make_the_readers_panic(body in vec(any::<u8>(), 0..200), counts in any::<[i32; 2]>(), bits in any::<i16>()) {
        let mut bytes = [&[0; HEADER_BYTES][..], &body].concat();
        let header = BatchHeader {
            records: counts[0] % 16,
            last_offset_delta: counts[1],
            attributes: Attributes::from_bits(bits & !7),
            ..BatchHeader::of_producer(1, i64::MAX, i64::MIN, STAMP)
        };
        header.seal(&mut bytes, []);
        let taken: usize = RecordBatches::new(&bytes).flatten().map(|batch| batch.records().count()).sum();
        prop_assert!(taken <= body.len() + 1);
        let _ = ProducedBatch::find(Some(&bytes), 9).and_then(|found| found.check(usize::MAX));
    }
}

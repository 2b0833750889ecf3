//! The builder: what was appended comes back from every stage and from every part.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::compression::{Compression, Compressor, DecompressProblem, Decompressor, Outcome};

/// A record with its absolute timestamp.
type Timed = (i64, Owned);

fn any_timed() -> impl Strategy<Value = Timed> {
    let timestamp = prop_oneof![
        any::<i64>(),
        (0..100i64).prop_map(|ahead| BASE_MS + ahead),
        Just(-1),
        Just(i64::MIN),
        Just(i64::MAX)
    ];
    (timestamp, any_record())
}

fn append(open: &mut OpenBatch, (timestamp_ms, record): &Timed) -> Result<u32, AppendError> {
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    open.append(*timestamp_ms, key, value, &owned_headers(record))
}

/// As many records as it takes, and how many they were.
fn filled(limits: BatchLimits, records: &[Timed]) -> (OpenBatch, usize) {
    let mut open = OpenBatch::new(limits);
    let taken = records.iter().take_while(|record| append(&mut open, record).is_ok()).count();
    (open, taken)
}

/// What a batch holds, as a strict reader finds it.
fn read(batch: &StampedBatch) -> Result<Vec<Timed>, TestCaseError> {
    let parsed = RecordBatch::parse(batch.bytes())?;
    prop_assert_eq!(parsed.header, batch.header());
    let mut buffer = Vec::new();
    let records = parsed.decompress(&mut Decompressor::new(), 1 << 20, &mut buffer)?;
    let records: Vec<_> = records.collect::<Result<_, _>>()?;
    prop_assert_eq!(parsed.header.max_timestamp_ms, records.iter().map(|r| r.timestamp_ms).max().unwrap());
    let timed = |record: &Record<'_>| (record.timestamp_ms, Owned { timestamp_delta: 0, ..owned(record) });
    Ok(records.iter().map(timed).collect())
}

fn expected(records: &[Timed]) -> Vec<Timed> {
    records.iter().map(|(at, record)| (*at, Owned { timestamp_delta: 0, ..record.clone() })).collect()
}

/// The codecs of this build.
fn any_compressor() -> impl Strategy<Value = Compression> {
    let built: Vec<_> = Compression::ALL.into_iter().filter(|one| one.is_built()).collect();
    prop::sample::select(built)
}

proptest! {
    #[test]
    fn what_was_appended_is_read_back_whatever_it_is_compressed_with(
        records in vec(any_timed(), 1..40),
        compression in any_compressor(),
    ) {
        let (open, taken) = filled(BatchLimits::default(), &records);
        let (mut closed, plain) = (open.clone().close().unwrap(), open.bytes());
        let outcome = closed.compress(&mut Compressor::new(compression, None).unwrap(), &mut Vec::new());
        let stamped = closed.stamp(STAMP);
        match outcome {
            Outcome::Compressed { bytes } => {
                prop_assert_eq!(stamped.bytes().len(), HEADER_BYTES + bytes);
                prop_assert_eq!(stamped.header().attributes.compression(), Some(compression));
            }
            Outcome::NotSmaller => prop_assert_eq!(stamped.bytes().len(), plain),
            Outcome::TooLarge => return Err(TestCaseError::fail("there is no limit")),
            Outcome::Failed(failure) => return Err(TestCaseError::fail(failure.to_string())),
        }
        prop_assert!(stamped.bytes().len() <= plain);
        prop_assert_eq!(read(&stamped)?, expected(&records[..taken]));
    }

    #[test]
    fn the_parts_of_a_compressed_batch_are_compressed_and_continue_one_another(
        mut records in vec(any_timed(), 1..100),
        bytes_max in 61..2_000usize,
        // Nothing of a random key becomes smaller, all of a repeated value does.
        repeats in 0..400usize,
        compression in any_compressor(),
    ) {
        records.iter_mut().for_each(|(_, record)| record.value = Some(vec![b'r'; repeats]));
        let (open, taken) = filled(BatchLimits::default(), &records);
        let mut closed = open.close().unwrap();
        let mut compressor = Compressor::new(compression, None).unwrap();
        let _ = closed.compress(&mut compressor, &mut Vec::new());
        let whole = closed.stamp(STAMP);
        let parts = whole.split_with(bytes_max, &mut compressor, &mut Decompressor::new())?;
        let (mut next, mut found) = (STAMP, Vec::new());
        for part in &parts {
            let header = part.header();
            prop_assert!(part.bytes().len() <= bytes_max || header.records == 1);
            prop_assert_eq!(header.stamp, next);
            next = next.after(header.records.unsigned_abs());
            found.extend(read(part)?);
        }
        prop_assert_eq!(found, expected(&records[..taken]));
    }

    #[test]
    fn what_was_appended_is_read_back(
        records in vec(any_timed(), 1..40),
        bytes_max in 61..4_000usize,
        records_max in 0..50u32,
    ) {
        let (open, taken) = filled(BatchLimits { bytes_max, records_max }, &records);
        prop_assert!(open.bytes() <= bytes_max.max(HEADER_BYTES));
        prop_assert_eq!(usize::try_from(open.records()).unwrap(), taken);
        prop_assert!(taken <= usize::try_from(records_max.max(1)).unwrap());
        match open.close() {
            Some(closed) => prop_assert_eq!(read(&closed.stamp(STAMP))?, expected(&records[..taken])),
            None => prop_assert_eq!(taken, 0),
        }
    }

    #[test]
    fn a_batch_that_refuses_a_record_is_as_it_was(records in vec(any_timed(), 1..20), extra in any_timed()) {
        let (open, taken) = filled(BatchLimits::default(), &records);
        let full = BatchLimits { bytes_max: open.bytes(), ..BatchLimits::default() };
        let (mut open, _) = filled(full, &records[..taken]);
        prop_assert!(append(&mut open, &extra).is_err());
        prop_assert_eq!(read(&open.close().unwrap().stamp(STAMP))?, expected(&records[..taken]));
    }

    #[test]
    fn the_parts_of_a_split_continue_one_another(
        records in vec(any_timed(), 1..100),
        bytes_max in 61..2_000usize,
        sequence in prop_oneof![0..100, i32::MAX - 100..=i32::MAX],
        is_transactional: bool,
    ) {
        let (open, taken) = filled(BatchLimits::default(), &records);
        let stamp = Stamp { base_sequence: Sequence(sequence), ..STAMP };
        let whole = open.close().unwrap().transactional(is_transactional).stamp(stamp);
        let parts = whole.split(bytes_max)?;
        let (mut next, mut found) = (stamp, Vec::new());
        for part in &parts {
            let header = part.header();
            prop_assert!(part.bytes().len() <= bytes_max || header.records == 1);
            prop_assert_eq!(header.stamp, next);
            prop_assert_eq!(header.attributes.is_transactional(), is_transactional);
            next = next.after(header.records.unsigned_abs());
            found.extend(read(part)?);
        }
        prop_assert_eq!(next, stamp.after(whole.header().records.unsigned_abs()));
        prop_assert_eq!(found, expected(&records[..taken]));
        // No part leaves room for the record that begins the next one.
        for pair in parts.windows(2) {
            let first = RecordBatch::parse(pair[1].bytes())?.records().next().unwrap()?;
            let first_bytes = record_bytes(
                pair[0].header().records.unsigned_abs(),
                first.timestamp_delta,
                first.key,
                first.value,
                &owned_headers(&owned(&first)),
            );
            prop_assert!(pair[0].bytes().len() + first_bytes > bytes_max);
        }
    }

    #[test]
    fn a_batch_under_another_stamp_is_as_if_it_had_had_no_other(records in vec(any_timed(), 1..20), sequence: i32) {
        let (open, _) = filled(BatchLimits::default(), &records);
        let closed = open.close().unwrap();
        let other = Stamp { base_sequence: Sequence(sequence), ..STAMP };
        let once = closed.clone().stamp(other);
        let twice = closed.stamp(STAMP).restamp(other);
        prop_assert_eq!(once.bytes(), twice.bytes());
    }

    #[test]
    fn a_length_told_beforehand_is_right(timed in any_timed(), offset_delta: u32) {
        let (delta, record) = timed;
        let (key, value, headers) = (record.key.as_deref(), record.value.as_deref(), owned_headers(&record));
        let mut bytes = Vec::new();
        put_record(&mut bytes, offset_delta, delta, key, value, &headers);
        prop_assert_eq!(record_bytes(offset_delta, delta, key, value, &headers), bytes.len());
    }
}

#[test]
fn append_returns_too_large_or_full() {
    let limits = BatchLimits { bytes_max: 100, ..BatchLimits::default() };
    let mut open = OpenBatch::new(limits);
    let alone = HEADER_BYTES + record_bytes(0, 0, None, Some(&[0; 64]), &[]);
    let too_large = AppendError::TooLarge { bytes: alone, limit: 100 };
    assert_eq!(open.append(0, None, Some(&[0; 64]), &[]), Err(too_large));
    assert_eq!(open.append(0, None, Some(&[0; 20]), &[]), Ok(0));
    assert_eq!(open.append(0, None, Some(&[0; 20]), &[]), Err(AppendError::Full));
    assert_eq!(open.append(0, None, Some(&[0; 64]), &[]), Err(too_large));
    assert_eq!(open.append(0, None, None, &[]), Ok(1));
}

#[test]
fn an_empty_batch_is_none() {
    assert!(OpenBatch::new(BatchLimits::default()).close().is_none());
}

#[test]
fn a_buffer_serves_one_batch_after_the_other() {
    let mut open = OpenBatch::new(BatchLimits::default());
    open.append(7, None, Some(&[1; 500]), &[]).unwrap();
    let buffer = open.close().unwrap().stamp(STAMP).into_bytes();
    let (capacity, place) = (buffer.capacity(), buffer.as_ptr());

    let mut open = OpenBatch::reusing(buffer, BatchLimits::default());
    open.append(8, None, Some(b"next"), &[]).unwrap();
    let bytes = open.close().unwrap().stamp(STAMP).into_bytes();
    assert_eq!((bytes.capacity(), bytes.as_ptr()), (capacity, place));
    let record = RecordBatch::parse(&bytes).unwrap().records().next().unwrap().unwrap();
    assert_eq!((record.timestamp_ms, record.value), (8, Some(&b"next"[..])));
}

/// A batch of `count` records that compress well.
fn compressed(compression: Compression, count: usize) -> ClosedBatch {
    let mut open = OpenBatch::new(BatchLimits::default());
    for _ in 0..count {
        open.append(BASE_MS, None, Some(&[b'r'; 1_000]), &[]).unwrap();
    }
    let mut closed = open.close().unwrap();
    let outcome = closed.compress(&mut Compressor::new(compression, None).unwrap(), &mut Vec::new());
    assert!(matches!(outcome, Outcome::Compressed { .. }), "{compression}: {outcome:?}");
    closed
}

fn codecs() -> impl Iterator<Item = Compression> {
    Compression::ALL.into_iter().skip(1).filter(|one| one.is_built())
}

#[test]
fn compressed_batch_is_cut_in_the_fewest_parts() {
    for compression in codecs() {
        let whole = compressed(compression, 900).stamp(STAMP);
        let bytes_max = whole.bytes().len() * 3 / 4;
        let mut compressor = Compressor::new(compression, None).unwrap();
        let parts = whole.split_with(bytes_max, &mut compressor, &mut Decompressor::new()).unwrap();
        assert!((2..=3).contains(&parts.len()), "{compression}: {} parts", parts.len());
        assert!(parts.iter().all(|part| part.header().attributes.compression() == Some(compression)));
    }
}

#[test]
fn a_part_that_is_just_short_enough_and_does_not_compress_is_cut_no_further() {
    let noise = |number| {
        let mut random = fastrand::Rng::with_seed(number);
        (0..500).map(|_| random.u8(..)).collect::<Vec<_>>()
    };
    let batch = |records: &[Vec<u8>]| {
        let mut open = OpenBatch::new(BatchLimits::default());
        records.iter().for_each(|value| assert!(open.append(BASE_MS, None, Some(value), &[]).is_ok()));
        open.close().unwrap()
    };
    let records: Vec<_> = (0..200).map(|_| vec![b'r'; 1_000]).chain((0..40).map(noise)).collect();
    let bytes_max = batch(&records[200..202]).stamp(STAMP).bytes().len();
    for compression in codecs() {
        let mut compressor = Compressor::new(compression, None).unwrap();
        let mut whole = batch(&records);
        assert!(matches!(whole.compress(&mut compressor, &mut Vec::new()), Outcome::Compressed { .. }));
        let parts =
            whole.stamp(STAMP).split_with(bytes_max, &mut compressor, &mut Decompressor::new()).unwrap();
        let lengths: Vec<_> = parts.iter().map(|part| part.bytes().len()).collect();
        assert!(lengths.iter().all(|bytes| *bytes <= bytes_max), "{compression}: {lengths:?}");
        assert!(lengths.contains(&bytes_max), "{compression}: {lengths:?}");
        assert_eq!(parts.iter().map(|part| part.header().records).sum::<i32>(), 240);
    }
}

#[test]
fn compressed_batch_is_compressed_once_and_split_is_an_error() {
    for compression in codecs() {
        let mut closed = compressed(compression, 3);
        let mut again = Compressor::new(compression, None).unwrap();
        assert_eq!(closed.compress(&mut again, &mut Vec::new()), Outcome::NotSmaller);
        let problem = closed.split(100).unwrap_err().problem;
        assert_eq!(problem, Problem::Compressed { id: compression.id() });
    }
}

#[test]
fn no_more_is_decompressed_than_the_caller_allows() {
    for compression in codecs() {
        let stamped = compressed(compression, 100).stamp(STAMP);
        let batch = RecordBatch::parse(stamped.bytes()).unwrap();
        let mut buffer = Vec::new();
        let error = batch.decompress(&mut Decompressor::new(), 50_000, &mut buffer).unwrap_err();
        assert_eq!(error.problem, DecompressProblem::TooLarge { limit: 50_000 });
    }
}

#[test]
fn of_a_compression_that_does_not_exist_nothing_is_read() {
    let mut open = OpenBatch::new(BatchLimits::default());
    open.append(0, None, None, &[]).unwrap();
    let mut bytes = open.close().unwrap().stamp(STAMP).into_bytes();
    let header =
        BatchHeader { attributes: Attributes::from_bits(6), ..BatchHeader::of_producer(1, 0, 0, STAMP) };
    header.seal(&mut bytes, []);
    let batch = RecordBatch::parse(&bytes).unwrap();
    let mut buffer = Vec::new();
    let mut records = batch.decompress(&mut Decompressor::new(), 100, &mut buffer).unwrap();
    assert_eq!(records.next().unwrap().unwrap_err().problem, Problem::Compressed { id: 6 });
}

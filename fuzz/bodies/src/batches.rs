//! Record batches: read whatever is in them, cut them, and lose nothing.

use milena_codec::compression::Decompressor;
use milena_codec::record::{
    BatchHeader, ControlKey, EndTxnMarker, HEADER_BYTES, Header, ProducedBatch, Record, RecordBatch,
    RecordBatches, Records, Stamp, put_record, renumber,
};

/// How much a compressed batch may become.
const OUTPUT_MAX: usize = 64 << 10;

/// The input is taken for batches as it is, and for one whose length, magic and CRC are right; then a header as a
/// producer writes it is put before it, so that the records in it are looked at.
pub fn batches(input: &[u8]) {
    log(input);
    log(&repaired(input));
    produced(input);
    produced(&repaired(input));
    let Some((count, records)) = input.split_first() else { return };
    let mut batch = [&[0; HEADER_BYTES], records].concat();
    BatchHeader::of_producer(u32::from(*count).max(1), 0, 0, Stamp::NONE).seal(&mut batch, []);
    let parsed = RecordBatch::parse(&batch).expect("a sealed batch is a batch");
    parsed.records().flatten().for_each(|record| record.headers.for_each(drop));
    let read: Vec<_> = read_all(Records::new(records)).iter().map(unmarked).collect();
    // No writer has an offset delta below 0, so that there is none to be written.
    if read.iter().all(|record| record.offset_delta >= 0) {
        let again = written(&read);
        assert_eq!(read_all(Records::new(&again)), read, "what was read is written as something else");
    }
}

/// The input with a right length, magic and CRC.
fn repaired(input: &[u8]) -> Vec<u8> {
    let mut batch = input.to_vec();
    if batch.len() >= HEADER_BYTES {
        let counted = i32::try_from(batch.len() - 12).unwrap_or(i32::MAX);
        batch[8..12].copy_from_slice(&counted.to_be_bytes());
        batch[16] = 2;
        let crc = crc32c::crc32c(&batch[21..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
    }
    batch
}

/// Everything there is to read in a log.
fn log(bytes: &[u8]) {
    let mut batches = RecordBatches::new(bytes);
    let read: Vec<_> = batches.by_ref().map_while(Result::ok).collect();
    let length = read.iter().map(|batch| batch.bytes().len()).sum::<usize>();
    assert_eq!((batches.position(), batches.rest()), (length, &bytes[length..]));
    for batch in read {
        let records: Vec<_> = batch.records().map_while(Result::ok).collect();
        assert!(records.len() <= usize::try_from(batch.header.records).unwrap_or_default());
        for record in &records {
            assert!(record.offset <= batch.header.last_offset(), "{record:?} of {:?}", batch.header);
            let _ = ControlKey::read(record.key).and_then(|_| EndTxnMarker::read(record));
        }
        let mut out = Vec::new();
        if let Some(compression) = batch.header.attributes.compression()
            && Decompressor::new().decompress(compression, batch.body(), OUTPUT_MAX, &mut out).is_ok()
        {
            assert!(out.len() <= OUTPUT_MAX);
            read_all(Records::new(&out));
        }
    }
}

/// A batch that a broker accepts can be parsed.
fn produced(bytes: &[u8]) {
    for version in [3, 13] {
        if let Ok(found) = ProducedBatch::find(Some(bytes), version)
            && found.check(OUTPUT_MAX).is_ok()
        {
            let batch = RecordBatch::parse(&bytes[..found.bytes]);
            assert_eq!(batch.map(|batch| batch.header), Ok(found.header));
        }
    }
}

/// The first two bytes are the greatest length of a part.
pub fn splits(input: &[u8]) {
    let Some((limit, source)) = input.split_first_chunk() else { return };
    let limit = usize::from(u16::from_be_bytes(*limit));
    let whole = read_all(Records::new(source));
    let mut rest = source;
    let mut parts: Vec<Record<'_>> = Vec::new();
    let mut buffers = Vec::new();
    while !rest.is_empty() {
        let mut out = Vec::new();
        let Ok(part) = renumber(rest, &mut out, 0, u32::MAX, limit) else { return };
        assert!(part.records > 0, "a part takes at least one record");
        assert!(part.records == 1 || out.len() <= limit, "{} bytes, and {limit} are allowed", out.len());
        rest = &rest[part.source_bytes..];
        buffers.push((out, part.records));
    }
    for (buffer, count) in &buffers {
        let read = read_all(Records::new(buffer));
        assert_eq!(u32::try_from(read.len()), Ok(*count));
        assert!(
            read.iter().zip(0..).all(|(record, place)| record.offset_delta == place),
            "numbered from 0 on"
        );
        parts.extend(read);
    }
    let content = |records: &[Record<'_>]| {
        let one = |record: &Record<'_>| (record.timestamp_delta, written(&[unplaced(record)]));
        records.iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(content(&parts), content(&whole), "the parts hold what the whole held");
}

/// Every record until the end, or until one is malformed.
fn read_all<'a, E>(records: impl Iterator<Item = Result<Record<'a>, E>>) -> Vec<Record<'a>> {
    records.map_while(Result::ok).collect()
}

/// Without the attributes of a record, which no client writes.
fn unmarked<'a>(record: &Record<'a>) -> Record<'a> {
    Record { attributes: 0, ..record.clone() }
}

fn unplaced<'a>(record: &Record<'a>) -> Record<'a> {
    Record { offset_delta: 0, ..record.clone() }
}

fn written(records: &[Record<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        let headers: Vec<Header> = record
            .headers
            .clone()
            .map(|(name, value)| Header {
                name: name.to_owned(),
                value: value.map(|value| value.to_vec().into()),
            })
            .collect();
        let offset_delta = u32::try_from(record.offset_delta).unwrap_or_default();
        put_record(&mut out, offset_delta, record.timestamp_delta, record.key, record.value, &headers);
    }
    out
}

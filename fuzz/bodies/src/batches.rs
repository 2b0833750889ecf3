//! Record batches: read whatever is in them, cut them, and lose nothing.

use milena_codec::record::{
    BatchHeader, HEADER_BYTES, Header, Record, RecordBatch, Records, Stamp, put_record, renumber,
};

/// A header as a producer writes it is put before the input, so that the records in it are looked at; then the input
/// is taken for a batch as it is.
pub fn batches(input: &[u8]) {
    if let Ok(batch) = RecordBatch::parse(input) {
        read_all(batch.records());
    }
    let Some((count, records)) = input.split_first() else { return };
    let mut batch = [&[0; HEADER_BYTES], records].concat();
    BatchHeader::of_producer(u32::from(*count), 0, 0, Stamp::NONE).seal(&mut batch, []);
    let parsed = RecordBatch::parse(&batch);
    assert_eq!(parsed.is_ok(), *count > 0, "a sealed batch is a batch, if it has records");
    if let Ok(parsed) = parsed {
        read_all(parsed.records());
    }
    let read: Vec<_> = read_all(Records::new(records)).iter().map(unmarked).collect();
    // No writer has an offset delta below 0, so that there is none to be written.
    if read.iter().all(|record| record.offset_delta >= 0) {
        let again = written(&read);
        assert_eq!(read_all(Records::new(&again)), read, "what was read is written as something else");
    }
}

/// The first two bytes say how long a part may be.
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

/// Without the attributes of a record, which nobody writes.
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

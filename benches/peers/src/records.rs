//! A batch of 64 KiB of records of 100 bytes without key and headers, written and read by each codec.

use std::io::Cursor;

use bytes::{Bytes, BytesMut};
use kafka_protocol::records as theirs;
use milena_codec::record::{BatchHeader, HEADER_BYTES, RecordBatch, Stamp, put_record, record_bytes_max};
use rskafka::protocol::record as rs;
use rskafka::protocol::traits::{ReadType, WriteType};

/// The value of each record.
pub const VALUE: [u8; 100] = [7; 100];
/// The most that a batch takes.
pub const BATCH_BYTES: usize = 64 << 10;
const TIMESTAMP_MS: i64 = 1_700_000_000_000;

/// Records of a batch of [`BATCH_BYTES`].
#[must_use]
pub fn count() -> u32 {
    fill(&mut Vec::new())
}

/// Encodes records until the next one might not fit, behind room for the header.
pub fn fill(batch: &mut Vec<u8>) -> u32 {
    batch.clear();
    batch.resize(HEADER_BYTES, 0);
    let mut records = 0;
    while batch.len() + record_bytes_max(0, VALUE.len()) <= BATCH_BYTES {
        put_record(batch, records, 3, None, Some(std::hint::black_box(&VALUE)), &[]);
        records += 1;
    }
    records
}

/// Writes the header and the CRC over the room before the records.
pub fn seal(batch: &mut [u8], records: u32) {
    BatchHeader::of_producer(records, TIMESTAMP_MS, TIMESTAMP_MS + 3, Stamp::NONE).seal(batch, []);
}

/// A whole batch, as ours writes it.
#[must_use]
pub fn batch() -> Vec<u8> {
    let mut batch = Vec::with_capacity(BATCH_BYTES);
    let records = fill(&mut batch);
    seal(&mut batch, records);
    batch
}

/// Reads a batch, and sums what its records hold.
///
/// # Panics
/// When it is no batch.
#[must_use]
pub fn read(batch: &[u8]) -> usize {
    let batch = RecordBatch::parse(batch).expect("a batch");
    batch.records().map(|record| record.expect("a record").value.map_or(0, <[u8]>::len)).sum()
}

/// The records of the batch in kafka-protocol's type.
#[must_use]
pub fn their_records() -> Vec<theirs::Record> {
    let record = |offset: u32| theirs::Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: -1,
        producer_id: -1,
        producer_epoch: -1,
        timestamp_type: theirs::TimestampType::Creation,
        offset: i64::from(offset),
        // It begins a batch wherever sequences do not ascend.
        sequence: i32::try_from(offset).unwrap_or(i32::MAX),
        timestamp: TIMESTAMP_MS + i64::from(offset.min(1)) * 3,
        key: None,
        value: Some(Bytes::from_static(&VALUE)),
        headers: Default::default(),
    };
    (0..count()).map(record).collect()
}

/// Writes a batch with kafka-protocol.
///
/// # Panics
/// When it refuses.
pub fn their_encode(out: &mut BytesMut, records: &[theirs::Record]) {
    out.clear();
    let options = theirs::RecordEncodeOptions { version: 2, compression: theirs::Compression::None };
    theirs::RecordBatchEncoder::encode(out, records, &options).expect("records");
}

/// Reads a batch with kafka-protocol.
///
/// # Panics
/// When it is no batch.
#[must_use]
pub fn their_read(batch: &Bytes) -> usize {
    let set = theirs::RecordBatchDecoder::decode(&mut batch.clone()).expect("a batch");
    set.records.iter().map(|record| record.value.as_ref().map_or(0, Bytes::len)).sum()
}

/// A record in rskafka's type.
#[must_use]
pub fn rs_record(offset_delta: i32) -> rs::Record {
    rs::Record {
        timestamp_delta: 3,
        offset_delta,
        key: None,
        value: Some(VALUE.to_vec()),
        headers: Vec::new(),
    }
}

/// The batch in rskafka's type.
#[must_use]
pub fn rs_batch() -> rs::RecordBatch {
    let records: Vec<_> = (0..).take(count() as usize).map(rs_record).collect();
    rs::RecordBatch {
        base_offset: 0,
        partition_leader_epoch: -1,
        last_offset_delta: i32::try_from(records.len()).unwrap_or(i32::MAX) - 1,
        first_timestamp: TIMESTAMP_MS,
        max_timestamp: TIMESTAMP_MS + 3,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        records: rs::ControlBatchOrRecords::Records(records),
        compression: rs::RecordBatchCompression::NoCompression,
        is_transactional: false,
        timestamp_type: rs::RecordBatchTimestampType::CreateTime,
    }
}

/// Writes a batch, a record or another thing of rskafka's.
///
/// # Panics
/// When it refuses.
pub fn rs_encode(out: &mut Vec<u8>, thing: &impl for<'a> WriteType<&'a mut Vec<u8>>) {
    thing.write(&mut &mut *out).expect("what can be written");
}

/// Reads a batch with rskafka.
///
/// # Panics
/// When it is no batch.
#[must_use]
pub fn rs_read(batch: &[u8]) -> usize {
    let batch = rs::RecordBatch::read(&mut Cursor::new(batch)).expect("a batch");
    let rs::ControlBatchOrRecords::Records(records) = batch.records else { return 0 };
    records.iter().map(|record| record.value.as_ref().map_or(0, Vec::len)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_write_the_same_batch_and_read_the_same_in_it() {
        let ours = batch();
        let mut theirs = BytesMut::new();
        their_encode(&mut theirs, &their_records());
        let mut rs = Vec::new();
        rs_encode(&mut rs, &rs_batch());
        let values = count() as usize * VALUE.len();
        assert_eq!([read(&ours), read(&theirs), read(&rs)], [values; 3]);
        assert_eq!([their_read(&theirs.freeze()), rs_read(&rs)], [values; 2]);
        assert_eq!(rs, ours);
    }
}

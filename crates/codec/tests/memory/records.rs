//! Record batches, in both directions.

use milena_codec::record::{
    BatchHeader, HEADER_BYTES, RecordBatch, Records, Stamp, put_record, record_bytes_max,
};

use super::meter::{bytes_of, measure};

/// Returns how many batches there were.
pub(crate) fn a_batch_is_read_without_allocating() -> usize {
    let batch = sealed(i32::MAX.unsigned_abs(), &records());
    let mut batches = 0;
    for at in 0..batch.len() {
        for value in [0x7f_ff_ff_ff_u32, 0xff_ff_ff_ff, 0xfe_ff_ff_0f] {
            let mut hostile = batch.clone();
            for (byte, new) in hostile[at..].iter_mut().zip(value.to_be_bytes()) {
                *byte = new;
            }
            BatchHeader::of_producer(i32::MAX.unsigned_abs(), 0, 0, Stamp::NONE).seal(&mut hostile, []);
            batches += 1;
            let (_, bytes) = bytes_of(|| read(&hostile));
            assert_eq!(bytes, 0, "{value:x} at {at}");
        }
    }
    batches
}

/// Reads all there is, headers included, and returns how many bytes of keys, values and headers that was.
fn read(batch: &[u8]) -> usize {
    let whole = RecordBatch::parse(batch).into_iter().flat_map(|batch| batch.records());
    let bare = batch.get(HEADER_BYTES..).into_iter().flat_map(Records::new);
    let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
    whole
        .chain(bare)
        .flatten()
        .map(|record| {
            let headers =
                record.headers.clone().map(|(name, value)| name.len() + length(value)).sum::<usize>();
            length(record.key) + length(record.value) + headers
        })
        .sum()
}

fn records() -> Vec<u8> {
    let headers = [milena_codec::record::Header::new("name", "value")];
    let mut records = Vec::new();
    put_record(&mut records, 0, 0, Some(b"key"), Some(b"value"), &headers);
    put_record(&mut records, 1, 70_000, None, None, &headers);
    records
}

fn sealed(count: u32, records: &[u8]) -> Vec<u8> {
    let mut batch = [&[0; HEADER_BYTES], records].concat();
    BatchHeader::of_producer(count, 0, 0, Stamp::NONE).seal(&mut batch, []);
    batch
}

pub(crate) fn a_record_is_encoded_without_allocating() {
    const RECORDS: u32 = 100_000;
    let value = [7; 100];
    let room = HEADER_BYTES + 600 * record_bytes_max(3, value.len());
    let mut batch = Vec::with_capacity(room);
    let ((), stats) = measure(|| {
        for number in 0..RECORDS {
            if batch.len() + record_bytes_max(3, value.len()) > room || batch.is_empty() {
                batch.clear();
                batch.resize(HEADER_BYTES, 0);
            }
            put_record(&mut batch, number % 600, 3, Some(b"key"), Some(&value), &[]);
        }
        BatchHeader::of_producer(600, 0, 0, Stamp::NONE).seal(&mut batch, []);
    });
    assert_eq!((stats.allocations, stats.reallocations), (0, 0));
}

//! Any records, written as a batch and read back by us and by kafka-protocol, compressed in every way and not.

use bytes::Bytes;
use kafka_protocol::records as theirs;
use milena_codec::compression::{Compression, Outcome};
use milena_codec::ids::{ProducerEpoch, ProducerId, ProducerIdAndEpoch, Sequence};
use milena_codec::record::{
    BatchHeader, HEADER_BYTES, RecordBatch, RecordBatches, Records, Stamp, put_record, record_bytes,
};

use crate::compression::{decompress, with_compressor};
use crate::naive::{Batch, Row};
use crate::script::Script;

/// The first bytes are the stamp, then come the records.
pub fn records(input: &[u8]) {
    let mut script = Script::new(input);
    let stamp = Stamp {
        identity: ProducerIdAndEpoch {
            producer_id: ProducerId(script.byte().into()),
            epoch: ProducerEpoch(0),
        },
        base_sequence: Sequence(script.u16().into()),
    };
    let mut rows = Vec::new();
    while !script.is_empty() && rows.len() < 200 {
        rows.push(Row::of(&mut script));
    }
    let Some(first) = rows.first() else { return };
    let base_timestamp_ms = first.timestamp_ms;
    rows.retain(|row| row.timestamp_ms.checked_sub(base_timestamp_ms).is_some());
    let compression = Compression::None;
    let batch = Batch { rows, base_timestamp_ms, transactional: false, compression, stamp };

    let bytes = written(&batch);
    assert_eq!(bytes, batch.encoded());
    read_back(&bytes, &batch);
    theirs_too(&bytes, &batch);
    Compression::ALL.into_iter().for_each(|compression| compressed(&bytes, &batch, compression));
}

fn written(batch: &Batch<'_>) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    for (place, row) in (0..).zip(&batch.rows) {
        let (key, value) = (row.key.as_deref(), row.value.as_deref());
        let delta = row.timestamp_ms - batch.base_timestamp_ms;
        let end = bytes.len() + record_bytes(place, delta, key, value, &row.headers);
        put_record(&mut bytes, place, delta, key, value, &row.headers);
        assert_eq!(bytes.len(), end, "a record has the announced length");
    }
    header(batch).seal(&mut bytes, []);
    bytes
}

fn header(batch: &Batch<'_>) -> BatchHeader {
    let count = u32::try_from(batch.rows.len()).expect("few rows");
    BatchHeader::of_producer(count, batch.base_timestamp_ms, batch.max_timestamp_ms(), batch.stamp)
}

fn read_back(bytes: &[u8], batch: &Batch<'_>) {
    let parsed = RecordBatch::parse(bytes).expect("a batch of our own");
    assert_eq!(parsed.header, header(batch));
    let rows: Vec<_> =
        parsed.records().map(|record| Row::read(&record.expect("a record of our own"))).collect();
    assert_eq!(rows, batch.rows);
    // Twice in a row, and the third one cut.
    let log = [bytes, bytes, &bytes[..bytes.len() - 1]].concat();
    let mut batches = RecordBatches::new(&log);
    assert_eq!(batches.by_ref().filter(Result::is_ok).count(), 2);
    assert_eq!(batches.rest().len(), bytes.len() - 1);
}

fn theirs_too(bytes: &[u8], batch: &Batch<'_>) {
    let read =
        theirs::RecordBatchDecoder::decode(&mut Bytes::copy_from_slice(bytes)).expect("a batch of ours");
    assert_eq!(read.records.len(), batch.rows.len());
    for (theirs, ours) in read.records.iter().zip(&batch.rows) {
        assert_eq!(theirs.timestamp, ours.timestamp_ms);
        assert_eq!(theirs.key.as_deref(), ours.key.as_deref());
        assert_eq!(theirs.value.as_deref(), ours.value.as_deref());
        // A map keeps one header of each name.
        for header in &ours.headers {
            let last = ours.headers.iter().rev().find(|other| other.name == header.name);
            let kept = theirs.headers.iter().find(|(name, _)| name.as_str() == header.name);
            assert_eq!(kept.map(|(_, value)| value.clone()), last.map(|last| last.value.clone()));
        }
    }
}

/// The same batch with its records compressed, where they become smaller.
fn compressed(bytes: &[u8], batch: &Batch<'_>, compression: Compression) {
    let body = &bytes[HEADER_BYTES..];
    let mut sent = vec![0; HEADER_BYTES];
    match with_compressor(compression, None, |with| with.compress([body].into_iter(), &mut sent)) {
        Outcome::Compressed { bytes } => assert_eq!(sent.len(), HEADER_BYTES + bytes),
        Outcome::NotSmaller => return assert_eq!(sent.len(), HEADER_BYTES),
        wrong => return assert_eq!(wrong, Outcome::NotSmaller),
    }
    let header = header(batch);
    let header = BatchHeader { attributes: header.attributes.with_compression(compression), ..header };
    header.seal(&mut sent, []);

    let parsed = RecordBatch::parse(&sent).expect("a batch of our own");
    assert!(
        parsed.records().next().is_some_and(|refused| refused.is_err()),
        "compressed bytes are no records"
    );
    let mut read = Vec::new();
    let codec = parsed.header.attributes.compression().expect("a codec of our own");
    assert_eq!(decompress(codec, parsed.body(), body.len(), &mut read), Ok(()));
    assert_eq!(read, body);
    assert_eq!(Records::new(&read).count(), batch.rows.len());
}

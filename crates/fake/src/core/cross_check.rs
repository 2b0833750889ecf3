//! Cross-check of every batch that is read, by decoders that are not milena's.
//!
//! | part | read by |
//! |---|---|
//! | header, CRC | kafka-protocol |
//! | records, without compression | kafka-protocol |
//! | gzip | flate2's own reader of members; ours parses them itself |
//! | snappy | kafka-protocol's own reader of the framing |
//! | lz4 | lz4_flex's own reader of frames; ours parses them itself |
//! | zstd | no other decoder without C: ours alone |
//!
//! Our bounded readers go first, and a batch that they reject is not read a second time: kafka-protocol allocates by
//! counts and sizes on the wire. It also keeps each record in some 200 bytes; therefore it gets the records of compressed
//! batches, and of those with many records, in [runs](super::records::Run), each as an uncompressed batch of its own. Of
//! several headers with one name it keeps the last: names and order are those of our own reader, checked against its.

use std::io::{self, Read};

use bytes::{Bytes, BytesMut};
use flate2::bufread::MultiGzDecoder;
use kafka_protocol::compression::{Decompressor, Snappy};
use kafka_protocol::records::{
    Compression as TheirCompression, Record, RecordBatchDecoder, TimestampType as TheirTimestampType,
};
use lz4_flex::frame::FrameDecoder;
use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::record::{Attributes, BatchHeader, HEADER_BYTES, TimestampType};

use super::records::{LoggedRecord, Run};
use super::rejection::Rejection;

/// Compares the decompressed records of a batch, byte by byte.
pub(crate) fn of_content(compression: Compression, body: &Bytes, content: &[u8]) -> Result<(), Rejection> {
    let same = match compression {
        Compression::None | Compression::Zstd => Ok(true),
        Compression::Gzip => reads(MultiGzDecoder::new(&body[..]), content),
        Compression::Lz4 => reads(FrameDecoder::new(&body[..]), content),
        Compression::Snappy => {
            let theirs = Snappy::decompress(&mut body.clone(), |theirs: &mut Bytes| Ok(*theirs == *content));
            theirs.map_err(io::Error::other)
        }
    };
    match same {
        Ok(same) => agreed(same, "content"),
        Err(error) => {
            let message = format!("compression: a second decoder of {compression} fails: {error}");
            Err(Rejection::new(ErrorCode::UNKNOWN_SERVER_ERROR, &message))
        }
    }
}

/// Compares the records of a run, and the batch's header with the first of them. kafka-protocol does not read timestamps that
/// wrap: a run with such a one is not compared.
pub(crate) fn of_records(batch: &Bytes, header: &BatchHeader, run: &Run) -> Result<(), Rejection> {
    if run.wraps {
        return Ok(());
    }
    let is_all = i32::try_from(run.records.len()) == Ok(header.records);
    let mut plain = match is_all && !header.attributes.is_compressed() {
        true => batch.clone(),
        false => {
            if run.first == 0 {
                of_header(batch, header)?;
            }
            alone(header, run)
        }
    };
    let theirs = RecordBatchDecoder::decode(&mut plain).map_err(|error| malformed(&error))?;
    let same = theirs.records.len() == run.records.len();
    agreed(same && run.records.iter().zip(&theirs.records).all(is_same), "records")
}

/// Compares a batch's header, and with it the CRC.
fn of_header(batch: &Bytes, header: &BatchHeader) -> Result<(), Rejection> {
    let read =
        RecordBatchDecoder::decode_batch_info(&mut batch.clone()).map_err(|error| malformed(&error))?;
    let [theirs] = &read[..] else { return Err(disagreement("header")) };
    let attributes = header.attributes;
    let compression = attributes.compression().map(their_name);
    let timestamp_type = match attributes.timestamp_type() {
        TimestampType::CreateTime => TheirTimestampType::Creation,
        TimestampType::LogAppendTime => TheirTimestampType::LogAppend,
    };
    let same = theirs.record_count == header.records
        && theirs.min_offset == header.base_offset
        && theirs.min_timestamp == header.base_timestamp_ms
        && theirs.base_sequence == header.stamp.base_sequence.0
        && theirs.producer_id == header.stamp.identity.producer_id.0
        && theirs.producer_epoch == header.stamp.identity.epoch.0
        && theirs.transactional == attributes.is_transactional()
        && theirs.control == attributes.is_control()
        && theirs.timestamp_type == timestamp_type
        && Some(theirs.compression) == compression;
    agreed(same, "header")
}

/// An uncompressed batch of the records of a run.
fn alone(header: &BatchHeader, run: &Run) -> Bytes {
    let records = i32::try_from(run.records.len()).unwrap_or(i32::MAX);
    let (last_offset_delta, attributes) = (records - 1, Attributes::NONE);
    let mut batch = BytesMut::zeroed(HEADER_BYTES);
    batch.extend_from_slice(&run.bytes);
    BatchHeader { records, last_offset_delta, attributes, ..*header }.seal(&mut batch, []);
    batch.freeze()
}

fn is_same((ours, theirs): (&LoggedRecord, &Record)) -> bool {
    let last_of_a_name = |name: &str| ours.headers.iter().rev().find(|header| header.name == name);
    ours.timestamp == theirs.timestamp
        && ours.key == theirs.key
        && ours.value == theirs.value
        && ours.producer_id.0 == theirs.producer_id
        && ours.epoch.0 == theirs.producer_epoch
        && ours.headers.iter().all(|header| theirs.headers.contains_key(header.name.as_bytes()))
        && theirs.headers.iter().all(|(name, value)| {
            last_of_a_name(name).is_some_and(|header| header.value.as_ref() == value.as_ref())
        })
}

/// Whether a reader comes to these bytes, and to no others behind them.
fn reads(mut reader: impl Read, mut expected: &[u8]) -> io::Result<bool> {
    let mut buffer = [0; 8 << 10];
    loop {
        let read = reader.read(&mut buffer)?;
        let Some(rest) = buffer.get(..read).and_then(|read| expected.strip_prefix(read)) else {
            return Ok(false);
        };
        if read == 0 {
            return Ok(rest.is_empty());
        }
        expected = rest;
    }
}

const fn their_name(compression: Compression) -> TheirCompression {
    match compression {
        Compression::None => TheirCompression::None,
        Compression::Gzip => TheirCompression::Gzip,
        Compression::Snappy => TheirCompression::Snappy,
        Compression::Lz4 => TheirCompression::Lz4,
        Compression::Zstd => TheirCompression::Zstd,
    }
}

fn malformed(error: &impl ToString) -> Rejection {
    Rejection::new(ErrorCode::INVALID_RECORD, &error.to_string())
}

fn agreed(same: bool, what: &str) -> Result<(), Rejection> {
    match same {
        true => Ok(()),
        false => Err(disagreement(what)),
    }
}

fn disagreement(what: &str) -> Rejection {
    let message = format!("two readers of the batch disagree about its {what}");
    Rejection::new(ErrorCode::UNKNOWN_SERVER_ERROR, &message)
}

#[cfg(test)]
mod tests {
    use milena_codec::compression::Compressor;
    use milena_codec::record::{Stamp, put_record};

    use super::super::records::Runs;
    use super::*;

    #[test]
    fn content_that_differs_from_the_second_decoder_is_rejected() {
        let content = b"what is compressed, what is compressed, what is compressed".to_vec();
        for codec in [Compression::Gzip, Compression::Snappy, Compression::Lz4] {
            let mut stream = Vec::new();
            let mut compressor = Compressor::new(codec, None).unwrap();
            compressor.compress_always([&content[..]].into_iter(), &mut stream).unwrap();
            let stream = Bytes::from(stream);
            assert_eq!(of_content(codec, &stream, &content), Ok(()), "{codec}");
            let mut changed = content.clone();
            changed[9] ^= 1;
            for other in [&changed[..], &content[1..], &content[..9], &[&content[..], &[0]].concat()] {
                let refused = of_content(codec, &stream, other).unwrap_err();
                assert_eq!(refused, disagreement("content"), "{codec}");
            }
            assert!(of_content(codec, &stream.slice(..9), &content).is_err(), "{codec}");
        }
    }

    #[test]
    fn header_that_differs_from_kafka_protocol_is_rejected() {
        let (batch, header) = batch();
        let content = batch.slice(HEADER_BYTES..);
        let run = Runs::new(&header, &content).next().unwrap().unwrap();
        assert_eq!(of_header(&batch, &header), Ok(()));
        for other in [
            BatchHeader { records: 2, ..header },
            BatchHeader { base_timestamp_ms: 8, ..header },
            BatchHeader { attributes: Attributes::NONE.with_compression(Compression::Lz4), ..header },
        ] {
            assert_eq!(of_header(&batch, &other), Err(disagreement("header")), "{other:?}");
        }
        let compressed =
            BatchHeader { attributes: Attributes::NONE.with_compression(Compression::Lz4), ..header };
        assert_eq!(of_records(&batch, &compressed, &run), Err(disagreement("header")));
    }

    #[test]
    fn records_that_differ_from_kafka_protocol_are_rejected() {
        let (batch, header) = batch();
        let content = batch.slice(HEADER_BYTES..);
        let mut run = Runs::new(&header, &content).next().unwrap().unwrap();
        assert_eq!(of_records(&batch, &header, &run), Ok(()));
        run.records[0].key = None;
        assert_eq!(of_records(&batch, &header, &run), Err(disagreement("records")));
    }

    /// A batch of one record.
    fn batch() -> (Bytes, BatchHeader) {
        let mut batch = vec![0; HEADER_BYTES];
        put_record(&mut batch, 0, 0, Some(b"key"), Some(b"value"), &[]);
        let header = BatchHeader::of_producer(1, 7, 7, Stamp::NONE);
        header.seal(&mut batch, []);
        (batch.into(), header)
    }
}

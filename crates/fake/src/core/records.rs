//! Reading the records of a batch by kafka-protocol, which shares no code with the producer under test.
//!
//! Our own bounded reader goes first: kafka-protocol allocates by counts on the wire. It keeps a record's headers in
//! a map, which loses all but one of a name, so that the headers are ours, checked against its own.

use bytes::Bytes;
use kafka_protocol::records::{Record, RecordBatchDecoder};
use milena_codec::ErrorCode;
use milena_codec::ids::{ProducerEpoch, ProducerId, Sequence};
use milena_codec::record::{BatchHeader, HEADER_BYTES, Header, Records};

use super::refusal::Refusal;

/// A record in a partition's log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedRecord {
    /// Its offset.
    pub offset: i64,
    /// Its timestamp, in milliseconds since 1970.
    pub timestamp: i64,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value.
    pub value: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<Header>,
    /// Who wrote it; -1 without idempotence.
    pub producer_id: ProducerId,
    /// Under which epoch; -1 without idempotence.
    pub epoch: ProducerEpoch,
    /// Its own place in the producer's run of records; -1 without idempotence.
    pub sequence: Sequence,
}

/// Reads the records of a batch that is not compressed, numbered from the header's base offset.
pub(crate) fn read(bytes: &Bytes, header: &BatchHeader) -> Result<Vec<LoggedRecord>, Refusal> {
    let ours = read_ours(bytes, header)?;
    let theirs = RecordBatchDecoder::decode(&mut bytes.clone())
        .map_err(|error| Refusal::new(ErrorCode::INVALID_RECORD, &error.to_string()))?;
    let agree = ours.len() == theirs.records.len() && ours.iter().zip(&theirs.records).all(is_same);
    match agree {
        true => Ok(ours),
        false => Err(Refusal::new(ErrorCode::UNKNOWN_SERVER_ERROR, "two readers of the batch disagree")),
    }
}

fn read_ours(bytes: &Bytes, header: &BatchHeader) -> Result<Vec<LoggedRecord>, Refusal> {
    let malformed = |what: &str| Refusal::new(ErrorCode::INVALID_RECORD, what);
    let body = bytes.slice(HEADER_BYTES..);
    let mut records = Vec::new();
    for record in Records::new(&body) {
        let record = record.map_err(|error| malformed(&error.to_string()))?;
        let timestamp = header.base_timestamp_ms.checked_add(record.timestamp_delta);
        let share = |part: Option<&[u8]>| part.map(|part| body.slice_ref(part));
        let index = u32::try_from(records.len()).unwrap_or(u32::MAX);
        records.push(LoggedRecord {
            offset: header.base_offset + i64::from(index),
            timestamp: timestamp.ok_or_else(|| malformed("a timestamp overflows"))?,
            key: share(record.key),
            value: share(record.value),
            headers: record
                .headers
                .map(|(name, value)| Header { name: name.to_owned(), value: share(value) })
                .collect(),
            producer_id: header.stamp.identity.producer_id,
            epoch: header.stamp.identity.epoch,
            sequence: header.stamp.after(index).base_sequence,
        });
    }
    match i32::try_from(records.len()) == Ok(header.records) {
        true => Ok(records),
        false => Err(malformed("there are more or fewer records than the count says")),
    }
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

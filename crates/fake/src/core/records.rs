//! The records of a batch, without compression, by our own bounded reader.

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::ids::{ProducerEpoch, ProducerId, Sequence};
use milena_codec::record::{BatchHeader, Header, Record, Records};

use super::rejection::Rejection;

/// Most records that are held at a time while a batch is checked: small records take 50 times their bytes in memory.
const RUN_RECORDS_MAX: usize = 1024;

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
    /// Id of the producer; -1 without idempotence.
    pub producer_id: ProducerId,
    /// Epoch of the producer; -1 without idempotence.
    pub epoch: ProducerEpoch,
    /// Sequence of the record; -1 without idempotence.
    pub sequence: Sequence,
}

/// Some records of a batch, one behind the other.
#[derive(Debug)]
pub(crate) struct Run {
    /// Place of the first one in the batch.
    pub(crate) first: u32,
    pub(crate) records: Vec<LoggedRecord>,
    /// The bytes that they were read from.
    pub(crate) bytes: Bytes,
    /// Whether their offset deltas are their places in the batch.
    pub(crate) numbered: bool,
    /// Whether a timestamp overflows when its delta is added.
    pub(crate) wraps: bool,
}

/// Reads the records of a batch run by run, numbered from the header's base offset, whatever their offset deltas are.
/// The last item is an error where a record is malformed, or where there are not as many as the header counts.
#[derive(Debug)]
pub(crate) struct Runs<'a> {
    header: &'a BatchHeader,
    content: &'a Bytes,
    records: Records<'a>,
    read: u32,
    ended: bool,
}

impl<'a> Runs<'a> {
    pub(crate) fn new(header: &'a BatchHeader, content: &'a Bytes) -> Self {
        Self { header, content, records: Records::new(content), read: 0, ended: false }
    }

    fn next_run(&mut self) -> Result<Option<Run>, Rejection> {
        let (first, start) = (self.read, self.records.position());
        let mut run = Run { first, records: Vec::new(), bytes: Bytes::new(), numbered: true, wraps: false };
        for record in self.records.by_ref().take(RUN_RECORDS_MAX) {
            let record = record.map_err(|error| malformed(&error.to_string()))?;
            run.numbered &= u32::try_from(record.offset_delta) == Ok(self.read);
            run.wraps |= self.header.base_timestamp_ms.checked_add(record.timestamp_delta).is_none();
            run.records.push(logged(self.header, self.content, self.read, record));
            self.read = self.read.saturating_add(1);
        }
        run.bytes = self.content.slice(start..self.records.position());
        match (run.records.is_empty(), u32::try_from(self.header.records) == Ok(self.read)) {
            (false, _) => Ok(Some(run)),
            (true, true) => Ok(None),
            (true, false) => Err(malformed("the count of the header is not the count of the records")),
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = Result<Run, Rejection>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_run().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Reads all records of a batch.
pub(crate) fn read(header: &BatchHeader, content: &Bytes) -> Result<Vec<LoggedRecord>, Rejection> {
    let mut records = Vec::new();
    for run in Runs::new(header, content) {
        records.append(&mut run?.records);
    }
    Ok(records)
}

fn logged(header: &BatchHeader, content: &Bytes, index: u32, record: Record<'_>) -> LoggedRecord {
    let share = |part: Option<&[u8]>| part.map(|part| content.slice_ref(part));
    LoggedRecord {
        offset: header.base_offset + i64::from(index),
        // A sum that overflows wraps (`DefaultRecord.readFrom`).
        timestamp: header.base_timestamp_ms.wrapping_add(record.timestamp_delta),
        key: share(record.key),
        value: share(record.value),
        headers: record
            .headers
            .map(|(name, value)| Header { name: name.to_owned(), value: share(value) })
            .collect(),
        producer_id: header.stamp.identity.producer_id,
        epoch: header.stamp.identity.epoch,
        sequence: header.stamp.after(index).base_sequence,
    }
}

fn malformed(what: &str) -> Rejection {
    Rejection::new(ErrorCode::INVALID_RECORD, what)
}

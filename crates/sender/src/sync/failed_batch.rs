//! The records of a batch that failed, decoded from its bytes for those that want them back.

use std::sync::{Arc as StdArc, OnceLock};

use bytes::Bytes;
use milena_codec::compression::{Compression, Decompressor};
use milena_codec::record::{Header, Records};

use super::batch_data::BatchData;
use super::failed_room::{FailedRoom, FailedShare};

/// A batch that failed, with its bytes. Nothing is decoded before a record is read.
#[derive(Debug)]
pub struct FailedBatch {
    data: StdArc<BatchData>,
    layout: RecordLayout,
    decoded: OnceLock<Decoded>,
    /// Its share of the memory for records that failed.
    _share: Option<FailedShare>,
}

/// A record of a batch that failed, as its caller handed it over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedRecord {
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value.
    pub value: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<Header>,
    /// Its time in milliseconds since 1970: the caller's, or the time at which it was accepted.
    pub timestamp_ms: i64,
}

/// Plain records, and where each begins.
#[derive(Debug, Default)]
struct Decoded {
    records: Vec<u8>,
    starts: Vec<usize>,
}

/// How the records of a batch are read from its bytes.
#[derive(Clone, Debug)]
pub(crate) struct RecordLayout {
    /// The place of its first record among those of the completion.
    pub(crate) first: u32,
    pub(crate) base_timestamp_ms: i64,
    pub(crate) codec: Compression,
    /// The length of its records before compression.
    pub(crate) plain_bytes: usize,
}

impl FailedBatch {
    /// None where `room` is asked for and there is none.
    pub(crate) fn new(
        data: StdArc<BatchData>,
        layout: RecordLayout,
        room: Option<&StdArc<FailedRoom>>,
    ) -> Option<StdArc<Self>> {
        let bytes = data.pieces().map(<[u8]>::len).sum();
        let share = match room {
            Some(room) => Some(FailedRoom::take(room, bytes)?),
            None => None,
        };
        Some(StdArc::new(Self { data, layout, decoded: OnceLock::new(), _share: share }))
    }

    /// The place of its first record among those of the completion.
    pub(crate) const fn first(&self) -> u32 {
        self.layout.first
    }

    /// The record with this place among those of the completion. None where the bytes do not hold it, which would be a fault of this
    /// crate.
    #[must_use]
    pub fn record(&self, place: u32) -> Option<FailedRecord> {
        let decoded = self.decoded.get_or_init(|| self.decode());
        let index = usize::try_from(place.checked_sub(self.layout.first)?).ok()?;
        let bytes = decoded.records.get(*decoded.starts.get(index)?..)?;
        let record = Records::new(bytes).next()?.ok()?;
        let header = |(name, value): (&str, Option<&[u8]>)| Header {
            name: name.to_owned(),
            value: value.map(Bytes::copy_from_slice),
        };
        Some(FailedRecord {
            key: record.key.map(Bytes::copy_from_slice),
            value: record.value.map(Bytes::copy_from_slice),
            headers: record.headers.map(header).collect(),
            timestamp_ms: self.layout.base_timestamp_ms.wrapping_add(record.timestamp_delta),
        })
    }

    fn decode(&self) -> Decoded {
        let pieces = self.data.record_pieces();
        let mut records = Vec::new();
        pieces.for_each(|piece| records.extend_from_slice(piece));
        if self.layout.codec != Compression::None {
            let compressed = std::mem::take(&mut records);
            let decompressed = Decompressor::new().decompress(
                self.layout.codec,
                &compressed,
                self.layout.plain_bytes,
                &mut records,
            );
            debug_assert!(decompressed.is_ok(), "{decompressed:?}");
        }
        let mut starts = Vec::new();
        let mut read = Records::new(&records);
        loop {
            let start = read.position();
            if !matches!(read.next(), Some(Ok(_))) {
                break;
            }
            starts.push(start);
        }
        Decoded { records, starts }
    }
}

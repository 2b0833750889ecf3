//! Record batches once more, written the slow and plain way from the description of the format: what the codec's own
//! are compared with.

use std::borrow::Cow;

use milena_codec::compression::Compression;
use milena_codec::record::{Header, Record, Stamp};

use crate::script::Script;

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) timestamp_ms: i64,
    pub(crate) key: Option<Cow<'a, [u8]>>,
    pub(crate) value: Option<Cow<'a, [u8]>>,
    pub(crate) headers: Vec<Header>,
}

impl<'a> Row<'a> {
    /// A record of a script: its timestamp near 2023 as a rule, anywhere sometimes.
    pub(crate) fn of(script: &mut Script<'a>) -> Self {
        let timestamp_ms = match script.byte() {
            255 => script.i64(),
            few => 1_700_000_000_000 + (i64::from(few) - 20) * 1_000,
        };
        let (key, value) = (script.nullable(), script.nullable());
        let header = |script: &mut Script<'_>| Header {
            name: String::from_utf8_lossy(&script.bytes()).into_owned(),
            value: script.nullable().map(|value| value.into_owned().into()),
        };
        let headers = match script.byte() {
            few @ 1..4 => (0..few).map(|_| header(script)).collect(),
            _ => Vec::new(),
        };
        Self { timestamp_ms, key, value, headers }
    }

    /// A record that was read.
    pub(crate) fn read(record: &Record<'a>) -> Self {
        let header = |(name, value): (&str, Option<&[u8]>)| Header {
            name: name.to_owned(),
            value: value.map(|value| value.to_vec().into()),
        };
        Self {
            timestamp_ms: record.timestamp_ms,
            key: record.key.map(Cow::from),
            value: record.value.map(Cow::from),
            headers: record.headers.clone().map(header).collect(),
        }
    }

    /// The record as it stands in a batch.
    pub(crate) fn encoded(&self, place: usize, base_timestamp_ms: i64) -> Vec<u8> {
        let mut body = vec![0];
        put_varint(&mut body, self.timestamp_ms - base_timestamp_ms);
        put_varint(&mut body, signed(place));
        put_nullable(&mut body, self.key.as_deref());
        put_nullable(&mut body, self.value.as_deref());
        put_varint(&mut body, signed(self.headers.len()));
        for header in &self.headers {
            put_nullable(&mut body, Some(header.name.as_bytes()));
            put_nullable(&mut body, header.value.as_deref());
        }
        let mut record = Vec::new();
        put_varint(&mut record, signed(body.len()));
        record.append(&mut body);
        record
    }
}

/// A batch.
#[derive(Clone, Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) base_timestamp_ms: i64,
    pub(crate) transactional: bool,
    /// The compression of the codec's batch; the model stays uncompressed.
    pub(crate) compression: Compression,
    pub(crate) stamp: Stamp,
}

/// Bytes of a batch without records.
pub(crate) const HEADER: usize = 61;

impl Batch<'_> {
    /// The records, one behind the other.
    pub(crate) fn body(&self) -> Vec<u8> {
        let rows = self.rows.iter().enumerate();
        rows.flat_map(|(place, row)| row.encoded(place, self.base_timestamp_ms)).collect()
    }

    pub(crate) fn max_timestamp_ms(&self) -> i64 {
        self.rows.iter().map(|row| row.timestamp_ms).max().unwrap_or_default()
    }

    /// The whole batch as it goes out.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let attributes = if self.transactional { 1i16 << 4 } else { 0 };
        let mut summed = attributes.to_be_bytes().to_vec();
        let count = i32::try_from(self.rows.len()).expect("few rows");
        summed.extend((count - 1).to_be_bytes());
        summed.extend(self.base_timestamp_ms.to_be_bytes());
        summed.extend(self.max_timestamp_ms().to_be_bytes());
        summed.extend(self.stamp.identity.producer_id.0.to_be_bytes());
        summed.extend(self.stamp.identity.epoch.0.to_be_bytes());
        summed.extend(self.stamp.base_sequence.0.to_be_bytes());
        summed.extend(count.to_be_bytes());
        summed.extend(self.body());

        let mut batch = vec![0; 8];
        batch.extend(i32::try_from(summed.len() + 9).expect("a short batch").to_be_bytes());
        batch.extend((-1i32).to_be_bytes());
        batch.push(2);
        batch.extend(crc(&summed).to_be_bytes());
        batch.extend(summed);
        batch
    }
}

/// CRC-32C, bit by bit (RFC 3720, appendix B.4).
fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0x82f6_3b78 } else { sum >> 1 };
        }
    }
    !sum
}

fn put_varint(out: &mut Vec<u8>, value: i64) {
    // Zigzag: 0, -1, 1, -2 … become 0, 1, 2, 3.
    let mut rest = i128::from(value) * 2;
    if rest < 0 {
        rest = -rest - 1;
    }
    while rest > 127 {
        out.push(low_byte(rest % 128 + 128));
        rest /= 128;
    }
    out.push(low_byte(rest));
}

const fn low_byte(number: i128) -> u8 {
    number.to_le_bytes()[0]
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_varint(out, bytes.map_or(-1, |bytes| signed(bytes.len())));
    out.extend_from_slice(bytes.unwrap_or_default());
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).expect("a length in memory")
}

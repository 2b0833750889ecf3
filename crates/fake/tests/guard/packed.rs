//! Batches whose records are compressed, made by hand: records, stream and header apart, so that each may be wrong.

use milena_codec::compression::{Compression, Compressor};
use milena_codec::record::{Attributes, BatchHeader, HEADER_BYTES, Header, Stamp, put_record};

use crate::client::NOW_MS;

/// Everything that compresses.
pub(crate) const CODECS: [Compression; 4] =
    [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

/// Values that compress well.
pub(crate) const VALUES: [&str; 5] = [
    "a value that comes again and again, the first",
    "a value that comes again and again, the second",
    "a value that comes again and again, the third",
    "a value that comes again and again, the fourth",
    "a value that comes again and again, the fifth",
];

/// How many they are.
pub(crate) const COUNT: u32 = 5;

/// The records of these values, a millisecond apart from `NOW_MS` on, with a key and a header each.
pub(crate) fn records() -> Vec<u8> {
    records_numbered(|index| index)
}

/// The same with other offset deltas.
pub(crate) fn records_numbered(offset_delta: impl Fn(u32) -> u32) -> Vec<u8> {
    let headers = [Header::new("name", "of a header")];
    let mut records = Vec::new();
    for (index, value) in (0..).zip(VALUES) {
        let delta = offset_delta(index);
        put_record(&mut records, delta, index.into(), Some(b"key"), Some(value.as_bytes()), &headers);
    }
    records
}

/// The stream that a codec makes of some bytes.
pub(crate) fn stream(codec: Compression, content: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut compressor = Compressor::new(codec, None).unwrap();
    compressor.compress_always([content].into_iter(), &mut stream).unwrap();
    stream
}

/// A batch that says of these bytes that they are so many records, compressed with this.
pub(crate) fn batch_of(codec: Compression, count: u32, stream: &[u8]) -> Vec<u8> {
    batch_with(codec, count, stream, |_| {})
}

/// The same with a header that was changed before its CRC was taken.
pub(crate) fn batch_with(
    codec: Compression,
    count: u32,
    stream: &[u8],
    change: impl FnOnce(&mut BatchHeader),
) -> Vec<u8> {
    let mut batch = [&[0; HEADER_BYTES], stream].concat();
    let mut header = BatchHeader::of_producer(count, NOW_MS, NOW_MS + i64::from(count) - 1, Stamp::NONE);
    header.attributes = Attributes::NONE.with_compression(codec);
    change(&mut header);
    header.seal(&mut batch, []);
    batch
}

/// A batch that is as it should be.
pub(crate) fn good(codec: Compression) -> Vec<u8> {
    batch_of(codec, COUNT, &stream(codec, &records()))
}

/// The same under a stamp.
pub(crate) fn good_stamped(codec: Compression, stamp: Stamp) -> Vec<u8> {
    batch_with(codec, COUNT, &stream(codec, &records()), |header| header.stamp = stamp)
}

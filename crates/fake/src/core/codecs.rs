//! Codecs of the brokers: contexts kept from batch to batch, and the bound on the decompressed size of a batch.
//!
//! Every stream that Kafka 4.3.1 rejects is rejected: as undecodable also where Kafka finds an end without records (no
//! bytes of zstd, one byte behind the header of snappy, a second lz4 frame), and returns INVALID_RECORD. These were tried
//! on it and passed there; here they are rejected:
//!
//! * bytes behind a gzip or lz4 stream, and one zero byte behind a snappy stream;
//! * a wrong content size or content checksum of an lz4 frame;
//! * snappy framing of another version than 1, and a second snappy stream behind the first;
//! * more than [`DECOMPRESSED_BYTES_MAX`] bytes of records;
//! * a wrong length of a record inside a batch that keeps its codec: Kafka skips keys and values there and trusts the
//!   lengths of the parts, and consumers fail later.

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::compression::{Compression, Compressor, Decompressor};

use super::rejection::Rejection;

/// Most bytes that the records of one batch decompress to: as many as a request holds without compression
/// (`socket.request.max.bytes`). A batch with more is rejected as one that cannot be decompressed; Kafka has no such
/// bound.
pub(crate) const DECOMPRESSED_BYTES_MAX: usize = 104_857_600;

/// The contexts of the codecs; each is made when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Codecs {
    decompressor: Decompressor,
    /// By id.
    compressors: [Option<Compressor>; Compression::ALL.len()],
}

impl Codecs {
    /// Decompresses the records of a batch.
    ///
    /// UNKNOWN_SERVER_ERROR for a stream that the codec cannot decode, and for more bytes than the bound: a broker
    /// returns this code for every exception of a codec.
    pub(crate) fn decompress(&mut self, compression: Compression, body: &Bytes) -> Result<Bytes, Rejection> {
        if compression == Compression::None {
            return Ok(body.clone());
        }
        let undecodable = |why: &str| {
            let message = format!("compression: cannot decompress the records: {why}");
            Rejection::new(ErrorCode::UNKNOWN_SERVER_ERROR, &message)
        };
        if compression == Compression::Lz4 && has_dependent_blocks(body) {
            return Err(undecodable("the blocks of the lz4 frame depend on each other"));
        }
        let mut records = Vec::new();
        self.decompressor
            .decompress(compression, body, DECOMPRESSED_BYTES_MAX, &mut records)
            .map_err(|error| undecodable(&error.to_string()))?;
        Ok(records.into())
    }

    /// Compresses records and appends them to `batch`, smaller or not.
    pub(crate) fn compress(
        &mut self,
        compression: Compression,
        records: &[u8],
        batch: &mut Vec<u8>,
    ) -> Result<(), Rejection> {
        let failed = |why: String| {
            let message = format!("compression: cannot compress the records: {why}");
            Rejection::new(ErrorCode::UNKNOWN_SERVER_ERROR, &message)
        };
        let Some(slot) = self.compressors.get_mut(usize::from(compression.id())) else {
            return Err(failed(format!("no codec for {compression}")));
        };
        let compressor = match slot {
            Some(compressor) => compressor,
            None => {
                slot.insert(Compressor::new(compression, None).map_err(|error| failed(error.to_string()))?)
            }
        };
        let compressed = compressor.compress_always([records].into_iter(), batch);
        compressed.map_err(|failure| failed(failure.to_string()))
    }
}

/// Whether the descriptor of an LZ4 frame allows blocks that look back into the one before. Brokers reject such a frame
/// (`Lz4BlockOutputStream.FLG.validate`); our decoder reads it.
fn has_dependent_blocks(frame: &[u8]) -> bool {
    const FLAGS_AT: usize = 4;
    const INDEPENDENT: u8 = 1 << 5;
    frame.get(FLAGS_AT).is_some_and(|flags| flags & INDEPENDENT == 0)
}

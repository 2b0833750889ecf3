//! Record batch v2, the only format that Kafka 4 takes (KIP-98; `DefaultRecordBatch.java`, `DefaultRecord.java`).
//!
//! ```text
//!  0  base offset             i64 │ what the CRC does not cover: a broker rewrites it
//!  8  length after this field i32 │
//! 12  partition leader epoch  i32 │
//! 16  magic = 2                i8 │
//! 17  CRC-32C of all that follows │
//! 21  attributes              i16   compression 0–2 · timestamp type 3 · transactional 4 · control 5 · delete horizon 6
//! 23  last offset delta       i32
//! 27  base timestamp          i64
//! 35  max timestamp           i64
//! 43  producer id             i64 │
//! 51  producer epoch          i16 │ the stamp
//! 53  base sequence           i32 │
//! 57  count of records        i32
//! 61  records:  length · attributes (i8, 0) · timestamp delta · offset delta · key · value · headers
//!               (all but the attributes are zigzag varints; a length of -1 is a null)
//! ```
//!
//! # Writing
//!
//! [`OpenBatch`] takes records, and becomes a batch that can be sent, stage by stage. Below it are the steps: room for
//! [`HEADER_BYTES`], then each record by [`put_record`], which encodes it where it will be sent from; when the batch
//! leaves, [`BatchHeader::seal`] writes the header over that room and takes the CRC in one pass.
//!
//! # Reading
//!
//! [`RecordBatch::parse`] checks a batch, and its [`records`](RecordBatch::records) come one by one, borrowed from it.
//! A log and the response to a fetch hold several batches one after the other, read by [`RecordBatches`]. They differ
//! from produced batches:
//!
//! * Base offset and leader epoch are those of the log; the first record's own offset may be gone.
//! * The log cleaner takes records out of a batch and leaves its last offset as it was (KIP-58).
//! * A timestamp may be that of the append ([`TimestampType`]).
//! * Control batches are no data ([`EndTxnMarker`]).
//!
//! Reading is stricter than Java's consumer. Java lets pass, and this crate rejects: a last offset delta that is
//! too small for the records, offset deltas that do not ascend or go beyond it, a length below -1 for a null, names of
//! headers that are not UTF-8, and bytes behind compressed records, or in their place where there are none.
//!
//! A server of Produce requests checks their batches by [`ProducedBatch`], as a broker does.

mod attributes;
mod batch;
mod batches;
mod closed;
mod control;
mod cursor;
mod decode;
mod encode;
mod header;
mod open;
mod produced;
mod split;
#[cfg(test)]
mod tests;

pub use attributes::{Attributes, TimestampType};
pub use batch::{BatchRecords, RecordBatch};
pub use batches::{RecordBatches, batch_bytes};
pub use closed::{ClosedBatch, StampedBatch};
pub use control::{ControlKey, ControlType, EndTxnMarker};
pub use decode::{Record, RecordHeaders, Records};
pub use encode::{
    headers_bytes_max, put_after_value, put_before_value, put_record, record_bytes, record_bytes_max,
};
pub use header::{BatchHeader, HEADER_BYTES, Stamp};
pub use open::{AppendError, BatchLimits, OpenBatch};
pub use produced::{BatchFault, ProducedBatch};
pub use split::{Part, renumber};

use bytes::Bytes;

/// A header of a record: a name, and bytes or null (KIP-82). A record may carry several of one name, in order.
///
/// ```
/// use milena_codec::record::Header;
/// let header = Header::new("trace", "7");
/// assert_eq!((header.name.as_str(), header.value.as_deref()), ("trace", Some(&b"7"[..])));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value; none is a null, which differs from no bytes.
    pub value: Option<Bytes>,
}

impl Header {
    /// A header with a value.
    pub fn new(name: impl Into<String>, value: impl Into<Bytes>) -> Self {
        Self { name: name.into(), value: Some(value.into()) }
    }
}

//! A record in a batch of its own, because no chunk holds it.

use bytes::Bytes;
use milena_codec::record::{HEADER_BYTES, put_after_value, put_before_value, put_record};

use super::entry::RecordRef;

/// From how many bytes on a shared value is not copied: below, one piece costs less than three.
const LENT_FROM: usize = 16 << 10;

/// The bytes of a batch of this record alone, and its value if that can stay where it is.
pub(super) fn encode_alone(record: &RecordRef<'_>) -> (Vec<Vec<u8>>, Option<Bytes>) {
    let RecordRef { key, value, headers, .. } = *record;
    let lent = record.shared_value.filter(|shared| shared.len() > LENT_FROM);
    let mut head = Vec::with_capacity(HEADER_BYTES + record.bytes_max() - lent.map_or(0, Bytes::len));
    head.resize(HEADER_BYTES, 0);
    let Some(lent) = lent else {
        put_record(&mut head, 0, 0, key, value, headers);
        return (vec![head], None);
    };
    put_before_value(&mut head, 0, 0, key, value, headers);
    let mut tail = Vec::new();
    put_after_value(&mut tail, headers);
    (vec![head, tail], Some(lent.clone()))
}

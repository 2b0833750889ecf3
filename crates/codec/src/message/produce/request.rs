//! Writing a Produce request around batches that stay in their own memory.

use bytes::BufMut;

use super::{ProduceRequest, TOPIC_IDS_SINCE};
use crate::ids::{PartitionId, TopicId};
use crate::message::header::RequestHeader;
use crate::message::{Message, Version};
use crate::wire::{EncodeError, put_bytes_length, put_count, put_nullable_str, put_str, varint};

/// The batch of one partition, of which the request's own bytes hold the length alone.
///
/// ```
/// use milena_codec::ids::{PartitionId, TopicId};
/// use milena_codec::message::produce::PartitionRecords;
/// let batch = vec![0; 200];
/// let entry = PartitionRecords {
///     topic: "orders",
///     topic_id: TopicId::ZERO,
///     partition: PartitionId(0),
///     bytes: batch.len(),
/// };
/// assert_eq!(entry.bytes, 200);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PartitionRecords<'a> {
    /// The topic's name, written up to version 12.
    pub topic: &'a str,
    /// The topic's id, written from version 13 on.
    pub topic_id: TopicId,
    /// The partition.
    pub partition: PartitionId,
    /// Length of its batch.
    pub bytes: usize,
}

/// The fields of a Produce request but its batches.
///
/// ```
/// use milena_codec::message::produce::{RequestFrame, put_request};
/// let frame = RequestFrame {
///     version: 9, correlation_id: 1, client_id: Some("app"), transactional_id: None, acks: 0, timeout_ms: 1_000,
/// };
/// let (mut out, mut cuts) = (Vec::new(), Vec::new());
/// put_request(&mut out, &mut cuts, &frame, std::iter::empty())?;
/// assert!(cuts.is_empty());
/// # Ok::<(), milena_codec::wire::EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RequestFrame<'a> {
    /// The version of the request.
    pub version: i16,
    /// Repeated in the response.
    pub correlation_id: i32,
    /// The client's name for itself.
    pub client_id: Option<&'a str>,
    /// None unless the batches belong to a transaction.
    pub transactional_id: Option<&'a str>,
    /// As in [`ProduceRequest::acks`].
    pub acks: i16,
    /// As in [`ProduceRequest::timeout_ms`].
    pub timeout_ms: i32,
}

/// Appends a whole frame, length and header included, but for the batches: `cuts` receives, for each batch in order,
/// the offset in `out` before which its bytes belong.
///
/// Batches of one topic stand next to each other in `batches`. Nothing is allocated but by `out` and `cuts`.
///
/// # Errors
/// [`EncodeError`] when the version does not exist, or something is too long for it.
///
/// ```
/// use milena_codec::ids::{PartitionId, TopicId};
/// use milena_codec::message::produce::{put_request, PartitionRecords, RequestFrame};
///
/// let frame = RequestFrame {
///     version: 9, correlation_id: 1, client_id: None, transactional_id: None, acks: -1, timeout_ms: 30_000,
/// };
/// let batch = PartitionRecords { topic: "t", topic_id: TopicId::ZERO, partition: PartitionId(0), bytes: 100 };
/// let (mut out, mut cuts) = (Vec::new(), Vec::new());
/// put_request(&mut out, &mut cuts, &frame, [batch].into_iter())?;
/// assert_eq!(cuts.len(), 1);
/// let length = u32::from_be_bytes([out[0], out[1], out[2], out[3]]);
/// assert_eq!(length as usize, out.len() - 4 + 100);
/// # Ok::<(), milena_codec::wire::EncodeError>(())
/// ```
pub fn put_request<'a>(
    out: &mut Vec<u8>,
    cuts: &mut Vec<usize>,
    frame: &RequestFrame<'_>,
    batches: impl Iterator<Item = PartitionRecords<'a>> + Clone,
) -> Result<(), EncodeError> {
    if !ProduceRequest::VERSIONS.contains(&frame.version) {
        return Err(EncodeError::UnknownVersion { message: ProduceRequest::NAME, version: frame.version });
    }
    let version = Version::of::<ProduceRequest>(frame.version);
    let start = out.len();
    out.put_i32(0);
    put_head(out, frame, version)?;
    put_topics(out, cuts, batches.clone(), version)?;
    put_no_tags(out, version);

    let length = out.len() - start - 4 + batches.map(|batch| batch.bytes).sum::<usize>();
    let limit = i32::MAX.unsigned_abs() as usize;
    let length = i32::try_from(length).map_err(|_| EncodeError::TooLong { length, limit })?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn put_head(out: &mut Vec<u8>, frame: &RequestFrame<'_>, version: Version) -> Result<(), EncodeError> {
    RequestHeader {
        key: ProduceRequest::KEY,
        version: frame.version,
        correlation_id: frame.correlation_id,
        client_id: frame.client_id,
    }
    .put(out, version.flexible)?;
    put_nullable_str(out, frame.transactional_id, version)?;
    out.put_i16(frame.acks);
    out.put_i32(frame.timeout_ms);
    Ok(())
}

fn put_topics<'a>(
    out: &mut Vec<u8>,
    cuts: &mut Vec<usize>,
    batches: impl Iterator<Item = PartitionRecords<'a>> + Clone,
    version: Version,
) -> Result<(), EncodeError> {
    put_count(out, count_topics(batches.clone()), version)?;
    let mut rest = batches;
    let mut topic_ends = 0;
    loop {
        let same_topic = rest.clone();
        let Some(batch) = rest.next() else { break };
        if topic_ends == 0 {
            topic_ends = same_topic.take_while(|next| next.topic == batch.topic).count();
            put_topic(out, &batch, version)?;
            put_count(out, topic_ends, version)?;
        }
        out.put_i32(batch.partition.0);
        put_bytes_length(out, batch.bytes, version)?;
        cuts.push(out.len());
        put_no_tags(out, version);
        topic_ends -= 1;
        if topic_ends == 0 {
            put_no_tags(out, version);
        }
    }
    Ok(())
}

fn put_topic(out: &mut Vec<u8>, batch: &PartitionRecords<'_>, version: Version) -> Result<(), EncodeError> {
    if version.number >= TOPIC_IDS_SINCE {
        out.put_slice(&batch.topic_id.0);
        Ok(())
    } else {
        put_str(out, batch.topic, version)
    }
}

fn put_no_tags(out: &mut Vec<u8>, version: Version) {
    if version.flexible {
        varint::put_unsigned(out, 0);
    }
}

fn count_topics<'a>(batches: impl Iterator<Item = PartitionRecords<'a>>) -> usize {
    let mut last = None;
    batches.filter(|batch| last.replace(batch.topic) != Some(batch.topic)).count()
}

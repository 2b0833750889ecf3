//! Messages, in every version: what is read can be written, and reads the same again.

use std::fmt::Debug;

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::Decodable;
use milena_codec::message as ours;
use milena_codec::message::header::{RequestHeader, read_response_tags};
use milena_codec::message::produce::AnswerReader;
use milena_codec::message::{Message, Version};
use milena_codec::wire::{Reader, Viewed};

/// The first byte says which message, the second which version.
pub fn responses(input: &[u8]) {
    let [which, version, body @ ..] = input else { return };
    match which % 4 {
        0 => drop(read_again::<ours::ApiVersionsResponse>(*version, body)),
        1 => drop(read_again::<ours::MetadataResponse>(*version, body)),
        2 => drop(read_again::<ours::InitProducerIdResponse>(*version, body)),
        _ => produce_response(*version, body),
    }
    let _ = read_response_tags::<ours::MetadataResponse>(&mut Reader::new(body), 9);
}

/// The first byte says which message, the second which version.
pub fn requests(input: &[u8]) {
    let [which, version, body @ ..] = input else { return };
    let (version, body) = (*version, body);
    match which % 7 {
        0 => guarded::<ours::ApiVersionsRequest, theirs::ApiVersionsRequest>(version, body),
        1 => guarded::<ours::MetadataRequest, theirs::MetadataRequest>(version, body),
        2 => guarded::<ours::InitProducerIdRequest, theirs::InitProducerIdRequest>(version, body),
        3 => guarded::<ours::ProduceRequest, theirs::ProduceRequest>(version, body),
        4 => guarded::<ours::ListOffsetsRequest, theirs::ListOffsetsRequest>(version, body),
        5 => guarded::<ours::FetchRequest, theirs::FetchRequest>(version, body),
        _ => guarded::<ours::CreateTopicsRequest, theirs::CreateTopicsRequest>(version, body),
    }
    let mut input = Reader::new(body);
    let _ = RequestHeader::read(&mut input).and_then(|_| RequestHeader::read_tags(&mut input));
}

/// The version that a byte stands for.
pub(crate) fn version_of<M: Message>(byte: u8) -> Version {
    let (first, last) = (*M::VERSIONS.start(), *M::VERSIONS.end());
    Version::of::<M>(first + i16::from(byte) % (last - first + 1))
}

fn read_again<M: Message + PartialEq + Debug>(version: u8, body: &[u8]) -> Option<M> {
    let version = version_of::<M>(version);
    let message = M::decode_exact(body, version).ok()?;
    let mut written = Vec::new();
    if message.encode(&mut written, version).is_ok() {
        let again = M::decode_exact(&written, version);
        assert_eq!(again.as_ref(), Ok(&message), "what was read is written as something else");
    }
    Some(message)
}

/// The two readers of an answer to Produce agree.
fn produce_response(version: u8, body: &[u8]) {
    let number = version_of::<ours::ProduceResponse>(version).number;
    let whole = read_again::<ours::ProduceResponse>(version, body);
    let mut partitions = Vec::new();
    let one_by_one = AnswerReader::new(body, number).and_then(|mut reader| {
        while let Some(answer) = reader.next_partition()? {
            partitions.push((answer.index, answer.error_code, answer.base_offset));
        }
        let (throttle_time_ms, endpoints) = reader.finish()?;
        Ok((throttle_time_ms, Vec::own(&endpoints)))
    });
    let Some(whole) = whole else { return };
    assert_eq!(one_by_one, Ok((whole.throttle_time_ms, whole.node_endpoints)));
    let expected = whole.responses.iter().flat_map(|topic| &topic.partition_responses);
    let expected: Vec<_> = expected.map(|one| (one.index, one.error_code, one.base_offset)).collect();
    assert_eq!(partitions, expected);
}

/// What our bounded reader lets through does not break the reader behind it.
fn guarded<M: Message + PartialEq + Debug, T: Decodable>(version: u8, body: &[u8]) {
    if read_again::<M>(version, body).is_some() {
        let number = version_of::<M>(version).number;
        let _ = T::decode(&mut Bytes::copy_from_slice(body), number);
    }
}

//! Messages, in every version: what is read can be written, and reads the same again.

use std::fmt::Debug;

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::Decodable;
use milena_codec::message as ours;
use milena_codec::message::header::{RequestHeader, read_response_tags};
use milena_codec::message::produce::ResponseReader;
use milena_codec::message::{Message, Version};
use milena_codec::wire::Reader;

/// Reads the body of a message in the version that a byte stands for.
type Read = fn(u8, &[u8]);

macro_rules! tables {
    (requests: $($request:ident)*; responses: $($response:ident)*;) => {
        const REQUESTS: &[Read] = &[$(guarded::<ours::$request, theirs::$request>),*];
        const RESPONSES: &[Read] = &[$(read_again::<ours::$response>),*];
    };
}

milena_codec::for_each_message!(tables);

/// The first byte chooses the message, the second the version.
pub fn responses(input: &[u8]) {
    let [which, version, body @ ..] = input else { return };
    chosen(RESPONSES, *which)(*version, body);
    produce_response(*version, body);
    let _ = read_response_tags::<ours::MetadataResponse>(&mut Reader::new(body), 9);
}

/// The first byte chooses the message, the second the version.
pub fn requests(input: &[u8]) {
    let [which, version, body @ ..] = input else { return };
    chosen(REQUESTS, *which)(*version, body);
    let mut input = Reader::new(body);
    let _ = RequestHeader::read(&mut input).and_then(|_| RequestHeader::read_tags(&mut input));
}

/// One of a table.
pub(crate) fn chosen<T: Copy>(table: &[T], which: u8) -> T {
    table[usize::from(which) % table.len()]
}

/// The version that a byte stands for.
pub(crate) fn version_of<M: Message>(byte: u8) -> Version {
    let (first, last) = (*M::VERSIONS.start(), *M::VERSIONS.end());
    Version::of::<M>(first + i16::from(byte) % (last - first + 1))
}

fn read_again<M: Message + PartialEq + Debug>(version: u8, body: &[u8]) {
    let version = version_of::<M>(version);
    let Ok(message) = M::decode_exact(body, version) else { return };
    let mut written = Vec::new();
    if message.encode(&mut written, version).is_ok() {
        let again = M::decode_exact(&written, version);
        assert_eq!(again.as_ref(), Ok(&message), "what was read is written as something else");
    }
    assert_eq!(M::decode_shared(&Bytes::copy_from_slice(body), version), Ok(message));
}

/// A request that our bounded reader accepts does not break the reader behind it.
fn guarded<M: Message + PartialEq + Debug, T: Decodable>(version: u8, body: &[u8]) {
    read_again::<M>(version, body);
    let version = version_of::<M>(version);
    if M::decode_exact(body, version).is_ok() {
        let _ = T::decode(&mut Bytes::copy_from_slice(body), version.number);
    }
}

/// `ResponseReader` agrees with the table.
fn produce_response(version: u8, body: &[u8]) {
    let version = version_of::<ours::ProduceResponse>(version);
    let mut partitions = Vec::new();
    let one_by_one = ResponseReader::new(body, version.number).and_then(|mut reader| {
        while let Some(result) = reader.next_partition()? {
            let errors: Vec<_> = result.record_errors.map(ours::BatchIndexAndErrorMessage::from).collect();
            partitions.push((result.index, result.error_code, result.base_offset, errors));
        }
        let (throttle_time_ms, endpoints) = reader.finish()?;
        Ok((throttle_time_ms, endpoints.map(ours::NodeEndpoint::from).collect()))
    });
    let whole = ours::ProduceResponse::decode_exact(body, version);
    let ends = whole.clone().map(|whole| (whole.throttle_time_ms, whole.node_endpoints));
    assert_eq!(one_by_one, ends);
    let Ok(whole) = whole else { return };
    let expected = whole.responses.into_iter().flat_map(|topic| topic.partition_responses);
    let expected: Vec<_> =
        expected.map(|one| (one.index, one.error_code, one.base_offset, one.record_errors)).collect();
    assert_eq!(partitions, expected);
}

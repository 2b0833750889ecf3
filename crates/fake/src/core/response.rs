//! Writing a response by kafka-protocol: length, header, body.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ResponseHeader;
use kafka_protocol::protocol::{Encodable, StrBytes};
use milena_codec::ErrorCode;
use milena_codec::message::{ApiKey, Message, Version};

/// The response of an API to a request.
#[derive(Debug)]
pub(crate) enum Response {
    /// A whole frame.
    Frame(Bytes),
    /// No response, as for `acks=0`.
    None,
    /// No response, and the connection closes.
    Close,
    /// No response yet: the request is served again after the next append.
    NotYet,
}

/// Writes the response frame to a request of type `M`. A message that the version cannot carry closes the
/// connection, which no test can miss.
pub(crate) fn frame<M: Message>(correlation_id: i32, version: i16, body: &impl Encodable) -> Response {
    let mut bytes = BytesMut::new();
    bytes.put_i32(0);
    let has_tags = Version::of::<M>(version).flexible && M::KEY != ApiKey::API_VERSIONS;
    let mut header = ResponseHeader::default();
    header.correlation_id = correlation_id;
    let written = header
        .encode(&mut bytes, i16::from(has_tags))
        .and_then(|()| body.encode(&mut bytes, version))
        .map(|()| finish(bytes));
    written.map_or(Response::Close, Response::Frame)
}

/// Writes the length of a frame into the room left for it.
pub(crate) fn finish(mut bytes: BytesMut) -> Bytes {
    let length = u32::try_from(bytes.len() - 4).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    bytes.freeze()
}

/// The error message of a code: the given one, or else Kafka's name of the code.
pub(crate) fn error_message(code: ErrorCode, message: Option<String>) -> Option<StrBytes> {
    match (code, message) {
        (ErrorCode::NONE, _) => None,
        (_, Some(message)) => Some(StrBytes::from_string(message)),
        (code, None) => Some(StrBytes::from_string(code.to_string())),
    }
}

//! Writing an answer by kafka-protocol: length, header, body.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ResponseHeader;
use kafka_protocol::protocol::{Encodable, StrBytes};
use milena_codec::ErrorCode;
use milena_codec::message::{ApiKey, Message, Version};

/// What an API says to a request.
#[derive(Debug)]
pub(crate) enum Response {
    /// A whole frame.
    Frame(Bytes),
    /// Nothing, as `acks=0` asks for.
    None,
    /// Nothing, and the connection closes.
    Close,
    /// Nothing yet: worth asking again when something was appended.
    NotYet,
}

/// Writes the frame that answers a request of type `M`. A message that the version cannot carry closes the
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

/// The broker's words for a code: Kafka's name of it, where there are none of its own.
pub(crate) fn error_message(code: ErrorCode, message: Option<String>) -> Option<StrBytes> {
    match (code, message) {
        (ErrorCode::NONE, _) => None,
        (_, Some(message)) => Some(StrBytes::from_string(message)),
        (code, None) => Some(StrBytes::from_string(code.to_string())),
    }
}

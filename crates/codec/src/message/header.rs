//! The headers before each message on a connection: the request header and the response header.
//!
//! A flexible request has header 2, any other header 1. A flexible response has header 1, any other header 0;
//! the response to ApiVersions has header 0 in every version, because its reader may not know the version yet
//! (KIP-511).

use bytes::BufMut;

use super::{ApiKey, Message, Version};
use crate::wire::{DecodeError, EncodeError, Field, Reader, varint};

/// The header of a request: `RequestHeader.json`, versions 1 and 2.
///
/// ```
/// use milena_codec::message::ApiKey;
/// use milena_codec::message::header::RequestHeader;
/// use milena_codec::wire::Reader;
/// let header = RequestHeader { key: ApiKey::METADATA, version: 12, correlation_id: 7, client_id: Some("app") };
/// let mut bytes = Vec::new();
/// header.put(&mut bytes, true)?;
/// let mut input = Reader::new(&bytes);
/// assert_eq!(RequestHeader::read(&mut input)?, header);
/// RequestHeader::read_tags(&mut input)?;
/// input.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHeader<'a> {
    /// The API of the request.
    pub key: ApiKey,
    /// The version of the request.
    pub version: i16,
    /// Repeated in the response, and matches it to its request.
    pub correlation_id: i32,
    /// The client's name for itself, in the broker's log and quotas.
    pub client_id: Option<&'a str>,
}

impl<'a> RequestHeader<'a> {
    /// Appends the header; `flexible` as the request's version is.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] for a client id over 32 767 bytes.
    pub fn put(&self, out: &mut Vec<u8>, flexible: bool) -> Result<(), EncodeError> {
        out.put_i16(self.key.0);
        out.put_i16(self.version);
        out.put_i32(self.correlation_id);
        // The client id keeps its old form in header 2.
        crate::wire::put_nullable_str(out, self.client_id, Version { number: 1, flexible: false })?;
        if flexible {
            varint::put_unsigned(out, 0);
        }
        Ok(())
    }

    /// Reads the fixed part of a header, which is the same in every version.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are no header.
    pub fn read(input: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            key: ApiKey(input.i16()?),
            version: input.i16()?,
            correlation_id: input.i32()?,
            client_id: crate::wire::read_str(input, Version { number: 1, flexible: false })?,
        })
    }

    /// Passes over the tagged fields that end a header of version 2.
    ///
    /// # Errors
    /// [`DecodeError`] when they are malformed.
    pub fn read_tags(input: &mut Reader<'a>) -> Result<(), DecodeError> {
        input.tagged_fields(|_, _| Ok(false))
    }
}

/// Appends a whole request: header and message, without the length before them.
///
/// # Errors
/// [`EncodeError`] when the version cannot carry the message.
///
/// ```
/// use milena_codec::message::{header, ApiVersionsRequest};
/// let mut bytes = Vec::new();
/// header::put_request(&mut bytes, &ApiVersionsRequest::default(), 0, 7, Some("milena"))?;
/// assert_eq!(bytes[..8], [0, 18, 0, 0, 0, 0, 0, 7]);
/// # Ok::<(), milena_codec::wire::EncodeError>(())
/// ```
pub fn put_request<M: Message>(
    out: &mut Vec<u8>,
    request: &M,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
) -> Result<(), EncodeError> {
    let form = Version::of::<M>(version);
    RequestHeader { key: M::KEY, version, correlation_id, client_id }.put(out, form.flexible)?;
    request.encode(out, form)
}

/// Appends a whole response: header and message, without the length before them.
///
/// # Errors
/// [`EncodeError`] when the version cannot carry the message.
///
/// ```
/// use milena_codec::message::{EndTxnResponse, header};
/// let mut bytes = Vec::new();
/// header::put_response(&mut bytes, &EndTxnResponse::default(), 0, 7)?;
/// assert_eq!(bytes, [0, 0, 0, 7, 0, 0, 0, 0, 0, 0]);
/// # Ok::<(), milena_codec::wire::EncodeError>(())
/// ```
pub fn put_response<M: Message>(
    out: &mut Vec<u8>,
    response: &M,
    version: i16,
    correlation_id: i32,
) -> Result<(), EncodeError> {
    correlation_id.put(out, Version::of::<M>(version))?;
    if has_tags::<M>(version) {
        varint::put_unsigned(out, 0);
    }
    response.encode(out, Version::of::<M>(version))
}

/// Reads the rest of a response's header after its correlation id.
///
/// # Errors
/// [`DecodeError`] when its tagged fields are malformed.
///
/// ```
/// use milena_codec::message::{EndTxnResponse, Message, Version, header};
/// use milena_codec::wire::Reader;
/// let mut frame = Vec::new();
/// header::put_response(&mut frame, &EndTxnResponse::default(), 3, 7)?;
/// let mut input = Reader::new(&frame);
/// assert_eq!(input.i32()?, 7, "the correlation id");
/// header::read_response_tags::<EndTxnResponse>(&mut input, 3)?;
/// let response = EndTxnResponse::decode(&mut input, Version::of::<EndTxnResponse>(3))?;
/// assert_eq!(response, EndTxnResponse::default());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_response_tags<M: Message>(input: &mut Reader<'_>, version: i16) -> Result<(), DecodeError> {
    match has_tags::<M>(version) {
        true => input.tagged_fields(|_, _| Ok(false)),
        false => Ok(()),
    }
}

fn has_tags<M: Message>(version: i16) -> bool {
    Version::of::<M>(version).flexible && M::KEY != ApiKey::API_VERSIONS
}

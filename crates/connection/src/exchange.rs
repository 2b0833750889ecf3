//! Requests as frames, and responses from frames, for the callers of a session.

use milena_codec::frame::LENGTH_BYTES;
use milena_codec::message::{Message, Version, header};
use milena_codec::wire::{DecodeError, EncodeError, Reader};
use secrecy::zeroize::Zeroizing;

/// Encodes a request as a whole frame: length, header, message.
///
/// # Errors
/// [`EncodeError`] if the version cannot carry the message, or the length of the frame does not fit into 32 bits.
///
/// ```
/// use milena_codec::message::ApiVersionsRequest;
/// let frame = milena_connection::encode_request(&ApiVersionsRequest::default(), 0, 7, None)?;
/// assert_eq!(frame, [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]);
/// # Ok::<(), milena_codec::wire::EncodeError>(())
/// ```
pub fn encode_request<M: Message>(
    request: &M,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
) -> Result<Vec<u8>, EncodeError> {
    let mut frame = vec![0; LENGTH_BYTES];
    encode_into(&mut frame, request, version, correlation_id, client_id)?;
    Ok(frame)
}

/// The same for a request with `secret_bytes` of a secret: the frame is wiped when it is dropped, and never grows, so that no
/// copy is left in memory.
pub(crate) fn encode_secret_request<M: Message>(
    request: &M,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
    secret_bytes: usize,
) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
    let names = client_id.map_or(0, str::len);
    let mut frame = Zeroizing::new(Vec::with_capacity(LENGTH_BYTES + HEAD_BYTES + names + secret_bytes));
    frame.resize(LENGTH_BYTES, 0);
    encode_into(&mut frame, request, version, correlation_id, client_id)?;
    Ok(frame)
}

/// More bytes than a request header and the lengths in a SASL message, without the client id.
const HEAD_BYTES: usize = 64;

/// Appends a request to `frame`, which has room for the length already, and writes the length.
fn encode_into<M: Message>(
    frame: &mut Vec<u8>,
    request: &M,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
) -> Result<(), EncodeError> {
    header::put_request(frame, request, version, correlation_id, client_id)?;
    let length = frame.len() - LENGTH_BYTES;
    let too_long = |_| EncodeError::TooLong { length, limit: i32::MAX.unsigned_abs() as usize };
    let prefix = i32::try_from(length).map_err(too_long)?.to_be_bytes();
    frame[..LENGTH_BYTES].copy_from_slice(&prefix);
    Ok(())
}

/// Decodes the response in `body`, which begins after the correlation id and ends with the response.
///
/// # Errors
/// [`DecodeError`] with the position, counted from the start of `body`.
pub fn decode_response<M: Message>(body: &[u8], version: i16) -> Result<M, DecodeError> {
    let mut input = Reader::new(body);
    header::read_response_tags::<M>(&mut input, version)?;
    let response = M::decode(&mut input, Version::of::<M>(version))?;
    input.finish()?;
    Ok(response)
}

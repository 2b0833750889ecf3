//! Frames: a 32-bit length, then that many bytes. TLS, HTTP and SSH are recognised by the bytes where the length stands.

use std::fmt;

/// Bytes of the length that stands before each frame.
///
/// ```
/// use milena_codec::frame::{LENGTH_BYTES, next_frame};
/// let received = [0, 0, 0, 2, 7, 8, 0, 0];
/// let content = next_frame(&received, 100)?.map(|bytes| &received[LENGTH_BYTES..LENGTH_BYTES + bytes]);
/// assert_eq!(content, Some(&[7, 8][..]));
/// # Ok::<(), milena_codec::frame::FrameError>(())
/// ```
pub const LENGTH_BYTES: usize = 4;

/// An invalid length of a frame.
///
/// ```
/// use milena_codec::frame::next_frame;
/// let error = next_frame(&[0, 0, 1, 0], 100).unwrap_err();
/// assert_eq!((error.length, error.limit, error.detected), (256, 100, None));
/// assert_eq!(error.to_string(), "frame of 256 bytes, the limit is 100");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameError {
    /// The length that the peer sent.
    pub length: i32,
    /// The most that was allowed.
    pub limit: usize,
    /// Another protocol than Kafka's that the bytes belong to, if they were recognised.
    pub detected: Option<DetectedProtocol>,
}

/// A protocol that was recognised by its first four bytes.
///
/// ```
/// use milena_codec::frame::{DetectedProtocol, next_frame};
/// let alert = [0x15, 3, 3, 0, 2, 2, 70];
/// assert_eq!(next_frame(&alert, 1 << 20).unwrap_err().detected, Some(DetectedProtocol::Tls));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DetectedProtocol {
    /// A TLS record: an alert or a handshake.
    Tls,
    /// An HTTP response.
    Http,
    /// An SSH banner.
    Ssh,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detected {
            Some(DetectedProtocol::Tls) => {
                f.write_str("the port serves TLS: connect with TLS, or to the plaintext port")
            }
            Some(DetectedProtocol::Http) => f.write_str("the port serves HTTP: it is not a Kafka port"),
            Some(DetectedProtocol::Ssh) => f.write_str("the port serves SSH: it is not a Kafka port"),
            None => write!(f, "frame of {} bytes, the limit is {}", self.length, self.limit),
        }
    }
}

impl std::error::Error for FrameError {}

/// Looks for a whole frame at the start of `received`: the length of its content, which begins after
/// [`LENGTH_BYTES`]; none while bytes are missing.
///
/// # Errors
/// [`FrameError`] as soon as the length is there and is negative or above `limit`. Nothing needs to be allocated for
/// a frame before its length was checked.
///
/// ```
/// use milena_codec::frame::{next_frame, DetectedProtocol};
/// assert_eq!(next_frame(&[0, 0, 0, 2, 7], 100), Ok(None));
/// assert_eq!(next_frame(&[0, 0, 0, 2, 7, 8, 9], 100), Ok(Some(2)));
/// assert_eq!(next_frame(b"HTTP/1.1 400", 100_000_000).unwrap_err().detected, Some(DetectedProtocol::Http));
/// ```
pub fn next_frame(received: &[u8], limit: usize) -> Result<Option<usize>, FrameError> {
    let Some(content) = frame_length(received, limit)? else { return Ok(None) };
    Ok((received.len() - LENGTH_BYTES >= content).then_some(content))
}

/// Reads the length of the frame that `received` begins with; none while its four bytes are not all there.
///
/// # Errors
/// [`FrameError`] when it is negative or above `limit`.
///
/// ```
/// use milena_codec::frame::frame_length;
/// assert_eq!(frame_length(&[0, 0, 0], 100), Ok(None));
/// assert_eq!(frame_length(&[0, 0, 0, 9], 100), Ok(Some(9)));
/// assert!(frame_length(&[0, 0, 0, 101], 100).is_err());
/// ```
pub fn frame_length(received: &[u8], limit: usize) -> Result<Option<usize>, FrameError> {
    let Some(prefix) = received.first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let length = i32::from_be_bytes(*prefix);
    usize::try_from(length).ok().filter(|content| *content <= limit).map(Some).ok_or_else(|| FrameError {
        length,
        limit,
        detected: recognise(*prefix),
    })
}

fn recognise(prefix: [u8; LENGTH_BYTES]) -> Option<DetectedProtocol> {
    match &prefix {
        // Content types alert and handshake, protocol version 3.x (RFC 8446, 5.1).
        [0x15 | 0x16, 3, 0..=4, _] => Some(DetectedProtocol::Tls),
        b"HTTP" => Some(DetectedProtocol::Http),
        b"SSH-" => Some(DetectedProtocol::Ssh),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_alert_is_recognised_before_anything_is_allocated() {
        let alert = [0x15, 3, 3, 0, 2, 2, 70];
        let error = next_frame(&alert, 100_000_000).unwrap_err();
        assert_eq!(error.detected, Some(DetectedProtocol::Tls));
        assert_eq!(error.length, 352_518_912);
    }

    #[test]
    fn a_negative_length_and_one_above_the_limit_are_refused() {
        for (prefix, limit) in [([0xff; 4], 100), ([0, 0, 0, 101], 100)] {
            assert_eq!(next_frame(&prefix, limit).unwrap_err().limit, limit);
        }
        assert_eq!(next_frame(&[0, 0, 0, 100], 100), Ok(None));
    }

    #[test]
    fn an_empty_frame_is_a_frame() {
        assert_eq!(next_frame(&[0; 4], 0), Ok(Some(0)));
    }
}

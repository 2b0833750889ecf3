//! The payloads that a session sends, and the events that it returns.

use std::ops::Range;

use milena_codec::message::ApiKey;

use crate::sasl::Work;

/// The bytes of a request: a whole frame, its length included, in pieces that lie anywhere.
///
/// The stream gets the pieces as they are. They must stay the same, in number and content, until the session returns the
/// payload.
pub trait Payload {
    /// The number of pieces; at least one of them holds bytes.
    fn pieces(&self) -> usize;

    /// A piece, `index` below [`pieces`](Self::pieces). It may be empty.
    fn piece(&self, index: usize) -> &[u8];
}

impl Payload for Vec<u8> {
    fn pieces(&self) -> usize {
        1
    }

    fn piece(&self, _: usize) -> &[u8] {
        self
    }
}

/// Whether the broker responds to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseExpected {
    /// The broker responds: the request is in flight until its response.
    Yes,
    /// The broker does not respond (Produce with `acks=0`): the request is done once its last byte is written.
    No,
}

/// An event of a session.
#[derive(Debug)]
pub enum Event<P> {
    /// The versions are negotiated, and the broker accepted the credentials, if there are some: requests may be sent. Comes once.
    Ready,
    /// Work that a state machine cannot do: [`run`](Work::run) it beside everything else, and pass the outcome to
    /// [`Session::resume`](super::Session::resume).
    Work(Work),
    /// The session authenticated again, before the broker would have closed the connection (KIP-368).
    Reauthenticated,
    /// A response came.
    Response {
        /// The correlation id of the request.
        correlation_id: i32,
        /// The request.
        payload: P,
        /// The place of the response behind its correlation id, for [`Session::bytes`](super::Session::bytes).
        body: Range<usize>,
    },
    /// The last byte of a request without a response was written.
    Written {
        /// The request.
        payload: P,
    },
}

/// The disposition of a request at the end of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Not every byte of the request was written: no broker can have acted on it.
    NotSent,
    /// The request was written, and no response came: a broker may have acted on it.
    Unanswered,
    /// The request has no response, and was written: an [`Event::Written`] that was not taken.
    Written,
}

/// The API of the request in `payload`: two bytes after the length.
pub(super) fn api_of(payload: &impl Payload) -> Option<ApiKey> {
    let mut header = (0..payload.pieces()).flat_map(|index| payload.piece(index)).skip(4).copied();
    Some(ApiKey(i16::from_be_bytes([header.next()?, header.next()?])))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytewise(&'static [u8]);

    impl Payload for Bytewise {
        fn pieces(&self) -> usize {
            self.0.len()
        }

        fn piece(&self, index: usize) -> &[u8] {
            &self.0[index..=index]
        }
    }

    #[test]
    fn the_api_is_found_however_the_frame_is_cut() {
        let frame = [0, 0, 0, 4, 0, 3, 0, 12];
        assert_eq!(api_of(&frame.to_vec()), Some(ApiKey::METADATA));
        assert_eq!(api_of(&Bytewise(&[0, 0, 0, 4, 0, 3, 0, 12])), Some(ApiKey::METADATA));
        assert_eq!(api_of(&vec![0, 0, 0, 1, 0]), None);
    }
}

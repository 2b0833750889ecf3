//! What a session sends, and what it says about it afterwards.

use std::ops::Range;

use milena_codec::message::ApiKey;

use crate::sasl::Work;

/// The bytes of a request: a whole frame, its length included, in pieces that lie anywhere.
///
/// The session hands the pieces to the system as they are. They must stay the same, in number and content, until the
/// session gives the payload back.
pub trait Payload {
    /// How many pieces there are; at least one of them holds bytes.
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

/// Whether the broker answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// It does: the request is in flight until it is answered.
    Answer,
    /// It does not (Produce with `acks=0`): the request is done once its last byte is written.
    Nothing,
}

/// What a session has to tell.
#[derive(Debug)]
pub enum Event<P> {
    /// The versions are negotiated, and the broker knows who we are: requests may be sent from now on. Comes once.
    Ready,
    /// The session needs something done that it cannot do itself: [`run`](Work::run) it beside everything else, and
    /// give the outcome to [`Session::resume`](super::Session::resume).
    Work(Work),
    /// The broker was told again who we are, before it would have closed the connection (KIP-368).
    Reauthenticated,
    /// A request was answered.
    Answered {
        /// Which.
        correlation_id: i32,
        /// What was sent.
        payload: P,
        /// Where the answer lies, for [`Session::bytes`](super::Session::bytes): what follows the correlation id.
        body: Range<usize>,
    },
    /// The last byte of a request that no answer is awaited for was handed to the system.
    Written {
        /// What was sent.
        payload: P,
    },
}

/// What became of a request that the end of its session overtook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not every byte of it was handed to the system: no broker can have acted on it.
    NotSent,
    /// All of it was handed to the system, and no answer came: a broker may have acted on it or not.
    Unanswered,
    /// All of it was handed to the system and no answer was awaited: an [`Event::Written`] that nobody took.
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

//! A broker's genuine response, which a peer falsifies.

use milena_codec::message::{Message, Version, header};
use milena_codec::wire::Reader;

/// An honest answer.
#[derive(Clone, Debug)]
pub struct Honest {
    /// The whole frame, its length included.
    pub frame: Vec<u8>,
    /// The version of the request.
    pub version: i16,
    /// How many lies this peer told before.
    pub turn: usize,
}

impl Honest {
    /// The number of the request.
    #[must_use]
    pub fn correlation_id(&self) -> i32 {
        let bytes = self.frame.get(4..8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(-1, i32::from_be_bytes)
    }

    /// The same answer with something changed in it.
    ///
    /// # Panics
    /// When the answer is of another kind, or cannot be written.
    #[expect(clippy::unwrap_used, reason = "a mistake in the test")]
    #[must_use]
    pub fn changed<M: Message>(&self, change: impl FnOnce(&mut M)) -> Vec<u8> {
        let mut input = Reader::new(&self.frame[8..]);
        header::read_response_tags::<M>(&mut input, self.version).unwrap();
        let mut message = M::decode(&mut input, Version::of::<M>(self.version)).unwrap();
        change(&mut message);
        self.instead(&message)
    }

    /// Another message in its place.
    ///
    /// # Panics
    /// When it cannot be written.
    #[expect(clippy::unwrap_used, reason = "a mistake in the test")]
    #[must_use]
    pub fn instead<M: Message>(&self, message: &M) -> Vec<u8> {
        let mut frame = vec![0; 4];
        header::put_response(&mut frame, message, self.version, self.correlation_id()).unwrap();
        framed(frame)
    }

    /// These bytes in the place of what follows the header, whose tags are among them.
    #[must_use]
    pub fn body(&self, body: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 4];
        frame.extend_from_slice(&self.correlation_id().to_be_bytes());
        frame.extend_from_slice(body);
        framed(frame)
    }

    /// With the first of these bytes replaced by others of the same number, and as it was where there are none.
    #[must_use]
    pub fn replaced(&self, old: &[u8], new: &[u8]) -> Vec<u8> {
        let mut frame = self.frame.clone();
        if let Some(at) = frame.windows(old.len()).position(|window| window == old) {
            frame[at..at + old.len()].copy_from_slice(&new[..old.len()]);
        }
        frame
    }
}

/// Writes the length of a frame into its first four bytes.
fn framed(mut frame: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(frame.len() - 4).unwrap_or(u32::MAX);
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame
}

//! How an answer leaves: at once or in pieces, behind another one, and what becomes of the connection with it.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use milena_codec::message::ApiKey;

use super::Connection;
use super::request::Call;
use crate::hook::Action;

/// What the shell has to do for a connection.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Write these bytes, not before `at`.
    Send { bytes: Bytes, at: Duration },
    /// From now on frames hold what a SASL mechanism says and nothing else, or do so no more.
    Bare(bool),
    /// Close, once everything was written.
    Close,
}

impl Connection {
    /// What to do about an answer whose time is `at`.
    pub(super) fn reply(
        &mut self,
        call: &Call,
        action: Option<&Action>,
        response: Option<Bytes>,
        at: Duration,
    ) -> Vec<Effect> {
        let mut effects = match (response, action) {
            (None, _) => Vec::new(),
            (Some(bytes), Some(Action::Overtaken)) => {
                self.overtaken.push(bytes);
                Vec::new()
            }
            (Some(bytes), Some(Action::Drip { bytes: most, every })) => dripped(&bytes, *most, *every, at),
            (Some(bytes), _) => vec![Effect::Send { bytes, at }],
        };
        if !effects.is_empty() {
            let overtaken = std::mem::take(&mut self.overtaken);
            effects.extend(overtaken.into_iter().map(|bytes| Effect::Send { bytes, at }));
        }
        if matches!(call.head.api, ApiKey::SASL_HANDSHAKE | ApiKey::SASL_AUTHENTICATE) {
            effects.push(Effect::Bare(self.sasl.is_bare()));
        }
        if self.closes {
            effects.push(Effect::Close);
        }
        effects
    }
}

/// An answer in pieces, each so much later than the one before.
fn dripped(frame: &Bytes, bytes: usize, every: Duration, at: Duration) -> Vec<Effect> {
    let pieces = frame.chunks(bytes.max(1)).scan(at, |at, piece| {
        let effect = Effect::Send { bytes: frame.slice_ref(piece), at: *at };
        *at += every;
        Some(effect)
    });
    pieces.collect()
}

/// A frame's answer to a request that nobody sent.
pub(super) fn with_another_id(frame: &Bytes) -> Bytes {
    let mut spoilt = BytesMut::from(&frame[..]);
    if let Some(id) = spoilt.get_mut(4..8) {
        id[0] ^= 0x55;
    }
    spoilt.freeze()
}

pub(super) fn twice(frame: &Bytes) -> Bytes {
    let mut both = BytesMut::with_capacity(2 * frame.len());
    both.put_slice(frame);
    both.put_slice(frame);
    both.freeze()
}

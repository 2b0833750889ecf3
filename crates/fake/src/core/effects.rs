//! The effects of a response on its connection: sent at once, in pieces or behind the next response; raw SASL frames; close.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use milena_codec::message::ApiKey;

use super::Connection;
use super::request::Call;
use crate::hook::Action;

/// An action of the shell on a connection.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Write these bytes, not before `at`.
    Send { bytes: Bytes, at: Duration },
    /// Whether the following frames hold the bytes of a SASL mechanism without Kafka's headers.
    Bare(bool),
    /// Close, once everything was written.
    Close,
}

impl Connection {
    /// The effects of a response that is sent at `at`.
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

/// A response in pieces, each `every` later than the one before.
fn dripped(frame: &Bytes, bytes: usize, every: Duration, at: Duration) -> Vec<Effect> {
    let pieces = frame.chunks(bytes.max(1)).scan(at, |at, piece| {
        let effect = Effect::Send { bytes: frame.slice_ref(piece), at: *at };
        *at += every;
        Some(effect)
    });
    pieces.collect()
}

/// A response with the correlation id of no request.
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

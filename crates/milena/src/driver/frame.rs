//! A Produce request as the payload of a session: the pieces are written from where the broker sender encoded them.

use std::time::Instant;

use milena_connection::session::Payload;
use milena_sender::broker_sender::ProduceRequest;

/// A Produce request that is queued or in flight.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) request: ProduceRequest,
    /// When the request was handed to the session.
    pub(super) sent: Instant,
}

impl Payload for Frame {
    fn pieces(&self) -> usize {
        self.request.pieces()
    }

    fn piece(&self, index: usize) -> &[u8] {
        self.request.piece(index)
    }
}

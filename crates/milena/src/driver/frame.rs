//! A Produce request as the payload of a session: the pieces are written from where the broker sender encoded them.

use milena_connection::session::Payload;
use milena_sender::broker_sender::ProduceRequest;

/// A Produce request that is queued or in flight.
#[derive(Debug)]
pub(super) struct Frame(pub(super) ProduceRequest);

impl Payload for Frame {
    fn pieces(&self) -> usize {
        self.0.pieces()
    }

    fn piece(&self, index: usize) -> &[u8] {
        self.0.piece(index)
    }
}

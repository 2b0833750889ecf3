//! A Produce request as a session carries it: the pieces go out from where the broker sender encoded them.

use milena_connection::session::Payload;
use milena_sender::broker_sender::ProduceRequest;

/// The request, on its way.
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

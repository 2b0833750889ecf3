//! The next request of a broker sender, out of the batches of the partitions that are ready.

use std::time::Instant;

use super::schedule::{PollReason, Scheduled};
use super::{BrokerSender, ProduceRequest};
use crate::partition_sender::{BatchResponse, Next};

impl BrokerSender {
    /// Gathers the next request: at most one batch a partition.
    pub(super) fn build(&mut self, now: Instant) -> Option<ProduceRequest> {
        let version = self.version?;
        let mut request = self.spares.pop().unwrap_or_default();
        let mut bytes = 0;
        for _ in 0..self.schedule.ready.len() {
            let Some(serial) = self.schedule.ready.pop_front() else { break };
            let Some(Scheduled { sender, marks }) = self.partition_senders.get_mut(&serial) else { continue };
            marks.note_unlisted();
            match sender.next(now, self.identity, &self.config.partition_sender, &mut self.completer) {
                Next::Busy => self.schedule.poll_later(serial, PollReason::StateChanged),
                Next::Nothing => self.poll_partition(serial, now, PollReason::StateChanged),
                Next::InFlightBatch(in_flight_batch) if in_flight_batch.batch.is_beyond(version.0) => {
                    self.on_batch_response(
                        now,
                        in_flight_batch,
                        &BatchResponse::CodecTooNew { produce: version },
                        None,
                    );
                }
                Next::InFlightBatch(in_flight_batch) => {
                    let more = in_flight_batch.batch.bytes();
                    if request.batches() > 0 && bytes + more > self.request_bytes_max {
                        sender.put_back(in_flight_batch, &mut self.completer);
                        self.schedule.list_first(serial, marks);
                        break;
                    }
                    bytes += more;
                    request.push(in_flight_batch);
                }
            }
        }
        // Only now may a partition be listed again: a request takes each at most once.
        for in_flight_batch in request.in_flight_batches.iter().flatten() {
            self.poll_partition(in_flight_batch.partition.serial(), now, PollReason::StateChanged);
        }
        if request.batches() == 0 {
            self.recycle(request);
            return None;
        }
        request.close(version);
        Some(request)
    }
}

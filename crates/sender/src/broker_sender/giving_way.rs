//! Batches whose deliveries failed at their deadline give way to callers that wait for room.
//!
//! They are kept for the sake of those behind them, for as long as `delivery.timeout.ms` once more. Where the budget is
//! full, that is too long for the others: what is here goes at once, and what is in flight once the connection has been
//! reset, so that nothing of it is under way from here. A broker that responds has the time to do so.

use std::time::{Duration, Instant};

use super::BrokerSender;
use super::schedule::{PollReason, Scheduled};

/// A broker that owes a response for so long may have its connection reset. While callers wait, the broker sender is polled once a
/// second.
const SILENT_MIN: Duration = Duration::from_secs(5);

impl BrokerSender {
    /// Has them give way if a caller waits for memory that is not free. Whether the connection is to be reset for that.
    pub(super) fn gives_way(&mut self, now: Instant) -> bool {
        if !self.schedule.has_keeping() || !self.completer.shared().memory.is_short() {
            return false;
        }
        let mut is_in_flight = false;
        for serial in self.schedule.take_keeping(&mut self.partition_senders) {
            let Some(Scheduled { sender, .. }) = self.partition_senders.get_mut(&serial) else { continue };
            is_in_flight |= sender.give_way(&mut self.completer);
            // It stands in the list again as long as it keeps some.
            self.poll_partition(serial, now, PollReason::StateChanged);
        }
        let is_silent = self.silent_since.is_some_and(|since| now >= since + SILENT_MIN);
        // Without responses, written batches count as delivered, and a reset would lose them.
        is_in_flight && is_silent && self.config.awaits_responses
    }
}

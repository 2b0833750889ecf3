//! Requests on their way to the connection, and the counts of the broker sender on their way to the metrics.

use std::time::Instant;

use milena_sender::broker_sender::{Input, ProduceRequest};

use super::BrokerTask;
use crate::driver::frame::Frame;

impl BrokerTask {
    /// Hands a request to the session.
    pub(super) fn send(&mut self, now: Instant, mut request: ProduceRequest) {
        let Some(session) = self.connection.session() else {
            return self.hand_in(now, not_sent(request));
        };
        let id = session.next_correlation_id();
        match request.encode(id, &self.settings.request) {
            Ok(()) => {
                self.recorder.note_request_bytes(request.bytes());
                session.send(id, Frame { request, sent: now }, self.settings.awaits, now);
            }
            Err(error) => {
                // Versions and lengths were checked long before: nothing that is accepted comes here.
                tracing::error!(%error, "produce: the request could not be encoded, its batches are retried: report this");
                self.hand_in(now, not_sent(request));
            }
        }
    }

    /// Passes events on to the cluster task, and counts to the metrics.
    pub(super) fn report(&mut self) {
        let core = &self.settings.core;
        let counters = self.broker_sender.counters();
        core.metrics.add(&counters);
        self.recorder.add_requests(counters.requests);
        self.gauges.set(self.broker_sender.in_flight(), self.connection.session().is_some());
        let mut events = self.broker_sender.events().peekable();
        if events.peek().is_some() {
            core.tell(|inbox| inbox.events.extend(events));
        }
    }
}

/// A request of which nothing was written.
fn not_sent(request: ProduceRequest) -> Input<'static> {
    Input::Disconnected { requests: vec![(request, false)], timed_out: false }
}

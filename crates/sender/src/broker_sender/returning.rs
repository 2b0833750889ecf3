//! Batches come back: with an answer, as written, or because their connection ended.

use std::sync::Arc as StdArc;
use std::time::Instant;

use super::request::ProduceRequest;
use super::responses::{self, LeaderHint, ResponseError};
use super::{BrokerSender, SenderEvent};
use crate::partition_sender::{BatchResponse, Effects, InFlightBatch};

impl BrokerSender {
    /// A request was answered. Returns how long the broker asks the client to pause (KIP-219), in milliseconds.
    ///
    /// # Errors
    /// [`ResponseError`] when the response is malformed, or names a partition that was not in the request. The batches that
    /// it did not reach count as unanswered; the connection is to be closed.
    pub fn answered(
        &mut self,
        now: Instant,
        mut request: ProduceRequest,
        body: &[u8],
    ) -> Result<i32, ResponseError> {
        self.in_flight -= 1;
        self.silent_since = (self.in_flight > 0).then_some(now);
        let mut returned = std::mem::take(&mut self.responses);
        let read = responses::read(&mut request, body, &mut returned);
        for (in_flight_batch, response, hint) in returned.drain(..) {
            self.on_response(now, in_flight_batch, &response, hint);
        }
        self.responses = returned;
        self.lost(now, request, true, false);
        self.request_bytes_max = (self.request_bytes_max * 2).min(self.config.request_bytes_max);
        if read.is_ok() {
            self.forget_trouble();
        } else if std::mem::replace(&mut self.left_unanswered, true) {
            self.mailbox.set_trouble(None);
        }
        let (throttle_ms, endpoints) = read?;
        if !endpoints.is_empty() {
            self.events.push(SenderEvent::Endpoints(endpoints));
        }
        Ok(throttle_ms)
    }

    /// A request without a response is written (`acks=0`).
    pub fn written(&mut self, now: Instant, mut request: ProduceRequest) {
        self.in_flight -= 1;
        self.silent_since = (self.in_flight > 0).then_some(now);
        self.forget_trouble();
        for in_flight_batch in request.in_flight_batches.iter_mut().filter_map(Option::take) {
            self.on_response(now, in_flight_batch, &BatchResponse::Written, None);
        }
        self.recycle(request);
    }

    /// The broker serves requests.
    fn forget_trouble(&mut self) {
        if std::mem::take(&mut self.left_unanswered) {
            self.mailbox.set_trouble(None);
        }
        self.trouble = None;
    }

    /// The connection ended with these requests on it, in order; each with whether the broker may have had all of it.
    /// After a time-out the next requests are smaller.
    pub fn ended(&mut self, now: Instant, requests: Vec<(ProduceRequest, bool)>, timed_out: bool) {
        self.version = None;
        self.in_flight -= requests.len();
        self.silent_since = None;
        self.left_unanswered |= !requests.is_empty();
        self.partition_senders.values_mut().for_each(|partition_sender| partition_sender.forget_rejection());
        if timed_out {
            self.request_bytes_max = (self.request_bytes_max / 2).max(1);
        }
        for (request, whole) in requests {
            self.lost(now, request, whole, timed_out);
        }
    }

    /// The batches of a request without a response come back.
    fn lost(&mut self, now: Instant, mut request: ProduceRequest, whole: bool, timed_out: bool) {
        for in_flight_batch in request.in_flight_batches.iter_mut().filter_map(Option::take) {
            self.on_response(now, in_flight_batch, &BatchResponse::Lost { whole, timed_out }, None);
        }
        self.recycle(request);
    }

    /// Keeps the memory of a request whose batches are gone.
    pub(super) fn recycle(&mut self, mut request: ProduceRequest) {
        if self.spares.len() < self.config.in_flight_max {
            request.clear();
            self.spares.push(request);
        }
    }

    /// A batch comes back.
    pub(super) fn on_response(
        &mut self,
        now: Instant,
        in_flight_batch: InFlightBatch,
        response: &BatchResponse,
        hint: Option<LeaderHint>,
    ) {
        let serial = in_flight_batch.partition.serial();
        let Some(partition_sender) = self.partition_senders.get_mut(&serial) else {
            debug_assert!(false, "a partition left while a batch of it was in flight");
            return self.completer.release(in_flight_batch.batch);
        };
        let backoff = &mut self.backoff;
        let config = &self.config.partition_sender;
        let Effects { stale, producer_id_exhausted, job, loss } = partition_sender.on_response(
            now,
            in_flight_batch,
            response,
            config,
            &mut |failures| backoff.after(failures),
            &mut self.completer,
        );
        if let Some(loss) = loss {
            let (topic, partition) =
                (StdArc::clone(partition_sender.partition().topic()), partition_sender.partition().index());
            self.events.push(SenderEvent::Loss { broker: self.mailbox.broker(), topic, partition, loss });
        }
        if stale {
            let (topic, partition) =
                (StdArc::clone(partition_sender.partition().topic()), partition_sender.partition().index());
            let code = response.code();
            self.events.push(SenderEvent::Stale { topic, partition, code, hint });
        }
        if producer_id_exhausted && let Some(exhausted) = partition_sender.exhausted() {
            self.events.push(SenderEvent::ProducerIdExhausted(exhausted));
        }
        self.jobs.extend(job);
        self.schedule.changed.push(serial);
        self.release_if_idle(serial);
    }

    pub(super) fn release_if_idle(&mut self, serial: u32) {
        if self
            .partition_senders
            .get(&serial)
            .is_some_and(|partition_sender| partition_sender.leaving && partition_sender.may_leave())
            && let Some(mut partition_sender) = self.partition_senders.remove(&serial)
        {
            self.schedule.forget(serial, &mut partition_sender);
            self.events.push(SenderEvent::Released(partition_sender));
        }
    }
}

//! The end of a request: the rows of its response are matched to its batches, or it was written without a response to come, or its
//! connection ended. Each batch goes back to its partition sender.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc as StdArc;
use std::time::Instant;

use milena_codec::ids::{PartitionId, TopicId};
use milena_codec::message::header::read_response_tags;
use milena_codec::message::produce::{PartitionResult, RejectedRecord, ResponseReader, TopicKey};
use milena_codec::message::{NodeEndpoint, ProduceResponse};
use milena_codec::wire::{DecodeError, Reader};
use milena_codec::{ErrorCode, printable};

use super::schedule::Scheduled;
use super::{BrokerSender, LeaderHint, ProduceRequest, SenderEvent};
use crate::ids::ThrottleTime;
use crate::partition_sender::{BatchResponse, Effects, InFlightBatch, RecordError};

/// Why a response is not to be trusted any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseError {
    /// It is malformed.
    Malformed(DecodeError),
    /// It is about a partition that was not in the request.
    Invented(PartitionId),
}

impl From<DecodeError> for ResponseError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "{error}"),
            Self::Invented(partition) => {
                write!(f, "partition {partition} was not in the request")
            }
        }
    }
}

impl std::error::Error for ResponseError {}

/// A batch with its row of the response.
pub(super) type ReturnedBatch = (InFlightBatch, BatchResponse, Option<LeaderHint>);

impl BrokerSender {
    /// The broker responded to a request. Returns the throttle time.
    ///
    /// # Errors
    /// [`ResponseError`] when the response is malformed, or names a partition that was not in the request. The batches that
    /// it did not reach count as unanswered; the connection is to be closed.
    pub(super) fn on_response(
        &mut self,
        now: Instant,
        mut request: ProduceRequest,
        body: &[u8],
    ) -> Result<ThrottleTime, ResponseError> {
        self.in_flight -= 1;
        self.silent_since = (self.in_flight > 0).then_some(now);
        let mut returned = std::mem::take(&mut self.responses);
        let result = read(&mut request, body, &mut returned);
        for (in_flight_batch, response, hint) in returned.drain(..) {
            self.on_batch_response(now, in_flight_batch, &response, hint);
        }
        self.responses = returned;
        self.lost(now, request, true, false);
        self.request_bytes_max = (self.request_bytes_max * 2).min(self.config.request_bytes_max);
        if result.is_ok() {
            self.forget_trouble();
        } else if std::mem::replace(&mut self.left_unanswered, true) {
            self.mailbox.set_trouble(None);
        }
        let (throttle_ms, endpoints) = result?;
        if !endpoints.is_empty() {
            self.events.push(SenderEvent::Endpoints(endpoints));
        }
        Ok(ThrottleTime(throttle_ms))
    }

    /// A request without a response is written (`acks=0`).
    pub(super) fn on_written(&mut self, now: Instant, mut request: ProduceRequest) {
        self.in_flight -= 1;
        self.silent_since = (self.in_flight > 0).then_some(now);
        self.forget_trouble();
        for in_flight_batch in request.in_flight_batches.iter_mut().filter_map(Option::take) {
            self.on_batch_response(now, in_flight_batch, &BatchResponse::Written, None);
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
    pub(super) fn on_disconnected(
        &mut self,
        now: Instant,
        requests: Vec<(ProduceRequest, bool)>,
        timed_out: bool,
    ) {
        self.version = None;
        self.in_flight -= requests.len();
        self.silent_since = None;
        self.left_unanswered |= !requests.is_empty();
        self.partition_senders.values_mut().for_each(|scheduled| scheduled.sender.forget_rejection());
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
            self.on_batch_response(now, in_flight_batch, &BatchResponse::Lost { whole, timed_out }, None);
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
    pub(super) fn on_batch_response(
        &mut self,
        now: Instant,
        in_flight_batch: InFlightBatch,
        response: &BatchResponse,
        hint: Option<LeaderHint>,
    ) {
        let serial = in_flight_batch.partition.serial();
        let Some(Scheduled { sender: partition_sender, .. }) = self.partition_senders.get_mut(&serial) else {
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
}

/// Takes the batches of the response's rows out of `request`, each with its outcome. Batches that the response leaves out stay in
/// the request; of two rows about a partition the first one counts.
pub(super) fn read(
    request: &mut ProduceRequest,
    body: &[u8],
    returned: &mut Vec<ReturnedBatch>,
) -> Result<(i32, Vec<NodeEndpoint>), ResponseError> {
    let mut input = Reader::new(body);
    read_response_tags::<ProduceResponse>(&mut input, request.version())?;
    let mut responses = ResponseReader::new(&body[input.position()..], request.version())?;
    let mut places = Places::default();
    while let Some(response) = responses.next_partition()? {
        let place = places.find(request, returned, response.topic, response.index);
        match place.and_then(|place| request.in_flight_batches.get_mut(place)) {
            Some(in_flight_batch) => {
                if let Some(in_flight_batch) = in_flight_batch.take() {
                    let hint = hint_of(&response);
                    returned.push((in_flight_batch, response_of(&response), hint));
                }
            }
            None => return Err(ResponseError::Invented(response.index)),
        }
    }
    let (throttle_time_ms, endpoints) = responses.finish()?;
    Ok((throttle_time_ms, endpoints.map(NodeEndpoint::from).collect()))
}

/// Finds the batch that a row is about. Rows come in the order of the request as a rule; with the first that does not, all
/// batches are indexed, so that rows in any order, and repeated ones, cost no walk over the request each.
#[derive(Default)]
struct Places {
    /// Behind the batch that was found last.
    next: usize,
    index: Option<Index>,
}

/// The places of the batches that the request had, by topic and partition.
#[derive(Default)]
struct Index {
    by_name: HashMap<StdArc<str>, BTreeMap<PartitionId, usize>>,
    by_id: HashMap<TopicId, BTreeMap<PartitionId, usize>>,
}

impl Places {
    /// The place of a batch in the request, whether it was taken or not.
    fn find(
        &mut self,
        request: &ProduceRequest,
        returned: &[ReturnedBatch],
        topic: TopicKey<'_>,
        partition: PartitionId,
    ) -> Option<usize> {
        let next = request.in_flight_batches.get(self.next).and_then(Option::as_ref);
        if next.is_some_and(|in_flight_batch| is_about(in_flight_batch, topic, partition)) {
            self.next += 1;
            return Some(self.next - 1);
        }
        let index = self.index.get_or_insert_with(|| Index::of(request, returned));
        let place = match topic {
            TopicKey::Name(name) => index.by_name.get(name)?.get(&partition).copied(),
            TopicKey::Id(id) => index.by_id.get(&id)?.get(&partition).copied(),
        };
        self.next = place? + 1;
        place
    }
}

impl Index {
    /// So far the rows came in the order of the request: the batches that were taken stood at its beginning.
    fn of(request: &ProduceRequest, returned: &[ReturnedBatch]) -> Self {
        let mut index = Self::default();
        let taken = returned.iter().map(|(in_flight_batch, ..)| in_flight_batch);
        let left = request.in_flight_batches.iter().skip(returned.len()).flatten();
        for (place, in_flight_batch) in taken.chain(left).enumerate() {
            let (topic, partition) = (in_flight_batch.partition.topic(), in_flight_batch.partition.index());
            index.by_name.entry(StdArc::clone(topic)).or_default().insert(partition, place);
            index.by_id.entry(in_flight_batch.topic_id).or_default().insert(partition, place);
        }
        index
    }
}

fn is_about(in_flight_batch: &InFlightBatch, topic: TopicKey<'_>, partition: PartitionId) -> bool {
    in_flight_batch.partition.index() == partition
        && match topic {
            TopicKey::Name(name) => **in_flight_batch.partition.topic() == *name,
            TopicKey::Id(id) => in_flight_batch.topic_id == id,
        }
}

fn response_of(response: &PartitionResult<'_>) -> BatchResponse {
    let mut record_errors: Vec<RecordError> =
        response.record_errors.clone().filter_map(record_error_of).collect();
    record_errors.sort_by_key(|record_error| record_error.place);
    record_errors.dedup_by_key(|record_error| record_error.place);
    let rejected = record_errors.iter().take(3).filter_map(|record_error| {
        let words = record_error.message.as_deref()?;
        Some(format!("record {} of the batch: {words}", record_error.place))
    });
    let words: Vec<String> = response.error_message.map(printable).into_iter().chain(rejected).collect();
    BatchResponse::FromBroker {
        code: response.error_code,
        base_offset: response.base_offset,
        append_time_ms: response.log_append_time_ms,
        message: (!words.is_empty()).then(|| words.join("; ")),
        record_errors,
    }
}

fn record_error_of(error: RejectedRecord<'_>) -> Option<RecordError> {
    let place = u32::try_from(error.batch_index).ok()?;
    Some(RecordError { place, message: error.message.map(printable) })
}

fn hint_of(response: &PartitionResult<'_>) -> Option<LeaderHint> {
    let leader = response.current_leader.leader_id;
    let stale =
        [ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorCode::FENCED_LEADER_EPOCH].contains(&response.error_code);
    (stale && leader.is_known()).then_some(LeaderHint { leader, epoch: response.current_leader.leader_epoch })
}

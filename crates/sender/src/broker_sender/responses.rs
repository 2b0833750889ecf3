//! Matching the answers of a response to the batches of its request.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc as StdArc;

use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::header::read_response_tags;
use milena_codec::message::produce::{PartitionResult, RejectedRecord, ResponseReader, TopicKey};
use milena_codec::message::{NodeEndpoint, ProduceResponse};
use milena_codec::wire::{DecodeError, Reader};
use milena_codec::{ErrorCode, printable};

use super::request::ProduceRequest;
use crate::partition_sender::{BatchResponse, InFlightBatch, RecordError};

/// What a broker says about who leads a partition now (KIP-951).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderHint {
    /// The leader.
    pub leader: BrokerId,
    /// Its term.
    pub epoch: LeaderEpoch,
}

/// Why a response is not to be trusted any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseError {
    /// It is malformed.
    Malformed(DecodeError),
    /// It is about a partition that was not asked for.
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
            Self::Malformed(error) => write!(f, "it is malformed: {error}"),
            Self::Invented(partition) => {
                write!(f, "it is about a partition {partition} that was not in the request")
            }
        }
    }
}

impl std::error::Error for ResponseError {}

/// An answered batch.
pub(super) type ReturnedBatch = (InFlightBatch, BatchResponse, Option<LeaderHint>);

/// Takes the answered batches out of `request`, each with what became of it. What a response leaves out stays in the
/// request; of two answers about a partition the first one counts.
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
    /// Until now the rows came in the order of the request: what was taken stood at its beginning.
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

//! Matching the answers of a response to the batches of its request.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc as StdArc;

use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::header::read_response_tags;
use milena_codec::message::produce::{
    AnswerReader, BatchIndexAndErrorMessageView, PartitionAnswer, TopicKey,
};
use milena_codec::message::{NodeEndpoint, ProduceResponse};
use milena_codec::wire::{DecodeError, Reader, Viewed};
use milena_codec::{ErrorCode, printable};

use super::request::ProduceRequest;
use crate::partition_sender::{Answer, Culprit, Flight};

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
pub enum AnswerError {
    /// It is malformed.
    Malformed(DecodeError),
    /// It is about a partition that was not asked for.
    Invented(PartitionId),
}

impl From<DecodeError> for AnswerError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "it is malformed: {error}"),
            Self::Invented(partition) => {
                write!(f, "it is about a partition {partition} that was not in the request")
            }
        }
    }
}

impl std::error::Error for AnswerError {}

/// An answered batch.
pub(super) type Landed = (Flight, Answer, Option<LeaderHint>);

/// Takes the answered batches out of `request`, each with what became of it. What a response leaves out stays in the
/// request; of two answers about a partition the first one counts.
pub(super) fn read(
    request: &mut ProduceRequest,
    body: &[u8],
    landed: &mut Vec<Landed>,
) -> Result<(i32, Vec<NodeEndpoint>), AnswerError> {
    let mut input = Reader::new(body);
    read_response_tags::<ProduceResponse>(&mut input, request.version())?;
    let mut answers = AnswerReader::new(&body[input.position()..], request.version())?;
    let mut places = Places::default();
    while let Some(answer) = answers.next_partition()? {
        let place = places.find(request, landed, answer.topic, answer.index);
        match place.and_then(|place| request.flights.get_mut(place)) {
            Some(flight) => {
                if let Some(flight) = flight.take() {
                    let hint = hint_of(&answer);
                    landed.push((flight, answer_of(&answer), hint));
                }
            }
            None => return Err(AnswerError::Invented(answer.index)),
        }
    }
    let (throttle_time_ms, endpoints) = answers.finish()?;
    Ok((throttle_time_ms, Vec::own(&endpoints)))
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
        landed: &[Landed],
        topic: TopicKey<'_>,
        partition: PartitionId,
    ) -> Option<usize> {
        let next = request.flights.get(self.next).and_then(Option::as_ref);
        if next.is_some_and(|flight| is_about(flight, topic, partition)) {
            self.next += 1;
            return Some(self.next - 1);
        }
        let index = self.index.get_or_insert_with(|| Index::of(request, landed));
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
    fn of(request: &ProduceRequest, landed: &[Landed]) -> Self {
        let mut index = Self::default();
        let taken = landed.iter().map(|(flight, ..)| flight);
        let left = request.flights.iter().skip(landed.len()).flatten();
        for (place, flight) in taken.chain(left).enumerate() {
            let (topic, partition) = (flight.partition.topic(), flight.partition.index());
            index.by_name.entry(StdArc::clone(topic)).or_default().insert(partition, place);
            index.by_id.entry(flight.topic_id).or_default().insert(partition, place);
        }
        index
    }
}

fn is_about(flight: &Flight, topic: TopicKey<'_>, partition: PartitionId) -> bool {
    flight.partition.index() == partition
        && match topic {
            TopicKey::Name(name) => **flight.partition.topic() == *name,
            TopicKey::Id(id) => flight.topic_id == id,
        }
}

fn answer_of(answer: &PartitionAnswer<'_>) -> Answer {
    let mut culprits: Vec<Culprit> = answer.record_errors.clone().filter_map(culprit_of).collect();
    culprits.sort_by_key(|culprit| culprit.place);
    culprits.dedup_by_key(|culprit| culprit.place);
    let blamed = culprits.iter().take(3).filter_map(|culprit| {
        let words = culprit.message.as_deref()?;
        Some(format!("record {} of the batch: {words}", culprit.place))
    });
    let words: Vec<String> = answer.error_message.map(printable).into_iter().chain(blamed).collect();
    Answer::Said {
        code: answer.error_code,
        base_offset: answer.base_offset,
        append_time_ms: answer.log_append_time_ms,
        message: (!words.is_empty()).then(|| words.join("; ")),
        culprits,
    }
}

fn culprit_of(error: BatchIndexAndErrorMessageView<'_>) -> Option<Culprit> {
    let place = u32::try_from(error.batch_index).ok()?;
    Some(Culprit { place, message: error.batch_index_error_message.map(printable) })
}

fn hint_of(answer: &PartitionAnswer<'_>) -> Option<LeaderHint> {
    let leader = answer.current_leader.leader_id;
    let stale =
        [ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorCode::FENCED_LEADER_EPOCH].contains(&answer.error_code);
    (stale && leader.is_known()).then_some(LeaderHint { leader, epoch: answer.current_leader.leader_epoch })
}

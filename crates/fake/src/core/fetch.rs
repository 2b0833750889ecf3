//! Fetch, as far as a consumer with partitions of its own needs it: no sessions, every answer is a full one.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId, TopicId};
use milena_codec::message::FetchRequest;

use super::answer::{self, Answer};
use super::partition::Partition;
use super::request::Head;
use super::state::State;
use crate::hook::{Plan, Target};

/// The first version that names topics by id (KIP-516).
const IDS_SINCE: i16 = 13;
/// Most bytes of an answer, whatever the client asks for.
const BYTES_MAX: usize = 50 << 20;
const FETCH_SESSION_ID_NOT_FOUND: i16 = 70;

/// Serves a Fetch; not yet, where there is too little to read and `may_wait`.
pub(crate) fn serve(
    state: &State,
    head: &Head,
    plan: &Plan,
    broker: BrokerId,
    request: &theirs::FetchRequest,
    may_wait: bool,
) -> Answer {
    let mut body = theirs::FetchResponse::default();
    if request.session_id != 0 {
        body.error_code = FETCH_SESSION_ID_NOT_FOUND;
        return answer::frame::<FetchRequest>(head.correlation_id, head.version, &body);
    }
    let mut budget = usize::try_from(request.max_bytes).unwrap_or_default().min(BYTES_MAX);
    let mut read = Read::default();
    for topic in &request.topics {
        let partitions = topic.partitions.iter();
        let partitions = partitions.map(|asked| {
            let data = fetch(state, plan, broker, head.version, topic, asked, budget);
            read.add(&data);
            budget = budget.saturating_sub(data.records.as_ref().map_or(0, bytes::Bytes::len));
            data
        });
        body.responses.push(
            FetchableTopicResponse::default()
                .with_topic(topic.topic.clone())
                .with_topic_id(topic.topic_id)
                .with_partitions(partitions.collect()),
        );
    }
    let wanted = usize::try_from(request.min_bytes).unwrap_or_default();
    match may_wait && !read.failed && read.bytes < wanted {
        true => Answer::NotYet,
        false => answer::frame::<FetchRequest>(head.correlation_id, head.version, &body),
    }
}

/// The partitions that a request names, for hooks to choose by.
pub(crate) fn targets(state: &State, request: &theirs::FetchRequest, version: i16) -> Vec<Target> {
    let of_topic = |topic: &FetchTopic| {
        let name = name_of(state, topic, version).map(str::to_owned);
        let numbers = topic.partitions.iter().map(|asked| PartitionId(asked.partition));
        numbers.filter_map(|number| Some((name.clone()?, Some(number)))).collect::<Vec<_>>()
    };
    request.topics.iter().flat_map(of_topic).collect()
}

#[derive(Default)]
struct Read {
    bytes: usize,
    failed: bool,
}

impl Read {
    fn add(&mut self, data: &PartitionData) {
        self.bytes += data.records.as_ref().map_or(0, bytes::Bytes::len);
        self.failed |= data.error_code != 0;
    }
}

fn name_of<'a>(state: &'a State, topic: &'a FetchTopic, version: i16) -> Option<&'a str> {
    match version >= IDS_SINCE {
        true => state.topic_of_id(TopicId(topic.topic_id.into_bytes())),
        false => Some(&topic.topic.0),
    }
}

fn fetch(
    state: &State,
    plan: &Plan,
    broker: BrokerId,
    version: i16,
    topic: &FetchTopic,
    asked: &FetchPartition,
    budget: usize,
) -> PartitionData {
    let number = PartitionId(asked.partition);
    let failed = |code: ErrorCode| {
        PartitionData::default()
            .with_partition_index(number.0)
            .with_error_code(code.0)
            .with_high_watermark(-1)
            .with_last_stable_offset(-1)
            .with_records(Some(bytes::Bytes::new()))
    };
    let Some(name) = name_of(state, topic, version) else { return failed(ErrorCode::UNKNOWN_TOPIC_ID) };
    if let Some(fault) = plan.fault(name, Some(number)) {
        return failed(fault.code);
    }
    let Some(partition) = state.partition(name, number) else {
        return failed(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    };
    if let Err(code) = partition.serves_readers(broker, asked.current_leader_epoch) {
        return failed(code);
    }
    match (partition.log.start()..=partition.log.end()).contains(&asked.fetch_offset) {
        true => read(partition, asked, budget),
        false => failed(ErrorCode::OFFSET_OUT_OF_RANGE),
    }
}

fn read(partition: &Partition, asked: &FetchPartition, budget: usize) -> PartitionData {
    let bytes_max = usize::try_from(asked.partition_max_bytes).unwrap_or_default().min(budget);
    let records = match budget {
        0 => bytes::Bytes::new(),
        _ => partition.log.read_from(asked.fetch_offset, bytes_max).freeze(),
    };
    PartitionData::default()
        .with_partition_index(asked.partition)
        .with_high_watermark(partition.log.end())
        .with_last_stable_offset(partition.log.end())
        .with_log_start_offset(partition.log.start())
        .with_aborted_transactions(None)
        .with_preferred_read_replica(theirs::BrokerId(-1))
        .with_records(Some(records))
}

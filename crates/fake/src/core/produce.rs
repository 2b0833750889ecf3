//! Produce: each partition of a request is judged by itself, in the order in which a broker finds out.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::protocol::StrBytes;
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId, TopicId};
use milena_codec::message::ProduceRequest;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::partition::{Appended, Terms};
use super::refusal::Refusal;
use super::request::{Entry, Head, Produce, TopicRef};
use super::state::State;
use super::topic;
use crate::hook::{Fault, Plan, Target};

/// The first version whose answer says who leads instead (KIP-951).
const HINTS_SINCE: i16 = 10;

/// Where and when a request is served.
pub(crate) struct Here {
    pub(crate) broker: BrokerId,
    pub(crate) wall_ms: i64,
}

/// What became of an entry.
struct Outcome {
    result: Result<Appended, Refusal>,
    /// An error that a hook put in the place of the result.
    fault: Option<Fault>,
}

/// Serves the request. The strings are violations: faults of the request that a broker passes over.
pub(crate) fn serve(
    state: &mut State,
    head: &Head,
    plan: &Plan,
    here: &Here,
    request: &Produce,
) -> (Answer, Vec<String>) {
    let mut body = theirs::ProduceResponse::default();
    let (mut failed, mut passed_over) = (false, Vec::new());
    for entry in last_of_each(&request.entries) {
        let outcome = produce(state, plan, here, request, entry);
        if outcome.result.as_ref().is_ok_and(|appended| appended.misnumbered) {
            let (topic, partition) = (&entry.topic, entry.partition);
            passed_over.push(format!(
                "produce: offset deltas of a batch for {topic:?} partition {partition} are not consecutive from 0"
            ));
        }
        let answer = describe(state, head.version, entry, outcome);
        failed |= answer.error_code != 0;
        add_hint(state, &mut body, &answer);
        add_answer(&mut body, &entry.topic, answer);
    }
    match (request.acks, failed) {
        (0, true) => return (Answer::Close, passed_over),
        (0, false) => return (Answer::None, passed_over),
        _ => {}
    }
    let throttle = state.brokers.get(&here.broker).map(|broker| broker.throttle).unwrap_or_default();
    body.throttle_time_ms = i32::try_from(throttle.as_millis()).unwrap_or(i32::MAX);
    (answer::frame::<ProduceRequest>(head.correlation_id, head.version, &body), passed_over)
}

/// The partitions that a request names, for hooks to choose by.
pub(crate) fn targets(state: &State, request: &Produce) -> Vec<Target> {
    let name = |topic: &TopicRef| match topic {
        TopicRef::Name(name) => Some(name.clone()),
        TopicRef::Id(id) => state.topic_of_id(*id).map(str::to_owned),
    };
    request.entries.iter().filter_map(|entry| Some((name(&entry.topic)?, Some(entry.partition)))).collect()
}

/// The partitions that a request names twice.
pub(crate) fn repeated(request: &Produce) -> Vec<(TopicRef, PartitionId)> {
    let mut seen = Vec::with_capacity(request.entries.len());
    let mut twice = Vec::new();
    for entry in &request.entries {
        let named = (&entry.topic, entry.partition);
        match seen.contains(&named) {
            true => twice.push((entry.topic.clone(), entry.partition)),
            false => seen.push(named),
        }
    }
    twice
}

/// `KafkaApis.handleProduceRequest` gathers the entries in a map: of two for one partition the last is left.
fn last_of_each(entries: &[Entry]) -> Vec<&Entry> {
    let mut kept: Vec<&Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let same = |other: &&mut &Entry| other.topic == entry.topic && other.partition == entry.partition;
        match kept.iter_mut().find(same) {
            Some(earlier) => *earlier = entry,
            None => kept.push(entry),
        }
    }
    kept
}

fn produce(state: &mut State, plan: &Plan, here: &Here, request: &Produce, entry: &Entry) -> Outcome {
    let name = match resolve(state, entry) {
        Ok(name) => name,
        Err(code) => return Outcome { result: Err(code.into()), fault: None },
    };
    let fault = plan.fault(&name, Some(entry.partition)).cloned();
    if let Some(fault) = fault.as_ref().filter(|fault| !fault.applied) {
        return Outcome { result: Err(fault.code.into()), fault: Some(fault.clone()) };
    }
    Outcome { result: append(state, here, request, entry, &name), fault }
}

/// The topic's name, where the topic and the partition exist.
fn resolve(state: &State, entry: &Entry) -> Result<String, ErrorCode> {
    let name = match &entry.topic {
        TopicRef::Name(name) => name.as_str(),
        TopicRef::Id(id) => state.topic_of_id(*id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID)?,
    };
    match state.partition(name, entry.partition) {
        Some(_) => Ok(name.to_owned()),
        None if topic::is_internal(name) => Err(ErrorCode::INVALID_TOPIC_EXCEPTION),
        None => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    }
}

fn append(
    state: &mut State,
    here: &Here,
    request: &Produce,
    entry: &Entry,
    name: &str,
) -> Result<Appended, Refusal> {
    let batch = entry.batch.as_ref().map_err(Clone::clone)?;
    if !matches!(request.acks, -1..=1) {
        return Err(ErrorCode::INVALID_REQUIRED_ACKS.into());
    }
    if batch.is_transactional() {
        return Err(match request.transactional {
            true => ErrorCode::INVALID_TXN_STATE,
            false => ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        }
        .into());
    }
    if topic::is_internal(name) {
        return Err(ErrorCode::INVALID_TOPIC_EXCEPTION.into());
    }
    let keep = state.settings.keep;
    let topic = state.topics.get_mut(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let config = topic.config;
    let partition = topic.partition_mut(entry.partition).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    if partition.leader != Some(here.broker) {
        return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER.into());
    }
    let terms = Terms { config: &config, acks: request.acks, wall_ms: here.wall_ms, keep };
    let appended = partition.append(batch, &terms, &mut state.codecs)?;
    state.records += appended.new_records;
    Ok(appended)
}

fn describe(state: &State, version: i16, entry: &Entry, outcome: Outcome) -> PartitionProduceResponse {
    let mut answer = PartitionProduceResponse::default()
        .with_index(entry.partition.0)
        .with_base_offset(-1)
        .with_log_append_time_ms(-1)
        .with_log_start_offset(-1);
    let mut refusal = outcome.result.as_ref().err().cloned();
    if let Ok(appended) = outcome.result {
        answer.base_offset = appended.base_offset;
        answer.log_append_time_ms = appended.log_append_time_ms;
        answer.log_start_offset = 0;
    }
    if let Some(fault) = outcome.fault {
        let records = fault.records.iter().map(|index| (*index, "as the test has it".to_owned())).collect();
        refusal = Some(Refusal { code: fault.code, message: fault.message, records });
    }
    if let Some(refusal) = refusal {
        answer.error_code = refusal.code.0;
        answer.error_message = answer::words(refusal.code, refusal.message);
        answer.record_errors = refusal.records.into_iter().map(record_error).collect();
    }
    if version >= HINTS_SINCE && answer.error_code == ErrorCode::NOT_LEADER_OR_FOLLOWER.0 {
        answer.current_leader = current_leader(state, entry);
    }
    answer
}

fn record_error((index, why): (i32, String)) -> BatchIndexAndErrorMessage {
    BatchIndexAndErrorMessage::default()
        .with_batch_index(index)
        .with_batch_index_error_message(Some(StrBytes::from_string(why)))
}

fn current_leader(state: &State, entry: &Entry) -> LeaderIdAndEpoch {
    let partition = resolve(state, entry).ok().and_then(|name| state.partition(&name, entry.partition));
    let leader = partition.and_then(|partition| partition.leader).unwrap_or(BrokerId::NONE);
    LeaderIdAndEpoch::default()
        .with_leader_id(theirs::BrokerId(leader.0))
        .with_leader_epoch(partition.map_or(-1, |partition| partition.epoch.0))
}

/// Says once where each leader that an answer names can be reached.
fn add_hint(state: &State, body: &mut theirs::ProduceResponse, answer: &PartitionProduceResponse) {
    let leader = answer.current_leader.leader_id;
    let is_new = body.node_endpoints.iter().all(|node| node.node_id != leader);
    if let Some(broker) = state.brokers.get(&BrokerId(leader.0)).filter(|_| is_new) {
        body.node_endpoints.push(
            NodeEndpoint::default()
                .with_node_id(leader)
                .with_host(StrBytes::from_string(broker.advertised().0.to_owned()))
                .with_port(broker.advertised().1.into()),
        );
    }
}

fn add_answer(body: &mut theirs::ProduceResponse, topic: &TopicRef, answer: PartitionProduceResponse) {
    let (name, id) = match topic {
        TopicRef::Name(name) => (name.as_str(), TopicId::ZERO),
        TopicRef::Id(id) => ("", *id),
    };
    let id = Uuid::from_bytes(id.0);
    let same = |earlier: &&mut TopicProduceResponse| *earlier.name.0 == *name && earlier.topic_id == id;
    if let Some(earlier) = body.responses.iter_mut().find(same) {
        earlier.partition_responses.push(answer);
        return;
    }
    body.responses.push(
        TopicProduceResponse::default()
            .with_name(theirs::TopicName(StrBytes::from_string(name.to_owned())))
            .with_topic_id(id)
            .with_partition_responses(vec![answer]),
    );
}

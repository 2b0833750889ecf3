//! Produce: each partition of a request is checked by itself, in the order of a broker's checks.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::protocol::StrBytes;
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId, TopicId};
use milena_codec::message::ProduceRequest;
use uuid::Uuid;

use super::{Context, Core, Response, State, Target, response};
use crate::acl::AclOperation;
use crate::core::partition::{AppendOptions, Appended};
use crate::core::rejection::Rejection;
use crate::core::request::{Entry, Produce, TopicRef};
use crate::core::topic;
use crate::hook::Fault;

/// The first version whose response names the new leader (KIP-951).
const HINTS_SINCE: i16 = 10;

pub(super) fn serve(core: &mut Core, cx: &Context<'_>, request: &Produce) -> Response {
    let mut body = theirs::ProduceResponse::default();
    let mut failed = false;
    for entry in last_of_each(&request.entries) {
        let (result, fault) = produce(&mut core.state, cx, request, entry);
        if result.as_ref().is_ok_and(|appended| appended.misnumbered) {
            let (topic, partition) = (&entry.topic, entry.partition);
            core.add_violation(
                cx.now,
                cx.connection,
                cx.broker,
                format!(
                    "produce: offset deltas of a batch for {topic:?} partition {partition} are not consecutive from 0"
                ),
            );
        }
        let response = describe(&core.state, cx.head.version, entry, result, fault);
        failed |= response.error_code != 0;
        add_hint(&core.state, &mut body, &response);
        add_partition(&mut body, &entry.topic, response);
    }
    match (request.acks, failed) {
        (0, true) => return Response::Close,
        (0, false) => return Response::None,
        _ => {}
    }
    let throttle = core.state.brokers.get(&cx.broker).map(|broker| broker.throttle).unwrap_or_default();
    body.throttle_time_ms = i32::try_from(throttle.as_millis()).unwrap_or(i32::MAX);
    cx.respond::<ProduceRequest>(&body)
}

pub(super) fn targets(state: &State, request: &Produce) -> Vec<Target> {
    let target = |entry: &Entry| Some((entry.topic.name(state)?.to_owned(), Some(entry.partition)));
    request.entries.iter().filter_map(target).collect()
}

/// The partitions that a request names twice.
pub(in crate::core) fn repeated(request: &Produce) -> Vec<(TopicRef, PartitionId)> {
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

/// The result of an entry, and the error that a hook puts in its place.
fn produce(
    state: &mut State,
    cx: &Context<'_>,
    request: &Produce,
    entry: &Entry,
) -> (Result<Appended, Rejection>, Option<Fault>) {
    let name = match resolve(state, entry) {
        Ok(name) => name.to_owned(),
        Err(code) => return (Err(code.into()), None),
    };
    let fault = cx.plan.fault(&name, Some(entry.partition)).cloned();
    match &fault {
        Some(Fault { applied: false, code, .. }) => (Err((*code).into()), fault),
        _ => (append(state, cx, request, entry, &name), fault),
    }
}

/// The topic's name, if the topic and the partition exist.
fn resolve<'a>(state: &'a State, entry: &'a Entry) -> Result<&'a str, ErrorCode> {
    let name = entry.topic.name(state).ok_or(ErrorCode::UNKNOWN_TOPIC_ID)?;
    match state.partition(name, entry.partition) {
        Some(_) => Ok(name),
        None if topic::is_internal(name) => Err(ErrorCode::INVALID_TOPIC_EXCEPTION),
        None => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    }
}

fn append(
    state: &mut State,
    cx: &Context<'_>,
    request: &Produce,
    entry: &Entry,
    name: &str,
) -> Result<Appended, Rejection> {
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
    if !state.acl.allows_on(name, AclOperation::Write) {
        return Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED.into());
    }
    let keep = state.settings.keep;
    let topic = state.topics.get_mut(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let config = topic.config;
    let partition = topic.partition_mut(entry.partition).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    if partition.leader != Some(cx.broker) {
        return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER.into());
    }
    let options = AppendOptions { config: &config, acks: request.acks, wall_ms: cx.now.wall_ms, keep };
    let appended = partition.append(batch, &options, &mut state.codecs)?;
    state.records += appended.new_records;
    Ok(appended)
}

fn describe(
    state: &State,
    version: i16,
    entry: &Entry,
    result: Result<Appended, Rejection>,
    fault: Option<Fault>,
) -> PartitionProduceResponse {
    let (base_offset, log_append_time_ms, log_start_offset) = match &result {
        Ok(appended) => (appended.base_offset, appended.log_append_time_ms, 0),
        Err(_) => (-1, -1, -1),
    };
    let mut response = PartitionProduceResponse::default()
        .with_index(entry.partition.0)
        .with_base_offset(base_offset)
        .with_log_append_time_ms(log_append_time_ms)
        .with_log_start_offset(log_start_offset);
    if let Some(rejection) = fault.map(Rejection::from).or_else(|| result.err()) {
        response.error_code = rejection.code.0;
        response.error_message = response::error_message(rejection.code, rejection.message);
        let record_error = |(index, why): (i32, String)| {
            BatchIndexAndErrorMessage::default()
                .with_batch_index(index)
                .with_batch_index_error_message(Some(StrBytes::from_string(why)))
        };
        response.record_errors = rejection.records.into_iter().map(record_error).collect();
    }
    if version >= HINTS_SINCE && response.error_code == ErrorCode::NOT_LEADER_OR_FOLLOWER.0 {
        response.current_leader = current_leader(state, entry);
    }
    response
}

impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        let records = fault.records.iter().map(|index| (*index, "as the test has it".to_owned())).collect();
        Self { code: fault.code, message: fault.message, records }
    }
}

fn current_leader(state: &State, entry: &Entry) -> LeaderIdAndEpoch {
    let partition = resolve(state, entry).ok().and_then(|name| state.partition(name, entry.partition));
    let leader = partition.and_then(|partition| partition.leader).unwrap_or(BrokerId::NONE);
    LeaderIdAndEpoch::default()
        .with_leader_id(theirs::BrokerId(leader.0))
        .with_leader_epoch(partition.map_or(-1, |partition| partition.epoch.0))
}

/// Adds the address of the leader that a partition's response names, once for each leader.
fn add_hint(state: &State, body: &mut theirs::ProduceResponse, response: &PartitionProduceResponse) {
    let leader = response.current_leader.leader_id;
    let is_new = body.node_endpoints.iter().all(|node| node.node_id != leader);
    if let Some(broker) = state.brokers.get(&BrokerId(leader.0)).filter(|_| is_new) {
        let (host, port) = broker.advertised();
        body.node_endpoints.push(
            NodeEndpoint::default()
                .with_node_id(leader)
                .with_host(StrBytes::from_string(host.to_owned()))
                .with_port(port.into()),
        );
    }
}

fn add_partition(body: &mut theirs::ProduceResponse, topic: &TopicRef, response: PartitionProduceResponse) {
    let (name, id) = match topic {
        TopicRef::Name(name) => (name.as_str(), TopicId::ZERO),
        TopicRef::Id(id) => ("", *id),
    };
    let id = Uuid::from_bytes(id.0);
    let same = |earlier: &&mut TopicProduceResponse| *earlier.name.0 == *name && earlier.topic_id == id;
    if let Some(earlier) = body.responses.iter_mut().find(same) {
        earlier.partition_responses.push(response);
        return;
    }
    body.responses.push(
        TopicProduceResponse::default()
            .with_name(theirs::TopicName(StrBytes::from_string(name.to_owned())))
            .with_topic_id(id)
            .with_partition_responses(vec![response]),
    );
}

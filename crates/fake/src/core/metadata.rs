//! Metadata: the brokers that live, the topics asked about, and topics created in passing.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::protocol::StrBytes;
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId, TopicId};
use milena_codec::message::MetadataRequest;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::partition::Partition;
use super::request::Head;
use super::state::State;
use super::topic::{self, Topic};
use super::topic_config::TopicConfig;
use crate::hook::{Plan, Target};

const CLUSTER_ID: &str = "milena-fake";
/// The first version with a flag for auto-creation; before it there is no way to refuse.
const FLAG_SINCE: i16 = 4;

pub(crate) fn serve(
    state: &mut State,
    head: &Head,
    plan: &Plan,
    request: &theirs::MetadataRequest,
) -> Answer {
    let brokers = state.live_brokers().map(|(id, broker)| {
        MetadataResponseBroker::default()
            .with_node_id(theirs::BrokerId(id.0))
            .with_host(StrBytes::from_string(broker.advertised().0.to_owned()))
            .with_port(broker.advertised().1.into())
    });
    let mut body = theirs::MetadataResponse::default();
    body.brokers = brokers.collect();
    body.cluster_id = Some(StrBytes::from_static_str(CLUSTER_ID));
    body.controller_id = body.brokers.first().map_or(theirs::BrokerId(-1), |broker| broker.node_id);
    body.topics = described(state, plan, request, head.version);
    let answer = answer::frame::<MetadataRequest>(head.correlation_id, head.version, &body);
    create_missing(state, request, &body.topics, head.version);
    answer
}

/// The topics that a request names, for hooks to choose by.
pub(crate) fn targets(state: &State, request: &theirs::MetadataRequest) -> Vec<Target> {
    let name = |topic: &theirs::metadata_request::MetadataRequestTopic| {
        let by_id = || state.topic_of_id(TopicId(topic.topic_id.into_bytes())).map(str::to_owned);
        topic.name.as_ref().map(|name| name.to_string()).or_else(by_id)
    };
    let all = || state.topics.keys().map(|name| (name.clone(), None)).collect();
    request
        .topics
        .as_ref()
        .map_or_else(all, |topics| topics.iter().filter_map(name).map(|name| (name, None)).collect())
}

fn described(
    state: &State,
    plan: &Plan,
    request: &theirs::MetadataRequest,
    version: i16,
) -> Vec<MetadataResponseTopic> {
    let asked = request.topics.as_deref().unwrap_or_default();
    let wants_all = request.topics.is_none() || (version == 0 && asked.is_empty());
    if wants_all {
        return state.topics.keys().map(|name| by_name(state, plan, name)).collect();
    }
    let describe = |topic: &theirs::metadata_request::MetadataRequestTopic| {
        let id = TopicId(topic.topic_id.into_bytes());
        match (&topic.name, state.topic_of_id(id)) {
            (Some(name), _) => by_name(state, plan, name),
            (None, Some(name)) => by_name(state, plan, name),
            (None, None) => MetadataResponseTopic::default()
                .with_name(None)
                .with_topic_id(topic.topic_id)
                .with_error_code(ErrorCode::UNKNOWN_TOPIC_ID.0),
        }
    };
    asked.iter().map(describe).collect()
}

fn by_name(state: &State, plan: &Plan, name: &str) -> MetadataResponseTopic {
    let mut answer = MetadataResponseTopic::default();
    answer.name = Some(theirs::TopicName(StrBytes::from_string(name.to_owned())));
    answer.is_internal = topic::is_internal(name);
    let whole_topic = plan.fault(name, None).map(|fault| fault.code);
    match (whole_topic, state.topics.get(name)) {
        (Some(code), _) => answer.error_code = code.0,
        (None, Some(topic)) => describe(&mut answer, state, plan, name, topic),
        (None, None) if !topic::is_valid_name(name) => {
            answer.error_code = ErrorCode::INVALID_TOPIC_EXCEPTION.0;
        }
        (None, None) => answer.error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0,
    }
    answer
}

fn describe(answer: &mut MetadataResponseTopic, state: &State, plan: &Plan, name: &str, topic: &Topic) {
    answer.topic_id = Uuid::from_bytes(topic.id.0);
    let partitions = topic.numbered().map(|(number, partition)| {
        let fault = plan.fault(name, Some(number)).map(|fault| fault.code);
        partition_answer(state, number, partition, fault)
    });
    answer.partitions = partitions.collect();
}

fn partition_answer(
    state: &State,
    number: PartitionId,
    partition: &Partition,
    fault: Option<ErrorCode>,
) -> MetadataResponsePartition {
    let theirs = |brokers: &[BrokerId]| brokers.iter().map(|id| theirs::BrokerId(id.0)).collect();
    let code = match (fault, partition.leader) {
        (Some(code), _) => code,
        (None, Some(_)) => ErrorCode::NONE,
        (None, None) => ErrorCode::LEADER_NOT_AVAILABLE,
    };
    let dead: Vec<_> = partition.replicas.iter().copied().filter(|id| !state.is_alive(*id)).collect();
    MetadataResponsePartition::default()
        .with_error_code(code.0)
        .with_partition_index(number.0)
        .with_leader_id(theirs::BrokerId(partition.leader.unwrap_or(BrokerId::NONE).0))
        .with_leader_epoch(partition.epoch.0)
        .with_replica_nodes(theirs(&partition.replicas))
        .with_isr_nodes(theirs(&partition.isr))
        .with_offline_replicas(theirs(&dead))
}

/// Creates what was answered with "unknown": the first answer says 3, the next one has the topic.
fn create_missing(
    state: &mut State,
    request: &theirs::MetadataRequest,
    answered: &[MetadataResponseTopic],
    version: i16,
) {
    let may_create = request.allow_auto_topic_creation || version < FLAG_SINCE;
    if !state.settings.auto_create || !may_create {
        return;
    }
    let partitions = state.settings.default_partitions;
    let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0;
    for topic in answered.iter().filter(|topic| topic.error_code == unknown) {
        if let Some(name) = &topic.name {
            state.create_topic(name, partitions, TopicConfig::default());
        }
    }
}

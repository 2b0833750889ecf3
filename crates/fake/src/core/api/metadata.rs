//! Metadata: the live brokers, the requested topics, and topics that are created on the way.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::protocol::StrBytes;
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId, TopicId};
use milena_codec::message::MetadataRequest;
use uuid::Uuid;

use super::{Context, Response, State, Target};
use crate::acl::AclOperation;
use crate::core::Partition;
use crate::core::topic;
use crate::core::topic_config::TopicConfig;

pub(super) const CLUSTER_ID: &str = "milena-fake";
/// The first version with a flag for auto-creation; an older client cannot refuse it.
const FLAG_SINCE: i16 = 4;
/// The authorized operations were not requested.
const OPERATIONS_UNKNOWN: i32 = i32::MIN;

pub(super) fn serve(state: &mut State, cx: &Context<'_>, request: &theirs::MetadataRequest) -> Response {
    let brokers = state.live_brokers().map(|(id, broker)| {
        let (host, port) = broker.advertised();
        MetadataResponseBroker::default()
            .with_node_id(theirs::BrokerId(id.0))
            .with_host(StrBytes::from_string(host.to_owned()))
            .with_port(port.into())
    });
    let brokers: Vec<_> = brokers.collect();
    let controller = brokers.first().map_or(theirs::BrokerId(-1), |broker| broker.node_id);
    let body = theirs::MetadataResponse::default()
        .with_brokers(brokers)
        .with_cluster_id(Some(StrBytes::from_static_str(CLUSTER_ID)))
        .with_controller_id(controller)
        .with_cluster_authorized_operations(cluster_operations(
            state,
            request.include_cluster_authorized_operations,
        ))
        .with_topics(topics(state, cx, request));
    let response = cx.respond::<MetadataRequest>(&body);
    create_missing(state, cx, request, &body.topics);
    response
}

/// What the client may do to the cluster; nothing for a client that may not describe it (`KafkaApis.handleTopicMetadataRequest`).
pub(super) fn cluster_operations(state: &State, is_requested: bool) -> i32 {
    match (is_requested, state.acl.allows(AclOperation::Describe)) {
        (false, _) => OPERATIONS_UNKNOWN,
        (true, false) => 0,
        (true, true) => state.acl.of_cluster(),
    }
}

pub(super) fn targets(state: &State, request: &theirs::MetadataRequest) -> Vec<Target> {
    match &request.topics {
        None => state.topics.keys().map(|name| (name.clone(), None)).collect(),
        Some(topics) => {
            let names = topics.iter().filter_map(|topic| name_of(state, topic));
            names.map(|name| (name.to_owned(), None)).collect()
        }
    }
}

fn name_of<'a>(state: &'a State, topic: &'a MetadataRequestTopic) -> Option<&'a str> {
    match &topic.name {
        Some(name) => Some(&name.0),
        None => state.topic_of_id(TopicId(topic.topic_id.into_bytes())),
    }
}

fn topics(state: &State, cx: &Context<'_>, request: &theirs::MetadataRequest) -> Vec<MetadataResponseTopic> {
    let requested = request.topics.as_deref().unwrap_or_default();
    if request.topics.is_none() || (cx.head.version == 0 && requested.is_empty()) {
        let names = state.topics.keys().filter(|name| state.acl.allows_on(name, AclOperation::Describe));
        return names.map(|name| describe(state, cx, request, name)).collect();
    }
    let described = requested.iter().map(|topic| match name_of(state, topic) {
        Some(name) => describe(state, cx, request, name),
        None => MetadataResponseTopic::default()
            .with_name(None)
            .with_topic_id(topic.topic_id)
            .with_error_code(ErrorCode::UNKNOWN_TOPIC_ID.0),
    });
    described.collect()
}

fn describe(
    state: &State,
    cx: &Context<'_>,
    request: &theirs::MetadataRequest,
    name: &str,
) -> MetadataResponseTopic {
    let described = MetadataResponseTopic::default()
        .with_name(Some(theirs::TopicName(StrBytes::from_string(name.to_owned()))))
        .with_is_internal(topic::is_internal(name));
    let code = match (cx.plan.fault(name, None), state.topics.get(name)) {
        (Some(fault), _) => fault.code,
        (None, _) if !state.acl.allows_on(name, AclOperation::Describe) => {
            ErrorCode::TOPIC_AUTHORIZATION_FAILED
        }
        (None, Some(topic)) => {
            let operations = match request.include_topic_authorized_operations {
                true => state.acl.of_topic(name),
                false => OPERATIONS_UNKNOWN,
            };
            let partitions = topic.numbered().map(|(number, partition)| {
                let fault = cx.plan.fault(name, Some(number)).map(|fault| fault.code);
                describe_partition(state, number, partition, fault)
            });
            let partitions = partitions.collect();
            return described
                .with_topic_id(Uuid::from_bytes(topic.id.0))
                .with_partitions(partitions)
                .with_topic_authorized_operations(operations);
        }
        (None, None) if !topic::is_valid_name(name) => ErrorCode::INVALID_TOPIC_EXCEPTION,
        (None, None) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    };
    described.with_error_code(code.0)
}

fn describe_partition(
    state: &State,
    number: PartitionId,
    partition: &Partition,
    fault: Option<ErrorCode>,
) -> MetadataResponsePartition {
    let theirs = |brokers: &[BrokerId]| brokers.iter().map(|id| theirs::BrokerId(id.0)).collect();
    let no_leader =
        || if partition.leader.is_some() { ErrorCode::NONE } else { ErrorCode::LEADER_NOT_AVAILABLE };
    let offline: Vec<_> = partition.replicas.iter().copied().filter(|id| !state.is_alive(*id)).collect();
    MetadataResponsePartition::default()
        .with_error_code(fault.unwrap_or_else(no_leader).0)
        .with_partition_index(number.0)
        .with_leader_id(theirs::BrokerId(partition.leader.unwrap_or(BrokerId::NONE).0))
        .with_leader_epoch(partition.epoch.0)
        .with_replica_nodes(theirs(&partition.replicas))
        .with_isr_nodes(theirs(&partition.isr))
        .with_offline_replicas(theirs(&offline))
}

/// Creates the unknown topics: the first response has UNKNOWN_TOPIC_OR_PARTITION, the next one has the topic.
fn create_missing(
    state: &mut State,
    cx: &Context<'_>,
    request: &theirs::MetadataRequest,
    described: &[MetadataResponseTopic],
) {
    let may_create = request.allow_auto_topic_creation || cx.head.version < FLAG_SINCE;
    if !state.settings.auto_create || !may_create {
        return;
    }
    let unknown =
        |topic: &&MetadataResponseTopic| topic.error_code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0;
    for name in described.iter().filter(unknown).filter_map(|topic| topic.name.as_ref()) {
        state.create_topic(name, state.settings.default_partitions, TopicConfig::default());
    }
}

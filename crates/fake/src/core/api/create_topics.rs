//! CreateTopics, by any broker: brokers pass the request on to the controller.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use milena_codec::ErrorCode;
use milena_codec::message::CreateTopicsRequest;
use uuid::Uuid;

use super::{Context, Response, State, Target, response};
use crate::core::topic::{self, PARTITIONS_MAX};
use crate::core::topic_config::TopicConfig;

pub(super) fn serve(state: &mut State, cx: &Context<'_>, request: &theirs::CreateTopicsRequest) -> Response {
    let create = |wanted: &CreatableTopic| {
        let result = CreatableTopicResult::default().with_name(wanted.name.clone());
        match create(state, cx, wanted, request.validate_only) {
            Ok((id, partitions, replicas)) => result
                .with_topic_id(id)
                .with_num_partitions(i32::try_from(partitions).unwrap_or(i32::MAX))
                .with_replication_factor(i16::try_from(replicas).unwrap_or(i16::MAX))
                .with_configs(Some(Vec::new())),
            Err(code) => result
                .with_error_code(code.0)
                .with_error_message(response::error_message(code, None))
                .with_num_partitions(-1)
                .with_replication_factor(-1),
        }
    };
    let topics = request.topics.iter().map(create).collect();
    cx.respond::<CreateTopicsRequest>(&theirs::CreateTopicsResponse::default().with_topics(topics))
}

pub(super) fn targets(request: &theirs::CreateTopicsRequest) -> Vec<Target> {
    request.topics.iter().map(|topic| (topic.name.to_string(), None)).collect()
}

/// Creates a topic; returns its id, and the counts of its partitions and of their replicas.
fn create(
    state: &mut State,
    cx: &Context<'_>,
    wanted: &CreatableTopic,
    validate_only: bool,
) -> Result<(Uuid, usize, usize), ErrorCode> {
    if let Some(fault) = cx.plan.fault(&wanted.name, None) {
        return Err(fault.code);
    }
    let (partitions, config) = checked(state, wanted)?;
    if !validate_only {
        state.create_topic(&wanted.name, partitions, config);
    }
    let created = state.topics.get(&*wanted.name.0);
    let replicas = created.and_then(|topic| topic.partitions.first()).map_or(0, |first| first.replicas.len());
    Ok((created.map_or_else(Uuid::nil, |topic| Uuid::from_bytes(topic.id.0)), partitions, replicas))
}

fn checked(state: &State, wanted: &CreatableTopic) -> Result<(usize, TopicConfig), ErrorCode> {
    if !topic::is_valid_name(&wanted.name) {
        return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
    }
    if state.topics.contains_key(&*wanted.name.0) {
        return Err(ErrorCode::TOPIC_ALREADY_EXISTS);
    }
    let partitions = match wanted.num_partitions {
        -1 if !wanted.assignments.is_empty() => wanted.assignments.len(),
        -1 => state.settings.default_partitions,
        count => usize::try_from(count).unwrap_or(0),
    };
    if !(1..=PARTITIONS_MAX).contains(&partitions) {
        return Err(ErrorCode::INVALID_PARTITIONS);
    }
    let replicas = usize::try_from(wanted.replication_factor).unwrap_or(1);
    if replicas == 0 || wanted.replication_factor < -1 || replicas > state.live_brokers().count() {
        return Err(ErrorCode::INVALID_REPLICATION_FACTOR);
    }
    let mut config = TopicConfig::default();
    let is_set = |setting: &theirs::create_topics_request::CreatableTopicConfig| {
        setting.value.as_deref().is_some_and(|value| config.set(&setting.name, value))
    };
    match wanted.configs.iter().all(is_set) {
        true => Ok((partitions, config)),
        false => Err(ErrorCode::INVALID_CONFIG),
    }
}

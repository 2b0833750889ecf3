//! CreateTopics, by any broker: brokers pass it on to the controller.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use milena_codec::ErrorCode;
use milena_codec::message::CreateTopicsRequest;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::request::Head;
use super::state::State;
use super::topic::{self, PARTITIONS_MAX};
use super::topic_config::TopicConfig;
use crate::hook::{Plan, Target};

pub(crate) fn serve(
    state: &mut State,
    head: &Head,
    plan: &Plan,
    request: &theirs::CreateTopicsRequest,
) -> Answer {
    let create = |wanted: &CreatableTopic| create(state, plan, wanted, request.validate_only);
    let body =
        theirs::CreateTopicsResponse::default().with_topics(request.topics.iter().map(create).collect());
    answer::frame::<CreateTopicsRequest>(head.correlation_id, head.version, &body)
}

/// The topics that a request names, for hooks to choose by.
pub(crate) fn targets(request: &theirs::CreateTopicsRequest) -> Vec<Target> {
    request.topics.iter().map(|topic| (topic.name.to_string(), None)).collect()
}

fn create(
    state: &mut State,
    plan: &Plan,
    wanted: &CreatableTopic,
    validate_only: bool,
) -> CreatableTopicResult {
    let result = CreatableTopicResult::default().with_name(wanted.name.clone());
    let failed = |code: ErrorCode| {
        result
            .clone()
            .with_error_code(code.0)
            .with_error_message(answer::words(code, None))
            .with_num_partitions(-1)
            .with_replication_factor(-1)
    };
    if let Some(fault) = plan.fault(&wanted.name, None) {
        return failed(fault.code);
    }
    let (partitions, config) = match checked(state, wanted) {
        Ok(checked) => checked,
        Err(code) => return failed(code),
    };
    if !validate_only {
        state.create_topic(&wanted.name, partitions, config);
    }
    let created = state.topics.get(&*wanted.name.0);
    let replicas = created.and_then(|topic| topic.partitions.first()).map_or(0, |first| first.replicas.len());
    result
        .with_topic_id(created.map_or_else(Uuid::nil, |topic| Uuid::from_bytes(topic.id.0)))
        .with_num_partitions(i32::try_from(partitions).unwrap_or(i32::MAX))
        .with_replication_factor(i16::try_from(replicas).unwrap_or(i16::MAX))
        .with_configs(Some(Vec::new()))
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
        count => {
            usize::try_from(count).ok().filter(|count| *count > 0).ok_or(ErrorCode::INVALID_PARTITIONS)?
        }
    };
    if partitions > PARTITIONS_MAX {
        return Err(ErrorCode::INVALID_PARTITIONS);
    }
    let replicas = usize::try_from(wanted.replication_factor).unwrap_or(1);
    if replicas == 0 || wanted.replication_factor < -1 || replicas > state.live_brokers().count() {
        return Err(ErrorCode::INVALID_REPLICATION_FACTOR);
    }
    let mut config = TopicConfig::default();
    for setting in &wanted.configs {
        let value = setting.value.as_deref().ok_or(ErrorCode::INVALID_CONFIG)?;
        if !config.set(&setting.name, value) {
            return Err(ErrorCode::INVALID_CONFIG);
        }
    }
    Ok((partitions, config))
}

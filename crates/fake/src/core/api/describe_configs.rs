//! DescribeConfigs: the settings of topics, and those of the broker that gets the request.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult,
};
use kafka_protocol::protocol::StrBytes;
use milena_codec::ErrorCode;
use milena_codec::ids::ResourceType;
use milena_codec::message::DescribeConfigsRequest;

use super::{Context, Response, State, Target, response};
use crate::acl::AclOperation;
use crate::core::topic;
use crate::core::topic_config::TopicConfig;

/// `socket.request.max.bytes`, Kafka's default.
const REQUEST_BYTES_MAX: usize = 104_857_600;

/// The source of a value that is the default (`ConfigSource.DEFAULT_CONFIG`).
const DEFAULT: i8 = 5;

/// Names and values.
type Settings = Vec<(&'static str, String)>;

pub(super) fn serve(state: &State, cx: &Context<'_>, request: &theirs::DescribeConfigsRequest) -> Response {
    let results = request.resources.iter().map(|resource| {
        let result = DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match describe(state, cx, resource) {
            Ok(settings) => result.with_error_message(None).with_configs(selected(resource, settings)),
            Err(code) => {
                result.with_error_code(code.0).with_error_message(response::error_message(code, None))
            }
        }
    });
    let body = theirs::DescribeConfigsResponse::default().with_results(results.collect());
    cx.respond::<DescribeConfigsRequest>(&body)
}

/// The topics; brokers have no name that a hook chooses by.
pub(super) fn targets(request: &theirs::DescribeConfigsRequest) -> Vec<Target> {
    let topics = request.resources.iter().filter(|one| one.resource_type == ResourceType::TOPIC.0);
    topics.map(|topic| (topic.resource_name.to_string(), None)).collect()
}

fn describe(
    state: &State,
    cx: &Context<'_>,
    resource: &DescribeConfigsResource,
) -> Result<Settings, ErrorCode> {
    let name = &*resource.resource_name;
    match ResourceType(resource.resource_type) {
        ResourceType::TOPIC => {
            if let Some(fault) = cx.plan.fault(name, None) {
                return Err(fault.code);
            }
            if !state.acl.allows_on(name, AclOperation::DescribeConfigs) {
                return Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
            }
            match state.topics.get(name) {
                Some(topic) => Ok(topic.config.settings()),
                None if topic::is_valid_name(name) => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
                None => Err(ErrorCode::INVALID_TOPIC_EXCEPTION),
            }
        }
        ResourceType::BROKER => {
            if let Some(fault) = cx.plan.request_fault() {
                return Err(fault.code);
            }
            if !state.acl.allows(AclOperation::DescribeConfigs) {
                return Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
            }
            // `ConfigHelper.describeConfigs`: a broker describes itself, or the defaults of all brokers.
            match name.is_empty() || name == cx.broker.to_string() {
                true => Ok(of_broker(state)),
                false => Err(ErrorCode::INVALID_REQUEST),
            }
        }
        _ => Err(ErrorCode::INVALID_REQUEST),
    }
}

fn of_broker(state: &State) -> Settings {
    vec![
        ("auto.create.topics.enable", state.settings.auto_create.to_string()),
        ("message.max.bytes", TopicConfig::default().max_message_bytes.to_string()),
        ("socket.request.max.bytes", REQUEST_BYTES_MAX.to_string()),
    ]
}

/// The requested settings; all of them if none is named.
fn selected(resource: &DescribeConfigsResource, settings: Settings) -> Vec<DescribeConfigsResourceResult> {
    let is_requested = |name: &str| {
        resource.configuration_keys.as_ref().is_none_or(|keys| keys.iter().any(|key| &**key == name))
    };
    let selected = settings.into_iter().filter(|(name, _)| is_requested(name));
    let result = |(name, value): (&'static str, String)| {
        DescribeConfigsResourceResult::default()
            .with_name(StrBytes::from_static_str(name))
            .with_value(Some(StrBytes::from_string(value)))
            .with_config_source(DEFAULT)
    };
    selected.map(result).collect()
}

//! DescribeConfigs, DescribeCluster, DescribeQuorum, and permissions: descriptions in every version, and denied requests.

use kafka_protocol::messages as theirs;
use milena_codec::ErrorCode;
use milena_codec::ids::{PartitionId, ResourceType};
use milena_codec::message::{
    DescribeClusterRequest, DescribeConfigsRequest, DescribeConfigsResource, DescribeQuorumRequest,
    DescribeQuorumRequestPartition, DescribeQuorumRequestTopic, InitProducerIdRequest, MetadataRequest,
    MetadataRequestTopic,
};
use milena_fake::{AclOperation, Release};

use crate::client::*;

fn resource(resource_type: ResourceType, name: &str, keys: Option<&[&str]>) -> DescribeConfigsRequest {
    let keys = keys.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect());
    let resource =
        DescribeConfigsResource { resource_type, resource_name: name.to_owned(), configuration_keys: keys };
    DescribeConfigsRequest { resources: vec![resource], ..DescribeConfigsRequest::default() }
}

async fn code_of(wire: &mut Wire, resource_type: ResourceType, name: &str) -> ErrorCode {
    wire.call(&resource(resource_type, name, None), 4).await.results[0].error_code
}

#[tokio::test]
async fn settings_of_topics_and_brokers_are_described_in_every_version() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for version in 1..=4 {
        let request = resource(ResourceType::TOPIC, "t", Some(&["max.message.bytes", "no.such.key"]));
        let described: theirs::DescribeConfigsResponse = wire.ask(&request, version).await;
        let configs = &described.results[0].configs;
        assert_eq!(configs.len(), 1);
        assert_eq!((&*configs[0].name, configs[0].value.as_deref()), ("max.message.bytes", Some("1048588")));
    }
    let all = wire.call(&resource(ResourceType::BROKER, "1", None), 4).await;
    let names: Vec<_> = all.results[0].configs.iter().map(|config| config.name.as_str()).collect();
    assert_eq!(names, ["auto.create.topics.enable", "message.max.bytes", "socket.request.max.bytes"]);
}

#[tokio::test]
async fn unknown_resources_are_not_described() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (resource_type, name, code) in [
        (ResourceType::TOPIC, "missing", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        (ResourceType::TOPIC, "no name", ErrorCode::INVALID_TOPIC_EXCEPTION),
        (ResourceType::BROKER, "2", ErrorCode::INVALID_REQUEST),
        (ResourceType(77), "t", ErrorCode::INVALID_REQUEST),
    ] {
        assert_eq!(code_of(&mut wire, resource_type, name).await, code, "{name}");
    }
}

#[tokio::test]
async fn brokers_and_permissions_of_the_cluster_are_described_in_every_version() {
    let cluster = small(|builder| builder.brokers(3)).await;
    cluster.deny_cluster(&[AclOperation::IdempotentWrite]);
    cluster.kill(2);
    let mut wire = Wire::to(&cluster, 1);
    for version in 0..=2 {
        let request =
            DescribeClusterRequest { include_cluster_authorized_operations: true, ..Default::default() };
        let described: theirs::DescribeClusterResponse = wire.ask(&request, version).await;
        assert_eq!((described.error_code, &*described.cluster_id), (0, "milena-fake"));
        assert_eq!(described.brokers.iter().map(|broker| broker.broker_id.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(described.cluster_authorized_operations, 0xfa0);
    }
    let controllers = DescribeClusterRequest { endpoint_type: 2, ..Default::default() };
    let described = wire.call(&controllers, 1).await;
    assert_eq!(described.error_code, ErrorCode::MISMATCHED_ENDPOINT_TYPE);
    cluster.deny_cluster(&[AclOperation::Describe]);
    let hidden = DescribeClusterRequest { include_cluster_authorized_operations: true, ..Default::default() };
    assert_eq!(wire.call(&hidden, 1).await.cluster_authorized_operations, 0);
}

fn log(topic: &str, partition: i32) -> DescribeQuorumRequest {
    let partitions = vec![DescribeQuorumRequestPartition { partition_index: PartitionId(partition) }];
    DescribeQuorumRequest {
        topics: vec![DescribeQuorumRequestTopic { topic_name: topic.to_owned(), partitions }],
    }
}

#[tokio::test(start_paused = true)]
async fn leader_of_the_metadata_log_has_the_time_of_day() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for version in 1..=2 {
        let described: theirs::DescribeQuorumResponse =
            wire.ask(&log("__cluster_metadata", 0), version).await;
        let partition = &described.topics[0].partitions[0];
        assert_eq!(partition.leader_id.0, 1);
        assert_eq!(partition.current_voters[0].last_caught_up_timestamp, NOW_MS);
    }
    for other in [log("t", 0), log("__cluster_metadata", 1), DescribeQuorumRequest::default()] {
        assert_eq!(wire.call(&other, 2).await.error_code, ErrorCode::INVALID_REQUEST);
    }
    cluster.deny_cluster(&[AclOperation::Describe]);
    let denied = wire.call(&log("__cluster_metadata", 0), 2).await;
    assert_eq!(denied.error_code, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
}

#[tokio::test]
async fn denied_operations_on_a_topic_are_rejected_and_missing_among_the_authorized_ones() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    cluster.deny_topic("t", &[AclOperation::Write, AclOperation::DescribeConfigs]);
    assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(code_of(&mut wire, ResourceType::TOPIC, "t").await, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let request = MetadataRequest {
        topics: Some(vec![MetadataRequestTopic::named("t")]),
        include_topic_authorized_operations: true,
        ..MetadataRequest::default()
    };
    assert_eq!(wire.call(&request, 12).await.topics[0].topic_authorized_operations, 0x9e8);
    assert_eq!(wire.metadata("t").await.topics[0].topic_authorized_operations, i32::MIN);
    cluster.deny_topic("t", &[AclOperation::Describe]);
    assert_eq!(wire.metadata("t").await.topics[0].error_code, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let all = MetadataRequest { topics: None, ..MetadataRequest::default() };
    assert_eq!(wire.call(&all, 12).await.topics, []);
    assert_eq!(values(&cluster, "t", 0), [""; 0]);
}

#[tokio::test]
async fn producer_id_needs_idempotent_write_or_since_2_8_write_on_a_topic() {
    let denied = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
    for (release, with_topic) in [(Release::V4_3, ErrorCode::NONE), (Release::V2_1, denied)] {
        let cluster = small(|builder| builder.look_like(release)).await;
        let mut wire = Wire::to(&cluster, 1);
        let request = InitProducerIdRequest::default();
        cluster.deny_cluster(&[AclOperation::IdempotentWrite, AclOperation::DescribeConfigs]);
        assert_eq!(wire.call(&request, 1).await.error_code, with_topic);
        cluster.deny_topic("t", &[AclOperation::Write]);
        assert_eq!(wire.call(&request, 1).await.error_code, denied);
        let broker = wire.call(&resource(ResourceType::BROKER, "1", None), 2).await;
        assert_eq!(broker.results[0].error_code, denied);
    }
}

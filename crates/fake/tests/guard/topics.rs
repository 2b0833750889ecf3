//! CreateTopics: what it creates, and what it refuses.

use kafka_protocol::messages as theirs;
use milena_codec::ErrorCode;
use milena_codec::message::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use milena_fake::ApiKey;

use crate::client::*;

fn topic(name: &str, partitions: i32, replicas: i16) -> CreatableTopic {
    CreatableTopic {
        name: name.to_owned(),
        num_partitions: partitions,
        replication_factor: replicas,
        ..CreatableTopic::default()
    }
}

fn with(mut topic: CreatableTopic, name: &str, value: &str) -> CreatableTopic {
    topic.configs.push(CreatableTopicConfig { name: name.to_owned(), value: Some(value.to_owned()) });
    topic
}

async fn create(wire: &mut Wire, topic: CreatableTopic, version: i16) -> (ErrorCode, i32, i16) {
    let request = CreateTopicsRequest { topics: vec![topic], ..CreateTopicsRequest::default() };
    let answer: theirs::CreateTopicsResponse = wire.ask(&request, version).await;
    let created = &answer.topics[0];
    (ErrorCode(created.error_code), created.num_partitions, created.replication_factor)
}

#[tokio::test]
async fn create_topics_creates_the_requested_topic_in_every_version() {
    let cluster = small(|builder| builder.brokers(3).default_partitions(4)).await;
    let mut wire = Wire::to(&cluster, 2);
    for version in 2..=7 {
        let name = format!("v{version}");
        let (code, partitions, replicas) = create(&mut wire, topic(&name, 5, 2), version).await;
        assert_eq!(code, ErrorCode::NONE);
        if version >= 5 {
            assert_eq!((partitions, replicas), (5, 3), "this cluster has three replicas of everything");
        }
        assert_eq!(cluster.partition_count(&name), Some(5));
    }
    create(&mut wire, topic("default", -1, -1), 7).await;
    assert_eq!(cluster.partition_count("default"), Some(4));
    let mut assigned = topic("assigned", -1, -1);
    assigned.assignments = vec![CreatableReplicaAssignment::default(); 2];
    create(&mut wire, assigned, 7).await;
    assert_eq!(cluster.partition_count("assigned"), Some(2));
}

#[tokio::test]
async fn invalid_topics_are_not_created() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (wanted, code) in [
        (topic("t", 1, 1), ErrorCode::TOPIC_ALREADY_EXISTS),
        (topic("no name", 1, 1), ErrorCode::INVALID_TOPIC_EXCEPTION),
        (topic("", 1, 1), ErrorCode::INVALID_TOPIC_EXCEPTION),
        (topic("u", 0, 1), ErrorCode::INVALID_PARTITIONS),
        (topic("u", -2, 1), ErrorCode::INVALID_PARTITIONS),
        (topic("u", 1, 2), ErrorCode::INVALID_REPLICATION_FACTOR),
        (topic("u", 1, 0), ErrorCode::INVALID_REPLICATION_FACTOR),
        (with(topic("u", 1, 1), "max.message.byte", "1"), ErrorCode::INVALID_CONFIG),
        (with(topic("u", 1, 1), "max.message.bytes", "many"), ErrorCode::INVALID_CONFIG),
    ] {
        let what = format!("{wanted:?}");
        assert_eq!(create(&mut wire, wanted, 7).await.0, code, "{what}");
    }
    assert_eq!(cluster.partition_count("u"), None);
}

#[tokio::test]
async fn topic_settings_are_effective_from_the_first_record() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let bytes = batch(&["0123456789"]);
    let limit = (bytes.len() - 1).to_string();
    create(&mut wire, with(topic("small", 1, 1), "max.message.bytes", &limit), 7).await;
    let id = cluster.topic_id("small").unwrap();
    let request = to("small", id, -1, vec![(0, Some(bytes.into()))]);
    assert_eq!(one(wire.call(&request, 12).await).error_code, ErrorCode::MESSAGE_TOO_LARGE);
}

#[tokio::test]
async fn validate_only_creates_no_topic() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let topics = vec![topic("u", 3, 1), topic("t", 1, 1)];
    let request = CreateTopicsRequest { topics, validate_only: true, ..CreateTopicsRequest::default() };
    let answer: theirs::CreateTopicsResponse = wire.ask(&request, 7).await;
    let codes: Vec<_> = answer.topics.iter().map(|topic| ErrorCode(topic.error_code)).collect();
    assert_eq!(codes, [ErrorCode::NONE, ErrorCode::TOPIC_ALREADY_EXISTS]);
    assert_eq!(cluster.partition_count("u"), None);
}

#[tokio::test]
async fn hook_rejects_a_topic() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    cluster.on(ApiKey::CREATE_TOPICS).topic("u").error(ErrorCode::POLICY_VIOLATION);
    assert_eq!(create(&mut wire, topic("u", 1, 1), 7).await.0, ErrorCode::POLICY_VIOLATION);
    assert_eq!(create(&mut wire, topic("u", 1, 1), 7).await.0, ErrorCode::NONE);
}

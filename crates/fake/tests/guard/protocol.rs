//! Versions, frames, identities and metadata: everything around Produce.

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch, TopicId};
use milena_codec::message::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, InitProducerIdRequest, Message, MetadataRequest,
    MetadataRequestTopic, Version,
};
use milena_fake::{Cluster, Release};
use tokio::io::AsyncWriteExt;

use crate::client::*;

#[tokio::test]
async fn unknown_version_of_api_versions_gets_version_0() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for version in [5, 99, -1] {
        wire.send_raw(&raw_header(ApiKey::API_VERSIONS, version)).await;
        let frame = wire.frame().await.unwrap();
        assert_eq!(frame[..4], [0, 0, 0, 7]);
        let form = Version::of::<ApiVersionsResponse>(0);
        let answer = ApiVersionsResponse::decode_exact(&frame[4..], form).unwrap();
        assert_eq!(answer.error_code, ErrorCode::UNSUPPORTED_VERSION);
        let [own] = &answer.api_keys[..] else { panic!("{answer:?}") };
        assert_eq!((own.api_key, own.min_version, own.max_version), (ApiKey::API_VERSIONS, 0, 4));
    }
    assert_eq!(wire.call(&named("milena", "0.1"), 4).await.error_code, ErrorCode::NONE);
}

#[tokio::test]
async fn invalid_client_name_gets_invalid_request() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (name, version) in [("", "1"), ("milena", ""), ("mi lena", "1"), ("milena", "1_0"), ("-x", "1")] {
        let answer = wire.call(&named(name, version), 3).await;
        assert_eq!(answer.error_code, ErrorCode::INVALID_REQUEST, "{name:?} {version:?}");
    }
    assert_eq!(wire.call(&ApiVersionsRequest::default(), 2).await.error_code, ErrorCode::NONE);
}

#[tokio::test]
async fn release_offers_its_versions_alone() {
    let cluster = small(|builder| builder.look_like(Release::V2_8)).await;
    let mut wire = Wire::to(&cluster, 1);
    let answer = wire.call(&named("milena", "1"), 3).await;
    let produce = answer.api_keys.iter().find(|api| api.api_key == ApiKey::PRODUCE).unwrap();
    assert_eq!((produce.min_version, produce.max_version), (0, 9));
    wire.send(&to_t(-1, batch(&["a"])), 10).await;
    assert!(wire.is_closed().await);
    cluster.clamp_versions(ApiKey::PRODUCE, 3..=10);
    assert_eq!(Wire::to(&cluster, 1).produce(batch(&["a"]), 10).await.error_code, ErrorCode::NONE);
}

#[tokio::test]
async fn malformed_request_closes_its_connection_alone() {
    let cluster = one_broker().await;
    let mut bystander = Wire::to(&cluster, 1);
    let versions =
        [(ApiKey::PRODUCE, 0), (ApiKey::PRODUCE, 2), (ApiKey::PRODUCE, 14), (ApiKey::METADATA, -1)];
    for (api, version) in versions.into_iter().chain([(ApiKey(77), 0), (ApiKey(-1), 0)]) {
        let mut wire = Wire::to(&cluster, 1);
        wire.send_raw(&raw_header(api, version)).await;
        assert!(wire.is_closed().await, "{api} v{version}");
    }
    // Kafka's limit of a frame is 104 857 600 bytes.
    for bytes in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x16, 3, 1, 0, 5, 1, 0], &[0; 4], &[0xff; 4], &[6, 0x40, 0, 1]]
    {
        let mut wire = Wire::to(&cluster, 1);
        wire.stream.write_all(bytes).await.unwrap();
        assert!(wire.is_closed().await, "{bytes:?}");
    }
    assert_eq!(bystander.code(batch(&["a"])).await, ErrorCode::NONE);
    assert!(!cluster.violations().is_empty());
}

#[tokio::test]
async fn oversized_count_closes_the_connection() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    let mut frame = raw_header(ApiKey::PRODUCE, 3);
    // No transactional id, acks, timeout, and two thousand million topics.
    frame.extend_from_slice(&[0xff, 0xff, 0, 1, 0, 0, 0, 9, 0x7f, 0xff, 0xff, 0xff]);
    wire.send_raw(&frame).await;
    assert!(wire.is_closed().await);
}

#[tokio::test]
async fn trailing_bytes_of_a_request_are_a_violation() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    // librdkafka 2.16 asks for all topics like this: four bytes of a count where a null is one byte, so that three
    // are left over.
    let mut frame = raw_header(ApiKey::METADATA, 13);
    frame.extend_from_slice(&[0, 0, 0, 0, 0, 1, 0, 0]);
    wire.send_raw(&frame).await;
    assert!(wire.frame().await.is_some());
    assert_eq!(cluster.violations().len(), 1);
}

#[tokio::test]
async fn every_broker_returns_fresh_producer_ids() {
    let cluster = small(|builder| builder.brokers(2)).await;
    let first = Wire::to(&cluster, 1).identity().await;
    let second = Wire::to(&cluster, 2).identity().await;
    assert_ne!(first.producer_id, second.producer_id);
    assert_eq!((first.epoch.0, second.epoch.0), (0, 0));
    let transactional =
        InitProducerIdRequest { transactional_id: Some("tx".to_owned()), ..InitProducerIdRequest::default() };
    let answer = Wire::to(&cluster, 1).call(&transactional, 4).await;
    assert_eq!(answer.error_code, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
}

#[tokio::test]
async fn metadata_creates_a_topic_for_the_next_request() {
    let cluster = small(|builder| builder.default_partitions(4)).await;
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(wire.metadata("new").await.topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let created = wire.metadata("new").await.topics.remove(0);
    assert_eq!((created.error_code, created.partitions.len()), (ErrorCode::NONE, 4));
    assert_eq!(wire.metadata("no name").await.topics[0].error_code, ErrorCode::INVALID_TOPIC_EXCEPTION);
}

#[tokio::test]
async fn metadata_creates_no_topic_without_the_flag_or_the_setting() {
    let off = small(|builder| builder.auto_create(false)).await;
    Wire::to(&off, 1).metadata("new").await;
    assert_eq!(off.partition_count("new"), None);
    let on = one_broker().await;
    let topics = Some(vec![MetadataRequestTopic::named("new")]);
    let request = MetadataRequest { topics, allow_auto_topic_creation: false, ..MetadataRequest::default() };
    let mut wire = Wire::to(&on, 1);
    for _ in 0..2 {
        let code = wire.call(&request, 9).await.topics[0].error_code;
        assert_eq!(code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    }
}

#[tokio::test]
async fn metadata_describes_topics_by_id_and_all_topics() {
    let cluster = small(|builder| builder.topic("u", 2)).await;
    let mut wire = Wire::to(&cluster, 1);
    let all = MetadataRequest { topics: None, ..MetadataRequest::default() };
    let names: Vec<_> = wire.call(&all, 12).await.topics.into_iter().map(|t| t.name.unwrap()).collect();
    assert_eq!(names, ["t", "u"]);
    let id = cluster.topic_id("u").unwrap();
    for (id, code) in [(id, ErrorCode::NONE), (TopicId([1; 16]), ErrorCode::UNKNOWN_TOPIC_ID)] {
        let topics = Some(vec![MetadataRequestTopic { topic_id: id, name: None }]);
        let answer = wire.call(&MetadataRequest { topics, ..MetadataRequest::default() }, 12).await;
        assert_eq!((answer.topics[0].error_code, answer.topics[0].topic_id), (code, id));
    }
}

#[tokio::test]
async fn stopped_broker_is_not_listed_and_leads_nothing() {
    let cluster = Cluster::builder().topic("t", 3).in_memory().start().await.unwrap();
    let mut wire = Wire::to(&cluster, 1);
    cluster.kill(2);
    let answer = wire.metadata("t").await;
    let alive: Vec<_> = answer.brokers.iter().map(|broker| broker.node_id.0).collect();
    assert_eq!(alive, [1, 3]);
    let moved = &answer.topics[0].partitions[1];
    assert_eq!((moved.leader_id, moved.leader_epoch), (BrokerId(3), LeaderEpoch(1)));
    assert_eq!((moved.isr_nodes.len(), &moved.offline_replicas[..]), (2, &[BrokerId(2)][..]));
    assert_eq!(answer.topics[0].partitions[0].leader_epoch, LeaderEpoch(0));
}

fn named(name: &str, version: &str) -> ApiVersionsRequest {
    ApiVersionsRequest { client_software_name: name.to_owned(), client_software_version: version.to_owned() }
}

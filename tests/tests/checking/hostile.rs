//! Servers that lie, are silent or send too much: the check ends in bounded time, with bounded and printable findings.

use std::time::Duration;

use milena::{CheckReport, CheckStep, Severity};
use milena_codec::ids::{BrokerId, PartitionId, ResourceType};
use milena_codec::message::{
    DescribeConfigsResourceResult, DescribeConfigsResponse, DescribeConfigsResult, DescribeQuorumPartition,
    DescribeQuorumReplica, DescribeQuorumResponse, DescribeQuorumTopic, MetadataResponse,
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic, SaslHandshakeResponse,
};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Stopwatch};

use crate::support::{check, expect, harness};

/// Clears a screen, ends the line, turns letters around.
const FOREIGN: &str = "a\u{1b}[2J\r\n\u{202e}b";
const SECOND: Duration = Duration::from_secs(1);

#[track_caller]
fn assert_bounded(report: &CheckReport) {
    assert!(report.findings().len() < 600, "{} findings", report.findings().len());
    for finding in report.findings() {
        for text in [finding.subject(), finding.text(), finding.remedy().unwrap_or_default()] {
            assert!(text.len() < 2_100 && !text.contains(milena_codec::steers), "{text:?}");
        }
    }
}

fn broker(id: i32, host: &str, port: i32) -> MetadataResponseBroker {
    MetadataResponseBroker { node_id: BrokerId(id), host: host.to_owned(), port, rack: None }
}

#[tokio::test(start_paused = true)]
async fn each_silent_request_costs_no_more_than_the_time_of_the_check() {
    for api in [
        ApiKey::API_VERSIONS,
        ApiKey::METADATA,
        ApiKey::DESCRIBE_CONFIGS,
        ApiKey::DESCRIBE_QUORUM,
        ApiKey::DESCRIBE_CLUSTER,
    ] {
        let harness = harness(|builder| builder.brokers(2)).await;
        harness.deny_topic("t", &[milena_fake::AclOperation::Write]);
        harness.on(api).always().silence();
        let watch = Stopwatch::start();
        let report = check(&harness.producer().connect_timeout(2 * SECOND)).await;
        assert!(watch.elapsed() <= 9 * SECOND, "{api}: {:?}\n{report}", watch.elapsed());
        assert!(report.count(Severity::Error) + report.count(Severity::NotChecked) > 2, "{api}\n{report}");
        assert_bounded(&report);
    }
}

#[tokio::test(start_paused = true)]
async fn thousands_of_brokers_are_dialled_within_the_bounds() {
    let harness = harness(|builder| builder.brokers(1)).await;
    let brokers = (0..10_000).map(|id| broker(id, &format!("host-{id}"), 9_092)).collect();
    let lie = MetadataResponse { brokers, ..MetadataResponse::default() };
    harness.on(ApiKey::METADATA).message(lie);
    let report = check(&harness.producer().connect_timeout(2 * SECOND)).await;
    expect(&report, Severity::NotChecked, CheckStep::Advertised, &["only 256 of 10000 brokers"]);
    assert_bounded(&report);
}

#[tokio::test(start_paused = true)]
async fn invalid_brokers_and_foreign_text_are_findings() {
    let harness = harness(|builder| builder.brokers(1)).await;
    let lie = MetadataResponse {
        brokers: vec![
            broker(1, "x", 0),
            broker(2, FOREIGN, 9_092),
            broker(3, "", 1),
            broker(-7, "x", 1),
            broker(4, &"x".repeat(5_000), 1),
        ],
        cluster_id: Some(FOREIGN.to_owned()),
        ..MetadataResponse::default()
    };
    harness.on(ApiKey::METADATA).always().message(lie);
    let report = check(&harness.producer()).await;
    for words in ["broker 1", "broker 2", "broker 3", "broker -7", "broker 4"] {
        expect(&report, Severity::Error, CheckStep::Advertised, &[words, "advertised.listeners"]);
    }
    expect(&report, Severity::Error, CheckStep::Topic, &["does not describe the topic"]);
    assert_bounded(&report);
}

#[tokio::test(start_paused = true)]
async fn impossible_partitions_settings_and_times_are_findings_without_a_panic() {
    let harness = harness(|builder| builder.brokers(1)).await;
    let partition = |index| MetadataResponsePartition {
        partition_index: PartitionId(index),
        leader_id: BrokerId(i32::MIN),
        ..MetadataResponsePartition::default()
    };
    let topic = MetadataResponseTopic {
        name: Some("t".to_owned()),
        partitions: [i32::MIN, -1, 0, i32::MAX].map(partition).to_vec(),
        topic_authorized_operations: -1,
        ..MetadataResponseTopic::default()
    };
    harness
        .on(ApiKey::METADATA)
        .topic("t")
        .always()
        .message(MetadataResponse { topics: vec![topic], ..MetadataResponse::default() });
    for value in ["-1", "99999999999999999999999", FOREIGN, "9223372036854775807", "-9223372036854775808"] {
        harness.on(ApiKey::DESCRIBE_CONFIGS).topic("t").message(configs(value));
        harness.on(ApiKey::DESCRIBE_QUORUM).message(quorum(i64::MAX));
        let report = check(&harness.producer()).await;
        expect(&report, Severity::Error, CheckStep::Topic, &["without a leader"]);
        expect(&report, Severity::Warning, CheckStep::Clock, &["ahead"]);
        assert_bounded(&report);
    }
}

fn configs(value: &str) -> DescribeConfigsResponse {
    let names = [
        "max.message.bytes",
        "min.insync.replicas",
        "compression.type",
        "message.timestamp.type",
        "message.timestamp.before.max.ms",
        "message.timestamp.after.max.ms",
        "cleanup.policy",
        FOREIGN,
    ];
    let config = |name: &str| DescribeConfigsResourceResult {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        ..DescribeConfigsResourceResult::default()
    };
    let result = DescribeConfigsResult {
        resource_type: ResourceType::TOPIC,
        resource_name: "t".to_owned(),
        configs: names.map(config).to_vec(),
        ..DescribeConfigsResult::default()
    };
    DescribeConfigsResponse { results: vec![result], ..DescribeConfigsResponse::default() }
}

fn quorum(time_ms: i64) -> DescribeQuorumResponse {
    let replica = DescribeQuorumReplica { last_caught_up_timestamp: time_ms, ..Default::default() };
    let partition = DescribeQuorumPartition { current_voters: vec![replica], ..Default::default() };
    let topic =
        DescribeQuorumTopic { topic_name: "__cluster_metadata".to_owned(), partitions: vec![partition] };
    DescribeQuorumResponse { topics: vec![topic], ..Default::default() }
}

#[tokio::test(start_paused = true)]
async fn foreign_mechanisms_and_messages_are_printable() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).user("me", "right")).await;
    let handshake = SaslHandshakeResponse {
        error_code: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
        mechanisms: (0..10_000).map(|number| format!("{FOREIGN}{number}")).collect(),
    };
    harness.on(ApiKey::SASL_HANDSHAKE).always().message(handshake);
    let report = check(&harness.producer().sasl(milena::Sasl::plain("me", "right"))).await;
    expect(&report, Severity::Error, CheckStep::Sasl, &["does not have PLAIN enabled"]);
    expect(&report, Severity::Ok, CheckStep::Sasl, &["and 9992 more"]);
    assert_bounded(&report);
}

#[tokio::test(start_paused = true)]
async fn response_above_the_limit_is_a_finding() {
    let harness = harness(|builder| builder.brokers(1)).await;
    let frame = [&[0x7f, 0xff, 0xff, 0xff][..], &[0; 64]].concat();
    harness.on(ApiKey::METADATA).always().raw(frame);
    let report = check(&harness.producer()).await;
    expect(&report, Severity::Error, CheckStep::Cluster, &["2147483647"]);
    assert_bounded(&report);
}

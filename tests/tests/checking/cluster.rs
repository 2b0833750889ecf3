//! The steps of the cluster: id, advertised addresses, settings of a broker, clocks, permissions.

use std::time::Duration;

use milena::{Acks, CheckStep, Severity};
use milena_fake::{AclOperation, ApiKey, Cluster, ErrorCode, Release};
use milena_tests::{ClusterHarness, Name};

use crate::support::{check, expect, expect_clean, expect_nothing_written, harness, of};

#[tokio::test(start_paused = true)]
async fn healthy_cluster_has_a_finding_for_each_step_and_no_fault() {
    let harness = harness(|builder| builder).await;
    let report = check(&harness.producer()).await;
    expect_clean(&report);
    assert!(report.is_usable());
    expect(&report, Severity::Ok, CheckStep::Config, &["settings", "valid"]);
    expect(&report, Severity::NotChecked, CheckStep::Name, &["broker-1:9092", "connector"]);
    expect(&report, Severity::Ok, CheckStep::Tcp, &["broker-3:9092", "accepts connections"]);
    expect(&report, Severity::Ok, CheckStep::Tls, &["not configured"]);
    expect(&report, Severity::Ok, CheckStep::ApiVersions, &["Produce 13", "InitProducerId 5"]);
    expect(&report, Severity::Ok, CheckStep::Sasl, &["needs none"]);
    expect(&report, Severity::Ok, CheckStep::Cluster, &["id milena-fake, 3 brokers"]);
    expect(&report, Severity::Ok, CheckStep::Advertised, &["broker 2", "broker-2:9092", "reached"]);
    expect(&report, Severity::Ok, CheckStep::Broker, &["`socket.request.max.bytes` is 104857600"]);
    expect(&report, Severity::Ok, CheckStep::Clock, &["ms"]);
    expect(&report, Severity::Ok, CheckStep::Topic, &["3 partitions, each with a leader"]);
    expect(&report, Severity::Ok, CheckStep::Acl, &["WRITE is allowed"]);
    expect(&report, Severity::Ok, CheckStep::Acl, &["idempotent writing is allowed by WRITE"]);
    expect(&report, Severity::Ok, CheckStep::Replicas, &["all replicas are in sync"]);
    expect(&report, Severity::Ok, CheckStep::Size, &["`max.message.bytes` is 1048588"]);
    expect(&report, Severity::Ok, CheckStep::Timestamps, &["CreateTime", "3600000 ms"]);
    expect(&report, Severity::Ok, CheckStep::Codec, &["none"]);
    expect_nothing_written(&harness);
}

#[tokio::test(start_paused = true)]
async fn advertised_address_that_leads_nowhere_is_an_error_with_the_setting() {
    let harness = harness(|builder| builder).await;
    harness.advertise(2, "nowhere", 9_092);
    harness.network().name("nowhere", Name::Nobody);
    let report = check(&harness.producer()).await;
    let words = ["broker 2", "nowhere:9092", "advertised.listeners"];
    expect(&report, Severity::Error, CheckStep::Advertised, &words);
    expect(&report, Severity::Ok, CheckStep::Advertised, &["broker 1"]);
    expect(&report, Severity::Ok, CheckStep::Topic, &["t"]);
}

#[tokio::test(start_paused = true)]
async fn localhost_advertised_to_a_remote_client_is_an_error() {
    let harness = harness(|builder| builder.brokers(1)).await;
    harness.advertise(1, "localhost", 9_092);
    harness.network().name("bootstrap", Name::AnyBroker);
    let report = check(&harness.producer().bootstrap_servers("bootstrap:9092")).await;
    let words = ["broker 1", "localhost:9092", "this host", "advertised.listeners"];
    expect(&report, Severity::Error, CheckStep::Advertised, &words);
    expect(&report, Severity::NotChecked, CheckStep::Broker, &["no advertised broker was reached"]);
    // The bootstrap server describes the topic all the same.
    expect(&report, Severity::Ok, CheckStep::Topic, &["3 partitions"]);
}

#[tokio::test(start_paused = true)]
async fn advertised_address_of_another_cluster_is_an_error() {
    let harness = harness(|builder| builder.brokers(2)).await;
    let other = milena_codec::message::MetadataResponse {
        cluster_id: Some("other".to_owned()),
        ..Default::default()
    };
    harness.on(ApiKey::METADATA).node(2).always().message(other);
    let report = check(&harness.producer().bootstrap_servers("broker-1:9092")).await;
    expect(&report, Severity::Error, CheckStep::Advertised, &["broker 2", "another cluster"]);
    let report = check(&harness.producer()).await;
    expect(&report, Severity::Error, CheckStep::Cluster, &["different clusters", "milena-fake", "other"]);
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_broker_below_ours_are_found() {
    let harness = harness(|builder| builder).await;
    let builder = harness.producer().request_bytes_max(200_000_000).max_request_size(2_000_000);
    let report = check(&builder.buffer_memory(400_000_000)).await;
    expect(&report, Severity::Error, CheckStep::Broker, &["broker 1", "request.bytes.max"]);
    expect(&report, Severity::Warning, CheckStep::Broker, &["`message.max.bytes` is 1048588"]);
}

#[tokio::test(start_paused = true)]
async fn hidden_settings_of_a_broker_are_not_checked() {
    let harness = harness(|builder| builder).await;
    harness.deny_cluster(&[AclOperation::DescribeConfigs]);
    let report = check(&harness.producer()).await;
    expect(&report, Severity::NotChecked, CheckStep::Broker, &["allow DESCRIBE_CONFIGS on the cluster"]);
    expect_clean(&report);
}

#[tokio::test(start_paused = true)]
async fn difference_of_the_clocks_is_a_warning_and_its_absence_is_not() {
    let an_hour_ago = an_hour_ago_ms();
    let harness = harness(|builder| builder.wall_clock_ms(an_hour_ago)).await;
    let report = check(&harness.producer()).await;
    expect(&report, Severity::Warning, CheckStep::Clock, &["ms behind", "NTP"]);
    // `message.timestamp.after.max.ms` is an hour.
    expect(&report, Severity::Error, CheckStep::Timestamps, &["records are rejected", "NTP"]);
}

#[tokio::test(start_paused = true)]
async fn clock_is_not_checked_where_the_brokers_do_not_return_it() {
    let old = harness(|builder| builder.look_like(Release::V3_9)).await;
    let report = check(&old.producer()).await;
    expect(&report, Severity::NotChecked, CheckStep::Clock, &["DescribeQuorum 1 is missing"]);
    expect_clean(&report);
    let denied = harness(|builder| builder).await;
    denied.deny_cluster(&[AclOperation::Describe]);
    let report = check(&denied.producer()).await;
    expect(&report, Severity::NotChecked, CheckStep::Clock, &["allow DESCRIBE on the cluster"]);
    expect_clean(&report);
    let failing = harness(|builder| builder).await;
    failing.on(ApiKey::DESCRIBE_QUORUM).always().error(ErrorCode::UNKNOWN_SERVER_ERROR);
    let report = check(&failing.producer()).await;
    expect(&report, Severity::NotChecked, CheckStep::Clock, &["UNKNOWN_SERVER_ERROR"]);
}

#[tokio::test(start_paused = true)]
async fn idempotent_writing_is_checked_against_the_permissions() {
    let harness = harness(|builder| builder).await;
    harness.deny_topic("t", &[AclOperation::Write]);
    let report = check(&harness.producer()).await;
    expect(&report, Severity::Ok, CheckStep::Acl, &["IDEMPOTENT_WRITE is allowed"]);
    harness.deny_cluster(&[AclOperation::IdempotentWrite]);
    let report = check(&harness.producer()).await;
    let words = ["IDEMPOTENT_WRITE is denied", "enable.idempotence=false"];
    expect(&report, Severity::Error, CheckStep::Acl, &words);
    let plain = check(&harness.producer().idempotence(false).acks(Acks::All)).await;
    assert_eq!(of(&plain, CheckStep::Acl).len(), 1, "{plain}");
    harness.deny_cluster(&[AclOperation::IdempotentWrite, AclOperation::Describe]);
    let report = check(&harness.producer()).await;
    expect(&report, Severity::NotChecked, CheckStep::Acl, &["allow DESCRIBE on the cluster"]);
}

#[tokio::test(start_paused = true)]
async fn brokers_without_permissions_in_their_responses_are_not_checked_for_them() {
    let harness = harness(|builder| builder.look_like(Release::V2_1)).await;
    let report = check(&harness.producer()).await;
    expect(&report, Severity::NotChecked, CheckStep::Acl, &["Metadata 8 is missing"]);
    expect(&report, Severity::NotChecked, CheckStep::Acl, &["cluster"]);
    expect_clean(&report);
    expect_nothing_written(&harness);
}

#[tokio::test]
async fn cluster_on_sockets_is_checked_by_name_and_address() {
    let harness = ClusterHarness::on_sockets(Cluster::builder().brokers(1).topic("t", 1)).await;
    let report = check(&harness.producer().connect_timeout(Duration::from_secs(60))).await;
    expect(&report, Severity::Ok, CheckStep::Name, &["an IP address"]);
    expect(&report, Severity::Ok, CheckStep::Tcp, &["127.0.0.1:", "accepts connections"]);
    expect_clean(&report);
    let port = harness.bootstrap_servers().rsplit_once(':').unwrap().1.to_owned();
    let named = harness.producer().bootstrap_servers(format!("localhost:{port}"));
    let report = check(&named.connect_timeout(Duration::from_secs(60))).await;
    expect(&report, Severity::Ok, CheckStep::Name, &["127.0.0.1"]);
    assert!(report.is_usable(), "{report}");
}

#[expect(clippy::disallowed_methods, reason = "the check compares with the time of day of this host")]
fn an_hour_ago_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap() - 3_660_000
}

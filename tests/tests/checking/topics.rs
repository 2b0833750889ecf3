//! The steps of a topic: existence, leaders, permissions, replicas, sizes, codec.

use milena::{Acks, CheckStep, Compression, Severity};
use milena_fake::{
    AclOperation, ApiKey, Compression as Codec, ErrorCode, Release, TopicCompression, TopicConfig,
};
use milena_tests::within;

use crate::support::{check, expect, expect_clean, expect_nothing_written, harness, of};

#[tokio::test(start_paused = true)]
async fn missing_topic_is_an_error_and_other_topics_are_checked() {
    let harness = harness(|builder| builder).await;
    let report = within(milena::check(&harness.producer(), ["missing", "t", "no topic", "t"])).await;
    expect(&report, Severity::Error, CheckStep::Topic, &["missing", "does not exist", "create the topic"]);
    expect(&report, Severity::Error, CheckStep::Topic, &["no topic", "contains ` `"]);
    expect(&report, Severity::Ok, CheckStep::Topic, &["3 partitions"]);
    assert_eq!(of(&report, CheckStep::Replicas).len(), 1, "{report}");
    assert!(!report.is_usable());
}

#[tokio::test(start_paused = true)]
async fn missing_topic_that_the_broker_creates_is_a_warning_and_is_not_created() {
    let harness = harness(|builder| builder.auto_create(true)).await;
    let report = within(milena::check(&harness.producer(), ["missing"])).await;
    expect(&report, Severity::Warning, CheckStep::Topic, &["missing", "creates it for the first record"]);
    let never = harness.producer().allow_auto_topic_creation(false);
    let report = within(milena::check(&never, ["missing"])).await;
    expect(&report, Severity::Error, CheckStep::Topic, &["missing", "does not exist"]);
    expect_nothing_written(&harness);
}

#[tokio::test(start_paused = true)]
async fn partition_without_a_leader_is_an_error() {
    let harness = harness(|builder| builder).await;
    harness.no_leader("t", 1);
    let report = check(&harness.producer()).await;
    expect(&report, Severity::Error, CheckStep::Topic, &["3 partitions; without a leader: 1"]);
}

#[tokio::test(start_paused = true)]
async fn topic_without_write_permission_is_an_error() {
    let harness = harness(|builder| builder).await;
    harness.deny_topic("t", &[AclOperation::Write]);
    let report = check(&harness.producer()).await;
    expect(&report, Severity::Error, CheckStep::Acl, &["t", "WRITE is denied", "allow WRITE on the topic"]);
    harness.deny_topic("t", &[AclOperation::Write, AclOperation::Describe]);
    let report = check(&harness.producer()).await;
    expect(&report, Severity::Error, CheckStep::Acl, &["t", "not described to this user"]);
}

#[tokio::test(start_paused = true)]
async fn hidden_settings_of_a_topic_are_not_checked() {
    let harness = harness(|builder| builder).await;
    harness.deny_topic("t", &[AclOperation::DescribeConfigs]);
    let report = check(&harness.producer()).await;
    let words = ["does not describe the settings", "allow DESCRIBE_CONFIGS on the topic"];
    expect(&report, Severity::NotChecked, CheckStep::Size, &words);
    expect(&report, Severity::NotChecked, CheckStep::Timestamps, &words);
    expect_clean(&report);
}

#[tokio::test(start_paused = true)]
async fn too_few_in_sync_replicas_are_an_error_with_acks_all() {
    let config = TopicConfig { min_insync_replicas: 2, ..TopicConfig::default() };
    let harness = harness(|builder| builder).await;
    harness.configure_topic("t", config);
    expect_clean(&check(&harness.producer()).await);
    harness.set_isr("t", 2, 1);
    let report = check(&harness.producer()).await;
    expect(&report, Severity::Error, CheckStep::Replicas, &["`min.insync.replicas` is 2", "2 (1 of 3)"]);
    let leader = check(&harness.producer().idempotence(false).acks(Acks::Leader)).await;
    expect(&leader, Severity::Warning, CheckStep::Replicas, &["2 (1 of 3)"]);
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_topic_below_ours_are_warnings() {
    let harness = harness(|builder| builder).await;
    let config = TopicConfig {
        max_message_bytes: 1_000,
        log_append_time: true,
        compacted: true,
        compression_type: TopicCompression::Always(Codec::Gzip),
        ..TopicConfig::default()
    };
    harness.configure_topic("t", config);
    let report = check(&harness.producer().compression(Compression::Lz4)).await;
    expect(&report, Severity::Warning, CheckStep::Size, &["`max.message.bytes` is 1000", "max.request.size"]);
    expect(&report, Severity::Ok, CheckStep::Timestamps, &["LogAppendTime"]);
    expect(&report, Severity::Warning, CheckStep::Codec, &["lz4", "gzip", "encodes each batch again"]);
    expect(&report, Severity::Ok, CheckStep::Topic, &["compacted", "without a key"]);
    let same = check(&harness.producer().compression(Compression::gzip())).await;
    expect(&same, Severity::Ok, CheckStep::Codec, &["gzip"]);
}

#[tokio::test(start_paused = true)]
async fn zstd_on_a_broker_without_it_is_an_error() {
    let harness = harness(|builder| builder.look_like(Release::V2_0)).await;
    let report = check(&harness.producer().compression(Compression::zstd())).await;
    expect(&report, Severity::Error, CheckStep::Codec, &["does not take zstd", "Kafka 2.1"]);
}

#[tokio::test(start_paused = true)]
async fn failed_request_for_one_topic_leaves_the_others() {
    let harness = harness(|builder| builder.topic("u", 1)).await;
    harness.on(ApiKey::METADATA).topic("t").error(ErrorCode::KAFKA_STORAGE_ERROR);
    harness.on(ApiKey::DESCRIBE_CONFIGS).topic("u").disconnect();
    let report = within(milena::check(&harness.producer(), ["t", "u"])).await;
    expect(&report, Severity::Error, CheckStep::Topic, &["t", "KAFKA_STORAGE_ERROR"]);
    expect(&report, Severity::NotChecked, CheckStep::Size, &["u", "unknown"]);
    expect(&report, Severity::Ok, CheckStep::Acl, &["u", "WRITE is allowed"]);
}

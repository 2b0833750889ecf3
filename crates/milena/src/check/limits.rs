//! The limits of a topic: replicas, sizes, timestamps, and the codec that its log has.

use milena_codec::ids::ResourceType;
use milena_codec::message::MetadataResponsePartition;

use super::clock_skew::Skew;
use super::cluster::Cluster;
use super::context::Context;
use super::report::{CheckReport, CheckStep, Finding};
use super::settings::{Described, describe};
use super::text::listed;
use super::versions;
use crate::config::{Acks, Compression, ProducerConfig};

const KEYS: [&str; 7] = [
    "cleanup.policy",
    "compression.type",
    "max.message.bytes",
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.type",
    "min.insync.replicas",
];

/// Checks the limits of a topic with these partitions.
pub(super) async fn check(
    cx: &Context,
    cluster: &mut Cluster<'_>,
    topic: &str,
    partitions: &[MetadataResponsePartition],
    skew: Option<Skew>,
    report: &mut CheckReport,
) {
    let takes_codec = versions::takes(cluster.client.versions(), cx.config.compression_of(topic));
    let settings = match describe(&mut cluster.client, ResourceType::TOPIC, topic, &KEYS).await {
        Ok(settings) => settings,
        Err(reason) => {
            let remedy = reason.remedy("DESCRIBE_CONFIGS on the topic");
            for step in [CheckStep::Size, CheckStep::Timestamps] {
                let finding = Finding::not_checked(step, topic, reason.text("the settings of the topic"));
                report.add(finding.remedied(&remedy));
            }
            Described::default()
        }
    };
    report.add(replicas(cx.config.acks, topic, partitions, settings.number("min.insync.replicas")));
    if let Some(limit) = settings.number("max.message.bytes") {
        report.add(sizes(&cx.config, topic, limit));
    }
    if let Some(timestamps) = timestamps(topic, &settings, skew) {
        report.add(timestamps);
    }
    report.add(codec(cx.config.compression_of(topic), takes_codec, topic, settings.get("compression.type")));
    if settings.get("cleanup.policy").is_some_and(|policy| policy.contains("compact")) {
        let text = "the topic is compacted: it rejects records without a key";
        report.add(Finding::ok(CheckStep::Topic, topic, text));
    }
}

/// In-sync replicas against `min.insync.replicas`, which counts with `acks=all` alone. Brokers cap it at the number of replicas
/// (`Partition.effectiveMinIsr`).
fn replicas(acks: Acks, topic: &str, partitions: &[MetadataResponsePartition], min: Option<i64>) -> Finding {
    let known_min = min.and_then(|min| usize::try_from(min).ok()).unwrap_or(1);
    let is_short = |partition: &&MetadataResponsePartition| {
        acks == Acks::All && partition.isr_nodes.len() < known_min.min(partition.replica_nodes.len())
    };
    let is_partial =
        |partition: &&MetadataResponsePartition| partition.isr_nodes.len() < partition.replica_nodes.len();
    let shown = |partition: &MetadataResponsePartition| {
        let (in_sync, all) = (partition.isr_nodes.len(), partition.replica_nodes.len());
        format!("{} ({in_sync} of {all})", partition.partition_index)
    };
    let short: Vec<_> = partitions.iter().filter(is_short).map(shown).collect();
    let partial: Vec<_> = partitions.iter().filter(is_partial).map(shown).collect();
    let min = min.map_or_else(|| "unknown".to_owned(), |min| min.to_string());
    if !short.is_empty() {
        let text = format!("`min.insync.replicas` is {min}; partitions below it: {}", listed(&short));
        return Finding::error(CheckStep::Replicas, topic, text)
            .remedied("start the brokers of these replicas: until then `acks=all` is rejected");
    }
    if !partial.is_empty() {
        let text = format!(
            "`min.insync.replicas` is {min}; replicas are missing in partitions {}",
            listed(&partial)
        );
        return Finding::warning(CheckStep::Replicas, topic, text)
            .remedied("check the brokers of the missing replicas");
    }
    let replicas = partitions.iter().map(|partition| partition.replica_nodes.len()).min().unwrap_or_default();
    let text =
        format!("`min.insync.replicas` is {min}; all replicas are in sync, {replicas} or more a partition");
    if acks == Acks::All && known_min > 1 && replicas <= known_min {
        return Finding::warning(CheckStep::Replicas, topic, text).remedied(
            "add replicas, or lower `min.insync.replicas`: records are rejected while one broker is down",
        );
    }
    Finding::ok(CheckStep::Replicas, topic, text)
}

/// `max.message.bytes`, the limit of a batch as it is sent, against our records and batches.
fn sizes(config: &ProducerConfig, topic: &str, limit: i64) -> Finding {
    let is_above = |ours: usize| i64::try_from(ours).unwrap_or(i64::MAX) > limit;
    let (record, batch) = (config.max_request_size, config.batch_size);
    let text = format!("`max.message.bytes` is {limit}");
    if is_above(record) {
        let text = format!("{text}, our `max.request.size` is {record}: the broker rejects larger records");
        return Finding::warning(CheckStep::Size, topic, text)
            .remedied("lower `max.request.size`, or raise `max.message.bytes` of the topic");
    }
    if is_above(batch) {
        let text =
            format!("{text}, our `batch.size` is {batch}: larger batches are rejected, split and sent again");
        return Finding::warning(CheckStep::Size, topic, text)
            .remedied("lower `batch.size`, or raise `max.message.bytes` of the topic");
    }
    let text = format!("{text}, our `max.request.size` is {record} and our `batch.size` {batch}");
    Finding::ok(CheckStep::Size, topic, text)
}

/// The timestamps that the topic takes; none where the settings are unknown.
fn timestamps(topic: &str, settings: &Described, skew: Option<Skew>) -> Option<Finding> {
    if settings.get("message.timestamp.type")? == "LogAppendTime" {
        let text = "LogAppendTime: the time of the broker replaces the timestamps of records";
        return Some(Finding::ok(CheckStep::Timestamps, topic, text));
    }
    // Kafka before 3.6 has no bounds by these names.
    let before = settings.number("message.timestamp.before.max.ms").unwrap_or(i64::MAX);
    let after = settings.number("message.timestamp.after.max.ms").unwrap_or(i64::MAX);
    let bound = |ms: i64| if ms == i64::MAX { "any time".to_owned() } else { format!("{ms} ms") };
    let text = format!(
        "CreateTime: timestamps from {} before to {} after the time of the broker",
        bound(before),
        bound(after)
    );
    // A host that is behind the brokers has timestamps in their past.
    let is_outside = skew.is_some_and(|skew| {
        let (least, most) =
            (skew.ms.saturating_sub(skew.uncertainty_ms), skew.ms.saturating_add(skew.uncertainty_ms));
        least > before || most < after.saturating_neg()
    });
    Some(match is_outside {
        false => Finding::ok(CheckStep::Timestamps, topic, text),
        true => Finding::error(
            CheckStep::Timestamps,
            topic,
            format!("{text}, and the time of this host is outside: records are rejected"),
        )
        .remedied("synchronize the clocks of this host and of the brokers (NTP)"),
    })
}

/// Our codec against that of the log.
fn codec(ours: Compression, is_taken: bool, topic: &str, theirs: Option<&str>) -> Finding {
    let name = ours.name();
    if !is_taken {
        let text = format!("the broker does not take {name}: Produce {} is missing", versions::ZSTD_SINCE);
        return Finding::error(CheckStep::Codec, topic, text)
            .remedied("set another `compression.type`, or use brokers of Kafka 2.1 or newer");
    }
    let as_ours = if name == "none" { "uncompressed" } else { name };
    match theirs {
        Some(theirs) if theirs != "producer" && theirs != as_ours => Finding::warning(
            CheckStep::Codec,
            topic,
            format!("our `compression.type` is {name}, that of the topic is {theirs}: the broker encodes each batch again"),
        )
        .remedied(format!("set `compression.type={theirs}` here, or `compression.type=producer` for the topic")),
        Some(_) => Finding::ok(CheckStep::Codec, topic, format!("{name}; the broker stores batches as they come")),
        None => Finding::ok(CheckStep::Codec, topic, format!("{name}; the codec of the topic is unknown")),
    }
}

#[cfg(test)]
mod tests;

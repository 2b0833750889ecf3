//! A topic: whether it exists, its partitions, the permission to write, and then its limits.

use milena_codec::ErrorCode;
use milena_codec::message::{
    MetadataRequest, MetadataRequestTopic, MetadataResponsePartition, MetadataResponseTopic,
};

use super::acl;
use super::clock_skew::Skew;
use super::cluster::Cluster;
use super::context::Context;
use super::limits;
use super::report::{CheckReport, CheckStep, Finding};
use super::text::{counted, listed};
use crate::topic_name;

/// The first version that returns permissions (KIP-430).
const PERMISSIONS_SINCE: i16 = 8;
/// The first version in which the request can rule out that the broker creates the topic (KIP-4).
const CREATION_FLAG_SINCE: i16 = 4;

/// Checks a topic. Returns whether the user may write to it, where the broker returns that.
pub(super) async fn check(
    cx: &Context,
    cluster: &mut Cluster<'_>,
    name: &str,
    skew: Option<Skew>,
    report: &mut CheckReport,
) -> Option<bool> {
    if cx.is_over() {
        report.add(Finding::not_checked(CheckStep::Topic, name, "the time of the check is over"));
        return None;
    }
    match describe(cluster, name).await {
        Ok(topic) if topic.error_code.is_ok() => {
            report.add(partitions(name, &topic.partitions));
            report.add(acl::topic(name, topic.topic_authorized_operations));
            limits::check(cx, cluster, name, &topic.partitions, skew, report).await;
            acl::may_write(topic.topic_authorized_operations)
        }
        Ok(topic) => {
            let may_create = cx.config.allow_auto_topic_creation;
            report.add(undescribed(name, topic.error_code, may_create, cluster.auto_creates));
            (topic.error_code == ErrorCode::TOPIC_AUTHORIZATION_FAILED).then_some(false)
        }
        Err(finding) => {
            report.add(finding);
            None
        }
    }
}

/// Requests the description of a topic, which is not created.
async fn describe(cluster: &mut Cluster<'_>, name: &str) -> Result<MetadataResponseTopic, Finding> {
    if let Err(fault) = topic_name::check(name) {
        return Err(Finding::of_text(CheckStep::Topic, name, &fault.to_string()));
    }
    let version = cluster.client.version::<MetadataRequest>().unwrap_or_default();
    if version < CREATION_FLAG_SINCE {
        let text = format!("Metadata {version} of the broker creates the topics that it describes");
        return Err(Finding::not_checked(CheckStep::Topic, name, text));
    }
    let request = MetadataRequest {
        topics: Some(vec![MetadataRequestTopic::named(name)]),
        allow_auto_topic_creation: false,
        include_topic_authorized_operations: version >= PERMISSIONS_SINCE,
        ..MetadataRequest::default()
    };
    let response = cluster.client.call(&request).await;
    let response = response.map_err(|error| Finding::of_connection(CheckStep::Topic, name, &error))?;
    let topic = response.topics.into_iter().find(|topic| topic.name.as_deref() == Some(name));
    topic.ok_or_else(|| Finding::error(CheckStep::Topic, name, "the broker does not describe the topic"))
}

/// The finding of a topic that the broker does not describe.
fn undescribed(name: &str, code: ErrorCode, may_create: bool, auto_creates: Option<bool>) -> Finding {
    match (code, may_create, auto_creates) {
        (ErrorCode::TOPIC_AUTHORIZATION_FAILED, ..) => {
            let text = "the topic is not described to this user: it is denied, or does not exist";
            Finding::error(CheckStep::Acl, name, text).remedied("allow WRITE and DESCRIBE on the topic")
        }
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, true, Some(true)) => {
            let text = "the topic does not exist; the broker creates it for the first record";
            Finding::warning(CheckStep::Topic, name, text)
                .remedied("create the topic, to decide on its partitions and replicas")
        }
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, true, None) => {
            let text =
                "the topic does not exist; the broker creates it if its `auto.create.topics.enable` is true";
            Finding::warning(CheckStep::Topic, name, text).remedied("create the topic, or check its name")
        }
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, ..) => {
            Finding::error(CheckStep::Topic, name, "the topic does not exist, and is not created by itself")
                .remedied("create the topic, or check its name")
        }
        (code, ..) => Finding::error(CheckStep::Topic, name, format!("the broker returned {code}")),
    }
}

/// Whether each partition has a leader.
fn partitions(name: &str, partitions: &[MetadataResponsePartition]) -> Finding {
    let leaderless = partitions.iter().filter(|partition| !partition.leader_id.is_known());
    let leaderless: Vec<_> = leaderless.map(|partition| partition.partition_index.to_string()).collect();
    let count = counted(partitions.len(), "partition");
    match (partitions.len(), leaderless.len()) {
        (0, _) => Finding::error(CheckStep::Topic, name, "the topic has no partitions")
            .remedied("check the controller: the topic may have been created just now"),
        (_, 0) => Finding::ok(CheckStep::Topic, name, format!("{count}, each with a leader")),
        _ => Finding::error(
            CheckStep::Topic,
            name,
            format!("{count}; without a leader: {}", listed(&leaderless)),
        )
        .remedied("start the brokers that hold these partitions"),
    }
}

#[cfg(test)]
mod tests {
    use milena_codec::ids::{BrokerId, PartitionId};

    use super::*;
    use crate::check::report::Severity;

    #[test]
    fn missing_topic_is_an_error_unless_the_broker_creates_it() {
        let found = |may_create, auto_creates| {
            undescribed("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, may_create, auto_creates).severity()
        };
        assert_eq!(found(true, Some(true)), Severity::Warning);
        assert_eq!(found(true, None), Severity::Warning);
        assert_eq!(found(true, Some(false)), Severity::Error);
        assert_eq!(found(false, Some(true)), Severity::Error);
    }

    #[test]
    fn denied_topic_is_an_error_of_permissions() {
        let found = undescribed("t", ErrorCode::TOPIC_AUTHORIZATION_FAILED, true, Some(true));
        assert_eq!((found.step(), found.severity()), (CheckStep::Acl, Severity::Error));
    }

    #[test]
    fn partitions_without_a_leader_are_listed() {
        let led = |index, leader| MetadataResponsePartition {
            partition_index: PartitionId(index),
            leader_id: BrokerId(leader),
            ..MetadataResponsePartition::default()
        };
        assert_eq!(partitions("t", &[led(0, 1)]).text(), "1 partition, each with a leader");
        let found = partitions("t", &[led(0, 1), led(1, -1), led(2, -1)]);
        assert_eq!(
            (found.severity(), found.text()),
            (Severity::Error, "3 partitions; without a leader: 1, 2")
        );
        assert_eq!(partitions("t", &[]).severity(), Severity::Error);
    }
}

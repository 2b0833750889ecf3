//! Permissions, as brokers return them with their descriptions (KIP-430): nothing is written to find them out.

use milena_codec::message::{DescribeClusterRequest, Message, MetadataRequest};

use super::cluster::Cluster;
use super::context::Context;
use super::report::{CheckReport, CheckStep, Finding};

/// Bits of the authorized operations (`AclOperation`).
const WRITE: u8 = 4;
const IDEMPOTENT_WRITE: u8 = 12;

/// The operations were not returned.
const UNKNOWN: i32 = i32::MIN;

const SUBJECT: &str = "cluster";
const ALLOW: &str = "allow IDEMPOTENT_WRITE on the cluster, or set `enable.idempotence=false`";

/// Whether a permission is granted; none where the broker does not return it.
pub(super) const fn may_write(operations: i32) -> Option<bool> {
    match operations {
        UNKNOWN => None,
        operations => Some(operations & (1 << WRITE) != 0),
    }
}

/// The permission to write to a topic.
pub(super) fn topic(topic: &str, operations: i32) -> Finding {
    match may_write(operations) {
        Some(true) => Finding::ok(CheckStep::Acl, topic, "WRITE is allowed"),
        Some(false) => Finding::error(CheckStep::Acl, topic, "WRITE is denied to this user")
            .remedied("allow WRITE on the topic"),
        None => Finding::not_checked(
            CheckStep::Acl,
            topic,
            "the broker returns no permissions: Metadata 8 is missing (Kafka 2.3)",
        ),
    }
}

/// Checks the permission to write idempotently. `may_write` has the permission of each topic.
pub(super) async fn check_idempotence(
    cx: &Context,
    cluster: &mut Cluster<'_>,
    may_write: &[Option<bool>],
    report: &mut CheckReport,
) {
    if !cx.config.idempotence {
        return;
    }
    // Kafka 2.8 is the first with DescribeCluster, and the first that takes WRITE on any topic for it (KIP-679).
    let is_new = cluster.client.version::<DescribeClusterRequest>().is_some();
    if is_new && may_write.contains(&Some(true)) {
        let text = "idempotent writing is allowed by WRITE on a topic";
        report.add(Finding::ok(CheckStep::Acl, SUBJECT, text));
        return;
    }
    let operations = match is_new {
        true => of_cluster(cluster).await,
        false => of_metadata(cluster).await,
    };
    report.add(idempotence(operations, is_new, may_write));
}

/// The operations on the cluster; unknown after an error.
async fn of_cluster(cluster: &mut Cluster<'_>) -> i32 {
    let request = DescribeClusterRequest {
        include_cluster_authorized_operations: true,
        ..DescribeClusterRequest::default()
    };
    let response = cluster.client.call(&request).await.ok().filter(|response| response.error_code.is_ok());
    response.map_or(UNKNOWN, |response| response.cluster_authorized_operations)
}

/// The same by Metadata 8 to 10 of brokers without DescribeCluster.
async fn of_metadata(cluster: &mut Cluster<'_>) -> i32 {
    let request = MetadataRequest {
        topics: Some(Vec::new()),
        include_cluster_authorized_operations: true,
        ..MetadataRequest::default()
    };
    match cluster.client.version::<MetadataRequest>() {
        Some(8..=10) => {}
        _ => return UNKNOWN,
    }
    let response = cluster.client.call(&request).await.ok();
    response.map_or(UNKNOWN, |response| response.cluster_authorized_operations)
}

fn idempotence(operations: i32, is_new: bool, may_write: &[Option<bool>]) -> Finding {
    // A user without DESCRIBE on the cluster gets no bit at all.
    let is_known = operations != UNKNOWN && operations != 0;
    if is_known && operations & (1 << IDEMPOTENT_WRITE) != 0 {
        return Finding::ok(CheckStep::Acl, SUBJECT, "IDEMPOTENT_WRITE is allowed");
    }
    let no_topic_helps =
        !is_new || (!may_write.is_empty() && may_write.iter().all(|one| *one == Some(false)));
    match (is_known, no_topic_helps) {
        (true, true) => {
            Finding::error(CheckStep::Acl, SUBJECT, "IDEMPOTENT_WRITE is denied to this user").remedied(ALLOW)
        }
        (true, false) => Finding::not_checked(
            CheckStep::Acl,
            SUBJECT,
            "IDEMPOTENT_WRITE is denied; WRITE on any topic allows idempotent writing as well",
        )
        .remedied("check with the topics of the producer"),
        (false, _) => Finding::not_checked(
            CheckStep::Acl,
            SUBJECT,
            format!(
                "the brokers do not return the permissions on the cluster ({})",
                DescribeClusterRequest::NAME
            ),
        )
        .remedied("allow DESCRIBE on the cluster, or WRITE on a topic that is checked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Severity;

    #[test]
    fn write_on_a_topic_is_a_bit_of_its_operations() {
        assert_eq!(topic("t", 1 << WRITE).severity(), Severity::Ok);
        assert_eq!(topic("t", 1 << 8).severity(), Severity::Error);
        assert_eq!(topic("t", UNKNOWN).severity(), Severity::NotChecked);
    }

    #[test]
    fn idempotent_writing_needs_its_permission_or_write_on_a_topic() {
        let found =
            |operations, is_new, topics: &[Option<bool>]| idempotence(operations, is_new, topics).severity();
        let (allowed, others) = (1 << IDEMPOTENT_WRITE, 1 << 8);
        assert_eq!(found(allowed, true, &[]), Severity::Ok);
        assert_eq!(found(others, true, &[Some(false)]), Severity::Error);
        assert_eq!(found(others, false, &[Some(true)]), Severity::Error);
        assert_eq!(found(others, true, &[]), Severity::NotChecked);
        assert_eq!(found(others, true, &[Some(false), None]), Severity::NotChecked);
        assert_eq!(found(0, true, &[Some(false)]), Severity::NotChecked);
        assert_eq!(found(UNKNOWN, false, &[]), Severity::NotChecked);
    }
}

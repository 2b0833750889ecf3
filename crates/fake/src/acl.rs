//! The operations that clients may do. Everything is allowed that a test does not deny.

use std::collections::{BTreeMap, BTreeSet};

/// An operation on a topic or on the cluster (`AclOperation`).
///
/// ```
/// assert_eq!(milena_fake::AclOperation::Write.bit(), 1 << 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AclOperation {
    /// `READ`
    Read = 3,
    /// `WRITE`
    Write = 4,
    /// `CREATE`
    Create = 5,
    /// `DELETE`
    Delete = 6,
    /// `ALTER`
    Alter = 7,
    /// `DESCRIBE`
    Describe = 8,
    /// `CLUSTER_ACTION`
    ClusterAction = 9,
    /// `DESCRIBE_CONFIGS`
    DescribeConfigs = 10,
    /// `ALTER_CONFIGS`
    AlterConfigs = 11,
    /// `IDEMPOTENT_WRITE`
    IdempotentWrite = 12,
}

impl AclOperation {
    /// The operations on a topic (`AclEntry.supportedOperations`).
    const OF_TOPICS: [Self; 8] = [
        Self::Read,
        Self::Write,
        Self::Create,
        Self::Delete,
        Self::Alter,
        Self::Describe,
        Self::DescribeConfigs,
        Self::AlterConfigs,
    ];
    /// The operations on the cluster.
    const OF_CLUSTERS: [Self; 7] = [
        Self::Create,
        Self::Alter,
        Self::Describe,
        Self::ClusterAction,
        Self::DescribeConfigs,
        Self::AlterConfigs,
        Self::IdempotentWrite,
    ];

    /// The operation in a bit field of authorized operations (KIP-430).
    #[must_use]
    pub const fn bit(self) -> i32 {
        1 << self as i32
    }
}

/// The denied operations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acl {
    pub(crate) cluster: BTreeSet<AclOperation>,
    pub(crate) topics: BTreeMap<String, BTreeSet<AclOperation>>,
}

impl Acl {
    pub(crate) fn allows(&self, operation: AclOperation) -> bool {
        !self.cluster.contains(&operation)
    }

    pub(crate) fn allows_on(&self, topic: &str, operation: AclOperation) -> bool {
        self.topics.get(topic).is_none_or(|denied| !denied.contains(&operation))
    }

    /// The bit field of the allowed operations on the cluster.
    pub(crate) fn of_cluster(&self) -> i32 {
        let allowed = AclOperation::OF_CLUSTERS.into_iter().filter(|operation| self.allows(*operation));
        allowed.fold(0, |bits, operation| bits | operation.bit())
    }

    /// The bit field of the allowed operations on a topic.
    pub(crate) fn of_topic(&self, topic: &str) -> i32 {
        let is_allowed = |operation: &AclOperation| self.allows_on(topic, *operation);
        let allowed = AclOperation::OF_TOPICS.into_iter().filter(is_allowed);
        allowed.fold(0, |bits, operation| bits | operation.bit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denied_operation_is_missing_from_the_bit_field() {
        let mut acl = Acl::default();
        assert_eq!((acl.of_topic("t"), acl.of_cluster()), (0xdf8, 0x1fa0));
        acl.topics.insert("t".to_owned(), [AclOperation::Write].into());
        acl.cluster.insert(AclOperation::IdempotentWrite);
        assert_eq!((acl.of_topic("t"), acl.of_topic("u")), (0xde8, 0xdf8));
        assert_eq!(acl.of_cluster(), 0xfa0);
        assert!(!acl.allows_on("t", AclOperation::Write) && acl.allows_on("u", AclOperation::Write));
    }
}

//! Errors of records that were accepted and failed, from the failures that the sender reports.

use std::sync::Arc;

use milena_codec::ErrorCode;
use milena_codec::ids::PartitionId;
use milena_sender::Failure;
use milena_sender::sync::FailedRecords;

use super::{ErrorKind, SendError};

/// A record that was accepted and failed.
pub(crate) fn of_failure(failure: &Failure, topic: &Arc<str>, partition: PartitionId) -> SendError {
    let kind = failure.kind;
    let message = match (missing_permission(kind), failure.code) {
        (Some(allow), _) => format!("{allow} ({})", failure.message).into(),
        (None, code) => match code.and_then(remedy) {
            Some(remedy) => format!("{}: {remedy}", failure.message).into(),
            None => Arc::clone(&failure.message),
        },
    };
    SendError::new(kind, Arc::clone(topic), message)
        .with_partition(partition.0)
        .with_persisted(failure.persisted)
        .with_retriable(failure.retriable)
        .with_code(failure.code)
}

/// The remedy for a code with which a broker rejects batches, where the code has one.
pub(crate) const fn remedy(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::NOT_ENOUGH_REPLICAS | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND => Some(
            "fewer replicas are in sync than `min.insync.replicas` of the topic requires: start the brokers that are down, \
             or lower it",
        ),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID => {
            Some("the topic may have been deleted: create it again, or allow DESCRIBE on it")
        }
        ErrorCode::CORRUPT_MESSAGE => Some(
            "the batch arrived damaged, or without what the topic requires, such as a key: see the broker's log",
        ),
        ErrorCode::UNKNOWN_SERVER_ERROR => {
            Some("an error in the broker that has no code of its own: see the broker's log")
        }
        _ => None,
    }
}

/// The permission that the producer lacks: a broker returns the code alone.
const fn missing_permission(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::TopicAuthorizationFailed => {
            Some("the producer may not write to it: allow WRITE on the topic")
        }
        ErrorKind::ClusterAuthorizationFailed => Some(
            "the producer may not write idempotently: allow IDEMPOTENT_WRITE on the cluster, or set \
             enable.idempotence=false",
        ),
        _ => None,
    }
}

/// Records that failed together.
pub(crate) fn of_failed(failed: &FailedRecords) -> SendError {
    of_failure(&failed.failure, &failed.topic, failed.partition)
}

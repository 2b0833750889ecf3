//! Errors for callers, from the outcomes that the sender reports.

use std::sync::Arc;

use milena_codec::record::HEADER_BYTES;
use milena_codec::{ErrorCode, printable};
use milena_sender::accumulator::{ChooseError, Refusal};
use milena_sender::{Ending, Obstacle};

use crate::config::ProducerConfig;
use crate::core::Core;
use crate::error::{ConnectError, ConnectErrorKind, ErrorKind, SendError};
use crate::topic_name::TopicNameFault;

/// Of a topic that was deleted, or that this producer may not see any more.
const NOT_KNOWN_ANY_MORE: &str = "the brokers do not know the topic any more, and no records are taken until they do: create it \
                                  again, or allow DESCRIBE on it";

/// A record that was not accepted.
pub(crate) fn of_refusal(error: ChooseError, topic: &Arc<str>, core: &Core) -> SendError {
    let topic = Arc::clone(topic);
    let (refusal, partition) = match error {
        ChooseError::Missing => return SendError::new(ErrorKind::NoPartition, topic, error.to_string()),
        ChooseError::NoSuchPartition { partition, .. } => {
            // A topic may get more partitions.
            return SendError::new(ErrorKind::InvalidPartition, topic, error.to_string())
                .with_partition(partition)
                .with_retriable(partition >= 0);
        }
        ChooseError::Refused(refusal, partition) => (refusal, partition),
    };
    let refused = match refusal {
        Refusal::TooLarge { bytes, limit } => {
            let message = format!(
                "the record takes up to {bytes} bytes, the limit is {limit}: {}, or send a smaller record",
                smallest_limit(limit, &core.config)
            );
            SendError::new(ErrorKind::MessageTooLarge, topic, message)
        }
        Refusal::Closed => closed(topic, core.shared.ending()),
        Refusal::UnknownTopic => SendError::new(ErrorKind::UnknownTopic, topic, NOT_KNOWN_ANY_MORE)
            .with_code(Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))
            .with_retriable(true),
        Refusal::Full { .. } | Refusal::Yield | Refusal::Busy => SendError::new(
            ErrorKind::BufferFull,
            topic,
            "no room in buffer.memory: await deliveries, or raise `buffer.memory`",
        )
        .with_retriable(true),
    };
    refused.with_partition(partition.0)
}

/// The property that a record is larger than. `buffer.memory` has to hold a record and the header of its batch.
fn smallest_limit(limit: usize, config: &ProducerConfig) -> String {
    let ProducerConfig { max_request_size, buffer_memory, .. } = config;
    match limit < *max_request_size {
        true => format!(
            "raise `buffer.memory` = {buffer_memory}, of which {HEADER_BYTES} bytes are for the batch header"
        ),
        false => format!("raise `max.request.size` = {max_request_size}"),
    }
}

/// Which caller has waited for a partition for all of `max.block.ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InVain {
    /// The one that is refused.
    Here,
    /// An earlier one, so that this one waited for the next response alone.
    Before,
}

/// A record for a partition that the topic did not get while it waited.
pub(crate) fn of_missing_partition(
    error: ChooseError,
    topic: &Arc<str>,
    max_block: std::time::Duration,
    in_vain: InVain,
) -> SendError {
    let waited = match in_vain {
        InVain::Here => "no broker described more of them within",
        InVain::Before => {
            "new metadata described no more of them, after an earlier record waited in vain for"
        }
    };
    let message = format!(
        "{error}; {waited} max.block.ms = {} ms: create more partitions, or name one of those",
        max_block.as_millis()
    );
    let refused =
        SendError::new(ErrorKind::InvalidPartition, Arc::clone(topic), message).with_retriable(true);
    match error {
        ChooseError::NoSuchPartition { partition, .. } => refused.with_partition(partition),
        _ => refused,
    }
}

/// A record with a negative timestamp. Java's `ProducerRecord` refuses it likewise.
pub(crate) fn of_timestamp(topic: Arc<str>, timestamp_ms: i64) -> SendError {
    let message = format!(
        "the timestamp is {timestamp_ms}: timestamps are milliseconds since 1970, at least 0; leave it out for the time at which \
         the record is accepted"
    );
    SendError::new(ErrorKind::InvalidTimestamp, topic, message)
}

/// A record that came after the end; no `ending` while the producer closes.
pub(crate) fn closed(topic: Arc<str>, ending: Option<Ending>) -> SendError {
    let kind = match ending {
        Some(Ending::DriverFailed) => ErrorKind::Internal,
        _ => ErrorKind::Closed,
    };
    let ended = ending.unwrap_or(Ending::Closed).name();
    SendError::new(kind, topic, format!("{ended}, and takes no more records: build another one"))
}

/// A producer that ended, maybe before the cluster could be used.
pub(crate) fn not_ready(
    ending: Option<Ending>,
    was_reached: bool,
    trouble: Option<&Obstacle>,
) -> ConnectError {
    let kind = match ending {
        Some(Ending::DriverFailed) => ConnectErrorKind::Internal,
        _ => ConnectErrorKind::Closed,
    };
    let ended = ending.unwrap_or(Ending::Closed).name();
    let message = match (was_reached, trouble) {
        (true, _) => format!("connection: {ended}, and takes no more records: build another one"),
        (false, None) => format!("connection: {ended} before the cluster could be used: build another one"),
        (false, Some(Obstacle { message, .. })) => {
            format!("connection: {ended} before the cluster could be used; the last failure: {message}")
        }
    };
    ConnectError::new(kind, message)
}

/// A topic that the brokers do not describe.
pub(crate) fn of_topic(code: Option<ErrorCode>, topic: Arc<str>, waited: std::time::Duration) -> SendError {
    let kind = match code {
        Some(ErrorCode::TOPIC_AUTHORIZATION_FAILED) => ErrorKind::TopicAuthorizationFailed,
        Some(ErrorCode::CLUSTER_AUTHORIZATION_FAILED) => ErrorKind::ClusterAuthorizationFailed,
        Some(ErrorCode::INVALID_TOPIC_EXCEPTION) => ErrorKind::InvalidTopic,
        _ => ErrorKind::UnknownTopic,
    };
    let message = match (kind, code) {
        (ErrorKind::TopicAuthorizationFailed, _) => {
            "the producer may not see it: allow DESCRIBE and WRITE on the topic".to_owned()
        }
        (ErrorKind::ClusterAuthorizationFailed, _) => "the producer may not use the cluster: allow the operation that the authorizer log of the brokers names".to_owned(),
        (ErrorKind::InvalidTopic, _) => {
            "invalid topic name: use 1 to 249 letters, digits, `.`, `_` and `-`, but not `.` or `..` alone".to_owned()
        }
        (_, Some(code)) => {
            format!(
                "not found within max.block.ms = {} ms, the brokers returned {code}: create the topic first",
                waited.as_millis()
            )
        }
        (_, None) => {
            format!(
                "no metadata of the topic within max.block.ms = {} ms: it is still being requested; try again, or raise \
                 max.block.ms",
                waited.as_millis()
            )
        }
    };
    SendError::new(kind, topic, message).with_code(code).with_retriable(kind == ErrorKind::UnknownTopic)
}

/// An invalid topic name. The error shows it shortened and printable.
pub(crate) fn of_name(fault: TopicNameFault, name: &str) -> SendError {
    SendError::new(ErrorKind::InvalidTopic, printable(name), fault.to_string())
}

/// A topic without partitions.
pub(crate) fn of_empty(topic: Arc<str>, waited: std::time::Duration) -> SendError {
    let message = format!(
        "topic exists, and had no partition within max.block.ms = {} ms: wait until the brokers have made its \
         partitions, or create it again",
        waited.as_millis()
    );
    SendError::new(ErrorKind::UnknownTopic, topic, message).with_retriable(true)
}

/// A topic whose metadata cannot be requested: no broker is reachable.
pub(crate) fn of_cluster(trouble: &Obstacle, topic: Arc<str>, waited: std::time::Duration) -> SendError {
    let message = format!(
        "no metadata of the topic within max.block.ms = {} ms: {}",
        waited.as_millis(),
        trouble.message
    );
    SendError::new(ErrorKind::UnknownTopic, topic, message).with_code(trouble.code).with_retriable(true)
}

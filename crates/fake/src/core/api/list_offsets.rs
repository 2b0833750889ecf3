//! ListOffsets: the first and the last offset of a log, and the first offset since a timestamp.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use milena_codec::ErrorCode;
use milena_codec::ids::{LeaderEpoch, PartitionId};
use milena_codec::message::ListOffsetsRequest;

use super::{Context, Response, State, Target};
use crate::core::log::Log;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const NEWEST_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
/// The first version whose response has the leader epoch of a record.
const EPOCHS_SINCE: i16 = 4;
/// Timestamp and offset of a response without a record.
const NOTHING: (i64, i64) = (-1, -1);

pub(super) fn serve(state: &State, cx: &Context<'_>, request: &theirs::ListOffsetsRequest) -> Response {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| respond(state, cx, topic, asked));
        ListOffsetsTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    let body = theirs::ListOffsetsResponse::default().with_topics(topics.collect());
    cx.respond::<ListOffsetsRequest>(&body)
}

pub(super) fn targets(request: &theirs::ListOffsetsRequest) -> Vec<Target> {
    let of_topic = |topic: &ListOffsetsTopic| {
        let name = topic.name.to_string();
        let numbers = topic.partitions.iter().map(|asked| PartitionId(asked.partition_index));
        numbers.map(|number| (name.clone(), Some(number))).collect::<Vec<_>>()
    };
    request.topics.iter().flat_map(of_topic).collect()
}

fn respond(
    state: &State,
    cx: &Context<'_>,
    topic: &ListOffsetsTopic,
    asked: &ListOffsetsPartition,
) -> ListOffsetsPartitionResponse {
    let (code, (timestamp, offset), epoch) = match find(state, cx, topic, asked) {
        Ok((Some(found), epoch)) if cx.head.version >= EPOCHS_SINCE => (ErrorCode::NONE, found, epoch.0),
        Ok((found, _)) => (ErrorCode::NONE, found.unwrap_or(NOTHING), -1),
        Err(code) => (code, NOTHING, -1),
    };
    ListOffsetsPartitionResponse::default()
        .with_partition_index(asked.partition_index)
        .with_error_code(code.0)
        .with_timestamp(timestamp)
        .with_offset(offset)
        .with_leader_epoch(epoch)
}

/// Timestamp and offset, if there is such a record, and the epoch of the leader.
fn find(
    state: &State,
    cx: &Context<'_>,
    topic: &ListOffsetsTopic,
    asked: &ListOffsetsPartition,
) -> Result<(Option<(i64, i64)>, LeaderEpoch), ErrorCode> {
    let number = PartitionId(asked.partition_index);
    if let Some(fault) = cx.plan.fault(&topic.name, Some(number)) {
        return Err(fault.code);
    }
    let partition = state.partition(&topic.name, number).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    partition.serves_readers(cx.broker, asked.current_leader_epoch)?;
    Ok((look_up(&partition.log, asked.timestamp), partition.epoch))
}

/// A timestamp and an offset; none if no record is new enough.
fn look_up(log: &Log, timestamp: i64) -> Option<(i64, i64)> {
    match timestamp {
        LATEST => Some((-1, log.end())),
        EARLIEST | EARLIEST_LOCAL => Some((-1, log.start())),
        NEWEST_TIMESTAMP => log.newest(),
        0.. => log.first_since(timestamp),
        _ => None,
    }
}

//! ListOffsets: where a log begins and ends, and where a time begins in it.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId};
use milena_codec::message::ListOffsetsRequest;

use super::answer::{self, Answer};
use super::log::Log;
use super::request::Head;
use super::state::State;
use crate::hook::{Plan, Target};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const NEWEST_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
/// The first version whose answer says in which term a record was written.
const EPOCHS_SINCE: i16 = 4;

pub(crate) fn serve(
    state: &State,
    head: &Head,
    plan: &Plan,
    broker: BrokerId,
    request: &theirs::ListOffsetsRequest,
) -> Answer {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| find(state, head, plan, broker, topic, asked));
        ListOffsetsTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    let body = theirs::ListOffsetsResponse::default().with_topics(topics.collect());
    answer::frame::<ListOffsetsRequest>(head.correlation_id, head.version, &body)
}

/// The partitions that a request names, for hooks to choose by.
pub(crate) fn targets(request: &theirs::ListOffsetsRequest) -> Vec<Target> {
    let of_topic = |topic: &ListOffsetsTopic| {
        let name = topic.name.to_string();
        let numbers = topic.partitions.iter().map(|asked| PartitionId(asked.partition_index));
        numbers.map(|number| (name.clone(), Some(number))).collect::<Vec<_>>()
    };
    request.topics.iter().flat_map(of_topic).collect()
}

fn find(
    state: &State,
    head: &Head,
    plan: &Plan,
    broker: BrokerId,
    topic: &ListOffsetsTopic,
    asked: &ListOffsetsPartition,
) -> ListOffsetsPartitionResponse {
    let number = PartitionId(asked.partition_index);
    let mut answer = ListOffsetsPartitionResponse::default()
        .with_partition_index(number.0)
        .with_timestamp(-1)
        .with_offset(-1)
        .with_leader_epoch(-1);
    let fault = plan.fault(&topic.name, Some(number)).map(|fault| fault.code);
    let found = match (fault, state.partition(&topic.name, number)) {
        (Some(code), _) => Err(code),
        (None, None) => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        (None, Some(partition)) => {
            let verdict = partition.serves_readers(broker, asked.current_leader_epoch);
            verdict.map(|()| (look_up(&partition.log, asked.timestamp), partition.epoch))
        }
    };
    match found {
        Ok((Some((timestamp, offset)), epoch)) => {
            let epoch = if head.version >= EPOCHS_SINCE { epoch.0 } else { -1 };
            answer.with_timestamp(timestamp).with_offset(offset).with_leader_epoch(epoch)
        }
        Ok((None, _)) => answer,
        Err(code) => {
            answer.error_code = code.0;
            answer
        }
    }
}

/// A timestamp and an offset; none where no record is new enough.
fn look_up(log: &Log, timestamp: i64) -> Option<(i64, i64)> {
    match timestamp {
        LATEST => Some((-1, log.end())),
        EARLIEST | EARLIEST_LOCAL => Some((-1, log.start())),
        NEWEST_TIMESTAMP => log.newest(),
        0.. => log.first_since(timestamp),
        _ => None,
    }
}

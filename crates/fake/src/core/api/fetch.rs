//! Fetch, as far as a consumer with assigned partitions needs it: no fetch sessions, each response is complete.

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use milena_codec::ErrorCode;
use milena_codec::ids::{PartitionId, TopicId};
use milena_codec::message::FetchRequest;

use super::{Context, Response, State, Target};
use crate::core::Partition;

/// The first version that names topics by id (KIP-516).
const IDS_SINCE: i16 = 13;
/// Most bytes of a response, whatever maximum the request has.
const BYTES_MAX: usize = 50 << 20;
const FETCH_SESSION_ID_NOT_FOUND: i16 = 70;

/// Serves a Fetch. [`Response::NotYet`] while there are too few bytes to read and the request may wait.
pub(super) fn serve(state: &State, cx: &Context<'_>, request: &theirs::FetchRequest) -> Response {
    let mut body = theirs::FetchResponse::default();
    if request.session_id != 0 {
        body.error_code = FETCH_SESSION_ID_NOT_FOUND;
        return cx.respond::<FetchRequest>(&body);
    }
    let bytes_max = usize::try_from(request.max_bytes).unwrap_or_default().min(BYTES_MAX);
    let (mut bytes, mut failed) = (0, false);
    for topic in &request.topics {
        let fetch = |asked: &FetchPartition| {
            let data = PartitionData::default().with_partition_index(asked.partition);
            let fetched = find(state, cx, topic, asked);
            failed |= fetched.is_err();
            match fetched {
                Ok(partition) => {
                    let data = read(data, partition, asked, bytes_max.saturating_sub(bytes));
                    bytes += data.records.as_ref().map_or(0, Bytes::len);
                    data
                }
                Err(code) => data
                    .with_error_code(code.0)
                    .with_high_watermark(-1)
                    .with_last_stable_offset(-1)
                    .with_records(Some(Bytes::new())),
            }
        };
        body.responses.push(
            FetchableTopicResponse::default()
                .with_topic(topic.topic.clone())
                .with_topic_id(topic.topic_id)
                .with_partitions(topic.partitions.iter().map(fetch).collect()),
        );
    }
    let wanted = usize::try_from(request.min_bytes).unwrap_or_default();
    match cx.may_wait && !failed && bytes < wanted {
        true => Response::NotYet,
        false => cx.respond::<FetchRequest>(&body),
    }
}

pub(super) fn targets(state: &State, request: &theirs::FetchRequest, version: i16) -> Vec<Target> {
    let of_topic = |topic: &FetchTopic| {
        let name = name_of(state, topic, version).map(str::to_owned);
        let numbers = topic.partitions.iter().map(|asked| PartitionId(asked.partition));
        numbers.filter_map(|number| Some((name.clone()?, Some(number)))).collect::<Vec<_>>()
    };
    request.topics.iter().flat_map(of_topic).collect()
}

fn name_of<'a>(state: &'a State, topic: &'a FetchTopic, version: i16) -> Option<&'a str> {
    match version >= IDS_SINCE {
        true => state.topic_of_id(TopicId(topic.topic_id.into_bytes())),
        false => Some(&topic.topic.0),
    }
}

/// The partition, if it can be read from the offset of the request.
fn find<'a>(
    state: &'a State,
    cx: &Context<'_>,
    topic: &FetchTopic,
    asked: &FetchPartition,
) -> Result<&'a Partition, ErrorCode> {
    let number = PartitionId(asked.partition);
    let name = name_of(state, topic, cx.head.version).ok_or(ErrorCode::UNKNOWN_TOPIC_ID)?;
    if let Some(fault) = cx.plan.fault(name, Some(number)) {
        return Err(fault.code);
    }
    let partition = state.partition(name, number).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    partition.serves_readers(cx.broker, asked.current_leader_epoch)?;
    match (partition.log.start()..=partition.log.end()).contains(&asked.fetch_offset) {
        true => Ok(partition),
        false => Err(ErrorCode::OFFSET_OUT_OF_RANGE),
    }
}

/// Fills in the batches from the offset of the request on; none where no bytes are left of the response.
fn read(
    data: PartitionData,
    partition: &Partition,
    asked: &FetchPartition,
    bytes_left: usize,
) -> PartitionData {
    let bytes_max = usize::try_from(asked.partition_max_bytes).unwrap_or_default().min(bytes_left);
    let records = match bytes_left {
        0 => Bytes::new(),
        _ => partition.log.read_from(asked.fetch_offset, bytes_max).freeze(),
    };
    data.with_high_watermark(partition.log.end())
        .with_last_stable_offset(partition.log.end())
        .with_log_start_offset(partition.log.start())
        .with_aborted_transactions(None)
        .with_preferred_read_replica(theirs::BrokerId(-1))
        .with_records(Some(records))
}

//! What brokers answer to Produce.

use milena_codec::ErrorCode;
use milena_codec::ids::{PartitionId, TopicId};
use milena_codec::message::{
    Message, PartitionProduceResponse, ProduceResponse, TopicProduceResponse, Version,
};

use super::harness::TOPIC;

/// What brokers answer, by partition.
pub(crate) fn response(version: i16, topic_id: TopicId, responses: &[(i32, ErrorCode, i64)]) -> Vec<u8> {
    let partition_responses = responses.iter().map(|(index, code, offset)| PartitionProduceResponse {
        index: PartitionId(*index),
        error_code: *code,
        base_offset: *offset,
        ..PartitionProduceResponse::default()
    });
    respond(version, topic_id, partition_responses.collect(), ProduceResponse::default())
}

/// The body of a response about the topic.
pub(crate) fn respond(
    version: i16,
    topic_id: TopicId,
    partition_responses: Vec<PartitionProduceResponse>,
    rest: ProduceResponse,
) -> Vec<u8> {
    let responses = partition_responses.into_iter().map(|response| (topic_id, response)).collect();
    respond_by_id(version, responses, rest)
}

/// The body of a response about topics of the name, whatever their ids.
pub(crate) fn respond_by_id(
    version: i16,
    responses: Vec<(TopicId, PartitionProduceResponse)>,
    rest: ProduceResponse,
) -> Vec<u8> {
    let mut topics: Vec<TopicProduceResponse> = Vec::new();
    for (topic_id, response) in responses {
        match topics.iter_mut().find(|topic| topic.topic_id == topic_id) {
            Some(topic) => topic.partition_responses.push(response),
            None => topics.push(TopicProduceResponse {
                name: TOPIC.into(),
                topic_id,
                partition_responses: vec![response],
            }),
        }
    }
    // The tagged fields that end a flexible response header.
    let mut body = if version >= 9 { vec![0] } else { Vec::new() };
    let response = ProduceResponse { responses: topics, ..rest };
    response.encode(&mut body, Version::of::<ProduceResponse>(version)).unwrap();
    body
}

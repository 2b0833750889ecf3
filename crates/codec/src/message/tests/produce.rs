//! The record's way of writing Produce requests and reading their answers is the tables' way, byte for byte.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::message::header::{self, RequestHeader};
use crate::message::produce::{AnswerReader, PartitionRecords, RequestFrame, TopicKey, put_request};
use crate::message::{Message, ProduceRequest, ProduceResponse, Version};
use crate::wire::generate::{Dice, Generate};
use crate::wire::{Reader, Viewed};

proptest! {
    #[test]
    fn a_request_written_around_its_batches_is_the_tables_request(
        number in 3i16..=13,
        correlation_id: i32,
        choices in vec(any::<u8>(), 0..400),
    ) {
        let version = Version::of::<ProduceRequest>(number);
        let mut request = ProduceRequest::generate(&mut Dice::new(&choices), version);
        // The record's way writes one entry a topic and no empty ones.
        request.topic_data.retain(|topic| !topic.partition_data.is_empty());
        for (index, topic) in request.topic_data.iter_mut().enumerate() {
            topic.name.push_str(&index.to_string());
            topic.partition_data.iter_mut().for_each(|p| { p.records.get_or_insert_default(); });
        }
        if number >= 13 {
            request.topic_data.iter_mut().enumerate().for_each(|(i, topic)| topic.topic_id.0[0] = u8::try_from(i).unwrap());
        }

        let mut expected = vec![0; 4];
        header::put_request(&mut expected, &request, number, correlation_id, Some("me"))?;
        let length = i32::try_from(expected.len() - 4).unwrap();
        expected[..4].copy_from_slice(&length.to_be_bytes());

        prop_assert_eq!(assembled(&request, number, correlation_id), expected);
    }

    #[test]
    fn answers_are_read_as_the_table_reads_them(
        number in 3i16..=13,
        choices in vec(any::<u8>(), 0..600),
    ) {
        let version = Version::of::<ProduceResponse>(number);
        let response = ProduceResponse::generate(&mut Dice::new(&choices), version);
        let mut bytes = Vec::new();
        response.encode(&mut bytes, version)?;

        let mut answers = AnswerReader::new(&bytes, number)?;
        for topic in &response.responses {
            let key = if number >= 13 { TopicKey::Id(topic.topic_id) } else { TopicKey::Name(&topic.name) };
            for partition in &topic.partition_responses {
                let answer = answers.next_partition()?.unwrap();
                prop_assert_eq!(answer.topic, key);
                prop_assert_eq!(answer.index, partition.index);
                prop_assert_eq!(answer.error_code, partition.error_code);
                prop_assert_eq!(answer.base_offset, partition.base_offset);
                prop_assert_eq!(answer.log_append_time_ms, partition.log_append_time_ms);
                prop_assert_eq!(answer.log_start_offset, partition.log_start_offset);
                prop_assert_eq!(&Vec::own(&answer.record_errors), &partition.record_errors);
                prop_assert_eq!(answer.error_message, partition.error_message.as_deref());
                prop_assert_eq!(&answer.current_leader, &partition.current_leader);
            }
        }
        prop_assert_eq!(answers.next_partition()?, None);
        let (throttle_time_ms, endpoints) = answers.finish()?;
        prop_assert_eq!((throttle_time_ms, Vec::own(&endpoints)), (response.throttle_time_ms, response.node_endpoints));
    }

    #[test]
    fn no_bytes_make_the_answer_reader_panic(number in 3i16..=13, bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(mut answers) = AnswerReader::new(&bytes, number) {
            while let Ok(Some(_)) = answers.next_partition() {}
            let _ = answers.finish();
        }
    }

    #[test]
    fn a_request_header_is_read_as_it_was_written(
        number in 3i16..=13,
        correlation_id: i32,
        client_id in proptest::option::of(".{0,20}"),
    ) {
        let mut bytes = Vec::new();
        header::put_request(&mut bytes, &ProduceRequest::default(), number, correlation_id, client_id.as_deref())?;
        let mut input = Reader::new(&bytes);
        let read = RequestHeader::read(&mut input)?;
        prop_assert_eq!(
            read,
            RequestHeader {
                key: ProduceRequest::KEY, version: number, correlation_id, client_id: client_id.as_deref(),
            }
        );
        let version = Version::of::<ProduceRequest>(number);
        if version.flexible {
            RequestHeader::read_tags(&mut input)?;
        }
        prop_assert_eq!(ProduceRequest::decode(&mut input, version)?, ProduceRequest::default());
    }
}

/// The request as it goes over the wire: the frame with each batch put in at its cut.
fn assembled(request: &ProduceRequest, version: i16, correlation_id: i32) -> Vec<u8> {
    let frame = RequestFrame {
        version,
        correlation_id,
        client_id: Some("me"),
        transactional_id: request.transactional_id.as_deref(),
        acks: request.acks,
        timeout_ms: request.timeout_ms,
    };
    let batches: Vec<(PartitionRecords<'_>, Bytes)> = request
        .topic_data
        .iter()
        .flat_map(|topic| {
            topic.partition_data.iter().map(|partition| {
                let records = partition.records.clone().unwrap_or_default();
                let named = PartitionRecords {
                    topic: &topic.name,
                    topic_id: topic.topic_id,
                    partition: partition.index,
                    bytes: records.len(),
                };
                (named, records)
            })
        })
        .collect();
    let (mut glue, mut cuts) = (Vec::new(), Vec::new());
    // Topics with an id have no name in version 13, so they are told apart by their place.
    let names: Vec<String> = batches.iter().map(|(b, _)| format!("{}{:?}", b.topic, b.topic_id)).collect();
    let named = batches.iter().zip(&names).map(|((batch, _), name)| PartitionRecords {
        topic: if version >= 13 { name } else { batch.topic },
        ..*batch
    });
    put_request(&mut glue, &mut cuts, &frame, named).unwrap();

    let mut whole = Vec::new();
    let mut from = 0;
    for (cut, (_, records)) in cuts.iter().zip(&batches) {
        whole.extend_from_slice(&glue[from..*cut]);
        whole.extend_from_slice(records);
        from = *cut;
    }
    whole.extend_from_slice(&glue[from..]);
    whole
}

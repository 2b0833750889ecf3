//! Produce requests and responses of the producer's own writer and reader equal those of the tables, byte for byte.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::cases::each_case;
use crate::message::header::{self, RequestHeader};
use crate::message::produce::{PartitionRecords, RequestFrame, ResponseReader, TopicKey, put_request};
use crate::message::{
    BatchIndexAndErrorMessage, Message, NodeEndpoint, PartitionProduceResponse, ProduceRequest,
    ProduceResponse, Version,
};
use crate::wire::generate::{Generate, RandomBytes};
use crate::wire::{DecodeError, Reader};

proptest! {
    #[test]
    fn a_request_written_around_its_batches_is_the_tables_request(
        number in 3i16..=13,
        correlation_id: i32,
        choices in vec(any::<u8>(), 0..400),
    ) {
        let version = Version::of::<ProduceRequest>(number);
        let mut request = ProduceRequest::generate(&mut RandomBytes::new(&choices), version);
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
    fn response_reader_returns_the_fields_of_the_table(
        number in 3i16..=13,
        choices in vec(any::<u8>(), 0..600),
    ) {
        let version = Version::of::<ProduceResponse>(number);
        let response = ProduceResponse::generate(&mut RandomBytes::new(&choices), version);
        let mut bytes = Vec::new();
        response.encode(&mut bytes, version)?;

        let mut reader = ResponseReader::new(&bytes, number)?;
        for topic in &response.responses {
            let key = if number >= 13 { TopicKey::Id(topic.topic_id) } else { TopicKey::Name(&topic.name) };
            for partition in &topic.partition_responses {
                let result = reader.next_partition()?.unwrap();
                prop_assert_eq!(result.topic, key);
                prop_assert_eq!(result.index, partition.index);
                prop_assert_eq!(result.error_code, partition.error_code);
                prop_assert_eq!(result.base_offset, partition.base_offset);
                prop_assert_eq!(result.log_append_time_ms, partition.log_append_time_ms);
                prop_assert_eq!(result.log_start_offset, partition.log_start_offset);
                let errors: Vec<_> = result.record_errors.clone().map(BatchIndexAndErrorMessage::from).collect();
                prop_assert_eq!(result.record_errors.len(), errors.len());
                prop_assert_eq!(&errors, &partition.record_errors);
                prop_assert_eq!(result.error_message, partition.error_message.as_deref());
                prop_assert_eq!(&result.current_leader, &partition.current_leader);
            }
        }
        prop_assert!(reader.next_partition()?.is_none());
        let (throttle_time_ms, endpoints) = reader.finish()?;
        let endpoints: Vec<_> = endpoints.map(NodeEndpoint::from).collect();
        prop_assert_eq!((throttle_time_ms, endpoints), (response.throttle_time_ms, response.node_endpoints));
    }

    #[test]
    fn no_bytes_make_the_response_reader_panic(number in 3i16..=13, bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(mut reader) = ResponseReader::new(&bytes, number) {
            while let Ok(Some(_)) = reader.next_partition() {}
            let _ = reader.finish();
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

/// Responses, and bytes that are mostly malformed: both ways of reading come to the same end, with the same error at the
/// same place.
#[test]
fn response_reader_and_table_return_the_same_fields_and_errors() {
    for number in ProduceResponse::VERSIONS {
        each_case("ProduceResponse by ResponseReader", number, |choices| {
            let version = Version::of::<ProduceResponse>(number);
            let response = ProduceResponse::generate(&mut RandomBytes::new(choices), version);
            let mut bytes = Vec::new();
            response.encode(&mut bytes, version).unwrap();
            agree(choices, version);
            agree(&bytes, version);
            if let [place, change, ..] = choices {
                let place = usize::from(*place) % bytes.len();
                bytes[place] ^= *change;
                agree(&bytes, version);
            }
        });
    }
}

fn agree(bytes: &[u8], version: Version) {
    let whole = ProduceResponse::decode_exact(bytes, version).map(|whole| {
        let partitions = whole.responses.into_iter().flat_map(|topic| topic.partition_responses);
        (partitions.collect::<Vec<_>>(), whole.throttle_time_ms, whole.node_endpoints)
    });
    assert_eq!(one_by_one(bytes, version.number), whole);
}

type Fields = (Vec<PartitionProduceResponse>, i32, Vec<NodeEndpoint>);

fn one_by_one(bytes: &[u8], version: i16) -> Result<Fields, DecodeError> {
    let mut reader = ResponseReader::new(bytes, version)?;
    let mut partitions = Vec::new();
    while let Some(result) = reader.next_partition()? {
        let _ = format!("{result:?}");
        partitions.push(PartitionProduceResponse {
            index: result.index,
            error_code: result.error_code,
            base_offset: result.base_offset,
            log_append_time_ms: result.log_append_time_ms,
            log_start_offset: result.log_start_offset,
            record_errors: result.record_errors.map(BatchIndexAndErrorMessage::from).collect(),
            error_message: result.error_message.map(str::to_owned),
            current_leader: result.current_leader,
        });
    }
    let (throttle_time_ms, endpoints) = reader.finish()?;
    Ok((partitions, throttle_time_ms, endpoints.map(NodeEndpoint::from).collect()))
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

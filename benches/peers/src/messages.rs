//! Metadata of a thousand topics, and Produce of six partitions, in the types of each codec.

use std::io::Cursor;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::produce::{PartitionRecords, RequestFrame, ResponseReader, put_request};
use milena_codec::message::{
    Message, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
    PartitionProduceResponse, ProduceResponse, TopicProduceResponse, Version,
};
use rskafka::protocol::api_version::ApiVersion;
use rskafka::protocol::messages as rs;
use rskafka::protocol::messages::{ReadVersionedType, WriteVersionedType};
use rskafka::protocol::primitives::{Int16, Int32, NullableString, Records, String_};

use crate::records;

/// Topics of the cluster.
pub const TOPICS: usize = 1_000;
/// Partitions of a topic, and of a Produce request.
pub const PARTITIONS: i32 = 6;
const TOPIC: &str = "orders";

/// A Metadata response.
///
/// # Panics
/// When the version cannot carry it.
#[must_use]
pub fn metadata(version: i16) -> Bytes {
    let brokers = (1..=3).map(|id| MetadataResponseBroker {
        node_id: BrokerId(id),
        host: format!("broker-{id}.example.com"),
        port: 9092,
        ..Default::default()
    });
    let partition = |index| MetadataResponsePartition {
        partition_index: PartitionId(index),
        leader_id: BrokerId(index % 3 + 1),
        leader_epoch: LeaderEpoch(7),
        replica_nodes: (1..=3).map(BrokerId).collect(),
        isr_nodes: (1..=3).map(BrokerId).collect(),
        ..Default::default()
    };
    let topics = (0..TOPICS).map(|number| MetadataResponseTopic {
        name: Some(format!("topic-{number}")),
        partitions: (0..PARTITIONS).map(partition).collect(),
        ..Default::default()
    });
    let response =
        MetadataResponse { brokers: brokers.collect(), topics: topics.collect(), ..Default::default() };
    let mut bytes = Vec::new();
    response.encode(&mut bytes, Version::of::<MetadataResponse>(version)).expect("a response");
    bytes.into()
}

/// Reads Metadata into our own type.
///
/// # Panics
/// When it is none, as for all readers here.
#[must_use]
pub fn read_metadata(bytes: &[u8], version: i16) -> MetadataResponse {
    MetadataResponse::decode_exact(bytes, Version::of::<MetadataResponse>(version)).expect("Metadata")
}

/// Reads Metadata with kafka-protocol.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn their_metadata(bytes: &Bytes, version: i16) -> theirs::MetadataResponse {
    theirs::MetadataResponse::decode(&mut bytes.clone(), version).expect("Metadata")
}

/// Reads Metadata with rskafka.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn rs_metadata(bytes: &[u8], version: i16) -> rs::MetadataResponse {
    rs::MetadataResponse::read_versioned(&mut Cursor::new(bytes), ApiVersion(Int16(version)))
        .expect("Metadata")
}

/// A Produce request around batches that stay where they are, as our producer sends it: `out` receives everything
/// but them.
///
/// # Panics
/// When the version does not exist.
pub fn put_produce(out: &mut Vec<u8>, cuts: &mut Vec<usize>, batch_bytes: usize, version: i16) {
    out.clear();
    cuts.clear();
    let frame = RequestFrame {
        version,
        correlation_id: 1,
        client_id: None,
        transactional_id: None,
        acks: -1,
        timeout_ms: 30_000,
    };
    let one = |partition| PartitionRecords {
        topic: TOPIC,
        topic_id: TopicId::ZERO,
        partition: PartitionId(partition),
        bytes: batch_bytes,
    };
    put_request(out, cuts, &frame, (0..PARTITIONS).map(one)).expect("a request");
}

/// The same request in kafka-protocol's type.
#[must_use]
pub fn their_produce(batch: &Bytes) -> theirs::ProduceRequest {
    use theirs::produce_request::{PartitionProduceData, TopicProduceData};
    let partition =
        |index| PartitionProduceData::default().with_index(index).with_records(Some(batch.clone()));
    let topic = TopicProduceData::default()
        .with_name(StrBytes::from_static_str(TOPIC).into())
        .with_partition_data((0..PARTITIONS).map(partition).collect());
    theirs::ProduceRequest::default().with_acks(-1).with_timeout_ms(30_000).with_topic_data(vec![topic])
}

/// Writes kafka-protocol's request, which copies the batches.
///
/// # Panics
/// When it refuses.
pub fn their_put_produce(out: &mut BytesMut, request: &theirs::ProduceRequest, version: i16) {
    out.clear();
    request.encode(out, version).expect("a request");
}

/// The same request in rskafka's type, which holds records rather than bytes.
#[must_use]
pub fn rs_produce() -> rs::ProduceRequest {
    let partition = |index| rs::ProduceRequestPartitionData {
        index: Int32(index),
        records: Records(vec![records::rs_batch()]),
    };
    let topic = rs::ProduceRequestTopicData {
        name: String_(TOPIC.to_owned()),
        partition_data: (0..PARTITIONS).map(partition).collect(),
    };
    rs::ProduceRequest {
        transactional_id: NullableString(None),
        acks: Int16(-1),
        timeout_ms: Int32(30_000),
        topic_data: vec![topic],
    }
}

/// Encodes and writes rskafka's request.
///
/// # Panics
/// When it refuses.
pub fn rs_put_produce(out: &mut Vec<u8>, request: &rs::ProduceRequest, version: i16) {
    out.clear();
    request.write_versioned(out, ApiVersion(Int16(version))).expect("a request");
}

/// The response to the Produce request.
///
/// # Panics
/// When the version cannot carry it.
#[must_use]
pub fn response(version: i16) -> Bytes {
    let partition = |index| PartitionProduceResponse {
        index: PartitionId(index),
        base_offset: i64::from(index) << 33,
        ..Default::default()
    };
    let topic = TopicProduceResponse {
        name: TOPIC.to_owned(),
        partition_responses: (0..PARTITIONS).map(partition).collect(),
        ..Default::default()
    };
    let response = ProduceResponse { responses: vec![topic], ..Default::default() };
    let mut bytes = Vec::new();
    response.encode(&mut bytes, Version::of::<ProduceResponse>(version)).expect("a response");
    bytes.into()
}

/// Reads the response partition by partition, as our producer does.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn read_response(bytes: &[u8], version: i16) -> i64 {
    let mut reader = ResponseReader::new(bytes, version).expect("a response");
    let mut offsets = 0;
    while let Some(result) = reader.next_partition().expect("a partition") {
        offsets += result.base_offset;
    }
    offsets
}

/// Reads the response with kafka-protocol.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn their_response(bytes: &Bytes, version: i16) -> i64 {
    let response = theirs::ProduceResponse::decode(&mut bytes.clone(), version).expect("a response");
    response.responses.iter().flat_map(|topic| &topic.partition_responses).map(|one| one.base_offset).sum()
}

/// Reads the response with rskafka.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn rs_response(bytes: &[u8], version: i16) -> i64 {
    let response = rs::ProduceResponse::read_versioned(&mut Cursor::new(bytes), ApiVersion(Int16(version)));
    let topics = response.expect("a response").responses;
    topics.iter().flat_map(|topic| &topic.partition_responses).map(|one| one.base_offset.0).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_codecs_read_the_same_metadata() {
        let bytes = metadata(4);
        let ours = read_metadata(&bytes, 4).topics.into_iter().map(|topic| topic.name.unwrap_or_default());
        let theirs = their_metadata(&bytes, 4).topics;
        let theirs =
            theirs.iter().map(|topic| topic.name.as_ref().map(|name| name.to_string()).unwrap_or_default());
        let rs = rs_metadata(&bytes, 4).topics.into_iter().map(|topic| topic.name.0);
        let ours: Vec<_> = ours.collect();
        assert_eq!(ours.len(), TOPICS);
        assert_eq!(theirs.collect::<Vec<_>>(), ours);
        assert_eq!(rs.collect::<Vec<_>>(), ours);
    }

    #[test]
    fn all_three_codecs_read_the_same_response() {
        let bytes = response(7);
        assert_eq!([their_response(&bytes, 7), rs_response(&bytes, 7)], [read_response(&bytes, 7); 2]);
    }

    #[test]
    fn all_three_codecs_write_requests_of_one_length() {
        let batch = Bytes::from(records::batch());
        let (mut out, mut cuts) = (Vec::new(), Vec::new());
        put_produce(&mut out, &mut cuts, batch.len(), 7);
        // Length, header with a null client id.
        let ours = out.len() - 4 - 10 + cuts.len() * batch.len();
        let mut theirs = BytesMut::new();
        their_put_produce(&mut theirs, &their_produce(&batch), 7);
        let mut rs = Vec::new();
        rs_put_produce(&mut rs, &rs_produce(), 7);
        assert_eq!([theirs.len(), rs.len()], [ours; 2]);
    }
}

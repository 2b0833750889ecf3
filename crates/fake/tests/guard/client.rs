//! A client of few words: frames written by milena's codec, answers read by it, nothing in between.

use bytes::Bytes;
use kafka_protocol::protocol::Decodable;
use milena_codec::ErrorCode;
use milena_codec::ids::{PartitionId, ProducerEpoch, ProducerId, ProducerIdAndEpoch, Sequence, TopicId};
use milena_codec::message::{
    ApiKey, InitProducerIdRequest, Message, MetadataRequest, MetadataRequestTopic, MetadataResponse,
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, Request,
    TopicProduceData, Version, header,
};
use milena_codec::record::{BatchHeader, HEADER_BYTES, Stamp, put_record};
use milena_codec::wire::Reader;
use milena_fake::{BrokerId, Builder, Cluster};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// The time of day at which the clusters of these tests start.
pub(crate) const NOW_MS: i64 = 1_700_000_000_000;

/// One broker that leads the one partition of topic `t`.
pub(crate) async fn one_broker() -> Cluster {
    small(|builder| builder).await
}

/// The same with other settings.
pub(crate) async fn small(change: impl FnOnce(Builder) -> Builder) -> Cluster {
    let builder = Cluster::builder().brokers(1).topic("t", 1).in_memory().wall_clock_ms(NOW_MS);
    change(builder).start().await.unwrap()
}

/// A connection to a broker.
pub(crate) struct Wire {
    pub(crate) stream: DuplexStream,
    next_id: i32,
}

impl Wire {
    pub(crate) fn to(cluster: &Cluster, broker: i32) -> Self {
        let (host, port) = cluster.address(BrokerId(broker)).unwrap();
        Self { stream: cluster.dial(&host, port).unwrap(), next_id: 1 }
    }

    /// Sends a request; gives its correlation id.
    pub(crate) async fn send<M: Message>(&mut self, request: &M, version: i16) -> i32 {
        let mut frame = vec![0; 4];
        header::put_request(&mut frame, request, version, self.next_id, Some("raw")).unwrap();
        let length = u32::try_from(frame.len() - 4).unwrap();
        frame[..4].copy_from_slice(&length.to_be_bytes());
        self.stream.write_all(&frame).await.unwrap();
        self.next_id += 1;
        self.next_id - 1
    }

    /// The next frame; none when the connection closed.
    pub(crate) async fn frame(&mut self) -> Option<Bytes> {
        let length = self.stream.read_u32().await.ok()?;
        let mut frame = vec![0; length as usize];
        self.stream.read_exact(&mut frame).await.ok()?;
        Some(frame.into())
    }

    /// The next answer, to a request of this version; none when the connection closed.
    pub(crate) async fn answer<R: Request>(&mut self, version: i16) -> Option<(i32, R::Response)> {
        let frame = self.frame().await?;
        let mut input = Reader::new(&frame);
        let id = input.i32().unwrap();
        header::read_response_tags::<R::Response>(&mut input, version).unwrap();
        let form = Version::of::<R::Response>(version);
        let answer = R::Response::decode(&mut input, form).unwrap();
        input.finish().unwrap();
        Some((id, answer))
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn call<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        let id = self.send(request, version).await;
        let (answered, answer) = self.answer::<R>(version).await.unwrap();
        assert_eq!(answered, id);
        answer
    }

    /// Sends a request and has kafka-protocol read its answer.
    pub(crate) async fn ask<M: Message, T: Decodable>(&mut self, request: &M, version: i16) -> T {
        self.send(request, version).await;
        let mut rest = self.frame().await.unwrap().slice(4..);
        if Version::of::<M>(version).flexible {
            assert_eq!(rest.split_to(1)[..], [0], "no tags in the header");
        }
        let answer = T::decode(&mut rest, version).unwrap();
        assert!(rest.is_empty());
        answer
    }

    /// Sends bytes as they are, behind their length.
    pub(crate) async fn send_raw(&mut self, content: &[u8]) {
        self.stream.write_u32(u32::try_from(content.len()).unwrap()).await.unwrap();
        self.stream.write_all(content).await.unwrap();
    }

    pub(crate) async fn metadata(&mut self, topic: &str) -> MetadataResponse {
        let topics = Some(vec![MetadataRequestTopic::named(topic)]);
        self.call(&MetadataRequest { topics, ..MetadataRequest::default() }, 12).await
    }

    /// Produces one batch to partition 0 of `t`.
    pub(crate) async fn produce(
        &mut self,
        batch: impl Into<Bytes>,
        version: i16,
    ) -> PartitionProduceResponse {
        one(self.call(&to_t(-1, batch), version).await)
    }

    /// The code that one batch for partition 0 of `t` is answered with.
    pub(crate) async fn code(&mut self, batch: impl Into<Bytes>) -> ErrorCode {
        self.produce(batch, 9).await.error_code
    }

    pub(crate) async fn is_closed(&mut self) -> bool {
        self.frame().await.is_none()
    }

    pub(crate) async fn identity(&mut self) -> ProducerIdAndEpoch {
        let answer = self.call(&InitProducerIdRequest::default(), 4).await;
        assert_eq!(answer.error_code, ErrorCode::NONE);
        ProducerIdAndEpoch { producer_id: answer.producer_id, epoch: answer.producer_epoch }
    }
}

/// One batch for partition 0 of `t`.
pub(crate) fn to_t(acks: i16, batch: impl Into<Bytes>) -> ProduceRequest {
    to("t", TopicId::ZERO, acks, vec![(0, Some(batch.into()))])
}

pub(crate) fn to(
    topic: &str,
    topic_id: TopicId,
    acks: i16,
    batches: Vec<(i32, Option<Bytes>)>,
) -> ProduceRequest {
    let partition_data = batches
        .into_iter()
        .map(|(index, records)| PartitionProduceData { index: PartitionId(index), records })
        .collect();
    let topic_data = vec![TopicProduceData { name: topic.to_owned(), topic_id, partition_data }];
    ProduceRequest { transactional_id: None, acks, timeout_ms: 1000, topic_data }
}

/// The one partition of an answer.
pub(crate) fn one(mut answer: ProduceResponse) -> PartitionProduceResponse {
    assert_eq!(answer.responses.len(), 1);
    assert_eq!(answer.responses[0].partition_responses.len(), 1);
    answer.responses.remove(0).partition_responses.remove(0)
}

/// A batch of keyed records without idempotence.
pub(crate) fn batch(values: &[&str]) -> Vec<u8> {
    stamped(values, Stamp::NONE)
}

pub(crate) fn stamped(values: &[&str], stamp: Stamp) -> Vec<u8> {
    sealed(values, |header| header.stamp = stamp)
}

pub(crate) fn stamp(producer_id: i64, epoch: i16, sequence: i32) -> Stamp {
    let identity = ProducerIdAndEpoch { producer_id: ProducerId(producer_id), epoch: ProducerEpoch(epoch) };
    Stamp { identity, base_sequence: Sequence(sequence) }
}

/// A batch whose header was changed before its CRC was taken.
pub(crate) fn sealed(values: &[&str], change: impl FnOnce(&mut BatchHeader)) -> Vec<u8> {
    let mut batch = vec![0; HEADER_BYTES];
    let mut count = 0;
    for value in values {
        put_record(&mut batch, count, 0, Some(b"key"), Some(value.as_bytes()), &[]);
        count += 1;
    }
    let mut header = BatchHeader::of_producer(count, NOW_MS, NOW_MS, Stamp::NONE);
    change(&mut header);
    header.seal(&mut batch, []);
    batch
}

pub(crate) fn values(cluster: &Cluster, topic: &str, partition: i32) -> Vec<String> {
    let text = |value: Bytes| String::from_utf8(value.to_vec()).unwrap();
    cluster.log(topic, partition).into_iter().map(|record| text(record.value.unwrap())).collect()
}

/// The header of a request, as any API has it.
pub(crate) fn raw_header(api: ApiKey, version: i16) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&api.0.to_be_bytes());
    bytes.extend_from_slice(&version.to_be_bytes());
    bytes.extend_from_slice(&[0, 0, 0, 7, 0xff, 0xff]);
    bytes
}

//! A broker in memory that keeps nothing and costs little: it responds to each request while the request is written.
//!
//! It is the only broker of its cluster, leads all partitions of its only topic, and acknowledges every batch. Requests that
//! a producer does not send here are not understood: the connection ends.

use std::io::{Error, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use milena::Endpoint;
use milena::transport::{BoxStream, Connector, Dial};
use milena_codec::frame::next_frame;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, ProducerEpoch, ProducerId, TopicId};
use milena_codec::message::header::{RequestHeader, put_response};
use milena_codec::message::{
    ApiKey, ApiVersion, ApiVersionsResponse, InitProducerIdResponse, Message, MetadataResponse,
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_codec::wire::{DecodeError, Reader, varint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Its address, which leads nowhere but here.
pub(crate) const ADDRESS: &str = "broker:9092";
/// Its only topic.
pub(crate) const TOPIC: &str = "bench";
/// How many partitions that has.
pub(crate) const PARTITIONS: i32 = 6;

const TOPIC_ID: TopicId = TopicId([7; 16]);
/// With topic ids (KIP-516), as brokers since Kafka 4.1 offer it.
const PRODUCE: i16 = 13;
const METADATA: i16 = 13;
const INIT_PRODUCER_ID: i16 = 5;
const FRAME_BYTES_MAX: usize = 100_000_000;

/// Connects to the broker, whatever the address.
#[derive(Debug)]
pub(crate) struct NullBroker;

impl Connector for NullBroker {
    fn connect<'a>(&'a self, _: &'a Endpoint, _: Duration) -> Dial<'a> {
        Box::pin(async { Ok(Box::<Connection>::default() as BoxStream) })
    }
}

/// A connection to it.
#[derive(Debug, Default)]
struct Connection {
    /// Bytes of requests without a response yet.
    requests: Vec<u8>,
    /// Responses, read up to `read`.
    answers: Vec<u8>,
    read: usize,
    reader: Option<Waker>,
    /// The offset of the next batch, whichever its partition.
    offset: i64,
}

impl Connection {
    /// Responds to the complete requests.
    fn serve(&mut self) -> Result<()> {
        let mut served = 0;
        while let Some(length) =
            next_frame(&self.requests[served..], FRAME_BYTES_MAX).map_err(Error::other)?
        {
            let frame = served + 4..served + 4 + length;
            let start = self.answers.len();
            self.answers.extend([0; 4]);
            answer(&self.requests[frame.clone()], &mut self.answers, &mut self.offset)
                .map_err(Error::other)?;
            let length = u32::try_from(self.answers.len() - start - 4).map_err(Error::other)?;
            self.answers[start..start + 4].copy_from_slice(&length.to_be_bytes());
            served = frame.end;
        }
        self.requests.drain(..served);
        if served > 0 {
            self.reader.take().into_iter().for_each(Waker::wake);
        }
        Ok(())
    }
}

/// Appends the response to a request, both without their lengths.
fn answer(request: &[u8], out: &mut Vec<u8>, offset: &mut i64) -> std::result::Result<(), BoxError> {
    let mut input = Reader::new(request);
    let header = RequestHeader::read(&mut input)?;
    match header.key {
        ApiKey::PRODUCE => {
            RequestHeader::read_tags(&mut input)?;
            Ok(put_acknowledgements(&mut input, header.correlation_id, out, offset)?)
        }
        ApiKey::API_VERSIONS => put(out, &api_versions(), &header),
        ApiKey::METADATA => put(out, &metadata(), &header),
        ApiKey::INIT_PRODUCER_ID => put(out, &identity(), &header),
        other => Err(format!("{other} is not understood").into()),
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn put<M: Message>(
    out: &mut Vec<u8>,
    response: &M,
    header: &RequestHeader<'_>,
) -> std::result::Result<(), BoxError> {
    Ok(put_response(out, response, header.version, header.correlation_id)?)
}

/// Produce 13, read and responded to in one pass: each record costs the broker a copy of its bytes and no more.
fn put_acknowledgements(
    input: &mut Reader<'_>,
    correlation_id: i32,
    out: &mut Vec<u8>,
    offset: &mut i64,
) -> std::result::Result<(), DecodeError> {
    out.extend(correlation_id.to_be_bytes());
    varint::put_unsigned(out, 0);
    // The transactional id, which is null; acks and time-out.
    input.unsigned_varint()?;
    input.take(2 + 4)?;
    let topics = input.unsigned_varint()?;
    varint::put_unsigned(out, topics.into());
    for _ in 1..topics {
        out.extend(input.uuid()?);
        let partitions = input.unsigned_varint()?;
        varint::put_unsigned(out, partitions.into());
        for _ in 1..partitions {
            put_acknowledgement(out, input.i32()?, *offset);
            let records = input.unsigned_varint()?;
            input.take(records.saturating_sub(1) as usize)?;
            input.tagged_fields(|_, _| Ok::<_, DecodeError>(false))?;
            *offset += 1;
        }
        input.tagged_fields(|_, _| Ok::<_, DecodeError>(false))?;
        varint::put_unsigned(out, 0);
    }
    // No pause, and no tagged fields.
    out.extend([0; 4 + 1]);
    Ok(())
}

fn put_acknowledgement(out: &mut Vec<u8>, partition: i32, offset: i64) {
    out.extend(partition.to_be_bytes());
    out.extend([0; 2]);
    out.extend(offset.to_be_bytes());
    // The time of the append, and the offset where the log begins: both unknown.
    out.extend((-1_i64).to_be_bytes());
    out.extend((-1_i64).to_be_bytes());
    // No record errors, no message, no tagged fields.
    out.extend([1, 0, 0]);
}

fn api_versions() -> ApiVersionsResponse {
    let api = |api_key, max_version| ApiVersion { api_key, min_version: 0, max_version };
    let api_keys = vec![
        api(ApiKey::PRODUCE, PRODUCE),
        api(ApiKey::METADATA, METADATA),
        api(ApiKey::API_VERSIONS, 4),
        api(ApiKey::INIT_PRODUCER_ID, INIT_PRODUCER_ID),
    ];
    ApiVersionsResponse { api_keys, ..ApiVersionsResponse::default() }
}

fn metadata() -> MetadataResponse {
    let (host, port) = ADDRESS.split_once(':').unwrap_or((ADDRESS, "9092"));
    let broker = MetadataResponseBroker {
        node_id: BrokerId(1),
        host: host.to_owned(),
        port: port.parse().unwrap_or(9092),
        rack: None,
    };
    let partition = |index| MetadataResponsePartition {
        partition_index: PartitionId(index),
        leader_id: BrokerId(1),
        leader_epoch: LeaderEpoch(1),
        ..MetadataResponsePartition::default()
    };
    let topic = MetadataResponseTopic {
        name: Some(TOPIC.to_owned()),
        topic_id: TOPIC_ID,
        partitions: (0..PARTITIONS).map(partition).collect(),
        ..MetadataResponseTopic::default()
    };
    let cluster_id = Some("instructions".to_owned());
    MetadataResponse { brokers: vec![broker], cluster_id, topics: vec![topic], ..MetadataResponse::default() }
}

fn identity() -> InitProducerIdResponse {
    let (producer_id, producer_epoch) = (ProducerId(7), ProducerEpoch(0));
    InitProducerIdResponse { producer_id, producer_epoch, ..InitProducerIdResponse::default() }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let unread = &self.answers[self.read..];
        if unread.is_empty() {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let length = unread.len().min(buffer.remaining());
        buffer.put_slice(&unread[..length]);
        self.read += length;
        if self.read == self.answers.len() {
            self.answers.clear();
            self.read = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        slices.iter().for_each(|slice| self.requests.extend_from_slice(slice));
        Poll::Ready(self.serve().map(|()| slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}

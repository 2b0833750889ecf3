//! Reading a Produce response partition by partition, without keeping it.

use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;

use super::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, ProduceResponse,
    TOPIC_IDS_SINCE, TopicProduceResponse,
};
use crate::ErrorCode;
use crate::ids::{BrokerId, PartitionId, TopicId};
use crate::message::{Message, Version};
use crate::wire::{DecodeError, Decoded, Field, Problem, Reader, read_count, read_str, required};

/// How a response names a topic: by name up to version 12, by id from 13 on.
///
/// ```
/// use milena_codec::ids::TopicId;
/// use milena_codec::message::produce::TopicKey;
/// assert_ne!(TopicKey::Name("orders"), TopicKey::Id(TopicId::ZERO));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicKey<'a> {
    /// By name.
    Name(&'a str),
    /// By id.
    Id(TopicId),
}

/// The result for the batch of one partition. See [`super::PartitionProduceResponse`] for the fields.
///
/// ```
/// use milena_codec::ErrorCode;
/// use milena_codec::message::produce::{PartitionResult, TopicKey};
/// fn report(result: &PartitionResult<'_>) -> String {
///     let topic = match result.topic {
///         TopicKey::Name(name) => name.to_owned(),
///         TopicKey::Id(id) => id.to_string(),
///     };
///     match result.error_code {
///         ErrorCode::NONE => format!("{topic}-{}: offset {}", result.index, result.base_offset),
///         code => format!("{topic}-{}: {code}, {:?}", result.index, result.record_errors),
///     }
/// }
/// # let _ = report;
/// ```
#[derive(Clone, Debug)]
pub struct PartitionResult<'a> {
    /// The topic.
    pub topic: TopicKey<'a>,
    /// The partition.
    pub index: PartitionId,
    /// Whether the batch was written.
    pub error_code: ErrorCode,
    /// The offset of its first record.
    pub base_offset: i64,
    /// When the broker appended it, or -1.
    pub log_append_time_ms: i64,
    /// Where the partition's log begins, or -1.
    pub log_start_offset: i64,
    /// The records that caused a rejection; none, as a rule.
    pub record_errors: Elements<'a, RejectedRecord<'a>>,
    /// The reason for a rejection, as text.
    pub error_message: Option<&'a str>,
    /// The new leader of the partition, where the response has it.
    pub current_leader: LeaderIdAndEpoch,
}

/// Reads the partitions of a Produce response one after the other. Nothing is allocated.
///
/// ```
/// use milena_codec::message::produce::ResponseReader;
/// use milena_codec::message::{header, Message, PartitionProduceResponse, ProduceResponse, TopicProduceResponse, Version};
///
/// let partition = PartitionProduceResponse { base_offset: 42, ..Default::default() };
/// let topic = TopicProduceResponse { name: "t".into(), partition_responses: vec![partition], ..Default::default() };
/// let mut bytes = Vec::new();
/// let response = ProduceResponse { responses: vec![topic], ..Default::default() };
/// response.encode(&mut bytes, Version::of::<ProduceResponse>(9))?;
///
/// let mut reader = ResponseReader::new(&bytes, 9)?;
/// assert_eq!(reader.next_partition()?.map(|result| result.base_offset), Some(42));
/// assert!(reader.next_partition()?.is_none());
/// let (throttle_time_ms, endpoints) = reader.finish()?;
/// assert_eq!((throttle_time_ms, endpoints.len()), (0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ResponseReader<'a> {
    input: Reader<'a>,
    version: Version,
    topics_left: usize,
    partitions_left: usize,
    topic: TopicKey<'a>,
}

impl<'a> ResponseReader<'a> {
    /// Starts at the first byte after the response header.
    ///
    /// # Errors
    /// [`DecodeError`] when the version is not known or the bytes are no Produce response.
    pub fn new(body: &'a [u8], version: i16) -> Result<Self, DecodeError> {
        let mut input = Reader::new(body);
        if !ProduceResponse::VERSIONS.contains(&version) {
            return Err(input.problem(Problem::UnknownVersion(version)));
        }
        let version = Version::of::<ProduceResponse>(version);
        let topics_left = read_count::<TopicProduceResponse>(&mut input, version)?;
        Ok(Self { input, version, topics_left, partitions_left: 0, topic: TopicKey::Id(TopicId::ZERO) })
    }

    /// The next partition; none after the last.
    ///
    /// # Errors
    /// [`DecodeError`] with the position of the first byte that is wrong. The partitions before it stay valid.
    pub fn next_partition(&mut self) -> Result<Option<PartitionResult<'a>>, DecodeError> {
        while self.partitions_left == 0 {
            if self.topics_left == 0 {
                return Ok(None);
            }
            self.topics_left -= 1;
            self.input.give_back(TopicProduceResponse::bytes_min(self.version));
            self.topic = self.read_topic()?;
            self.partitions_left = read_count::<PartitionProduceResponse>(&mut self.input, self.version)?;
            if self.partitions_left == 0 {
                self.skip_tags()?;
            }
        }
        self.partitions_left -= 1;
        self.input.give_back(PartitionProduceResponse::bytes_min(self.version));
        let result = self.read_partition()?;
        if self.partitions_left == 0 {
            self.skip_tags()?;
        }
        Ok(Some(result))
    }

    /// Reads what follows the last partition: the throttle time in milliseconds, and the endpoints of new leaders.
    ///
    /// # Errors
    /// [`DecodeError`] when that is malformed, or partitions were left unread.
    pub fn finish(mut self) -> Result<(i32, Elements<'a, Endpoint<'a>>), DecodeError> {
        let throttle_time_ms = self.input.i32()?;
        let mut endpoints = Elements::default();
        if self.version.flexible {
            let version = self.version;
            self.input.tagged_fields(|tag, input| -> Decoded<bool> {
                let known = tag == 0 && version.number >= LEADERS_SINCE;
                if known {
                    endpoints = Elements::read(input, version)?;
                }
                Ok(known)
            })?;
        }
        self.input.finish()?;
        Ok((throttle_time_ms, endpoints))
    }

    fn read_topic(&mut self) -> Result<TopicKey<'a>, DecodeError> {
        match self.version.number >= TOPIC_IDS_SINCE {
            true => Ok(TopicKey::Id(TopicId::read(&mut self.input, self.version)?)),
            false => Ok(TopicKey::Name(required(&mut self.input, self.version, read_str)?)),
        }
    }

    fn read_partition(&mut self) -> Result<PartitionResult<'a>, DecodeError> {
        let (input, version) = (&mut self.input, self.version);
        let mut result = PartitionResult {
            topic: self.topic,
            index: PartitionId(input.i32()?),
            error_code: ErrorCode(input.i16()?),
            base_offset: input.i64()?,
            log_append_time_ms: input.i64()?,
            log_start_offset: if version.number >= LOG_START_SINCE { input.i64()? } else { -1 },
            record_errors: Elements::default(),
            error_message: None,
            current_leader: LeaderIdAndEpoch::default(),
        };
        if version.number >= RECORD_ERRORS_SINCE {
            result.record_errors = Elements::read(input, version)?;
            result.error_message = read_str(input, version)?;
        }
        if version.flexible {
            input.tagged_fields(|tag, input| -> Decoded<bool> {
                let known = tag == 0 && version.number >= LEADERS_SINCE;
                if known {
                    result.current_leader = LeaderIdAndEpoch::read(input, version)?;
                }
                Ok(known)
            })?;
        }
        Ok(result)
    }

    fn skip_tags(&mut self) -> Result<(), DecodeError> {
        skip_tags(&mut self.input, self.version).map_err(DecodeError::from)
    }
}

fn skip_tags(input: &mut Reader<'_>, version: Version) -> Decoded<()> {
    match version.flexible {
        true => input.tagged_fields(|_, _| Ok(false)),
        false => Ok(()),
    }
}

/// The first version with `log_start_offset` (KIP-192).
const LOG_START_SINCE: i16 = 5;
/// The first version with `record_errors` and `error_message` (KIP-467).
const RECORD_ERRORS_SINCE: i16 = 8;
/// The first version with `current_leader` and `node_endpoints` (KIP-951).
const LEADERS_SINCE: i16 = 10;

/// A record that caused its batch to be rejected: a [`BatchIndexAndErrorMessage`] that borrows from the response.
///
/// ```
/// use milena_codec::message::BatchIndexAndErrorMessage;
/// use milena_codec::message::produce::RejectedRecord;
/// let rejected = RejectedRecord { batch_index: 3, message: Some("no key") };
/// assert_eq!(BatchIndexAndErrorMessage::from(rejected).batch_index, 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectedRecord<'a> {
    /// The index of the record in its batch, from 0.
    pub batch_index: i32,
    /// The reason, as text.
    pub message: Option<&'a str>,
}

/// The endpoint of a broker: a [`NodeEndpoint`] that borrows from the response.
///
/// ```
/// use milena_codec::ids::BrokerId;
/// use milena_codec::message::NodeEndpoint;
/// use milena_codec::message::produce::Endpoint;
/// let endpoint = Endpoint { node_id: BrokerId(3), host: "broker-3", port: 9092, rack: None };
/// assert_eq!(NodeEndpoint::from(endpoint).host, "broker-3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint<'a> {
    /// The broker.
    pub node_id: BrokerId,
    /// Its host.
    pub host: &'a str,
    /// Its port.
    pub port: i32,
    /// Its rack.
    pub rack: Option<&'a str>,
}

/// An element of an array that is read without being kept.
pub trait Element<'a>: Sized {
    /// The table with the same rows.
    type Table: Field;

    /// Reads an element.
    ///
    /// # Errors
    /// [`DecodeError`] with the position of the first byte that is wrong.
    fn read(input: &mut Reader<'a>, version: Version) -> Decoded<Self>;
}

impl<'a> Element<'a> for RejectedRecord<'a> {
    type Table = BatchIndexAndErrorMessage;

    fn read(input: &mut Reader<'a>, version: Version) -> Decoded<Self> {
        let record = Self { batch_index: input.i32()?, message: read_str(input, version)? };
        skip_tags(input, version)?;
        Ok(record)
    }
}

impl<'a> Element<'a> for Endpoint<'a> {
    type Table = NodeEndpoint;

    fn read(input: &mut Reader<'a>, version: Version) -> Decoded<Self> {
        let endpoint = Self {
            node_id: BrokerId(input.i32()?),
            host: required(input, version, read_str)?,
            port: input.i32()?,
            rack: read_str(input, version)?,
        };
        skip_tags(input, version)?;
        Ok(endpoint)
    }
}

impl From<RejectedRecord<'_>> for BatchIndexAndErrorMessage {
    fn from(RejectedRecord { batch_index, message }: RejectedRecord<'_>) -> Self {
        Self { batch_index, batch_index_error_message: message.map(str::to_owned) }
    }
}

impl From<Endpoint<'_>> for NodeEndpoint {
    fn from(Endpoint { node_id, host, port, rack }: Endpoint<'_>) -> Self {
        Self { node_id, host: host.to_owned(), port, rack: rack.map(str::to_owned) }
    }
}

/// The elements of an array in a Produce response, read one by one from bytes that were checked before. Nothing is
/// allocated.
#[derive(Clone)]
pub struct Elements<'a, T> {
    bytes: &'a [u8],
    /// The number of the response's version.
    version: i16,
    left: usize,
    element: PhantomData<fn() -> T>,
}

impl<'a, T: Element<'a>> Elements<'a, T> {
    /// Passes over an array, and checks each of its elements.
    fn read(input: &mut Reader<'a>, version: Version) -> Decoded<Self> {
        let left = read_count::<T::Table>(input, version)?;
        let start = input.position();
        let bytes_min = T::Table::bytes_min(version);
        for _ in 0..left {
            input.give_back(bytes_min);
            T::read(input, version)?;
        }
        Ok(Self { bytes: input.since(start), version: version.number, left, element: PhantomData })
    }
}

/// No elements.
impl<T> Default for Elements<'_, T> {
    fn default() -> Self {
        Self { bytes: &[], version: 0, left: 0, element: PhantomData }
    }
}

impl<'a, T: Element<'a>> Iterator for Elements<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        let mut input = Reader::new(self.bytes);
        let element = T::read(&mut input, Version::of::<ProduceResponse>(self.version)).ok();
        self.bytes = input.rest();
        element
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<'a, T: Element<'a>> ExactSizeIterator for Elements<'a, T> {}
impl<'a, T: Element<'a>> FusedIterator for Elements<'a, T> {}

impl<'a, T: Element<'a> + Clone + fmt::Debug> fmt::Debug for Elements<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

//! Reading a Produce response partition by partition, without keeping it.

use super::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, ProduceResponse,
    TOPIC_IDS_SINCE, TopicProduceResponse,
};
use crate::ErrorCode;
use crate::ids::{PartitionId, TopicId};
use crate::message::{Message, Version};
use crate::wire::{DecodeError, Decoded, Elements, Field, Problem, Reader, Viewed, read_count};

/// How a response names a topic: by name up to version 12, by id from 13 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicKey<'a> {
    /// By name.
    Name(&'a str),
    /// By id.
    Id(TopicId),
}

/// What became of the batch of one partition. See [`super::PartitionProduceResponse`] for the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionAnswer<'a> {
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
    /// The records at fault; none, as a rule.
    pub record_errors: Elements<'a, BatchIndexAndErrorMessage>,
    /// Why the batch was refused, in words.
    pub error_message: Option<&'a str>,
    /// Who leads the partition now, where the broker says so.
    pub current_leader: LeaderIdAndEpoch,
}

/// Reads the partitions of a Produce response one after the other. Nothing is allocated.
///
/// ```
/// use milena_codec::message::produce::AnswerReader;
/// use milena_codec::message::{header, Message, PartitionProduceResponse, ProduceResponse, TopicProduceResponse, Version};
///
/// let partition = PartitionProduceResponse { base_offset: 42, ..Default::default() };
/// let topic = TopicProduceResponse { name: "t".into(), partition_responses: vec![partition], ..Default::default() };
/// let mut bytes = Vec::new();
/// let response = ProduceResponse { responses: vec![topic], ..Default::default() };
/// response.encode(&mut bytes, Version::of::<ProduceResponse>(9))?;
///
/// let mut answers = AnswerReader::new(&bytes, 9)?;
/// assert_eq!(answers.next_partition()?.map(|answer| answer.base_offset), Some(42));
/// assert_eq!(answers.next_partition()?, None);
/// let (throttle_time_ms, endpoints) = answers.finish()?;
/// assert_eq!((throttle_time_ms, endpoints.len()), (0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AnswerReader<'a> {
    input: Reader<'a>,
    version: Version,
    topics_left: usize,
    partitions_left: usize,
    topic: TopicKey<'a>,
}

impl<'a> AnswerReader<'a> {
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
    /// [`DecodeError`] with the position of the first byte that is wrong. What was read before stands.
    pub fn next_partition(&mut self) -> Result<Option<PartitionAnswer<'a>>, DecodeError> {
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
        let answer = self.read_partition()?;
        if self.partitions_left == 0 {
            self.skip_tags()?;
        }
        Ok(Some(answer))
    }

    /// Reads what follows the last partition: the throttle time in milliseconds, and where the new leaders are.
    ///
    /// # Errors
    /// [`DecodeError`] when that is malformed, or partitions were left unread.
    pub fn finish(mut self) -> Result<(i32, Elements<'a, NodeEndpoint>), DecodeError> {
        let throttle_time_ms = self.input.i32()?;
        let mut endpoints = Elements::default();
        if self.version.flexible {
            let version = self.version;
            self.input.tagged_fields(|tag, input| -> Decoded<bool> {
                let known = tag == 0 && version.number >= 10;
                if known {
                    endpoints = Vec::view(input, version)?;
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
            false => Ok(TopicKey::Name(String::view(&mut self.input, self.version)?)),
        }
    }

    fn read_partition(&mut self) -> Result<PartitionAnswer<'a>, DecodeError> {
        let partition = PartitionProduceResponse::view(&mut self.input, self.version)?;
        Ok(PartitionAnswer {
            topic: self.topic,
            index: partition.index,
            error_code: partition.error_code,
            base_offset: partition.base_offset,
            log_append_time_ms: partition.log_append_time_ms,
            log_start_offset: partition.log_start_offset,
            record_errors: partition.record_errors,
            error_message: partition.error_message,
            current_leader: LeaderIdAndEpoch::own(&partition.current_leader),
        })
    }

    fn skip_tags(&mut self) -> Result<(), DecodeError> {
        match self.version.flexible {
            true => self.input.tagged_fields(|_, _| Ok(false)),
            false => Ok(()),
        }
    }
}

//! [`TopicRecord`]: a record of a topic, built from borrowed parts.

use milena_codec::ids::PartitionId;
use milena_codec::record::Header;
use milena_sender::accumulator::{ChooseError, RecordRef, Refusal, Topic};

use super::enqueue::{Enter, delivery_of};
use super::{Delivery, Enqueue};
use crate::core::Core;
use crate::error::{SendError, TryEnqueueError};
use crate::outcome;
use crate::record::{Ack, IntoPayload, Record};
use crate::reports::Report;

/// A record of a [`Topic`](crate::Topic) with everything that it may have, borrowed until it is accepted: nothing is allocated for a record without
/// headers.
///
/// ```no_run
/// # async fn example(producer: milena::Producer) -> Result<(), Box<dyn std::error::Error>> {
/// let orders = producer.topic("orders").await?;
/// let delivery =
///     orders.record().key("user-123").value("3 apples").header("source", "web").tag(7).enqueue().await?;
/// println!("{}", delivery.await?.offset);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is enqueued"]
pub struct TopicRecord<'a> {
    core: &'a Core,
    topic: &'a Topic,
    partition: Option<i32>,
    record: RecordRef<'a>,
    headers: Vec<Header>,
}

impl<'a> TopicRecord<'a> {
    pub(super) fn new(core: &'a Core, topic: &'a Topic) -> Self {
        Self { core, topic, partition: None, record: RecordRef::default(), headers: Vec::new() }
    }

    /// With this key.
    pub fn key(mut self, key: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.record.key = Some(key.as_ref());
        self
    }

    /// With this value. Without one the value is a null, which deletes the key from a compacted topic.
    pub fn value(mut self, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.record.value = Some(value.as_ref());
        self
    }

    /// With one more header.
    pub fn header(mut self, name: impl Into<String>, value: impl IntoPayload) -> Self {
        self.headers.push(Header { name: name.into(), value: value.into_payload() });
        self
    }

    /// With this timestamp, in milliseconds since 1970, at least 0: a record with a negative one is refused.
    pub const fn timestamp_ms(mut self, timestamp_ms: i64) -> Self {
        self.record.timestamp_ms = Some(timestamp_ms);
        self
    }

    /// To this partition, whatever the partitioner would choose.
    pub const fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// With this number, which its [`Report`] has.
    pub const fn tag(mut self, tag: u64) -> Self {
        self.record.tag = tag;
        self
    }

    /// Accepts the record, once there is room.
    ///
    /// # Errors
    /// As [`Topic::enqueue`](crate::Topic::enqueue), and when the timestamp is negative, or the topic has no such partition.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the record is not sent.
    pub async fn enqueue(self) -> Result<Delivery, SendError> {
        self.check()?;
        Enqueue(self.enter()).await
    }

    /// Sends the record and waits for its outcome, without sitting out the linger.
    ///
    /// # Errors
    /// As [`enqueue`](Self::enqueue), and when the record failed.
    ///
    /// # Cancel safety
    /// Dropped before the record is accepted, it is not sent; after that it goes.
    pub async fn send(self) -> Result<Ack, SendError> {
        self.check()?;
        let mut enter = self.enter();
        enter.skip_linger = true;
        Enqueue(enter).await?.await
    }

    /// Accepts the record if that is possible at once.
    ///
    /// # Errors
    /// [`TryEnqueueError`] has the record, copied.
    pub fn try_enqueue(self) -> Result<Delivery, TryEnqueueError> {
        let record = || self.clone().into_record();
        self.check().map_err(|error| TryEnqueueError::refused(record(), error))?;
        let (core, name) = (self.core, self.topic.name());
        match self.clone().enter::<true>().try_enter_now() {
            Ok(appended) => {
                delivery_of(appended, name).map_err(|error| TryEnqueueError::refused(record(), error))
            }
            Err(ChooseError::Refused(Refusal::Full { .. }, _)) => {
                core.shared.request_flush();
                Err(TryEnqueueError::full(record()))
            }
            Err(error) => {
                let error = outcome::of_refusal(error, name, core).with_record(Some(record()));
                core.interceptors.on_settled(&Report::of_refused(&error));
                Err(TryEnqueueError::refused(record(), error))
            }
        }
    }

    fn check(&self) -> Result<(), SendError> {
        match self.record.timestamp_ms {
            Some(negative @ ..0) => {
                let error = outcome::of_timestamp(self.topic.name().clone(), negative);
                Err(error.with_record(Some(self.clone().into_record())))
            }
            _ => Ok(()),
        }
    }

    /// The same, owned.
    fn into_record(self) -> Record {
        let partition = self.partition.map(PartitionId);
        let record = Record::of_refused(self.topic.name(), partition, &self.record);
        Record { headers: self.headers, ..record }
    }

    fn enter<const HANDLE: bool>(self) -> Enter<'a, HANDLE> {
        let (core, topic) = (self.core, self.topic);
        if self.headers.is_empty() && core.interceptors.is_empty() {
            let mut enter = Enter::new(core, topic, self.record);
            enter.partition = self.partition.map(PartitionId);
            return enter;
        }
        let borrowed = self.record;
        Enter::of_record(core, topic, borrowed, core.interceptors.before_send(self.into_record()))
    }
}

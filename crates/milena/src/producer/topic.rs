//! [`Topic`]: a topic whose name was resolved once, for loops that send many records to it.

use std::sync::Arc;

use milena_codec::ids::PartitionId;
use milena_sender::accumulator::RecordRef;

use super::enqueue::Enter;
use super::{Enqueue, EnqueueDetached, Handle, TopicRecord};
use crate::error::SendError;
use crate::record::{Ack, Record};

/// A topic of a producer. Cheap to clone; clones share a sticky partition for records without a key.
///
/// While one is held its topic stays known, also without a record for `metadata.max.idle.ms`: the next record goes to the
/// partitions that were known, and metadata is requested meanwhile. That costs no time, and some
/// kilobytes for each partition; a program with thousands of topics that it seldom writes to holds none of them, and sends by
/// name.
///
/// ```no_run
/// # async fn example(producer: milena::Producer) -> Result<(), Box<dyn std::error::Error>> {
/// let orders = producer.topic("orders").await?;
/// for number in 0..1_000_000u32 {
///     let delivery = orders.enqueue(None, Some(&number.to_be_bytes())).await?;
///     drop(delivery);
/// }
/// producer.close().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Topic {
    pub(super) handle: Arc<Handle>,
    pub(super) topic: Arc<milena_sender::accumulator::Topic>,
}

impl Topic {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.topic.name()
    }

    /// How many partitions it has, as far as is known.
    #[must_use]
    pub fn partitions(&self) -> usize {
        self.topic.partitions().len()
    }

    /// A record of the topic, from borrowed parts: for records with a partition, a timestamp, headers or a tag.
    ///
    /// ```no_run
    /// # async fn example(producer: milena::Producer) -> Result<(), Box<dyn std::error::Error>> {
    /// let orders = producer.topic("orders").await?;
    /// orders.record().key("user-123").value("3 apples").partition(3).enqueue().await?;
    /// # Ok(()) }
    /// ```
    pub fn record(&self) -> TopicRecord<'_> {
        TopicRecord::new(&self.handle.core, &self.topic)
    }

    /// Accepts a record, once there is room: it is copied into its batch, and nothing is allocated.
    ///
    /// # Errors
    /// [`SendError`] when it is too large, when there is no room within `max.block.ms`, or after `close`.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the record is not sent.
    #[inline]
    pub fn enqueue<'a>(&'a self, key: Option<&'a [u8]>, value: Option<&'a [u8]>) -> Enqueue<'a> {
        let record = RecordRef { key, value, ..RecordRef::default() };
        Enqueue(Enter::intercepted(&self.handle.core, &self.topic, record))
    }

    /// As [`enqueue`](Self::enqueue), without a [`Delivery`](super::Delivery), which saves a quarter of the cost: a
    /// failure is returned by `flush` and counted in the metrics.
    #[inline]
    pub fn enqueue_detached<'a>(
        &'a self,
        key: Option<&'a [u8]>,
        value: Option<&'a [u8]>,
    ) -> EnqueueDetached<'a> {
        let record = RecordRef { key, value, ..RecordRef::default() };
        EnqueueDetached(Enter::intercepted(&self.handle.core, &self.topic, record))
    }

    /// Sends a record and waits for its outcome, without sitting out the linger.
    ///
    /// # Errors
    /// [`SendError`] when it was not accepted, or failed.
    ///
    /// # Cancel safety
    /// Dropped before the record is accepted, it is not sent; after that it goes, and its outcome shows in the
    /// metrics.
    pub async fn send(&self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<Ack, SendError> {
        let mut entering = self.enqueue(key, value);
        entering.0.skip_linger = true;
        entering.await?.await
    }

    /// The way in for a record with all that it may have.
    pub(super) fn enter<'a, const HANDLE: bool>(
        &'a self,
        record: &'a Record,
        skip_linger: bool,
    ) -> Enter<'a, HANDLE> {
        let mut enter = Enter::new(&self.handle.core, &self.topic, record.borrowed());
        enter.partition = record.partition.map(PartitionId);
        enter.skip_linger = skip_linger;
        enter
    }
}

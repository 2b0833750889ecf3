//! [`Topic`]: a topic whose name was resolved once, for threads that send many records to it.

use super::Delivery;
use crate::error::SendError;
use crate::park::block_on;
use crate::producer;
use crate::record::Ack;

/// A topic of a [`Producer`](super::Producer): [`milena::Topic`](crate::Topic) for plain threads.
///
/// ```no_run
/// # fn example(producer: &milena::blocking::Producer) -> Result<(), milena::Error> {
/// let orders = producer.topic("orders")?;
/// for number in 0..1_000_000u32 {
///     drop(orders.enqueue(None, Some(&number.to_be_bytes()))?);
/// }
/// producer.flush()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Topic(producer::Topic);

impl Topic {
    pub(super) const fn new(topic: producer::Topic) -> Self {
        Self(topic)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// How many partitions it has, as far as is known.
    #[must_use]
    pub fn partitions(&self) -> usize {
        self.0.partitions()
    }

    /// Accepts a record, once there is room: it is copied into its batch.
    ///
    /// # Errors
    /// As [`milena::Topic::enqueue`](crate::Topic::enqueue).
    #[inline]
    pub fn enqueue(&self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<Delivery, SendError> {
        block_on(self.0.enqueue(key, value)).map(Delivery::new)
    }

    /// Sends a record and blocks until its outcome is there, without waiting for `linger.ms`.
    ///
    /// # Errors
    /// [`SendError`] when it was not accepted, or failed.
    pub fn send(&self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<Ack, SendError> {
        block_on(self.0.send(key, value))
    }
}

//! [`Delivery`]: the outcome of an accepted record, for a thread that blocks.

use std::pin::Pin;
use std::time::Duration;

use milena_sender::BatchTiming;

use crate::error::SendError;
use crate::park::{block_on, block_on_for};
use crate::producer;
use crate::record::Ack;

/// The outcome of an accepted record, to be waited for or dropped: dropped, the record still goes.
///
/// Waiting for it does not hurry the record: its batch waits for `linger.ms`. Many deliveries are cheap to keep.
///
/// ```no_run
/// # fn example(producer: &milena::blocking::Producer) -> Result<(), milena::Error> {
/// use std::time::Duration;
///
/// let mut delivery = producer.enqueue(("orders", "user-123", "3 apples"))?;
/// let outcome = loop {
///     match delivery.wait_timeout(Duration::from_secs(1)) {
///         Some(outcome) => break outcome,
///         None => println!("still waiting"),
///     }
/// };
/// println!("at offset {}", outcome?.offset);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "the outcome is lost, but the record is sent; drop it explicitly if that is meant"]
pub struct Delivery(producer::Delivery);

impl Delivery {
    pub(super) const fn new(delivery: producer::Delivery) -> Self {
        Self(delivery)
    }

    /// The partition of the record.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.0.partition()
    }

    /// The time that each stage took, once there is an outcome: see [`milena::Delivery::timing`](crate::Delivery::timing).
    #[must_use]
    pub fn timing(&self) -> Option<BatchTiming> {
        self.0.timing()
    }

    /// Blocks until the record is delivered or has failed, which `delivery.timeout.ms` bounds.
    ///
    /// # Errors
    /// [`SendError`] when the record failed: it states whether the record may have been written.
    pub fn wait(self) -> Result<Ack, SendError> {
        block_on(self.0)
    }

    /// Blocks for this time at most. None while there is no outcome; the delivery can be waited for again.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Result<Ack, SendError>> {
        block_on_for(Pin::new(&mut self.0), timeout)
    }
}

/// For code that awaits.
impl From<Delivery> for producer::Delivery {
    fn from(delivery: Delivery) -> Self {
        delivery.0
    }
}

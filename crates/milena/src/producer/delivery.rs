//! [`Delivery`]: what becomes of a record that was accepted.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use milena_sender::BatchTiming;
use milena_sender::sync::RecordHandle;

use crate::error::{self, SendError};
use crate::record::{Ack, Record};

/// The outcome of a record, to be awaited or dropped: dropped, the record still goes.
///
/// Awaiting it does not hurry the record: it sits out the linger. All deliveries of a batch share one cell, so
/// keeping thousands of them is cheap.
///
/// ```no_run
/// # async fn example(producer: milena::Producer) -> Result<(), Box<dyn std::error::Error>> {
/// let delivery = producer.enqueue(("orders", "user-123", "3 apples")).await?;
/// let ack = delivery.await?;
/// println!("{} @ {}", ack.partition, ack.offset);
/// producer.close().await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`SendError`] when the record failed: it states whether the record may have been written.
///
/// # Cancel safety
/// Awaiting it by reference can be given up and begun again at any time; nothing gets lost.
#[derive(Debug)]
#[must_use = "the outcome is lost, but the record is sent; drop it explicitly if that is meant"]
pub struct Delivery {
    record_handle: RecordHandle,
}

impl Delivery {
    pub(super) const fn new(record_handle: RecordHandle) -> Self {
        Self { record_handle }
    }

    /// The partition that the record went to, which is decided once it is accepted. Deliveries of one partition are
    /// settled in the order in which their records were accepted, but for single ones that fail.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.record_handle.place().1.0
    }
}

impl Delivery {
    /// The time that each stage took, once there is an outcome: queue, linger, compression, retries, and wire with broker. It is that of
    /// the record's batch, from the first record in it on.
    ///
    /// ```no_run
    /// # async fn example(producer: milena::Producer) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut delivery = producer.enqueue(("orders", "user-123", "3 apples")).await?;
    /// (&mut delivery).await?;
    /// if let Some(timing) = delivery.timing() {
    ///     println!("{:?} in the queue, {:?} on the wire", timing.queue, timing.wire);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn timing(&self) -> Option<BatchTiming> {
        self.record_handle.timing()
    }
}

impl Future for Delivery {
    type Output = Result<Ack, SendError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Poll::Ready(settled) = self.record_handle.poll(cx.waker()) else { return Poll::Pending };
        let (topic, partition) = self.record_handle.place();
        Poll::Ready(match settled {
            Ok(receipt) => Ok(Ack::new(*partition, receipt)),
            Err(failure) => {
                let record = self.record_handle.failed_record();
                let record = record.map(|record| Record::of_failed(topic, *partition, 0, record));
                Err(error::of_failure(&failure, topic, *partition).with_record(record))
            }
        })
    }
}

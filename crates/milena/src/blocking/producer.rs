//! [`Producer`]: sends records from plain threads.

use std::pin::pin;
use std::time::Duration;

use super::{Delivery, Topic};
use crate::config::{Config, Driver, ProducerBuilder};
use crate::error::{ConnectError, FlushError, SendError, TryEnqueueError};
use crate::metrics::ProducerMetrics;
use crate::park::{block_on, block_on_for};
use crate::producer::{self, ProducerStatus};
use crate::record::{Ack, Record};

/// Sends records to a Kafka cluster from plain threads: see the [module](super).
///
/// End with [`close`](Self::close). Dropping the last clone without it flushes on the driver's thread, within the close timeout; a
/// program that ends first loses the records that are not settled by then.
#[derive(Clone, Debug)]
pub struct Producer(producer::Producer);

impl ProducerBuilder {
    /// Checks the settings, connects, and starts the driver on a thread of its own. Blocks for `connect.timeout.ms` at most.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_blocking(self) -> Result<Producer, ConnectError> {
        block_on(self.driver(Driver::Thread).build()).map(Producer)
    }

    /// The same without waiting for the cluster: see [`build_lazy`](Self::build_lazy).
    ///
    /// # Errors
    /// [`ConnectError`] when a setting is wrong, or the thread of the driver cannot be started.
    pub fn build_blocking_lazy(self) -> Result<Producer, ConnectError> {
        self.driver(Driver::Thread).build_lazy().map(Producer)
    }
}

impl Producer {
    /// Connects with all defaults: see [`milena::Producer::connect`](crate::Producer::connect).
    ///
    /// # Errors
    /// [`ConnectError`] with the reason, within 15 seconds.
    pub fn connect(bootstrap_servers: &str) -> Result<Self, ConnectError> {
        Self::builder().bootstrap_servers(bootstrap_servers).build_blocking()
    }

    /// Connects with what a service has in its configuration.
    ///
    /// # Errors
    /// As [`ProducerBuilder::build`], and when fields contradict each other.
    pub fn from_config(config: &Config) -> Result<Self, ConnectError> {
        config.builder()?.build_blocking()
    }

    /// Starts with the defaults; [`build_blocking`](ProducerBuilder::build_blocking) is the end.
    pub fn builder() -> ProducerBuilder {
        ProducerBuilder::default()
    }

    /// Sends a record and blocks until its outcome is there, without waiting for `linger.ms`.
    ///
    /// # Errors
    /// [`SendError`]: whether the record may have been written, and whether a retry may help.
    pub fn send(&self, record: impl Into<Record>) -> Result<Ack, SendError> {
        block_on(self.0.send(record))
    }

    /// Accepts a record: blocks until its topic is known and there is room, for `max.block.ms` at most.
    ///
    /// # Errors
    /// As [`milena::Producer::enqueue`](crate::Producer::enqueue).
    pub fn enqueue(&self, record: impl Into<Record>) -> Result<Delivery, SendError> {
        block_on(self.0.enqueue(record)).map(Delivery::new)
    }

    /// Accepts a record if that is possible at once. The first record to a topic has it looked up, which takes a round trip.
    ///
    /// # Errors
    /// [`TryEnqueueError`] gives the record back.
    pub fn try_enqueue(&self, record: impl Into<Record>) -> Result<Delivery, TryEnqueueError> {
        self.0.try_enqueue(record).map(Delivery::new)
    }

    /// Sends many records, and blocks until all of them have an outcome: one result a record, in order.
    pub fn send_all<R: Into<Record>>(
        &self,
        records: impl IntoIterator<Item = R>,
    ) -> Vec<Result<Ack, SendError>> {
        block_on(self.0.send_all(records))
    }

    /// Looks a topic up once, for many records.
    ///
    /// # Errors
    /// [`SendError`] when it is not known within `max.block.ms`.
    pub fn topic(&self, name: &str) -> Result<Topic, SendError> {
        block_on(self.0.topic(name)).map(Topic::new)
    }

    /// Has everything sent that was accepted before, and blocks until it is settled.
    ///
    /// # Errors
    /// [`FlushError`] with how many records failed since this handle's last flush, and the first of them.
    pub fn flush(&self) -> Result<(), FlushError> {
        block_on(self.0.flush())
    }

    /// Takes no more records from any clone, sends the accepted ones, and ends the producer and its thread. Blocks for
    /// `close.timeout.ms` at most; records that are not settled by then fail.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn close(&self) -> Result<(), FlushError> {
        block_on(self.0.close())
    }

    /// Blocks until the cluster could be used for the first time, for this time at most; none when the time is over. At once
    /// unless the producer was [built lazily](ProducerBuilder::build_blocking_lazy).
    ///
    /// # Errors
    /// As [`milena::Producer::ready`](crate::Producer::ready).
    pub fn ready_timeout(&self, timeout: Duration) -> Option<Result<(), ConnectError>> {
        block_on_for(pin!(self.0.ready()), timeout)
    }

    /// The metrics of the producer since it was built.
    #[must_use]
    pub fn metrics(&self) -> ProducerMetrics {
        self.0.metrics()
    }

    /// The present state of the producer, for a health endpoint.
    #[must_use]
    pub fn status(&self) -> ProducerStatus {
        self.0.status()
    }
}

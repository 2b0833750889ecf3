//! The public face: [`Producer`], and what it hands out.

mod block_timeout;
mod build;
mod dead_letter_topic;
mod delivery;
mod enqueue;
mod growth;
mod lazy;
mod look_up;
mod no_room;
mod scope;
mod sink;
mod status;
mod topic;
mod topic_record;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use delivery::Delivery;
pub use enqueue::{Enqueue, EnqueueDetached};
pub use sink::{IntoTopicRecord, TopicSink};
pub use status::{BufferHolder, ConnectionFailure, ProducerStatus};
pub use topic::Topic;
pub use topic_record::TopicRecord;

pub(crate) use build::{tcp_options, with_tls};

use crate::clock;
use crate::config::{Config, ProducerBuilder};
use crate::core::Core;
use crate::dispatcher::hooks_ended;
use crate::error::{self, ConnectError, ErrorKind, FlushError, SendError, TryEnqueueError};
use crate::metrics::ProducerMetrics;
use crate::outcome;
use crate::record::{Ack, IntoTopicName, Record};
use crate::reports::{Report, Reports};
use block_timeout::BlockTimeout;
use enqueue::delivery_of;
use look_up::LookUp;
use milena_sender::accumulator::{ChooseError, Refusal};

/// Sends records to a Kafka cluster. Clones are cheap and share everything.
///
/// End with [`close`](Self::close). Dropping the last clone without it flushes in the background, within the close timeout,
/// and a runtime or a program that ends first loses what is not settled by then: the log has their count, as an error.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use milena::{Producer, Record};
///
/// let producer = Producer::connect("localhost:9092").await?;
/// let ack = producer.send(Record::to("orders").key("user-123").value("3 apples")).await?;
/// println!("{} @ {}", ack.partition, ack.offset);
/// producer.close().await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Producer {
    handle: Arc<Handle>,
    /// The number of failures that this clone has returned.
    seen: AtomicU64,
}

/// Held by all clones and topics; when the last one goes, the driver flushes and ends.
#[derive(Debug)]
struct Handle {
    core: Arc<Core>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let batches = self.core.shared.outstanding.unsettled();
        if batches > 0 {
            // If the program ends now, nothing else reports the loss.
            tracing::warn!(
                batches,
                "produce: the last handle of a producer was dropped before these batches were settled: they are sent in \
                 the background, and lost if the runtime or the program ends first; await `close()`"
            );
        }
        self.core.close();
    }
}

impl Clone for Producer {
    fn clone(&self) -> Self {
        Self { handle: Arc::clone(&self.handle), seen: AtomicU64::new(self.seen.load(Ordering::Relaxed)) }
    }
}

impl Producer {
    /// Connects with all defaults, which are safe ones: `acks=all`, idempotent, retries for two minutes.
    ///
    /// # Errors
    /// [`ConnectError`] with the reason, within 15 seconds.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, everything that was begun ends.
    pub async fn connect(bootstrap_servers: &str) -> Result<Self, ConnectError> {
        Self::builder().bootstrap_servers(bootstrap_servers).build().await
    }

    /// Connects with what a service has in its configuration.
    ///
    /// # Errors
    /// As [`ProducerBuilder::build`], and when fields contradict each other.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, everything that was begun ends.
    pub async fn from_config(config: &Config) -> Result<Self, ConnectError> {
        config.builder()?.build().await
    }

    /// Starts with the defaults.
    pub fn builder() -> ProducerBuilder {
        ProducerBuilder::default()
    }

    /// Sends a record and waits for its outcome, without sitting out the linger.
    ///
    /// # Errors
    /// [`SendError`]: whether the record may have been written, and whether a retry may help.
    ///
    /// # Cancel safety
    /// Dropped before the record is accepted, it is not sent; after that it goes, and its outcome shows in the
    /// metrics and in the next [`flush`](Self::flush).
    pub async fn send(&self, record: impl Into<Record>) -> Result<Ack, SendError> {
        let record = self.intercept(record.into());
        let outcome = match self.accept(&record, true).await {
            Ok(delivery) => delivery.await,
            Err(error) => Err(self.refused(error, &record)),
        };
        outcome.map_err(|error| error.with_record(Some(record)))
    }

    /// Accepts a record: waits for the topic to be known, for room, and for its turn. Then it will be delivered or
    /// reported, whatever becomes of the [`Delivery`].
    ///
    /// # Errors
    /// [`SendError`] when the topic is not known, or there is no room, within `max.block.ms`; when the record is too
    /// large; after [`close`](Self::close).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the record is not sent.
    pub async fn enqueue(&self, record: impl Into<Record>) -> Result<Delivery, SendError> {
        let record = self.intercept(record.into());
        let accepted = self.accept(&record, false).await;
        accepted.map_err(|error| self.refused(error, &record))
    }

    /// Accepts a record if that is possible at once. The first record to a topic has it looked up.
    ///
    /// A loop that calls this and never awaits anything starves a driver on the same current-thread runtime.
    ///
    /// # Errors
    /// [`TryEnqueueError`] gives the record back.
    pub fn try_enqueue(&self, record: impl Into<Record>) -> Result<Delivery, TryEnqueueError> {
        let record = record.into();
        let name = Arc::clone(&record.topic);
        if let Err(error) = check(&record) {
            return Err(TryEnqueueError::refused(record, error));
        }
        let core = &self.handle.core;
        let (found, tell) = core.registry.ask(&name, clock::now());
        look_up::want(core, &name, tell);
        let topic = match found {
            Ok(Some(topic)) => Topic { handle: Arc::clone(&self.handle), topic },
            Ok(None) => return Err(TryEnqueueError::not_ready(record)),
            Err(reason) => {
                return Err(TryEnqueueError::refused(record, look_up::missing(core, reason, &name)));
            }
        };
        let entered = match core.interceptors.is_empty() {
            true => topic.enter::<true>(&record, false).try_enter_now(),
            false => topic.enter::<true>(&self.intercept(record.clone()), false).try_enter_now(),
        };
        match entered {
            Ok(appended) => {
                delivery_of(appended, &name).map_err(|error| TryEnqueueError::refused(record, error))
            }
            Err(ChooseError::Refused(Refusal::Full { .. }, _)) => {
                core.shared.request_flush();
                core.metrics.add_buffer_exhausted();
                Err(TryEnqueueError::full(record))
            }
            Err(error) => {
                if let ChooseError::NoSuchPartition { partition: 0.., .. } = error {
                    // The partition may have been added: metadata is requested for the next attempt.
                    core.tell(|inbox| inbox.broker_lost = true);
                }
                let error = self.refused(outcome::of_refusal(error, &name, core), &record);
                Err(TryEnqueueError::refused(record, error))
            }
        }
    }

    /// Sends many records, and waits for all of them: one result a record, in order. A topic that is not found within
    /// `max.block.ms` is waited for once.
    ///
    /// # Cancel safety
    /// Dropped, the records that were accepted go; the others are not sent.
    pub async fn send_all<R: Into<Record>>(
        &self,
        records: impl IntoIterator<Item = R>,
    ) -> Vec<Result<Ack, SendError>> {
        let mut deliveries = Vec::new();
        let mut missing: Vec<SendError> = Vec::new();
        for record in records {
            let record = self.intercept(record.into());
            let known = missing.iter().find(|error| *error.topic() == *record.topic).cloned();
            let accepted = match known {
                Some(error) => Err(error),
                None => self.accept(&record, true).await,
            };
            missing.extend(accepted.as_ref().err().filter(|error| is_about_topic(error)).cloned());
            deliveries.push((accepted.map_err(|error| self.refused(error, &record)), record));
        }
        let mut outcomes = Vec::with_capacity(deliveries.len());
        for (delivery, record) in deliveries {
            let outcome = match delivery {
                Ok(delivery) => delivery.await,
                Err(error) => Err(error),
            };
            outcomes.push(outcome.map_err(|error| error.with_record(Some(record))));
        }
        outcomes
    }

    /// Looks a topic up once, for many records.
    ///
    /// # Errors
    /// [`SendError`] when it is not known within `max.block.ms`.
    ///
    /// # Cancel safety
    /// Dropping it has no effect.
    pub async fn topic(&self, name: &str) -> Result<Topic, SendError> {
        match self.known(name) {
            Some(topic) if !self.handle.core.registry.is_closed() => Ok(topic),
            _ => LookUp::new(&self.handle, &Arc::from(name), &mut BlockTimeout::default()).await,
        }
    }

    /// Has everything sent that was accepted before, and waits until it is settled.
    ///
    /// # Errors
    /// [`FlushError`] with how many records failed since this handle's last flush, and the first of them.
    ///
    /// # Cancel safety
    /// Dropped, the records still go.
    pub async fn flush(&self) -> Result<(), FlushError> {
        let shared = &self.handle.core.shared;
        let target = shared.outstanding.end_generation();
        shared.request_flush();
        let mut settled = shared.outstanding.settled(target);
        poll_fn(|cx| settled.poll(cx.waker())).await;
        self.failures()
    }

    /// Takes no more records from any clone, sends the accepted ones, and ends the producer. Records that are not settled within
    /// the close timeout fail.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    ///
    /// # Cancel safety
    /// Dropped, the producer closes in the background.
    pub async fn close(&self) -> Result<(), FlushError> {
        let core = &self.handle.core;
        let mut ended = core.ended.subscribe();
        core.registry.close();
        let until = core.close();
        // An error means that the driver has ended, too.
        let _ = ended.wait_for(|ended| *ended).await;
        hooks_ended(core, until).await;
        self.failures()
    }

    /// A topic as the end of a stream, for `futures::StreamExt::forward`: each item is a value, or a key and a value.
    ///
    /// ```no_run
    /// # async fn example(producer: milena::Producer) -> Result<(), milena::Error> {
    /// use futures_util::{SinkExt, StreamExt, stream};
    ///
    /// let orders = stream::iter([("user-1", "3 apples"), ("user-2", "4 pears")]);
    /// orders.map(Ok).forward(producer.sink("orders")).await?;
    /// # Ok(()) }
    /// ```
    pub fn sink(&self, topic: impl IntoTopicName) -> TopicSink {
        TopicSink::new(self.clone(), topic.into_topic_name())
    }

    /// A stream with the outcome of every record that is accepted from now on: sarama's `Successes` and `Errors` in one.
    ///
    /// ```no_run
    /// # async fn example(producer: milena::Producer) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut reports = producer.reports();
    /// producer.enqueue(("orders", "user-123", "3 apples")).await?;
    /// let report = reports.next().await.expect("the producer has not ended");
    /// println!("{:?} @ {:?}", report.partition, report.offset());
    /// # Ok(()) }
    /// ```
    pub fn reports(&self) -> Reports {
        let core = &self.handle.core;
        let reports = Reports::new(&core.shared);
        core.registry.close_batches();
        reports
    }

    /// The metrics of the producer since it was built: a copy, for which the topics and brokers are walked over once.
    #[must_use]
    pub fn metrics(&self) -> ProducerMetrics {
        self.handle.core.snapshot()
    }

    /// The id of this producer in the metrics that it pushes to the cluster, as Kafka writes it; none while no broker has
    /// subscribed to metrics (KIP-714; Java's `clientInstanceId`). See `enable.metrics.push`.
    ///
    /// ```no_run
    /// # async fn example(producer: milena::Producer) {
    /// if let Some(id) = producer.client_instance_id() {
    ///     println!("the cluster's operators find this producer's metrics by {id}");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn client_instance_id(&self) -> Option<String> {
        self.handle.core.metrics.client_instance().map(|id| id.to_string())
    }

    /// The failures since this handle last returned some.
    fn failures(&self) -> Result<(), FlushError> {
        let seen = self.seen.load(Ordering::Relaxed);
        let (total, first) = self.handle.core.shared.failures.since(seen, FlushError::FIRST_MAX);
        self.seen.store(total, Ordering::Relaxed);
        if total == seen {
            return Ok(());
        }
        Err(FlushError::new(total - seen, first.iter().map(error::of_failed).collect()))
    }

    /// The record as the interceptors leave it.
    fn intercept(&self, record: Record) -> Record {
        let interceptors = &self.handle.core.interceptors;
        if interceptors.is_empty() { record } else { interceptors.before_send(record) }
    }

    /// The error of a record that was refused, with the record. The interceptors see it as well.
    #[cold]
    fn refused(&self, error: SendError, record: &Record) -> SendError {
        let error = error.with_record(Some(record.clone()));
        let interceptors = &self.handle.core.interceptors;
        if !interceptors.is_empty() {
            interceptors.on_settled(&Report::of_refused(&error));
        }
        error
    }

    /// Another handle, which was cloned from this one, has returned these failures: this one does not return them again.
    fn seen_as(&self, flushed: &Result<(), FlushError>) {
        if let Err(error) = flushed {
            self.seen.fetch_add(error.failed(), Ordering::Relaxed);
        }
    }

    async fn accept(&self, record: &Record, skip_linger: bool) -> Result<Delivery, SendError> {
        check(record)?;
        let mut block_timeout = BlockTimeout::default();
        let topic = match self.known(&record.topic) {
            Some(topic) => topic,
            None => LookUp::new(&self.handle, &record.topic, &mut block_timeout).await?,
        };
        let mut enter = topic.enter::<true>(record, skip_linger);
        enter.block_timeout = block_timeout;
        Enqueue(enter).await
    }

    fn known(&self, name: &str) -> Option<Topic> {
        let topic = self.handle.core.registry.known(name)?;
        Some(Topic { handle: Arc::clone(&self.handle), topic })
    }
}

/// Checks the parts of a record that need no topic.
fn check(record: &Record) -> Result<(), SendError> {
    match record.timestamp_ms {
        Some(negative @ ..0) => Err(outcome::of_timestamp(Arc::clone(&record.topic), negative)),
        _ => Ok(()),
    }
}

/// Whether an error is about the topic as a whole, whichever record was for it.
fn is_about_topic(error: &SendError) -> bool {
    matches!(error.kind(), ErrorKind::UnknownTopic)
}

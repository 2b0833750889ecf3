//! The state that all partitions of a producer share: the settings, the budget, and the count of what is not settled.

use std::sync::Arc as StdArc;
use std::sync::atomic::AtomicU64 as StdAtomicU64;
use std::time::{Duration, Instant};

use milena_codec::record::HEADER_BYTES;

use super::limit::TopicLimit;
use super::sender_mailbox::SenderMailbox;
use crate::outcome::{Ending, Obstacle};
use crate::sync::{Arc, FailedRoom, FailureLog, Memory, Mutex, Outstanding, Reports, Totals, lock};

/// Where the time comes from.
pub trait Clock {
    /// Milliseconds since 1970, at most 10 ms old: read for every record.
    fn wall_ms(&self) -> i64;
    /// The precise time: read once a batch.
    fn now(&self) -> Instant;
}

/// The settings of the accumulator.
#[derive(Clone, Debug)]
pub struct AccumulatorConfig {
    /// `batch.size`: how much of a partition is worth a request, in bytes.
    pub batch_bytes: usize,
    /// `max.request.size`: the largest record, in bytes.
    pub record_bytes_max: usize,
    /// `request.bytes.max`: the most bytes of a request; a single record beyond that goes alone.
    pub request_bytes_max: usize,
    /// `linger.ms`: how long a batch waits for more records.
    pub linger: Duration,
    /// How long a batch may take records in all.
    pub open_for_max: Duration,
    /// `delivery.timeout.ms`, counted from the opening of the batch.
    pub delivery_timeout: Duration,
    /// How many waiting records of all partitions that one broker leads are worth a request; none to count bytes
    /// alone (sarama's `Flush.Messages`).
    pub flush_records: Option<u32>,
    /// `partitioner.adaptive.partitioning.enable`: records without a key go by the queues of partitions.
    pub adaptive: bool,
    /// `partitioner.availability.timeout.ms`: partitions without an acknowledgement for so long are passed over by records
    /// without a key; none where they are not.
    pub availability_timeout: Option<Duration>,
}

/// The longest batch that a broker takes by default, with a margin: `message.max.bytes` is 1 048 588, counted over the whole
/// batch.
const BATCH_BYTES_MAX: usize = 1_000_000;

impl AccumulatorConfig {
    /// How long `delivery.timeout.ms` lets a batch take records: its records share one deadline, which is right to a
    /// twentieth.
    #[must_use]
    pub fn open_for_max_of(delivery_timeout: Duration) -> Duration {
        (delivery_timeout / 20).min(Duration::from_secs(1))
    }

    /// The most bytes of a batch on the wire, before a broker rejects one.
    #[must_use]
    pub fn batch_bytes_max(&self) -> usize {
        let wanted = self.record_bytes_max.max(self.batch_bytes);
        wanted.min(BATCH_BYTES_MAX).min(self.request_bytes_max)
    }

    /// From how many bytes on a batch is offered. A little below `batch.size`, so that the record that gets it there
    /// still fits a chunk of that size.
    pub(super) const fn offered_from(&self) -> usize {
        let slack = if self.batch_bytes < 1_024 { self.batch_bytes / 4 } else { 256 };
        self.batch_bytes - slack
    }
}

/// How sticky cells moved, since the producer was built.
#[derive(Debug, Default)]
pub struct Choices {
    /// How often a cell moved to another partition, or to the same again.
    pub switches: StdAtomicU64,
    /// How often a partition was passed over because it is not available (`partitioner.availability.timeout.ms`).
    pub exclusions: StdAtomicU64,
}

/// The state that the partitions of one producer share.
#[derive(Debug)]
pub struct Shared {
    /// The settings.
    pub config: AccumulatorConfig,
    /// The budget.
    pub memory: Arc<Memory>,
    /// The batches that are not settled.
    pub outstanding: Outstanding,
    /// The last failures.
    pub failures: FailureLog,
    /// The memory for records that failed and that deliveries refer to: as much as the budget.
    pub failed_room: StdArc<FailedRoom>,
    /// The readers of reports about single records.
    pub reports: Reports,
    /// How many records were settled.
    pub totals: Totals,
    /// How sticky cells moved.
    pub choices: Choices,
    /// The mailboxes of all broker senders.
    mailboxes: Mutex<Vec<Arc<SenderMailbox>>>,
    /// Why the producer has no id to stamp batches with, while the brokers give none.
    no_identity: Mutex<Option<Obstacle>>,
    /// Why the producer ends; the first reason counts.
    ending: Mutex<Option<Ending>>,
}

impl Shared {
    /// Nothing in it yet, with `buffer.memory` bytes to share.
    #[must_use]
    pub fn new(config: AccumulatorConfig, buffer_memory: usize) -> StdArc<Self> {
        StdArc::new(Self {
            config,
            memory: Memory::new(buffer_memory),
            outstanding: Outstanding::default(),
            failures: FailureLog::default(),
            failed_room: FailedRoom::new(buffer_memory),
            reports: Reports::default(),
            totals: Totals::default(),
            choices: Choices::default(),
            mailboxes: Mutex::new(Vec::new()),
            no_identity: Mutex::new(None),
            ending: Mutex::new(None),
        })
    }

    /// The most bytes of records, plain and compressed, that a codec is given at once and may return.
    #[must_use]
    pub fn compression_bytes_max(&self) -> (usize, usize) {
        let (wire, budget) = (self.config.batch_bytes_max(), self.memory.budget());
        (TopicLimit::plain_bytes_most(wire, budget).max(self.config.record_bytes_max), wire)
    }

    /// Sets room aside for memory that no record uses, and returns how much of it: `set_aside` bytes are already. Half of
    /// the budget is left for records, and room for the largest one.
    pub fn set_aside(&self, bytes: usize, set_aside: usize) -> usize {
        let budget = self.memory.budget();
        let record = HEADER_BYTES + self.config.record_bytes_max;
        let most = (budget / 2).min(budget.saturating_sub(record)).saturating_sub(set_aside);
        let bytes = bytes.min(most);
        self.memory.set_aside(bytes);
        bytes
    }

    /// A broker sender has come.
    pub fn add_mailbox(&self, mailbox: Arc<SenderMailbox>) {
        lock(&self.mailboxes).push(mailbox);
    }

    /// A broker sender has gone.
    pub fn remove_mailbox(&self, mailbox: &Arc<SenderMailbox>) {
        lock(&self.mailboxes).retain(|other| !Arc::ptr_eq(other, mailbox));
    }

    /// Notes why the brokers give the producer no id, or that they gave one.
    pub fn set_no_identity(&self, why: Option<Obstacle>) {
        *lock(&self.no_identity) = why;
    }

    /// Why the brokers give the producer no id, as far as is known.
    #[must_use]
    pub fn no_identity(&self) -> Option<Obstacle> {
        lock(&self.no_identity).clone()
    }

    /// Notes why the producer ends, unless a reason is known.
    pub fn set_ending(&self, ending: Ending) {
        lock(&self.ending).get_or_insert(ending);
    }

    /// Why the producer ends, once it does.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        *lock(&self.ending)
    }

    /// Whether a caller waits for room or for a flush.
    #[must_use]
    pub fn is_flush_requested(&self) -> bool {
        self.memory.has_waiters() || self.outstanding.is_awaited()
    }

    /// Has every broker sender send what its partitions hold: a caller waits for room, for a flush, or for the end.
    pub fn request_flush(&self) {
        let mailboxes = lock(&self.mailboxes).clone();
        for mailbox in mailboxes {
            mailbox.request_flush();
        }
    }
}

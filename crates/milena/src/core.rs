//! The state that the handles of a producer and its driver share.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use milena_codec::record::HEADER_BYTES;
use milena_connection::Endpoint;
use milena_sender::accumulator::{AccumulatorConfig, Shared};
use milena_sender::broker_sender::SenderEvent;
use milena_sender::sync::{Mailbox, Wake};
use tokio::sync::watch;

use crate::clock::{self, SystemClock};
use crate::config::ProducerConfig;
use crate::connectivity::Connectivity;
use crate::deadlines::Deadlines;
use crate::hooks::{Hooks, Interceptors};
use crate::metrics::{Metrics, ProducerMetrics};
use crate::registry::Registry;

/// Shared by all clones of a producer, its topics, and its driver.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: ProducerConfig,
    pub(crate) clock: SystemClock,
    /// The accumulator's part.
    pub(crate) shared: Arc<Shared>,
    /// The topics, by name.
    pub(crate) registry: Registry,
    /// The driver's mailbox.
    pub(crate) inbox: Mailbox<Inbox>,
    pub(crate) metrics: Metrics,
    pub(crate) connectivity: Arc<Connectivity>,
    /// When callers that wait give up.
    pub(crate) deadlines: Arc<Deadlines>,
    /// Whether the cluster could ever be used: the start of the producer is over.
    pub(crate) reached: watch::Sender<bool>,
    /// Whether the driver has ended.
    pub(crate) ended: watch::Sender<bool>,
    /// The callers' code that sees each record before it is accepted.
    pub(crate) interceptors: Interceptors,
    /// Whether the hooks were called for all records.
    pub(crate) hooks_ended: watch::Sender<bool>,
    /// By when everything is to be settled, once the producer closes.
    closes_by: OnceLock<Instant>,
}

/// The content of the driver's mailbox.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// Topics that callers wait for.
    pub(crate) wanted: Vec<Arc<str>>,
    /// Unknown topics that no caller waits for any more.
    pub(crate) given_up: Vec<Arc<str>>,
    /// Events of broker senders.
    pub(crate) events: Vec<SenderEvent>,
    /// A broker could not be reached, or was lost.
    pub(crate) broker_lost: bool,
    /// The endpoint of a broker whose response timed out.
    pub(crate) silent: Option<Endpoint>,
    /// Everything is to be settled until then, and then the driver ends.
    pub(crate) close_until: Option<Instant>,
    /// The driver has ended: new content is dropped.
    pub(crate) over: bool,
}

impl Inbox {
    /// Takes the mail.
    pub(crate) fn take_all(&mut self) -> Self {
        let over = self.over;
        std::mem::replace(self, Self { over, ..Self::default() })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.wanted.is_empty()
            && self.given_up.is_empty()
            && self.events.is_empty()
            && !self.broker_lost
            && self.silent.is_none()
            && self.close_until.is_none()
    }
}

impl Core {
    pub(crate) fn new(config: ProducerConfig, seed: u64, hooks: &Hooks) -> Arc<Self> {
        let accumulator = AccumulatorConfig {
            batch_bytes: config.batch_size,
            // A record alone in its batch has to fit the budget, or it would wait for ever.
            record_bytes_max: config.max_request_size.min(config.buffer_memory.saturating_sub(HEADER_BYTES)),
            request_bytes_max: config.request_bytes_max,
            linger: config.linger,
            open_for_max: AccumulatorConfig::open_for_max_of(config.delivery_timeout),
            delivery_timeout: config.delivery_timeout,
            flush_records: config.flush_messages,
            adaptive: config.adaptive_partitioning,
            availability_timeout: Some(config.partitioner_availability_timeout)
                .filter(|timeout| !timeout.is_zero()),
        };
        let shared = Shared::new(accumulator, config.buffer_memory);
        Arc::new(Self {
            registry: Registry::new(Arc::clone(&shared), &config, seed),
            shared,
            clock: SystemClock,
            inbox: Mailbox::default(),
            metrics: Metrics::default(),
            connectivity: Arc::default(),
            deadlines: Arc::default(),
            reached: watch::Sender::new(false),
            ended: watch::Sender::new(false),
            interceptors: hooks.interceptors.clone(),
            hooks_ended: watch::Sender::new(hooks.is_empty()),
            closes_by: OnceLock::new(),
            config,
        })
    }

    /// Has everything settled within the close timeout, and then the driver end. Returns by when; the first call counts.
    pub(crate) fn close(&self) -> Instant {
        let until = *self.closes_by.get_or_init(|| clock::now() + self.config.close_timeout);
        self.tell(|inbox| {
            inbox.close_until.get_or_insert(until);
        });
        until
    }

    /// By when everything is to be settled, once the producer closes.
    pub(crate) fn closes_by(&self) -> Option<Instant> {
        self.closes_by.get().copied()
    }

    /// The metrics at this moment.
    pub(crate) fn snapshot(&self) -> ProducerMetrics {
        let client_id = self.config.client_id.to_string();
        self.metrics.snapshot(&client_id, &self.shared, &self.registry.all_known())
    }

    /// Puts something in the driver's mail, and wakes it.
    pub(crate) fn tell(&self, put: impl FnOnce(&mut Inbox)) {
        let unread = self.inbox.put(|inbox| {
            put(inbox);
            let unread = inbox.over.then(|| inbox.take_all());
            (unread, Wake::Now)
        });
        // Outside of the lock: a partition that was on its way fails what it has.
        drop(unread);
    }

    /// The driver has ended: no record is accepted any more, and waiting callers return. Accepted records that were not
    /// settled have failed; a program that ends meanwhile reads no error, so the log has their count.
    pub(crate) fn end(&self) {
        self.registry.close();
        self.tell(|inbox| inbox.over = true);
        self.deadlines.close();
        let records = self.shared.failures.cut_off();
        if records > 0 {
            tracing::error!(
                records,
                "produce: the producer ended before accepted records were settled, which may be lost: await `close()` \
                 before the runtime or the program ends, and give it time (`close.timeout.ms`)"
            );
        }
        self.shared.reports.close();
        self.ended.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Poll, Waker};

    use milena_codec::ids::TopicId;
    use milena_sender::accumulator::{AppendOptions, RecordRef, SenderMailbox, Topic};
    use milena_sender::assignment::{Assignment, Command, Leadership};
    use milena_sender::broker_sender::PartitionCommand;
    use milena_sender::partition_sender::PartitionSender;
    use milena_sender::sync::RecordHandle;

    use super::*;

    #[test]
    fn partition_in_the_mail_of_a_driver_that_ends_fails_its_records() {
        for comes_late in [false, true] {
            let core = core();
            let (partition_sender, mut record_handle) = partition_with_a_record(&core);
            let send = || core.tell(|inbox| inbox.events.push(SenderEvent::Released(partition_sender)));
            if comes_late {
                core.end();
                send();
            } else {
                send();
                core.end();
            }
            assert!(matches!(record_handle.poll(Waker::noop()), Poll::Ready(Err(_))), "late: {comes_late}");
        }
    }

    fn core() -> Arc<Core> {
        let config = crate::Producer::builder().bootstrap_servers("localhost:9092").validate().unwrap();
        Core::new(config, 1, &Hooks::default())
    }

    fn partition_with_a_record(core: &Arc<Core>) -> (Box<PartitionSender>, RecordHandle) {
        let topic: Arc<Topic> = {
            let (_, _) = core.registry.ask(&"t".into(), clock::now());
            core.registry.topic("t").unwrap()
        };
        let mut assignment = Assignment::new(false);
        assignment.topic(
            &topic,
            TopicId::default(),
            &[Leadership::default()],
            &Arc::new(SenderMailbox::default()),
        );
        let Some(Command::Partition(_, PartitionCommand::Adopt(partition_sender))) =
            assignment.next_command()
        else {
            panic!("a partition is adopted")
        };
        let waiting = AppendOptions { ticket: None, may_yield: false, skip_linger: false, try_only: true };
        let appended = topic.append::<_, true>(None, &RecordRef::default(), &core.clock, waiting).unwrap();
        (partition_sender, appended.record_handle.unwrap())
    }
}

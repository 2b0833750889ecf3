//! The harness of the broker senders: callers, an assignment, and brokers that keep the rules of sequences.

mod brokers;
mod forgetting;

use std::collections::BTreeMap;
use std::sync::Arc as StdArc;
use std::time::{Duration, Instant};

use milena_codec::ids::{BrokerId, PartitionId, TopicId};
use milena_partitioner::Partitioner;

pub(crate) use super::carried::{batches, partitions, run_of};
use crate::accumulator::{
    AccumulatorConfig, AppendOptions, ChooseError, RecordRef, SenderMailbox, Shared, Topic,
};
use crate::assignment::{Assignment, Command, Leadership, SenderId};
use crate::broker_sender::{
    BrokerSender, BrokerSenderConfig, Input, Output, ProduceRequest, RequestConfig, SenderEvent,
};
use crate::compression::{CompressionJob, TopicCompression, Workspace};
use crate::ids::ProduceVersion;
use crate::partition_sender::Completer;
use crate::sync::{Arc, RecordHandle};
use crate::tests::{At, Log, accumulator, identity, partition_senders, some_time};

pub(crate) const TOPIC: &str = "t";
/// More than any broker of these tests has as `max.message.bytes`.
pub(crate) const MAX: usize = 1 << 20;
const VERSION: i16 = 9;

pub(crate) fn broker_senders() -> BrokerSenderConfig {
    BrokerSenderConfig {
        partition_sender: partition_senders(),
        in_flight_max: 5,
        request_bytes_max: 8 << 20,
        awaits_responses: true,
        request_timeout: Duration::from_secs(30),
        retry_backoff: Duration::from_millis(100),
        retry_backoff_max: Duration::from_secs(1),
        seed: 1,
    }
}

/// Without sequences.
pub(crate) fn plain_senders() -> BrokerSenderConfig {
    let mut config = broker_senders();
    config.partition_sender.idempotent = false;
    config.partition_sender.window = 1;
    config
}

/// Callers, broker senders, assignment and logs.
pub(crate) struct SenderHarness {
    pub(crate) now: Instant,
    pub(crate) shared: StdArc<Shared>,
    pub(crate) topic: Topic,
    pub(crate) topic_id: TopicId,
    pub(crate) assignment: Assignment,
    pub(crate) broker_senders: BTreeMap<SenderId, BrokerSender>,
    pub(crate) logs: Vec<Log>,
    pub(crate) events: Vec<SenderEvent>,
    /// Produce's version on the next connection.
    pub(crate) version: i16,
    /// Records of partitions that were discarded.
    pub(crate) failed_by_discards: u64,
    workspace: Workspace,
    /// Jobs that other threads run, where [`Self::defers_jobs`] has them do so.
    pub(crate) jobs: Vec<(SenderId, CompressionJob)>,
    pub(crate) defers_jobs: bool,
    /// The broker sender that had its connection reset last.
    pub(crate) reset: Option<SenderId>,
    broker_sender_config: StdArc<BrokerSenderConfig>,
    compression: Option<StdArc<TopicCompression>>,
}

impl SenderHarness {
    pub(crate) fn new(
        partitions: usize,
        accumulator: AccumulatorConfig,
        broker_senders: BrokerSenderConfig,
    ) -> Self {
        Self::with_budget(partitions, accumulator, broker_senders, 32 << 20)
    }

    pub(crate) fn with_budget(
        partitions: usize,
        accumulator: AccumulatorConfig,
        broker_senders: BrokerSenderConfig,
        budget: usize,
    ) -> Self {
        Self::compressed(partitions, accumulator, broker_senders, budget, None)
    }

    pub(crate) fn compressed(
        partitions: usize,
        accumulator: AccumulatorConfig,
        broker_senders: BrokerSenderConfig,
        budget: usize,
        compression: Option<StdArc<TopicCompression>>,
    ) -> Self {
        let shared = Shared::new(accumulator, budget);
        let mut harness = Self {
            now: some_time(),
            topic: topic(&shared, compression.as_ref()),
            compression,
            topic_id: TopicId::ZERO,
            assignment: Assignment::new(broker_senders.partition_sender.idempotent),
            broker_senders: BTreeMap::new(),
            logs: (0..partitions).map(|_| Log::default()).collect(),
            events: Vec::new(),
            version: VERSION,
            failed_by_discards: 0,
            workspace: Workspace::new(),
            jobs: Vec::new(),
            defers_jobs: false,
            reset: None,
            broker_sender_config: StdArc::new(broker_senders),
            shared,
        };
        harness.assignment.take_producer_id_request();
        harness.assignment.identity(identity(7));
        harness.lead(&vec![Some(BrokerId(1)); partitions]);
        harness.obey();
        harness
    }

    /// One partition led by one broker, all defaults.
    pub(crate) fn simple() -> Self {
        Self::new(1, accumulator(), broker_senders())
    }

    /// So many partitions of broker 1, all defaults.
    pub(crate) fn of(partitions: usize) -> Self {
        Self::new(partitions, accumulator(), broker_senders())
    }

    pub(crate) fn lead(&mut self, leaders: &[SenderId]) {
        let led_by =
            |broker_sender: &SenderId| Leadership { broker_sender: *broker_sender, ..Leadership::default() };
        self.elect(&leaders.iter().map(led_by).collect::<Vec<_>>());
    }

    pub(crate) fn elect(&mut self, leaders: &[Leadership]) {
        self.broker_sender(None);
        let leaderless = Arc::clone(self.broker_senders[&None].mailbox());
        self.assignment.topic(&self.topic, self.topic_id, leaders, &leaderless);
        self.obey();
    }

    pub(crate) fn broker_sender(&mut self, id: SenderId) -> &mut BrokerSender {
        let (config, shared, version) = (&self.broker_sender_config, &self.shared, self.version);
        let now = self.now;
        let identity = self.assignment.current_identity();
        self.broker_senders.entry(id).or_insert_with(|| {
            let mailbox = Arc::new(SenderMailbox::default());
            shared.add_mailbox(Arc::clone(&mailbox));
            let mut broker_sender = BrokerSender::new(StdArc::clone(config), StdArc::clone(shared), mailbox);
            if let Some(identity) = identity {
                broker_sender.handle(now, Input::ProducerId(identity)).unwrap();
            }
            if id.is_some() {
                broker_sender.handle(now, Input::Connected(ProduceVersion(version))).unwrap();
            }
            broker_sender
        })
    }

    /// Hands a fact that is no response to a broker sender.
    pub(crate) fn hand_in(&mut self, broker: i32, input: Input<'_>) {
        self.hand_in_to(Some(BrokerId(broker)), input);
    }

    fn hand_in_to(&mut self, id: SenderId, input: Input<'_>) {
        let now = self.now;
        self.broker_sender(id).handle(now, input).unwrap();
    }

    /// The broker sender of a broker.
    pub(crate) fn broker(&mut self, broker: i32) -> &mut BrokerSender {
        self.broker_sender(Some(BrokerId(broker)))
    }

    /// Carries out what the assignment orders, and what broker senders tell it.
    pub(crate) fn obey(&mut self) {
        loop {
            while let Some(command) = self.assignment.next_command() {
                match command {
                    Command::Partition(id, command) => self.hand_in_to(id, Input::Partition(command)),
                    Command::Discard(partition_sender) => {
                        let mut completer = Completer::new(StdArc::clone(&self.shared));
                        partition_sender.discard(&mut completer);
                        self.failed_by_discards += completer.counters.failed;
                        completer.finish();
                    }
                    Command::ProducerId(identity) => {
                        let now = self.now;
                        self.broker_senders.values_mut().for_each(|broker_sender| {
                            broker_sender.handle(now, Input::ProducerId(identity)).unwrap();
                        });
                    }
                }
            }
            let told = self
                .broker_senders
                .values_mut()
                .flat_map(|broker_sender| broker_sender.events().collect::<Vec<_>>());
            let told: Vec<SenderEvent> = told.collect();
            if told.is_empty() {
                return;
            }
            for event in told {
                match event {
                    SenderEvent::Released(partition_sender) => self.assignment.released(partition_sender),
                    other => self.events.push(other),
                }
            }
        }
    }

    pub(crate) fn send(&self, partition: i32, value: &[u8]) -> Result<RecordHandle, ChooseError> {
        self.send_as(partition, value, AppendOptions::default())
    }

    pub(crate) fn send_as(
        &self,
        partition: i32,
        value: &[u8],
        waiting: AppendOptions<'_>,
    ) -> Result<RecordHandle, ChooseError> {
        let record = RecordRef { value: Some(value), ..RecordRef::default() };
        let place = Some(PartitionId(partition));
        let appended = self.topic.append::<_, true>(place, &record, &At(self.now), waiting)?;
        Ok(appended.record_handle.unwrap())
    }

    /// Has a first record written to partition 0.
    pub(crate) fn ack_first(&mut self) {
        self.send(0, b"first").unwrap();
        self.linger();
        let request = self.request(1).unwrap();
        self.served(1, request);
    }

    /// Lets the linger pass.
    pub(crate) fn linger(&mut self) {
        self.now += Duration::from_millis(6);
    }

    /// What a broker sender has its shell do, but that it is polled on while somebody holds a partition.
    pub(crate) fn poll(&mut self, id: SenderId, room: bool) -> Output {
        let now = self.now;
        let output = loop {
            match self.broker_sender(id).poll(now, room) {
                Output::Again => {}
                Output::Compress(job) if self.defers_jobs => self.jobs.push((id, job)),
                Output::Compress(job) => {
                    let result = job.run(&mut self.workspace);
                    self.broker_sender(id).handle(now, Input::Compressed(result)).unwrap();
                }
                other => break other,
            }
        };
        if matches!(output, Output::Reset) {
            self.reset = Some(id);
        }
        self.obey();
        output
    }

    /// Another thread runs the job at this place among the deferred ones.
    pub(crate) fn run_job(&mut self, place: usize) {
        let (id, job) = self.jobs.remove(place);
        let result = job.run(&mut self.workspace);
        self.broker_senders[&id].mailbox().compressed(result);
    }

    /// The next request of a broker's broker sender, if it has one now.
    pub(crate) fn request(&mut self, broker: i32) -> Option<ProduceRequest> {
        match self.poll(Some(BrokerId(broker)), true) {
            Output::Send(mut request) => {
                let config = RequestConfig { client_id: None, acks: -1, timeout_ms: 1_000 };
                request.encode(1, &config).unwrap();
                Some(request)
            }
            _ => None,
        }
    }

    /// A record of its own request.
    pub(crate) fn send_alone(&mut self, partition: i32, value: &str) -> (RecordHandle, ProduceRequest) {
        let record_handle = self.send(partition, value.as_bytes()).unwrap();
        self.linger();
        (record_handle, self.request(1).unwrap())
    }

    pub(crate) fn log(&self, partition: usize) -> Vec<String> {
        self.logs[partition].texts()
    }

    /// All goes well from here: everything is settled, and nothing is held.
    pub(crate) fn rest(mut self) {
        let brokers: Vec<i32> = self.broker_senders.keys().flatten().map(|broker| broker.0).collect();
        for _ in 0..300 {
            self.now += Duration::from_secs(2);
            for broker in &brokers {
                while let Some(request) = self.request(*broker) {
                    self.served(*broker, request);
                }
            }
            self.poll(None, false);
        }
        assert!(self.broker_senders.values().all(|broker_sender| broker_sender.in_flight() == 0));
        self.shared.check_at_rest();
    }
}

/// The topic without partitions.
fn topic(shared: &StdArc<Shared>, compression: Option<&StdArc<TopicCompression>>) -> Topic {
    let topic = Topic::new(TOPIC.into(), Partitioner::Java, StdArc::clone(shared), 1);
    topic.compressed(compression.cloned())
}

impl Shared {
    /// Checks that nothing is outstanding, and that nobody holds any of the budget.
    pub(crate) fn check_at_rest(&self) {
        assert_eq!(self.memory.free(), self.memory.budget(), "budget was not given back");
        assert!(self.outstanding.is_settled(self.outstanding.end_generation()), "something is outstanding");
    }
}

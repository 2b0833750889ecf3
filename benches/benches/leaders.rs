//! 4 000 partitions of a topic move to another broker at once, as when a broker leaves: the cost of the hints of one response the
//! cluster's metadata, and what the moves cost the senders of both brokers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_connection::Endpoint;
use milena_connection::metadata::{Hint, Metadata, MetadataConfig};
use milena_partitioner::Partitioner;
use milena_sender::accumulator::{
    AccumulatorConfig, AppendOptions, Clock, RecordRef, SenderMailbox, Shared, Topic,
};
use milena_sender::assignment::{Assignment, Command, Leadership, SenderId};
use milena_sender::broker_sender::{BrokerSender, BrokerSenderConfig, Input, SenderEvent};
use milena_sender::partition_sender::PartitionSenderConfig;

const PARTITIONS: i32 = 4_000;
const SECOND: Duration = Duration::from_secs(1);

/// A clock that stands still.
struct Stopped(Instant);

impl Clock for Stopped {
    fn wall_ms(&self) -> i64 {
        0
    }

    fn now(&self) -> Instant {
        self.0
    }
}

#[expect(clippy::disallowed_methods, reason = "a time to stand still at")]
fn now() -> Instant {
    Instant::now()
}

/// The metadata of two brokers, of which the first leads all partitions.
fn metadata() -> Metadata {
    let config = MetadataConfig {
        max_age: 300 * SECOND,
        refresh_backoff: Box::new(|_| SECOND),
        allow_auto_topic_creation: false,
        rebootstrap_after: None,
    };
    let mut metadata = Metadata::new(Endpoint::list("localhost:9092").unwrap_or_default(), config, now());
    metadata.want("t", now());
    let broker = |id| MetadataResponseBroker {
        node_id: BrokerId(id),
        host: "localhost".into(),
        port: 9_092 + id,
        ..MetadataResponseBroker::default()
    };
    let partition = |index| MetadataResponsePartition {
        partition_index: PartitionId(index),
        leader_id: BrokerId(1),
        leader_epoch: LeaderEpoch(0),
        ..MetadataResponsePartition::default()
    };
    let topic = MetadataResponseTopic {
        name: Some("t".into()),
        partitions: (0..PARTITIONS).map(partition).collect(),
        ..MetadataResponseTopic::default()
    };
    let response = MetadataResponse {
        brokers: vec![broker(1), broker(2)],
        topics: vec![topic],
        ..MetadataResponse::default()
    };
    metadata.on_response(response, now());
    metadata
}

/// The senders of two brokers, and a topic with a record in each partition.
struct Senders {
    now: Instant,
    topic: Topic,
    assignment: Assignment,
    broker_senders: [BrokerSender; 2],
    leader: usize,
}

impl Senders {
    fn new() -> Self {
        let delivery_timeout = 120 * SECOND;
        let config = AccumulatorConfig {
            batch_bytes: 64 << 10,
            record_bytes_max: 1 << 20,
            request_bytes_max: 8 << 20,
            linger: Duration::ZERO,
            open_for_max: AccumulatorConfig::open_for_max_of(delivery_timeout),
            delivery_timeout,
            flush_records: None,
            adaptive: true,
            availability_timeout: None,
        };
        let shared = Shared::new(config, 256 << 20);
        let partition_sender =
            PartitionSenderConfig { idempotent: false, window: 1, retries: u32::MAX, delivery_timeout };
        let config = Arc::new(BrokerSenderConfig {
            partition_sender,
            in_flight_max: 5,
            request_bytes_max: 8 << 20,
            awaits_responses: true,
            retry_backoff: SECOND,
            retry_backoff_max: SECOND,
            request_timeout: 30 * SECOND,
            seed: 1,
        });
        let broker_senders = [1, 2].map(|broker| {
            let port = Arc::new(SenderMailbox::of(Some(BrokerId(broker))));
            BrokerSender::new(Arc::clone(&config), Arc::clone(&shared), port)
        });
        let topic = Topic::new("t".into(), Partitioner::Java, shared, 1);
        let mut senders =
            Self { now: now(), topic, assignment: Assignment::new(false), broker_senders, leader: 1 };
        senders.move_all();
        let record = RecordRef { value: Some(b"value"), ..RecordRef::default() };
        for partition in 0..PARTITIONS {
            let clock = Stopped(senders.now);
            let entered = senders.topic.append::<_, false>(
                Some(PartitionId(partition)),
                &record,
                &clock,
                AppendOptions::default(),
            );
            assert!(entered.is_ok());
        }
        senders
    }

    /// The other broker leads all partitions.
    fn move_all(&mut self) {
        self.leader = 1 - self.leader;
        let leader: SenderId = Some(BrokerId(i32::from(self.leader == 1) + 1));
        let leader = Leadership { broker_sender: leader, epoch: LeaderEpoch(0) };
        let leaders: Vec<Leadership> = (0..PARTITIONS).map(|_| leader).collect();
        self.assignment.topic(&self.topic, TopicId::ZERO, &leaders, &Arc::new(SenderMailbox::default()));
        loop {
            while let Some(command) = self.assignment.next_command() {
                if let Command::Partition(Some(id), command) = command {
                    let now = self.now;
                    let handled = self.broker_sender(id).handle(now, Input::Partition(command));
                    assert!(handled.is_ok());
                }
            }
            let told: Vec<SenderEvent> =
                self.broker_senders.iter_mut().flat_map(BrokerSender::events).collect();
            if told.is_empty() {
                break;
            }
            for event in told {
                if let SenderEvent::Released(partition_sender) = event {
                    self.assignment.released(partition_sender);
                }
            }
        }
        for broker_sender in &mut self.broker_senders {
            broker_sender.poll(self.now, false);
        }
    }

    fn broker_sender(&mut self, id: BrokerId) -> &mut BrokerSender {
        &mut self.broker_senders[usize::from(id.0 == 2)]
    }
}

fn leaders(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("4 000 leaders change");
    let (mut known, mut epoch) = (metadata(), 0);
    group.bench_function("hints of one response", |bencher| {
        bencher.iter(|| {
            epoch += 1;
            let hints = (0..PARTITIONS).map(|partition| Hint {
                partition: PartitionId(partition),
                leader: BrokerId(1 + epoch % 2),
                epoch: LeaderEpoch(epoch),
                endpoint: None,
            });
            let hinted = known.hints("t", hints);
            assert_eq!((hinted.changes.len(), hinted.ignored), (1, 0));
        });
    });
    let mut senders = Senders::new();
    group.bench_function("partitions change their sender", |bencher| bencher.iter(|| senders.move_all()));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    leaders(&mut criterion);
    criterion.final_summary();
}

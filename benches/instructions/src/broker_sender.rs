//! Measures of a broker sender by itself: requests of six batches, and their responses.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use milena_codec::ids::{PartitionId, ProducerEpoch, ProducerId, ProducerIdAndEpoch, TopicId};
use milena_codec::message::{
    Message, PartitionProduceResponse, ProduceResponse, TopicProduceResponse, Version,
};
use milena_partitioner::Partitioner;
use milena_sender::accumulator::{
    AccumulatorConfig, AppendOptions, Clock, RecordRef, SenderMailbox, Shared, Topic,
};
use milena_sender::broker_sender::{
    BrokerSender, BrokerSenderConfig, Input, Output, PartitionCommand, ProduceRequest, RequestConfig,
};
use milena_sender::ids::{ProduceVersion, ThrottleTime};
use milena_sender::partition_sender::{PartitionSender, PartitionSenderConfig};
use milena_sender::sync::RecordHandle;

use super::{Measure, counted};

const VALUE: [u8; 100] = [7; 100];
const PARTITIONS: usize = 6;
const RECORDS_A_BATCH: usize = 100;
const PRODUCE: i16 = 13;
const TOPIC_ID: TopicId = TopicId([7; 16]);
const LINGER: Duration = Duration::from_millis(5);

/// The counted part of a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Request,
    Answer,
    Delivery,
}

pub(crate) fn request_batch(measure: &Measure) {
    rounds(measure.times / PARTITIONS, Part::Request);
}

pub(crate) fn answer_batch(measure: &Measure) {
    rounds(measure.times / PARTITIONS, Part::Answer);
}

pub(crate) fn answer_delivery(measure: &Measure) {
    rounds(measure.times / PARTITIONS / RECORDS_A_BATCH, Part::Delivery);
}

/// Sends a request of a batch for each partition in each round, and counts one part of it.
fn rounds(rounds: usize, part: Part) {
    let mut office = Office::new();
    // The first two warm up: until a batch is acknowledged only one of a partition is out.
    for round in 0..rounds + 2 {
        let count = |this: Part| part == this && round >= 2;
        let mut record_handles = office.append();
        let request = count_if(count(Part::Request), || office.request());
        let body = office.response(round);
        count_if(count(Part::Answer), || office.answered(request, &body));
        count_if(count(Part::Delivery), || record_handles.drain(..).for_each(settled));
    }
}

fn count_if<T>(count: bool, work: impl FnOnce() -> T) -> T {
    if count { counted(work) } else { work() }
}

fn settled(mut record_handle: RecordHandle) {
    assert!(matches!(record_handle.poll(Waker::noop()), Poll::Ready(Ok(_))), "it is acknowledged");
}

/// A broker sender with its partitions, and a caller before it.
struct Office {
    now: Instant,
    topic: Topic,
    broker_sender: BrokerSender,
}

/// A clock that stands still.
struct At(Instant);

impl Clock for At {
    fn wall_ms(&self) -> i64 {
        1_700_000_000_000
    }

    fn now(&self) -> Instant {
        self.0
    }
}

impl Office {
    #[expect(clippy::disallowed_methods, reason = "a time to begin at")]
    fn new() -> Self {
        let shared = Shared::new(accumulator(), 32 << 20);
        let mailbox = Arc::new(SenderMailbox::default());
        shared.add_mailbox(Arc::clone(&mailbox));
        let topic = Topic::new("bench".into(), Partitioner::Java, Arc::clone(&shared), 1);
        let mut broker_sender = BrokerSender::new(Arc::new(broker_senders()), shared, Arc::clone(&mailbox));
        let now = Instant::now();
        let mut hand_in = |input| assert!(broker_sender.handle(now, input).is_ok());
        for partition in topic.grow(PARTITIONS, &mailbox, &mut 0) {
            partition.set_available(true);
            let partition_sender = Box::new(PartitionSender::new(partition, TOPIC_ID));
            hand_in(Input::Partition(PartitionCommand::Adopt(partition_sender)));
        }
        let identity = ProducerIdAndEpoch { producer_id: ProducerId(7), epoch: ProducerEpoch(0) };
        hand_in(Input::ProducerId(identity));
        hand_in(Input::Connected(ProduceVersion(PRODUCE)));
        Self { now, topic, broker_sender }
    }

    /// A batch of records for each partition, whose linger is over.
    fn append(&mut self) -> Vec<RecordHandle> {
        let (topic, clock) = (&self.topic, At(self.now));
        let record = RecordRef { value: Some(&VALUE), ..RecordRef::default() };
        let record_handles = (0..RECORDS_A_BATCH).flat_map(|_| topic.partitions()).map(|partition| {
            let appended =
                topic.append::<_, true>(Some(partition.index()), &record, &clock, AppendOptions::default());
            appended.ok().and_then(|appended| appended.record_handle).expect("accepted")
        });
        let record_handles = record_handles.collect();
        self.now += LINGER;
        record_handles
    }

    /// The request with all of them, encoded.
    fn request(&mut self) -> ProduceRequest {
        let Output::Send(mut request) = self.broker_sender.poll(self.now, true) else {
            unreachable!("batches are due")
        };
        let config = RequestConfig { client_id: None, acks: -1, timeout_ms: 30_000 };
        request.encode(1, &config).expect("encoded");
        assert!(
            matches!(self.broker_sender.poll(self.now, true), Output::Idle { .. }),
            "one request takes all"
        );
        request
    }

    /// The response to the request of a round.
    fn response(&self, round: usize) -> Vec<u8> {
        let offset = i64::try_from(round * RECORDS_A_BATCH).unwrap_or(0);
        let partition = |index| PartitionProduceResponse {
            index: PartitionId(index),
            base_offset: offset,
            ..PartitionProduceResponse::default()
        };
        let partitions = (0..).take(PARTITIONS).map(partition).collect();
        let topic = TopicProduceResponse {
            topic_id: TOPIC_ID,
            partition_responses: partitions,
            ..TopicProduceResponse::default()
        };
        // The tagged fields that end a flexible response header.
        let mut body = vec![0];
        let response = ProduceResponse { responses: vec![topic], ..ProduceResponse::default() };
        response.encode(&mut body, Version::of::<ProduceResponse>(PRODUCE)).expect("encoded");
        body
    }

    /// A response arrives, with all its consequences in the broker sender.
    fn answered(&mut self, request: ProduceRequest, body: &[u8]) {
        let handled = self.broker_sender.handle(self.now, Input::Response { request, body });
        assert_eq!(handled, Ok(ThrottleTime(0)), "no pause");
        assert!(
            matches!(self.broker_sender.poll(self.now, true), Output::Idle { .. }),
            "nothing else is due"
        );
    }
}

fn accumulator() -> AccumulatorConfig {
    let delivery_timeout = Duration::from_secs(120);
    AccumulatorConfig {
        batch_bytes: 64 << 10,
        record_bytes_max: 1 << 20,
        request_bytes_max: 8 << 20,
        linger: LINGER,
        open_for_max: AccumulatorConfig::open_for_max_of(delivery_timeout),
        delivery_timeout,
        flush_records: None,
        adaptive: true,
        availability_timeout: None,
    }
}

fn broker_senders() -> BrokerSenderConfig {
    let delivery_timeout = Duration::from_secs(120);
    BrokerSenderConfig {
        partition_sender: PartitionSenderConfig {
            idempotent: true,
            window: 5,
            retries: u32::MAX,
            delivery_timeout,
        },
        in_flight_max: 5,
        request_bytes_max: 8 << 20,
        awaits_responses: true,
        retry_backoff: Duration::from_millis(100),
        retry_backoff_max: Duration::from_secs(1),
        request_timeout: Duration::from_secs(30),
        seed: 1,
    }
}

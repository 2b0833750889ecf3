//! A small world for lanes: callers, a coordinator, and brokers that keep the rules of sequences.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc as StdArc;
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, Identity, PartitionId, ProducerEpoch, ProducerId, TopicId};
use milena_codec::message::{
    Message, PartitionProduceResponse, ProduceResponse, TopicProduceResponse, Version,
};
use milena_codec::record::{RecordBatch, Stamp};
use milena_partitioner::Strategy;

use crate::accumulator::{AccumulatorConfig, ChooseError, Clock, Port, RecordRef, Shared, Topic, Waiting};
use crate::coordinator::{Coordinator, LaneId, Order};
use crate::lane::{Lane, LaneConfig, Notice, Output, ProduceRequest, RequestConfig};
use crate::stream::StreamConfig;
use crate::sync::{Arc, Seat};

pub(crate) const TOPIC: &str = "t";
const VERSION: i16 = 9;

/// The time as the world has it.
pub(crate) struct At(pub(crate) Instant);

impl Clock for At {
    fn wall_ms(&self) -> i64 {
        1_700_000_000_000
    }

    fn now(&self) -> Instant {
        self.0
    }
}

pub(crate) fn accumulator() -> AccumulatorConfig {
    let delivery_timeout = Duration::from_secs(120);
    AccumulatorConfig {
        batch_bytes: 16_384,
        record_bytes_max: 1 << 20,
        linger: Duration::from_millis(5),
        open_for_max: AccumulatorConfig::open_for_max_of(delivery_timeout),
        delivery_timeout,
        flush_records: None,
    }
}

pub(crate) fn lanes() -> LaneConfig {
    LaneConfig {
        stream: StreamConfig {
            idempotent: true,
            window: 5,
            retries: u32::MAX,
            delivery_timeout: Duration::from_secs(120),
        },
        in_flight_max: 5,
        request_bytes_max: 8 << 20,
        retry_backoff: Duration::from_millis(100),
        retry_backoff_max: Duration::from_secs(1),
        seed: 1,
    }
}

/// What a broker has of one partition.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) values: Vec<Vec<u8>>,
    producers: BTreeMap<i64, Producer>,
}

/// What a broker remembers of a producer.
#[derive(Debug, Default)]
struct Producer {
    epoch: i16,
    next_sequence: i32,
    /// (epoch, sequence, count, offset) of the last five batches.
    recent: VecDeque<(i16, i32, i32, i64)>,
}

impl Log {
    pub(crate) fn append(&mut self, bytes: &[u8], max: usize) -> (ErrorCode, i64) {
        let batch = RecordBatch::parse(bytes).expect("a batch that a broker takes");
        if bytes.len() > max {
            return (ErrorCode::MESSAGE_TOO_LARGE, -1);
        }
        let offset = self.values.len() as i64;
        if batch.header.stamp != Stamp::NONE
            && let Some(known) = self.check(&batch, offset)
        {
            return known;
        }
        for record in batch.records() {
            self.values.push(record.unwrap().value.unwrap_or_default().to_vec());
        }
        (ErrorCode::NONE, offset)
    }

    /// The answer that the sequence of a batch asks for, unless it is to be appended.
    fn check(&mut self, batch: &RecordBatch<'_>, offset: i64) -> Option<(ErrorCode, i64)> {
        let stamp = batch.header.stamp;
        let (epoch, sequence, count) = (stamp.identity.epoch.0, stamp.base_sequence.0, batch.header.records);
        // A broker that knows nothing of a producer takes any first sequence.
        let unknown = Producer { epoch, next_sequence: sequence, ..Producer::default() };
        let producer = self.producers.entry(stamp.identity.producer_id.0).or_insert(unknown);
        let known =
            producer.recent.iter().find(|known| (known.0, known.1, known.2) == (epoch, sequence, count));
        if let Some((.., offset)) = known {
            return Some((ErrorCode::NONE, *offset));
        }
        if epoch < producer.epoch {
            return Some((ErrorCode::INVALID_PRODUCER_EPOCH, -1));
        }
        if sequence != if epoch > producer.epoch { 0 } else { producer.next_sequence } {
            return Some((ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1));
        }
        producer.epoch = epoch;
        producer.next_sequence = sequence + count;
        producer.recent.push_back((epoch, sequence, count, offset));
        if producer.recent.len() > 5 {
            producer.recent.pop_front();
        }
        None
    }
}

/// Callers, lanes, coordinator and logs.
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) shared: StdArc<Shared>,
    pub(crate) topic: Topic,
    pub(crate) coordinator: Coordinator,
    pub(crate) lanes: BTreeMap<LaneId, Lane>,
    pub(crate) logs: Vec<Log>,
    pub(crate) notices: Vec<Notice>,
    lane_config: StdArc<LaneConfig>,
}

impl World {
    pub(crate) fn new(partitions: usize, accumulator: AccumulatorConfig, lanes: LaneConfig) -> Self {
        let shared = Shared::new(accumulator, 32 << 20);
        let topic = Topic::new(TOPIC.into(), Strategy::Java, StdArc::clone(&shared), 1);
        let mut world = Self {
            now: Instant::now() + Duration::from_secs(1_000_000),
            topic,
            coordinator: Coordinator::new(lanes.stream.idempotent),
            lanes: BTreeMap::new(),
            logs: (0..partitions).map(|_| Log::default()).collect(),
            notices: Vec::new(),
            lane_config: StdArc::new(lanes),
            shared,
        };
        world.coordinator.identity(identity());
        world.lead(&vec![Some(BrokerId(1)); partitions]);
        world.obey();
        world
    }

    /// One partition led by one broker, all defaults.
    pub(crate) fn simple() -> Self {
        Self::new(1, accumulator(), lanes())
    }

    pub(crate) fn lead(&mut self, leaders: &[LaneId]) {
        self.lane(None);
        let limbo = Arc::clone(self.lanes[&None].port());
        self.coordinator.topic(&self.topic, TopicId::ZERO, leaders, &limbo);
        self.obey();
    }

    fn lane(&mut self, id: LaneId) -> &mut Lane {
        let (config, shared) = (&self.lane_config, &self.shared);
        let identity = self.coordinator.current_identity();
        self.lanes.entry(id).or_insert_with(|| {
            let port = Arc::new(Port::default());
            shared.add_port(Arc::clone(&port));
            let mut lane = Lane::new(StdArc::clone(config), StdArc::clone(shared), port);
            if let Some(identity) = identity {
                lane.set_identity(identity);
            }
            if id.is_some() {
                lane.connected(VERSION);
            }
            lane
        })
    }

    /// Carries out what the coordinator orders, and what lanes tell it.
    pub(crate) fn obey(&mut self) {
        loop {
            while let Some(order) = self.coordinator.next_order() {
                match order {
                    Order::Adopt(id, stream) => self.lane(id).adopt(stream),
                    Order::Leave(id, serial) => self.lane(id).leave(serial),
                    Order::TopicId(id, serial, topic_id) => self.lane(id).set_topic_id(serial, topic_id),
                    // Dropped, it fails what it has.
                    Order::Discard(stream) => drop(stream),
                    Order::Identity(identity) => {
                        self.lanes.values_mut().for_each(|lane| lane.set_identity(identity));
                    }
                }
            }
            let told: Vec<Notice> =
                self.lanes.values_mut().flat_map(|lane| lane.notices().collect::<Vec<_>>()).collect();
            if told.is_empty() {
                return;
            }
            for notice in told {
                match notice {
                    Notice::Released(stream) => self.coordinator.released(stream),
                    other => self.notices.push(other),
                }
            }
        }
    }

    pub(crate) fn send(&self, partition: i32, value: &[u8]) -> Result<Seat, ChooseError> {
        let record = RecordRef { value: Some(value), ..RecordRef::default() };
        let place = Some(PartitionId(partition));
        let appended = self.topic.append::<_, true>(place, &record, &At(self.now), Waiting::default())?;
        Ok(appended.seat.unwrap())
    }

    /// Has a first record written to partition 0.
    pub(crate) fn prove(&mut self) {
        self.send(0, b"proof").unwrap();
        self.linger();
        let request = self.request(1).unwrap();
        let body = self.serve(&request, usize::MAX);
        self.answered(1, request, &body);
    }

    /// Lets the linger pass.
    pub(crate) fn linger(&mut self) {
        self.now += Duration::from_millis(6);
    }

    /// The next request of a broker's lane, if it has one now.
    pub(crate) fn request(&mut self, broker: i32) -> Option<ProduceRequest> {
        let now = self.now;
        let lane = self.lane(Some(BrokerId(broker)));
        loop {
            match lane.poll(now, true) {
                Output::Send(mut request) => {
                    let config = RequestConfig { client_id: None, acks: -1, timeout_ms: 1_000 };
                    request.encode(1, &config).unwrap();
                    return Some(request);
                }
                Output::Again => {}
                Output::Idle { .. } => return None,
            }
        }
    }

    /// A broker appends what a request carries, and answers; `max` is its `max.message.bytes`.
    pub(crate) fn serve(&mut self, request: &ProduceRequest, max: usize) -> Vec<u8> {
        let answers = batches(request)
            .into_iter()
            .map(|(partition, bytes)| {
                let log = &mut self.logs[usize::try_from(partition).unwrap()];
                let (code, offset) = log.append(&bytes, max);
                (partition, code, offset)
            })
            .collect::<Vec<_>>();
        response(&answers)
    }

    pub(crate) fn answered(&mut self, broker: i32, request: ProduceRequest, body: &[u8]) {
        let now = self.now;
        self.lane(Some(BrokerId(broker))).answered(now, request, body).unwrap();
        self.obey();
    }

    /// The broker refuses everything with `code`.
    pub(crate) fn refuse(&mut self, broker: i32, request: ProduceRequest, code: ErrorCode) {
        let answers: Vec<_> = batches(&request).iter().map(|(partition, _)| (*partition, code, -1)).collect();
        self.answered(broker, request, &response(&answers));
    }

    pub(crate) fn ended(&mut self, broker: i32, requests: Vec<(ProduceRequest, bool)>) {
        let now = self.now;
        let lane = self.lane(Some(BrokerId(broker)));
        lane.ended(now, requests, false);
        lane.connected(VERSION);
        self.obey();
    }

    pub(crate) fn log(&self, partition: usize) -> Vec<String> {
        self.logs[partition].values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }
}

pub(crate) fn identity() -> Identity {
    Identity { producer_id: ProducerId(7), epoch: ProducerEpoch(0) }
}

/// The batches of an encoded request, by partition.
pub(crate) fn batches(request: &ProduceRequest) -> Vec<(i32, Vec<u8>)> {
    let flights = request.flights.iter().flatten();
    flights
        .map(|flight| (flight.partition.index().0, flight.batch.pieces().collect::<Vec<_>>().concat()))
        .collect()
}

fn response(answers: &[(i32, ErrorCode, i64)]) -> Vec<u8> {
    let partition_responses = answers.iter().map(|(index, code, offset)| PartitionProduceResponse {
        index: PartitionId(*index),
        error_code: *code,
        base_offset: *offset,
        ..PartitionProduceResponse::default()
    });
    let topic = TopicProduceResponse {
        name: TOPIC.into(),
        partition_responses: partition_responses.collect(),
        ..TopicProduceResponse::default()
    };
    // The tagged fields that end the response header.
    let mut body = vec![0];
    let response = ProduceResponse { responses: vec![topic], ..ProduceResponse::default() };
    response.encode(&mut body, Version::of::<ProduceResponse>(VERSION)).unwrap();
    body
}

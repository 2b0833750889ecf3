//! A record of 100 bytes into the batch of its partition, and the batch out again, without a network.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use milena_partitioner::Partitioner;
use milena_sender::accumulator::{
    AccumulatorConfig, AppendOptions, Clock, RecordRef, SenderMailbox, Shared, Topic,
};
use milena_sender::partition_sender::Completer;

const VALUE: [u8; 100] = [7; 100];
const RECORDS: u64 = 2_000;

/// A clock that costs nothing: what it costs to read one is not the accumulator's.
struct Stopped(Instant);

impl Clock for Stopped {
    fn wall_ms(&self) -> i64 {
        1_700_000_000_000
    }

    fn now(&self) -> Instant {
        self.0
    }
}

struct Bench {
    clock: Stopped,
    topic: Topic,
    completer: Completer,
}

impl Bench {
    #[expect(clippy::disallowed_methods, reason = "a time to stand still at")]
    fn new() -> Self {
        let delivery_timeout = Duration::from_secs(120);
        let config = AccumulatorConfig {
            batch_bytes: 64 << 10,
            record_bytes_max: 1 << 20,
            request_bytes_max: 8 << 20,
            linger: Duration::from_millis(5),
            open_for_max: AccumulatorConfig::open_for_max_of(delivery_timeout),
            delivery_timeout,
            flush_records: None,
            adaptive: true,
            availability_timeout: None,
        };
        let shared = Shared::new(config, 32 << 20);
        let topic = Topic::new("t".into(), Partitioner::Java, Arc::clone(&shared), 1);
        topic.grow(6, &Arc::new(SenderMailbox::default()), &mut 0);
        Self { clock: Stopped(Instant::now()), topic, completer: Completer::new(shared) }
    }

    fn append<const HANDLE: bool>(&self) {
        let record = RecordRef { value: Some(black_box(&VALUE)), ..RecordRef::default() };
        for _ in 0..RECORDS {
            let appended =
                self.topic.append::<_, HANDLE>(None, &record, &self.clock, AppendOptions::default());
            assert!(black_box(appended).is_ok());
        }
    }

    /// Settles everything, as a broker sender does with an response.
    fn drain(&mut self) {
        let mut spares = Vec::new();
        for partition in self.topic.partitions() {
            partition.poll(self.clock.0, true, true, usize::MAX);
            while let Some(Some(batch)) = partition.take(self.clock.0, true, &mut spares) {
                self.completer.written(batch.claim(), Some(0), None, partition, &mut spares);
                self.completer.release(batch);
            }
        }
        self.completer.finish();
    }
}

fn accumulator(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("accumulator");
    group.throughput(Throughput::Elements(RECORDS));
    let mut bench = Bench::new();
    group.bench_function("append without a record_handle", |bencher| {
        bencher.iter(|| {
            bench.append::<false>();
            bench.drain();
        });
    });
    group.bench_function("append with a record_handle that is dropped", |bencher| {
        bencher.iter(|| {
            bench.append::<true>();
            bench.drain();
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    accumulator(&mut criterion);
    criterion.final_summary();
}

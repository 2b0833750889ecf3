//! A producer whose driver has a thread of its own, and callers without a runtime: a future is polled by hand and its thread
//! parked meanwhile.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use milena::transport::{Connector, Dial};
use milena::{ConnectErrorKind, Driver, Endpoint, ErrorKind, Producer, ProducerBuilder, Record};
use milena_fake::{ApiKey, Cluster};
use milena_tests::ClusterHarness;
use tokio::runtime::{Builder, Runtime};

const MS: Duration = Duration::from_millis(1);

#[test]
fn caller_without_a_runtime_builds_sends_flushes_and_closes() {
    let (runtime, harness) = cluster();
    let producer = block_on(threaded(&harness).build()).unwrap();
    assert_eq!(block_on(producer.send(("t", "awaited"))).unwrap().offset, 0);
    let topic = block_on(producer.topic("t")).unwrap();
    let delivery = block_on(topic.enqueue(None, Some(b"enqueued"))).unwrap();
    block_on(producer.flush()).unwrap();
    assert_eq!(block_on(delivery).unwrap().offset, 1);
    block_on(producer.close()).unwrap();
    assert_eq!(harness.values("t", 0), ["awaited", "enqueued"]);
    end(runtime, harness);
}

/// More than the budget, and more than callers may run ahead of the driver.
#[test]
fn caller_without_a_runtime_waits_for_room() {
    let (runtime, harness) = cluster();
    let producer = block_on(threaded(&harness).buffer_memory(1 << 20).build()).unwrap();
    for _ in 0..200 {
        drop(block_on(producer.enqueue(Record::to("t").value(vec![7; 50_000]))).unwrap());
    }
    block_on(producer.close()).unwrap();
    assert_eq!(harness.record_count(), 200);
    end(runtime, harness);
}

#[test]
fn caller_without_a_runtime_is_refused_after_max_block() {
    let (runtime, harness) = cluster();
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    let builder = threaded(&harness).buffer_memory(100_000).max_request_size(50_000).max_block(2_000 * MS);
    let producer = block_on(builder.build()).unwrap();
    let unknown = block_on(producer.send(("nowhere", "v"))).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::UnknownTopic);
    block_on(producer.topic("t")).unwrap();
    let full = loop {
        if let Err(error) = block_on(producer.enqueue(Record::to("t").value(vec![7; 20_000]))) {
            break error;
        }
    };
    assert_eq!(full.kind(), ErrorKind::BufferFull);
    hold.release();
    block_on(producer.close()).unwrap();
    end(runtime, harness);
}

#[test]
fn end_of_the_driver_wakes_callers_that_wait() {
    let (runtime, harness) = cluster();
    let producer = block_on(threaded(&harness).build()).unwrap();
    let asked = || harness.journal().iter().filter(|entry| entry.api == ApiKey::METADATA).count();
    let before = asked();
    let waiting = thread::spawn({
        let producer = producer.clone();
        move || block_on(producer.send(("nowhere", "v"))).unwrap_err().kind()
    });
    // The topic is asked for, so the caller waits.
    while asked() == before {
        thread::yield_now();
    }
    block_on(producer.close()).unwrap();
    assert_eq!(waiting.join().unwrap(), ErrorKind::Closed);
    end(runtime, harness);
}

#[test]
fn driver_that_is_a_task_is_refused_without_a_runtime() {
    let built = block_on(Producer::builder().bootstrap_servers("127.0.0.1:1").build());
    let error = built.unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::Config);
    assert!(error.to_string().contains("Driver::Thread"), "{error}");
}

#[test]
fn driver_that_is_a_task_is_refused_by_a_runtime_without_timers_or_io() {
    let (runtime, harness) = cluster();
    let bare = || Builder::new_current_thread();
    for incomplete in [bare().build(), bare().enable_io().build(), bare().enable_time().build()] {
        let error =
            incomplete.unwrap().block_on(harness.producer().driver(Driver::Task).build()).unwrap_err();
        assert_eq!(error.kind(), ConnectErrorKind::Config, "{error}");
        let expected = "config: the tokio runtime here has no timers or no I/O: build it with `enable_all()`";
        assert!(error.to_string().contains(expected), "{error}");
    }
    end(runtime, harness);
}

/// Panics with every dial.
#[derive(Debug)]
struct Panics;

impl Connector for Panics {
    fn connect<'a>(&'a self, _: &'a Endpoint, within: Duration) -> Dial<'a> {
        assert!(within.is_zero(), "as the test has it");
        Box::pin(std::future::pending())
    }
}

#[test]
fn connector_that_panics_while_the_producer_connects_stands_in_the_error() {
    let (runtime, harness) = cluster();
    let error = runtime.block_on(harness.producer().connector(Arc::new(Panics)).build()).unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::Internal);
    assert!(error.to_string().contains("panicked before it was connected: as the test has it"), "{error}");
    end(runtime, harness);
}

/// A cluster on sockets, which runs beside the test.
fn cluster() -> (Runtime, ClusterHarness) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let builder = Cluster::builder().brokers(1).topic("t", 1).auto_create(false);
    let harness = runtime.block_on(ClusterHarness::on_sockets(builder));
    (runtime, harness)
}

fn end(runtime: Runtime, harness: ClusterHarness) {
    runtime.block_on(async { drop(harness) });
}

fn threaded(harness: &ClusterHarness) -> ProducerBuilder {
    harness.producer().driver(Driver::Thread)
}

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

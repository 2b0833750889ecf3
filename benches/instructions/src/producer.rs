//! Measures of the public face: records into their batches, and records all the way through a producer.
//!
//! Everything runs on one thread, and the clock of the runtime stands still: batches are sent because they are full or because
//! a flush requires it, never because time has passed.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use milena::{Delivery, Producer, Topic};
use tokio::runtime::Builder;

use super::broker::{ADDRESS, NullBroker, TOPIC};
use super::{Measure, counted};

const VALUE: [u8; 100] = [7; 100];
/// How many records follow each other before a flush: fewer than make a caller step aside (`BYTES_BEFORE_YIELD`).
const ROUND: usize = 2_500;
/// How many different keys there are.
const KEYS: usize = 1_000;

pub(crate) fn enqueue_detached(measure: &Measure) {
    enqueue(measure, |topic, _| is_ready(topic.enqueue_detached(None, Some(&VALUE))));
}

pub(crate) fn enqueue_detached_keyed(measure: &Measure) {
    let keys = keys();
    enqueue(measure, |topic, index| {
        is_ready(topic.enqueue_detached(Some(&keys[index % KEYS]), Some(&VALUE)))
    });
}

pub(crate) fn enqueue_delivery(measure: &Measure) {
    enqueue(measure, |topic, _| ready(topic.enqueue(None, Some(&VALUE))));
}

pub(crate) fn enqueue_delivery_keyed(measure: &Measure) {
    let keys = keys();
    enqueue(measure, |topic, index| ready(topic.enqueue(Some(&keys[index % KEYS]), Some(&VALUE))));
}

/// A flood, and a flush at its end.
pub(crate) fn whole_detached(measure: &Measure) {
    whole(measure, async |producer, topic, records| {
        for _ in 0..records {
            topic.enqueue_detached(None, Some(&VALUE)).await.expect("accepted");
        }
        producer.flush().await.expect("delivered");
    });
}

/// A flood whose deliveries are awaited in order, so many records later.
pub(crate) fn whole_delivery(measure: &Measure) {
    whole(measure, async |producer, topic, records| {
        let mut deliveries = Vec::new();
        for start in (0..records).step_by(10_000) {
            for _ in start..(start + 10_000).min(records) {
                deliveries.push(topic.enqueue(None, Some(&VALUE)).await.expect("accepted"));
            }
            producer.flush().await.expect("delivered");
            for delivery in deliveries.drain(..) {
                delivery.await.expect("delivered");
            }
        }
    });
}

/// One record at a time.
pub(crate) fn whole_send(measure: &Measure) {
    whole(measure, async |_, topic, records| {
        for _ in 0..records {
            topic.send(None, Some(&VALUE)).await.expect("delivered");
        }
    });
}

/// Has records enqueued in rounds, and counts that alone.
fn enqueue<T>(measure: &Measure, mut one: impl FnMut(&Topic, usize) -> T) {
    on_producer(async |producer, topic| {
        let mut kept = Vec::with_capacity(ROUND);
        for round in 0..=measure.times / ROUND {
            let mut work = || kept.extend((0..ROUND).map(|index| one(topic, index)));
            match round {
                // The first round warms up.
                0 => work(),
                _ => counted(work),
            }
            producer.flush().await.expect("delivered");
            kept.clear();
        }
    });
}

/// Has records sent, and counts everything that it takes: callers, driver and broker.
fn whole(measure: &Measure, mut send: impl AsyncFnMut(&Producer, &Topic, usize)) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let (producer, topic) = runtime.block_on(connect());
    runtime.block_on(send(&producer, &topic, measure.times.min(10_000)));
    counted(|| runtime.block_on(send(&producer, &topic, measure.times)));
}

fn on_producer(work: impl AsyncFnOnce(&Producer, &Topic)) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let (producer, topic) = connect().await;
        work(&producer, &topic).await;
    });
}

/// All defaults but batches of 64 KiB.
async fn connect() -> (Producer, Topic) {
    let builder = Producer::builder().bootstrap_servers(ADDRESS).connector(Arc::new(NullBroker)).seed(7);
    let producer = builder.batch_size(64 << 10).build().await.expect("a producer");
    let topic = producer.topic(TOPIC).await.expect("a topic");
    (producer, topic)
}

fn keys() -> Vec<[u8; 12]> {
    let key = |index: usize| format!("user-{index:07}").into_bytes().try_into().expect("12 bytes");
    (0..KEYS).map(key).collect()
}

/// The delivery of a record that is accepted at once.
#[inline]
fn ready<E: std::fmt::Debug>(enqueued: impl Future<Output = Result<Delivery, E>>) -> Delivery {
    match pin!(enqueued).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(accepted) => accepted.expect("accepted"),
        Poll::Pending => unreachable!("a record waits for room that is there"),
    }
}

/// A record that is accepted at once.
#[inline]
fn is_ready<E: std::fmt::Debug>(enqueued: impl Future<Output = Result<(), E>>) {
    match pin!(enqueued).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(accepted) => accepted.expect("accepted"),
        Poll::Pending => unreachable!("a record waits for room that is there"),
    }
}

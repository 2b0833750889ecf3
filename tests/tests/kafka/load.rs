//! Records that are sent without a pause while something happens to the cluster; each has to be delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use milena::{Delivery, Producer, Record};
use milena_tests::kafka::judge::Sent;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::place;

const KEYS: usize = 500;
/// So many records are enqueued between two pauses of a millisecond or two: some thousand a second.
const AT_ONCE: usize = 10;

/// The load, until it is ended.
pub(crate) struct Load {
    enough: Arc<AtomicBool>,
    settling: JoinHandle<Vec<Sent>>,
}

impl Load {
    /// Begins to send to a topic.
    pub(crate) fn on(producer: &Producer, topic: &str) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let (deliveries, accepted) = mpsc::unbounded_channel();
        tokio::spawn(enqueue(producer.clone(), topic.to_owned(), Arc::clone(&enough), deliveries));
        Self { enough, settling: tokio::spawn(settle(accepted)) }
    }

    /// Sends no more, and gives what was sent when all is delivered.
    pub(crate) async fn end(self) -> Vec<Sent> {
        self.enough.store(true, Ordering::Relaxed);
        self.settling.await.unwrap()
    }
}

type Accepted = (usize, Delivery);

async fn enqueue(
    producer: Producer,
    topic: String,
    enough: Arc<AtomicBool>,
    deliveries: mpsc::UnboundedSender<Accepted>,
) {
    for number in 0.. {
        if enough.load(Ordering::Relaxed) {
            return;
        }
        let record = Record::to(topic.as_str()).key(key(number)).value(number.to_string());
        let delivery = producer.enqueue(record).await.unwrap();
        // Nobody takes it any more when a record has failed: that is told there.
        if deliveries.send((number, delivery)).is_err() {
            return;
        }
        if number.is_multiple_of(AT_ONCE) {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn settle(mut accepted: mpsc::UnboundedReceiver<Accepted>) -> Vec<Sent> {
    let mut sent = Vec::new();
    while let Some((number, delivery)) = accepted.recv().await {
        let ack = delivery.await.unwrap();
        sent.push(Sent { key: key(number), value: number.to_string(), place: place(&ack) });
    }
    sent
}

fn key(number: usize) -> String {
    format!("k-{}", number % KEYS)
}

//! A producer under a restart: milena in this process, or Java's as a process of its own, with the same settings.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use milena::{Producer, Record};
use milena_tests::kafka::{LineProducer, Proxy, Release, Reported};
use tokio::time::sleep;

use super::GLANCE;

/// A producer of one topic: idempotent, five requests in flight, no linger, all else by its own defaults.
pub(super) struct Client {
    topic: String,
    kind: Kind,
}

enum Kind {
    Milena { servers: String, producer: Option<Producer>, reported: Arc<Mutex<Reported>> },
    Java(LineProducer),
}

impl Client {
    /// It connects with its first record, when its topic is there.
    pub(super) fn milena(proxy: &Proxy, topic: &str) -> Self {
        let (servers, reported) = (proxy.address().to_owned(), Arc::default());
        Self { topic: topic.to_owned(), kind: Kind::Milena { servers, producer: None, reported } }
    }

    pub(super) fn java(release: Release, proxy: &Proxy, topic: &str) -> Self {
        let producer = LineProducer::start(release, proxy.address(), topic);
        Self { topic: topic.to_owned(), kind: Kind::Java(producer) }
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    pub(super) const fn is_milena(&self) -> bool {
        matches!(self.kind, Kind::Milena { .. })
    }

    /// Sends a record, and does not wait for its outcome.
    pub(super) async fn send(&mut self, value: &str) {
        match &mut self.kind {
            Kind::Java(producer) => producer.send(value),
            Kind::Milena { servers, producer, reported } => {
                if producer.is_none() {
                    let builder = Producer::builder().bootstrap_servers(&*servers).linger(Duration::ZERO);
                    *producer = Some(builder.build().await.unwrap());
                }
                let record = Record::to(&*self.topic).value(value.to_owned());
                let delivery = producer.as_ref().unwrap().enqueue(record).await.unwrap();
                let (value, reported) = (value.to_owned(), Arc::clone(reported));
                tokio::spawn(async move {
                    let outcome = delivery.await.map(|ack| ack.offset).map_err(|error| error.to_string());
                    reported.lock().unwrap().insert(value, outcome);
                });
            }
        }
    }

    /// What was reported so far.
    pub(super) fn reported(&self) -> Reported {
        match &self.kind {
            Kind::Java(producer) => producer.reported(),
            Kind::Milena { reported, .. } => reported.lock().unwrap().clone(),
        }
    }

    /// Waits until the outcomes of so many records were reported: at most for the delivery timeout.
    pub(super) async fn wait_reported(&self, count: usize) {
        while self.reported().len() < count {
            sleep(GLANCE).await;
        }
    }

    pub(super) async fn close(self) {
        match self.kind {
            Kind::Java(producer) => producer.close(),
            Kind::Milena { producer, .. } => producer.unwrap().close().await.unwrap(),
        }
    }
}

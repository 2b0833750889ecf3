//! Moments between two steps of a driver: a connection that ends in the middle of a request, one that is replaced, an offer
//! between a lane's last look and its sleep. Streams that are made for the test bring them about.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use milena::transport::{BoxStream, Connector, Dial};
use milena::{Endpoint, ErrorKind, Persisted, Producer, Record};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{Cable, ClusterHarness, Network, within};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn request_that_is_written_in_part_was_not_sent() {
    let harness = one_broker().await;
    let network = harness.network().clone().with(Cable { bytes_per_ms: 100, ..Cable::default() });
    let builder = harness.producer().connector(Arc::new(network)).request_timeout(5 * SECOND);
    let producer = builder.delivery_timeout(20 * SECOND).build().await.unwrap();
    producer.topic("t").await.unwrap();
    // It takes a second.
    let delivery = producer.enqueue(Record::to("t").value(vec![7; 100_000])).await.unwrap();
    sleep(SECOND / 2).await;
    harness.kill(1);
    let error = within(delivery).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::No), "{error}");
    assert_eq!(producer.metrics().requests, 1);
}

#[tokio::test(start_paused = true)]
async fn connection_is_closed_before_its_requests_are_sent_again() {
    let harness = one_broker().await;
    let watched = Watched::on(&harness);
    let producer = watched.producer(&harness).build().await.unwrap();
    producer.send(("t", "first")).await.unwrap();
    watched.most_open.store(0, Ordering::Relaxed);
    harness.on(ApiKey::PRODUCE).silence();
    within(producer.send(("t", "second"))).await.unwrap();
    assert_eq!(producer.metrics().retries, 1);
    assert_eq!(watched.most_open.load(Ordering::Relaxed), 2, "one for records, one for metadata");
}

/// The offer comes while the lane, which has nothing to send, flushes its connection before it falls asleep.
#[tokio::test(start_paused = true)]
async fn offer_between_the_last_look_and_sleep_is_sent() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 2)).await;
    let watched = Watched::on(&harness);
    let producer = watched.producer(&harness).linger(Duration::ZERO).build().await.unwrap();
    for partition in 0..2 {
        producer.send(Record::to("t").partition(partition)).await.unwrap();
    }
    let before = producer.metrics().requests;
    harness.on(ApiKey::PRODUCE).silence();
    *watched.at_second_flush.lock().unwrap() = Some((producer.clone(), 2));
    drop(producer.enqueue(Record::to("t").partition(0).value("first")).await.unwrap());
    sleep(SECOND).await;
    assert!(watched.at_second_flush.lock().unwrap().is_none(), "the offer was made");
    assert_eq!(producer.metrics().requests, before + 2);
}

async fn one_broker() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await
}

/// A connector that counts open connections, and offers a record at a chosen flush.
#[derive(Clone, Debug)]
struct Watched {
    network: Network,
    open: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
    /// The producer that offers a record, and at which flush from now on; those before do not get through.
    at_second_flush: Arc<Mutex<Option<(Producer, u32)>>>,
}

impl Watched {
    fn on(harness: &ClusterHarness) -> Self {
        Self {
            network: harness.network().clone(),
            open: Arc::default(),
            most_open: Arc::default(),
            at_second_flush: Arc::default(),
        }
    }

    fn producer(&self, harness: &ClusterHarness) -> milena::ProducerBuilder {
        harness.producer().connector(Arc::new(self.clone()))
    }

    fn flushed(&self) -> Poll<()> {
        let mut offer = self.at_second_flush.lock().unwrap();
        let Some((producer, flushes)) = offer.take() else { return Poll::Ready(()) };
        if flushes > 1 {
            *offer = Some((producer, flushes - 1));
            return Poll::Pending;
        }
        drop(offer);
        drop(producer.try_enqueue(Record::to("t").partition(1).value("second")).unwrap());
        Poll::Ready(())
    }
}

impl Connector for Watched {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        Box::pin(async move {
            let stream = self.network.connect(endpoint, within).await?;
            let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
            self.most_open.fetch_max(open, Ordering::Relaxed);
            Ok(Box::new(Counted { stream, by: self.clone() }) as BoxStream)
        })
    }
}

/// A connection that is counted while it is open.
struct Counted {
    stream: BoxStream,
    by: Watched,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.by.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.by.flushed());
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, space)
    }
}

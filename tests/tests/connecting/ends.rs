//! The ends of connections on real sockets: a proxy between producer and broker distinguishes an orderly end from a reset.

use std::io;
use std::time::Duration;

use milena::transport::{Connector, Dial, Tcp};
use milena::{Acks, Endpoint, Record};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, within};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn connection_with_an_unanswered_request_is_reset_when_it_is_given_up() {
    let (harness, mut wire) = one_broker().await;
    let producer = wire.producer(&harness).request_timeout(SHORT).build().await.unwrap();
    let hold = harness.on(ApiKey::PRODUCE).hold();
    let (sent, end) = tokio::join!(producer.send(Record::to("t").value("v")), async {
        let end = loop {
            // Connections for metadata end in order meanwhile.
            if let Some(error) = wire.next_end().await {
                break error;
            }
        };
        hold.release();
        end
    });
    assert_eq!(end, io::ErrorKind::ConnectionReset);
    assert_eq!(sent.unwrap().offset, 0);
    assert_eq!(harness.values("t", 0), ["v"]);
}

#[tokio::test]
async fn close_resets_no_connection_whose_requests_are_answered() {
    let (harness, mut wire) = one_broker().await;
    let producer = wire.producer(&harness).build().await.unwrap();
    producer.send(Record::to("t").value("v")).await.unwrap();
    producer.close().await.unwrap();
    for _ in 0..3 {
        assert_eq!(wire.next_end().await, None);
    }
}

#[tokio::test]
async fn close_with_acks_0_resets_no_connection_even_when_nothing_is_confirmed() {
    let (harness, mut wire) = one_broker().await;
    let producer = wire.producer(&harness).acks(Acks::None).close_timeout(SHORT).build().await.unwrap();
    producer.send(Record::to("t").value("v")).await.unwrap();
    harness.on(ApiKey::API_VERSIONS).always().silence();
    producer.close().await.unwrap();
    for _ in 0..3 {
        assert_eq!(wire.next_end().await, None);
    }
}

async fn one_broker() -> (ClusterHarness, Wire) {
    let harness = ClusterHarness::on_sockets(Cluster::builder().brokers(1).topic("t", 1)).await;
    let wire = Wire::to(harness.bootstrap_servers()).await;
    (harness, wire)
}

/// Passes connections on to a broker, and tells how the client ends each.
struct Wire {
    way: Way,
    ends: mpsc::UnboundedReceiver<Option<io::ErrorKind>>,
}

/// The connector of a producer whose connections all go over the wire.
#[derive(Clone, Debug)]
struct Way {
    tcp: Tcp,
    wire: Endpoint,
}

impl Connector for Way {
    fn connect<'a>(&'a self, _: &'a Endpoint, within: Duration) -> Dial<'a> {
        self.tcp.connect(&self.wire, within)
    }
}

impl Wire {
    async fn to(broker: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = listener.local_addr().unwrap().to_string().parse().unwrap();
        let (told, ends) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let broker = TcpStream::connect(&broker).await.unwrap();
                let told = told.clone();
                tokio::spawn(async move { told.send(pass(client, broker).await) });
            }
        });
        Self { way: Way { tcp: Tcp::default(), wire }, ends }
    }

    fn producer(&self, harness: &ClusterHarness) -> milena::ProducerBuilder {
        harness.producer().connector(std::sync::Arc::new(self.way.clone()))
    }

    /// How the next connection ends: none for an end in order.
    async fn next_end(&mut self) -> Option<io::ErrorKind> {
        within(self.ends.recv()).await.unwrap()
    }
}

async fn pass(client: TcpStream, broker: TcpStream) -> Option<io::ErrorKind> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_broker, mut to_broker) = broker.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_broker, &mut to_client).await });
    let end = tokio::io::copy(&mut from_client, &mut to_broker).await.err().map(|error| error.kind());
    to_broker.shutdown().await.ok();
    back.abort();
    end
}

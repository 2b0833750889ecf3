//! A dialer of one's own: a proxy that opens tunnels, with and without TLS through it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use milena::transport::{BoxStream, ConnectionError, Connector, Dial, Fault, Tcp};
use milena::{ConnectErrorKind, Endpoint, Record, Tls};
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, within};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::refusals::check;
use crate::tls::{file, speaking};

/// A proxy on a socket, which opens tunnels by HTTP until it is told not to.
struct Proxy {
    address: String,
    tunnels: Arc<AtomicUsize>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let tunnels = Arc::new(AtomicUsize::new(0));
        let opened = Arc::clone(&tunnels);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                opened.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(tunnel(stream, answer));
            }
        });
        Self { address, tunnels, accepting }
    }

    fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(ByProxy { tcp: Tcp::default(), proxy: self.address.parse().unwrap() })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection of the proxy: `CONNECT host:port HTTP/1.1`, and then whatever is said.
async fn tunnel(stream: TcpStream, answer: &str) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await?;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).await?;
    }
    stream.get_mut().write_all(answer.as_bytes()).await?;
    let to = first.split(' ').nth(1).unwrap_or_default();
    let mut broker = TcpStream::connect(to).await?;
    copy_bidirectional(&mut stream, &mut broker).await.map(drop)
}

/// The client's side of it.
#[derive(Debug)]
struct ByProxy {
    tcp: Tcp,
    proxy: Endpoint,
}

impl ByProxy {
    async fn open(&self, to: &Endpoint, within: Duration) -> Result<BoxStream, ConnectionError> {
        let mut stream = self.tcp.connect(&self.proxy, within).await?;
        let asked = ask(&mut stream, to).await;
        asked.map_err(|error| ConnectionError::new(to.clone(), Fault::Connector(error.into())))?;
        Ok(stream)
    }
}

async fn ask(stream: &mut BoxStream, to: &Endpoint) -> io::Result<()> {
    stream.write_all(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    match head.starts_with("HTTP/1.1 200") {
        true => Ok(()),
        false => Err(io::Error::other(format!("the proxy says {}", head.lines().next().unwrap_or_default()))),
    }
}

impl Connector for ByProxy {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        Box::pin(async move {
            timeout(within, self.open(endpoint, within)).await.unwrap_or_else(|_| {
                let error = io::Error::from(io::ErrorKind::TimedOut);
                Err(ConnectionError::new(endpoint.clone(), Fault::Connector(error.into())))
            })
        })
    }
}

const OPEN: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[tokio::test]
async fn every_connection_goes_through_the_dialer_that_was_given_and_tls_through_it() {
    for secure in [false, true] {
        let builder = Cluster::builder().brokers(2).topic("t", 2);
        let builder = if secure { builder.tls(speaking("server.pem", false)) } else { builder };
        let harness = ClusterHarness::on_sockets(builder).await;
        let proxy = Proxy::start(OPEN).await;
        let mut builder = harness.producer().connector(proxy.connector());
        if secure {
            builder = builder.tls(Tls::new().ca_file(file("ca.pem")));
        }
        let producer = builder.build().await.unwrap();
        for partition in 0..2 {
            within(producer.send(Record::to("t").partition(partition))).await.unwrap();
        }
        // Both lanes, the bootstrap server, and the control connection.
        assert_eq!(proxy.tunnels.load(Ordering::Relaxed), 4);
    }
}

#[tokio::test]
async fn what_a_dialer_says_is_in_the_error() {
    let harness = ClusterHarness::on_sockets(Cluster::builder().brokers(1).topic("t", 1)).await;
    let proxy = Proxy::start("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    let builder = harness.producer().connector(proxy.connector()).connect_timeout(Duration::from_millis(300));
    let error = builder.build().await.unwrap_err();
    check(&error, ConnectErrorKind::Unreachable, &["127.0.0.1", "407 Proxy Authentication Required"]);
}

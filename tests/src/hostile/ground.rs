//! A connector that leads to the brokers of a fake cluster, through a peer or directly.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use milena::transport::{BoxStream, ConnectionError, Connector, Dial, Fault};
use milena::{Endpoint, Producer, ProducerBuilder};
use milena_fake::{Builder, Cluster, Keep};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use super::play::{Line, Record, act, play};
use super::script::{Act, At, Peer};
use super::secret::{Side, client};

/// What a connection holds in either direction, as a socket would.
const PIPE_BYTES: usize = 64 << 10;

/// The port of broker 0, were there one.
const PORT: u16 = 9000;

/// Asked whenever a producer touches a connection.
pub type Probe = fn();

/// A cluster, of which some brokers stand behind a peer.
#[derive(Clone)]
pub struct Ground {
    cluster: Arc<Cluster>,
    peer: Arc<Peer>,
    /// The first broker that stands behind the peer; those before it are as they are.
    hostile_from: i32,
    record: Arc<Record>,
    probe: Probe,
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ground({})", self.peer.name)
    }
}

impl Ground {
    /// So many brokers, each of which leads one partition of topic `t`; those from `hostile_from` on are the peer.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn new(peer: &Peer, brokers: u16, hostile_from: i32) -> Self {
        Self::keeping(Keep::All, peer, brokers, hostile_from).await
    }

    /// The same, and how much of what is produced its brokers keep.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[expect(clippy::unwrap_used, reason = "a test without its cluster has failed")]
    pub async fn keeping(keep: Keep, peer: &Peer, brokers: u16, hostile_from: i32) -> Self {
        let builder = Cluster::builder().brokers(brokers.into()).topic("t", brokers.into());
        let mut builder = builder.keep(keep).in_memory();
        if peer.sasl.is_some() {
            builder = guarded(builder);
        }
        let cluster = Arc::new(builder.start().await.unwrap());
        for broker in 1..=brokers {
            cluster.advertise(i32::from(broker), "localhost", PORT + broker);
        }
        let record = Arc::default();
        Self { cluster, peer: Arc::new(peer.clone()), hostile_from, record, probe: || {} }
    }

    /// Has this asked whenever a producer touches a connection.
    #[must_use]
    pub fn probed(mut self, probe: Probe) -> Self {
        self.probe = probe;
        self
    }

    /// The cluster.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// How long the longest answer of the peer was that it made up.
    #[must_use]
    pub fn longest_lie(&self) -> usize {
        self.record.longest.load(Ordering::Relaxed)
    }

    /// Where a broker says that it is.
    #[must_use]
    pub fn address(broker: u16) -> String {
        format!("localhost:{}", PORT + broker)
    }

    /// A producer that knows the first broker.
    pub fn producer(&self) -> ProducerBuilder {
        let builder = Producer::builder()
            .bootstrap_servers(Self::address(1))
            .connector(Arc::new(self.clone()))
            .request_timeout(Duration::from_secs(5))
            .delivery_timeout(Duration::from_secs(20))
            .max_block(Duration::from_secs(20))
            .seed(7);
        self.wearing(builder)
    }

    /// The same producer with what the peer asks for.
    pub(super) fn wearing(&self, mut builder: ProducerBuilder) -> ProducerBuilder {
        if self.peer.tls.is_some() {
            builder = builder.tls(client());
        }
        match self.peer.sasl {
            Some(sasl) => builder.sasl(sasl()),
            None => builder,
        }
    }

    pub(super) const fn peer(&self) -> &Arc<Peer> {
        &self.peer
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    /// A connection to a broker, past nobody.
    pub(super) fn dial(&self, broker: i32) -> io::Result<DuplexStream> {
        let (host, port) = self.cluster.address(broker).ok_or(io::ErrorKind::ConnectionRefused)?;
        self.cluster.dial(&host, port)
    }

    fn open(&self, endpoint: &Endpoint) -> io::Result<BoxStream> {
        let broker = i32::from(endpoint.port) - i32::from(PORT);
        let broker_line = self.dial(broker)?;
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let (peer, record) = (Arc::clone(&self.peer), Arc::clone(&self.record));
        let is_hostile = broker >= self.hostile_from;
        tokio::spawn(async move {
            match is_hostile {
                true => stand_before(far, broker_line, &peer, &record).await,
                false => stand_before(far, broker_line, &neighbour(&peer), &record).await,
            }
        });
        Ok(Box::new(Probed { stream: near, probe: self.probe }))
    }
}

/// Lets `me` in by the password `pencil`.
fn guarded(builder: Builder) -> Builder {
    builder.user("me", "pencil")
}

/// An honest broker beside a peer.
fn neighbour(peer: &Peer) -> Peer {
    let tls = peer.tls.map(|_| Side::Good);
    Peer { name: "an honest one", at: At::Never, does: Act::Nothing, tls, ..peer.clone() }
}

/// Plays a peer on a connection of any kind.
pub(super) async fn stand_before(mut line: impl Line, broker: DuplexStream, peer: &Peer, record: &Record) {
    if peer.at == At::Accepted {
        // However it ends, it is over.
        let _ = act(&mut line, peer.does).await;
        return;
    }
    let Some(side) = peer.tls else { return play(line, broker, peer, record).await };
    let acceptor = tokio_rustls::TlsAcceptor::from(side.config());
    if let Ok(line) = acceptor.accept(line).await {
        play(line, broker, peer, record).await;
    }
}

impl Connector for Ground {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, _within: Duration) -> Dial<'a> {
        let opened = self.open(endpoint);
        Box::pin(async move {
            opened.map_err(|error| ConnectionError::new(endpoint.clone(), Fault::Connector(error.into())))
        })
    }
}

/// A connection that has the probe asked.
struct Probed {
    stream: DuplexStream,
    probe: Probe,
}

impl AsyncRead for Probed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        (self.probe)();
        Pin::new(&mut self.stream).poll_read(cx, space)
    }
}

impl AsyncWrite for Probed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        (self.probe)();
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

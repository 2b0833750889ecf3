//! The cost of TLS for the thread that sends: requests of 64 KiB in several slices, over a plain connection and under TLS 1.3
//! with AES-256-GCM, and sealing the same bytes by the provider alone. Prints the share of the first two's difference
//! in the last; at most 1.4 is the aim.
//!
//! In memory what is written is copied into a buffer, as a kernel does, and that is all. Over the loopback the kernel's
//! own work is in the figures of both, and makes them unsteady; the peer is a thread that takes bytes off the socket
//! and no more, and whose time does not count. Each figure is the median of rounds that take turns.

use std::future::poll_fn;
use std::io::{IoSlice, Read, Result};
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::Duration;

use milena_connection::Endpoint;
use milena_connection::tls::{Tls, TlsConnector};
use milena_connection::transport::{BoxStream, Connector, Dial, Tcp};
use rustix::time::{ClockId, clock_gettime};
use rustls::crypto::CryptoProvider;
use rustls::crypto::cipher::{AeadKey, Iv, OutboundChunks, OutboundPlainMessage};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ContentType, ProtocolVersion, ServerConfig, ServerConnection, SupportedCipherSuite};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const ROUNDS: usize = 9;
const BYTES_A_ROUND: usize = 512 << 20;

/// A request as a session writes it: a header, and batches whose headers and chunks lie apart.
struct Request {
    slices: Vec<Vec<u8>>,
}

impl Request {
    fn new() -> Self {
        let mut slices = vec![vec![1; 96]];
        for _ in 0..4 {
            slices.push(vec![2; 61]);
            slices.push(vec![3; (16 << 10) - 85]);
        }
        Self { slices }
    }

    fn bytes(&self) -> usize {
        self.slices.iter().map(Vec::len).sum()
    }

    /// The rest of it behind the first `skip` bytes.
    fn rest(&self, mut skip: usize) -> Vec<IoSlice<'_>> {
        let mut rest = Vec::with_capacity(self.slices.len());
        for slice in &self.slices {
            let cut = skip.min(slice.len());
            skip -= cut;
            if cut < slice.len() {
                rest.push(IoSlice::new(&slice[cut..]));
            }
        }
        rest
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let request = Request::new();
    for (place, in_memory) in [("in memory", true), ("loopback", false)] {
        let (mut plain, mut sealed, mut provider) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            plain.push(runtime.block_on(send(&request, None, in_memory)));
            sealed.push(runtime.block_on(send(&request, Some(server()), in_memory)));
            provider.push(seal());
        }
        let [plain, sealed, provider] = [plain, sealed, provider].map(median);
        let each = |time: Duration| time.as_secs_f64() * 1e9 / (BYTES_A_ROUND >> 10) as f64;
        let share = (sealed.as_secs_f64() - plain.as_secs_f64()) / provider.as_secs_f64();
        println!(
            "{place}: plain {:.1}, TLS {:.1}, sealing {:.1} ns a KiB; (TLS - plain) / sealing = {share:.2}",
            each(plain),
            each(sealed),
            each(provider),
        );
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The processor time of this thread for sending the bytes of a round.
async fn send(request: &Request, tls: Option<Arc<ServerConfig>>, in_memory: bool) -> Duration {
    let under_tls = tls.is_some();
    let endpoint: Endpoint = peer(tls).to_string().parse().expect("an endpoint");
    let network = Arc::new(Network { in_memory: Arc::new(AtomicBool::new(false)) });
    let switch = Arc::clone(&network.in_memory);
    let connector: Arc<dyn Connector> = match under_tls {
        true => Arc::new(tls_over(network)),
        false => network,
    };
    let mut partition_sender =
        connector.connect(&endpoint, Duration::from_secs(10)).await.expect("a connection");
    switch.store(in_memory, Ordering::Relaxed);
    let begin = thread_time();
    for _ in 0..BYTES_A_ROUND / request.bytes() {
        write(request, &mut partition_sender).await;
    }
    thread_time() - begin
}

/// Writes a request in the way of the driver's connections.
async fn write(request: &Request, partition_sender: &mut BoxStream) {
    let mut written = 0;
    poll_fn(|cx| {
        while written < request.bytes() {
            let rest = request.rest(written);
            written += ready!(Pin::new(&mut *partition_sender).poll_write_vectored(cx, &rest))
                .expect("a peer that takes it");
        }
        let flushed = Pin::new(&mut *partition_sender).poll_flush(cx);
        // A driver reads responses whenever it wakes.
        let _ = Pin::new(&mut *partition_sender).poll_read(cx, &mut ReadBuf::new(&mut [0; 256]));
        flushed
    })
    .await
    .expect("a flush");
}

/// The processor time of sealing the bytes of a round, in records of the largest size.
fn seal() -> Duration {
    let SupportedCipherSuite::Tls13(suite) = suite() else { unreachable!("chosen below") };
    let mut encrypter = suite.aead_alg.encrypter(AeadKey::from([7; 32]), Iv::from([9; 12]));
    let payload = vec![3; 16 << 10];
    let begin = thread_time();
    for record in 0..BYTES_A_ROUND / payload.len() {
        let plain = OutboundPlainMessage {
            typ: ContentType::ApplicationData,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(&payload),
        };
        std::hint::black_box(encrypter.encrypt(plain, record as u64).expect("a record"));
    }
    thread_time() - begin
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

fn suite() -> SupportedCipherSuite {
    rustls_graviola::suites::TLS13_AES_256_GCM_SHA384
}

fn provider() -> Arc<CryptoProvider> {
    let mut provider = rustls_graviola::default_provider();
    provider.cipher_suites = vec![suite()];
    provider.into()
}

fn certificate(name: &str) -> String {
    format!("{}/../tests/certificates/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn tls_over(network: Arc<Network>) -> TlsConnector {
    let tls = Tls::new().ca_file(certificate("ca.pem"));
    TlsConnector::new(network, &tls, Duration::from_secs(10)).expect("an authority")
}

/// Sockets whose writes stay in memory once that is switched on.
#[derive(Debug)]
struct Network {
    in_memory: Arc<AtomicBool>,
}

impl Connector for Network {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        Box::pin(async move {
            let socket = Tcp::default().connect(endpoint, within).await?;
            let switch = Arc::clone(&self.in_memory);
            Ok(Box::new(Switched { socket, switch, taken: vec![0; TAKEN_BYTES] }) as BoxStream)
        })
    }
}

/// As much as a socket buffer takes at once.
const TAKEN_BYTES: usize = 256 << 10;

struct Switched {
    socket: BoxStream,
    switch: Arc<AtomicBool>,
    taken: Vec<u8>,
}

impl AsyncRead for Switched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for Switched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        if !self.switch.load(Ordering::Relaxed) {
            return Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        }
        let mut filled = 0;
        for buf in bufs {
            let bytes = buf.len().min(TAKEN_BYTES - filled);
            self.taken[filled..filled + bytes].copy_from_slice(&buf[..bytes]);
            filled += bytes;
        }
        std::hint::black_box(&mut self.taken);
        Poll::Ready(Ok(filled))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

fn server() -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_file(certificate("server.pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(certificate("server-key.pem")).expect("a key");
    let builder = ServerConfig::builder_with_provider(provider());
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]).expect("TLS 1.3");
    builder.with_no_client_auth().with_single_cert(chain, key).expect("a pair").into()
}

/// A thread that takes whatever one connection brings, after a handshake if it has one to make.
fn peer(tls: Option<Arc<ServerConfig>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut partition_sender, _) = listener.accept().expect("a connection");
        if let Some(config) = tls {
            let mut connection = ServerConnection::new(config).expect("a server");
            while connection.is_handshaking() {
                connection.complete_io(&mut partition_sender).expect("a handshake");
            }
        }
        let mut space = vec![0; 1 << 20];
        while matches!(partition_sender.read(&mut space), Ok(1..)) {}
    });
    address
}

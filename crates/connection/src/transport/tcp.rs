//! Plain TCP: resolve the name, try every address in turn, all within one time-out (KIP-302, KIP-601, KIP-602).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::{Attempt, BoxStream, Connector, Dial, DialError};
use crate::clock;
use crate::endpoint::Endpoint;

/// Connects by TCP, without TLS.
///
/// The name is resolved anew for each connection, so that a broker may move. The time-out covers the resolver and all
/// addresses; each address gets its share of what is left, so that one that swallows packets does not cost the others
/// their turn.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use milena_connection::transport::{Connector, Tcp};
/// let stream = Tcp::default().connect(&"localhost:9092".parse()?).await?;
/// # drop(stream); Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// From the first question to the resolver until a connection stands.
    pub setup_timeout: Duration,
}

impl Default for Tcp {
    /// Java's `socket.connection.setup.timeout.ms`.
    fn default() -> Self {
        Self { setup_timeout: Duration::from_secs(10) }
    }
}

impl Connector for Tcp {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> Dial<'a> {
        Box::pin(dial(endpoint, self.setup_timeout, resolve(endpoint), open))
    }
}

/// Most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 16;

/// Resolves and connects, by functions that are given so that the order and the time-outs stand here alone.
async fn dial<S, C>(
    endpoint: &Endpoint,
    setup_timeout: Duration,
    resolve: impl Future<Output = io::Result<Vec<SocketAddr>>>,
    connect: impl Fn(SocketAddr) -> C,
) -> Result<S, DialError>
where
    C: Future<Output = io::Result<S>>,
{
    let endpoint = endpoint.clone();
    let deadline = clock::now() + setup_timeout;
    let addresses = match timeout(setup_timeout, resolve).await {
        Ok(Ok(addresses)) if addresses.is_empty() => return Err(DialError::NoAddress { endpoint }),
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(DialError::Name { endpoint, error }),
        Err(_) => return Err(DialError::NameTimedOut { endpoint, timeout: setup_timeout }),
    };
    let mut attempts = Vec::with_capacity(addresses.len());
    for (index, &address) in addresses.iter().enumerate() {
        let within = share(deadline, addresses.len() - index);
        let error = match timeout(within, connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => error,
            Err(_) => io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {within:?}")),
        };
        attempts.push(Attempt { address, error });
    }
    Err(DialError::Tcp { endpoint, attempts })
}

async fn resolve(endpoint: &Endpoint) -> io::Result<Vec<SocketAddr>> {
    let found = lookup_host((endpoint.host.as_str(), endpoint.port)).await?;
    let mut addresses = Vec::new();
    for address in found.take(ADDRESSES_MAX) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

async fn open(address: SocketAddr) -> io::Result<BoxStream> {
    let stream = TcpStream::connect(address).await?;
    // A request goes out whole, in one write: waiting for more (Nagle) would only delay it.
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// What an address may take of the time left, when `addresses` of them are still to be tried.
fn share(deadline: Instant, addresses: usize) -> Duration {
    let left = deadline.saturating_duration_since(clock::now());
    left / u32::try_from(addresses).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWrite;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_boxed_tcp_stream_still_writes_many_slices_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = Tcp::default().connect(&address.to_string().parse().unwrap()).await.unwrap();
        assert!(stream.is_write_vectored());
    }

    #[tokio::test]
    async fn a_refused_connection_is_reported_with_its_address() {
        // A port that was free a moment ago, and that nobody listens on.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let endpoint: Endpoint = address.to_string().parse().unwrap();
        let error = Tcp::default().connect(&endpoint).await.err().unwrap();
        let DialError::Tcp { attempts, .. } = &error else { panic!("{error}") };
        assert_eq!(attempts[0].address, address);
        assert_eq!(attempts[0].error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains(&format!("{address}: ")), "{error}");
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_reported_as_such() {
        // RFC 6761 reserves `.invalid` for names that are never resolved.
        let endpoint: Endpoint = "kafka.invalid:9092".parse().unwrap();
        let error = Tcp::default().connect(&endpoint).await.err().unwrap();
        assert!(matches!(&error, DialError::Name { .. } | DialError::NameTimedOut { .. }), "{error}");
        assert!(error.to_string().contains("`kafka.invalid`"), "{error}");
    }

    const TIMEOUT: Duration = Duration::from_secs(12);

    fn endpoint() -> Endpoint {
        Endpoint { host: "broker".into(), port: 9092 }
    }

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, last], 9092))
    }

    /// Dials a name with three addresses, of which only those in `open` answer.
    async fn dial_three(open: &[u8]) -> Result<SocketAddr, DialError> {
        let resolve = async { Ok([1, 2, 3].map(address).into()) };
        let connect = |tried| async move {
            match open.iter().any(|last| address(*last) == tried) {
                true => Ok(tried),
                false => std::future::pending().await,
            }
        };
        dial(&endpoint(), TIMEOUT, resolve, connect).await
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_is_silent_does_not_cost_the_next_one_its_turn() {
        let begin = clock::now();
        assert_eq!(dial_three(&[2, 3]).await.unwrap(), address(2));
        assert_eq!((clock::now() - begin).as_secs(), 4, "a third of the time");
        assert_eq!(dial_three(&[3]).await.unwrap(), address(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dial_ends_within_its_time_out_and_names_every_address() {
        let begin = clock::now();
        let error = dial_three(&[]).await.unwrap_err();
        assert_eq!((clock::now() - begin).as_secs(), TIMEOUT.as_secs());
        let DialError::Tcp { attempts, .. } = error else { panic!("{error}") };
        let tried: Vec<_> = attempts.iter().map(|attempt| (attempt.address, attempt.error.kind())).collect();
        assert_eq!(tried, [1, 2, 3].map(|last| (address(last), io::ErrorKind::TimedOut)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_is_silent_or_finds_nothing_is_reported() {
        let connect = |tried| async move { Ok::<SocketAddr, _>(tried) };
        let silent = dial(&endpoint(), TIMEOUT, std::future::pending(), connect).await.unwrap_err();
        assert!(matches!(silent, DialError::NameTimedOut { timeout: TIMEOUT, .. }), "{silent}");
        let nothing = dial(&endpoint(), TIMEOUT, async { Ok(Vec::new()) }, connect).await.unwrap_err();
        assert!(matches!(nothing, DialError::NoAddress { .. }), "{nothing}");
    }
}

//! Plain TCP: resolve the name, try every address in turn, all within one time-out (KIP-302, KIP-601, KIP-602).

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
        Box::pin(dial(endpoint, self.setup_timeout))
    }
}

/// Most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 16;

async fn dial(endpoint: &Endpoint, setup_timeout: Duration) -> Result<BoxStream, DialError> {
    let deadline = clock::now() + setup_timeout;
    let addresses = match timeout(setup_timeout, resolve(endpoint)).await {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(DialError::Name { endpoint: endpoint.clone(), error }),
        Err(_) => {
            return Err(DialError::NameTimedOut { endpoint: endpoint.clone(), timeout: setup_timeout });
        }
    };
    if addresses.is_empty() {
        return Err(DialError::NoAddress { endpoint: endpoint.clone() });
    }
    let mut attempts = Vec::with_capacity(addresses.len());
    for (index, &address) in addresses.iter().enumerate() {
        match attempt(address, share(deadline, addresses.len() - index)).await {
            Ok(stream) => return Ok(Box::new(stream)),
            Err(error) => attempts.push(Attempt { address, error }),
        }
    }
    Err(DialError::Tcp { endpoint: endpoint.clone(), attempts })
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

async fn attempt(address: SocketAddr, within: Duration) -> io::Result<TcpStream> {
    let Ok(connected) = timeout(within, TcpStream::connect(address)).await else {
        return Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {within:?}")));
    };
    let stream = connected?;
    // A request goes out whole, in one write: waiting for more (Nagle) would only delay it.
    stream.set_nodelay(true)?;
    Ok(stream)
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

    #[tokio::test(start_paused = true)]
    async fn every_address_gets_its_share_of_the_time_that_is_left() {
        let deadline = clock::now() + Duration::from_secs(12);
        assert_eq!(share(deadline, 3), Duration::from_secs(4));
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(share(deadline, 2), Duration::from_secs(4));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(share(deadline, 1), Duration::ZERO);
    }
}

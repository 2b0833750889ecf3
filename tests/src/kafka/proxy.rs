//! A TCP proxy in front of a broker, on which a test disturbs Produce connections of any client as a [`Tap`] does.
//!
//! The broker advertises the proxy's address ([`Listener::advertised_at`](super::Listener::advertised_at)), so that clients
//! come through the proxy for everything.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use milena::Endpoint;
use milena::transport::Connector;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::{Tap, fail};

/// How long the broker has to accept a connection.
const DIAL_WITHIN: Duration = Duration::from_secs(10);

/// A proxy that listens. The connections to the broker are those of [`Self::tap`].
#[derive(Debug)]
pub struct Proxy {
    tap: Tap,
    address: String,
    broker: Arc<Mutex<Option<Endpoint>>>,
    accepting: AbortHandle,
}

impl Proxy {
    /// Listens on a free port of this machine. Connections are refused until [`Self::lead_to`] names the broker.
    #[must_use]
    pub async fn listen() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap_or_else(|error| fail(error));
        let address = listener.local_addr().unwrap_or_else(|error| fail(error)).to_string();
        let (tap, broker) = (Tap::default(), Arc::<Mutex<Option<Endpoint>>>::default());
        let accepting = tokio::spawn(accept(listener, tap.clone(), Arc::clone(&broker))).abort_handle();
        Self { tap, address, broker, accepting }
    }

    /// The proxy's address, `HOST:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Connects clients to this broker from now on.
    pub fn lead_to(&self, broker: &str) {
        let endpoint = broker.parse().unwrap_or_else(|error| fail(error));
        *self.broker.lock().unwrap_or_else(PoisonError::into_inner) = Some(endpoint);
    }

    /// Holds answers to Produce back, loses them, and counts the requests.
    #[must_use]
    pub const fn tap(&self) -> &Tap {
        &self.tap
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, tap: Tap, broker: Arc<Mutex<Option<Endpoint>>>) {
    while let Ok((client, _)) = listener.accept().await {
        let endpoint = broker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(endpoint) = endpoint {
            tokio::spawn(relay(client, tap.clone(), endpoint));
        }
    }
}

/// Carries bytes both ways until either side ends, and ends the other side with it.
async fn relay(mut client: TcpStream, tap: Tap, broker: Endpoint) {
    if let Ok(mut stream) = tap.connect(&broker, DIAL_WITHIN).await {
        // An error is the end of the connection, as the client sees it, too.
        let _ = copy_bidirectional(&mut client, &mut stream).await;
    }
}

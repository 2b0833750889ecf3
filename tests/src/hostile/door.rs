//! A peer on a socket of this machine, for what only sockets do: resets, and windows that close.

use std::sync::Arc;
use std::time::Duration;

use milena::{Producer, ProducerBuilder};
use tokio::net::TcpSocket;
use tokio::task::AbortHandle;

use super::ground::{Ground, stand_before};
use super::script::Peer;

/// What a socket holds: less than a record, so that a window closes over one.
const BUFFER_BYTES: u32 = 8 << 10;

/// A listening socket in front of the first broker of a [`Ground`]. It closes when this is dropped.
#[derive(Debug)]
pub struct Door {
    address: String,
    accepting: AbortHandle,
    /// The cluster behind it.
    ground: Ground,
}

impl Door {
    /// Opens it, and has the broker say that it is there.
    ///
    /// # Panics
    /// When there is no free port.
    #[expect(clippy::unwrap_used, reason = "a test without its socket has failed")]
    pub async fn open(peer: &Peer) -> Self {
        let ground = Ground::new(peer, 1, 1).await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(BUFFER_BYTES).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(16).unwrap();
        let address = listener.local_addr().unwrap();
        ground.cluster().advertise(1, "127.0.0.1", address.port());
        let behind = ground.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let behind = behind.clone();
                tokio::spawn(async move {
                    if let Ok(broker) = behind.dial(1) {
                        let peer = Arc::clone(behind.peer());
                        stand_before(line, broker, &peer, behind.record()).await;
                    }
                });
            }
        });
        Self { address: address.to_string(), accepting: accepting.abort_handle(), ground }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A producer that knows it and has little patience: the clock is the real one.
    pub fn producer(&self) -> ProducerBuilder {
        self.ground
            .wearing(Producer::builder().bootstrap_servers(&self.address).seed(7))
            .connect_timeout(Duration::from_secs(3))
            .request_timeout(Duration::from_secs(1))
            .linger(Duration::ZERO)
            .send_buffer(BUFFER_BYTES as usize)
            .delivery_timeout(Duration::from_secs(4))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

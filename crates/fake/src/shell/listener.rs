//! TCP: a listening socket for each broker.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use milena_codec::ids::BrokerId;
use tokio::net::{TcpListener, TcpStream};

use super::connection::serve;
use super::shared::{ListeningSocket, Shared};

/// Binds a socket, now; a port of a broker that was just killed can be bound again at once.
pub(crate) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = std::net::TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Accepts connections to a broker until the socket is taken away.
pub(crate) fn listen(
    shared: &Arc<Shared>,
    broker: BrokerId,
    socket: std::net::TcpListener,
) -> io::Result<ListeningSocket> {
    let _runtime = shared.runtime().enter();
    let socket = Arc::new(Mutex::new(Some(TcpListener::from_std(socket)?)));
    let accepting = accept_all(Arc::clone(shared), broker, Arc::clone(&socket));
    let task = shared.runtime().spawn(accepting).abort_handle();
    Ok(ListeningSocket { socket, task })
}

async fn accept_all(shared: Arc<Shared>, broker: BrokerId, socket: Arc<Mutex<Option<TcpListener>>>) {
    while let Some(accepted) = accept(&socket).await {
        let Ok(stream) = accepted else {
            // A peer that gave up is no reason to stop; a process without free descriptors is one to be patient.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let Ok(shutdown) = shared.shutdown(broker) else { return };
        // Without it responses are late, not wrong.
        let _ = stream.set_nodelay(true);
        shared.runtime().spawn(serve(stream, Arc::clone(&shared), broker, shutdown));
    }
}

/// The next connection; none when the socket is gone.
async fn accept(socket: &Mutex<Option<TcpListener>>) -> Option<io::Result<TcpStream>> {
    std::future::poll_fn(|context| {
        let socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
        match socket.as_ref() {
            Some(socket) => {
                socket.poll_accept(context).map(|accepted| Some(accepted.map(|(stream, _)| stream)))
            }
            None => std::task::Poll::Ready(None),
        }
    })
    .await
}

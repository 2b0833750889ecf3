//! One socket: its options before and after the connection is established.

use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

use super::TcpOptions;

/// The maximum time for which written bytes may stay unacknowledged (RFC 5482). Keep-alive probes are sent only without
/// unacknowledged bytes, and the kernel's default is to retransmit for a quarter of an hour.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(60);

/// Connects to an address.
pub(super) async fn open(address: SocketAddr, options: TcpOptions) -> io::Result<TcpStream> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    // Before the connection: the window scale is negotiated in its first packets.
    if let Some(bytes) = options.send_buffer_bytes {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer_bytes {
        socket.set_recv_buffer_size(bytes)?;
    }
    let stream = socket.connect(address).await?;
    // A request is written as a whole: Nagle's algorithm would only delay it.
    stream.set_nodelay(true)?;
    watch(&stream, options.keep_alive)?;
    Ok(stream)
}

/// Makes the close of the socket discard unsent bytes and reset the connection (RFC 9293, 3.10.5; `SO_LINGER` of 0). Returns
/// false if `stream` is not a socket of this crate.
pub(crate) fn discard_on_close(stream: &dyn Any) -> bool {
    let Some(stream) = stream.downcast_ref::<TcpStream>() else { return false };
    // Without the option the socket is closed as usual: the reset only saves the broker work.
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).is_ok()
}

/// Makes the system detect a dead peer.
fn watch(stream: &TcpStream, keep_alive: bool) -> io::Result<()> {
    let socket = SockRef::from(stream);
    if keep_alive {
        socket.set_tcp_keepalive(&probes())?;
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))?;
    Ok(())
}

/// Three unacknowledged probes end the connection: a minute after the last received packet.
fn probes() -> TcpKeepalive {
    // Load balancers drop connections that are idle for 4 minutes or more; the probes keep those alive too.
    let probes = TcpKeepalive::new().with_time(Duration::from_secs(30));
    // Other systems have their own values of these.
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple", target_os = "freebsd"))]
    let probes = probes.with_interval(Duration::from_secs(10)).with_retries(3);
    probes
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn opened(options: TcpOptions) -> (TcpStream, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = open(listener.local_addr().unwrap(), options).await.unwrap();
        (stream, listener)
    }

    #[tokio::test]
    async fn socket_has_no_delay_and_detects_a_dead_peer_in_a_minute() {
        let (stream, _listener) = opened(TcpOptions::default()).await;
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        let probed = socket.tcp_keepalive_interval().unwrap() * socket.tcp_keepalive_retries().unwrap();
        assert_eq!(socket.tcp_keepalive_time().unwrap() + probed, Duration::from_secs(60));
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(60)));
    }

    #[tokio::test]
    async fn socket_options_are_applied() {
        let options = TcpOptions {
            send_buffer_bytes: Some(65_536),
            receive_buffer_bytes: Some(32_768),
            keep_alive: false,
        };
        let (stream, _listener) = opened(options).await;
        let socket = SockRef::from(&stream);
        assert!(!socket.keepalive().unwrap());
        // Linux doubles the size, for its own bookkeeping.
        assert!([65_536, 131_072].contains(&socket.send_buffer_size().unwrap()));
        assert!([32_768, 65_536].contains(&socket.recv_buffer_size().unwrap()));
    }
}

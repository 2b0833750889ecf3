//! A TLS connection as a stream: vectored writes, slow and half-closed peers, and its end.

use std::io::{self, IoSlice};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio_rustls::TlsAcceptor;

use super::peer::{Network, Server, dial, ping, trusting};
use crate::tls::TlsVersions;

#[tokio::test]
async fn vectored_write_takes_all_slices_at_once() {
    let network = Server::new().start();
    let mut stream = dial(&network, &trusting(), "localhost").await.unwrap();
    assert!(stream.is_write_vectored());
    let slices: Vec<_> = (0..64).map(|index| vec![index; 700]).collect();
    let slices: Vec<_> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
    let written = stream.write_vectored(&slices).await.unwrap();
    assert_eq!(written, 64 * 700);
}

#[tokio::test]
async fn large_transfer_arrives_complete_in_both_directions() {
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let network = Server { versions, ..Server::new() }.start();
        let stream = dial(&network, &trusting(), "localhost").await.unwrap();
        let sent: Vec<u8> = (0..1_000_003_u32).map(|index| (index % 251) as u8).collect();
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut back = vec![0; sent.len()];
        let write = async {
            writer.write_all(&sent).await.unwrap();
            writer.flush().await.unwrap();
        };
        let (_, read) = tokio::join!(write, reader.read_exact(&mut back));
        read.unwrap();
        assert!(back == sent);
    }
}

#[tokio::test]
async fn peer_that_sends_single_bytes_is_read() {
    let config = Server::new().config();
    let network = Network::of(move |stream: DuplexStream| {
        let acceptor = TlsAcceptor::from(config.clone());
        async move {
            let mut stream = acceptor.accept(Dripping(stream)).await.unwrap();
            stream.write_all(b"slowly").await.unwrap();
            stream.flush().await.unwrap();
            let _ = stream.read(&mut [0; 1]).await;
        }
    });
    let mut stream = dial(&network, &trusting(), "localhost").await.unwrap();
    let mut back = [0; 6];
    stream.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"slowly");
}

#[tokio::test]
async fn connection_closed_without_close_notify_has_ended() {
    let config = Server::new().config();
    let network = Network::of(move |stream: DuplexStream| {
        let acceptor = TlsAcceptor::from(config.clone());
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            stream.write_all(b"half").await.unwrap();
            stream.flush().await.unwrap();
            drop(stream.into_inner());
        }
    });
    let mut stream = dial(&network, &trusting(), "localhost").await.unwrap();
    let mut back = Vec::new();
    stream.read_to_end(&mut back).await.unwrap();
    assert_eq!(back, b"half");
}

#[tokio::test]
async fn write_succeeds_after_the_close_notify_of_the_peer() {
    let config = Server::new().config();
    let network = Network::new(move |stream: DuplexStream| {
        let acceptor = TlsAcceptor::from(config.clone());
        tokio::spawn(async move {
            let mut stream = acceptor.accept(stream).await?;
            stream.get_mut().1.send_close_notify();
            stream.flush().await?;
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await?;
            Err(io::Error::other(String::from_utf8(received).unwrap()))
        })
    });
    let mut stream = dial(&network, &trusting(), "localhost").await.unwrap();
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
    stream.write_all(b"still here").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(network.observed().await.unwrap_err().to_string(), "still here");
}

#[tokio::test]
async fn dropped_or_shut_down_stream_sends_a_close_notify() {
    for shuts_down in [false, true] {
        let network = Server::new().start();
        let mut stream = dial(&network, &trusting(), "localhost").await.unwrap();
        ping(&mut stream).await.unwrap();
        if shuts_down {
            stream.shutdown().await.unwrap();
        }
        drop(stream);
        assert!(network.observed().await.unwrap().close_notify);
    }
}

#[tokio::test]
async fn reset_stream_sends_no_close_notify() {
    let network = Server::new().start();
    let mut stream = dial(&network, &trusting(), "localhost").await.unwrap();
    ping(&mut stream).await.unwrap();
    crate::reset(stream);
    assert!(!network.observed().await.unwrap().close_notify);
}

/// Passes on one byte at a time, in both directions.
struct Dripping(DuplexStream);

impl AsyncRead for Dripping {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        std::task::ready!(std::pin::Pin::new(&mut self.0).poll_read(cx, &mut one))?;
        buf.put_slice(one.filled());
        std::task::Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Dripping {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::pin::Pin::new(&mut self.0).poll_write(cx, &buf[..1.min(buf.len())])
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

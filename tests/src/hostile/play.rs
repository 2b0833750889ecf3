//! Plays a peer on a connection: forwards requests and responses, one at a time, until the peer's script begins.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use milena_fake::ApiKey;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::time::sleep;

use super::honest::Honest;
use super::script::{Act, At, Peer};

/// Bytes of a request that tell its API: those of the length, of the key and of the version.
const HEAD_BYTES: usize = 8;

/// What a peer did so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) lies: AtomicUsize,
    pub(super) longest: AtomicUsize,
}

/// A connection that may be reset.
pub(super) trait Line: AsyncRead + AsyncWrite + Unpin {
    /// Has it end with a reset, where there is such a thing.
    fn reset(&self) {}

    /// What carries it.
    fn beneath(&mut self) -> &mut (dyn AsyncWrite + Unpin + Send);
}

impl Line for DuplexStream {
    fn beneath(&mut self) -> &mut (dyn AsyncWrite + Unpin + Send) {
        self
    }
}

impl Line for tokio::net::TcpStream {
    fn reset(&self) {
        // Without it the connection ends in another way, which its test notices.
        let _ = self.set_zero_linger();
    }

    fn beneath(&mut self) -> &mut (dyn AsyncWrite + Unpin + Send) {
        self
    }
}

impl<S: Line> Line for tokio_rustls::server::TlsStream<S> {
    fn reset(&self) {
        self.get_ref().0.reset();
    }

    fn beneath(&mut self) -> &mut (dyn AsyncWrite + Unpin + Send) {
        self.get_mut().0.beneath()
    }
}

/// Plays until the connection ends.
pub(super) async fn play(mut line: impl Line, mut broker: DuplexStream, peer: &Peer, record: &Record) {
    // However it ends, it is over.
    let _ = converse(&mut line, &mut broker, peer, record).await;
}

async fn converse(
    line: &mut impl Line,
    broker: &mut DuplexStream,
    peer: &Peer,
    record: &Record,
) -> io::Result<()> {
    if matches!(peer.at, At::Secured) {
        return act(line, peer.does).await;
    }
    loop {
        let mut request = vec![0; HEAD_BYTES];
        line.read_exact(&mut request).await?;
        let api = ApiKey(i16::from_be_bytes([request[4], request[5]]));
        let version = i16::from_be_bytes([request[6], request[7]]);
        if peer.at == At::Asking(api) {
            return act(line, peer.does).await;
        }
        read_rest(line, &mut request).await?;
        let is_moment = peer.at == At::Asked(api);
        if is_moment && !needs_answer(peer.does) {
            return act(line, peer.does).await;
        }
        broker.write_all(&request).await?;
        let mut answer = vec![0; 4];
        broker.read_exact(&mut answer).await?;
        read_rest(broker, &mut answer).await?;
        if is_moment {
            let turn = record.lies.fetch_add(1, Ordering::Relaxed);
            spoil(line, peer.does, Honest { frame: answer, version, turn }, record).await?;
        } else {
            line.write_all(&answer).await?;
            line.flush().await?;
        }
    }
}

/// Reads what is missing of a frame of which the length and perhaps more is there.
async fn read_rest(from: &mut (impl AsyncRead + Unpin), frame: &mut Vec<u8>) -> io::Result<()> {
    let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
    let there = frame.len();
    frame.resize(4 + length, 0);
    from.read_exact(&mut frame[there..]).await.map(drop)
}

const fn needs_answer(act: Act) -> bool {
    matches!(act, Act::Nothing | Act::Drip(_) | Act::Cut(_) | Act::Lie(_))
}

/// What needs no answer of a broker, and leaves nothing to be said.
pub(super) async fn act(line: &mut impl Line, act: Act) -> io::Result<()> {
    match act {
        Act::Reset => line.reset(),
        Act::Deafness => std::future::pending().await,
        Act::Say(bytes) | Act::SayAndClose(bytes) | Act::SayAndReset(bytes) => {
            line.write_all(bytes).await?;
            line.flush().await?;
        }
        Act::Beneath(bytes) => line.beneath().write_all(bytes).await?,
        Act::Trickle(bytes, every) => {
            line.write_all(bytes).await?;
            loop {
                line.flush().await?;
                sleep(every).await;
                line.write_all(&[0]).await?;
            }
        }
        Act::Flood(bytes, zeros) => {
            line.write_all(bytes).await?;
            const PIECE: [u8; 4096] = [0; 4096];
            for _ in 0..zeros / PIECE.len() {
                line.write_all(&PIECE).await?;
            }
            line.flush().await?;
        }
        Act::Silence | Act::Close | Act::Nothing | Act::Drip(_) | Act::Cut(_) | Act::Lie(_) => {}
    }
    match act {
        Act::Close | Act::SayAndClose(_) => line.shutdown().await,
        Act::Reset => Ok(()),
        Act::SayAndReset(_) => {
            // What was said has to arrive before the reset, which overtakes what waits in the kernel.
            sleep(std::time::Duration::from_millis(20)).await;
            line.reset();
            Ok(())
        }
        _ => listen(line).await,
    }
}

/// Reads until the other side has enough.
async fn listen(line: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut heard = [0; 4096];
    while line.read(&mut heard).await? > 0 {}
    Ok(())
}

/// What is made of an honest answer.
async fn spoil(line: &mut impl Line, act: Act, honest: Honest, record: &Record) -> io::Result<()> {
    match act {
        Act::Drip(every) => {
            for byte in honest.frame {
                line.write_all(&[byte]).await?;
                line.flush().await?;
                sleep(every).await;
            }
        }
        Act::Cut(bytes) => {
            line.write_all(&honest.frame[..bytes.min(honest.frame.len())]).await?;
            line.shutdown().await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Act::Lie(lie) => {
            let bytes = lie(honest);
            record.longest.fetch_max(bytes.len(), Ordering::Relaxed);
            line.write_all(&bytes).await?;
        }
        _ => line.write_all(&honest.frame).await?,
    }
    line.flush().await
}

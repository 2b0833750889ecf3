//! One connection: frames in, one request after the other, responses out in order, each at its time.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use milena_codec::frame::{LENGTH_BYTES, frame_length};
use milena_codec::ids::BrokerId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

use super::shared::Shared;
use crate::core::{Call, ConnectionId, Effect, Pending, Served};

/// `socket.request.max.bytes`.
const FRAME_MAX: usize = 104_857_600;
/// Most responses that wait for their time; the connection is not read from while there are as many.
const RESPONSES_MAX: usize = 1024;
const READ_BYTES: usize = 64 << 10;

/// Serves a connection until either side closes it, or the broker's listener closes.
pub(crate) async fn serve<S>(
    stream: S,
    shared: Arc<Shared>,
    broker: BrokerId,
    mut shutdown: watch::Receiver<()>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tokio::select! {
        biased;
        // Nothing is ever sent: this ends when the sender is dropped.
        _ = shutdown.changed() => {}
        // A peer that went away ends its connection, and nothing else.
        _ = secured(stream, &shared, broker) => {}
    }
}

/// Serves a connection behind TLS, if the cluster has TLS.
async fn secured<S>(stream: S, shared: &Arc<Shared>, broker: BrokerId) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    #[cfg(feature = "tls")]
    if let Some(config) = &shared.tls {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(config));
        return talk(acceptor.accept(stream).await?, shared, broker).await;
    }
    talk(stream, shared, broker).await
}

async fn talk<S>(stream: S, shared: &Arc<Shared>, broker: BrokerId) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(id) = shared.core().connect(broker) else { return Ok(()) };
    let _connected = Connected { shared, id };
    let mut connection = Connection {
        stream,
        shared: Arc::clone(shared),
        id,
        received: BytesMut::new(),
        responses: VecDeque::new(),
        waiting: None,
        closing: false,
        client_side: ClientSide::Open,
        bare: false,
    };
    connection.run().await
}

/// A connection that the core knows of, until this is dropped.
struct Connected<'a> {
    shared: &'a Shared,
    id: ConnectionId,
}

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.shared.core().disconnect(self.id);
    }
}

struct Connection<S> {
    stream: S,
    shared: Arc<Shared>,
    id: ConnectionId,
    received: BytesMut,
    /// Invariant: in the order of the requests, and so of their times.
    responses: VecDeque<(Duration, Bytes)>,
    waiting: Option<(Option<Duration>, Box<Pending>)>,
    closing: bool,
    client_side: ClientSide,
    /// Frames hold the bytes of a SASL mechanism without Kafka's headers.
    bare: bool,
}

/// The client's side of a connection; once it is closed, the client's requests are served without responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientSide {
    Open,
    /// To be closed, before anything else is written.
    Closing,
    Closed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn run(&mut self) -> io::Result<()> {
        let mut changes = self.shared.changes();
        loop {
            changes.borrow_and_update();
            self.turn();
            match self.client_side {
                ClientSide::Open => self.write_due().await?,
                _ => self.disconnect_client().await,
            }
            if self.closing && self.responses.is_empty() {
                return self.stream.shutdown().await;
            }
            let may_read = self.waiting.is_none() && !self.closing && self.responses.len() < RESPONSES_MAX;
            let until = self.next_time().map(|elapsed| self.shared.at(elapsed));
            if may_read {
                self.received.reserve(self.room());
            }
            tokio::select! {
                biased;
                () = sleep_until(until), if until.is_some() => {}
                // The sender lives as long as `shared`.
                _ = changes.changed(), if self.waiting.is_some() => {}
                read = self.stream.read_buf(&mut self.received), if may_read => {
                    if read? == 0 {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Serves what can be served now.
    fn turn(&mut self) {
        if let Some((_, pending)) = self.waiting.take() {
            let turn = self.shared.core().resume(self.shared.now(), pending);
            self.take(turn);
        }
        while self.waiting.is_none() && !self.closing && self.responses.len() < RESPONSES_MAX {
            let call = match frame_length(&self.received, FRAME_MAX) {
                Err(error) => Err(error.to_string()),
                Ok(Some(length)) if self.received.len() >= LENGTH_BYTES + length => {
                    let mut frame = self.received.split_to(LENGTH_BYTES + length).freeze();
                    let frame = frame.split_off(LENGTH_BYTES);
                    match self.bare {
                        true => Ok(Call::bare(frame)),
                        false => Call::read(frame, self.shared.skips_cross_check),
                    }
                }
                Ok(_) => return,
            };
            let turn = self.shared.core().handle(self.shared.now(), self.id, call);
            self.take(turn);
            self.shared.changed();
        }
    }

    fn take(&mut self, turn: Served) {
        match turn {
            Served::Wait { until, pending } => {
                if pending.disconnects_first() && self.client_side == ClientSide::Open {
                    self.client_side = ClientSide::Closing;
                }
                self.waiting = Some((until, pending));
            }
            Served::Done(effects) => {
                for effect in effects {
                    match effect {
                        Effect::Send { bytes, at } => self.responses.push_back((at, bytes)),
                        Effect::Bare(bare) => self.bare = bare,
                        Effect::Close => self.closing = true,
                    }
                }
            }
        }
    }

    /// Closes the client's side, and drops the responses.
    async fn disconnect_client(&mut self) {
        self.responses.clear();
        if self.client_side == ClientSide::Closing {
            self.client_side = ClientSide::Closed;
            // A client that has gone already sees nothing.
            let _ = self.stream.shutdown().await;
        }
    }

    /// Writes the responses whose time has come, in one go.
    async fn write_due(&mut self) -> io::Result<()> {
        let now = self.shared.now().elapsed;
        let mut due = BytesMut::new();
        while self.responses.front().is_some_and(|(at, _)| *at <= now) {
            due.extend(self.responses.pop_front().map(|(_, bytes)| bytes).unwrap_or_default());
        }
        match due.is_empty() {
            true => Ok(()),
            false => {
                self.stream.write_all(&due).await?;
                self.stream.flush().await
            }
        }
    }

    fn next_time(&self) -> Option<Duration> {
        let waiting = self.waiting.as_ref().and_then(|(until, _)| *until);
        let response = self.responses.front().map(|(at, _)| *at);
        waiting.into_iter().chain(response).min()
    }

    /// How much to make room for: the rest of the frame, but never more than as much again as is there already, so
    /// that a length alone costs nothing.
    fn room(&self) -> usize {
        let whole = frame_length(&self.received, FRAME_MAX).ok().flatten().unwrap_or(0) + LENGTH_BYTES;
        whole.saturating_sub(self.received.len()).clamp(READ_BYTES, self.received.len().max(READ_BYTES))
    }
}

async fn sleep_until(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

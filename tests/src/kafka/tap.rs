//! A proxy to a real broker, in which a test delays or drops responses, or truncates requests.
//!
//! It stands around the connections that carry Produce requests and leaves all others alone: the producer goes on to
//! learn about its cluster.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use milena::Endpoint;
use milena::transport::{BoxStream, Connector, Dial, Tcp};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connector by TCP whose Produce connections a test disturbs. Clones share what was asked for.
#[derive(Clone, Debug, Default)]
pub struct Tap {
    tcp: Tcp,
    orders: Arc<Mutex<Orders>>,
}

/// What a test asked for, and how much of it was done.
#[derive(Debug, Default)]
struct Orders {
    /// Answers are held back.
    holds: bool,
    /// Connections that wait for that to end.
    held: Vec<Waker>,
    /// So many answers are still to be lost.
    to_lose: usize,
    /// So many requests are still to be cut.
    to_cut: usize,
    /// So many answers were lost and requests cut.
    done: usize,
    /// So many Produce requests began.
    requests: usize,
    /// How many connections there were.
    connections: usize,
    /// So many of them are broken, with what they held back.
    broken: usize,
}

impl Tap {
    /// From now on no answer to Produce comes through: the brokers take requests, and seem busy.
    pub fn hold(&self) {
        self.orders().holds = true;
    }

    /// Lets all answers through that were held back.
    pub fn release(&self) {
        let mut orders = self.orders();
        orders.holds = false;
        orders.held.drain(..).for_each(Waker::wake);
    }

    /// All connections of so far break, and the answers that they held back are lost. Later ones are left alone.
    pub fn lose_held(&self) {
        let mut orders = self.orders();
        orders.broken = orders.connections;
        orders.holds = false;
        orders.held.drain(..).for_each(Waker::wake);
    }

    /// The next answer to Produce is lost, and its connection with it: the broker appended the batches, and the producer does not learn it.
    pub fn lose_answer(&self) {
        self.orders().to_lose += 1;
    }

    /// The next Produce request breaks off behind its first bytes, and so does its connection: the broker does nothing.
    pub fn cut_request(&self) {
        self.orders().to_cut += 1;
    }

    /// How many answers were lost and requests cut.
    #[must_use]
    pub fn done(&self) -> usize {
        self.orders().done
    }

    /// How many Produce requests began, on all connections.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.orders().requests
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Orders {
    /// Whether an answer that has come is lost.
    fn loses(&mut self) -> bool {
        let loses = self.to_lose > 0;
        self.to_lose -= usize::from(loses);
        self.done += usize::from(loses);
        loses
    }

    /// Whether a request that begins is cut.
    fn cuts(&mut self) -> bool {
        let cuts = self.to_cut > 0;
        self.to_cut -= usize::from(cuts);
        self.done += usize::from(cuts);
        cuts
    }
}

impl Connector for Tap {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        Box::pin(async move {
            let stream = self.tcp.connect(endpoint, within).await?;
            let number = {
                let mut orders = self.orders();
                orders.connections += 1;
                orders.connections
            };
            let tapped =
                Tapped { tap: self.clone(), number, stream, frames: Frames::default(), is_broken: false };
            Ok(Box::new(tapped) as BoxStream)
        })
    }
}

/// A connection. It takes one slice a write, which is the default of streams.
struct Tapped {
    tap: Tap,
    /// Of all connections, from 1 on.
    number: usize,
    stream: BoxStream,
    frames: Frames,
    is_broken: bool,
}

impl AsyncWrite for Tapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        let begun = self.frames.follow(&bytes[..written]);
        if begun > 0 {
            let mut orders = self.tap.orders();
            orders.requests += begun;
            let cuts = orders.cuts();
            drop(orders);
            self.is_broken |= cuts;
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_broken {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if !self.frames.carry_produce {
            return Pin::new(&mut self.stream).poll_read(cx, space);
        }
        let tap = self.tap.clone();
        let mut orders = tap.orders();
        if self.number <= orders.broken {
            self.is_broken = true;
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if orders.holds {
            orders.held.push(cx.waker().clone());
            return Poll::Pending;
        }
        let before = space.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, space))?;
        if space.filled().len() > before && orders.loses() {
            space.set_filled(before);
            self.is_broken = true;
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

/// Finds the requests in what is written: a frame is its length in four bytes, then the number of its API in two.
#[derive(Debug, Default)]
struct Frames {
    head: Vec<u8>,
    /// So many bytes of the frame are still to come.
    left: usize,
    /// There was a Produce request.
    carry_produce: bool,
}

impl Frames {
    /// How many Produce requests begin in these bytes.
    fn follow(&mut self, mut bytes: &[u8]) -> usize {
        const PRODUCE: [u8; 2] = [0, 0];
        let mut begun = 0;
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let passed = self.left.min(bytes.len());
                self.left -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            self.head.push(*first);
            bytes = rest;
            if let [a, b, c, d, api @ ..] = &self.head[..]
                && api.len() == PRODUCE.len()
            {
                begun += usize::from(api == PRODUCE);
                self.left =
                    usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX) - api.len();
                self.head.clear();
            }
        }
        self.carry_produce |= begun > 0;
        begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of an API, with so many bytes behind it.
    fn frame(api: u8, bytes: u8) -> Vec<u8> {
        [&[0, 0, 0, 2 + bytes, 0, api][..], &vec![0; usize::from(bytes)]].concat()
    }

    #[test]
    fn produce_requests_are_found_however_their_bytes_are_cut() {
        let written = [frame(18, 9), frame(3, 0), frame(0, 40), frame(0, 1), frame(18, 1)].concat();
        for piece in [1, 2, 3, 7, 100] {
            let mut frames = Frames::default();
            let begun: usize = written.chunks(piece).map(|bytes| frames.follow(bytes)).sum();
            assert_eq!((begun, frames.carry_produce), (2, true), "pieces of {piece}");
        }
    }

    #[test]
    fn requests_of_other_apis_are_not_found() {
        let mut frames = Frames::default();
        assert_eq!(frames.follow(&[frame(18, 200), frame(22, 3)].concat()), 0);
        assert!(!frames.carry_produce);
    }

    #[test]
    fn each_order_applies_to_one_answer_or_request() {
        let tap = Tap::default();
        tap.lose_answer();
        tap.cut_request();
        assert!(tap.orders().loses() && !tap.orders().loses());
        assert!(tap.orders().cuts() && !tap.orders().cuts());
        assert_eq!(tap.done(), 2);
    }
}

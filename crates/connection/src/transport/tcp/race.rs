//! Happy eyeballs (RFC 8305): the order of a host's addresses, and the delay between parallel connection attempts.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::clock;
use crate::transport::Attempt;

/// The delay before the next address is tried in parallel (RFC 8305, 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Interleaves IPv6 and IPv4, each in the given order: if one family is unreachable, the other is tried soon.
pub(super) fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut ordered = Vec::with_capacity(first.len() + second.len());
    while first.len() + second.len() > 0 {
        ordered.extend(first.next());
        ordered.extend(second.next());
    }
    ordered
}

/// Tries the addresses in parallel until a connection is established or `deadline` is over. Every address is tried, however
/// short the time is.
///
/// # Errors
/// The error of each address.
pub(super) async fn race<S, C>(
    addresses: &[SocketAddr],
    deadline: Instant,
    connect: impl Fn(SocketAddr) -> C,
) -> Result<S, Vec<Attempt>>
where
    C: Future<Output = io::Result<S>>,
{
    let began = Instant::from_std(clock::now());
    let within = deadline.saturating_duration_since(began);
    let head_start = HEAD_START.min(within / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1));
    let mut waiting = addresses.iter();
    let mut running: Vec<(SocketAddr, Pin<Box<C>>)> = Vec::with_capacity(addresses.len());
    let mut failed = Vec::with_capacity(addresses.len());
    loop {
        running.extend(waiting.next().map(|address| (*address, Box::pin(connect(*address)))));
        let until = match waiting.len() {
            0 => deadline,
            _ => deadline.min(Instant::from_std(clock::now()) + head_start),
        };
        match timeout_at(until, first_of(&mut running)).await {
            Ok((_, Ok(stream))) => return Ok(stream),
            Ok((address, Err(error))) => failed.push(Attempt { address, error }),
            Err(_) if waiting.len() > 0 => continue,
            Err(_) => {
                let silent =
                    || io::Error::new(io::ErrorKind::TimedOut, format!("no response within {within:?}"));
                failed.extend(
                    running.iter().map(|(address, _)| Attempt { address: *address, error: silent() }),
                );
                return Err(failed);
            }
        }
        if running.is_empty() && waiting.len() == 0 {
            return Err(failed);
        }
    }
}

/// Removes the first attempt that has ended; earlier attempts are polled first.
async fn first_of<S, C>(running: &mut Vec<(SocketAddr, Pin<Box<C>>)>) -> (SocketAddr, io::Result<S>)
where
    C: Future<Output = io::Result<S>>,
{
    poll_fn(|context| {
        for index in 0..running.len() {
            if let Poll::Ready(outcome) = running[index].1.as_mut().poll(context) {
                return Poll::Ready((running.remove(index).0, outcome));
            }
        }
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(12);

    fn v4(last: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, last], 9092))
    }

    fn v6(last: u16) -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, last], 9092))
    }

    /// The behaviour of an address.
    #[derive(Clone, Copy)]
    enum Host {
        Silent,
        Refuses,
        Takes(Duration),
    }

    /// The result of a race between three addresses, and its duration in milliseconds.
    async fn run(hosts: [Host; 3], within: Duration) -> (Result<SocketAddr, Vec<Attempt>>, u128) {
        let addresses = [1, 2, 3].map(v4);
        let began = clock::now();
        let connect = |address: SocketAddr| async move {
            match hosts[addresses.iter().position(|known| *known == address).unwrap()] {
                Host::Silent => std::future::pending().await,
                Host::Refuses => Err(io::ErrorKind::ConnectionRefused.into()),
                Host::Takes(time) => {
                    sleep(time).await;
                    Ok(address)
                }
            }
        };
        let outcome = race(&addresses, Instant::from_std(began) + within, connect).await;
        (outcome, (clock::now() - began).as_millis())
    }

    const FAST: Host = Host::Takes(Duration::from_millis(1));

    #[tokio::test(start_paused = true)]
    async fn silent_address_delays_the_next_one_by_a_quarter_of_a_second() {
        let (taken, ms) = run([Host::Silent, FAST, FAST], TIMEOUT).await;
        assert_eq!((taken.unwrap(), ms), (v4(2), 251));
        let (taken, ms) = run([Host::Silent, Host::Silent, FAST], TIMEOUT).await;
        assert_eq!((taken.unwrap(), ms), (v4(3), 501));
    }

    #[tokio::test(start_paused = true)]
    async fn refused_address_costs_no_time_and_a_slow_one_may_win() {
        let (taken, ms) = run([Host::Refuses, Host::Refuses, FAST], TIMEOUT).await;
        assert_eq!((taken.unwrap(), ms), (v4(3), 1));
        let slow = Host::Takes(Duration::from_secs(3));
        let (taken, ms) = run([slow, Host::Silent, Host::Refuses], TIMEOUT).await;
        assert_eq!((taken.unwrap(), ms), (v4(1), 3_000));
    }

    #[tokio::test(start_paused = true)]
    async fn race_ends_at_its_deadline_with_an_error_of_every_address() {
        for within in [TIMEOUT, Duration::from_millis(90)] {
            let (taken, ms) = run([Host::Silent, Host::Refuses, Host::Silent], within).await;
            assert_eq!(ms, within.as_millis());
            let tried = taken.unwrap_err();
            let mut tried: Vec<_> = tried.iter().map(|tried| (tried.address, tried.error.kind())).collect();
            tried.sort_unstable();
            let kinds = [io::ErrorKind::TimedOut, io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut];
            assert_eq!(tried, [1, 2, 3].map(v4).into_iter().zip(kinds).collect::<Vec<_>>());
        }
    }

    #[test]
    fn address_families_alternate_from_the_first_of_the_resolver() {
        let mixed = vec![v6(1), v6(2), v6(3), v4(1), v4(2)];
        assert_eq!(alternate(mixed), [v6(1), v4(1), v6(2), v4(2), v6(3)]);
        assert_eq!(alternate(vec![v4(1), v4(2), v6(1)]), [v4(1), v6(1), v4(2)]);
        assert_eq!(alternate(vec![v4(2), v4(1)]), [v4(2), v4(1)]);
        assert_eq!(alternate(Vec::new()), []);
    }
}

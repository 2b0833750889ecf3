//! Name resolution by the system, with bounded look-ups.
//!
//! The system's resolver blocks a thread, and cannot be cancelled. So a name has one look-up at a time, further calls for the
//! name wait for the same result, and the number of look-ups is bounded. An IP address needs no look-up.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::endpoint::Endpoint;
use crate::lock::lock;

/// The maximum number of addresses of a name that are tried.
const ADDRESSES_MAX: usize = 16;
/// The maximum number of concurrent look-ups; each may block a thread of the runtime.
const LOOK_UPS_MAX: usize = 32;

/// The system's resolver, with bounds.
#[derive(Debug)]
pub(super) struct Resolver {
    system: fn(&str) -> io::Result<Vec<SocketAddr>>,
    /// The look-ups in progress, by name. Locked for reads and changes of the map only.
    look_ups: Arc<Mutex<LookUps>>,
}

type LookUps = BTreeMap<String, LookUp>;

/// The result of a look-up, once it is there. An I/O error cannot be cloned: its kind and text go to all receivers.
type LookUp = watch::Receiver<Option<Result<Vec<SocketAddr>, (io::ErrorKind, String)>>>;

impl Default for Resolver {
    fn default() -> Self {
        Self::of(|host| Ok((host, 0).to_socket_addrs()?.collect()))
    }
}

impl Resolver {
    fn of(system: fn(&str) -> io::Result<Vec<SocketAddr>>) -> Self {
        Self { system, look_ups: Arc::default() }
    }

    /// The addresses of an endpoint, each once, in the resolver's order.
    ///
    /// # Cancel safety
    /// A look-up in progress continues, and further calls for the name wait for its result.
    pub(super) async fn addresses(&self, endpoint: &Endpoint) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = endpoint.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, endpoint.port)]);
        }
        let mut look_up = self.look_up(&endpoint.host)?;
        let lost = |_| io::Error::other("the look-up ended without a result");
        let result = look_up.wait_for(Option::is_some).await.map_err(lost)?.clone();
        let found = result.unwrap_or_else(|| Ok(Vec::new()));
        let found = found.map_err(|(kind, text)| io::Error::new(kind, text))?;
        let mut addresses = Vec::new();
        for mut address in found.into_iter().take(ADDRESSES_MAX) {
            address.set_port(endpoint.port);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }

    /// The look-up of the name in progress, or a new one.
    fn look_up(&self, host: &str) -> io::Result<LookUp> {
        let mut look_ups = lock(&self.look_ups);
        if let Some(look_up) = look_ups.get(host) {
            return Ok(look_up.clone());
        }
        if look_ups.len() >= LOOK_UPS_MAX {
            let text = format!("{LOOK_UPS_MAX} look-ups of other names are in progress");
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, text));
        }
        let (sender, look_up) = watch::channel(None);
        look_ups.insert(host.to_owned(), look_up.clone());
        let (system, look_ups) = (self.system, Arc::clone(&self.look_ups));
        let host = host.to_owned();
        spawn_blocking(move || {
            let _finished = Finished { host: &host, look_ups: &look_ups };
            let found = system(&host).map_err(|error| (error.kind(), error.to_string()));
            sender.send_replace(Some(found));
        });
        Ok(look_up)
    }
}

/// Removes the look-up on drop: at its end, even by a panic.
struct Finished<'a> {
    host: &'a str,
    look_ups: &'a Mutex<LookUps>,
}

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        lock(self.look_ups).remove(self.host);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, MutexGuard};

    use tokio::join;

    use super::*;

    fn endpoint(host: &str) -> Endpoint {
        Endpoint { host: host.to_owned(), port: 9092 }
    }

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, last], 9092))
    }

    #[tokio::test]
    async fn address_needs_no_resolver() {
        let resolver = Resolver::of(|host| panic!("look-up of {host}"));
        assert_eq!(resolver.addresses(&endpoint("10.0.0.7")).await.unwrap(), [address(7)]);
        let v6 = resolver.addresses(&endpoint("::1")).await.unwrap();
        assert_eq!(v6[0].to_string(), "[::1]:9092");
    }

    #[tokio::test]
    async fn addresses_of_a_name_are_unique_and_bounded() {
        let many = |_: &str| Ok((0..=255).chain(0..=255).map(|last| address(last / 2)).collect());
        let found = Resolver::of(many).addresses(&endpoint("many")).await.unwrap();
        assert_eq!(found, (0..8).map(address).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn failed_look_up_is_reported_and_not_kept() {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let resolver = Resolver::of(|_| match CALLS.fetch_add(1, Ordering::Relaxed) {
            0 => Err(io::Error::new(io::ErrorKind::NotFound, "not yet")),
            _ => Ok(vec![address(1)]),
        });
        let error = resolver.addresses(&endpoint("late")).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::NotFound, "not yet"));
        // The look-up is removed a moment after its result.
        while !resolver.look_ups.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(resolver.addresses(&endpoint("late")).await.unwrap(), [address(1)]);
    }

    /// Whether the resolver hangs.
    static HANGS: (Mutex<bool>, Condvar) = (Mutex::new(true), Condvar::new());
    static HUNG: AtomicUsize = AtomicUsize::new(0);

    fn hanging(_: &str) -> io::Result<Vec<SocketAddr>> {
        HUNG.fetch_add(1, Ordering::Relaxed);
        let hangs: MutexGuard<'_, bool> = HANGS.0.lock().unwrap();
        drop(HANGS.1.wait_while(hangs, |hangs| *hangs).unwrap());
        Ok(vec![address(1)])
    }

    #[tokio::test]
    async fn hanging_resolver_blocks_one_thread_a_name_and_a_bounded_number() {
        let resolver = Resolver::of(hanging);
        for _ in 0..100 {
            // Cancelled at once, as by a dropped dial.
            assert!(futures_poll(resolver.addresses(&endpoint("hung"))).await.is_none());
        }
        let of = |number: usize| endpoint(&format!("hung-{number}"));
        for number in 1..LOOK_UPS_MAX {
            assert!(futures_poll(resolver.addresses(&of(number))).await.is_none());
        }
        let error = resolver.addresses(&of(LOOK_UPS_MAX)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy, "{error}");
        *HANGS.0.lock().unwrap() = false;
        HANGS.1.notify_all();
        let (hung, one) = (endpoint("hung"), of(1));
        let (first, other) = join!(resolver.addresses(&hung), resolver.addresses(&one));
        assert_eq!((first.unwrap(), other.unwrap()), (vec![address(1)], vec![address(1)]));
        assert!(HUNG.load(Ordering::Relaxed) <= LOOK_UPS_MAX + 2, "one for each name, and the last two");
    }

    /// Polls once; none if the future is not ready.
    async fn futures_poll<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match future.as_mut().poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}

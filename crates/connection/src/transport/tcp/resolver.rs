//! From a host to its addresses, with few questions to the system's resolver.
//!
//! The system's resolver blocks a thread, and nothing stops it before it has made up its mind. So a name is asked for
//! once at a time, whoever wants it meanwhile waits for the same answer, and there is a bound on how many names are
//! asked for at all. An address needs no resolver.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::endpoint::Endpoint;

/// Most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 16;
/// Most names that are asked for at a time, each with a thread of the runtime's that it may block.
const QUESTIONS_MAX: usize = 32;

/// Asks the system, with bounds.
#[derive(Debug)]
pub(super) struct Resolver {
    system: fn(&str) -> io::Result<Vec<SocketAddr>>,
    /// The names that are being asked for. Held for the time of a look alone.
    questions: Arc<Mutex<BTreeMap<String, Answer>>>,
}

/// What the system says, once it does; the error by its kind and its words, for it has several readers.
type Answer = watch::Receiver<Option<Result<Vec<SocketAddr>, (io::ErrorKind, String)>>>;

impl Default for Resolver {
    fn default() -> Self {
        Self::of(|host| Ok((host, 0).to_socket_addrs()?.collect()))
    }
}

impl Resolver {
    fn of(system: fn(&str) -> io::Result<Vec<SocketAddr>>) -> Self {
        Self { system, questions: Arc::default() }
    }

    /// The addresses of an endpoint, each once, in the resolver's order.
    ///
    /// # Cancel safety
    /// Dropped, the system's resolver goes on by itself, and its answer is for whoever asks next until it is there.
    pub(super) async fn addresses(&self, endpoint: &Endpoint) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = endpoint.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, endpoint.port)]);
        }
        let mut answer = self.question(&endpoint.host)?;
        let ended = |_| io::Error::other("the look-up came to no end");
        let answer = answer.wait_for(Option::is_some).await.map_err(ended)?.clone();
        let found = answer.unwrap_or_else(|| Ok(Vec::new()));
        let found = found.map_err(|(kind, said)| io::Error::new(kind, said))?;
        let mut addresses = Vec::new();
        for mut address in found.into_iter().take(ADDRESSES_MAX) {
            address.set_port(endpoint.port);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }

    /// The question about this name that is out, or a new one.
    fn question(&self, host: &str) -> io::Result<Answer> {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = questions.get(host) {
            return Ok(answer.clone());
        }
        if questions.len() >= QUESTIONS_MAX {
            let said = format!("{QUESTIONS_MAX} other names are being resolved, and none is answered");
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, said));
        }
        let (tell, answer) = watch::channel(None);
        questions.insert(host.to_owned(), answer.clone());
        let (system, asked) = (self.system, Arc::clone(&self.questions));
        let host = host.to_owned();
        spawn_blocking(move || {
            let _answered = Answered { host: &host, asked: &asked };
            let found = system(&host).map_err(|error| (error.kind(), error.to_string()));
            tell.send_replace(Some(found));
        });
        Ok(answer)
    }
}

/// Takes the question off the list when it is dropped: at its end, even a bad one.
struct Answered<'a> {
    host: &'a str,
    asked: &'a Mutex<BTreeMap<String, Answer>>,
}

impl Drop for Answered<'_> {
    fn drop(&mut self) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(self.host);
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
    async fn an_address_needs_no_resolver() {
        let resolver = Resolver::of(|host| panic!("asked for {host}"));
        assert_eq!(resolver.addresses(&endpoint("10.0.0.7")).await.unwrap(), [address(7)]);
        let v6 = resolver.addresses(&endpoint("::1")).await.unwrap();
        assert_eq!(v6[0].to_string(), "[::1]:9092");
    }

    #[tokio::test]
    async fn every_address_of_a_name_comes_once_and_their_number_is_bounded() {
        let many = |_: &str| Ok((0..=255).chain(0..=255).map(|last| address(last / 2)).collect());
        let found = Resolver::of(many).addresses(&endpoint("many")).await.unwrap();
        assert_eq!(found, (0..8).map(address).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn an_error_is_told_and_the_next_question_is_a_new_one() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let resolver = Resolver::of(|_| match ASKED.fetch_add(1, Ordering::Relaxed) {
            0 => Err(io::Error::new(io::ErrorKind::NotFound, "not yet")),
            _ => Ok(vec![address(1)]),
        });
        let error = resolver.addresses(&endpoint("late")).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::NotFound, "not yet"));
        // The question is taken off the list a moment after its answer.
        while !resolver.questions.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(resolver.addresses(&endpoint("late")).await.unwrap(), [address(1)]);
    }

    /// A resolver that hangs until it is told to answer.
    static HANGS: (Mutex<bool>, Condvar) = (Mutex::new(true), Condvar::new());
    static HUNG: AtomicUsize = AtomicUsize::new(0);

    fn hanging(_: &str) -> io::Result<Vec<SocketAddr>> {
        HUNG.fetch_add(1, Ordering::Relaxed);
        let hangs: MutexGuard<'_, bool> = HANGS.0.lock().unwrap();
        drop(HANGS.1.wait_while(hangs, |hangs| *hangs).unwrap());
        Ok(vec![address(1)])
    }

    #[tokio::test]
    async fn a_resolver_that_hangs_gathers_no_more_threads_than_there_are_names_and_these_are_bounded() {
        let resolver = Resolver::of(hanging);
        for _ in 0..100 {
            // Given up at once, as by a dial that is dropped.
            assert!(futures_poll(resolver.addresses(&endpoint("hung"))).await.is_none());
        }
        let of = |number: usize| endpoint(&format!("hung-{number}"));
        for number in 1..QUESTIONS_MAX {
            assert!(futures_poll(resolver.addresses(&of(number))).await.is_none());
        }
        let error = resolver.addresses(&of(QUESTIONS_MAX)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy, "{error}");
        *HANGS.0.lock().unwrap() = false;
        HANGS.1.notify_all();
        let (hung, one) = (endpoint("hung"), of(1));
        let (first, other) = join!(resolver.addresses(&hung), resolver.addresses(&one));
        assert_eq!((first.unwrap(), other.unwrap()), (vec![address(1)], vec![address(1)]));
        assert!(HUNG.load(Ordering::Relaxed) <= QUESTIONS_MAX + 2, "one for each name, and the last two");
    }

    /// Polls once; none when that was not enough.
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

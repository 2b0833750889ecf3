//! The state that the tasks of a cluster and its handle share.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use milena_codec::ids::BrokerId;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::core::{Core, Now};

#[derive(Debug)]
pub(crate) struct Shared {
    /// Held for one step of one request, or for an operation.
    core: Mutex<Core>,
    /// Counts what happened that a waiting request may wait for.
    changes: watch::Sender<u64>,
    /// Held while a listener opens or closes.
    listeners: Mutex<BTreeMap<BrokerId, Listener>>,
    runtime: Handle,
    started: Instant,
    started_wall_ms: i64,
    /// Whether Produce requests are read by our own decoder alone, and their buffers used again.
    pub(crate) skips_cross_check: bool,
    /// TLS of the connections; none for plaintext.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
}

/// The listener of a broker.
#[derive(Debug)]
struct Listener {
    /// Dropped when the listener closes, which ends the connections.
    shutdown: watch::Sender<()>,
    /// Dropped with the listener, which closes the socket.
    _listening: Option<ListeningSocket>,
}

/// A listening socket and the task that accepts from it.
#[derive(Debug)]
pub(crate) struct ListeningSocket {
    /// Taken out to close the socket at once, wherever the task is.
    pub(crate) socket: Arc<Mutex<Option<TcpListener>>>,
    pub(crate) task: AbortHandle,
}

impl Drop for ListeningSocket {
    fn drop(&mut self) {
        drop(lock(&self.socket).take());
        self.task.abort();
    }
}

impl Shared {
    pub(crate) fn new(core: Core, runtime: Handle, wall_ms: Option<i64>, skips_cross_check: bool) -> Self {
        Self {
            core: Mutex::new(core),
            changes: watch::Sender::new(0),
            listeners: Mutex::default(),
            runtime,
            started: instant(),
            started_wall_ms: wall_ms.unwrap_or_else(wall_clock_ms),
            skips_cross_check,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        lock(&self.core)
    }

    /// Wakes the requests that wait.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Opens a broker's listener; what came in by the one before ends.
    pub(crate) fn open(&self, broker: BrokerId, socket: Option<ListeningSocket>) {
        let shutdown = watch::Sender::new(());
        lock(&self.listeners).insert(broker, Listener { shutdown, _listening: socket });
    }

    pub(crate) fn close(&self, broker: BrokerId) {
        lock(&self.listeners).remove(&broker);
        self.changed();
    }

    pub(crate) fn close_all(&self) {
        lock(&self.listeners).clear();
        self.changed();
    }

    /// Ends when the listener closes.
    pub(crate) fn shutdown(&self, broker: BrokerId) -> io::Result<watch::Receiver<()>> {
        let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, "the broker is down");
        lock(&self.listeners).get(&broker).map(|listener| listener.shutdown.subscribe()).ok_or_else(refused)
    }

    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(crate) fn now(&self) -> Now {
        let elapsed = instant().duration_since(self.started);
        let wall_ms =
            self.started_wall_ms.saturating_add(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        Now { elapsed, wall_ms }
    }

    /// When the clock of the tasks will have come so far.
    pub(crate) fn at(&self, elapsed: Duration) -> Instant {
        self.started + elapsed
    }
}

/// The clock of the tasks, which a test may pause.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn instant() -> Instant {
    Instant::now()
}

/// The time of day, read once, at the start.
#[expect(clippy::disallowed_methods, reason = "the one place where the time of day is read")]
fn wall_clock_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

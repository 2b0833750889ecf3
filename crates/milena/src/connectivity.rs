//! The state of the connections, for [`Producer::status`](crate::Producer::status). The driver writes it when a connection comes or
//! goes, or a request to the cluster is over; no record and no batch does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use milena_codec::ids::BrokerId;
use milena_connection::Endpoint;

use crate::error::ConnectErrorKind;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Connectivity {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The brokers of the last metadata.
    known: usize,
    /// The connections of broker senders: one entry a broker sender.
    brokers: BTreeMap<BrokerId, State>,
    /// The broker that responded last to a request for metadata or a producer id.
    control: Option<Endpoint>,
    last_failure: Option<LastFailure>,
}

/// The state of the connection to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// There is none: it was not needed yet, or failed.
    None,
    /// Requests can be sent.
    Connected(Endpoint),
    /// It was closed because it was unused.
    Idle,
}

/// A failure to connect, or of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastFailure {
    pub(crate) step: ConnectErrorKind,
    pub(crate) message: Arc<str>,
    pub(crate) at: Instant,
}

/// The state at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connections {
    pub(crate) known: usize,
    pub(crate) connected: usize,
    pub(crate) idle: usize,
    pub(crate) last_failure: Option<LastFailure>,
}

impl Connectivity {
    /// The brokers of the last metadata, and the one that responded last.
    pub(crate) fn set_cluster(&self, known: usize, control: Option<Endpoint>) {
        let mut inner = self.lock();
        (inner.known, inner.control) = (known, control);
    }

    /// No broker responded to a request, or a connection could not be used.
    pub(crate) fn note_failure(&self, step: ConnectErrorKind, message: Arc<str>, at: Instant) {
        self.lock().last_failure = Some(LastFailure { step, message, at });
    }

    pub(crate) fn read(&self) -> Connections {
        let inner = self.lock();
        let connected = inner.brokers.values().filter_map(|state| match state {
            State::Connected(endpoint) => Some(endpoint),
            State::None | State::Idle => None,
        });
        let endpoints: BTreeSet<_> = connected.chain(&inner.control).collect();
        Connections {
            known: inner.known,
            connected: endpoints.len(),
            idle: inner.brokers.values().filter(|state| **state == State::Idle).count(),
            last_failure: inner.last_failure.clone(),
        }
    }

    fn set(&self, broker: Option<BrokerId>, state: State) {
        if let Some(broker) = broker {
            self.lock().brokers.insert(broker, state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry of one broker sender, which goes with it. Without a broker, as for partitions without a leader, there is none.
#[derive(Debug)]
pub(crate) struct BrokerState {
    connectivity: Arc<Connectivity>,
    broker: Option<BrokerId>,
}

impl BrokerState {
    pub(crate) const fn new(connectivity: Arc<Connectivity>, broker: Option<BrokerId>) -> Self {
        Self { connectivity, broker }
    }

    /// Requests can be sent.
    pub(crate) fn connected(&self, endpoint: Endpoint) {
        self.connectivity.set(self.broker, State::Connected(endpoint));
    }

    /// The connection ended, because it was unused or for another reason.
    pub(crate) fn ended(&self, is_idle: bool) {
        self.connectivity.set(self.broker, if is_idle { State::Idle } else { State::None });
    }

    /// The broker cannot be used.
    pub(crate) fn failed(&self, step: ConnectErrorKind, message: Arc<str>, at: Instant) {
        self.connectivity.set(self.broker, State::None);
        self.connectivity.note_failure(step, message, at);
    }
}

impl Drop for BrokerState {
    fn drop(&mut self) {
        if let Some(broker) = self.broker {
            self.connectivity.lock().brokers.remove(&broker);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn broker_counts_once_however_many_connections_it_has() {
        let connectivity = Arc::new(Connectivity::default());
        let [first, second] =
            [1, 2].map(|id| BrokerState::new(Arc::clone(&connectivity), Some(BrokerId(id))));
        connectivity.set_cluster(3, Some(endpoint("a:1")));
        first.connected(endpoint("a:1"));
        second.connected(endpoint("b:1"));
        assert_eq!(counts(&connectivity), (3, 2, 0));
        second.ended(true);
        assert_eq!(counts(&connectivity), (3, 1, 1));
        second.ended(false);
        first.ended(false);
        assert_eq!(counts(&connectivity), (3, 1, 0), "the control connection is left");
        connectivity.set_cluster(3, None);
        assert_eq!(counts(&connectivity), (3, 0, 0));
    }

    #[test]
    fn broker_sender_that_ends_leaves_no_entry_and_keeps_the_last_failure() {
        let connectivity = Arc::new(Connectivity::default());
        let broker = BrokerState::new(Arc::clone(&connectivity), Some(BrokerId(1)));
        broker.ended(true);
        broker.failed(ConnectErrorKind::Tls, "no trust".into(), clock::now());
        assert_eq!(counts(&connectivity), (0, 0, 0), "it cannot be used, and is not idle any more");
        broker.connected(endpoint("a:1"));
        drop(broker);
        assert_eq!(counts(&connectivity), (0, 0, 0));
        assert_eq!(connectivity.read().last_failure.map(|failure| failure.step), Some(ConnectErrorKind::Tls));
    }

    fn endpoint(text: &str) -> Endpoint {
        text.parse().unwrap()
    }

    fn counts(connectivity: &Connectivity) -> (usize, usize, usize) {
        let Connections { known, connected, idle, .. } = connectivity.read();
        (known, connected, idle)
    }
}

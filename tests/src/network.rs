//! A network without sockets: names lead to brokers of the fake cluster, to no listener, or to a silent peer.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use milena::Endpoint;
use milena::transport::{BoxStream, ConnectionError, Connector, Dial, Fault};
use milena_fake::Cluster;

use crate::cable::Cable;
use crate::stopwatch::Stopwatch;

/// Where a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// To the first broker that is up, as behind a load balancer.
    AnyBroker,
    /// To a host that refuses.
    Nobody,
    /// To a host that swallows every packet.
    Silence,
    /// Nowhere: no resolver knows it.
    Unknown,
}

/// The connector of clusters in memory. Addresses of brokers lead to them; other names lead where they were told to.
#[derive(Clone, Debug)]
pub struct Network {
    cluster: Arc<Cluster>,
    names: Arc<Mutex<BTreeMap<String, Name>>>,
    dials: Arc<Mutex<Vec<Dialled>>>,
    since: Stopwatch,
    cable: Cable,
}

/// A connection that somebody wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialled {
    /// Whom it was for.
    pub host: String,
    /// When it began, counted from the start of the network.
    pub at: Duration,
    /// What time it was given.
    pub within: Duration,
}

impl Network {
    /// A network with a cluster in it.
    #[must_use]
    pub fn new(cluster: Arc<Cluster>) -> Self {
        let (names, dials) = (Arc::default(), Arc::default());
        Self { cluster, names, dials, since: Stopwatch::start(), cable: Cable::default() }
    }

    /// The same with other cables, for producers that are connected from now on.
    #[must_use]
    pub fn with(mut self, cable: Cable) -> Self {
        self.cable = cable;
        self
    }

    /// The same, with a list of dials of its own.
    #[must_use]
    pub fn with_own_dials(mut self) -> Self {
        self.dials = Arc::default();
        self
    }

    /// From now on a host's name leads there.
    pub fn name(&self, host: &str, leads_to: Name) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), leads_to);
    }

    /// How long it has been there.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Every dial until now, in order.
    #[must_use]
    pub fn dials(&self) -> Vec<Dialled> {
        self.dials.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The hosts that were dialled since there were so many dials.
    #[must_use]
    pub fn hosts_since(&self, dials: usize) -> Vec<String> {
        self.dials().split_off(dials).into_iter().map(|dialled| dialled.host).collect()
    }

    async fn dial(&self, endpoint: &Endpoint, within: Duration) -> io::Result<BoxStream> {
        let dialled = Dialled { host: endpoint.host.clone(), at: self.since.elapsed(), within };
        self.dials.lock().unwrap_or_else(PoisonError::into_inner).push(dialled);
        let name = self.names.lock().unwrap_or_else(PoisonError::into_inner).get(&endpoint.host).cloned();
        match name {
            None => Ok(Box::new(self.cluster.dial(&endpoint.host, endpoint.port)?)),
            Some(Name::Nobody) => Err(io::ErrorKind::ConnectionRefused.into()),
            Some(Name::Silence) => {
                tokio::time::sleep(within).await;
                Err(io::ErrorKind::TimedOut.into())
            }
            Some(Name::AnyBroker) => self.dial_any(),
            Some(Name::Unknown) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn dial_any(&self) -> io::Result<BoxStream> {
        let servers = self.cluster.bootstrap_servers();
        let addresses = servers.split(',').filter_map(|server| server.parse::<Endpoint>().ok());
        let mut dialled = addresses.map(|address| self.cluster.dial(&address.host, address.port));
        match dialled.find_map(Result::ok) {
            Some(stream) => Ok(Box::new(stream)),
            None => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }
}

impl Connector for Network {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        Box::pin(async move {
            let fault = |error: io::Error| match error.kind() {
                io::ErrorKind::NotFound => Fault::Name(error),
                _ => Fault::Connector(error.into()),
            };
            let dialled = self.dial(endpoint, within).await;
            let stream = dialled.map_err(|error| ConnectionError::new(endpoint.clone(), fault(error)))?;
            Ok(self.cable.put_on(stream))
        })
    }
}

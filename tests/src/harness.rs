//! A cluster, the network to it, and the check that no request violated the protocol.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use milena::{Producer, ProducerBuilder};
use milena_fake::{Builder, Cluster};

use crate::network::Network;

/// A cluster to produce to. When it goes, no request may have broken the protocol.
#[derive(Debug)]
pub struct ClusterHarness {
    cluster: Arc<Cluster>,
    network: Option<Network>,
}

impl ClusterHarness {
    /// A cluster on sockets of this machine.
    ///
    /// # Panics
    /// When there is no free port.
    #[expect(clippy::unwrap_used, reason = "a test without its cluster has failed")]
    pub async fn on_sockets(builder: Builder) -> Self {
        Self { cluster: Arc::new(builder.start().await.unwrap()), network: None }
    }

    /// A cluster without sockets, so that a paused clock rules everything and a run can be repeated.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[expect(clippy::unwrap_used, reason = "a test without its cluster has failed")]
    pub async fn in_memory(builder: Builder) -> Self {
        let cluster = Arc::new(builder.in_memory().start().await.unwrap());
        Self { network: Some(Network::new(Arc::clone(&cluster))), cluster }
    }

    /// A producer to be, on the way to the cluster. The seed is fixed.
    pub fn producer(&self) -> ProducerBuilder {
        let builder = Producer::builder().bootstrap_servers(self.cluster.bootstrap_servers()).seed(7);
        match &self.network {
            Some(network) => builder.connector(Arc::new(network.clone())),
            None => builder,
        }
    }

    /// A producer with all defaults.
    ///
    /// # Panics
    /// When it cannot connect.
    #[expect(clippy::unwrap_used, reason = "a test without its producer has failed")]
    pub async fn connect(&self) -> Producer {
        self.producer().build().await.unwrap()
    }

    /// Where names lead to.
    ///
    /// # Panics
    /// On sockets, where names are not ours.
    #[expect(clippy::unwrap_used, reason = "a mistake in the test")]
    #[must_use]
    pub fn network(&self) -> &Network {
        self.network.as_ref().unwrap()
    }

    /// The values of a partition's records, in order.
    #[must_use]
    pub fn values(&self, topic: &str, partition: i32) -> Vec<String> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let records = self.cluster.log(topic, partition);
        records.iter().map(|record| record.value.as_deref().map_or_else(|| "null".to_owned(), text)).collect()
    }
}

impl Deref for ClusterHarness {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl Drop for ClusterHarness {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let violations = self.cluster.violations();
            assert!(violations.is_empty(), "{violations:?}");
        }
    }
}

/// Waits for something that has to come, for a generous time.
///
/// # Panics
/// When it does not come.
#[expect(clippy::panic, reason = "what does not come fails its test")]
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    const BOUND: Duration = Duration::from_secs(300);
    match tokio::time::timeout(BOUND, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain for {BOUND:?}"),
    }
}

/// Waits until something is so.
///
/// # Panics
/// When it does not become so.
pub async fn eventually(mut is_so: impl FnMut() -> bool) {
    within(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

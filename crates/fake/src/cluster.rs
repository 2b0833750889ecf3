//! The handle on a running cluster: how to reach it, and what it has in its logs and its journal.

use std::io;
use std::sync::Arc;

use milena_codec::ids::{BrokerId, PartitionId, TopicId};
use tokio::io::DuplexStream;

use crate::core::{LoggedBatch, LoggedRecord, Telemetry};
use crate::journal::{Authentication, JournalEntry, Violation};
use crate::shell::{self, Shared};
use crate::telemetry::{TelemetryPush, TelemetrySubscription};

/// Bytes that an in-memory connection holds in either direction.
const PIPE_BYTES: usize = 1 << 20;

/// A running cluster. Dropping it ends every connection and closes every socket.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use milena_fake::Cluster;
/// let cluster = Cluster::builder().brokers(1).topic("orders", 6).start().await?;
/// let connection = tokio::net::TcpStream::connect(cluster.bootstrap_servers()).await?;
/// cluster.kill(1);
/// assert!(tokio::net::TcpStream::connect(cluster.bootstrap_servers()).await.is_err());
/// cluster.restart(1)?;
/// # drop(connection);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
    in_memory: bool,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.shared.close_all();
    }
}

impl Cluster {
    pub(crate) const fn new(shared: Arc<Shared>, in_memory: bool) -> Self {
        Self { shared, in_memory }
    }

    /// Where all its brokers are, up or not: `host:port`, joined by commas.
    #[must_use]
    pub fn bootstrap_servers(&self) -> String {
        let core = self.shared.core();
        let address = |broker: &crate::core::Broker| format!("{}:{}", broker.host, broker.port);
        core.state.brokers.values().map(address).collect::<Vec<_>>().join(",")
    }

    /// Where a broker is.
    #[must_use]
    pub fn address(&self, broker: impl Into<BrokerId>) -> Option<(String, u16)> {
        let core = self.shared.core();
        core.state.brokers.get(&broker.into()).map(|broker| (broker.host.clone(), broker.port))
    }

    /// Connects in memory to the broker at this address, whether it listens on a socket as well or not.
    ///
    /// # Errors
    /// `ConnectionRefused` if no broker is up at the address.
    pub fn dial(&self, host: &str, port: u16) -> io::Result<DuplexStream> {
        let at = |broker: &crate::core::Broker| broker.alive && broker.host == host && broker.port == port;
        let found = self.shared.core().state.brokers.iter().find(|(_, broker)| at(broker)).map(|(id, _)| *id);
        let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, "no broker is up there");
        let broker = found.ok_or_else(refused)?;
        let shutdown = self.shared.shutdown(broker)?;
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        self.shared.runtime().spawn(shell::serve(far, Arc::clone(&self.shared), broker, shutdown));
        Ok(near)
    }

    /// Every record of a partition, in order: what a consumer would read, whatever the batches are compressed with.
    /// Empty where there is no such partition.
    #[must_use]
    pub fn log(&self, topic: &str, partition: impl Into<PartitionId>) -> Vec<LoggedRecord> {
        let core = self.shared.core();
        core.state.partition(topic, partition.into()).map(|p| p.log.records().collect()).unwrap_or_default()
    }

    /// Every batch of a partition, in order, with codec and length as the producer sent it and as it is stored.
    #[must_use]
    pub fn log_batches(&self, topic: &str, partition: impl Into<PartitionId>) -> Vec<LoggedBatch> {
        let core = self.shared.core();
        let partition = core.state.partition(topic, partition.into());
        partition.map(|partition| partition.log.batches().cloned().collect()).unwrap_or_default()
    }

    /// How many records were appended since the start, in all topics and kept or not. A repeated batch that was
    /// recognised counts once.
    #[must_use]
    pub fn record_count(&self) -> u64 {
        self.shared.core().state.records
    }

    /// The leader of a partition.
    #[must_use]
    pub fn leader(&self, topic: &str, partition: impl Into<PartitionId>) -> Option<BrokerId> {
        self.shared.core().state.partition(topic, partition.into())?.leader
    }

    /// The id of a topic.
    #[must_use]
    pub fn topic_id(&self, topic: &str) -> Option<TopicId> {
        self.shared.core().state.topics.get(topic).map(|topic| topic.id)
    }

    /// How many partitions a topic has; none where there is no such topic.
    #[must_use]
    pub fn partition_count(&self, topic: &str) -> Option<usize> {
        self.shared.core().state.topics.get(topic).map(|topic| topic.partitions.len())
    }

    /// The latest requests, oldest first: at most 16 384 of them and 64 MiB.
    #[must_use]
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.shared.core().journal.entries()
    }

    /// The pushes of metrics that were taken, oldest first: at most the last 1 000. See [`Builder::telemetry`](crate::Builder::telemetry).
    #[must_use]
    pub fn telemetry_pushes(&self) -> Vec<TelemetryPush> {
        self.shared().core().state.telemetry.as_ref().map(Telemetry::pushes).unwrap_or_default()
    }

    /// Gives clients another subscription from now on; pushes of the one before are rejected. A cluster without a receiver of
    /// metrics ([`Builder::telemetry`](crate::Builder::telemetry)) stays without.
    pub fn change_telemetry(&self, subscription: TelemetrySubscription) {
        if let Some(telemetry) = &mut self.shared().core().state.telemetry {
            telemetry.change(subscription);
        }
    }

    /// The latest authentications, also those that failed, oldest first: at most 16 384.
    #[must_use]
    pub fn authentications(&self) -> Vec<Authentication> {
        self.shared.core().journal.authentications()
    }

    /// The latest breaks of the protocol: frames that are none, and what a broker would pass over in silence.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.core().journal.violations()
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) const fn is_in_memory(&self) -> bool {
        self.in_memory
    }
}
